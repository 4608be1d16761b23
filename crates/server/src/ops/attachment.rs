//! Files that messages carry: looked up in the transaction that sends them, so that nobody is told what is not so.

use hongyan_protocol::{
    Code,
    id::{ConversationId, FileId, UserId},
    kind::{FileBody, ImageBody, Kind, LONGEST_VOICE, VoiceBody},
    message::{Body, SendMsg},
};
use hongyan_store::{File, Tx, View};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Error, Result, unquoted};

/// The file that a message is to carry, as its sender said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attachment {
    Image(FileId),
    File(FileId),
    /// And its length in seconds.
    Voice(FileId, u32),
}

impl Attachment {
    /// The file that the request carries, if its kind is one of files; 9997 where the body is not that of its kind.
    pub fn of(request: &SendMsg) -> Result<Option<Self>> {
        let body = || request.body.as_ref();
        Ok(Some(match &request.kind {
            None | Some(Kind::Text | Kind::Custom(_)) => return Ok(None),
            Some(Kind::Image) => Self::Image(read::<ImageBody>(body())?.file_id),
            Some(Kind::File) => Self::File(read::<FileBody>(body())?.file_id),
            Some(Kind::Voice) => {
                let VoiceBody { file_id, seconds } = read(body())?;
                if !(1..=LONGEST_VOICE).contains(&seconds) {
                    let wanted = format!("seconds: 1 to {LONGEST_VOICE} are wanted");
                    return Err(invalid(&wanted));
                }
                Self::Voice(file_id, seconds)
            }
        }))
    }

    /// The body as receivers get it, in JSON. The file must be the sender's own, or one that they may read and so send
    /// on: else 0301; and it must be what the kind says: else 0302.
    pub fn body(self, view: &View<'_>, sender: UserId) -> Result<String> {
        let file = view.file_for(self.file(), sender)?;
        let file = file.ok_or(Code::NoSuchFile)?;
        Ok(match self {
            Self::Image(file_id) => {
                let (width, height) = file.pixels.ok_or(Code::NotWhatItSays)?;
                let (width, height) = (side(width), side(height));
                serde_json::to_string(&ImageBody {
                    file_id,
                    width,
                    height,
                })
            }
            Self::File(file_id) => {
                let File { name, size, .. } = file;
                let size = size.unsigned_abs();
                serde_json::to_string(&FileBody {
                    file_id,
                    name,
                    size,
                })
            }
            Self::Voice(..) if !file.mime.starts_with("audio/") => {
                return Err(Code::NotWhatItSays.into());
            }
            Self::Voice(file_id, seconds) => serde_json::to_string(&VoiceBody { file_id, seconds }),
        }?)
    }

    /// Whether a message of its kind with this body carries it, whatever else the server has filled in.
    pub fn is_in(self, body: &str) -> bool {
        let carried = match self {
            Self::Image(_) => {
                serde_json::from_str(body).map(|ImageBody { file_id, .. }| Self::Image(file_id))
            }
            Self::File(_) => {
                serde_json::from_str(body).map(|FileBody { file_id, .. }| Self::File(file_id))
            }
            Self::Voice(..) => serde_json::from_str(body)
                .map(|VoiceBody { file_id, seconds }| Self::Voice(file_id, seconds)),
        };
        carried.is_ok_and(|carried| carried == self)
    }

    /// Notes that a message carries it: whoever may read the message may have the file.
    pub fn note(self, tx: &mut Tx<'_>, conversation: ConversationId, seq: i64) -> Result<()> {
        Ok(tx.use_file(conversation, seq, self.file())?)
    }

    fn file(self) -> FileId {
        match self {
            Self::Image(file) | Self::File(file) | Self::Voice(file, _) => file,
        }
    }
}

fn side(pixels: i64) -> u32 {
    u32::try_from(pixels).unwrap_or(u32::MAX)
}

fn read<T: DeserializeOwned>(body: Option<&Body>) -> Result<T> {
    let body = body.ok_or_else(|| invalid("is wanted for this kind, with a fileId"))?;
    serde_json::from_value(Value::Object(body.clone()))
        .map_err(|error| invalid(unquoted(&error.to_string())))
}

fn invalid(why: &str) -> Error {
    Error::Invalid(format!("body: {why}"))
}
