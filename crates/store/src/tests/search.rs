//! Searching: what is found, by whom, and what is not to be found any more.

use hongyan_protocol::id::{ConversationId, GroupId, UserId};
use proptest::prelude::*;

use super::{Fixture, draft, new_user};
use crate::{Draft, Error, FoundPage, Query, Search, Tx, View, testing, value::values};

fn search(user: UserId, query: &str) -> Search {
    Search {
        user,
        query: Query::new(query).unwrap(),
        within: None,
        before: None,
        limit: 20,
    }
}

fn seqs(page: &FoundPage) -> Vec<i64> {
    page.found.iter().map(|found| found.seq).collect()
}

/// A snippet with its hits in brackets.
fn snippets(page: &FoundPage) -> Vec<String> {
    let show = |piece: &crate::Piece| {
        if piece.hit {
            format!("[{}]", piece.text)
        } else {
            piece.text.clone()
        }
    };
    let found = page.found.iter();
    found
        .map(|found| found.snippet.iter().map(show).collect())
        .collect()
}

/// Takes everything into the index.
fn index(tx: &mut Tx<'_>) -> Result<(), Error> {
    while tx.not_indexed()? > 0 {
        tx.index_next()?;
    }
    Ok(())
}

impl Fixture {
    async fn say(&self, sender: UserId, conversation: ConversationId, texts: &[&str]) {
        let drafts: Vec<Draft> = texts.iter().map(|text| draft(sender, text)).collect();
        self.tx(move |tx| {
            drafts
                .iter()
                .try_for_each(|draft| tx.append(conversation, draft, 1).map(drop))
        })
        .await
        .unwrap();
    }

    async fn index(&self) {
        self.tx(index).await.unwrap();
    }

    async fn search(&self, search: &Search) -> FoundPage {
        let search = search.clone();
        self.view(move |view| view.search(&search)).await
    }

    async fn conversation_of(&self, group: GroupId) -> ConversationId {
        let group = self.view(move |view| view.group(group)).await.unwrap();
        group.conversation_id
    }

    /// A user with a friend in each of `count` conversations, each of which has one message `text`.
    async fn busy(&self, count: usize, text: &'static str) -> UserId {
        let made = self.tx(move |tx| {
            let busy = UserId::mint();
            tx.create_user(&new_user(busy, "busy", "busy"))?;
            for _ in 0..count {
                let conversation = tx.befriend(busy, UserId::mint(), 1)?;
                tx.append(conversation, &draft(busy, text), 1)?;
            }
            Ok(busy)
        });
        made.await.unwrap()
    }
}

const TEXTS: [&str; 8] = [
    "我们明天去上海，你来吗？",
    "海上风很大",
    "iPhone15手机到了😀OK",
    "Hello, World! hello again",
    "Straße in ÉCOLE",
    "😀😀 ... !!!",
    "第一行\n第二行\t<b>上海</b>",
    "한국어와 カタカナ",
];

/// What to look for, and the numbers of [`TEXTS`] that have it.
const LOOKS: [(&str, &[i64]); 30] = [
    ("上海", &[7, 1]),
    ("上", &[7, 2, 1]),
    ("海", &[7, 2, 1]),
    ("海上", &[2]),
    ("去上海，你", &[1]),
    ("上 海", &[7, 2, 1]),
    ("上海 明天", &[1]),
    ("明天 风", &[]),
    ("海南", &[]),
    ("iphone15手机", &[3]),
    ("IPHONE", &[3]),
    ("ip", &[3]),
    ("手机到了ok", &[3]),
    ("phone", &[]),
    ("15", &[]),
    ("hello", &[4]),
    ("hel", &[4]),
    ("h", &[]),
    ("hello world", &[4]),
    ("world!hello", &[4]),
    ("hello,ag", &[4]),
    ("wor", &[4]),
    ("ello", &[]),
    ("STRASSE", &[]),
    ("straß", &[5]),
    ("école", &[5]),
    ("第一行 第二行", &[7]),
    ("b", &[7]),
    ("국어", &[8]),
    ("タカ", &[8]),
];

