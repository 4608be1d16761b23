//! What is remembered: accounts, friends, groups and messages, in SQLite behind one API.
//!
//! One thread writes. It takes every operation that waits, runs each in its own savepoint of one transaction, commits
//! once, and only then answers: a lone write waits for nothing, and load makes its own batches. A few threads read.
//! Operations are closures over a [`View`] (reading) or a [`Tx`] (writing) and must not block on anything else.

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
mod reaction;
mod reader;
mod schema;
mod search;
mod session;
mod user;
mod value;
mod writer;

#[cfg(test)]
mod tests;

use std::{
    fmt, fs,
    os::unix::fs::DirBuilderExt,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};

pub use change::{Change, ChangeKind, Entry};
pub use conversation::{Conversation, ConversationKind, ListPlace, Listed, MOST_UNREAD};
pub use cursor::Cursor;
pub use db::{Tx, View};
pub use error::{Error, OpenError};
pub use file::{File, SMALLEST_SHARE, Thumb};
pub use friend::{Contact, Friend, Friendship};
pub use friend_apply::{ApplyState, FriendApply, NewFriendApply, PastFriendApply};
pub use group::{Group, GroupChange, JoinedGroup, NewGroup};
pub use group_apply::{GroupApply, NewGroupApply};
pub use group_invite::{GroupInvite, NewGroupInvite};
pub use group_member::{Member, Members, Membership};
pub use keep::{Sweepable, Wishes};
pub use message::{Appended, Draft, Kept, Stored};
pub use reaction::Reaction;
pub use search::{Found, FoundPage, Piece, Query, Search};
pub use session::{NewSession, Session};
pub use user::{NewUser, ProfileChange, User};

use crate::{reader::Readers, writer::Writer};

/// Most rows that a list of pending applications or invitations has; older ones appear when newer ones are answered.
pub const LONGEST_LIST: u32 = 500;

/// How to open a [`Store`].
#[derive(Clone, Debug)]
pub struct Options {
    /// Where `hongyan.db` lives; made, readable by its owner only, when missing.
    pub data_dir: PathBuf,
    /// Threads that read, at least 1.
    pub readers: usize,
    /// Most operations in one transaction, at least 1.
    pub batch: usize,
}

impl Options {
    /// Two readers and batches of up to 1,000.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            readers: 2,
            batch: 1000,
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
}

impl Store {
    /// Opens the database, making or migrating it when needed. Blocks; call it before serving.
    pub fn open(options: &Options) -> Result<Self, OpenError> {
        let directory = |source| OpenError::Directory {
            path: options.data_dir.clone(),
            source,
        };
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&options.data_dir)
            .map_err(directory)?;
        let path = options.data_dir.join("hongyan.db");
        let broken = |source| OpenError::Database {
            path: path.clone(),
            source,
        };

        let write_link = schema::open_writing(&path)?;
        let epoch = schema::epoch(&write_link).map_err(broken)?;
        schema::prepare_index(&write_link).map_err(broken)?;
        let read_links = (0..options.readers.max(1))
            .map(|_| schema::open_reading(&path).map_err(broken))
            .collect::<Result<Vec<_>, _>>()?;

        let (writer, thread) =
            Writer::start(write_link, options.batch.max(1)).map_err(directory)?;
        let (readers, reader_threads) = Readers::start(read_links).map_err(directory)?;
        Ok(Self {
            shared: Arc::new(Shared {
                writer,
                readers,
                epoch,
                threads: Mutex::new(Threads {
                    readers: reader_threads,
                    writer: Some(thread),
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
        self.shared.writer.submit(operation, |_: &T| ())
    }

    /// As [`write`](Self::write); `then` runs on the writer's thread right after the commit, in the order of the log,
    /// before any later batch and before the answer, also when nobody waits for the answer. It must not block.
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
        self.shared.writer.submit(operation, then)
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
        let joined = tokio::task::spawn_blocking(move || {
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
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}
