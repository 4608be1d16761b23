//! The client's frames, decoded without I/O: bytes in, messages out, and only what is unfinished is kept.

mod header;

use super::close;
use header::{Header, LONGEST_HEADER, Opcode, broken};

/// What the peer said. Payloads lie in the caller's buffer or, if they came in pieces, in the decoder.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
    Ping(&'a [u8]),
    Pong,
    /// The peer closes, with a code or without.
    Close(Option<u16>),
}

/// A broken rule and the close code that answers it; nothing after it can be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation {
    pub code: u16,
    pub reason: &'static str,
}

/// Decodes one connection's frames, however the bytes are cut.
pub struct Decoder {
    message_bytes: u32,
    message_fragments: u32,
    /// The start of a header that has not arrived whole.
    header: [u8; LONGEST_HEADER],
    header_len: u8,
    /// The frame whose payload is being received.
    frame: Option<Payload>,
    /// The message that has begun and not ended.
    message: Option<Kind>,
    fragments: u32,
    /// Payload that came in pieces: the message's, behind it a control frame's.
    kept: Vec<u8>,
    /// How much of `kept` is the message's.
    message_len: usize,
    /// How much of `kept` is known to be UTF-8.
    checked: usize,
    /// Which part of `kept` has been delivered and is not needed any more.
    delivered: Delivered,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Binary,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Delivered {
    Nothing,
    Control,
    Message,
}

#[derive(Clone, Copy)]
struct Payload {
    opcode: Opcode,
    fin: bool,
    /// Rotated so that its first byte belongs to the next byte of the payload.
    mask: [u8; 4],
    remaining: usize,
}

impl Decoder {
    /// A decoder that accepts messages of so many bytes in so many fragments.
    #[must_use]
    pub fn new(message_bytes: u32, message_fragments: u32) -> Self {
        Self {
            message_bytes,
            message_fragments,
            header: [0; LONGEST_HEADER],
            header_len: 0,
            frame: None,
            message: None,
            fragments: 0,
            kept: Vec::new(),
            message_len: 0,
            checked: 0,
            delivered: Delivered::Nothing,
        }
    }

    /// Decodes up to the next event; gives how many bytes it used of `input`, and unmasks those in place.
    ///
    /// Without an event all of `input` was used. After a violation the decoder must not be used again.
    pub fn decode<'a>(
        &'a mut self,
        input: &'a mut [u8],
    ) -> Result<(usize, Option<Event<'a>>), Violation> {
        self.release();
        let mut used = 0;
        loop {
            let frame = match self.frame {
                Some(frame) => frame,
                None => match self.read_header(&input[used..])? {
                    None => return Ok((input.len(), None)),
                    Some((header, taken)) => {
                        used += taken;
                        self.begin(&header)?
                    }
                },
            };
            let start = used;
            let end = input.len().min(start + frame.remaining);
            used = end;
            unmask(&mut input[start..end], frame.mask);

            let ended = end - start == frame.remaining;
            let fresh = self.frame.is_none();
            let alone = frame.opcode.is_control() || (frame.fin && self.message_len == 0);
            if fresh && ended && alone {
                let payload = &input[start..end];
                if !frame.opcode.is_control() {
                    return match self.message.take() {
                        Some(Kind::Binary) => Ok((used, Some(Event::Binary(payload)))),
                        _ => Ok((used, Some(Event::Text(text(payload)?)))),
                    };
                }
                return Ok((used, Some(control(frame.opcode, payload)?)));
            }

            self.keep(&input[start..end], &frame)?;
            if !ended {
                let mut frame = frame;
                frame.remaining -= end - start;
                frame.mask.rotate_left((end - start) % 4);
                self.frame = Some(frame);
                return Ok((used, None));
            }
            self.frame = None;
            if frame.opcode.is_control() {
                self.delivered = Delivered::Control;
                let payload = &self.kept[self.message_len..];
                return Ok((used, Some(control(frame.opcode, payload)?)));
            }
            if frame.fin {
                self.delivered = Delivered::Message;
                return match self.message.take() {
                    Some(Kind::Binary) => Ok((used, Some(Event::Binary(&self.kept)))),
                    _ => Ok((used, Some(Event::Text(text(&self.kept)?)))),
                };
            }
        }
    }

    /// Frees what the last event lent; the next `decode` does so too.
    pub fn release(&mut self) {
        match self.delivered {
            Delivered::Nothing => return,
            Delivered::Control => self.kept.truncate(self.message_len),
            Delivered::Message => {
                self.message_len = 0;
                self.checked = 0;
                self.kept = Vec::new();
            }
        }
        if self.message_len == 0 {
            self.kept = Vec::new();
        }
        self.delivered = Delivered::Nothing;
    }

    /// Whether a message has begun and not ended.
    #[must_use]
    pub fn in_message(&self) -> bool {
        self.message.is_some()
    }

