//! Every field of every operation: what it may be, and what it may not.

use hongyan_protocol::{
    Operation, Request,
    conversation::{Conversations, History, Ping, Read, Readers, Settings, Sync, Typing},
    friend::{FriendAdd, FriendAddReply, FriendBlock, FriendDel, FriendFavourite, Remark},
    group::{
        GroupAdd, GroupAddReply, GroupDissolve, GroupHandOver, GroupInvite, GroupInviteReply,
        GroupUpdate, Invite, JoinPolicy,
    },
    group_member::{
        GivenRole, GroupKick, GroupLeave, GroupMute, GroupSetNickname, GroupSetRole,
        MemberNickname, MuteSeconds,
    },
    id::{FriendApplyId, GroupApplyId, GroupId, GroupInviteId, UserId},
    keep::{ChooseKeep, Keep},
    message::{Edit, React, Recall, SendMsg, WhenOffline},
    search::ChatSearch,
    text::Text,
};
use serde_json::{Value, json};

/// In every text of a bad request: no answer may have it.
pub(super) const SECRET: &str = "secret-9b1d";

/// What a field may be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// An id, wanted.
    Id,
    /// An id, or nothing: missing, null or an empty text.
    IdOrNothing,
    /// A place in a log, missing or null.
    SeqOrNull,
    /// A text of 1 to so many bytes, wanted.
    Text(usize),
    /// A text of 1 to so many characters, missing or null.
    TextOrNull(usize),
    /// A text of up to so many characters, missing or null.
    Remark(usize),
    /// true or false, wanted.
    Bool,
    /// One of these words, wanted.
    Word(&'static [&'static str]),
    /// One of these words, missing or null.
    WordOrNull(&'static [&'static str]),
    /// A whole number from 0 to this one, wanted.
    Number(u32),
    /// Up to 50 ids, missing or null.
    Ids,
    /// A place in a log, wanted.
    Seq,
    /// A text of 1 to 16 characters, wanted.
    Short,
    /// true or false, missing or null.
    Flag,
    /// An object, missing or null.
    Object,
    /// A number of 1 to so many, missing or null.
    Count(u32),
    /// What a page gave for the next one, missing, null or empty.
    Next,
    /// How long messages are kept, missing or null.
    Time,
    /// Up to 100 cursors, wanted.
    Cursors,
    /// A text of 1 to 64 characters with a letter or digit, wanted.
    Query,
}

use Kind::*;

