//! Messages: who may, what 0000 promises, and in which order they arrive.

use hongyan_client::protocol::text::Text;
use hongyan_protocol::{Code, EventType, Operation, message::WhenOffline};
use hongyan_server::config::Keep;
use serde_json::json;

use crate::harness::{Person, TestServer, all_kept_in, exchange, soon, to_friend};

#[tokio::test]
async fn a_message_reaches_the_friend_and_nobody_else() {
    let server = TestServer::start().await;
    let [mut ann, mut bo, mut eve] = server.users(["ann", "bo", "eve"]).await;
    ann.befriend(&mut bo).await;
    let sent = ann.send(&bo, "  你好, <b>bo</b>\n").await.unwrap();
    let event = bo.expect(EventType::ChatF2f).await;
    assert_eq!(event.from(), Some(ann.id()));
    assert_eq!(event.to(), bo.id());
    let chat: hongyan_protocol::message::Chat = event.data().unwrap();
    assert_eq!(chat.msg, "  你好, <b>bo</b>\n", "text is never altered");
    assert_eq!((chat.msg_id, chat.seq), (sent.msg_id, sent.seq));
    assert_eq!(sent.seq, Some(1));
    eve.heard_nothing().await;
    ann.heard_nothing().await;
}

#[tokio::test]
async fn a_message_in_a_group_reaches_every_other_member_in_the_order_of_the_log() {
    let server = TestServer::start().await;
    let [mut ann, mut bo, mut cy, mut eve] = server.users(["ann", "bo", "cy", "eve"]).await;
    let group = ann.group("choir").await;
    ann.admit(group, &mut bo).await;
    ann.admit(group, &mut cy).await;
    bo.expect(EventType::GroupJoin).await;
    let (ann_sends, bo_sends) = tokio::join!(
        sends_many(&ann, group, "ann", 50),
        sends_many(&bo, group, "bo", 50),
    );
    let mut seqs: Vec<i64> = ann_sends.into_iter().chain(bo_sends).collect();
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=100).collect::<Vec<_>>(), "contiguous from 1");
    for seq in 1..=100 {
        let chat = cy.message().await;
        assert_eq!(chat.seq, Some(seq));
        assert_eq!(chat.to_group_id, Some(group));
    }
    for _ in 0..50 {
        assert!(ann.message().await.msg.starts_with("bo"));
        assert!(bo.message().await.msg.starts_with("ann"));
    }
    eve.heard_nothing().await;
}

async fn sends_many(
    person: &Person,
    group: hongyan_protocol::id::GroupId,
    word: &str,
    count: usize,
) -> Vec<i64> {
    let mut seqs = Vec::new();
    for n in 0..count {
        let sent = person
            .send_to_group(group, format!("{word} {n}"))
            .await
            .unwrap();
        seqs.push(sent.seq.unwrap());
    }
    seqs
}

#[tokio::test]
async fn pipelined_requests_are_answered_and_stored_in_their_order() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    let mut door = ann.door(Operation::SendMsg).await;
    for n in 1..=100 {
        let request = json!({"toUserId": bo.id(), "msg": format!("{n}"), "reqId": n});
        door.send_text(request.to_string()).await.unwrap();
    }
    for n in 1..=100 {
        let answer = soon("an answer", door.next()).await.unwrap();
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["reqId"], n, "{answer}");
        assert_eq!(answer["data"]["seq"], n, "{answer}");
        assert_eq!(bo.message().await.msg, n.to_string());
    }
}

#[tokio::test]
async fn the_seed_refuses_a_message_to_an_offline_friend_and_never_delivers_it() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    bo.go_offline().await;
    assert_eq!(
        ann.code(&to_friend(bo.id(), "lost")).await,
        Code::TargetOffline
    );
    bo.come_online().await;
    ann.send(&bo, "heard").await.unwrap();
    let chat = loop {
        let event = bo.event().await;
        if event.event_type() == Some(EventType::ChatF2f) {
            break event.data::<hongyan_protocol::message::Chat>().unwrap();
        }
    };
    assert_eq!(chat.msg, "heard");
    assert_eq!(chat.seq, Some(1), "what was refused left no gap");
}

#[tokio::test]
async fn a_kept_message_waits_for_the_friend_and_comes_in_order() {
    let mut server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    bo.go_offline().await;
    for n in 1..=300 {
        let mut message = to_friend(bo.id(), &format!("{n}"));
        message.when_offline = Some(WhenOffline::Keep);
        ann.ask(&message).await.unwrap();
    }
    server.restart().await;
    let mut bo = server.log_in(&bo).await;
    bo.come_online().await;
    for n in 1..=300 {
        let chat = bo.message().await;
        assert_eq!(
            (chat.msg.as_str(), chat.seq),
            (n.to_string().as_str(), Some(n))
        );
    }
    bo.heard_nothing().await;
    // What a notice connection took is not pushed to the next one.
    bo.go_offline().await;
    bo.come_online().await;
    bo.heard_nothing().await;
}

#[tokio::test]
async fn messages_that_come_while_kept_ones_are_pushed_keep_their_order() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    bo.go_offline().await;
    let kept = |n: usize| {
        let mut message = to_friend(bo.id(), &format!("{n}"));
        message.when_offline = Some(WhenOffline::Keep);
        message
    };
    let messages: Vec<_> = (1..=900).map(kept).collect();
    for message in &messages[..500] {
        ann.ask(message).await.unwrap();
    }
    let sending = async {
        for message in &messages[500..] {
            ann.ask(message).await.unwrap();
        }
    };
    let hearing = async {
        bo.come_online().await;
        let mut last = 0;
        while last < 900 {
            let seq = bo.message().await.seq.unwrap();
            assert_eq!(seq, last + 1);
            last = seq;
        }
    };
    tokio::join!(sending, hearing);
}

