//! Conversations: the list, history in pages, what was read, who is writing, how a list is kept.

use hongyan_protocol::{EventType, Operation, id::GroupId};
use serde_json::{Value, json};

use crate::harness::{Everything, Person, TestServer};

async fn pair(server: &TestServer) -> (Person, Person) {
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    (ann, bo)
}

/// A group of three, the first of whom owns it, and a multiplexed socket of each.
async fn choir(server: &TestServer) -> ([Person; 3], GroupId, [Everything; 3]) {
    let [mut ann, mut bo, mut cy] = server.users(["ann", "bo", "cy"]).await;
    let group = ann.group("choir").await;
    ann.admit(group, &mut bo).await;
    ann.admit(group, &mut cy).await;
    let sockets = [
        Everything::of(&ann).await,
        Everything::of(&bo).await,
        Everything::of(&cy).await,
    ];
    ([ann, bo, cy], group, sockets)
}

async fn history(socket: &mut Everything, request: Value) -> (Vec<i64>, bool) {
    let answer = socket.ask(Operation::History, request).await;
    assert_eq!(answer["code"], "0000", "{answer}");
    let list = answer["data"]["list"].as_array().unwrap();
    let seqs = list.iter().map(|message| message["seq"].as_i64().unwrap());
    (seqs.collect(), answer["data"]["more"].as_bool().unwrap())
}

async fn conversations(socket: &mut Everything, request: Value) -> Value {
    let answer = socket.ask(Operation::Conversations, request).await;
    assert_eq!(answer["code"], "0000", "{answer}");
    answer["data"].clone()
}

#[tokio::test]
async fn history_is_read_in_pages_forward_and_back() {
    let server = TestServer::start().await;
    let (ann, bo) = pair(&server).await;
    for n in 1..=25 {
        ann.send(&bo, &format!("{n}")).await.unwrap();
    }
    let mut bo_asks = Everything::of(&bo).await;
    let with = |more: Value| {
        let mut request = json!({"toUserId": ann.id(), "limit": 10});
        request
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        request
    };
    let seqs = |from: i64, to: i64| (from..=to).collect::<Vec<_>>();
    let bo = &mut bo_asks;
    assert_eq!(history(bo, with(json!({}))).await, (seqs(16, 25), true));
    let before = |seq: i64| with(json!({ "before": seq }));
    assert_eq!(history(bo, before(16)).await, (seqs(6, 15), true));
    assert_eq!(history(bo, before(6)).await, (seqs(1, 5), false));
    assert_eq!(history(bo, before(1)).await, (vec![], false));
    assert_eq!(history(bo, before(11)).await, (seqs(1, 10), false));
    let after = |seq: i64| with(json!({ "after": seq }));
    assert_eq!(history(bo, after(0)).await, (seqs(1, 10), true));
    assert_eq!(history(bo, after(15)).await, (seqs(16, 25), false));
    assert_eq!(history(bo, after(25)).await, (vec![], false));
    assert_eq!(history(bo, after(-7)).await, (seqs(1, 10), true));
    // A place that is yet to come.
    assert_eq!(history(bo, after(9_999)).await, (vec![], false));
    assert_eq!(history(bo, before(9_999)).await, (seqs(16, 25), true));
    let both = with(json!({"before": 9, "after": 1}));
    let answer = bo.ask(Operation::History, both).await;
    assert_eq!(answer["code"], "9997");
}

