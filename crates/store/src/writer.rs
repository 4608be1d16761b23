//! The one thread that writes: batches, savepoints, commits.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, OnceLock,
        mpsc::{self, RecvTimeoutError},
    },
    thread::JoinHandle,
    time::Duration,
};

use tokio::sync::oneshot;

use crate::{
    Error, Expected, Tx,
    answering::{Answering, Committed},
    db::Link,
    search::Behind,
};

/// How soon, when nobody writes, it is looked whether the database can be written again.
const AGAIN: Duration = Duration::from_millis(100);

enum Order {
    Job(Box<dyn Job>),
    Close,
}

/// The queue to the writing thread.
pub(crate) struct Writer {
    queue: mpsc::Sender<Order>,
    unsure: Unsure,
}

/// What is done when a commit may have happened of which nothing was told.
type Unsure = Arc<OnceLock<Box<dyn Fn() + Send + Sync>>>;

impl Writer {
    pub(crate) fn start(
        link: Link,
        answering: Answering,
        batch: usize,
    ) -> io::Result<(Self, JoinHandle<()>)> {
        let (queue, orders) = mpsc::channel();
        let unsure = Unsure::default();
        let then = Arc::clone(&unsure);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run(link, &orders, &answering, batch, &then))?;
        Ok((Self { queue, unsure }, thread))
    }

    /// What is done when a commit may have happened of which nothing was told; the first to say so is heard.
    pub(crate) fn when_unsure(&self, then: impl Fn() + Send + Sync + 'static) {
        let _ = self.unsure.set(Box::new(then));
    }

    /// Queues `operation` at once; the future only waits for the answer.
    pub(crate) fn submit<T, E, F, N>(
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
        let (answer, answered) = oneshot::channel();
        // A refused job is dropped, and so is its end of the answer: the future then says that the store is closed.
        let _ = self.queue.send(Order::Job(Box::new(Write {
            expected,
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

fn run(
    link: Link,
    orders: &mpsc::Receiver<Order>,
    answering: &Answering,
    limit: usize,
    unsure: &Unsure,
) {
    let mut batch = Vec::with_capacity(limit);
    let mut behind = Behind::new();
    let mut open = true;
    // Until the database was written once more: whoever writes next waits for the end of what was being committed, so
    // that from then on it can be read whether it was.
    let mut doubtful = false;
    while open {
        let patience = behind.patience();
        match next(orders, if doubtful { Some(AGAIN) } else { patience }) {
            Ok(Order::Job(job)) => batch.push(job),
            Ok(Order::Close) | Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) if doubtful => {
                doubtful = link.write_alone(|tx| tx.check()).is_err();
                if !doubtful {
                    answering.finish(vec![Box::new(Arc::clone(unsure))]);
                }
                continue;
            }
            Err(RecvTimeoutError::Timeout) => {
                behind.catch_up(&link);
                link.tidy();
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
        match commit(&link, &mut batch) {
            Ok(()) => {
                // First, for what is told next comes after what nobody was told of.
                let first = std::mem::take(&mut doubtful).then(|| Arc::clone(unsure));
                let first = first.map(|unsure| Box::new(unsure) as Box<dyn Committed>);
                let done = batch.drain(..).map(|job| job as Box<dyn Committed>);
                answering.finish(first.into_iter().chain(done).collect());
                behind.committed(&link);
            }
            Err((error, committing)) => {
                doubtful |= committing && error == Error::Lost;
                link.roll_back();
                tracing::error!(%error, operations = batch.len(), "a transaction was rolled back");
                batch.drain(..).for_each(|job| job.fail(error.clone()));
            }
        }
        link.tidy();
    }
    link.close();
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

/// Runs every job in one transaction. After an error nothing of it is in the database, unless the error says that this is
/// unknown and came, as is said beside it, of the commit itself.
fn commit(link: &Link, batch: &mut [Box<dyn Job>]) -> Result<(), (Error, bool)> {
    run_all(link, batch).map_err(|error| (error, false))?;
    link.commit().map_err(|error| (error, true))
}

fn run_all(link: &Link, batch: &mut [Box<dyn Job>]) -> Result<(), Error> {
    link.begin_write()?;
    link.look_ahead(batch.iter().filter_map(|job| job.expected()))?;
    for job in batch {
        link.begin_operation()?;
        let keep = job.run(&mut Tx::new(link));
        link.end_operation(keep)?;
    }
    Ok(())
}

/// A queued operation, whatever its types are.
trait Job: Committed {
    /// The message that the operation is going to append.
    fn expected(&self) -> Option<&Expected>;
    /// Runs the operation and says whether what it wrote is to be kept.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// The transaction is lost.
    fn fail(self: Box<Self>, error: Error);
}

struct Write<T, E, F, N> {
    expected: Option<Expected>,
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
    fn expected(&self) -> Option<&Expected> {
        self.expected.as_ref()
    }

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

    fn fail(self: Box<Self>, error: Error) {
        let _ = self.answer.send(Err(error.into()));
    }
}

impl Committed for Unsure {
    fn finish(self: Box<Self>) {
        if let Some(then) = self.get() {
            then();
        }
    }
}

impl<T, E, F, N> Committed for Write<T, E, F, N>
where
    F: Send,
    N: FnOnce(&T) + Send,
    T: Send,
    E: Send,
{
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
}
