//! Accounts: registering, and sessions over HTTP.

use std::collections::BTreeSet;

use hongyan_client::Error;
use hongyan_protocol::{Code, Operation};
use serde_json::{Value, json};

use crate::harness::{PASSWORD, Reply, TestServer, account, cookies, reply, soon};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// A registration with everything that is wanted, and this instead.
pub(crate) fn registering(field: &str, value: &str) -> Value {
    let mut user = json!({"username": "anna", "password": PASSWORD, "nickname": "Anna"});
    user[field] = json!(value);
    user
}

#[tokio::test]
async fn what_is_just_within_the_bounds_is_taken_as_it_is() {
    let server = TestServer::start().await;
    let web = server.web();
    let long_password = "x".repeat(128);
    for (n, (field, value)) in [
        ("username", "a-_9"),
        ("username", "1234567890ABCDEf"),
        ("password", "123456"),
        ("password", "密码"),
        ("password", "      "),
        ("password", &long_password),
        ("nickname", " "),
        ("nickname", &"雁".repeat(64)),
        ("sign", &"🦢".repeat(200)),
        ("sign", ""),
        ("sex", "-1"),
        ("sex", "1"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut user = registering(field, value);
        if field != "username" {
            user["username"] = json!(format!("user-{n}"));
        }
        let data = reply(web.post("/api/registe").json(&user)).await.data();
        if field != "password" {
            assert_eq!(data[field], value);
        }
        let (name, password) = (&user["username"], &user["password"]);
        let login = server.stranger();
        let session = login
            .login(name.as_str().unwrap(), password.as_str().unwrap())
            .await;
        let info = serde_json::to_value(session.unwrap().get_info().await.unwrap()).unwrap();
        assert_eq!(info["id"], data["id"], "{field} {value}");
        assert_eq!(info["username"], *name);
    }
}

#[tokio::test]
async fn what_is_optional_has_a_default() {
    let server = TestServer::start().await;
    let user = registering("nickname", "安娜");
    let data = reply(server.web().post("/api/registe").json(&user))
        .await
        .data();
    let keys: BTreeSet<_> = data
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        keys,
        [
            "id",
            "username",
            "nickname",
            "headImg",
            "sign",
            "sex",
            "token",
            "sessionId"
        ]
        .into()
    );
    assert_eq!((&data["sex"], &data["sign"]), (&json!("-1"), &json!("")));
    assert!(
        data["headImg"]
            .as_str()
            .unwrap()
            .starts_with("/img/default/user-")
    );
}

#[tokio::test]
async fn a_name_is_taken_in_every_case_and_found_in_every_case() {
    let server = TestServer::start().await;
    let web = server.web();
    let register = |name: &str| {
        reply(
            web.post("/api/registe")
                .json(&registering("username", name)),
        )
    };
    assert_eq!(register("AnNa").await.data()["username"], "AnNa");
    for name in ["AnNa", "anna", "ANNA"] {
        let refused = register(name).await;
        assert_eq!(refused.refusal(), Code::UsernameTaken);
        assert!(refused.headers.get("set-cookie").is_none());
        let session = server.stranger().login(name, PASSWORD).await.unwrap();
        assert_eq!(session.user().username, "AnNa", "as it was registered");
    }
}

#[tokio::test]
async fn of_many_who_register_one_name_at_once_one_gets_it() {
    let server = TestServer::start().await;
    let names = ["anna", "ANNA", "Anna", "annA", "aNNa", "AnnA"];
    let tries = names.map(|name| {
        let client = server.stranger();
        async move { client.register(&account(name)).await }
    });
    let tries = futures_util::future::join_all(tries).await;
    let (got, refused): (Vec<_>, Vec<_>) = tries.into_iter().partition(Result::is_ok);
    assert_eq!(got.len(), 1);
    for error in refused {
        assert_eq!(error.unwrap_err().code(), Some(Code::UsernameTaken));
    }
    let winner = got.into_iter().next().unwrap().unwrap();
    assert_eq!(winner.get_info().await.unwrap().id, winner.id());
}

