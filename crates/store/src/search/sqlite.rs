//! The index in SQLite: FTS5, without the text in a second place.
//!
//! `secure-delete` takes what is removed out of the index at once (otherwise it would stay, marked as deleted, until a
//! later merge), and `PRAGMA secure_delete` overwrites the bytes. FTS5's own `contentless_delete` cannot do that.

use hongyan_protocol::id::ConversationId;

use super::{Candidate, Query, conversation_name, rows};
use crate::{Error, Tx, View, value::values};

/// Every statement that makes an empty index, whether or not there was one.
const NEW: &[&str] = &[
    "DROP TABLE IF EXISTS search_index",
    "CREATE VIRTUAL TABLE search_index USING fts5
     (names, content = '', columnsize = 0, tokenize = \"ascii tokenchars '_'\")",
    "INSERT INTO search_index (search_index, rank) VALUES ('secure-delete', 1)",
    "DROP TRIGGER IF EXISTS search_id_free",
    // The id of the newest message is given again when it is removed: then the index does not have it any more.
    "CREATE TRIGGER search_id_free AFTER DELETE ON messages
     WHEN NOT EXISTS (SELECT 1 FROM messages WHERE id > OLD.id)
     BEGIN
         UPDATE meta SET value = (SELECT COALESCE(MAX(id), 0) FROM messages)
         WHERE key = 'search_mark' AND CAST(value AS INTEGER) >= OLD.id;
     END",
];

pub(super) fn create(tx: &mut Tx<'_>) -> Result<(), Error> {
    NEW.iter()
        .try_for_each(|sql| tx.execute(sql, &[]).map(drop))
}

/// Takes messages in, each under its names with spaces between them.
pub(super) fn add(tx: &mut Tx<'_>, messages: &[(i64, String)]) -> Result<(), Error> {
    messages.iter().try_for_each(|(id, names)| {
        tx.execute(
            "INSERT INTO search_index (rowid, names) VALUES ($1, $2)",
            values![*id, names],
        )
        .map(drop)
    })
}

/// Takes a message out, which has to be there under just these names.
pub(super) fn remove(tx: &mut Tx<'_>, id: i64, names: &str) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO search_index (search_index, rowid, names) VALUES ('delete', $1, $2)",
        values![id, names],
    )
    .map(drop)
}

/// Up to `limit` messages before the id `before` that `query` finds, newest first; among those of
/// the conversations named, or of all when none is.
pub(super) fn candidates(
    view: &View<'_>,
    query: &Query,
    among: &[ConversationId],
    before: i64,
    limit: usize,
) -> Result<Vec<Candidate>, Error> {
    view.rows(
        "SELECT m.id, m.conversation_id, m.seq FROM search_index s CROSS JOIN messages m ON m.id = s.rowid
         WHERE s.search_index MATCH $1 AND s.rowid < $2 ORDER BY s.rowid DESC LIMIT $3",
        values![&expression(query, among), before, rows(limit)],
        Candidate::read,
    )
}

/// The query in FTS5's language: `("c0f…" OR "c1e…") AND "h_4e0a_ h_6d77_" AND "wnew" *`.
fn expression(query: &Query, among: &[ConversationId]) -> String {
    let mut phrases = Vec::new();
    if !among.is_empty() {
        let name = |&id| format!("\"{}\"", conversation_name(id));
        let names: Vec<String> = among.iter().map(name).collect();
        phrases.push(format!("({})", names.join(" OR ")));
    }
    for (names, open) in query.names() {
        let open = if open { " *" } else { "" };
        phrases.push(format!("\"{}\"{open}", names.join(" ")));
    }
    phrases.join(" AND ")
}
