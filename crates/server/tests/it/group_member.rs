//! What members are in a group: roles, mutes, names.

use hongyan_protocol::{
    Code, EventType, Operation,
    group::{GroupUpdate, Role},
    group_member::{GivenRole, GroupMemberChanged, GroupMute, GroupSetRole, MuteSeconds},
    id::GroupId,
};
use serde_json::{Value, json};

use crate::{
    group::{choir, members, promote},
    harness::{BEGINNING, Person, TestServer, assert_event, exchange, reply},
};

/// The member that the next event is about, as everybody hears of them.
async fn told(people: &mut [Person], event_type: EventType) -> GroupMemberChanged {
    let mut heard = Vec::new();
    for person in people {
        let event = person.expect(event_type).await;
        heard.push(event.data::<Value>().unwrap());
    }
    heard.dedup();
    assert_eq!(heard.len(), 1, "all hear the same");
    serde_json::from_value(heard.remove(0)).unwrap()
}

async fn code_of_text(who: &Person, group: GroupId) -> Option<Code> {
    let sent = who.send_to_group(group, "may I?").await;
    sent.err().and_then(|error| error.code())
}

#[tokio::test]
async fn the_owner_makes_admins_and_plain_members_and_everybody_is_told() {
    let server = TestServer::start().await;
    let mut people = server.users(["ann", "bo", "cy"]).await;
    let group = choir(&mut people).await;
    let (ann, bo) = (people[0].id(), people[1].id());
    people[0]
        .set_role(group, bo, GivenRole::Admin)
        .await
        .unwrap();
    let user = people[1].user().clone();
    for receiver in 0..people.len() {
        let event = people[receiver].expect(EventType::GroupRole).await;
        let data = json!({
            "groupId": group,
            "groupName": "choir",
            "groupNickname": "Club choir",
            "userId": bo,
            "username": "bo--",
            "nickname": "Miss bo",
            "headImg": user.head_img,
            "role": "admin",
            "memberNickname": "",
            "mutedUntil": 0,
        });
        let (from, to) = (&people[0], &people[receiver]);
        assert_event(&event, EventType::GroupRole, from, to, data);
    }
    assert_eq!(members(&people[2], group).await[1].1, Role::Admin);
    let own = people[1].joined_groups().await.unwrap().remove(0).own;
    assert_eq!(own.unwrap().role, Role::Admin);

    // Who is an admin already is no news, and an admin makes nobody anything.
    people[0]
        .set_role(group, bo, GivenRole::Admin)
        .await
        .unwrap();
    for (who, whom) in [(1, people[2].id()), (1, ann), (1, bo), (2, bo)] {
        let request = GroupSetRole {
            group_id: group,
            user_id: whom,
            role: GivenRole::Member,
        };
        assert_eq!(people[who].code(&request).await, Code::NotAllowed);
    }
    people[0]
        .set_role(group, bo, GivenRole::Member)
        .await
        .unwrap();
    let changed = told(&mut people, EventType::GroupRole).await;
    assert_eq!((changed.user_id, changed.role), (bo, Role::Member));
}

#[tokio::test]
async fn who_is_muted_is_told_until_when_and_speaks_again_afterwards() {
    let server = TestServer::start().await;
    let mut people = server.users(["ann", "bo", "cy"]).await;
    let group = choir(&mut people).await;
    let bo = people[1].id();
    people[0].mute(group, bo, 60).await.unwrap();
    let until = BEGINNING + 60_000;
    let changed = told(&mut people, EventType::GroupMuted).await;
    assert_eq!((changed.user_id, changed.muted_until), (bo, until));
    let mut door = people[1].door(Operation::SendMsg).await;
    let request = json!({"toGroupId": group, "msg": "may I?"}).to_string();
    let answer = exchange(&mut door, &request).await;
    assert_eq!(answer.code, Code::Muted);
    let data: Value = serde_json::from_str(answer.data.unwrap().get()).unwrap();
    assert_eq!(data, json!({ "until": until }));
    let over_http = server.web().post("/api/chat/send_msg");
    let over_http = over_http.bearer_auth(people[1].token()).body(request);
    let refused = json!({"code": "0213", "message": Code::Muted.desc(), "data": data});
    assert_eq!(reply(over_http).await.json(), refused);
    for person in &mut people {
        person.heard_nothing().await;
    }
    let cards = people[2].members(&[group]).await.unwrap();
    let card = cards[&group].iter().find(|card| card.user_id == bo);
    assert_eq!(card.unwrap().muted_until, until);

    server.clock.advance(60_000);
    assert_eq!(code_of_text(&people[1], group).await, None);
    people[0].mute(group, bo, MuteSeconds::MOST).await.unwrap();
    assert_eq!(code_of_text(&people[1], group).await, Some(Code::Muted));
    people[0].mute(group, bo, 0).await.unwrap();
    assert_eq!(code_of_text(&people[1], group).await, None);
}

