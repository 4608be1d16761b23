//! What a message is beside its text: a picture, a file, a voice, or what clients agree on among themselves.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{id::FileId, text::Text};

/// Longest voice message, in seconds.
pub const LONGEST_VOICE: u32 = 3600;

/// The name of a kind, 1 to 32 characters.
pub type KindName = Text<1, 32>;

/// What a message is. `msg` holds the text that is shown by clients that do not know the kind.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    test,
    derive(ts_rs::TS),
    ts(type = "\"text\" | \"image\" | \"file\" | \"voice\" | (string & {})")
)]
pub enum Kind {
    /// The text alone; the same as no kind. Its body is any object, or none.
    Text,
    /// A picture: [`ImageBody`].
    Image,
    /// Any file: [`FileBody`].
    File,
    /// A recorded voice: [`VoiceBody`].
    Voice,
    /// What clients agree on; its body is any object, or none.
    Custom(KindName),
}

impl Kind {
    /// As it is on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::File => "file",
            Self::Voice => "voice",
            Self::Custom(name) => name,
        }
    }
}

impl From<KindName> for Kind {
    fn from(name: KindName) -> Self {
        match &*name {
            "text" => Self::Text,
            "image" => Self::Image,
            "file" => Self::File,
            "voice" => Self::Voice,
            _ => Self::Custom(name),
        }
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Any text of 1 to 32 characters.
impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text::deserialize(deserializer).map(Self::from)
    }
}

/// The body of an image. The server fills in all but `fileId`, whatever the sender wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ImageBody {
    pub file_id: FileId,
    /// Pixels of the upright picture.
    #[serde(default)]
    pub width: u32,
    #[serde(default)]
    pub height: u32,
}

/// The body of a file. The server fills in all but `fileId`, whatever the sender wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct FileBody {
    pub file_id: FileId,
    #[serde(default)]
    pub name: String,
    /// In bytes.
    #[serde(default)]
    pub size: u64,
}

/// The body of a voice message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct VoiceBody {
    pub file_id: FileId,
    /// Its length as the sender measured it, 1 to [`LONGEST_VOICE`].
    pub seconds: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_read_as_it_is_written_and_any_other_is_custom() {
        for name in ["text", "image", "file", "voice", "poll", "Image"] {
            let kind: Kind = serde_json::from_value(name.into()).unwrap();
            assert_eq!(kind.as_str(), name);
            let custom = matches!(kind, Kind::Custom(_));
            assert_eq!(custom, matches!(name, "poll" | "Image"));
        }
        for bad in ["", &"x".repeat(33)] {
            assert!(serde_json::from_value::<Kind>(bad.into()).is_err());
        }
    }
}
