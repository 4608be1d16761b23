//! What can break: one error for every call, one for opening.

use std::{io, path::PathBuf};

/// Why a call on an open store broke. Refusals are not errors of the store: operations return their own.
///
/// The texts name tables, columns and the database's codes, never a stored value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The store was closed; nothing was done.
    #[error("the store is closed")]
    Closed,
    /// There is no space for a write. It was rolled back; reads go on, and writes do once there is space.
    #[error("no space is left for the database")]
    DiskFull,
    /// Another process held the database's write lock for longer than five seconds, or PostgreSQL gave this transaction
    /// up for another; nothing was done.
    #[error("another process keeps the database locked")]
    Busy,
    /// There is no connection to PostgreSQL, and there was none a moment ago; nothing was done.
    #[error("the database cannot be reached")]
    Unreachable,
    /// The connection to PostgreSQL broke, or gave no answer in time. What was being written is there or is not.
    #[error("the connection to the database was lost; what was being written may be stored or not")]
    Lost,
    /// Another server has this PostgreSQL database; nothing was done.
    #[error("the database is in use by another server")]
    Claimed,
    /// The operation panicked and was rolled back.
    #[error("an operation on the store panicked")]
    Panicked,
    /// Anything else the database says; what was being done was rolled back.
    #[error("the database failed: {0}")]
    Failed(String),
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data directory is missing and could not be made.
    #[error("cannot set up the data directory {}: {source}", path.display())]
    Directory { path: PathBuf, source: io::Error },
    #[error("cannot start a thread for the database: {0}; allow this user more of them")]
    Thread(io::Error),
    /// A later release of Hongyan has written this database.
    #[error(
        "the database {place} has schema version {found}, but this release knows versions up to {known}: \
         start the release that wrote it, or a later one"
    )]
    Newer {
        /// The file, or the URL without its password.
        place: String,
        found: u32,
        known: u32,
    },
    /// The file is no database, is damaged, or cannot be read or written.
    #[error(
        "cannot open the database {}: {source}; check that the user who runs hongyan may write there, or restore it \
         from a backup",
        path.display()
    )]
    Database { path: PathBuf, source: Error },
    /// PostgreSQL cannot be reached or does not let us in, or its database is not as it has to be.
    #[error(
        "cannot use the database {place}: {source}; check the URL, that the server runs, and that its user may make tables"
    )]
    Unusable { place: String, source: Error },
    /// Another server has this PostgreSQL database.
    #[error("the database {place} is in use by another server; stop that one first")]
    InUse { place: String },
    /// PostgreSQL is older than this release was tested with.
    #[error("the database {place} is PostgreSQL {found}, but 14 or later is needed: upgrade it")]
    OldServer { place: String, found: String },
}
