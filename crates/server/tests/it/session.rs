//! Logins and sockets: who is let in, from which pages, and how a newer login ends an older one.

use hongyan_client::{Error, RawSocket};
use hongyan_protocol::{
    EventType, Operation,
    operation::{EVERYTHING_PATH, NOTICE_PATHS},
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::harness::{
    BEGINNING, PASSWORD, Person, TestServer, account, begun_request, cookies, exchange, reply, soon,
};

/// Every path at which a WebSocket is spoken.
fn ws_paths() -> impl Iterator<Item = &'static str> {
    let operations = Operation::ALL.iter().map(|operation| operation.path());
    operations.chain(NOTICE_PATHS)
}

/// How a socket ends on which nothing is said before.
async fn turned_away(mut socket: RawSocket) -> Option<u16> {
    match soon("the close", socket.next()).await {
        Err(Error::Closed { code }) => code,
        other => panic!("{other:?}"),
    }
}

async fn is_over(person: &Person) -> bool {
    match person.get_info().await {
        Ok(_) => false,
        Err(Error::Unauthorized) => true,
        Err(error) => panic!("{error}"),
    }
}

/// The next frame as it stands on the wire.
async fn hear(socket: &mut RawSocket) -> Value {
    let frame = soon("an event", socket.next()).await.unwrap();
    serde_json::from_str(&frame).unwrap()
}

// The newest login wins

#[tokio::test]
async fn a_newer_login_forces_the_older_one_out() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let mut notices = ann.socket("/ws/notice/event").await.unwrap();
    let newer = server.log_in(&ann).await;
    assert_eq!(
        hear(&mut notices).await,
        json!({
            "eventType": "forced_logout", "fromUserId": "system", "toUserId": ann.id(), "time": BEGINNING,
        })
    );
    assert_eq!(turned_away(notices).await, Some(4001));
    assert!(is_over(&ann).await);
    assert!(!is_over(&newer).await);
}

#[tokio::test]
async fn the_older_login_can_do_nothing_once_the_newer_one_is_answered() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    let mut doors = Vec::new();
    for &operation in Operation::ALL {
        doors.push((operation.path(), ann.door(operation).await));
    }
    let mut newer = server.log_in(&ann).await;

    let web = server.web();
    for cookie in [
        cookies(&ann),
        format!("token={}; uid={}", ann.token(), newer.id()),
    ] {
        let request = web.get("/api/user/get_info").header("cookie", cookie);
        assert_eq!(reply(request).await.failure(401), "unauthorized");
    }
    assert!(is_over(&ann).await);
    for (path, mut door) in doors {
        // It may be gone already, or close while we speak: what is said is not heard.
        let message = json!({"toUserId": bo.id(), "userId": bo.id(), "msg": "from the grave"});
        _ = door.send_text(message.to_string()).await;
        let code = turned_away(door).await;
        assert!(matches!(code, Some(1008) | None), "{path}: {code:?}");
    }
    for path in ws_paths() {
        let socket = ann.socket(path).await.unwrap();
        assert_eq!(turned_away(socket).await, Some(1008), "{path}");
    }
    newer.come_online().await;
    // She was away for a while; of more nobody hears.
    bo.forget_presence().await;
    assert!(newer.friends().await.unwrap().len() == 1, "still friends");
    newer.heard_nothing().await;
}

#[tokio::test]
async fn a_request_whose_body_comes_after_a_newer_login_does_nothing() {
    const GRAVE: &str = "from the grave";
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    let group = ann.group("choir").await;
    let field = |field: &str, text: &str| {
        format!("--x\r\nContent-Disposition: form-data; {field}\r\n\r\n{text}\r\n--x--\r\n")
    };
    let json = "application/json";
    let form = "multipart/form-data; boundary=x";
    let message = json!({"toUserId": bo.id(), "msg": GRAVE});
    let remark = json!({"friendUserId": bo.id(), "remark": GRAVE});
    let group = field("name=\"groupId\"", &group.to_string());
    let mut begun = Vec::new();
    for (path, kind, body) in [
        ("/api/chat/send_msg", json, message.to_string()),
        ("/api/friend/set_remark", json, remark.to_string()),
        (
            "/api/user/update_uinfo",
            form,
            field("name=\"nickname\"", GRAVE),
        ),
        ("/api/group/update_avatar", form, group),
        (
            "/api/file",
            form,
            field("name=\"file\"; filename=\"grave.txt\"", GRAVE),
        ),
    ] {
        let address = server.url.strip_prefix("http://").unwrap();
        let bearer = format!("Bearer {}", ann.token());
        let headers = [("Content-Type", kind), ("Authorization", &bearer)];
        let request = begun_request(address, path, &headers, body.len()).await;
        begun.push((path, request, body));
    }
    let newer = server.log_in(&ann).await;
    for (path, mut request, body) in begun {
        request.write_all(body.as_bytes()).await.unwrap();
        let mut answer = vec![0; 4096];
        let length = soon("an answer", request.read(&mut answer)).await.unwrap();
        let answer = String::from_utf8_lossy(&answer[..length]);
        assert!(answer.starts_with("HTTP/1.1 401 "), "{path}: {answer}");
    }
    assert_eq!(newer.get_info().await.unwrap(), *ann.user());
    assert_eq!(newer.friends().await.unwrap()[0].remark, "");
    bo.forget_presence().await;
}

