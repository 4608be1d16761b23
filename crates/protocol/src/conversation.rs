//! Conversations: what two friends or a group share. Lists, history, resuming, read cursors, typing.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    id::{GroupId, SessionId, UserId},
    keep::Keep,
    limits::Limits,
    message::Message,
    text::Text,
};

/// A conversation as one of its people names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    Friend(UserId),
    Group(GroupId),
}

/// A request that names a conversation: `toUserId` or `toGroupId`, which wins when it is not empty.
pub trait Addressed {
    /// `None` when neither is given.
    fn target(&self) -> Option<Target>;
}

/// Declares a request that names a conversation and has further fields.
macro_rules! addressed {
    ($(#[$doc:meta])* $name:ident { $($(#[$meta:meta])* pub $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            #[serde(
                default,
                deserialize_with = "crate::text::none_when_empty",
                skip_serializing_if = "Option::is_none"
            )]
            pub to_user_id: Option<crate::id::UserId>,
            #[serde(
                default,
                deserialize_with = "crate::text::none_when_empty",
                skip_serializing_if = "Option::is_none"
            )]
            pub to_group_id: Option<crate::id::GroupId>,
            $($(#[$meta])* pub $field: $type,)*
        }

        impl crate::conversation::Addressed for $name {
            fn target(&self) -> Option<crate::conversation::Target> {
                use crate::conversation::Target;
                let group = self.to_group_id.map(Target::Group);
                group.or(self.to_user_id.map(Target::Friend))
            }
        }
    };
}
pub(crate) use addressed;

/// Rows of a page when the request does not say; the bound is [`LONGEST_PAGE`].
pub const PAGE: u32 = 50;

/// Most rows of a page.
pub const LONGEST_PAGE: u32 = 100;

/// Most conversations that one sync asks for.
pub const MOST_CURSORS: usize = 100;

/// Most log entries that one sync gives.
pub const LONGEST_SYNC: u32 = 500;

addressed! {
    /// /ws/chat/history: the newest page, or the one on either side of a place.
    History {
        /// The messages right before this `seq`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub before: Option<i64>,
        /// The messages right behind this `seq`; not together with `before`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub after: Option<i64>,
        /// 1 to 100, otherwise 50.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub limit: Option<u32>,
    }
}

/// `data` of /ws/chat/history.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct HistoryPage {
    /// By `seq`, the oldest first.
    pub list: Vec<Message>,
    /// Whether there are more in the direction that was asked for.
    pub more: bool,
}

/// /ws/chat/conversations: pinned ones first, then by their newest message.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct Conversations {
    /// `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Text<0, 128>>,
    /// 1 to 100, otherwise 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// `data` of /ws/chat/conversations.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct ConversationPage {
    pub list: Vec<ConversationCard>,
    /// What the next page is asked for with; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A conversation in the list, as one of its people sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct ConversationCard {
    /// The other, where it is between two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The group, where it is one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<GroupId>,
    /// The other's nickname, or the group's.
    pub nickname: String,
    pub head_img: String,
    /// The newest entry of the log, 0 before the first.
    pub last_seq: i64,
    /// Entries up to this one are not the reader's, or are not kept any more.
    pub first_seq: i64,
    /// ms since 1970, of the newest message.
    pub last_time: i64,
    /// The newest message that is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Message>,
    /// Up to where the reader has read.
    pub read_seq: i64,
    /// Up to where the other has read; between two only, and not where the other has blocked the reader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_read_seq: Option<i64>,
    /// Messages of others behind `readSeq`, among the newest 200 entries; 100 stands for any number above 99.
    pub unread: i64,
    /// Whether one of them names the reader, or everybody.
    pub mentioned: bool,
    pub muted: bool,
    pub pinned: bool,
    /// How long messages are kept.
    pub keep: Keep,
    /// What the reader wishes or, as a group's owner, chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_wish: Option<Keep>,
    /// What the other wishes; between two only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_keep_wish: Option<Keep>,
}

