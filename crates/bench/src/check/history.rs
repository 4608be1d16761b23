//! What happened in one conversation, as its clients saw it: what the judge has to go by.

use std::collections::BTreeSet;

/// A moment. All clients take theirs from one counter, so two can be compared.
pub(crate) type Moment = u64;

/// One conversation: what was asked for, what was heard, and what it holds at the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    pub(crate) name: String,
    pub(crate) sendings: Vec<Sending>,
    pub(crate) changes: Vec<Change>,
    pub(crate) views: Vec<View>,
    pub(crate) readings: Vec<Reading>,
}

/// A message that was to be sent, once.
#[derive(Clone, Debug)]
pub(crate) struct Sending {
    /// The user.
    pub(crate) sender: String,
    /// The clientMsgId, which is also the first word of the text.
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) tries: Vec<Try>,
}

/// One request for a message.
#[derive(Clone, Debug)]
pub(crate) struct Try {
    /// Numbers the connections of all clients.
    pub(crate) connection: u64,
    pub(crate) asked: Moment,
    /// `None`: the connection ended first.
    pub(crate) answer: Option<(Moment, Answer)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Done(Receipt),
    /// With this code; nothing happened.
    Refused(String),
    /// 9996: too many requests; nothing happened, and it is asked again.
    Postponed,
    /// 9998: whether it happened is unknown, and it is asked again.
    Failed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) seq: i64,
    pub(crate) msg_id: String,
    pub(crate) time: i64,
}

impl Sending {
    /// The answers that said it is done, the first one first.
    pub(crate) fn done(&self) -> impl Iterator<Item = (Moment, &Receipt)> {
        self.tries.iter().filter_map(|one| match &one.answer {
            Some((at, Answer::Done(receipt))) => Some((*at, receipt)),
            _ => None,
        })
    }

    /// The code, where each try was answered that nothing happened, at least one for good.
    pub(crate) fn refusal(&self) -> Option<&str> {
        let mut code = None;
        for one in &self.tries {
            match &one.answer {
                Some((_, Answer::Refused(refused))) => code = Some(refused.as_str()),
                Some((_, Answer::Postponed)) => {}
                Some((_, Answer::Done(_) | Answer::Failed)) | None => return None,
            }
        }
        code
    }
}

/// A change that was asked for, once.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) by: String,
    /// The `seq` of the message.
    pub(crate) target: i64,
    pub(crate) what: Wanted,
    pub(crate) asked: Moment,
    pub(crate) answer: Option<(Moment, Outcome)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Edit { text: String },
    Recall,
    Reaction { emoji: String, on: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    Refused,
    Unknown,
}

impl Change {
    /// What is known of it; a lost answer leaves it unknown.
    pub(crate) fn outcome(&self) -> Outcome {
        self.answer.map_or(Outcome::Unknown, |(_, outcome)| outcome)
    }
}

/// An entry of the log, pushed or read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) seq: i64,
    pub(crate) from: String,
    /// Of the message: itself, or the one that was changed.
    pub(crate) msg_id: String,
    pub(crate) what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Message {
        text: String,
        recalled: bool,
    },
    Edit {
        target: i64,
        text: String,
    },
    Recall {
        target: i64,
    },
    Reaction {
        target: i64,
        emoji: String,
        on: bool,
    },
}

impl Entry {
    /// What never changes of an entry: all but the texts, which are the present ones in what is read later.
    pub(crate) fn fixed(&self) -> Self {
        let mut fixed = self.clone();
        match &mut fixed.what {
            What::Message { text, recalled } => {
                text.clear();
                *recalled = false;
            }
            What::Edit { text, .. } => text.clear(),
            What::Recall { .. } | What::Reaction { .. } => {}
        }
        fixed
    }

    /// The message that it changes.
    pub(crate) fn target(&self) -> Option<i64> {
        match self.what {
            What::Message { .. } => None,
            What::Edit { target, .. } | What::Recall { target } | What::Reaction { target, .. } => {
                Some(target)
            }
        }
    }
}

/// What one device learned while it ran.
#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    pub(crate) device: String,
    pub(crate) steps: Vec<Step>,
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A new connection: from here on everything is pushed.
    Opened,
    Pushed(Entry),
    /// What /ws/chat/sync gave.
    Synced(Synced),
    /// /ws/chat/sync would not go on from this cursor.
    Void {
        after: i64,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Synced {
    pub(crate) after: i64,
    pub(crate) entries: Vec<Entry>,
    pub(crate) last_seq: i64,
    pub(crate) more: bool,
}

/// What one device read at the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading {
    pub(crate) device: String,
    /// All that /ws/chat/sync gives from the beginning.
    pub(crate) log: Vec<Entry>,
    pub(crate) last_seq: i64,
    /// All that /ws/chat/history gives, the oldest first.
    pub(crate) messages: Vec<Shown>,
}

/// A message as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) seq: i64,
    pub(crate) from: String,
    pub(crate) msg_id: String,
    pub(crate) text: String,
    pub(crate) recalled: bool,
    /// The emoji and the user.
    pub(crate) reactions: BTreeSet<(String, String)>,
}
