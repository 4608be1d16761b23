//! What is answered over HTTP beside the account API: the page, pictures, health, and what every answer carries.

use base64::{Engine, engine::general_purpose::STANDARD};
use hongyan_protocol::Endpoint;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::endpoint::World;
use crate::harness::reply;

#[tokio::test]
async fn an_unknown_path_is_404_for_everybody_and_every_method() {
    let mut world = World::new().await;
    let caller = world.newcomer().await;
    for path in [
        "/api",
        "/api/",
        "/api/nothing",
        "/api/login/",
        "/API/login",
        "/api//login",
        "/ws/",
        "/ws/nothing",
        "/ws/notice",
        "/ws/notice/event/",
        "/img",
        "/img/",
        "/favicon.ico",
        "/index.html",
        "/metrics",
        "/.git/config",
        "/%00",
        "/%ff",
    ] {
        for method in ["GET", "POST", "DELETE", "OPTIONS"] {
            for token in ["", caller.token()] {
                let answer = reply(world.web.request(method, path).bearer_auth(token)).await;
                assert_eq!(answer.status, 404, "{method} {path}");
                assert!(!answer.failure(404).is_empty());
            }
        }
    }
}

#[tokio::test]
async fn every_answer_forbids_sniffing_framing_and_referring() {
    let mut world = World::new().await;
    let caller = world.newcomer().await;
    let web = &world.web;
    let evil = ("origin", "http://evil.example");
    let answers = [
        (200, web.get("/")),
        (200, web.get("/healthz")),
        (200, web.get("/img/default/user-0.png")),
        (
            200,
            web.get("/api/user/get_info").bearer_auth(caller.token()),
        ),
        (
            200,
            web.post("/api/login")
                .json(&json!({"username": "no", "password": ""})),
        ),
        (400, web.post("/api/login")),
        (401, web.get("/api/user/get_info")),
        (403, web.post("/api/login").header(evil.0, evil.1)),
        (404, web.get("/nothing")),
        (404, web.get("/img/nothing.png")),
        (405, web.get("/api/login")),
        (413, web.post("/api/login").body("x".repeat(70_000))),
        (403, web.get("/ws/notice/event").header(evil.0, evil.1)),
        (426, web.get("/ws/notice/event")),
        (405, web.post("/ws/notice/event")),
        (404, web.get("/ws/nothing")),
    ];
    for (status, request) in answers {
        let answer = reply(request).await;
        let case = format!("{status} {}", answer.text());
        assert_eq!(answer.status, status, "{case}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{case}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{case}");
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'"), "{case}: {policy}");
        assert!(
            policy.contains("frame-ancestors 'none'"),
            "{case}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{case}: {policy}");
        assert_eq!(answer.header("server"), "", "{case}");
        assert!(
            answer.body.is_empty() || !answer.header("content-type").is_empty(),
            "{case}"
        );
    }
}

#[tokio::test]
async fn a_foreign_page_can_neither_log_in_nor_change_anything() {
    let mut world = World::new().await;
    let caller = world.newcomer().await;
    let cookies = crate::harness::cookies(&caller);
    let posts = Endpoint::ALL
        .iter()
        .filter(|endpoint| endpoint.method() == "POST");
    for &endpoint in posts {
        let params = world.good(endpoint, &caller);
        for origin in [
            "http://evil.example",
            "null",
            &format!("{}0", world.server.url),
        ] {
            let request = world.form(endpoint, &params).header("cookie", &cookies);
            let answer = reply(request.header("origin", origin)).await;
            assert!(!answer.failure(403).is_empty());
            assert_eq!(answer.header("set-cookie"), "");
        }
    }
    assert_eq!(&caller.get_info().await.unwrap(), caller.user());
    let sign = world
        .web
        .post(Endpoint::UpdateInfo.path())
        .form(&[("sign", "by the own page")]);
    let own = sign
        .header("cookie", &cookies)
        .header("origin", &world.server.url);
    assert_eq!(reply(own).await.data()["sign"], "by the own page");
}

#[tokio::test]
async fn every_answer_has_an_id_that_no_client_chooses() {
    let world = World::new().await;
    let ask = || reply(world.web.get("/nothing").header("x-request-id", "mine"));
    let (first, second) = (ask().await, ask().await);
    let id = first.header("x-request-id");
    assert_eq!(id.len(), 36);
    assert_ne!(id, second.header("x-request-id"));
}

#[tokio::test]
async fn the_page_is_html_and_its_policy_admits_its_own_style_alone() {
    let world = World::new().await;
    let page = reply(world.web.get("/")).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let html = page.text();
    assert!(html.to_lowercase().starts_with("<!doctype html>"));
    let (_, style) = html.split_once("<style>").unwrap();
    let (style, rest) = style.split_once("</style>").unwrap();
    assert!(
        !rest.contains("<style") && !html.contains("style=\""),
        "one style"
    );
    let hash = STANDARD.encode(Sha256::digest(style));
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains(&format!("style-src 'sha256-{hash}'")),
        "{policy}"
    );
    assert!(
        !policy.contains("script-src") && !html.contains("<script"),
        "{policy}"
    );
    assert!(policy.contains("base-uri 'none'") && policy.contains("form-action 'none'"));
}

#[tokio::test]
async fn the_server_says_that_it_is_well() {
    let world = World::new().await;
    let answer = reply(world.web.get("/healthz")).await;
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({"message": "ok"}))
    );
}

#[tokio::test]
async fn everybody_has_a_picture_from_the_first_day() {
    let mut world = World::new().await;
    let caller = world.newcomer().await;
    let group = caller.group("choir").await;
    let groups = caller.owned_groups().await.unwrap();
    assert_eq!(groups[0].group_id, group);
    let mut paths: Vec<String> = (0..8)
        .map(|n| format!("/img/default/user-{n}.png"))
        .collect();
    paths.extend((0..4).map(|n| format!("/img/default/group-{n}.png")));
    assert!(paths.contains(&caller.user().head_img));
    assert!(paths.contains(&groups[0].group_head_img));
    for path in paths {
        let answer = reply(world.web.get(&path)).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("content-type"), "image/png");
        assert!(answer.header("cache-control").contains("max-age="));
        assert!(image::load_from_memory_with_format(&answer.body, image::ImageFormat::Png).is_ok());
    }
}

#[tokio::test]
async fn no_path_leads_out_of_the_pictures() {
    let world = World::new().await;
    let database = std::fs::read_dir(world.server.data_dir())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .find(|name| name.ends_with(".db"))
        .unwrap_or_else(|| "hongyan.db".to_owned());
    let up = [
        "../",
        "../../",
        "..%2f",
        "%2e%2e/",
        "%2e%2e%2f",
        "..%5c",
        "....//",
        "/",
        "//",
        "%2f",
        "%00",
        "%ff",
        "picture/../../",
        "default/../../",
        "default%2f..%2f..%2f",
        "..;/",
        "..%c0%af",
        "%252e%252e%252f",
    ];
    let names = [database.as_str(), "etc/passwd", "user-0.png", "", "."];
    for folder in ["/img/", "/img/default/"] {
        for up in up {
            for name in names {
                let path = format!("{folder}{up}{name}");
                let request =
                    format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
                let answer = world.server.raw(&request).await;
                assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
                assert!(answer.contains("application/json"), "{path}: {answer}");
                assert!(!answer.contains("SQLite"), "{path}");
            }
        }
    }
}
