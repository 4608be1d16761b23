//! What one device asked for and learned, while it runs.

use std::collections::BTreeSet;

use super::{
    history::{Answer, Change, History, Moment, Outcome, Sending, Step, Synced, Try, View},
    wire::Places,
};

/// Everything that one device knows of one conversation.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) sendings: Vec<Sending>,
    pub(crate) changes: Vec<Change>,
    pub(crate) view: View,
    reached: Reached,
}

/// How far a device has got.
#[derive(Debug, Default)]
struct Reached {
    /// It has learned of everything up to here.
    contiguous: i64,
    /// Of these too.
    beyond: BTreeSet<i64>,
}

impl Known {
    pub(crate) fn of(device: &str) -> Self {
        let mut known = Self::default();
        device.clone_into(&mut known.view.device);
        known
    }

    /// Where to go on from.
    pub(crate) fn cursor(&self) -> i64 {
        self.reached.contiguous
    }

    pub(crate) fn step(&mut self, step: Step) {
        match &step {
            Step::Opened | Step::Void { .. } => {}
            Step::Pushed(entry) => self.reached.learn(entry.seq),
            Step::Synced(Synced { entries, .. }) => {
                for entry in entries {
                    self.reached.learn(entry.seq);
                }
            }
        }
        self.view.steps.push(step);
    }

    /// Gives the number of the try.
    pub(crate) fn asked(&mut self, sending: usize, connection: u64, asked: Moment) -> usize {
        let tries = &mut self.sendings[sending].tries;
        tries.push(Try {
            connection,
            asked,
            answer: None,
        });
        tries.len() - 1
    }

    pub(crate) fn answered(&mut self, sending: usize, one: usize, at: Moment, answer: Answer) {
        self.sendings[sending].tries[one].answer = Some((at, answer));
    }

    pub(crate) fn change_answered(&mut self, change: usize, at: Moment, outcome: Outcome) {
        self.changes[change].answer = Some((at, outcome));
    }
}

impl Reached {
    fn learn(&mut self, seq: i64) {
        self.beyond.insert(seq);
        while self.beyond.remove(&(self.contiguous + 1)) {
            self.contiguous += 1;
        }
    }
}

/// What one device brings home.
#[derive(Debug)]
pub(crate) struct Record {
    /// By the place in the user's [`Places`].
    pub(crate) known: Vec<Known>,
    pub(crate) connections: u64,
}

impl Record {
    /// Adds it to the histories of the run's conversations.
    pub(crate) fn add_to(self, histories: &mut [History], places: &Places) {
        for (known, (number, _)) in self.known.into_iter().zip(&places.all) {
            let history = &mut histories[*number];
            history.sendings.extend(known.sendings);
            history.changes.extend(known.changes);
            history.views.push(known.view);
        }
    }
}
