//! What is said on the socket, read by this program's own eyes: neither the protocol crate's types nor the client.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::history::{Entry, Receipt, Shown, Synced, What};

/// A conversation as one of its people names it.
#[derive(Clone, Debug)]
pub(crate) enum With {
    Friend(String),
    Group(String),
}

impl With {
    /// The friend's id, or the group's.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Friend(id) | Self::Group(id) => id,
        }
    }

    /// Names it in a request for an operation, which `data` further says.
    pub(crate) fn address(&self, mut data: Value) -> Value {
        let field = match self {
            Self::Friend(_) => "toUserId",
            Self::Group(_) => "toGroupId",
        };
        data[field] = json!(self.id());
        data
    }

    /// A cursor of /ws/chat/sync.
    pub(crate) fn cursor(&self, seq: i64) -> Value {
        match self {
            Self::Friend(id) => json!({"userId": id, "seq": seq}),
            Self::Group(id) => json!({"groupId": id, "seq": seq}),
        }
    }
}

/// The conversations of one user, by the ids that name them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    pub(crate) all: Vec<(usize, With)>,
    by_id: HashMap<String, usize>,
}

impl Places {
    /// Adds a conversation with its number in the run.
    pub(crate) fn add(&mut self, number: usize, with: With) {
        self.by_id.insert(with.id().to_owned(), self.all.len());
        self.all.push((number, with));
    }

    fn at(&self, id: &Value) -> Option<usize> {
        self.by_id.get(id.as_str()?).copied()
    }

    /// The place of an event that `user` was told, and the entry of the log that it is; `None` for other events.
    pub(crate) fn entry(&self, user: &str, event: &Value) -> Result<Option<(usize, Entry)>> {
        let Some(entry) = entry(event)? else {
            return Ok(None);
        };
        let group = &event["data"]["toGroupId"];
        let place = if group.is_string() {
            self.at(group)
        } else if entry.from == user {
            self.at(&event["toUserId"])
        } else {
            self.at(&event["fromUserId"])
        };
        let place = place.with_context(|| format!("an event of no conversation: {event}"))?;
        Ok(Some((place, entry)))
    }

    /// What a sync from `cursors` gave, place by place; `None` where it would not go on from the cursor.
    pub(crate) fn synced(
        &self,
        data: &Value,
        cursors: &[(usize, i64)],
    ) -> Result<Vec<(usize, Option<Synced>)>> {
        let void = ["resync", "gone"].map(|field| self.named(&data[field]));
        let missed = self.named(&data["list"]);
        cursors
            .iter()
            .map(|&(place, after)| {
                if void.iter().any(|void| void.contains_key(&place)) {
                    return Ok((place, None));
                }
                let synced = match missed.get(&place) {
                    Some(missed) => synced(missed, after)?,
                    None => Synced {
                        after,
                        entries: Vec::new(),
                        last_seq: after,
                        more: false,
                    },
                };
                Ok((place, Some(synced)))
            })
            .collect()
    }

    /// The elements of a list by the conversation that they name.
    fn named<'v>(&self, list: &'v Value) -> HashMap<usize, &'v Value> {
        let place = |one: &Value| self.at(&one["userId"]).or_else(|| self.at(&one["groupId"]));
        let list = list.as_array().into_iter().flatten();
        list.filter_map(|one| Some((place(one)?, one))).collect()
    }
}

fn synced(missed: &Value, after: i64) -> Result<Synced> {
    let events = missed["events"]
        .as_array()
        .context("a sync without events")?;
    let entries = events
        .iter()
        .map(|event| entry(event)?.with_context(|| format!("this is no entry of a log: {event}")));
    Ok(Synced {
        after,
        entries: entries.collect::<Result<_>>()?,
        last_seq: number(missed, "lastSeq")?,
        more: missed["more"].as_bool().context("a sync without more")?,
    })
}

/// The entry of a log that an event carries; `None` for one that carries something else.
fn entry(event: &Value) -> Result<Option<Entry>> {
    let data = &event["data"];
    let target = || number(data, "targetSeq");
    let what = match event["eventType"].as_str() {
        Some("chat_f2f" | "chat_group") => What::Message {
            text: text(data, "msg")?,
            recalled: data["recalledTime"].is_number(),
        },
        Some("chat_edit") => What::Edit {
            target: target()?,
            text: text(data, "msg")?,
        },
        Some("chat_recall") => What::Recall { target: target()? },
        Some("chat_reaction") => What::Reaction {
            target: target()?,
            emoji: text(data, "emoji")?,
            on: data["on"].as_bool().context("a reaction without on")?,
        },
        _ => return Ok(None),
    };
    Ok(Some(Entry {
        seq: number(data, "seq")?,
        from: text(event, "fromUserId")?,
        msg_id: text(data, "msgId")?,
        what,
    }))
}

/// The answer to a message. A server that keeps none has no `seq` to give.
pub(crate) fn receipt(data: &Value) -> Result<Receipt> {
    Ok(Receipt {
        seq: number(data, "seq").context(
            "the server must keep messages: set messages.keep to \"forever\" or to days",
        )?,
        msg_id: text(data, "msgId")?,
        time: number(data, "time")?,
    })
}

/// A message of /ws/chat/history.
pub(crate) fn shown(message: &Value) -> Result<Shown> {
    let mut reactions = BTreeSet::new();
    for reaction in message["reactions"].as_array().into_iter().flatten() {
        let emoji = text(reaction, "emoji")?;
        for user in reaction["userIds"].as_array().into_iter().flatten() {
            let user = user.as_str().context("a reaction of nobody")?;
            reactions.insert((emoji.clone(), user.to_owned()));
        }
    }
    Ok(Shown {
        seq: number(message, "seq")?,
        from: text(message, "fromUserId")?,
        msg_id: text(message, "msgId")?,
        text: text(message, "msg")?,
        recalled: message["recalledTime"].is_number(),
        reactions,
    })
}

fn number(of: &Value, field: &str) -> Result<i64> {
    let found = of[field].as_i64();
    found.with_context(|| format!("{field} is missing in {of}"))
}

fn text(of: &Value, field: &str) -> Result<String> {
    let found = of[field].as_str().map(str::to_owned);
    found.with_context(|| format!("{field} is missing in {of}"))
}

/// How long 9996 says to wait.
pub(crate) fn wait_of(answer: &Value) -> Duration {
    Duration::from_millis(answer["data"]["retryAfter"].as_u64().unwrap_or(1000))
}
