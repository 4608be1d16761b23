//! A new notice connection: what was kept comes first, what happens meanwhile waits, then both become one stream.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use hongyan_protocol::id::{ConversationId, GroupId, UserId};
use hongyan_store::Entry;
use tokio::sync::Notify;

use super::{Hub, LineId, Purpose};
use crate::{
    app::App,
    config::Keep,
    ops::{keep::effective, log::entry_event},
    ws::{Frame, Mark, Outbox, Template, close},
};

/// Most messages that are held back for one connection while it catches up, and at most half of what its queue takes: they
/// are pushed at once.
const HELD: usize = 256;

/// Messages pushed at a time, at most half of what the queue takes; the next ones follow when these are written.
const PAGE: u32 = 64;

/// The same in bytes: a page of long messages must not look like a client that does not read.
const PAGE_BYTES: usize = 128 * 1024;

/// What a notice connection does with new messages.
pub(super) struct Hold {
    state: Option<Box<Holding>>,
}

enum Holding {
    /// What was kept has not been pushed yet.
    Waiting {
        held: Vec<(Frame, Option<Mark>)>,
        /// Messages and bytes for which there is room.
        room: (usize, usize),
        /// For which there was no room: they are in the log, from this `seq` of each conversation on.
        missed: HashMap<ConversationId, i64>,
    },
    /// Live, but what the replay has pushed may still be told: it is not pushed twice.
    Behind(HashMap<ConversationId, i64>),
}

impl Hold {
    /// One that holds back at most so much, messages and bytes.
    pub(super) fn of(most: (usize, usize)) -> Self {
        let waiting = Holding::Waiting {
            held: Vec::new(),
            room: (most.0.min(HELD), most.1),
            missed: HashMap::new(),
        };
        Self {
            state: Some(Box::new(waiting)),
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
        let Some(Holding::Waiting { held, room, missed }) = self.state.as_deref_mut() else {
            return true;
        };
        // Behind a missed message nothing of its conversation is held: the log has them in their order.
        let follows = mark.is_some_and(|mark| missed.contains_key(&mark.conversation));
        let size = frame.encoded_len();
        if room.0 > 0 && size <= room.1 && !follows {
            *room = (room.0 - 1, room.1 - size);
            held.push((frame, mark));
            return true;
        }
        let Some(mark) = mark else { return false };
        missed.entry(mark.conversation).or_insert(mark.seq);
        true
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
    /// Messages that came meanwhile could not all be held: they are in the log, from these places on.
    Missed(HashMap<ConversationId, i64>),
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
    let mut replay = Replay {
        app: &app,
        user,
        line,
        outbox: &outbox,
        progress: &progress,
        pushed: HashMap::new(),
        count: 0,
        unwritten: (0, 0),
    };
    if let Err(Stop::Broken(error)) = replay.run().await {
        tracing::error!(%user, %error, "kept messages could not be read");
        let reason = "kept messages could not be read; connect again";
        outbox.close(None, close::GOING_AWAY, reason);
    }
}

/// One connection on its way to being live.
struct Replay<'a> {
    app: &'a App,
    user: UserId,
    line: LineId,
    outbox: &'a Outbox,
    progress: &'a Progress,
    /// The last message pushed of each conversation.
    pushed: HashMap<ConversationId, i64>,
    /// Messages pushed in all.
    count: u64,
    /// Messages and bytes pushed since the last wait.
    unwritten: (usize, usize),
}

/// Why a replay ends before the connection is live.
enum Stop {
    /// The connection has ended.
    Ended,
    Broken(hongyan_store::Error),
}

impl From<hongyan_store::Error> for Stop {
    fn from(error: hongyan_store::Error) -> Self {
        Self::Broken(error)
    }
}

impl Replay<'_> {
    async fn run(&mut self) -> Result<(), Stop> {
        if self.app.config.messages.keep != Keep::None {
            self.push_kept().await?;
        }
        loop {
            // What was held back goes out at once, and what is live follows it: each may take half of the queue.
            self.written().await?;
            let Turn::Missed(missed) = self.go_live() else {
                return Ok(());
            };
            for (conversation, first) in missed {
                self.push_missed(conversation, first).await?;
            }
        }
    }

    /// Waits until all that was pushed is written.
    async fn written(&mut self) -> Result<(), Stop> {
        self.unwritten = (0, 0);
        self.progress.reach(self.count).await.ok_or(Stop::Ended)
    }

    /// What waited for the user when the connection began: all of it where messages are kept until they are delivered, for
    /// what is passed over there counts as delivered and is deleted.
    async fn push_kept(&mut self) -> Result<(), Stop> {
        if let Err(error) = self.app.hub.delivered().flush(self.app).await {
            // A full disk: what was delivered may come again, which is better than not being online at all.
            tracing::warn!(%error, "cursors could not be moved; some messages may be pushed again");
        }
        let (user, config) = (self.user, &self.app.config);
        let (setting, limit) = (config.messages.keep, config.notice.replay_limit);
        let read = self.app.store.read(move |view| {
            let waiting = view.waiting(user)?;
            let (whole, bounded): (Vec<_>, Vec<_>) = waiting
                .into_iter()
                .partition(|place| effective(setting, place.keep) == Keep::UntilDelivered);
            let kept = view.kept(user, &bounded, limit)?;
            Ok::<_, hongyan_store::Error>((whole, kept))
        });
        let (whole, kept) = read.await?;
        for kept in kept {
            self.push(kept.conversation, kept.group_id, &kept.entry)
                .await?;
        }
        for place in whole {
            self.push_missed(place.conversation, place.delivered_seq + 1)
                .await?;
        }
        Ok(())
    }

