//! The multiplexed socket: every operation and every event on one connection.

use hongyan_client::{RawSocket, Session};
use hongyan_protocol::{
    EventType, Operation,
    group::{GroupUpdate, JoinPolicy},
    group_member::GivenRole,
    keep::Keep,
};
use serde_json::{Value, json};

use crate::harness::{Everything, Role, Scene, TestServer, soon, stage};

#[tokio::test]
async fn its_first_frame_says_who_where_and_since_when() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let mut socket = ann.socket("/ws").await.unwrap();
    let frame = soon("ready", socket.next()).await.unwrap();
    let ready: Value = serde_json::from_str(&frame).unwrap();
    assert_eq!(ready["eventType"], "ready");
    assert_eq!(ready["fromUserId"], "system");
    assert_eq!(ready["toUserId"], json!(ann.id()));
    let data = &ready["data"];
    assert_eq!(data["userId"], json!(ann.id()));
    assert_eq!(data["serverTime"], server.clock.now());
    assert_eq!(data["heartbeatMs"], 25_000);
    assert_eq!(data["epoch"].as_str().unwrap().len(), 36);
    assert_eq!(data["sessionId"].as_str().unwrap().len(), 36);
}

#[tokio::test]
async fn it_says_what_bounds_this_server_has() {
    let server = TestServer::start_with(|config| {
        config.messages.keep = Keep::Days(30);
        config.messages.max_bytes = 1_000;
        config.messages.recall_seconds = 61;
        config.messages.edit_seconds = 62;
        config.files.quota_bytes = 1 << 40;
        config.limits.file_bytes = 1 << 33;
        config.limits.picture_bytes = 65_000;
        config.limits.picture_pixels = 66_000;
        config.limits.group_members = 67;
    })
    .await;
    let ann = server.offline_user("ann").await;
    let mut socket = ann.socket("/ws").await.unwrap();
    let frame = soon("ready", socket.next()).await.unwrap();
    let ready: Value = serde_json::from_str(&frame).unwrap();
    let wanted = json!({
        "keep": 30, "maxBytes": 1_000, "recallSeconds": 61, "editSeconds": 62,
        "quotaBytes": 1_u64 << 40, "fileBytes": 1_u64 << 33, "pictureBytes": 65_000,
        "picturePixels": 66_000, "groupMembers": 67,
    });
    assert_eq!(ready["data"]["limits"], wanted);
}

#[tokio::test]
async fn every_operation_is_answered_as_on_its_own_path() {
    let server = stage().await;
    for &operation in Operation::ALL {
        let scene = Scene::on(&server).await;
        let (role, request) = scene.done(operation);
        let mut everything = Everything::of(scene.of(role)).await;
        let bad = json!({"reqId": "bad", "path": operation.path(), "data": 7});
        let answer = everything.exchange(&bad).await;
        assert_eq!(answer["code"], "9997", "{operation:?}");
        let answer = everything.ask(operation, request.clone()).await;
        assert_eq!(answer["code"], "0000", "{operation:?} {answer}");
        let scene = Scene::on(&server).await;
        let (role, request) = scene.done(operation);
        let alone = scene.ask(role, operation, &request).await;
        let fields = |data: Option<&Value>| match data {
            Some(Value::Object(fields)) => fields.keys().cloned().collect(),
            _ => Vec::new(),
        };
        let alone = serde_json::to_value(&alone).unwrap();
        assert_eq!(fields(answer.get("data")), fields(alone.get("data")));
    }
}

