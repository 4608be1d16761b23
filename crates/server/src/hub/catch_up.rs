//! A new notice connection: what was kept comes first, what happens meanwhile waits, then both become one stream.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use hongyan_protocol::id::{ConversationId, UserId};
use hongyan_store::Kept;
use tokio::sync::Notify;

use super::{Hub, LineId, Purpose};
use crate::{
    app::App,
    config::Keep,
    ops::message::{chat_event, chat_of},
    ws::{Frame, Mark, Outbox, Template, close},
};

/// Most messages that are held back for one connection while it catches up.
const HELD: usize = 256;

/// Kept messages pushed at a time; the next ones follow when these are written.
const PAGE: usize = 64;

/// What a notice connection does with new messages.
pub(super) struct Hold {
    state: Option<Box<Holding>>,
}

enum Holding {
    /// What was kept has not been pushed yet.
    Waiting {
        held: Vec<(Frame, Option<Mark>)>,
        /// There were more than could be held.
        lost: bool,
    },
    /// Live, but what the replay has pushed may still come from the teller: it is not pushed twice.
    Behind(HashMap<ConversationId, i64>),
}

impl Hold {
    pub(super) fn new() -> Self {
        Self {
            state: Some(Box::new(Holding::Waiting {
                held: Vec::new(),
                lost: false,
            })),
        }
    }

    /// Whether a new message goes straight to the socket.
    pub(super) fn is_live_for(&mut self, mark: Option<Mark>) -> bool {
        let Some(state) = &mut self.state else {
            return true;
        };
        match (&mut **state, mark) {
            (Holding::Waiting { .. }, _) => false,
            (Holding::Behind(pushed), Some(mark)) => {
                let Some(&seq) = pushed.get(&mark.conversation) else {
                    return true;
                };
                if mark.seq <= seq {
                    return false;
                }
                pushed.remove(&mark.conversation);
                if pushed.is_empty() {
                    self.state = None;
                }
                true
            }
            (Holding::Behind(_), None) => true,
        }
    }

    /// Keeps a message that [`is_live_for`](Self::is_live_for) held back; a repeat is dropped. `false` when there was no
    /// room for it and it is in no log either.
    pub(super) fn keep(&mut self, frame: Frame, mark: Option<Mark>) -> bool {
        let Some(Holding::Waiting { held, lost }) = self.state.as_deref_mut() else {
            return true;
        };
        if held.len() < HELD {
            held.push((frame, mark));
            return true;
        }
        *lost = mark.is_some();
        *lost
    }
}

/// How many messages of a connection the kernel has taken.
#[derive(Default)]
pub struct Progress {
    written: AtomicU64,
    moved: Notify,
    ended: Notify,
}

impl Progress {
    /// One more message was written.
    pub fn advance(&self) {
        self.written.fetch_add(1, Ordering::Release);
        self.moved.notify_one();
    }

    /// The connection has ended.
    pub fn end(&self) {
        self.ended.notify_one();
    }

    /// Waits until `count` messages were written; gives up when the connection ends.
    async fn reach(&self, count: u64) -> Option<()> {
        loop {
            let moved = self.moved.notified();
            if self.written.load(Ordering::Acquire) >= count {
                return Some(());
            }
            tokio::select! {
                () = moved => {}
                () = self.ended.notified() => return None,
            }
        }
    }
}

/// What became of an attempt to go live.
enum Turn {
    Live,
    /// Messages that came meanwhile could not all be held: they are in the store.
    Again,
    Gone,
}