addressed! {
    /// /ws/chat/read: everything up to a place has been read.
    Read {
        pub seq: i64,
    }
}

/// Event chat_read: `fromUserId` has read up to a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct HasRead {
    /// In a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_group_id: Option<GroupId>,
    pub seq: i64,
}

addressed! {
    /// /ws/chat/readers: who has read up to a place.
    Readers {
        pub seq: i64,
    }
}

/// `data` of /ws/chat/readers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ReaderList {
    /// All of them but the caller.
    pub count: i64,
    /// The first 100 of them.
    pub list: Vec<UserId>,
}

addressed! {
    /// /ws/chat/typing
    Typing {}
}

/// Event chat_typing: `fromUserId` is writing; good for 5 s.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct IsTyping {
    /// In a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_group_id: Option<GroupId>,
}

addressed! {
    /// /ws/chat/settings: how the caller alone has a conversation listed; what is absent stays as it is.
    Settings {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub muted: Option<bool>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub pinned: Option<bool>,
    }
}

/// Event chat_settings, to the other devices of the one who changed them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct SettingsChanged {
    /// The other, where the conversation is between two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<GroupId>,
    pub muted: bool,
    pub pinned: bool,
}

/// /ws/chat/sync: everything that the caller's log lacks.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct Sync {
    /// The `epoch` of the event ready with which the cursors were gathered. Absent: that of this connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Text<0, 64>>,
    /// At most [`MOST_CURSORS`]. They also say that everything up to them has arrived.
    pub cursors: Vec<Cursor>,
}

/// How far a client has got in one conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct Cursor {
    #[serde(
        default,
        deserialize_with = "crate::text::none_when_empty",
        skip_serializing_if = "Option::is_none"
    )]
    pub user_id: Option<UserId>,
    #[serde(
        default,
        deserialize_with = "crate::text::none_when_empty",
        skip_serializing_if = "Option::is_none"
    )]
    pub group_id: Option<GroupId>,
    /// The last entry that the client has, 0 for none.
    pub seq: i64,
}

impl Cursor {
    /// The conversation; `groupId` wins. `None` when neither is given.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        let group = self.group_id.map(Target::Group);
        group.or(self.user_id.map(Target::Friend))
    }

    /// A place in a conversation.
    #[must_use]
    pub fn at(target: Target, seq: i64) -> Self {
        let (user_id, group_id) = match target {
            Target::Friend(user) => (Some(user), None),
            Target::Group(group) => (None, Some(group)),
        };
        Self {
            user_id,
            group_id,
            seq,
        }
    }
}

/// `data` of /ws/chat/sync.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Synced {
    pub epoch: String,
    /// The conversations that have something behind their cursor.
    pub list: Vec<Missed>,
    /// Cursors that cannot be gone on from: drop what is there of the conversation and fetch its history. `seq` is the
    /// newest entry.
    pub resync: Vec<Cursor>,
    /// Conversations that the caller is not, or no longer, in.
    pub gone: Vec<Cursor>,
}

/// What a client lacks of one conversation.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct Missed {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<GroupId>,
    /// As they would have been pushed, by `data.seq`; at most 500 in one answer, and 512 KiB.
    #[cfg_attr(test, ts(type = "Array<Event>"))]
    pub events: Vec<Box<RawValue>>,
    /// The newest entry of the log.
    pub last_seq: i64,
    /// Whether there are more: ask again from the last of these.
    pub more: bool,
}

/// Event ready: the first one on the multiplexed socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct Ready {
    pub user_id: UserId,
    pub session_id: SessionId,
    /// ms since 1970
    pub server_time: i64,
    /// ms from one sign of life of the server to the next; a client that hears nothing for twice as long connects again.
    pub heartbeat_ms: u64,
    /// When it differs from the last one, the server was restored from a backup: all cursors are void.
    pub epoch: String,
    /// Absent: an older server, which does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
}

/// /ws/ping: are you there?
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Ping {}

/// `data` of /ws/ping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Pong {
    /// ms since 1970
    pub server_time: i64,
}
