//! The judgement: a pure function from what happened to what was promised and not kept.

mod answers;
mod changes;
mod log;
mod view;

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
};

use super::history::{Entry, History, Shown, Wanted, What};

/// A promise, the worst to break first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Rule {
    Lost,
    Doubled,
    NeverSent,
    Altered,
    Gap,
    Reordered,
    Contradicted,
    RefusedYetStored,
    BadEvents,
    ReadersDiffer,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lost => "acknowledged and lost",
            Self::Doubled => "stored twice",
            Self::NeverSent => "stored and never sent",
            Self::Altered => "stored otherwise than it was sent",
            Self::Gap => "a gap in seq",
            Self::Reordered => "reordered",
            Self::Contradicted => "answers that contradict each other",
            Self::RefusedYetStored => "refused and yet stored",
            Self::BadEvents => "events that do not follow the log",
            Self::ReadersDiffer => "readers of one conversation who see different things",
        })
    }
}

/// A broken promise, with the evidence.
#[derive(Clone, Debug)]
pub(crate) struct Violation {
    pub(crate) rule: Rule,
    pub(crate) evidence: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.evidence)
    }
}

/// What was found so far.
struct Findings<'h> {
    conversation: &'h str,
    violations: Vec<Violation>,
}

impl Findings<'_> {
    fn add(&mut self, rule: Rule, evidence: fmt::Arguments<'_>) {
        let evidence = format!("{}: {evidence}", self.conversation);
        self.violations.push(Violation { rule, evidence });
    }
}

/// All promises that were broken in one conversation.
pub(crate) fn judge(history: &History) -> Vec<Violation> {
    let mut findings = Findings {
        conversation: &history.name,
        violations: Vec::new(),
    };
    answers::agree(history, &mut findings);
    let Some(first) = history.readings.first() else {
        findings.add(Rule::Lost, format_args!("nobody could read it"));
        return findings.violations;
    };
    log::is_contiguous(first, &mut findings);
    let stored = log::Stored::find(history, &first.log, &mut findings);
    stored.holds_what_was_answered(&mut findings);
    stored.keeps_the_order(&mut findings);
    stored.shows_the_last_text(&mut findings);
    changes::are_stored(history, &first.log, &mut findings);
    let finally = fold(&first.log);
    for reading in &history.readings {
        view::agrees(first, &finally, reading, &mut findings);
    }
    for view in &history.views {
        view::follows(history, &first.log, &finally, view, &mut findings);
    }
    findings.violations
}

/// What a log comes to: its messages as they are after all changes.
fn fold<'e>(log: impl IntoIterator<Item = &'e Entry>) -> BTreeMap<i64, Shown> {
    let mut messages = BTreeMap::new();
    for entry in log {
        if let What::Message { text, recalled } = &entry.what {
            messages.insert(
                entry.seq,
                Shown {
                    seq: entry.seq,
                    from: entry.from.clone(),
                    msg_id: entry.msg_id.clone(),
                    text: text.clone(),
                    recalled: *recalled,
                    reactions: [].into(),
                },
            );
            continue;
        }
        let target = entry.target().and_then(|seq| messages.get_mut(&seq));
        if let Some(message) = target {
            apply(message, entry);
        }
    }
    messages
}

fn apply(message: &mut Shown, change: &Entry) {
    match &change.what {
        What::Message { .. } => {}
        What::Edit { text, .. } => message.text.clone_from(text),
        What::Recall { .. } => {
            message.text.clear();
            message.recalled = true;
            message.reactions.clear();
        }
        What::Reaction { emoji, on, .. } => {
            let reaction = (emoji.clone(), change.from.clone());
            if *on {
                message.reactions.insert(reaction);
            } else {
                message.reactions.remove(&reaction);
            }
        }
    }
}

/// The texts that a message may have had: as it was sent, and as it was to be edited. By its `seq`.
fn texts<'h>(history: &'h History) -> HashMap<i64, Vec<&'h str>> {
    let mut texts: HashMap<i64, Vec<&'h str>> = HashMap::new();
    for sending in &history.sendings {
        for (_, receipt) in sending.done() {
            texts.entry(receipt.seq).or_default().push(&sending.text);
        }
    }
    for change in &history.changes {
        if let Wanted::Edit { text } = &change.what {
            texts.entry(change.target).or_default().push(text);
        }
    }
    texts
}

#[cfg(test)]
mod tests;