#[tokio::test]
async fn what_comes_while_a_socket_catches_up_is_pushed_no_faster_than_its_queue_takes_it() {
    for (messages, bytes, length) in [(8, 1 << 20, 1), (1024, 65_536, 4000)] {
        let server = TestServer::start_with(|config| {
            config.limits.queue_messages = messages;
            config.limits.queue_bytes = bytes;
            config.notice.replay_delay_ms = 1000;
        })
        .await;
        let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
        ann.befriend(&mut bo).await;
        bo.come_online().await;
        for _ in 0..60 {
            ann.send(&bo, &"x".repeat(length)).await.unwrap();
        }
        for seq in 1..=60 {
            assert_eq!(bo.message().await.seq, Some(seq));
        }
    }
}

#[tokio::test]
async fn kept_messages_are_pushed_no_faster_than_a_small_queue_takes_them() {
    let server = TestServer::start_with(|config| config.limits.queue_bytes = 65_536).await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    bo.go_offline().await;
    let mut message = to_friend(bo.id(), &"long".repeat(1000));
    message.when_offline = Some(WhenOffline::Keep);
    for _ in 0..60 {
        ann.ask(&message).await.unwrap();
    }
    bo.come_online().await;
    for n in 1..=60 {
        assert_eq!(bo.message().await.seq, Some(n));
    }
}

#[tokio::test]
async fn a_repeated_client_msg_id_is_answered_alike_and_sent_once() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    let mut message = to_friend(bo.id(), "once");
    message.client_msg_id = Some(Text::new("key-1").unwrap());
    let first = ann.ask(&message).await.unwrap();
    assert_eq!(bo.message().await.msg, "once");
    assert_eq!(ann.ask(&message).await.unwrap(), first);
    bo.go_offline().await;
    assert_eq!(
        ann.ask(&message).await.unwrap(),
        first,
        "a stored message never answers 8999"
    );
    message.msg = Text::new("twice").unwrap();
    assert_eq!(
        ann.code(&message).await,
        Code::BadRequest,
        "the key belongs to another body"
    );
    bo.come_online().await;
    bo.heard_nothing().await;
}

#[tokio::test]
async fn each_sender_has_client_msg_ids_of_their_own() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    let message = |to| {
        let mut message = to_friend(to, "hi");
        message.client_msg_id = Some(Text::new("key-1").unwrap());
        message
    };
    let first = ann.ask(&message(bo.id())).await.unwrap();
    let second = bo.ask(&message(ann.id())).await.unwrap();
    assert_eq!((first.seq, second.seq), (Some(1), Some(2)));
}

#[tokio::test]
async fn who_is_no_friend_cannot_be_told_from_who_does_not_exist() {
    let server = TestServer::start().await;
    let [ann, bo] = server.users(["ann", "bo"]).await;
    let mut door = ann.door(Operation::SendMsg).await;
    for stranger in [
        bo.id().to_string(),
        "nobody".to_owned(),
        "00000000-0000-0000-0000-000000000000".to_owned(),
    ] {
        let request = json!({"toUserId": stranger, "msg": "hi"});
        let answer = exchange(&mut door, &request.to_string()).await;
        assert_eq!(answer.code, Code::NotFriend, "{stranger}");
    }
}

#[tokio::test]
async fn the_group_wins_when_both_receivers_are_named() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    let group = ann.group("choir").await;
    ann.admit(group, &mut bo).await;
    let mut message = to_friend(bo.id(), "both");
    message.to_group_id = Some(group);
    ann.ask(&message).await.unwrap();
    assert_eq!(bo.message().await.to_group_id, Some(group));
}

#[tokio::test]
async fn without_keeping_only_those_who_are_online_hear_and_no_byte_reaches_the_disk() {
    const CANARY: &str = "canary-7c1d5e0a";
    let mut server = TestServer::start_with(|config| config.messages.keep = Keep::None).await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    let sent = ann.send(&bo, CANARY).await.unwrap();
    assert_eq!(sent.seq, None);
    assert_eq!(bo.message().await.msg, CANARY);
    bo.go_offline().await;
    let mut message = to_friend(bo.id(), CANARY);
    message.when_offline = Some(WhenOffline::Keep);
    assert_eq!(ann.code(&message).await, Code::TargetOffline);
    drop((ann, bo));
    server.stop().await;
    let found = all_kept_in(server.data_dir())
        .windows(CANARY.len())
        .any(|window| window == CANARY.as_bytes());
    assert!(!found);
}

#[tokio::test]
async fn without_keeping_a_connection_that_cannot_hear_yet_holds_back_a_bounded_number() {
    let server = TestServer::start_with(|config| {
        config.messages.keep = Keep::None;
        config.notice.replay_delay_ms = 3_600_000;
    })
    .await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    for n in 0..=256 {
        ann.send(&bo, &n.to_string()).await.unwrap();
    }
    assert_eq!(bo.close_code().await, Some(4008));
}

#[tokio::test]
async fn a_former_member_neither_sends_nor_hears() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    let group = ann.group("choir").await;
    ann.admit(group, &mut bo).await;
    bo.leave_group(group).await.unwrap();
    ann.expect(EventType::GroupLeave).await;
    ann.send_to_group(group, "alone").await.unwrap();
    bo.heard_nothing().await;
    let error = bo.send_to_group(group, "hello?").await.unwrap_err();
    assert_eq!(error.code(), Some(Code::NotMember));
}
