//! What a connection has yet to write: frames in order, and how far the first of them has gone.

use std::collections::VecDeque;

use super::frame::{Frame, Mark};

#[derive(Default)]
pub(super) struct Output {
    frames: VecDeque<Frame>,
    /// Bytes of the first frame that the kernel has already.
    sent: usize,
    /// Bytes of all frames, the sent part included.
    bytes: usize,
    /// What of all that came from the queue: messages and bytes.
    queued: (usize, usize),
}

impl Output {
    /// Adds what the connection itself says: an answer, a ping, a goodbye.
    pub(super) fn push(&mut self, frame: Frame) {
        self.bytes += frame.encoded_len();
        self.frames.push_back(frame.into_own());
    }

    /// Takes over all of `queue`, which has so many bytes.
    pub(super) fn append(&mut self, queue: &mut VecDeque<Frame>, bytes: usize) {
        self.bytes += bytes;
        self.queued.0 += queue.len();
        self.queued.1 += bytes;
        if self.frames.is_empty() {
            std::mem::swap(&mut self.frames, queue);
        } else {
            self.frames.extend(std::mem::take(queue));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    pub(super) fn messages(&self) -> usize {
        self.frames.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Messages and bytes that came from the queue.
    pub(super) fn queued(&self) -> (usize, usize) {
        self.queued
    }

    /// Drops everything but the frame that the peer has a part of.
    pub(super) fn cut(&mut self) {
        self.frames.truncate(usize::from(self.sent > 0));
        self.bytes = self.frames.iter().map(Frame::encoded_len).sum();
        let queued = self.frames.iter().filter(|frame| !frame.is_own());
        self.queued = (queued.clone().count(), queued.map(Frame::encoded_len).sum());
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// What to write next, at most `buffer` or the rest of one long frame; empty when there is nothing.
    ///
    /// Frames are gathered in `buffer`, since copying them costs less than the system call that is saved. A frame
    /// longer than that is lent as it is, once its beginning has gone with what was before it.
    pub(super) fn next<'a>(&'a self, buffer: &'a mut [u8]) -> &'a [u8] {
        let long = self.frames.front().and_then(|frame| frame.rest(self.sent));
        if let Some(rest) = long.filter(|rest| rest.len() >= buffer.len()) {
            return rest;
        }
        let mut filled = 0;
        let mut from = self.sent;
        for frame in &self.frames {
            filled += frame.copy(from, &mut buffer[filled..]);
            if filled == buffer.len() {
                break;
            }
            from = 0;
        }
        &buffer[..filled]
    }

    /// Notes that the kernel took so many bytes; reports the marks of the frames that ended in them.
    pub(super) fn advance(&mut self, taken: usize, mut written: impl FnMut(Mark)) {
        self.sent += taken;
        while let Some(frame) = self.frames.front() {
            let length = frame.encoded_len();
            if self.sent < length {
                return;
            }
            self.sent -= length;
            self.bytes -= length;
            if !frame.is_own() {
                self.queued.0 -= 1;
                self.queued.1 -= length;
            }
            if let Some(mark) = frame.mark() {
                written(mark);
            }
            self.frames.pop_front();
        }
        // An idle connection owns no queue.
        self.frames = VecDeque::new();
    }
}

#[cfg(test)]
mod tests {
    use hongyan_protocol::id::ConversationId;

    use super::*;

    fn drain(output: &mut Output, buffer: usize, accepted: usize) -> (Vec<u8>, Vec<i64>) {
        let mut bytes = Vec::new();
        let mut marks = Vec::new();
        loop {
            let mut buffer = vec![0; buffer];
            let next = output.next(&mut buffer);
            if next.is_empty() {
                return (bytes, marks);
            }
            let taken = next.len().min(accepted);
            bytes.extend_from_slice(&next[..taken]);
            output.advance(taken, |mark| marks.push(mark.seq));
        }
    }

    #[test]
    fn frames_leave_whole_and_in_order_however_little_is_accepted() {
        let conversation = ConversationId::mint();
        let lengths = [3, 0, 40, 5000, 1, 200];
        let mut expected = None;
        for (buffer, accepted) in [(16_384, 16_384), (64, 64), (64, 1), (16, 4096), (64, 17)] {
            let mut output = Output::default();
            for (seq, length) in (0..).zip(lengths) {
                let mark = Mark { conversation, seq };
                output.push(Frame::text(vec![b'a'; length]).with_mark(mark));
            }
            let total = output.bytes();
            let (bytes, marks) = drain(&mut output, buffer, accepted);
            assert_eq!(bytes.len(), total);
            assert_eq!(marks, [0, 1, 2, 3, 4, 5]);
            assert_eq!(*expected.get_or_insert(bytes.clone()), bytes);
            assert!(output.is_empty());
            assert_eq!((output.bytes(), output.frames.capacity()), (0, 0));
        }
    }

    #[test]
    fn a_cut_keeps_only_the_frame_that_has_begun() {
        let mut output = Output::default();
        output.push(Frame::text("ab"));
        output.push(Frame::text("cd"));
        output.advance(1, |_| {});
        output.cut();
        assert_eq!((output.messages(), output.bytes()), (1, 4));
        assert_eq!(drain(&mut output, 64, 64).0, [2, b'a', b'b']);
        output.push(Frame::text("ef"));
        output.cut();
        assert!(output.is_empty());
    }
}
