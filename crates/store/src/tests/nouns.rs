//! Users, sessions, friends, groups, messages.

use hongyan_protocol::{
    group::{Invite, Role},
    id::{FriendApplyId, GroupApplyId, GroupInviteId, SessionId, UserId},
    user::Sex,
};

use super::{Fixture, draft, new_group, new_session, new_user, stored};
use crate::{
    Appended, ApplyState, Draft, Entry, GroupChange, NewFriendApply, NewGroupApply, NewGroupInvite,
    ProfileChange, Tx,
};

#[tokio::test]
async fn a_username_is_taken_in_any_case() {
    let fixture = Fixture::new();
    let [ann] = fixture.users(["Anna"]).await;
    let again = new_user(UserId::mint(), "aNNA", "x");
    assert!(!fixture.tx(move |tx| tx.create_user(&again)).await.unwrap());
    let (found, hash) = fixture.view(|view| view.credentials("anna")).await.unwrap();
    assert_eq!((found.id, found.username.as_str()), (ann, "Anna"));
    assert_eq!(hash, "hash");
}

#[tokio::test]
async fn a_profile_change_leaves_the_other_fields() {
    let fixture = Fixture::new();
    let [ann] = fixture.users(["anna"]).await;
    let changed = fixture.tx(move |tx| {
        let change = ProfileChange {
            nickname: Some("ÄNNE".to_owned()),
            sex: Some(Sex::Female),
            ..ProfileChange::default()
        };
        tx.update_profile(ann, &change)?;
        tx.set_password_hash(ann, "other")?;
        tx.search_users(None, Some("änn"), 1, 50)
    });
    let found = changed.await.unwrap();
    assert_eq!(found[0].nickname, "ÄNNE");
    assert_eq!((found[0].sex, found[0].sign.as_str()), (Sex::Female, ""));
    let hash = fixture.view(move |view| view.password_hash(ann)).await;
    assert_eq!(hash.as_deref(), Some("other"));
}

#[tokio::test]
async fn a_search_takes_its_text_literally_and_in_pages() {
    let fixture = Fixture::new();
    for (name, nickname) in [
        ("one1", "100% Ann"),
        ("two2", "100 Ann"),
        ("three", "a_n!"),
        ("four", "鸿雁 ANN"),
    ] {
        let user = new_user(UserId::mint(), name, nickname);
        fixture.tx(move |tx| tx.create_user(&user)).await.unwrap();
    }
    for (part, expected) in [
        ("0%", vec!["one1"]),
        ("A_N", vec!["three"]),
        ("n!", vec!["three"]),
        ("雁", vec!["four"]),
        ("ann", vec!["one1", "two2", "four"]),
        ("", vec!["one1", "two2", "three", "four"]),
    ] {
        let found = fixture
            .view(move |view| view.search_users(None, Some(part), 1, 500))
            .await;
        let names: Vec<_> = found.iter().map(|user| user.username.as_str()).collect();
        assert_eq!(names, expected, "{part}");
    }
    let second = fixture
        .view(|view| view.search_users(None, Some("ann"), 2, 2))
        .await;
    assert_eq!(second.len(), 1);
    let by_name = fixture
        .view(|view| view.search_users(Some("TWO2"), None, 1, 50))
        .await;
    assert_eq!(by_name.len(), 1);
    let neither = fixture
        .view(|view| view.search_users(None, None, 1, 50))
        .await;
    assert!(neither.is_empty());
}

#[tokio::test]
async fn the_newest_logins_displace_the_oldest() {
    let fixture = Fixture::new();
    let [ann, bo] = fixture.users(["anna", "bodo"]).await;
    let sessions = [1, 2, 3].map(|number| new_session(ann, number));
    let [first, second, third] = [0, 1, 2].map(|at: usize| sessions[at].id);
    let others = new_session(bo, 9);
    let displaced = fixture.tx(move |tx| {
        tx.open_session(&others, 1)?;
        let mut displaced = Vec::new();
        for session in &sessions {
            displaced.push(tx.open_session(session, 2)?);
        }
        Ok(displaced)
    });
    assert_eq!(displaced.await.unwrap(), [vec![], vec![], vec![first]]);
    let (ended, found) = fixture
        .view(move |view| {
            let ended = view.ended_among(&[first, second, third, SessionId::NIL], 50)?;
            Ok((ended, view.session_by_token(&[3; 32])?))
        })
        .await;
    assert_eq!(ended, [first, SessionId::NIL]);
    assert_eq!(found.unwrap().id, third);

    let (kept_one, expired) = fixture
        .tx(move |tx| {
            let ended = tx.end_sessions_of(ann, Some(second))?;
            assert!(tx.touch_session(second, 60, 200)?);
            assert!(!tx.end_session(third)?);
            Ok((ended, tx.remove_expired_sessions(100)?))
        })
        .await
        .unwrap();
    assert_eq!(kept_one, [third]);
    assert_eq!(expired.len(), 1, "the other user's");
    let left = fixture.view(move |view| view.sessions_of(ann)).await;
    assert_eq!((left[0].seen_at, left[0].expires_at), (60, 200));
}

