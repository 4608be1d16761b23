//! Many pairs of friends, one of each writing to the other.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use futures_util::{StreamExt, TryStreamExt, stream};
use hongyan_client::{Session, to_user};
use hongyan_protocol::{Operation, id::UserId};
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
/// Digits of the µs since the start of the program at which a message was sent, at the beginning of its text.
const DIGITS: usize = 12;
/// What stands before the time in an event.
const BEFORE_TIME: &[u8] = b"\"msg\":\"@";
/// How long the last messages may be under way before the run is given up.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between rounds: the server writes down how far everybody has read.
const PAUSE: Duration = Duration::from_millis(1500);

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Pairs of friends
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=5000))]
    pairs: u32,
    /// Messages of each pair that wait for their answer at a time
    #[arg(long, value_delimiter = ',', default_value = "1,8", value_parser = clap::value_parser!(u32).range(1..=256))]
    in_flight: Vec<u32>,
    /// Seconds of one round
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Rounds of each; the median is shown
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

pub(crate) async fn run(server: &Server, options: &Options) -> Result<Table> {
    let people = people::register(server, 2 * options.pairs as usize).await?;
    let (writers, readers) = people.split_at(options.pairs as usize);
    let pairs = || writers.iter().zip(readers);
    // The second of two requests makes both friends.
    for (from, to) in [(writers, readers), (readers, writers)] {
        stream::iter(from.iter().zip(to))
            .map(|(from, to)| from.add_friend(to.id(), ""))
            .buffer_unordered(people::AT_ONCE)
            .try_collect::<()>()
            .await
            .context("a friend request was refused")?;
    }
    let board = Arc::new(Board::new());
    let mut listening = JoinSet::new();
    for socket in people::come_online(server, readers.iter().map(Session::token)).await? {
        listening.spawn(read(socket, Arc::clone(&board)));
    }
    let sockets = stream::iter(pairs())
        .map(|(writer, reader)| async {
            let path = Operation::SendMsg.path();
            let socket = Socket::open(server.address, path, writer.token()).await?;
            anyhow::Ok(Writer {
                socket,
                to: reader.id(),
                board: Arc::clone(&board),
            })
        })
        .buffered(people::AT_ONCE)
        .try_collect::<Vec<_>>();
    let mut writers = sockets.await.context("cannot open all sockets")?;
    drop(people);

    let work = async {
        let mut measured: Vec<Vec<Round>> = options.in_flight.iter().map(|_| Vec::new()).collect();
        write_all(&mut writers, &board, Duration::from_millis(500), 1).await?;
        for _ in 0..options.rounds {
            for (&in_flight, rounds) in options.in_flight.iter().zip(&mut measured) {
                sleep(PAUSE).await;
                let (time, in_flight) = (Duration::from_secs(options.seconds), in_flight as usize);
                let start = Start::now(server)?;
                write_all(&mut writers, &board, time, in_flight).await?;
                let (acks, deliveries) = board.take();
                rounds.push(Round::ended(server, &start, in_flight, acks, deliveries)?);
            }
        }
        Ok(rounds::table(measured))
    };
    tokio::select! {
        table = work => table,
        Some(lost) = listening.join_next() => Err(lost?.err().unwrap_or_else(|| anyhow!("a reader stopped"))),
    }
}

/// Lets every pair write for `time`, and waits until all of it has arrived.
async fn write_all(
    writers: &mut Vec<Writer>,
    board: &Arc<Board>,
    time: Duration,
    in_flight: usize,
) -> Result<()> {
    board.take();
    let until = Instant::now() + time;
    let mut writing = JoinSet::new();
    for mut writer in writers.drain(..) {
        writing.spawn(async move {
            writer.write(until, in_flight).await?;
            anyhow::Ok(writer)
        });
    }
    let finished = async {
        while let Some(writer) = writing.join_next().await {
            writers.push(writer??);
        }
        while board.missing.load(Ordering::Relaxed) > 0 {
            board.arrived.notified().await;
        }
        anyhow::Ok(())
    };
    timeout(time + PATIENCE, finished).await.with_context(|| {
        let missing = board.missing.load(Ordering::Relaxed);
        format!("{missing} messages were not answered and delivered in time")
    })?
}

