//! Presence: friends hear who comes and goes, and nobody else does.

use hongyan_protocol::{
    EventType, Operation,
    friend::{Remark, SetRemark},
    presence::{Status, StatusChange},
};
use serde_json::{Value, json};

use crate::harness::{BEGINNING, Person, TestServer};

/// Longer than any test takes.
const FOR_EVER: u64 = 60 * 60 * 1000;

/// The next event of this viewer, which is about that friend.
async fn status(viewer: &mut Person, friend: &Person) -> Status {
    let event = viewer.expect(EventType::FriendStatusChange).await;
    assert_eq!((event.from(), event.to()), (Some(friend.id()), viewer.id()));
    let change: StatusChange = event.data().unwrap();
    assert_eq!(change.username, friend.name());
    change.status
}

/// What the list of friends says.
async fn listed(viewer: &Person, friend: &Person) -> Status {
    let friends = viewer.friends().await.unwrap();
    let card = friends.iter().find(|card| card.user_id == friend.id());
    card.expect("a friend").status
}

async fn call(viewer: &Person, friend: &Person, remark: &str) {
    let remark = SetRemark {
        friend_user_id: friend.id(),
        remark: Remark::new(remark).unwrap(),
    };
    viewer.set_remark(&remark).await.unwrap();
}

#[tokio::test]
async fn friends_hear_when_somebody_comes_and_when_they_are_gone() {
    let server = TestServer::start().await;
    let [mut bo, mut eve] = server.users(["bo", "eve"]).await;
    let mut ann = server.offline_user("ann").await;
    ann.befriend(&mut bo).await;
    assert_eq!(listed(&bo, &ann).await, Status::Offline);
    assert_eq!(listed(&ann, &bo).await, Status::Online);
    ann.come_online().await;
    assert_eq!(status(&mut bo, &ann).await, Status::Online);
    assert_eq!(listed(&bo, &ann).await, Status::Online);
    ann.go_offline().await;
    assert_eq!(status(&mut bo, &ann).await, Status::Offline);
    assert_eq!(listed(&bo, &ann).await, Status::Offline);
    ann.come_online().await;
    assert_eq!(status(&mut bo, &ann).await, Status::Online);
    bo.heard_nothing().await;
    eve.heard_nothing().await;
    ann.heard_nothing().await;
}

#[tokio::test]
async fn every_viewer_reads_their_own_remark() {
    let server = TestServer::start().await;
    let [mut bo, mut cy] = server.users(["bo", "cy"]).await;
    let mut ann = server.offline_user("ann").await;
    ann.befriend(&mut bo).await;
    ann.befriend(&mut cy).await;
    call(&bo, &ann, "阿安").await;
    bo.expect(EventType::FriendUpdated).await;
    call(&ann, &bo, "what Ann calls Bo").await;
    ann.come_online().await;
    for (viewer, remark) in [(&mut bo, "阿安"), (&mut cy, "")] {
        let event = viewer.expect(EventType::FriendStatusChange).await;
        let received = event.received();
        assert_eq!(
            received
                .data
                .clone()
                .map(|data| serde_json::to_value(data).unwrap()),
            Some(json!({
                "status": "1", "headImg": ann.user().head_img, "nickname": "Miss ann", "remark": remark,
                "username": "ann-",
            }))
        );
        assert_eq!(event.time(), BEGINNING);
    }
    let cards = bo.friends().await.unwrap();
    assert_eq!(
        (cards[0].remark.as_str(), cards[0].status),
        ("阿安", Status::Online)
    );
    let json: Value = serde_json::to_value(&cards[0]).unwrap();
    assert_eq!(json["status"], "1");
}

#[tokio::test]
async fn a_second_device_is_no_news_and_only_the_last_one_to_go_is() {
    let server = TestServer::start_with(|config| {
        config.accounts.devices = 2;
        // Were it news, it would be told at once.
        config.presence.offline_after_ms = 0;
    })
    .await;
    let mut bo = server.user("bo").await;
    let mut ann = server.offline_user("ann").await;
    ann.befriend(&mut bo).await;
    ann.come_online().await;
    assert_eq!(status(&mut bo, &ann).await, Status::Online);
    let mut phone = server.log_in(&ann).await;
    phone.come_online().await;
    bo.heard_nothing().await;
    ann.go_offline().await;
    bo.heard_nothing().await;
    assert_eq!(listed(&bo, &ann).await, Status::Online);
    server.clock.advance(1000);
    phone.go_offline().await;
    let event = bo.expect(EventType::FriendStatusChange).await;
    assert_eq!(event.time(), BEGINNING + 1000, "the last one was it");
    let change: StatusChange = event.data().unwrap();
    assert_eq!(change.status, Status::Offline);
    bo.heard_nothing().await;
}

