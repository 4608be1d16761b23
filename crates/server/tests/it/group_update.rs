//! Groups that change: settings, policies, pictures, owners, and their end.

use std::io::Cursor;

use hongyan_protocol::{
    Code, EventType,
    group::{GroupAddResult, GroupUpdate, JoinPolicy, Role, SearchGroup},
    group_member::GroupMemberChanged,
    id::GroupId,
    text::Text,
};
use image::{DynamicImage, ImageFormat};
use serde_json::json;

use crate::{
    group::{choir, members, promote},
    harness::{Person, TestServer, assert_event, files_in, reply},
};

async fn let_in(owner: &Person, group: GroupId, policy: JoinPolicy) {
    let update = GroupUpdate {
        join: Some(policy),
        ..GroupUpdate::of(group)
    };
    owner.update_group(&update).await.unwrap();
}

fn by_name(name: &str) -> SearchGroup {
    SearchGroup {
        group_name: Some(name.to_owned()),
        ..SearchGroup::default()
    }
}

#[tokio::test]
async fn a_change_is_told_to_every_member_whole_and_what_is_none_to_nobody() {
    let server = TestServer::start().await;
    let mut people = server.users(["ann", "bo", "cy"]).await;
    let group = choir(&mut people).await;
    promote(&mut people, group, 1).await;
    let head_img = people[0].joined_groups().await.unwrap()[0]
        .group_head_img
        .clone();
    let update = GroupUpdate {
        group_nickname: Some(Text::new("合唱团").unwrap()),
        announcement: Some(Text::new("<b>周三</b>停排").unwrap()),
        join: Some(JoinPolicy::Invitation),
        ..GroupUpdate::of(group)
    };
    people[1].update_group(&update).await.unwrap();
    for receiver in 0..people.len() {
        let event = people[receiver].expect(EventType::GroupUpdated).await;
        let data = json!({
            "groupId": group,
            "groupName": "choir",
            "groupNickname": "合唱团",
            "groupHeadImg": head_img,
            "introduction": "About choir",
            "ownerUserId": people[0].id(),
            "join": "invitation",
            "memberCount": 3,
            "announcement": "<b>周三</b>停排",
            "invite": "members",
            "muteAll": false,
        });
        let (from, to) = (&people[1], &people[receiver]);
        assert_event(&event, EventType::GroupUpdated, from, to, data);
    }
    people[0].update_group(&update).await.unwrap();
    people[0]
        .update_group(&GroupUpdate::of(group))
        .await
        .unwrap();
    for person in &mut people {
        person.heard_nothing().await;
    }
    assert_eq!(people[2].code(&update).await, Code::NotAllowed);
}

#[tokio::test]
async fn strangers_find_a_group_without_its_announcement() {
    let server = TestServer::start().await;
    let mut people = server.users(["ann", "bo"]).await;
    let group = choir(&mut people).await;
    let update = GroupUpdate {
        announcement: Some(Text::new("for members").unwrap()),
        ..GroupUpdate::of(group)
    };
    people[0].update_group(&update).await.unwrap();
    let eve = server.user("eve").await;
    let found = eve.search_group(&by_name("choir")).await.unwrap().remove(0);
    assert_eq!((found.join, found.member_count), (JoinPolicy::Approval, 2));
    assert!(found.settings.is_none() && found.own.is_none());
    let joined = people[1].joined_groups().await.unwrap().remove(0);
    assert_eq!(joined.settings.unwrap().announcement, "for members");
    let owned = people[0].owned_groups().await.unwrap().remove(0);
    assert_eq!(owned.settings.unwrap().announcement, "for members");
    assert!(owned.own.is_none() && owned.owner.is_none());
}