#[tokio::test]
async fn what_is_no_request_is_named_and_the_socket_lives_on() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let mut everything = Everything::of(&ann).await;
    for (frame, wanted) in [
        ("", "JSON object"),
        ("[]", "JSON object"),
        ("{}", "path"),
        (r#"{"path":7}"#, "path"),
        (r#"{"path":"/ws/nowhere"}"#, "path"),
        (r#"{"path":"/ws"}"#, "path"),
        (r#"{"path":"/ws/ping","data":[]}"#, "data"),
        (r#"{"path":"/ws/ping","data":null,"reqId":[]}"#, "reqId"),
        (r#"{"path":"/ws/chat/read","reqId":1}"#, "seq"),
        (
            r#"{"path":"/ws/chat/read","data":{"toUserId":"x","seq":"1"},"reqId":1}"#,
            "seq",
        ),
    ] {
        let answer = everything.exchange_text(frame).await;
        assert_eq!(answer["code"], "9997", "{frame} {answer}");
        let reason = answer["data"]["reason"].as_str().unwrap();
        assert!(reason.contains(wanted), "{frame}: {reason}");
    }
    let answer = everything.ask(Operation::Ping, json!({})).await;
    assert_eq!(answer["data"]["serverTime"], server.clock.now());
}

#[tokio::test]
async fn without_a_session_it_says_so_and_closes() {
    let server = TestServer::start().await;
    let mut socket = server.socket("/ws", &[]).await.unwrap();
    let frame = soon("9994", socket.next()).await.unwrap();
    let answer: Value = serde_json::from_str(&frame).unwrap();
    assert_eq!(answer["code"], "9994");
    assert_eq!(soon("the close", socket.closed()).await, Some(1008));
}

#[tokio::test]
async fn logging_out_ends_it_with_the_same_words() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let mut everything = Everything::of(&ann).await;
    ann.logout().await.unwrap();
    let last = everything.frame().await;
    assert_eq!(last["code"], "9994");
    assert_eq!(everything.close_code().await, Some(1008));
}

#[tokio::test]
async fn it_makes_its_user_online_and_another_login_ends_it_with_a_reason() {
    let server = TestServer::start().await;
    let mut bo = server.user("bo").await;
    let mut ann = server.offline_user("ann").await;
    ann.befriend(&mut bo).await;
    let mut everything = Everything::of(&ann).await;
    let online = bo.expect(EventType::FriendStatusChange).await;
    assert_eq!(online.received().data.as_ref().unwrap()["status"], "1");
    server.log_in(&ann).await;
    let last = everything.frame().await;
    assert_eq!(last["eventType"], "forced_logout");
    assert_eq!(everything.close_code().await, Some(4001));
    let offline = bo.expect(EventType::FriendStatusChange).await;
    assert_eq!(offline.received().data.as_ref().unwrap()["status"], "0");
}

#[tokio::test]
async fn the_same_session_opening_it_again_takes_its_place() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let mut first = Everything::of(&ann).await;
    let mut second = Everything::of(&ann).await;
    assert_eq!(first.frame().await["eventType"], "forced_logout");
    assert_eq!(first.close_code().await, Some(4001));
    let answer = second.ask(Operation::Ping, json!({})).await;
    assert_eq!(answer["code"], "0000");
}

#[tokio::test]
async fn a_message_to_somebody_offline_is_kept_unless_it_says_otherwise() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    bo.go_offline().await;
    let mut everything = Everything::of(&ann).await;
    let refused = json!({"toUserId": bo.id(), "msg": "now", "whenOffline": "refuse"});
    let answer = everything.ask(Operation::SendMsg, refused).await;
    assert_eq!(answer["code"], "8999");
    let kept = json!({"toUserId": bo.id(), "msg": "later"});
    let answer = everything.ask(Operation::SendMsg, kept).await;
    assert_eq!(answer["code"], "0000");
    bo.come_online().await;
    assert_eq!(bo.message().await.msg, "later");
}

#[tokio::test]
async fn it_sees_every_entry_of_the_log_also_the_own_ones() {
    let server = TestServer::start_with(|config| config.accounts.devices = 2).await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    let other = server.log_in(&ann).await;
    let mut phone = Everything::of(&ann).await;
    let mut desk = Everything::of(&other).await;
    let mut friend = Everything::of(&bo).await;
    for (socket, to, text) in [
        (&mut phone, bo.id(), "from the phone"),
        (&mut desk, bo.id(), "from the desk"),
        (&mut friend, ann.id(), "from the friend"),
    ] {
        let message = json!({"toUserId": to, "msg": text});
        let answer = socket.ask(Operation::SendMsg, message).await;
        assert_eq!(answer["code"], "0000");
    }
    for socket in [&mut phone, &mut desk, &mut friend] {
        for (seq, from, to, text) in [
            (1, ann.id(), bo.id(), "from the phone"),
            (2, ann.id(), bo.id(), "from the desk"),
            (3, bo.id(), ann.id(), "from the friend"),
        ] {
            let event = socket.entry().await;
            assert_eq!(event["eventType"], "chat_f2f");
            assert_eq!(event["data"]["seq"], seq);
            assert_eq!(event["data"]["msg"], text);
            assert_eq!(event["fromUserId"], json!(from));
            assert_eq!(event["toUserId"], json!(to));
        }
    }
}

#[tokio::test]
async fn a_client_of_the_seed_and_a_new_one_chat_with_each_other() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    let mut new = Everything::of(&ann).await;
    let hello = json!({"toUserId": bo.id(), "msg": "你好"});
    new.ask(Operation::SendMsg, hello).await;
    assert_eq!(bo.message().await.msg, "你好");
    bo.send_to_user(ann.id(), "hi").await.unwrap();
    assert_eq!(new.entry().await["data"]["msg"], "你好");
    assert_eq!(new.entry().await["data"]["msg"], "hi");
}

#[tokio::test]
async fn pipelined_requests_of_many_operations_keep_their_order_within_a_conversation() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    let mut everything = Everything::of(&ann).await;
    for n in 1..=100 {
        let data = json!({"toUserId": bo.id(), "msg": format!("{n}")});
        everything.send(n, Operation::SendMsg, data).await;
        let page = json!({"toUserId": bo.id(), "limit": 1});
        everything.send(1000 + n, Operation::History, page).await;
    }
    let mut sent = 0;
    for _ in 0..200 {
        let answer = everything.answer().await;
        assert_eq!(answer["code"], "0000");
        let req_id = answer["reqId"].as_i64().unwrap();
        if req_id < 1000 {
            sent += 1;
            assert_eq!((req_id, &answer["data"]["seq"]), (sent, &json!(sent)));
        }
    }
    assert_eq!(sent, 100);
}

