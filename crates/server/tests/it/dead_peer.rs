//! Peers that say nothing, or not enough: each is waited for only so long.

use hongyan_protocol::{EventType, presence::Status, presence::StatusChange};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::harness::{TestServer, soon};

#[tokio::test]
async fn whoever_leaves_pings_unanswered_goes_offline_and_whoever_answers_stays() {
    let server = TestServer::start_with(|config| {
        config.connection.ping_seconds = 1;
        config.connection.dead_after_seconds = 2;
    })
    .await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    // Ann listens, so her client answers pings; Bo's is never asked for anything, so it does not.
    let event = ann.expect(EventType::FriendStatusChange).await;
    let change: StatusChange = event.data().unwrap();
    assert_eq!(
        (event.from(), change.status),
        (Some(bo.id()), Status::Offline)
    );
    assert_eq!(
        bo.close_code().await,
        None,
        "the dead are not written letters"
    );
    ann.heard_nothing().await;
}

#[tokio::test]
async fn whoever_does_not_finish_a_request_is_let_go() {
    let server = TestServer::start_with(|config| {
        config.connection.header_seconds = 1;
        config.connection.body_seconds = 1;
    })
    .await;
    let address = server.url.strip_prefix("http://").unwrap();
    let ends = |said: &'static str| async move {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        let mut answer = String::new();
        soon("the end", stream.read_to_string(&mut answer))
            .await
            .unwrap();
        answer
    };
    let (nothing, half_a_line, half_a_head, half_a_body) = tokio::join!(
        ends(""),
        ends("GET /api/user/get_in"),
        ends("GET /api/user/get_info HTTP/1.1\r\nHost: hongyan\r\n"),
        ends(
            "POST /api/login HTTP/1.1\r\nHost: hongyan\r\nContent-Type: application/json\r\n\
             Content-Length: 100\r\nConnection: close\r\n\r\n{\"username\":"
        ),
    );
    for answer in [nothing, half_a_line, half_a_head] {
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 408 "),
            "{answer}"
        );
    }
    assert!(half_a_body.starts_with("HTTP/1.1 408 "), "{half_a_body}");
}

#[tokio::test]
async fn whoever_does_not_read_a_file_is_let_go() {
    let server = TestServer::start_with(|config| {
        config.connection.ping_seconds = 1;
        config.connection.dead_after_seconds = 2;
    })
    .await;
    let ann = server.offline_user("ann").await;
    let content = vec![7; 30 << 20];
    let file = ann.upload("a", "text/plain", content).await.unwrap();
    let address = server.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\r\n",
        file.url,
        ann.token()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    // The file is open as long as it is being sent, and this process is the server.
    for opened in [true, false] {
        soon("the file", async {
            while is_open(&file.file_id.to_string()) != opened {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

/// Whether this process has a file of this name open.
fn is_open(name: &str) -> bool {
    let open = std::fs::read_dir("/proc/self/fd").unwrap();
    let mut targets = open.filter_map(|link| std::fs::read_link(link.unwrap().path()).ok());
    targets.any(|target| target.ends_with(name))
}
