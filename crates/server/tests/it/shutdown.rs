//! SIGTERM and SIGINT: nothing new begins, what has begun is finished, and everybody is told to come back.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt, future::join_all};
use hongyan_protocol::{
    Answer, Code, Operation,
    message::{Chat, SendMsg, Sent, WhenOffline},
};
use hongyan_store::{DatabaseUrl, Store, testing};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpSocket, TcpStream},
    sync::oneshot,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest, protocol::Role},
};

use crate::harness::{
    PASSWORD, Person, Process, account, begun_request, command, hongyan, in_test, on_database_of,
    soon, to_friend, username,
};

#[tokio::test]
async fn sigterm_finishes_what_has_begun_and_says_1001_to_all() {
    finishes_what_has_begun("TERM").await;
}

#[tokio::test]
async fn sigint_finishes_what_has_begun_and_says_1001_to_all() {
    finishes_what_has_begun("INT").await;
}

async fn finishes_what_has_begun(signal: &str) {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(folder.path()).await;
    let [ann, mut bo] = friends(&process).await;
    bo.come_online().await;
    let acknowledged = ann.ask(&kept(&bo, "before")).await.unwrap();
    assert_eq!(bo.message().await.msg, "before");

    // The store cannot write, so a message is under way for as long as we like.
    let held = HeldStore::hold(folder.path()).await;
    let mut door = socket(process.address(), &ann, Operation::SendMsg.path()).await;
    let request = serde_json::to_string(&kept(&bo, "during")).unwrap();
    door.send(Message::text(request)).await.unwrap();
    // The answer to a ping that follows says that the server has taken the request.
    door.send(Message::Ping("taken?".into())).await.unwrap();
    let pong = soon("a pong", door.next()).await.unwrap().unwrap();
    assert!(matches!(pong, Message::Pong(_)), "{pong:?}");
    process.signal(signal);
    held.release().await;

    let answer = soon("the answer", door.next()).await.unwrap().unwrap();
    let answer: Answer = serde_json::from_str(answer.to_text().unwrap()).unwrap();
    assert_eq!(answer.code, Code::Ok);
    let sent: Sent = serde_json::from_str(answer.data.unwrap().get()).unwrap();
    assert_eq!(sent.seq, acknowledged.seq.map(|seq| seq + 1));
    let goodbye = soon("the close", door.next()).await.unwrap().unwrap();
    let Message::Close(Some(frame)) = goodbye else {
        panic!("{goodbye:?}");
    };
    assert_eq!(u16::from(frame.code), 1001);
    let told = bo.rest().await;
    assert_eq!(bo.close_code().await, Some(1001));
    drop(door);
    assert_eq!(process.end().await.code(), Some(0));
    let log = folder.path().join("hongyan.db-wal");
    let left = log.metadata().map_or(0, |log| log.len());
    assert_eq!(left, 0, "the database was closed in order");

    let process = Process::start(folder.path()).await;
    let mut bo = process.again(&bo).await;
    bo.come_online().await;
    // Whether Bo was told of it before the close is open; that it comes is not.
    let mut chats = told.iter().filter_map(|event| event.data::<Chat>().ok());
    let chat = match chats.find(|chat| chat.msg_id == sent.msg_id) {
        Some(chat) => chat,
        None => loop {
            let chat = bo.message().await;
            if chat.msg_id == sent.msg_id {
                break chat;
            }
        },
    };
    assert_eq!(
        (chat.msg.as_str(), chat.msg_id, chat.seq),
        ("during", sent.msg_id, sent.seq)
    );
}

#[tokio::test]
async fn a_request_that_is_being_read_is_answered_while_nothing_new_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(folder.path()).await;
    let [mut ann, _bo] = friends(&process).await;
    ann.come_online().await;
    let body = serde_json::to_string(&account("cy")).unwrap();
    let mut request = begun_registration(process.address(), body.len()).await;
    process.signal("TERM");
    assert_eq!(ann.close_code().await, Some(1001));
    soon("connections to be refused", refusal(process.address())).await;
    request.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    soon("the answer", request.read_to_string(&mut answer))
        .await
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(process.end().await.code(), Some(0));

    let process = Process::start(folder.path()).await;
    let name = username("cy");
    let cy = process.client().login(&name, PASSWORD).await;
    assert_eq!(cy.unwrap().user().nickname, "Miss cy");
}

