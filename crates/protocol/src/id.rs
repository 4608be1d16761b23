//! Identifiers: what the wire calls userId, groupId, friendApplyId …

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

/// Length in bytes of every identifier in its written form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`.
pub const ID_LENGTH: usize = 36;

/// Longest identifier accepted from a client, in bytes; a longer one is a bad parameter (9997).
const LONGEST_ACCEPTED: usize = 64;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(test, derive(ts_rs::TS), ts(type = "string"))]
        pub struct $name(Uuid);

        impl $name {
            /// Names nobody: what text that is no identifier of ours is read as.
            pub const NIL: Self = Self(Uuid::nil());

            /// A new identifier (UUID version 7, RFC 9562): later ones sort after earlier ones.
            #[must_use]
            pub fn mint() -> Self {
                Self(Uuid::now_v7())
            }

            /// The 16 bytes that are stored.
            #[must_use]
            pub fn to_bytes(self) -> [u8; 16] {
                self.0.into_bytes()
            }

            /// The identifier that [`to_bytes`](Self::to_bytes) gave.
            #[must_use]
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// Reads the written form; anything else is [`NIL`](Self::NIL), which no look-up finds.
            #[must_use]
            pub fn read(text: &str) -> Self {
                Self(Uuid::try_parse(text).unwrap_or_default())
            }

            /// Writes the written form into `buffer`: always [`ID_LENGTH`] bytes of ASCII.
            pub fn write(self, buffer: &mut [u8; ID_LENGTH]) {
                self.0.hyphenated().encode_lower(buffer);
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0.hyphenated())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut buffer = [0; ID_LENGTH];
                serializer.serialize_str(self.0.hyphenated().encode_lower(&mut buffer))
            }
        }

        /// Any text of 1 to 64 bytes; text that is no identifier of ours reads as `NIL`.
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(IdVisitor).map(Self)
            }
        }
    )+};
}

ids! {
    /// A user ("userId", "fromUserId", "toUserId").
    UserId
    /// A group ("groupId", "toGroupId").
    GroupId
    /// A friend application ("friendApplyId").
    FriendApplyId
    /// A group application ("groupApplyId").
    GroupApplyId
    /// An invitation into a group ("groupInviteId").
    GroupInviteId
    /// A login: one token, any number of sockets ("sessionId").
    SessionId
    /// The log that two friends or a group share; never on the wire.
    ConversationId
    /// A message ("msgId").
    MsgId
    /// An uploaded file ("fileId").
    FileId
}

struct IdVisitor;

impl de::Visitor<'_> for IdVisitor {
    type Value = Uuid;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an id: a text of 1 to {LONGEST_ACCEPTED} bytes")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Uuid, E> {
        if text.is_empty() || text.len() > LONGEST_ACCEPTED {
            return Err(E::custom(format_args!(
                "an id has 1 to {LONGEST_ACCEPTED} bytes, not {}",
                text.len()
            )));
        }
        Ok(Uuid::try_parse(text).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written() {
        let id = UserId::mint();
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json.len(), ID_LENGTH + 2);
        assert_eq!(serde_json::from_str::<UserId>(&json).unwrap(), id);
        assert_eq!(UserId::from_bytes(id.to_bytes()), id);
    }

    #[test]
    fn strange_text_names_nobody_and_no_text_is_an_error() {
        assert_eq!(
            serde_json::from_str::<UserId>(r#""admin""#).unwrap(),
            UserId::NIL
        );
        for bad in [r#""""#, "7", "null", &format!("\"{}\"", "x".repeat(65))] {
            assert!(serde_json::from_str::<UserId>(bad).is_err(), "{bad}");
        }
    }
}