/// What all pairs have measured in the current round.
struct Board {
    /// Times in messages count from here.
    epoch: Instant,
    /// Sent, and not delivered yet.
    missing: AtomicUsize,
    /// Nothing is missing.
    arrived: Notify,
    measured: Mutex<(Latencies, Latencies)>,
}

impl Board {
    fn new() -> Self {
        Self {
            epoch: Instant::now(),
            missing: AtomicUsize::new(0),
            arrived: Notify::new(),
            measured: Mutex::default(),
        }
    }

    fn take(&self) -> (Latencies, Latencies) {
        self.with(std::mem::take)
    }

    fn with<T>(&self, act: impl FnOnce(&mut (Latencies, Latencies)) -> T) -> T {
        act(&mut self.measured.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A reader has received an event; what is no message of ours does not count.
    fn received(&self, event: &[u8], now: Instant) -> Result<()> {
        let Some(sent) = time_in(event) else {
            return Ok(());
        };
        let latency = (now - self.epoch).saturating_sub(sent);
        self.with(|(_, deliveries)| deliveries.record(latency));
        match self.missing.fetch_sub(1, Ordering::Relaxed) {
            0 => bail!("a message came twice"),
            1 => self.arrived.notify_one(),
            _ => {}
        }
        Ok(())
    }
}

/// When a message was sent, from its event.
fn time_in(event: &[u8]) -> Option<Duration> {
    let from = find(event, BEFORE_TIME)? + BEFORE_TIME.len();
    let digits = std::str::from_utf8(event.get(from..from + DIGITS)?).ok()?;
    digits.parse().ok().map(Duration::from_micros)
}

async fn read(mut socket: Socket, board: Arc<Board>) -> Result<()> {
    loop {
        let mut now = None;
        socket
            .receive(|event| board.received(event, *now.get_or_insert_with(Instant::now)))
            .await
            .context("a reader's connection was lost")?;
    }
}

struct Writer {
    socket: Socket,
    to: UserId,
    board: Arc<Board>,
}

impl Writer {
    /// Keeps `in_flight` messages waiting for their answers until the time is over, then waits for the last answers.
    async fn write(&mut self, until: Instant, in_flight: usize) -> Result<()> {
        let mut waiting = VecDeque::with_capacity(in_flight);
        let mut frames = Vec::new();
        loop {
            let now = Instant::now();
            if now < until && waiting.len() < in_flight {
                let request = self.request(now)?;
                frames.clear();
                while waiting.len() < in_flight {
                    encode(&mut frames, TEXT, request.as_bytes());
                    waiting.push_back(now);
                    self.board.missing.fetch_add(1, Ordering::Relaxed);
                }
                self.socket.send(&frames).await?;
            }
            if waiting.is_empty() {
                return Ok(());
            }
            let board = &self.board;
            self.socket
                .receive(|answer| {
                    if !answer.starts_with(b"{\"code\":\"0000\"") {
                        bail!("refused: {}", String::from_utf8_lossy(answer));
                    }
                    let sent = waiting.pop_front().context("an answer to no question")?;
                    board.with(|(acks, _)| acks.record(sent.elapsed()));
                    Ok(())
                })
                .await?;
        }
    }

    fn request(&self, now: Instant) -> Result<String> {
        let micros = (now - self.board.epoch).as_micros();
        let text = format!("{:x<TEXT_BYTES$}", format!("@{micros:0DIGITS$}"));
        Ok(serde_json::to_string(&to_user(self.to, text)?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_carries_its_time() {
        let event = br#"{"data":{"msg":"@000001500000xx"},"eventType":"chat_f2f"}"#;
        assert_eq!(time_in(event), Some(Duration::from_millis(1500)));
        assert_eq!(time_in(b"{\"msg\":\"@0000\"}"), None);
    }

    #[test]
    fn the_round_ends_with_the_last_delivery_and_none_comes_twice() {
        let board = Board::new();
        board.missing.store(1, Ordering::Relaxed);
        let event = br#"{"data":{"msg":"@000000000000"}}"#;
        board.received(event, Instant::now()).unwrap();
        assert_eq!(board.take().1.len(), 1);
        assert!(board.received(event, Instant::now()).is_err());
    }
}
