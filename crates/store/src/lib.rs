//! What is remembered: accounts, friends, groups and messages, in SQLite or PostgreSQL behind one API.
//!
//! One thread writes. It takes every operation that waits, runs each in one transaction, with a savepoint where it may have to be
//! undone, commits once, and only then answers: a lone write waits for nothing, and load makes its own batches. A few threads read.
//! Operations are closures over a [`View`] (reading) or a [`Tx`] (writing) and must not block on anything else.

mod answering;
mod block;
mod change;
mod conversation;
mod cursor;
mod db;
mod error;
mod file;
mod friend;
mod friend_apply;
mod group;
mod group_apply;
mod group_invite;
mod group_member;
mod keep;
mod message;
mod postgres;
mod reaction;
mod reader;
mod schema;
mod search;
mod session;
mod sqlite;
mod user;
mod value;
mod writer;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

#[cfg(test)]
mod tests;

use std::{
    fmt, fs,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

pub use change::{Change, ChangeKind, Entry};
pub use conversation::{Conversation, ConversationKind, ListPlace, Listed, MOST_UNREAD, Unread};
pub use cursor::{Cursor, Kept, Waiting};
pub use db::{Tx, View};
pub use error::{Error, OpenError};
pub use file::{File, SMALLEST_SHARE, Thumb};
pub use friend::{Contact, Friend, Friendship};
pub use friend_apply::{ApplyState, FriendApply, NewFriendApply, PastFriendApply};
pub use group::{Group, GroupChange, JoinedGroup, NewGroup};
pub use group_apply::{GroupApply, NewGroupApply};
pub use group_invite::{GroupInvite, NewGroupInvite, PastGroupInvite};
pub use group_member::{Member, Members, Membership};
pub use keep::{Sweepable, Wishes};
pub use message::{Appended, Draft, Expected, Stored};
pub use postgres::{DatabaseUrl, UrlError};
pub use reaction::Reaction;
pub use search::{Found, FoundPage, Piece, Query, Search};
pub use session::{NewSession, Session};
pub use user::{NewUser, ProfileChange, User};

use tokio::task;

use crate::{
    answering::Answering,
    db::{Connection, Link},
    postgres::{Postgres, Role, Server},
    reader::Readers,
    writer::Writer,
};

/// Most rows that a list of pending applications or invitations has; older ones appear when newer ones are answered.
pub const LONGEST_LIST: u32 = 500;

/// How to open a [`Store`].
#[derive(Clone, Debug)]
pub struct Options {
    pub database: Database,
    /// Threads that read, at least 1; with PostgreSQL each has a connection.
    pub readers: usize,
    /// Most operations in one transaction, at least 1.
    pub batch: usize,
    /// Whether to be the only server on a PostgreSQL database for as long as the store is open. (On SQLite the owner of
    /// the data directory sees to that.)
    pub serve: bool,
}

/// Where a store keeps what it remembers.
#[derive(Clone, Debug)]
pub enum Database {
    /// In `hongyan.db` in this directory, which is made, readable by its owner only, when missing.
    Sqlite(PathBuf),
    Postgres(DatabaseUrl),
}

impl Options {
    /// A file in this directory, two readers and batches of up to 1,000.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            database: Database::Sqlite(data_dir.into()),
            readers: 2,
            batch: 1000,
            serve: false,
        }
    }

    /// A PostgreSQL database, four readers (they wait for answers, not for a processor) and batches of up to 1,000.
    #[must_use]
    pub fn postgres(url: DatabaseUrl) -> Self {
        Self {
            database: Database::Postgres(url),
            readers: 4,
            batch: 1000,
            serve: false,
        }
    }
}

/// A cheap handle on the open database; the database closes with [`close`](Self::close) or after the last handle.
///
/// The queues behind it have no bound of their own: callers bound them, to at most the operations a connection may have
/// under way times the connections.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    writer: Writer,
    readers: Readers,
    epoch: String,
    threads: Mutex<Threads>,
}

#[derive(Default)]
struct Threads {
    readers: Vec<JoinHandle<()>>,
    writer: Option<JoinHandle<()>>,
    answering: Option<task::JoinHandle<()>>,
}

/// Every connection of a store.
struct Links {
    write: Link,
    read: Vec<Link>,
    epoch: String,
}

impl Links {
    fn in_file(data_dir: &Path, options: &Options) -> Result<Self, OpenError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(data_dir)
            .map_err(|source| OpenError::Directory {
                path: data_dir.to_owned(),
                source,
            })?;
        let path = data_dir.join("hongyan.db");
        let broken = |source| OpenError::Database {
            path: path.clone(),
            source,
        };
        let write = schema::open_writing(&path)?;
        let read = || schema::open_reading(&path).map(Connection::Sqlite);
        Self::new(Connection::Sqlite(write), read, options).map_err(broken)
    }

    fn to_postgres(url: &DatabaseUrl, options: &Options) -> Result<Self, OpenError> {
        let broken = |source| OpenError::Unusable {
            place: url.to_string(),
            source,
        };
        let server = Arc::new(Server::new(url).map_err(broken)?);
        postgres::migrate(&server)?;
        let role = if options.serve {
            Role::Serve
        } else {
            Role::Write
        };
        let open = |role| {
            Postgres::open(Arc::clone(&server), role)
                .map(|postgres| Connection::Postgres(Box::new(postgres)))
        };
        let write = open(role).map_err(|error| match error {
            Error::Claimed => OpenError::InUse {
                place: url.to_string(),
            },
            error => broken(error),
        })?;
        Self::new(write, || open(Role::Read), options).map_err(broken)
    }

    fn new(
        write: Connection,
        read: impl Fn() -> Result<Connection, Error>,
        options: &Options,
    ) -> Result<Self, Error> {
        let write = Link::new(write);
        let epoch = schema::epoch(&write)?;
        schema::prepare_index(&write)?;
        let read = (0..options.readers.max(1))
            .map(|_| read().map(Link::new))
            .collect::<Result<_, _>>()?;
        Ok(Self { write, read, epoch })
    }
}

