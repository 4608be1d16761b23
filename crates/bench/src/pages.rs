//! How long a reader waits: the list of many conversations, history and search in a long one, resuming after an absence.

use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Args;
use futures_util::{StreamExt, TryStreamExt, stream};
use hongyan_client::{Session, to_group};
use hongyan_protocol::{
    Operation,
    group::{CreateGroup, GroupUpdate, Introduction, JoinPolicy},
    id::GroupId,
    text::Text,
    user::Name,
};
use serde_json::{Value, json};

use crate::{
    codec::{TEXT, encode},
    latencies::Latencies,
    people, process,
    server::Server,
    socket::Socket,
    table::{Table, grouped},
};

/// Sockets over which the long conversation is written, and messages of each that wait for their answer.
const WRITERS: u64 = 16;
const IN_FLIGHT: u64 = 16;

/// Messages in each of the short conversations.
const SHORT: u64 = 20;

/// Stands in one message of 100,000.
const RARE: &str = "鸿雁传书";

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Conversations of the reader
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    conversations: u32,
    /// Messages in the long conversation
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1000..))]
    messages: u64,
    /// Requests of each kind
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    requests: u32,
    /// Messages that a resuming client has missed
    #[arg(long, default_value_t = 10_000)]
    missed: u64,
}

pub(crate) async fn run(server: &Server, options: &Options) -> Result<Table> {
    let people = people::register(server, 2).await?;
    let [writer, reader] = people.as_slice() else {
        bail!("two accounts are wanted");
    };
    fill_short(writer, reader, options.conversations).await?;
    let long = group(writer, reader, 0).await?;
    fill_long(server, writer, long, options.messages).await?;

    let mut asker = Asker { server, reader };
    let mut random = Random(1);
    let mut table = Table::new(["request", "p50 ms", "p99 ms", "longest answer", "note"]);
    let mut row = |what: &str, measured: Measured, note: String| {
        let Measured {
            mut latencies,
            longest,
        } = measured;
        table.row([
            what.to_owned(),
            format!("{:.2}", latencies.percentile(0.5)),
            format!("{:.2}", latencies.percentile(0.99)),
            format!("{} B", grouped(longest as f64)),
            note,
        ]);
    };
    let times = options.requests;
    let first_page = asker
        .measure(times, Operation::Conversations, || json!({"limit": 50}))
        .await?;
    let note = format!("first of {} conversations", options.conversations);
    row("conversations, 50", first_page, note);
    row(
        "conversations, all",
        asker.whole_list(times.min(50)).await?,
        "pages of 100, one after the other".to_owned(),
    );
    let anywhere = asker
        .measure(times, Operation::History, || {
            let before = random.below(options.messages);
            json!({"toGroupId": long, "before": before + 1, "limit": 50})
        })
        .await?;
    let note = format!("anywhere in {} messages", grouped(options.messages as f64));
    row("history, 50", anywhere, note.clone());
    for (what, query) in [
        ("search, a rare word", RARE),
        ("search, a common character", "的"),
        ("search, two characters", "我们"),
        ("search, not there", "龘龘"),
    ] {
        let found = asker
            .measure(times, Operation::ChatSearch, || json!({"query": query}))
            .await?;
        row(what, found, note.clone());
    }
    let memory = process::memory(server.pid)?;
    let resumed = asker.resume(long, options.messages, options.missed).await?;
    let growth = process::memory(server.pid)?.saturating_sub(memory);
    let note = format!(
        "{} messages missed; server memory grew by {} KiB",
        grouped(options.missed as f64),
        growth / 1024
    );
    row("sync, one answer of a resume", resumed, note);
    Ok(table)
}

/// A group of two, in which only one speaks and the other has read nothing.
async fn group(owner: &Session, reader: &Session, number: u32) -> Result<GroupId> {
    let group = CreateGroup {
        group_name: Name::new(format!("{}-{number}", &owner.user().username[..8]))
            .map_err(anyhow::Error::msg)?,
        group_nickname: Text::new("a group").map_err(anyhow::Error::msg)?,
        introduction: Introduction::default(),
    };
    let group = owner.create_group(&group).await?.group_id;
    let open = GroupUpdate {
        join: Some(JoinPolicy::Open),
        ..GroupUpdate::of(group)
    };
    owner.update_group(&open).await?;
    reader.join_group(group, "").await?;
    Ok(group)
}

async fn fill_short(owner: &Session, reader: &Session, count: u32) -> Result<()> {
    stream::iter(1..count)
        .map(|number| async move {
            let group = group(owner, reader, number).await?;
            for n in 0..SHORT {
                let text = sentence(&mut Random(u64::from(number) * SHORT + n + 1), n + 1);
                owner.ask(&to_group(group, text)?).await?;
            }
            anyhow::Ok(())
        })
        .buffer_unordered(people::AT_ONCE)
        .try_collect()
        .await
        .context("the short conversations could not be written")
}

