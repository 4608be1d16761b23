//! Invitations into groups: invite, answer, and who hears of it.

use hongyan_protocol::{
    Code, EventType,
    friend::{ApplyState, Direction},
    group::{GroupAddReply, GroupInvite, GroupInviteCard, GroupInviteReply},
    id::{GroupId, GroupInviteId},
};
use serde_json::{Value, json};

use crate::{
    group::{choir, members},
    group_apply::joined,
    harness::{BEGINNING, Person, TestServer, assert_event},
};

/// A group of ann's with bo in it, and cy, a friend of both, outside.
async fn scene(server: &TestServer) -> ([Person; 3], GroupId) {
    let mut people = server.users(["ann", "bo", "cy"]).await;
    let group = choir(&mut people[..2]).await;
    let [ann, bo, cy] = &mut people;
    ann.befriend(cy).await;
    bo.befriend(cy).await;
    (people, group)
}

async fn code(inviter: &Person, group: GroupId, guest: &Person) -> Code {
    let request = GroupInvite {
        group_id: group,
        user_id: guest.id(),
        remark: hongyan_protocol::friend::Remark::default(),
    };
    inviter.code(&request).await
}

fn reply(invite: GroupInviteId, agree: bool) -> GroupInviteReply {
    GroupInviteReply {
        group_invite_id: invite,
        agree,
    }
}

async fn picture(member: &Person) -> String {
    member.joined_groups().await.unwrap()[0]
        .group_head_img
        .clone()
}

async fn result(member: &Person, group: GroupId, who: &Person, agree: bool) -> Value {
    json!({
        "agree": agree,
        "groupId": group,
        "groupName": "choir",
        "groupNickname": "Club choir",
        "groupHeadImg": picture(member).await,
        "introduction": "About choir",
        "userId": who.id(),
        "username": who.name(),
        "nickname": who.user().nickname,
        "headImg": who.user().head_img,
    })
}

#[tokio::test]
async fn an_invitation_is_told_to_the_one_invited_and_waits_in_their_list() {
    let server = TestServer::start().await;
    let ([mut ann, mut bo, mut cy], group) = scene(&server).await;
    bo.invite(group, cy.id(), "来吧 & sing").await.unwrap();
    let event = cy.expect(EventType::GroupInvite).await;
    let cards = cy.group_invite_list().await.unwrap();
    let invite = cards[0].group_invite_id;
    let data = json!({
        "groupInviteId": invite,
        "groupId": group,
        "groupName": "choir",
        "groupNickname": "Club choir",
        "groupHeadImg": picture(&ann).await,
        "introduction": "About choir",
        "userId": bo.id(),
        "username": "bo--",
        "nickname": "Miss bo",
        "headImg": bo.user().head_img,
        "remark": "来吧 & sing",
    });
    assert_event(&event, EventType::GroupInvite, &bo, &cy, data);
    let card = json!({
        "groupInviteId": invite,
        "fromUserId": bo.id(),
        "remark": "来吧 & sing",
        "groupId": group,
        "groupName": "choir",
        "groupNickname": "Club choir",
        "groupHeadImg": picture(&ann).await,
        "introduction": "About choir",
        "username": "bo--",
        "nickname": "Miss bo",
        "headImg": bo.user().head_img,
        "createTime": BEGINNING,
    });
    assert_eq!(serde_json::to_value(&cards).unwrap(), json!([card]));
    for person in [&ann, &bo] {
        assert!(person.group_invite_list().await.unwrap().is_empty());
    }
    assert!(cy.joined_groups().await.unwrap().is_empty());
    for person in [&mut ann, &mut bo, &mut cy] {
        person.heard_nothing().await;
    }
}

#[tokio::test]
async fn who_agrees_is_a_member_and_the_inviter_and_the_group_are_told() {
    let server = TestServer::start().await;
    let ([mut ann, mut bo, mut cy], group) = scene(&server).await;
    bo.invite(group, cy.id(), "").await.unwrap();
    let invite = cy.invited().await;
    cy.answer_invitation(invite, true).await.unwrap();
    let data = joined(&ann, group, &cy).await;
    for member in [&mut ann, &mut bo] {
        let event = member.expect(EventType::GroupJoin).await;
        assert_event(&event, EventType::GroupJoin, &cy, member, data.clone());
    }
    let event = bo.expect(EventType::GroupInviteResult).await;
    let data = result(&ann, group, &cy, true).await;
    assert_event(&event, EventType::GroupInviteResult, &cy, &bo, data);
    assert_eq!(members(&cy, group).await.len(), 3);
    assert!(cy.group_invite_list().await.unwrap().is_empty());
    for person in [&mut ann, &mut bo, &mut cy] {
        person.heard_nothing().await;
    }
    ann.send_to_group(group, "welcome").await.unwrap();
    assert_eq!(cy.message().await.msg, "welcome");
}

