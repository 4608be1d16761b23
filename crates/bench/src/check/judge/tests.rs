//! A small run in which every promise was kept, and what each broken one looks like.

use std::collections::BTreeSet;

use super::{Rule, fold, judge};
use crate::check::history::{
    Answer, Change, Entry, History, Outcome, Reading, Receipt, Sending, Step, Synced, Try, View,
    Wanted, What,
};

fn done(at: u64, seq: i64) -> Option<(u64, Answer)> {
    let receipt = Receipt {
        seq,
        msg_id: format!("m{seq}"),
        time: 7,
    };
    Some((at, Answer::Done(receipt)))
}

/// The connection, when it was asked, and the answer.
type Asked = (u64, u64, Option<(u64, Answer)>);

fn sending(sender: &str, id: &str, tries: &[Asked]) -> Sending {
    let one = |(connection, asked, answer): &Asked| Try {
        connection: *connection,
        asked: *asked,
        answer: answer.clone(),
    };
    Sending {
        sender: sender.to_owned(),
        id: id.to_owned(),
        text: format!("{id} hello"),
        tries: tries.iter().map(one).collect(),
    }
}

fn entry(seq: i64, from: &str, what: What) -> Entry {
    let about = match &what {
        What::Message { .. } => seq,
        What::Edit { target, .. } | What::Recall { target } | What::Reaction { target, .. } => {
            *target
        }
    };
    Entry {
        seq,
        from: from.to_owned(),
        msg_id: format!("m{about}"),
        what,
    }
}

fn message(seq: i64, from: &str, text: &str) -> Entry {
    let text = text.to_owned();
    let recalled = text.is_empty();
    entry(seq, from, What::Message { text, recalled })
}

/// The log in the end: the first message was edited, the second one recalled.
fn log() -> Vec<Entry> {
    vec![
        message(1, "ann", "a-0 edited"),
        message(2, "ann", ""),
        message(3, "bo", "b-0 hello"),
        edit(),
        entry(
            5,
            "bo",
            What::Reaction {
                target: 1,
                emoji: "👍".to_owned(),
                on: true,
            },
        ),
        message(6, "bo", "b-1 hello"),
        entry(7, "ann", What::Recall { target: 2 }),
    ]
}

fn edit() -> Entry {
    let text = "a-0 edited".to_owned();
    entry(4, "ann", What::Edit { target: 1, text })
}

/// The same as it was pushed.
fn live() -> Vec<Entry> {
    let mut live = log();
    live[0] = message(1, "ann", "a-0 hello");
    live[1] = message(2, "ann", "a-1 hello");
    live
}

fn change(by: &str, target: i64, what: Wanted, asked: u64, answer: Option<Outcome>) -> Change {
    Change {
        by: by.to_owned(),
        target,
        what,
        asked,
        answer: answer.map(|outcome| (asked + 1, outcome)),
    }
}

fn synced(after: i64, entries: &[Entry]) -> Step {
    Step::Synced(Synced {
        after,
        entries: entries.to_vec(),
        last_seq: entries.last().map_or(after, |entry| entry.seq),
        more: false,
    })
}

fn pushed(entries: &[Entry]) -> impl Iterator<Item = Step> {
    entries.iter().cloned().map(Step::Pushed)
}

fn reading(device: &str) -> Reading {
    let log = log();
    Reading {
        device: device.to_owned(),
        last_seq: 7,
        messages: fold(&log).into_values().collect(),
        log,
    }
}

/// Ann's device was always there, Bo's lost its connection once, and an answer with it.
fn kept() -> History {
    let live = live();
    let mut ann = vec![Step::Opened, synced(0, &[])];
    ann.extend(pushed(&live));
    let mut bo = vec![Step::Opened, synced(0, &live[..2])];
    bo.extend(pushed(&live[2..3]));
    bo.extend([Step::Opened, Step::Pushed(live[4].clone())]);
    bo.push(synced(3, &live[3..5]));
    bo.extend(pushed(&live[5..]));
    let view = |device: &str, steps| View {
        device: device.to_owned(),
        steps,
    };
    let edited = Wanted::Edit {
        text: "a-0 edited".to_owned(),
    };
    let reacted = Wanted::Reaction {
        emoji: "👍".to_owned(),
        on: true,
    };
    let refused = Some((13, Answer::Refused("8999".to_owned())));
    History {
        name: "ann and bo".to_owned(),
        sendings: vec![
            sending("ann", "a-0", &[(1, 0, done(2, 1)), (1, 14, done(15, 1))]),
            sending("ann", "a-1", &[(1, 1, done(3, 2))]),
            sending("bo", "b-0", &[(2, 4, None), (3, 8, done(9, 3))]),
            sending("bo", "b-1", &[(3, 11, None)]),
            sending("bo", "b-2", &[(3, 12, refused)]),
        ],
        changes: vec![
            change("ann", 1, edited, 5, Some(Outcome::Done)),
            change("bo", 1, reacted, 10, None),
            change("ann", 2, Wanted::Recall, 16, Some(Outcome::Done)),
        ],
        views: vec![view("a", ann), view("b", bo)],
        readings: vec![reading("a"), reading("b")],
    }
}

