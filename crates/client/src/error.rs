//! What can go wrong, and what to do about it.

use std::{sync::Arc, time::Duration};

use hongyan_protocol::{
    Answer, Code,
    operation::{Reason, RetryAfter},
};
use tokio_tungstenite::tungstenite::{self, error::ProtocolError};

/// The close code of a session whose account logged in elsewhere.
pub const DISPLACED: u16 = 4001;
/// The close code of a socket whose session is over, or never was.
pub const NOT_LOGGED_IN: u16 = 1008;
/// The close code of a frame that was larger than the server admits.
pub const TOO_LARGE: u16 = 1009;

/// Why a call failed. The text says what to do next.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server understood the request and refused it; it had no effect (but see [`Code::Failed`]).
    #[error("refused with code {code}: {message}; {}", next_step(*.code))]
    Refused {
        code: Code,
        /// What the server said.
        message: String,
        /// How long the server asks to wait before the next try.
        retry_after: Option<Duration>,
    },
    /// The server did not accept the parameters (9997, or HTTP 400).
    #[error("bad request: {0}; correct the named parameter")]
    BadRequest(String),
    /// No session, or one that is over.
    #[error("not logged in, or the login is over: log in again")]
    Unauthorized,
    /// An HTTP status that the protocol does not use here.
    #[error("the server answered HTTP {0}: {1}; check the server's address and its log")]
    Status(u16, String),
    /// The server closed the socket, with this close code if it named one.
    #[error("the server closed the connection{}", close_text(*.code))]
    Closed { code: Option<u16> },
    /// Nothing came within this time; whether the request took effect is unknown.
    #[error("no answer within {} s: check the network and try again", .0.as_secs())]
    Timeout(Duration),
    /// The network failed; whether the request took effect is unknown.
    #[error("the server cannot be reached ({0}): check its address, the network, and that it runs")]
    Transport(Arc<dyn std::error::Error + Send + Sync>),
    /// What was to be sent breaks a rule of the protocol, so nothing was sent.
    #[error("not sent: {0}")]
    Invalid(String),
    /// The server said what this client does not understand.
    #[error("unexpected answer ({0}): check that this is a Hongyan server, and update the client")]
    Protocol(String),
}

/// The result of everything that talks to the server.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The code of a refusal.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            Self::BadRequest(_) => Some(Code::BadRequest),
            _ => None,
        }
    }

    /// Whether only a new login helps: the session is over, or the account logged in elsewhere.
    #[must_use]
    pub fn is_logged_out(&self) -> bool {
        match self {
            Self::Unauthorized => true,
            Self::Closed { code } => matches!(code, Some(NOT_LOGGED_IN | DISPLACED)),
            Self::Refused { code, .. } => *code == Code::NoSession,
            _ => false,
        }
    }

    /// Whether the same request may succeed later: the network failed, the server is restarting, overloaded or broken.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Transport(_) | Self::Timeout(_) => true,
            Self::Closed { code } => {
                matches!(
                    code,
                    None | Some(1000 | 1001 | 1005 | 1006 | 1011 | 1012 | 1013)
                )
            }
            Self::Refused { code, .. } => matches!(code, Code::Failed | Code::TooManyRequests),
            Self::Status(status, _) => matches!(status, 429 | 500 | 502 | 503 | 504),
            _ => false,
        }
    }

    /// How long the server asks to wait before the next try.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// What an answer other than 0000 means.
    pub(crate) fn of_answer(answer: &Answer) -> Self {
        let data = answer.data.as_ref().map_or("null", |data| data.get());
        if answer.code == Code::BadRequest {
            let reason = serde_json::from_str::<Reason>(data).map(|data| data.reason);
            return Self::BadRequest(reason.unwrap_or_else(|_| answer.desc.clone()));
        }
        Self::Refused {
            code: answer.code,
            message: answer.code.english().to_owned(),
            retry_after: serde_json::from_str::<RetryAfter>(data)
                .ok()
                .map(|data| Duration::from_millis(data.retry_after)),
        }
    }

    pub(crate) fn transport(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Transport(Arc::new(error))
    }
}

