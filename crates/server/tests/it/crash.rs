//! kill -9 while everybody talks: what was acknowledged is there, once, in order, and reaches everybody.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, RandomState},
    path::Path,
    sync::Arc,
};

use hongyan_client::{Event, Session, to_group, to_user};
use hongyan_protocol::{
    EventType, Operation,
    id::{ConversationId, GroupId, MsgId, UserId},
    message::{Chat, SendMsg, Sent, WhenOffline},
    text::Text,
};
use hongyan_store::{Store, Stored, testing};
use tempfile::TempDir;
use tokio::{sync::watch, task::JoinHandle};

use crate::harness::{PASSWORD, Person, Process, command_on, own_address, soon, username};

const CRASHES: u64 = 10;

/// Most messages that are acknowledged between two crashes.
const MOST_BETWEEN: u64 = 100;

/// A conversation, as one who takes part in it names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum With {
    Friend(UserId),
    Group(GroupId),
}

/// What somebody was told about a message of theirs.
#[derive(Debug)]
struct Acknowledged {
    sender: UserId,
    with: With,
    text: String,
    sent: Sent,
}

/// A message as somebody heard it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Heard {
    with: With,
    seq: i64,
    msg_id: MsgId,
    text: String,
}

#[tokio::test]
async fn ten_crashes_lose_nothing_that_was_acknowledged_and_double_nothing() {
    let mut dice = Dice::from_environment();
    let folder = tempfile::tempdir().unwrap();
    let first = own_address();
    let process = Process::spawn(talkative(&folder, first)).await;
    let address = process.address();
    let [mut ann, mut bo, mut cy, mut dee] = process.people(["ann", "bo", "cy", "dee"]).await;
    ann.befriend(&mut bo).await;
    ann.befriend(&mut dee).await;
    cy.befriend(&mut bo).await;
    let group = ann.group("choir").await;
    ann.come_online().await;
    for newcomer in [&mut bo, &mut cy, &mut dee] {
        ann.admit(group, newcomer).await;
    }
    ann.go_offline().await;

    let stage = Arc::new(Stage::new());
    // Bo and Cy are online whenever the server is, Ann every other time, Dee only at the end.
    let listeners = [
        Listener::start(&ann, &stage, |run| run % 2 == 0),
        Listener::start(&bo, &stage, |_| true),
        Listener::start(&cy, &stage, |_| true),
        Listener::start(&dee, &stage, |_| false),
    ];
    let senders: Vec<_> = [
        (&ann, With::Friend(bo.id()), "ann to bo"),
        (&ann, With::Friend(dee.id()), "ann to dee"),
        (&ann, With::Group(group), "ann to all"),
        (&bo, With::Friend(ann.id()), "bo to ann"),
        (&bo, With::Group(group), "bo to all"),
        (&cy, With::Friend(bo.id()), "cy to bo"),
        (&cy, With::Group(group), "cy to all"),
    ]
    .into_iter()
    .map(|(sender, with, word)| {
        let session = Session::clone(sender);
        tokio::spawn(send_until_the_end(session, with, word, Arc::clone(&stage)))
    })
    .collect();

    let mut process = process;
    for crash in 1..=CRASHES {
        stage.is_up(Run::Number(crash));
        let more = dice.up_to(MOST_BETWEEN);
        soon("messages to be acknowledged", stage.acknowledged(more)).await;
        process.kill().await;
        process = Process::spawn(talkative(&folder, address)).await;
    }
    stage.is_up(Run::Last);
    soon("messages after the last crash", stage.acknowledged(50)).await;
    stage.end();
    let mut acknowledged = Vec::new();
    for sender in senders {
        let of_one = soon("a sender's last message", sender).await.unwrap();
        let in_order = of_one.is_sorted_by_key(|message| message.sent.seq);
        assert!(in_order, "a sender's messages are stored in their order");
        acknowledged.extend(of_one);
    }
    let mut heard = Vec::new();
    for listener in listeners {
        let mine = acknowledged
            .iter()
            .filter(|message| listener.is_to_hear(message));
        listener.wait_for(mine.count()).await;
        heard.push(listener);
    }
    assert!(process.terminate().await.success());

    let log = Log::read(folder.path()).await;
    log.holds_exactly(&acknowledged).await;
    for listener in heard {
        listener.heard_all_of(&log).await;
    }
}