#[tokio::test]
async fn an_open_group_is_joined_at_once_as_if_its_owner_had_agreed() {
    let server = TestServer::start_with(|config| config.limits.group_members = 3).await;
    let mut people = server.users(["ann", "bo"]).await;
    let group = choir(&mut people).await;
    let mut cy = server.user("cy").await;
    cy.join_group(group, "asked before").await.unwrap();
    let [ann, bo] = &mut people;
    ann.applied(group).await;
    let_in(ann, group, JoinPolicy::Open).await;
    for member in [&mut *ann, &mut *bo] {
        member.expect(EventType::GroupUpdated).await;
    }
    cy.join_group(group, "").await.unwrap();
    let event = cy.expect(EventType::GroupAddResult).await;
    assert_eq!(event.from(), Some(ann.id()));
    let result: GroupAddResult = event.data().unwrap();
    assert!(result.agree && result.group_users.unwrap().len() == 3);
    for member in [&mut *ann, &mut *bo] {
        let event = member.expect(EventType::GroupJoin).await;
        assert_eq!(event.from(), Some(cy.id()));
    }
    assert!(ann.group_apply_list().await.unwrap().is_empty());
    cy.send_to_group(group, "hello").await.unwrap();
    assert_eq!(ann.message().await.msg, "hello");
    let dee = server.user("dee").await;
    let full = dee.join_group(group, "").await.unwrap_err();
    assert_eq!(full.code(), Some(Code::GroupFull));
}

#[tokio::test]
async fn a_group_by_invitation_takes_no_applications_and_still_invites() {
    let server = TestServer::start().await;
    let mut people = server.users(["ann", "bo"]).await;
    let group = choir(&mut people).await;
    let mut cy = server.user("cy").await;
    let [ann, bo] = &mut people;
    bo.befriend(&mut cy).await;
    let_in(ann, group, JoinPolicy::Invitation).await;
    let refused = cy.join_group(group, "").await.unwrap_err();
    assert_eq!(refused.code(), Some(Code::InviteOnly));
    assert!(ann.group_apply_list().await.unwrap().is_empty());
    bo.invite(group, cy.id(), "").await.unwrap();
    let invitation = cy.invited().await;
    cy.answer_invitation(invitation, true).await.unwrap();
    assert_eq!(members(&cy, group).await.len(), 3);
}

#[tokio::test]
async fn a_group_that_is_handed_over_has_its_old_owner_as_an_admin() {
    let server = TestServer::start().await;
    let mut people = server.users(["ann", "bo", "cy"]).await;
    let group = choir(&mut people).await;
    let (ann, bo) = (people[0].id(), people[1].id());
    people[0].mute(group, bo, 60).await.unwrap();
    people[0].hand_over(group, bo).await.unwrap();
    for person in &mut people {
        person.expect(EventType::GroupMuted).await;
        for (user, role) in [(bo, Role::Owner), (ann, Role::Admin)] {
            let event = person.expect(EventType::GroupRole).await;
            let member: GroupMemberChanged = event.data().unwrap();
            assert_eq!(event.from(), Some(ann));
            assert_eq!((member.user_id, member.role), (user, role));
            assert_eq!(member.muted_until, 0, "an owner may speak");
        }
    }
    let names: Vec<_> = members(&people[2], group).await;
    let expected = [
        ("bo--", Role::Owner),
        ("ann-", Role::Admin),
        ("cy--", Role::Member),
    ];
    assert_eq!(names, expected.map(|(name, role)| (name.to_owned(), role)));
    assert!(people[0].owned_groups().await.unwrap().is_empty());
    let owned = people[1].owned_groups().await.unwrap();
    assert_eq!(owned[0].owner_user_id, bo);
    let joined = people[2].joined_groups().await.unwrap().remove(0);
    assert_eq!(joined.owner.unwrap().owner_username, "bo--");
    people[1].send_to_group(group, "mine").await.unwrap();
    people[0].leave_group(group).await.unwrap();
}

