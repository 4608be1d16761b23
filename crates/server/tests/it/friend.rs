//! Friends: ask, answer, delete, and who hears of it.

use hongyan_protocol::{
    Code, EventType,
    friend::{
        ApplyState, Direction, FriendAdd, FriendAddReply, FriendAdded, FriendApplyCard, Remark,
        SetRemark,
    },
    id::FriendApplyId,
    user::{Sex, Sign, UpdateInfo},
};
use serde_json::{Value, json};

use crate::harness::{BEGINNING, Person, TestServer, assert_event};

/// `data` of friend_add_result from this person.
fn result(of: &Person, agree: bool) -> Value {
    let user = of.user();
    json!({
        "agree": agree,
        "headImg": user.head_img,
        "nickname": user.nickname,
        "userId": user.id,
        "username": user.username,
        "sex": "0",
        "sign": user.sign.to_string(),
    })
}

fn friends_of(list: &[hongyan_protocol::friend::FriendCard]) -> Vec<String> {
    list.iter().map(|card| card.username.clone()).collect()
}

#[tokio::test]
async fn a_request_tells_the_addressee_who_asks_and_nobody_else() {
    let server = TestServer::start().await;
    let [mut ann, mut bo, mut eve] = server.users(["ann", "bo", "eve"]).await;
    ann.add_friend(bo.id(), " 加好友~ <b>&\u{1F426}")
        .await
        .unwrap();
    let event = bo.expect(EventType::FriendAdd).await;
    let pending = bo.pending_from(&ann).await;
    let user = ann.user();
    let data = json!({
        "friendApplyId": pending,
        "headImg": user.head_img,
        "nickname": "Miss ann",
        "remark": " 加好友~ <b>&\u{1F426}",
        "username": "ann-",
        "sex": "0",
        "sign": "ann was here",
    });
    assert_event(&event, EventType::FriendAdd, &ann, &bo, data);
    let cards = serde_json::to_value(bo.friend_apply_list().await.unwrap()).unwrap();
    let card = json!({
        "friendApplyId": pending,
        "fromUserId": ann.id(),
        "username": "ann-",
        "nickname": "Miss ann",
        "headImg": user.head_img,
        "sign": "ann was here",
        "sex": "0",
        "remark": " 加好友~ <b>&\u{1F426}",
        "createTime": BEGINNING,
    });
    assert_eq!(cards, json!([card]));
    assert!(ann.friend_apply_list().await.unwrap().is_empty());
    assert!(ann.friends().await.unwrap().is_empty());
    for person in [&mut ann, &mut bo, &mut eve] {
        person.heard_nothing().await;
    }
}

#[tokio::test]
async fn an_agreed_request_makes_friends_of_two_and_tells_the_applicant() {
    let server = TestServer::start().await;
    let [mut ann, mut bo, mut eve] = server.users(["ann", "bo", "eve"]).await;
    ann.add_friend(bo.id(), "").await.unwrap();
    let added: FriendAdded = bo.expect(EventType::FriendAdd).await.data().unwrap();
    let applicant = bo.answer_friend(added.friend_apply_id, true).await.unwrap();
    assert_eq!(applicant.username, "ann-");
    let event = ann.expect(EventType::FriendAddResult).await;
    assert_event(
        &event,
        EventType::FriendAddResult,
        &bo,
        &ann,
        result(&bo, true),
    );
    assert_eq!(friends_of(&ann.friends().await.unwrap()), ["bo--"]);
    assert_eq!(friends_of(&bo.friends().await.unwrap()), ["ann-"]);
    assert!(bo.friend_apply_list().await.unwrap().is_empty());
    for person in [&mut ann, &mut bo, &mut eve] {
        person.heard_nothing().await;
    }
}

