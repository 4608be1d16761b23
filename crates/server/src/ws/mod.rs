//! The server's side of WebSocket (RFC 6455, no extensions): one small future a connection, buffers shared by thread.
//!
//! [`handshake`] answers the upgrade request; the socket that hyper gives back is driven by a [`Connection`], which
//! decodes requests for a [`Handler`] and writes its answers and whatever others push into the [`Outbox`]. Everything
//! that is queued goes out in one write, and a connection with nothing to do owns no buffer.

mod buffers;
mod connection;
mod deadlines;
mod decoder;
mod dispatch;
mod frame;
mod handler;
pub mod handshake;
mod outbox;
mod output;
pub mod upgrade;

use std::time::Duration;

pub use connection::{Cause, Closed, Connection};
pub use decoder::{Decoder, Event, Violation};
pub(crate) use dispatch::no_session;
pub use frame::{Frame, Mark, Template};
pub use handler::{Answer, Handler, Step};
pub use outbox::Outbox;

/// Close codes that this server sends or reports.
pub mod close {
    /// The purpose of the connection is fulfilled.
    pub const NORMAL: u16 = 1000;
    /// The server is going away; connect again.
    pub const GOING_AWAY: u16 = 1001;
    /// The peer broke the rules of RFC 6455, or left a message unfinished for too long.
    pub const PROTOCOL_ERROR: u16 = 1002;
    /// Reported when the peer's close frame had no code; never sent.
    pub const NO_STATUS: u16 = 1005;
    /// Reported when the connection ended without a close frame; never sent.
    pub const ABNORMAL: u16 = 1006;
    /// A text message or a close reason was not UTF-8.
    pub const INVALID_TEXT: u16 = 1007;
    /// There is no valid session: log in again.
    pub const POLICY: u16 = 1008;
    /// A message was larger than allowed, or came in too many fragments.
    pub const TOO_BIG: u16 = 1009;
    /// There are as many connections as there may be; try again later (RFC 6455's registry).
    pub const TRY_LATER: u16 = 1013;
    /// Another login took the place of this session.
    pub const FORCED_LOGOUT: u16 = 4001;
    /// The peer read too slowly and events were dropped: connect again and resume by sequence.
    pub const SLOW_CONSUMER: u16 = 4008;
}

/// The bounds and the patience of a connection; shared by all of them.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Longest message accepted, in bytes, over all of its fragments; above it: 1009.
    pub message_bytes: u32,
    /// Most fragments accepted in one message; above it: 1009 (1008 would mean "log in again" to the seed's page).
    pub message_fragments: u32,
    /// Most frames waiting to be written; a push above it closes with 4008.
    pub queue_messages: usize,
    /// Most bytes waiting to be written; a push above it closes with 4008. A lone frame is accepted at any size.
    pub queue_bytes: usize,
    /// Requests of one connection in flight; at the bound nothing more is read from it.
    pub pipeline: usize,
    /// Bytes waiting to be written from which on nothing more is read: who does not listen is not heard.
    pub unread_bytes: usize,
    /// Silence of the peer after which it is pinged, and the time from one ping to the next.
    pub ping: Duration,
    /// Silence of the peer after which it counts as gone.
    pub dead_after: Duration,
    /// From the first byte of a message that did not come at once to its last; above it: 1002.
    pub message: Duration,
    /// How long requests in flight may delay a close that the server asked for.
    pub finish: Duration,
    /// From the close frame to the end of the connection, whatever the peer does.
    pub close: Duration,
    /// How long a peer may accept no byte while there is something to write.
    pub stall: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 64 * 1024,
            message_fragments: 1024,
            queue_messages: 1024,
            queue_bytes: 1024 * 1024,
            pipeline: 16,
            unread_bytes: 64 * 1024,
            ping: Duration::from_secs(25),
            dead_after: Duration::from_secs(60),
            message: Duration::from_secs(10),
            finish: Duration::from_secs(1),
            close: Duration::from_secs(5),
            stall: Duration::from_secs(30),
        }
    }
}
