//! What every HTTP answer looks like: `{code?, message, data?}`, and a status.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use hongyan_protocol::{
    Code,
    endpoint::{ApiAnswer, List, TooMany},
    group_member::MutedUntil,
};
use serde::Serialize;
use uuid::Uuid;

use crate::{error::Error, file, password, picture};

/// What a handler gives.
pub(super) type Reply = Result<Response, Failure>;

/// Success without `data`.
pub(super) fn done() -> Response {
    success::<()>(None)
}

/// Success with `data`.
pub(super) fn data<T: Serialize>(data: T) -> Response {
    success(Some(data))
}

/// Success with `data.list`.
pub(super) fn list<T: Serialize>(rows: impl IntoIterator<Item = T>) -> Response {
    data(List {
        list: rows.into_iter().collect(),
    })
}

fn success<T: Serialize>(data: Option<T>) -> Response {
    Json(ApiAnswer {
        code: None,
        message: "ok".to_owned(),
        data,
    })
    .into_response()
}

/// An answer with this status and nothing but a message.
pub(crate) fn message(status: StatusCode, message: impl Into<String>) -> Response {
    let body = ApiAnswer::<()> {
        code: None,
        message: message.into(),
        data: None,
    };
    (status, Json(body)).into_response()
}

/// Why a request was not done.
#[derive(Debug)]
pub(super) enum Failure {
    /// No session, or one that is over.
    Unauthorized,
    /// Not to anybody: the text says why.
    Forbidden(&'static str),
    /// Not there, or not for the caller; the text says what.
    NotFound(&'static str),
    /// The body did not arrive in time.
    Slow,
    /// The body is larger than is taken here.
    TooLarge,
    /// What was tried too often, and the ms to wait.
    TooOften(&'static str, u64),
    /// As many wait for this as may wait.
    Busy,
    /// The disk is full.
    Full,
    /// Our fault, outside the store; the text is for the log.
    Broken(String),
    /// What an operation says, whatever carried it.
    Of(Error),
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Of(error.into())
    }
}

impl From<password::Error> for Failure {
    fn from(error: password::Error) -> Self {
        match error {
            password::Error::Busy => Self::Busy,
            password::Error::Crowded => Self::TooOften("passwords at once", 1000),
            password::Error::Broken(_) => Self::broken(error),
        }
    }
}

impl From<picture::Error> for Failure {
    fn from(error: picture::Error) -> Self {
        match error {
            picture::Error::Unfit(why) => Self::invalid("headImage", why),
            picture::Error::Busy => Self::Busy,
            picture::Error::Crowded => Self::TooOften("pictures at once", 1000),
            picture::Error::Broken(_) => Self::broken(error),
        }
    }
}

impl From<file::Error> for Failure {
    fn from(error: file::Error) -> Self {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        match error {
            file::Error::NotWhatItSays => Self::refused(Code::NotWhatItSays),
            file::Error::TooLarge => Self::refused(Code::FileTooLarge),
            file::Error::TooManyPixels => Self::refused(Code::PictureTooLarge),
            file::Error::Busy => Self::TooOften("files at once", 1000),
            file::Error::Broken(error)
                if matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge) =>
            {
                Self::Full
            }
            file::Error::Broken(_) => Self::broken(error),
        }
    }
}

impl Failure {
    /// A parameter is wrong.
    pub(super) fn invalid(field: &str, why: impl std::fmt::Display) -> Self {
        Self::Of(Error::Invalid(format!("{field}: {why}")))
    }

    /// Our fault, outside the store.
    pub(super) fn broken(error: impl std::fmt::Display) -> Self {
        Self::Broken(error.to_string())
    }

    /// Whether it is open if what was to be written is in the store.
    pub(super) fn leaves_open(&self) -> bool {
        matches!(self, Self::Of(Error::Store(hongyan_store::Error::Lost)))
    }

    /// A business refusal.
    pub(super) fn refused(code: Code) -> Self {
        Self::Of(Error::Refused(code))
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Unauthorized | Self::Of(Error::SessionEnded) => {
                message(StatusCode::UNAUTHORIZED, "unauthorized")
            }
            Self::Forbidden(why) => message(StatusCode::FORBIDDEN, why),
            Self::NotFound(what) => message(StatusCode::NOT_FOUND, what),
            Self::Slow => message(
                StatusCode::REQUEST_TIMEOUT,
                "the body did not arrive in time",
            ),
            Self::TooLarge => message(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"),
            Self::TooOften(what, ms) => too_many(what, ms),
            Self::Busy => {
                let answer = message(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "the server is busy, try again in a moment",
                );
                ([(RETRY_AFTER, HeaderValue::from_static("1"))], answer).into_response()
            }
            Self::Full => {
                tracing::error!("no space is left for files");
                message(
                    StatusCode::INSUFFICIENT_STORAGE,
                    "no space is left on the server: tell its operator, and try again later",
                )
            }
            Self::Broken(error) => {
                let id = Uuid::now_v7();
                tracing::error!(%id, error, "a request broke");
                failed(id)
            }
            Self::Of(Error::Refused(code)) => refusal::<()>(code, None),
            Self::Of(Error::Muted(until)) => {
                refusal(Code::Muted, until.map(|until| MutedUntil { until }))
            }
            Self::Of(Error::Invalid(why)) => message(StatusCode::BAD_REQUEST, why),
            Self::Of(Error::TooMany(ms)) => too_many("requests", ms),
            Self::Of(error) => failed(error.log("http")),
        }
    }
}

fn failed(id: Uuid) -> Response {
    let text = format!("the server failed, see its log for {id}");
    message(StatusCode::INTERNAL_SERVER_ERROR, text)
}

fn refusal<T: Serialize>(code: Code, data: Option<T>) -> Response {
    let message = code.desc().to_owned();
    Json(ApiAnswer {
        code: Some(code),
        message,
        data,
    })
    .into_response()
}

fn too_many(what: &str, ms: u64) -> Response {
    let seconds = ms.div_ceil(1000).max(1);
    let message = format!("too many {what}, try again in {}", spelled(seconds));
    (
        StatusCode::TOO_MANY_REQUESTS,
        [(RETRY_AFTER, HeaderValue::from(seconds))],
        Json(TooMany {
            message,
            retry_after: ms,
        }),
    )
        .into_response()
}

fn spelled(seconds: u64) -> String {
    match seconds {
        1 => "1 second".to_owned(),
        2..120 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_spelled_for_people() {
        assert_eq!(spelled(1), "1 second");
        assert_eq!(spelled(119), "119 seconds");
        assert_eq!(spelled(121), "3 minutes");
    }
}