#[tokio::test]
async fn a_message_is_found_by_its_characters_and_words_before_and_after_it_is_indexed() {
    let fixture = Fixture::new();
    let (ann, bo, conversation) = fixture.friends().await;
    let found = fixture.tx(move |tx| {
        for text in TEXTS {
            tx.append(conversation, &draft(ann, text), 1)?;
        }
        let look = |view: &View<'_>| {
            let pages = LOOKS
                .iter()
                .map(|(query, _)| view.search(&search(bo, query)));
            pages.collect::<Result<Vec<_>, _>>()
        };
        assert_eq!(tx.not_indexed()?, 8);
        let before = look(tx)?;
        index(tx)?;
        Ok((before, look(tx)?))
    });
    let (before, after) = found.await.unwrap();
    for (((query, expected), before), after) in LOOKS.iter().zip(before).zip(after) {
        assert_eq!(seqs(&before), *expected, "{query}, not indexed");
        assert_eq!(seqs(&after), *expected, "{query}, indexed");
        assert!(before == after, "{query}");
    }
}

#[tokio::test]
async fn what_is_found_says_where_it_is_and_shows_the_hits() {
    let fixture = Fixture::new();
    let (ann, bo, conversation) = fixture.friends().await;
    let group = fixture.group(ann, "team").await;
    let team = fixture.conversation_of(group).await;
    fixture
        .say(bo, conversation, &["去上海吗", "上海，上海!"])
        .await;
    fixture.say(ann, team, &["<上海>"]).await;
    fixture.index().await;

    let page = fixture.search(&search(ann, "上海")).await;
    assert_eq!(
        snippets(&page),
        ["<[上海]>", "[上海]，[上海]!", "去[上海]吗"]
    );
    let [in_group, _, from_friend] = page.found.as_slice() else {
        panic!("three are found");
    };
    assert_eq!(
        (in_group.group_id, in_group.friend_id, in_group.sender_id),
        (Some(group), None, ann)
    );
    assert_eq!(
        (
            from_friend.group_id,
            from_friend.friend_id,
            from_friend.sender_id
        ),
        (None, Some(bo), bo)
    );
    let log = fixture
        .view(move |view| view.messages_after(conversation, 0, 1))
        .await;
    assert_eq!(from_friend.msg_id, log[0].msg_id);
    assert_eq!((from_friend.seq, from_friend.time), (1, 1));
    assert_eq!(page.next, None);
}

#[tokio::test]
async fn one_searches_what_one_may_read_and_no_more() {
    let fixture = Fixture::new();
    let (ann, bo, conversation) = fixture.friends().await;
    let [cai] = fixture.users(["caica"]).await;
    let group = fixture.group(ann, "team").await;
    let team = fixture.conversation_of(group).await;
    fixture.say(ann, conversation, &["上海 between us"]).await;
    fixture.say(ann, team, &["上海 before"]).await;
    fixture
        .tx(move |tx| {
            tx.join(group, cai, 2)?;
            tx.append(team, &draft(ann, "上海 after"), 2)
        })
        .await
        .unwrap();
    for indexed in [false, true] {
        if indexed {
            fixture.index().await;
        }
        let found = async |user| seqs(&fixture.search(&search(user, "上海")).await);
        assert_eq!(found(ann).await, [2, 1, 1]);
        assert_eq!(found(bo).await, [1]);
        assert_eq!(found(cai).await, [2], "nothing from before they came");
        let within = Search {
            within: Some(conversation),
            ..search(cai, "上海")
        };
        assert!(fixture.search(&within).await.found.is_empty());
        let within = Search {
            within: Some(team),
            ..search(ann, "上海")
        };
        assert_eq!(seqs(&fixture.search(&within).await), [2, 1]);
    }
    let left = fixture.tx(move |tx| tx.leave(group, cai));
    assert!(left.await.unwrap());
    let page = fixture.search(&search(cai, "上海")).await;
    assert!(page.found.is_empty() && page.next.is_none());
}

