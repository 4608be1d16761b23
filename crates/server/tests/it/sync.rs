//! Resuming: whoever was away learns the same as whoever was not.

use std::{collections::BTreeMap, path::Path};

use hongyan_protocol::{Operation, message::WhenOffline};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::harness::{
    Backup, Everything, PASSWORD, Person, Process, TestServer, hongyan, is_entry, on_database_of,
    run, soon, to_friend,
};

async fn pair(server: &TestServer) -> (Person, Person) {
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    (ann, bo)
}

/// What a client has of one conversation: the entries it saw, by their place.
type Log = BTreeMap<i64, Value>;

/// Fetches what is missing behind the last entry; gives how many answers it took.
async fn catch_up(socket: &mut Everything, conversation: &Value, log: &mut Log) -> usize {
    for answers in 1.. {
        let mut cursor = conversation.clone();
        cursor["seq"] = json!(log.keys().next_back().copied().unwrap_or_default());
        let request = json!({"cursors": [cursor], "epoch": socket.epoch});
        let answer = socket.ask(Operation::Sync, request).await;
        assert_eq!(answer["code"], "0000", "{answer}");
        let data = &answer["data"];
        assert_eq!((&data["resync"], &data["gone"]), (&json!([]), &json!([])));
        let Some(missed) = data["list"].get(0) else {
            return answers;
        };
        for event in missed["events"].as_array().unwrap() {
            assert!(is_entry(event), "{event}");
            let seq = event["data"]["seq"].as_i64().unwrap();
            assert!(log.insert(seq, event.clone()).is_none(), "once: {event}");
        }
        if missed["more"] == false {
            assert_eq!(log.keys().next_back(), missed["lastSeq"].as_i64().as_ref());
            return answers;
        }
    }
    unreachable!("there is an end")
}

/// What the log comes to: the text and reactions of each message.
fn shown(log: &Log) -> BTreeMap<i64, (String, Vec<String>)> {
    let mut shown = BTreeMap::new();
    for event in log.values() {
        let data = &event["data"];
        let target = data["targetSeq"].as_i64().unwrap_or_default();
        match event["eventType"].as_str().unwrap() {
            "chat_f2f" | "chat_group" => {
                let text = data["msg"].as_str().unwrap().to_owned();
                shown.insert(data["seq"].as_i64().unwrap(), (text, Vec::new()));
            }
            "chat_recall" => {
                shown.insert(target, (String::new(), Vec::new()));
            }
            "chat_edit" => {
                let text = data["msg"].as_str().unwrap();
                text.clone_into(&mut shown.get_mut(&target).unwrap().0);
            }
            _ => {
                let who = format!("{} {}", event["fromUserId"], data["emoji"]);
                let (text, reactions) = shown.get_mut(&target).unwrap();
                reactions.retain(|other| *other != who);
                if data["on"] == true && !text.is_empty() {
                    reactions.push(who);
                }
            }
        }
    }
    shown
}

#[tokio::test]
async fn two_devices_show_the_same_after_one_was_away() {
    let server = TestServer::start_with(|config| config.accounts.devices = 2).await;
    let (ann, bo) = pair(&server).await;
    let bo_too = server.log_in(&bo).await;
    let mut ann_asks = Everything::of(&ann).await;
    let mut stays = Everything::of(&bo).await;
    let mut leaves = Everything::of(&bo_too).await;
    let to_bo = |more: Value| {
        let mut request = json!({"toUserId": bo.id()});
        request
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        request
    };
    let said = [
        (Operation::SendMsg, json!({"msg": "one"})),
        (Operation::SendMsg, json!({"msg": "two"})),
        (Operation::SendMsg, json!({"msg": "three"})),
    ];
    for (operation, request) in said {
        ann_asks.ask(operation, to_bo(request)).await;
    }
    let (mut at_hand, mut away) = (Log::new(), Log::new());
    for _ in 0..3 {
        let event = stays.entry().await;
        at_hand.insert(event["data"]["seq"].as_i64().unwrap(), event);
        let event = leaves.entry().await;
        away.insert(event["data"]["seq"].as_i64().unwrap(), event);
    }
    drop(leaves);
    let changes = [
        (Operation::Edit, json!({"seq": 1, "msg": "ONE"})),
        (
            Operation::React,
            json!({"seq": 1, "emoji": "👍", "on": true}),
        ),
        (
            Operation::React,
            json!({"seq": 2, "emoji": "👍", "on": true}),
        ),
        (Operation::Recall, json!({"seq": 2})),
        (
            Operation::React,
            json!({"seq": 3, "emoji": "🎵", "on": true}),
        ),
        (
            Operation::React,
            json!({"seq": 3, "emoji": "🎵", "on": false}),
        ),
        (Operation::SendMsg, json!({"msg": "four", "replyTo": 3})),
        (Operation::Edit, json!({"seq": 1, "msg": "One"})),
    ];
    for (operation, request) in changes {
        let answer = ann_asks.ask(operation, to_bo(request)).await;
        assert_eq!(answer["code"], "0000", "{answer}");
        let event = stays.entry().await;
        at_hand.insert(event["data"]["seq"].as_i64().unwrap(), event);
    }
    let mut leaves = Everything::of(&bo_too).await;
    catch_up(&mut leaves, &json!({"userId": ann.id()}), &mut away).await;
    let seqs: Vec<i64> = away.keys().copied().collect();
    assert_eq!(seqs, (1..=11).collect::<Vec<_>>(), "without a gap");
    assert_eq!(shown(&away), shown(&at_hand));
    assert_eq!(shown(&away)[&1].0, "One");
    assert_eq!(shown(&away)[&2].0, "");
    assert_eq!(shown(&away)[&3].1, Vec::<String>::new());
    // The sender's own log is the same.
    let mut own = Log::new();
    catch_up(&mut ann_asks, &json!({"userId": bo.id()}), &mut own).await;
    assert_eq!(shown(&own), shown(&away));
}

