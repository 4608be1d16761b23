//! The database of a server, when it is PostgreSQL: named by a URL, sometimes gone, and one server's alone.

use hongyan_protocol::{
    Code, Operation,
    message::{SendMsg, Sent, WhenOffline},
    text::Text,
};
use hongyan_store::testing::{self, Proxy};

use crate::harness::{
    Process, TestServer, command, exchange, failing, hongyan, reply, run, soon, to_friend,
};

const URL: &str = "postgres://anna:s3cr3t@127.0.0.1:1/chat";

#[tokio::test]
async fn a_server_outlives_an_outage_of_its_database() {
    if !testing::on_postgres() {
        return;
    }
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    let health = async || reply(server.web().get("/healthz")).await.status;
    let message = SendMsg {
        when_offline: Some(WhenOffline::Keep),
        client_msg_id: Some(Text::new("once").unwrap()),
        ..to_friend(bo.id(), "hi")
    };
    // Opened before: the handshake looks at the session, which is in the database.
    let mut door = ann.door(Operation::SendMsg).await;
    assert_eq!(health().await, 200);

    testing::admit(server.data_dir(), false);
    let frame = serde_json::to_string(&message).unwrap();
    assert_eq!(exchange(&mut door, &frame).await.code, Code::Failed);
    assert_eq!(health().await, 503);

    testing::admit(server.data_dir(), true);
    soon("the database", async { while health().await != 200 {} }).await;
    let answer = exchange(&mut door, &frame).await;
    let sent: Sent = serde_json::from_str(answer.data.unwrap().get()).unwrap();
    assert_eq!(sent.seq, Some(1), "what failed was not stored");
    assert_eq!(bo.message().await.msg, "hi");
}

#[tokio::test]
async fn after_a_commit_of_which_nobody_was_told_every_socket_is_closed() {
    if !testing::on_postgres() {
        return;
    }
    let mut between = None;
    let server = TestServer::start_with(|config| {
        let (proxy, url) = Proxy::before(config.database_url.as_ref().unwrap());
        config.database_url = Some(url);
        between = Some(proxy);
    })
    .await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    // It hears nothing; its session may be what ended in that commit.
    let mut door = bo.door(Operation::SendMsg).await;
    between.unwrap().arm();
    // Refused with 9998, or not answered when the close comes first; were another commit lost, it might even be sent.
    _ = ann.send(&bo, "lost").await;
    assert_eq!(soon("the close", door.closed()).await, Some(1001));
    assert_eq!(bo.close_code().await, Some(1001));
}

#[tokio::test]
async fn a_database_in_use_is_refused_until_its_server_is_gone() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [first, second] = folders.each_ref().map(|folder| folder.path());
    let Some(url) = testing::url(first) else {
        return;
    };
    let process = Process::start(first).await;
    let on_the_same = || {
        let mut command = command(second);
        command.env("HONGYAN_DATABASE_URL", url.expose());
        command
    };
    let (code, said) = failing(on_the_same()).await;
    assert_ne!(code, 0);
    for part in [&url.to_string(), "another server"] {
        assert!(said.contains(part), "{said}");
    }
    process.kill().await;
    Process::spawn(on_the_same()).await;
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_named_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let mut serve = command(folder.path());
    serve.env("HONGYAN_DATABASE_URL", URL);
    let mut user = hongyan();
    user.args(["user", "list", "--database-url", URL]);
    for command in [serve, user] {
        let answered = soon("an end", run(command, "")).await;
        let said = answered.stderr;
        assert_eq!(answered.code, 1, "{said}");
        assert!(said.contains("postgres://anna@127.0.0.1:1/chat"), "{said}");
        assert!(
            said.starts_with("hongyan: ") && said.lines().count() == 1,
            "{said}"
        );
        assert!(
            !said.contains("s3cr3t") && !answered.stdout.contains("s3cr3t"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn the_settings_are_printed_without_the_password_of_the_database() {
    let mut print = hongyan();
    print
        .args(["config", "print"])
        .env("HONGYAN_DATABASE_URL", URL);
    let printed = run(print, "").await.stdout;
    assert!(
        printed.contains(r#"database-url = "postgres://anna@127.0.0.1:1/chat""#),
        "{printed}"
    );
    assert!(!printed.contains("s3cr3t"), "{printed}");
}