    /// What a conversation has from this place on.
    async fn push_missed(&mut self, conversation: ConversationId, first: i64) -> Result<(), Stop> {
        let (user, mut after) = (self.user, first - 1);
        loop {
            let page = self.app.store.read(move |view| {
                let group = view.conversation(conversation)?.and_then(|it| it.group_id);
                let seen = view.cursor(user, conversation)?;
                let first = seen.map_or(i64::MAX, |cursor| cursor.first_seq);
                let page = view.log(conversation, after, first, PAGE)?;
                Ok::<_, hongyan_store::Error>((group, page))
            });
            let (group, page) = page.await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = last.seq();
            for entry in &page {
                self.push(conversation, group, entry).await?;
            }
        }
    }

    /// Pushes what others said or changed and was not pushed yet, unless it was recalled; waits first when enough is on its way.
    async fn push(
        &mut self,
        conversation: ConversationId,
        group: Option<GroupId>,
        entry: &Entry,
    ) -> Result<(), Stop> {
        let seq = entry.seq();
        let last = self.pushed.get(&conversation);
        if last.is_some_and(|&last| seq <= last) {
            return Ok(());
        }
        if matches!(entry, Entry::Message(message) if message.recalled_at.is_some()) {
            return Ok(());
        }
        let event = entry_event(entry, group);
        if event.from == Some(self.user) {
            return Ok(());
        }
        let Ok(encoded) = event.encode() else {
            return Ok(());
        };
        let size = encoded.json.len();
        let half = self.outbox.half();
        let is_full = self.unwritten.0 >= (PAGE as usize).min(half.0)
            || self.unwritten.1 + size > PAGE_BYTES.min(half.1);
        if is_full && self.unwritten.0 > 0 {
            self.written().await?;
        }
        let template =
            Template::new(encoded.json, encoded.receiver_at).with_mark(Mark { conversation, seq });
        if !self.outbox.push(Frame::addressed(&template, self.user)) {
            return Err(Stop::Ended);
        }
        self.pushed.insert(conversation, seq);
        self.count += 1;
        self.unwritten.0 += 1;
        self.unwritten.1 += size;
        Ok(())
    }

    /// Pushes what was held back and not pushed yet, and lets new messages through from here on, unless some were missed.
    fn go_live(&mut self) -> Turn {
        let (pushed, count, unwritten) = (&mut self.pushed, &mut self.count, &mut self.unwritten);
        let turn = self
            .app
            .hub
            .with_hold(self.user, self.line, |hold, outbox| {
                let Some(Holding::Waiting { held, room, missed }) = hold.state.as_deref_mut()
                else {
                    return Turn::Live;
                };
                for (frame, mark) in std::mem::take(held) {
                    let size = frame.encoded_len();
                    *room = (room.0 + 1, room.1 + size);
                    if let Some(mark) = mark {
                        let last = pushed.get(&mark.conversation);
                        if last.is_some_and(|&last| mark.seq <= last) {
                            continue;
                        }
                        pushed.insert(mark.conversation, mark.seq);
                        *count += 1;
                        unwritten.0 += 1;
                        unwritten.1 += size;
                    }
                    outbox.push(frame);
                }
                let missed = std::mem::take(missed);
                if !missed.is_empty() {
                    return Turn::Missed(missed);
                }
                let behind = std::mem::take(pushed);
                hold.state = (!behind.is_empty()).then(|| Box::new(Holding::Behind(behind)));
                Turn::Live
            });
        turn.unwrap_or(Turn::Gone)
    }
}

impl Hub {
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
            Purpose::Requests | Purpose::Everything => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_finds_no_room_is_missed_from_its_place_in_the_log_on() {
        let [long, other] = [ConversationId::mint(), ConversationId::mint()];
        let mut hold = Hold::of((HELD + 1, usize::MAX));
        let mut keep = |conversation, seq| {
            let mark = Some(Mark { conversation, seq });
            assert!(!hold.is_live_for(mark));
            assert!(hold.keep(Frame::text("{}"), mark));
        };
        for seq in 1..=HELD as i64 + 3 {
            keep(long, seq);
        }
        keep(other, 7);
        let Some(Holding::Waiting { held, room, missed }) = hold.state.as_deref_mut() else {
            panic!("it is not live");
        };
        assert_eq!(held.len(), HELD);
        let first_missed = HELD as i64 + 1;
        assert_eq!(*missed, HashMap::from([(long, first_missed), (other, 7)]));

        // There is room again, but not for what follows a missed message.
        held.pop();
        room.0 += 1;
        let follower = Mark {
            conversation: long,
            seq: HELD as i64 + 4,
        };
        assert!(hold.keep(Frame::text("{}"), Some(follower)));
        let Some(Holding::Waiting { held, .. }) = hold.state.as_deref() else {
            panic!("it is not live");
        };
        assert_eq!(held.len(), HELD - 1);
    }
}
