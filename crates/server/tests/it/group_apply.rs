//! Applications to groups: ask, answer, and who hears of it.

use hongyan_protocol::{
    Code, EventType,
    friend::{ApplyState, Direction},
    group::{GroupAdd, GroupAddReply, GroupApplyCard, Role},
    id::GroupId,
};
use serde_json::{Value, json};

use crate::{
    group::{choir, members},
    harness::{BEGINNING, Person, TestServer, assert_event},
};

/// The picture of the owner's only group.
async fn picture(owner: &Person) -> String {
    owner.owned_groups().await.unwrap()[0]
        .group_head_img
        .clone()
}

/// `data` of group_add_result, without `groupUsers`.
async fn result(owner: &Person, group: GroupId, agree: bool) -> Value {
    json!({
        "agree": agree,
        "groupId": group,
        "groupNickname": "Club choir",
        "groupName": "choir",
        "groupHeadImg": picture(owner).await,
        "ownerUserId": owner.id(),
        "introduction": "About choir",
    })
}

/// `data` of group_join.
pub(crate) async fn joined(owner: &Person, group: GroupId, who: &Person) -> Value {
    let user = who.user();
    json!({
        "groupId": group,
        "groupNickname": "Club choir",
        "groupName": "choir",
        "groupHeadImg": picture(owner).await,
        "ownerUserId": owner.id(),
        "introduction": "About choir",
        "userId": who.id(),
        "username": user.username,
        "nickname": user.nickname,
        "sex": "0",
        "headImg": user.head_img,
        "sign": user.sign,
    })
}

fn listed(person: &Person) -> Value {
    let user = person.user();
    json!({
        "userId": user.id,
        "username": user.username,
        "nickname": user.nickname,
        "headImg": user.head_img,
        "sex": "0",
    })
}

#[tokio::test]
async fn an_application_is_told_to_the_owner_and_nobody_else() {
    let server = TestServer::start().await;
    let mut people = server.users(["ann", "bo"]).await;
    let group = choir(&mut people).await;
    let [mut ann, mut bo] = people;
    let mut cy = server.user("cy").await;
    cy.join_group(group, "申请备注 <i>").await.unwrap();
    let event = ann.expect(EventType::GroupAdd).await;
    let cards = ann.group_apply_list().await.unwrap();
    let apply = cards[0].group_apply_id;
    let user = cy.user().clone();
    let data = json!({
        "groupApplyId": apply,
        "groupId": group,
        "groupNickname": "Club choir",
        "groupName": "choir",
        "groupHeadImg": picture(&ann).await,
        "userId": cy.id(),
        "nickname": "Miss cy",
        "headImg": user.head_img,
        "username": "cy--",
        "remark": "申请备注 <i>",
        "introduction": "About choir",
    });
    assert_event(&event, EventType::GroupAdd, &cy, &ann, data);
    let card = json!({
        "groupApplyId": apply,
        "fromUserId": cy.id(),
        "remark": "申请备注 <i>",
        "groupId": group,
        "groupName": "choir",
        "groupNickname": "Club choir",
        "groupHeadImg": picture(&ann).await,
        "username": "cy--",
        "nickname": "Miss cy",
        "headImg": user.head_img,
        "createTime": BEGINNING,
    });
    assert_eq!(serde_json::to_value(&cards).unwrap(), json!([card]));
    assert!(bo.group_apply_list().await.unwrap().is_empty());
    assert!(cy.joined_groups().await.unwrap().is_empty());
    for person in [&mut ann, &mut bo, &mut cy] {
        person.heard_nothing().await;
    }
}

