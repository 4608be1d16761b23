//! Groups that change hands, are dissolved, and what members are in them.

use hongyan_protocol::{
    group::{JoinPolicy, Role},
    id::{ConversationId, GroupApplyId, GroupInviteId},
    keep::Keep,
};

use super::{Fixture, draft, new_group};
use crate::{ApplyState, Group, GroupChange, NewGroupApply, NewGroupInvite};

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
        assert!(tx.waiting(bo)?.is_empty(), "nobody is sent what was said");
        assert!(!tx.join(team, cy, 4)?);
        let swept = tx.sweepable(ConversationId::NIL, true, 10)?;
        let swept: Vec<_> = swept.iter().map(|swept| (swept.id, swept.keep)).collect();
        assert_eq!(swept, [(conversation, Some(Keep::None))]);
        tx.create_group(&new_group(bo, "team"))
    });
    assert!(dissolved.await.unwrap(), "the name is free");
}

#[tokio::test]
async fn what_everybody_has_received_ends_before_the_first_message_that_somebody_else_waits_for() {
    let fixture = Fixture::new();
    let [ann, bo, cy] = fixture.users(["anna", "bodo", "cyan"]).await;
    let team = fixture.group(ann, "team").await;
    let delivered = fixture.tx(move |tx| {
        tx.join(team, bo, 2)?;
        tx.join(team, cy, 2)?;
        let conversation = tx.group(team)?.unwrap().conversation_id;
        for (sender, text) in [(ann, "1"), (ann, "2"), (bo, "3"), (bo, "4")] {
            tx.append(conversation, &draft(sender, text), 3)?;
        }
        let mut delivered = Vec::new();
        for (user, seq) in [(cy, 1), (bo, 2), (cy, 3), (ann, 3), (cy, 4), (ann, 4)] {
            tx.mark_delivered(&[(user, conversation, seq)])?;
            let swept = tx.sweepable(ConversationId::NIL, false, 10)?;
            delivered.push(tx.last_delivered(&swept[0])?);
        }
        Ok(delivered)
    });
    assert_eq!(delivered.await.unwrap(), [0, 1, 2, 3, 3, 4]);
}

#[tokio::test]
async fn what_was_asked_and_offered_is_found_from_both_sides_in_pages() {
    let fixture = Fixture::new();
    let [ann, bo, cai] = fixture.users(["anna", "bodo", "caica"]).await;
    let [of_ann, of_bo] = [
        fixture.group(ann, "anns").await,
        fixture.group(bo, "bobs").await,
    ];
    let apply = |group_id, user_id, now| NewGroupApply {
        id: GroupApplyId::mint(),
        group_id,
        user_id,
        remark: String::new(),
        now,
    };
    let invite = |group_id, inviter_id, user_id, now| NewGroupInvite {
        id: GroupInviteId::mint(),
        group_id,
        inviter_id,
        user_id,
        remark: String::new(),
        now,
    };
    let applies = [
        apply(of_ann, bo, 1),
        apply(of_bo, ann, 2),
        apply(of_bo, cai, 3),
    ];
    let invites = [invite(of_ann, ann, cai, 1), invite(of_bo, bo, ann, 2)];
    let ids = applies.clone().map(|apply| apply.id);
    let invite_ids = invites.clone().map(|invite| invite.id);
    fixture
        .tx(move |tx| {
            for apply in &applies {
                tx.add_group_apply(apply)?;
            }
            for invite in &invites {
                tx.add_group_invite(invite)?;
            }
            tx.answer_group_apply(ids[0], false, 9)?;
            tx.answer_group_invite(invite_ids[0], true, 8)?;
            Ok(())
        })
        .await
        .unwrap();
    let (sent, [first, second], made, all) = fixture
        .view(move |view| {
            Ok((
                view.group_applies_sent(bo, 1, 50)?,
                [
                    view.group_applies_of(bo, 1, 2)?,
                    view.group_applies_of(bo, 2, 2)?,
                ],
                view.invites_sent(ann, 1, 50)?,
                view.invites_of(ann, 1, 50)?,
            ))
        })
        .await;
    let answered = (sent[0].id, sent[0].state, sent[0].handled_at);
    assert_eq!(answered, (ids[0], ApplyState::Refused, Some(9)));
    let [first, second] =
        [first, second].map(|page| page.iter().map(|apply| apply.id).collect::<Vec<_>>());
    assert_eq!((first, second), (vec![ids[2], ids[1]], vec![ids[0]]));
    assert_eq!(made.len(), 1);
    let answered = (made[0].other.id, made[0].state, made[0].handled_at);
    assert_eq!(answered, (cai, ApplyState::Agreed, Some(8)));
    let others: Vec<_> = all.iter().map(|invite| invite.other.id).collect();
    assert_eq!(others, [bo, cai]);
    assert_eq!((all[0].inviter_id, all[0].user_id), (bo, ann));
}

#[tokio::test]
async fn one_group_is_seen_as_in_the_list_by_its_members_alone() {
    let fixture = Fixture::new();
    let [ann, bo] = fixture.users(["anna", "bodo"]).await;
    let team = fixture.group(ann, "team").await;
    let (listed, one, none) = fixture
        .view(move |view| {
            Ok((
                view.groups_of(ann)?,
                view.joined_group(team, ann)?,
                view.joined_group(team, bo)?,
            ))
        })
        .await;
    assert_eq!(Some(&listed[0]), one.as_ref());
    assert_eq!(none, None);
}