#[tokio::test]
async fn a_refused_applicant_is_no_friend_is_told_and_may_ask_again() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    for _ in 0..2 {
        ann.add_friend(bo.id(), "").await.unwrap();
        let added: FriendAdded = bo.expect(EventType::FriendAdd).await.data().unwrap();
        let applicant = bo
            .answer_friend(added.friend_apply_id, false)
            .await
            .unwrap();
        assert_eq!(applicant.username, "ann-");
        let event = ann.expect(EventType::FriendAddResult).await;
        assert_event(
            &event,
            EventType::FriendAddResult,
            &bo,
            &ann,
            result(&bo, false),
        );
        assert!(ann.friends().await.unwrap().is_empty());
        assert!(bo.friends().await.unwrap().is_empty());
        assert!(bo.friend_apply_list().await.unwrap().is_empty());
        let error = ann.send(&bo, "hi").await.unwrap_err();
        assert_eq!(error.code(), Some(Code::NotFriend));
        let again = FriendAddReply {
            friend_apply_id: added.friend_apply_id,
            agree: true,
        };
        assert_eq!(bo.code(&again).await, Code::FriendApplyHandled);
    }
    bo.heard_nothing().await;
    ann.heard_nothing().await;
}

#[tokio::test]
async fn two_who_both_asked_are_friends_at_once_and_both_are_told() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.add_friend(bo.id(), "").await.unwrap();
    let added: FriendAdded = bo.expect(EventType::FriendAdd).await.data().unwrap();
    bo.add_friend(ann.id(), "me too").await.unwrap();
    let event = ann.expect(EventType::FriendAddResult).await;
    assert_event(
        &event,
        EventType::FriendAddResult,
        &bo,
        &ann,
        result(&bo, true),
    );
    let event = bo.expect(EventType::FriendAddResult).await;
    assert_event(
        &event,
        EventType::FriendAddResult,
        &ann,
        &bo,
        result(&ann, true),
    );
    assert_eq!(friends_of(&ann.friends().await.unwrap()), ["bo--"]);
    assert_eq!(friends_of(&bo.friends().await.unwrap()), ["ann-"]);
    for person in [&ann, &bo] {
        assert!(person.friend_apply_list().await.unwrap().is_empty());
    }
    let late = FriendAddReply {
        friend_apply_id: added.friend_apply_id,
        agree: false,
    };
    assert_eq!(bo.code(&late).await, Code::FriendApplyHandled);
    assert_eq!(ann.send(&bo, "hi").await.unwrap().seq, Some(1));
    assert_eq!(bo.message().await.msg, "hi");
    ann.heard_nothing().await;
    bo.heard_nothing().await;
}

#[tokio::test]
async fn a_request_to_somebody_who_is_offline_waits_in_their_list() {
    let mut server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let mut bo = server.offline_user("bo").await;
    ann.add_friend(bo.id(), "psst").await.unwrap();
    bo.come_online().await;
    // The seed's page would take a second one away again: it is never pushed on connect.
    bo.heard_nothing().await;
    bo.go_offline().await;
    server.restart().await;
    let [ann, mut bo] = [server.log_in(&ann).await, server.log_in(&bo).await];
    let error = ann.add_friend(bo.id(), "psst").await.unwrap_err();
    assert_eq!(error.code(), Some(Code::FriendApplySent));
    bo.come_online().await;
    let apply = bo.pending_from(&ann).await;
    bo.answer_friend(apply, true).await.unwrap();
    assert_eq!(friends_of(&ann.friends().await.unwrap()), ["bo--"]);
}

