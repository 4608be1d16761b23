//! A connection over an in-memory pipe, under a clock that moves only when nothing else can.

mod bench;
mod goodbyes;
mod patience;

use std::time::Duration;

use hongyan_protocol::id::ConversationId;
use tokio::{net::TcpStream, sync::oneshot};

use super::*;
use crate::ws::frame::Mark;
use bench::{Bench, Said, client_frame};

#[tokio::test(start_paused = true)]
async fn what_was_read_with_the_handshake_is_handled_first() {
    let early = [client_frame(0x81, b"one"), client_frame(0x81, b"two")].concat();
    let mut bench = Bench::with(|bench| bench.early = early[..early.len() - 2].to_vec());
    assert_eq!(bench.read().await, Said::Text("one".into()));
    bench.write(&early[early.len() - 2..]).await;
    assert_eq!(bench.read().await, Said::Text("two".into()));
}

#[tokio::test(start_paused = true)]
async fn text_binary_and_pings_are_answered() {
    let mut bench = Bench::new();
    bench.say("hello").await;
    assert_eq!(bench.read().await, Said::Text("hello".into()));
    bench.write(&client_frame(0x82, b"\0\xFF")).await;
    assert_eq!(bench.read().await, Said::Binary(b"\0\xFF".to_vec()));
    bench.write(&client_frame(0x89, b"there?")).await;
    assert_eq!(bench.read().await, Said::Pong(b"there?".to_vec()));
    bench.say("ignore").await;
    bench.say("next").await;
    assert_eq!(bench.read().await, Said::Text("next".into()));
}

#[tokio::test(start_paused = true)]
async fn requests_run_together_and_their_answers_leave_in_order() {
    let mut bench = Bench::new();
    let first = bench.hold("first");
    let second = bench.hold("second");
    for request in ["first", "second", "third"] {
        bench.say(request).await;
    }
    second.send(()).unwrap();
    bench.finished("second").await;
    assert_eq!(bench.begun(), ["first", "second", "third"]);
    first.send(()).unwrap();
    for answer in ["first", "second", "third"] {
        assert_eq!(bench.read().await, Said::Text(answer.into()));
    }
}

#[tokio::test(start_paused = true)]
async fn at_the_bound_of_requests_in_flight_nothing_more_is_read() {
    let mut bench = Bench::new();
    let names: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    let held: Vec<oneshot::Sender<()>> = names.iter().map(|name| bench.hold(name)).collect();
    let all: Vec<u8> = names
        .iter()
        .flat_map(|name| client_frame(0x81, name.as_bytes()))
        .collect();
    bench.write(&all).await;
    bench.idle().await;
    assert_eq!(bench.begun().len(), 16);
    for sender in held {
        sender.send(()).unwrap();
    }
    for name in names {
        assert_eq!(bench.read().await, Said::Text(name));
    }
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_is_not_read_from() {
    let mut bench = Bench::with(|bench| bench.limits.unread_bytes = 1000);
    let long = "x".repeat(500);
    let request = client_frame(0x81, long.as_bytes());
    let requests = 40;
    let sent = bench.write_in_background(request.repeat(requests));
    bench.idle().await;
    let begun = bench.begun().len();
    assert!((2..=12).contains(&begun), "{begun}");
    for _ in 0..requests {
        assert_eq!(bench.read().await, Said::Text(long.clone()));
    }
    sent.await.unwrap();
    assert_eq!(bench.begun().len(), requests);
}

#[tokio::test(start_paused = true)]
async fn all_that_is_queued_leaves_in_one_write() {
    let mut bench = Bench::with(|bench| bench.pipe = 64 * 1024);
    bench.idle().await;
    for n in 0..100 {
        assert!(bench.outbox.push(Frame::text(n.to_string())));
    }
    for n in 0..100 {
        assert_eq!(bench.read().await, Said::Text(n.to_string()));
    }
    assert_eq!(bench.writes(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_frame_of_any_length_passes_whatever_the_peer_accepts_at_once() {
    let mut bench = Bench::with(|bench| bench.pipe = 1000);
    let long = "鸿雁".repeat(20_000);
    assert!(bench.outbox.push(Frame::text("before")));
    assert!(bench.outbox.push(Frame::text(long.clone())));
    assert!(bench.outbox.push(Frame::text("after")));
    for text in ["before", &long, "after"] {
        assert_eq!(bench.read().await, Said::Text(text.into()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_mark_is_reported_when_the_last_byte_has_gone() {
    let mut bench = Bench::with(|bench| bench.pipe = 100);
    let mark = Mark {
        conversation: ConversationId::mint(),
        seq: 7,
    };
    let frame = Frame::text(vec![b'a'; 100]).with_mark(mark);
    assert!(bench.outbox.push(frame));
    bench.idle().await;
    assert_eq!(bench.marks(), []);
    bench.read().await;
    bench.idle().await;
    assert_eq!(bench.marks(), [mark]);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_frames_lets_others_have_their_turn() {
    let early = client_frame(0x81, b"ignore").repeat(1000);
    let bench = Bench::with(|bench| bench.early = early);
    let begun = bench.begun_when_another_task_runs().await;
    assert!((1..=WORK_A_POLL).contains(&begun), "{begun}");
    bench.idle().await;
    assert_eq!(bench.begun().len(), 1000);
}

#[tokio::test(start_paused = true)]
async fn requests_already_read_run_to_their_end_though_the_peer_has_left() {
    let mut bench = Bench::new();
    let held = bench.hold("held");
    bench.say("held").await;
    bench.idle().await;
    bench.hang_up();
    bench.idle().await;
    held.send(()).unwrap();
    bench.finished("held").await;
    let closed = bench.closed().await;
    assert_eq!(
        (closed.code, closed.cause),
        (close::ABNORMAL, Cause::Broken)
    );
}

#[tokio::test(start_paused = true)]
async fn a_request_without_end_does_not_keep_the_connection_of_a_peer_that_left() {
    let mut bench = Bench::new();
    let _held = bench.hold("held");
    bench.say("held").await;
    bench.idle().await;
    bench.hang_up();
    let start = Instant::now();
    assert_eq!(bench.closed().await.cause, Cause::Broken);
    assert_eq!(start.elapsed().as_secs(), 5);
}

#[tokio::test]
async fn an_idle_connection_is_small() {
    struct Nobody([usize; 8]);
    impl Handler for Nobody {
        fn text(&mut self, _text: &str) -> Step {
            Step::Close(close::NORMAL, "")
        }
        fn binary(&mut self, _payload: &[u8]) -> Step {
            Step::Ignore
        }
        fn written(&mut self, mark: Mark) {
            self.0[0] = mark.seq as usize;
        }
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let limits = Arc::new(Limits::default());
    let outbox = Arc::new(Outbox::new(&limits));
    let connection = Connection::new(stream, Bytes::new(), outbox, Nobody([0; 8]), limits);
    let size = size_of_val(&connection);
    assert!(size <= 448, "{size}");
    assert!(size_of::<Outbox>() <= 128, "{}", size_of::<Outbox>());
    let future = size_of_val(&connection.run());
    assert!(future <= size + 160, "{future}");
}
