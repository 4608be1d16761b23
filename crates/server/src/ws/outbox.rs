//! The way into a connection from everywhere else: a bounded queue of frames, and the order to close.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    task::Waker,
};

use super::{Limits, close, frame::Frame, output::Output};

/// One connection's queue, shared by the connection and all who have something to tell its user.
///
/// Its lock is held for moments, never across a write or an await. The connection is woken only when the queue was
/// empty or a close is ordered. An empty queue owns no memory.
pub struct Outbox {
    queue_messages: usize,
    queue_bytes: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Frame>,
    bytes: usize,
    /// What the connection has taken from here and not written: messages and bytes.
    held: (usize, usize),
    waker: Option<Waker>,
    stage: Stage,
}

#[derive(Default)]
enum Stage {
    #[default]
    Open,
    /// A close was ordered; the connection has not seen it yet.
    Ordered(Box<Goodbye>),
    /// Nothing is accepted any more.
    Closed,
}

/// How a connection ends when its own side wants it to.
pub(super) struct Goodbye {
    /// Sent after everything queued, before the close frame.
    pub(super) last: Option<Frame>,
    pub(super) code: u16,
    pub(super) reason: &'static str,
    /// The queue was over its bound: what was in it is lost, and nothing is waited for.
    pub(super) overflow: bool,
}

impl Outbox {
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            queue_messages: limits.queue_messages,
            queue_bytes: limits.queue_bytes,
            state: Mutex::default(),
        }
    }

    /// Half of what it takes, messages and bytes: so much may be pushed at once, and leaves room for what comes meanwhile.
    #[must_use]
    pub fn half(&self) -> (usize, usize) {
        (self.queue_messages / 2, self.queue_bytes / 2)
    }

    /// Queues a frame; says whether it was queued. Over the bound the connection is closed with 4008 instead, and the
    /// queue is dropped: its user resumes by sequence.
    pub fn push(&self, frame: Frame) -> bool {
        let mut state = self.lock();
        if !matches!(state.stage, Stage::Open) {
            return false;
        }
        let messages = state.queue.len() + state.held.0;
        let bytes = state.bytes + state.held.1 + frame.encoded_len();
        let accepted =
            messages == 0 || (messages < self.queue_messages && bytes <= self.queue_bytes);
        if accepted {
            let wake = state.queue.is_empty();
            state.bytes += frame.encoded_len();
            state.queue.push_back(frame);
            if !wake {
                return true;
            }
        } else {
            state.queue = VecDeque::new();
            state.bytes = 0;
            state.stage = Stage::Ordered(Box::new(Goodbye {
                last: None,
                code: close::SLOW_CONSUMER,
                reason: "slow consumer; resume",
                overflow: true,
            }));
        }
        wake(state);
        accepted
    }

    /// Orders the connection to close: what is queued is sent, then `last` (whatever the bound), then the close frame.
    /// Nothing pushed later is sent, nothing read later is handled. The first order counts, except that a close
    /// for a slow consumer that has not begun yields to this one.
    pub fn close(&self, last: Option<Frame>, code: u16, reason: &'static str) {
        let mut state = self.lock();
        let overflow = match &state.stage {
            Stage::Open => false,
            Stage::Ordered(goodbye) if goodbye.overflow => true,
            Stage::Ordered(_) | Stage::Closed => return,
        };
        state.stage = Stage::Ordered(Box::new(Goodbye {
            last,
            code,
            reason,
            overflow,
        }));
        wake(state);
    }

    /// Whether frames are not accepted any more.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        !matches!(self.lock().stage, Stage::Open)
    }

    /// Has `waker` woken at the next push or close, and tells what the connection has yet to write of this queue. Moves the queue
    /// there if it `takes`; an order to close is given out once, with all that was queued before it.
    pub(super) fn exchange(
        &self,
        output: &mut Output,
        takes: bool,
        waker: &Waker,
    ) -> Option<Box<Goodbye>> {
        let mut state = self.lock();
        let state = &mut *state;
        let goodbye = match std::mem::take(&mut state.stage) {
            Stage::Open => None,
            Stage::Ordered(goodbye) => {
                state.stage = Stage::Closed;
                Some(goodbye)
            }
            Stage::Closed => {
                state.stage = Stage::Closed;
                None
            }
        };
        if (takes || goodbye.is_some()) && !state.queue.is_empty() {
            output.append(&mut state.queue, std::mem::take(&mut state.bytes));
        }
        state.held = output.queued();
        match &mut state.waker {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
        goodbye
    }

    /// Accepts nothing any more and drops what is queued.
    pub(super) fn finish(&self) {
        let closed = State {
            stage: Stage::Closed,
            ..State::default()
        };
        let left = std::mem::replace(&mut *self.lock(), closed);
        // Outside the lock, since it may be the last owner of a task.
        drop(left);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes the connection, if it sleeps, after the lock is released: it may start on another thread at once.
fn wake(mut state: MutexGuard<'_, State>) {
    let waker = state.waker.take();
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests;