#[tokio::test]
async fn an_operation_over_http_is_the_same_operation() {
    let server = stage().await;
    for &operation in Operation::ALL {
        let mut scene = Scene::on(&server).await;
        let (role, request) = scene.done(operation);
        let path = operation.path().replacen("/ws", "/api", 1);
        let answer = post(&server, scene.of(role), &path, &request).await;
        assert_eq!(answer["message"], "ok", "{path}: {answer}");
        assert!(answer.get("code").is_none(), "{path}: {answer}");
        if operation == Operation::SendMsg {
            assert_eq!(scene.of_mut(Role::Guest).message().await.msg, "hi");
        }
    }
    let scene = Scene::on(&server).await;
    let outsider = scene.of(Role::Outsider);
    let answer = post(&server, outsider, "/api/chat/recall", &scene.said()).await;
    assert_eq!(answer["code"], "0001");
    let answer = post(&server, outsider, "/api/chat/recall", &json!({})).await;
    assert_eq!(answer["message"], "seq: is missing");
}

#[tokio::test]
async fn what_only_reads_is_also_a_get() {
    let server = stage().await;
    let scene = Scene::on(&server).await;
    let member = scene.of(Role::Member);
    let get = async |path: String| -> Value {
        let url = format!("{}{path}", server.url);
        let client = reqwest::Client::new();
        let request = client.get(url).bearer_auth(member.token());
        request.send().await.unwrap().json().await.unwrap()
    };
    let guest = scene.id(Role::Guest);
    let page = get(format!("/api/chat/history?toUserId={guest}&limit=1")).await;
    assert_eq!(page["data"]["list"][0]["msg"], "said");
    let list = get("/api/chat/conversations".to_owned()).await;
    assert_eq!(list["data"]["list"][0]["userId"], json!(guest));
    let changed = get(format!("/api/chat/recall?toUserId={guest}&seq=1")).await;
    assert_eq!(changed["message"], "this path does not take this method");
}