#[tokio::test]
async fn a_message_that_was_sent_before_a_mute_is_answered_as_then() {
    let server = TestServer::start().await;
    let mut people = server.users(["ann", "bo"]).await;
    let group = choir(&mut people).await;
    let [ann, bo] = &mut people;
    let mut keyed = hongyan_client::to_group(group, "just in time").unwrap();
    keyed.client_msg_id = Some(hongyan_protocol::text::Text::new("b-1").unwrap());
    let sent = bo.ask(&keyed).await.unwrap();
    ann.mute(group, bo.id(), 60).await.unwrap();
    assert_eq!(bo.ask(&keyed).await.unwrap(), sent);
    assert_eq!(code_of_text(bo, group).await, Some(Code::Muted));
}

#[tokio::test]
async fn the_owner_mutes_anybody_an_admin_plain_members_and_nobody_themselves() {
    let server = TestServer::start().await;
    let mut people = server.users(["ann", "bo", "cy", "dee"]).await;
    let group = choir(&mut people).await;
    promote(&mut people, group, 1).await;
    promote(&mut people, group, 2).await;
    let [ann, bo, cy, dee] = &people;
    for (who, whom, code) in [
        (ann, ann, Code::NotAllowed),
        (bo, ann, Code::NotAllowed),
        (bo, cy, Code::NotAllowed),
        (bo, bo, Code::NotAllowed),
        (dee, bo, Code::NotAllowed),
        (dee, dee, Code::NotAllowed),
        (ann, bo, Code::Ok),
        (bo, dee, Code::Ok),
    ] {
        let request = GroupMute {
            group_id: group,
            user_id: whom.id(),
            seconds: MuteSeconds::new(60).unwrap(),
        };
        let answered = who.code(&request).await;
        assert_eq!(answered, code, "{} {}", who.name(), whom.name());
    }
    for (person, muted) in [(ann, false), (bo, true), (cy, false), (dee, true)] {
        let code = code_of_text(person, group).await;
        assert_eq!(code == Some(Code::Muted), muted, "{}", person.name());
    }
}

#[tokio::test]
async fn while_all_are_muted_those_who_run_the_group_speak() {
    let server = TestServer::start().await;
    let mut people = server.users(["ann", "bo", "cy"]).await;
    let group = choir(&mut people).await;
    promote(&mut people, group, 1).await;
    let [ann, bo, cy] = &people;
    let silence = |mute_all| GroupUpdate {
        mute_all: Some(mute_all),
        ..GroupUpdate::of(group)
    };
    bo.update_group(&silence(true)).await.unwrap();
    assert_eq!(code_of_text(cy, group).await, Some(Code::Muted));
    assert_eq!(code_of_text(ann, group).await, None);
    assert_eq!(code_of_text(bo, group).await, None);
    ann.update_group(&silence(false)).await.unwrap();
    assert_eq!(code_of_text(cy, group).await, None);
}

#[tokio::test]
async fn a_name_in_a_group_is_that_groups_alone() {
    let server = TestServer::start().await;
    let mut people = server.users(["ann", "bo"]).await;
    let group = choir(&mut people).await;
    let other = people[1].group("other").await;
    people[1]
        .set_member_nickname(group, " 男低音 <b>")
        .await
        .unwrap();
    let changed = told(&mut people, EventType::GroupMemberUpdated).await;
    assert_eq!(changed.member_nickname, " 男低音 <b>");
    assert_eq!(changed.nickname, "Miss bo");
    let [ann, bo] = &mut people;
    let lists = ann.members(&[group]).await.unwrap();
    assert_eq!(lists[&group][1].member_nickname, " 男低音 <b>");
    let own = |of: GroupId, groups: &[hongyan_protocol::group::GroupCard]| {
        let card = groups.iter().find(|card| card.group_id == of).unwrap();
        card.own.as_ref().unwrap().member_nickname.clone()
    };
    let joined = bo.joined_groups().await.unwrap();
    assert_eq!(own(group, &joined), " 男低音 <b>");
    assert_eq!(own(other, &joined), "");
    bo.set_member_nickname(group, "").await.unwrap();
    assert_eq!(own(group, &bo.joined_groups().await.unwrap()), "");
}
