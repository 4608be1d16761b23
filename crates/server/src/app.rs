//! What everything shares: one struct, made once at the start.

use std::sync::Arc;

use hongyan_store::Store;

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
}

impl App {
    /// ms since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.clock.now()
    }
}