/// Every field of every operation.
const FIELDS: &[(Operation, &[(&str, Kind)])] = &[
    (
        Operation::SendMsg,
        &[
            ("toUserId", IdOrNothing),
            ("toGroupId", IdOrNothing),
            ("msg", Text(16 * 1024)),
            ("clientMsgId", TextOrNull(64)),
            ("whenOffline", WordOrNull(&["keep", "refuse"])),
            ("kind", TextOrNull(32)),
            ("replyTo", SeqOrNull),
            ("mentions", Ids),
            ("mentionAll", Flag),
            ("body", Object),
        ],
    ),
    (
        Operation::Recall,
        &[
            ("toUserId", IdOrNothing),
            ("toGroupId", IdOrNothing),
            ("seq", Seq),
        ],
    ),
    (
        Operation::Edit,
        &[
            ("toUserId", IdOrNothing),
            ("toGroupId", IdOrNothing),
            ("seq", Seq),
            ("msg", Text(16 * 1024)),
            ("mentions", Ids),
        ],
    ),
    (
        Operation::React,
        &[
            ("toUserId", IdOrNothing),
            ("toGroupId", IdOrNothing),
            ("seq", Seq),
            ("emoji", Short),
            ("on", Bool),
        ],
    ),
    (
        Operation::History,
        &[
            ("toUserId", IdOrNothing),
            ("toGroupId", IdOrNothing),
            ("before", SeqOrNull),
            ("after", SeqOrNull),
            ("limit", Count(100)),
        ],
    ),
    (
        Operation::Conversations,
        &[("after", Next), ("limit", Count(100))],
    ),
    (
        Operation::Sync,
        &[("epoch", Remark(64)), ("cursors", Cursors)],
    ),
    (
        Operation::Read,
        &[
            ("toUserId", IdOrNothing),
            ("toGroupId", IdOrNothing),
            ("seq", Seq),
        ],
    ),
    (
        Operation::Readers,
        &[
            ("toUserId", IdOrNothing),
            ("toGroupId", IdOrNothing),
            ("seq", Seq),
        ],
    ),
    (
        Operation::Typing,
        &[("toUserId", IdOrNothing), ("toGroupId", IdOrNothing)],
    ),
    (
        Operation::Settings,
        &[
            ("toUserId", IdOrNothing),
            ("toGroupId", IdOrNothing),
            ("muted", Flag),
            ("pinned", Flag),
        ],
    ),
    (
        Operation::Keep,
        &[
            ("toUserId", IdOrNothing),
            ("toGroupId", IdOrNothing),
            ("keep", Time),
        ],
    ),
    (Operation::Ping, &[]),
    (
        Operation::FriendAdd,
        &[("userId", Id), ("remark", Remark(128))],
    ),
    (
        Operation::FriendAddReply,
        &[("friendApplyId", Id), ("agree", Bool)],
    ),
    (Operation::FriendDel, &[("userId", Id)]),
    (
        Operation::FriendFavourite,
        &[("userId", Id), ("favourite", Bool)],
    ),
    (Operation::FriendBlock, &[("userId", Id), ("block", Bool)]),
    (
        Operation::GroupAdd,
        &[("groupId", Id), ("remark", Remark(128))],
    ),
    (
        Operation::GroupAddReply,
        &[("groupApplyId", Id), ("agree", Bool)],
    ),
    (
        Operation::GroupInvite,
        &[("groupId", Id), ("userId", Id), ("remark", Remark(128))],
    ),
    (
        Operation::GroupInviteReply,
        &[("groupInviteId", Id), ("agree", Bool)],
    ),
    (Operation::GroupLeave, &[("groupId", Id)]),
    (Operation::GroupKick, &[("groupId", Id), ("userId", Id)]),
    (
        Operation::ChatSearch,
        &[
            ("query", Query),
            ("toUserId", IdOrNothing),
            ("toGroupId", IdOrNothing),
            ("before", Next),
            ("limit", Count(100)),
        ],
    ),
    (
        Operation::GroupUpdate,
        &[
            ("groupId", Id),
            ("groupNickname", TextOrNull(64)),
            ("introduction", Remark(500)),
            ("announcement", Remark(2000)),
            ("invite", WordOrNull(&["members", "operators"])),
            ("join", WordOrNull(&["open", "approval", "invitation"])),
            ("muteAll", Flag),
        ],
    ),
    (
        Operation::GroupSetRole,
        &[
            ("groupId", Id),
            ("userId", Id),
            ("role", Word(&["admin", "member"])),
        ],
    ),
    (Operation::GroupHandOver, &[("groupId", Id), ("userId", Id)]),
    (Operation::GroupDissolve, &[("groupId", Id)]),
    (
        Operation::GroupMute,
        &[
            ("groupId", Id),
            ("userId", Id),
            ("seconds", Number(30 * 24 * 3600)),
        ],
    ),
    (
        Operation::GroupSetNickname,
        &[("groupId", Id), ("nickname", Remark(64))],
    ),
];

pub(super) fn fields(operation: Operation) -> &'static [(&'static str, Kind)] {
    let row = FIELDS.iter().find(|(named, _)| *named == operation);
    row.unwrap_or_else(|| panic!("{operation:?} has no row")).1
}

impl Kind {
    pub(super) fn is_wanted(self) -> bool {
        matches!(
            self,
            Self::Id
                | Self::Text(_)
                | Self::Bool
                | Self::Seq
                | Self::Short
                | Self::Cursors
                | Self::Query
                | Self::Word(_)
                | Self::Number(_)
        )
    }

    /// Values that are as good as none.
    pub(super) fn nothings(self) -> Vec<Value> {
        match self {
            wanted if wanted.is_wanted() => vec![],
            Self::IdOrNothing | Self::Remark(_) | Self::Next => vec![json!(null), json!("")],
            Self::Ids => vec![json!(null), json!([])],
            _ => vec![json!(null)],
        }
    }

    /// Values that fit.
    pub(super) fn good(self) -> Vec<Value> {
        let strange = "\u{1F426}\u{200F}\t\n\\\"'; DROP TABLE users; --\u{FEFF}<script>";
        match self {
            Self::Id | Self::IdOrNothing => {
                vec![json!(strange), json!("x".repeat(64)), json!("a\0b")]
            }
            Self::Text(most) => vec![json!(" "), json!(strange), json!("x".repeat(most))],
            Self::TextOrNull(most) | Self::Remark(most) => {
                vec![json!(" "), json!("鸿".repeat(most))]
            }
            Self::Short => vec![json!(" "), json!("👍"), json!("鸿".repeat(16))],
            Self::Flag => vec![json!(false)],
            Self::Object => vec![json!({}), json!({"x": [strange, null, 1.5]})],
            Self::Count(most) => vec![json!(1), json!(most)],
            Self::Next => vec![],
            Self::Time => vec![
                json!("none"),
                json!("until-delivered"),
                json!(1),
                json!("7"),
            ],
            Self::Cursors => vec![
                json!([]),
                json!([{"groupId": "x", "seq": i64::MIN}]),
                json!(vec![json!({"userId": strange, "seq": 1}); 100]),
            ],
            Self::SeqOrNull | Self::Seq => vec![json!(0), json!(7), json!(-7), json!(i64::MAX)],
            Self::Bool => vec![json!(true), json!(false)],
            Self::Word(words) | Self::WordOrNull(words) => {
                words.iter().map(|&word| json!(word)).collect()
            }
            Self::Number(most) => vec![json!(0), json!(most)],
            Self::Ids => vec![json!(["x"]), json!(vec!["x"; 50])],
            Self::Query => vec![json!("鸿"), json!(strange), json!("x".repeat(64))],
        }
    }

