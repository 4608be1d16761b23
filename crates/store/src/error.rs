//! What can break: one error for every call, one for opening.

use std::{io, path::PathBuf};

/// Why a call on an open store broke. Refusals are not errors of the store: operations return their own.
///
/// The texts name tables, columns and SQLite's codes, never a stored value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The store was closed; nothing was done.
    #[error("the store is closed")]
    Closed,
    /// There is no space for a write. It was rolled back; reads go on, and writes do once there is space.
    #[error("no space is left for the database")]
    DiskFull,
    /// Another process held the database's write lock for longer than five seconds; nothing was done.
    #[error("another process keeps the database locked")]
    Busy,
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
    /// The data directory is missing and could not be made, or a thread could not be started.
    #[error("cannot set up the data directory {}: {source}", path.display())]
    Directory { path: PathBuf, source: io::Error },
    /// A later release of Hongyan has written this database.
    #[error(
        "the database {} has schema version {found}, but this release knows versions up to {known}: \
         start the release that wrote it, or a later one",
        path.display()
    )]
    Newer {
        path: PathBuf,
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
}