async fn fill_long(server: &Server, owner: &Session, group: GroupId, count: u64) -> Result<()> {
    let writing = (0..WRITERS).map(|writer| async move {
        let path = Operation::SendMsg.path();
        let mut socket = Socket::open(server.address, path, owner.token()).await?;
        let (mut waiting, mut next) = (0_u64, writer);
        while next < count || waiting > 0 {
            let mut frames = Vec::new();
            while waiting < IN_FLIGHT && next < count {
                let text = sentence(&mut Random(next + 1), next);
                let message = serde_json::to_string(&to_group(group, text)?)?;
                encode(&mut frames, TEXT, message.as_bytes());
                waiting += 1;
                next += WRITERS;
            }
            socket.send(&frames).await?;
            let answered = |answer: &[u8]| {
                waiting -= 1;
                accepted(answer)
            };
            socket.receive(answered).await?;
        }
        anyhow::Ok(())
    });
    futures_util::future::try_join_all(writing)
        .await
        .context("the long conversation could not be written")?;
    Ok(())
}

fn accepted(answer: &[u8]) -> Result<()> {
    if !answer.starts_with(b"{\"code\":\"0000\"") {
        bail!("refused: {}", String::from_utf8_lossy(answer));
    }
    Ok(())
}

/// 8 to 40 Chinese characters, the commonest of them most often.
fn sentence(random: &mut Random, number: u64) -> String {
    const COMMON: &str = "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里";
    let common: Vec<char> = COMMON.chars().collect();
    let length = 8 + random.below(33);
    let mut text: String = (0..length)
        .map(|_| {
            if random.below(2) == 0 {
                common[random.below(common.len() as u64) as usize]
            } else {
                // Somewhere among 3,000 others.
                char::from_u32(0x4E00 + random.below(3000) as u32).unwrap_or('的')
            }
        })
        .collect();
    if number % 100_000 == 7 {
        text.push_str(RARE);
    }
    text
}

/// Repeatable numbers (xorshift): the same conversation in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % bound.max(1)
    }
}

/// What requests of one kind came to.
#[derive(Default)]
struct Measured {
    latencies: Latencies,
    /// Bytes.
    longest: usize,
}

/// The reader's sockets, asked one request at a time.
struct Asker<'a> {
    server: &'a Server,
    reader: &'a Session,
}

impl Asker<'_> {
    async fn door(&self, operation: Operation) -> Result<Socket> {
        Socket::open(self.server.address, operation.path(), self.reader.token()).await
    }

    async fn measure(
        &mut self,
        times: u32,
        operation: Operation,
        mut request: impl FnMut() -> Value,
    ) -> Result<Measured> {
        let mut socket = self.door(operation).await?;
        let mut measured = Measured::default();
        for _ in 0..times {
            let start = Instant::now();
            let answer = exchange(&mut socket, &request()).await?;
            measured.latencies.record(start.elapsed());
            measured.longest = measured.longest.max(answer.len());
        }
        Ok(measured)
    }

    /// Reads the whole list so many times.
    async fn whole_list(&mut self, times: u32) -> Result<Measured> {
        let mut socket = self.door(Operation::Conversations).await?;
        let mut measured = Measured::default();
        for _ in 0..times {
            let (start, mut request) = (Instant::now(), json!({"limit": 100}));
            loop {
                let answer = exchange(&mut socket, &request).await?;
                measured.longest = measured.longest.max(answer.len());
                let answer: Value = serde_json::from_slice(&answer)?;
                match answer["data"].get("next") {
                    Some(next) => request["after"] = next.clone(),
                    None => break,
                }
            }
            measured.latencies.record(start.elapsed());
        }
        Ok(measured)
    }

    /// Fetches what was missed, answer by answer.
    async fn resume(&mut self, group: GroupId, last: u64, missed: u64) -> Result<Measured> {
        let mut socket = self.door(Operation::Sync).await?;
        let mut measured = Measured::default();
        let mut seq = last.saturating_sub(missed);
        while seq < last {
            let request = json!({"cursors": [{"groupId": group, "seq": seq}]});
            let start = Instant::now();
            let answer = exchange(&mut socket, &request).await?;
            measured.latencies.record(start.elapsed());
            measured.longest = measured.longest.max(answer.len());
            let answer: Value = serde_json::from_slice(&answer)?;
            let events = answer["data"]["list"][0]["events"].as_array();
            let event = events.and_then(|events| events.last());
            seq = event
                .and_then(|event| event["data"]["seq"].as_u64())
                .context("a resume that gave nothing")?;
        }
        Ok(measured)
    }
}

async fn exchange(socket: &mut Socket, request: &Value) -> Result<Vec<u8>> {
    let mut frame = Vec::new();
    encode(&mut frame, TEXT, request.to_string().as_bytes());
    socket.send(&frame).await?;
    let mut whole = None;
    while whole.is_none() {
        let take = |answer: &[u8]| {
            accepted(answer)?;
            whole = Some(answer.to_vec());
            Ok(())
        };
        socket.receive(take).await?;
    }
    whole.context("no answer")
}
