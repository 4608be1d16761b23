//! Favourites and blocks: what the other notices, and what one's own devices hear.

use hongyan_protocol::{
    Code, EventType, Operation,
    friend::{FriendBlock, FriendUpdated, Remark, SetRemark},
    message::WhenOffline,
    presence::{Status, StatusChange},
};
use serde_json::{Value, json};

use crate::harness::{Person, TestServer, assert_event, exchange, to_friend};

/// What the next event says that somebody thinks of somebody else now.
async fn opinion(device: &mut Person) -> FriendUpdated {
    let event = device.expect(EventType::FriendUpdated).await;
    assert_eq!((event.from(), event.to()), (Some(device.id()), device.id()));
    event.data().unwrap()
}

/// What the next event says about a friend.
async fn status(viewer: &mut Person) -> Status {
    let event = viewer.expect(EventType::FriendStatusChange).await;
    event.data::<StatusChange>().unwrap().status
}

async fn usernames(blocker: &Person, page: u32) -> Vec<String> {
    let page = blocker.block_list(page).await.unwrap();
    page.into_iter().map(|card| card.username).collect()
}

#[tokio::test]
async fn what_one_device_thinks_of_a_friend_the_others_hear_and_the_friend_does_not() {
    let server = TestServer::start_with(|config| config.accounts.devices = 2).await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    let mut tablet = server.log_in(&ann).await;
    tablet.come_online().await;
    let remark = SetRemark {
        friend_user_id: bo.id(),
        remark: Remark::new("老友").unwrap(),
    };
    ann.set_remark(&remark).await.unwrap();
    ann.set_favourite(bo.id(), true).await.unwrap();
    for device in [&mut ann, &mut tablet] {
        let event = device.expect(EventType::FriendUpdated).await;
        let data = json!({
            "userId": bo.id(), "remark": "老友", "favourite": false, "blocked": false,
        });
        assert_event(&event, EventType::FriendUpdated, device, device, data);
        assert!(opinion(device).await.favourite);
    }
    let friends = tablet.friends().await.unwrap();
    assert!(friends[0].favourite && !friends[0].blocked);
    assert!(!bo.friends().await.unwrap()[0].favourite);
    bo.heard_nothing().await;
    ann.set_favourite(bo.id(), false).await.unwrap();
    assert!(!opinion(&mut tablet).await.favourite);
    assert!(!ann.friends().await.unwrap()[0].favourite);
}

#[tokio::test]
async fn a_blocked_friend_is_refused_and_may_be_written_to() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    let mut keyed = to_friend(ann.id(), "before");
    keyed.client_msg_id = Some(hongyan_protocol::text::Text::new("b-1").unwrap());
    keyed.when_offline = Some(WhenOffline::Keep);
    let sent = bo.ask(&keyed).await.unwrap();
    assert_eq!(ann.message().await.msg, "before");

    ann.block(bo.id(), true).await.unwrap();
    assert!(opinion(&mut ann).await.blocked);
    assert_eq!(status(&mut bo).await, Status::Offline);
    let refused = bo.send(&ann, "after").await.unwrap_err();
    assert_eq!(refused.code(), Some(Code::Blocked));
    assert_eq!(bo.ask(&keyed).await.unwrap(), sent, "it was sent before");
    ann.go_offline().await;
    let offline = bo.send_to_user(ann.id(), "after").await.unwrap_err();
    assert_eq!(
        offline.code(),
        Some(Code::Blocked),
        "not whether she is there"
    );
    ann.come_online().await;
    ann.heard_nothing().await;
    ann.send(&bo, "that is all").await.unwrap();
    assert_eq!(bo.message().await.msg, "that is all");

    ann.block(bo.id(), false).await.unwrap();
    assert!(!opinion(&mut ann).await.blocked);
    assert_eq!(status(&mut bo).await, Status::Online);
    let sent = bo.send(&ann, "thank you").await.unwrap();
    assert_eq!(sent.seq, Some(3), "what was refused has no place");
    assert_eq!(ann.message().await.msg, "thank you");
}

#[tokio::test]
async fn a_blocked_friend_does_not_see_who_comes_and_goes() {
    let server = TestServer::start().await;
    let [mut bo, mut cy] = server.users(["bo", "cy"]).await;
    let mut ann = server.offline_user("ann").await;
    ann.befriend(&mut bo).await;
    ann.befriend(&mut cy).await;
    ann.block(bo.id(), true).await.unwrap();
    bo.heard_nothing().await;
    ann.come_online().await;
    assert_eq!(status(&mut cy).await, Status::Online);
    assert_eq!(bo.friends().await.unwrap()[0].status, Status::Offline);
    assert_eq!(cy.friends().await.unwrap()[0].status, Status::Online);
    ann.go_offline().await;
    assert_eq!(status(&mut cy).await, Status::Offline);
    ann.block(bo.id(), false).await.unwrap();
    bo.heard_nothing().await;
    ann.come_online().await;
    assert_eq!(status(&mut bo).await, Status::Online);
    assert_eq!(bo.friends().await.unwrap()[0].status, Status::Online);
}

