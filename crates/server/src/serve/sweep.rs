//! Deleting messages whose time is over, with all that belongs to them.

use std::{sync::Arc, time::Duration};

use hongyan_protocol::{id::ConversationId, keep::Keep};
use hongyan_store::{Error, Sweepable, View};

use crate::{app::App, ops::keep::effective};

/// Conversations looked at in one read.
const AT_ONCE: u32 = 100;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// Sweeps now and then, while the server runs.
pub(super) async fn run(app: Arc<App>) {
    let every = Duration::from_secs(app.config.messages.sweep_seconds);
    loop {
        tokio::time::sleep(every).await;
        if let Err(error) = sweep(&app).await {
            tracing::warn!(%error, "messages whose time is over could not be deleted; it is tried again");
        }
    }
}

/// Sweeps every conversation once.
async fn sweep(app: &App) -> Result<(), Error> {
    // What was written to sockets a moment ago counts as delivered.
    app.hub.delivered().flush(app).await?;
    let (setting, now) = (app.config.messages.keep, app.now());
    let mut after = ConversationId::NIL;
    loop {
        let read = app.store.read(move |view| {
            let page = view.sweepable(after, setting == Keep::Forever, AT_ONCE)?;
            let last = page.last().map(|conversation| conversation.id);
            let mut over = Vec::new();
            for conversation in page {
                let keep = effective(setting, conversation.keep);
                let up_to = last_to_sweep(view, &conversation, keep, now)?;
                if up_to > conversation.floor_seq {
                    over.push((conversation.id, up_to));
                }
            }
            Ok::<_, Error>((last, over))
        });
        let (last, over) = read.await?;
        for (conversation, up_to) in over {
            while !app
                .store
                .write(move |tx| tx.sweep(conversation, up_to))
                .await?
            {}
        }
        match last {
            Some(last) => after = last,
            None => return Ok(()),
        }
    }
}

/// The last entry of a conversation whose time is over; what comes before it goes with it.
fn last_to_sweep(
    view: &View<'_>,
    conversation: &Sweepable,
    keep: Keep,
    now: i64,
) -> Result<i64, Error> {
    match keep {
        Keep::None => Ok(conversation.last_seq),
        Keep::UntilDelivered => view.last_delivered(conversation),
        Keep::Days(days) => view.last_older_than(conversation, now - i64::from(days) * DAY),
        Keep::Forever => Ok(conversation.floor_seq),
    }
}