#[tokio::test]
async fn a_deleted_friend_is_told_and_neither_has_the_other_any_more() {
    let server = TestServer::start().await;
    let [mut ann, mut bo, mut cy] = server.users(["ann", "bo", "cy"]).await;
    ann.befriend(&mut bo).await;
    ann.befriend(&mut cy).await;
    ann.remove_friend(bo.id()).await.unwrap();
    let event = bo.expect(EventType::FriendDeleted).await;
    assert_event(&event, EventType::FriendDeleted, &ann, &bo, Value::Null);
    assert_eq!(friends_of(&ann.friends().await.unwrap()), ["cy--"]);
    assert!(bo.friends().await.unwrap().is_empty());
    for (from, to) in [(&ann, &bo), (&bo, &ann)] {
        let error = from.send(to, "hi").await.unwrap_err();
        assert_eq!(error.code(), Some(Code::NotFriend));
        let error = from.remove_friend(to.id()).await.unwrap_err();
        assert_eq!(error.code(), Some(Code::NotFriend));
    }
    for person in [&mut ann, &mut bo, &mut cy] {
        person.heard_nothing().await;
    }
}

#[tokio::test]
async fn a_friend_who_is_offline_can_be_deleted() {
    let server = TestServer::start().await;
    let mut ann = server.user("ann").await;
    let mut bo = server.offline_user("bo").await;
    ann.befriend(&mut bo).await;
    ann.remove_friend(bo.id()).await.unwrap();
    assert!(bo.friends().await.unwrap().is_empty());
    bo.come_online().await;
    bo.heard_nothing().await;
}

#[tokio::test]
async fn friends_who_part_and_meet_again_go_on_in_the_same_conversation() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    let remark = SetRemark {
        friend_user_id: bo.id(),
        remark: Remark::new("my Bo").unwrap(),
    };
    ann.set_remark(&remark).await.unwrap();
    ann.expect(EventType::FriendUpdated).await;
    ann.send(&bo, "one").await.unwrap();
    assert_eq!(bo.message().await.seq, Some(1));
    bo.remove_friend(ann.id()).await.unwrap();
    ann.expect(EventType::FriendDeleted).await;
    bo.befriend(&mut ann).await;
    bo.send(&ann, "two").await.unwrap();
    let chat = ann.message().await;
    assert_eq!((chat.msg.as_str(), chat.seq), ("two", Some(2)));
    assert_eq!(
        ann.friends().await.unwrap()[0].remark,
        "",
        "a new friendship"
    );
    assert_eq!(ann.friends().await.unwrap().len(), 1);
}

#[tokio::test]
async fn friends_are_told_who_comes_and_goes_with_their_own_remark() {
    let server = TestServer::start().await;
    let [mut ann, mut bo, mut eve] = server.users(["ann", "bo", "eve"]).await;
    ann.befriend(&mut bo).await;
    ann.befriend(&mut eve).await;
    let remark = SetRemark {
        friend_user_id: ann.id(),
        remark: Remark::new("安").unwrap(),
    };
    bo.set_remark(&remark).await.unwrap();
    bo.expect(EventType::FriendUpdated).await;
    let status = |status: &str, remark: &str, ann: &Person| {
        json!({
            "status": status,
            "headImg": ann.user().head_img,
            "nickname": "Miss ann",
            "remark": remark,
            "username": "ann-",
        })
    };
    for now in ["0", "1"] {
        if now == "0" {
            ann.go_offline().await;
        } else {
            ann.come_online().await;
        }
        for (friend, remark) in [(&mut bo, "安"), (&mut eve, "")] {
            let event = friend.expect(EventType::FriendStatusChange).await;
            let data = status(now, remark, &ann);
            assert_event(&event, EventType::FriendStatusChange, &ann, friend, data);
            let status = ann_in(friend).await;
            assert_eq!(status, now);
        }
    }
    bo.remove_friend(ann.id()).await.unwrap();
    ann.expect(EventType::FriendDeleted).await;
    ann.go_offline().await;
    eve.expect(EventType::FriendStatusChange).await;
    bo.heard_nothing().await;
}

