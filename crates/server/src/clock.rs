//! The time of day, from one place that tests can hold.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

/// Tells ms since 1970: the system's, or what a test sets.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    held: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// A clock that stands at `now` until it is moved.
    #[must_use]
    pub fn held(now: i64) -> Self {
        Self {
            held: Some(Arc::new(AtomicI64::new(now))),
        }
    }

    /// ms since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        match &self.held {
            Some(held) => held.load(Ordering::SeqCst),
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |elapsed| {
                    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
                }),
        }
    }

    /// Moves a held clock forward by `ms`; the system's stays as it is.
    pub fn advance(&self, ms: i64) {
        if let Some(held) = &self.held {
            held.fetch_add(ms, Ordering::SeqCst);
        }
    }
}
