//! The router, asked as a client would.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode},
};
use hongyan_protocol::{Endpoint, id::UserId};
use hongyan_store::{Options, Store};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::{
    app::App, clock::Clock, config::Config, hub::Hub, limits::Rates, password::Hasher,
    picture::Pictures,
};

struct Server {
    router: Router,
    app: Arc<App>,
    _data: TempDir,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    fn code(&self) -> &str {
        assert_eq!(self.status, StatusCode::OK, "{}", self.body);
        self.body["code"].as_str().unwrap_or("none")
    }

    fn message(&self, status: StatusCode) -> &str {
        assert_eq!(self.status, status, "{}", self.body);
        self.body["message"].as_str().unwrap()
    }

    fn data(&self) -> &Value {
        assert_eq!(self.code(), "none", "{}", self.body);
        &self.body["data"]
    }

    fn token(&self) -> String {
        self.data()["token"].as_str().unwrap().to_owned()
    }
}

impl Server {
    fn start() -> Self {
        Self::with(|_| {})
    }

    fn with(set: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut config = Config {
            data_dir: data.path().to_owned(),
            ..Config::default()
        };
        config.passwords.memory_kib = 8;
        config.passwords.iterations = 1;
        config.trusted_proxies = vec!["0.0.0.0/32".parse().unwrap()];
        set(&mut config);
        let clock = Clock::held(1_800_000_000_000);
        let (hub, _) = Hub::new(clock.clone(), Duration::from_secs(3), 50);
        let app = Arc::new(App {
            store: Store::open(&Options::new(data.path())).unwrap(),
            hub,
            rates: Rates::new(&config.limits),
            hasher: Hasher::new(&config.passwords).unwrap(),
            pictures: Pictures::open(data.path(), &config.limits).unwrap(),
            clock,
            socket_limits: Arc::new(config.socket_limits()),
            config,
        });
        Self {
            router: super::router(Arc::clone(&app)),
            app,
            _data: data,
        }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let body = serde_json::from_slice(&body).unwrap_or_default();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    async fn post(&self, path: &str, headers: &[(&str, &str)], body: Value) -> Answer {
        let mut request = Request::post(path).header("host", "im.example:8006");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.header("content-type", "application/json");
        self.send(request.body(body.to_string().into()).unwrap())
            .await
    }

    async fn get(&self, path: &str, token: &str) -> Answer {
        let request = Request::get(path).header("authorization", format!("Bearer {token}"));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn register(&self, username: &str) -> Answer {
        let body = json!({"username": username, "password": "geheim", "nickname": "安娜"});
        self.post("/api/registe", &[], body).await
    }

    async fn login(&self, username: &str, password: &str) -> Answer {
        let body = json!({"username": username, "password": password});
        self.post("/api/login", &[], body).await
    }
}

#[tokio::test]
async fn registering_logs_in_with_two_cookies() {
    let server = Server::start();
    let answer = server.register("anna").await;
    let id = answer.data()["id"].as_str().unwrap();
    let cookies: Vec<_> = answer
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|cookie| cookie.to_str().unwrap())
        .collect();
    assert!(cookies[0].starts_with(&format!("token={}; HttpOnly", answer.token())));
    assert!(cookies[1].starts_with(&format!("uid={id};")));
    let cookie = format!("token={}; uid={id}", answer.token());
    let by_cookie = |cookie: &str| {
        Request::get("/api/user/get_info")
            .header("cookie", cookie)
            .body(Body::empty())
            .unwrap()
    };
    let info = server.send(by_cookie(&cookie)).await;
    let picture = &info.data()["headImg"];
    assert_eq!(
        *info.data(),
        json!({"id": id, "username": "anna", "nickname": "安娜", "headImg": picture, "sign": "", "sex": "-1"})
    );
    let shown = server.get(picture.as_str().unwrap(), "").await;
    assert_eq!(shown.headers["content-type"], "image/png");
    let strange = format!("token={}; uid={}", answer.token(), UserId::mint());
    let refused = server.send(by_cookie(&strange)).await;
    assert_eq!(refused.body, json!({"message": "unauthorized"}));
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(server.register("ANNA").await.code(), "1005");
}

#[tokio::test]
async fn a_newer_login_ends_the_older_before_it_is_answered() {
    let server = Server::start();
    let first = server.register("anna").await;
    let second = server.login("Anna", "geheim").await;
    let unauthorized = server.get("/api/user/get_info", &first.token()).await;
    assert_eq!(
        unauthorized.message(StatusCode::UNAUTHORIZED),
        "unauthorized"
    );
    server
        .get("/api/user/get_info", &second.token())
        .await
        .data();
}

#[tokio::test]
async fn a_session_in_use_lives_on_and_an_unused_one_ends() {
    let server = Server::start();
    let token = server.register("anna").await.token();
    let day = 24 * 60 * 60 * 1000;
    for _ in 0..3 {
        server.app.clock.advance(29 * day);
        server.get("/api/user/get_info", &token).await.data();
    }
    server.app.clock.advance(30 * day);
    let over = server.get("/api/user/get_info", &token).await;
    assert_eq!(over.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_wrong_login_is_told_as_the_setting_says_and_counted() {
    let server = Server::with(|config| config.limits.failed_logins = 3);
    server.register("anna").await;
    assert_eq!(server.login("nobody", "geheim").await.code(), "1000");
    assert_eq!(server.login("anna", "wrong").await.code(), "1001");
    assert_eq!(server.login("anna", "geheim").await.code(), "none");
    assert_eq!(server.login("anna", "wrong").await.code(), "1001");
    let refused = server.login("anna", "geheim").await;
    let message = refused.message(StatusCode::TOO_MANY_REQUESTS);
    assert!(
        message.starts_with("too many failed logins, try again in 10 minutes"),
        "{message}"
    );
    assert_eq!(refused.headers["retry-after"], "600");
    let merged = Server::with(|config| config.accounts.merge_login_refusals = true);
    assert_eq!(merged.login("nobody", "geheim").await.code(), "1001");
}

#[tokio::test]
async fn changing_the_password_checks_in_order_and_ends_other_sessions() {
    let server = Server::with(|config| config.accounts.devices = 2);
    let other = server.register("anna").await.token();
    let token = server.login("anna", "geheim").await.token();
    let bearer = format!("Bearer {token}");
    let change = async |old: &str, new: &str, verify: &str| {
        let body = json!({"oldPassword": old, "newPassword": new, "verifyPassword": verify});
        let path = Endpoint::ChangePassword.path();
        server.post(path, &[("authorization", &bearer)], body).await
    };
    assert_eq!(change("wrong", "wrong", "x").await.code(), "1001");
    assert_eq!(change("geheim", "geheim", "x").await.code(), "1002");
    assert_eq!(change("geheim", "short", "short").await.code(), "1003");
    assert_eq!(change("geheim", "longer", "longest").await.code(), "1003");
    assert_eq!(change("geheim", "longer", "longer").await.code(), "none");
    let ended = server.get("/api/user/get_info", &other).await;
    assert_eq!(ended.status, StatusCode::UNAUTHORIZED);
    server.get("/api/user/get_info", &token).await.data();
    assert_eq!(server.login("anna", "geheim").await.code(), "1001");
}

#[tokio::test]
async fn logging_out_ends_the_session_and_clears_the_cookies() {
    let server = Server::start();
    let token = server.register("anna").await.token();
    let bearer = format!("Bearer {token}");
    let secure = [
        ("authorization", bearer.as_str()),
        ("x-forwarded-proto", "https"),
    ];
    let answer = server.post("/api/logout", &secure, Value::Null).await;
    assert_eq!(answer.body, json!({"message": "ok"}));
    let cleared = answer.headers["set-cookie"].to_str().unwrap();
    assert!(
        cleared.contains("Max-Age=0") && cleared.ends_with("Secure"),
        "{cleared}"
    );
    let again = server.post("/api/logout", &secure, Value::Null).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn another_origins_page_changes_nothing() {
    let server = Server::start();
    let body = json!({"username": "anna", "password": "geheim", "nickname": "a"});
    let foreign = [("origin", "http://evil.example")];
    let refused = server.post("/api/registe", &foreign, body.clone()).await;
    refused.message(StatusCode::FORBIDDEN);
    let own = [("origin", "http://im.example:8006")];
    server.post("/api/register", &own, body).await.data();
}

#[tokio::test]
async fn pages_of_an_allowed_origin_may_read_answers_and_others_may_not() {
    let server = Server::with(|config| {
        config.allow_origin = vec!["https://chat.example.org".to_owned()];
    });
    for (origin, allowed) in [
        ("https://chat.example.org", true),
        ("https://evil.example", false),
    ] {
        let preflight = Request::builder()
            .method(Method::OPTIONS)
            .uri("/api/login")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type")
            .body(Body::empty())
            .unwrap();
        let answer = server.send(preflight).await;
        let named = answer.headers.get("access-control-allow-origin");
        assert_eq!(
            named.map(|value| value.to_str().unwrap()),
            allowed.then_some(origin)
        );
    }
}

#[tokio::test]
async fn errors_of_http_are_json_and_every_answer_is_guarded() {
    let server = Server::start();
    let asked = |method: Method, path: &str, body: String| {
        let request = Request::builder().method(method).uri(path);
        server.send(
            request
                .header("x-request-id", "mine")
                .body(body.into())
                .unwrap(),
        )
    };
    let unknown = asked(Method::GET, "/api/nothing", String::new()).await;
    assert_eq!(unknown.message(StatusCode::NOT_FOUND), "no such path");
    let wrong = asked(Method::GET, "/api/login", String::new()).await;
    wrong.message(StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(wrong.headers["allow"], "POST");
    let large = asked(Method::POST, "/api/login", "{".repeat(70_000)).await;
    assert_eq!(
        large.message(StatusCode::PAYLOAD_TOO_LARGE),
        "the body is too large"
    );
    let bad = asked(
        Method::POST,
        "/api/login",
        r#"{"username":"anna"}"#.to_owned(),
    )
    .await;
    assert_eq!(bad.message(StatusCode::BAD_REQUEST), "password: is missing");
    let page = asked(Method::GET, "/", String::new()).await;
    assert!(
        page.headers["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("style-src 'sha256-")
    );
    let health = asked(Method::GET, "/healthz", String::new()).await;
    assert_eq!(health.message(StatusCode::OK), "ok");
    let hidden = asked(Method::GET, "/img/..%2Fhongyan.db", String::new()).await;
    hidden.message(StatusCode::NOT_FOUND);
    for answer in [unknown, wrong, large, bad, page, health, hidden] {
        assert!(
            answer.headers["content-security-policy"]
                .to_str()
                .unwrap()
                .contains("frame-ancestors 'none'")
        );
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers["referrer-policy"], "no-referrer");
        assert_eq!(answer.headers["x-request-id"].len(), 36);
    }
}

#[tokio::test]
async fn requests_over_the_accounts_rate_are_told_how_long_to_wait() {
    let server = Server::with(|config| {
        config.limits.request_burst = 1;
        config.limits.requests_per_second = 1;
    });
    let token = server.register("anna").await.token();
    server.get("/api/user/get_info", &token).await.data();
    let refused = server.get("/api/user/get_info", &token).await;
    refused.message(StatusCode::TOO_MANY_REQUESTS);
    assert!((1..=1000).contains(&refused.body["retryAfter"].as_u64().unwrap()));
    assert_eq!(refused.headers["retry-after"], "1");
}

#[tokio::test]
async fn registration_can_be_closed_and_is_bound_for_an_address() {
    let closed = Server::with(|config| config.accounts.open_registration = false);
    closed.register("anna").await.message(StatusCode::FORBIDDEN);
    let bound = Server::with(|config| config.limits.registrations_per_hour = 1);
    bound.register("anna").await.data();
    let refused = bound.register("otto").await;
    assert!(
        refused
            .message(StatusCode::TOO_MANY_REQUESTS)
            .contains("60 minutes")
    );
}

#[tokio::test]
async fn a_new_picture_replaces_the_old_one() {
    let server = Server::start();
    let token = server.register("anna").await.token();
    let update = async |file: &[u8]| {
        let mut body = b"--x\r\nContent-Disposition: form-data; name=\"sign\"\r\n\r\nhi\r\n\
            --x\r\nContent-Disposition: form-data; name=\"headImage\"; filename=\"a\"\r\n\r\n"
            .to_vec();
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n--x--\r\n");
        let request = Request::post(Endpoint::UpdateInfo.path())
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "multipart/form-data; boundary=x");
        server.send(request.body(body.into()).unwrap()).await
    };
    let picture = |answer: &Answer| answer.data()["headImg"].as_str().unwrap().to_owned();
    let png = crate::picture::default_named("user-0.png").unwrap();
    let first = update(png).await;
    assert_eq!(first.data()["sign"], "hi");
    let first = picture(&first);
    let shown = server.get(&first, "").await;
    assert_eq!(
        shown.headers["cache-control"],
        "public, max-age=31536000, immutable"
    );
    let second = picture(&update(png).await);
    assert_eq!(server.get(&first, "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.get(&second, "").await.status, StatusCode::OK);
    assert_eq!(picture(&update(b"").await), second, "an empty file is none");
    let bad = update(b"<svg/>").await;
    assert!(
        bad.message(StatusCode::BAD_REQUEST)
            .starts_with("headImage: a PNG")
    );
    let large = update(&vec![0; server.app.config.limits.picture_bytes + 1]).await;
    assert!(
        large
            .message(StatusCode::BAD_REQUEST)
            .contains("at most 5242880 bytes")
    );
}

#[tokio::test]
async fn groups_and_people_are_found() {
    let server = Server::start();
    let token = server.register("anna").await.token();
    let bearer = format!("Bearer {token}");
    let create = async || {
        let body = json!({"groupName": "geese", "groupNickname": "大雁"});
        server
            .post("/api/group/create", &[("authorization", &bearer)], body)
            .await
    };
    let group = create().await.data()["groupId"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(create().await.code(), "1007");
    let found = server
        .get("/api/group/search?groupName=GEESE", &token)
        .await;
    assert_eq!(found.data()["list"][0]["groupId"], group.as_str());
    let joined = server.get("/api/group/get_group_list?type=1", &token).await;
    assert_eq!(joined.data()["list"][0]["ownerUername"], "anna");
    let members = format!("/api/group/get_group_user_list?groupId={group}&groupId=none");
    let members = server.get(&members, &token).await;
    assert_eq!(members.data()[&group][0]["role"], "owner");
    assert_eq!(members.data()["none"], json!([]));
    let found = server
        .get(
            "/api/friend/search_user?username=&nickname=%E5%AE%89",
            &token,
        )
        .await;
    assert_eq!(found.data()["list"][0]["username"], "anna");
    let neither = server
        .get("/api/friend/search_user?username=", &token)
        .await;
    assert_eq!(
        neither.message(StatusCode::BAD_REQUEST),
        "username: this or nickname is wanted"
    );
    let friends = server.get("/api/friend/get_friend_list", &token).await;
    assert_eq!(*friends.data(), json!({"list": []}));
}
