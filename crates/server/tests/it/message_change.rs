//! Changes of messages: recall, edit, reactions; who may, for how long, who hears, and what is left.

use hongyan_protocol::{EventType, Operation};
use image::ImageFormat;
use serde_json::{Value, json};

use crate::{
    harness::{Everything, Person, TestServer, files_in},
    user::picture,
};

async fn pair(server: &TestServer) -> (Person, Person) {
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    (ann, bo)
}

async fn code(socket: &mut Everything, operation: Operation, data: Value) -> String {
    let answer = socket.ask(operation, data).await;
    answer["code"].as_str().unwrap().to_owned()
}

async fn messages(socket: &mut Everything, place: Value) -> Value {
    let answer = socket.ask(Operation::History, place).await;
    answer["data"]["list"].clone()
}

#[tokio::test]
async fn a_recalled_message_leaves_its_place_and_nothing_else() {
    const CANARY: &str = "canary-51f0c2a9";
    let mut server = TestServer::start().await;
    let (ann, mut bo) = pair(&server).await;
    ann.send(&bo, CANARY).await.unwrap();
    assert_eq!(bo.message().await.msg, CANARY);
    let mut ann_asks = Everything::of(&ann).await;
    bo.forget_presence().await;
    let place = json!({"toUserId": bo.id(), "seq": 1});
    for _ in 0..2 {
        assert_eq!(
            code(&mut ann_asks, Operation::Recall, place.clone()).await,
            "0000"
        );
    }
    let heard = bo.expect(EventType::ChatRecall).await;
    let data = heard.received().data.as_ref().unwrap();
    assert_eq!((&data["seq"], &data["targetSeq"]), (&json!(2), &json!(1)));
    bo.heard_nothing().await;
    let list = messages(&mut ann_asks, json!({"toUserId": bo.id()})).await;
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!((&list[0]["seq"], &list[0]["msg"]), (&json!(1), &json!("")));
    assert_eq!(list[0]["recalledTime"], server.clock.now());
    for (operation, more) in [
        (Operation::Edit, json!({"msg": "again"})),
        (Operation::React, json!({"emoji": "👍", "on": true})),
    ] {
        let mut request = place.clone();
        request
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        assert_eq!(code(&mut ann_asks, operation, request).await, "0003");
    }
    drop((ann_asks, ann, bo));
    server.stop().await;
    for file in files_in(server.data_dir()) {
        let bytes = std::fs::read(&file).unwrap();
        let found = bytes
            .windows(CANARY.len())
            .any(|part| part == CANARY.as_bytes());
        assert!(!found, "{}", file.display());
    }
}

#[tokio::test]
async fn what_was_changed_while_a_notice_connection_was_away_or_catching_up_comes_in_its_place() {
    let server = TestServer::start_with(|config| config.notice.replay_delay_ms = 500).await;
    let (ann, mut bo) = pair(&server).await;
    for n in 1..=2 {
        ann.send(&bo, "taken back soon").await.unwrap();
        assert_eq!(bo.message().await.seq, Some(n));
    }
    bo.go_offline().await;
    let mut asks = Everything::of(&ann).await;
    let recall = |seq| json!({"toUserId": bo.id(), "seq": seq});
    let (away, catching_up) = (recall(1), recall(2));
    assert_eq!(code(&mut asks, Operation::Recall, away).await, "0000");
    bo.come_online().await;
    assert_eq!(
        code(&mut asks, Operation::Recall, catching_up).await,
        "0000"
    );
    ann.send(&bo, "said after it").await.unwrap();
    for seq in [3, 4] {
        let heard = bo.expect_besides_presence(EventType::ChatRecall).await;
        let data = heard.received().data.as_ref().unwrap();
        assert_eq!(
            (&data["seq"], &data["targetSeq"]),
            (&json!(seq), &json!(seq - 2))
        );
    }
    assert_eq!(bo.message().await.seq, Some(5));
    bo.forget_presence().await;
}

