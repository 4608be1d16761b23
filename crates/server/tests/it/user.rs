//! Accounts: registering, logging in and out, passwords, profiles, pictures, and finding people.

use std::{
    collections::BTreeSet,
    io::{self, Cursor},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use hongyan_client::Error;
use hongyan_protocol::{
    Code, EventType, Operation,
    text::Text,
    user::{ChangePassword, Password, Register, SearchUser, Sex, Sign, UpdateInfo},
};
use image::{DynamicImage, ImageFormat};
use reqwest::{
    RequestBuilder,
    multipart::{Form, Part},
};
use serde_json::{Value, json};

use crate::harness::{
    PASSWORD, Person, Reply, TestServer, account, cookies, reply, soon, username,
};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// A registration with everything that is wanted, and this instead.
fn registering(field: &str, value: &str) -> Value {
    let mut user = json!({"username": "anna", "password": PASSWORD, "nickname": "Anna"});
    user[field] = json!(value);
    user
}

fn change(old: &str, new: &str, verify: &str) -> ChangePassword {
    ChangePassword {
        old_password: Password::new(old),
        new_password: Password::new(new),
        verify_password: Password::new(verify),
    }
}

// Registering

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

// Sessions over HTTP

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

// Passwords

#[tokio::test]
async fn a_new_password_replaces_the_old_one_and_ends_the_other_sessions() {
    let server = TestServer::start_with(|config| config.accounts.devices = 3).await;
    let mut ann = server.user("ann").await;
    let mut phone = server.log_in(&ann).await;
    phone.come_online().await;
    let mut phone_door = phone.door(Operation::SendMsg).await;
    ann.change_password(&change(PASSWORD, "battery staple", "battery staple"))
        .await
        .unwrap();
    let event = phone.expect(EventType::ForcedLogout).await;
    assert_eq!((event.from(), event.to()), (None, phone.id()));
    assert_eq!(phone.close_code().await, Some(4001));
    assert_eq!(soon("the close", phone_door.closed()).await, Some(1008));
    assert!(matches!(phone.get_info().await, Err(Error::Unauthorized)));
    ann.heard_nothing().await;
    assert!(
        ann.get_info().await.is_ok(),
        "the session that changed it lives"
    );
    let old = server.stranger().login(&ann.name(), PASSWORD).await;
    assert_eq!(old.unwrap_err().code(), Some(Code::WrongPassword));
    let new = server.stranger().login(&ann.name(), "battery staple").await;
    assert_eq!(new.unwrap().id(), ann.id());
}

#[tokio::test]
async fn a_refused_change_of_the_password_changes_nothing() {
    let server = TestServer::start_with(|config| config.accounts.devices = 3).await;
    let mut ann = server.user("ann").await;
    let mut phone = server.log_in(&ann).await;
    phone.come_online().await;
    let too_long = "x".repeat(129);
    for (code, old, new, verify) in [
        (
            Code::WrongPassword,
            "wrong horse",
            "battery staple",
            "battery staple",
        ),
        (Code::WrongPassword, "", "battery staple", "battery staple"),
        // Who does not know the old password learns nothing about the new one.
        (Code::WrongPassword, "wrong horse", "x", "y"),
        (Code::SamePassword, PASSWORD, PASSWORD, PASSWORD),
        (Code::SamePassword, PASSWORD, PASSWORD, "another"),
        (Code::BadPassword, PASSWORD, "12345", "12345"),
        (Code::BadPassword, PASSWORD, &too_long, &too_long),
        (Code::BadPassword, PASSWORD, "", ""),
        (
            Code::BadPassword,
            PASSWORD,
            "battery staple",
            "battery stable",
        ),
        (Code::BadPassword, PASSWORD, "battery staple", ""),
    ] {
        let error = ann
            .change_password(&change(old, new, verify))
            .await
            .unwrap_err();
        assert_eq!(error.code(), Some(code), "{old:?} {new:?} {verify:?}");
    }
    ann.heard_nothing().await;
    // The same marker came to both.
    phone.expect(EventType::FriendAdd).await;
    assert!(server.stranger().login(&ann.name(), PASSWORD).await.is_ok());
}

#[tokio::test]
async fn of_two_who_change_the_password_at_once_one_succeeds() {
    let server = TestServer::start_with(|config| config.accounts.devices = 2).await;
    let ann = server.offline_user("ann").await;
    let phone = server.log_in(&ann).await;
    let (first, second) = (
        change(PASSWORD, "the first", "the first"),
        change(PASSWORD, "the second", "the second"),
    );
    let (on_ann, on_phone) =
        tokio::join!(ann.change_password(&first), phone.change_password(&second));
    let (winner, loser, password) = match (&on_ann, &on_phone) {
        (Ok(()), Err(_)) => (&ann, &phone, "the first"),
        (Err(_), Ok(())) => (&phone, &ann, "the second"),
        both => panic!("{both:?}"),
    };
    assert!(winner.get_info().await.is_ok());
    assert!(matches!(loser.get_info().await, Err(Error::Unauthorized)));
    assert!(server.stranger().login(&ann.name(), password).await.is_ok());
}

/// What the server wrote into its log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_password_and_no_token_is_in_any_log_answer_or_file() {
    const SECRETS: [&str; 3] = ["canary-one-8f3a", "canary-two-41bc", "canary-six-77e0"];
    let log = Log::default();
    let writer = log.clone();
    // For this thread: with it, the tasks of the server and of its clients.
    let _logging = tracing::subscriber::set_default(
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish(),
    );
    let mut server = TestServer::start().await;
    let web = server.web();
    let mut answers = Vec::new();
    let user = registering("password", SECRETS[0]);
    let registered = reply(web.post("/api/registe").json(&user)).await;
    let mut token = registered.data()["token"].as_str().unwrap().to_owned();
    let mut tokens = vec![token.clone()];
    for login in [
        json!({"username": "anna", "password": SECRETS[1]}),
        json!({"username": "anna", "password": [SECRETS[1]]}),
        json!({"username": "nobody", "password": SECRETS[1]}),
        json!({"username": SECRETS[1], "nickname": "x", "password": "x"}),
        json!({"password": SECRETS[1]}),
    ] {
        let mut answer = reply(web.post("/api/login").json(&login)).await;
        answers.append(&mut answer.body);
    }
    let login = json!({"username": "anna", "password": SECRETS[0]});
    let logged_in = reply(web.post("/api/login").form(&login)).await;
    token = logged_in.data()["token"].as_str().unwrap().to_owned();
    tokens.push(token.clone());
    let passwords = json!({
        "oldPassword": SECRETS[0], "newPassword": SECRETS[2], "verifyPassword": SECRETS[2],
    });
    for path in [
        "/api/user/change_pwd",
        "/api/user/change_pwd",
        "/api/user/update_uinfo",
    ] {
        let request = web.post(path).json(&passwords).bearer_auth(&token);
        answers.append(&mut reply(request).await.body);
    }
    for path in [
        "/api/user/get_info",
        "/api/friend/search_user?username=anna",
        "/api/friend/get_friend_list",
        "/api/nothing",
    ] {
        answers.append(&mut reply(web.get(path).bearer_auth(&token)).await.body);
    }
    let session = server.stranger().resume(&token).await.unwrap();
    let socket = session.socket("/ws/notice/event").await.unwrap();
    soon("the close", socket.close()).await;
    server.stop().await;

    let files = walk(server.data_dir());
    let files = files
        .into_iter()
        .flat_map(|file| std::fs::read(file).unwrap());
    let files: Vec<u8> = files.collect();
    let log = log.0.lock().unwrap().clone();
    let path_is_logged = contains(&log, "/api/user/change_pwd");
    assert!(path_is_logged, "this test reads the log");
    assert!(contains(&files, "anna"), "this test reads the files");
    for secret in SECRETS {
        assert!(!contains(&answers, secret), "{secret} in an answer");
        assert!(!contains(&log, secret), "{secret} in the log");
        assert!(!contains(&files, secret), "{secret} in a file");
    }
    for token in &tokens {
        assert!(!contains(&answers, token), "a token in another answer");
        assert!(!contains(&log, token), "a token in the log");
        assert!(!contains(&files, token), "a token in a file");
    }
    assert!(!contains(&answers, "argon2"), "a hash in an answer");
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            files.extend(walk(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files
}

// Profiles

#[tokio::test]
async fn a_profile_changes_in_what_is_given_and_others_see_it() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let bo = server.offline_user("bo").await;
    let before = ann.get_info().await.unwrap();
    let nickname = UpdateInfo {
        nickname: Some(Text::new(" 安娜 <b>").unwrap()),
        ..UpdateInfo::default()
    };
    let after = ann.update_info(&nickname, None).await.unwrap();
    assert_eq!(after.nickname, " 安娜 <b>", "text is never altered");
    assert_eq!((&after.sign, after.sex), (&before.sign, before.sex));
    assert_eq!(
        (&after.head_img, &after.username),
        (&before.head_img, &before.username)
    );
    let rest = UpdateInfo {
        nickname: None,
        sign: Some(Sign::new("").unwrap()),
        sex: Some(Sex::Unset),
    };
    let after = ann.update_info(&rest, None).await.unwrap();
    assert_eq!(
        (after.nickname.as_str(), after.sign.as_str()),
        (" 安娜 <b>", "")
    );
    assert_eq!(after.sex, Sex::Unset);
    assert_eq!(ann.get_info().await.unwrap(), after);
    let search = SearchUser {
        username: Some(ann.name()),
        ..SearchUser::default()
    };
    let found = bo.search_user(&search).await.unwrap();
    assert_eq!(found[0].nickname, " 安娜 <b>");
}

fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let mut picture = DynamicImage::new_rgb8(width, height).into_rgb8();
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        pixel.0 = [(x % 256) as u8, (y % 256) as u8, 90];
    }
    DynamicImage::from(picture)
        .write_to(&mut bytes, format)
        .unwrap();
    bytes.into_inner()
}

