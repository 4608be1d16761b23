//! Measures searches among many messages: `cargo run --release -p hongyan-store --example search [DIRECTORY] [MESSAGES]`.
//!
//! 5,000 conversations with a million messages of 5 to 40 tokens, drawn as natural languages do it (the n-th most common
//! of 3,000 characters and 3,000 words about 1/n as often as the first). One conversation has a tenth of all messages.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use hongyan_protocol::id::{ConversationId, UserId};
use hongyan_store::{Draft, Error, Options, Query, Search, Store};

const CONVERSATIONS: usize = 5_000;
const KINDS: usize = 3_000;
const SEARCHES: usize = 200;

/// The best of so many tries counts: what else the machine does is not measured.
const TRIES: usize = 3;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let parent: PathBuf = arguments.next().map_or_else(std::env::temp_dir, Into::into);
    let messages: usize = arguments
        .next()
        .map_or(1_000_000, |count| count.parse().unwrap());
    let directory = tempfile::tempdir_in(parent).unwrap();
    let mut dice = Dice(7);

    let store = Store::open(&Options::new(directory.path())).unwrap();
    let everybody = people(&store).await;
    let start = Instant::now();
    fill(&store, &everybody, messages, &mut dice).await;
    println!("{messages} messages in {:?}", start.elapsed());
    let file = directory.path().join("hongyan.db");
    wait_for_index(&file).await;
    println!("all in the index after {:?}", start.elapsed());
    sizes(&file);

    println!("\nms (p50, p99, worst)   messages found on the first page");
    for (who, user, within) in [
        ("in 1,000 conversations", everybody.many, None),
        ("in 50 conversations", everybody.some, None),
        ("in 2 conversations", everybody.few, None),
        (
            "in the largest",
            everybody.many,
            Some(everybody.conversations[0]),
        ),
    ] {
        println!("{who}");
        for (what, queries) in queries(&mut dice) {
            measure(&store, what, user, within, &queries).await;
        }
    }
    store.close().await;
}

/// Random numbers that are the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound
    }

    /// A rank of which the n-th comes about 1/n as often as the first.
    fn rank(&mut self) -> usize {
        let part = self.below(1 << 20) as f64 / f64::from(1 << 20);
        ((KINDS as f64 + 3.0) / 3.0).powf(part).mul_add(3.0, -3.0) as usize
    }

    fn text(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..5 + self.below(36) {
            let rank = self.rank();
            if self.below(10) == 0 {
                text.push_str(&format!(" {} ", word(rank)));
            } else {
                text.push(character(rank));
            }
        }
        text
    }
}

fn character(rank: usize) -> char {
    char::from_u32(0x4e00 + (rank * 7) as u32).unwrap()
}

fn word(rank: usize) -> String {
    let mut rest = rank * 7919 % 17_576;
    let mut word = String::new();
    for _ in 0..3 {
        word.push(char::from(b'a' + (rest % 26) as u8));
        rest /= 26;
    }
    word + "er"
}

fn queries(dice: &mut Dice) -> Vec<(&'static str, Vec<String>)> {
    let mut many = |of: &mut dyn FnMut(&mut Dice) -> String| -> Vec<String> {
        (0..SEARCHES).map(|_| of(dice)).collect()
    };
    let range = |from: usize, to: usize| move |dice: &mut Dice| from + dice.below(to - from);
    let (common, middle, rare) = (range(0, 10), range(100, 400), range(2_500, KINDS));
    vec![
        (
            "a common character",
            many(&mut |d| character(common(d)).into()),
        ),
        (
            "a middling character",
            many(&mut |d| character(middle(d)).into()),
        ),
        ("a rare character", many(&mut |d| character(rare(d)).into())),
        (
            "two common characters",
            many(&mut |d| {
                [character(common(d)), character(common(d))]
                    .iter()
                    .collect()
            }),
        ),
        (
            "two middling characters",
            many(&mut |d| {
                [character(middle(d)), character(middle(d))]
                    .iter()
                    .collect()
            }),
        ),
        (
            "common and rare, apart",
            many(&mut |d| format!("{} {}", character(common(d)), character(rare(d)))),
        ),
        ("a rare word", many(&mut |d| word(rare(d)))),
        (
            "two letters of words",
            many(&mut |d| word(middle(d))[..2].to_owned()),
        ),
        ("what nobody said", many(&mut |_| "無此字".to_owned())),
    ]
}

