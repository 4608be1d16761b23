//! Messages between two friends and in groups, and what can be changed about them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    conversation::addressed,
    id::{GroupId, MsgId, UserId},
    kind::Kind,
    text::{Text, or_default},
};

/// Most characters of a message's text that the type admits; the server's setting `messages.max-bytes` is the real bound.
pub const LONGEST_TEXT: usize = 1 << 20;

/// Most bytes of a `body`, as JSON.
pub const LONGEST_BODY: usize = 4096;

/// Most users that a message may mention by name.
pub const MOST_MENTIONS: usize = 50;

/// What a message carries beside its text: a JSON object, whose fields its `kind` determines.
pub type Body = Map<String, Value>;

/// A client's own name for a message, 1 to 64 characters.
pub type ClientMsgId = Text<1, 64>;

/// One reaction: 1 to 16 characters, most often one emoji.
pub type Emoji = Text<1, 16>;

addressed! {
    /// /ws/chat/send_msg (seed lines 20 to 39). `toGroupId` wins when it is not empty.
    SendMsg {
        /// What is shown by clients that know no kinds.
        pub msg: Text<1, LONGEST_TEXT>,
        /// A repeat is answered with the first result.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub client_msg_id: Option<ClientMsgId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub when_offline: Option<WhenOffline>,
        /// What the message is, for clients that know more than text; at most 32 characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub kind: Option<Kind>,
        /// At most [`LONGEST_BODY`] bytes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(type = "Record<string, unknown>"))]
        pub body: Option<Body>,
        /// `seq` of the message in the same conversation that this one answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reply_to: Option<i64>,
        /// Whom the text names; at most [`MOST_MENTIONS`].
        #[serde(
            default,
            deserialize_with = "or_default",
            skip_serializing_if = "Vec::is_empty"
        )]
        #[cfg_attr(test, ts(optional, as = "Option<_>"))]
        pub mentions: Vec<UserId>,
        /// Whether it names everybody ("@all"): for the owner and the admins of a group.
        #[serde(
            default,
            deserialize_with = "or_default",
            skip_serializing_if = "std::ops::Not::not"
        )]
        #[cfg_attr(test, ts(optional, as = "Option<_>"))]
        pub mention_all: bool,
    }
}

/// What becomes of a message to a friend who has no notice connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum WhenOffline {
    /// Answer 8999 and store nothing; the default on the seed's path.
    Refuse,
    /// Store it and deliver it when they come; the default on the multiplexed socket and over HTTP.
    Keep,
}

/// `data` in the answer to send_msg.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
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
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
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
    #[cfg_attr(test, ts(as = "Option<Kind>"))]
    pub kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(type = "Record<string, unknown>"))]
    pub body: Option<Body>,
    /// `seq` of the message that this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, ts(optional, as = "Option<_>"))]
    pub mentions: Vec<UserId>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, ts(optional, as = "Option<_>"))]
    pub mention_all: bool,
    /// ms since 1970, when the text was changed last; absent when it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_time: Option<i64>,
    /// ms since 1970, when it was taken back; there is no text any more then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recalled_time: Option<i64>,
}

/// A message as history shows it: as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Message {
    pub from_user_id: UserId,
    /// ms since 1970, when it was sent
    pub time: i64,
    #[serde(flatten)]
    pub chat: Chat,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
}

/// The same reaction of several users to one message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Reaction {
    pub emoji: String,
    pub count: i64,
    /// Whether the reader is among them.
    pub mine: bool,
    /// The first 20 of them.
    pub user_ids: Vec<UserId>,
}

addressed! {
    /// /ws/chat/recall
    Recall {
        pub seq: i64,
    }
}

addressed! {
    /// /ws/chat/edit
    Edit {
        pub seq: i64,
        /// The new text.
        pub msg: Text<1, LONGEST_TEXT>,
        /// Whom the new text names; at most [`MOST_MENTIONS`].
        #[serde(
            default,
            deserialize_with = "or_default",
            skip_serializing_if = "Vec::is_empty"
        )]
        #[cfg_attr(test, ts(optional, as = "Option<_>"))]
        pub mentions: Vec<UserId>,
    }
}

addressed! {
    /// /ws/chat/react
    React {
        pub seq: i64,
        pub emoji: Emoji,
        /// `false` takes it back.
        pub on: bool,
    }
}

/// Event chat_recall: the text is gone, the place stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct Recalled {
    /// In a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_group_id: Option<GroupId>,
    /// The change's own place in the log.
    pub seq: i64,
    /// The message's.
    pub target_seq: i64,
    pub msg_id: MsgId,
}

/// Event chat_edit: the message as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct Edited {
    /// In a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_group_id: Option<GroupId>,
    /// The change's own place in the log.
    pub seq: i64,
    /// The message's.
    pub target_seq: i64,
    pub msg_id: MsgId,
    pub msg: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, ts(optional, as = "Option<_>"))]
    pub mentions: Vec<UserId>,
    /// ms since 1970
    pub edited_time: i64,
}

/// Event chat_reaction: `fromUserId` has reacted, or has taken it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct Reacted {
    /// In a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_group_id: Option<GroupId>,
    /// The change's own place in the log.
    pub seq: i64,
    /// The message's.
    pub target_seq: i64,
    pub msg_id: MsgId,
    pub emoji: String,
    pub on: bool,
}
