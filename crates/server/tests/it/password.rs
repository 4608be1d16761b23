//! Passwords: changing them, and where they must not be found.

use hongyan_client::Error;
use hongyan_protocol::{
    Code, EventType, Operation,
    user::{ChangePassword, Password},
};
use serde_json::json;

use crate::account::registering;
use crate::harness::{Log, PASSWORD, TestServer, all_kept_in, reply, soon};

fn change(old: &str, new: &str, verify: &str) -> ChangePassword {
    ChangePassword {
        old_password: Password::new(old),
        new_password: Password::new(new),
        verify_password: Password::new(verify),
    }
}

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

#[tokio::test]
async fn no_password_and_no_token_is_in_any_log_answer_or_file() {
    const SECRETS: [&str; 3] = ["canary-one-8f3a", "canary-two-41bc", "canary-six-77e0"];
    let (log, _listening) = Log::listen();
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

    let files = all_kept_in(server.data_dir());
    let log = log.text();
    let path_is_logged = log.contains("/api/user/change_pwd");
    assert!(path_is_logged, "this test reads the log");
    assert!(contains(&files, "anna"), "this test reads the files");
    for secret in SECRETS {
        assert!(!contains(&answers, secret), "{secret} in an answer");
        assert!(!log.contains(secret), "{secret} in the log");
        assert!(!contains(&files, secret), "{secret} in a file");
    }
    for token in &tokens {
        assert!(!contains(&answers, token), "a token in another answer");
        assert!(!log.contains(token), "a token in the log");
        assert!(!contains(&files, token), "a token in a file");
    }
    assert!(!contains(&answers, "argon2"), "a hash in an answer");
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}
