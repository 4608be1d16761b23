//! What the answers say among themselves, whatever the log says.

use std::collections::{BTreeMap, HashMap};

use super::{Findings, Rule};
use crate::check::history::{Answer, History, Sending};

/// Repeats were answered alike, and what was asked for in an order was done in it.
pub(super) fn agree(history: &History, findings: &mut Findings<'_>) {
    for sending in &history.sendings {
        repeats_agree(sending, findings);
    }
    one_message_a_place(history, findings);
    pipelined_in_order(history, findings);
}

fn repeats_agree(sending: &Sending, findings: &mut Findings<'_>) {
    let mut done = sending.done();
    let Some((_, first)) = done.next() else {
        return;
    };
    if let Some((_, other)) = done.find(|(_, other)| *other != first) {
        findings.add(
            Rule::Contradicted,
            format_args!(
                "{} was answered with {first:?}, and with {other:?}",
                sending.id
            ),
        );
    }
    for one in &sending.tries {
        if let Some((_, Answer::Refused(code))) = &one.answer {
            findings.add(
                Rule::Contradicted,
                format_args!(
                    "{} was done as {first:?}, and refused with {code}",
                    sending.id
                ),
            );
        }
    }
}

/// No two messages were acknowledged at the same place.
fn one_message_a_place(history: &History, findings: &mut Findings<'_>) {
    let mut owners: HashMap<i64, &str> = HashMap::new();
    for sending in &history.sendings {
        let Some((_, receipt)) = sending.done().next() else {
            continue;
        };
        if let Some(other) = owners.insert(receipt.seq, &sending.id) {
            findings.add(
                Rule::Contradicted,
                format_args!("{other} and {} both got seq {}", sending.id, receipt.seq),
            );
        }
    }
}

/// On one connection, what was asked first was stored first.
fn pipelined_in_order(history: &History, findings: &mut Findings<'_>) {
    let mut connections: BTreeMap<u64, Vec<(u64, i64, &str)>> = BTreeMap::new();
    for sending in &history.sendings {
        // A repeat takes the place of its first try, wherever that was.
        let Some(first) = sending.tries.first() else {
            continue;
        };
        if let Some((_, Answer::Done(receipt))) = &first.answer {
            let asked = (first.asked, receipt.seq, sending.id.as_str());
            connections.entry(first.connection).or_default().push(asked);
        }
    }
    for asked in connections.values_mut() {
        asked.sort_unstable();
        for pair in asked.windows(2) {
            let [(_, before, first), (_, after, second)] = pair else {
                continue;
            };
            if before >= after {
                findings.add(
                    Rule::Reordered,
                    format_args!(
                        "{first} was asked before {second} on one connection, and got {before} against {after}"
                    ),
                );
            }
        }
    }
}
