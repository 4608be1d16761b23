//! The index in PostgreSQL: a `tsvector` for each message, in a GIN index.
//!
//! Names are lexemes as they are, so nothing of PostgreSQL's own parsing and stemming is between them and a query: both
//! databases find the same.

use std::fmt::Write;

use hongyan_protocol::id::ConversationId;

use super::{Candidate, Query, conversation_name, rows};
use crate::{Error, Tx, View, value::values};

/// Every statement that makes an empty index, whether or not there was one.
const NEW: &[&str] = &[
    "DROP TABLE IF EXISTS search_index",
    "CREATE TABLE search_index (id BIGINT PRIMARY KEY, names TSVECTOR NOT NULL)",
    "CREATE INDEX search_index_names ON search_index USING gin (names)",
];

pub(super) fn create(tx: &mut Tx<'_>) -> Result<(), Error> {
    NEW.iter()
        .try_for_each(|sql| tx.execute(sql, &[]).map(drop))
}

/// Takes a message in, under these names with spaces between them.
pub(super) fn add(tx: &mut Tx<'_>, id: i64, names: &str) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO search_index (id, names) VALUES ($1, CAST($2 AS TSVECTOR))",
        values![id, &placed(names)],
    )
    .map(drop)
}

/// Takes a message out, if it is there.
pub(super) fn remove(tx: &mut Tx<'_>, id: i64) -> Result<(), Error> {
    tx.execute("DELETE FROM search_index WHERE id = $1", values![id])
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
        "SELECT m.id, m.conversation_id, m.seq FROM search_index s JOIN messages m ON m.id = s.id
         WHERE s.names @@ CAST($1 AS TSQUERY) AND s.id < $2 ORDER BY s.id DESC LIMIT $3",
        values![&expression(query, among), before, rows(limit)],
        Candidate::read,
    )
}

/// Names with their places, as a `tsvector` is written: `c0f…:1 h_4e0a_:2 wnew:3`.
fn placed(names: &str) -> String {
    let mut text = String::with_capacity(2 * names.len());
    for (place, name) in (1..).zip(names.split(' ')) {
        // Writing into a text does not fail.
        let _ = write!(text, "{name}:{place} ");
    }
    text
}

/// The query in PostgreSQL's language: `(c0f… | c1e…) & (h_4e0a_ <-> h_6d77_) & (wnew:*)`.
fn expression(query: &Query, among: &[ConversationId]) -> String {
    let mut phrases = Vec::new();
    if !among.is_empty() {
        let names: Vec<String> = among.iter().map(|&id| conversation_name(id)).collect();
        phrases.push(format!("({})", names.join(" | ")));
    }
    for (names, open) in query.names() {
        let open = if open { ":*" } else { "" };
        phrases.push(format!("({}{open})", names.join(" <-> ")));
    }
    phrases.join(" & ")
}
