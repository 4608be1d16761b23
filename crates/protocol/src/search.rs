//! Finding messages by what they say.

use serde::{Deserialize, Serialize};

use crate::{
    conversation::addressed,
    id::{GroupId, MsgId, UserId},
    text::Text,
};

/// What is looked for in messages, 1 to 64 characters.
pub type Wanted = Text<1, 64>;

addressed! {
    /// /ws/chat/search: in the conversation that it names, otherwise in all of the caller's.
    ChatSearch {
        /// Among its characters is a letter or digit.
        pub query: Wanted,
        /// `next` of the page before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub before: Option<Text<0, 128>>,
        /// 1 to 100, otherwise 50.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub limit: Option<u32>,
    }
}

/// `data` in the answer to chat/search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
pub struct ChatFound {
    /// The newest first.
    pub list: Vec<FoundMessage>,
    /// What the next page is asked for with; absent on the last one. A page with a `next` may have few messages, or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A message that was found. `groupId` or `userId` (the friend, whoever wrote it) and `seq` say where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct FoundMessage {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<GroupId>,
    pub msg_id: MsgId,
    pub seq: i64,
    pub from_user_id: UserId,
    /// ms since 1970
    pub time: i64,
    /// At most 80 characters of the message around the first hit, in pieces.
    pub snippet: Vec<SnippetPiece>,
}

/// A piece of a message's text; plain text, to be escaped by who shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct SnippetPiece {
    pub text: String,
    /// Whether it is what was looked for.
    pub hit: bool,
}
