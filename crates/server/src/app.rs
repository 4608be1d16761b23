//! What everything shares: one struct, made once at the start.

use std::sync::Arc;

use hongyan_store::Store;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use crate::{
    clock::Clock, config::Config, file::Files, hub::Hub, limits::Rates, password::Hasher,
    picture::Pictures, ws::Limits,
};

/// The parts of a running server.
pub struct App {
    pub config: Config,
    pub store: Store,
    pub hub: Hub,
    pub rates: Rates,
    pub hasher: Hasher,
    pub pictures: Pictures,
    pub files: Files,
    pub clock: Clock,
    pub socket_limits: Arc<Limits>,
    /// What is under way [`to its end`](Self::to_the_end).
    pub work: TaskTracker,
}

impl App {
    /// ms since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Does `work` to its end, also when its caller is gone before: what is on the disk and what the store says of it would
    /// not fit together otherwise. A shutdown waits for it.
    pub fn to_the_end<T>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T>
    where
        T: Send + 'static,
    {
        self.work.spawn(work)
    }
}
