//! One WebSocket, frame by frame: for what the typed calls cannot say, such as bad input in tests.

use futures_util::{SinkExt, StreamExt};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{
        Message,
        client::IntoClientRequest,
        http::{HeaderName, HeaderValue},
        protocol::{
            CloseFrame, WebSocketConfig,
            frame::{
                Frame,
                coding::{CloseCode, Data, OpCode},
            },
        },
    },
};

use crate::{
    CALL_DEADLINE, CONNECT_DEADLINE,
    address::Address,
    error::{Error, Result},
};

/// The longest message that is accepted from a server, in bytes.
const LONGEST_MESSAGE: usize = 16 << 20;
/// Few bytes arrive at a time, and a load generator holds many sockets.
const READ_BUFFER: usize = 8 << 10;

pub(crate) type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A WebSocket without any knowledge of what is said on it. Dropping it drops the connection without a closing handshake.
pub struct RawSocket {
    stream: Stream,
    close_code: Option<u16>,
    /// A ping went out, and nothing has come since.
    unanswered_ping: bool,
}

impl RawSocket {
    /// Opens a socket at `path` with further `headers` on the handshake, within 10 s.
    pub(crate) async fn connect(
        address: &Address,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Self> {
        let mut request = address
            .ws(path)
            .into_client_request()
            .map_err(|error| Error::Invalid(error.to_string()))?;
        for (name, value) in headers {
            let name: HeaderName = name
                .parse()
                .map_err(|_| Error::Invalid(format!("{name:?} is no name of a header")))?;
            let value: HeaderValue = value.parse().map_err(|_| {
                Error::Invalid(format!(
                    "the value of {name} has characters that headers forbid"
                ))
            })?;
            request.headers_mut().append(name, value);
        }
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .max_message_size(Some(LONGEST_MESSAGE))
            .max_frame_size(Some(LONGEST_MESSAGE));
        let opening = connect_async_with_config(request, Some(config), true);
        let (stream, _) = timeout(CONNECT_DEADLINE, opening)
            .await
            .map_err(|_| Error::Timeout(CONNECT_DEADLINE))??;
        Ok(Self {
            stream,
            close_code: None,
            unanswered_ping: false,
        })
    }

    pub(crate) fn into_stream(self) -> Stream {
        self.stream
    }

    /// Sends one text frame.
    pub async fn send_text(&mut self, text: impl Into<String>) -> Result<()> {
        self.send(Message::text(text.into())).await
    }

    /// Sends one binary frame, which no operation accepts.
    pub async fn send_binary(&mut self, bytes: impl Into<Vec<u8>>) -> Result<()> {
        self.send(Message::binary(bytes.into())).await
    }

    /// Sends one frame that claims to be text, whatever its bytes are.
    pub async fn send_as_text(&mut self, bytes: impl Into<Vec<u8>>) -> Result<()> {
        let frame = Frame::message(bytes.into(), OpCode::Data(Data::Text), true);
        self.send(Message::Frame(frame)).await
    }

    /// Sends a ping; the pong is taken in by [`next`](Self::next) without a word.
    pub async fn ping(&mut self) -> Result<()> {
        self.send(Message::Ping(Vec::new().into())).await?;
        self.unanswered_ping = true;
        Ok(())
    }

    pub(crate) fn unanswered_ping(&self) -> bool {
        self.unanswered_ping
    }

    async fn send(&mut self, message: Message) -> Result<()> {
        timeout(CALL_DEADLINE, self.stream.send(message))
            .await
            .map_err(|_| Error::Timeout(CALL_DEADLINE))?
            .map_err(Error::from)
    }

    /// The next text frame. At the end [`Error::Closed`] with the close code, again and again. Waits without a bound,
    /// and may be dropped while it waits: nothing is lost.
    pub async fn next(&mut self) -> Result<String> {
        loop {
            if let Some(text) = self.next_sign_of_life().await? {
                return Ok(text);
            }
        }
    }

    /// As [`next`](Self::next), but a frame without a text counts too.
    pub(crate) async fn next_sign_of_life(&mut self) -> Result<Option<String>> {
        let message = self.stream.next().await;
        self.unanswered_ping = false;
        match message {
            Some(Ok(Message::Text(text))) => Ok(Some(text.as_str().to_owned())),
            Some(Ok(Message::Binary(_))) => Err(Error::Protocol("a binary frame".to_owned())),
            Some(Ok(Message::Close(frame))) => {
                self.close_code = frame.map(|frame| frame.code.into());
                Ok(None)
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(None),
            Some(Err(error)) if self.close_code.is_none() => Err(error.into()),
            Some(Err(_)) | None => Err(Error::Closed {
                code: self.close_code,
            }),
        }
    }

    /// Waits until the connection is over, dropping what arrives until then, and gives the close code: none when the
    /// other side named none or just went away.
    pub async fn closed(&mut self) -> Option<u16> {
        while !matches!(
            self.next().await,
            Err(Error::Closed { .. } | Error::Transport(_))
        ) {}
        self.close_code
    }

    /// The close code that the server sent; none before [`next`](Self::next) came upon it.
    #[must_use]
    pub fn close_code(&self) -> Option<u16> {
        self.close_code
    }

    /// Says goodbye (1000) and waits at most 10 s for the server's.
    pub async fn close(mut self) {
        let frame = CloseFrame {
            code: CloseCode::Normal,
            reason: "".into(),
        };
        let closing = async {
            if self.stream.close(Some(frame)).await.is_ok() {
                self.closed().await;
            }
        };
        _ = timeout(CONNECT_DEADLINE, closing).await;
    }
}
