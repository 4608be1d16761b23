//! When a connection must act though nothing happens: one timer serves the nearest of these.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::time::{Instant, Sleep};

use super::Limits;

/// What an open connection's patience is measured from.
pub(super) struct Deadlines {
    /// The last byte from the peer.
    pub(super) heard: Instant,
    /// The last ping to it.
    pub(super) pinged: Instant,
    /// The start of what it has not finished saying.
    pub(super) partial: Option<Instant>,
    /// When it stopped accepting what we have to write.
    pub(super) blocked: Option<Instant>,
}

/// What is due on a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Due {
    Ping,
    /// The peer has been silent for too long.
    Dead,
    /// The peer has left a message unfinished for too long.
    Unfinished,
    /// The peer has accepted nothing for too long.
    Stalled,
    /// The connection is closing, and this step of it has had its time.
    Over,
}

impl Deadlines {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            heard: now,
            pinged: now,
            partial: None,
            blocked: None,
        }
    }

    /// What comes next, and when. While we do not read, the peer's silence is our own doing; while it does not,
    /// a ping would only queue up.
    pub(super) fn next(&self, limits: &Limits, reading: bool) -> (Instant, Due) {
        let ping = self.heard.max(self.pinged) + limits.ping;
        let first = match self.blocked {
            Some(blocked) => (blocked + limits.stall, Due::Stalled),
            None => (ping, Due::Ping),
        };
        let dead = reading.then(|| (self.heard + limits.dead_after, Due::Dead));
        let unfinished = self
            .partial
            .filter(|_| reading)
            .map(|partial| (partial + limits.message, Due::Unfinished));
        [dead, unfinished]
            .into_iter()
            .flatten()
            .fold(
                first,
                |nearest, other| {
                    if other.0 < nearest.0 { other } else { nearest }
                },
            )
    }
}

/// Has the task polled again at `deadline`. The timer is moved only when it would fire too late; one that fires too
/// early is moved then, so that traffic costs no timer operation.
pub(super) fn arm(mut sleep: Pin<&mut Sleep>, deadline: Instant, cx: &mut Context<'_>) {
    if sleep.deadline() > deadline {
        sleep.as_mut().reset(deadline);
    }
    while let Poll::Ready(()) = sleep.as_mut().poll(cx) {
        if deadline <= Instant::now() {
            cx.waker().wake_by_ref();
            return;
        }
        sleep.as_mut().reset(deadline);
    }
}