/// An upload as a browser sends it.
fn upload(
    server: &TestServer,
    person: &Person,
    name: &str,
    kind: &str,
    content: Vec<u8>,
) -> RequestBuilder {
    let part = Part::bytes(content).file_name(name.to_owned());
    let form = Form::new()
        .text("nickname", "with a picture")
        .part("headImage", part.mime_str(kind).unwrap());
    let request = server.web().post("/api/user/update_uinfo");
    request.bearer_auth(person.token()).multipart(form)
}

#[tokio::test]
async fn a_picture_of_any_kind_becomes_a_small_png_that_everybody_sees() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    for (format, name, kind) in [
        (ImageFormat::Png, "me.png", "image/png"),
        (ImageFormat::Jpeg, "me.jpg", "image/jpeg"),
        (ImageFormat::Gif, "me.gif", "image/gif"),
        (ImageFormat::WebP, "me.webp", "image/webp"),
        // What it is called does not matter: its content says what it is.
        (ImageFormat::Jpeg, "me.html", "text/html"),
        (ImageFormat::Gif, "../../me.png", "image/svg+xml"),
    ] {
        for (width, height, side) in [(300, 700, 256), (40, 30, 30)] {
            let content = picture(width, height, format);
            let info = reply(upload(&server, &ann, name, kind, content))
                .await
                .data();
            assert_eq!(info["nickname"], "with a picture");
            let path = info["headImg"].as_str().unwrap();
            let answer = reply(server.web().get(path)).await;
            assert_eq!(answer.status, 200, "{path}");
            assert_eq!(answer.header("content-type"), "image/png");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert_eq!(
                answer.header("cache-control"),
                "public, max-age=31536000, immutable"
            );
            assert!(
                answer
                    .header("content-security-policy")
                    .starts_with("default-src 'none'")
            );
            let png = image::load_from_memory_with_format(&answer.body, ImageFormat::Png).unwrap();
            assert_eq!((png.width(), png.height()), (side, side), "{name} {kind}");
        }
    }
}

