//! WebSocket frames as a client needs them: short, whole, and cheap.

use anyhow::{Result, bail};

/// The kinds of frames that a server sends.
pub(crate) const TEXT: u8 = 0x1;
pub(crate) const CLOSE: u8 = 0x8;
pub(crate) const PING: u8 = 0x9;
pub(crate) const PONG: u8 = 0xA;

/// Longest frame that is accepted, in bytes.
const LONGEST: u64 = 16 << 20;

/// Appends a whole frame. Its mask is zero, which the protocol allows and which leaves the payload as it is.
pub(crate) fn encode(out: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    out.push(0x80 | opcode);
    match payload.len() {
        length @ 0..126 => out.push(0x80 | length as u8),
        length @ 126..=0xFFFF => {
            out.push(0x80 | 126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            out.push(0x80 | 127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(payload);
}

/// Cuts what a server sends into frames; keeps only the bytes of a frame that is not complete.
#[derive(Default)]
pub(crate) struct Decoder {
    partial: Vec<u8>,
}

impl Decoder {
    /// Calls `each` with opcode and payload of every frame that `bytes` completes.
    pub(crate) fn feed(
        &mut self,
        bytes: &[u8],
        mut each: impl FnMut(u8, &[u8]) -> Result<()>,
    ) -> Result<()> {
        if self.partial.is_empty() {
            let used = cut(bytes, &mut each)?;
            self.partial.extend_from_slice(&bytes[used..]);
            return Ok(());
        }
        self.partial.extend_from_slice(bytes);
        let used = cut(&self.partial, &mut each)?;
        if used == self.partial.len() {
            // An idle connection owns no buffer.
            self.partial = Vec::new();
        } else {
            self.partial.drain(..used);
        }
        Ok(())
    }
}

/// Gives the number of bytes that whole frames took.
fn cut(bytes: &[u8], each: &mut impl FnMut(u8, &[u8]) -> Result<()>) -> Result<usize> {
    let mut used = 0;
    while let Some((opcode, head, length)) = head(&bytes[used..])? {
        let Some(payload) = bytes.get(used + head..used + head + length) else {
            break;
        };
        each(opcode, payload)?;
        used += head + length;
    }
    Ok(used)
}

/// Opcode, length of the head and length of the payload; none when the head is not complete.
fn head(bytes: &[u8]) -> Result<Option<(u8, usize, usize)>> {
    let &[first, second, ref rest @ ..] = bytes else {
        return Ok(None);
    };
    if first & 0xF0 != 0x80 || first & 0x0F == 0 {
        bail!("the server sent a fragment or reserved bits ({first:#04x})");
    }
    if second & 0x80 != 0 {
        bail!("the server sent a masked frame");
    }
    let (size, length) = match second {
        126 => (
            2,
            rest.first_chunk()
                .map(|&two| u16::from_be_bytes(two).into()),
        ),
        127 => (8, rest.first_chunk().map(|&all| u64::from_be_bytes(all))),
        short => (0, Some(u64::from(short))),
    };
    let Some(length) = length else {
        return Ok(None);
    };
    if length > LONGEST {
        bail!("the server sent a frame of {length} bytes");
    }
    Ok(Some((first & 0x0F, 2 + size, length as usize)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame as a server sends it: [`encode`] without the mask.
    fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(&mut bytes, opcode, payload);
        let head = bytes.len() - payload.len() - 4;
        bytes.drain(head..head + 4);
        bytes[1] &= 0x7F;
        bytes
    }

    fn decoded(chunks: impl Iterator<Item = Vec<u8>>) -> Vec<(u8, Vec<u8>)> {
        let mut decoder = Decoder::default();
        let mut frames = Vec::new();
        for chunk in chunks {
            decoder
                .feed(&chunk, |opcode, payload| {
                    frames.push((opcode, payload.to_vec()));
                    Ok(())
                })
                .unwrap();
        }
        assert!(decoder.partial.is_empty());
        frames
    }

    #[test]
    fn frames_are_cut_the_same_however_they_arrive() {
        let sent = [
            (TEXT, vec![b'a'; 125]),
            (PING, vec![]),
            (TEXT, vec![b'b'; 126]),
            (TEXT, vec![b'c'; 70_000]),
            (CLOSE, vec![3, 232]),
        ];
        let bytes: Vec<u8> = sent
            .iter()
            .flat_map(|(opcode, payload)| frame(*opcode, payload))
            .collect();
        for size in [1, 2, 3, 127, 4096, bytes.len()] {
            assert_eq!(decoded(bytes.chunks(size).map(<[u8]>::to_vec)), sent);
        }
    }

    #[test]
    fn a_frame_of_ours_has_the_mask_bit_and_a_zero_mask() {
        let mut bytes = Vec::new();
        encode(&mut bytes, TEXT, b"hi");
        assert_eq!(bytes, [0x81, 0x82, 0, 0, 0, 0, b'h', b'i']);
    }

    #[test]
    fn what_no_server_may_send_is_an_error() {
        for bad in [
            &[0x81, 0x80, 0, 0, 0, 0][..],
            &[0x01, 0x01, b'a'],
            &[0x80, 0x00],
            &[0xC1, 0x00],
            &[0x82, 127, 0, 0, 1, 0, 0, 0, 0, 0],
        ] {
            assert!(Decoder::default().feed(bad, |_, _| Ok(())).is_err());
        }
    }
}
