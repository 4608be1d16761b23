//! docs/protocol.md: its tables come from the protocol crate, its examples from the frames of this test.

use std::{collections::HashMap, path::PathBuf};

use hongyan_client::{RawSocket, Session};
use hongyan_protocol::{
    EventType, Operation,
    document::{BEGINS, Examples, render},
    group::{CreateGroup, Introduction},
    id::GroupId,
    text::Text,
    user::{Name, UpdateInfo},
};
use serde_json::{Value, json};

use crate::harness::{PASSWORD, TestServer, account, exchange, soon};

/// Frames as they were sent, with ids in the order of their appearance instead of random ones.
#[derive(Default)]
struct Recorded {
    operations: HashMap<Operation, (String, String)>,
    events: HashMap<EventType, String>,
    ids: HashMap<String, String>,
}

impl Examples for Recorded {
    fn operation(&self, operation: Operation) -> Option<(String, String)> {
        self.operations.get(&operation).cloned()
    }

    fn event(&self, event: EventType) -> Option<String> {
        self.events.get(&event).cloned()
    }
}

impl Recorded {
    /// Sends a request, and keeps it and its answer.
    async fn ask(&mut self, session: &Session, operation: Operation, request: Value) {
        let mut socket = session.socket(operation.path()).await.unwrap();
        let answer = exchange(&mut socket, &request.to_string()).await;
        assert_eq!(
            answer.code.as_str(),
            "0000",
            "{} {request}",
            operation.path()
        );
        let answer = self.pretty(serde_json::to_value(&answer).unwrap());
        let request = self.pretty(request);
        self.operations.insert(operation, (request, answer));
    }

    /// Reads the next event, which is of this type, and keeps it.
    async fn hear(&mut self, notices: &mut RawSocket, event: EventType) -> Value {
        let frame = soon(event.as_str(), notices.next()).await.unwrap();
        let json: Value = serde_json::from_str(&frame).unwrap();
        assert_eq!(json["eventType"], event.as_str(), "{json}");
        let text = self.pretty(json.clone());
        self.events.insert(event, text);
        json
    }

    fn pretty(&mut self, mut json: Value) -> String {
        self.rename_ids(&mut json);
        serde_json::to_string_pretty(&json).unwrap()
    }

    fn rename_ids(&mut self, json: &mut Value) {
        match json {
            Value::String(text) if text.len() == 36 && text.matches('-').count() == 4 => {
                let number = self.ids.len() + 1;
                let name = self.ids.entry(text.clone());
                *text = name
                    .or_insert_with(|| format!("01653fd1-55b2-7000-8000-{number:012}"))
                    .clone();
            }
            Value::String(text) if text.starts_with("/img/") => {
                "/img/default/user-1.png".clone_into(text)
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.rename_ids(item)),
            Value::Object(fields) => fields.values_mut().for_each(|value| self.rename_ids(value)),
            _ => {}
        }
    }
}

#[tokio::test]
async fn the_document_says_what_the_server_does() {
    let document = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/protocol.md");
    let page = std::fs::read_to_string(&document).unwrap();
    let (prose, generated) = page
        .split_once(BEGINS)
        .expect("the mark of the generated part");
    let rendered = render(&record().await).unwrap();
    let (_, now) = rendered.split_once(BEGINS).unwrap();
    if std::env::var_os("HONGYAN_BLESS").is_some() {
        std::fs::write(&document, format!("{prose}{BEGINS}{now}")).unwrap();
    } else {
        assert!(
            generated == now,
            "docs/protocol.md is not what the code does: run `cargo xtask docs`"
        );
    }
}

