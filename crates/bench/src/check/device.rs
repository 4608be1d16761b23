//! One device of a user: writes, changes, loses its connection, comes back, asks again, and catches up.

mod hearing;
mod work;

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, bail};
use hongyan_client::{Error, RawSocket, Session};
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until},
};

use super::{
    dice::Dice,
    history::{Moment, Step},
    record::{Known, Record},
    wire::Places,
};

/// How long a server may be away. A connection on which nothing comes for as long is given up.
const PATIENCE: Duration = Duration::from_secs(30);
/// ms before the first and at most before each further try to connect.
const BACKOFF: (u64, u64) = (10, 500);

/// What all clients share: one count of moments, one of connections.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    moments: AtomicU64,
    connections: AtomicU64,
}

impl Clock {
    fn now(&self) -> Moment {
        self.moments.fetch_add(1, Ordering::SeqCst)
    }
}

/// How devices behave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manners {
    /// ms from one action to the next, on the average.
    pub(crate) pace: u64,
    /// Most requests that wait for their answer.
    pub(crate) in_flight: usize,
}

pub(crate) struct Device {
    session: Session,
    user: String,
    places: Places,
    dice: Dice,
    clock: Arc<Clock>,
    manners: Manners,
    /// Begins every clientMsgId of this device, so no other has the same.
    name: String,
    record: Record,
    memory: Memory,
}

/// What it goes by.
#[derive(Default)]
struct Memory {
    requests: u64,
    waiting: HashMap<u64, Asked>,
    /// Place and sending, in the order in which they were asked for first, with what was asked.
    bodies: HashMap<(usize, usize), Value>,
    to_repeat: BTreeSet<(u64, usize, usize)>,
    /// Own messages that were acknowledged lately: place, sending, seq.
    own: VecDeque<(usize, usize, i64)>,
    /// Messages heard of lately: place and seq.
    heard: VecDeque<(usize, i64)>,
    recalled: BTreeSet<(usize, i64)>,
    /// Own reactions: whether the server is known to have it.
    reacted: HashMap<(usize, i64), bool>,
    /// No action before: the server asked for it.
    not_before: Option<Instant>,
}

/// A request that waits for its answer.
enum Asked {
    Sync(Vec<(usize, i64)>),
    Send {
        place: usize,
        sending: usize,
        one: usize,
    },
    Change {
        place: usize,
        change: usize,
        /// A reaction to this message, and whether it is to be there.
        reaction: Option<(i64, bool)>,
    },
}

/// How a connection ended.
enum End {
    Lost,
    /// There is nothing more to do.
    Over,
}

/// One connection.
struct Line {
    socket: RawSocket,
    number: u64,
    has_caught_up: bool,
}

impl Device {
    pub(crate) fn new(
        session: Session,
        places: Places,
        name: String,
        dice: Dice,
        clock: Arc<Clock>,
        manners: Manners,
    ) -> Self {
        let known = places.all.iter().map(|_| Known::of(&name)).collect();
        Self {
            user: session.id().to_string(),
            session,
            places,
            dice,
            clock,
            manners,
            name,
            record: Record {
                known,
                connections: 0,
            },
            memory: Memory::default(),
        }
    }

    /// Runs until `is_over`, and then until everything that it does not give up is answered.
    pub(crate) async fn run(mut self, mut is_over: watch::Receiver<bool>) -> Result<Self> {
        loop {
            let mut line = self.connect().await?;
            let end = self.converse(&mut line, &mut is_over).await;
            match end.with_context(|| format!("device {}", self.name))? {
                End::Over => return Ok(self),
                End::Lost => self.forget_what_waits(),
            }
        }
    }

    /// Learns what is new at the end, and gives what it has recorded.
    pub(crate) async fn finish(mut self) -> Result<(Session, Places, Record)> {
        let (_keep, mut is_over) = watch::channel(true);
        let mut line = self.connect().await?;
        match self.converse(&mut line, &mut is_over).await? {
            End::Over => Ok((self.session, self.places, self.record)),
            End::Lost => bail!("the connection of {} broke at the end", self.name),
        }
    }

