//! What provokes a code: the scene that is set for it, and who asks for what.

use hongyan_protocol::{
    Code, Operation,
    group::{GroupUpdate, Invite, JoinPolicy},
};
use serde_json::{Value, json};

use crate::harness::{Role, Scene, TestServer};

/// An id of the right form that nobody has.
pub(super) const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

/// A text that reads as no id at all.
pub(super) const NONSENSE: &str = "no such thing";

/// Sets the scene for an answer, and gives who has to ask for what. `None`: another test provokes it.
pub(super) async fn provoke(
    server: &TestServer,
    scene: &mut Scene,
    operation: Operation,
    code: Code,
) -> Option<(Role, Value)> {
    use {Code as C, Operation as O, Role as R};
    let group = scene.group;
    Some(match (operation, code) {
        (_, C::Ok) => scene.done(operation),
        (O::Ping, C::BadRequest) => return None,
        (O::Conversations, C::BadRequest) => (R::Member, json!({"limit": 0})),
        (_, C::BadRequest) => (scene.done(operation).0, json!({})),
        (_, C::TooManyRequests | C::Failed) => return None,

        (O::SendMsg, C::NotFriend) => (R::Outsider, to_user(scene, R::Guest)),
        (O::SendMsg, C::Blocked) => {
            guest_blocks_member(scene).await;
            (R::Member, to_user(scene, R::Guest))
        }
        (O::SendMsg, C::TargetOffline) => {
            scene.of_mut(R::Guest).go_offline().await;
            (R::Owner, to_user(scene, R::Guest))
        }
        (O::SendMsg, C::NoSuchGroup) => (R::Owner, json!({"toGroupId": NOBODY, "msg": "hi"})),
        (O::SendMsg, C::NotMember) => (R::ExMember, json!({"toGroupId": group, "msg": "hi"})),

        (O::SendMsg, C::NotAllowed) => (
            R::Member,
            json!({"toGroupId": group, "msg": "hi", "mentionAll": true}),
        ),
        (O::SendMsg, C::NoSuchMessage) => {
            let mut answer = to_user(scene, R::Guest);
            answer["replyTo"] = json!(7);
            (R::Owner, answer)
        }

        // What names a conversation.
        (_, C::NotFriend) if operation.path().starts_with("/ws/chat/") => (
            R::Outsider,
            instead(scene, operation, "toUserId", scene.id(R::Guest)),
        ),
        (_, C::NoSuchGroup) if operation.path().starts_with("/ws/chat/") => {
            (R::Owner, instead(scene, operation, "toGroupId", NOBODY))
        }
        (_, C::NotMember) if operation.path().starts_with("/ws/chat/") => {
            (R::ExMember, instead(scene, operation, "toGroupId", group))
        }
        (O::Recall | O::Edit | O::React | O::Read, C::NoSuchMessage) => {
            let (role, request) = scene.done(operation);
            (role, with(request, "seq", 7))
        }
        (O::Recall | O::Edit, C::NotAllowed) => (
            R::Guest,
            instead(scene, operation, "toUserId", scene.id(R::Member)),
        ),
        (O::Keep, C::NotAllowed) => (R::Member, json!({"toGroupId": group, "keep": 1})),
        (O::Recall | O::Edit, C::TooLate) => {
            server.clock.advance(15 * 60 * 1000 + 1);
            scene.done(operation)
        }
        (O::React, C::TooManyReactions) => {
            let (role, request) = scene.done(operation);
            for n in 0..20 {
                let request = with(request.clone(), "emoji", format!("{n}"));
                let answer = scene.ask(role, operation, &request).await;
                assert_eq!(answer.code, C::Ok);
            }
            (role, request)
        }
        (O::Edit | O::React | O::Keep, C::Blocked) => {
            guest_blocks_member(scene).await;
            let guest = scene.id(R::Guest);
            (R::Member, instead(scene, operation, "toUserId", guest))
        }
        (O::Edit | O::React, C::Muted) => {
            let member = scene.id(R::Member);
            scene.of(R::Owner).mute(group, member, 60).await.unwrap();
            (R::Member, instead(scene, operation, "toGroupId", group))
        }
        (O::SendMsg, C::Muted) => {
            let member = scene.id(R::Member);
            scene.of(R::Owner).mute(group, member, 60).await.unwrap();
            (R::Member, json!({"toGroupId": group, "msg": "hi"}))
        }

        // Its test is with the other ones of files: it needs a server that keeps nothing.
        (O::SendMsg, C::FilesNotKept) => return None,
        (O::SendMsg, C::NoSuchFile) => (R::Owner, file(scene, NOBODY)),
        (O::SendMsg, C::NotWhatItSays) => {
            let owner = scene.of(R::Owner);
            let uploaded = owner.upload("a", "text/plain", "no picture").await.unwrap();
            let mut request = file(scene, uploaded.file_id);
            request["kind"] = json!("image");
            (R::Owner, request)
        }

        (O::FriendAdd, C::NoSuchUser) => (R::Owner, json!({"userId": NOBODY})),
        (O::FriendAdd, C::Yourself) => (R::Owner, json!({"userId": scene.id(R::Owner)})),
        (O::FriendAdd, C::AlreadyFriend) => (R::Owner, json!({"userId": scene.id(R::Guest)})),
        (O::FriendAdd, C::FriendApplySent) => {
            (R::Applicant, json!({"userId": scene.id(R::Addressee)}))
        }

        (O::FriendAddReply, C::FriendApplyHandled) => {
            carry_out(scene, operation).await;
            scene.done(operation)
        }
        (O::FriendDel, C::NotFriend) => (R::Outsider, json!({"userId": scene.id(R::Guest)})),

        (O::FriendFavourite, C::NotFriend) => (
            R::Outsider,
            json!({"userId": scene.id(R::Guest), "favourite": true}),
        ),
        (O::FriendBlock, C::NoSuchUser) => (R::Owner, json!({"userId": NOBODY, "block": true})),

        (O::GroupAdd, C::NoSuchGroup) => (R::Outsider, json!({"groupId": NOBODY})),
        (O::GroupAdd, C::AlreadyMember) => (R::Owner, json!({"groupId": group})),
        (O::GroupAdd, C::InviteOnly) => {
            joined_by(scene, JoinPolicy::Invitation).await;
            (R::Applicant, json!({"groupId": group}))
        }
        (O::GroupAdd, C::GroupFull) => {
            joined_by(scene, JoinPolicy::Open).await;
            carry_out(scene, O::GroupInviteReply).await;
            (R::Applicant, json!({"groupId": group}))
        }
        (O::GroupAdd, C::GroupApplySent) => (R::Applicant, json!({"groupId": group})),

        (O::GroupAddReply, C::NoSuchGroupApply) => {
            (R::Owner, json!({"groupApplyId": NOBODY, "agree": true}))
        }
        (O::GroupAddReply, C::GroupApplyHandled) => {
            carry_out(scene, operation).await;
            scene.done(operation)
        }
        (O::GroupAddReply, C::GroupFull) => {
            carry_out(scene, O::GroupInviteReply).await;
            scene.done(operation)
        }

        (O::GroupInvite, C::NoSuchGroup) => (R::Owner, invite(NOBODY, scene, R::Guest)),
        (O::GroupInvite, C::NotMember) => (R::Outsider, invite(group, scene, R::Guest)),
        (O::GroupInvite, C::NotAllowed) => {
            only_operators_invite(scene).await;
            (R::Member, invite(group, scene, R::Guest))
        }
        (O::GroupInvite, C::Blocked) => {
            guest_blocks_member(scene).await;
            (R::Member, invite(group, scene, R::Guest))
        }
        (O::GroupInvite, C::NotFriend) => (R::Owner, invite(group, scene, R::Outsider)),
        (O::GroupInvite, C::AlreadyMember) => {
            carry_out(scene, O::GroupInviteReply).await;
            (R::Owner, invite(group, scene, R::Addressee))
        }
        (O::GroupInvite, C::InviteSent) => (R::Owner, invite(group, scene, R::Addressee)),

        (O::GroupInviteReply, C::NoSuchInvite) => (
            R::Addressee,
            json!({"groupInviteId": NOBODY, "agree": true}),
        ),
        (O::GroupInviteReply, C::InviteHandled) => {
            carry_out(scene, operation).await;
            scene.done(operation)
        }
        (O::GroupInviteReply, C::GroupFull) => {
            carry_out(scene, O::GroupAddReply).await;
            scene.done(operation)
        }

        (O::GroupLeave, C::NoSuchGroup) => (R::Member, json!({"groupId": NOBODY})),
        (O::GroupLeave, C::NotMember) => (R::ExMember, json!({"groupId": group})),
        (O::GroupLeave, C::OwnerStays) => (R::Owner, json!({"groupId": group})),

        (O::GroupKick, C::NoSuchGroup) => (R::Owner, kick(NOBODY, scene, R::Bass)),
        (O::GroupKick, C::NotMember) => (R::Owner, kick(group, scene, R::ExMember)),
        (O::GroupKick, C::NotAllowed) => (R::Member, kick(group, scene, R::Bass)),

        (
            O::GroupUpdate
            | O::GroupSetRole
            | O::GroupHandOver
            | O::GroupDissolve
            | O::GroupMute
            | O::GroupSetNickname,
            code,
        ) => provoke_ruler(scene, operation, code),

        (operation, code) => panic!(
            "{} may answer {code} ({code:?}), and nothing here provokes it",
            operation.path()
        ),
    })
}

