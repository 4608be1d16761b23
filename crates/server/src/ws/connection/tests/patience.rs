//! What a connection does when the peer does nothing, or too little.

use super::*;

fn seconds(start: Instant) -> u64 {
    start.elapsed().as_secs()
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_pinged_and_then_given_up() {
    let mut bench = Bench::new();
    let start = Instant::now();
    assert_eq!((bench.read().await, seconds(start)), (Said::Ping, 25));
    assert_eq!((bench.read().await, seconds(start)), (Said::Ping, 50));
    assert_eq!((bench.read().await, seconds(start)), (Said::End, 60));
    let closed = bench.closed().await;
    assert_eq!((closed.code, closed.cause), (close::ABNORMAL, Cause::Dead));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_pings_stays() {
    let mut bench = Bench::new();
    let start = Instant::now();
    for n in 1..=10 {
        assert_eq!((bench.read().await, seconds(start)), (Said::Ping, 25 * n));
        bench.write(&client_frame(0x8A, b"")).await;
    }
    assert!(bench.is_running());
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_talks_is_not_pinged() {
    let mut bench = Bench::new();
    for _ in 0..10 {
        bench.say("still here").await;
        assert_eq!(bench.read().await, Said::Text("still here".into()));
        tokio::time::sleep(Duration::from_secs(20)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_must_end_in_time_however_busy_its_sender_looks() {
    let mut bench = Bench::new();
    let start = Instant::now();
    bench.write(&client_frame(0x01, b"begun")).await;
    for _ in 0..9 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        bench.write(&client_frame(0x00, b"and")).await;
        bench.write(&client_frame(0x89, b"")).await;
        assert_eq!(bench.read().await, Said::Pong(vec![]));
    }
    assert_eq!(bench.read().await, Said::Close(Some(close::PROTOCOL_ERROR)));
    assert_eq!(seconds(start), 10);
    assert_eq!(bench.read().await, Said::End);
}

#[tokio::test(start_paused = true)]
async fn half_a_header_is_a_message_begun() {
    let mut bench = Bench::new();
    let start = Instant::now();
    bench.write(&[0x81]).await;
    assert_eq!(bench.read().await, Said::Close(Some(close::PROTOCOL_ERROR)));
    assert_eq!(seconds(start), 10);
}

#[tokio::test(start_paused = true)]
async fn the_time_for_a_message_begins_with_each_message() {
    let mut bench = Bench::new();
    for _ in 0..4 {
        bench.write(&client_frame(0x01, b"be")).await;
        tokio::time::sleep(Duration::from_secs(6)).await;
        bench.write(&client_frame(0x80, b"gun")).await;
        assert_eq!(bench.read().await, Said::Text("begun".into()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_accepts_nothing_is_given_up() {
    let mut bench = Bench::with(|bench| bench.pipe = 8);
    let start = Instant::now();
    assert!(bench.outbox.push(Frame::text("longer than the pipe")));
    let closed = bench.closed().await;
    assert_eq!((closed.code, closed.cause), (close::ABNORMAL, Cause::Slow));
    assert_eq!(seconds(start), 30);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_accepts_little_is_not_given_up() {
    let mut bench = Bench::with(|bench| bench.pipe = 8);
    let text = "a frame that takes four reads";
    for _ in 0..2 {
        assert!(bench.outbox.push(Frame::text(text)));
    }
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_secs(29)).await;
        assert_eq!(bench.read().await, Said::Text(text.into()));
        bench.write(&client_frame(0x8A, b"")).await;
    }
    assert!(bench.is_running());
}

#[tokio::test(start_paused = true)]
async fn a_peer_is_not_blamed_for_silence_while_it_is_not_read_from() {
    let mut bench = Bench::with(|bench| bench.limits.pipeline = 1);
    let held = bench.hold("held");
    bench.say("held").await;
    let start = Instant::now();
    for _ in 0..4 {
        assert_eq!(bench.read().await, Said::Ping);
    }
    assert_eq!(seconds(start), 100);
    bench.say("next").await;
    held.send(()).unwrap();
    assert_eq!(bench.read().await, Said::Text("held".into()));
    assert_eq!(bench.read().await, Said::Text("next".into()));
}