/// The status of the first friend in the list.
async fn ann_in(friend: &Person) -> String {
    let friends = serde_json::to_value(friend.friends().await.unwrap()).unwrap();
    friends[0]["status"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn events_show_the_profile_as_it_is_when_they_happen() {
    let server = TestServer::start().await;
    let [ann, mut bo] = server.users(["ann", "bo"]).await;
    let change = UpdateInfo {
        nickname: Some(hongyan_protocol::text::Text::new("安娜").unwrap()),
        sign: Some(Sign::new("").unwrap()),
        sex: Some(Sex::Unset),
    };
    ann.update_info(&change, None).await.unwrap();
    ann.add_friend(bo.id(), "").await.unwrap();
    let event = bo.expect(EventType::FriendAdd).await;
    let data = event.received().data.as_ref().unwrap();
    assert_eq!(data["nickname"], "安娜");
    assert_eq!(data["sign"], "", "unset is empty");
    assert_eq!(data["sex"], "-1", "unset is -1");
}

#[tokio::test]
async fn ids_that_name_nobody_are_refused_as_unknown() {
    let server = TestServer::start().await;
    let [ann, bo] = server.users(["ann", "bo"]).await;
    let request = FriendAdd {
        user_id: hongyan_protocol::id::UserId::NIL,
        remark: Remark::default(),
    };
    assert_eq!(ann.code(&request).await, Code::NoSuchUser);
    let reply = FriendAddReply {
        friend_apply_id: FriendApplyId::mint(),
        agree: true,
    };
    assert_eq!(bo.code(&reply).await, Code::FriendApplyHandled);
}

/// Whom each request is with, whether it was sent to them, and what became of it.
fn outcomes(viewer: &Person, cards: Vec<FriendApplyCard>) -> Vec<(String, bool, ApplyState)> {
    let outcome = |card: FriendApplyCard| {
        let outcome = card.outcome.unwrap();
        let is_sent = card.from_user_id == viewer.id();
        assert!(is_sent != (outcome.to_user_id == viewer.id()));
        let is_pending = outcome.state == ApplyState::Pending;
        assert_eq!(outcome.handle_time.is_none(), is_pending);
        (card.username, is_sent, outcome.state)
    };
    cards.into_iter().map(outcome).collect()
}

#[tokio::test]
async fn what_was_asked_is_listed_with_what_became_of_it() {
    use ApplyState::{Agreed, Pending, Refused};
    let server = TestServer::start().await;
    let [ann, bo, cy, dee] = server.users(["ann", "bo", "cy", "dee"]).await;
    for (from, to, answer) in [
        (&ann, &bo, Some(true)),
        (&ann, &cy, Some(false)),
        (&cy, &ann, None),
        (&dee, &ann, None),
        (&ann, &dee, None),
    ] {
        server.clock.advance(1);
        from.add_friend(to.id(), "").await.unwrap();
        if let Some(agree) = answer {
            let apply = to.pending_from(from).await;
            to.answer_friend(apply, agree).await.unwrap();
        }
    }
    let listed = async |viewer: &Person, direction| {
        let cards = viewer.friend_apply_history(direction, 1).await.unwrap();
        outcomes(viewer, cards)
    };
    let row = |name: &str, is_sent, state| (name.to_owned(), is_sent, state);
    let sent = [row("cy--", true, Refused), row("bo--", true, Agreed)];
    assert_eq!(listed(&ann, Direction::Sent).await, sent);
    let [refused, agreed] = sent;
    let (of_dee, of_cy) = (row("dee-", false, Agreed), row("cy--", false, Pending));
    let all = [of_dee.clone(), of_cy, refused.clone(), agreed.clone()];
    assert_eq!(listed(&ann, Direction::All).await, all);
    assert_eq!(
        listed(&dee, Direction::Sent).await,
        [row("ann-", true, Agreed)]
    );
    ann.block(cy.id(), true).await.unwrap();
    assert_eq!(
        listed(&ann, Direction::All).await,
        [of_dee, refused, agreed]
    );
    assert_eq!(
        listed(&cy, Direction::Sent).await,
        [row("ann-", true, Pending)]
    );
    let next = ann.friend_apply_history(Direction::All, 2).await.unwrap();
    assert!(next.is_empty());
}