    /// Whether a frame or a message has begun and not ended.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.header_len > 0 || self.frame.is_some() || self.message.is_some()
    }

    /// Memory held for what is unfinished, in bytes.
    #[cfg(test)]
    pub(super) fn held_bytes(&self) -> usize {
        self.kept.capacity()
    }

    /// The next header and how many bytes of `input` it took, or nothing if it has not arrived whole.
    fn read_header(&mut self, input: &[u8]) -> Result<Option<(Header, usize)>, Violation> {
        let kept = usize::from(self.header_len);
        if kept == 0 {
            let header = Header::parse(input)?;
            if header.is_none() {
                self.header[..input.len()].copy_from_slice(input);
                self.header_len = input.len() as u8;
            }
            return Ok(header);
        }
        let taken = input.len().min(LONGEST_HEADER - kept);
        self.header[kept..kept + taken].copy_from_slice(&input[..taken]);
        match Header::parse(&self.header[..kept + taken])? {
            Some((header, length)) => {
                self.header_len = 0;
                Ok(Some((header, length - kept)))
            }
            None => {
                self.header_len = (kept + taken) as u8;
                Ok(None)
            }
        }
    }

    /// Checks a frame's header against the message it belongs to.
    fn begin(&mut self, header: &Header) -> Result<Payload, Violation> {
        match header.opcode {
            Opcode::Text | Opcode::Binary if self.message.is_some() => {
                return Err(broken("a message began inside another"));
            }
            Opcode::Continuation if self.message.is_none() => {
                return Err(broken("a continuation of nothing"));
            }
            Opcode::Text => self.message = Some(Kind::Text),
            Opcode::Binary => self.message = Some(Kind::Binary),
            Opcode::Continuation | Opcode::Close | Opcode::Ping | Opcode::Pong => {}
        }
        if !header.opcode.is_control() {
            if header.opcode != Opcode::Continuation {
                self.fragments = 0;
            }
            self.fragments += 1;
            if self.fragments > self.message_fragments {
                return Err(too_big("too many fragments"));
            }
            if header.length > u64::from(self.message_bytes) - self.message_len as u64 {
                return Err(too_big("message too big"));
            }
        }
        Ok(Payload {
            opcode: header.opcode,
            fin: header.fin,
            mask: header.mask,
            // Bounded just now by `message_bytes`, or by 125 in the header of a control frame.
            remaining: header.length as usize,
        })
    }

    /// Keeps a piece of payload, unmasked already, and checks text as far as it has come.
    fn keep(&mut self, piece: &[u8], frame: &Payload) -> Result<(), Violation> {
        let needed = self.kept.len() + piece.len();
        if needed > self.kept.capacity() {
            // Grows by doubling as bytes arrive, never on the word of a header alone.
            let most = if frame.fin {
                self.kept.len() + frame.remaining
            } else {
                needed.max(self.message_bytes as usize)
            };
            let target = (2 * self.kept.capacity()).clamp(needed, most);
            self.kept.reserve_exact(target - self.kept.len());
        }
        self.kept.extend_from_slice(piece);
        if frame.opcode.is_control() {
            return Ok(());
        }
        self.message_len = self.kept.len();
        if self.message == Some(Kind::Text) {
            match std::str::from_utf8(&self.kept[self.checked..]) {
                Ok(_) => self.checked = self.kept.len(),
                Err(error) if error.error_len().is_none() => self.checked += error.valid_up_to(),
                Err(_) => return Err(not_text()),
            }
        }
        Ok(())
    }
}

/// The event of a whole control frame.
fn control(opcode: Opcode, payload: &[u8]) -> Result<Event<'_>, Violation> {
    match opcode {
        Opcode::Ping => Ok(Event::Ping(payload)),
        Opcode::Close => closing(payload).map(Event::Close),
        _ => Ok(Event::Pong),
    }
}

fn closing(payload: &[u8]) -> Result<Option<u16>, Violation> {
    match payload {
        [] => Ok(None),
        [_] => Err(broken("half a close code")),
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
                return Err(broken("no such close code"));
            }
            text(reason)?;
            Ok(Some(code))
        }
    }
}

fn text(payload: &[u8]) -> Result<&str, Violation> {
    std::str::from_utf8(payload).map_err(|_| not_text())
}

/// Applies the mask eight bytes at a time, which the compiler widens further.
fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let mut words = payload.chunks_exact_mut(8);
    for word in &mut words {
        if let Ok(bytes) = <[u8; 8]>::try_from(&*word) {
            word.copy_from_slice(&(u64::from_ne_bytes(bytes) ^ wide).to_ne_bytes());
        }
    }
    for (byte, key) in words.into_remainder().iter_mut().zip(mask.iter().cycle()) {
        *byte ^= key;
    }
}

fn too_big(reason: &'static str) -> Violation {
    Violation {
        code: close::TOO_BIG,
        reason,
    }
}

fn not_text() -> Violation {
    Violation {
        code: close::INVALID_TEXT,
        reason: "text is not UTF-8",
    }
}

#[cfg(test)]
mod tests;