#[tokio::test]
async fn of_two_answers_to_one_application_exactly_one_wins() {
    let fixture = Fixture::new();
    let [ann, bo] = fixture.users(["anna", "bodo"]).await;
    let apply = NewFriendApply {
        id: FriendApplyId::mint(),
        from_id: ann,
        to_id: bo,
        remark: "hello".to_owned(),
        now: 5,
    };
    let id = apply.id;
    let again = NewFriendApply {
        id: FriendApplyId::mint(),
        ..apply.clone()
    };
    let ids = fixture
        .tx(move |tx| Ok((tx.add_friend_apply(&apply)?, tx.add_friend_apply(&again)?)))
        .await
        .unwrap();
    assert_eq!(ids, (id, id), "one pending at a time");
    let listed = fixture.view(move |view| view.friend_applies_to(bo)).await;
    assert_eq!((listed.len(), listed[0].from.id), (1, ann));

    let answers: Vec<_> = (0..8)
        .map(|number| {
            fixture.tx(move |tx| {
                let won = tx.answer_friend_apply(id, number % 2 == 0, 6)?;
                if won && number % 2 == 0 {
                    tx.befriend(ann, bo, 6)?;
                }
                Ok(won)
            })
        })
        .collect();
    let mut winners = 0;
    for answer in answers {
        winners += u32::from(answer.await.unwrap());
    }
    assert_eq!(winners, 1);
    let state = fixture
        .view(move |view| Ok(view.friend_apply(id)?.map(|apply| apply.state)))
        .await;
    assert_eq!(state, Some(ApplyState::Agreed));
}

#[tokio::test]
async fn friends_see_each_other_and_find_their_conversation_again() {
    let fixture = Fixture::new();
    let (ann, bo, conversation) = fixture.friends().await;
    let remarked = fixture.tx(move |tx| tx.set_remark(ann, bo, "boss"));
    assert!(remarked.await.unwrap());
    let (friends, viewers, friendship) = fixture
        .view(move |view| {
            Ok((
                view.friends(ann)?,
                view.viewers_of(bo)?,
                view.friendship(bo, ann)?,
            ))
        })
        .await;
    assert_eq!(
        (friends[0].user.id, friends[0].friendship.remark.as_str()),
        (bo, "boss")
    );
    assert_eq!(viewers, [(ann, "boss".to_owned())]);
    assert_eq!(friendship.unwrap().conversation_id, conversation);

    let again = fixture.tx(move |tx| {
        assert!(tx.unfriend(bo, ann)?);
        assert!(!tx.unfriend(bo, ann)?);
        assert!(!tx.is_friend(ann, bo)?);
        tx.befriend(bo, ann, 2)
    });
    assert_eq!(again.await.unwrap(), conversation);
}

