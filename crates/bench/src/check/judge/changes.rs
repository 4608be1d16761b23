//! The changes that the log holds, against what was asked and answered.

use std::collections::HashMap;

use super::{Findings, Rule};
use crate::check::history::{Change, Entry, History, Outcome, Wanted, What};

/// Each change is there as often as it was acknowledged, and at most as often as answers were lost besides.
pub(super) fn are_stored(history: &History, log: &[Entry], findings: &mut Findings<'_>) {
    let mut tallies: HashMap<Key<'_>, Tally> = HashMap::new();
    for change in &history.changes {
        let tally = tallies.entry(Key::of_change(change)).or_default();
        match change.outcome() {
            Outcome::Done => tally.done += 1,
            Outcome::Unknown => tally.unknown += 1,
            Outcome::Refused => tally.refused += 1,
        }
    }
    let mut messages: HashMap<i64, &str> = HashMap::new();
    for entry in log {
        let Some((target, key)) = Key::of_entry(entry) else {
            messages.insert(entry.seq, &entry.msg_id);
            continue;
        };
        if messages.get(&target) != Some(&entry.msg_id.as_str()) {
            findings.add(
                Rule::Altered,
                format_args!("no message before it is changed by {entry:?}"),
            );
        }
        tallies.entry(key).or_default().stored += 1;
    }
    for (key, tally) in tallies {
        tally.check(&key, findings);
    }
}

/// Who did what to which message. Edits count together: what is read has the present text.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key<'h> {
    by: &'h str,
    target: i64,
    what: &'static str,
    emoji: &'h str,
}

impl<'h> Key<'h> {
    fn of_change(change: &'h Change) -> Self {
        let (what, emoji) = match &change.what {
            Wanted::Edit { .. } => ("edit", ""),
            Wanted::Recall => ("recall", ""),
            Wanted::Reaction { emoji, on } => (reaction(*on), emoji.as_str()),
        };
        Self {
            by: &change.by,
            target: change.target,
            what,
            emoji,
        }
    }

    /// With the place of the message; `None` for a message itself.
    fn of_entry(entry: &'h Entry) -> Option<(i64, Self)> {
        let target = entry.target()?;
        let (what, emoji) = match &entry.what {
            What::Message { .. } => return None,
            What::Edit { .. } => ("edit", ""),
            What::Recall { .. } => ("recall", ""),
            What::Reaction { emoji, on, .. } => (reaction(*on), emoji.as_str()),
        };
        let by = &entry.from;
        Some((
            target,
            Self {
                by,
                target,
                what,
                emoji,
            },
        ))
    }
}

fn reaction(on: bool) -> &'static str {
    if on {
        "reaction"
    } else {
        "reaction taken back"
    }
}

/// How often a change was asked for with which outcome, and how often it is in the log.
#[derive(Debug, Default)]
struct Tally {
    done: usize,
    unknown: usize,
    refused: usize,
    stored: usize,
}

impl Tally {
    fn check(&self, key: &Key<'_>, findings: &mut Findings<'_>) {
        let most = self.done + self.unknown;
        let rule = if self.stored < self.done {
            Rule::Lost
        } else if self.stored <= most {
            return;
        } else if most > 0 {
            Rule::Doubled
        } else if self.refused > 0 {
            Rule::RefusedYetStored
        } else {
            Rule::NeverSent
        };
        findings.add(rule, format_args!("{key:?}: {self:?}"));
    }
}