/// Three people do everything that can be done.
async fn record() -> Recorded {
    use EventType as E;
    use Operation as O;
    let server = TestServer::start().await;
    let mut sessions = Vec::new();
    for name in ["anna", "bobo", "cyan"] {
        sessions.push(server.stranger().register(&account(name)).await.unwrap());
    }
    let [ann, bo, cy] = [&sessions[0], &sessions[1], &sessions[2]];
    let mut ann_hears = ann.socket("/ws/notice/event").await.unwrap();
    let mut bo_hears = bo.socket("/ws/notice/event").await.unwrap();
    let mut cy_hears = cy.socket("/ws/notice/path").await.unwrap();
    let mut recorded = Recorded::default();
    let r = &mut recorded;

    r.ask(
        ann,
        O::FriendAdd,
        json!({"userId": bo.id(), "remark": "加好友~"}),
    )
    .await;
    let added = r.hear(&mut bo_hears, E::FriendAdd).await;
    let reply = json!({"friendApplyId": added["data"]["friendApplyId"], "agree": true});
    r.ask(bo, O::FriendAddReply, reply).await;
    r.hear(&mut ann_hears, E::FriendAddResult).await;
    r.ask(
        ann,
        O::SendMsg,
        json!({"toUserId": bo.id(), "msg": "来自好友的消息", "clientMsgId": "a-1"}),
    )
    .await;
    r.hear(&mut bo_hears, E::ChatF2f).await;

    let to_ann = json!({"toUserId": ann.id(), "seq": 1});
    let to_bo = json!({"toUserId": bo.id(), "seq": 1});
    let with = |request: &Value, field: &str, value: Value| {
        let mut request = request.clone();
        request[field] = value;
        request
    };
    let named = json!({"toUserId": bo.id()});
    r.ask(ann, O::Typing, named.clone()).await;
    r.hear(&mut bo_hears, E::ChatTyping).await;
    r.ask(ann, O::Edit, with(&to_bo, "msg", json!("来自好友的新消息")))
        .await;
    r.hear(&mut bo_hears, E::ChatEdit).await;
    let thumb = with(&with(&to_ann, "emoji", json!("👍")), "on", json!(true));
    r.ask(bo, O::React, thumb).await;
    r.hear(&mut ann_hears, E::ChatReaction).await;
    r.ask(bo, O::Read, with(&to_ann, "seq", json!(3))).await;
    r.hear(&mut ann_hears, E::ChatRead).await;
    r.ask(ann, O::Readers, to_bo.clone()).await;
    r.ask(ann, O::History, with(&named, "limit", json!(1)))
        .await;
    r.ask(ann, O::Conversations, json!({})).await;
    r.ask(ann, O::Recall, to_bo).await;
    r.hear(&mut bo_hears, E::ChatRecall).await;
    let cursor = json!({"userId": ann.id(), "seq": 2});
    r.ask(bo, O::Sync, json!({"cursors": [cursor]})).await;
    r.ask(ann, O::Settings, with(&named, "pinned", json!(true)))
        .await;
    r.hear(&mut ann_hears, E::ChatSettings).await;
    r.ask(ann, O::Keep, with(&named, "keep", json!(30))).await;
    r.hear(&mut bo_hears, E::ChatKeep).await;
    r.ask(ann, O::Ping, json!({})).await;

    drop(ann_hears);
    r.hear(&mut bo_hears, E::FriendStatusChange).await;
    let mut everything = ann.socket("/ws").await.unwrap();
    r.hear(&mut everything, E::Ready).await;
    r.hear(&mut bo_hears, E::FriendStatusChange).await;
    let group = choir_of(ann).await;
    r.hear(&mut everything, E::ListsChanged).await;
    let change = UpdateInfo {
        sign: Some(Text::new("每天都要唱歌").unwrap()),
        ..UpdateInfo::default()
    };
    ann.update_info(&change, None).await.unwrap();
    r.hear(&mut everything, E::UserUpdated).await;
    drop(everything);
    r.hear(&mut bo_hears, E::FriendStatusChange).await;
    ann_hears = ann.socket("/ws/notice/event").await.unwrap();
    r.hear(&mut bo_hears, E::FriendStatusChange).await;

    r.ask(
        cy,
        O::GroupAdd,
        json!({"groupId": group, "remark": "申请备注"}),
    )
    .await;
    let applied = r.hear(&mut ann_hears, E::GroupAdd).await;
    let reply = json!({"groupApplyId": applied["data"]["groupApplyId"], "agree": true});
    r.ask(ann, O::GroupAddReply, reply).await;
    r.hear(&mut cy_hears, E::GroupAddResult).await;
    r.hear(&mut ann_hears, E::GroupJoin).await;

    r.ask(
        ann,
        O::GroupInvite,
        json!({"groupId": group, "userId": bo.id(), "remark": "来吧"}),
    )
    .await;
    let invited = r.hear(&mut bo_hears, E::GroupInvite).await;
    let reply = json!({"groupInviteId": invited["data"]["groupInviteId"], "agree": true});
    r.ask(bo, O::GroupInviteReply, reply).await;
    r.hear(&mut cy_hears, E::GroupJoin).await;
    r.hear(&mut ann_hears, E::GroupJoin).await;
    r.hear(&mut ann_hears, E::GroupInviteResult).await;

    ann.send_to_group(group, "来自群的消息").await.unwrap();
    r.hear(&mut bo_hears, E::ChatGroup).await;
    r.hear(&mut cy_hears, E::ChatGroup).await;

    let looked_for = json!({"query": "消息", "toGroupId": group});
    r.ask(ann, O::ChatSearch, looked_for).await;
    let [ann_hears, bo_hears, cy_hears] = [&mut ann_hears, &mut bo_hears, &mut cy_hears];
    r.ask(
        ann,
        O::FriendFavourite,
        json!({"userId": bo.id(), "favourite": true}),
    )
    .await;
    r.hear(ann_hears, E::FriendUpdated).await;
    let block = json!({"userId": cy.id(), "block": true});
    r.ask(ann, O::FriendBlock, block).await;
    r.hear(ann_hears, E::FriendUpdated).await;
    rule(
        r,
        [ann, bo, cy],
        group,
        &mut [ann_hears, bo_hears, cy_hears],
    )
    .await;

    r.ask(cy, O::GroupLeave, json!({"groupId": group})).await;
    r.hear(ann_hears, E::GroupLeave).await;
    r.hear(bo_hears, E::GroupLeave).await;
    r.ask(
        ann,
        O::GroupKick,
        json!({"groupId": group, "userId": bo.id()}),
    )
    .await;
    r.hear(bo_hears, E::GroupKickedOut).await;
    soon("the removal", ann_hears.next()).await.unwrap();
    r.ask(ann, O::GroupDissolve, json!({"groupId": group}))
        .await;
    r.hear(ann_hears, E::GroupDissolved).await;
    r.ask(ann, O::FriendDel, json!({"userId": bo.id()})).await;
    r.hear(bo_hears, E::FriendDeleted).await;

    server.stranger().login("bobo", PASSWORD).await.unwrap();
    r.hear(bo_hears, E::ForcedLogout).await;
    recorded
}

