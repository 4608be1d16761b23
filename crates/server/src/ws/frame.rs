//! Frames as the server sends them: encoded once, shared by all their receivers.

use std::sync::Arc;

use hongyan_protocol::id::{ConversationId, ID_LENGTH, UserId};

/// Longest header of a server's frame: two bytes and a 64-bit length.
const LONGEST_HEADER: usize = 10;

const FIN: u8 = 0x80;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;

/// The message that a frame delivers; reported to the handler once the kernel has the frame's last byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub conversation: ConversationId,
    pub seq: i64,
}

/// One frame to be sent. Cloning it copies a reference and an id, never the payload.
#[derive(Clone)]
pub struct Frame {
    shared: Arc<Shared>,
    /// Written over the template's placeholder; without a placeholder it means nothing.
    to: UserId,
}

/// A text frame that differs by receiver only in one id, such as an event's `toUserId`.
#[derive(Clone)]
pub struct Template(Arc<Shared>);

#[derive(Clone)]
struct Shared {
    payload: Vec<u8>,
    /// Where in the payload the receiver's id goes.
    to_at: Option<usize>,
    mark: Option<Mark>,
    opcode: u8,
    /// Said by the connection itself, such as an answer, and not pushed to it.
    own: bool,
}

impl Shared {
    fn new(opcode: u8, payload: Vec<u8>) -> Self {
        Self {
            payload,
            to_at: None,
            mark: None,
            opcode,
            own: false,
        }
    }
}

impl Template {
    /// A template from an event's JSON, in which the 36 bytes from `to_at` on are replaced by each receiver's id.
    ///
    /// # Panics
    /// When the payload is too short for an id at `to_at`: both come from our own encoder.
    #[must_use]
    pub fn new(json: impl Into<Vec<u8>>, to_at: usize) -> Self {
        let json = json.into();
        assert!(
            to_at.saturating_add(ID_LENGTH) <= json.len(),
            "no room for an id at {to_at} of {} bytes",
            json.len()
        );
        Self(Arc::new(Shared {
            to_at: Some(to_at),
            ..Shared::new(TEXT, json)
        }))
    }

    /// The same template, whose frames report `mark` when they are written.
    #[must_use]
    pub fn with_mark(mut self, mark: Mark) -> Self {
        Arc::make_mut(&mut self.0).mark = Some(mark);
        self
    }
}

impl Frame {
    /// A text frame with a payload that is UTF-8 already.
    #[must_use]
    pub fn text(json: impl Into<Vec<u8>>) -> Self {
        Self::whole(TEXT, json.into())
    }

    /// A binary frame.
    #[must_use]
    pub fn binary(payload: impl Into<Vec<u8>>) -> Self {
        Self::whole(BINARY, payload.into())
    }

    /// The template's frame for one receiver.
    #[must_use]
    pub fn addressed(template: &Template, to: UserId) -> Self {
        Self {
            shared: Arc::clone(&template.0),
            to,
        }
    }

    /// The same frame, which reports `mark` when it is written.
    #[must_use]
    pub fn with_mark(mut self, mark: Mark) -> Self {
        Arc::make_mut(&mut self.shared).mark = Some(mark);
        self
    }

    /// The same frame, as one that the connection itself says.
    pub(super) fn into_own(mut self) -> Self {
        Arc::make_mut(&mut self.shared).own = true;
        self
    }

    pub(super) fn is_own(&self) -> bool {
        self.shared.own
    }

    pub(super) fn ping() -> Self {
        Self::whole(PING, Vec::new())
    }

    /// The answer to a ping: its payload, at most 125 bytes.
    pub(super) fn pong(payload: &[u8]) -> Self {
        Self::whole(PONG, payload.to_vec())
    }

    /// A close frame; `None` says nothing more than that. `reason` is cut to what a control frame holds.
    pub(super) fn close(status: Option<(u16, &str)>) -> Self {
        let mut payload = Vec::new();
        if let Some((code, reason)) = status {
            let reason = &reason[..reason.floor_char_boundary(123)];
            payload.extend_from_slice(&code.to_be_bytes());
            payload.extend_from_slice(reason.as_bytes());
        }
        Self::whole(CLOSE, payload)
    }

    fn whole(opcode: u8, payload: Vec<u8>) -> Self {
        Self {
            shared: Arc::new(Shared::new(opcode, payload)),
            to: UserId::NIL,
        }
    }

    /// What is reported when the last byte has been handed to the kernel.
    pub(super) fn mark(&self) -> Option<Mark> {
        self.shared.mark
    }

    /// Length on the wire, in bytes.
    pub(crate) fn encoded_len(&self) -> usize {
        let length = self.shared.payload.len();
        header_len(length) + length
    }

