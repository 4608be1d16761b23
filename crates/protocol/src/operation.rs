//! The one table of operations. The router, the dispatcher, the documents and the tests derive from it.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{
    code::Code,
    conversation::{
        ConversationPage, Conversations, History, HistoryPage, Ping, Pong, Read, ReaderList,
        Readers, Settings, Sync, Synced, Typing,
    },
    friend::{Applicant, FriendAdd, FriendAddReply, FriendBlock, FriendDel, FriendFavourite},
    group::{
        GroupAdd, GroupAddReply, GroupDissolve, GroupHandOver, GroupInvite, GroupInviteReply,
        GroupUpdate,
    },
    group_member::{GroupKick, GroupLeave, GroupMute, GroupSetNickname, GroupSetRole},
    keep::ChooseKeep,
    message::{Edit, React, Recall, SendMsg, Sent},
    search::{ChatFound, ChatSearch},
};

/// Answers that every operation can give besides its own.
pub const COMMON_CODES: &[Code] = &[
    Code::Ok,
    Code::BadRequest,
    Code::TooManyRequests,
    Code::Failed,
];

/// The paths on which events are pushed and nothing is asked (seed line 159).
pub const NOTICE_PATHS: [&str; 2] = ["/ws/notice/event", "/ws/notice/path"];

/// A request: the fields of one operation.
pub trait Request: DeserializeOwned + Serialize + Send + 'static {
    /// The row it belongs to.
    const OPERATION: Operation;
    /// `data` of the answer 0000; `()` where there is none.
    type Reply: Reply;
}

/// What an operation gives back.
pub trait Reply: Serialize + DeserializeOwned + Send + 'static {
    /// Whether there is no `data` at all.
    const NOTHING: bool = false;
}

impl Reply for () {
    const NOTHING: bool = true;
}
impl Reply for Applicant {}
impl Reply for Sent {}
impl Reply for HistoryPage {}
impl Reply for ConversationPage {}
impl Reply for ReaderList {}
impl Reply for Synced {}
impl Reply for Pong {}
impl Reply for ChatFound {}

macro_rules! operations {
    ($($(#[doc = $doc:literal])+ $name:ident $path:literal ($request:ty) -> $reply:ty, seed $seed:expr, refuses [$($code:ident),*];)+) => {
        /// An operation: one path, one request, one reply.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Operation { $($(#[doc = $doc])+ $name,)+ }

        impl Operation {
            /// Every operation there is.
            pub const ALL: &'static [Operation] = &[$(Operation::$name,)+];

            /// Its path, also its name on the multiplexed socket.
            #[must_use]
            pub const fn path(self) -> &'static str {
                match self { $(Operation::$name => $path,)+ }
            }

            /// The operation at this path.
            #[must_use]
            pub fn at(path: &str) -> Option<Self> {
                match path { $($path => Some(Operation::$name),)+ _ => None }
            }

            /// What it does, in one sentence or two.
            #[must_use]
            pub const fn doc(self) -> &'static str {
                match self { $(Operation::$name => concat!($($doc,)+),)+ }
            }

            /// Its refusals in the order in which they are checked, without [`COMMON_CODES`].
            #[must_use]
            pub const fn refusals(self) -> &'static [Code] {
                match self { $(Operation::$name => &[$(Code::$code,)*],)+ }
            }

            /// Its first line in the seed document; none where it is ours.
            #[must_use]
            pub const fn seed_line(self) -> Option<u32> {
                match self { $(Operation::$name => $seed,)+ }
            }
        }

        $(impl Request for $request {
            const OPERATION: Operation = Operation::$name;
            type Reply = $reply;
        })+

        #[cfg(test)]
        impl Operation {
            /// Shows the types of each row.
            pub(crate) fn show(rows: &mut impl crate::wire::Rows<Operation>) {
                $(rows.row::<$request, $reply>(Operation::$name);)+
            }
        }
    };
}