#[tokio::test]
async fn a_new_picture_replaces_the_old_one() {
    let mut server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let bo = server.offline_user("bo").await;
    let content = || Some(picture(50, 50, ImageFormat::Png));
    let none = UpdateInfo::default();
    let default = ann.user().head_img.clone();
    let first = ann.update_info(&none, content()).await.unwrap().head_img;
    let of_bo = bo.update_info(&none, content()).await.unwrap().head_img;
    let second = ann.update_info(&none, content()).await.unwrap().head_img;
    assert_ne!(first, second, "what browsers keep for ever has a new name");
    let sign = UpdateInfo {
        sign: Some(Sign::new("no new picture").unwrap()),
        ..UpdateInfo::default()
    };
    assert_eq!(ann.update_info(&sign, None).await.unwrap().head_img, second);
    // A page sends an empty file where none was chosen.
    let empty = ann.update_info(&none, Some(Vec::new())).await.unwrap();
    assert_eq!(empty.head_img, second);
    server.restart().await;
    for (path, status) in [
        (&default, 200),
        (&first, 404),
        (&second, 200),
        (&of_bo, 200),
    ] {
        assert_eq!(reply(server.web().get(path)).await.status, status, "{path}");
    }
    assert_eq!(walk(&server.data_dir().join("picture")).len(), 2);
}