/// Changes what everybody reads in the end.
fn in_every_log(history: &mut History, change: impl Fn(&mut Vec<Entry>)) {
    for reading in &mut history.readings {
        change(&mut reading.log);
        reading.last_seq = reading.log.last().map_or(0, |entry| entry.seq);
        reading.messages = fold(&reading.log).into_values().collect();
    }
}

/// What is found when `harm` was done to the run.
fn found(harm: impl Fn(&mut History)) -> BTreeSet<Rule> {
    let mut history = kept();
    harm(&mut history);
    judge(&history).iter().map(|one| one.rule).collect()
}

fn with_log(change: impl Fn(&mut Vec<Entry>)) -> BTreeSet<Rule> {
    found(|history| in_every_log(history, &change))
}

#[test]
fn a_run_that_kept_every_promise_is_clean() {
    assert_eq!(found(|_| {}), [].into());
}

#[test]
fn an_acknowledged_message_that_is_gone_is_lost() {
    let found = with_log(|log| {
        log.remove(2);
    });
    assert!(found.contains(&Rule::Lost));
    assert!(found.contains(&Rule::Gap));
}

#[test]
fn an_acknowledged_change_that_is_gone_is_lost() {
    let edit = with_log(|log| {
        log.remove(3);
    });
    assert!(edit.contains(&Rule::Lost));
    let recall = with_log(|log| {
        log.pop();
    });
    assert!(recall.contains(&Rule::Lost));
}

#[test]
fn a_conversation_that_nobody_can_read_is_lost() {
    let found = found(|history| history.readings.clear());
    assert_eq!(found, [Rule::Lost].into());
}

#[test]
fn a_message_or_a_change_that_is_there_twice_is_found() {
    let message_twice = with_log(|log| log.push(message(8, "bo", "b-0 hello")));
    assert!(message_twice.contains(&Rule::Doubled));
    let edit_twice = with_log(|log| {
        let again = Entry { seq: 8, ..edit() };
        log.push(again);
    });
    assert!(edit_twice.contains(&Rule::Doubled));
}

#[test]
fn what_nobody_sent_is_found() {
    let message = with_log(|log| log.push(message(8, "bo", "x-9 hello")));
    assert!(message.contains(&Rule::NeverSent));
    let gone = with_log(|log| log.push(self::message(8, "bo", "")));
    assert!(gone.contains(&Rule::NeverSent));
    let recall = with_log(|log| log.push(entry(8, "bo", What::Recall { target: 3 })));
    assert!(recall.contains(&Rule::NeverSent));
}

#[test]
fn what_was_refused_and_is_there_is_found() {
    let message = with_log(|log| log.push(message(8, "bo", "b-2 hello")));
    assert!(message.contains(&Rule::RefusedYetStored));
    let change = found(|history| {
        history.changes[1].answer = Some((11, Outcome::Refused));
    });
    assert_eq!(change, [Rule::RefusedYetStored].into());
}

#[test]
fn a_message_that_is_not_what_was_sent_is_found() {
    let text = with_log(|log| log[2] = message(3, "bo", "b-0 hullo"));
    assert!(text.contains(&Rule::Altered));
    let sender = with_log(|log| log[2].from = "ann".to_owned());
    assert!(sender.contains(&Rule::Altered));
    let id = with_log(|log| log[2].msg_id = "m9".to_owned());
    assert!(id.contains(&Rule::Altered));
    let not_recalled = with_log(|log| log[1] = message(2, "ann", "a-1 hello"));
    assert!(not_recalled.contains(&Rule::Altered));
    let not_edited = with_log(|log| log[0] = message(1, "ann", "a-0 hello"));
    assert!(not_edited.contains(&Rule::Altered));
    let changes_another = with_log(|log| log[3].msg_id = "m3".to_owned());
    assert!(changes_another.contains(&Rule::Altered));
}

#[test]
fn an_edit_that_was_overtaken_by_an_older_one_is_found() {
    let newer = Wanted::Edit {
        text: "a-0 newer".to_owned(),
    };
    let found = found(|history| {
        let newer = change("ann", 1, newer.clone(), 20, Some(Outcome::Done));
        history.changes.push(newer);
        in_every_log(history, |log| log.push(Entry { seq: 8, ..edit() }));
    });
    assert!(found.contains(&Rule::Altered));
}