#[tokio::test]
async fn who_declines_stays_outside_and_only_the_inviter_is_told() {
    let server = TestServer::start().await;
    let ([mut ann, mut bo, mut cy], group) = scene(&server).await;
    for _ in 0..2 {
        bo.invite(group, cy.id(), "").await.unwrap();
        let invite = cy.invited().await;
        cy.answer_invitation(invite, false).await.unwrap();
        let event = bo.expect(EventType::GroupInviteResult).await;
        let data = result(&ann, group, &cy, false).await;
        assert_event(&event, EventType::GroupInviteResult, &cy, &bo, data);
        assert_eq!(members(&ann, group).await.len(), 2);
        assert!(cy.group_invite_list().await.unwrap().is_empty());
        assert_eq!(cy.code(&reply(invite, true)).await, Code::InviteHandled);
    }
    for person in [&mut ann, &mut bo, &mut cy] {
        person.heard_nothing().await;
    }
}

#[tokio::test]
async fn an_invitation_to_somebody_who_is_offline_waits_in_their_list() {
    let mut server = TestServer::start().await;
    let ([mut ann, mut bo, mut cy], group) = scene(&server).await;
    cy.go_offline().await;
    bo.invite(group, cy.id(), "").await.unwrap();
    cy.come_online().await;
    cy.heard_nothing().await;
    for person in [&mut ann, &mut bo, &mut cy] {
        person.go_offline().await;
    }
    server.restart().await;
    let mut cy = server.log_in(&cy).await;
    cy.come_online().await;
    let ann = server.log_in(&ann).await;
    assert_eq!(code(&ann, group, &cy).await, Code::InviteSent, "by bo");
    cy.heard_nothing().await;
    let invite = cy.group_invite_list().await.unwrap()[0].group_invite_id;
    cy.answer_invitation(invite, true).await.unwrap();
    assert_eq!(members(&cy, group).await.len(), 3);
}

#[tokio::test]
async fn who_is_invited_and_applies_joins_once_whichever_is_answered_first() {
    let server = TestServer::start().await;
    let ([mut ann, bo, mut cy], group) = scene(&server).await;
    for invitation_first in [true, false] {
        bo.invite(group, cy.id(), "").await.unwrap();
        let invite = cy.invited().await;
        cy.join_group(group, "").await.unwrap();
        let apply = ann.applied(group).await;
        let agree = GroupAddReply {
            group_apply_id: apply,
            agree: true,
        };
        if invitation_first {
            cy.answer_invitation(invite, true).await.unwrap();
            assert_eq!(ann.code(&agree).await, Code::GroupApplyHandled);
        } else {
            assert_eq!(ann.code(&agree).await, Code::Ok);
            cy.expect(EventType::GroupAddResult).await;
            assert_eq!(cy.code(&reply(invite, true)).await, Code::InviteHandled);
        }
        assert_eq!(members(&cy, group).await.len(), 3);
        assert!(cy.group_invite_list().await.unwrap().is_empty());
        assert!(ann.group_apply_list().await.unwrap().is_empty());
        ann.expect(EventType::GroupJoin).await;
        cy.leave_group(group).await.unwrap();
        ann.expect(EventType::GroupLeave).await;
        ann.heard_nothing().await;
    }
}

#[tokio::test]
async fn a_full_group_takes_no_guest_and_the_invitation_goes_on_waiting() {
    let server = TestServer::start_with(|config| config.limits.group_members = 2).await;
    let ([mut ann, mut bo, mut cy], group) = scene(&server).await;
    ann.invite(group, cy.id(), "").await.unwrap();
    let invite = cy.invited().await;
    assert_eq!(cy.code(&reply(invite, true)).await, Code::GroupFull);
    assert_eq!(members(&ann, group).await.len(), 2);
    assert_eq!(cy.group_invite_list().await.unwrap().len(), 1);
    for person in [&mut ann, &mut bo, &mut cy] {
        person.heard_nothing().await;
    }
    ann.kick(group, bo.id()).await.unwrap();
    bo.expect(EventType::GroupKickedOut).await;
    ann.expect(EventType::GroupLeave).await;
    assert_eq!(cy.code(&reply(invite, true)).await, Code::Ok);
    assert_eq!(members(&cy, group).await.len(), 2);
    ann.expect(EventType::GroupJoin).await;
    ann.expect(EventType::GroupInviteResult).await;
    bo.heard_nothing().await;
}

