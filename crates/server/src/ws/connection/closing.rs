//! How a connection ends: who said what, and what is still waited for.

use std::{io, pin::Pin, task::Context};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};

use super::Connection;
use crate::ws::{close, decoder::Violation, frame::Frame, handler::Handler, outbox::Goodbye};

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The code of the close frame that began the end: 1005 if the peer gave none, 1006 without any close frame.
    pub code: u16,
    pub cause: Cause,
}

/// Who or what ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The peer closed.
    Peer,
    /// The outbox or the handler ordered it.
    Server,
    /// The peer broke the protocol.
    Violation,
    /// The peer read too slowly.
    Slow,
    /// The peer was silent for too long.
    Dead,
    /// The socket ended or failed without a close frame.
    Broken,
}

/// Where a connection is between its handshake and its end.
pub(super) enum Phase {
    Open,
    /// A close is ordered: requests in flight are answered first, until `by`.
    Finishing {
        goodbye: Box<Goodbye>,
        by: Instant,
    },
    /// A close frame is queued or sent.
    Closing {
        closed: Closed,
        peer: Peer,
        by: Instant,
    },
    /// The socket is done with; requests in flight run to their end, until `by`.
    Ended {
        closed: Closed,
        by: Instant,
    },
}

/// What is expected of the peer after our close frame.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Peer {
    /// Its own close frame.
    Answers,
    /// Nothing: it has closed.
    Answered,
    /// The end of its stream, which cannot be decoded any more.
    Leaves,
    /// The same, after the end of ours.
    LeavesNow,
}

impl<S, H> Connection<S, H>
where
    S: AsyncRead + AsyncWrite + Unpin,
    H: Handler,
{
    /// Queues our close frame.
    pub(super) fn close(
        &mut self,
        code: u16,
        reason: &str,
        cause: Cause,
        peer: Peer,
        now: Instant,
    ) {
        self.outbox.finish();
        self.output.push(Frame::close(
            (code != close::NO_STATUS).then_some((code, reason)),
        ));
        self.phase = Phase::Closing {
            closed: Closed { code, cause },
            peer,
            by: now + self.limits.close,
        };
    }

    /// The peer has sent its close frame: ours is the answer, unless it was the question.
    pub(super) fn answer_close(&mut self, code: Option<u16>, now: Instant) {
        match &mut self.phase {
            Phase::Closing { peer, .. } => *peer = Peer::Answered,
            _ => {
                let code = code.unwrap_or(close::NO_STATUS);
                self.close(code, "", Cause::Peer, Peer::Answered, now);
            }
        }
    }

    /// The peer has broken a rule: it is told so, and what else it sends is thrown away.
    pub(super) fn fail(&mut self, violation: Violation, now: Instant) {
        match &mut self.phase {
            Phase::Closing { peer, .. } => *peer = Peer::Leaves,
            _ => {
                let Violation { code, reason } = violation;
                self.close(code, reason, Cause::Violation, Peer::Leaves, now);
            }
        }
    }

    /// The socket is of no use any more.
    pub(super) fn end(&mut self, code: u16, cause: Cause, now: Instant) {
        let closed = match self.phase {
            Phase::Ended { .. } => return,
            Phase::Closing { closed, .. } => closed,
            Phase::Open | Phase::Finishing { .. } => Closed { code, cause },
        };
        self.outbox.finish();
        self.output.clear();
        self.phase = Phase::Ended {
            closed,
            by: now + self.limits.close,
        };
    }

    /// Ends our side of the stream once the close frames have gone.
    pub(super) fn leave(&mut self, cx: &mut Context<'_>, now: Instant) -> io::Result<()> {
        let Phase::Closing { closed, peer, .. } = &mut self.phase else {
            return Ok(());
        };
        let (closed, answered) = match peer {
            Peer::Answered => (*closed, true),
            Peer::Leaves => (*closed, false),
            Peer::Answers | Peer::LeavesNow => return Ok(()),
        };
        if Pin::new(&mut self.stream).poll_shutdown(cx)?.is_ready() {
            if answered {
                self.end(closed.code, closed.cause, now);
            } else {
                *peer = Peer::LeavesNow;
            }
        }
        Ok(())
    }
}