#[tokio::test]
async fn neither_who_never_reads_nor_who_never_ends_a_request_delays_the_end() {
    const MESSAGES: i64 = 500;
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(folder.path());
    command
        .env("HONGYAN_CONNECTION__SHUTDOWN_SECONDS", "2")
        .env("HONGYAN_LIMITS__QUEUE_BYTES", "100000000");
    let process = Process::spawn(command).await;
    let [ann, bo] = friends(&process).await;
    let _never_ended = begun_registration(process.address(), 100).await;
    let mut never_reads = small_stream(process.address()).await;
    let handshake = format!(
        "GET /ws/notice/event HTTP/1.1\r\nHost: hongyan\r\nAuthorization: Bearer {}\r\n\
         Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        bo.token()
    );
    never_reads.write_all(handshake.as_bytes()).await.unwrap();
    soon("the handshake", never_reads.readable()).await.unwrap();
    // More than the kernel holds for any socket: the rest stays in the server's queue.
    let text = "x".repeat(16_000);
    let sending = (0..MESSAGES).map(|_| async { ann.ask(&kept(&bo, &text)).await.unwrap().seq });
    let sent = soon("the answers", join_all(sending)).await;
    assert_eq!(sent.last(), Some(&Some(MESSAGES)));
    let begun = Instant::now();
    process.signal("TERM");
    assert_eq!(process.end().await.code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(10));

    let process = Process::start(folder.path()).await;
    let mut bo = process.again(&bo).await;
    bo.come_online().await;
    let taken = soon("what the kernel took", last_of(never_reads)).await;
    assert!(taken < MESSAGES, "the kernel took everything");
    let mut next = bo.message().await.seq.unwrap();
    assert!(next <= taken + 1, "{taken} were taken, then {next} came");
    while next < MESSAGES {
        let seq = bo.message().await.seq.unwrap();
        assert_eq!(seq, next + 1);
        next = seq;
    }
}

#[tokio::test]
async fn a_second_signal_ends_at_once() {
    for (first, second, status) in [("TERM", "TERM", 143), ("TERM", "INT", 130)] {
        let folder = tempfile::tempdir().unwrap();
        let process = Process::start(folder.path()).await;
        let [mut ann, bo] = friends(&process).await;
        ann.come_online().await;
        let sent = ann.ask(&kept(&bo, "before")).await.unwrap();
        // Without a second signal this request would be waited for, and the status would be 0.
        let _never_ended = begun_registration(process.address(), 100).await;
        process.signal(first);
        assert_eq!(ann.close_code().await, Some(1001));
        process.signal(second);
        assert_eq!(process.end().await.code(), Some(status));

        let process = Process::start(folder.path()).await;
        let mut bo = process.again(&bo).await;
        bo.come_online().await;
        assert_eq!(bo.message().await.msg_id, sent.msg_id);
    }
}

#[tokio::test]
async fn a_restart_behind_a_handed_over_socket_refuses_nobody() {
    let folder = tempfile::tempdir().unwrap();
    // Ours for the whole time, as it is systemd's: whoever connects between two servers waits.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serve = || {
        let mut command = tokio::process::Command::new("sh");
        command
            .args([
                "-c",
                r#"exec 3<&0 0</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@""#,
                "sh",
            ])
            .arg(hongyan().as_std().get_program())
            .args(["serve", "--data-dir"])
            .arg(folder.path());
        let mut command = on_database_of(folder.path(), in_test(command));
        command.stdin(std::os::fd::OwnedFd::from(listener.try_clone().unwrap()));
        command
    };
    let first = Process::spawn(serve()).await;
    assert_eq!(
        first.url, url,
        "the greeting names the socket's own address"
    );
    let [mut ann] = first.people(["ann"]).await;
    ann.come_online().await;
    first.signal("TERM");
    assert_eq!(ann.close_code().await, Some(1001));
    assert!(first.end().await.success());
    // Nobody serves, and still nobody is refused.
    let coming_back = ann.come_online();
    let starting = Process::spawn(serve());
    let ((), second) = tokio::join!(coming_back, starting);
    ann.heard_nothing().await;
    drop(second);
}

