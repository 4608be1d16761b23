//! Two at once: whichever comes first, there is one effect and everybody is told the same.
//!
//! Nothing here depends on who wins. Every race is run several times, over sockets that are open before it begins.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use hongyan_client::RawSocket;
use hongyan_protocol::{
    Answer, Code, EventType, Operation, friend::FriendAdded, group_member::GroupLeft, id::UserId,
};
use serde_json::{Value, json};

use crate::{
    group::{choir, members},
    harness::{PASSWORD, Person, Role, Scene, TestServer, exchange, soon, stage},
};

/// How often each race is run.
pub(crate) const ROUNDS: usize = 8;

/// A socket and what will be asked on it.
pub(crate) struct Runner {
    door: RawSocket,
    request: Value,
}

impl Runner {
    pub(crate) async fn new(person: &Person, operation: Operation, request: Value) -> Self {
        Self {
            door: person.door(operation).await,
            request,
        }
    }
}

/// All ask at once; gives the answers in the order of the runners.
pub(crate) async fn race(runners: Vec<Runner>) -> Vec<Answer> {
    let asking = runners.into_iter().map(|mut runner| async move {
        let answer = exchange(&mut runner.door, &runner.request.to_string()).await;
        // The socket is closed only after the race.
        (runner.door, answer)
    });
    let (_doors, answers): (Vec<_>, Vec<_>) = join_all(asking).await.into_iter().unzip();
    answers
}

pub(crate) fn codes(answers: &[Answer]) -> Vec<Code> {
    answers.iter().map(|answer| answer.code).collect()
}

/// Exactly one was done, and all others were refused with this code; gives which one was done.
pub(crate) fn winner(answers: &[Answer], refusal: Code) -> usize {
    let codes = codes(answers);
    let done: Vec<_> = (0..codes.len())
        .filter(|&runner| codes[runner] == Code::Ok)
        .collect();
    assert_eq!(done.len(), 1, "{codes:?}");
    let refused = codes.iter().filter(|&&code| code == refusal).count();
    assert_eq!(refused, codes.len() - 1, "{codes:?}");
    done[0]
}

#[tokio::test]
async fn of_several_answers_to_one_request_one_counts() {
    let server = stage().await;
    for (operation, refusal, told) in [
        (
            Operation::FriendAddReply,
            Code::FriendApplyHandled,
            (Role::Applicant, EventType::FriendAddResult),
        ),
        (
            Operation::GroupAddReply,
            Code::GroupApplyHandled,
            (Role::Applicant, EventType::GroupAddResult),
        ),
        (
            Operation::GroupInviteReply,
            Code::InviteHandled,
            (Role::Owner, EventType::GroupInviteResult),
        ),
    ] {
        for _ in 0..ROUNDS {
            let mut scene = Scene::on(&server).await;
            let (hears, result) = told;
            scene.of_mut(hears).come_online().await;
            scene.of_mut(Role::Guest).forget_presence().await;
            let (role, request) = scene.done(operation);
            let mut runners = Vec::new();
            for agree in [true, false, true, false] {
                let mut request = request.clone();
                request["agree"] = json!(agree);
                runners.push(Runner::new(scene.of(role), operation, request).await);
            }
            let agreed = winner(&race(runners).await, refusal).is_multiple_of(2);
            if agreed && operation == Operation::GroupInviteReply {
                scene.of_mut(hears).expect(EventType::GroupJoin).await;
            }
            let event = scene.of_mut(hears).expect(result).await;
            assert_eq!(event.received().data.as_ref().unwrap()["agree"], agreed);
            scene.of_mut(hears).heard_nothing().await;
            let is_done = match operation {
                Operation::FriendAddReply => {
                    let friends = scene.of(Role::Applicant).friends().await.unwrap();
                    friends.len() == 1
                }
                _ => members(scene.of(Role::Owner), scene.group).await.len() == 4,
            };
            assert_eq!(is_done, agreed, "{operation:?}");
        }
    }
}

#[tokio::test]
async fn two_who_ask_each_other_at_once_become_friends_once() {
    let server = stage().await;
    for round in 0..ROUNDS {
        let names = [format!("ann{round}"), format!("bob{round}")];
        let [mut ann, mut bo] = server.users([&*names[0], &*names[1]]).await;
        let ask = |to: UserId| json!({"userId": to});
        let runners = vec![
            Runner::new(&ann, Operation::FriendAdd, ask(bo.id())).await,
            Runner::new(&bo, Operation::FriendAdd, ask(ann.id())).await,
        ];
        assert_eq!(codes(&race(runners).await), [Code::Ok, Code::Ok]);
        let mut asked = 0;
        for person in [&mut ann, &mut bo] {
            let mut event = person.event_besides_presence().await;
            if event.event_type() == Some(EventType::FriendAdd) {
                asked += 1;
                event = person.event_besides_presence().await;
            }
            assert_eq!(event.event_type(), Some(EventType::FriendAddResult));
            assert_eq!(event.received().data.as_ref().unwrap()["agree"], true);
            person.forget_presence().await;
            assert_eq!(person.friends().await.unwrap().len(), 1);
        }
        assert_eq!(asked, 1, "the second request was an answer");
        assert_eq!(ann.send(&bo, "one").await.unwrap().seq, Some(1));
        assert_eq!(bo.send(&ann, "two").await.unwrap().seq, Some(2));
    }
}

