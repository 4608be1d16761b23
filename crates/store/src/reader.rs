//! The threads that read.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::JoinHandle,
};

use tokio::sync::oneshot;

use crate::{Error, View, db::Link};

type Job = Box<dyn FnOnce(&Link) + Send>;

enum Order {
    Job(Job),
    Close,
}

/// The queue to the reading threads.
pub(crate) struct Readers {
    queue: mpsc::Sender<Order>,
    count: usize,
}

impl Readers {
    /// One thread for each of `links`.
    pub(crate) fn start(links: Vec<Link>) -> io::Result<(Self, Vec<JoinHandle<()>>)> {
        let (queue, orders) = mpsc::channel();
        let orders = Arc::new(Mutex::new(orders));
        let count = links.len();
        let threads = links
            .into_iter()
            .enumerate()
            .map(|(number, link)| {
                let orders = Arc::clone(&orders);
                std::thread::Builder::new()
                    .name(format!("store-reader-{number}"))
                    .spawn(move || run(link, &orders))
            })
            .collect::<io::Result<_>>()?;
        Ok((Self { queue, count }, threads))
    }

    /// Queues `operation` at once; the future only waits for the answer.
    pub(crate) fn submit<T, E, F>(
        &self,
        operation: F,
    ) -> impl Future<Output = Result<T, E>> + Send + use<T, E, F>
    where
        F: FnOnce(&View<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let _ = self.queue.send(Order::Job(Box::new(move |link: &Link| {
            // Nobody waits: a read has no other effect than its answer.
            if !answer.is_closed() {
                let result = read(link, operation);
                let _ = answer.send(result);
                link.end_read();
            }
        })));
        async move { answered.await.unwrap_or_else(|_| Err(Error::Closed.into())) }
    }

    /// Lets every thread end once it has done what is queued before this.
    pub(crate) fn close(&self) {
        for _ in 0..self.count {
            let _ = self.queue.send(Order::Close);
        }
    }
}

fn run(link: Link, orders: &Mutex<mpsc::Receiver<Order>>) {
    loop {
        // The lock is held while waiting: one thread waits for the queue, the others for it.
        let order = orders.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match order {
            Ok(Order::Job(job)) => job(&link),
            Ok(Order::Close) | Err(mpsc::RecvError) => break,
        }
    }
}

/// Runs `operation` in a transaction that the caller ends.
fn read<T, E, F>(link: &Link, operation: F) -> Result<T, E>
where
    F: FnOnce(&View<'_>) -> Result<T, E>,
    E: From<Error>,
{
    link.begin_read()?;
    catch_unwind(AssertUnwindSafe(|| operation(&View { link })))
        .unwrap_or_else(|_| Err(Error::Panicked.into()))
}
