//! How connections end.

use super::*;

fn close_frame(code: u16) -> Vec<u8> {
    client_frame(0x88, &code.to_be_bytes())
}

#[tokio::test(start_paused = true)]
async fn the_close_of_the_peer_is_answered_in_kind() {
    for (frame, echo, code) in [
        (close_frame(1000), Some(1000), 1000),
        (close_frame(3333), Some(3333), 3333),
        (client_frame(0x88, b""), None, close::NO_STATUS),
    ] {
        let mut bench = Bench::new();
        bench.write(&frame).await;
        assert_eq!(bench.read().await, Said::Close(echo));
        assert_eq!(bench.read().await, Said::End);
        let closed = bench.closed().await;
        assert_eq!((closed.code, closed.cause), (code, Cause::Peer));
        assert!(!bench.outbox.push(Frame::text("{}")));
    }
}

#[tokio::test(start_paused = true)]
async fn a_forced_logout_is_the_last_word_and_nothing_after_it_is_handled() {
    let mut bench = Bench::with(|bench| bench.limits.queue_messages = 2);
    bench.idle().await;
    assert!(bench.outbox.push(Frame::text("one")));
    assert!(bench.outbox.push(Frame::text("two")));
    let last = Frame::text("forced_logout");
    bench
        .outbox
        .close(Some(last), close::FORCED_LOGOUT, "logged in elsewhere");
    assert!(!bench.outbox.push(Frame::text("three")));
    for text in ["one", "two", "forced_logout"] {
        assert_eq!(bench.read().await, Said::Text(text.into()));
    }
    assert_eq!(bench.read().await, Said::Close(Some(close::FORCED_LOGOUT)));
    bench.say("too late").await;
    bench.write(&client_frame(0x89, b"too late")).await;
    bench.idle().await;
    assert!(bench.begun().is_empty() && bench.is_running());
    bench.write(&close_frame(close::FORCED_LOGOUT)).await;
    assert_eq!(bench.read().await, Said::End);
    let closed = bench.closed().await;
    assert_eq!(
        (closed.code, closed.cause),
        (close::FORCED_LOGOUT, Cause::Server)
    );
}