#[tokio::test]
async fn an_agreed_applicant_is_a_member_and_everybody_in_the_group_is_told() {
    let server = TestServer::start().await;
    let mut people = server.users(["ann", "bo"]).await;
    let group = choir(&mut people).await;
    let [mut ann, mut bo] = people;
    let [mut cy, mut eve] = server.users(["cy", "eve"]).await;
    cy.join_group(group, "").await.unwrap();
    let apply = ann.applied(group).await;
    let applicant = ann.answer_application(apply, true).await.unwrap();
    assert_eq!(applicant.username, "cy--");
    let event = cy.expect(EventType::GroupAddResult).await;
    let mut data = result(&ann, group, true).await;
    data["groupUsers"] = json!([listed(&ann), listed(&bo), listed(&cy)]);
    assert_event(&event, EventType::GroupAddResult, &ann, &cy, data);
    let data = joined(&ann, group, &cy).await;
    for member in [&mut ann, &mut bo] {
        let event = member.expect(EventType::GroupJoin).await;
        assert_event(&event, EventType::GroupJoin, &cy, member, data.clone());
    }
    let expected = [
        ("ann-".to_owned(), Role::Owner),
        ("bo--".to_owned(), Role::Member),
        ("cy--".to_owned(), Role::Member),
    ];
    assert_eq!(members(&cy, group).await, expected);
    for person in [&mut ann, &mut bo, &mut cy, &mut eve] {
        person.heard_nothing().await;
    }
    bo.send_to_group(group, "welcome").await.unwrap();
    assert_eq!(cy.message().await.msg, "welcome");
}

#[tokio::test]
async fn a_refused_applicant_is_not_a_member_is_told_and_may_apply_again() {
    let server = TestServer::start().await;
    let mut people = server.users(["ann", "bo"]).await;
    let group = choir(&mut people).await;
    let [mut ann, mut bo] = people;
    let mut cy = server.user("cy").await;
    for _ in 0..2 {
        cy.join_group(group, "").await.unwrap();
        let apply = ann.applied(group).await;
        let applicant = ann.answer_application(apply, false).await.unwrap();
        assert_eq!(applicant.username, "cy--");
        let event = cy.expect(EventType::GroupAddResult).await;
        let data = result(&ann, group, false).await;
        assert_event(&event, EventType::GroupAddResult, &ann, &cy, data);
        assert_eq!(members(&ann, group).await.len(), 2);
        assert!(ann.group_apply_list().await.unwrap().is_empty());
        let error = cy.send_to_group(group, "hi").await.unwrap_err();
        assert_eq!(error.code(), Some(Code::NotMember));
        let again = GroupAddReply {
            group_apply_id: apply,
            agree: true,
        };
        assert_eq!(ann.code(&again).await, Code::GroupApplyHandled);
    }
    for person in [&mut ann, &mut bo, &mut cy] {
        person.heard_nothing().await;
    }
}

#[tokio::test]
async fn an_application_waits_for_an_owner_who_is_offline() {
    let mut server = TestServer::start().await;
    let mut ann = server.offline_user("ann").await;
    let cy = server.offline_user("cy").await;
    let group = ann.group("choir").await;
    cy.join_group(group, "please").await.unwrap();
    ann.come_online().await;
    ann.heard_nothing().await;
    ann.go_offline().await;
    server.restart().await;
    let [ann, mut cy] = [server.log_in(&ann).await, server.log_in(&cy).await];
    cy.come_online().await;
    let add = GroupAdd {
        group_id: group,
        remark: hongyan_protocol::friend::Remark::default(),
    };
    assert_eq!(cy.code(&add).await, Code::GroupApplySent);
    let cards = ann.group_apply_list().await.unwrap();
    assert_eq!((cards.len(), cards[0].remark.as_str()), (1, "please"));
    ann.answer_application(cards[0].group_apply_id, true)
        .await
        .unwrap();
    cy.expect(EventType::GroupAddResult).await;
    assert_eq!(members(&cy, group).await.len(), 2);
}

#[tokio::test]
async fn who_joined_before_seventeen_others_is_listed_before_them_and_after_the_owner() {
    let server = TestServer::start().await;
    let mut ann = server.user("ann").await;
    let group = ann.group("choir").await;
    let mut expected = vec![listed(&ann)];
    let mut last = Value::Null;
    for n in 0..18 {
        server.clock.advance(1);
        let mut newcomer = server.user(&format!("user{n}")).await;
        newcomer.join_group(group, "").await.unwrap();
        let apply = ann.applied(group).await;
        ann.answer_application(apply, true).await.unwrap();
        ann.expect(EventType::GroupJoin).await;
        let event = newcomer.expect(EventType::GroupAddResult).await;
        last = event.received().data.as_ref().unwrap()["groupUsers"].clone();
        expected.push(listed(&newcomer));
    }
    assert_eq!(last, Value::Array(expected));
}

