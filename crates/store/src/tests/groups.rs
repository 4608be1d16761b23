//! Groups that change hands, are dissolved, and what members are in them.

use hongyan_protocol::{
    group::{JoinPolicy, Role},
    id::{ConversationId, GroupApplyId, GroupInviteId},
    keep::Keep,
};

use super::{Fixture, draft, new_group};
use crate::{Group, GroupChange, NewGroupApply, NewGroupInvite};

#[tokio::test]
async fn a_change_leaves_the_other_settings() {
    let fixture = Fixture::new();
    let [ann] = fixture.users(["anna"]).await;
    let team = fixture.group(ann, "team").await;
    let changed = fixture.tx(move |tx| {
        let before = tx.group(team)?.unwrap();
        let change = GroupChange {
            announcement: Some("明天放假".to_owned()),
            join: Some(JoinPolicy::Invitation),
            muted_all: Some(true),
            ..GroupChange::default()
        };
        tx.update_group(team, &change)?;
        tx.update_group(team, &GroupChange::default())?;
        Ok((before, tx.group(team)?.unwrap()))
    });
    let (before, after) = changed.await.unwrap();
    let expected = Group {
        announcement: "明天放假".to_owned(),
        join: JoinPolicy::Invitation,
        muted_all: true,
        ..before
    };
    assert_eq!(after, expected);
}

#[tokio::test]
async fn a_group_handed_over_has_one_owner_who_may_speak() {
    let fixture = Fixture::new();
    let [ann, bo, eve] = fixture.users(["anna", "bodo", "evee"]).await;
    let team = fixture.group(ann, "team").await;
    let (group, [of_ann, of_bo]) = fixture
        .tx(move |tx| {
            tx.join(team, bo, 2)?;
            assert!(tx.mute(team, bo, 99)? && !tx.mute(team, eve, 99)?);
            assert!(tx.set_member_nickname(team, bo, "Bass")?);
            assert!(!tx.hand_over(team, eve)? && !tx.hand_over(team, ann)?);
            assert!(tx.hand_over(team, bo)?);
            let membership = |user| Ok(tx.membership(team, user)?.unwrap());
            Ok((
                tx.group(team)?.unwrap(),
                [membership(ann)?, membership(bo)?],
            ))
        })
        .await
        .unwrap();
    assert_eq!(group.owner_id, bo);
    assert_eq!((of_ann.role, of_bo.role), (Role::Admin, Role::Owner));
    assert_eq!((of_bo.muted_until, of_bo.nickname.as_str()), (0, "Bass"));
}

#[tokio::test]
async fn a_dissolved_group_takes_everything_with_it_and_what_was_said_is_to_be_swept() {
    let fixture = Fixture::new();
    let [ann, bo, cy, dee] = fixture.users(["anna", "bodo", "cyan", "deed"]).await;
    let team = fixture.group(ann, "team").await;
    let (apply, invite) = (GroupApplyId::mint(), GroupInviteId::mint());
    let dissolved = fixture.tx(move |tx| {
        tx.join(team, bo, 2)?;
        tx.add_group_apply(&NewGroupApply {
            id: apply,
            group_id: team,
            user_id: cy,
            remark: String::new(),
            now: 2,
        })?;
        tx.add_group_invite(&NewGroupInvite {
            id: invite,
            group_id: team,
            inviter_id: ann,
            user_id: dee,
            remark: String::new(),
            now: 2,
        })?;
        let conversation = tx.group(team)?.unwrap().conversation_id;
        tx.append(conversation, &draft(ann, "gone soon"), 3)?;
        assert_eq!(tx.members(team)?.ids.len(), 2);
        assert!(tx.dissolve_group(team)? && !tx.dissolve_group(team)?);
        assert!(tx.group(team)?.is_none() && tx.group_apply(apply)?.is_none());
        assert!(tx.group_invite(invite)?.is_none());
        assert!(tx.members(team)?.ids.is_empty());
        assert!(tx.groups_of(ann)?.is_empty() && tx.groups_owned_by(ann)?.is_empty());
        assert!(tx.kept(bo, 10)?.is_empty(), "nobody is sent what was said");
        assert!(!tx.join(team, cy, 4)?);
        let swept = tx.sweepable(ConversationId::NIL, true, 10)?;
        let swept: Vec<_> = swept.iter().map(|swept| (swept.id, swept.keep)).collect();
        assert_eq!(swept, [(conversation, Some(Keep::None))]);
        tx.create_group(&new_group(bo, "team"))
    });
    assert!(dissolved.await.unwrap(), "the name is free");
}