#[tokio::test]
async fn a_page_of_long_messages_ends_early_and_says_that_there_are_more() {
    let server = TestServer::start().await;
    let (ann, bo) = pair(&server).await;
    let long = "长".repeat(5_000);
    for _ in 1..=50 {
        ann.send(&bo, &long).await.unwrap();
    }
    let mut bo_asks = Everything::of(&bo).await;
    for (side, mut edge) in [("before", 51), ("after", 0)] {
        let (mut seen, mut pages) = (Vec::new(), 0);
        loop {
            let request = json!({"toUserId": ann.id(), "limit": 50, side: edge});
            let (page, more) = history(&mut bo_asks, request).await;
            pages += 1;
            assert!(page.len() < 40, "512 KiB are no more than 35 of them");
            assert!(page.is_sorted());
            let next = if side == "before" {
                page.first()
            } else {
                page.last()
            };
            edge = *next.unwrap();
            seen.extend(page);
            if !more {
                break;
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, (1..=50).collect::<Vec<_>>());
        assert_eq!(pages, 2, "{side}");
    }
}

#[tokio::test]
async fn a_list_with_long_last_messages_ends_early_and_goes_on_where_it_ended() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let long = "长".repeat(5_000);
    for n in 0..50 {
        let group = ann.group(&format!("g{n:02}")).await;
        ann.send_to_group(group, long.as_str()).await.unwrap();
    }
    let mut asks = Everything::of(&ann).await;
    let first = conversations(&mut asks, json!({"limit": 50})).await;
    let rest = json!({"limit": 50, "after": first["next"]});
    let rest = conversations(&mut asks, rest).await;
    assert!(rest.get("next").is_none());
    let [first, rest] = [first, rest].map(|page| page["list"].as_array().unwrap().clone());
    assert!(first.len() < 40 && first.len() + rest.len() == 50);
    let mut groups: Vec<_> = first
        .iter()
        .chain(&rest)
        .map(|card| card["groupId"].to_string())
        .collect();
    groups.sort();
    groups.dedup();
    assert_eq!(groups.len(), 50);
}

#[tokio::test]
async fn the_list_shows_the_last_message_what_is_unread_and_who_has_read() {
    let server = TestServer::start().await;
    let (ann, mut bo) = pair(&server).await;
    let cy = server.user("cy").await;
    let mut cy = cy;
    bo.befriend(&mut cy).await;
    for text in ["one", "two", "three"] {
        server.clock.advance(1000);
        ann.send(&bo, text).await.unwrap();
    }
    server.clock.advance(1000);
    cy.send(&bo, "later").await.unwrap();
    let mut bo_asks = Everything::of(&bo).await;
    let list = conversations(&mut bo_asks, json!({})).await["list"].clone();
    assert_eq!(list[0]["userId"], json!(cy.id()), "the newest comes first");
    let card = &list[1];
    assert_eq!(card["userId"], json!(ann.id()));
    assert_eq!(card["nickname"], "Miss ann");
    assert_eq!(card["last"]["msg"], "three");
    assert_eq!(card["last"]["fromUserId"], json!(ann.id()));
    assert_eq!((&card["lastSeq"], &card["unread"]), (&json!(3), &json!(3)));
    assert_eq!(
        (&card["readSeq"], &card["peerReadSeq"]),
        (&json!(0), &json!(0))
    );
    let read = json!({"toUserId": ann.id(), "seq": 2});
    bo_asks.ask(Operation::Read, read).await;
    let list = conversations(&mut bo_asks, json!({})).await["list"].clone();
    assert_eq!(
        (&list[1]["readSeq"], &list[1]["unread"]),
        (&json!(2), &json!(1))
    );
    let mut ann_asks = Everything::of(&ann).await;
    let list = conversations(&mut ann_asks, json!({})).await["list"].clone();
    assert_eq!(list[0]["peerReadSeq"], 2);
    assert_eq!(list[0]["unread"], 0, "one's own words are not unread");
}

#[tokio::test]
async fn unread_messages_are_counted_up_to_a_hundred() {
    let server = TestServer::start().await;
    let (ann, bo) = pair(&server).await;
    for n in 0..103 {
        ann.send(&bo, &format!("{n}")).await.unwrap();
    }
    let mut bo_asks = Everything::of(&bo).await;
    let list = conversations(&mut bo_asks, json!({})).await;
    assert_eq!(list["list"][0]["unread"], 100);
}

