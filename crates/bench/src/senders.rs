//! Few and many senders, each waiting for its answer, beside what the same SQLite takes without a server around it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use futures_util::{StreamExt, TryStreamExt, stream};
use hongyan_client::to_user;
use hongyan_protocol::{Operation, id::UserId, message::WhenOffline};
use tokio::task::spawn_blocking;

use crate::{
    codec::{TEXT, encode},
    latencies::Latencies,
    people, process, raw,
    server::Server,
    socket::Socket,
    table::{Table, grouped},
};

/// Bytes of each message's text.
const TEXT_BYTES: usize = 128;

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Senders at the same time
    #[arg(long, value_delimiter = ',', default_value = "1,10,100", value_parser = clap::value_parser!(u32).range(1..=2000))]
    senders: Vec<u32>,
    /// Seconds of one round
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Rounds of each, in turn with the raw inserts; the median is shown
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

pub(crate) async fn run(server: &Server, options: &Options) -> Result<Table> {
    let most = options.senders.iter().copied().max().unwrap_or_default() as usize;
    let mut senders = prepare(server, most).await?;
    let time = Duration::from_secs(options.seconds);
    let mut measured: Vec<Vec<Round>> = options.senders.iter().map(|_| Vec::new()).collect();
    for _ in 0..options.rounds {
        for (&count, rounds) in options.senders.iter().zip(&mut measured) {
            let disk = server
                .folder()
                .context("--url has no raw limit to compare with")?;
            let disk = disk.to_owned();
            let raw = spawn_blocking(move || raw::rows_per_second(&disk, count, time)).await??;
            rounds.push(round(server, &mut senders[..count as usize], time, raw).await?);
        }
    }
    let mut table = Table::new([
        "senders",
        "acknowledged/s",
        "ack p50 ms",
        "p99",
        "raw rows/s, as many a commit",
        "ratio",
        "server CPU us/message",
        "server cores",
        "generator cores",
        "other cores",
    ]);
    for (count, rounds) in options.senders.iter().zip(measured) {
        if let Some(round) = median(rounds) {
            table.row([
                count.to_string(),
                grouped(round.acknowledged),
                format!("{:.2}", round.ack[0]),
                format!("{:.2}", round.ack[1]),
                grouped(round.raw),
                format!("{:.2}", round.acknowledged / round.raw),
                format!("{:.1}", round.cores[0] / round.acknowledged * 1e6),
                format!("{:.2}", round.cores[0]),
                format!("{:.2}", round.cores[1]),
                format!("{:.2}", round.cores[2]),
            ]);
        }
    }
    Ok(table)
}

struct Round {
    acknowledged: f64,
    ack: [f64; 2],
    raw: f64,
    /// Kept busy by the server, this generator and others.
    cores: [f64; 3],
}

struct Sender {
    socket: Socket,
    to: UserId,
}

/// Pairs of friends of whom one is never online: nothing is measured but sending.
async fn prepare(server: &Server, count: usize) -> Result<Vec<Sender>> {
    let people = people::register(server, 2 * count).await?;
    let (senders, receivers) = people.split_at(count);
    for (from, to) in [(senders, receivers), (receivers, senders)] {
        stream::iter(from.iter().zip(to))
            .map(|(from, to)| from.add_friend(to.id(), ""))
            .buffer_unordered(people::AT_ONCE)
            .try_collect::<()>()
            .await
            .context("a friend request was refused")?;
    }
    stream::iter(senders.iter().zip(receivers))
        .map(|(sender, receiver)| async {
            let path = Operation::SendMsg.path();
            let socket = Socket::open(server.address, path, sender.token()).await?;
            let to = receiver.id();
            anyhow::Ok(Sender { socket, to })
        })
        .buffered(people::AT_ONCE)
        .try_collect()
        .await
}

async fn round(server: &Server, senders: &mut [Sender], time: Duration, raw: f64) -> Result<Round> {
    let cpu = |pid| process::cpu(pid).map(|cpu| cpu.as_secs_f64());
    let clocks = || -> Result<[f64; 3]> {
        let machine = process::machine_cpu()?.as_secs_f64();
        Ok([cpu(server.pid)?, cpu(std::process::id())?, machine])
    };
    let (start, before) = (Instant::now(), clocks()?);
    let until = start + time;
    let sending = senders.iter_mut().map(|sender| sender.send(until));
    let mut acks = Latencies::default();
    for latencies in futures_util::future::try_join_all(sending).await? {
        latencies
            .into_iter()
            .for_each(|latency| acks.record(latency));
    }
    let (seconds, after) = (start.elapsed().as_secs_f64(), clocks()?);
    let [server_cpu, own, machine] =
        [0, 1, 2].map(|clock| (after[clock] - before[clock]) / seconds);
    Ok(Round {
        acknowledged: acks.len() as f64 / seconds,
        ack: [0.5, 0.99].map(|share| acks.percentile(share)),
        raw,
        cores: [server_cpu, own, (machine - server_cpu - own).max(0.0)],
    })
}

impl Sender {
    /// Sends one message after the other, each when the one before is acknowledged; gives how long each took.
    async fn send(&mut self, until: Instant) -> Result<Vec<Duration>> {
        let mut message = to_user(self.to, "x".repeat(TEXT_BYTES))?;
        message.when_offline = Some(WhenOffline::Keep);
        let mut frame = Vec::new();
        encode(
            &mut frame,
            TEXT,
            serde_json::to_string(&message)?.as_bytes(),
        );
        let mut latencies = Vec::new();
        loop {
            let sent = Instant::now();
            if sent >= until {
                return Ok(latencies);
            }
            self.socket.send(&frame).await?;
            let mut answered = false;
            while !answered {
                let check = |answer: &[u8]| {
                    if !answer.starts_with(b"{\"code\":\"0000\"") {
                        bail!("refused: {}", String::from_utf8_lossy(answer));
                    }
                    answered = true;
                    Ok(())
                };
                self.socket.receive(check).await?;
            }
            latencies.push(sent.elapsed());
        }
    }
}

fn median(mut rounds: Vec<Round>) -> Option<Round> {
    rounds.sort_by(|a, b| a.acknowledged.total_cmp(&b.acknowledged));
    let middle = rounds.len() / 2;
    (!rounds.is_empty()).then(|| rounds.swap_remove(middle))
}
