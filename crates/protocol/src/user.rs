//! Accounts: what is said to register, log in, and know who somebody is.

use serde::{Deserialize, Serialize};

use crate::{
    id::{SessionId, UserId},
    text::{Text, or_default},
};

/// 1 to 64 characters that a person is shown under.
pub type Nickname = Text<1, 64>;
/// A personal signature ("sign"), at most 200 characters.
pub type Sign = Text<0, 200>;

/// Sex as the seed document writes it (line 209).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sex {
    #[default]
    #[serde(rename = "-1")]
    Unset,
    #[serde(rename = "0")]
    Female,
    #[serde(rename = "1")]
    Male,
}

impl Sex {
    /// "-1", "0" or "1".
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unset => "-1",
            Self::Female => "0",
            Self::Male => "1",
        }
    }

    /// The inverse of [`as_str`](Self::as_str).
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        match text {
            "-1" => Some(Self::Unset),
            "0" => Some(Self::Female),
            "1" => Some(Self::Male),
            _ => None,
        }
    }
}

/// A name that accounts and groups are found by: `^[a-zA-Z0-9_-]{4,16}$`, unique without regard to case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

impl Name {
    /// Takes a name that follows the rule, or says what the rule is.
    pub fn new(text: impl Into<String>) -> Result<Self, String> {
        let text = text.into();
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if (4..=16).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text))
        } else {
            Err("4 to 16 letters, digits, '_' or '-' are wanted".to_owned())
        }
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::new(text)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}