#[tokio::test]
async fn a_message_is_taken_back_for_two_minutes_and_changed_for_a_quarter_of_an_hour() {
    let server = TestServer::start().await;
    let (ann, bo) = pair(&server).await;
    ann.send(&bo, "one").await.unwrap();
    let mut ann_asks = Everything::of(&ann).await;
    let place = json!({"toUserId": bo.id(), "seq": 1});
    let edit = |text: &str| json!({"toUserId": bo.id(), "seq": 1, "msg": text});
    server.clock.advance(120_001);
    assert_eq!(code(&mut ann_asks, Operation::Recall, place).await, "0004");
    server.clock.advance(900_000 - 120_001);
    assert_eq!(
        code(&mut ann_asks, Operation::Edit, edit("two")).await,
        "0000"
    );
    server.clock.advance(1);
    assert_eq!(
        code(&mut ann_asks, Operation::Edit, edit("three")).await,
        "0004"
    );
    let list = messages(&mut ann_asks, json!({"toUserId": bo.id()})).await;
    assert_eq!(list[0]["msg"], "two");
}

#[tokio::test]
async fn what_was_done_in_time_may_be_asked_for_again_after_it() {
    let server = TestServer::start().await;
    let (ann, bo) = pair(&server).await;
    ann.send(&bo, "one").await.unwrap();
    ann.send(&bo, "two").await.unwrap();
    let mut ann_asks = Everything::of(&ann).await;
    let recall = json!({"toUserId": bo.id(), "seq": 1});
    let edit = |text: &str| json!({"toUserId": bo.id(), "seq": 2, "msg": text});
    server.clock.advance(120_000);
    for _ in 0..2 {
        let recalled = code(&mut ann_asks, Operation::Recall, recall.clone()).await;
        let edited = code(&mut ann_asks, Operation::Edit, edit("2")).await;
        assert_eq!((recalled.as_str(), edited.as_str()), ("0000", "0000"));
        server.clock.advance(900_000);
    }
    let late = code(&mut ann_asks, Operation::Edit, edit("two")).await;
    assert_eq!(late, "0004");
    let sent = ann.send(&bo, "five").await.unwrap();
    assert_eq!(sent.seq, Some(5), "again was no news");
}

#[tokio::test]
async fn only_its_sender_changes_a_message_and_operators_take_any_back() {
    let server = TestServer::start().await;
    let [mut ann, mut bo, mut cy] = server.users(["ann", "bo", "cy"]).await;
    let group = ann.group("choir").await;
    ann.admit(group, &mut bo).await;
    ann.admit(group, &mut cy).await;
    bo.send_to_group(group, "spam").await.unwrap();
    let mut ann_asks = Everything::of(&ann).await;
    let mut cy_asks = Everything::of(&cy).await;
    let place = json!({"toGroupId": group, "seq": 1});
    let edit = json!({"toGroupId": group, "seq": 1, "msg": "ham"});
    server.clock.advance(3_600_000);
    assert_eq!(
        code(&mut cy_asks, Operation::Recall, place.clone()).await,
        "0207"
    );
    assert_eq!(
        code(&mut cy_asks, Operation::Edit, edit.clone()).await,
        "0207"
    );
    assert_eq!(code(&mut ann_asks, Operation::Edit, edit).await, "0207");
    assert_eq!(code(&mut ann_asks, Operation::Recall, place).await, "0000");
    let heard = cy_asks.entry().await;
    assert_eq!(heard["eventType"], "chat_recall");
    assert_eq!(heard["fromUserId"], json!(ann.id()), "by whom");
    assert_eq!(heard["data"]["toGroupId"], json!(group));
}

