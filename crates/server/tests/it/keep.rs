//! For how long messages are kept: the server's setting, what people choose, and what is left of what was swept.

use hongyan_protocol::{
    Code, EventType, Operation,
    conversation::{ConversationCard, Conversations},
    keep::{ChooseKeep, Keep, KeepChosen},
    message::WhenOffline,
    text::Text,
};
use hongyan_server::config::Config;
use serde_json::{Value, json};

use crate::harness::{
    Everything, Person, Process, TestServer, account, all_kept_in, command, soon, to_friend,
};

const DAY: i64 = 24 * 60 * 60 * 1000;

async fn keeping(keep: Keep) -> TestServer {
    TestServer::start_with(|config| set(config, keep)).await
}

fn set(config: &mut Config, keep: Keep) {
    config.messages.keep = keep;
    config.messages.sweep_seconds = 1;
    config.limits.requests_per_second = 1_000_000;
}

async fn pair(server: &TestServer) -> (Person, Person) {
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    (ann, bo)
}

async fn texts(socket: &mut Everything, place: &Value) -> Vec<String> {
    let answer = socket.ask(Operation::History, place.clone()).await;
    let list = answer["data"]["list"].as_array().expect("a page");
    let texts = list.iter().map(|it| it["msg"].as_str().unwrap().to_owned());
    texts.collect()
}

/// Asks until a conversation shows this, as it must within a sweep or two.
async fn until(socket: &mut Everything, place: &Value, wanted: &[&str]) {
    soon("the sweep", async {
        while texts(socket, place).await != wanted {}
    })
    .await;
}

