//! What the server's errors mean to us, told without a stored value.

use std::error::Error as _;

use tokio_postgres::error::{DbError, SqlState};

use crate::Error;

/// What went wrong, and how much of the work it costs.
pub(super) struct Broken {
    pub(super) error: Error,
    pub(super) extent: Extent,
}

/// What an error costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// The operation, when it has a savepoint to go back to; otherwise the transaction.
    Statement,
    Transaction,
    Connection,
}

impl Broken {
    /// The connection is gone, or no use any more.
    pub(super) fn connection() -> Self {
        Self {
            error: Error::Lost,
            extent: Extent::Connection,
        }
    }

    pub(super) fn by(error: &tokio_postgres::Error) -> Self {
        let Some(answer) = error.as_db_error() else {
            // What the driver refuses before it sends anything (a value of a wrong type) leaves the connection whole.
            let sent = error.is_closed()
                || error
                    .source()
                    .is_some_and(|cause| cause.is::<std::io::Error>());
            return if sent {
                Self::connection()
            } else {
                Self::new(Error::Failed(describe(error)), Extent::Statement)
            };
        };
        let code = answer.code();
        if *code == SqlState::DISK_FULL {
            return Self::new(Error::DiskFull, Extent::Transaction);
        }
        if [
            SqlState::T_R_SERIALIZATION_FAILURE,
            SqlState::T_R_DEADLOCK_DETECTED,
            SqlState::LOCK_NOT_AVAILABLE,
        ]
        .contains(code)
        {
            return Self::new(Error::Busy, Extent::Transaction);
        }
        // 08: the connection; 57P: the server is told to stop, has crashed, or starts.
        if code.code().starts_with("08") || code.code().starts_with("57P") {
            return Self::connection();
        }
        Self::new(Error::Failed(told(answer)), Extent::Statement)
    }

    fn new(error: Error, extent: Extent) -> Self {
        Self { error, extent }
    }
}

/// An error in one line with its causes.
pub(super) fn describe(error: &tokio_postgres::Error) -> String {
    if let Some(answer) = error.as_db_error() {
        return told(answer);
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// What the server says. Errors of class 22 quote the value that they refuse; details quote rows.
fn told(answer: &DbError) -> String {
    let code = answer.code().code();
    if code.starts_with("22") {
        format!("a value was refused (SQLSTATE {code})")
    } else {
        format!("{} (SQLSTATE {code})", answer.message())
    }
}
