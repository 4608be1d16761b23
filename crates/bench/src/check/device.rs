//! One device of a user: writes, changes, loses its connection, comes back, asks again, and catches up.

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
    time::{Instant, sleep, sleep_until, timeout},
};

use super::{
    dice::Dice,
    history::{Answer, Moment, Outcome, Step},
    record::{Known, Record},
    wire::{Places, receipt},
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

    /// Takes in one frame. The inner error means that the connection is lost, the outer one that the server talks
    /// nonsense.
    async fn hear(&mut self, line: &mut Line, frame: &str) -> Result<Result<(), Error>> {
        let frame: Value = serde_json::from_str(frame).context("a frame that is no JSON")?;
        if frame["eventType"].is_string() {
            self.hear_event(&frame)?;
            return Ok(Ok(()));
        }
        let asked = frame["reqId"].as_u64();
        let Some(asked) = asked.and_then(|req_id| self.memory.waiting.remove(&req_id)) else {
            bail!("an answer to what was not asked, or not any more: {frame}");
        };
        let code = frame["code"].as_str().context("an answer without code")?;
        if code == "9996" {
            self.memory.not_before = Some(Instant::now() + wait_of(&frame));
        }
        let now = self.clock.now();
        match asked {
            Asked::Sync(cursors) => return self.hear_sync(line, &frame, cursors).await,
            Asked::Send {
                place,
                sending,
                one,
            } => self.hear_sent((place, sending, one), code, &frame["data"], now)?,
            Asked::Change {
                place,
                change,
                reaction,
            } => {
                let outcome = match code {
                    "0000" => Outcome::Done,
                    "9998" => Outcome::Unknown,
                    _ => Outcome::Refused,
                };
                self.record.known[place].change_answered(change, now, outcome);
                if let Some((seq, on)) = reaction.filter(|_| outcome == Outcome::Done) {
                    self.memory.reacted.insert((place, seq), on);
                }
            }
        }
        Ok(Ok(()))
    }

    fn hear_event(&mut self, event: &Value) -> Result<()> {
        let Some((place, entry)) = self.places.entry(&self.user, event)? else {
            return Ok(());
        };
        if entry.target().is_none() {
            remember(&mut self.memory.heard, (place, entry.seq));
        }
        self.record.known[place].step(Step::Pushed(entry));
        Ok(())
    }

    async fn hear_sync(
        &mut self,
        line: &mut Line,
        frame: &Value,
        cursors: Vec<(usize, i64)>,
    ) -> Result<Result<(), Error>> {
        let places = cursors.iter().map(|(place, _)| *place).collect();
        match frame["code"].as_str() {
            Some("0000") => {}
            Some("9996" | "9998") => {
                // Nothing else is done before it has caught up, so the wait holds nobody up.
                if let Some(then) = self.memory.not_before.take() {
                    sleep_until(then).await;
                }
                return Ok(self.ask_to_sync(line, places).await);
            }
            _ => bail!("a sync was refused: {frame}"),
        }
        let mut unfinished = Vec::new();
        for (place, synced) in self.places.synced(&frame["data"], &cursors)? {
            let after = self.record.known[place].cursor();
            let step = synced.map_or(Step::Void { after }, Step::Synced);
            if matches!(&step, Step::Synced(synced) if synced.more) {
                unfinished.push(place);
            }
            self.record.known[place].step(step);
        }
        if unfinished.is_empty() {
            line.has_caught_up = true;
            return Ok(Ok(()));
        }
        Ok(self.ask_to_sync(line, unfinished).await)
    }

    fn hear_sent(
        &mut self,
        (place, sending, one): (usize, usize, usize),
        code: &str,
        data: &Value,
        now: Moment,
    ) -> Result<()> {
        let answer = match code {
            "0000" => Answer::Done(receipt(data)?),
            "9996" => Answer::Postponed,
            "9998" => Answer::Failed,
            _ => Answer::Refused(code.to_owned()),
        };
        match &answer {
            Answer::Done(receipt) => {
                remember(&mut self.memory.own, (place, sending, receipt.seq));
            }
            Answer::Postponed | Answer::Failed => self.repeat_later(place, sending),
            Answer::Refused(_) => {}
        }
        self.record.known[place].answered(sending, one, now, answer);
        Ok(())
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

/// Keeps the last few.
fn remember<T>(list: &mut VecDeque<T>, one: T) {
    const FEW: usize = 64;
    if list.len() == FEW {
        list.pop_front();
    }
    list.push_back(one);
}

/// One request and its answer, on a socket on which nothing else is asked.
pub(crate) async fn exchange(socket: &mut RawSocket, path: &str, data: &Value) -> Result<Value> {
    loop {
        let frame = json!({"reqId": 0, "path": path, "data": data}).to_string();
        socket.send_text(frame).await?;
        let answer = timeout(PATIENCE, answer(socket));
        let answer = answer.await.context("no answer came")??;
        if answer["code"] != "9996" {
            return Ok(answer);
        }
        sleep(wait_of(&answer)).await;
    }
}

async fn answer(socket: &mut RawSocket) -> Result<Value> {
    loop {
        let frame: Value = serde_json::from_str(&socket.next().await?)?;
        if frame["code"].is_string() {
            return Ok(frame);
        }
    }
}

/// How long 9996 says to wait.
fn wait_of(answer: &Value) -> Duration {
    Duration::from_millis(answer["data"]["retryAfter"].as_u64().unwrap_or(1000))
}