/// The owner of a group changes it and what its members are in it, and hands it over and back.
async fn rule(
    r: &mut Recorded,
    [ann, bo, cy]: [&Session; 3],
    group: GroupId,
    hearers: &mut [&mut RawSocket],
) {
    use EventType as E;
    use Operation as O;
    let of = |user: &Session| json!({"groupId": group, "userId": user.id()});
    let with = |mut request: Value, field: &str, value: Value| {
        request[field] = value;
        request
    };
    let update = json!({
        "groupId": group, "announcement": "本周三停排", "join": "invitation", "muteAll": false,
    });
    let nickname = json!({"groupId": group, "nickname": "女高音"});
    for (who, operation, request, event, times) in [
        (ann, O::GroupUpdate, update, E::GroupUpdated, 1),
        (cy, O::GroupSetNickname, nickname, E::GroupMemberUpdated, 1),
        (
            ann,
            O::GroupMute,
            with(of(cy), "seconds", json!(600)),
            E::GroupMuted,
            1,
        ),
        (
            ann,
            O::GroupSetRole,
            with(of(bo), "role", json!("admin")),
            E::GroupRole,
            1,
        ),
        (ann, O::GroupHandOver, of(bo), E::GroupRole, 2),
        (bo, O::GroupHandOver, of(ann), E::GroupRole, 2),
    ] {
        r.ask(who, operation, request).await;
        for hears in hearers.iter_mut() {
            for _ in 0..times {
                r.hear(hears, event).await;
            }
        }
    }
}

async fn choir_of(owner: &Session) -> GroupId {
    let group = CreateGroup {
        group_name: Name::new("choir").unwrap(),
        group_nickname: Text::new("合唱团").unwrap(),
        introduction: Introduction::new("每周三晚上排练").unwrap(),
    };
    owner.create_group(&group).await.unwrap().group_id
}