/// Pushes what was kept for a user, oldest first, then lets new messages through.
pub async fn catch_up(
    app: Arc<App>,
    user: UserId,
    line: LineId,
    outbox: Arc<Outbox>,
    progress: Arc<Progress>,
) {
    let delay = Duration::from_millis(app.config.notice.replay_delay_ms);
    tokio::select! {
        () = tokio::time::sleep(delay) => {}
        () = progress.ended.notified() => return,
    }
    let mut pushed = HashMap::new();
    let mut count = 0;
    loop {
        let kept = match waiting_for(&app, user, line).await {
            Ok(kept) => kept,
            Err(error) => {
                tracing::error!(%user, %error, "kept messages could not be read");
                outbox.close(
                    None,
                    close::GOING_AWAY,
                    "kept messages could not be read; connect again",
                );
                return;
            }
        };
        for page in kept.chunks(PAGE) {
            for message in page {
                let (conversation, seq) = (message.stored.conversation_id, message.stored.seq);
                if pushed.get(&conversation).is_some_and(|&last| seq <= last) {
                    continue;
                }
                let Some(frame) = frame_of(message, user) else {
                    continue;
                };
                if !outbox.push(frame) {
                    return;
                }
                pushed.insert(conversation, seq);
                count += 1;
            }
            if progress.reach(count).await.is_none() {
                return;
            }
        }
        match app.hub.go_live(user, line, &pushed) {
            Turn::Again => {}
            Turn::Live | Turn::Gone => return,
        }
    }
}

async fn waiting_for(
    app: &App,
    user: UserId,
    line: LineId,
) -> Result<Vec<Kept>, hongyan_store::Error> {
    if app.config.messages.keep == Keep::None {
        return Ok(Vec::new());
    }
    if let Err(error) = app.hub.delivered().flush(app).await {
        // A full disk: what was delivered may come again, which is better than not being online at all.
        tracing::warn!(%error, "cursors could not be moved; some messages may be pushed again");
    }
    // What has been told by now is committed: the read below finds it.
    app.hub.forget_held(user, line);
    let limit = app.config.notice.replay_limit;
    app.store.read(move |view| view.kept(user, limit)).await
}

fn frame_of(kept: &Kept, user: UserId) -> Option<Frame> {
    let stored = &kept.stored;
    let chat = chat_of(stored, kept.group_id);
    let encoded = chat_event(stored.sender_id, stored.time, chat)
        .encode()
        .ok()?;
    let mark = Mark {
        conversation: stored.conversation_id,
        seq: stored.seq,
    };
    Some(Frame::addressed(
        &Template::new(encoded.json, encoded.receiver_at).with_mark(mark),
        user,
    ))
}

impl Hub {
    fn forget_held(&self, user: UserId, line: LineId) {
        self.with_hold(user, line, |hold, _| *hold = Hold::new());
    }

    /// Pushes what was held back and is not among `pushed`, and lets new messages through from here on.
    fn go_live(&self, user: UserId, line: LineId, pushed: &HashMap<ConversationId, i64>) -> Turn {
        let turn = self.with_hold(user, line, |hold, outbox| {
            let Some(Holding::Waiting { held, lost }) = hold.state.as_deref_mut() else {
                return Turn::Live;
            };
            if *lost {
                return Turn::Again;
            }
            let mut behind = pushed.clone();
            for (frame, mark) in std::mem::take(held) {
                if let Some(mark) = mark {
                    if behind
                        .get(&mark.conversation)
                        .is_some_and(|&last| mark.seq <= last)
                    {
                        continue;
                    }
                    behind.remove(&mark.conversation);
                }
                outbox.push(frame);
            }
            hold.state = (!behind.is_empty()).then(|| Box::new(Holding::Behind(behind)));
            Turn::Live
        });
        turn.unwrap_or(Turn::Gone)
    }

    fn with_hold<T>(
        &self,
        user: UserId,
        line: LineId,
        act: impl FnOnce(&mut Hold, &Outbox) -> T,
    ) -> Option<T> {
        let mut shard = self.shard(user);
        let present = shard.get_mut(&user)?;
        let line = present.lines.iter_mut().find(|other| other.id == line)?;
        match &mut line.purpose {
            Purpose::Notice(hold) => Some(act(hold, &line.outbox)),
            Purpose::Requests => None,
        }
    }
}