#[tokio::test]
async fn who_asks_from_several_sockets_at_once_has_asked_once() {
    let server = stage().await;
    for (operation, refusal, asked, event) in [
        (
            Operation::FriendAdd,
            Code::FriendApplySent,
            Role::Guest,
            EventType::FriendAdd,
        ),
        (
            Operation::GroupAdd,
            Code::GroupApplySent,
            Role::Owner,
            EventType::GroupAdd,
        ),
        (
            Operation::GroupInvite,
            Code::InviteSent,
            Role::Guest,
            EventType::GroupInvite,
        ),
    ] {
        for _ in 0..ROUNDS {
            let mut scene = Scene::on(&server).await;
            if asked == Role::Owner {
                scene.of_mut(asked).come_online().await;
            }
            let (role, request) = scene.done(operation);
            let mut runners = Vec::new();
            for _ in 0..4 {
                runners.push(Runner::new(scene.of(role), operation, request.clone()).await);
            }
            winner(&race(runners).await, refusal);
            scene.of_mut(asked).expect(event).await;
            scene.of_mut(asked).heard_nothing().await;
        }
    }
}

#[tokio::test]
async fn two_members_who_invite_the_same_friend_have_invited_once() {
    let server = stage().await;
    for _ in 0..ROUNDS {
        let mut scene = Scene::on(&server).await;
        let (_, request) = scene.done(Operation::GroupInvite);
        let mut runners = Vec::new();
        for role in [Role::Owner, Role::Member] {
            let person = scene.of(role);
            runners.push(Runner::new(person, Operation::GroupInvite, request.clone()).await);
        }
        let inviter = [Role::Owner, Role::Member][winner(&race(runners).await, Code::InviteSent)];
        let event = scene
            .of_mut(Role::Guest)
            .expect(EventType::GroupInvite)
            .await;
        assert_eq!(event.from(), Some(scene.id(inviter)));
        scene.of_mut(Role::Guest).heard_nothing().await;
        let waiting = scene.of(Role::Guest).group_invite_list().await.unwrap();
        assert_eq!(waiting.len(), 1);
    }
}

#[tokio::test]
async fn who_leaves_while_being_removed_goes_once() {
    let server = stage().await;
    for _ in 0..ROUNDS {
        let mut scene = Scene::on(&server).await;
        scene.of_mut(Role::Bass).come_online().await;
        scene.of_mut(Role::Member).come_online().await;
        let (owner, kick) = scene.done(Operation::GroupKick);
        let (bass, leave) = scene.done(Operation::GroupLeave);
        let runners = vec![
            Runner::new(scene.of(owner), Operation::GroupKick, kick).await,
            Runner::new(scene.of(bass), Operation::GroupLeave, leave).await,
        ];
        let kicked = winner(&race(runners).await, Code::NotMember) == 0;
        let left = scene
            .of_mut(Role::Member)
            .expect(EventType::GroupLeave)
            .await;
        let left: GroupLeft = left.data().unwrap();
        assert_eq!((left.user_id, left.kicked), (scene.id(Role::Bass), kicked));
        if kicked {
            let bass = scene.of_mut(Role::Bass);
            bass.expect(EventType::GroupKickedOut).await;
        }
        scene.of_mut(Role::Member).forget_presence().await;
        scene.of_mut(Role::Bass).heard_nothing().await;
        assert_eq!(members(scene.of(Role::Owner), scene.group).await.len(), 2);
    }
}

#[tokio::test]
async fn two_friends_who_part_at_once_part_once() {
    let server = stage().await;
    for _ in 0..ROUNDS {
        let mut scene = Scene::on(&server).await;
        scene.of_mut(Role::Member).come_online().await;
        scene.of_mut(Role::Guest).forget_presence().await;
        let [member, guest] = [Role::Member, Role::Guest].map(|role| scene.id(role));
        let part = |from: UserId| json!({"userId": from});
        let runners = vec![
            Runner::new(scene.of(Role::Member), Operation::FriendDel, part(guest)).await,
            Runner::new(scene.of(Role::Guest), Operation::FriendDel, part(member)).await,
        ];
        let by_member = winner(&race(runners).await, Code::NotFriend) == 0;
        let (told, by) = if by_member {
            (Role::Guest, member)
        } else {
            (Role::Member, guest)
        };
        let event = scene
            .of_mut(told)
            .expect_besides_presence(EventType::FriendDeleted)
            .await;
        assert_eq!(event.from(), Some(by));
        for role in [Role::Member, Role::Guest] {
            scene.of_mut(role).heard_nothing().await;
        }
    }
}

