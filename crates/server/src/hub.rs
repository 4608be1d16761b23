//! Which sockets are a user's, who is online, and the way of an event to its receivers.

mod catch_up;
mod delivered;
mod presence;
mod teller;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use hongyan_protocol::{
    Event, Happening,
    id::{SessionId, UserId},
    presence::Status,
};
use tokio::{runtime::Handle, sync::mpsc, time::Instant};

pub use catch_up::{Progress, catch_up};
pub use delivered::Delivered;
pub use teller::{Audience, Echo, Told};

use crate::{
    clock::Clock,
    ws::{Frame, Mark, Outbox, Template, close, no_session},
};
use catch_up::Hold;

/// Locks among which the users are spread.
const SHARDS: usize = 64;

/// A cheap handle on the map from users to sockets.
#[derive(Clone)]
pub struct Hub {
    shared: Arc<Shared>,
}

struct Shared {
    shards: Box<[Mutex<HashMap<UserId, Present>>]>,
    next_line: AtomicU64,
    looks: mpsc::UnboundedSender<UserId>,
    delivered: Delivered,
    offline_after: Duration,
    lines_per_user: usize,
    runtime: Handle,
    clock: Clock,
}

/// A user with at least one socket, or one of whom friends still think that they are online.
#[derive(Default)]
struct Present {
    lines: Vec<Line>,
    /// Friends were told that this user is online.
    announced: bool,
    /// When the last notice connection went.
    left: Option<Instant>,
}

/// One socket.
struct Line {
    id: LineId,
    session: SessionId,
    outbox: Arc<Outbox>,
    purpose: Purpose,
}

enum Purpose {
    /// Requests of one operation.
    Requests,
    /// Events; messages are held back until what was kept has been pushed.
    Notice(Hold),
    /// Requests and events; the client itself asks for what it missed.
    Everything,
}

/// Names a socket within its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineId(u64);

/// Why sessions end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Another login, a new password, or the user at another device: forced_logout, then 4001 (1008 on sockets that carry no events).
    Displaced,
    /// The user logged out, or the session expired: 1008.
    LoggedOut,
}

/// The account has as many sockets as it may have.
#[derive(Debug)]
pub struct TooManyLines;

/// What the hub's tasks run on; given to [`Hub::run`] once.
pub struct Tasks {
    looks: mpsc::UnboundedReceiver<UserId>,
}

impl Hub {
    /// An empty hub, and its tasks. To be called within the runtime.
    #[must_use]
    pub fn new(clock: Clock, offline_after: Duration, lines_per_user: usize) -> (Self, Tasks) {
        let (looks, look_queue) = mpsc::unbounded_channel();
        let shared = Shared {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            next_line: AtomicU64::new(0),
            looks,
            delivered: Delivered::default(),
            offline_after,
            lines_per_user,
            runtime: Handle::current(),
            clock,
        };
        (
            Self {
                shared: Arc::new(shared),
            },
            Tasks { looks: look_queue },
        )
    }

    /// Adds a socket that carries requests.
    pub fn attach(
        &self,
        user: UserId,
        session: SessionId,
        outbox: &Arc<Outbox>,
    ) -> Result<LineId, TooManyLines> {
        let mut shard = self.shard(user);
        self.add(
            shard.entry(user).or_default(),
            session,
            outbox,
            Purpose::Requests,
        )
    }

    /// Adds a notice connection. An older one of the same session gives way to it, with forced_logout.
    pub fn attach_notice(
        &self,
        user: UserId,
        session: SessionId,
        outbox: &Arc<Outbox>,
    ) -> Result<LineId, TooManyLines> {
        let hold = Hold::of(outbox.half());
        self.attach_hearing(user, session, outbox, Purpose::Notice(hold))
    }

    /// Adds a multiplexed socket, to which the hub says `ready` first; otherwise as
    /// [`attach_notice`](Self::attach_notice).
    pub fn attach_everything(
        &self,
        user: UserId,
        session: SessionId,
        outbox: &Arc<Outbox>,
        ready: Frame,
    ) -> Result<LineId, TooManyLines> {
        // Nobody else knows of the outbox yet.
        outbox.push(ready);
        self.attach_hearing(user, session, outbox, Purpose::Everything)
    }

    fn attach_hearing(
        &self,
        user: UserId,
        session: SessionId,
        outbox: &Arc<Outbox>,
        purpose: Purpose,
    ) -> Result<LineId, TooManyLines> {
        let mut shard = self.shard(user);
        let present = shard.entry(user).or_default();
        present.lines.retain(|line| {
            let gives_way = line.session == session && line.hears();
            if gives_way {
                line.outbox.close(
                    self.forced_logout(user),
                    close::FORCED_LOGOUT,
                    "opened elsewhere",
                );
            }
            !gives_way
        });
        let line = self.add(present, session, outbox, purpose)?;
        present.left = None;
        drop(shard);
        self.look_at(user);
        Ok(line)
    }

    fn add(
        &self,
        present: &mut Present,
        session: SessionId,
        outbox: &Arc<Outbox>,
        purpose: Purpose,
    ) -> Result<LineId, TooManyLines> {
        if present.lines.len() >= self.shared.lines_per_user {
            return Err(TooManyLines);
        }
        let id = LineId(self.shared.next_line.fetch_add(1, Ordering::Relaxed));
        // Most users have one socket that stays: no room for four.
        present.lines.reserve_exact(1);
        present.lines.push(Line {
            id,
            session,
            outbox: Arc::clone(outbox),
            purpose,
        });
        Ok(id)
    }