#[tokio::test]
async fn an_edited_message_shows_its_new_text_everywhere() {
    let server = TestServer::start().await;
    let (ann, mut bo) = pair(&server).await;
    ann.send(&bo, "teh").await.unwrap();
    assert_eq!(bo.message().await.msg, "teh");
    let mut ann_asks = Everything::of(&ann).await;
    bo.forget_presence().await;
    server.clock.advance(5);
    let edit = json!({"toUserId": bo.id(), "seq": 1, "msg": "the", "mentions": [bo.id()]});
    for _ in 0..2 {
        assert_eq!(
            code(&mut ann_asks, Operation::Edit, edit.clone()).await,
            "0000"
        );
    }
    let heard = bo.expect(EventType::ChatEdit).await;
    let data = heard.received().data.as_ref().unwrap();
    assert_eq!(
        (&data["msg"], &data["targetSeq"]),
        (&json!("the"), &json!(1))
    );
    bo.heard_nothing().await;
    let list = messages(&mut ann_asks, json!({"toUserId": bo.id()})).await;
    assert_eq!(list[0]["msg"], "the");
    assert_eq!(list[0]["editedTime"], server.clock.now());
    assert_eq!(list[0]["mentions"], json!([bo.id()]));
}

#[tokio::test]
async fn a_repeat_of_what_was_changed_since_is_answered_with_the_first_result() {
    let server = TestServer::start().await;
    let (ann, bo) = pair(&server).await;
    let mut ann_asks = Everything::of(&ann).await;
    let message = json!({"toUserId": bo.id(), "msg": "one", "clientMsgId": "key"});
    let first = ann_asks.ask(Operation::SendMsg, message.clone()).await;
    let edit = json!({"toUserId": bo.id(), "seq": 1, "msg": "two"});
    for (operation, change) in [
        (Operation::Edit, edit),
        (Operation::Recall, json!({"toUserId": bo.id(), "seq": 1})),
    ] {
        assert_eq!(code(&mut ann_asks, operation, change).await, "0000");
        let again = ann_asks.ask(Operation::SendMsg, message.clone()).await;
        assert_eq!(again["data"], first["data"]);
    }
}

#[tokio::test]
async fn a_repeat_that_would_be_refused_now_is_answered_with_the_first_result() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    let group = bo.group("choir").await;
    bo.admit(group, &mut ann).await;
    let photo = picture(8, 8, ImageFormat::Png);
    let photo = ann.upload("a.png", "image/png", photo).await.unwrap();
    let (mut ann_asks, mut bo_asks) = (Everything::of(&ann).await, Everything::of(&bo).await);
    let body = json!({"fileId": photo.file_id});
    let messages = [
        json!({"toUserId": bo.id(), "msg": "photo", "kind": "image", "body": body, "clientMsgId": "1"}),
        json!({"toUserId": bo.id(), "msg": "hi", "clientMsgId": "2"}),
        json!({"toGroupId": group, "msg": "hi", "clientMsgId": "3"}),
    ];
    let mut first = Vec::new();
    for message in &messages {
        first.push(ann_asks.ask(Operation::SendMsg, message.clone()).await["data"].clone());
    }
    let recall = json!({"toUserId": bo.id(), "seq": 1});
    assert_eq!(code(&mut ann_asks, Operation::Recall, recall).await, "0000");
    for (operation, change, refusals) in [
        (
            Operation::FriendBlock,
            json!({"userId": ann.id(), "block": true}),
            ["0002", "0002", "0000"],
        ),
        (
            Operation::FriendDel,
            json!({"userId": ann.id()}),
            ["0001", "0001", "0000"],
        ),
        (
            Operation::GroupUpdate,
            json!({"groupId": group, "muteAll": true}),
            ["0001", "0001", "0213"],
        ),
        (
            Operation::GroupKick,
            json!({"groupId": group, "userId": ann.id()}),
            ["0001", "0001", "0206"],
        ),
        (
            Operation::GroupDissolve,
            json!({"groupId": group}),
            ["0001", "0001", "0201"],
        ),
    ] {
        assert_eq!(
            code(&mut bo_asks, operation, change).await,
            "0000",
            "{operation:?}"
        );
        for ((message, first), refusal) in messages.iter().zip(&first).zip(refusals) {
            let again = ann_asks.ask(Operation::SendMsg, message.clone()).await;
            assert_eq!(again["data"], *first, "after {operation:?}");
            let mut anew = message.clone();
            anew.as_object_mut().unwrap().remove("clientMsgId");
            assert_eq!(code(&mut ann_asks, Operation::SendMsg, anew).await, refusal);
        }
    }
}

