//! Messages between two friends and in groups.

use serde::{Deserialize, Serialize};

use crate::{
    id::{GroupId, MsgId, UserId},
    text::{Text, none_when_empty, or_default},
};

/// Most characters of a message's text that the type admits; the server's setting `messages.max-bytes` is the real bound.
pub const LONGEST_TEXT: usize = 1 << 20;

/// /ws/chat/send_msg (seed lines 20 to 39). `toGroupId` wins when it is not empty.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SendMsg {
    #[serde(
        default,
        deserialize_with = "none_when_empty",
        skip_serializing_if = "Option::is_none"
    )]
    pub to_user_id: Option<UserId>,
    #[serde(
        default,
        deserialize_with = "none_when_empty",
        skip_serializing_if = "Option::is_none"
    )]
    pub to_group_id: Option<GroupId>,
    pub msg: Text<1, LONGEST_TEXT>,
    /// The client's own name for this message, 1 to 64 characters: a repeat is answered with the first result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_msg_id: Option<Text<1, 64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when_offline: Option<WhenOffline>,
    /// What the message is, for clients that know more than text; at most 32 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Text<1, 32>>,
    /// `seq` of the message in the same conversation that this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<i64>,
    /// Whom the text names; at most 50 users.
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub mentions: Vec<UserId>,
}

/// What becomes of a message to a friend who has no notice connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenOffline {
    /// Answer 8999 and store nothing; the default on the seed's path.
    Refuse,
    /// Store it and deliver it when they come; the default on the multiplexed socket.
    Keep,
}

/// `data` in the answer to send_msg.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    pub msg_id: MsgId,
    /// Place in the conversation's log, contiguous from 1; absent where messages are not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    /// ms since 1970
    pub time: i64,
}

/// Events chat_f2f (seed lines 182 to 194) and chat_group (seed lines 196 to 209)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Chat {
    pub msg: String,
    /// chat_group only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_group_id: Option<GroupId>,
    pub msg_id: MsgId,
    /// Place in the conversation's log; absent where messages are not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// `seq` of the message that this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserId>,
}
