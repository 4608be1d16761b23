//! Transactions: order, durability, and what happens when something breaks.

use std::sync::{Arc, Mutex, mpsc};

use hongyan_protocol::id::UserId;

use super::{Fixture, draft, new_user, open, stored};
use crate::{Error, ListPlace, OpenError, Options, Store, Tx, db::Connection, testing};

/// How a refusing operation answers.
#[derive(Debug, PartialEq)]
enum Refusal {
    No,
    Broken(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

/// Keeps the writer busy until the answer is dropped, so that what is queued meanwhile makes one batch.
pub(super) fn hold_writer(fixture: &Fixture) -> mpsc::Sender<()> {
    let (release, held) = mpsc::channel();
    let (begin, begun) = mpsc::channel();
    drop(fixture.tx(move |_| {
        let _ = begin.send(());
        let _ = held.recv();
        Ok(())
    }));
    // What is queued before the batch has begun would still be a part of it.
    begun.recv().unwrap();
    release
}

fn limit_pages(tx: &Tx<'_>, pages: i64) {
    let Connection::Sqlite(sqlite) = &tx.link.connection else {
        panic!("only a file has pages");
    };
    let sql = format!("PRAGMA max_page_count = {pages}");
    sqlite.connection.execute_batch(&sql).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_appends_at_once_are_contiguous_and_durable() {
    let fixture = Fixture::new();
    let (ann, bo, conversation) = fixture.friends().await;
    let tasks: Vec<_> = (0..1000)
        .map(|number| {
            let sender = if number % 2 == 0 { ann } else { bo };
            let text = number.to_string();
            tokio::spawn(
                fixture.tx(move |tx| tx.append(conversation, &draft(sender, &text), number)),
            )
        })
        .collect();
    let mut answered = Vec::new();
    for task in tasks {
        answered.push(stored(task.await.unwrap().unwrap()));
    }
    let seqs: Vec<i64> = answered.iter().map(|stored| stored.seq).collect();
    assert_eq!(
        seqs,
        (1..=1000).collect::<Vec<_>>(),
        "in the order of the calls"
    );

    let fixture = fixture.reopen().await;
    let log = fixture
        .view(move |view| view.messages_after(conversation, 0, 2000))
        .await;
    assert_eq!(log, answered);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_a_commit_runs_in_the_order_of_the_log_and_before_the_answer() {
    let fixture = Fixture::new();
    let (ann, _, conversation) = fixture.friends().await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let (store, told) = (fixture.store.clone(), Arc::clone(&told));
        tasks.push(tokio::spawn(async move {
            for _ in 0..50 {
                let heard = Arc::clone(&told);
                let appended = store
                    .write_then::<_, Error, _, _>(
                        move |tx| tx.append(conversation, &draft(ann, "hi"), 1).map(stored),
                        move |stored| heard.lock().unwrap().push(stored.seq),
                    )
                    .await
                    .unwrap();
                assert!(told.lock().unwrap().contains(&appended.seq));
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(*told.lock().unwrap(), (1..=400).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_write_that_nobody_waits_for_is_made_and_told() {
    let fixture = Fixture::new();
    let (ann, _, conversation) = fixture.friends().await;
    let (tell, told) = mpsc::channel();
    drop(fixture.store.write_then::<_, Error, _, _>(
        move |tx| tx.append(conversation, &draft(ann, "hi"), 1),
        move |appended| tell.send(appended.clone()).unwrap(),
    ));
    let next = fixture
        .tx(move |tx| tx.append(conversation, &draft(ann, "hi"), 1))
        .await;
    assert_eq!(stored(next.unwrap()).seq, 2);
    assert_eq!(stored(told.try_recv().unwrap()).seq, 1);
}

#[tokio::test]
async fn a_refusal_and_a_panic_undo_only_themselves() {
    let fixture = Fixture::new();
    let (ann, _, conversation) = fixture.friends().await;
    let release = hold_writer(&fixture);
    let first = fixture.tx(move |tx| tx.append(conversation, &draft(ann, "one"), 1));
    let refused = fixture.store.write::<(), _, _>(move |tx| {
        tx.append(conversation, &draft(ann, "refused"), 1)?;
        Err(Refusal::No)
    });
    let panicking = fixture.store.write::<(), Refusal, _>(move |tx| {
        tx.append(conversation, &draft(ann, "panicking"), 1)?;
        panic!("on purpose")
    });
    let rough = fixture
        .store
        .write_then::<_, Error, _, _>(|_| Ok(7), |_| panic!("on purpose"));
    let last = fixture.tx(move |tx| tx.append(conversation, &draft(ann, "two"), 1));
    drop(release);

    assert_eq!(stored(first.await.unwrap()).seq, 1);
    assert_eq!(refused.await.unwrap_err(), Refusal::No);
    assert_eq!(
        panicking.await.unwrap_err(),
        Refusal::Broken(Error::Panicked)
    );
    assert_eq!(rough.await, Ok(7));
    assert_eq!(stored(last.await.unwrap()).seq, 2);
    let log = fixture
        .view(move |view| view.messages_after(conversation, 0, 9))
        .await;
    let texts: Vec<_> = log.iter().map(|stored| stored.msg.as_str()).collect();
    assert_eq!(texts, ["one", "two"]);
}

#[tokio::test]
async fn what_is_appended_is_seen_at_once_and_undone_with_all_else() {
    let fixture = Fixture::new();
    let (ann, bo, conversation) = fixture.friends().await;
    let release = hold_writer(&fixture);
    let before = fixture.tx(move |tx| tx.append(conversation, &draft(ann, "one"), 1));
    let refused = fixture.store.write::<(), _, _>(move |tx| {
        tx.append(conversation, &draft(ann, "refused"), 2)?;
        let second = stored(tx.append(conversation, &draft(ann, "refused too"), 3)?);
        tx.mark_read(bo, conversation, 3)?;
        let log = tx.messages_after(conversation, 0, 9)?;
        assert_eq!(log.len(), 3);
        assert_eq!((second.seq, &second), (3, &log[2]));
        let listed = tx.conversation(conversation)?.unwrap();
        assert_eq!((listed.last_seq, listed.last_at), (3, 3));
        Err(Refusal::No)
    });
    let after = fixture.tx(move |tx| {
        tx.append(conversation, &draft(ann, "two"), 4)?;
        tx.mark_read(bo, conversation, 2)
    });
    drop(release);
    assert_eq!(stored(before.await.unwrap()).seq, 1);
    assert_eq!(refused.await.unwrap_err(), Refusal::No);
    assert_eq!(after.await, Ok(true));

    let (log, listed) = fixture
        .view(move |view| {
            Ok((
                view.messages_after(conversation, 0, 9)?,
                view.conversations_of(bo, ListPlace::TOP, 9)?,
            ))
        })
        .await;
    let texts: Vec<_> = log.iter().map(|stored| stored.msg.as_str()).collect();
    assert_eq!(texts, ["one", "two"]);
    let [listed] = listed.as_slice() else {
        panic!("one is listed");
    };
    let listing = &listed.conversation;
    assert_eq!((listing.last_seq, listing.last_at), (2, 4));
    assert_eq!(listed.cursor.read_seq, 2);
}

#[tokio::test]
async fn a_panicking_read_leaves_the_reader_at_work() {
    let fixture = Fixture::new();
    for _ in 0..4 {
        let broken = fixture
            .store
            .read::<(), Error, _>(|_| panic!("on purpose"))
            .await;
        assert_eq!(broken, Err(Error::Panicked));
    }
    fixture.store.check().await.unwrap();
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let fixture = Fixture::new();
    let sql = "INSERT INTO meta (key, value) VALUES ('a', 'b')";
    let refused = fixture
        .store
        .read(move |view| view.exists(sql, &[]))
        .await
        .unwrap_err();
    assert!(matches!(refused, Error::Failed(_)), "{refused}");
}

#[tokio::test]
async fn a_full_disk_fails_the_whole_batch_and_writes_go_on_when_there_is_space() {
    // A full disk ends a PostgreSQL server: see `a_lost_connection_is_made_again` for that.
    if testing::on_postgres() {
        return;
    }
    let fixture = Fixture::new();
    let (ann, bo, conversation) = fixture.friends().await;
    let group = fixture.group(ann, "team").await;
    fixture
        .tx(|tx| {
            limit_pages(tx, 1);
            Ok(())
        })
        .await
        .unwrap();

    let release = hold_writer(&fixture);
    let before = fixture.tx(move |tx| {
        tx.join(group, bo, 2)?;
        tx.members(group)
    });
    let huge = fixture.tx(move |tx| {
        let text = "x".repeat(1 << 20);
        tx.append(conversation, &draft(ann, &text), 2)?;
        // Whoever looks for it has it written.
        let full = tx.message(conversation, 1).unwrap_err();
        // SQLite has rolled back by now, and this would be committed by itself.
        let late = tx.create_user(&new_user(UserId::mint(), "late", "late"));
        assert_eq!((full, late), (Error::DiskFull, Err(Error::DiskFull)));
        Ok(())
    });
    let after = fixture.tx(move |tx| tx.append(conversation, &draft(ann, "hi"), 2));
    drop(release);
    assert_eq!(before.await.unwrap_err(), Error::DiskFull);
    assert_eq!(huge.await.unwrap_err(), Error::DiskFull);
    assert_eq!(after.await.unwrap_err(), Error::DiskFull);

    let left = fixture
        .view(move |view| {
            Ok((
                view.messages_after(conversation, 0, 9)?.len(),
                view.role(group, bo)?,
                view.user_by_name("late")?,
            ))
        })
        .await;
    assert_eq!(left, (0, None, None));

    let huge = fixture.tx(move |tx| {
        let text = "x".repeat(1 << 20);
        tx.append(conversation, &draft(ann, &text), 2)
    });
    assert_eq!(huge.await.unwrap_err(), Error::DiskFull);

    let [cai] = fixture
        .tx(|tx| {
            limit_pages(tx, 1 << 30);
            let cai = UserId::mint();
            tx.create_user(&new_user(cai, "caica", "cai"))?;
            Ok([cai])
        })
        .await
        .unwrap();
    let members = fixture.tx(move |tx| {
        tx.join(group, cai, 3)?;
        tx.members(group)
    });
    let members = members.await.unwrap();
    assert!(members.contains(cai) && members.contains(ann) && !members.contains(bo));
    let appended = fixture.tx(move |tx| tx.append(conversation, &draft(ann, "hi"), 2));
    assert_eq!(stored(appended.await.unwrap()).seq, 1);
}

#[tokio::test]
async fn a_rolled_back_join_is_not_in_the_cached_members() {
    let fixture = Fixture::new();
    let [ann, bo, cai] = fixture.users(["anna", "bodo", "caica"]).await;
    let group = fixture.group(ann, "team").await;
    let refused = fixture.store.write::<(), _, _>(move |tx| {
        tx.join(group, bo, 2)?;
        assert!(tx.members(group)?.contains(bo));
        Err(Refusal::No)
    });
    assert_eq!(refused.await, Err(Refusal::No));
    let joined = fixture.tx(move |tx| {
        let before = tx.members(group)?;
        tx.join(group, cai, 3)?;
        Ok((before, tx.members(group)?))
    });
    let (before, after) = joined.await.unwrap();
    assert_eq!(&*before.ids, [ann]);
    assert_eq!(&*after.ids, [ann, cai]);
    let again = fixture.tx(move |tx| tx.members(group)).await.unwrap();
    assert!(Arc::ptr_eq(&after, &again), "kept when it was committed");
}

#[tokio::test]
async fn a_closed_store_finishes_its_queue_and_refuses_what_comes_later() {
    let fixture = Fixture::new();
    let (ann, _, conversation) = fixture.friends().await;
    let queued: Vec<_> = (0..50)
        .map(|_| fixture.tx(move |tx| tx.append(conversation, &draft(ann, "hi"), 1)))
        .collect();
    fixture.store.close().await;
    for write in queued {
        write.await.unwrap();
    }
    assert_eq!(fixture.tx(|_| Ok(())).await, Err(Error::Closed));
    let read = fixture.store.read::<_, Error, _>(|_| Ok(()));
    assert_eq!(read.await, Err(Error::Closed));
    fixture.store.close().await;
    if !testing::on_postgres() {
        let log = fixture.directory.path().join("hongyan.db-wal");
        assert!(!log.exists(), "the log is moved into the database");
    }
}

#[tokio::test]
async fn two_processes_may_write() {
    let fixture = Fixture::new();
    let other = open(fixture.directory.path());
    for number in 0..20 {
        let user = new_user(UserId::mint(), &format!("user{number}"), "x");
        let store = if number % 2 == 0 {
            &fixture.store
        } else {
            &other
        };
        let made = store.write::<_, Error, _>(move |tx| tx.create_user(&user));
        assert!(made.await.unwrap());
    }
    let listed = fixture.view(|view| view.list_users(None, 100)).await;
    assert_eq!(listed.len(), 20);
    assert_eq!(other.epoch(), fixture.store.epoch());
}

#[tokio::test]
async fn the_epoch_stays_and_a_newer_database_is_refused_untouched() {
    let fixture = Fixture::new();
    let epoch = fixture.store.epoch().to_owned();
    let fixture = fixture.reopen().await;
    assert_eq!(fixture.store.epoch(), epoch);
    fixture.store.close().await;

    let directory = fixture.directory.path();
    if let Some(url) = testing::url(directory) {
        testing::with_client(url.expose(), async |client| {
            let sql = "UPDATE meta SET value = '99' WHERE key = 'schema-version'";
            client.batch_execute(sql).await.unwrap();
        });
    } else {
        let connection = rusqlite::Connection::open(directory.join("hongyan.db")).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
    }
    let refused = Store::open(&testing::options(directory)).unwrap_err();
    assert!(matches!(refused, OpenError::Newer { found: 99, .. }));
    assert!(
        refused.to_string().contains("schema version 99"),
        "{refused}"
    );
}

#[test]
fn a_new_directory_is_the_owners_alone_and_a_file_that_is_no_database_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let inner = directory.path().join("a/b");
    drop(Store::open(&Options::new(&inner)).unwrap());
    let mode = std::fs::metadata(&inner).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);

    std::fs::write(directory.path().join("hongyan.db"), [b'x'; 4096]).unwrap();
    let refused = Store::open(&Options::new(directory.path())).unwrap_err();
    assert!(matches!(refused, OpenError::Database { .. }), "{refused}");
}
