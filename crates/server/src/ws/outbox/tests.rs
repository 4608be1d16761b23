use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Wake,
};

use super::*;

#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

struct Bench {
    outbox: Outbox,
    output: Output,
    woken: Arc<Woken>,
}

impl Bench {
    fn new(queue_messages: usize, queue_bytes: usize) -> Self {
        Self {
            outbox: Outbox::new(&Limits {
                queue_messages,
                queue_bytes,
                ..Limits::default()
            }),
            output: Output::default(),
            woken: Arc::default(),
        }
    }

    fn exchange(&mut self, takes: bool) -> Option<Box<Goodbye>> {
        let waker = Waker::from(Arc::clone(&self.woken));
        self.outbox.exchange(&mut self.output, takes, &waker)
    }

    fn woken(&self) -> usize {
        self.woken.0.load(Ordering::Relaxed)
    }
}

#[test]
fn the_connection_is_woken_once_however_much_is_pushed() {
    let mut bench = Bench::new(100, 10_000);
    bench.exchange(true);
    for _ in 0..5 {
        assert!(bench.outbox.push(Frame::text("{}")));
    }
    assert_eq!(bench.woken(), 1);
    bench.exchange(true);
    assert_eq!(bench.output.messages(), 5);
    assert!(bench.outbox.push(Frame::text("{}")));
    assert_eq!(bench.woken(), 2);
}

#[test]
fn an_empty_queue_owns_no_memory() {
    let mut bench = Bench::new(100, 10_000);
    for _ in 0..3 {
        assert!(bench.outbox.push(Frame::text("{}")));
        bench.exchange(true);
        assert_eq!(bench.outbox.lock().queue.capacity(), 0);
    }
    assert_eq!(bench.output.messages(), 3);
}

#[test]
fn what_is_taken_and_not_written_counts_until_it_is() {
    let mut bench = Bench::new(3, 10_000);
    for _ in 0..3 {
        assert!(bench.outbox.push(Frame::text("{}")));
    }
    bench.exchange(true);
    bench.output.advance(4, |_| {});
    bench.exchange(true);
    assert!(bench.outbox.push(Frame::text("{}")));
    assert!(!bench.outbox.push(Frame::text("{}")));
    let goodbye = bench.exchange(false).unwrap();
    assert_eq!(
        (goodbye.code, goodbye.overflow),
        (close::SLOW_CONSUMER, true)
    );
    assert_eq!(bench.output.messages(), 2, "the queue was dropped");
    assert!(!bench.outbox.push(Frame::text("{}")));
}

#[test]
fn answers_that_are_not_written_take_no_room_from_events() {
    let mut bench = Bench::new(3, 10_000);
    for _ in 0..5 {
        bench.output.push(Frame::text(vec![b'a'; 5000]));
    }
    bench.exchange(true);
    for _ in 0..3 {
        assert!(bench.outbox.push(Frame::text("{}")));
        bench.exchange(true);
    }
    bench.output.advance(5 * 5004, |_| {});
    bench.exchange(true);
    assert!(!bench.outbox.push(Frame::text("{}")), "events still count");
}

#[test]
fn bytes_are_bounded_too_but_one_frame_is_always_accepted() {
    let bench = Bench::new(100, 10);
    assert!(bench.outbox.push(Frame::text("more than ten bytes")));
    assert!(!bench.outbox.push(Frame::text("")));
    assert!(bench.outbox.is_closed());
}

#[test]
fn a_last_frame_is_sent_after_what_is_queued_whatever_the_bound() {
    let mut bench = Bench::new(2, 10_000);
    bench.exchange(true);
    assert!(bench.outbox.push(Frame::text("1")));
    assert!(bench.outbox.push(Frame::text("2")));
    bench
        .outbox
        .close(Some(Frame::text("last")), close::FORCED_LOGOUT, "");
    bench
        .outbox
        .close(Some(Frame::text("later")), close::NORMAL, "");
    assert!(!bench.outbox.push(Frame::text("4")));
    let goodbye = bench.exchange(false).unwrap();
    assert_eq!(bench.output.messages(), 2);
    assert_eq!(
        (goodbye.code, goodbye.overflow),
        (close::FORCED_LOGOUT, false)
    );
    assert_eq!(goodbye.last.unwrap().encoded_len(), 2 + "last".len());
    assert!(bench.exchange(true).is_none(), "it is ordered once");
}

#[test]
fn a_close_wakes_the_connection_though_frames_are_waiting_already() {
    let mut bench = Bench::new(100, 10_000);
    assert!(bench.outbox.push(Frame::text("{}")));
    bench.exchange(false);
    assert!(bench.outbox.push(Frame::text("{}")));
    assert_eq!(bench.woken(), 0);
    bench.outbox.close(None, close::GOING_AWAY, "");
    assert_eq!(bench.woken(), 1);
}

#[test]
fn a_forced_logout_is_told_even_to_a_slow_consumer() {
    let mut bench = Bench::new(1, 10_000);
    assert!(bench.outbox.push(Frame::text("{}")));
    assert!(!bench.outbox.push(Frame::text("{}")));
    bench
        .outbox
        .close(Some(Frame::text("forced_logout")), close::FORCED_LOGOUT, "");
    let goodbye = bench.exchange(true).unwrap();
    assert!(goodbye.last.is_some() && goodbye.overflow);
    assert_eq!(goodbye.code, close::FORCED_LOGOUT);
}

#[test]
fn a_finished_outbox_holds_and_accepts_nothing() {
    let mut bench = Bench::new(100, 10_000);
    bench.outbox.push(Frame::text("{}"));
    bench.outbox.finish();
    assert!(!bench.outbox.push(Frame::text("{}")));
    bench.outbox.close(None, close::NORMAL, "");
    assert!(bench.exchange(true).is_none());
    assert!(bench.output.is_empty());
}
