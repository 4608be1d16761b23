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

/// Sex as the seed document writes it (line 222).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
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
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

impl Name {
    /// Its bounds, in characters.
    pub const BOUNDS: [usize; 2] = [4, 16];

    /// Takes a name that follows the rule, or says what the rule is.
    pub fn new(text: impl Into<String>) -> Result<Self, String> {
        let text = text.into();
        let [shortest, longest] = Self::BOUNDS;
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if (shortest..=longest).contains(&text.len()) && text.bytes().all(allowed) {
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

/// A password on its way in: 6 to 128 bytes where a new one is set. Never shown, never stored.
#[derive(Clone, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    /// The bounds of a new one, in bytes of UTF-8.
    pub const BOUNDS: [usize; 2] = [6, 128];

    /// Wraps what the user typed.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself; for hashing only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether it may be set as a password: 6 to 128 bytes.
    #[must_use]
    pub fn is_acceptable(&self) -> bool {
        let [shortest, longest] = Self::BOUNDS;
        (shortest..=longest).contains(&self.0.len())
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password")
    }
}

/// POST /api/registe
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Register {
    pub username: Name,
    pub password: Password,
    pub nickname: Nickname,
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(test, ts(optional, as = "Option<_>"))]
    pub sex: Sex,
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(test, ts(optional, as = "Option<_>"))]
    pub sign: Sign,
}

/// POST /api/login
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Login {
    pub username: Text<1, 64>,
    pub password: Password,
}

/// What registration and login give besides the cookies, for clients that keep none.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct LoggedIn {
    #[serde(flatten)]
    pub user: UserInfo,
    /// For `Authorization: Bearer`.
    pub token: String,
    pub session_id: SessionId,
}

/// GET /api/user/get_info
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct UserInfo {
    pub id: UserId,
    pub username: String,
    pub nickname: String,
    /// Path of a picture on this server.
    pub head_img: String,
    pub sign: String,
    pub sex: Sex,
}

/// A user as others see them in lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct UserCard {
    pub user_id: UserId,
    pub username: String,
    pub nickname: String,
    pub head_img: String,
    pub sex: Sex,
    pub sign: String,
}

/// Event lists_changed: what the receiver has to fetch again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ListsChanged {
    /// At least one.
    pub lists: Vec<OwnList>,
}

/// A list of the caller's own that is fetched whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum OwnList {
    /// GET /api/friend/get_friend_list
    Friends,
    /// GET /api/group/get_group_list
    Groups,
    /// GET /api/user/friend_apply_list, group_apply_list and group_invite_list
    Requests,
}

/// POST /api/user/update_uinfo, the text fields of its multipart body; a missing one stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase", default)]
pub struct UpdateInfo {
    pub nickname: Option<Nickname>,
    pub sign: Option<Sign>,
    pub sex: Option<Sex>,
}

/// POST /api/user/change_pwd
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ChangePassword {
    pub old_password: Password,
    pub new_password: Password,
    pub verify_password: Password,
}

/// A row of GET /api/user/sessions: a login of the caller's
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SessionCard {
    pub session_id: SessionId,
    /// When it began, in ms since 1970.
    pub create_time: i64,
    /// When it was used last, in ms since 1970; noted at most once an hour.
    pub last_used_time: i64,
    /// What it was begun with, as "Firefox, Linux", or what the client calls itself; at most 200 characters.
    pub device: String,
    /// The address that it was begun from.
    pub address: String,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// POST /api/user/end_session
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct EndSession {
    pub session_id: SessionId,
}

/// GET /api/friend/search_user: one of the two is wanted.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase", default)]
pub struct SearchUser {
    /// The whole username, in any case.
    pub username: Option<String>,
    /// A part of the nickname, in any case.
    pub nickname: Option<String>,
    /// From 1; 50 rows a page.
    pub page: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rule() {
        for good in ["anna", "ANN-1_x", "1234567890123456"] {
            assert!(Name::new(good).is_ok(), "{good}");
        }
        for bad in ["", "ann", "12345678901234567", "an na", "安娜安娜", "ann@"] {
            assert!(Name::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        assert_eq!(format!("{:?}", Password::new("geheim")), "Password");
    }
}