    async fn connect(&mut self) -> Result<Line> {
        let until = Instant::now() + PATIENCE;
        let (mut wait, longest) = BACKOFF;
        loop {
            match self.session.socket("/ws").await {
                Ok(socket) => {
                    self.record.connections += 1;
                    for known in &mut self.record.known {
                        known.step(Step::Opened);
                    }
                    return Ok(Line {
                        socket,
                        number: self.clock.connections.fetch_add(1, Ordering::SeqCst),
                        has_caught_up: false,
                    });
                }
                Err(error) if Instant::now() > until => {
                    return Err(error).context("the server did not come back");
                }
                Err(_) => {}
            }
            sleep(Duration::from_millis(wait + self.dice.below(wait))).await;
            wait = (wait * 2).min(longest);
        }
    }

    /// Works on one connection until it ends.
    async fn converse(
        &mut self,
        line: &mut Line,
        is_over: &mut watch::Receiver<bool>,
    ) -> Result<End> {
        let cursors = (0..self.places.all.len()).collect();
        if self.ask_to_sync(line, cursors).await.is_err() {
            return Ok(End::Lost);
        }
        let mut next = Instant::now();
        let mut heard = Instant::now();
        loop {
            let over = *is_over.borrow_and_update();
            if over && self.is_done(line) {
                return Ok(End::Over);
            }
            let may_act = line.has_caught_up && self.memory.waiting.len() < self.manners.in_flight;
            let next_act = self.memory.not_before.map_or(next, |then| then.max(next));
            tokio::select! {
                frame = line.socket.next() => match frame {
                    Ok(frame) => {
                        heard = Instant::now();
                        if self.hear(line, &frame).await?.is_err() {
                            return Ok(End::Lost);
                        }
                    }
                    Err(error) if error.is_logged_out() => {
                        bail!("its login was acknowledged, and is over: {error}");
                    }
                    Err(_) => return Ok(End::Lost),
                },
                () = sleep_until(next_act), if may_act && (!over || self.has_to_repeat()) => {
                    let pace = if over { 0 } else { self.manners.pace };
                    next = Instant::now() + Duration::from_millis(self.dice.below(2 * pace + 1));
                    self.memory.not_before = None;
                    if self.act(line, over).await.is_err() {
                        return Ok(End::Lost);
                    }
                }
                _ = is_over.changed(), if !over => {}
                () = sleep_until(heard + PATIENCE) => return Ok(End::Lost),
            }
        }
    }

    fn is_done(&self, line: &Line) -> bool {
        line.has_caught_up && self.memory.waiting.is_empty() && !self.has_to_repeat()
    }

    fn has_to_repeat(&self) -> bool {
        !self.memory.to_repeat.is_empty()
    }

    /// Sends a request. An error means that the connection is lost.
    async fn ask(
        &mut self,
        line: &mut Line,
        path: &str,
        data: &Value,
        asked: Asked,
    ) -> Result<(), Error> {
        self.memory.requests += 1;
        let req_id = self.memory.requests;
        self.memory.waiting.insert(req_id, asked);
        let frame = json!({"reqId": req_id, "path": path, "data": data}).to_string();
        line.socket.send_text(frame).await
    }

    /// Asks for what is missing in some conversations.
    async fn ask_to_sync(&mut self, line: &mut Line, places: Vec<usize>) -> Result<(), Error> {
        let cursors: Vec<(usize, i64)> = places
            .into_iter()
            .map(|place| (place, self.record.known[place].cursor()))
            .collect();
        let wire: Vec<Value> = cursors
            .iter()
            .map(|&(place, seq)| self.places.all[place].1.cursor(seq))
            .collect();
        let data = json!({"cursors": wire});
        self.ask(line, "/ws/chat/sync", &data, Asked::Sync(cursors))
            .await
    }

    fn repeat_later(&mut self, place: usize, sending: usize) {
        let first = self.record.known[place].sendings[sending].tries.first();
        let asked = first.map_or(0, |one| one.asked);
        self.memory.to_repeat.insert((asked, place, sending));
    }

    /// After a connection: what got no answer is asked for again, except for what is given up.
    fn forget_what_waits(&mut self) {
        let waiting = std::mem::take(&mut self.memory.waiting);
        let mut waiting: Vec<_> = waiting.into_iter().collect();
        // The dice are thrown in the order of the requests.
        waiting.sort_unstable_by_key(|(req_id, _)| *req_id);
        for (_, asked) in waiting {
            if let Asked::Send { place, sending, .. } = asked
                && !self.dice.percent(work::GIVEN_UP)
            {
                self.repeat_later(place, sending);
            }
        }
    }
}
