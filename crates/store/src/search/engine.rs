//! The index, in whichever database it is.

use hongyan_protocol::id::ConversationId;

use super::{Candidate, Query, postgres, sqlite};
use crate::{Error, Tx, View, db::Connection};

/// Makes an empty index, whether or not there was one.
pub(super) fn create(tx: &mut Tx<'_>) -> Result<(), Error> {
    match tx.link.connection {
        Connection::Sqlite(_) => sqlite::create(tx),
        Connection::Postgres(_) => postgres::create(tx),
    }
}

/// Takes messages in, each under its names with spaces between them.
pub(super) fn add(tx: &mut Tx<'_>, messages: &[(i64, String)]) -> Result<(), Error> {
    match tx.link.connection {
        Connection::Sqlite(_) => sqlite::add(tx, messages),
        Connection::Postgres(_) => postgres::add(tx, messages),
    }
}

/// Takes a message out, which has to be there under just these names.
pub(super) fn remove(tx: &mut Tx<'_>, id: i64, names: &str) -> Result<(), Error> {
    match tx.link.connection {
        Connection::Sqlite(_) => sqlite::remove(tx, id, names),
        Connection::Postgres(_) => postgres::remove(tx, id),
    }
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
    match view.link.connection {
        Connection::Sqlite(_) => sqlite::candidates(view, query, among, before, limit),
        Connection::Postgres(_) => postgres::candidates(view, query, among, before, limit),
    }
}
