//! A connection to an SQLite file: transactions, statements, errors, and the log that is moved into the file.

mod held;

use std::cell::{Cell as Slot, RefCell};

use rusqlite::{
    CachedStatement, Connection, ErrorCode, ffi,
    types::{ToSql, ToSqlOutput, ValueRef},
};

use crate::{
    Error,
    db::Each,
    value::{Cell, Row, Value},
};
use held::Operation;

/// Pages in the write-ahead log that make the writer move them into the database file: 16 MiB.
const CHECKPOINT_PAGES: i64 = 4000;

/// Pages in the log, moved or not, from which the writer waits for the readers so that the log starts anew: 160 MiB.
const RESTART_PAGES: i64 = 10 * CHECKPOINT_PAGES;

/// A connection to an SQLite file.
pub(crate) struct Sqlite {
    pub(crate) connection: Connection,
    /// Why the running transaction is lost. Set once, it fails every later statement until the transaction has ended:
    /// SQLite may have rolled it back already, and what is written now would be committed by itself.
    lost: Slot<Option<Error>>,
    operation: RefCell<Operation>,
}

impl Sqlite {
    pub(crate) fn new(connection: Connection) -> Self {
        Self {
            connection,
            lost: Slot::new(None),
            operation: RefCell::default(),
        }
    }

    pub(crate) fn begin_read(&self) -> Result<(), Error> {
        self.begin("BEGIN")
    }

    pub(crate) fn end_read(&self) {
        self.lost.set(None);
        if self.connection.is_autocommit() || self.control("COMMIT").is_ok() {
            return;
        }
        self.roll_back();
    }

    pub(crate) fn begin_write(&self) -> Result<(), Error> {
        self.begin("BEGIN IMMEDIATE")
    }

    pub(crate) fn commit(&self) -> Result<(), Error> {
        self.control("COMMIT")
    }

    pub(crate) fn roll_back(&self) {
        self.lost.set(None);
        self.operation.take();
        if !self.connection.is_autocommit()
            && let Err(error) = self.control("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
        self.lost.set(None);
    }

    pub(crate) fn query(
        &self,
        sql: &str,
        values: &[Value<'_>],
        each: Each<'_>,
    ) -> Result<(), Error> {
        self.run(sql, values, |statement| {
            let mut rows = statement.raw_query();
            while let Some(row) = rows.next()? {
                match each(&Row::Sqlite(row)) {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => return Ok(Err(error)),
                }
            }
            Ok(Ok(()))
        })?
    }

    pub(crate) fn execute(&self, sql: &str, values: &[Value<'_>]) -> Result<usize, Error> {
        self.run(sql, values, |statement| statement.raw_execute())
    }

    /// Moves the log into the database file, after the answers rather than within a commit that somebody waits for
    /// (where SQLite would also keep a failed sync to itself). What a reader still needs stays until the next time.
    pub(crate) fn tidy(&self) {
        let done = self
            .checkpoint("PRAGMA wal_checkpoint(NOOP)")
            .and_then(|log| {
                if log.pages - log.moved < CHECKPOINT_PAGES {
                    Ok(log)
                } else if log.pages < RESTART_PAGES {
                    self.checkpoint("PRAGMA wal_checkpoint(PASSIVE)")
                } else {
                    self.checkpoint("PRAGMA wal_checkpoint(RESTART)")
                }
            });
        if let Err(error) = done {
            tracing::error!(%error, "a checkpoint failed; the log grows until one succeeds");
        }
    }

    pub(crate) fn close(self) {
        if let Err(error) = self.checkpoint("PRAGMA wal_checkpoint(TRUNCATE)") {
            tracing::warn!(%error, "the last checkpoint failed; the next start catches up");
        }
    }

    fn begin(&self, sql: &str) -> Result<(), Error> {
        self.lost.set(None);
        self.control(sql).inspect_err(|_| self.lost.set(None))
    }

    /// Runs one of the statements that frame transactions.
    fn control(&self, sql: &str) -> Result<(), Error> {
        self.execute(sql, &[]).map(drop)
    }

    fn checkpoint(&self, pragma: &str) -> Result<Log, Error> {
        let mut log = None;
        let asked = self.query(pragma, &[], &mut |row| {
            log = Some(Log {
                pages: row.get(1)?,
                moved: row.get(2)?,
            });
            Ok(false)
        });
        // Between transactions there is none to lose.
        self.lost.set(None);
        asked?;
        log.ok_or_else(|| Error::Failed("a checkpoint answered nothing".to_owned()))
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

/// The pages in the log, and those of them that are in the database file as well.
struct Log {
    pages: i64,
    moved: i64,
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
            Self::Id(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// What a row holds at `index`, counted from 0.
pub(crate) fn cell<'r>(row: &'r rusqlite::Row<'_>, index: usize) -> Result<Cell<'r>, Error> {
    let broken = |error: rusqlite::Error| Error::Failed(error.to_string());
    Ok(match row.get_ref(index).map_err(broken)? {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Int(number),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Cell::Text(text),
            Err(_) => Cell::Other("text that is no UTF-8"),
        },
        ValueRef::Blob(bytes) => Cell::Bytes(bytes),
        ValueRef::Real(_) => Cell::Other("real"),
    })
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

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;
    use crate::{schema::open_writing, value::values};

    #[test]
    fn a_statement_is_not_compiled_again_for_other_values() {
        let directory = tempfile::tempdir().unwrap();
        let sqlite = open_writing(&directory.path().join("test.db")).unwrap();
        let sql = "SELECT f.remark FROM friends f JOIN conversations c ON c.id = f.conversation_id
                   LEFT JOIN blocks b ON b.user_id = f.friend_id AND b.blocked_id = f.user_id
                   WHERE f.user_id = $1 AND f.friend_id = $2";
        for number in 0..3 {
            sqlite
                .query(sql, values![number, number + 1], &mut |_| Ok(true))
                .unwrap();
        }
        let statement = sqlite.connection.prepare_cached(sql).unwrap();
        assert_eq!(statement.get_status(StatementStatus::Run), 3);
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
    }

    #[test]
    fn only_a_failed_sync_ends_the_process() {
        assert!(sync_failed(ffi::SQLITE_IOERR_FSYNC));
        assert!(sync_failed(ffi::SQLITE_IOERR_DIR_FSYNC));
        assert!(!sync_failed(ffi::SQLITE_IOERR_WRITE));
        assert!(!sync_failed(ffi::SQLITE_FULL));
    }
}