#[tokio::test]
async fn only_the_one_invited_may_answer() {
    let server = TestServer::start().await;
    let ([ann, bo, mut cy], group) = scene(&server).await;
    bo.invite(group, cy.id(), "").await.unwrap();
    let invite = cy.invited().await;
    for other in [&ann, &bo] {
        for agree in [true, false] {
            assert_eq!(other.code(&reply(invite, agree)).await, Code::NoSuchInvite);
        }
    }
    let unknown = reply(GroupInviteId::mint(), true);
    assert_eq!(cy.code(&unknown).await, Code::NoSuchInvite);
    assert_eq!(cy.code(&reply(invite, true)).await, Code::Ok);
    assert_eq!(code(&bo, group, &cy).await, Code::AlreadyMember);
}

#[tokio::test]
async fn an_invitation_ends_with_the_membership_of_who_made_it() {
    let server = TestServer::start().await;
    let ([mut ann, bo, mut cy], group) = scene(&server).await;
    bo.invite(group, cy.id(), "").await.unwrap();
    let invite = cy.invited().await;
    ann.kick(group, bo.id()).await.unwrap();
    ann.expect(EventType::GroupLeave).await;
    assert!(cy.group_invite_list().await.unwrap().is_empty());
    assert_eq!(cy.code(&reply(invite, true)).await, Code::NoSuchInvite);
    assert_eq!(code(&ann, group, &cy).await, Code::Ok);
}

#[tokio::test]
async fn invitations_are_listed_in_both_directions_with_what_became_of_them() {
    use ApplyState::{Agreed, Pending, Refused};
    let server = TestServer::start().await;
    let ([ann, bo, mut cy], group) = scene(&server).await;
    for (inviter, answer) in [(&ann, Some(false)), (&bo, None)] {
        server.clock.advance(1);
        inviter.invite(group, cy.id(), "").await.unwrap();
        let invite = cy.invited().await;
        if let Some(agree) = answer {
            cy.answer_invitation(invite, agree).await.unwrap();
        }
    }
    server.clock.advance(1);
    let own = cy.group("own").await;
    cy.invite(own, ann.id(), "来").await.unwrap();

    // The other of the two, whether the viewer sent it, and what became of it.
    let listed = async |viewer: &Person, direction| -> Vec<_> {
        let cards = viewer.group_invite_history(direction, 1).await.unwrap();
        let row = |card: GroupInviteCard| {
            let outcome = card.outcome.unwrap();
            let is_sent = card.from_user_id == viewer.id();
            assert!(is_sent != (outcome.to_user_id == viewer.id()));
            assert_eq!(
                outcome.handle_time.is_none(),
                outcome.state == ApplyState::Pending
            );
            (card.username, is_sent, outcome.state)
        };
        cards.into_iter().map(row).collect()
    };
    let row = |name: &str, is_sent, state| (name.to_owned(), is_sent, state);
    let all = [
        row("ann-", true, Pending),
        row("bo--", false, Pending),
        row("ann-", false, Refused),
    ];
    assert_eq!(listed(&cy, Direction::All).await, all);
    assert_eq!(listed(&cy, Direction::Sent).await, all[..1]);
    let of_ann = [row("cy--", false, Pending), row("cy--", true, Refused)];
    assert_eq!(listed(&ann, Direction::All).await, of_ann);
    assert_eq!(listed(&ann, Direction::Sent).await, of_ann[1..]);
    // Joining answers what waits.
    let waiting = cy.group_invite_list().await.unwrap();
    assert!(waiting[0].outcome.is_none());
    cy.answer_invitation(waiting[0].group_invite_id, true)
        .await
        .unwrap();
    assert_eq!(
        listed(&bo, Direction::Sent).await,
        [row("cy--", true, Agreed)]
    );
}
