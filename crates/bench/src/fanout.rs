//! One publisher, one group, many members online.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use futures_util::{StreamExt, TryStreamExt, stream};
use hongyan_client::{Session, to_group};
use hongyan_protocol::{
    Operation,
    group::{CreateGroup, Introduction},
    id::GroupId,
    text::Text,
    user::Name,
};
use tokio::{
    sync::Notify,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    codec::{TEXT, encode},
    latencies::Latencies,
    people,
    rounds::{self, Round, Start},
    server::Server,
    socket::{Socket, find},
    table::Table,
};

/// Bytes of each message's text.
const TEXT_BYTES: usize = 128;
/// Digits of a message's number, at the beginning of its text.
const DIGITS: usize = 8;
/// What stands before the number in an event.
const BEFORE_NUMBER: &[u8] = b"\"msg\":\"#";
/// Messages before anything is measured.
const WARM_UP: usize = 50;
/// Applications that wait for the owner at a time.
const APPLICATIONS: usize = 50;
/// How long a message may be under way before the run is given up.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between rounds: the server writes down how far everybody has read.
const PAUSE: Duration = Duration::from_millis(1500);

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Members online, besides the publisher
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=4999))]
    members: u32,
    /// Messages under way at a time: one is under way until it is acknowledged and every member has it
    #[arg(long, value_delimiter = ',', default_value = "1,4,16", value_parser = clap::value_parser!(u32).range(1..=256))]
    in_flight: Vec<u32>,
    /// Messages of one round
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..))]
    messages: u32,
    /// Rounds of each; the median is shown
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

pub(crate) async fn run(server: &Server, options: &Options) -> Result<Table> {
    let people = people::register(server, options.members as usize + 1).await?;
    let (owner, members) = people.split_first().context("somebody has to publish")?;
    let group = assemble(owner, members).await?;
    let board = Arc::new(Board::new(members.len()));
    let mut readers = JoinSet::new();
    for socket in people::come_online(server, members.iter().map(Session::token)).await? {
        readers.spawn(read(socket, Arc::clone(&board)));
    }
    let path = Operation::SendMsg.path();
    let mut publisher = Publisher {
        socket: Socket::open(server.address, path, owner.token()).await?,
        group,
        board,
    };
    drop(people);

    let work = async {
        publisher.publish(WARM_UP, 4).await?;
        let mut measured: Vec<Vec<Round>> = options.in_flight.iter().map(|_| Vec::new()).collect();
        for _ in 0..options.rounds {
            for (&in_flight, rounds) in options.in_flight.iter().zip(&mut measured) {
                sleep(PAUSE).await;
                let start = Start::now(server)?;
                let (acks, deliveries) = publisher
                    .publish(options.messages as usize, in_flight as usize)
                    .await?;
                rounds.push(Round::ended(
                    server,
                    &start,
                    in_flight as usize,
                    acks,
                    deliveries,
                )?);
            }
        }
        Ok(rounds::table(measured))
    };
    tokio::select! {
        table = work => table,
        Some(lost) = readers.join_next() => Err(lost?.err().unwrap_or_else(|| anyhow!("a member stopped reading"))),
    }
}

/// A group of everybody: each applies, and the owner agrees.
async fn assemble(owner: &Session, members: &[Session]) -> Result<GroupId> {
    let name = &owner.user().username;
    let group = CreateGroup {
        group_name: Name::new(name).map_err(anyhow::Error::msg)?,
        group_nickname: Text::new(name).map_err(anyhow::Error::msg)?,
        introduction: Introduction::default(),
    };
    let group = owner.create_group(&group).await?.group_id;
    for part in members.chunks(APPLICATIONS) {
        stream::iter(part)
            .map(|member| member.join_group(group, ""))
            .buffer_unordered(people::AT_ONCE)
            .try_collect::<()>()
            .await
            .context("an application was refused")?;
        let waiting = owner.group_apply_list().await?;
        if waiting.len() != part.len() {
            bail!(
                "{} of {} applications are listed",
                waiting.len(),
                part.len()
            );
        }
        stream::iter(waiting)
            .map(|apply| owner.answer_application(apply.group_apply_id, true))
            .buffer_unordered(people::AT_ONCE)
            .try_for_each(|_| async { Ok(()) })
            .await
            .context("an application could not be agreed to")?;
    }
    Ok(group)
}

/// What is under way in the current round.
struct Board {
    members: usize,
    state: Mutex<State>,
    /// A message has reached everybody.
    complete: Notify,
}