#[tokio::test]
async fn much_that_was_missed_comes_in_bounded_answers() {
    let server = TestServer::start().await;
    let (ann, bo) = pair(&server).await;
    let mut ann_asks = Everything::of(&ann).await;
    for n in 1..=1203 {
        let message = json!({"toUserId": bo.id(), "msg": format!("{n}")});
        ann_asks.send(n, Operation::SendMsg, message).await;
        if n % 16 == 0 {
            for _ in 0..16 {
                ann_asks.answer().await;
            }
        }
    }
    for _ in 0..1203 % 16 {
        ann_asks.answer().await;
    }
    let mut bo_asks = Everything::of(&bo).await;
    let mut log = Log::new();
    let answers = catch_up(&mut bo_asks, &json!({"userId": ann.id()}), &mut log).await;
    assert_eq!(answers, 3, "500 at a time");
    assert_eq!(log.len(), 1203);
    assert_eq!(log[&1203]["data"]["msg"], "1203");
}

#[tokio::test]
async fn long_messages_fill_an_answer_before_its_number_of_entries_does() {
    let server = TestServer::start().await;
    let (ann, bo) = pair(&server).await;
    for _ in 0..100 {
        ann.send(&bo, &"x".repeat(16 * 1024)).await.unwrap();
    }
    let mut bo_asks = Everything::of(&bo).await;
    let mut log = Log::new();
    let answers = catch_up(&mut bo_asks, &json!({"userId": ann.id()}), &mut log).await;
    assert_eq!((answers, log.len()), (4, 100));
}

#[tokio::test]
async fn a_cursor_that_cannot_be_gone_on_from_is_named() {
    let server = TestServer::start().await;
    let (mut ann, mut bo) = pair(&server).await;
    let cy = server.offline_user("cy").await;
    let group = ann.group("choir").await;
    ann.send_to_group(group, "before").await.unwrap();
    ann.admit(group, &mut bo).await;
    ann.send(&bo, "hi").await.unwrap();
    let mut bo_asks = Everything::of(&bo).await;
    let request = json!({"cursors": [
        {"userId": ann.id(), "seq": 2},
        {"groupId": group, "seq": 0},
        {"userId": cy.id(), "seq": 0},
        {"groupId": "no group", "seq": 5},
        {"userId": ann.id(), "seq": 1},
    ]});
    let answer = bo_asks.ask(Operation::Sync, request).await;
    let data = &answer["data"];
    assert_eq!(data["list"], json!([]));
    let resync = json!([{"userId": ann.id(), "seq": 1}, {"groupId": group, "seq": 1}]);
    assert_eq!(
        data["resync"], resync,
        "from the future, and from before the time"
    );
    let gone = data["gone"].as_array().unwrap();
    assert_eq!(gone.len(), 2);
    assert_eq!(gone[0]["userId"], json!(cy.id()));

    let other_epoch = json!({"epoch": "another", "cursors": [{"userId": ann.id(), "seq": 1}]});
    let answer = bo_asks.ask(Operation::Sync, other_epoch).await;
    assert_eq!(
        answer["data"]["resync"],
        json!([{"userId": ann.id(), "seq": 1}])
    );
    assert_eq!(answer["data"]["epoch"], bo_asks.epoch.as_str());
}

