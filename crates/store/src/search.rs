//! Finding messages by what they say.
//!
//! Messages are in an index by the names of their tokens and by their conversation. The index is written behind the log;
//! what it does not have yet is looked at one by one, so that a search finds what is there at this moment.

mod behind;
mod engine;
mod index;
mod postgres;
mod query;
mod segment;
mod snippet;
mod sqlite;

use std::collections::HashMap;

use hongyan_protocol::id::{ConversationId, GroupId, MsgId, UserId};

pub(crate) use behind::Behind;
pub use query::Query;
pub use snippet::Piece;

use crate::{
    Error, View,
    value::{Row, values},
};
use engine::candidates;
use snippet::snippet;

/// Conversations of a user that are searched: those in which something was said last.
const CONVERSATIONS: i64 = 5000;

/// So many conversations are named to the index at most. A user of more gets to see what is found in all conversations,
/// and what is not theirs is left out: then they have a good part of all messages, and the index need not look for each
/// of their conversations.
const NAMED: usize = 64;

/// Messages that one search looks at; where they do not suffice, the next page goes on.
const LOOKED_AT: usize = 10_000;

/// Messages looked at in one step, at most; the first step takes as many as are wanted, each further one four times more.
const LARGEST_STEP: usize = 4000;

/// What to look for, and where.
#[derive(Clone, Debug)]
pub struct Search {
    /// Who looks: only what they may read is found.
    pub user: UserId,
    pub query: Query,
    /// One conversation rather than all of the user's.
    pub within: Option<ConversationId>,
    /// Where an earlier page said that the next one begins.
    pub before: Option<i64>,
    /// Most messages of the page, at least 1.
    pub limit: usize,
}

/// A page of what was found.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct FoundPage {
    /// The newest first.
    pub found: Vec<Found>,
    /// Where the next page begins; `None` after the last. A page may have few messages, or none, and still a next one:
    /// then so many messages of others were in between that the search paused.
    pub next: Option<i64>,
}

/// A message that was found.
#[derive(Clone, PartialEq, Eq)]
pub struct Found {
    /// The group it was sent to; `None` between two friends.
    pub group_id: Option<GroupId>,
    /// The other of the two friends; `None` in a group.
    pub friend_id: Option<UserId>,
    pub msg_id: MsgId,
    pub seq: i64,
    pub sender_id: UserId,
    /// Milliseconds since 1970, for display.
    pub time: i64,
    pub snippet: Vec<Piece>,
}

/// A conversation that a user may read behind `first_seq`.
struct Readable {
    group_id: Option<GroupId>,
    friend_id: Option<UserId>,
    first_seq: i64,
}

type Readables = HashMap<ConversationId, Readable>;

/// A message that was looked at.
struct Candidate {
    id: i64,
    conversation: ConversationId,
    seq: i64,
}

impl Candidate {
    fn read(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self {
            id: row.get(0)?,
            conversation: row.get(1)?,
            seq: row.get(2)?,
        })
    }

    fn is_in(&self, readable: &Readables) -> bool {
        let conversation = readable.get(&self.conversation);
        conversation.is_some_and(|conversation| self.seq > conversation.first_seq)
    }
}

macro_rules! readable {
    () => {
        "SELECT c.id, c.group_id, c.user_a, c.user_b, p.first_seq, c.floor_seq FROM cursors p
         JOIN conversations c ON c.id = p.conversation_id
         WHERE p.user_id = $1 AND c.last_seq > p.first_seq"
    };
}

/// The name under which the index has all messages of a conversation.
fn conversation_name(id: ConversationId) -> String {
    format!("c{:032x}", u128::from_be_bytes(id.to_bytes()))
}

