//! What is no request: every field of every operation in every wrong way, and frames that are none.

use std::collections::BTreeSet;

use hongyan_client::RawSocket;
use hongyan_protocol::{
    Answer, Code, Operation, Request,
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

use crate::harness::{Role, Scene, exchange, soon, stage};

/// In every text of a bad request: no answer may have it.
const SECRET: &str = "secret-9b1d";

/// What a field may be.
#[derive(Clone, Copy, Debug)]
enum Kind {
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

fn fields(operation: Operation) -> &'static [(&'static str, Kind)] {
    let row = FIELDS.iter().find(|(named, _)| *named == operation);
    row.unwrap_or_else(|| panic!("{operation:?} has no row")).1
}

impl Kind {
    fn is_wanted(self) -> bool {
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
    fn nothings(self) -> Vec<Value> {
        match self {
            wanted if wanted.is_wanted() => vec![],
            Self::IdOrNothing | Self::Remark(_) | Self::Next => vec![json!(null), json!("")],
            Self::Ids => vec![json!(null), json!([])],
            _ => vec![json!(null)],
        }
    }

    /// Values that fit.
    fn good(self) -> Vec<Value> {
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
    fn bad(self) -> Vec<Value> {
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
fn whole(operation: Operation) -> Value {
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

#[tokio::test]
async fn every_field_of_every_operation_is_in_the_table() {
    for &operation in Operation::ALL {
        let whole = whole(operation);
        let sent: BTreeSet<_> = whole
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let listed: BTreeSet<_> = fields(operation).iter().map(|(name, _)| *name).collect();
        assert_eq!(sent, listed, "{operation:?}");
    }
}

/// `data.reason` of the answer 9997.
fn reason(answer: &Answer) -> String {
    assert_eq!(answer.code, Code::BadRequest, "{answer:?}");
    assert_eq!(answer.desc, Code::BadRequest.desc());
    let data: Value = serde_json::from_str(answer.data.as_ref().unwrap().get()).unwrap();
    let reason = data["reason"].as_str().unwrap().to_owned();
    assert!(reason.len() <= 300, "{} bytes: {reason}", reason.len());
    assert!(!reason.contains(SECRET), "{reason}");
    reason
}

#[tokio::test]
async fn a_field_that_does_not_fit_is_named_and_nothing_is_done() {
    let server = stage().await;
    for &operation in Operation::ALL {
        let mut scene = Scene::on(&server).await;
        let (role, good) = scene.done(operation);
        let before = scene.state().await;
        let mut door = scene.of(role).door(operation).await;
        for &(field, kind) in fields(operation) {
            let mut requests = Vec::new();
            for bad in kind.bad() {
                let mut request = good.clone();
                request[field] = bad;
                requests.push(request);
            }
            if kind.is_wanted() {
                let mut request = good.clone();
                request.as_object_mut().unwrap().remove(field);
                requests.push(request);
            }
            for mut request in requests {
                if operation == Operation::SendMsg && field != "msg" {
                    request["msg"] = json!(SECRET);
                }
                let answer = exchange(&mut door, &request.to_string()).await;
                assert_eq!(answer.code, Code::BadRequest, "{operation:?} {request}");
                let reason = reason(&answer);
                assert!(reason.contains(field), "{reason}: {request}");
            }
        }
        assert_eq!(scene.state().await, before, "{operation:?}");
        let answer = exchange(&mut door, &good.to_string()).await;
        assert_eq!(answer.code, Code::Ok, "{operation:?}: the socket lives on");
        if operation == Operation::SendMsg {
            let data: Value = serde_json::from_str(answer.data.unwrap().get()).unwrap();
            assert_eq!(data["seq"], 1, "none before it was stored");
            assert_eq!(scene.of_mut(Role::Guest).message().await.msg, "hi");
        }
    }
}

#[tokio::test]
async fn a_field_that_fits_is_taken_however_strange_and_may_be_nothing_where_it_is_not_wanted() {
    let server = stage().await;
    for &operation in Operation::ALL {
        let scene = Scene::on(&server).await;
        let (role, good) = scene.done(operation);
        let mut door = scene.of(role).door(operation).await;
        for &(field, kind) in fields(operation) {
            for value in kind.nothings().into_iter().chain(kind.good()) {
                let nothing_left = good.get("toUserId").is_some()
                    && field == "toUserId"
                    && kind.nothings().contains(&value);
                let mut request = good.clone();
                request[field] = value;
                let answer = exchange(&mut door, &request.to_string()).await;
                assert_eq!(
                    answer.code == Code::BadRequest,
                    nothing_left,
                    "{operation:?} {request} {answer:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_message_to_nobody_or_to_oneself_is_bad_and_says_which_field() {
    let server = stage().await;
    let mut scene = Scene::on(&server).await;
    let mut door = scene.of(Role::Owner).door(Operation::SendMsg).await;
    let myself = scene.id(Role::Owner);
    for request in [
        json!({"msg": SECRET}),
        json!({"msg": SECRET, "toUserId": "", "toGroupId": ""}),
        json!({"msg": SECRET, "toUserId": null, "toGroupId": null}),
        json!({"msg": SECRET, "toUserId": "", "toGroupId": null}),
        json!({"msg": SECRET, "toUserId": myself}),
        json!({"msg": SECRET, "toUserId": myself, "toGroupId": ""}),
    ] {
        let answer = exchange(&mut door, &request.to_string()).await;
        assert!(reason(&answer).contains("toUserId"), "{request}");
    }
    scene.no_message_was_stored().await;
}

/// A good request of an operation, opened for more: `{"agree":true,"friendApplyId":"…"`.
fn open(good: &Value) -> String {
    let mut text = good.to_string();
    assert_eq!(text.pop(), Some('}'));
    if text == "{" {
        text.push_str("\"any\":1");
    }
    text
}

#[tokio::test]
async fn what_is_no_json_object_is_refused_and_the_socket_lives_on() {
    let server = stage().await;
    for &operation in Operation::ALL {
        let scene = Scene::on(&server).await;
        let (role, good) = scene.done(operation);
        let before = scene.state().await;
        let mut door = scene.of(role).door(operation).await;
        let (begun, whole) = (open(&good), good.to_string());
        let Some((field, value)) = good.as_object().unwrap().iter().next() else {
            continue;
        };
        let in_order: Vec<_> = good.as_object().unwrap().values().collect();
        let nested = |open: &str, close: &str| open.repeat(10_000) + &close.repeat(10_000);
        let frames = [
            String::new(),
            " ".to_owned(),
            SECRET.to_owned(),
            "null".to_owned(),
            "7".to_owned(),
            "true".to_owned(),
            format!("\"{SECRET}\""),
            "[]".to_owned(),
            json!([good]).to_string(),
            json!(in_order).to_string(),
            json!(whole).to_string(),
            "{}".to_owned(),
            begun.clone(),
            format!("{begun},}}"),
            format!("{whole}}}"),
            format!("{whole}{whole}"),
            format!("{whole} {SECRET}"),
            format!("{whole}\n{whole}"),
            format!("{whole}\0"),
            format!("\u{FEFF}{whole}"),
            format!("// {SECRET}\n{whole}"),
            whole.replace('"', "'"),
            nested("[", "]"),
            format!("{{\"{field}\":{}}}", nested("[", "]")),
            format!("{{\"{field}\":{}", "{\"a\":".repeat(10_000)),
            // Which of the two would count?
            format!("{begun},\"{field}\":{value}}}"),
            format!("{begun},\"reqId\":1,\"reqId\":2}}"),
            // Half of a surrogate pair is no text.
            format!("{begun},\"reqId\":\"\\ud83d\"}}"),
            format!("{{\"{field}\":\"\\ud83d\"}}"),
            format!("{{\"{field}\":\"\\udc26\\ud83d\"}}"),
            format!("{{\"{field}\":\"\\x41\"}}"),
            format!("{{\"{field}\":\"a\nb\"}}"),
            format!("{{\"{field}\":\"{SECRET}"),
            format!("{{\"{}\":nul}}", "x".repeat(1000)),
        ];
        for frame in frames {
            if frame == "{}" && operation == Operation::Conversations {
                continue;
            }
            let answer = exchange(&mut door, &frame).await;
            let start: String = frame.chars().take(100).collect();
            assert_eq!(answer.code, Code::BadRequest, "{operation:?} {start}");
            reason(&answer);
        }
        door.send_binary(whole.clone()).await.unwrap();
        let answer = soon("an answer", door.next()).await.unwrap();
        assert!(reason(&serde_json::from_str(&answer).unwrap()).contains("binary"));
        assert_eq!(scene.state().await, before, "{operation:?}");
        let answer = exchange(&mut door, &whole).await;
        assert_eq!(answer.code, Code::Ok, "{operation:?}: the socket lives on");
    }
}

#[tokio::test]
async fn fields_that_nobody_knows_are_ignored_whatever_is_in_them() {
    let server = stage().await;
    let frames = [
        r#""more":null"#.to_owned(),
        r#""more":{"userId":"x"},"":[]"#.to_owned(),
        r#""more":1e999"#.to_owned(),
        format!(r#""more":{}{}"#, "[".repeat(10_000), "]".repeat(10_000)),
        r#""user_id":7,"USERID":8,"toUserID":9"#.to_owned(),
        r#""__proto__":{"agree":false},"constructor":1"#.to_owned(),
    ];
    for &operation in Operation::ALL {
        for frame in &frames {
            let scene = Scene::on(&server).await;
            let (role, good) = scene.done(operation);
            let mut door = scene.of(role).door(operation).await;
            let answer = exchange(&mut door, &format!("\r\n\t {},{frame}}} ", open(&good))).await;
            let start: String = frame.chars().take(100).collect();
            assert_eq!(answer.code, Code::Ok, "{operation:?} {start} {answer:?}");
        }
    }
}

#[tokio::test]
async fn the_mark_of_a_request_is_in_its_answer_whatever_the_answer_is() {
    let server = stage().await;
    for &operation in Operation::ALL {
        let scene = Scene::on(&server).await;
        let (role, good) = scene.done(operation);
        let mut door = scene.of(role).door(operation).await;
        for mark in [
            json!(1),
            json!(-9_223_372_036_854_775_808_i64),
            json!(i64::MAX),
            json!("鸿雁 \"\\\n"),
            json!(""),
            json!("x".repeat(64)),
        ] {
            let bad = json!({"reqId": mark, "limit": 0, "msg": ""});
            let answer = exchange(&mut door, &bad.to_string()).await;
            let takes_anything = operation == Operation::Ping;
            assert_eq!(answer.code == Code::BadRequest, !takes_anything);
            assert_eq!(json!(answer.req_id), mark);
            let mut request = good.clone();
            request["reqId"] = mark.clone();
            let answer = exchange(&mut door, &request.to_string()).await;
            assert_ne!(answer.code, Code::BadRequest, "{request}");
            assert_eq!(json!(answer.req_id), mark);
        }
        let answer = exchange(&mut door, r#"{"reqId":null}"#).await;
        assert!(answer.req_id.is_none());
    }
}

#[tokio::test]
async fn a_mark_that_does_not_fit_is_bad_and_not_repeated() {
    let server = stage().await;
    for &operation in Operation::ALL {
        let scene = Scene::on(&server).await;
        let (role, good) = scene.done(operation);
        let before = scene.state().await;
        let mut door = scene.of(role).door(operation).await;
        for mark in [
            json!(1.5),
            json!(u64::MAX),
            json!(true),
            json!([SECRET]),
            json!({ SECRET: 1 }),
            json!(format!("{SECRET}\0")),
            json!(SECRET.repeat(6)),
            json!("鸿".repeat(22)),
        ] {
            let mut request = good.clone();
            request["reqId"] = mark;
            let answer = exchange(&mut door, &request.to_string()).await;
            assert!(reason(&answer).contains("reqId"), "{request}");
            assert!(answer.req_id.is_none());
        }
        assert_eq!(scene.state().await, before, "{operation:?}");
        let answer = exchange(&mut door, &good.to_string()).await;
        assert_eq!(answer.code, Code::Ok, "{operation:?}");
    }
}

#[tokio::test]
async fn a_frame_over_the_limit_closes_its_socket_and_no_other() {
    let server = stage().await;
    let most = server.config.limits.frame_bytes as usize;
    for &operation in Operation::ALL {
        let scene = Scene::on(&server).await;
        let (role, good) = scene.done(operation);
        let before = scene.state().await;
        let [mut door, mut other] = [
            scene.of(role).door(operation).await,
            scene.of(role).door(operation).await,
        ];
        let padded = |length: usize| {
            let mut frame = good.to_string();
            frame.push_str(&" ".repeat(length - frame.len()));
            frame
        };
        // The server may close before it has read all of it.
        _ = door.send_text(padded(most + 1)).await;
        assert_eq!(soon("the close", door.closed()).await, Some(1009));
        assert_eq!(scene.state().await, before, "{operation:?}");
        let answer = exchange(&mut other, &padded(most)).await;
        assert_eq!(answer.code, Code::Ok, "{operation:?}");
    }
}

#[tokio::test]
async fn text_that_is_not_utf_8_closes_the_socket() {
    let server = stage().await;
    for &operation in Operation::ALL {
        let scene = Scene::on(&server).await;
        let (role, good) = scene.done(operation);
        let before = scene.state().await;
        for broken in [&b"\xff"[..], b"\xc0\x80", b"\xed\xa0\xbd", b"\xe9\xb8"] {
            let mut door = scene.of(role).door(operation).await;
            let mut bytes = open(&good).into_bytes();
            bytes.extend_from_slice(b",\"more\":\"");
            bytes.extend_from_slice(broken);
            bytes.extend_from_slice(b"\"}");
            door.send_as_text(bytes).await.unwrap();
            assert_eq!(soon("the close", door.closed()).await, Some(1007));
        }
        assert_eq!(scene.state().await, before, "{operation:?}");
    }
}

#[tokio::test]
async fn requests_before_a_broken_frame_are_done_and_those_after_it_are_not() {
    let server = stage().await;
    let mut scene = Scene::on(&server).await;
    let mut door = scene.of(Role::Owner).door(Operation::SendMsg).await;
    let request = |n: u32| json!({"toUserId": scene.id(Role::Guest), "msg": format!("{n}")});
    for n in 1..=3 {
        door.send_text(request(n).to_string()).await.unwrap();
    }
    door.send_as_text(&b"{\"msg\":\"\xff\"}"[..]).await.unwrap();
    // The server may have closed already.
    _ = door.send_text(request(4).to_string()).await;
    assert_eq!(soon("the close", door.closed()).await, Some(1007));
    let guest = scene.of_mut(Role::Guest);
    for n in 1..=3 {
        assert_eq!(guest.message().await.msg, n.to_string());
    }
    guest.heard_nothing().await;
}

async fn seq_of_next(door: &mut RawSocket) -> i64 {
    let answer = soon("an answer", door.next()).await.unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    answer["data"]["seq"].as_i64().unwrap()
}

#[tokio::test]
async fn a_ping_between_requests_changes_nothing() {
    let server = stage().await;
    let scene = Scene::on(&server).await;
    let mut door = scene.of(Role::Owner).door(Operation::SendMsg).await;
    let request = json!({"toUserId": scene.id(Role::Guest), "msg": "x"}).to_string();
    for _ in 0..10 {
        door.ping().await.unwrap();
        door.send_text(request.clone()).await.unwrap();
        door.ping().await.unwrap();
    }
    for seq in 1..=10 {
        assert_eq!(seq_of_next(&mut door).await, seq);
    }
}

#[tokio::test]
async fn a_notice_connection_hears_on_whatever_is_said_to_it() {
    let server = stage().await;
    let [ann, bo] = server.users(["ann", "bo"]).await;
    let mut notices = bo.socket("/ws/notice/path").await.unwrap();
    for frame in ["", "{}", "null", "{\"code\":\"0000\"}"] {
        notices.send_text(frame).await.unwrap();
    }
    notices.send_binary(&b"\0\xff"[..]).await.unwrap();
    ann.add_friend(bo.id(), "still there?").await.unwrap();
    let heard = soon("an event", notices.next()).await.unwrap();
    let heard: Value = serde_json::from_str(&heard).unwrap();
    assert_eq!(heard["data"]["remark"], "still there?");
    notices.send_as_text(&b"\xff"[..]).await.unwrap();
    assert_eq!(soon("the close", notices.closed()).await, Some(1007));
}
