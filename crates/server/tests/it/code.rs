//! Every code of every operation: what provokes it, that it has no effect, and which of two comes first.

use hongyan_protocol::{
    Answer, Code, Operation,
    group::{GroupUpdate, Invite, JoinPolicy},
    operation::COMMON_CODES,
};
use serde_json::{Value, json};

use crate::harness::{Process, Role, Scene, TestServer, account, command, exchange, soon, stage};

/// An id of the right form that nobody has.
const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

/// A text that reads as no id at all.
const NONSENSE: &str = "no such thing";

/// Sets the scene for an answer, and gives who has to ask for what. `None`: another test of this file provokes it.
async fn provoke(
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
        (O::Edit | O::React, C::Blocked) => {
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
fn leaves_nothing(operation: Operation) -> bool {
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

fn to_user(scene: &Scene, to: Role) -> Value {
    json!({"toUserId": scene.id(to), "msg": "hi"})
}

fn file(scene: &Scene, id: impl serde::Serialize) -> Value {
    json!({"toUserId": scene.id(Role::Guest), "msg": "hi", "kind": "file", "body": {"fileId": id}})
}

fn invite(group: impl serde::Serialize, scene: &Scene, whom: Role) -> Value {
    json!({"groupId": group, "userId": scene.id(whom)})
}

fn kick(group: impl serde::Serialize, scene: &Scene, whom: Role) -> Value {
    invite(group, scene, whom)
}

/// Does what the scene has ready for an operation.
async fn carry_out(scene: &Scene, operation: Operation) {
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

#[tokio::test]
async fn every_code_of_every_operation_can_be_provoked_and_no_refusal_has_an_effect() {
    let server = stage().await;
    for &operation in Operation::ALL {
        for &code in operation.refusals().iter().chain(COMMON_CODES) {
            let pair = format!("{} {code} ({code:?})", operation.path());
            let mut scene = Scene::on(&server).await;
            let Some((role, request)) = provoke(&server, &mut scene, operation, code).await else {
                continue;
            };
            let before = scene.state().await;
            let answer = scene.ask(role, operation, &request).await;
            assert_eq!(answer.code, code, "{pair}: {answer:?}");
            assert_eq!(answer.desc, code.desc(), "{pair}");
            let after = scene.state().await;
            if code != Code::Ok || operation.reads() {
                assert_eq!(before, after, "{pair}");
            } else if !leaves_nothing(operation) {
                assert_ne!(before, after, "{pair}: an effect can be seen");
            }
            if code != Code::Ok && operation == Operation::SendMsg {
                scene.of_mut(Role::Guest).come_online().await;
                scene.no_message_was_stored().await;
            }
        }
    }
}

#[tokio::test]
async fn what_is_refused_is_told_to_nobody() {
    let server = stage().await;
    for &operation in Operation::ALL {
        let mut scene = Scene::on(&server).await;
        for role in Role::ALL {
            scene.of_mut(role).come_online().await;
        }
        for role in [Role::Owner, Role::Member, Role::Guest, Role::Addressee] {
            // Their friends came.
            scene.of_mut(role).forget_presence().await;
        }
        for &code in operation.refusals() {
            let prepared = matches!(
                code,
                Code::TargetOffline
                    | Code::FilesNotKept
                    | Code::FriendApplyHandled
                    | Code::GroupApplyHandled
                    | Code::GroupFull
                    | Code::NotAllowed
                    | Code::InviteHandled
                    | Code::TooLate
                    | Code::TooManyReactions
                    | Code::InviteOnly
                    | Code::Muted
                    | Code::Blocked
            ) || (operation, code) == (Operation::GroupInvite, Code::AlreadyMember);
            // What has to be prepared is heard of: too much to tell apart here.
            if prepared {
                continue;
            }
            let (role, request) = provoke(&server, &mut scene, operation, code).await.unwrap();
            assert_eq!(scene.ask(role, operation, &request).await.code, code);
        }
        for role in Role::ALL {
            scene.of_mut(role).heard_nothing().await;
        }
    }
}

/// Requests to which two refusals apply: the one that is listed first is given.
#[tokio::test]
async fn of_two_refusals_the_first_of_the_list_is_given() {
    use {Code as C, Operation as O, Role as R};
    let server = stage().await;
    let mut scene = Scene::on(&server).await;
    let s = &scene;
    let group = s.group;
    let anybody = s.id(R::Outsider);
    let cases = [
        // Before any look at who asks.
        (
            O::SendMsg,
            R::Outsider,
            json!({"toGroupId": group, "msg": ""}),
            C::BadRequest,
        ),
        (
            O::SendMsg,
            R::Owner,
            json!({"toUserId": s.id(R::Owner), "msg": "x"}),
            C::BadRequest,
        ),
        (
            O::GroupKick,
            R::Outsider,
            json!({"groupId": group, "userId": ""}),
            C::BadRequest,
        ),
        // The group wins, so that the friend is not looked at.
        (
            O::SendMsg,
            R::Owner,
            json!({"toGroupId": NOBODY, "toUserId": anybody, "msg": "x"}),
            C::NoSuchGroup,
        ),
        // The addressee is offline, and nobody but a friend gets to know.
        (
            O::SendMsg,
            R::Outsider,
            to_user(s, R::Addressee),
            C::NotFriend,
        ),
        (
            O::SendMsg,
            R::Outsider,
            json!({"toGroupId": NONSENSE, "msg": "x"}),
            C::NoSuchGroup,
        ),
        (
            O::GroupInvite,
            R::Outsider,
            invite(NOBODY, s, R::Guest),
            C::NoSuchGroup,
        ),
        (
            O::GroupInvite,
            R::Outsider,
            invite(group, s, R::Applicant),
            C::NotMember,
        ),
        (
            O::GroupInvite,
            R::Outsider,
            invite(group, s, R::Member),
            C::NotMember,
        ),
        (
            O::GroupInvite,
            R::Owner,
            invite(group, s, R::Member),
            C::NotFriend,
        ),
        (
            O::GroupInvite,
            R::Member,
            invite(group, s, R::Addressee),
            C::NotFriend,
        ),
        (
            O::GroupInvite,
            R::Owner,
            invite(group, s, R::Owner),
            C::NotFriend,
        ),
        (
            O::GroupLeave,
            R::Outsider,
            json!({"groupId": NOBODY}),
            C::NoSuchGroup,
        ),
        (
            O::GroupKick,
            R::Outsider,
            kick(NOBODY, s, R::Bass),
            C::NoSuchGroup,
        ),
        (
            O::GroupKick,
            R::Outsider,
            kick(group, s, R::Owner),
            C::NotMember,
        ),
        (
            O::GroupKick,
            R::Member,
            kick(group, s, R::Outsider),
            C::NotMember,
        ),
        (
            O::GroupKick,
            R::Member,
            kick(group, s, R::Owner),
            C::NotAllowed,
        ),
        (
            O::GroupKick,
            R::Member,
            kick(group, s, R::Member),
            C::NotAllowed,
        ),
        (
            O::GroupKick,
            R::Owner,
            kick(group, s, R::Owner),
            C::NotAllowed,
        ),
        // Not oneself, before anybody is looked for.
        (
            O::FriendBlock,
            R::Owner,
            json!({"userId": s.id(R::Owner), "block": true}),
            C::BadRequest,
        ),
        (
            O::GroupSetRole,
            R::Outsider,
            json!({"groupId": group, "userId": s.id(R::Bass), "role": "owner"}),
            C::BadRequest,
        ),
        (
            O::GroupSetRole,
            R::Member,
            json!({"groupId": group, "userId": anybody, "role": "admin"}),
            C::NotMember,
        ),
        (
            O::GroupSetRole,
            R::Owner,
            json!({"groupId": group, "userId": s.id(R::Owner), "role": "member"}),
            C::NotAllowed,
        ),
        (
            O::GroupHandOver,
            R::Member,
            json!({"groupId": group, "userId": anybody}),
            C::NotMember,
        ),
        (
            O::GroupHandOver,
            R::Owner,
            json!({"groupId": group, "userId": s.id(R::Owner)}),
            C::NotAllowed,
        ),
        (
            O::GroupDissolve,
            R::Outsider,
            json!({"groupId": NOBODY}),
            C::NoSuchGroup,
        ),
        (
            O::GroupMute,
            R::Member,
            json!({"groupId": group, "userId": anybody, "seconds": 1}),
            C::NotMember,
        ),
        (
            O::GroupMute,
            R::Owner,
            json!({"groupId": group, "userId": s.id(R::Owner), "seconds": 1}),
            C::NotAllowed,
        ),
    ];
    let before = scene.state().await;
    for (operation, role, request, code) in cases {
        let answer = scene.ask(role, operation, &request).await;
        assert_eq!(answer.code, code, "{operation:?} {role:?} {request}");
    }
    assert_eq!(scene.state().await, before);
    scene.no_message_was_stored().await;
}

#[tokio::test]
async fn who_may_not_answer_learns_nothing_of_what_was_answered() {
    use {Code as C, Operation as O, Role as R};
    let server = stage().await;
    let scene = Scene::on(&server).await;
    for pass in ["waiting", "answered"] {
        for (operation, code) in [
            (O::FriendAddReply, C::FriendApplyHandled),
            (O::GroupAddReply, C::NoSuchGroupApply),
            (O::GroupInviteReply, C::NoSuchInvite),
        ] {
            let (who_may, mut request) = scene.done(operation);
            for role in Role::ALL.into_iter().filter(|role| *role != who_may) {
                let answer = scene.ask(role, operation, &request).await;
                assert_eq!(answer.code, code, "{operation:?} {role:?} {pass}");
            }
            request["agree"] = json!(false);
            let answer = scene.ask(R::Outsider, operation, &request).await;
            assert_eq!(answer.code, code, "{operation:?} {pass}");
        }
        if pass == "waiting" {
            // An answered application to a group that is full by now is answered all the same.
            for operation in [O::FriendAddReply, O::GroupAddReply] {
                carry_out(&scene, operation).await;
            }
            let (role, mut request) = scene.done(O::GroupInviteReply);
            assert_eq!(
                scene.ask(role, O::GroupInviteReply, &request).await.code,
                C::GroupFull
            );
            request["agree"] = json!(false);
            assert_eq!(
                scene.ask(role, O::GroupInviteReply, &request).await.code,
                C::Ok
            );
        }
    }
    for (operation, code) in [
        (O::FriendAddReply, C::FriendApplyHandled),
        (O::GroupAddReply, C::GroupApplyHandled),
        (O::GroupInviteReply, C::InviteHandled),
    ] {
        let (role, request) = scene.done(operation);
        assert_eq!(scene.ask(role, operation, &request).await.code, code);
    }
}

#[tokio::test]
async fn every_operation_can_answer_that_there_were_too_many_requests() {
    let server = TestServer::start_with(|config| {
        config.limits.requests_per_second = 1;
        config.limits.request_burst = 50;
        config.limits.registrations_per_hour = 100_000;
    })
    .await;
    for &operation in Operation::ALL {
        let scene = Scene::on(&server).await;
        let (role, mut request) = scene.done(operation);
        // Refused however often it comes, until it is not even looked at.
        for field in ["userId", "toUserId", "groupId"] {
            if request.get(field).is_some() {
                request[field] = json!(NOBODY);
            }
        }
        for field in ["friendApplyId", "groupApplyId", "groupInviteId"] {
            if request.get(field).is_some() {
                request[field] = json!(NOBODY);
            }
        }
        let mut door = scene.of(role).door(operation).await;
        request["reqId"] = json!("again");
        let answer = soon("9996", async {
            loop {
                let answer = exchange(&mut door, &request.to_string()).await;
                if answer.code == Code::TooManyRequests {
                    return answer;
                }
                let refused = operation.refusals().contains(&answer.code);
                assert!(refused || leaves_nothing(operation), "{answer:?}");
            }
        })
        .await;
        let data: Value = serde_json::from_str(answer.data.unwrap().get()).unwrap();
        let wait = data["retryAfter"].as_u64().unwrap();
        assert!((1..=1000).contains(&wait), "{operation:?}: {wait} ms");
        assert_eq!(json!(answer.req_id), "again", "{operation:?}");
    }
}

#[tokio::test]
async fn what_came_too_often_has_no_effect() {
    let server = TestServer::start_with(|config| {
        config.limits.requests_per_second = 1;
        config.limits.request_burst = 20;
    })
    .await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    let mut door = ann.door(Operation::SendMsg).await;
    let mut sent = Vec::new();
    soon("9996", async {
        for n in 0.. {
            let request = json!({"toUserId": bo.id(), "msg": format!("{n}")});
            match exchange(&mut door, &request.to_string()).await.code {
                Code::Ok => sent.push(n),
                code => return assert_eq!(code, Code::TooManyRequests),
            }
        }
    })
    .await;
    for n in sent {
        assert_eq!(bo.message().await.msg, n.to_string());
    }
    bo.heard_nothing().await;
}

#[tokio::test]
async fn what_is_no_request_counts_as_one() {
    let server = TestServer::start_with(|config| {
        config.limits.requests_per_second = 1;
        config.limits.request_burst = 20;
    })
    .await;
    for (name, frame) in [("ann", Some("{")), ("bo", Some("[]")), ("cy", None)] {
        let person = server.offline_user(name).await;
        let mut door = person.door(Operation::SendMsg).await;
        soon("9996", async {
            loop {
                match frame {
                    Some(frame) => door.send_text(frame).await.unwrap(),
                    None => door.send_binary([7]).await.unwrap(),
                }
                let answer: Answer = serde_json::from_str(&door.next().await.unwrap()).unwrap();
                if answer.code == Code::TooManyRequests {
                    return;
                }
                assert_eq!(answer.code, Code::BadRequest);
            }
        })
        .await;
    }
}

/// 9998: the database takes no byte more. What could not be stored was not done and not told; once there is room again, the
/// same request is answered as if it came for the first time.
#[tokio::test]
async fn every_operation_can_answer_that_the_server_failed() {
    let data_dir = tempfile::tempdir().unwrap();
    // Writing beyond the limit that is set below is then an error, as on a full disk, and no signal.
    let mut shell = tokio::process::Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]);
    let process = Process::start_within(shell, command(data_dir.path())).await;
    let client = process.client();
    let changes = Operation::ALL.iter().filter(|&&it| !leaves_nothing(it));
    for &operation in changes {
        let scene = Scene::by(async |name| client.register(&account(&name)).await.unwrap()).await;
        let (role, mut request) = scene.done(operation);
        if operation == Operation::SendMsg {
            request["clientMsgId"] = json!("again");
        }
        let before = scene.state().await;
        process.refuse_writes(data_dir.path(), true).await;
        let answer = scene.ask(role, operation, &request).await;
        assert_eq!(answer.code, Code::Failed, "{operation:?} {answer:?}");
        let reason = answer.data.unwrap();
        assert!(reason.get().contains("log"), "{operation:?} {reason}");
        assert_eq!(scene.state().await, before, "{operation:?}");
        process.refuse_writes(data_dir.path(), false).await;
        let answer = scene.ask(role, operation, &request).await;
        assert_eq!(answer.code, Code::Ok, "{operation:?} {answer:?}");
    }
    assert!(process.terminate().await.success());
}
