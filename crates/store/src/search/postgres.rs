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

/// Takes messages in: their ids, and the names of each, with `;` between them.
const ADD: &str = "
    INSERT INTO search_index (id, names)
    SELECT CAST(w.id AS BIGINT), CAST(w.names AS TSVECTOR)
    FROM unnest(string_to_array($1, ';'), string_to_array($2, ';')) AS w (id, names)";

/// Bytes of names from which on a statement takes no further message.
const LONGEST: usize = 1024 * 1024;

pub(super) fn create(tx: &mut Tx<'_>) -> Result<(), Error> {
    NEW.iter()
        .try_for_each(|sql| tx.execute(sql, &[]).map(drop))
}

/// Takes messages in, each under its names with spaces between them: many in a round trip.
pub(super) fn add(tx: &mut Tx<'_>, messages: &[(i64, String)]) -> Result<(), Error> {
    let (mut ids, mut names) = (String::new(), String::new());
    for (id, found_by) in messages {
        if names.len() >= LONGEST {
            tx.execute(ADD, values![&ids, &names])?;
            ids.clear();
            names.clear();
        }
        if !ids.is_empty() {
            ids.push(';');
            names.push(';');
        }
        // Writing into a text does not fail.
        let _ = write!(ids, "{id}");
        place(found_by, &mut names);
    }
    if ids.is_empty() {
        return Ok(());
    }
    tx.execute(ADD, values![&ids, &names]).map(drop)
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

/// Appends names with their places, as a `tsvector` is written: `c0f…:1 h_4e0a_:2 wnew:3`.
fn place(names: &str, text: &mut String) {
    for (place, name) in (1..).zip(names.split(' ')) {
        // Writing into a text does not fail.
        let _ = write!(text, "{name}:{place} ");
    }
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