operations! {
    /// Sends a message to a friend or into a group.
    SendMsg "/ws/chat/send_msg" (SendMsg) -> Sent, seed Some(20),
        refuses [NotFriend, Blocked, TargetOffline, NoSuchGroup, NotMember, Muted, NotAllowed, NoSuchMessage, FilesNotKept,
                 NoSuchFile, NotWhatItSays];
    /// Takes a message back, within `messages.recall-seconds`; the owner and the admins of a group take back any. Doing
    /// it again changes nothing.
    Recall "/ws/chat/recall" (Recall) -> (), seed None,
        refuses [NotFriend, NoSuchGroup, NotMember, NoSuchMessage, NotAllowed, TooLate];
    /// Changes the text of an own message, within `messages.edit-seconds`.
    Edit "/ws/chat/edit" (Edit) -> (), seed None,
        refuses [NotFriend, Blocked, NoSuchGroup, NotMember, Muted, NoSuchMessage, NotAllowed, TooLate];
    /// Reacts to a message, or takes a reaction back. A message takes 20 different ones.
    React "/ws/chat/react" (React) -> (), seed None,
        refuses [NotFriend, Blocked, NoSuchGroup, NotMember, Muted, NoSuchMessage, TooManyReactions];
    /// Reads messages of a conversation as they are now, in pages.
    History "/ws/chat/history" (History) -> HistoryPage, seed None,
        refuses [NotFriend, NoSuchGroup, NotMember];
    /// Lists the conversations that have a message.
    Conversations "/ws/chat/conversations" (Conversations) -> ConversationPage, seed None,
        refuses [];
    /// Finds messages of the caller's conversations by what they say.
    ChatSearch "/ws/chat/search" (ChatSearch) -> ChatFound, seed None,
        refuses [NotFriend, NoSuchGroup, NotMember];
    /// Gives what was missed behind the places that a client has reached.
    Sync "/ws/chat/sync" (Sync) -> Synced, seed None,
        refuses [];
    /// Says up to where a conversation was read. What was read before stays read.
    Read "/ws/chat/read" (Read) -> (), seed None,
        refuses [NotFriend, NoSuchGroup, NotMember, NoSuchMessage];
    /// Lists who has read a message.
    Readers "/ws/chat/readers" (Readers) -> ReaderList, seed None,
        refuses [NotFriend, NoSuchGroup, NotMember];
    /// Says that the caller is writing. In groups of more than 100 nobody is told.
    Typing "/ws/chat/typing" (Typing) -> (), seed None,
        refuses [NotFriend, NoSuchGroup, NotMember];
    /// Mutes and pins a conversation in the caller's own list.
    Settings "/ws/chat/settings" (Settings) -> (), seed None,
        refuses [NotFriend, NoSuchGroup, NotMember];
    /// Chooses how long the messages of a group are kept, or wishes it for a friendship, in which it holds once both wish
    /// the same. Never longer than the server's setting.
    Keep "/ws/chat/keep" (ChooseKeep) -> (), seed None,
        refuses [NotFriend, Blocked, NoSuchGroup, NotMember, NotAllowed];
    /// Asks for a sign of life.
    Ping "/ws/ping" (Ping) -> Pong, seed None,
        refuses [];
    /// Asks a user to become a friend. When that user has asked already, both are friends at once.
    FriendAdd "/ws/friend/add" (FriendAdd) -> (), seed Some(41),
        refuses [NoSuchUser, Yourself, AlreadyFriend, FriendApplySent];
    /// Answers a friend request addressed to the caller.
    FriendAddReply "/ws/friend/add_reply" (FriendAddReply) -> Applicant, seed Some(61),
        refuses [FriendApplyHandled];
    /// Ends a friendship, in both directions.
    FriendDel "/ws/friend/del" (FriendDel) -> (), seed Some(81),
        refuses [NotFriend];
    /// Marks a friend as a favourite, or as none, for the caller alone.
    FriendFavourite "/ws/friend/favourite" (FriendFavourite) -> (), seed None,
        refuses [NotFriend];
    /// Blocks a user, friend or not, or lets them through again. A friendship goes on.
    FriendBlock "/ws/friend/block" (FriendBlock) -> (), seed None,
        refuses [NoSuchUser];
    /// Asks to join a group; an open one is joined at once.
    GroupAdd "/ws/group/add" (GroupAdd) -> (), seed Some(99),
        refuses [NoSuchGroup, AlreadyMember, InviteOnly, GroupFull, GroupApplySent];
    /// Answers an application to a group that the caller runs.
    GroupAddReply "/ws/group/add_reply" (GroupAddReply) -> Applicant, seed Some(117),
        refuses [NoSuchGroupApply, GroupApplyHandled, GroupFull];
    /// Invites a friend into a group.
    GroupInvite "/ws/group/invite" (GroupInvite) -> (), seed None,
        refuses [NoSuchGroup, NotMember, NotAllowed, NotFriend, Blocked, AlreadyMember, InviteSent];
    /// Answers an invitation addressed to the caller.
    GroupInviteReply "/ws/group/invite_reply" (GroupInviteReply) -> (), seed None,
        refuses [NoSuchInvite, InviteHandled, GroupFull];
    /// Leaves a group.
    GroupLeave "/ws/group/leave" (GroupLeave) -> (), seed None,
        refuses [NoSuchGroup, NotMember, OwnerStays];
    /// Removes a member from a group: the owner anybody, an admin a plain member.
    GroupKick "/ws/group/kick" (GroupKick) -> (), seed None,
        refuses [NoSuchGroup, NotMember, NotAllowed];
    /// Changes what is given of a group; the owner and the admins may.
    GroupUpdate "/ws/group/update" (GroupUpdate) -> (), seed None,
        refuses [NoSuchGroup, NotMember, NotAllowed];
    /// Makes a member an admin, or an admin a plain member; the owner may.
    GroupSetRole "/ws/group/set_role" (GroupSetRole) -> (), seed None,
        refuses [NoSuchGroup, NotMember, NotAllowed];
    /// Makes a member the owner; the old owner is an admin then.
    GroupHandOver "/ws/group/hand_over" (GroupHandOver) -> (), seed None,
        refuses [NoSuchGroup, NotMember, NotAllowed];
    /// Ends a group for everybody; the owner may. Its name is free again.
    GroupDissolve "/ws/group/dissolve" (GroupDissolve) -> (), seed None,
        refuses [NoSuchGroup, NotMember, NotAllowed];
    /// Silences a member for a time, or lets them speak again: the owner anybody else, an admin a plain member.
    GroupMute "/ws/group/mute" (GroupMute) -> (), seed None,
        refuses [NoSuchGroup, NotMember, NotAllowed];
    /// Sets the caller's own name in a group.
    GroupSetNickname "/ws/group/set_nickname" (GroupSetNickname) -> (), seed None,
        refuses [NoSuchGroup, NotMember];
}

