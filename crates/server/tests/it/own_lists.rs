//! What somebody did on one device, shown on their others: lists that changed, and the own profile.

use hongyan_protocol::{
    group::{GroupUpdate, JoinPolicy},
    group_member::GivenRole,
    text::Text,
    user::{Sex, UpdateInfo},
};
use serde_json::{Value, json};

use crate::harness::{Everything, Person, TestServer, soon};

/// A user with two devices: the one that acts, and the multiplexed socket of the other.
struct Owner {
    acts: Person,
    shows: Everything,
}

impl Owner {
    async fn of(server: &TestServer, name: &str) -> Self {
        let acts = server.offline_user(name).await;
        let other = server.log_in(&acts).await;
        Self {
            shows: Everything::of(&other).await,
            acts,
        }
    }

    /// The lists that the next event of this kind names; others are passed over.
    async fn lists(&mut self) -> Value {
        self.heard("lists_changed").await["data"]["lists"].take()
    }

    async fn heard(&mut self, event: &str) -> Value {
        loop {
            let heard = soon(event, self.shows.event()).await;
            if heard["eventType"] == event {
                return heard;
            }
        }
    }
}

async fn stage() -> TestServer {
    TestServer::start_with(|config| config.accounts.devices = 2).await
}

#[tokio::test]
async fn a_friend_request_that_is_sent_answered_or_taken_back_is_news_to_the_own_devices() {
    let server = stage().await;
    let mut ann = Owner::of(&server, "ann").await;
    let mut bo = Owner::of(&server, "bo").await;
    ann.acts.add_friend(bo.acts.id(), "hi").await.unwrap();
    let told = ann.heard("lists_changed").await;
    assert_eq!(told["data"], json!({"lists": ["requests"]}));
    assert_eq!(told["fromUserId"], json!(ann.acts.id()));
    assert_eq!(told["toUserId"], json!(ann.acts.id()));
    bo.heard("friend_add").await;
    let apply = bo.acts.pending_from(&ann.acts).await;
    bo.acts.answer_friend(apply, true).await.unwrap();
    assert_eq!(bo.lists().await, json!(["requests", "friends"]));
    ann.heard("friend_add_result").await;

    ann.acts.remove_friend(bo.acts.id()).await.unwrap();
    assert_eq!(ann.lists().await, json!(["friends"]));
    bo.heard("friend_deleted").await;

    ann.acts.add_friend(bo.acts.id(), "again").await.unwrap();
    let apply = bo.acts.pending_from(&ann.acts).await;
    bo.acts.answer_friend(apply, false).await.unwrap();
    assert_eq!(bo.lists().await, json!(["requests"]));
}

#[tokio::test]
async fn groups_made_left_and_asked_for_are_news_to_the_own_devices() {
    let server = stage().await;
    let mut ann = Owner::of(&server, "ann").await;
    let mut bo = Owner::of(&server, "bo").await;
    let group = ann.acts.group("choir").await;
    assert_eq!(ann.lists().await, json!(["groups"]));

    bo.acts.join_group(group, "please").await.unwrap();
    assert_eq!(bo.lists().await, json!(["requests"]));
    let apply = ann.heard("group_add").await["data"]["groupApplyId"].take();
    let apply = serde_json::from_value(apply).unwrap();
    ann.acts.answer_application(apply, true).await.unwrap();
    assert_eq!(ann.lists().await, json!(["requests"]));
    bo.heard("group_add_result").await;
    bo.acts.leave_group(group).await.unwrap();
    assert_eq!(bo.lists().await, json!(["groups", "requests"]));

    ann.acts.befriend(&mut bo.acts).await;
    ann.acts.invite(group, bo.acts.id(), "").await.unwrap();
    assert_eq!(ann.lists().await, json!(["requests"]), "the friend request");
    assert_eq!(ann.lists().await, json!(["requests"]), "the invitation");
    let invite = bo.heard("group_invite").await["data"]["groupInviteId"].take();
    let invite = serde_json::from_value(invite).unwrap();
    bo.acts.answer_invitation(invite, true).await.unwrap();
    loop {
        if bo.lists().await == json!(["requests", "groups"]) {
            break;
        }
    }
}

