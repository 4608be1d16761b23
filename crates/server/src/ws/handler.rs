//! What the rest of the server is to a connection: messages go in, answers come out in order.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use super::frame::{Frame, Mark};

/// An answer that is not there yet. It is polled in place, beside the connection's other requests, and runs to its
/// end even when the peer leaves, for at most [`Limits::close`](super::Limits::close) longer.
pub type Answer = Pin<Box<dyn Future<Output = Frame> + Send>>;

/// What a connection does about a message.
pub enum Step {
    Reply(Frame),
    /// Answers leave in the order of their requests.
    Later(Answer),
    Ignore,
    /// Closes with this code and reason once the requests before it are answered.
    Close(u16, &'static str),
}

/// What the messages of a connection mean; called from within its poll, so nothing here may block.
pub trait Handler: Send {
    fn text(&mut self, text: &str) -> Step;

    fn binary(&mut self, payload: &[u8]) -> Step;

    /// The kernel has the last byte of the frame that carried `mark`.
    fn written(&mut self, mark: Mark);
}

/// The requests in flight, oldest first. The first of them is never ready: its answer would have left.
#[derive(Default)]
pub(super) struct Requests(VecDeque<Request>);

enum Request {
    Waiting(Answer),
    Ready(Frame),
}

impl Requests {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds an answer that is there; gives it back if it has its turn at once.
    pub(super) fn ready(&mut self, frame: Frame) -> Option<Frame> {
        if self.0.is_empty() {
            return Some(frame);
        }
        self.0.push_back(Request::Ready(frame));
        None
    }

    /// Adds an answer to come, begun at once; gives it back if it is there already and has its turn.
    pub(super) fn later(&mut self, mut answer: Answer, cx: &mut Context<'_>) -> Option<Frame> {
        if let Poll::Ready(frame) = answer.as_mut().poll(cx) {
            return self.ready(frame);
        }
        self.0.push_back(Request::Waiting(answer));
        None
    }

    /// Polls all answers and gives those that have their turn to `reply`.
    pub(super) fn settle(&mut self, cx: &mut Context<'_>, mut reply: impl FnMut(Frame)) {
        if self.0.is_empty() {
            return;
        }
        for request in &mut self.0 {
            if let Request::Waiting(answer) = request
                && let Poll::Ready(frame) = answer.as_mut().poll(cx)
            {
                *request = Request::Ready(frame);
            }
        }
        while let Some(request) = self.0.pop_front() {
            match request {
                Request::Ready(frame) => reply(frame),
                waiting @ Request::Waiting(_) => {
                    self.0.push_front(waiting);
                    return;
                }
            }
        }
        // An idle connection owns no queue.
        self.0 = VecDeque::new();
    }
}
