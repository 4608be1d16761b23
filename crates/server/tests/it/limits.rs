//! The bounds: how often, how many, how large, how slow; and that they bind nobody else.

use futures_util::future::join_all;
use hongyan_client::{Error, RawSocket};
use hongyan_protocol::{Code, EventType, Operation};
use hongyan_server::config::{Config, Keep};
use serde_json::{Value, json};
use tokio::{io::AsyncReadExt, net::TcpStream};

use crate::harness::{PASSWORD, Person, Reply, TestServer, Web, cookies, exchange, reply, soon};

fn loopback() -> Vec<ipnet::IpNet> {
    vec!["127.0.0.0/8".parse().unwrap()]
}

// How often an account may ask

/// More requests than any rate of these tests admits in the time that they take.
const MANY: usize = 60;

fn slow_rate(config: &mut Config) {
    config.limits.requests_per_second = 1;
    config.limits.request_burst = 5;
}

/// Asks many times at once; gives the answers.
async fn hurry(door: &mut RawSocket) -> Vec<Value> {
    for n in 0..MANY {
        let request = json!({"userId": "nobody", "reqId": n}).to_string();
        door.send_text(request).await.unwrap();
    }
    let mut answers = Vec::new();
    for n in 0..MANY {
        let answer: Value =
            serde_json::from_str(&soon("an answer", door.next()).await.unwrap()).unwrap();
        assert_eq!(answer["reqId"], n, "a refusal keeps its place, too");
        answers.push(answer);
    }
    answers
}