/// A server that pushes all that was kept, however much.
fn talkative(folder: &TempDir, listen: std::net::SocketAddr) -> tokio::process::Command {
    let mut command = command_on(folder.path(), listen);
    command.env("HONGYAN_NOTICE__REPLAY_LIMIT", "1000000");
    command
}

/// Sends one message after the other, each until it is acknowledged.
async fn send_until_the_end(
    session: Session,
    with: With,
    word: &'static str,
    stage: Arc<Stage>,
) -> Vec<Acknowledged> {
    let mut acknowledged = Vec::new();
    while !stage.is_over() {
        let text = format!("{word} {}", acknowledged.len());
        let sent = session.send_reliably(kept(with, &text)).await.unwrap();
        acknowledged.push(Acknowledged {
            sender: session.id(),
            with,
            text,
            sent,
        });
        stage.count();
    }
    acknowledged
}

fn kept(with: With, text: &str) -> SendMsg {
    let draft = match with {
        With::Friend(friend) => to_user(friend, text),
        With::Group(group) => to_group(group, text),
    };
    SendMsg {
        when_offline: Some(WhenOffline::Keep),
        ..draft.unwrap()
    }
}

/// Which run of the server is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Run {
    Number(u64),
    /// The one that is not killed.
    Last,
}

/// What senders, listeners and the one who kills have to know of each other.
struct Stage {
    run: watch::Sender<Run>,
    count: watch::Sender<u64>,
    over: watch::Sender<bool>,
}

impl Stage {
    fn new() -> Self {
        Self {
            run: watch::Sender::new(Run::Number(0)),
            count: watch::Sender::new(0),
            over: watch::Sender::new(false),
        }
    }

    fn is_up(&self, run: Run) {
        self.run.send_replace(run);
    }

    fn count(&self) {
        self.count.send_modify(|count| *count += 1);
    }

    /// Waits until so many more messages are acknowledged.
    async fn acknowledged(&self, more: u64) {
        let mut count = self.count.subscribe();
        let wanted = *count.borrow() + more;
        count.wait_for(|count| *count >= wanted).await.unwrap();
    }

    fn end(&self) {
        self.over.send_replace(true);
    }

    fn is_over(&self) -> bool {
        *self.over.borrow()
    }
}

/// Somebody who listens whenever they are online, and writes down every message, repeats too.
struct Listener {
    session: Session,
    different: watch::Receiver<usize>,
    task: JoinHandle<Vec<Heard>>,
}

impl Listener {
    fn start(person: &Person, stage: &Stage, comes: fn(u64) -> bool) -> Self {
        let (session, run) = (Session::clone(person), stage.run.subscribe());
        let (tell, different) = watch::channel(0);
        let task = tokio::spawn(listen(session.clone(), run, comes, tell));
        Self {
            session,
            different,
            task,
        }
    }

    fn is_to_hear(&self, message: &Acknowledged) -> bool {
        let is_mine = message.sender == self.session.id();
        match message.with {
            With::Friend(friend) => friend == self.session.id(),
            With::Group(_) => !is_mine,
        }
    }

    async fn wait_for(&self, wanted: usize) {
        let mut different = self.different.clone();
        let what = format!("{wanted} different messages");
        let heard = soon(&what, different.wait_for(|count| *count >= wanted)).await;
        heard.unwrap();
    }

