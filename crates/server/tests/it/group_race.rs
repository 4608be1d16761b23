//! Two who rule a group at once, and the others meanwhile; as in [`crate::race`], nothing depends on who wins.

use hongyan_protocol::{Code, EventType, Operation, group::Role as Rank};
use serde_json::json;

use crate::{
    group::members,
    harness::{Role, Scene, stage},
    race::{ROUNDS, Runner, codes, race, winner},
};

#[tokio::test]
async fn of_two_who_are_handed_a_group_at_once_one_owns_it() {
    let server = stage().await;
    for _ in 0..ROUNDS {
        let scene = Scene::on(&server).await;
        let heirs = [Role::Member, Role::Bass];
        let mut runners = Vec::new();
        for heir in heirs {
            let request = json!({"groupId": scene.group, "userId": scene.id(heir)});
            let owner = scene.of(Role::Owner);
            runners.push(Runner::new(owner, Operation::GroupHandOver, request).await);
        }
        let heir = scene.of(heirs[winner(&race(runners).await, Code::NotAllowed)]);
        let ranks = members(heir, scene.group).await;
        let of = |rank| ranks.iter().filter(move |member| member.1 == rank).count();
        assert_eq!(
            (of(Rank::Owner), of(Rank::Admin), of(Rank::Member)),
            (1, 1, 1)
        );
        assert_eq!(ranks[0], (heir.name(), Rank::Owner));
        let owned = heir.owned_groups().await.unwrap();
        assert_eq!(owned[0].owner_user_id, heir.id());
        assert!(
            scene
                .of(Role::Owner)
                .owned_groups()
                .await
                .unwrap()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn who_joins_a_group_while_it_is_dissolved_is_in_none() {
    let server = stage().await;
    for _ in 0..ROUNDS {
        let mut scene = Scene::on(&server).await;
        scene.of_mut(Role::Addressee).come_online().await;
        scene.of_mut(Role::Guest).forget_presence().await;
        let mut runners = Vec::new();
        for operation in [Operation::GroupInviteReply, Operation::GroupDissolve] {
            let (role, request) = scene.done(operation);
            runners.push(Runner::new(scene.of(role), operation, request).await);
        }
        let codes = codes(&race(runners).await);
        assert_eq!(codes[1], Code::Ok);
        let addressee = scene.of_mut(Role::Addressee);
        if codes[0] == Code::Ok {
            addressee.expect(EventType::GroupDissolved).await;
        } else {
            assert_eq!(codes[0], Code::NoSuchInvite);
        }
        addressee.heard_nothing().await;
        assert!(addressee.joined_groups().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn who_is_removed_and_muted_at_once_is_gone() {
    let server = stage().await;
    for _ in 0..ROUNDS {
        let scene = Scene::on(&server).await;
        let mut runners = Vec::new();
        for operation in [Operation::GroupKick, Operation::GroupMute] {
            let (role, request) = scene.done(operation);
            runners.push(Runner::new(scene.of(role), operation, request).await);
        }
        let codes = codes(&race(runners).await);
        assert_eq!(codes[0], Code::Ok);
        assert!(matches!(codes[1], Code::Ok | Code::NotMember), "{codes:?}");
        assert_eq!(members(scene.of(Role::Owner), scene.group).await.len(), 2);
    }
}