/// What is done with an operation, with one field changed.
fn instead(
    scene: &Scene,
    operation: Operation,
    field: &str,
    value: impl serde::Serialize,
) -> Value {
    with(scene.done(operation).1, field, value)
}

fn with(mut request: Value, field: &str, value: impl serde::Serialize) -> Value {
    request[field] = json!(value);
    request
}

/// Whether an operation leaves nothing that can be seen later.
pub(super) fn leaves_nothing(operation: Operation) -> bool {
    operation.reads() || matches!(operation, Operation::Sync | Operation::Typing)
}

/// The same for what those who run a group do to it and its members, and what members do for themselves.
fn provoke_ruler(scene: &Scene, operation: Operation, code: Code) -> (Role, Value) {
    let (who_may, mut request) = scene.done(operation);
    match code {
        Code::NoSuchGroup => {
            request["groupId"] = json!(NOBODY);
            (who_may, request)
        }
        // Whoever is asked about is no member, or whoever asks.
        Code::NotMember if request.get("userId").is_some() => {
            request["userId"] = json!(scene.id(Role::ExMember));
            (who_may, request)
        }
        Code::NotMember => (Role::ExMember, request),
        Code::NotAllowed => (Role::Member, request),
        code => panic!("{}: say here how {code:?} is met", operation.path()),
    }
}