    /// Copies the encoded frame from its byte `from` on into `out`, as much as fits; gives how much that was.
    pub(super) fn copy(&self, from: usize, out: &mut [u8]) -> usize {
        let payload = self.shared.payload.as_slice();
        let (header, header_len) = header(self.shared.opcode, payload.len());
        let mut id = [0; ID_LENGTH];
        let (before, id, after) = match self.shared.to_at {
            None => (&[][..], &[][..], payload),
            Some(at) => {
                self.to.write(&mut id);
                (&payload[..at], &id[..], &payload[at + ID_LENGTH..])
            }
        };
        let mut skip = from;
        let mut copied = 0;
        for section in [&header[..header_len], before, id, after] {
            let Some(part) = section.get(skip..) else {
                skip -= section.len();
                continue;
            };
            skip = 0;
            let n = part.len().min(out.len() - copied);
            out[copied..copied + n].copy_from_slice(&part[..n]);
            copied += n;
        }
        copied
    }

    /// What is left of the encoded frame from its byte `from` on, if that lies in one piece in the payload.
    pub(super) fn rest(&self, from: usize) -> Option<&[u8]> {
        let payload = self.shared.payload.as_slice();
        let at = from.checked_sub(header_len(payload.len()))?;
        let patched = self.shared.to_at.map_or(0, |to_at| to_at + ID_LENGTH);
        if at < patched {
            return None;
        }
        payload.get(at..)
    }
}

fn header_len(length: usize) -> usize {
    match length {
        0..126 => 2,
        126..=0xFFFF => 4,
        _ => LONGEST_HEADER,
    }
}

/// The header of an unfragmented, unmasked frame and how many of the bytes it takes.
fn header(opcode: u8, length: usize) -> ([u8; LONGEST_HEADER], usize) {
    let mut header = [0; LONGEST_HEADER];
    header[0] = FIN | opcode;
    let taken = header_len(length);
    match taken {
        2 => header[1] = length as u8,
        4 => {
            header[1] = 126;
            header[2..4].copy_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            header[1] = 127;
            header[2..].copy_from_slice(&(length as u64).to_be_bytes());
        }
    }
    (header, taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(frame: &Frame) -> Vec<u8> {
        let mut out = vec![0; frame.encoded_len()];
        assert_eq!(frame.copy(0, &mut out), out.len());
        out
    }

    #[test]
    fn lengths_are_encoded_in_the_fewest_bytes() {
        for (length, header) in [
            (0, vec![0x81, 0]),
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (65_535, vec![0x81, 126, 0xFF, 0xFF]),
            (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let bytes = encoded(&Frame::text(vec![b'a'; length]));
            assert_eq!(bytes[..header.len()], header, "{length}");
            assert_eq!(bytes.len(), header.len() + length);
        }
    }

    #[test]
    fn an_addressed_frame_carries_its_receiver_and_may_be_copied_in_any_pieces() {
        let placeholder = "-".repeat(ID_LENGTH);
        let before = r#"{"toUserId":""#;
        let json = format!("{before}{placeholder}\",\"time\":7}}");
        let template = Template::new(json.clone(), before.len());
        let to = UserId::mint();
        let frame = Frame::addressed(&template, to);
        let whole = encoded(&frame);
        assert_eq!(
            std::str::from_utf8(&whole[2..]).unwrap(),
            json.replace(&placeholder, &to.to_string())
        );
        for from in 0..=whole.len() {
            for size in [1, 7, 64] {
                let mut piece = vec![0; size];
                let n = frame.copy(from, &mut piece);
                assert_eq!(piece[..n], whole[from..whole.len().min(from + size)]);
            }
            match frame.rest(from) {
                Some(rest) => assert_eq!(rest, &whole[from..]),
                None => assert!(from < 2 + before.len() + ID_LENGTH),
            }
        }
    }

    #[test]
    #[should_panic(expected = "no room for an id")]
    fn a_template_too_short_for_an_id_is_refused() {
        let _ = Template::new("{}", 1);
    }

    #[test]
    fn a_mark_stays_with_the_frame_it_was_put_on() {
        let mark = Mark {
            conversation: ConversationId::mint(),
            seq: 7,
        };
        let plain = Frame::text("{}");
        let marked = plain.clone().with_mark(mark);
        assert_eq!((plain.mark(), marked.mark()), (None, Some(mark)));
    }

    #[test]
    fn a_close_reason_is_cut_at_a_character() {
        let bytes = encoded(&Frame::close(Some((1001, &"鸿".repeat(50)))));
        assert_eq!(bytes[..4], [0x88, 2 + 123, 0x03, 0xE9]);
        assert_eq!(std::str::from_utf8(&bytes[4..]).unwrap(), "鸿".repeat(41));
        assert_eq!(encoded(&Frame::close(None)), [0x88, 0]);
    }

    #[test]
    fn a_queued_frame_is_three_words() {
        assert_eq!(size_of::<Frame>(), 24);
    }
}