/// Registers two people who become friends; neither is online.
async fn friends(process: &Process) -> [Person; 2] {
    let [mut ann, mut bo] = process.people(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    [ann, bo]
}

fn kept(friend: &Person, text: &str) -> SendMsg {
    SendMsg {
        when_offline: Some(WhenOffline::Keep),
        ..to_friend(friend.id(), text)
    }
}

/// The database's write lock, in our hands instead of the server's.
pub(crate) struct HeldStore {
    store: Store,
    release: std::sync::mpsc::Sender<()>,
    released: oneshot::Receiver<()>,
}

impl HeldStore {
    pub(crate) async fn hold(data_dir: &std::path::Path) -> Self {
        let store = Store::open(&testing::options(data_dir)).unwrap();
        let (release, wait) = std::sync::mpsc::channel();
        let (tell_held, held) = oneshot::channel();
        let (tell_released, released) = oneshot::channel();
        let holding = store.write(move |tx| {
            // The lock is taken with the transaction, before its first operation.
            let found = tx.user_by_name("nobody").map(drop);
            _ = tell_held.send(());
            _ = wait.recv();
            found
        });
        tokio::spawn(async move {
            let done: Result<(), hongyan_store::Error> = holding.await;
            done.unwrap();
            _ = tell_released.send(());
        });
        soon("the lock", held).await.unwrap();
        Self {
            store,
            release,
            released,
        }
    }

    /// Ends the connection to PostgreSQL on which the server waits for us: nobody can tell it whether what it wrote there
    /// is stored.
    pub(crate) async fn end_waiting(&self, url: &DatabaseUrl) {
        let mut ended = false;
        let ending = async {
            while !ended {
                testing::with_client(url.expose(), async |client| {
                    let sql = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                         WHERE datname = current_database() AND wait_event = 'advisory'";
                    ended = !client.query(sql, &[]).await.unwrap().is_empty();
                });
                tokio::task::yield_now().await;
            }
        };
        soon("the server to wait", ending).await;
    }

    /// Lets the server write, and leaves the database to it alone.
    pub(crate) async fn release(self) {
        self.release.send(()).unwrap();
        soon("the end of our transaction", self.released)
            .await
            .unwrap();
        self.store.close().await;
    }
}

/// A WebSocket that shows pongs, and reads when it is told to.
async fn socket(address: SocketAddr, person: &Person, path: &str) -> WebSocketStream<TcpStream> {
    let stream = TcpStream::connect(address).await.unwrap();
    let mut request = format!("ws://{address}{path}")
        .into_client_request()
        .unwrap();
    let bearer = format!("Bearer {}", person.token());
    request
        .headers_mut()
        .insert("Authorization", bearer.parse().unwrap());
    soon("a socket", client_async(request, stream))
        .await
        .unwrap()
        .0
}

/// A connection that takes few bytes before it is read from.
async fn small_stream(address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(address).await.unwrap()
}

/// Reads what was left for a client that did not read, and gives the `seq` of the last whole message in it.
async fn last_of(stream: TcpStream) -> i64 {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line).await.unwrap();
    }
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
    let mut last = 0;
    while let Some(Ok(Message::Text(event))) = socket.next().await {
        let event: serde_json::Value = serde_json::from_str(&event).unwrap();
        last = event["data"]["seq"].as_i64().unwrap();
    }
    last
}

/// A registration whose body the server is waiting for.
async fn begun_registration(address: SocketAddr, length: usize) -> TcpStream {
    let headers = [("Content-Type", "application/json")];
    begun_request(address, "/api/registe", &headers, length).await
}

/// Waits until the address refuses connections.
async fn refusal(address: SocketAddr) {
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}