#[tokio::test]
async fn the_list_comes_in_pages_pinned_ones_first() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let mut groups = Vec::new();
    for n in 0..7 {
        let group = ann.group(&format!("g{n}")).await;
        server.clock.advance(1);
        ann.send_to_group(group, format!("{n}")).await.unwrap();
        groups.push(group);
    }
    // Nothing was said there.
    ann.group("silent").await;
    let mut asks = Everything::of(&ann).await;
    let pin = json!({"toGroupId": groups[2], "pinned": true});
    asks.ask(Operation::Settings, pin).await;
    let mut seen = Vec::new();
    let mut request = json!({"limit": 3});
    for pages in 1.. {
        let page = conversations(&mut asks, request.clone()).await;
        for card in page["list"].as_array().unwrap() {
            seen.push(card["last"]["msg"].as_str().unwrap().to_owned());
        }
        match page.get("next") {
            Some(next) => request["after"] = next.clone(),
            None => {
                assert_eq!(pages, 3);
                break;
            }
        }
    }
    assert_eq!(seen, ["2", "6", "5", "4", "3", "1", "0"]);
}

#[tokio::test]
async fn what_one_device_reads_pins_and_mutes_the_others_hear_of() {
    let server = TestServer::start_with(|config| config.accounts.devices = 2).await;
    let (ann, bo) = pair(&server).await;
    ann.send(&bo, "hi").await.unwrap();
    let other = server.log_in(&bo).await;
    let mut phone = Everything::of(&bo).await;
    let mut desk = Everything::of(&other).await;
    let mut friend = Everything::of(&ann).await;
    let read = json!({"toUserId": ann.id(), "seq": 1});
    for _ in 0..2 {
        let answer = phone.ask(Operation::Read, read.clone()).await;
        assert_eq!(answer["code"], "0000");
    }
    let settings = json!({"toUserId": ann.id(), "muted": true});
    phone.ask(Operation::Settings, settings).await;
    let settings = json!({"toUserId": ann.id(), "pinned": true});
    phone.ask(Operation::Settings, settings).await;
    let heard = expect(&mut desk, EventType::ChatRead).await;
    assert_eq!(heard["data"]["seq"], 1);
    assert_eq!(heard["toUserId"], json!(ann.id()), "in which conversation");
    // Reading again was no news.
    let heard = expect(&mut desk, EventType::ChatSettings).await;
    assert_eq!(heard["data"]["userId"], json!(ann.id()));
    assert_eq!(
        (&heard["data"]["muted"], &heard["data"]["pinned"]),
        (&json!(true), &json!(false))
    );
    let heard = expect(&mut desk, EventType::ChatSettings).await;
    assert_eq!(
        (&heard["data"]["muted"], &heard["data"]["pinned"]),
        (&json!(true), &json!(true))
    );
    let heard = expect(&mut friend, EventType::ChatRead).await;
    assert_eq!(heard["fromUserId"], json!(bo.id()));
    let list = conversations(&mut desk, json!({})).await;
    assert_eq!(
        (&list["list"][0]["muted"], &list["list"][0]["pinned"]),
        (&json!(true), &json!(true))
    );
    let readers = json!({"toUserId": bo.id(), "seq": 1});
    let answer = friend.ask(Operation::Readers, readers).await;
    assert_eq!(answer["data"], json!({"count": 1, "list": [bo.id()]}));
}

/// The next event that is no friend coming or going, and none of the log; it is of this type.
async fn expect(socket: &mut Everything, wanted: EventType) -> Value {
    loop {
        let event = socket.event().await;
        if event["eventType"] != "friend_status_change" {
            assert_eq!(event["eventType"], wanted.as_str(), "{event}");
            return event;
        }
    }
}

#[tokio::test]
async fn who_came_after_a_message_has_not_read_it_and_is_not_told_who_has() {
    let server = TestServer::start().await;
    let [mut ann, mut bo, mut cy] = server.users(["ann", "bo", "cy"]).await;
    let group = ann.group("choir").await;
    ann.admit(group, &mut bo).await;
    ann.send_to_group(group, "before").await.unwrap();
    ann.admit(group, &mut cy).await;
    let mut bo_asks = Everything::of(&bo).await;
    let place = json!({"toGroupId": group, "seq": 1});
    bo_asks.ask(Operation::Read, place.clone()).await;
    for (reader, told) in [
        (&ann, json!({"count": 1, "list": [bo.id()]})),
        (&cy, json!({"count": 0, "list": []})),
    ] {
        let mut asks = Everything::of(reader).await;
        let answer = asks.ask(Operation::Readers, place.clone()).await;
        assert_eq!(answer["data"], told);
    }
}

