//! How far the index is behind the log, and when the writer has time for it.

use std::time::Duration;

use super::index::AT_ONCE;
use crate::{Error, db::Link};

/// Nothing to write for so long is time for the index.
const PAUSE: Duration = Duration::from_millis(20);

/// So many entries may wait for a pause, in which a search looks at them one by one. From here on they do not wait.
const MOST: i64 = 5_000;

/// What the writer knows of the index.
pub(crate) struct Behind {
    /// Entries of logs that the index does not have; at most so many.
    entries: i64,
    patience: Option<Duration>,
    failed: bool,
}

impl Behind {
    pub(crate) fn new() -> Self {
        Self {
            entries: 0,
            patience: Some(Duration::ZERO),
            failed: false,
        }
    }

    /// For how long to wait for something to write before the index has its turn; `None` when it wants none.
    pub(crate) fn patience(&self) -> Option<Duration> {
        self.patience
    }

    /// Takes note of what was just committed. When the index is too far behind it gets a turn at once, long enough to
    /// take in more than came.
    pub(crate) fn committed(&mut self, link: &Link) {
        let came = link.appended.take();
        self.entries += came;
        if came > 0 || self.patience.is_some() {
            self.patience = Some(PAUSE);
        }
        for _ in 0..=came / AT_ONCE {
            if self.entries < MOST || self.failed {
                break;
            }
            self.catch_up(link);
        }
    }

    /// Takes the next entries into the index. When that fails it is tried again after something was written.
    pub(crate) fn catch_up(&mut self, link: &Link) {
        match index_next(link) {
            Ok(left) => {
                self.entries = left;
                self.patience = (left > 0).then_some(Duration::ZERO);
                self.failed = false;
            }
            Err(error) => {
                if !self.failed {
                    tracing::error!(%error, "the index of messages could not be written; searches get slower until it can");
                }
                self.patience = None;
                self.failed = true;
            }
        }
    }
}

/// One transaction of the index; how many entries are left.
fn index_next(link: &Link) -> Result<i64, Error> {
    link.write_alone(|tx| {
        tx.index_next()?;
        tx.not_indexed()
    })
}