    /// Whoever drops repeats by conversation and `seq` has heard the log of each conversation, in its order.
    async fn heard_all_of(self, log: &Log) {
        let me = self.session.id();
        let mut first: HashMap<(With, i64), Heard> = HashMap::new();
        let mut in_order: HashMap<With, Vec<Heard>> = HashMap::new();
        for heard in soon("the end of listening", self.task).await.unwrap() {
            match first.get(&(heard.with, heard.seq)) {
                Some(first) => assert_eq!(*first, heard, "a repeat is the same message"),
                None => {
                    first.insert((heard.with, heard.seq), heard.clone());
                    in_order.entry(heard.with).or_default().push(heard);
                }
            }
        }
        for (with, heard) in in_order {
            let by_others = |message: &&Stored| message.sender_id != me;
            let expected: Vec<Heard> = log
                .conversation(me, with)
                .await
                .iter()
                .filter(by_others)
                .map(|message| Heard {
                    with,
                    seq: message.seq,
                    msg_id: message.msg_id,
                    text: message.msg.clone(),
                })
                .collect();
            assert_eq!(heard, expected);
        }
    }
}

async fn listen(
    session: Session,
    mut run: watch::Receiver<Run>,
    comes: fn(u64) -> bool,
    tell: watch::Sender<usize>,
) -> Vec<Heard> {
    let mut heard = Vec::new();
    let mut different = HashSet::new();
    let mut last_run = Run::Number(0);
    loop {
        let comes = |run: &Run| match run {
            Run::Number(number) => *run != last_run && comes(*number),
            Run::Last => true,
        };
        let this_run = *run.wait_for(comes).await.unwrap();
        last_run = this_run;
        // The server may be gone already, and between two runs for longer than one try takes.
        if let Ok(mut notices) = session.notices().await {
            while let Ok(event) = notices.next().await {
                if let Some(message) = message_in(&event) {
                    different.insert((message.with, message.seq));
                    heard.push(message);
                    tell.send_replace(different.len());
                }
            }
        }
        if this_run == Run::Last {
            return heard;
        }
    }
}

fn message_in(event: &Event) -> Option<Heard> {
    let with = match event.event_type()? {
        EventType::ChatF2f => With::Friend(event.from().expect("a sender")),
        EventType::ChatGroup => {
            let chat: Chat = event.data().unwrap();
            With::Group(chat.to_group_id.expect("a group"))
        }
        _ => return None,
    };
    let chat: Chat = event.data().unwrap();
    Some(Heard {
        with,
        seq: chat.seq.expect("kept"),
        msg_id: chat.msg_id,
        text: chat.msg,
    })
}

/// What the database holds after the server has ended.
struct Log {
    store: Store,
}

impl Log {
    async fn read(data_dir: &Path) -> Self {
        let store = Store::open(&testing::options(data_dir)).unwrap();
        Self { store }
    }

    /// The log of a conversation, after a look at its numbers: contiguous from 1.
    async fn conversation(&self, me: UserId, with: With) -> Vec<Stored> {
        let reading = self.store.read(move |view| {
            let id: ConversationId = match with {
                With::Friend(friend) => view.conversation_between(me, friend)?.expect("friends"),
                With::Group(group) => view.group(group)?.expect("the group").conversation_id,
            };
            let last_seq = view.conversation(id)?.expect("there").last_seq;
            Ok::<_, hongyan_store::Error>((last_seq, view.messages_after(id, 0, u32::MAX)?))
        });
        let (last_seq, log) = reading.await.unwrap();
        let seqs: Vec<i64> = log.iter().map(|message| message.seq).collect();
        let contiguous: Vec<i64> = (1..=last_seq).collect();
        assert_eq!(seqs, contiguous, "{with:?}");
        log
    }