#[tokio::test]
async fn whoever_asks_too_often_is_told_how_long_to_wait() {
    let server = TestServer::start_with(slow_rate).await;
    let ann = server.offline_user("ann").await;
    let bo = server.offline_user("bo").await;
    let mut door = ann.door(Operation::FriendDel).await;
    let answers = hurry(&mut door).await;
    for answer in &answers[..5] {
        assert_eq!(answer["code"], "0001", "within the burst");
    }
    let refused = answers.iter().filter(|answer| answer["code"] == "9996");
    for answer in refused.clone() {
        let wait = answer["data"]["retryAfter"].as_u64().unwrap();
        assert!((1..=1000).contains(&wait), "{answer}");
    }
    assert!(refused.count() > 0);

    // It is the account that is bound, whatever its door.
    let web = server.web();
    let mut last = None;
    for _ in 0..MANY {
        let answer = reply(web.get("/api/user/get_info").bearer_auth(ann.token())).await;
        if answer.status == 429 {
            last = Some(answer);
            break;
        }
    }
    let answer = last.expect("a refusal over HTTP");
    let json = answer.json();
    assert!(
        json["message"]
            .as_str()
            .unwrap()
            .starts_with("too many requests"),
        "{json}"
    );
    assert!(
        (1..=1000).contains(&json["retryAfter"].as_u64().unwrap()),
        "{json}"
    );
    assert_eq!(answer.header("retry-after"), "1");

    let mut door = bo.door(Operation::FriendDel).await;
    let answer = exchange(&mut door, r#"{"userId":"nobody"}"#).await;
    assert_eq!(answer.code, Code::NotFriend, "nobody else is bound");
}

#[tokio::test]
async fn an_exempt_network_may_ask_as_often_as_it_likes() {
    let server = TestServer::start_with(|config| {
        slow_rate(config);
        config.limits.exempt = loopback();
        config.limits.registrations_per_hour = 1;
        config.limits.failed_logins = 1;
        config.limits.connections_per_address = 1;
    })
    .await;
    let ann = server.offline_user("ann").await;
    server.offline_user("bo").await;
    let mut door = ann.door(Operation::FriendDel).await;
    for answer in hurry(&mut door).await {
        assert_eq!(answer["code"], "0001");
    }
    let web = server.web();
    for _ in 0..MANY {
        let answer = reply(web.get("/api/user/get_info").bearer_auth(ann.token())).await;
        assert_eq!(answer.status, 200);
    }
    for _ in 0..3 {
        let error = server
            .stranger()
            .login(&ann.name(), "wrong")
            .await
            .unwrap_err();
        assert_eq!(error.code(), Some(Code::WrongPassword));
    }
}

// How often an address may try

/// A registration as it comes through a proxy, which says for whom.
async fn register_for(web: &Web, name: &str, address: &str) -> Reply {
    let user = json!({"username": name, "password": PASSWORD, "nickname": name});
    let request = web.post("/api/registe").json(&user);
    reply(request.header("x-forwarded-for", address)).await
}

async fn login_for(web: &Web, name: &str, password: &str, address: &str) -> Reply {
    let login = json!({"username": name, "password": password});
    let request = web.post("/api/login").json(&login);
    reply(request.header("x-forwarded-for", address)).await
}

fn too_often(answer: &Reply, what: &str) {
    assert_eq!(answer.status, 429, "{}", answer.text());
    let json = answer.json();
    let message = json["message"].as_str().unwrap();
    assert!(
        message.starts_with(&format!("too many {what}, try again in ")),
        "{message}"
    );
    assert!(message.ends_with("minutes"), "{message}");
    let ms = json["retryAfter"].as_u64().unwrap();
    let seconds: u64 = answer.header("retry-after").parse().unwrap();
    assert_eq!(seconds, ms.div_ceil(1000));
    assert!(answer.headers.get("set-cookie").is_none());
}

#[tokio::test]
async fn an_address_registers_so_many_accounts_and_others_register_theirs() {
    let server = TestServer::start_with(|config| {
        config.trusted_proxies = loopback();
        config.limits.registrations_per_hour = 2;
    })
    .await;
    let web = server.web();
    for name in ["anna", "bobo"] {
        assert_eq!(
            register_for(&web, name, "198.51.100.1").await.data()["username"],
            name
        );
    }
    too_often(
        &register_for(&web, "cyan", "198.51.100.1").await,
        "registrations",
    );
    // What stands left of the caller's address, the caller wrote.
    too_often(
        &register_for(&web, "cyan", "9.9.9.9, 198.51.100.1").await,
        "registrations",
    );
    too_often(
        &register_for(&web, "cyan", "203.0.113.9,198.51.100.1, 127.0.0.2").await,
        "registrations",
    );
    assert_eq!(
        register_for(&web, "cyan", "198.51.100.2").await.data()["username"],
        "cyan"
    );
    // Of IPv6 a household counts.
    for (address, name) in [("2001:db8:0:1::1", "dora"), ("2001:db8:0:1::2", "emil")] {
        assert_eq!(
            register_for(&web, name, address).await.data()["username"],
            name
        );
    }
    too_often(
        &register_for(&web, "fred", "2001:db8:0:1:a:b:c:d").await,
        "registrations",
    );
    assert_eq!(
        register_for(&web, "fred", "2001:db8:0:2::1").await.data()["username"],
        "fred"
    );
    // Who may not register may log in.
    let login = login_for(&web, "anna", PASSWORD, "198.51.100.1").await;
    assert_eq!(login.data()["username"], "anna");
}

#[tokio::test]
async fn a_bad_parameter_is_no_registration() {
    let server = TestServer::start_with(|config| config.limits.registrations_per_hour = 1).await;
    let web = server.web();
    for _ in 0..3 {
        register_for(&web, "a", "").await.failure(400);
    }
    assert_eq!(
        register_for(&web, "anna", "").await.data()["username"],
        "anna"
    );
    too_often(&register_for(&web, "bobo", "").await, "registrations");
}

#[tokio::test]
async fn an_address_has_so_many_failed_logins_and_others_have_theirs() {
    let server = TestServer::start_with(|config| {
        config.trusted_proxies = loopback();
        config.limits.failed_logins = 3;
    })
    .await;
    let ann = server.offline_user("anna").await;
    let web = server.web();
    let (evil, good) = ("198.51.100.1", "198.51.100.2");
    // What succeeds does not count, nor does what succeeds in between forgive.
    for password in ["wrong", PASSWORD, "wrong", PASSWORD, PASSWORD] {
        let answer = login_for(&web, "anna", password, evil).await;
        assert_eq!(answer.status, 200);
    }
    assert_eq!(
        login_for(&web, "nobody", "wrong", evil).await.refusal(),
        Code::NoSuchAccount
    );
    for name in ["anna", "nobody"] {
        too_often(&login_for(&web, name, "wrong", evil).await, "failed logins");
        too_often(
            &login_for(&web, name, PASSWORD, evil).await,
            "failed logins",
        );
    }
    let answer = login_for(&web, "anna", PASSWORD, good).await;
    let token = answer.data()["token"].as_str().unwrap().to_owned();
    // The old password cannot be found out elsewhere either.
    let change =
        json!({"oldPassword": PASSWORD, "newPassword": "battery", "verifyPassword": "battery"});
    let change_from = |address: &str| {
        let request = web
            .post("/api/user/change_pwd")
            .json(&change)
            .bearer_auth(&token);
        reply(request.header("x-forwarded-for", address))
    };
    too_often(&change_from(evil).await, "failed logins");
    assert_eq!(change_from(good).await.data(), Value::Null);
    assert_eq!(ann.user().username, "anna");
}

#[tokio::test]
async fn an_address_that_logs_in_too_often_at_once_keeps_nobody_else_out() {
    let server = TestServer::start_with(|config| {
        config.trusted_proxies = loopback();
        // Long enough for all to come while the first are being computed.
        config.passwords.memory_kib = 19_456;
        config.passwords.waiting = 18;
    })
    .await;
    server.offline_user("anna").await;
    let web = server.web();
    let crowd = join_all((0..40).map(|_| login_for(&web, "anna", PASSWORD, "198.51.100.1")));
    let (crowd, other) = tokio::join!(crowd, login_for(&web, "anna", PASSWORD, "198.51.100.2"));
    assert_eq!(other.data()["username"], "anna");
    let refused: Vec<_> = crowd.iter().filter(|answer| answer.status != 200).collect();
    assert!(!refused.is_empty());
    for answer in refused {
        assert_eq!(answer.status, 429, "{}", answer.text());
        assert_eq!(answer.header("retry-after"), "1");
    }
}

#[tokio::test]
async fn wrong_old_passwords_count_as_failed_logins() {
    let server = TestServer::start_with(|config| config.limits.failed_logins = 2).await;
    let ann = server.offline_user("anna").await;
    let web = server.web();
    let change = |old: &str| {
        let change =
            json!({"oldPassword": old, "newPassword": "battery", "verifyPassword": "battery"});
        reply(
            web.post("/api/user/change_pwd")
                .json(&change)
                .bearer_auth(ann.token()),
        )
    };
    for _ in 0..2 {
        assert_eq!(change("wrong").await.refusal(), Code::WrongPassword);
    }
    too_often(&change(PASSWORD).await, "failed logins");
    too_often(
        &login_for(&web, "anna", PASSWORD, "").await,
        "failed logins",
    );
}

#[tokio::test]
async fn nobody_but_a_trusted_proxy_says_whose_address_it_is() {
    let server = TestServer::start_with(|config| {
        config.trusted_proxies = vec!["192.0.2.0/24".parse().unwrap()];
        config.limits.exempt = vec!["198.51.100.0/24".parse().unwrap()];
        config.limits.registrations_per_hour = 1;
        config.limits.failed_logins = 1;
    })
    .await;
    let web = server.web();
    assert_eq!(
        register_for(&web, "anna", "198.51.100.1").await.data()["username"],
        "anna"
    );
    too_often(
        &register_for(&web, "bobo", "198.51.100.2").await,
        "registrations",
    );
    too_often(
        &register_for(&web, "bobo", "192.0.2.1").await,
        "registrations",
    );
    let wrong = login_for(&web, "anna", "wrong", "198.51.100.3").await;
    assert_eq!(wrong.refusal(), Code::WrongPassword);
    too_often(
        &login_for(&web, "anna", PASSWORD, "198.51.100.4").await,
        "failed logins",
    );
}

#[tokio::test]
async fn an_exempt_address_behind_a_trusted_proxy_is_exempt() {
    let server = TestServer::start_with(|config| {
        slow_rate(config);
        config.trusted_proxies = loopback();
        config.limits.exempt = vec!["198.51.100.0/24".parse().unwrap()];
    })
    .await;
    let ann = server.offline_user("ann").await;
    let cookie = cookies(&ann);
    let headers = [
        ("Cookie", cookie.as_str()),
        ("X-Forwarded-For", "198.51.100.7"),
    ];
    let mut exempt = server.socket("/ws/friend/del", &headers).await.unwrap();
    assert!(
        hurry(&mut exempt)
            .await
            .iter()
            .all(|answer| answer["code"] == "0001")
    );
    let headers = [
        ("Cookie", cookie.as_str()),
        ("X-Forwarded-For", "203.0.113.7"),
    ];
    let mut bound = server.socket("/ws/friend/del", &headers).await.unwrap();
    assert!(
        hurry(&mut bound)
            .await
            .iter()
            .any(|answer| answer["code"] == "9996")
    );
}

// How many connections

/// Connects and says nothing; what the server says to that when it lets nobody in.
async fn knock(server: &TestServer) -> (TcpStream, String) {
    let address = server.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut said = String::new();
    soon("the server to hang up", stream.read_to_string(&mut said))
        .await
        .unwrap();
    (stream, said)
}

fn no_room(said: &str) {
    let (head, body) = said.split_once("\r\n\r\n").expect("an answer");
    assert!(head.starts_with("HTTP/1.1 503 "), "{said}");
    assert!(head.contains("Retry-After: "), "{said}");
    let json: Value = serde_json::from_str(body).unwrap();
    assert!(
        json["message"]
            .as_str()
            .unwrap()
            .contains("too many connections")
    );
}

/// Answered connections, kept open.
async fn sockets(person: &Person, count: usize) -> Vec<RawSocket> {
    let mut sockets = Vec::new();
    for _ in 0..count {
        let mut socket = person.door(Operation::FriendDel).await;
        let answer = exchange(&mut socket, r#"{"userId":"nobody"}"#).await;
        assert_eq!(answer.code, Code::NotFriend);
        sockets.push(socket);
    }
    sockets
}

#[tokio::test]
async fn an_address_has_so_many_connections_and_each_that_ends_makes_room() {
    let server = TestServer::start_with(|config| config.limits.connections_per_address = 4).await;
    // Its one connection over HTTP is kept.
    let ann = server.offline_user("ann").await;
    let mut open = sockets(&ann, 3).await;
    no_room(&knock(&server).await.1);
    no_room(&knock(&server).await.1);
    // Those who are in are not disturbed.
    for socket in &mut open {
        let answer = exchange(socket, r#"{"userId":"nobody"}"#).await;
        assert_eq!(answer.code, Code::NotFriend);
    }
    open.pop().unwrap().close().await;
    let again = async {
        loop {
            if let Ok(socket) = ann.socket("/ws/friend/del").await {
                return socket;
            }
        }
    };
    let mut again = soon("room", again).await;
    let answer = exchange(&mut again, r#"{"userId":"nobody"}"#).await;
    assert_eq!(answer.code, Code::NotFriend);
    no_room(&knock(&server).await.1);
}

#[tokio::test]
async fn the_whole_server_has_so_many_connections_exempt_or_not() {
    let server = TestServer::start_with(|config| {
        config.limits.connections = 4;
        config.limits.exempt = loopback();
    })
    .await;
    let ann = server.offline_user("ann").await;
    let _open = sockets(&ann, 3).await;
    no_room(&knock(&server).await.1);
}

#[tokio::test]
async fn an_account_has_so_many_sockets_and_the_next_one_is_closed_with_1013() {
    let server = TestServer::start_with(|config| config.limits.connections_per_account = 3).await;
    let mut ann = server.user("ann").await;
    let bo = server.offline_user("bo").await;
    let mut open = sockets(&ann, 2).await;
    for path in ["/ws/friend/del", "/ws/chat/send_msg"] {
        let mut socket = ann.socket(path).await.unwrap();
        let end = soon("the close", socket.next()).await;
        assert!(
            matches!(end, Err(Error::Closed { code: Some(1013) })),
            "{path}: {end:?}"
        );
    }
    // A notice connection takes the place of the one before.
    let mut notices = ann.socket("/ws/notice/event").await.unwrap();
    ann.expect(EventType::ForcedLogout).await;
    bo.add_friend(ann.id(), "").await.unwrap();
    let event: Value =
        serde_json::from_str(&soon("an event", notices.next()).await.unwrap()).unwrap();
    assert_eq!(event["eventType"], "friend_add");
    sockets(&bo, 2).await;
    // What ends makes room.
    open.pop().unwrap().close().await;
    let again = async {
        loop {
            let mut socket = ann.socket("/ws/friend/del").await.unwrap();
            socket.send_text(r#"{"userId":"nobody"}"#).await.unwrap();
            if let Ok(answer) = socket.next().await {
                return answer;
            }
        }
    };
    assert!(soon("room", again).await.contains("0001"));
}

// How large, how slow

#[tokio::test]
async fn a_text_above_its_bound_is_refused_and_one_at_it_is_not() {
    let server = TestServer::start_with(|config| config.messages.max_bytes = 30).await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    let group = ann.group("choir").await;
    let mut door = ann.door(Operation::SendMsg).await;
    for to in [json!({"toUserId": bo.id()}), json!({"toGroupId": group})] {
        // Bytes count, not characters, and not those that JSON needs to write them.
        for (text, code) in [
            ("x".repeat(30), Code::Ok),
            ("雁".repeat(10), Code::Ok),
            ("\n".repeat(30), Code::Ok),
            ("x".repeat(31), Code::BadRequest),
            ("雁".repeat(11), Code::BadRequest),
            ("x".repeat(60_000), Code::BadRequest),
        ] {
            let mut request = to.clone();
            request["msg"] = json!(text);
            let answer = exchange(&mut door, &request.to_string()).await;
            assert_eq!(answer.code, code, "{request}");
            if code == Code::BadRequest {
                let why = answer.data.unwrap().to_string();
                assert!(why.contains("msg") && why.contains("30"), "{why}");
            }
        }
    }
    for text in ["x".repeat(30), "雁".repeat(10), "\n".repeat(30)] {
        assert_eq!(bo.message().await.msg, text);
    }
    bo.heard_nothing().await;
    assert_eq!(door.close_code(), None, "the socket stays open");
}

#[tokio::test]
async fn a_frame_above_its_bound_closes_its_socket_with_1009_and_no_other() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    let mut door = ann.door(Operation::SendMsg).await;
    let too_long = json!({"toUserId": bo.id(), "msg": "x".repeat(64 * 1024)});
    door.send_text(too_long.to_string()).await.unwrap();
    assert_eq!(soon("the close", door.closed()).await, Some(1009));
    ann.send(&bo, "hi").await.unwrap();
    assert_eq!(bo.message().await.msg, "hi");
    bo.heard_nothing().await;
}

/// Bytes of one large text, and how many are sent: more than all buffers on the way can hold.
const LARGE: usize = 256 * 1024;
const TEXTS: usize = 100;

#[tokio::test]
async fn a_member_who_never_reads_is_dropped_and_the_others_keep_chatting() {
    let server = TestServer::start_with(|config| {
        config.messages.keep = Keep::None;
        config.messages.max_bytes = LARGE;
        config.limits.frame_bytes = 2 * LARGE as u32;
    })
    .await;
    let [mut ann, mut cy] = server.users(["ann", "cy"]).await;
    let mut bo = server.offline_user("bo").await;
    let group = ann.group("choir").await;
    ann.admit(group, &mut cy).await;
    ann.admit(group, &mut bo).await;
    cy.expect(EventType::GroupJoin).await;
    let mut unread = bo.socket("/ws/notice/event").await.unwrap();
    for n in 0..TEXTS {
        let text = format!("{n} {}", "x".repeat(LARGE - 10));
        ann.send_to_group(group, text.as_str()).await.unwrap();
        assert_eq!(cy.message().await.msg, text);
    }
    // What Bo finds then is the beginning, without a gap, and the end of the connection.
    let mut heard = 0;
    let end = loop {
        match soon("the end", unread.next()).await {
            Ok(frame) => {
                let event: Value = serde_json::from_str(&frame).unwrap();
                let text = event["data"]["msg"].as_str().unwrap();
                assert!(text.starts_with(&format!("{heard} ")), "{}", &text[..20]);
                heard += 1;
            }
            Err(end) => break end,
        }
    };
    assert!(heard < TEXTS, "what nobody reads is not queued for ever");
    // The code arrives when Bo reads on within the time that a closing handshake has.
    let slow = matches!(
        end,
        Error::Closed {
            code: Some(4008) | None
        } | Error::Transport(_)
    );
    assert!(slow, "{end}");
    bo.come_online().await;
    ann.send_to_group(group, "back again").await.unwrap();
    assert_eq!(cy.message().await.msg, "back again");
    assert_eq!(bo.message().await.msg, "back again");
}
