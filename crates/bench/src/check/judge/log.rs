//! The messages that the log holds, against what was asked and answered.

use std::collections::HashMap;

use super::{Findings, Rule};
use crate::check::history::{
    Change, Entry, History, Moment, Outcome, Reading, Sending, Wanted, What,
};

/// Every place from 1 to the last is there, once.
pub(super) fn is_contiguous(reading: &Reading, findings: &mut Findings<'_>) {
    let mut due = 1;
    for entry in &reading.log {
        if entry.seq != due {
            findings.add(
                Rule::Gap,
                format_args!("{} read {entry:?} when {due} was due", reading.device),
            );
        }
        due = entry.seq + 1;
    }
    if reading.last_seq != due - 1 {
        findings.add(
            Rule::Gap,
            format_args!(
                "the log ends at {}, and is said to end at {}",
                due - 1,
                reading.last_seq
            ),
        );
    }
}

/// The messages of the log with what is known of their sending.
pub(super) struct Stored<'h> {
    history: &'h History,
    log: &'h [Entry],
    /// By the number of the sending.
    found: HashMap<usize, &'h Entry>,
}

impl<'h> Stored<'h> {
    /// Finds each message's sending: by the first word of its text, or, when that is gone, by its id.
    pub(super) fn find(
        history: &'h History,
        log: &'h [Entry],
        findings: &mut Findings<'_>,
    ) -> Self {
        let (mut by_word, mut by_id) = (HashMap::new(), HashMap::new());
        for (number, sending) in history.sendings.iter().enumerate() {
            by_word.insert(sending.id.as_str(), number);
            by_id.extend(sending.done().map(|(_, receipt)| (&receipt.msg_id, number)));
        }
        let mut found = HashMap::new();
        for entry in log {
            let What::Message { text, .. } = &entry.what else {
                continue;
            };
            let number = match text.split(' ').next() {
                None | Some("") => by_id.get(&entry.msg_id),
                Some(word) => by_word.get(word),
            };
            let Some(&number) = number else {
                findings.add(Rule::NeverSent, format_args!("{entry:?}"));
                continue;
            };
            let id = &history.sendings[number].id;
            if let Some(other) = found.insert(number, entry) {
                findings.add(
                    Rule::Doubled,
                    format_args!("{id} is {other:?} and {entry:?}"),
                );
            }
        }
        Self {
            history,
            log,
            found,
        }
    }

    /// What was acknowledged is there, where it was said to be; what was refused is not.
    pub(super) fn holds_what_was_answered(&self, findings: &mut Findings<'_>) {
        for (number, sending) in self.history.sendings.iter().enumerate() {
            let (id, entry) = (&sending.id, self.found.get(&number));
            if let (Some(code), Some(entry)) = (sending.refusal(), entry) {
                findings.add(
                    Rule::RefusedYetStored,
                    format_args!("{id} was refused with {code}, and is {entry:?}"),
                );
            }
            if let Some(entry) = entry.filter(|entry| entry.from != sending.sender) {
                findings.add(
                    Rule::Altered,
                    format_args!("{id} was sent by {}, and is {entry:?}", sending.sender),
                );
            }
            let Some((_, receipt)) = sending.done().next() else {
                continue;
            };
            match entry {
                None => findings.add(
                    Rule::Lost,
                    format_args!("{id} was answered with {receipt:?}"),
                ),
                Some(entry) if (entry.seq, &entry.msg_id) != (receipt.seq, &receipt.msg_id) => {
                    findings.add(
                        Rule::Altered,
                        format_args!("{id} was answered with {receipt:?}, and is {entry:?}"),
                    );
                }
                Some(_) => {}
            }
        }
    }

    /// What was asked for after another message's answer has a later place, whoever sent either.
    pub(super) fn keeps_the_order(&self, findings: &mut Findings<'_>) {
        let sendings = &self.history.sendings;
        let mut stored: Vec<(i64, &Sending)> = self
            .found
            .iter()
            .map(|(&number, entry)| (entry.seq, &sendings[number]))
            .collect();
        stored.sort_unstable_by_key(|(seq, _)| *seq);
        // Of all before: the one that was asked for last.
        let mut latest: Option<(Moment, i64, &Sending)> = None;
        for (seq, sending) in stored {
            if let Some((answered, _)) = sending.done().next()
                && let Some((asked, earlier, other)) = latest
                && answered < asked
            {
                findings.add(
                    Rule::Reordered,
                    format_args!(
                        "{} at {earlier} was asked for when {} at {seq} had been answered",
                        other.id, sending.id
                    ),
                );
            }
            let asked = sending.tries.first().map_or(0, |one| one.asked);
            if latest.is_none_or(|(latest, ..)| asked > latest) {
                latest = Some((asked, seq, sending));
            }
        }
    }

    /// A message has the text of its last edit, and none when it was recalled.
    pub(super) fn shows_the_last_text(&self, findings: &mut Findings<'_>) {
        let mut asked: HashMap<i64, Vec<&Change>> = HashMap::new();
        for change in &self.history.changes {
            if matches!(change.what, Wanted::Edit { .. }) && change.outcome() != Outcome::Refused {
                asked.entry(change.target).or_default().push(change);
            }
        }
        let (mut edited, mut recalled) = (HashMap::new(), HashMap::new());
        for entry in self.log {
            match entry.what {
                What::Edit { target, .. } => edited.insert(target, entry),
                What::Recall { target } => recalled.insert(target, entry),
                What::Message { .. } | What::Reaction { .. } => None,
            };
        }
        for (&number, entry) in &self.found {
            let sending = &self.history.sendings[number];
            let What::Message {
                text,
                recalled: gone,
            } = &entry.what
            else {
                continue;
            };
            let is_right = if recalled.contains_key(&entry.seq) {
                *gone && text.is_empty()
            } else if edited.contains_key(&entry.seq) {
                let edits = asked.get(&entry.seq).map_or(&[][..], Vec::as_slice);
                !gone && may_be_last(edits, text)
            } else {
                !gone && *text == sending.text
            };
            if !is_right {
                findings.add(
                    Rule::Altered,
                    format_args!("{} said {:?}, and is {entry:?}", sending.id, sending.text),
                );
            }
        }
    }
}

/// Whether no other edit was acknowledged that had been asked for after this one's answer.
fn may_be_last(edits: &[&Change], shown: &str) -> bool {
    let is_shown = |edit: &&&Change| matches!(&edit.what, Wanted::Edit { text } if text == shown);
    edits.iter().find(is_shown).is_some_and(|edit| {
        let answered = edit.answer.map_or(Moment::MAX, |(at, _)| at);
        let is_later = |other: &&Change| other.outcome() == Outcome::Done && other.asked > answered;
        !edits.iter().any(is_later)
    })
}