#[tokio::test]
async fn who_comes_back_soon_was_never_gone() {
    let server = TestServer::start_with(|config| config.presence.offline_after_ms = FOR_EVER).await;
    let mut bo = server.user("bo").await;
    let mut ann = server.offline_user("ann").await;
    ann.befriend(&mut bo).await;
    ann.come_online().await;
    assert_eq!(status(&mut bo, &ann).await, Status::Online);
    for _ in 0..3 {
        ann.go_offline().await;
        bo.heard_nothing().await;
        assert_eq!(
            listed(&bo, &ann).await,
            Status::Online,
            "as friends were told"
        );
        ann.come_online().await;
    }
    // A page that is loaded anew opens the next connection before the last one is gone.
    ann.come_online().await;
    let mut elsewhere = server.log_in(&ann).await;
    elsewhere.come_online().await;
    bo.heard_nothing().await;
    assert_eq!(listed(&bo, &ann).await, Status::Online);
}

#[tokio::test]
async fn a_new_connection_of_the_same_session_is_no_news() {
    let server = TestServer::start_with(|config| config.presence.offline_after_ms = 0).await;
    let mut bo = server.user("bo").await;
    let mut ann = server.offline_user("ann").await;
    ann.befriend(&mut bo).await;
    ann.come_online().await;
    assert_eq!(status(&mut bo, &ann).await, Status::Online);
    for _ in 0..3 {
        // The old one is dropped once the new one is there.
        ann.come_online().await;
    }
    ann.heard_nothing().await;
    bo.heard_nothing().await;
}

#[tokio::test]
async fn who_loses_the_connection_logs_out_or_is_forced_out_is_gone() {
    let server = TestServer::start().await;
    let mut bo = server.user("bo").await;
    let mut ann = server.offline_user("ann").await;
    ann.befriend(&mut bo).await;
    let socket = ann.socket("/ws/notice/event").await.unwrap();
    assert_eq!(status(&mut bo, &ann).await, Status::Online);
    // Without a closing handshake, as when a process dies.
    drop(socket);
    assert_eq!(status(&mut bo, &ann).await, Status::Offline);

    ann.come_online().await;
    assert_eq!(status(&mut bo, &ann).await, Status::Online);
    let mut newer = server.log_in(&ann).await;
    assert_eq!(status(&mut bo, &ann).await, Status::Offline);

    newer.come_online().await;
    assert_eq!(status(&mut bo, &ann).await, Status::Online);
    newer.logout().await.unwrap();
    assert_eq!(status(&mut bo, &ann).await, Status::Offline);
    bo.heard_nothing().await;
}

#[tokio::test]
async fn sockets_of_operations_make_nobody_online() {
    let server = TestServer::start().await;
    let mut bo = server.user("bo").await;
    let mut ann = server.offline_user("ann").await;
    ann.befriend(&mut bo).await;
    let _doors = (
        ann.door(Operation::SendMsg).await,
        ann.door(Operation::FriendAdd).await,
    );
    ann.send(&bo, "hi").await.unwrap();
    assert_eq!(bo.message().await.msg, "hi");
    assert_eq!(listed(&bo, &ann).await, Status::Offline);
    bo.heard_nothing().await;
}

#[tokio::test]
async fn whoever_is_no_friend_hears_nothing_of_it() {
    let server = TestServer::start().await;
    let [mut bo, mut cy, mut di, mut eve] = server.users(["bo", "cy", "di", "eve"]).await;
    let mut ann = server.offline_user("ann").await;
    // Bo is a friend, Cy shares a group, Di was a friend, and Eve has asked to be one.
    ann.befriend(&mut bo).await;
    let group = cy.group("choir").await;
    cy.admit(group, &mut ann).await;
    ann.befriend(&mut di).await;
    ann.remove_friend(di.id()).await.unwrap();
    di.expect(EventType::FriendDeleted).await;
    eve.add_friend(ann.id(), "").await.unwrap();

    ann.come_online().await;
    assert_eq!(status(&mut bo, &ann).await, Status::Online);
    ann.go_offline().await;
    assert_eq!(status(&mut bo, &ann).await, Status::Offline);
    for person in [&mut cy, &mut di, &mut eve] {
        person.heard_nothing().await;
    }
}

#[tokio::test]
async fn who_is_away_hears_nothing_of_it_later() {
    let server = TestServer::start().await;
    let [mut bo, mut cy] = server.users(["bo", "cy"]).await;
    let mut ann = server.offline_user("ann").await;
    ann.befriend(&mut bo).await;
    ann.befriend(&mut cy).await;
    cy.go_offline().await;
    ann.come_online().await;
    assert_eq!(status(&mut bo, &ann).await, Status::Online);
    cy.come_online().await;
    cy.heard_nothing().await;
    assert_eq!(listed(&cy, &ann).await, Status::Online, "the list says it");
}
