//! Every code of every operation: what provokes it, that it has no effect, and which of two comes first.

mod provoke;

use hongyan_protocol::{Answer, Code, Operation, operation::COMMON_CODES};
use serde_json::{Value, json};

use self::provoke::{NOBODY, NONSENSE, carry_out, invite, kick, leaves_nothing, provoke, to_user};
use crate::harness::{Process, Role, Scene, TestServer, account, command, exchange, soon, stage};

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
            // That somebody came may be told late.
            scene.of_mut(role).forget_presence().await;
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