impl Store {
    /// Opens the database, making or migrating it when needed. Blocks; call it before serving.
    pub fn open(options: &Options) -> Result<Self, OpenError> {
        let Links { write, read, epoch } = match &options.database {
            Database::Sqlite(data_dir) => Links::in_file(data_dir, options)?,
            // The driver's runtime may not run on a thread that has another one.
            Database::Postgres(url) => {
                thread::scope(|scope| scope.spawn(|| Links::to_postgres(url, options)).join())
                    .unwrap_or(Err(OpenError::Unusable {
                        place: url.to_string(),
                        source: Error::Panicked,
                    }))?
            }
        };
        let (answering, answering_task) = Answering::start();
        let (writer, thread) =
            Writer::start(write, answering, options.batch.max(1)).map_err(OpenError::Thread)?;
        let (readers, reader_threads) = Readers::start(read).map_err(OpenError::Thread)?;
        Ok(Self {
            shared: Arc::new(Shared {
                writer,
                readers,
                epoch,
                threads: Mutex::new(Threads {
                    readers: reader_threads,
                    writer: Some(thread),
                    answering: answering_task,
                }),
            }),
        })
    }

    /// Runs `operation` inside the writer's next transaction.
    ///
    /// It is queued when this is called, not when the future is first polled: operations run in the order of the calls.
    /// It runs even if the future is dropped. `Ok` is answered after the commit is on the disk; an `Err` of the operation
    /// undoes what this operation wrote and nothing else. When the transaction as a whole cannot be committed, every
    /// operation in it answers with the reason.
    pub fn write<T, E, F>(
        &self,
        operation: F,
    ) -> impl Future<Output = Result<T, E>> + Send + use<T, E, F>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.shared.writer.submit(None, operation, |_: &T| ())
    }

    /// As [`write`](Self::write); `then` runs after the commit, in the order of the log and before the answer, also when
    /// nobody waits for the answer. It runs on the runtime in which the store was opened and must not block.
    pub fn write_then<T, E, F, N>(
        &self,
        operation: F,
        then: N,
    ) -> impl Future<Output = Result<T, E>> + Send + use<T, E, F, N>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        N: FnOnce(&T) + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.write_expecting(None, operation, then)
    }

    /// As [`write_then`](Self::write_then); `expected` is the message that the operation is going to append. With
    /// PostgreSQL a batch of these takes a few round trips together; of other operations each takes some.
    pub fn write_expecting<T, E, F, N>(
        &self,
        expected: Option<Expected>,
        operation: F,
        then: N,
    ) -> impl Future<Output = Result<T, E>> + Send + use<T, E, F, N>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        N: FnOnce(&T) + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.shared.writer.submit(expected, operation, then)
    }

    /// Has `then` run, once, whenever the connection to the database was lost while it was committing: what it was told to
    /// keep may be stored although the answer was [`Error::Lost`] and nothing that follows a commit ran. `then` runs as that
    /// does, before what follows any later commit, and no sooner than whether it is stored can be read.
    ///
    /// To be called once, with what the program does about it.
    pub fn when_unsure(&self, then: impl Fn() + Send + Sync + 'static) {
        self.shared.writer.when_unsure(then);
    }

    /// Runs `operation` on a reader's thread; all it reads is one moment's state, with every answered write in it.
    pub fn read<T, E, F>(
        &self,
        operation: F,
    ) -> impl Future<Output = Result<T, E>> + Send + use<T, E, F>
    where
        F: FnOnce(&View<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.shared.readers.submit(operation)
    }

    /// Random text made with the database: when it differs, clients' sequence numbers mean nothing any more.
    #[must_use]
    pub fn epoch(&self) -> &str {
        &self.shared.epoch
    }

    /// Answers `Ok` when a reader and the writer both still do their work; waits in both queues, so give it a deadline.
    pub async fn check(&self) -> Result<(), Error> {
        self.read(|view| view.check()).await?;
        self.write(|tx| tx.check()).await
    }

    /// Finishes what is queued, moves the log into the database file and ends the threads. Later calls, through any
    /// handle, answer [`Error::Closed`]. Closing again does nothing.
    pub async fn close(&self) {
        let threads = std::mem::take(
            &mut *self
                .shared
                .threads
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        let shared = Arc::clone(&self.shared);
        let joined = task::spawn_blocking(move || {
            // The readers first: the writer's last checkpoint then finds nobody in its way.
            shared.readers.close();
            for reader in threads.readers {
                let _ = reader.join();
            }
            shared.writer.close();
            if let Some(writer) = threads.writer {
                let _ = writer.join();
            }
        });
        let _ = joined.await;
        if let Some(answering) = threads.answering {
            let _ = answering.await;
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}