async fn post(server: &TestServer, session: &Session, path: &str, body: &Value) -> Value {
    let url = format!("{}{path}", server.url);
    let request = reqwest::Client::new().post(url).json(body);
    let answer = request.bearer_auth(session.token()).send().await.unwrap();
    answer.json().await.unwrap()
}

/// A binary frame is no request, here as everywhere.
#[tokio::test]
async fn a_binary_frame_is_refused_and_the_socket_lives_on() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let mut socket: RawSocket = ann.socket("/ws").await.unwrap();
    soon("ready", socket.next()).await.unwrap();
    socket.send_binary([1, 2]).await.unwrap();
    let frame = soon("an answer", socket.next()).await.unwrap();
    let answer: Value = serde_json::from_str(&frame).unwrap();
    assert_eq!(answer["code"], "9997");
}

#[tokio::test]
async fn it_hears_of_friends_and_groups_what_a_notice_connection_hears() {
    let server = TestServer::start_with(|config| config.accounts.devices = 2).await;
    let [mut ann, mut bo, cy] = server.users(["ann", "bo", "cy"]).await;
    let page = server.log_in(&ann).await;
    let mut everything = Everything::of(&page).await;

    bo.add_friend(ann.id(), "").await.unwrap();
    let apply = page.pending_from(&bo).await;
    page.answer_friend(apply, true).await.unwrap();
    bo.expect_besides_presence(EventType::FriendAddResult).await;
    page.set_favourite(bo.id(), true).await.unwrap();
    page.add_friend(cy.id(), "").await.unwrap();
    let apply = cy.pending_from(&ann).await;
    cy.answer_friend(apply, true).await.unwrap();
    cy.remove_friend(ann.id()).await.unwrap();

    let group = bo.group("choir").await;
    bo.invite(group, ann.id(), "").await.unwrap();
    let invite = page.group_invite_list().await.unwrap()[0].group_invite_id;
    page.answer_invitation(invite, true).await.unwrap();
    bo.set_role(group, ann.id(), GivenRole::Admin)
        .await
        .unwrap();
    cy.join_group(group, "").await.unwrap();
    let apply = page.group_apply_list().await.unwrap()[0].group_apply_id;
    bo.answer_application(apply, true).await.unwrap();
    bo.mute(group, cy.id(), 60).await.unwrap();
    cy.set_member_nickname(group, "Alto").await.unwrap();
    cy.leave_group(group).await.unwrap();
    bo.kick(group, ann.id()).await.unwrap();
    let other = bo.group("other").await;
    page.join_group(other, "").await.unwrap();
    let apply = bo.group_apply_list().await.unwrap()[0].group_apply_id;
    bo.answer_application(apply, true).await.unwrap();
    let update = GroupUpdate {
        join: Some(JoinPolicy::Open),
        ..GroupUpdate::of(other)
    };
    bo.update_group(&update).await.unwrap();
    bo.dissolve_group(other).await.unwrap();
    bo.go_offline().await;

    let mut heard = Vec::new();
    while !heard.ends_with(&[json!("friend_status_change")]) {
        let mut on_the_page = everything.event().await;
        // What the user did themselves is told to multiplexed sockets alone.
        while on_the_page["eventType"] == "lists_changed" {
            on_the_page = everything.event().await;
        }
        let elsewhere = serde_json::to_value(ann.event().await.received()).unwrap();
        assert_eq!(on_the_page, elsewhere);
        heard.push(on_the_page["eventType"].clone());
    }
    let expected = [
        "friend_add",
        "friend_updated",
        "friend_add_result",
        "friend_deleted",
        "group_invite",
        "group_role",
        "group_add",
        "group_join",
        "group_muted",
        "group_member_updated",
        "group_leave",
        "group_kicked_out",
        "group_add_result",
        "group_updated",
        "group_dissolved",
        "friend_status_change",
    ];
    assert_eq!(heard, expected);
}