async fn guest_blocks_member(scene: &Scene) {
    let member = scene.id(Role::Member);
    scene.of(Role::Guest).block(member, true).await.unwrap();
}

async fn joined_by(scene: &Scene, policy: JoinPolicy) {
    let update = GroupUpdate {
        join: Some(policy),
        ..GroupUpdate::of(scene.group)
    };
    scene.of(Role::Owner).update_group(&update).await.unwrap();
}

pub(super) fn to_user(scene: &Scene, to: Role) -> Value {
    json!({"toUserId": scene.id(to), "msg": "hi"})
}

fn file(scene: &Scene, id: impl serde::Serialize) -> Value {
    json!({"toUserId": scene.id(Role::Guest), "msg": "hi", "kind": "file", "body": {"fileId": id}})
}

pub(super) fn invite(group: impl serde::Serialize, scene: &Scene, whom: Role) -> Value {
    json!({"groupId": group, "userId": scene.id(whom)})
}

pub(super) fn kick(group: impl serde::Serialize, scene: &Scene, whom: Role) -> Value {
    invite(group, scene, whom)
}

/// Does what the scene has ready for an operation.
pub(super) async fn carry_out(scene: &Scene, operation: Operation) {
    let (role, request) = scene.done(operation);
    let answer = scene.ask(role, operation, &request).await;
    assert_eq!(answer.code, Code::Ok, "{operation:?}");
}

async fn only_operators_invite(scene: &Scene) {
    let update = GroupUpdate {
        invite: Some(Invite::Operators),
        ..GroupUpdate::of(scene.group)
    };
    scene.of(Role::Owner).update_group(&update).await.unwrap();
}