#[tokio::test]
async fn who_asks_again_for_a_change_that_stands_is_not_refused_as_who_asks_for_another() {
    let server = TestServer::start().await;
    let (ann, bo) = pair(&server).await;
    ann.send(&bo, "one").await.unwrap();
    let (mut ann_asks, mut bo_asks) = (Everything::of(&ann).await, Everything::of(&bo).await);
    let edit = |msg: &str| json!({"toUserId": bo.id(), "seq": 1, "msg": msg});
    let react = |emoji: &str| json!({"toUserId": bo.id(), "seq": 1, "emoji": emoji, "on": true});
    let stands = [
        (Operation::Edit, edit("two")),
        (Operation::React, react("👍")),
    ];
    for (operation, change) in stands.clone() {
        assert_eq!(code(&mut ann_asks, operation, change).await, "0000");
    }
    let block = json!({"userId": ann.id(), "block": true});
    assert_eq!(
        code(&mut bo_asks, Operation::FriendBlock, block).await,
        "0000"
    );
    for (operation, change) in stands {
        assert_eq!(code(&mut ann_asks, operation, change).await, "0000");
    }
    for (operation, change) in [
        (Operation::Edit, edit("three")),
        (Operation::React, react("👎")),
    ] {
        assert_eq!(code(&mut ann_asks, operation, change).await, "0002");
    }
    let list = messages(&mut ann_asks, json!({"toUserId": bo.id()})).await;
    assert_eq!(list[0]["msg"], "two");
}

#[tokio::test]
async fn reactions_are_counted_and_taken_back() {
    let server = TestServer::start().await;
    let [mut ann, mut bo, mut cy] = server.users(["ann", "bo", "cy"]).await;
    let group = ann.group("choir").await;
    ann.admit(group, &mut bo).await;
    ann.admit(group, &mut cy).await;
    ann.send_to_group(group, "sing").await.unwrap();
    let [mut ann_asks, mut bo_asks, mut cy_asks] = [
        Everything::of(&ann).await,
        Everything::of(&bo).await,
        Everything::of(&cy).await,
    ];
    let react =
        |emoji: &str, on: bool| json!({"toGroupId": group, "seq": 1, "emoji": emoji, "on": on});
    for (is_bo, emoji, on) in [
        (true, "🎵", true),
        (true, "🎵", true),
        (false, "👍", true),
        (false, "🎵", true),
        (false, "👍", false),
        (false, "👍", false),
    ] {
        let socket = if is_bo { &mut bo_asks } else { &mut cy_asks };
        let request = react(emoji, on);
        assert_eq!(code(socket, Operation::React, request).await, "0000");
    }
    for (from, emoji, on) in [
        (&bo, "🎵", true),
        (&cy, "👍", true),
        (&cy, "🎵", true),
        (&cy, "👍", false),
    ] {
        let heard = ann_asks.entry().await;
        assert_eq!(heard["eventType"], "chat_reaction");
        assert_eq!(heard["fromUserId"], json!(from.id()));
        let data = &heard["data"];
        assert_eq!((&data["emoji"], &data["on"]), (&json!(emoji), &json!(on)));
        assert_eq!(data["targetSeq"], 1);
    }
    let list = messages(&mut bo_asks, json!({"toGroupId": group})).await;
    let reaction = &list[0]["reactions"][0];
    assert_eq!(list[0]["reactions"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&reaction["emoji"], &reaction["count"]),
        (&json!("🎵"), &json!(2))
    );
    assert_eq!(reaction["mine"], true);
    let mut users = [bo.id(), cy.id()];
    users.sort_unstable();
    assert_eq!(reaction["userIds"], json!(users));
    let list = messages(&mut ann_asks, json!({"toGroupId": group})).await;
    assert_eq!(list[0]["reactions"][0]["mine"], false);
}
