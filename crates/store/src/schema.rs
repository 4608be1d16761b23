//! Opening the database file of SQLite: settings and migrations; and the epoch, which every database has.

use std::{fs::OpenOptions, os::unix::fs::OpenOptionsExt, path::Path, time::Duration};

use hongyan_protocol::id::MsgId;
use rusqlite::{Connection, config::DbConfig};

use crate::{
    Error, OpenError,
    db::{Link, Tx},
    sqlite::Sqlite,
    value::values,
};

/// Every version of the schema, oldest first; `PRAGMA user_version` counts those that a database has.
/// `conversations.mention_all_seq` and `cursors.mention_seq` are left from before unread messages were asked whom they name.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/sqlite/0001_initial.sql"),
    include_str!("../migrations/sqlite/0002_kept_messages.sql"),
    include_str!("../migrations/sqlite/0003_answered_requests.sql"),
    include_str!("../migrations/sqlite/0004_changes_in_the_log.sql"),
];

/// For how long a connection waits for another process that writes.
const BUSY: Duration = Duration::from_secs(5);

/// Statements kept compiled a connection: more than there are.
const STATEMENTS: usize = 128;

// No memory map: what is an error of a read would be a signal that ends the process. `temp_store` keeps savepoints of
// ordinary operations out of files, and the log is cut back to 64 MiB after it had to grow. What is deleted is overwritten.
const SETTINGS: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA temp_store = MEMORY;
    PRAGMA secure_delete = ON;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA journal_size_limit = 67108864;
";

/// The connection that writes, with the schema this release knows.
pub(crate) fn open_writing(path: &Path) -> Result<Sqlite, OpenError> {
    let unfit = |why: String| OpenError::Database {
        path: path.to_owned(),
        source: Error::Failed(why),
    };
    let broken = |error: rusqlite::Error| unfit(error.to_string());
    // SQLite gives its log the mode of the database.
    let private = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path);
    private.map_err(|error| unfit(error.to_string()))?;
    // What is recalled or swept is overwritten, so that no tool finds it in the file.
    let further = "PRAGMA cache_size = -32768; PRAGMA secure_delete = ON;";
    let mut connection = open(path, further).map_err(broken)?;
    if let Some(found) = migrate(&mut connection).map_err(broken)? {
        return Err(OpenError::Newer {
            place: path.display().to_string(),
            found,
            known: known(),
        });
    }
    Ok(Sqlite::new(connection))
}

/// A connection that reads.
pub(crate) fn open_reading(path: &Path) -> Result<Sqlite, Error> {
    open(path, "PRAGMA cache_size = -8192; PRAGMA query_only = ON;")
        .map(Sqlite::new)
        .map_err(|error| Error::Failed(error.to_string()))
}

fn open(path: &Path, further: &str) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Otherwise SQLite compiles many a kept statement again each time, in case a plan for just these values were better.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.execute_batch(SETTINGS)?;
    connection.execute_batch(further)?;
    Ok(connection)
}

fn known() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}

/// Brings the schema up to date; the version, untouched, of a database that is newer than this release.
fn migrate(connection: &mut Connection) -> rusqlite::Result<Option<u32>> {
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let found: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > known() {
        return Ok(Some(found));
    }
    for (number, sql) in (1..).zip(MIGRATIONS).skip(found as usize) {
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", number as u32)?;
        tracing::info!(version = number, "the database has a new schema");
    }
    transaction.commit()?;
    Ok(None)
}

/// Makes the index of messages where there is none that this release can use.
pub(crate) fn prepare_index(link: &Link) -> Result<(), Error> {
    link.write_alone(|tx| tx.prepare_index())
}

/// The database's epoch, made when it has none.
pub(crate) fn epoch(link: &Link) -> Result<String, Error> {
    link.write_alone(|tx| {
        tx.execute(
            "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING",
            values!["epoch", &MsgId::mint().to_string()],
        )?;
        tx.row(
            "SELECT value FROM meta WHERE key = $1",
            values!["epoch"],
            |row| row.get(0),
        )?
        .ok_or_else(|| Error::Failed("the database has no epoch".to_owned()))
    })
}

impl Tx<'_> {
    /// Says that this database was put back from a backup: every session ends, and with a new epoch clients know that
    /// their sequence numbers mean nothing any more. The open store goes by its old epoch. Gives the number of sessions.
    pub fn begin_epoch(&mut self) -> Result<usize, Error> {
        self.execute(
            "UPDATE meta SET value = $1 WHERE key = $2",
            values![&MsgId::mint().to_string(), "epoch"],
        )?;
        self.execute("DELETE FROM sessions", &[])
    }
}
