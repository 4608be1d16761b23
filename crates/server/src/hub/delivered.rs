//! How far each user's messages reached a socket: gathered here, written into the cursors of the store now and then.
//!
//! What is not written down when the process dies is pushed again: delivery is at least once, and clients drop repeats
//! by conversation and `seq`.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use hongyan_protocol::id::{ConversationId, UserId};
use tokio::sync::Notify;

use crate::{app::App, ws::Mark};

/// From one look at what is new to the next.
const EVERY: Duration = Duration::from_secs(1);

/// Most cursors moved in one operation of the store, so that messages do not wait for long.
const AT_ONCE: usize = 500;

/// What was written to sockets and not yet to the store.
#[derive(Default)]
pub struct Delivered {
    news: Mutex<HashMap<(UserId, ConversationId), i64>>,
    some: Notify,
    /// Held while the store is written to: whoever reads the cursors next must not miss what somebody else took.
    writing: tokio::sync::Mutex<()>,
}

impl Delivered {
    /// The kernel has this message for this user.
    pub fn note(&self, user: UserId, mark: Mark) {
        let mut news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        let first = news.is_empty();
        let seq = news.entry((user, mark.conversation)).or_insert(mark.seq);
        *seq = mark.seq.max(*seq);
        drop(news);
        if first {
            self.some.notify_one();
        }
    }

    /// Moves the cursors in the store to what has been noted; they are there when this ends, whoever wrote them.
    pub async fn flush(&self, app: &App) -> Result<(), hongyan_store::Error> {
        let _writing = self.writing.lock().await;
        let news = std::mem::take(&mut *self.news.lock().unwrap_or_else(PoisonError::into_inner));
        let news: Vec<_> = news
            .into_iter()
            .map(|((user, conversation), seq)| (user, conversation, seq))
            .collect();
        let mut written = 0;
        for part in news.chunks(AT_ONCE) {
            let moved = part.to_vec();
            let outcome = app.store.write(move |tx| tx.mark_delivered(&moved)).await;
            if let Err(error) = outcome {
                // They are still to be written, once that is possible.
                for &(user, conversation, seq) in &news[written..] {
                    self.note(user, Mark { conversation, seq });
                }
                return Err(error);
            }
            written += part.len();
        }
        Ok(())
    }
}

/// Writes down what is new, at most once a second, while the server runs.
pub(super) async fn write_down(app: &App) {
    loop {
        app.hub.delivered().some.notified().await;
        tokio::time::sleep(EVERY).await;
        if let Err(error) = app.hub.delivered().flush(app).await {
            tracing::warn!(%error, "cursors could not be moved; some messages may be pushed again");
        }
    }
}
