//! What is no request: every field of every operation in every wrong way, and frames that are none.

mod fields;

use std::collections::BTreeSet;

use hongyan_client::RawSocket;
use hongyan_protocol::{Answer, Code, Operation};
use serde_json::{Value, json};

use self::fields::{SECRET, fields, whole};
use crate::harness::{Role, Scene, exchange, soon, stage};

#[tokio::test]
async fn every_field_of_every_operation_is_in_the_table() {
    for &operation in Operation::ALL {
        let whole = whole(operation);
        let sent: BTreeSet<_> = whole
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let listed: BTreeSet<_> = fields(operation).iter().map(|(name, _)| *name).collect();
        assert_eq!(sent, listed, "{operation:?}");
    }
}

/// `data.reason` of the answer 9997.
fn reason(answer: &Answer) -> String {
    assert_eq!(answer.code, Code::BadRequest, "{answer:?}");
    assert_eq!(answer.desc, Code::BadRequest.desc());
    let data: Value = serde_json::from_str(answer.data.as_ref().unwrap().get()).unwrap();
    let reason = data["reason"].as_str().unwrap().to_owned();
    assert!(reason.len() <= 300, "{} bytes: {reason}", reason.len());
    assert!(!reason.contains(SECRET), "{reason}");
    reason
}

#[tokio::test]
async fn a_field_that_does_not_fit_is_named_and_nothing_is_done() {
    let server = stage().await;
    for &operation in Operation::ALL {
        let mut scene = Scene::on(&server).await;
        let (role, good) = scene.done(operation);
        let before = scene.state().await;
        let mut door = scene.of(role).door(operation).await;
        for &(field, kind) in fields(operation) {
            let mut requests = Vec::new();
            for bad in kind.bad() {
                let mut request = good.clone();
                request[field] = bad;
                requests.push(request);
            }
            if kind.is_wanted() {
                let mut request = good.clone();
                request.as_object_mut().unwrap().remove(field);
                requests.push(request);
            }
            for mut request in requests {
                if operation == Operation::SendMsg && field != "msg" {
                    request["msg"] = json!(SECRET);
                }
                let answer = exchange(&mut door, &request.to_string()).await;
                assert_eq!(answer.code, Code::BadRequest, "{operation:?} {request}");
                let reason = reason(&answer);
                assert!(reason.contains(field), "{reason}: {request}");
            }
        }
        assert_eq!(scene.state().await, before, "{operation:?}");
        let answer = exchange(&mut door, &good.to_string()).await;
        assert_eq!(answer.code, Code::Ok, "{operation:?}: the socket lives on");
        if operation == Operation::SendMsg {
            let data: Value = serde_json::from_str(answer.data.unwrap().get()).unwrap();
            assert_eq!(data["seq"], 1, "none before it was stored");
            assert_eq!(scene.of_mut(Role::Guest).message().await.msg, "hi");
        }
    }
}