    /// Values that do not fit, of every type of JSON.
    pub(super) fn bad(self) -> Vec<Value> {
        let long = |most: usize| json!(SECRET.repeat(most / SECRET.len() + 1));
        let (number, yes, list, object) = (
            json!(7_777_777),
            json!(true),
            json!([SECRET]),
            json!({ SECRET: SECRET }),
        );
        let mut bad = vec![number.clone(), json!(-0.5), list.clone(), object];
        if self.is_wanted() {
            bad.push(json!(null));
        }
        match self {
            Self::Id => bad.extend([yes, json!(""), long(64)]),
            Self::IdOrNothing => bad.extend([yes, long(64)]),
            Self::Short => bad.extend([yes, json!(""), json!("a\0b"), long(16)]),
            Self::Flag => bad.extend([json!(SECRET), json!("true"), json!(""), json!(0)]),
            Self::Object => {
                bad.retain(|value| !value.is_object());
                bad.extend([yes, json!(SECRET), json!({"x": SECRET.repeat(400)})]);
            }
            Self::Count(most) => {
                bad.extend([yes, json!(0), json!(most + 1), json!(-1), json!("7")]);
            }
            Self::Next => bad.extend([yes, json!(SECRET), json!("1.2"), long(128)]),
            Self::Time => {
                bad.retain(|value| !value.is_u64());
                bad.extend([yes, json!(SECRET), json!(""), json!(0), json!(1_u64 << 32)]);
            }
            Self::Cursors => {
                let many = json!(vec![json!({"userId": "x", "seq": 1}); 101]);
                let nobody = json!([{"userId": "", "groupId": null, "seq": 1}]);
                bad.extend([yes, json!([{}]), json!([{"userId": "x"}]), nobody, many]);
            }
            Self::SeqOrNull | Self::Seq => {
                bad.retain(|value| *value != number);
                bad.extend([yes, json!(""), json!("7"), json!(u64::MAX)]);
            }
            Self::Text(most) => bad.extend([yes, json!(""), json!("a\0b"), long(most)]),
            Self::TextOrNull(most) => bad.extend([yes, json!(""), json!("a\0b"), long(most)]),
            Self::Remark(most) => bad.extend([yes, json!("a\0b"), long(most)]),
            Self::Bool => bad.extend([json!(SECRET), json!("true"), json!(""), json!(0), json!(1)]),
            Self::Word(words) | Self::WordOrNull(words) => {
                let shouted = words[0].to_uppercase();
                bad.extend([yes, json!(""), json!(shouted), json!(SECRET)]);
            }
            Self::Number(most) => {
                let (more, text) = (json!(most + 1), json!(most.to_string()));
                bad.extend([yes, json!(""), json!(-1), json!(u64::MAX), more, text]);
            }
            Self::Ids => {
                bad.retain(|value| *value != list);
                let (numbers, empty) = (json!([7]), json!([""]));
                let many = json!(vec!["x"; 51]);
                bad.extend([yes, json!(SECRET), numbers, empty, many, json!([null])]);
            }
            Self::Query => {
                let nothing = json!("，。 \u{1F426} …");
                bad.extend([yes, json!(""), json!(" "), nothing, json!("a\0b"), long(64)]);
            }
        }
        bad
    }
}