#[tokio::test]
async fn a_request_of_somebody_blocked_looks_sent_and_is_seen_when_they_no_longer_are() {
    let server = TestServer::start().await;
    let [mut ann, bo] = server.users(["ann", "bo"]).await;
    ann.block(bo.id(), true).await.unwrap();
    opinion(&mut ann).await;
    bo.add_friend(ann.id(), "please").await.unwrap();
    let again = bo.add_friend(ann.id(), "please").await.unwrap_err();
    assert_eq!(again.code(), Some(Code::FriendApplySent), "as ever");
    let message = bo.send(&ann, "hi").await.unwrap_err();
    assert_eq!(message.code(), Some(Code::NotFriend), "as ever");
    assert!(ann.friend_apply_list().await.unwrap().is_empty());
    ann.heard_nothing().await;
    ann.block(bo.id(), false).await.unwrap();
    opinion(&mut ann).await;
    let waiting = ann.pending_from(&bo).await;
    ann.answer_friend(waiting, true).await.unwrap();
}

#[tokio::test]
async fn the_block_list_has_friends_and_strangers_in_pages() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    assert!(usernames(&ann, 1).await.is_empty());
    ann.block(bo.id(), true).await.unwrap();
    for n in 0..50 {
        server.clock.advance(1);
        let stranger = server.offline_user(&format!("stranger{n}")).await;
        ann.block(stranger.id(), true).await.unwrap();
    }
    ann.block(bo.id(), true).await.unwrap();
    let latest = usernames(&ann, 1).await;
    assert_eq!((latest.len(), latest[0].as_str()), (50, "stranger49"));
    assert_eq!(usernames(&ann, 2).await, ["bo--"]);
    assert!(ann.friends().await.unwrap()[0].blocked);
    let myself = FriendBlock {
        user_id: ann.id(),
        block: true,
    };
    assert_eq!(ann.code(&myself).await, Code::BadRequest);
}

#[tokio::test]
async fn a_block_outlives_a_friendship_and_holds_off_invitations() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    let group = bo.group("choir").await;
    ann.block(bo.id(), true).await.unwrap();
    opinion(&mut ann).await;
    let invited = bo.invite(group, ann.id(), "come").await.unwrap_err();
    assert_eq!(invited.code(), Some(Code::Blocked));
    ann.remove_friend(bo.id()).await.unwrap();
    assert_eq!(usernames(&ann, 1).await, ["bo--"]);
    bo.add_friend(ann.id(), "").await.unwrap();
    ann.heard_nothing().await;
}

/// Asks on a socket of its own; gives the answer's `data`.
async fn done(who: &Person, operation: Operation, request: Value) -> Value {
    let mut door = who.door(operation).await;
    let answer = exchange(&mut door, &request.to_string()).await;
    assert_eq!(answer.code, Code::Ok, "{request}");
    let data = answer.data.as_ref().map_or("null", |data| data.get());
    serde_json::from_str(data).unwrap()
}

#[tokio::test]
async fn a_blocked_friend_changes_nothing_and_neither_hears_the_other_read_or_write() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    bo.send(&ann, "one").await.unwrap();
    ann.message().await;
    ann.block(bo.id(), true).await.unwrap();
    opinion(&mut ann).await;
    status(&mut bo).await;

    let of = |peer: &Person| json!({"toUserId": peer.id(), "seq": 1});
    for (operation, field, value) in [
        (Operation::Edit, "msg", json!("two")),
        (Operation::React, "emoji", json!("👍")),
    ] {
        let mut request = of(&ann);
        request[field] = value;
        request["on"] = json!(true);
        let mut door = bo.door(operation).await;
        let answer = exchange(&mut door, &request.to_string()).await;
        assert_eq!(answer.code, Code::Blocked, "{operation:?}");
    }
    done(&bo, Operation::Typing, of(&ann)).await;
    done(&ann, Operation::Typing, of(&bo)).await;
    done(&ann, Operation::Read, of(&bo)).await;
    ann.heard_nothing().await;
    bo.heard_nothing().await;
    let readers = done(&bo, Operation::Readers, of(&ann)).await;
    assert_eq!(readers, json!({"count": 0, "list": []}));
    let list = done(&bo, Operation::Conversations, json!({})).await;
    assert_eq!(list["list"][0]["peerReadSeq"], Value::Null);

    ann.block(bo.id(), false).await.unwrap();
    opinion(&mut ann).await;
    status(&mut bo).await;
    let readers = done(&bo, Operation::Readers, of(&ann)).await;
    assert_eq!(readers, json!({"count": 1, "list": [ann.id()]}));
    done(&bo, Operation::Typing, of(&ann)).await;
    ann.expect(EventType::ChatTyping).await;
}

#[tokio::test]
async fn who_is_no_friend_any_more_changes_nothing_either() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    bo.send(&ann, "one").await.unwrap();
    ann.message().await;
    bo.remove_friend(ann.id()).await.unwrap();
    ann.expect(EventType::FriendDeleted).await;
    let edit = json!({"toUserId": ann.id(), "seq": 1, "msg": "two"});
    let mut door = bo.door(Operation::Edit).await;
    let answer = exchange(&mut door, &edit.to_string()).await;
    assert_eq!(answer.code, Code::NotFriend);
    done(&bo, Operation::Typing, json!({"toUserId": ann.id()})).await;
    ann.heard_nothing().await;
}