impl Operation {
    /// Whether it only reads: then it is also a GET.
    #[must_use]
    pub const fn reads(self) -> bool {
        matches!(
            self,
            Self::History | Self::Conversations | Self::Readers | Self::Ping | Self::ChatSearch
        )
    }
}

/// The path of the multiplexed socket.
pub const EVERYTHING_PATH: &str = "/ws";

/// A request on the multiplexed socket: `{"reqId","path","data"}`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope<'a> {
    #[serde(default)]
    pub req_id: Option<ReqId>,
    /// The operation's.
    pub path: String,
    /// Its request; absent where it has no fields.
    #[serde(borrow, default)]
    pub data: Option<&'a RawValue>,
}

/// A client's own mark on a request, repeated in its answer: a text of at most 64 bytes, or an integer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(untagged)]
pub enum ReqId {
    Number(i64),
    Text(String),
}

impl ReqId {
    /// Whether it keeps the bound of 64 bytes.
    #[must_use]
    pub fn is_acceptable(&self) -> bool {
        match self {
            Self::Number(_) => true,
            Self::Text(text) => text.len() <= 64 && !text.contains('\0'),
        }
    }
}

/// The part of a request that is the same for every operation.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    #[serde(default)]
    pub req_id: Option<ReqId>,
}

/// One answer: `{"code","desc","reqId"?,"data"?}` (seed lines 31 to 38).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    pub code: Code,
    pub desc: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub req_id: Option<ReqId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(type = "unknown"))]
    pub data: Option<Box<RawValue>>,
}

/// `data` of the answer 9997.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Reason {
    /// What is wrong with which field, in English, for developers.
    pub reason: String,
}

/// `data` of the answer 9996.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct RetryAfter {
    /// ms
    pub retry_after: u64,
}

impl Answer {
    /// An answer that is only a code.
    #[must_use]
    pub fn code(code: Code) -> Self {
        Self {
            code,
            desc: code.desc().to_owned(),
            req_id: None,
            data: None,
        }
    }

    /// The answer 0000 with its `data`.
    pub fn done<R: Reply>(reply: &R) -> Result<Self, serde_json::Error> {
        let data = if R::NOTHING {
            None
        } else {
            Some(serde_json::value::to_raw_value(reply)?)
        };
        Ok(Self {
            data,
            ..Self::code(Code::Ok)
        })
    }

    /// An answer with a code and `data`.
    pub fn with<T: Serialize>(code: Code, data: &T) -> Result<Self, serde_json::Error> {
        Ok(Self {
            data: Some(serde_json::value::to_raw_value(data)?),
            ..Self::code(code)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_found_at_its_path() {
        for &operation in Operation::ALL {
            assert_eq!(Operation::at(operation.path()), Some(operation));
            assert!(operation.path().starts_with("/ws/"));
        }
    }

    #[test]
    fn an_answer_reads_as_the_seed_document_shows_it() {
        let done = serde_json::to_string(&Answer::done(&()).unwrap()).unwrap();
        assert_eq!(done, r#"{"code":"0000","desc":"处理完成"}"#);
    }

    #[test]
    fn an_empty_receiver_is_no_receiver() {
        let request: SendMsg =
            serde_json::from_str(r#"{"toUserId":"","toGroupId":null,"msg":" "}"#).unwrap();
        assert!(request.to_user_id.is_none() && request.to_group_id.is_none());
        assert!(serde_json::from_str::<SendMsg>(r#"{"toUserId":7,"msg":"x"}"#).is_err());
        assert!(serde_json::from_str::<SendMsg>(r#"{"toUserId":"x","msg":""}"#).is_err());
    }
}
