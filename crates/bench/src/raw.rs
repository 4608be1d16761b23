//! The floor under every figure of writing: bare inserts into the same SQLite, so many in each synced transaction.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use rusqlite::Connection;

/// Conversations among which the rows are spread.
const CONVERSATIONS: i64 = 200;

/// Inserts rows like those of messages for `time`, `batch` in each transaction; gives rows a second.
///
/// It is kinder than what a server can do: conversations have short numbers in place of 16-byte ids, there is one index
/// and nothing is looked up; and every transaction is full, while a server answers some senders as others write.
pub(crate) fn rows_per_second(folder: &Path, batch: u32, time: Duration) -> Result<f64> {
    let folder =
        tempfile::tempdir_in(folder).context("cannot make a folder for the raw inserts")?;
    let connection = Connection::open(folder.path().join("raw.db"))?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;
         PRAGMA cache_size = -32768;
         CREATE TABLE messages (id INTEGER PRIMARY KEY, conversation_id INTEGER NOT NULL, seq INTEGER NOT NULL,
         msg_id BLOB NOT NULL, sender_id BLOB NOT NULL, msg TEXT NOT NULL, created_at INTEGER NOT NULL);
         CREATE UNIQUE INDEX messages_seq ON messages (conversation_id, seq);",
    )?;
    let (text, mut rows) = ("x".repeat(128), 0_i64);
    let start = Instant::now();
    while start.elapsed() < time {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for _ in 0..batch {
            let mut id = [0; 16];
            id[..8].copy_from_slice(&rows.to_be_bytes());
            connection
                .prepare_cached(
                    "INSERT INTO messages (conversation_id, seq, msg_id, sender_id, msg, created_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute((rows % CONVERSATIONS, rows / CONVERSATIONS, id, id, &text, rows))?;
            rows += 1;
        }
        connection.execute_batch("COMMIT")?;
    }
    Ok(rows as f64 / start.elapsed().as_secs_f64())
}