#[tokio::test]
async fn an_application_that_one_admin_answers_is_news_to_the_others() {
    let server = stage().await;
    let ann = Owner::of(&server, "ann").await;
    let mut admin = Owner::of(&server, "bo").await;
    let mut member = Owner::of(&server, "cy").await;
    let stranger = server.offline_user("dee").await;
    let group = ann.acts.group("choir").await;
    let open = GroupUpdate {
        join: Some(JoinPolicy::Open),
        ..GroupUpdate::of(group)
    };
    ann.acts.update_group(&open).await.unwrap();
    for who in [&admin, &member] {
        who.acts.join_group(group, "").await.unwrap();
    }
    let asks = GroupUpdate {
        join: Some(JoinPolicy::Approval),
        ..open
    };
    ann.acts.update_group(&asks).await.unwrap();
    let id = admin.acts.id();
    ann.acts
        .set_role(group, id, GivenRole::Admin)
        .await
        .unwrap();
    stranger.join_group(group, "").await.unwrap();
    let apply = admin.heard("group_add").await["data"]["groupApplyId"].take();
    let apply = serde_json::from_value(apply).unwrap();
    ann.acts.answer_application(apply, false).await.unwrap();
    let told = admin.heard("lists_changed").await;
    assert_eq!(told["data"], json!({"lists": ["requests"]}));
    assert_eq!(told["fromUserId"], json!(ann.acts.id()));
    // What comes next is the first that the plain member hears of since.
    ann.acts.send_to_group(group, "mark").await.unwrap();
    loop {
        let heard = member.shows.event().await;
        assert_ne!(heard["eventType"], "lists_changed");
        if heard["eventType"] == "chat_group" {
            break;
        }
    }
}

#[tokio::test]
async fn a_new_profile_is_shown_at_once_to_oneself_and_to_friends_who_are_not_blocked() {
    let server = stage().await;
    let mut ann = Owner::of(&server, "ann").await;
    let mut bo = Owner::of(&server, "bo").await;
    let mut blocked = Owner::of(&server, "cy").await;
    let mut stranger = Owner::of(&server, "dee").await;
    ann.acts.befriend(&mut bo.acts).await;
    ann.acts.befriend(&mut blocked.acts).await;
    ann.acts.block(blocked.acts.id(), true).await.unwrap();
    let change = UpdateInfo {
        nickname: Some(Text::new("安").unwrap()),
        sex: Some(Sex::Female),
        ..UpdateInfo::default()
    };
    let info = ann.acts.update_info(&change, None).await.unwrap();
    let wanted = json!({
        "userId": ann.acts.id(), "username": info.username, "nickname": "安", "headImg": info.head_img,
        "sex": info.sex, "sign": info.sign,
    });
    for who in [&mut ann, &mut bo] {
        let told = who.heard("user_updated").await;
        assert_eq!(told["data"], wanted);
        assert_eq!(told["toUserId"], json!(who.acts.id()));
    }
    // The same again is no news.
    ann.acts.update_info(&change, None).await.unwrap();
    let group = ann.acts.group("mark").await;
    for who in [&blocked, &stranger, &bo] {
        who.acts.join_group(group, "").await.unwrap();
    }
    for who in [&mut blocked, &mut stranger, &mut bo] {
        loop {
            let heard = who.shows.event().await;
            assert_ne!(heard["eventType"], "user_updated", "{heard}");
            if heard["eventType"] == "lists_changed" && heard["fromUserId"] == json!(who.acts.id())
            {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_notice_connection_hears_of_none_of_it() {
    let server = stage().await;
    let mut ann = server.user("ann").await;
    let mut bo = server.user("bo").await;
    ann.befriend(&mut bo).await;
    let group = ann.group("choir").await;
    let change = UpdateInfo {
        nickname: Some(Text::new("安").unwrap()),
        ..UpdateInfo::default()
    };
    ann.update_info(&change, None).await.unwrap();
    bo.join_group(group, "").await.unwrap();
    let apply = ann.applied(group).await;
    ann.answer_application(apply, false).await.unwrap();
    ann.heard_nothing().await;
}