impl From<reqwest::Error> for Error {
    fn from(error: reqwest::Error) -> Self {
        // The address may carry what a user searched for.
        Self::transport(error.without_url())
    }
}

impl From<tungstenite::Error> for Error {
    fn from(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => {
                Self::Closed { code: None }
            }
            tungstenite::Error::Http(response) if response.status() == 401 => Self::Unauthorized,
            tungstenite::Error::Http(response) => Self::Status(
                response.status().as_u16(),
                "the WebSocket handshake was refused".to_owned(),
            ),
            tungstenite::Error::Protocol(
                ProtocolError::ResetWithoutClosingHandshake | ProtocolError::SendAfterClosing,
            ) => Self::Closed { code: None },
            tungstenite::Error::Capacity(error) => Self::Protocol(error.to_string()),
            error => Self::transport(error),
        }
    }
}

fn next_step(code: Code) -> &'static str {
    match code {
        Code::Failed => "try again with the same clientMsgId",
        Code::TooManyRequests => "wait and try again",
        Code::NoSession => "log in again",
        Code::TargetOffline => "try when they are online, or send with whenOffline \"keep\"",
        Code::NotFriend | Code::NotAFriend => "become friends first",
        Code::NoSuchUser | Code::NoSuchAccount => "check the name",
        Code::NoSuchGroup => "check the group's name",
        Code::NotMember => "join the group first",
        Code::NotAllowed => "ask the group's owner",
        Code::Muted => "wait until you may speak again",
        Code::InviteOnly => "ask a member to invite you",
        Code::OwnerStays => "hand the group over or dissolve it first",
        Code::GroupFull => "ask the group's owner to make room",
        Code::NoSuchFile => "upload it again",
        Code::NotWhatItSays => "send it as application/octet-stream, or mend it",
        Code::QuotaExceeded => {
            "files that no message carries make room after a day; or ask the operator"
        }
        Code::FileTooLarge => "send a smaller one",
        Code::PictureTooLarge => "send it as application/octet-stream, or a smaller one",
        Code::FilesNotKept => "ask the operator to keep messages",
        Code::WrongPassword | Code::BadPassword | Code::SamePassword => "try another password",
        Code::UsernameTaken | Code::GroupNameTaken => "choose another name",
        Code::FriendApplySent | Code::GroupApplySent | Code::InviteSent => "wait for the answer",
        _ => "nothing is left to do",
    }
}

fn close_text(code: Option<u16>) -> String {
    match code {
        Some(DISPLACED) => {
            " (4001): this account logged in elsewhere; log in again to take over".to_owned()
        }
        Some(NOT_LOGGED_IN) => " (1008): the login is over; log in again".to_owned(),
        Some(TOO_LARGE) => " (1009): the message was too long; send a shorter one".to_owned(),
        Some(code) => format!(" ({code}): connect again"),
        None => ": connect again".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_to_do_next() {
        let error = Error::of_answer(&Answer::code(Code::NotFriend));
        assert_eq!(
            error.to_string(),
            "refused with code 0001: Not your friend; become friends first"
        );
        assert!(!error.is_transient());
    }

    #[test]
    fn the_wait_that_the_server_asks_for_is_kept() {
        let data = RetryAfter { retry_after: 1500 };
        let answer = Answer::with(Code::TooManyRequests, &data).unwrap();
        let error = Error::of_answer(&answer);
        assert_eq!(error.retry_after(), Some(Duration::from_millis(1500)));
        assert!(error.is_transient());
    }

    #[test]
    fn only_a_new_login_helps_after_1008_and_4001() {
        for code in [NOT_LOGGED_IN, DISPLACED] {
            let error = Error::Closed { code: Some(code) };
            assert!(error.is_logged_out() && !error.is_transient(), "{error}");
        }
        let restart = Error::Closed { code: Some(1001) };
        assert!(!restart.is_logged_out() && restart.is_transient());
    }
}