#[tokio::test]
async fn a_group_never_has_more_members_than_it_may_however_many_join_at_once() {
    const MOST: usize = 5;
    let server = TestServer::start_with(|config| {
        config.limits.group_members = MOST;
        config.limits.registrations_per_hour = 100_000;
    })
    .await;
    for round in 0..ROUNDS / 2 {
        let mut owner = server.user(&format!("owner{round}")).await;
        let group = owner.group(&format!("choir{round}")).await;
        let mut runners = Vec::new();
        let mut newcomers = Vec::new();
        // Every other is invited, the rest apply.
        for n in 0..12 {
            let mut newcomer = server.user(&format!("new{round}-{n}")).await;
            if n % 2 == 0 {
                newcomer.join_group(group, "").await.unwrap();
                let apply = owner.applied(group).await;
                let request = json!({"groupApplyId": apply, "agree": true});
                runners.push(Runner::new(&owner, Operation::GroupAddReply, request).await);
            } else {
                owner.befriend(&mut newcomer).await;
                owner.invite(group, newcomer.id(), "").await.unwrap();
                let invite = newcomer.invited().await;
                let request = json!({"groupInviteId": invite, "agree": true});
                runners.push(Runner::new(&newcomer, Operation::GroupInviteReply, request).await);
            }
            newcomers.push(newcomer);
        }
        let codes = codes(&race(runners).await);
        let joined = codes.iter().filter(|&&code| code == Code::Ok).count();
        let full = codes
            .iter()
            .filter(|&&code| code == Code::GroupFull)
            .count();
        assert_eq!((joined, full), (MOST - 1, 12 - (MOST - 1)), "{codes:?}");
        let expected: BTreeSet<_> = newcomers
            .iter()
            .zip(&codes)
            .filter(|(_, code)| **code == Code::Ok)
            .map(|(newcomer, _)| newcomer.name())
            .chain([owner.name()])
            .collect();
        let found = members(&owner, group).await;
        assert_eq!(found.len(), MOST);
        let found: BTreeSet<_> = found.into_iter().map(|(name, _)| name).collect();
        assert_eq!(found, expected, "those who were told so, and nobody else");
    }
}

#[tokio::test]
async fn one_client_msg_id_over_several_sockets_is_one_message_and_one_answer() {
    let server = TestServer::start().await;
    let mut people = server.users(["ann", "bo"]).await;
    let group = choir(&mut people).await;
    let [ann, bo] = &mut people;
    ann.befriend(bo).await;
    for round in 1..=ROUNDS {
        for (receiver, id) in [("toUserId", json!(bo.id())), ("toGroupId", json!(group))] {
            let mut request = json!({"msg": "once", "clientMsgId": format!("{receiver}{round}")});
            request[receiver] = id;
            let mut runners = Vec::new();
            for _ in 0..6 {
                runners.push(Runner::new(ann, Operation::SendMsg, request.clone()).await);
            }
            let answers: BTreeSet<_> = race(runners)
                .await
                .iter()
                .map(|answer| serde_json::to_string(answer).unwrap())
                .collect();
            assert_eq!(answers.len(), 1, "{answers:?}");
            assert_eq!(bo.message().await.seq, i64::try_from(round).ok());
        }
    }
    bo.heard_nothing().await;
}

#[tokio::test]
async fn of_two_messages_with_one_client_msg_id_one_is_sent_and_the_other_is_bad() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    for round in 0..ROUNDS {
        let mut runners = Vec::new();
        for text in ["heads", "tails"] {
            let request =
                json!({"toUserId": bo.id(), "msg": text, "clientMsgId": format!("{round}")});
            runners.push(Runner::new(&ann, Operation::SendMsg, request).await);
        }
        let sent = winner(&race(runners).await, Code::BadRequest);
        assert_eq!(bo.message().await.msg, ["heads", "tails"][sent]);
    }
    bo.heard_nothing().await;
}