#[tokio::test]
async fn open_sockets_of_an_older_login_close_by_themselves() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let mut doors = Vec::new();
    for path in ws_paths().filter(|path| !NOTICE_PATHS.contains(path)) {
        doors.push((path, ann.socket(path).await.unwrap()));
    }
    server.log_in(&ann).await;
    for (path, door) in doors {
        assert_eq!(turned_away(door).await, Some(1008), "{path}");
    }
}

#[tokio::test]
async fn a_session_that_connects_again_takes_its_own_place() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    let mut door = ann.door(Operation::SendMsg).await;
    let mut first = ann.socket("/ws/notice/event").await.unwrap();
    assert_eq!(ann.expect(EventType::ForcedLogout).await.from(), None);
    assert_eq!(ann.close_code().await, Some(4001));
    // The other spelling of the path is the same place.
    ann.come_online().await;
    let mut second = ann.socket("/ws/notice/path").await.unwrap();
    assert_eq!(hear(&mut first).await["eventType"], "forced_logout");
    assert_eq!(turned_away(first).await, Some(4001));
    assert_eq!(ann.expect(EventType::ForcedLogout).await.to(), ann.id());

    assert!(!is_over(&ann).await, "the token lives");
    let request = json!({"toUserId": bo.id(), "msg": "on the old socket"});
    let answer = exchange(&mut door, &request.to_string()).await;
    assert_eq!(
        answer.code.as_str(),
        "0000",
        "the sockets of operations stay"
    );
    assert_eq!(bo.message().await.msg, "on the old socket");
    bo.send(&ann, "to the new socket").await.unwrap();
    assert_eq!(hear(&mut second).await["data"]["msg"], "to the new socket");
    bo.heard_nothing().await;
}

#[tokio::test]
async fn with_two_devices_the_third_login_ends_the_oldest() {
    let server = TestServer::start_with(|config| config.accounts.devices = 2).await;
    let [mut first, mut bo] = server.users(["ann", "bo"]).await;
    first.befriend(&mut bo).await;
    let mut second = server.log_in(&first).await;
    second.come_online().await;
    bo.send(&first, "to both").await.unwrap();
    assert_eq!(first.message().await.msg, "to both");
    assert_eq!(second.message().await.msg, "to both");

    let mut third = server.log_in(&first).await;
    third.come_online().await;
    first.expect(EventType::ForcedLogout).await;
    assert_eq!(first.close_code().await, Some(4001));
    assert!(is_over(&first).await);
    bo.send(&first, "to the others").await.unwrap();
    assert_eq!(second.message().await.msg, "to the others");
    assert_eq!(third.message().await.msg, "to the others");

    // The oldest is who logged in first, however much it was used since.
    server.clock.advance(1);
    assert!(!is_over(&second).await);
    let fourth = server.log_in(&first).await;
    second.expect(EventType::ForcedLogout).await;
    assert!(is_over(&second).await);
    assert!(!is_over(&third).await && !is_over(&fourth).await);
}

#[tokio::test]
async fn registering_is_the_first_login() {
    let server = TestServer::start().await;
    let registered = server.stranger().register(&account("ann")).await.unwrap();
    let mut notices = registered.socket("/ws/notice/event").await.unwrap();
    server.stranger().login("ann-", PASSWORD).await.unwrap();
    assert_eq!(hear(&mut notices).await["eventType"], "forced_logout");
    assert!(matches!(
        registered.get_info().await,
        Err(Error::Unauthorized)
    ));
}