#[derive(Default)]
struct State {
    /// When each message was sent, and how many members do not have it yet.
    sent: Vec<(Instant, usize)>,
    complete: usize,
    deliveries: Latencies,
}

impl Board {
    fn new(members: usize) -> Self {
        Self {
            members,
            state: Mutex::default(),
            complete: Notify::new(),
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A member has received an event; what is no message of this round does not count.
    fn received(&self, event: &[u8], now: Instant) -> Result<()> {
        let Some(number) = number_in(event) else {
            return Ok(());
        };
        let complete = self.with(|state| {
            let (sent, missing) = state
                .sent
                .get_mut(number)
                .with_context(|| format!("message {number} was never sent"))?;
            *missing = missing
                .checked_sub(1)
                .with_context(|| format!("message {number} came twice"))?;
            state.deliveries.record(now - *sent);
            state.complete += usize::from(*missing == 0);
            anyhow::Ok(*missing == 0)
        })?;
        if complete {
            self.complete.notify_one();
        }
        Ok(())
    }
}

/// The number of a message, from its event.
fn number_in(event: &[u8]) -> Option<usize> {
    let from = find(event, BEFORE_NUMBER)? + BEFORE_NUMBER.len();
    let digits = std::str::from_utf8(event.get(from..from + DIGITS)?).ok()?;
    digits.parse().ok()
}

async fn read(mut socket: Socket, board: Arc<Board>) -> Result<()> {
    loop {
        let mut now = None;
        socket
            .receive(|event| board.received(event, *now.get_or_insert_with(Instant::now)))
            .await
            .context("a member's connection was lost")?;
    }
}

struct Publisher {
    socket: Socket,
    group: GroupId,
    board: Arc<Board>,
}

impl Publisher {
    /// Sends `count` messages, `in_flight` at a time; gives the times to the answers and to the deliveries.
    async fn publish(&mut self, count: usize, in_flight: usize) -> Result<(Latencies, Latencies)> {
        let board = Arc::clone(&self.board);
        board.with(|state| *state = State::default());
        let mut acks = Latencies::default();
        let mut frames = Vec::new();
        loop {
            let (sent, complete) = board.with(|state| (state.sent.len(), state.complete));
            let done = complete.min(acks.len());
            if done == count {
                break;
            }
            let more = sent..count.min(done + in_flight);
            if !more.is_empty() {
                frames.clear();
                for number in more.clone() {
                    encode(&mut frames, TEXT, self.request(number)?.as_bytes());
                }
                let now = Instant::now();
                board.with(|state| state.sent.extend(more.map(|_| (now, board.members))));
                self.socket.send(&frames).await?;
                continue;
            }
            let mut answered = |answer: &[u8]| {
                if !answer.starts_with(b"{\"code\":\"0000\"") {
                    bail!("refused: {}", String::from_utf8_lossy(answer));
                }
                let sent = board.with(|state| state.sent[acks.len()].0);
                acks.record(sent.elapsed());
                Ok(())
            };
            let event = async {
                tokio::select! {
                    received = self.socket.receive(&mut answered) => received,
                    () = board.complete.notified() => Ok(()),
                }
            };
            timeout(PATIENCE, event)
                .await
                .context("a message did not reach everybody in time")??;
        }
        let deliveries = board.with(|state| std::mem::take(&mut state.deliveries));
        Ok((acks, deliveries))
    }

    fn request(&self, number: usize) -> Result<String> {
        let text = format!("{:x<TEXT_BYTES$}", format!("#{number:0DIGITS$}"));
        Ok(serde_json::to_string(&to_group(self.group, text)?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_known_by_its_number() {
        let event =
            br##"{"data":{"msg":"#00000420xxx","toGroupId":"g"},"eventType":"chat_group"}"##;
        assert_eq!(number_in(event), Some(420));
        for other in [
            &b"{\"data\":{\"msg\":\"#0000"[..],
            b"{}",
            br##"{"msg":"#abcdefgh"}"##,
        ] {
            assert_eq!(number_in(other), None);
        }
    }

    #[test]
    fn a_message_is_complete_when_everybody_has_it_once() {
        let board = Board::new(2);
        let event = br##"{"data":{"msg":"#00000000"}}"##;
        assert!(board.received(event, Instant::now()).is_err());
        board.with(|state| state.sent.push((Instant::now(), 2)));
        board.received(event, Instant::now()).unwrap();
        assert_eq!(board.with(|state| state.complete), 0);
        board.received(event, Instant::now()).unwrap();
        assert_eq!(board.with(|state| state.complete), 1);
        assert!(board.received(event, Instant::now()).is_err());
    }
}
