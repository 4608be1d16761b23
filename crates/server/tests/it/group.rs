//! Groups: leaving, being removed, who runs them, and who hears of it.

use hongyan_protocol::{
    Code, EventType,
    group::{GroupAddReply, GroupCard, GroupInvite, GroupUpdate, Invite, Role, SearchGroup},
    group_member::{GivenRole, GroupKick, GroupLeave, MemberCard},
    id::{GroupId, UserId},
};
use serde_json::{Value, json};

use crate::harness::{Person, TestServer, assert_event};

/// A group of the first, with the others in it, and nobody with events left over.
pub(crate) async fn choir(people: &mut [Person]) -> GroupId {
    let [owner, others @ ..] = people else {
        unreachable!("a group has an owner")
    };
    let group = owner.group("choir").await;
    for newcomer in 0..others.len() {
        let (members, rest) = others.split_at_mut(newcomer);
        owner.admit(group, &mut rest[0]).await;
        for member in members {
            member.expect(EventType::GroupJoin).await;
        }
    }
    group
}

/// The usernames of a group's members and what they are, as `viewer` sees them.
pub(crate) async fn members(viewer: &Person, group: GroupId) -> Vec<(String, Role)> {
    let lists = viewer.members(&[group]).await.unwrap();
    let member = |card: &MemberCard| (card.username.clone(), card.role);
    lists[&group].iter().map(member).collect()
}

fn left(group: GroupId, who: &Person, kicked: bool) -> Value {
    json!({
        "groupId": group,
        "groupName": "choir",
        "groupNickname": "Club choir",
        "userId": who.id(),
        "username": who.name(),
        "nickname": who.user().nickname,
        "headImg": who.user().head_img,
        "kicked": kicked,
    })
}

/// Has the owner, the first of a group's people, make another an admin, of which all of them hear.
pub(crate) async fn promote(people: &mut [Person], group: GroupId, member: usize) {
    let admin = people[member].id();
    let promoted = people[0].set_role(group, admin, GivenRole::Admin);
    promoted.await.unwrap();
    for person in people {
        person.expect(EventType::GroupRole).await;
    }
}

async fn kick(who: &Person, group: GroupId, whom: UserId) -> Code {
    let request = GroupKick {
        group_id: group,
        user_id: whom,
    };
    who.code(&request).await
}

#[tokio::test]
async fn who_leaves_is_gone_and_those_who_remain_are_told() {
    let server = TestServer::start().await;
    let mut people = server.users(["ann", "bo", "cy", "eve"]).await;
    let group = choir(&mut people[..3]).await;
    let [ann, bo, cy, _] = &mut people;
    cy.leave_group(group).await.unwrap();
    for member in [&mut *ann, &mut *bo] {
        let event = member.expect(EventType::GroupLeave).await;
        let data = left(group, cy, false);
        assert_event(&event, EventType::GroupLeave, cy, member, data);
    }
    let expected = [
        ("ann-".to_owned(), Role::Owner),
        ("bo--".to_owned(), Role::Member),
    ];
    assert_eq!(members(ann, group).await, expected);
    assert_eq!(members(cy, group).await, [], "not theirs to see any more");
    assert!(cy.joined_groups().await.unwrap().is_empty());
    for person in people.iter_mut() {
        person.heard_nothing().await;
    }
    let [ann, bo, cy, _] = &mut people;
    ann.send_to_group(group, "just us").await.unwrap();
    assert_eq!(bo.message().await.msg, "just us");
    cy.heard_nothing().await;
}

#[tokio::test]
async fn who_is_removed_is_told_by_whom_and_the_others_that_they_were_removed() {
    let server = TestServer::start().await;
    let mut people = server.users(["ann", "bo", "cy", "eve"]).await;
    let group = choir(&mut people[..3]).await;
    let [ann, bo, cy, _] = &mut people;
    let head_img = ann.joined_groups().await.unwrap()[0].group_head_img.clone();
    ann.kick(group, cy.id()).await.unwrap();
    let event = cy.expect(EventType::GroupKickedOut).await;
    let data = json!({
        "groupId": group,
        "groupName": "choir",
        "groupNickname": "Club choir",
        "groupHeadImg": head_img,
        "operatorUserId": ann.id(),
    });
    assert_event(&event, EventType::GroupKickedOut, ann, cy, data);
    let event = ann.expect(EventType::GroupLeave).await;
    assert_event(
        &event,
        EventType::GroupLeave,
        ann,
        ann,
        left(group, cy, true),
    );
    let event = bo.expect(EventType::GroupLeave).await;
    assert_event(
        &event,
        EventType::GroupLeave,
        ann,
        bo,
        left(group, cy, true),
    );
    assert_eq!(members(ann, group).await.len(), 2);
    let error = cy.send_to_group(group, "hello?").await.unwrap_err();
    assert_eq!(error.code(), Some(Code::NotMember));
    for person in &mut people {
        person.heard_nothing().await;
    }
}

#[tokio::test]
async fn who_left_or_was_removed_may_apply_again() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    let group = ann.group("choir").await;
    for removed in [true, false, true] {
        ann.admit(group, &mut bo).await;
        assert_eq!(members(&bo, group).await.len(), 2);
        if removed {
            ann.kick(group, bo.id()).await.unwrap();
            bo.expect(EventType::GroupKickedOut).await;
        } else {
            bo.leave_group(group).await.unwrap();
        }
        ann.expect(EventType::GroupLeave).await;
    }
}

