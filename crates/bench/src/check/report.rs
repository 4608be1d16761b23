//! What a run comes to.

use std::{fmt, time::Duration};

use super::{
    history::{History, Outcome, Step},
    judge::Violation,
};

/// Most violations that are printed.
const SHOWN: usize = 20;

/// The figures of a run and the promises that were broken in it.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) seed: u64,
    pub(crate) duration: Duration,
    pub(crate) kills: u32,
    pub(crate) connections: u64,
    pub(crate) counts: Counts,
    pub(crate) violations: Vec<Violation>,
}

/// How much was looked at.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    conversations: usize,
    entries: usize,
    acknowledged: usize,
    refused: usize,
    unknown: usize,
    repeats: usize,
    changes: usize,
    changes_unknown: usize,
    pushed: usize,
    synced: usize,
}

impl Counts {
    pub(crate) fn of(histories: &[History]) -> Self {
        let mut counts = Self::default();
        for history in histories {
            counts.add(history);
        }
        counts
    }

    fn add(&mut self, history: &History) {
        self.conversations += 1;
        self.entries += history.readings.first().map_or(0, |one| one.log.len());
        for sending in &history.sendings {
            self.repeats += sending.tries.len().saturating_sub(1);
            if sending.done().next().is_some() {
                self.acknowledged += 1;
            } else if sending.refusal().is_some() {
                self.refused += 1;
            } else {
                self.unknown += 1;
            }
        }
        for change in &history.changes {
            match change.outcome() {
                Outcome::Done => self.changes += 1,
                Outcome::Unknown => self.changes_unknown += 1,
                Outcome::Refused => {}
            }
        }
        for step in history.views.iter().flat_map(|view| &view.steps) {
            match step {
                Step::Opened | Step::Void { .. } => {}
                Step::Pushed(_) => self.pushed += 1,
                Step::Synced(synced) => self.synced += synced.entries.len(),
            }
        }
    }
}

impl Report {
    /// Whether every promise was kept.
    pub(crate) fn is_clean(&self) -> bool {
        self.violations.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for violation in self.violations.iter().take(SHOWN) {
            writeln!(f, "VIOLATION {violation}")?;
        }
        if self.violations.len() > SHOWN {
            writeln!(f, "and {} more", self.violations.len() - SHOWN)?;
        }
        let Counts {
            conversations,
            entries,
            acknowledged,
            refused,
            unknown,
            repeats,
            changes,
            changes_unknown,
            pushed,
            synced,
        } = self.counts;
        writeln!(f, "seed            {}", self.seed)?;
        writeln!(f, "duration        {:.1} s", self.duration.as_secs_f64())?;
        writeln!(f, "kills           {}", self.kills)?;
        writeln!(f, "connections     {}", self.connections)?;
        writeln!(
            f,
            "messages        {acknowledged} acknowledged, {refused} refused, {unknown} of unknown outcome; sent again {repeats} times"
        )?;
        writeln!(
            f,
            "changes         {changes} acknowledged, {changes_unknown} of unknown outcome"
        )?;
        writeln!(f, "learned         {pushed} pushed, {synced} caught up")?;
        writeln!(
            f,
            "log             {entries} entries in {conversations} conversations, read by everybody in them"
        )?;
        match self.violations.len() {
            0 => write!(f, "every promise was kept"),
            1 => write!(f, "1 promise was broken"),
            broken => write!(f, "{broken} promises were broken"),
        }
    }
}