#[tokio::test(start_paused = true)]
async fn what_arrived_before_a_close_and_was_not_read_yet_is_not_handled() {
    let early = client_frame(0x81, b"with the handshake");
    let mut bench = Bench::with(|bench| bench.early = early);
    bench.say("in the pipe").await;
    bench.outbox.close(None, close::FORCED_LOGOUT, "");
    assert_eq!(bench.read().await, Said::Close(Some(close::FORCED_LOGOUT)));
    bench.idle().await;
    assert_eq!(bench.begun(), [] as [&str; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_answer_a_close_is_left() {
    let mut bench = Bench::new();
    let start = Instant::now();
    bench.outbox.close(None, close::GOING_AWAY, "restart");
    assert_eq!(bench.read().await, Said::Close(Some(close::GOING_AWAY)));
    let closed = bench.closed().await;
    assert_eq!(
        (closed.code, closed.cause),
        (close::GOING_AWAY, Cause::Server)
    );
    assert_eq!(start.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_cannot_delay_a_close() {
    let mut bench = Bench::with(|bench| bench.pipe = 10);
    let start = Instant::now();
    assert!(bench.outbox.push(Frame::text("longer than the pipe")));
    bench.idle().await;
    bench.outbox.close(None, close::FORCED_LOGOUT, "");
    assert_eq!(bench.closed().await.code, close::FORCED_LOGOUT);
    assert_eq!(start.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn requests_in_flight_are_answered_before_the_close() {
    let mut bench = Bench::new();
    let held = bench.hold("held");
    bench.say("held").await;
    bench.idle().await;
    bench
        .outbox
        .close(Some(Frame::text("last")), close::GOING_AWAY, "");
    bench.idle().await;
    held.send(()).unwrap();
    assert_eq!(bench.read().await, Said::Text("held".into()));
    assert_eq!(bench.read().await, Said::Text("last".into()));
    assert_eq!(bench.read().await, Said::Close(Some(close::GOING_AWAY)));
}

#[tokio::test(start_paused = true)]
async fn requests_in_flight_delay_a_close_only_so_long() {
    let mut bench = Bench::new();
    let held = bench.hold("held");
    bench.say("held").await;
    bench.idle().await;
    let start = Instant::now();
    bench.outbox.close(None, close::GOING_AWAY, "");
    assert_eq!(bench.read().await, Said::Close(Some(close::GOING_AWAY)));
    assert_eq!(start.elapsed().as_secs(), 1);
    // It still runs to its end, but nobody hears of it.
    held.send(()).unwrap();
    bench.finished("held").await;
    bench.write(&close_frame(1001)).await;
    assert_eq!(bench.read().await, Said::End);
}

#[tokio::test(start_paused = true)]
async fn a_handler_closes_after_the_answers_before() {
    let mut bench = Bench::new();
    let held = bench.hold("held");
    for request in ["held", "close", "too late"] {
        bench.say(request).await;
    }
    bench.idle().await;
    held.send(()).unwrap();
    assert_eq!(bench.read().await, Said::Text("held".into()));
    assert_eq!(bench.read().await, Said::Close(Some(close::POLICY)));
    assert_eq!(bench.begun(), ["held", "close"]);
    bench.write(&close_frame(close::POLICY)).await;
    assert_eq!(bench.closed().await.cause, Cause::Server);
}

#[tokio::test(start_paused = true)]
async fn a_slow_consumer_gets_the_frame_it_has_begun_and_the_reason() {
    let mut bench = Bench::with(|bench| {
        bench.limits.queue_messages = 3;
        bench.pipe = 8;
    });
    for text in ["longer than the pipe", "lost", "lost"] {
        assert!(bench.outbox.push(Frame::text(text)));
    }
    bench.idle().await;
    assert!(!bench.outbox.push(Frame::text("one too many")));
    assert_eq!(
        bench.read().await,
        Said::Text("longer than the pipe".into())
    );
    assert_eq!(bench.read().await, Said::Close(Some(close::SLOW_CONSUMER)));
    bench.write(&close_frame(1000)).await;
    let closed = bench.closed().await;
    assert_eq!(
        (closed.code, closed.cause),
        (close::SLOW_CONSUMER, Cause::Slow)
    );
}

#[tokio::test(start_paused = true)]
async fn a_violation_ends_the_stream_and_what_follows_is_thrown_away() {
    let mut bench = Bench::new();
    let start = Instant::now();
    bench.say("good").await;
    bench.write(b"\x81\x01a").await;
    assert_eq!(bench.read().await, Said::Text("good".into()));
    assert_eq!(bench.read().await, Said::Close(Some(close::PROTOCOL_ERROR)));
    assert_eq!(bench.read().await, Said::End);
    let _writer = bench
        .write_in_background(vec![0xFF; 100_000])
        .await
        .unwrap();
    assert_eq!(bench.begun(), ["good"]);
    assert!(bench.is_running());
    let closed = bench.closed().await;
    assert_eq!(
        (closed.code, closed.cause),
        (close::PROTOCOL_ERROR, Cause::Violation)
    );
    assert_eq!(start.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_message_over_the_limit_and_bad_text_have_codes_of_their_own() {
    let mut bench = Bench::with(|bench| bench.limits.message_bytes = 10);
    bench.say("just right").await;
    assert_eq!(bench.read().await, Said::Text("just right".into()));
    bench.say("over by one").await;
    assert_eq!(bench.read().await, Said::Close(Some(close::TOO_BIG)));
    let mut bench = Bench::new();
    bench.write(&client_frame(0x81, b"\xFF")).await;
    assert_eq!(bench.read().await, Said::Close(Some(close::INVALID_TEXT)));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_connection_takes_its_outbox_with_it() {
    let mut bench = Bench::new();
    bench.idle().await;
    bench.abort();
    assert_eq!(bench.read().await, Said::End);
    assert!(!bench.outbox.push(Frame::text("{}")));
}