#[tokio::test]
async fn what_is_no_picture_or_too_large_is_refused_with_the_cause_and_changes_nothing() {
    let server = TestServer::start_with(|config| {
        config.limits.picture_bytes = 100_000;
        config.limits.picture_pixels = 1_000_000;
    })
    .await;
    let ann = server.offline_user("ann").await;
    let png = picture(100, 100, ImageFormat::Png);
    let svg = b"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    let noise: Vec<u8> = (0..100_001_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let with_noise = [png.as_slice(), &noise].concat();
    for (cause, name, kind, content) in [
        ("is wanted", "me.svg", "image/svg+xml", svg.to_vec()),
        ("is wanted", "me.png", "image/png", svg.to_vec()),
        ("is wanted", "me.png", "image/png", b"hello".to_vec()),
        (
            "is wanted",
            "me.jpg",
            "image/jpeg",
            b"<html><script>alert(1)</script></html>".to_vec(),
        ),
        (
            "is wanted",
            "me.bmp",
            "image/bmp",
            [b"BM".as_slice(), &[0; 100]].concat(),
        ),
        (
            "cannot be read",
            "me.png",
            "image/png",
            png[..png.len() / 2].to_vec(),
        ),
        (
            "cannot be read",
            "me.png",
            "image/png",
            [b"\x89PNG\r\n\x1a\n".as_slice(), &[0; 100]].concat(),
        ),
        (
            "cannot be read",
            "me.gif",
            "image/gif",
            b"GIF89a\xff\xff\xff\xff".to_vec(),
        ),
        ("at most 100000 bytes", "me.png", "image/png", with_noise),
        (
            "at most 1000000 pixels",
            "me.png",
            "image/png",
            picture(1001, 1000, ImageFormat::Png),
        ),
    ] {
        assert!(content.len() < 160_000, "that would be another refusal");
        let why = reply(upload(&server, &ann, name, kind, content))
            .await
            .failure(400);
        assert!(
            why.starts_with("headImage: ") && why.contains(cause),
            "{cause}: {why}"
        );
    }
    let far_too_large = vec![b'x'; 200_000];
    let answer = reply(upload(&server, &ann, "me.png", "image/png", far_too_large)).await;
    answer.failure(413);
    // A text that is refused takes its picture with it.
    let text = Form::new()
        .text("sex", "2")
        .part("headImage", Part::bytes(png).file_name("a"));
    let request = server
        .web()
        .post("/api/user/update_uinfo")
        .bearer_auth(ann.token());
    let why = reply(request.multipart(text)).await.failure(400);
    assert!(why.starts_with("sex: "), "{why}");
    assert_eq!(&ann.get_info().await.unwrap(), ann.user());
    assert!(walk(&server.data_dir().join("picture")).is_empty());
}

#[tokio::test]
async fn a_broken_form_is_400() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    for (kind, body) in [
        ("multipart/form-data", "--x\r\n\r\n"),
        ("multipart/form-data; boundary=x", ""),
        (
            "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=\"sign\"\r\n\r\nhalf",
        ),
        ("multipart/form-data; boundary=x", "--y\r\n\r\n--y--"),
    ] {
        let request = server
            .web()
            .post("/api/user/update_uinfo")
            .bearer_auth(ann.token());
        let answer = reply(request.header("content-type", kind).body(body)).await;
        let why = answer.failure(400);
        assert!(why.starts_with("body: "), "{why}");
    }
    assert_eq!(&ann.get_info().await.unwrap(), ann.user());
}

// Finding people

async fn named(server: &TestServer, name: &str, nickname: &str) {
    let account = Register {
        nickname: Text::new(nickname).unwrap(),
        ..account(name)
    };
    server.stranger().register(&account).await.unwrap();
}

fn by_nickname(part: &str) -> SearchUser {
    SearchUser {
        nickname: Some(part.to_owned()),
        ..SearchUser::default()
    }
}

async fn found(person: &Person, search: &SearchUser) -> Vec<String> {
    let found = person.search_user(search).await.unwrap();
    found.into_iter().map(|card| card.username).collect()
}