#[tokio::test]
async fn nobody_reads_ahead() {
    let server = TestServer::start().await;
    let (ann, bo) = pair(&server).await;
    ann.send(&bo, "hi").await.unwrap();
    let mut bo_asks = Everything::of(&bo).await;
    for seq in [0, -1, 2, i64::MAX, i64::MIN] {
        let read = json!({"toUserId": ann.id(), "seq": seq});
        let answer = bo_asks.ask(Operation::Read, read).await;
        assert_eq!(answer["code"], "0003", "{seq}");
    }
}

#[tokio::test]
async fn who_is_writing_is_told_to_the_other_and_to_a_small_group() {
    let server = TestServer::start().await;
    let (mut ann, mut bo) = pair(&server).await;
    let group = ann.group("choir").await;
    ann.admit(group, &mut bo).await;
    let mut ann_asks = Everything::of(&ann).await;
    bo.forget_presence().await;
    ann_asks
        .ask(Operation::Typing, json!({"toUserId": bo.id()}))
        .await;
    let typing = bo.expect(EventType::ChatTyping).await;
    assert_eq!(typing.from(), Some(ann.id()));
    assert_eq!(typing.received().data, Some(json!({})));
    ann_asks
        .ask(Operation::Typing, json!({"toGroupId": group}))
        .await;
    let typing = bo.expect(EventType::ChatTyping).await;
    assert_eq!(typing.received().data, Some(json!({"toGroupId": group})));
}

#[tokio::test]
async fn a_new_member_sees_nothing_from_before_and_a_former_one_nothing_at_all() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    let group = ann.group("choir").await;
    ann.send_to_group(group, "before").await.unwrap();
    ann.admit(group, &mut bo).await;
    let mut bo_asks = Everything::of(&bo).await;
    let page = json!({"toGroupId": group});
    assert_eq!(history(&mut bo_asks, page.clone()).await, (vec![], false));
    let list = conversations(&mut bo_asks, json!({})).await;
    assert_eq!(list["list"], json!([]));
    let react = json!({"toGroupId": group, "seq": 1, "emoji": "👍", "on": true});
    let answer = bo_asks.ask(Operation::React, react).await;
    assert_eq!(answer["code"], "0003");
    ann.send_to_group(group, "after").await.unwrap();
    assert_eq!(bo_asks.entry().await["data"]["seq"], 2);
    assert_eq!(history(&mut bo_asks, page.clone()).await, (vec![2], false));
    // What is done to what they cannot see, they do not hear of.
    let edit = json!({"toGroupId": group, "seq": 1, "msg": "before, edited"});
    let mut ann_asks = Everything::of(&ann).await;
    assert_eq!(ann_asks.ask(Operation::Edit, edit).await["code"], "0000");
    ann.send_to_group(group, "the end").await.unwrap();
    let entry = bo_asks.entry().await;
    assert_eq!(entry["data"]["msg"], "the end");
    assert_eq!(
        history(&mut bo_asks, page.clone()).await,
        (vec![2, 4], false)
    );
    bo.leave_group(group).await.unwrap();
    let answer = bo_asks.ask(Operation::History, page).await;
    assert_eq!(answer["code"], "0206");
    let list = conversations(&mut bo_asks, json!({})).await;
    assert_eq!(list["list"], json!([]));
}

#[tokio::test]
async fn former_friends_go_on_reading_what_they_said_to_each_other() {
    let server = TestServer::start().await;
    let (ann, bo) = pair(&server).await;
    ann.send(&bo, "hi").await.unwrap();
    bo.remove_friend(ann.id()).await.unwrap();
    let mut bo_asks = Everything::of(&bo).await;
    let page = json!({"toUserId": ann.id()});
    assert_eq!(history(&mut bo_asks, page).await, (vec![1], false));
    let more = json!({"toUserId": ann.id(), "msg": "still there?"});
    let answer = bo_asks.ask(Operation::SendMsg, more).await;
    assert_eq!(answer["code"], "0001");
}

