//! What each device heard and read, against the log.

use std::collections::{BTreeMap, HashMap};

use super::{Findings, Rule, fold, texts};
use crate::check::history::{Entry, History, Reading, Shown, Step, Synced, View, What};

/// One reader sees what the first one sees, and the pages of the history what the log comes to.
pub(super) fn agrees(
    first: &Reading,
    finally: &BTreeMap<i64, Shown>,
    reading: &Reading,
    findings: &mut Findings<'_>,
) {
    if let Some((theirs, mine)) = difference(&first.log, &reading.log) {
        findings.add(
            Rule::ReadersDiffer,
            format_args!(
                "{} reads {theirs:?} where {} reads {mine:?}",
                first.device, reading.device
            ),
        );
    }
    let log: Vec<&Shown> = finally.values().collect();
    let pages: Vec<&Shown> = reading.messages.iter().collect();
    if let Some((log, page)) = difference(&log, &pages) {
        findings.add(
            Rule::ReadersDiffer,
            format_args!(
                "the log comes to {log:?}, the history of {} shows {page:?}",
                reading.device
            ),
        );
    }
}

/// The first place at which two lists differ.
fn difference<'l, T: PartialEq>(
    one: &'l [T],
    other: &'l [T],
) -> Option<(Option<&'l T>, Option<&'l T>)> {
    (0..one.len().max(other.len()))
        .map(|place| (one.get(place), other.get(place)))
        .find(|(one, other)| one != other)
}

/// What was pushed to a device and what it caught up with are one stream without a gap, and come to what the log does.
pub(super) fn follows(
    history: &History,
    log: &[Entry],
    finally: &BTreeMap<i64, Shown>,
    view: &View,
    findings: &mut Findings<'_>,
) {
    let mut follower = Follower {
        device: &view.device,
        learned: BTreeMap::new(),
        contiguous: 0,
        last_pushed: None,
        has_caught_up: false,
    };
    for step in &view.steps {
        follower.take(step, findings);
    }
    follower.knows_only(history, log, findings);
    let comes_to = fold(follower.learned.values().copied());
    let (mine, theirs): (Vec<_>, Vec<_>) = (comes_to.iter().collect(), finally.iter().collect());
    if let Some((mine, theirs)) = difference(&mine, &theirs) {
        findings.add(
            Rule::ReadersDiffer,
            format_args!(
                "{} is left with {mine:?}, the log comes to {theirs:?}",
                view.device
            ),
        );
    }
}

/// A device as it goes along.
struct Follower<'h> {
    device: &'h str,
    /// The entries that it has learned of, by `seq`.
    learned: BTreeMap<i64, &'h Entry>,
    /// It has learned of everything up to here.
    contiguous: i64,
    /// On this connection.
    last_pushed: Option<i64>,
    /// On this connection.
    has_caught_up: bool,
}

impl<'h> Follower<'h> {
    fn take(&mut self, step: &'h Step, findings: &mut Findings<'_>) {
        match step {
            Step::Opened => {
                self.last_pushed = None;
                self.has_caught_up = false;
            }
            Step::Pushed(entry) => self.take_pushed(entry, findings),
            Step::Synced(synced) => self.take_synced(synced, findings),
            Step::Void { after } => findings.add(
                Rule::BadEvents,
                format_args!("{} was not let go on from {after}", self.device),
            ),
        }
        self.has_no_gap(findings);
    }

    fn take_pushed(&mut self, entry: &'h Entry, findings: &mut Findings<'_>) {
        if let Some(last) = self.last_pushed
            && entry.seq != last + 1
        {
            findings.add(
                Rule::BadEvents,
                format_args!("{} was pushed {entry:?} right after {last}", self.device),
            );
        }
        self.last_pushed = Some(entry.seq);
        self.learn(entry, findings);
    }

    fn take_synced(&mut self, synced: &'h Synced, findings: &mut Findings<'_>) {
        let mut last = synced.after;
        for entry in &synced.entries {
            if entry.seq != last + 1 {
                findings.add(
                    Rule::Gap,
                    format_args!("{} was synced {entry:?} right after {last}", self.device),
                );
            }
            last = entry.seq;
            self.learn(entry, findings);
        }
        if synced.more {
            return;
        }
        self.has_caught_up = true;
        if last != synced.last_seq {
            findings.add(
                Rule::Gap,
                format_args!(
                    "{} was synced up to {last}, the log ends at {}",
                    self.device, synced.last_seq
                ),
            );
        }
    }

    fn learn(&mut self, entry: &'h Entry, findings: &mut Findings<'_>) {
        if let Some(before) = self.learned.insert(entry.seq, entry)
            && before.fixed() != entry.fixed()
        {
            findings.add(
                Rule::BadEvents,
                format_args!("{} learned of {before:?}, then of {entry:?}", self.device),
            );
        }
        while self.learned.contains_key(&(self.contiguous + 1)) {
            self.contiguous += 1;
        }
    }

    /// Once a connection has caught up, nothing is missing before what it is pushed.
    fn has_no_gap(&mut self, findings: &mut Findings<'_>) {
        let newest = self.learned.keys().next_back().copied().unwrap_or_default();
        if self.has_caught_up && newest > self.contiguous {
            findings.add(
                Rule::BadEvents,
                format_args!(
                    "{} had caught up and learned of {newest}, and never of {}",
                    self.device,
                    self.contiguous + 1
                ),
            );
            // Named once.
            self.contiguous = newest;
        }
    }

    /// Everything that it learned of is in the log, with a text that somebody sent.
    fn knows_only(&self, history: &History, log: &[Entry], findings: &mut Findings<'_>) {
        let texts = texts(history);
        for (seq, entry) in &self.learned {
            let place = log.binary_search_by_key(seq, |entry| entry.seq);
            let stored = place.ok().map(|place| &log[place]);
            if stored.map(Entry::fixed) != Some(entry.fixed()) {
                findings.add(
                    Rule::BadEvents,
                    format_args!(
                        "{} learned of {entry:?}, the log has {stored:?}",
                        self.device
                    ),
                );
            } else if stored != Some(entry) && !was_wanted(&texts, entry) {
                findings.add(
                    Rule::BadEvents,
                    format_args!(
                        "{} learned of a text that nobody sent: {entry:?}",
                        self.device
                    ),
                );
            }
        }
    }
}

/// Whether an entry's text is one that somebody wanted there.
fn was_wanted(texts: &HashMap<i64, Vec<&str>>, entry: &Entry) -> bool {
    let (place, text) = match &entry.what {
        What::Message { recalled, text } if *recalled => return text.is_empty(),
        What::Message { text, .. } => (entry.seq, text),
        What::Edit { target, text } => (*target, text),
        What::Recall { .. } | What::Reaction { .. } => return true,
    };
    let wanted = texts.get(&place);
    wanted.is_some_and(|texts| texts.contains(&text.as_str()))
}
