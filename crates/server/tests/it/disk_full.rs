//! A full disk: writes are refused as our fault, everything else goes on, and writes come back with space.

use hongyan_client::Error;
use hongyan_protocol::{
    Code, EventType,
    message::{SendMsg, Sent, WhenOffline},
    presence::{FriendStatusChange, Status},
    text::Text,
};
use hongyan_store::{Options, Store};

use crate::harness::{
    PASSWORD, Person, Process, SmallDisk, account, failing, to_friend, username,
};

#[tokio::test]
async fn on_a_full_disk_writes_break_reads_go_on_and_nothing_acknowledged_is_lost() {
    let disk = SmallDisk::new(8 * 1024);
    let process = Process::spawn(disk.command()).await;
    let mut people = Vec::new();
    for name in ["ann", "bo", "cy"] {
        let session = process.client().register(&account(name)).await.unwrap();
        people.push(Person::new(session));
    }
    let [mut ann, mut bo, mut cy]: [Person; 3] = people.try_into().unwrap_or_else(|_| {
        unreachable!("three names");
    });
    ann.befriend(&mut bo).await;
    ann.befriend(&mut cy).await;
    bo.come_online().await;
    let mut acknowledged = Vec::new();
    for n in 0..20 {
        let draft = keyed(&bo, &format!("before {n}"));
        acknowledged.push((draft.msg.to_string(), ann.ask(&draft).await.unwrap()));
        bo.message().await;
    }

    disk.fill(&process);
    let refused = keyed(&bo, "refused");
    for _ in 0..3 {
        let error = ann.ask(&refused).await.unwrap_err();
        assert_eq!(error.code(), Some(Code::Failed), "{error}");
        assert!(error.is_transient(), "the client may try again: {error}");
    }
    assert_eq!(broken_status(ann.group_of("choir").await), 500);
    let register = process.client().register(&account("dee")).await;
    assert_eq!(broken_status(register.map(drop)), 500);
    // What only reads goes on, and so does what only a socket knows.
    assert_eq!(ann.get_info().await.unwrap().username, username("ann"));
    assert_eq!(ann.friends().await.unwrap().len(), 2);
    ann.come_online().await;
    assert_eq!(status(&mut bo).await, (ann.id(), Status::Online));
    cy.come_online().await;
    assert_eq!(status(&mut ann).await, (cy.id(), Status::Online));
    cy.go_offline().await;
    assert_eq!(status(&mut ann).await, (cy.id(), Status::Offline));
    let unknown = ann.code(&to_friend(ann_s_stranger(), "hi")).await;
    assert_eq!(unknown, Code::NotFriend, "a refusal needs no space");

    disk.free(&process);
    let sent = ann.ask(&refused).await.unwrap();
    let seq = acknowledged.last().unwrap().1.seq.unwrap();
    assert_eq!(sent.seq, Some(seq + 1), "what broke has left no gap");
    let chat = bo.message().await;
    assert_eq!((chat.msg.as_str(), chat.seq), ("refused", sent.seq));
    acknowledged.push(("refused".to_owned(), sent));
    let dee = process.client().register(&account("dee")).await;
    assert!(dee.is_ok(), "the name was not taken by what broke");
    ann.group("choir").await;
    process.kill().await;

    stores_exactly(&disk, &ann, &bo, &acknowledged).await;
}

#[tokio::test]
async fn a_disk_that_fills_up_under_load_stores_exactly_what_was_acknowledged() {
    let disk = SmallDisk::new(3 * 1024);
    let process = Process::spawn(disk.command()).await;
    let mut people = Vec::new();
    for name in ["ann", "bo"] {
        let session = process.client().register(&account(name)).await.unwrap();
        people.push(Person::new(session));
    }
    let [mut ann, mut bo]: [Person; 2] = people.try_into().unwrap_or_else(|_| {
        unreachable!("two names");
    });
    ann.befriend(&mut bo).await;
    disk.leave_little(&process);
    let mut acknowledged = Vec::new();
    let mut broken = Vec::new();
    // Batches, so that a transaction with several messages in it finds no space; until nothing small fits either.
    for length in [8000, 2000, 1] {
        loop {
            let batch: Vec<SendMsg> = (0..8)
                .map(|n| keyed(&bo, &format!("{n}{}", "x".repeat(length))))
                .collect();
            let answers =
                futures_util::future::join_all(batch.iter().map(|draft| ann.ask(draft))).await;
            let before = broken.len();
            for (draft, answer) in batch.into_iter().zip(answers) {
                match answer {
                    Ok(sent) => acknowledged.push((draft.msg.to_string(), sent)),
                    Err(error) => {
                        assert_eq!(error.code(), Some(Code::Failed), "{error}");
                        broken.push(draft);
                    }
                }
            }
            if broken.len() > before {
                break;
            }
        }
    }
    process.kill().await;
    stores_exactly(&disk, &ann, &bo, &acknowledged).await;
}

#[tokio::test]
async fn a_server_does_not_start_on_a_full_disk_and_says_why() {
    let disk = SmallDisk::new(1024);
    if !disk.is_mounted() {
        return;
    }
    let process = Process::spawn(disk.command()).await;
    disk.fill(&process);
    process.kill().await;
    let (code, said) = failing(disk.command()).await;
    assert_ne!(code, 0);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("hongyan: ") && said.contains("full"), "{said}");
}
