//! A full disk: writes are refused as our fault, everything else goes on, and writes come back with space.

use futures_util::future::join_all;
use hongyan_client::Error;
use hongyan_protocol::{
    Code, EventType,
    group::{CreateGroup, Introduction},
    id::{MsgId, UserId},
    message::{SendMsg, Sent, WhenOffline},
    presence::{Status, StatusChange},
    text::Text,
    user::Name,
};
use hongyan_store::{Options, Store};

use crate::harness::{
    Person, Process, SmallDisk, account, failing, has_no_file, to_friend, username,
};

#[tokio::test]
async fn on_a_full_disk_writes_break_reads_go_on_and_nothing_acknowledged_is_lost() {
    if has_no_file() {
        return;
    }
    let disk = SmallDisk::new(8 * 1024);
    let process = Process::spawn(disk.command()).await;
    let [mut ann, mut bo, mut cy] = process.people(["ann", "bo", "cy"]).await;
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
    assert_eq!(
        broken_status(ann.create_group(&choir()).await.map(drop)),
        500
    );
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
    let unknown = ann.code(&to_friend(UserId::mint(), "hi")).await;
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
    ann.create_group(&choir()).await.unwrap();
    process.kill().await;

    stores_exactly(&disk, &ann, &bo, &acknowledged).await;
}

#[tokio::test]
async fn a_disk_that_fills_up_under_load_stores_exactly_what_was_acknowledged() {
    if has_no_file() {
        return;
    }
    let disk = SmallDisk::new(3 * 1024);
    let process = Process::spawn(disk.command()).await;
    let [mut ann, mut bo] = process.people(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    disk.leave_room(&process, 1024);
    let mut acknowledged = Vec::new();
    // Batches, so that a transaction with several messages in it finds no space; until nothing small fits either.
    for length in [8000, 2000, 1] {
        let mut broken = 0;
        for _ in 0..1000 {
            let batch: Vec<SendMsg> = (0..8)
                .map(|n| keyed(&bo, &format!("{n}{}", "x".repeat(length))))
                .collect();
            let answers = join_all(batch.iter().map(|draft| ann.ask(draft))).await;
            for (draft, answer) in batch.iter().zip(answers) {
                match answer {
                    Ok(sent) => acknowledged.push((draft.msg.to_string(), sent)),
                    Err(error) => {
                        assert_eq!(error.code(), Some(Code::Failed), "{error}");
                        broken += 1;
                    }
                }
            }
            if broken > 0 {
                break;
            }
        }
        assert!(broken > 0, "the disk does not fill up");
    }
    process.kill().await;
    stores_exactly(&disk, &ann, &bo, &acknowledged).await;
}

#[tokio::test]
async fn a_server_does_not_start_on_a_full_disk_and_says_why() {
    if has_no_file() {
        return;
    }
    let disk = SmallDisk::new(1024);
    let process = Process::spawn(disk.command()).await;
    disk.fill(&process);
    process.kill().await;
    let (code, said) = failing(disk.command_without_room()).await;
    assert_ne!(code, 0);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.starts_with("hongyan: cannot write into the data directory "),
        "{said}"
    );
}

/// A message that is kept, under a key of its own.
fn keyed(friend: &Person, text: &str) -> SendMsg {
    SendMsg {
        when_offline: Some(WhenOffline::Keep),
        client_msg_id: Some(Text::new(MsgId::mint().to_string()).unwrap()),
        ..to_friend(friend.id(), text)
    }
}

fn choir() -> CreateGroup {
    CreateGroup {
        group_name: Name::new("choir").unwrap(),
        group_nickname: Text::new("The choir").unwrap(),
        introduction: Introduction::default(),
    }
}

async fn status(person: &mut Person) -> (UserId, Status) {
    let event = person.expect(EventType::FriendStatusChange).await;
    let change: StatusChange = event.data().unwrap();
    (event.from().expect("a friend"), change.status)
}

/// The HTTP status of what must have failed with one.
fn broken_status(result: Result<(), Error>) -> u16 {
    match result {
        Err(Error::Status(status, _)) => status,
        other => panic!("{other:?}"),
    }
}

/// Looks at what a killed server left, with the room that its disk does not have.
async fn stores_exactly(disk: &SmallDisk, a: &Person, b: &Person, told: &[(String, Sent)]) {
    let folder = tempfile::tempdir().unwrap();
    for name in ["hongyan.db", "hongyan.db-wal"] {
        std::fs::copy(disk.path().join(name), folder.path().join(name)).unwrap();
    }
    let store = Store::open(&Options::new(folder.path())).unwrap();
    let (a, b) = (a.id(), b.id());
    let reading = store.read(move |view| {
        let conversation = view.conversation_between(a, b)?.expect("friends");
        view.messages_after(conversation, 0, u32::MAX)
    });
    let stored: Result<Vec<_>, hongyan_store::Error> = reading.await;
    let stored: Vec<_> = stored
        .unwrap()
        .into_iter()
        .map(|message| (message.seq, message.msg_id, message.msg))
        .collect();
    let mut told: Vec<_> = told
        .iter()
        .map(|(text, sent)| (sent.seq.expect("kept"), sent.msg_id, text.clone()))
        .collect();
    told.sort_by_key(|(seq, ..)| *seq);
    assert!(
        stored == told,
        "{} stored, {} acknowledged",
        stored.len(),
        told.len()
    );
    assert!(told.iter().map(|(seq, ..)| *seq).eq(1..=told.len() as i64));
    store.close().await;
}
