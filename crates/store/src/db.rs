//! One connection to the database, and how statements run on it.

use std::{
    cell::{Cell, RefCell},
    ops::Deref,
};

use rusqlite::{CachedStatement, Connection, ErrorCode, ffi};

use crate::{
    Error,
    group_member::MembersCache,
    value::{Row, Value, values},
};

/// A connection with what belongs to it.
pub(crate) struct Link {
    pub(crate) connection: Connection,
    pub(crate) members: RefCell<MembersCache>,
    /// Entries appended to logs since the index was last told.
    pub(crate) appended: Cell<i64>,
    /// Why the running transaction is lost. Set once, it fails every later statement until the transaction has ended:
    /// SQLite may have rolled it back already, and what is written now would be committed by itself.
    lost: Cell<Option<Error>>,
}

impl Link {
    pub(crate) fn new(connection: Connection) -> Self {
        Self {
            connection,
            members: RefCell::default(),
            appended: Cell::new(0),
            lost: Cell::new(None),
        }
    }

    /// Runs one of the statements that frame transactions.
    pub(crate) fn control(&self, sql: &str) -> Result<(), Error> {
        self.run(sql, &[], |statement| statement.raw_execute().map(|_| ()))
    }

    /// Begins a transaction.
    pub(crate) fn begin(&self, sql: &str) -> Result<(), Error> {
        self.lost.set(None);
        self.control(sql).inspect_err(|_| self.lost.set(None))
    }

    /// Ends a transaction that only read.
    pub(crate) fn end_read(&self) {
        self.lost.set(None);
        if self.connection.is_autocommit() || self.control("COMMIT").is_ok() {
            return;
        }
        self.roll_back();
    }

    /// Ends the running transaction, if there still is one, as though it had never begun.
    pub(crate) fn roll_back(&self) {
        self.lost.set(None);
        if !self.connection.is_autocommit()
            && let Err(error) = self.control("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
        self.lost.set(None);
        self.members.borrow_mut().clear();
    }

    /// The reason, when the running transaction is lost.
    pub(crate) fn take_lost(&self) -> Option<Error> {
        self.lost.take()
    }

    fn run<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        body: impl FnOnce(&mut CachedStatement<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        if let Some(error) = self.lost.take() {
            self.lost.set(Some(error.clone()));
            return Err(error);
        }
        let attempt = || {
            let mut statement = self.connection.prepare_cached(sql)?;
            for (index, value) in values.iter().enumerate() {
                debug_assert_eq!(
                    statement.parameter_name(index + 1),
                    Some(format!("${}", index + 1).as_str()),
                    "parameters are numbered in the order of their first appearance: {sql}"
                );
                statement.raw_bind_parameter(index + 1, value)?;
            }
            debug_assert_eq!(statement.parameter_count(), values.len(), "{sql}");
            body(&mut statement)
        };
        attempt().map_err(|error| self.judge(&error))
    }

    /// Turns a driver's error into ours, and remembers when it costs the transaction.
    fn judge(&self, error: &rusqlite::Error) -> Error {
        let (ours, fatal) = classify(error);
        if fatal || self.connection.is_autocommit() {
            self.lost.set(Some(ours.clone()));
        }
        ours
    }
}

/// Our error, and whether the transaction it happened in must be given up.
fn classify(error: &rusqlite::Error) -> (Error, bool) {
    let Some(code) = error.sqlite_error() else {
        return (Error::Failed(error.to_string()), false);
    };
    if sync_failed(code.extended_code) {
        end_process(&error.to_string());
    }
    match code.code {
        // The second is how SQLite reports that its shared-memory file cannot grow.
        ErrorCode::DiskFull => (Error::DiskFull, true),
        _ if code.extended_code == ffi::SQLITE_IOERR_SHMSIZE => (Error::DiskFull, true),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => (Error::Busy, true),
        ErrorCode::ConstraintViolation => (Error::Failed(error.to_string()), false),
        _ => (Error::Failed(error.to_string()), true),
    }
}

fn sync_failed(extended_code: i32) -> bool {
    matches!(
        extended_code,
        ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC
    )
}

/// Ends the process with status 70 (EX_SOFTWARE). After a failed sync the kernel may drop what it could not write and
/// report the next sync as good: only a restart, which reads back what the disk has, knows the truth again.
fn end_process(reason: &str) -> ! {
    tracing::error!(reason, "the disk did not confirm a write: stopping");
    eprintln!("hongyan: the disk did not confirm a write ({reason}): stopping, check the disk");
    std::process::exit(70)
}

/// What can be read: a consistent state of the database. The functions are listed with their nouns.
pub struct View<'a> {
    pub(crate) link: &'a Link,
}

impl View<'_> {
    /// Every row of the answer.
    pub(crate) fn rows<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        self.link.run(sql, values, |statement| {
            let mut found = Vec::new();
            let mut rows = statement.raw_query();
            while let Some(row) = rows.next()? {
                match read(&Row(row)) {
                    Ok(value) => found.push(value),
                    Err(error) => return Ok(Err(error)),
                }
            }
            Ok(Ok(found))
        })?
    }

    /// The first row of the answer.
    pub(crate) fn row<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        self.link.run(sql, values, |statement| {
            let mut rows = statement.raw_query();
            Ok(rows.next()?.map(|row| read(&Row(row))).transpose())
        })?
    }

    /// Whether the answer has a row.
    pub(crate) fn exists(&self, sql: &str, values: &[Value<'_>]) -> Result<bool, Error> {
        Ok(self.row(sql, values, |_| Ok(()))?.is_some())
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        self.exists("SELECT value FROM meta WHERE key = $1", values!["epoch"])
            .map(drop)
    }
}

/// What can be read and written inside the writer's transaction. The functions are listed with their nouns.
pub struct Tx<'a> {
    view: View<'a>,
}

impl<'a> Tx<'a> {
    pub(crate) fn new(link: &'a Link) -> Self {
        Self {
            view: View { link },
        }
    }

    /// Runs a statement and counts the rows it changed.
    pub(crate) fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<usize, Error> {
        self.view
            .link
            .run(sql, values, |statement| statement.raw_execute())
    }
}

impl<'a> Deref for Tx<'a> {
    type Target = View<'a>;
    fn deref(&self) -> &View<'a> {
        &self.view
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_failed_sync_ends_the_process() {
        assert!(sync_failed(ffi::SQLITE_IOERR_FSYNC));
        assert!(sync_failed(ffi::SQLITE_IOERR_DIR_FSYNC));
        assert!(!sync_failed(ffi::SQLITE_IOERR_WRITE));
        assert!(!sync_failed(ffi::SQLITE_FULL));
    }
}
