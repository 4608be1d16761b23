//! One connection: a single future that reads, answers, writes and keeps the time.

mod closing;

use std::{
    future::{Future, poll_fn},
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};

use super::{
    Limits,
    buffers::{self, Buffers},
    close,
    deadlines::{Deadlines, Due, arm},
    decoder::{Decoder, Event, Violation},
    frame::Frame,
    handler::{Handler, Requests, Step},
    outbox::Outbox,
    output::Output,
};
pub use closing::{Cause, Closed};
use closing::{Peer, Phase};

/// Frames and reads handled in one poll before other tasks get their turn.
const WORK_A_POLL: usize = 64;

/// A WebSocket after its handshake, on any byte stream.
pub struct Connection<S, H> {
    stream: S,
    handler: H,
    outbox: Arc<Outbox>,
    limits: Arc<Limits>,
    decoder: Decoder,
    /// Bytes read and not decoded, because something stopped us in the middle of a buffer.
    backlog: Vec<u8>,
    requests: Requests,
    output: Output,
    /// The stream has taken bytes that it may not have passed on.
    unflushed: bool,
    deadlines: Deadlines,
    phase: Phase,
}

impl<S, H> Connection<S, H>
where
    S: AsyncRead + AsyncWrite + Unpin,
    H: Handler,
{
    /// A connection on `stream`, of which `read` was read already (as hyper's upgrade gives it). A TCP stream should
    /// have `nodelay` set: writes are gathered here.
    pub fn new(
        stream: S,
        read: Bytes,
        outbox: Arc<Outbox>,
        handler: H,
        limits: Arc<Limits>,
    ) -> Self {
        Self {
            stream,
            handler,
            outbox,
            decoder: Decoder::new(limits.message_bytes, limits.message_fragments),
            limits,
            backlog: read.to_vec(),
            requests: Requests::default(),
            output: Output::default(),
            unflushed: false,
            deadlines: Deadlines::new(Instant::now()),
            phase: Phase::Open,
        }
    }

    /// Drives the connection to its end. Dropping the future ends it at once, without a close frame.
    #[expect(
        clippy::manual_async_fn,
        reason = "would hold the connection twice: as argument, and across the await"
    )]
    pub fn run(mut self) -> impl Future<Output = Closed> {
        async move {
            let mut sleep = pin!(tokio::time::sleep(self.limits.ping));
            poll_fn(|cx| buffers::with(|buffers| self.poll(cx, sleep.as_mut(), buffers))).await
        }
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        sleep: Pin<&mut Sleep>,
        buffers: &mut Buffers,
    ) -> Poll<Closed> {
        let now = Instant::now();
        let mut work = WORK_A_POLL;
        self.settle(cx);
        loop {
            let drained = self.receive(cx, now, &mut work, &mut buffers.read);
            self.expire(now);
            if self.send(cx, now, &mut buffers.write).is_err() {
                self.end(close::ABNORMAL, Cause::Broken, now);
            }
            if let Phase::Ended { closed, by } = self.phase {
                if self.requests.is_empty() || by <= now {
                    return Poll::Ready(closed);
                }
                break;
            }
            if drained || !self.reading() {
                break;
            }
            if work == 0 {
                cx.waker().wake_by_ref();
                break;
            }
        }
        arm(sleep, self.due().0, cx);
        Poll::Pending
    }

    /// Queues the answers that are there; once the end has begun, nobody waits for them.
    fn settle(&mut self, cx: &mut Context<'_>) {
        let heard = matches!(self.phase, Phase::Open | Phase::Finishing { .. });
        self.requests.settle(cx, |frame| {
            if heard {
                self.output.push(frame);
            }
        });
    }

    /// Whether the peer is listened to.
    fn reading(&self) -> bool {
        match &self.phase {
            Phase::Open => {
                self.requests.len() < self.limits.pipeline
                    && self.output.bytes() <= self.limits.unread_bytes
                    && self.output.messages() < self.limits.queue_messages
            }
            Phase::Closing { peer, .. } => *peer != Peer::Answered,
            Phase::Finishing { .. } | Phase::Ended { .. } => false,
        }
    }

    /// Reads and decodes until nothing more has arrived (then it says so), or something has to happen first.
    fn receive(
        &mut self,
        cx: &mut Context<'_>,
        now: Instant,
        work: &mut usize,
        buffer: &mut [u8],
    ) -> bool {
        while *work > 0 && self.reading() {
            if !self.backlog.is_empty() {
                let mut backlog = std::mem::take(&mut self.backlog);
                let used = self.decode(cx, now, work, &mut backlog);
                if used < backlog.len() {
                    backlog.drain(..used);
                    self.backlog = backlog;
                }
                continue;
            }
            *work -= 1;
            let mut arrived = ReadBuf::new(buffer);
            match Pin::new(&mut self.stream).poll_read(cx, &mut arrived) {
                Poll::Pending => return true,
                Poll::Ready(Ok(())) if !arrived.filled().is_empty() => {
                    self.deadlines.heard = now;
                    let arrived = arrived.filled_mut();
                    let used = self.decode(cx, now, work, arrived);
                    if used < arrived.len() {
                        self.backlog = arrived[used..].to_vec();
                    }
                }
                Poll::Ready(_) => self.end(close::ABNORMAL, Cause::Broken, now),
            }
        }
        if !self.reading() {
            self.deadlines.partial = None;
        }
        false
    }

    /// Decodes and handles what has arrived, until it is used up or reading has to stop; gives how much was used.
    fn decode(
        &mut self,
        cx: &mut Context<'_>,
        now: Instant,
        work: &mut usize,
        arrived: &mut [u8],
    ) -> usize {
        let mut used = 0;
        while *work > 0 {
            // Asked for before each message: once a close is ordered, nothing that has arrived is handled any more.
            self.heed(cx, now);
            if !self.reading() {
                break;
            }
            if let Phase::Closing { peer, .. } = self.phase
                && peer != Peer::Answers
            {
                return arrived.len();
            }
            let open = matches!(self.phase, Phase::Open);
            let (taken, event) = match self.decoder.decode(&mut arrived[used..]) {
                Ok(decoded) => decoded,
                Err(violation) => {
                    self.fail(violation, now);
                    return arrived.len();
                }
            };
            used += taken;
            let step = match event {
                None => {
                    if self.decoder.is_partial() {
                        self.deadlines.partial.get_or_insert(now);
                    }
                    break;
                }
                Some(Event::Close(code)) => {
                    self.answer_close(code, now);
                    return arrived.len();
                }
                Some(_) if !open => Step::Ignore,
                Some(Event::Text(text)) => self.handler.text(text),
                Some(Event::Binary(payload)) => self.handler.binary(payload),
                Some(Event::Ping(payload)) => {
                    self.output.push(Frame::pong(payload));
                    Step::Ignore
                }
                Some(Event::Pong) => Step::Ignore,
            };
            self.decoder.release();
            if !self.decoder.in_message() {
                self.deadlines.partial = None;
            }
            *work -= 1;
            self.take(step, cx, now);
        }
        used
    }

    fn take(&mut self, step: Step, cx: &mut Context<'_>, now: Instant) {
        let reply = match step {
            Step::Ignore => None,
            Step::Reply(frame) => self.requests.ready(frame),
            Step::Later(answer) => self.requests.later(answer, cx),
            Step::Close(code, reason) => {
                self.outbox.close(None, code, reason);
                self.heed(cx, now);
                None
            }
        };
        if let Some(frame) = reply {
            self.output.push(frame);
        }
    }

    /// Writes all there is until the peer accepts no more, and does what is to be done after the last byte.
    fn send(&mut self, cx: &mut Context<'_>, now: Instant, buffer: &mut [u8]) -> io::Result<()> {
        if matches!(self.phase, Phase::Ended { .. }) {
            return Ok(());
        }
        loop {
            self.heed(cx, now);
            let next = self.output.next(buffer);
            if next.is_empty() {
                break;
            }
            match Pin::new(&mut self.stream).poll_write(cx, next)? {
                Poll::Ready(0) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(taken) => {
                    self.deadlines.blocked = None;
                    self.unflushed = true;
                    self.output
                        .advance(taken, |mark| self.handler.written(mark));
                }
                Poll::Pending => {
                    self.deadlines.blocked.get_or_insert(now);
                    return Ok(());
                }
            }
        }
        if self.unflushed {
            if Pin::new(&mut self.stream).poll_flush(cx)?.is_pending() {
                self.deadlines.blocked.get_or_insert(now);
                return Ok(());
            }
            self.unflushed = false;
            self.deadlines.blocked = None;
        }
        self.leave(cx, now)
    }

    /// Takes over what the outbox holds, as long as the peer accepts it, and says goodbye if that is ordered.
    fn heed(&mut self, cx: &mut Context<'_>, now: Instant) {
        let takes = self.deadlines.blocked.is_none() || self.output.is_empty();
        let goodbye = self.outbox.exchange(&mut self.output, takes, cx.waker());
        if let (Some(goodbye), Phase::Open) = (goodbye, &self.phase) {
            let mut by = now + self.limits.finish;
            if goodbye.overflow {
                self.output.cut();
                by = now;
            }
            self.phase = Phase::Finishing { goodbye, by };
        }
        if let Phase::Finishing { goodbye, by } = &mut self.phase
            && (self.requests.is_empty() || *by <= now)
        {
            if let Some(last) = goodbye.last.take() {
                self.output.push(last);
            }
            let cause = if goodbye.overflow {
                Cause::Slow
            } else {
                Cause::Server
            };
            let (code, reason) = (goodbye.code, goodbye.reason);
            self.close(code, reason, cause, Peer::Answers, now);
        }
    }

    fn due(&self) -> (Instant, Due) {
        match &self.phase {
            Phase::Open => self.deadlines.next(&self.limits, self.reading()),
            Phase::Finishing { by, .. } | Phase::Closing { by, .. } | Phase::Ended { by, .. } => {
                (*by, Due::Over)
            }
        }
    }

    /// Does what is due, if anything is.
    fn expire(&mut self, now: Instant) {
        let (at, due) = self.due();
        if now < at {
            return;
        }
        match due {
            Due::Ping => {
                self.deadlines.pinged = now;
                self.output.push(Frame::ping());
            }
            Due::Dead => self.end(close::ABNORMAL, Cause::Dead, now),
            Due::Stalled => self.end(close::ABNORMAL, Cause::Slow, now),
            Due::Unfinished => {
                let reason = "message not finished in time";
                self.fail(
                    Violation {
                        code: close::PROTOCOL_ERROR,
                        reason,
                    },
                    now,
                );
            }
            // The other phases look at their time themselves.
            Due::Over => {
                if let Phase::Closing { closed, .. } = self.phase {
                    self.end(closed.code, closed.cause, now);
                }
            }
        }
    }
}

impl<S, H> Drop for Connection<S, H> {
    fn drop(&mut self) {
        self.outbox.finish();
    }
}

#[cfg(test)]
mod tests;