#[tokio::test]
async fn who_is_named_sees_it_in_the_list_until_it_is_read() {
    let server = TestServer::start().await;
    let ([_ann, bo, _cy], group, [mut ann_asks, mut bo_asks, mut cy_asks]) = choir(&server).await;
    let naming = json!({"toGroupId": group, "msg": "@bo come", "mentions": [bo.id(), "nobody"]});
    ann_asks.ask(Operation::SendMsg, naming).await;
    let event = bo_asks.entry().await;
    assert_eq!(event["data"]["mentions"][0], json!(bo.id()));
    let mentioned = async |socket: &mut Everything| {
        conversations(socket, json!({})).await["list"][0]["mentioned"].clone()
    };
    assert_eq!(mentioned(&mut bo_asks).await, true);
    assert_eq!(mentioned(&mut cy_asks).await, false);
    bo_asks
        .ask(Operation::Read, json!({"toGroupId": group, "seq": 1}))
        .await;
    assert_eq!(mentioned(&mut bo_asks).await, false);

    let everybody = json!({"toGroupId": group, "msg": "@all", "mentionAll": true});
    let answer = bo_asks.ask(Operation::SendMsg, everybody.clone()).await;
    assert_eq!(
        answer["code"], "0207",
        "a plain member does not call everybody"
    );
    let answer = ann_asks.ask(Operation::SendMsg, everybody).await;
    assert_eq!(answer["code"], "0000");
    assert_eq!(mentioned(&mut bo_asks).await, true);
    assert_eq!(mentioned(&mut cy_asks).await, true);
    assert_eq!(
        mentioned(&mut ann_asks).await,
        false,
        "not by one's own words"
    );
}

#[tokio::test]
async fn the_list_marks_what_unread_messages_of_others_say_by_now() {
    let server = TestServer::start().await;
    let ([ann, bo, _cy], group, [mut ann_asks, mut bo_asks, mut cy_asks]) = choir(&server).await;
    let marked = async |socket: &mut Everything| {
        let card = conversations(socket, json!({})).await["list"][0].clone();
        (card["unread"].as_i64().unwrap(), card["mentioned"] == true)
    };
    let everybody = json!({"toGroupId": group, "msg": "@all", "mentionAll": true});
    ann_asks.ask(Operation::SendMsg, everybody).await;
    let answer = json!({"toGroupId": group, "msg": "here"});
    cy_asks.ask(Operation::SendMsg, answer).await;
    assert_eq!(marked(&mut ann_asks).await, (1, false), "it was her own");
    assert_eq!(marked(&mut bo_asks).await, (2, true));
    let place = json!({"toGroupId": group, "seq": 1});
    bo_asks.ask(Operation::Read, place).await;
    assert_eq!(marked(&mut bo_asks).await, (1, false));
    let edit = json!({"toGroupId": group, "seq": 2, "msg": "@bo", "mentions": [ann.id(), bo.id()]});
    cy_asks.ask(Operation::Edit, edit).await;
    assert_eq!(marked(&mut bo_asks).await, (1, true));
    assert_eq!(marked(&mut ann_asks).await, (1, true));
    let more = json!({"toGroupId": group, "msg": "never mind"});
    cy_asks.ask(Operation::SendMsg, more).await;
    let recall = json!({"toGroupId": group, "seq": 2});
    cy_asks.ask(Operation::Recall, recall).await;
    assert_eq!(marked(&mut bo_asks).await, (1, false));
}

#[tokio::test]
async fn an_answer_names_the_message_that_it_answers() {
    let server = TestServer::start().await;
    let (ann, bo) = pair(&server).await;
    let mut ann_asks = Everything::of(&ann).await;
    let mut bo_asks = Everything::of(&bo).await;
    ann.send(&bo, "1 + 1?").await.unwrap();
    let answer = json!({"toUserId": ann.id(), "msg": "2", "replyTo": 1});
    bo_asks.ask(Operation::SendMsg, answer).await;
    assert_eq!(ann_asks.entry().await["data"]["msg"], "1 + 1?");
    assert_eq!(ann_asks.entry().await["data"]["replyTo"], 1);
    let answer = json!({"toUserId": ann.id(), "msg": "3", "replyTo": 3});
    let refused = bo_asks.ask(Operation::SendMsg, answer).await;
    assert_eq!(refused["code"], "0003", "there is no such message yet");
}