    /// Removes a socket that has ended.
    pub fn detach(&self, user: UserId, line: LineId) {
        let mut shard = self.shard(user);
        if let Some(present) = shard.get_mut(&user) {
            present.lines.retain(|other| other.id != line);
            self.after_removal(user, shard);
        }
    }

    /// Closes every socket of these sessions; none of them hears of anything afterwards.
    pub fn end_sessions(&self, user: UserId, sessions: &[SessionId], ending: Ending) {
        if sessions.is_empty() {
            return;
        }
        let mut shard = self.shard(user);
        let Some(present) = shard.get_mut(&user) else {
            return;
        };
        present.lines.retain(|line| {
            let ends = sessions.contains(&line.session);
            if ends {
                match ending {
                    Ending::Displaced if line.hears() => {
                        line.outbox.close(
                            self.forced_logout(user),
                            close::FORCED_LOGOUT,
                            "logged in elsewhere",
                        );
                    }
                    Ending::Displaced => {
                        line.outbox
                            .close(None, close::POLICY, "logged in elsewhere")
                    }
                    Ending::LoggedOut => {
                        let last = line.is_everything().then(no_session);
                        line.outbox.close(last, close::POLICY, "logged out");
                    }
                }
            }
            !ends
        });
        self.after_removal(user, shard);
    }

    /// Closes every socket because the server goes away.
    pub fn close_all(&self) {
        self.close_each("the server restarts; connect again");
    }

    /// Closes every socket, because something may have happened that nobody was told: who hears connects again and finds it
    /// in the log, and a session that has ended opens no socket again.
    pub fn close_unsure(&self) {
        self.close_each("something may have been missed; connect again");
    }

    fn close_each(&self, reason: &'static str) {
        for shard in &self.shared.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            for line in shard.values().flat_map(|present| &present.lines) {
                line.outbox.close(None, close::GOING_AWAY, reason);
            }
        }
    }

    /// The users and sessions that have a socket.
    #[must_use]
    pub fn sessions(&self) -> Vec<(UserId, SessionId)> {
        let mut found = Vec::new();
        for shard in &self.shared.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            for (&user, present) in shard.iter() {
                found.extend(present.lines.iter().map(|line| (user, line.session)));
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// What friends are told about a user.
    #[must_use]
    pub fn status(&self, user: UserId) -> Status {
        match self.shard(user).get(&user) {
            Some(present) if present.announced || present.hears() => Status::Online,
            _ => Status::Offline,
        }
    }

    /// Whether an event would reach a socket of this user now.
    #[must_use]
    pub fn is_reachable(&self, user: UserId) -> bool {
        self.shard(user).get(&user).is_some_and(Present::hears)
    }

    /// Notes what reached a user's socket, for the cursors in the store.
    pub fn delivered(&self) -> &Delivered {
        &self.shared.delivered
    }

    /// Pushes one frame to all sockets of a user that hear; what is in the order of a log goes where the others wait.
    fn push(&self, user: UserId, template: &Template, mark: Option<Mark>, in_order: bool) {
        let mut shard = self.shard(user);
        let Some(present) = shard.get_mut(&user) else {
            return;
        };
        for line in &mut present.lines {
            let frame = Frame::addressed(template, user);
            match &mut line.purpose {
                Purpose::Requests => {}
                Purpose::Notice(hold) => {
                    if !in_order || hold.is_live_for(mark) {
                        line.outbox.push(frame);
                    } else if !hold.keep(frame, mark) {
                        let reason = "more messages than wait for one";
                        line.outbox.close(None, close::SLOW_CONSUMER, reason);
                    }
                }
                Purpose::Everything => _ = line.outbox.push(frame),
            }
        }
    }

    /// Pushes what somebody did to their own multiplexed sockets.
    fn push_own(&self, echo: Echo, template: &Template) {
        let shard = self.shard(echo.by);
        let lines = shard.get(&echo.by).map(|present| &present.lines);
        for line in lines.into_iter().flatten() {
            if line.is_everything() {
                line.outbox.push(Frame::addressed(template, echo.addressee));
            }
        }
    }

    fn forced_logout(&self, user: UserId) -> Option<Frame> {
        let event = Event {
            from: None,
            time: self.shared.clock.now(),
            what: Happening::ForcedLogout,
        };
        event
            .encode()
            .ok()
            .map(|encoded| Frame::text(encoded.addressed_to(user)))
    }

    fn after_removal(&self, user: UserId, mut shard: MutexGuard<'_, HashMap<UserId, Present>>) {
        let Some(present) = shard.get_mut(&user) else {
            return;
        };
        if present.announced && !present.hears() {
            if present.left.is_none() {
                present.left = Some(Instant::now());
                self.look_later(user);
            }
        } else if present.lines.is_empty() && !present.announced {
            shard.remove(&user);
        }
    }

    fn shard(&self, user: UserId) -> MutexGuard<'_, HashMap<UserId, Present>> {
        // The last bytes of an id are random.
        let shard = usize::from(user.to_bytes()[15]) % SHARDS;
        self.shared.shards[shard]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Present {
    fn hears(&self) -> bool {
        self.lines.iter().any(Line::hears)
    }
}

impl Line {
    /// Whether events are pushed to it.
    fn hears(&self) -> bool {
        !matches!(self.purpose, Purpose::Requests)
    }

    fn is_everything(&self) -> bool {
        matches!(self.purpose, Purpose::Everything)
    }
}