#[tokio::test]
async fn pages_have_no_repeat_and_no_gap_while_new_messages_come() {
    let fixture = Fixture::new();
    let (ann, _, conversation) = fixture.friends().await;
    for part in 0..5 {
        fixture.say(ann, conversation, &["上海"; 9]).await;
        fixture.say(ann, conversation, &["北京"; 3]).await;
        if part == 3 {
            fixture.index().await;
        }
    }
    let (mut found, mut next) = (Vec::new(), None);
    loop {
        let search = Search {
            before: next,
            limit: 4,
            ..search(ann, "上海")
        };
        let page = fixture.search(&search).await;
        assert!(page.found.len() <= 4);
        found.extend(seqs(&page));
        fixture.say(ann, conversation, &["上海"; 3]).await;
        if found.len() == 12 {
            fixture.index().await;
        }
        match page.next {
            Some(_) => next = page.next,
            None => break,
        }
    }
    let expected: Vec<i64> = (1..=60).rev().filter(|seq| (seq - 1) % 12 < 9).collect();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_user_of_many_conversations_finds_what_is_theirs_among_what_is_not() {
    let fixture = Fixture::new();
    let (ann, _, conversation) = fixture.friends().await;
    let busy = fixture.busy(100, "上海 mine").await;
    fixture
        .say(ann, conversation, &["上海 not mine"; 12_000])
        .await;
    for indexed in [false, true] {
        if indexed {
            fixture.index().await;
        }
        let mut search = Search {
            limit: 50,
            ..search(busy, "上海")
        };
        let (mut found, mut pages) = (0, 0);
        loop {
            let page = fixture.search(&search).await;
            assert!(snippets(&page).iter().all(|text| text == "[上海] mine"));
            found += page.found.len();
            pages += 1;
            search.before = page.next;
            if page.next.is_none() {
                break;
            }
        }
        assert_eq!(found, 100);
        assert_eq!(pages, 3, "the first has looked at enough and found nothing");
    }
}

#[tokio::test]
async fn the_writer_indexes_by_itself_also_what_was_there_before() {
    let fixture = Fixture::new();
    let (ann, _, conversation) = fixture.friends().await;
    fixture.say(ann, conversation, &["上海"; 1200]).await;
    fixture
        .tx(|tx| {
            tx.execute(
                "UPDATE meta SET value = 'older' WHERE key = $1",
                values!["search_version"],
            )
        })
        .await
        .unwrap();
    let fixture = fixture.reopen().await;
    // By reading: the index waits for a pause of those who write.
    while fixture.view(|view| view.not_indexed()).await > 0 {
        tokio::task::yield_now().await;
    }
    let page = fixture.search(&search(ann, "上海")).await;
    assert_eq!(page.found.len(), 20, "each is there once");
    assert_eq!(seqs(&page), (1181..=1200).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_taken_out_is_in_no_file_any_more() {
    const CANARIES: [&str; 3] = [
        "Kanarienvogelgesang",
        "Kanarienvogelflug",
        "Kanarienvogelnest",
    ];
    let fixture = Fixture::new();
    let (ann, _, conversation) = fixture.friends().await;
    let filler: Vec<String> = (0..3000)
        .map(|n| format!("kanarie{n} 上海 kanarienvogelx{n} word{}", n % 97))
        .collect();
    let filler: Vec<&str> = filler.iter().map(String::as_str).collect();
    fixture.say(ann, conversation, &filler[..1500]).await;
    fixture.say(ann, conversation, &CANARIES).await;
    fixture.say(ann, conversation, &filler[1500..]).await;
    fixture.index().await;
    for (canary, seq) in CANARIES.into_iter().zip(1501..) {
        assert_eq!(seqs(&fixture.search(&search(ann, canary)).await), [seq]);
        assert!(is_in_a_file(&fixture, canary));
    }

    let removed = fixture.tx(move |tx| {
        let recalled = tx.message(conversation, 1501)?.unwrap();
        let edited = tx.message(conversation, 1502)?.unwrap();
        Ok((
            tx.recall(&recalled, ann, 2)?.is_some(),
            tx.edit(&edited, "other", &[], 2)?.is_some(),
        ))
    });
    assert_eq!(removed.await, Ok((true, true)));
    while !fixture
        .tx(move |tx| tx.sweep(conversation, 1503))
        .await
        .unwrap()
    {}
    for canary in CANARIES {
        assert!(fixture.search(&search(ann, canary)).await.found.is_empty());
        assert!(!is_in_a_file(&fixture, canary), "{canary}");
    }
    let others = fixture
        .search(&search(ann, "kanarienvogelx2999 上海"))
        .await;
    assert_eq!(others.found.len(), 1);
    if testing::on_postgres() {
        return;
    }
    // SQLite's own check of its index.
    let sound = fixture.tx(|tx| {
        tx.execute(
            "INSERT INTO search_index (search_index) VALUES ('integrity-check')",
            &[],
        )
    });
    sound.await.unwrap();
}

#[tokio::test]
async fn a_changed_message_is_found_by_what_it_says_now() {
    let fixture = Fixture::new();
    let (ann, _, conversation) = fixture.friends().await;
    fixture
        .say(ann, conversation, &["one tea", "two tea", "three tea"])
        .await;
    for (indexed, now) in [(false, "coffee"), (true, "cocoa")] {
        if indexed {
            fixture.index().await;
        }
        let changed = fixture.tx(move |tx| {
            let message = tx.message(conversation, 2)?.unwrap();
            tx.edit(&message, now, &[], 2)
        });
        assert!(changed.await.unwrap().is_some());
        let found = async |query| seqs(&fixture.search(&search(ann, query)).await);
        assert_eq!(found("tea").await, [3, 1]);
        assert_eq!(found(now).await, [2]);
        assert!(found("two").await.is_empty());
    }
    fixture.index().await;
    let found = async |query| seqs(&fixture.search(&search(ann, query)).await);
    assert_eq!(found("co").await, [2]);
    assert!(found("coffee").await.is_empty());
}

#[tokio::test]
async fn a_message_that_came_after_others_were_removed_is_found() {
    let fixture = Fixture::new();
    let (ann, _, conversation) = fixture.friends().await;
    for removed in 1..=3 {
        fixture.say(ann, conversation, &["tea"; 4]).await;
        fixture.index().await;
        let swept = fixture.tx(move |tx| tx.sweep(conversation, 4 * removed));
        assert_eq!(swept.await, Ok(true));
        assert!(fixture.search(&search(ann, "tea")).await.found.is_empty());
    }
    fixture.say(ann, conversation, &["tea", "no tea"]).await;
    fixture.index().await;
    assert_eq!(seqs(&fixture.search(&search(ann, "tea")).await), [14, 13]);
    assert_eq!(seqs(&fixture.search(&search(ann, "no")).await), [14]);
}

/// Whether a file of the database has the word, as it was written or as the index names it; with PostgreSQL, a row.
fn is_in_a_file(fixture: &Fixture, word: &str) -> bool {
    if testing::on_postgres() {
        let rows = testing::rows(fixture.directory.path());
        return String::from_utf8(rows)
            .unwrap()
            .to_lowercase()
            .contains(&word.to_lowercase());
    }
    // Outside of a transaction, so on a connection of its own.
    let path = fixture.directory.path().join("hongyan.db");
    let connection = rusqlite::Connection::open(path).unwrap();
    let moved: i64 = connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .unwrap();
    assert_eq!(moved, 0, "nobody was in the way");
    // A page of the index has of each name only what differs from the one before.
    let tail = word.to_lowercase().split_off("kanarienvogel".len());
    let mut files = std::fs::read_dir(fixture.directory.path()).unwrap();
    files.any(|file| {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let has = |part: &str| bytes.windows(part.len()).any(|run| run == part.as_bytes());
        has(word) || has(&tail)
    })
}

/// What is said, by whom of three in which of three conversations, and what is looked for.
fn talk() -> impl Strategy<Value = (Vec<(usize, String)>, Vec<String>)> {
    let text = "[ab上海。 ]{0,8}";
    (
        prop::collection::vec((0..3_usize, text), 1..40),
        prop::collection::vec("[ab上海。 ]{0,3}[a海]", 4),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_search_finds_what_looking_at_every_message_finds((said, looks) in talk()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let fixture = Fixture::new();
            let [ann, bo, cai] = fixture.users(["anna", "bodo", "caica"]).await;
            let check = fixture.tx(move |tx| {
                let conversations = [
                    tx.befriend(ann, bo, 1)?,
                    tx.befriend(bo, cai, 1)?,
                    tx.befriend(cai, ann, 1)?,
                ];
                let half = said.len() / 2;
                for (number, (at, text)) in said.iter().enumerate() {
                    tx.append(conversations[*at], &draft(bo, text), 1)?;
                    if number == half {
                        index(tx)?;
                    }
                }
                for look in &looks {
                    let query = Query::new(look).unwrap();
                    for (user, own) in [(ann, [0, 2]), (bo, [0, 1]), (cai, [1, 2])] {
                        let expected = said.iter().rev().filter(|(at, text)| {
                            own.contains(at) && !query.places(text).is_empty()
                        });
                        let page = tx.search(&Search { limit: 50, ..search(user, look) })?;
                        assert_eq!(page.found.len(), expected.count(), "{look:?} {said:?}");
                    }
                }
                Ok(())
            });
            check.await.unwrap();
        });
    }
}