#[tokio::test]
async fn a_group_is_applied_to_invited_into_run_and_left() {
    let fixture = Fixture::new();
    let [ann, bo, cai] = fixture.users(["anna", "bodo", "caica"]).await;
    let team = fixture.group(ann, "Team").await;
    let taken = new_group(bo, "tEAM");
    assert!(!fixture.tx(move |tx| tx.create_group(&taken)).await.unwrap());

    let apply = NewGroupApply {
        id: GroupApplyId::mint(),
        group_id: team,
        user_id: bo,
        remark: "let me in".to_owned(),
        now: 2,
    };
    let invite = NewGroupInvite {
        id: GroupInviteId::mint(),
        group_id: team,
        inviter_id: ann,
        user_id: bo,
        remark: String::new(),
        now: 2,
    };
    let (apply_id, invite_id) = (apply.id, invite.id);
    fixture
        .tx(move |tx| {
            tx.add_group_apply(&apply)?;
            tx.add_group_invite(&invite)
        })
        .await
        .unwrap();
    let (run, invited) = fixture
        .view(move |view| Ok((view.group_applies_to(ann)?, view.invites_to(bo)?)))
        .await;
    assert_eq!((run[0].id, run[0].from.id), (apply_id, bo));
    assert_eq!((invited[0].id, invited[0].inviter.id), (invite_id, ann));

    fixture
        .tx(move |tx| {
            assert!(tx.answer_group_apply(apply_id, true, 3)?);
            assert!(!tx.answer_group_apply(apply_id, true, 3)?);
            assert!(tx.join(team, bo, 3)? && !tx.join(team, bo, 3)?);
            assert!(
                !tx.answer_group_invite(invite_id, false, 3)?,
                "closed by joining"
            );
            assert!(tx.join(team, cai, 4)? && tx.set_role(team, cai, Role::Admin)?);
            let change = GroupChange {
                invite: Some(Invite::Operators),
                ..GroupChange::default()
            };
            assert!(tx.update_group(team, &change)?);
            Ok(())
        })
        .await
        .unwrap();
    let (group, list, operators, of_bo, found) = fixture
        .view(move |view| {
            Ok((
                view.group(team)?.unwrap(),
                view.member_list(team, 10)?,
                view.operators(team)?,
                view.groups_of(bo)?,
                view.search_groups(None, Some("EA"), 1, 10)?,
            ))
        })
        .await;
    assert_eq!((group.member_count, group.invite), (3, Invite::Operators));
    assert_eq!(found, [group]);
    let roles: Vec<_> = list
        .iter()
        .map(|member| (member.user.id, member.membership.role))
        .collect();
    assert_eq!(
        roles,
        [(ann, Role::Owner), (cai, Role::Admin), (bo, Role::Member)]
    );
    assert_eq!(operators, [ann, cai]);
    assert_eq!(of_bo[0].owner.id, ann);
    assert_eq!(of_bo[0].own.role, Role::Member);

    fixture
        .tx(move |tx| {
            assert!(tx.leave(team, bo)? && !tx.leave(team, bo)?);
            assert_eq!(&*tx.members(team)?.ids, [ann, cai]);
            assert_eq!(tx.role(team, bo)?, None);
            Ok(())
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn a_repeated_message_is_stored_once_and_another_body_is_a_conflict() {
    let fixture = Fixture::new();
    let (ann, bo, conversation) = fixture.friends().await;
    let keyed = |sender, msg: &str| Draft {
        client_msg_id: Some("key".to_owned()),
        ..draft(sender, msg)
    };
    let (first, repeat, conflict, others) = (
        keyed(ann, "hi"),
        keyed(ann, "hi"),
        keyed(ann, "ho"),
        keyed(bo, "hi"),
    );
    let answers = fixture.tx(move |tx| {
        Ok((
            tx.append(conversation, &first, 1)?,
            tx.append(conversation, &repeat, 2)?,
            tx.append(conversation, &conflict, 3)?,
            tx.append(conversation, &others, 4)?,
        ))
    });
    let (first, repeat, conflict, others) = answers.await.unwrap();
    let first = stored(first);
    assert_eq!(repeat, Appended::Repeat(first));
    assert_eq!(conflict, Appended::Conflict);
    assert_eq!(stored(others).seq, 2);
}

#[tokio::test]
async fn kept_messages_are_others_newest_and_undelivered_in_the_order_of_the_log() {
    let fixture = Fixture::new();
    let (ann, bo, friends) = fixture.friends().await;
    let team = fixture.group(ann, "team").await;
    let kept = fixture.tx(move |tx| {
        let group = tx.group(team)?.unwrap().conversation_id;
        tx.append(group, &draft(ann, "before bo came"), 1)?;
        tx.join(team, bo, 2)?;
        for (conversation, sender, text) in [
            (friends, ann, "a"),
            (group, ann, "b"),
            (friends, bo, "own"),
            (friends, ann, "c"),
            (group, ann, "d"),
        ] {
            tx.append(conversation, &draft(sender, text), 3)?;
        }
        let kept = |tx: &Tx<'_>, limit| tx.kept(bo, &tx.waiting(bo)?, limit);
        let all = kept(tx, 10)?;
        let newest = kept(tx, 2)?;
        tx.mark_delivered(&[(bo, friends, 3), (bo, friends, 1)])?;
        tx.unfriend(ann, bo)?;
        tx.befriend(ann, bo, 4)?;
        let rest = kept(tx, 10)?;
        tx.leave(team, bo)?;
        tx.mark_delivered(&[(bo, group, 1)])?;
        Ok([all, newest, rest, kept(tx, 10)?])
    });
    let texts = kept.await.unwrap().map(|kept| {
        kept.iter()
            .map(|kept| match &kept.entry {
                Entry::Message(stored) => (stored.msg.clone(), kept.group_id.is_some()),
                Entry::Change(change) => panic!("nothing was changed: {change:?}"),
            })
            .collect::<Vec<_>>()
    });
    let [a, b, c, d] = [("a", false), ("b", true), ("c", false), ("d", true)]
        .map(|(text, group)| (text.to_owned(), group));
    assert_eq!(texts[0], [a, b.clone(), c.clone(), d.clone()]);
    assert_eq!(texts[1], [c, d.clone()]);
    assert_eq!(
        texts[2],
        [b, d],
        "cursors only move forward and outlive a friendship"
    );
    assert!(
        texts[3].is_empty(),
        "who leaves receives nothing more from the group"
    );
}