#[tokio::test]
async fn a_login_that_fails_ends_nobody() {
    let server = TestServer::start().await;
    let mut ann = server.user("ann").await;
    let error = server.stranger().login(&ann.name(), "wrong horse").await;
    assert!(error.is_err());
    ann.heard_nothing().await;
    assert!(!is_over(&ann).await);
}

#[tokio::test]
async fn of_two_logins_at_once_exactly_one_survives() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    for round in 0..20 {
        let (mut first, mut second) = tokio::join!(online(&server, &ann), online(&server, &ann));
        let (first_over, second_over) = (is_over(&first).await, is_over(&second).await);
        assert_ne!(first_over, second_over, "round {round}");
        let (loser, winner) = match first_over {
            true => (&mut first, &mut second),
            false => (&mut second, &mut first),
        };
        let code = loser.close_code().await;
        assert!(matches!(code, Some(4001 | 1008)), "round {round}: {code:?}");
        winner.heard_nothing().await;
    }
}

/// Logs in and opens a notice connection at once.
async fn online(server: &TestServer, person: &Person) -> Person {
    let mut person = server.log_in(person).await;
    person.come_online().await;
    person
}

// Who is let in

#[tokio::test]
async fn without_a_session_every_handshake_is_accepted_and_closed_with_1008() {
    let server = TestServer::start().await;
    for path in ws_paths() {
        let mut socket = server.socket(path, &[]).await.unwrap();
        // Whatever is said meanwhile has no answer.
        _ = socket.send_text(r#"{"userId":"somebody"}"#).await;
        assert_eq!(turned_away(socket).await, Some(1008), "{path}");
    }
}

#[tokio::test]
async fn cookies_that_do_not_agree_are_no_session() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let bo = server.offline_user("bo").await;
    let (token, uid) = (ann.token(), ann.id());
    for cookie in [
        format!("token={token}"),
        format!("uid={uid}"),
        format!("token={token}; uid={}", bo.id()),
        format!("token={}; uid={uid}", bo.token()),
        format!("token={token}; uid="),
        format!("token=; uid={uid}"),
        format!("token=wrong; uid={uid}"),
    ] {
        for path in ["/ws/notice/event", "/ws/chat/send_msg"] {
            let socket = server.socket(path, &[("Cookie", &cookie)]).await.unwrap();
            assert_eq!(turned_away(socket).await, Some(1008), "{path} {cookie}");
        }
    }
    let wrong = [
        ("Authorization", "Bearer wrong"),
        ("Cookie", &cookies(&ann)),
    ];
    let socket = server.socket("/ws/notice/event", &wrong).await.unwrap();
    assert_eq!(turned_away(socket).await, Some(1008));
}

#[tokio::test]
async fn cookies_that_agree_open_every_path() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let cookie = cookies(&ann);
    for &operation in Operation::ALL {
        let socket = server
            .socket(operation.path(), &[("Cookie", &cookie)])
            .await;
        let answer = exchange(&mut socket.unwrap(), "[]").await;
        assert_eq!(answer.code.as_str(), "9997", "{}", operation.path());
    }
    for path in NOTICE_PATHS {
        let mut socket = server.socket(path, &[("Cookie", &cookie)]).await.unwrap();
        let stranger = server.offline_user(&path.replace('/', "-")[4..]).await;
        stranger.add_friend(ann.id(), "").await.unwrap();
        assert_eq!(hear(&mut socket).await["eventType"], "friend_add", "{path}");
    }
}

// Pages of other origins

#[tokio::test]
async fn a_page_of_another_origin_is_refused_before_any_upgrade() {
    let server = TestServer::start_with(|config| {
        config.allow_origin = vec!["https://chat.example.org".to_owned()];
    })
    .await;
    let mut ann = server.user("ann").await;
    let cookie = cookies(&ann);
    let own = server.url.clone();
    for origin in [
        "null",
        "http://evil.example",
        "https://chat.example.org.evil.example",
        "http://chat.example.org",
        "https://chat.example.org:8443",
        "https://evil.chat.example.org",
        &format!("{own}0"),
        &format!("{own}.evil.example"),
        &own.replace("127.0.0.1", "localhost"),
        own.strip_prefix("http://").unwrap(),
        "",
    ] {
        for path in ws_paths().chain([EVERYTHING_PATH]) {
            let headers = [("Origin", origin), ("Cookie", &cookie)];
            let refused = server.socket(path, &headers).await;
            assert!(
                matches!(refused, Err(Error::Status(403, _))),
                "{path} {origin:?}"
            );
        }
    }
    ann.heard_nothing().await;
    for origin in [
        own.as_str(),
        "https://chat.example.org",
        "https://CHAT.example.org",
    ] {
        let headers = [("Origin", origin), ("Cookie", &cookie)];
        let mut socket = server.socket("/ws/friend/del", &headers).await.unwrap();
        assert_eq!(
            exchange(&mut socket, "{}").await.code.as_str(),
            "9997",
            "{origin}"
        );
        let mut page = server.socket(EVERYTHING_PATH, &headers).await.unwrap();
        assert_eq!(hear(&mut page).await["eventType"], "ready", "{origin}");
        ann.expect(EventType::ForcedLogout).await;
        ann.come_online().await;
    }
    let mut socket = server
        .socket("/ws/friend/del", &[("Cookie", &cookie)])
        .await
        .unwrap();
    let answer = exchange(&mut socket, "{}").await;
    assert_eq!(answer.code.as_str(), "9997", "no origin is no browser");
}

