//! The header of a client's frame, and the rules that it must keep by itself.

use super::Violation;
use crate::ws::close;

/// Longest header of a client's frame: two bytes, a 64-bit length and a mask.
pub(super) const LONGEST_HEADER: usize = 14;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    pub(super) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

pub(super) struct Header {
    pub(super) opcode: Opcode,
    pub(super) fin: bool,
    pub(super) mask: [u8; 4],
    pub(super) length: u64,
}

impl Header {
    /// Reads a header and its length from the start of `bytes`, and refuses it as soon as a byte allows to.
    pub(super) fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, Violation> {
        let Some(&first) = bytes.first() else {
            return Ok(None);
        };
        if first & 0x70 != 0 {
            return Err(broken("reserved bits are set"));
        }
        let fin = first & 0x80 != 0;
        let opcode = match first & 0x0F {
            0x0 => Opcode::Continuation,
            0x1 => Opcode::Text,
            0x2 => Opcode::Binary,
            0x8 => Opcode::Close,
            0x9 => Opcode::Ping,
            0xA => Opcode::Pong,
            _ => return Err(broken("unknown opcode")),
        };
        if opcode.is_control() && !fin {
            return Err(broken("a fragmented control frame"));
        }
        let Some(&second) = bytes.get(1) else {
            return Ok(None);
        };
        if second & 0x80 == 0 {
            return Err(broken("a frame without a mask"));
        }
        let short = second & 0x7F;
        if opcode.is_control() && short > 125 {
            return Err(broken("a control frame over 125 bytes"));
        }
        let (length, at) = match short {
            126 => match bytes.get(2..4).and_then(|length| length.try_into().ok()) {
                None => return Ok(None),
                Some(length) => (u64::from(u16::from_be_bytes(length)), 4),
            },
            127 => match bytes.get(2..10).and_then(|length| length.try_into().ok()) {
                None => return Ok(None),
                Some(length) => (u64::from_be_bytes(length), 10),
            },
            short => (u64::from(short), 2),
        };
        if length >> 63 != 0 {
            return Err(broken("the top bit of a length is set"));
        }
        if (at == 4 && length < 126) || (at == 10 && length <= 0xFFFF) {
            return Err(broken("a length in more bytes than it needs"));
        }
        let Some(mask) = bytes.get(at..at + 4).and_then(|mask| mask.try_into().ok()) else {
            return Ok(None);
        };
        let header = Self {
            opcode,
            fin,
            mask,
            length,
        };
        Ok(Some((header, at + 4)))
    }
}

pub(super) fn broken(reason: &'static str) -> Violation {
    Violation {
        code: close::PROTOCOL_ERROR,
        reason,
    }
}