    /// Every message that was acknowledged is there as it was acknowledged, and nothing else is.
    async fn holds_exactly(&self, acknowledged: &[Acknowledged]) {
        let mut ids: HashMap<(UserId, With), ConversationId> = HashMap::new();
        let mut logs: HashMap<ConversationId, Vec<Stored>> = HashMap::new();
        let mut told: HashMap<ConversationId, Vec<&Acknowledged>> = HashMap::new();
        for message in acknowledged {
            let key = (message.sender, message.with);
            let id = match ids.get(&key) {
                Some(&id) => id,
                None => {
                    let log = self.conversation(message.sender, message.with).await;
                    let id = log[0].conversation_id;
                    ids.insert(key, id);
                    logs.insert(id, log);
                    id
                }
            };
            told.entry(id).or_default().push(message);
        }
        for (id, mut told) in told {
            told.sort_by_key(|message| message.sent.seq);
            let told: Vec<_> = told
                .iter()
                .map(|message| (message.sender, message.text.as_str(), message.sent.clone()))
                .collect();
            let stored: Vec<_> = logs[&id]
                .iter()
                .map(|message| {
                    let receipt = Sent {
                        msg_id: message.msg_id,
                        seq: Some(message.seq),
                        time: message.time,
                    };
                    (message.sender_id, message.msg.as_str(), receipt)
                })
                .collect();
            assert_eq!(stored, told);
        }
    }
}

/// Numbers that look random and come again with the same seed: set `CRASH_SEED` to the one that a failure shows.
struct Dice(u64);

impl Dice {
    fn from_environment() -> Self {
        let seed = std::env::var("CRASH_SEED")
            .ok()
            .and_then(|seed| seed.parse().ok())
            .unwrap_or_else(|| RandomState::new().hash_one(0));
        eprintln!("CRASH_SEED={seed}");
        Self(seed)
    }

    /// 1 to `most` (SplitMix64).
    fn up_to(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        1 + (mixed ^ (mixed >> 31)) % most
    }
}

#[tokio::test]
async fn a_message_whose_answer_was_lost_in_a_crash_is_sent_once() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(folder.path()).await;
    let [ann, mut bo] = friends(&process).await;
    bo.come_online().await;
    let mut draft = kept(With::Friend(bo.id()), "once");
    draft.client_msg_id = Some(Text::new("key-1").unwrap());
    let mut door = ann.door(Operation::SendMsg).await;
    door.send_text(serde_json::to_string(&draft).unwrap())
        .await
        .unwrap();
    let heard = bo.message().await;
    // Nobody has read the answer.
    process.kill().await;
    drop(door);

    let process = Process::start(folder.path()).await;
    let ann = process.again(&ann).await;
    let sent = ann.ask(&draft).await.unwrap();
    assert_eq!((sent.msg_id, sent.seq), (heard.msg_id, heard.seq));
    let second = kept(With::Friend(bo.id()), "twice");
    assert_eq!(ann.ask(&second).await.unwrap().seq, Some(2));
}

#[tokio::test]
async fn whatever_was_answered_is_there_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(folder.path()).await;
    let [ann, bo] = friends(&process).await;
    process.kill().await;

    let process = Process::start(folder.path()).await;
    let ann = process.again(&ann).await;
    let mut friends = ann.friends().await.unwrap();
    assert_eq!(friends.pop().unwrap().user_id, bo.id());
    let group = ann.group("choir").await;
    process.kill().await;

    let process = Process::start(folder.path()).await;
    let ann = process.again(&ann).await;
    assert_eq!(ann.owned_groups().await.unwrap()[0].group_id, group);
    ann.remove_friend(bo.id()).await.unwrap();
    process.kill().await;

    let process = Process::start(folder.path()).await;
    let ann = process.again(&ann).await;
    assert!(ann.friends().await.unwrap().is_empty());
    ann.logout().await.unwrap();
    process.kill().await;

    let process = Process::start(folder.path()).await;
    let error = process.client().resume(ann.token()).await.unwrap_err();
    assert!(
        error.is_logged_out(),
        "what was ended stays ended: {error:?}"
    );
    let ann = process.client().login(&username("ann"), PASSWORD).await;
    assert_eq!(ann.unwrap().user().nickname, "Miss ann");
}

async fn friends(process: &Process) -> [Person; 2] {
    let [mut ann, mut bo] = process.people(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    [ann, bo]
}