#[tokio::test]
async fn the_last_member_to_go_leaves_the_owner_with_the_group() {
    let server = TestServer::start().await;
    let mut people = server.users(["ann", "bo"]).await;
    let group = choir(&mut people).await;
    let [ann, bo] = &mut people;
    bo.leave_group(group).await.unwrap();
    ann.expect(EventType::GroupLeave).await;
    let leave = GroupLeave { group_id: group };
    assert_eq!(ann.code(&leave).await, Code::OwnerStays);
    assert_eq!(kick(ann, group, ann.id()).await, Code::NotAllowed);
    assert_eq!(
        members(ann, group).await,
        [("ann-".to_owned(), Role::Owner)]
    );
    assert_eq!(ann.owned_groups().await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_admin_removes_plain_members_and_nobody_else() {
    let server = TestServer::start().await;
    let mut people = server.users(["ann", "bo", "cy", "dee"]).await;
    let group = choir(&mut people).await;
    promote(&mut people, group, 1).await;
    promote(&mut people, group, 2).await;
    let [ann, bo, cy, dee] = &mut people;
    let expected = [
        ("ann-".to_owned(), Role::Owner),
        ("bo--".to_owned(), Role::Admin),
        ("cy--".to_owned(), Role::Admin),
        ("dee-".to_owned(), Role::Member),
    ];
    assert_eq!(members(dee, group).await, expected);
    for (who, whom) in [(&*bo, &*ann), (bo, cy), (bo, bo), (dee, bo), (dee, ann)] {
        let code = kick(who, group, whom.id()).await;
        assert_eq!(code, Code::NotAllowed, "{} {}", who.name(), whom.name());
    }
    assert_eq!(kick(bo, group, dee.id()).await, Code::Ok);
    let event = dee.expect(EventType::GroupKickedOut).await;
    assert_eq!(event.from(), Some(bo.id()));
    assert_eq!(kick(ann, group, cy.id()).await, Code::Ok);
    cy.expect(EventType::GroupLeave).await;
    cy.expect(EventType::GroupKickedOut).await;
    assert_eq!(members(ann, group).await.len(), 2);
}

#[tokio::test]
async fn admins_hear_of_applications_and_answer_them() {
    let server = TestServer::start().await;
    let mut people = server.users(["ann", "bo", "cy"]).await;
    let group = choir(&mut people).await;
    promote(&mut people, group, 1).await;
    let [ann, bo, cy] = &mut people;
    let mut dee = server.user("dee").await;
    dee.join_group(group, "").await.unwrap();
    let apply = ann.applied(group).await;
    assert_eq!(bo.applied(group).await, apply);
    cy.heard_nothing().await;
    for (person, seen) in [(&*ann, 1), (bo, 1), (cy, 0)] {
        assert_eq!(person.group_apply_list().await.unwrap().len(), seen);
    }
    let reply = GroupAddReply {
        group_apply_id: apply,
        agree: true,
    };
    assert_eq!(cy.code(&reply).await, Code::NoSuchGroupApply);
    assert_eq!(bo.code(&reply).await, Code::Ok);
    assert_eq!(ann.code(&reply).await, Code::GroupApplyHandled);
    let result = dee.expect(EventType::GroupAddResult).await;
    assert_eq!(result.from(), Some(bo.id()));
    for person in [ann, bo, cy] {
        person.expect(EventType::GroupJoin).await;
    }
}

#[tokio::test]
async fn a_group_may_leave_inviting_to_those_who_run_it() {
    let server = TestServer::start().await;
    let mut people = server.users(["ann", "bo", "cy"]).await;
    let group = choir(&mut people).await;
    let mut guest = server.user("guest").await;
    for member in &mut people {
        member.befriend(&mut guest).await;
    }
    promote(&mut people, group, 1).await;
    let [ann, bo, cy] = &people;
    let update = GroupUpdate {
        invite: Some(Invite::Operators),
        ..GroupUpdate::of(group)
    };
    ann.update_group(&update).await.unwrap();
    let invite = GroupInvite {
        group_id: group,
        user_id: guest.id(),
        remark: hongyan_protocol::friend::Remark::default(),
    };
    assert_eq!(cy.code(&invite).await, Code::NotAllowed);
    guest.heard_nothing().await;
    assert_eq!(bo.code(&invite).await, Code::Ok);
    guest.invited().await;
    assert_eq!(ann.code(&invite).await, Code::InviteSent);
}

#[tokio::test]
async fn one_group_is_shown_as_lists_show_it_to_members_and_as_a_search_does_to_others() {
    let server = TestServer::start().await;
    let mut people = server.users(["ann", "bo"]).await;
    let group = choir(&mut people).await;
    let eve = server.offline_user("eve").await;
    let [ann, bo] = people;
    let json = |card| serde_json::to_value::<GroupCard>(card).unwrap();
    for member in [&ann, &bo] {
        let shown = json(member.group_info(group).await.unwrap());
        let listed = member.joined_groups().await.unwrap().remove(0);
        assert_eq!(shown, json(listed));
        assert!(shown["role"].is_string() && shown["ownerUername"].is_string());
    }
    let search = SearchGroup {
        group_name: Some("choir".to_owned()),
        ..SearchGroup::default()
    };
    let shown = json(eve.group_info(group).await.unwrap());
    let found = eve.search_group(&search).await.unwrap().remove(0);
    assert_eq!(shown, json(found));
    assert!(shown.get("role").is_none() && shown.get("announcement").is_none());
}
