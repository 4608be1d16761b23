//! The one thread that writes: batches, savepoints, commits, answers.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{self, RecvTimeoutError},
    thread::JoinHandle,
    time::Duration,
};

use tokio::sync::oneshot;

use crate::{
    Error, Tx,
    db::{Link, View},
    search::Behind,
};

/// Pages in the write-ahead log that make the writer move them into the database file: 16 MiB.
const CHECKPOINT_PAGES: i64 = 4000;

/// Pages in the log, moved or not, from which the writer waits for the readers so that the log starts anew: 160 MiB.
const RESTART_PAGES: i64 = 10 * CHECKPOINT_PAGES;

enum Order {
    Job(Box<dyn Job>),
    Close,
}

/// The queue to the writing thread.
pub(crate) struct Writer {
    queue: mpsc::Sender<Order>,
}

impl Writer {
    pub(crate) fn start(link: Link, batch: usize) -> io::Result<(Self, JoinHandle<()>)> {
        let (queue, orders) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run(&link, &orders, batch))?;
        Ok((Self { queue }, thread))
    }

    /// Queues `operation` at once; the future only waits for the answer.
    pub(crate) fn submit<T, E, F, N>(
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
        let (answer, answered) = oneshot::channel();
        // A refused job is dropped, and so is its end of the answer: the future then says that the store is closed.
        let _ = self.queue.send(Order::Job(Box::new(Write {
            operation: Some(operation),
            result: None,
            then,
            answer,
        })));
        async move { answered.await.unwrap_or_else(|_| Err(Error::Closed.into())) }
    }

    /// Lets the thread end once it has done what is queued before this.
    pub(crate) fn close(&self) {
        let _ = self.queue.send(Order::Close);
    }
}

fn run(link: &Link, orders: &mpsc::Receiver<Order>, limit: usize) {
    let mut batch = Vec::with_capacity(limit);
    let mut behind = Behind::new();
    let mut open = true;
    while open {
        match next(orders, behind.patience()) {
            Ok(Order::Job(job)) => batch.push(job),
            Ok(Order::Close) | Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                behind.catch_up(link);
                checkpoint_when_due(link);
                continue;
            }
        }
        while open && batch.len() < limit {
            match orders.try_recv() {
                Ok(Order::Job(job)) => batch.push(job),
                Ok(Order::Close) => open = false,
                Err(_) => break,
            }
        }
        match commit(link, &mut batch) {
            Ok(()) => {
                batch.drain(..).for_each(|job| job.finish());
                behind.committed(link);
            }
            Err(error) => {
                link.roll_back();
                tracing::error!(%error, operations = batch.len(), "a transaction was rolled back");
                batch.drain(..).for_each(|job| job.fail(error.clone()));
            }
        }
        checkpoint_when_due(link);
    }
    if let Err(error) = checkpoint(link, "PRAGMA wal_checkpoint(TRUNCATE)") {
        tracing::warn!(%error, "the last checkpoint failed; the next start catches up");
    }
}

/// The next order; with `patience` only when there is one in that time.
fn next(
    orders: &mpsc::Receiver<Order>,
    patience: Option<Duration>,
) -> Result<Order, RecvTimeoutError> {
    match patience {
        Some(patience) => orders.recv_timeout(patience),
        None => orders.recv().map_err(RecvTimeoutError::from),
    }
}

/// Runs every job in one transaction. After an error nothing of it is in the database.
fn commit(link: &Link, batch: &mut [Box<dyn Job>]) -> Result<(), Error> {
    link.begin("BEGIN IMMEDIATE")?;
    for job in batch {
        link.control("SAVEPOINT operation")?;
        let keep = job.run(&mut Tx::new(link));
        if let Some(error) = link.take_lost() {
            return Err(error);
        }
        if keep {
            link.members.borrow_mut().keep();
        } else {
            link.members.borrow_mut().forget_fresh();
            link.control("ROLLBACK TO operation")?;
        }
        link.control("RELEASE operation")?;
    }
    link.control("COMMIT")
}

/// Moves the log into the database file, after the answers rather than within a commit that somebody waits for (where
/// SQLite would also keep a failed sync to itself). What a reader still needs stays in the log until the next time.
fn checkpoint_when_due(link: &Link) {
    let done = checkpoint(link, "PRAGMA wal_checkpoint(NOOP)").and_then(|log| {
        if log.pages - log.moved < CHECKPOINT_PAGES {
            Ok(log)
        } else if log.pages < RESTART_PAGES {
            checkpoint(link, "PRAGMA wal_checkpoint(PASSIVE)")
        } else {
            checkpoint(link, "PRAGMA wal_checkpoint(RESTART)")
        }
    });
    if let Err(error) = done {
        tracing::error!(%error, "a checkpoint failed; the log grows until one succeeds");
    }
}

/// The pages in the log, and those of them that are in the database file as well.
struct Log {
    pages: i64,
    moved: i64,
}

fn checkpoint(link: &Link, pragma: &str) -> Result<Log, Error> {
    let log = View { link }.row(pragma, &[], |row| {
        Ok(Log {
            pages: row.get(1)?,
            moved: row.get(2)?,
        })
    });
    // Between transactions there is none to lose.
    link.take_lost();
    log?.ok_or_else(|| Error::Failed("a checkpoint answered nothing".to_owned()))
}

/// A queued operation, whatever its types are.
trait Job: Send {
    /// Runs the operation and says whether what it wrote is to be kept.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// The transaction is committed.
    fn finish(self: Box<Self>);
    /// The transaction is lost.
    fn fail(self: Box<Self>, error: Error);
}

struct Write<T, E, F, N> {
    operation: Option<F>,
    result: Option<Result<T, E>>,
    then: N,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F, N> Job for Write<T, E, F, N>
where
    F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send,
    N: FnOnce(&T) + Send,
    T: Send,
    E: From<Error> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        let Some(operation) = self.operation.take() else {
            return false;
        };
        let result = catch_unwind(AssertUnwindSafe(|| operation(tx)))
            .unwrap_or_else(|_| Err(Error::Panicked.into()));
        let keep = result.is_ok();
        self.result = Some(result);
        keep
    }

    fn finish(self: Box<Self>) {
        let Self {
            result,
            then,
            answer,
            ..
        } = *self;
        if let Some(Ok(value)) = &result
            && catch_unwind(AssertUnwindSafe(|| then(value))).is_err()
        {
            tracing::error!("what follows a commit panicked");
        }
        // Nobody may wait any more; and a job that never ran has nothing to say.
        if let Some(result) = result {
            let _ = answer.send(result);
        }
    }

    fn fail(self: Box<Self>, error: Error) {
        let _ = self.answer.send(Err(error.into()));
    }
}
