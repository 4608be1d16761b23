//! What a user sees of their own logins, and how they end one of them.

use hongyan_client::Error;
use hongyan_protocol::{Code, EventType, id::SessionId, user::SessionCard};
use serde_json::json;

use crate::harness::{
    BEGINNING, Everything, PASSWORD, Person, TestServer, cookies, exchange, reply, soon,
};

async fn with_devices(devices: usize) -> TestServer {
    TestServer::start_with(|config| config.accounts.devices = devices).await
}

fn id(person: &Person) -> SessionId {
    person.session_id().unwrap()
}

async fn is_over(person: &Person) -> bool {
    matches!(person.get_info().await, Err(Error::Unauthorized))
}

/// With what a request was refused.
fn code(answer: Result<(), Error>) -> Option<Code> {
    match answer {
        Err(Error::Refused { code, .. }) => Some(code),
        _ => None,
    }
}

async fn listed(person: &Person) -> Vec<SessionId> {
    let sessions = person.sessions().await.unwrap();
    sessions.iter().map(|session| session.session_id).collect()
}

#[tokio::test]
async fn the_list_has_every_login_with_its_device_and_says_which_one_asks() {
    let server = with_devices(3).await;
    let ann = server.offline_user("ann").await;
    let bo = server.offline_user("bo").await;
    server.clock.advance(60_000);
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let login = server.web().post("/api/login").header("user-agent", agent);
    let login = login.json(&json!({"username": ann.name(), "password": PASSWORD}));
    let second = reply(login).await.data();

    let sessions = ann.sessions().await.unwrap();
    let [newer, older] = &sessions[..] else {
        panic!("{sessions:?}");
    };
    let expected = SessionCard {
        session_id: serde_json::from_value(second["sessionId"].clone()).unwrap(),
        create_time: BEGINNING + 60_000,
        last_used_time: BEGINNING + 60_000,
        device: "Firefox, Linux".to_owned(),
        address: "127.0.0.1".to_owned(),
        current: false,
    };
    assert_eq!(newer, &expected);
    assert_eq!((older.session_id, older.current), (id(&ann), true));
    assert_eq!(listed(&bo).await, [id(&bo)], "nobody else's");

    // Being used is noted once an hour.
    server.clock.advance(2 * 60 * 60 * 1000);
    assert!(!is_over(&ann).await);
    let sessions = ann.sessions().await.unwrap();
    assert_eq!(
        sessions[1].last_used_time,
        BEGINNING + 60_000 + 2 * 60 * 60 * 1000
    );
    assert_eq!(sessions[0].last_used_time, BEGINNING + 60_000);
}

#[tokio::test]
async fn a_login_that_was_not_used_for_too_long_is_not_listed_and_cannot_be_ended() {
    let server = with_devices(2).await;
    let first = server.offline_user("ann").await;
    server.clock.advance(20 * 24 * 60 * 60 * 1000);
    let second = server.log_in(&first).await;
    server.clock.advance(15 * 24 * 60 * 60 * 1000);
    assert_eq!(listed(&second).await, [id(&second)]);
    let ended = second.end_session(id(&first)).await;
    assert_eq!(code(ended), Some(Code::NoSuchSession));
}

#[tokio::test]
async fn a_login_ended_from_another_one_is_dead_everywhere_and_told_so() {
    let server = with_devices(3).await;
    let mut bo = server.user("bo").await;
    let mut first = server.user("ann").await;
    first.befriend(&mut bo).await;
    let second = server.log_in(&first).await;
    let third = server.log_in(&first).await;
    let mut everything = Everything::of(&second).await;
    let mut door = second.door(hongyan_protocol::Operation::SendMsg).await;
    assert_eq!(
        exchange(&mut door, "[]").await.code,
        Code::BadRequest,
        "it is open"
    );

    first.end_session(id(&second)).await.unwrap();
    assert!(is_over(&second).await);
    let page = server.web().get("/api/user/get_info");
    let page = reply(page.header("cookie", cookies(&second))).await;
    assert_eq!(page.failure(401), "unauthorized");
    assert_eq!(everything.frame().await["eventType"], "forced_logout");
    assert_eq!(everything.close_code().await, Some(4001));
    assert_eq!(soon("the close", door.closed()).await, Some(1008));

    // The others go on, and hear nothing of it.
    assert_eq!(listed(&third).await, [id(&third), id(&first)]);
    first.heard_nothing().await;
    bo.heard_nothing().await;
}

#[tokio::test]
async fn all_other_logins_end_at_once() {
    let server = with_devices(4).await;
    let mut first = server.user("ann").await;
    let mut second = server.log_in(&first).await;
    second.come_online().await;
    let third = server.log_in(&first).await;
    second.end_other_sessions().await.unwrap();
    assert!(is_over(&first).await && is_over(&third).await);
    first.expect(EventType::ForcedLogout).await;
    assert_eq!(first.close_code().await, Some(4001));
    assert_eq!(listed(&second).await, [id(&second)]);
    second.end_other_sessions().await.unwrap();
    second.heard_nothing().await;
}

#[tokio::test]
async fn ending_the_login_that_asks_is_logging_out() {
    let server = with_devices(2).await;
    let ann = server.offline_user("ann").await;
    let mut everything = Everything::of(&ann).await;
    let request = server
        .web()
        .post("/api/user/end_session")
        .header("cookie", cookies(&ann))
        .json(&json!({"sessionId": id(&ann)}));
    let answer = reply(request).await;
    assert_eq!(answer.status, 200);
    let cleared = answer.headers.get_all("set-cookie").iter();
    let cleared = cleared.filter(|cookie| cookie.to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(cleared.count(), 2);
    assert!(is_over(&ann).await);
    assert_eq!(everything.frame().await["code"], "9994");
    assert_eq!(everything.close_code().await, Some(1008));
}

#[tokio::test]
async fn nobody_ends_the_login_of_somebody_else() {
    let server = with_devices(2).await;
    let mut ann = server.user("ann").await;
    let eve = server.offline_user("eve").await;
    let ended = eve.end_session(id(&ann)).await;
    assert_eq!(code(ended), Some(Code::NoSuchSession));
    eve.end_other_sessions().await.unwrap();
    assert!(!is_over(&ann).await);
    ann.heard_nothing().await;
}