#[tokio::test]
async fn messages_of_many_at_once_have_every_place_in_the_log_once() {
    let server = TestServer::start().await;
    let mut people = server.users(["ann", "bo", "cy", "dee"]).await;
    let group = choir(&mut people).await;
    let mut runners = Vec::new();
    for n in 0..24 {
        let request = json!({"toGroupId": group, "msg": format!("{n}")});
        runners.push(Runner::new(&people[n % 3], Operation::SendMsg, request).await);
    }
    let answers = race(runners).await;
    let mut places: Vec<_> = answers.iter().map(seq).collect();
    let [_, _, _, dee] = &mut people;
    for seq in 1..=24 {
        let chat = dee.message().await;
        assert_eq!(chat.seq, Some(seq));
        let sender: usize = chat.msg.parse().unwrap();
        assert_eq!(places[sender], seq, "as the answer said");
    }
    places.sort_unstable();
    assert_eq!(places, (1..=24).collect::<Vec<_>>());
}

fn seq(answer: &Answer) -> i64 {
    let data: Value = serde_json::from_str(answer.data.as_ref().unwrap().get()).unwrap();
    data["seq"].as_i64().unwrap()
}

#[tokio::test]
async fn of_several_logins_at_once_one_session_survives() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    for _ in 0..ROUNDS {
        let client = server.stranger();
        let name = ann.name();
        let logins = (0..6).map(|_| client.login(&name, PASSWORD));
        let sessions: Vec<_> = join_all(logins)
            .await
            .into_iter()
            .map(Result::unwrap)
            .collect();
        let infos = join_all(sessions.iter().map(|session| session.get_info())).await;
        let alive: Vec<_> = (0..6).filter(|&n| infos[n].is_ok()).collect();
        assert_eq!(alive.len(), 1, "{infos:?}");
        for (n, session) in sessions.iter().enumerate() {
            let mut socket = session.socket(Operation::FriendDel.path()).await.unwrap();
            if n == alive[0] {
                let request = json!({"userId": "nobody"}).to_string();
                assert_eq!(exchange(&mut socket, &request).await.code, Code::NotFriend);
            } else {
                assert_eq!(soon("the close", socket.closed()).await, Some(1008));
            }
        }
    }
    assert!(ann.get_info().await.unwrap_err().is_logged_out());
}

/// A message that was sent before its sender was gone is heard, and one that was refused is not.
#[tokio::test]
async fn who_is_removed_while_sending_has_sent_what_was_answered_with_0000() {
    let server = TestServer::start().await;
    let mut people = server.users(["ann", "bo", "cy"]).await;
    let group = choir(&mut people).await;
    let [ann, bo, cy] = &mut people;
    for _ in 0..ROUNDS {
        let mut runners = Vec::new();
        for n in 0..5 {
            let request = json!({"toGroupId": group, "msg": format!("{n}")});
            runners.push(Runner::new(bo, Operation::SendMsg, request).await);
        }
        let kick = json!({"groupId": group, "userId": bo.id()});
        runners.push(Runner::new(ann, Operation::GroupKick, kick).await);
        let codes = codes(&race(runners).await);
        assert_eq!(codes[5], Code::Ok);
        let mut heard = BTreeSet::new();
        for _ in codes[..5].iter().filter(|&&code| code == Code::Ok) {
            let text = cy.message().await.msg;
            ann.message().await;
            assert_eq!(codes[text.parse::<usize>().unwrap()], Code::Ok);
            assert!(heard.insert(text), "{heard:?}");
        }
        for person in [&mut *ann, &mut *cy] {
            person.expect(EventType::GroupLeave).await;
        }
        bo.expect(EventType::GroupKickedOut).await;
        ann.admit(group, bo).await;
        cy.expect(EventType::GroupJoin).await;
    }
    for person in &mut people {
        person.heard_nothing().await;
    }
}

/// A request that is answered while its applicant asks again: either there is one left to answer, or none.
#[tokio::test]
async fn who_asks_again_while_being_refused_has_at_most_one_request_waiting() {
    let server = TestServer::start().await;
    let [ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.add_friend(bo.id(), "").await.unwrap();
    let mut added: FriendAdded = bo.expect(EventType::FriendAdd).await.data().unwrap();
    for _ in 0..ROUNDS {
        let refuse = json!({"friendApplyId": added.friend_apply_id, "agree": false});
        let again = json!({"userId": bo.id()});
        let runners = vec![
            Runner::new(&bo, Operation::FriendAddReply, refuse).await,
            Runner::new(&ann, Operation::FriendAdd, again).await,
        ];
        let codes = codes(&race(runners).await);
        assert_eq!(codes[0], Code::Ok);
        let waiting = bo.friend_apply_list().await.unwrap().len();
        match codes[1] {
            Code::Ok => assert_eq!(waiting, 1),
            code => {
                assert_eq!((code, waiting), (Code::FriendApplySent, 0));
                ann.add_friend(bo.id(), "").await.unwrap();
            }
        }
        added = bo.expect(EventType::FriendAdd).await.data().unwrap();
    }
    bo.heard_nothing().await;
}