#[tokio::test]
async fn a_field_that_fits_is_taken_however_strange_and_may_be_nothing_where_it_is_not_wanted() {
    let server = stage().await;
    for &operation in Operation::ALL {
        let scene = Scene::on(&server).await;
        let (role, good) = scene.done(operation);
        let mut door = scene.of(role).door(operation).await;
        for &(field, kind) in fields(operation) {
            for value in kind.nothings().into_iter().chain(kind.good()) {
                let nothing_left = good.get("toUserId").is_some()
                    && field == "toUserId"
                    && kind.nothings().contains(&value);
                let mut request = good.clone();
                request[field] = value;
                let answer = exchange(&mut door, &request.to_string()).await;
                assert_eq!(
                    answer.code == Code::BadRequest,
                    nothing_left,
                    "{operation:?} {request} {answer:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_message_to_nobody_or_to_oneself_is_bad_and_says_which_field() {
    let server = stage().await;
    let mut scene = Scene::on(&server).await;
    let mut door = scene.of(Role::Owner).door(Operation::SendMsg).await;
    let myself = scene.id(Role::Owner);
    for request in [
        json!({"msg": SECRET}),
        json!({"msg": SECRET, "toUserId": "", "toGroupId": ""}),
        json!({"msg": SECRET, "toUserId": null, "toGroupId": null}),
        json!({"msg": SECRET, "toUserId": "", "toGroupId": null}),
        json!({"msg": SECRET, "toUserId": myself}),
        json!({"msg": SECRET, "toUserId": myself, "toGroupId": ""}),
    ] {
        let answer = exchange(&mut door, &request.to_string()).await;
        assert!(reason(&answer).contains("toUserId"), "{request}");
    }
    scene.no_message_was_stored().await;
}

/// A good request of an operation, opened for more: `{"agree":true,"friendApplyId":"…"`.
fn open(good: &Value) -> String {
    let mut text = good.to_string();
    assert_eq!(text.pop(), Some('}'));
    if text == "{" {
        text.push_str("\"any\":1");
    }
    text
}

#[tokio::test]
async fn what_is_no_json_object_is_refused_and_the_socket_lives_on() {
    let server = stage().await;
    for &operation in Operation::ALL {
        let scene = Scene::on(&server).await;
        let (role, good) = scene.done(operation);
        let before = scene.state().await;
        let mut door = scene.of(role).door(operation).await;
        let (begun, whole) = (open(&good), good.to_string());
        let Some((field, value)) = good.as_object().unwrap().iter().next() else {
            continue;
        };
        let in_order: Vec<_> = good.as_object().unwrap().values().collect();
        let nested = |open: &str, close: &str| open.repeat(10_000) + &close.repeat(10_000);
        let frames = [
            String::new(),
            " ".to_owned(),
            SECRET.to_owned(),
            "null".to_owned(),
            "7".to_owned(),
            "true".to_owned(),
            format!("\"{SECRET}\""),
            "[]".to_owned(),
            json!([good]).to_string(),
            json!(in_order).to_string(),
            json!(whole).to_string(),
            "{}".to_owned(),
            begun.clone(),
            format!("{begun},}}"),
            format!("{whole}}}"),
            format!("{whole}{whole}"),
            format!("{whole} {SECRET}"),
            format!("{whole}\n{whole}"),
            format!("{whole}\0"),
            format!("\u{FEFF}{whole}"),
            format!("// {SECRET}\n{whole}"),
            whole.replace('"', "'"),
            nested("[", "]"),
            format!("{{\"{field}\":{}}}", nested("[", "]")),
            format!("{{\"{field}\":{}", "{\"a\":".repeat(10_000)),
            // Which of the two would count?
            format!("{begun},\"{field}\":{value}}}"),
            format!("{begun},\"reqId\":1,\"reqId\":2}}"),
            // Half of a surrogate pair is no text.
            format!("{begun},\"reqId\":\"\\ud83d\"}}"),
            format!("{{\"{field}\":\"\\ud83d\"}}"),
            format!("{{\"{field}\":\"\\udc26\\ud83d\"}}"),
            format!("{{\"{field}\":\"\\x41\"}}"),
            format!("{{\"{field}\":\"a\nb\"}}"),
            format!("{{\"{field}\":\"{SECRET}"),
            format!("{{\"{}\":nul}}", "x".repeat(1000)),
        ];
        for frame in frames {
            if frame == "{}" && operation == Operation::Conversations {
                continue;
            }
            let answer = exchange(&mut door, &frame).await;
            let start: String = frame.chars().take(100).collect();
            assert_eq!(answer.code, Code::BadRequest, "{operation:?} {start}");
            reason(&answer);
        }
        door.send_binary(whole.clone()).await.unwrap();
        let answer = soon("an answer", door.next()).await.unwrap();
        assert!(reason(&serde_json::from_str(&answer).unwrap()).contains("binary"));
        assert_eq!(scene.state().await, before, "{operation:?}");
        let answer = exchange(&mut door, &whole).await;
        assert_eq!(answer.code, Code::Ok, "{operation:?}: the socket lives on");
    }
}

#[tokio::test]
async fn fields_that_nobody_knows_are_ignored_whatever_is_in_them() {
    let server = stage().await;
    let frames = [
        r#""more":null"#.to_owned(),
        r#""more":{"userId":"x"},"":[]"#.to_owned(),
        r#""more":1e999"#.to_owned(),
        format!(r#""more":{}{}"#, "[".repeat(10_000), "]".repeat(10_000)),
        r#""user_id":7,"USERID":8,"toUserID":9"#.to_owned(),
        r#""__proto__":{"agree":false},"constructor":1"#.to_owned(),
    ];
    for &operation in Operation::ALL {
        for frame in &frames {
            let scene = Scene::on(&server).await;
            let (role, good) = scene.done(operation);
            let mut door = scene.of(role).door(operation).await;
            let answer = exchange(&mut door, &format!("\r\n\t {},{frame}}} ", open(&good))).await;
            let start: String = frame.chars().take(100).collect();
            assert_eq!(answer.code, Code::Ok, "{operation:?} {start} {answer:?}");
        }
    }
}

#[tokio::test]
async fn the_mark_of_a_request_is_in_its_answer_whatever_the_answer_is() {
    let server = stage().await;
    for &operation in Operation::ALL {
        let scene = Scene::on(&server).await;
        let (role, good) = scene.done(operation);
        let mut door = scene.of(role).door(operation).await;
        for mark in [
            json!(1),
            json!(-9_223_372_036_854_775_808_i64),
            json!(i64::MAX),
            json!("鸿雁 \"\\\n"),
            json!(""),
            json!("x".repeat(64)),
        ] {
            let bad = json!({"reqId": mark, "limit": 0, "msg": ""});
            let answer = exchange(&mut door, &bad.to_string()).await;
            let takes_anything = operation == Operation::Ping;
            assert_eq!(answer.code == Code::BadRequest, !takes_anything);
            assert_eq!(json!(answer.req_id), mark);
            let mut request = good.clone();
            request["reqId"] = mark.clone();
            let answer = exchange(&mut door, &request.to_string()).await;
            assert_ne!(answer.code, Code::BadRequest, "{request}");
            assert_eq!(json!(answer.req_id), mark);
        }
        let answer = exchange(&mut door, r#"{"reqId":null}"#).await;
        assert!(answer.req_id.is_none());
    }
}

#[tokio::test]
async fn a_mark_that_does_not_fit_is_bad_and_not_repeated() {
    let server = stage().await;
    for &operation in Operation::ALL {
        let scene = Scene::on(&server).await;
        let (role, good) = scene.done(operation);
        let before = scene.state().await;
        let mut door = scene.of(role).door(operation).await;
        for mark in [
            json!(1.5),
            json!(u64::MAX),
            json!(true),
            json!([SECRET]),
            json!({ SECRET: 1 }),
            json!(format!("{SECRET}\0")),
            json!(SECRET.repeat(6)),
            json!("鸿".repeat(22)),
        ] {
            let mut request = good.clone();
            request["reqId"] = mark;
            let answer = exchange(&mut door, &request.to_string()).await;
            assert!(reason(&answer).contains("reqId"), "{request}");
            assert!(answer.req_id.is_none());
        }
        assert_eq!(scene.state().await, before, "{operation:?}");
        let answer = exchange(&mut door, &good.to_string()).await;
        assert_eq!(answer.code, Code::Ok, "{operation:?}");
    }
}

#[tokio::test]
async fn a_frame_over_the_limit_closes_its_socket_and_no_other() {
    let server = stage().await;
    let most = server.config.limits.frame_bytes as usize;
    for &operation in Operation::ALL {
        let scene = Scene::on(&server).await;
        let (role, good) = scene.done(operation);
        let before = scene.state().await;
        let [mut door, mut other] = [
            scene.of(role).door(operation).await,
            scene.of(role).door(operation).await,
        ];
        let padded = |length: usize| {
            let mut frame = good.to_string();
            frame.push_str(&" ".repeat(length - frame.len()));
            frame
        };
        // The server may close before it has read all of it.
        _ = door.send_text(padded(most + 1)).await;
        assert_eq!(soon("the close", door.closed()).await, Some(1009));
        assert_eq!(scene.state().await, before, "{operation:?}");
        let answer = exchange(&mut other, &padded(most)).await;
        assert_eq!(answer.code, Code::Ok, "{operation:?}");
    }
}

#[tokio::test]
async fn text_that_is_not_utf_8_closes_the_socket() {
    let server = stage().await;
    for &operation in Operation::ALL {
        let scene = Scene::on(&server).await;
        let (role, good) = scene.done(operation);
        let before = scene.state().await;
        for broken in [&b"\xff"[..], b"\xc0\x80", b"\xed\xa0\xbd", b"\xe9\xb8"] {
            let mut door = scene.of(role).door(operation).await;
            let mut bytes = open(&good).into_bytes();
            bytes.extend_from_slice(b",\"more\":\"");
            bytes.extend_from_slice(broken);
            bytes.extend_from_slice(b"\"}");
            door.send_as_text(bytes).await.unwrap();
            assert_eq!(soon("the close", door.closed()).await, Some(1007));
        }
        assert_eq!(scene.state().await, before, "{operation:?}");
    }
}

#[tokio::test]
async fn requests_before_a_broken_frame_are_done_and_those_after_it_are_not() {
    let server = stage().await;
    let mut scene = Scene::on(&server).await;
    let mut door = scene.of(Role::Owner).door(Operation::SendMsg).await;
    let request = |n: u32| json!({"toUserId": scene.id(Role::Guest), "msg": format!("{n}")});
    for n in 1..=3 {
        door.send_text(request(n).to_string()).await.unwrap();
    }
    door.send_as_text(&b"{\"msg\":\"\xff\"}"[..]).await.unwrap();
    // The server may have closed already.
    _ = door.send_text(request(4).to_string()).await;
    assert_eq!(soon("the close", door.closed()).await, Some(1007));
    let guest = scene.of_mut(Role::Guest);
    for n in 1..=3 {
        assert_eq!(guest.message().await.msg, n.to_string());
    }
    guest.heard_nothing().await;
}

async fn seq_of_next(door: &mut RawSocket) -> i64 {
    let answer = soon("an answer", door.next()).await.unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    answer["data"]["seq"].as_i64().unwrap()
}

#[tokio::test]
async fn a_ping_between_requests_changes_nothing() {
    let server = stage().await;
    let scene = Scene::on(&server).await;
    let mut door = scene.of(Role::Owner).door(Operation::SendMsg).await;
    let request = json!({"toUserId": scene.id(Role::Guest), "msg": "x"}).to_string();
    for _ in 0..10 {
        door.ping().await.unwrap();
        door.send_text(request.clone()).await.unwrap();
        door.ping().await.unwrap();
    }
    for seq in 1..=10 {
        assert_eq!(seq_of_next(&mut door).await, seq);
    }
}

#[tokio::test]
async fn a_notice_connection_hears_on_whatever_is_said_to_it() {
    let server = stage().await;
    let [ann, bo] = server.users(["ann", "bo"]).await;
    let mut notices = bo.socket("/ws/notice/path").await.unwrap();
    for frame in ["", "{}", "null", "{\"code\":\"0000\"}"] {
        notices.send_text(frame).await.unwrap();
    }
    notices.send_binary(&b"\0\xff"[..]).await.unwrap();
    ann.add_friend(bo.id(), "still there?").await.unwrap();
    let heard = soon("an event", notices.next()).await.unwrap();
    let heard: Value = serde_json::from_str(&heard).unwrap();
    assert_eq!(heard["data"]["remark"], "still there?");
    notices.send_as_text(&b"\xff"[..]).await.unwrap();
    assert_eq!(soon("the close", notices.closed()).await, Some(1007));
}