struct Everybody {
    many: UserId,
    some: UserId,
    few: UserId,
    conversations: Vec<ConversationId>,
    senders: Vec<UserId>,
}

async fn people(store: &Store) -> Everybody {
    let made = store.write::<_, Error, _>(|tx| {
        let [many, some, few] = [(); 3].map(|()| UserId::mint());
        let mut conversations = Vec::new();
        let mut senders = Vec::new();
        for number in 0..CONVERSATIONS {
            let user = match number {
                0..950 => many,
                950..1000 => some,
                1000..1002 => few,
                _ => UserId::mint(),
            };
            let friend = if number == 1 { some } else { UserId::mint() };
            let user = if (1002..1052).contains(&number) {
                many
            } else {
                user
            };
            conversations.push(tx.befriend(user, friend, 1)?);
            senders.push(user);
        }
        Ok(Everybody {
            many,
            some,
            few,
            conversations,
            senders,
        })
    });
    made.await.unwrap()
}

async fn fill(store: &Store, everybody: &Everybody, messages: usize, dice: &mut Dice) {
    for part in 0..messages / 1000 {
        let drafts: Vec<_> = (0..1000)
            .map(|n| {
                let number = if n % 10 == 0 {
                    0
                } else {
                    dice.below(CONVERSATIONS)
                };
                let draft = Draft {
                    sender: everybody.senders[number],
                    client_msg_id: None,
                    kind: None,
                    msg: dice.text(),
                    body: None,
                    reply_to: None,
                    mentions: Vec::new(),
                    mention_all: false,
                };
                (everybody.conversations[number], draft)
            })
            .collect();
        let appended = store.write::<_, Error, _>(move |tx| {
            for (conversation, draft) in &drafts {
                tx.append(*conversation, draft, part as i64)?;
            }
            Ok(())
        });
        appended.await.unwrap();
    }
}

async fn wait_for_index(file: &Path) {
    let connection = rusqlite::Connection::open(file).unwrap();
    let sql = "SELECT (SELECT MAX(id) FROM messages) - value FROM meta WHERE key = 'search_mark'";
    while connection
        .query_one(sql, [], |row| row.get::<_, i64>(0))
        .unwrap()
        > 0
    {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn sizes(file: &Path) {
    let connection = rusqlite::Connection::open(file).unwrap();
    let sql =
        "SELECT name, SUM(pgsize) / 1048576 FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 6";
    let mut statement = connection.prepare(sql).unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        println!(
            "{:>8} MiB {}",
            row.get::<_, i64>(1).unwrap(),
            row.get::<_, String>(0).unwrap()
        );
    }
}

async fn measure(
    store: &Store,
    what: &str,
    user: UserId,
    within: Option<ConversationId>,
    queries: &[String],
) {
    let (mut took, mut found, mut paused) = (Vec::new(), 0, 0);
    for query in queries {
        let search = Search {
            user,
            query: Query::new(query).unwrap(),
            within,
            before: None,
            limit: 20,
        };
        let (mut best, mut page) = (f64::INFINITY, None);
        for _ in 0..TRIES {
            let search = search.clone();
            let start = Instant::now();
            let read = store.read::<_, Error, _>(move |view| view.search(&search));
            page = Some(read.await.unwrap());
            best = best.min(start.elapsed().as_secs_f64() * 1e3);
        }
        let page = page.unwrap();
        took.push(best);
        found += page.found.len();
        paused += usize::from(page.next.is_some() && page.found.len() < 20);
    }
    took.sort_by(f64::total_cmp);
    let at = |part: usize| took[(took.len() - 1) * part / 100];
    let found = found as f64 / queries.len() as f64;
    println!(
        "{:>8.2} {:>8.2} {:>8.2}   {found:>5.1} {what}{}",
        at(50),
        at(99),
        at(100),
        if paused > 0 {
            format!(" ({paused} paused)")
        } else {
            String::new()
        }
    );
}
