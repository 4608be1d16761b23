//! The one thread that writes: batches, savepoints, commits.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{self, RecvTimeoutError},
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

enum Order {
    Job(Box<dyn Job>),
    Close,
}

/// The queue to the writing thread.
pub(crate) struct Writer {
    queue: mpsc::Sender<Order>,
}

impl Writer {
    pub(crate) fn start(
        link: Link,
        answering: Answering,
        batch: usize,
    ) -> io::Result<(Self, JoinHandle<()>)> {
        let (queue, orders) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run(link, &orders, &answering, batch))?;
        Ok((Self { queue }, thread))
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

fn run(link: Link, orders: &mpsc::Receiver<Order>, answering: &Answering, limit: usize) {
    let mut batch = Vec::with_capacity(limit);
    let mut behind = Behind::new();
    let mut open = true;
    while open {
        match next(orders, behind.patience()) {
            Ok(Order::Job(job)) => batch.push(job),
            Ok(Order::Close) | Err(RecvTimeoutError::Disconnected) => break,
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
                let done = batch.drain(..).map(|job| job as Box<dyn Committed>);
                answering.finish(done.collect());
                behind.committed(&link);
            }
            Err(error) => {
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
/// unknown.
fn commit(link: &Link, batch: &mut [Box<dyn Job>]) -> Result<(), Error> {
    link.begin_write()?;
    link.look_ahead(batch.iter().filter_map(|job| job.expected()))?;
    for job in batch {
        link.begin_operation()?;
        let keep = job.run(&mut Tx::new(link));
        link.end_operation(keep)?;
    }
    link.commit()
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