/// A request with all of its fields, so that a new field is missed in [`FIELDS`].
pub(super) fn whole(operation: Operation) -> Value {
    fn sample<R: Request>(request: R) -> (Operation, Value) {
        (R::OPERATION, serde_json::to_value(request).unwrap())
    }
    let (remark, agree) = (Remark::new("hello").unwrap(), true);
    let (user_id, group_id) = (UserId::mint(), GroupId::mint());
    let (named, request) = match operation {
        Operation::SendMsg => sample(SendMsg {
            to_user_id: Some(user_id),
            to_group_id: Some(group_id),
            msg: Text::new("hello").unwrap(),
            client_msg_id: Some(Text::new("1").unwrap()),
            when_offline: Some(WhenOffline::Keep),
            kind: Some(Text::new("text").unwrap().into()),
            reply_to: Some(1),
            mentions: vec![user_id],
            mention_all: true,
            body: Some(serde_json::Map::new()),
        }),
        Operation::Recall => sample(Recall {
            to_user_id: Some(user_id),
            to_group_id: Some(group_id),
            seq: 1,
        }),
        Operation::Edit => sample(Edit {
            to_user_id: Some(user_id),
            to_group_id: Some(group_id),
            seq: 1,
            msg: Text::new("hello").unwrap(),
            mentions: vec![user_id],
        }),
        Operation::React => sample(React {
            to_user_id: Some(user_id),
            to_group_id: Some(group_id),
            seq: 1,
            emoji: Text::new("👍").unwrap(),
            on: true,
        }),
        Operation::History => sample(History {
            to_user_id: Some(user_id),
            to_group_id: Some(group_id),
            before: Some(1),
            after: Some(1),
            limit: Some(1),
        }),
        Operation::Conversations => sample(Conversations {
            after: Some(Text::new("").unwrap()),
            limit: Some(1),
        }),
        Operation::Sync => sample(Sync {
            epoch: Some(Text::new("").unwrap()),
            cursors: Vec::new(),
        }),
        Operation::Read => sample(Read {
            to_user_id: Some(user_id),
            to_group_id: Some(group_id),
            seq: 1,
        }),
        Operation::Readers => sample(Readers {
            to_user_id: Some(user_id),
            to_group_id: Some(group_id),
            seq: 1,
        }),
        Operation::Typing => sample(Typing {
            to_user_id: Some(user_id),
            to_group_id: Some(group_id),
        }),
        Operation::Settings => sample(Settings {
            to_user_id: Some(user_id),
            to_group_id: Some(group_id),
            muted: Some(true),
            pinned: Some(true),
        }),
        Operation::Keep => sample(ChooseKeep {
            to_user_id: Some(user_id),
            to_group_id: Some(group_id),
            keep: Some(Keep::Days(1)),
        }),
        Operation::Ping => sample(Ping {}),
        Operation::FriendAdd => sample(FriendAdd { user_id, remark }),
        Operation::FriendAddReply => sample(FriendAddReply {
            friend_apply_id: FriendApplyId::mint(),
            agree,
        }),
        Operation::FriendDel => sample(FriendDel { user_id }),
        Operation::FriendFavourite => sample(FriendFavourite {
            user_id,
            favourite: true,
        }),
        Operation::FriendBlock => sample(FriendBlock {
            user_id,
            block: true,
        }),
        Operation::GroupUpdate => sample(GroupUpdate {
            group_id,
            group_nickname: Some(Text::new("choir").unwrap()),
            introduction: Some(Text::default()),
            announcement: Some(Text::default()),
            invite: Some(Invite::Members),
            join: Some(JoinPolicy::Open),
            mute_all: Some(true),
        }),
        Operation::GroupSetRole => sample(GroupSetRole {
            group_id,
            user_id,
            role: GivenRole::Admin,
        }),
        Operation::GroupHandOver => sample(GroupHandOver { group_id, user_id }),
        Operation::GroupDissolve => sample(GroupDissolve { group_id }),
        Operation::GroupMute => sample(GroupMute {
            group_id,
            user_id,
            seconds: MuteSeconds::new(60).unwrap(),
        }),
        Operation::GroupSetNickname => sample(GroupSetNickname {
            group_id,
            nickname: MemberNickname::default(),
        }),
        Operation::GroupAdd => sample(GroupAdd { group_id, remark }),
        Operation::GroupAddReply => sample(GroupAddReply {
            group_apply_id: GroupApplyId::mint(),
            agree,
        }),
        Operation::GroupInvite => sample(GroupInvite {
            group_id,
            user_id,
            remark,
        }),
        Operation::GroupInviteReply => sample(GroupInviteReply {
            group_invite_id: GroupInviteId::mint(),
            agree,
        }),
        Operation::GroupLeave => sample(GroupLeave { group_id }),
        Operation::GroupKick => sample(GroupKick { group_id, user_id }),
        Operation::ChatSearch => sample(ChatSearch {
            query: Text::new("hello").unwrap(),
            to_user_id: Some(user_id),
            to_group_id: Some(group_id),
            before: Some(Text::new("7").unwrap()),
            limit: Some(7),
        }),
    };
    assert_eq!(named, operation);
    request
}
