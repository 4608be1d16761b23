//! Measures how fast messages are appended: `cargo run --release -p hongyan-store --example append [DIRECTORY]`.
//!
//! Each operation checks the friendship and appends 128 bytes, as the server does, in one of 200 conversations. The
//! last figures are the floor: the same rows in transactions of bare inserts.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::{collections::VecDeque, path::Path, time::Instant};

use hongyan_protocol::{
    id::{ConversationId, UserId},
    user::{Name, Sex},
};
use hongyan_store::{Draft, Error, NewUser, Options, Store};

const PAIRS: usize = 200;

#[tokio::main]
async fn main() {
    let parent = std::env::args().nth(1);
    let parent = parent
        .as_deref()
        .map_or_else(std::env::temp_dir, Into::into);
    let directory = tempfile::tempdir_in(parent).unwrap();

    let store = Store::open(&Options::new(directory.path())).unwrap();
    let pairs = pairs(&store).await;
    for (count, depth, keyed) in [
        (2_000, 1, true),
        (20_000, 10, true),
        (50_000, 100, true),
        (100_000, 100, false),
        (200_000, 1_000, false),
        (200_000, 1_000, true),
    ] {
        let start = Instant::now();
        append(&store, &pairs, count, depth, keyed).await;
        let key = if keyed { "with" } else { "without" };
        report(&format!("store, {depth} queued, {key} a key"), count, start);
    }
    store.close().await;
    bare(directory.path());
}

fn report(what: &str, count: usize, start: Instant) {
    let rate = count as f64 / start.elapsed().as_secs_f64();
    println!("{what}: {rate:.0} messages/s");
}

async fn pairs(store: &Store) -> Vec<(UserId, UserId, ConversationId)> {
    let made = store.write::<_, Error, _>(|tx| {
        let mut pairs = Vec::new();
        for number in 0..PAIRS {
            let (a, b) = (UserId::mint(), UserId::mint());
            for (id, letter) in [(a, 'a'), (b, 'b')] {
                tx.create_user(&NewUser {
                    id,
                    username: Name::new(format!("user{letter}{number}")).unwrap(),
                    password_hash: String::new(),
                    nickname: "x".to_owned(),
                    sex: Sex::Unset,
                    sign: String::new(),
                    head_img: String::new(),
                    now: 1,
                })?;
            }
            pairs.push((a, b, tx.befriend(a, b, 1)?));
        }
        Ok(pairs)
    });
    made.await.unwrap()
}

async fn append(
    store: &Store,
    pairs: &[(UserId, UserId, ConversationId)],
    count: usize,
    depth: usize,
    keyed: bool,
) {
    let mut waiting = VecDeque::with_capacity(depth);
    for number in 0..count {
        if waiting.len() == depth {
            let answer: Result<_, Error> = waiting.pop_front().unwrap().await;
            answer.unwrap();
        }
        let (from, to, _) = pairs[number % PAIRS];
        let draft = Draft {
            sender: from,
            client_msg_id: keyed.then(|| UserId::mint().to_string()),
            kind: None,
            msg: "x".repeat(128),
            body: None,
            reply_to: None,
            mentions: Vec::new(),
            mention_all: false,
        };
        waiting.push_back(store.write(move |tx| {
            let friendship = tx.friendship(from, to)?.unwrap();
            tx.append(friendship.conversation_id, &draft, 1)
        }));
    }
    for answer in waiting {
        answer.await.unwrap();
    }
}

/// The floor: no queue, no savepoints, no checks, no answers.
fn bare(directory: &Path) {
    let connection = rusqlite::Connection::open(directory.join("hongyan.db")).unwrap();
    connection
        .execute_batch("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -32768")
        .unwrap();
    let conversations: Vec<_> = (0..PAIRS).map(|_| UserId::mint().to_bytes()).collect();
    let mut rows = 0;
    for (count, size, keyed) in [
        (100_000, 50, false),
        (100_000, 100, false),
        (200_000, 1_000, false),
        (200_000, 1_000, true),
    ] {
        let start = Instant::now();
        for _ in 0..count / size {
            connection.execute_batch("BEGIN IMMEDIATE").unwrap();
            for number in rows..rows + size {
                let conversation = &conversations[number % PAIRS];
                let key = keyed.then(|| UserId::mint().to_string());
                let seq = (number / PAIRS) as i64;
                connection
                    .prepare_cached(
                        "INSERT INTO messages (conversation_id, seq, msg_id, sender_id, client_msg_id, msg, created_at)
                         VALUES ($1, $2, $3, $4, $5, $6, 1)",
                    )
                    .unwrap()
                    .execute((conversation, seq, UserId::mint().to_bytes(), conversation, key, "x".repeat(128)))
                    .unwrap();
            }
            connection.execute_batch("COMMIT").unwrap();
            rows += size;
        }
        let key = if keyed { "with" } else { "without" };
        report(
            &format!("bare inserts, {size} a transaction, {key} a key"),
            count,
            start,
        );
    }
}