#[tokio::test]
async fn a_full_group_takes_nobody_and_the_application_goes_on_waiting() {
    let server = TestServer::start_with(|config| config.limits.group_members = 2).await;
    let mut people = server.users(["ann", "bo"]).await;
    let group = choir(&mut people).await;
    let [mut ann, mut bo] = people;
    let mut cy = server.user("cy").await;
    cy.join_group(group, "").await.unwrap();
    let apply = ann.applied(group).await;
    let yes = GroupAddReply {
        group_apply_id: apply,
        agree: true,
    };
    assert_eq!(ann.code(&yes).await, Code::GroupFull);
    assert_eq!(members(&ann, group).await.len(), 2);
    assert_eq!(ann.group_apply_list().await.unwrap().len(), 1);
    for person in [&mut ann, &mut bo, &mut cy] {
        person.heard_nothing().await;
    }
    bo.leave_group(group).await.unwrap();
    ann.expect(EventType::GroupLeave).await;
    assert_eq!(ann.code(&yes).await, Code::Ok);
    cy.expect(EventType::GroupAddResult).await;
    assert_eq!(members(&cy, group).await.len(), 2);
}

#[tokio::test]
async fn a_full_group_can_still_refuse() {
    let server = TestServer::start_with(|config| config.limits.group_members = 1).await;
    let [mut ann, mut cy] = server.users(["ann", "cy"]).await;
    let group = ann.group("choir").await;
    cy.join_group(group, "").await.unwrap();
    let apply = ann.applied(group).await;
    ann.answer_application(apply, false).await.unwrap();
    let event = cy.expect(EventType::GroupAddResult).await;
    let data = result(&ann, group, false).await;
    assert_event(&event, EventType::GroupAddResult, &ann, &cy, data);
}

/// The applicant, and what became of it.
fn outcome(card: GroupApplyCard) -> (String, ApplyState, bool) {
    let outcome = card.outcome.unwrap();
    let is_answered = outcome.handle_time.is_some();
    (card.username, outcome.state, is_answered)
}

#[tokio::test]
async fn applications_are_listed_in_both_directions_with_what_became_of_them() {
    use ApplyState::{Agreed, Pending, Refused};
    let server = TestServer::start().await;
    let [mut ann, bo, cy] = server.users(["ann", "bo", "cy"]).await;
    let (of_ann, of_bo) = (ann.group("ann").await, bo.group("bo").await);
    for (applicant, agree) in [(&bo, false), (&cy, true)] {
        server.clock.advance(1);
        applicant.join_group(of_ann, "").await.unwrap();
        let apply = ann.applied(of_ann).await;
        ann.answer_application(apply, agree).await.unwrap();
    }
    server.clock.advance(1);
    ann.join_group(of_bo, "看看").await.unwrap();
    server.clock.advance(1);
    bo.join_group(of_ann, "").await.unwrap();

    let listed = async |viewer: &Person, direction| -> Vec<_> {
        let cards = viewer.group_apply_history(direction, 1).await.unwrap();
        cards.into_iter().map(outcome).collect()
    };
    let row = |name: &str, state| (name.to_owned(), state, state != Pending);
    let mine = row("ann-", Pending);
    assert_eq!(
        listed(&ann, Direction::Sent).await,
        std::slice::from_ref(&mine)
    );
    let theirs = [
        row("bo--", Pending),
        mine.clone(),
        row("cy--", Agreed),
        row("bo--", Refused),
    ];
    assert_eq!(listed(&ann, Direction::All).await, theirs);
    assert_eq!(listed(&bo, Direction::All).await[1], mine);
    assert_eq!(listed(&bo, Direction::Sent).await.len(), 2);
    assert_eq!(listed(&cy, Direction::All).await, [row("cy--", Agreed)]);
    let sent = &ann.group_apply_history(Direction::Sent, 1).await.unwrap()[0];
    assert_eq!((sent.group_id, sent.remark.as_str()), (of_bo, "看看"));
    assert!(
        ann.group_apply_history(Direction::All, 2)
            .await
            .unwrap()
            .is_empty()
    );
    // As ever: what waits, without a word on what became of it.
    let waiting = ann.group_apply_list().await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert!(waiting[0].outcome.is_none());
}
