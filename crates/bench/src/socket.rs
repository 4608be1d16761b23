//! One WebSocket without a library: the handshake, sending, and reading into a buffer that all sockets share.

use std::{
    cell::RefCell,
    future::poll_fn,
    net::SocketAddr,
    pin::Pin,
    task::{Poll, ready},
};

use anyhow::{Context, Result, bail};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf},
    net::TcpStream,
};

use crate::codec::{CLOSE, Decoder, PING, PONG, TEXT, encode};

/// The key of the example in RFC 6455, and what answers it.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &[u8] = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Longest answer to a handshake that is read, in bytes.
const LONGEST_HEAD: usize = 4096;

thread_local! {
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; 64 << 10].into());
}

pub(crate) struct Socket {
    stream: TcpStream,
    decoder: Decoder,
}

impl Socket {
    /// Opens a socket at `path` with a session's token.
    pub(crate) async fn open(address: SocketAddr, path: &str, token: &str) -> Result<Self> {
        let mut stream = TcpStream::connect(address)
            .await
            .with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut head = Vec::new();
        let end = loop {
            if stream.read_buf(&mut head).await? == 0 || head.len() > LONGEST_HEAD {
                bail!("the handshake was not answered");
            }
            if let Some(end) = find(&head, b"\r\n\r\n") {
                break end + 4;
            }
        };
        if !head.starts_with(b"HTTP/1.1 101 ") || find(&head[..end], ACCEPT).is_none() {
            let status = head.split(|&byte| byte == b'\r').next().unwrap_or_default();
            bail!(
                "the handshake was refused: {}",
                String::from_utf8_lossy(status)
            );
        }
        let mut decoder = Decoder::default();
        // What came with the answer is no message yet: a new socket is told nothing before it asks.
        decoder.feed(&head[end..], |opcode, payload| match opcode {
            CLOSE => Err(closed(payload)),
            _ => Ok(()),
        })?;
        Ok(Self { stream, decoder })
    }

    /// Sends frames that [`encode`] made.
    pub(crate) async fn send(&mut self, frames: &[u8]) -> Result<()> {
        self.stream
            .write_all(frames)
            .await
            .context("a socket broke while writing")
    }

    /// Waits for bytes and hands over the texts that they complete; answers pings. May be dropped while it waits.
    pub(crate) async fn receive(
        &mut self,
        mut text: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let mut pongs = Vec::new();
        let Self { stream, decoder } = self;
        poll_fn(|cx| {
            BUFFER.with_borrow_mut(|buffer| {
                let mut arrived = ReadBuf::new(buffer);
                let read = ready!(Pin::new(&mut *stream).poll_read(cx, &mut arrived));
                let decoded = read.context("a socket broke while reading").and_then(|()| {
                    if arrived.filled().is_empty() {
                        bail!("the server ended a socket without a close frame");
                    }
                    decoder.feed(arrived.filled(), |opcode, payload| {
                        match opcode {
                            TEXT => text(payload)?,
                            PING => encode(&mut pongs, PONG, payload),
                            CLOSE => return Err(closed(payload)),
                            _ => {}
                        }
                        Ok(())
                    })
                });
                Poll::Ready(decoded)
            })
        })
        .await?;
        if !pongs.is_empty() {
            self.send(&pongs).await?;
        }
        Ok(())
    }
}

fn closed(payload: &[u8]) -> anyhow::Error {
    match payload.first_chunk() {
        Some(&code) => anyhow::anyhow!(
            "the server closed a socket with {}: {}",
            u16::from_be_bytes(code),
            String::from_utf8_lossy(&payload[2..])
        ),
        None => anyhow::anyhow!("the server closed a socket"),
    }
}

/// Where `needle` begins, for short haystacks.
pub(crate) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}