#[tokio::test]
async fn where_registration_is_closed_nobody_registers() {
    let server = TestServer::start_with(|config| config.accounts.open_registration = false).await;
    let user = registering("username", "anna");
    let why = reply(server.web().post("/api/registe").json(&user))
        .await
        .failure(403);
    assert!(why.contains("operator"), "{why}");
    let error = server.stranger().login("anna", PASSWORD).await.unwrap_err();
    assert_eq!(error.code(), Some(Code::NoSuchAccount));
}

#[tokio::test]
async fn a_setting_hides_which_names_exist() {
    let server = TestServer::start_with(|config| config.accounts.merge_login_refusals = true).await;
    let ann = server.offline_user("anna").await;
    let web = server.web();
    let login = |name: &str| {
        let login = json!({"username": name, "password": "wrong horse"});
        reply(web.post("/api/login").json(&login))
    };
    let (known, unknown) = (login(&ann.name()).await, login("nobody").await);
    assert_eq!(known.refusal(), Code::WrongPassword);
    assert_eq!(known.body, unknown.body);
}

/// The attributes of the cookies that an answer sets, by name: the value first.
fn set_cookies(reply: &Reply) -> [(String, BTreeSet<String>); 2] {
    let cookies: Vec<_> = reply
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|line| {
            let mut parts = line.to_str().unwrap().split("; ").map(str::to_owned);
            (parts.next().unwrap(), parts.collect())
        })
        .collect();
    cookies.try_into().expect("two cookies")
}

