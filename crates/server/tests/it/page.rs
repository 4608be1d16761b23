//! What is answered over HTTP beside the account API: the page, pictures, health, and what every answer carries.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use hongyan_protocol::Endpoint;
use serde_json::json;

use crate::endpoint::World;
use crate::harness::{TestServer, files_in, reply};

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

/// What browsers accept when they go to an address.
const NAVIGATION: &str =
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";

/// The files of the page, by their path on the server, with their content.
fn dist() -> BTreeMap<String, Vec<u8>> {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/dist");
    let files = files_in(&dist).into_iter();
    let named = files.map(|file| {
        let name = file.strip_prefix(&dist).unwrap().to_str().unwrap();
        (format!("/{name}"), std::fs::read(&file).unwrap())
    });
    named.collect()
}

/// Whether a file is there to be asked for by its name.
fn is_asked_for(path: &str) -> bool {
    let only_sent_or_built = [".br", ".gz", ".sha256"];
    path != "/index.html" && !only_sent_or_built.iter().any(|end| path.ends_with(end))
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').unwrap().1 {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        extension => panic!("say here what .{extension} is served as"),
    }
}

#[tokio::test]
async fn every_place_in_the_page_is_the_page() {
    let server = TestServer::start().await;
    let web = server.web();
    let index = &dist()["/index.html"];
    let plain = reply(web.get("/")).await;
    assert_eq!(&plain.body, index, "whatever is accepted");
    for path in [
        "/",
        "/?a=b",
        "/chat",
        "/chat/friend/01653fd1-55b2-7000-8000-000000000001",
        "/settings/devices",
        "/apis",
        "/登录",
    ] {
        let page = reply(web.get(path).header("accept", NAVIGATION)).await;
        assert_eq!((page.status, &page.body), (200, index), "{path}");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(page.header("cache-control"), "no-cache");
        assert_eq!(page.header("vary"), "accept-encoding");
        assert_eq!(page.header("etag"), plain.header("etag"));
    }
}

#[tokio::test]
async fn what_is_no_place_in_the_page_is_not_there_for_browsers_either() {
    let server = TestServer::start().await;
    let web = server.web();
    for path in [
        "/api",
        "/api/nothing",
        "/api/login/",
        "/ws/nothing",
        "/img/",
        "/img/nothing/at/all",
        "/assets",
        "/assets/",
        "/assets/nothing-12345678.js",
        "/assets/../index.html",
        "/healthz/more",
    ] {
        let answer = server
            .raw(&format!(
                "GET {path} HTTP/1.1\r\nHost: x\r\nAccept: {NAVIGATION}\r\nConnection: close\r\n\r\n"
            ))
            .await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
        assert!(answer.contains("application/json"), "{path}: {answer}");
    }
    for method in ["POST", "PUT", "DELETE"] {
        let answer = reply(web.request(method, "/chat").header("accept", NAVIGATION)).await;
        assert!(!answer.failure(404).is_empty());
    }
    let unasked = dist().into_keys().filter(|path| !is_asked_for(path));
    for path in unasked {
        let answer = reply(web.get(&path)).await;
        assert!(!answer.failure(404).is_empty(), "{path}");
    }
}

#[tokio::test]
async fn the_policy_of_the_page_admits_its_own_files_alone() {
    let server = TestServer::start().await;
    let page = reply(server.web().get("/")).await;
    let devices = page.header("permissions-policy");
    assert!(
        devices.starts_with("microphone=(self), camera=()"),
        "{devices}"
    );
    let policy = page.header("content-security-policy");
    let mut rules: Vec<_> = policy.split("; ").collect();
    rules.sort_unstable();
    assert_eq!(
        rules,
        [
            "base-uri 'none'",
            "connect-src 'self'",
            "default-src 'none'",
            "font-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "img-src 'self' blob: data:",
            "manifest-src 'self'",
            "media-src 'self' blob:",
            "script-src 'self'",
            "style-src 'self'",
            "worker-src 'self'",
        ]
    );
    let html = page.text().to_lowercase();
    assert!(html.starts_with("<!doctype html>"));
    assert!(
        !html.contains("<style") && !html.contains("style=\""),
        "{html}"
    );
    let scripts = html.split("<script").skip(1);
    for script in scripts {
        let tag = script.split_once('>').unwrap().0;
        assert!(tag.contains("src=\"/"), "{tag}");
    }
}

#[tokio::test]
async fn every_file_of_the_page_comes_in_the_smallest_form_that_is_taken() {
    let server = TestServer::start().await;
    let web = server.web();
    let files = dist();
    let asked = files.keys().filter(|path| is_asked_for(path));
    for (path, name) in asked
        .map(|path| (path.as_str(), path.as_str()))
        .chain([("/", "/index.html")])
    {
        let mut tags = BTreeSet::new();
        for (accepted, coding, extension) in [
            ("identity", "", ""),
            ("gzip, deflate", "gzip", ".gz"),
            ("gzip, deflate, br, zstd", "br", ".br"),
        ] {
            let form = format!("{name}{extension}");
            // What is no shorter is not there, and a coding that is not there is not said.
            let (coding, content) = match files.get(&form) {
                Some(content) => (coding, content),
                None => ("", &files[name]),
            };
            let ask = |method| {
                web.request(method, path)
                    .header("accept-encoding", accepted)
            };
            let answer = reply(ask("GET")).await;
            assert_eq!(answer.status, 200, "{path}");
            assert!(&answer.body == content, "{path} {accepted}");
            assert_eq!(answer.header("content-encoding"), coding, "{path}");
            assert_eq!(answer.header("vary"), "accept-encoding", "{path}");
            assert_eq!(answer.header("content-type"), media_type(name), "{path}");
            let cached = answer.header("cache-control");
            let for_ever = "public, max-age=31536000, immutable";
            let expected = if path.starts_with("/assets/") {
                for_ever
            } else {
                "no-cache"
            };
            assert_eq!(cached, expected, "{path}");

            let head = reply(ask("HEAD")).await;
            assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
            assert_eq!(head.header("content-length"), content.len().to_string());
            assert_eq!(head.header("etag"), answer.header("etag"));

            let tag = answer.header("etag").to_owned();
            let again = reply(ask("GET").header("if-none-match", &tag)).await;
            assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
            assert_eq!(again.header("etag"), tag);
            assert_eq!(again.header("cache-control"), expected);
            let other = reply(ask("GET").header("if-none-match", "\"other\"")).await;
            assert_eq!(other.status, 200);
            tags.insert((coding, tag));
        }
        let different: BTreeSet<_> = tags.iter().map(|(_, tag)| tag).collect();
        assert_eq!(different.len(), tags.len(), "{path}: each form has its tag");
    }
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