#[tokio::test]
async fn two_origins_are_refused() {
    let server = TestServer::start().await;
    let headers = [
        ("Origin", server.url.as_str()),
        ("Origin", server.url.as_str()),
    ];
    let refused = server.socket("/ws/notice/event", &headers).await;
    assert!(matches!(refused, Err(Error::Status(403, _))));
}

#[tokio::test]
async fn a_trusted_proxy_names_the_host_that_pages_come_from() {
    let loopback = "127.0.0.0/8".parse().unwrap();
    let proxied = TestServer::start_with(|config| config.trusted_proxies = vec![loopback]).await;
    let alone = TestServer::start().await;
    let headers = [
        ("Origin", "https://im.example.org"),
        ("X-Forwarded-Host", "im.example.org"),
    ];
    let passed = proxied.socket("/ws/notice/event", &headers).await.unwrap();
    assert_eq!(
        turned_away(passed).await,
        Some(1008),
        "a good origin is no session"
    );
    let forged = alone.socket("/ws/notice/event", &headers).await;
    assert!(matches!(forged, Err(Error::Status(403, _))));
}

// What is no handshake

#[tokio::test]
async fn a_socket_at_an_unknown_path_is_404() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    for path in [
        "/ws/",
        "/ws/nothing",
        "/ws/notice",
        "/ws/notice/event/",
        "/ws/NOTICE/EVENT",
        "/notice/event",
        "/ws//notice/event",
        "/api/login/ws",
    ] {
        for socket in [ann.socket(path).await, server.socket(path, &[]).await] {
            assert!(matches!(socket, Err(Error::Status(404, _))), "{path}");
        }
    }
    // What stands behind the question mark is not the path.
    let socket = server.socket("/ws/notice/event?uid=1", &[]).await.unwrap();
    assert_eq!(turned_away(socket).await, Some(1008));
}

#[tokio::test]
async fn a_request_that_is_no_handshake_is_told_what_would_be_one() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let web = server.web();
    for path in ws_paths() {
        let answer = reply(web.get(path).bearer_auth(ann.token())).await;
        assert_eq!(
            (answer.status, answer.header("upgrade")),
            (426, "websocket"),
            "{path}"
        );
        let answer = reply(web.post(path).bearer_auth(ann.token())).await;
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, "GET"),
            "{path}"
        );
    }
    let handshake = |version: &str, key: &str| {
        let request = web.get("/ws/notice/event").header("connection", "upgrade");
        let request = request
            .header("upgrade", "websocket")
            .header("sec-websocket-key", key);
        reply(request.header("sec-websocket-version", version))
    };
    let old = handshake("8", "dGhlIHNhbXBsZSBub25jZQ==").await;
    assert_eq!(
        (old.status, old.header("sec-websocket-version")),
        (426, "13")
    );
    for key in ["", "short", "dGhlIHNhbXBsZSBub25jZQ"] {
        assert_eq!(handshake("13", key).await.status, 400, "{key}");
    }
}

#[tokio::test]
async fn pages_of_an_allowed_origin_may_read_answers_and_others_may_not() {
    let server = TestServer::start_with(|config| {
        config.allow_origin = vec!["https://chat.example.org".to_owned()];
    })
    .await;
    for (origin, named) in [
        ("https://chat.example.org", "https://chat.example.org"),
        ("https://evil.example", ""),
    ] {
        let preflight = server
            .web()
            .request("OPTIONS", "/api/login")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type");
        let answer = reply(preflight).await;
        let allowed = answer.headers.get("access-control-allow-origin");
        assert_eq!(allowed.map_or("", |value| value.to_str().unwrap()), named);
    }
}