#[tokio::test]
async fn people_are_found_by_a_part_of_their_nickname_whatever_its_characters() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    for (name, nickname) in [
        ("cent", "100% 安娜"),
        ("unit", "1000 安 娜"),
        ("line", "snake_case"),
        ("lime", "snakeXcase"),
        ("bang", "wow!%"),
        ("back", r"a\b"),
        ("quot", "O'Neil\""),
        ("emil", "ÉMILE Straße"),
    ] {
        named(&server, name, nickname).await;
    }
    for (part, names) in [
        ("安娜", vec!["cent"]),
        ("安", vec!["cent", "unit"]),
        ("100%", vec!["cent"]),
        ("%", vec!["cent", "bang"]),
        ("e_c", vec!["line"]),
        ("_", vec!["line"]),
        ("SNAKE", vec!["line", "lime"]),
        ("!", vec!["bang"]),
        ("!%", vec!["bang"]),
        (r"\", vec!["back"]),
        (r"\b", vec!["back"]),
        ("'", vec!["quot"]),
        ("\"", vec!["quot"]),
        ("émile", vec!["emil"]),
        ("MISS ANN", vec!["ann-"]),
        ("0", vec!["cent", "unit"]),
        ("100% 安娜 ", vec![]),
        ("*", vec![]),
        ("' OR 1=1 --", vec![]),
    ] {
        assert_eq!(found(&ann, &by_nickname(part)).await, names, "{part:?}");
    }
}

#[tokio::test]
async fn people_are_found_by_their_whole_username_in_any_case() {
    let server = TestServer::start().await;
    let ann = server.offline_user("anna").await;
    named(&server, "anna-b", "安娜").await;
    let search = |username: &str, nickname: Option<&str>| SearchUser {
        username: Some(username.to_owned()),
        nickname: nickname.map(str::to_owned),
        page: None,
    };
    assert_eq!(
        found(&ann, &search("anna", None)).await,
        ["anna"],
        "oneself, too"
    );
    assert_eq!(found(&ann, &search("ANNA-B", None)).await, ["anna-b"]);
    assert_eq!(found(&ann, &search("ANNA-B", Some(""))).await, ["anna-b"]);
    assert_eq!(found(&ann, &search("ANNA-B", Some("安"))).await, ["anna-b"]);
    assert_eq!(found(&ann, &search("", Some("安"))).await, ["anna-b"]);
    for (username, nickname) in [
        ("ann", None),
        ("anna-", None),
        ("anna%", None),
        ("____", None),
        ("anna-b", Some("bo")),
        ("nobody", Some("安")),
    ] {
        let nobody = found(&ann, &search(username, nickname)).await;
        assert!(nobody.is_empty(), "{username} {nickname:?}: {nobody:?}");
    }
}

#[tokio::test]
async fn a_search_shows_what_everybody_may_know_and_no_more() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let request = server.web().get("/api/friend/search_user?username=ann-");
    let data = reply(request.bearer_auth(ann.token())).await.data();
    let user = ann.user();
    assert_eq!(
        data,
        json!({"list": [{
            "userId": user.id, "username": "ann-", "nickname": "Miss ann", "headImg": user.head_img,
            "sex": "0", "sign": "ann was here",
        }]})
    );
}

#[tokio::test]
async fn a_search_is_paged_by_fifty() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    for n in 0..103 {
        named(&server, &format!("bird-{n}"), &format!("大雁 {n}")).await;
    }
    let page = async |page: Option<u32>| {
        let search = SearchUser {
            page,
            ..by_nickname("大雁")
        };
        found(&ann, &search).await
    };
    let expected: Vec<String> = (0..103).map(|n| format!("bird-{n}")).collect();
    assert_eq!(page(None).await, expected[..50]);
    assert_eq!(page(Some(0)).await, expected[..50]);
    assert_eq!(page(Some(1)).await, expected[..50]);
    assert_eq!(page(Some(2)).await, expected[50..100]);
    assert_eq!(page(Some(3)).await, expected[100..]);
    assert!(page(Some(4)).await.is_empty());
    assert!(page(Some(u32::MAX)).await.is_empty());
    let exact = SearchUser {
        username: Some(username("bird-0")),
        page: Some(2),
        ..SearchUser::default()
    };
    assert!(found(&ann, &exact).await.is_empty());
}