#[tokio::test]
async fn a_dissolved_group_is_gone_for_everybody_and_its_name_is_free() {
    let server = TestServer::start_with(|config| config.accounts.devices = 2).await;
    let mut people = server.users(["ann", "bo", "cy"]).await;
    let group = choir(&mut people).await;
    let mut tablet = server.log_in(&people[0]).await;
    tablet.come_online().await;
    let mut dee = server.user("dee").await;
    dee.join_group(group, "too late").await.unwrap();
    people[0].applied(group).await;
    tablet.applied(group).await;
    let head_img = people[0].joined_groups().await.unwrap()[0]
        .group_head_img
        .clone();
    people[0].dissolve_group(group).await.unwrap();
    let data = json!({
        "groupId": group,
        "groupName": "choir",
        "groupNickname": "Club choir",
        "groupHeadImg": head_img,
    });
    let event = tablet.expect(EventType::GroupDissolved).await;
    let owner = &people[0];
    assert_event(
        &event,
        EventType::GroupDissolved,
        owner,
        owner,
        data.clone(),
    );
    for receiver in 0..people.len() {
        let event = people[receiver].expect(EventType::GroupDissolved).await;
        let (from, to) = (&people[0], &people[receiver]);
        assert_event(&event, EventType::GroupDissolved, from, to, data.clone());
    }
    dee.heard_nothing().await;
    for person in &people {
        assert!(person.joined_groups().await.unwrap().is_empty());
        assert!(person.group_apply_list().await.unwrap().is_empty());
        assert_eq!(members(person, group).await, []);
        let error = person.send_to_group(group, "hello?").await.unwrap_err();
        assert_eq!(error.code(), Some(Code::NoSuchGroup));
    }
    assert!(
        dee.search_group(&by_name("choir"))
            .await
            .unwrap()
            .is_empty()
    );
    let again = dee.group("choir").await;
    assert_ne!(again, group);
}

#[tokio::test]
async fn what_was_kept_in_a_dissolved_group_is_pushed_to_nobody() {
    let server = TestServer::start().await;
    let mut people = server.users(["ann", "bo"]).await;
    let group = choir(&mut people).await;
    let [ann, bo] = &mut people;
    bo.go_offline().await;
    ann.send_to_group(group, "anybody?").await.unwrap();
    ann.dissolve_group(group).await.unwrap();
    bo.come_online().await;
    bo.heard_nothing().await;
}

/// A small picture of one colour.
fn picture() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(9, 9)
        .write_to(&mut bytes, ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

fn pictures(server: &TestServer) -> usize {
    files_in(&server.data_dir().join("picture")).len()
}

#[tokio::test]
async fn a_groups_picture_is_everybodys_to_see_and_leaves_no_file_behind() {
    let server = TestServer::start().await;
    let mut people = server.users(["ann", "bo"]).await;
    let group = choir(&mut people).await;
    let [ann, bo] = &mut people;
    let default = bo.joined_groups().await.unwrap()[0].group_head_img.clone();
    let mut paths = vec![default.clone()];
    for _ in 0..2 {
        let card = ann.update_avatar(group, Some(picture())).await.unwrap();
        let event = bo.expect(EventType::GroupUpdated).await;
        let told: hongyan_protocol::group::GroupCard = event.data().unwrap();
        assert_eq!(told.group_head_img, card.group_head_img);
        assert_eq!(
            reply(server.web().get(&card.group_head_img)).await.status,
            200
        );
        assert_eq!(pictures(&server), 1, "the one before is removed");
        assert!(!paths.contains(&card.group_head_img));
        paths.push(card.group_head_img);
    }
    let refused = bo.update_avatar(group, Some(picture())).await.unwrap_err();
    assert_eq!(refused.code(), Some(Code::NotAllowed));
    assert!(
        ann.update_avatar(group, Some(b"no picture".to_vec()))
            .await
            .is_err()
    );
    let unknown = GroupId::mint();
    let refused = ann
        .update_avatar(unknown, Some(picture()))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Some(Code::NoSuchGroup));
    assert_eq!(pictures(&server), 1);
    let card = ann.update_avatar(group, None).await.unwrap();
    assert_eq!((card.group_head_img, pictures(&server)), (default, 0));
    ann.update_avatar(group, Some(picture())).await.unwrap();
    ann.dissolve_group(group).await.unwrap();
    assert_eq!(pictures(&server), 0);
}