fn attributes(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

#[tokio::test]
async fn a_login_sets_two_host_only_cookies_and_scripts_read_the_uid_alone() {
    let server = TestServer::start().await;
    let web = server.web();
    let user = registering("username", "anna");
    for path in ["/api/registe", "/api/login"] {
        let answer = reply(web.post(path).json(&user)).await;
        let data = answer.data();
        let [(token, guarded), (uid, readable)] = set_cookies(&answer);
        assert_eq!(token, format!("token={}", data["token"].as_str().unwrap()));
        assert_eq!(uid, format!("uid={}", data["id"].as_str().unwrap()));
        let age = "Max-Age=34560000";
        assert_eq!(
            guarded,
            attributes(&["HttpOnly", "Path=/", "SameSite=Lax", age])
        );
        assert_eq!(readable, attributes(&["Path=/", "SameSite=Lax", age]));
        assert_eq!(answer.header("cache-control"), "no-store");
        let random = data["token"].as_str().unwrap();
        assert!(random.len() * 6 >= 128, "at least 128 random bits");
    }
}

#[tokio::test]
async fn cookies_are_secure_when_a_trusted_proxy_says_https_and_only_then() {
    let loopback = "127.0.0.0/8".parse().unwrap();
    let behind_proxy =
        TestServer::start_with(|config| config.trusted_proxies = vec![loopback]).await;
    let alone = TestServer::start().await;
    for (server, proto, secure) in [
        (&behind_proxy, "https", true),
        (&behind_proxy, "http", false),
        (&behind_proxy, "", false),
        (&alone, "https", false),
    ] {
        let web = server.web();
        let name = format!("anna-{proto}");
        let register = web
            .post("/api/registe")
            .json(&registering("username", &name));
        let answer = reply(register.header("x-forwarded-proto", proto)).await;
        let token = answer.data()["token"].as_str().unwrap().to_owned();
        let logout = web.post("/api/logout").bearer_auth(token);
        let cleared = reply(logout.header("x-forwarded-proto", proto)).await;
        for answer in [answer, cleared] {
            for (_, attributes) in set_cookies(&answer) {
                assert_eq!(
                    attributes.contains("Secure"),
                    secure,
                    "{proto} {attributes:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn both_cookies_are_wanted_and_must_agree() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let bo = server.offline_user("bo").await;
    let (token, uid, other) = (ann.token(), ann.id(), bo.id());
    let web = server.web();
    let ask = |cookie: String| reply(web.get("/api/user/get_info").header("cookie", cookie));
    for good in [
        cookies(&ann),
        format!("theme=dark; uid={uid}; token={token}"),
        format!("token=\"{token}\"; uid=\"{uid}\""),
    ] {
        let info = ask(good.clone()).await.data();
        assert_eq!(info["id"], uid.to_string(), "{good}");
    }
    for bad in [
        String::new(),
        format!("token={token}"),
        format!("uid={uid}"),
        format!("token={token}; uid={other}"),
        format!("token={token}; uid="),
        format!("token={token}; uid=me"),
        format!("token={token}; uid=00000000-0000-0000-0000-000000000000"),
        format!("token={}; uid={uid}", bo.token()),
        format!("token={}; uid={uid}", token.to_uppercase().to_lowercase()),
        format!("token={token}x; uid={uid}"),
        format!("token=; uid={uid}"),
        format!("Token={token}; uid={uid}"),
        format!("token={token}&uid={uid}"),
    ] {
        assert_eq!(ask(bad.clone()).await.failure(401), "unauthorized", "{bad}");
    }
}

#[tokio::test]
async fn a_bearer_token_serves_without_cookies_and_goes_before_them() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let bo = server.offline_user("bo").await;
    let web = server.web();
    let ask = |authorization: String| {
        let request = web.get("/api/user/get_info").header("cookie", cookies(&bo));
        reply(request.header("authorization", authorization))
    };
    for scheme in ["Bearer", "bearer"] {
        let info = ask(format!("{scheme} {}", ann.token())).await.data();
        assert_eq!(info["id"], ann.id().to_string());
    }
    assert_eq!(ask("Bearer wrong".to_owned()).await.status, 401);
    // Another scheme is no business of ours.
    let info = ask("Basic YTpi".to_owned()).await.data();
    assert_eq!(info["id"], bo.id().to_string());
}

#[tokio::test]
async fn logging_out_ends_the_token_and_its_sockets_and_no_other_session() {
    let server = TestServer::start_with(|config| config.accounts.devices = 2).await;
    let mut ann = server.user("ann").await;
    let mut phone = server.log_in(&ann).await;
    phone.come_online().await;
    let mut door = ann.door(Operation::SendMsg).await;
    let web = server.web();
    let answer = reply(web.post("/api/logout").header("cookie", cookies(&ann))).await;
    assert_eq!(answer.data(), Value::Null);
    let [(token, attributes), (uid, _)] = set_cookies(&answer);
    assert_eq!((token.as_str(), uid.as_str()), ("token=", "uid="));
    assert!(attributes.contains("Max-Age=0"));
    assert!(matches!(ann.get_info().await, Err(Error::Unauthorized)));
    assert!(matches!(ann.logout().await, Err(Error::Unauthorized)));
    assert_eq!(ann.close_code().await, Some(1008));
    assert_eq!(soon("the close", door.closed()).await, Some(1008));
    phone.heard_nothing().await;
    assert_eq!(phone.get_info().await.unwrap().id, phone.id());
}

#[tokio::test]
async fn who_logs_out_hears_no_forced_logout() {
    let server = TestServer::start().await;
    let mut ann = server.user("ann").await;
    ann.logout().await.unwrap();
    let mut socket = server.log_in(&ann).await;
    socket.come_online().await;
    socket.heard_nothing().await;
    assert_eq!(ann.close_code().await, Some(1008), "and nothing before it");
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_used_and_lives_as_long_as_it_is() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    for _ in 0..5 {
        server.clock.advance(29 * DAY);
        assert!(ann.get_info().await.is_ok());
    }
    server.clock.advance(30 * DAY - 1);
    ann.door(Operation::SendMsg).await;
    server.clock.advance(30 * DAY - 1);
    assert!(ann.get_info().await.is_ok(), "a handshake is a use");
    server.clock.advance(30 * DAY);
    assert!(matches!(ann.get_info().await, Err(Error::Unauthorized)));
    let mut socket = ann.socket("/ws/notice/event").await.unwrap();
    assert_eq!(soon("the close", socket.closed()).await, Some(1008));
    assert!(matches!(ann.get_info().await, Err(Error::Unauthorized)));
    assert!(server.log_in(&ann).await.get_info().await.is_ok());
}

#[tokio::test]
async fn a_session_survives_a_restart() {
    let mut server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    server.restart().await;
    let again = server.stranger().resume(ann.token()).await.unwrap();
    assert_eq!(again.id(), ann.id());
}
