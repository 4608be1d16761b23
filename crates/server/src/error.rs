//! How an operation fails: it is refused (the caller is told why), or it breaks (the log is told why).

use hongyan_protocol::{
    Answer, Code,
    group_member::MutedUntil,
    operation::{Reason, RetryAfter},
};
use uuid::Uuid;

/// Why an operation did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A business refusal: nothing was changed.
    #[error("refused with {0}")]
    Refused(Code),
    /// The caller may not speak in a group: until then (ms since 1970), or for as long as all are muted.
    #[error("muted")]
    Muted(Option<i64>),
    /// A parameter is wrong; the text says which and how, for developers.
    #[error("bad request: {0}")]
    Invalid(String),
    /// Too many requests; ms to wait.
    #[error("too many requests, wait {0} ms")]
    TooMany(u64),
    /// The caller's session ended while the request was under way.
    #[error("the session has ended")]
    SessionEnded,
    /// Our fault.
    #[error(transparent)]
    Store(#[from] hongyan_store::Error),
    /// Our fault: something could not be encoded.
    #[error(transparent)]
    Encode(#[from] serde_json::Error),
    /// Our fault: something that is done to its end panicked.
    #[error(transparent)]
    Work(#[from] tokio::task::JoinError),
}

/// The outcome of an operation.
pub type Result<T> = std::result::Result<T, Error>;

/// What serde says is wrong, without what it quotes: that may be a password or a message.
#[must_use]
pub fn unquoted(why: &str) -> &str {
    why.rfind(", expected ").map_or(why, |at| &why[at + 2..])
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Self::Refused(code)
    }
}

impl Error {
    /// What the caller of a WebSocket operation is told. What broke is logged here, once, under the id in the answer.
    #[must_use]
    pub fn answer(&self, operation: &str) -> Answer {
        let with_data = match self {
            Self::Refused(code) => Ok(Answer::code(*code)),
            Self::Muted(None) => Ok(Answer::code(Code::Muted)),
            Self::Muted(Some(until)) => Answer::with(Code::Muted, &MutedUntil { until: *until }),
            Self::Invalid(reason) => Answer::with(
                Code::BadRequest,
                &Reason {
                    reason: reason.clone(),
                },
            ),
            Self::TooMany(retry_after) => Answer::with(
                Code::TooManyRequests,
                &RetryAfter {
                    retry_after: *retry_after,
                },
            ),
            Self::SessionEnded => Ok(Answer::code(Code::NoSession)),
            Self::Store(_) | Self::Encode(_) | Self::Work(_) => {
                let id = self.log(operation);
                Answer::with(
                    Code::Failed,
                    &Reason {
                        reason: format!("see the server's log for {id}"),
                    },
                )
            }
        };
        with_data.unwrap_or_else(|_| Answer::code(Code::Failed))
    }

    /// Logs what broke and gives the id under which the log has it.
    #[must_use]
    pub fn log(&self, operation: &str) -> Uuid {
        let id = Uuid::now_v7();
        tracing::error!(%id, operation, error = %self, "an operation broke");
        id
    }
}