impl View<'_> {
    /// Messages that say what `search` looks for, the newest first.
    pub fn search(&self, search: &Search) -> Result<FoundPage, Error> {
        let readable = self.readable(search.user, search.within)?;
        let indexed = self.indexed_up_to()?;
        let mut page = Page::new(search);
        page.walk(|before, limit| self.not_indexed_yet(search, &readable, indexed, before, limit))?;
        if page.left > 0 {
            page.before = page.before.min(indexed.saturating_add(1));
        }
        let among: Vec<ConversationId> = if readable.len() <= NAMED {
            readable.keys().copied().collect()
        } else {
            Vec::new()
        };
        if !readable.is_empty() {
            page.walk(|before, limit| {
                let found = candidates(self, &search.query, &among, before, limit)?;
                let judged = found.into_iter().map(|one| (one.is_in(&readable), one));
                Ok(judged.collect())
            })?;
        }
        let next = page.turn(search.limit);
        let shown = page.found.iter();
        let found = shown.map(|candidate| self.found(search, &readable, candidate));
        Ok(FoundPage {
            found: found.collect::<Result<_, _>>()?,
            next,
        })
    }

    /// The conversations in which a user may find something.
    fn readable(&self, user: UserId, within: Option<ConversationId>) -> Result<Readables, Error> {
        let read = |row: &Row<'_>| {
            let pair: [Option<UserId>; 2] = [row.get(2)?, row.get(3)?];
            let readable = Readable {
                group_id: row.get(1)?,
                friend_id: pair.into_iter().flatten().find(|&one| one != user),
                first_seq: row.get::<i64>(4)?.max(row.get(5)?),
            };
            Ok((row.get(0)?, readable))
        };
        let found = match within {
            Some(conversation) => self.rows(
                concat!(readable!(), " AND p.conversation_id = $2"),
                values![user, conversation],
                read,
            ),
            None => self.rows(
                concat!(readable!(), " ORDER BY c.last_at DESC LIMIT $2"),
                values![user, CONVERSATIONS],
                read,
            ),
        };
        Ok(found?.into_iter().collect())
    }

    /// Messages before the id `before` that the index does not have yet, the newest first, and whether each is one to
    /// find.
    fn not_indexed_yet(
        &self,
        search: &Search,
        readable: &Readables,
        indexed: i64,
        before: i64,
        limit: usize,
    ) -> Result<Vec<(bool, Candidate)>, Error> {
        self.rows(
            "SELECT id, conversation_id, seq, msg FROM messages WHERE id > $1 AND id < $2 ORDER BY id DESC LIMIT $3",
            values![indexed, before, rows(limit)],
            |row| {
                let candidate = Candidate::read(row)?;
                let is_found = candidate.is_in(readable)
                    && !search.query.places(&row.get::<String>(3)?).is_empty();
                Ok((is_found, candidate))
            },
        )
    }

    fn found(
        &self,
        search: &Search,
        readable: &Readables,
        candidate: &Candidate,
    ) -> Result<Found, Error> {
        let conversation = readable.get(&candidate.conversation);
        let found = self.row(
            "SELECT msg_id, sender_id, created_at, msg FROM messages WHERE id = $1",
            values![candidate.id],
            |row| {
                let text: String = row.get(3)?;
                Ok(Found {
                    group_id: conversation.and_then(|conversation| conversation.group_id),
                    friend_id: conversation.and_then(|conversation| conversation.friend_id),
                    msg_id: row.get(0)?,
                    seq: candidate.seq,
                    sender_id: row.get(1)?,
                    time: row.get(2)?,
                    snippet: snippet(&text, &search.query.places(&text)),
                })
            },
        )?;
        found.ok_or_else(|| Error::Failed("an indexed message is missing".to_owned()))
    }
}

/// A page that is being filled.
struct Page {
    /// How many messages to find: one more than the page shows, to know whether there is a next one.
    wanted: usize,
    /// The newest first.
    found: Vec<Candidate>,
    /// Only messages with lower ids are still to be looked at.
    before: i64,
    /// How many more may be looked at.
    left: usize,
}

impl Page {
    fn new(search: &Search) -> Self {
        Self {
            wanted: search.limit.max(1) + 1,
            found: Vec::new(),
            before: search.before.unwrap_or(i64::MAX),
            left: LOOKED_AT,
        }
    }

    fn is_full(&self) -> bool {
        self.found.len() >= self.wanted
    }

    /// Looks at messages in steps, each judged to be found or not, until the page is full, it has looked at enough, or
    /// there are no more.
    fn walk(
        &mut self,
        mut step: impl FnMut(i64, usize) -> Result<Vec<(bool, Candidate)>, Error>,
    ) -> Result<(), Error> {
        let mut size = self.wanted;
        while !self.is_full() && self.left > 0 {
            let limit = size.min(self.left);
            let seen = step(self.before, limit)?;
            let ended = seen.len() < limit;
            for (is_found, candidate) in seen {
                self.left -= 1;
                self.before = candidate.id;
                if is_found {
                    self.found.push(candidate);
                }
                if self.is_full() {
                    return Ok(());
                }
            }
            if ended {
                return Ok(());
            }
            size = (size * 4).min(LARGEST_STEP);
        }
        Ok(())
    }

    /// Leaves what is shown; where the next page begins.
    fn turn(&mut self, limit: usize) -> Option<i64> {
        if self.is_full() {
            self.found.truncate(limit);
            return self.found.last().map(|last| last.id);
        }
        (self.left == 0).then_some(self.before)
    }
}

fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
