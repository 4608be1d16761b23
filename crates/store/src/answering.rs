//! What follows a commit: telling and answering, on a task of the runtime rather than on the writer's thread.
//!
//! Those who wait are tasks of that runtime. To wake each of them from another thread costs a system call and, where
//! cores are few, a change of threads; a task beside them is woken once for a batch.

use tokio::{
    runtime::Handle,
    sync::mpsc::{self, error::SendError},
    task::{JoinHandle, coop::consume_budget},
};

/// Committed batches that wait for the task; at the bound the writer waits, so that load slows down those who make it.
const WAITING: usize = 2;

/// An operation whose transaction is committed.
pub(crate) trait Committed: Send {
    /// Does what follows, then answers.
    fn finish(self: Box<Self>);
}

type Batch = Vec<Box<dyn Committed>>;

/// The way of committed batches to the task.
pub(crate) struct Answering {
    /// `None` where there is no runtime.
    batches: Option<mpsc::Sender<Batch>>,
}

impl Answering {
    /// With a task on the runtime that this is called in, which ends with the last batch; without a runtime, without one.
    pub(crate) fn start() -> (Self, Option<JoinHandle<()>>) {
        let Ok(runtime) = Handle::try_current() else {
            return (Self { batches: None }, None);
        };
        let (batches, mut committed) = mpsc::channel::<Batch>(WAITING);
        let task = runtime.spawn(async move {
            while let Some(batch) = committed.recv().await {
                for operation in batch {
                    operation.finish();
                    consume_budget().await;
                }
            }
        });
        let batches = Some(batches);
        (Self { batches }, Some(task))
    }

    /// Has every operation finished, in this order and before those of a later call.
    pub(crate) fn finish(&self, batch: Batch) {
        let left = match &self.batches {
            Some(batches) => match batches.blocking_send(batch) {
                Ok(()) => return,
                // The runtime is gone, and with it most who wait.
                Err(SendError(batch)) => batch,
            },
            None => batch,
        };
        left.into_iter().for_each(Committed::finish);
    }
}