#[tokio::test]
async fn what_a_cursor_says_has_arrived_is_not_pushed_to_a_notice_connection() {
    let server = TestServer::start().await;
    let (ann, mut bo) = pair(&server).await;
    bo.go_offline().await;
    for text in ["one", "two"] {
        let mut message = to_friend(bo.id(), text);
        message.when_offline = Some(WhenOffline::Keep);
        ann.ask(&message).await.unwrap();
    }
    let mut everything = Everything::of(&bo).await;
    let request = json!({"cursors": [{"userId": ann.id(), "seq": 1}]});
    everything.ask(Operation::Sync, request).await;
    bo.come_online().await;
    assert_eq!(bo.message().await.msg, "two");
}

#[tokio::test]
async fn after_a_restore_clients_know_that_their_cursors_are_void() {
    let data_dir = tempfile::tempdir().unwrap();
    let process = Process::start(data_dir.path()).await;
    let [ann] = process.people(["ann"]).await;
    let group = ann.group("notes").await;
    ann.send_to_group(group, "before").await.unwrap();
    assert!(process.terminate().await.success());
    let backup = Backup::of(data_dir.path());

    let process = Process::start(data_dir.path()).await;
    let ann = process.again(&ann).await;
    ann.send_to_group(group, "after").await.unwrap();
    let before = Everything::of(&ann).await;
    let epoch = before.epoch.clone();
    let refused = run(restored(data_dir.path()), "").await;
    assert_eq!(refused.code, 1, "while it serves");
    assert!(refused.stderr.contains("in use"), "{}", refused.stderr);
    drop(before);
    assert!(process.terminate().await.success());

    backup.put_back();
    let done = run(restored(data_dir.path()), "").await;
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stdout.contains("Sessions ended: 1"), "{}", done.stdout);
    let process = Process::start(data_dir.path()).await;
    let old = process.client().resume(ann.token()).await;
    assert!(old.is_err(), "everybody logs in anew");
    let ann = process.client().login(&ann.name(), PASSWORD).await.unwrap();
    let mut asks = Everything::of(&ann).await;
    assert_ne!(asks.epoch, epoch);
    let cursor = json!({"groupId": group, "seq": 1});
    let request = json!({"epoch": epoch, "cursors": [cursor]});
    let answer = asks.ask(Operation::Sync, request).await;
    assert_eq!(answer["data"]["resync"], json!([cursor]));
    let request = json!({"epoch": asks.epoch, "cursors": [cursor]});
    let answer = asks.ask(Operation::Sync, request).await;
    assert_eq!(answer["data"]["resync"], json!([]));
}

fn restored(data_dir: &Path) -> Command {
    let mut command = hongyan();
    command.arg("restored").arg("--data-dir").arg(data_dir);
    on_database_of(data_dir, command)
}

#[tokio::test]
async fn who_never_reads_is_dropped_and_resumes_without_a_gap() {
    const TEXTS: usize = 100;
    const LARGE: usize = 256 * 1024;
    let server = TestServer::start_with(|config| {
        config.messages.max_bytes = LARGE;
        config.limits.frame_bytes = 2 * LARGE as u32;
    })
    .await;
    let (mut ann, mut bo) = pair(&server).await;
    let group = ann.group("choir").await;
    ann.admit(group, &mut bo).await;
    bo.go_offline().await;
    let mut unread = bo.socket("/ws").await.unwrap();
    for n in 1..=TEXTS {
        let text = format!("{n} {}", "x".repeat(LARGE - 10));
        ann.send_to_group(group, text).await.unwrap();
    }
    let mut log = Log::new();
    while let Ok(frame) = soon("the end", unread.next()).await {
        let event: Value = serde_json::from_str(&frame).unwrap();
        if is_entry(&event) {
            log.insert(event["data"]["seq"].as_i64().unwrap(), event);
        }
    }
    assert!(
        log.len() < TEXTS,
        "what nobody reads is not queued for ever"
    );
    let mut again = Everything::of(&bo).await;
    catch_up(&mut again, &json!({"groupId": group}), &mut log).await;
    assert!(log.keys().copied().eq(1..=TEXTS as i64));
    for (seq, event) in log {
        let text = event["data"]["msg"].as_str().unwrap();
        assert!(text.starts_with(&format!("{seq} ")), "{seq}");
    }
}