#[tokio::test]
async fn after_so_many_days_a_message_is_gone_and_the_others_keep_their_places() {
    let server = keeping(Keep::Days(2)).await;
    let (ann, bo) = pair(&server).await;
    let mut asks = Everything::of(&ann).await;
    let place = json!({"toUserId": bo.id()});
    ann.send(&bo, "old").await.unwrap();
    let react = json!({"toUserId": bo.id(), "seq": 1, "emoji": "👍", "on": true});
    asks.ask(Operation::React, react).await;
    server.clock.advance(DAY);
    ann.send(&bo, "young").await.unwrap();
    server.clock.advance(DAY + 1);
    until(&mut asks, &place, &["young"]).await;
    let sent = ann.send(&bo, "new").await.unwrap();
    assert_eq!(sent.seq, Some(4));
    let list = asks.ask(Operation::Conversations, json!({})).await;
    let card = &list["data"]["list"][0];
    assert_eq!((&card["firstSeq"], &card["keep"]), (&json!(2), &json!(2)));
    // Who was away for longer than that has to begin anew.
    let mut other = Everything::of(&bo).await;
    let cursors = json!({"cursors": [{"userId": ann.id(), "seq": 1}]});
    let answer = other.ask(Operation::Sync, cursors).await;
    assert_eq!(
        answer["data"]["resync"],
        json!([{"userId": ann.id(), "seq": 4}])
    );
    let cursors = json!({"cursors": [{"userId": ann.id(), "seq": 2}]});
    let answer = other.ask(Operation::Sync, cursors).await;
    assert_eq!(
        answer["data"]["list"][0]["events"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let recall = json!({"toUserId": bo.id(), "seq": 1});
    let answer = asks.ask(Operation::Recall, recall).await;
    assert_eq!(answer["code"], "0003");
}

#[tokio::test]
async fn what_everybody_has_received_is_gone_and_what_somebody_has_not_stays() {
    let server = keeping(Keep::UntilDelivered).await;
    let [mut ann, mut bo, mut cy] = server.users(["ann", "bo", "cy"]).await;
    let group = ann.group("choir").await;
    ann.admit(group, &mut bo).await;
    ann.admit(group, &mut cy).await;
    let mut ann_asks = Everything::of(&ann).await;
    let place = json!({"toGroupId": group});
    for text in ["one", "two"] {
        ann.send_to_group(group, text).await.unwrap();
    }
    until(&mut ann_asks, &place, &[]).await;
    cy.go_offline().await;
    for text in ["three", "four"] {
        ann.send_to_group(group, text).await.unwrap();
    }
    // A second conversation shows that a sweep has gone by.
    let rehearsal = ann.group("duet").await;
    ann.send_to_group(rehearsal, "alone").await.unwrap();
    until(&mut ann_asks, &json!({"toGroupId": rehearsal}), &[]).await;
    assert_eq!(texts(&mut ann_asks, &place).await, ["three", "four"]);
    // A multiplexed socket has received what its client says it has.
    let mut cy_asks = Everything::of(&cy).await;
    for seq in [3, 4] {
        let cursors = json!({"cursors": [{"groupId": group, "seq": seq}]});
        cy_asks.ask(Operation::Sync, cursors).await;
        until(
            &mut ann_asks,
            &place,
            if seq == 3 { &["four"] } else { &[] },
        )
        .await;
    }
}

#[tokio::test]
async fn what_is_kept_until_delivery_is_delivered_before_it_is_deleted_however_much_it_is() {
    let server = TestServer::start_with(|config| {
        set(config, Keep::UntilDelivered);
        config.notice.replay_limit = 3;
    })
    .await;
    let (ann, mut bo) = pair(&server).await;
    bo.go_offline().await;
    for n in 1..=200 {
        let mut message = to_friend(bo.id(), &n.to_string());
        message.when_offline = Some(WhenOffline::Keep);
        ann.ask(&message).await.unwrap();
    }
    bo.come_online().await;
    for n in 1..=200 {
        assert_eq!(bo.message().await.seq, Some(n));
    }
    let mut asks = Everything::of(&ann).await;
    until(&mut asks, &json!({"toUserId": bo.id()}), &[]).await;
}

#[tokio::test]
async fn two_friends_who_wish_the_same_keep_less_than_the_server() {
    let server = keeping(Keep::Forever).await;
    let (ann, bo) = pair(&server).await;
    let mut ann_asks = Everything::of(&ann).await;
    let mut bo_asks = Everything::of(&bo).await;
    let place = json!({"toUserId": bo.id()});
    ann.send(&bo, "kept").await.unwrap();
    let wish = |to: &Person, keep: Value| json!({"toUserId": to.id(), "keep": keep});
    let shown = async |socket: &mut Everything| {
        let list = socket.ask(Operation::Conversations, json!({})).await;
        let card = list["data"]["list"][0].clone();
        (
            card["keep"].clone(),
            card["keepWish"].clone(),
            card["peerKeepWish"].clone(),
        )
    };
    ann_asks
        .ask(Operation::Keep, wish(&bo, json!("none")))
        .await;
    let forever = json!("forever");
    assert_eq!(
        shown(&mut bo_asks).await,
        (forever.clone(), Value::Null, json!("none"))
    );
    bo_asks.ask(Operation::Keep, wish(&ann, json!(7))).await;
    assert_eq!(
        shown(&mut ann_asks).await,
        (forever, json!("none"), json!(7))
    );
    assert_eq!(texts(&mut ann_asks, &place).await, ["kept"]);
    bo_asks
        .ask(Operation::Keep, wish(&ann, json!("none")))
        .await;
    assert_eq!(shown(&mut ann_asks).await.0, "none");
    until(&mut ann_asks, &place, &[]).await;
    let sent = ann.send(&bo, "not kept").await.unwrap();
    assert_eq!(sent.seq, None);
    // Either may go back to what the server does.
    ann_asks.ask(Operation::Keep, wish(&bo, Value::Null)).await;
    assert_eq!(shown(&mut bo_asks).await.0, "forever");
    let sent = ann.send(&bo, "kept again").await.unwrap();
    assert_eq!(sent.seq, Some(2));
}

#[tokio::test]
async fn what_was_sent_while_messages_were_kept_is_not_said_again_once_they_are_not() {
    let server = TestServer::start().await;
    let (mut ann, mut bo) = pair(&server).await;
    let mut message = to_friend(bo.id(), "once");
    message.client_msg_id = Some(Text::new("key").unwrap());
    let first = ann.ask(&message).await.unwrap();
    assert_eq!(bo.message().await.msg, "once");
    wish(&ann, &bo, Keep::None).await;
    bo.expect(EventType::ChatKeep).await;
    wish(&bo, &ann, Keep::None).await;
    ann.expect(EventType::ChatKeep).await;
    assert_eq!(ann.ask(&message).await.unwrap(), first);
    message.msg = Text::new("twice").unwrap();
    assert_eq!(ann.code(&message).await, Code::BadRequest);
    bo.heard_nothing().await;
}

#[tokio::test]
async fn who_is_blocked_and_who_is_no_friend_any_more_wish_nothing() {
    let server = TestServer::start().await;
    let (mut ann, mut bo) = pair(&server).await;
    ann.send(&bo, "hello").await.unwrap();
    bo.message().await;
    for (person, friend) in [(&ann, &bo), (&bo, &ann)] {
        wish(person, friend, Keep::Days(7)).await;
    }
    ann.expect(EventType::ChatKeep).await;
    bo.expect(EventType::ChatKeep).await;
    ann.block(bo.id(), true).await.unwrap();
    ann.expect(EventType::FriendUpdated).await;
    for keep in [None, Some(Keep::Days(8))] {
        let request = ChooseKeep {
            keep,
            ..wishing(&ann, Keep::Forever)
        };
        assert_eq!(bo.code(&request).await, Code::Blocked, "{keep:?}");
    }
    assert_eq!(card(&ann).await.keep, Keep::Days(7), "it holds still");
    ann.remove_friend(bo.id()).await.unwrap();
    for (person, friend) in [(&ann, &bo), (&bo, &ann)] {
        let request = wishing(friend, Keep::Days(8));
        assert_eq!(person.code(&request).await, Code::NotFriend);
    }
    ann.heard_nothing().await;
}

#[tokio::test]
async fn across_a_block_both_are_told_what_holds_and_neither_what_the_other_wishes() {
    let server = TestServer::start().await;
    let (mut ann, mut bo) = pair(&server).await;
    ann.send(&bo, "hello").await.unwrap();
    bo.message().await;
    wish(&bo, &ann, Keep::Days(7)).await;
    ann.expect(EventType::ChatKeep).await;
    assert_eq!(card(&ann).await.peer_keep_wish, Some(Keep::Days(7)));
    ann.block(bo.id(), true).await.unwrap();
    bo.expect(EventType::FriendStatusChange).await;
    wish(&ann, &bo, Keep::Days(8)).await;
    for person in [&ann, &bo] {
        let card = card(person).await;
        assert_eq!((card.keep, card.peer_keep_wish), (Keep::Forever, None));
    }
    bo.heard_nothing().await;
    for (keep, holds) in [
        (Keep::Days(7), Keep::Days(7)),
        (Keep::Days(9), Keep::Forever),
    ] {
        wish(&ann, &bo, keep).await;
        let told = bo.expect(EventType::ChatKeep).await;
        let told: KeepChosen = told.data().unwrap();
        assert_eq!((told.keep, told.wish), (holds, None));
    }
}

/// The one conversation that somebody has.
async fn card(person: &Person) -> ConversationCard {
    let page = person.ask(&Conversations::default()).await.unwrap();
    page.list.into_iter().next().expect("a conversation")
}

fn wishing(friend: &Person, keep: Keep) -> ChooseKeep {
    ChooseKeep {
        to_user_id: Some(friend.id()),
        to_group_id: None,
        keep: Some(keep),
    }
}

async fn wish(person: &Person, friend: &Person, keep: Keep) {
    person.ask(&wishing(friend, keep)).await.unwrap();
}

#[tokio::test]
async fn nobody_keeps_longer_than_the_server() {
    let server = keeping(Keep::Days(7)).await;
    let ann = server.user("ann").await;
    let group = ann.group("choir").await;
    let mut asks = Everything::of(&ann).await;
    for (keep, code) in [
        (json!("forever"), "9997"),
        (json!(8), "9997"),
        (json!(7), "0000"),
        (json!("until-delivered"), "0000"),
    ] {
        let choose = json!({"toGroupId": group, "keep": keep});
        let answer = asks.ask(Operation::Keep, choose).await;
        assert_eq!(answer["code"], code, "{keep}");
    }
}

#[tokio::test]
async fn without_keeping_no_byte_of_a_message_reaches_a_file_or_the_log() {
    const CANARY: &str = "canary-0b8e4d1f";
    let data_dir = tempfile::tempdir().unwrap();
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut shell = tokio::process::Command::new("sh");
    shell.args(["-c", "exec \"$0\" \"$@\" 2>\"$LOG_FILE\""]);
    shell.env("LOG_FILE", log.path());
    let mut server = command(data_dir.path());
    server.env("HONGYAN_MESSAGES__KEEP", "none");
    server.env("HONGYAN_LOG", "trace");
    let process = Process::start_within(shell, server).await;
    let client = process.client();
    let ann = client.register(&account("ann")).await.unwrap();
    let bo = client.register(&account("bo")).await.unwrap();
    ann.add_friend(bo.id(), "").await.unwrap();
    let apply = bo.friend_apply_list().await.unwrap()[0].friend_apply_id;
    bo.answer_friend(apply, true).await.unwrap();
    let mut bo_hears = Everything::of(&bo).await;
    let mut ann_asks = Everything::of(&ann).await;
    let message = json!({
        "toUserId": bo.id(), "msg": CANARY, "clientMsgId": CANARY, "kind": CANARY, "body": {CANARY: CANARY},
    });
    let answer = ann_asks.ask(Operation::SendMsg, message).await;
    assert_eq!(answer["code"], "0000", "{answer}");
    let heard = loop {
        let event = bo_hears.event().await;
        if event["eventType"] == "chat_f2f" {
            break event;
        }
    };
    assert_eq!(heard["data"]["msg"], CANARY);
    for (operation, request) in [
        (Operation::Recall, json!({"toUserId": bo.id(), "seq": 1})),
        (
            Operation::Edit,
            json!({"toUserId": bo.id(), "seq": 1, "msg": CANARY}),
        ),
    ] {
        let answer = ann_asks.ask(operation, request).await;
        assert_eq!(answer["code"], "0003", "what is not kept cannot be changed");
    }
    drop((bo_hears, ann_asks));
    assert!(process.terminate().await.success());
    let log = std::fs::read_to_string(log.path()).unwrap();
    assert!(log.contains("DEBUG"), "{log}");
    assert!(!log.contains(CANARY));
    let found = all_kept_in(data_dir.path())
        .windows(CANARY.len())
        .any(|part| part == CANARY.as_bytes());
    assert!(!found);
}