#[test]
fn a_log_that_is_shorter_than_it_says_has_a_gap() {
    let found = found(|history| history.readings[0].last_seq = 8);
    assert_eq!(found, [Rule::Gap].into());
}

#[test]
fn answers_that_contradict_each_other_are_found() {
    let another = found(|history| history.sendings[0].tries[1].answer = done(15, 8));
    assert!(another.contains(&Rule::Contradicted));
    let refused = Answer::Refused("9997".to_owned());
    let refused =
        found(|history| history.sendings[0].tries[1].answer = Some((15, refused.clone())));
    assert_eq!(refused, [Rule::Contradicted].into());
    let same_place = found(|history| {
        history.sendings[3].tries[0].answer = done(13, 1);
    });
    assert!(same_place.contains(&Rule::Contradicted));
}

#[test]
fn messages_in_another_order_than_they_were_asked_for_are_found() {
    let swap = |history: &mut History| {
        history.sendings[0].tries.truncate(1);
        history.sendings[0].tries[0].answer = done(2, 2);
        history.sendings[1].tries[0].answer = done(3, 1);
    };
    let pipelined = found(swap);
    assert!(pipelined.contains(&Rule::Reordered));
    let one_after_the_other = found(|history| {
        // Bo's first word was asked for when both of Ann's had been answered.
        in_every_log(history, |log| {
            log.swap(1, 2);
            log[1].seq = 2;
            log[2].seq = 3;
        });
    });
    assert!(one_after_the_other.contains(&Rule::Reordered));
}

/// Does something to what one device learned.
fn with_steps(device: usize, change: impl Fn(&mut Vec<Step>)) -> BTreeSet<Rule> {
    found(|history| change(&mut history.views[device].steps))
}

#[test]
fn a_push_that_is_missing_or_in_disorder_is_found() {
    let missing = with_steps(0, |steps| {
        steps.remove(4);
    });
    assert!(missing.contains(&Rule::BadEvents));
    let disorder = with_steps(0, |steps| steps.swap(4, 5));
    assert!(disorder.contains(&Rule::BadEvents));
    let twice = with_steps(0, |steps| steps.insert(4, steps[4].clone()));
    assert!(twice.contains(&Rule::BadEvents));
}

#[test]
fn a_gap_between_what_was_synced_and_what_is_pushed_is_found() {
    let found = with_steps(1, |steps| {
        // The sync ends before what was pushed already.
        steps[5] = synced(3, &[]);
    });
    assert!(found.contains(&Rule::BadEvents));
}

#[test]
fn a_sync_with_a_gap_or_without_its_end_is_found() {
    let gap = with_steps(1, |steps| steps[5] = synced(3, &live()[4..5]));
    assert!(gap.contains(&Rule::Gap));
    let end = with_steps(1, |steps| {
        if let Step::Synced(synced) = &mut steps[5] {
            synced.last_seq = 9;
        }
    });
    assert_eq!(end, [Rule::Gap].into());
    let void = with_steps(1, |steps| steps.insert(5, Step::Void { after: 3 }));
    assert_eq!(void, [Rule::BadEvents].into());
}

#[test]
fn a_push_that_the_log_does_not_have_is_found() {
    let other = with_steps(0, |steps| {
        steps[4] = Step::Pushed(message(3, "ann", "b-0 hello"));
    });
    assert!(other.contains(&Rule::BadEvents));
    let text = with_steps(0, |steps| {
        steps[2] = Step::Pushed(message(1, "ann", "a-0 hullo"));
    });
    assert!(text.contains(&Rule::BadEvents));
    let more = with_steps(0, |steps| {
        steps.push(Step::Pushed(message(8, "bo", "b-2 hello")));
    });
    assert!(more.contains(&Rule::BadEvents));
}

#[test]
fn a_device_that_ends_up_with_less_is_found() {
    let found = with_steps(0, |steps| {
        steps.pop();
    });
    assert_eq!(found, [Rule::ReadersDiffer].into());
}

#[test]
fn readers_who_see_different_things_are_found() {
    let log = found(|history| {
        history.readings[1].log.pop();
    });
    assert_eq!(log, [Rule::ReadersDiffer].into());
    let text = found(|history| history.readings[1].messages[2].text.clear());
    assert_eq!(text, [Rule::ReadersDiffer].into());
    let reaction = found(|history| history.readings[0].messages[0].reactions.clear());
    assert_eq!(reaction, [Rule::ReadersDiffer].into());
}
