//! What the messages of a batch are going to ask, asked for all of them at once before the first operation runs.

use std::collections::{HashMap, HashSet};

use hongyan_protocol::{
    conversation::Target,
    id::{ConversationId, GroupId, UserId},
    keep::Keep,
};
use tokio_postgres::Row as Answer;

use crate::{
    Contact, Error, Expected, Group, Membership, Stored,
    group::group_columns,
    group_member::membership_columns,
    value::{Row, Value},
};

/// How each user reaches each friend, and the last `seq` of what they have. The rows of the conversations are locked in
/// the order of their ids, as all who lock several do.
pub(super) const CONTACTS: &str = "
    SELECT f.user_id, f.friend_id, f.conversation_id, c.keep, b.user_id, c.last_seq
    FROM unnest(CAST($1 AS BYTEA[]), CAST($2 AS BYTEA[])) AS e (user_id, friend_id)
    JOIN friends f ON f.user_id = e.user_id AND f.friend_id = e.friend_id
    JOIN conversations c ON c.id = f.conversation_id
    LEFT JOIN blocks b ON b.user_id = f.friend_id AND b.blocked_id = f.user_id
    ORDER BY c.id FOR UPDATE OF c";

/// Each group, the last `seq` of what it has, and for how long it keeps that. Locked after those of friends, and among
/// each other by their ids.
pub(super) const GROUPS: &str = concat!(
    "SELECT ",
    group_columns!(),
    ", c.last_seq, c.keep FROM chat_groups g JOIN conversations c ON c.id = g.conversation_id
     WHERE g.id = ANY (CAST($1 AS BYTEA[])) ORDER BY c.id FOR UPDATE OF c"
);

/// What each user is in each group.
pub(super) const MEMBERSHIPS: &str = concat!(
    "SELECT gm.group_id, gm.user_id, ",
    membership_columns!(),
    " FROM unnest(CAST($1 AS BYTEA[]), CAST($2 AS BYTEA[])) AS e (group_id, user_id)
     JOIN group_members gm ON gm.group_id = e.group_id AND gm.user_id = e.user_id"
);

/// Which of the keys messages have.
pub(super) const KEYS: &str = "
    SELECT m.sender_id, m.client_msg_id
    FROM unnest(CAST($1 AS BYTEA[]), CAST($2 AS TEXT[])) AS e (sender_id, client_msg_id)
    JOIN messages m ON m.sender_id = e.sender_id AND m.client_msg_id = e.client_msg_id";

/// What to ask, each thing once: the parameters of the statements, column by column.
#[derive(Default)]
pub(super) struct Questions<'a> {
    pub(super) contacts: [Vec<Value<'a>>; 2],
    pub(super) groups: [Vec<Value<'a>>; 1],
    pub(super) memberships: [Vec<Value<'a>>; 2],
    pub(super) keys: [Vec<Value<'a>>; 2],
}

impl Questions<'_> {
    pub(super) fn are_none(&self) -> bool {
        self.contacts[0].is_empty() && self.groups[0].is_empty() && self.keys[0].is_empty()
    }
}

/// What is known before it is asked.
#[derive(Default)]
pub(super) struct Ahead {
    contacts: HashMap<(UserId, UserId), Option<Contact>>,
    groups: HashMap<GroupId, Option<Group>>,
    memberships: HashMap<(GroupId, UserId), Option<Membership>>,
    /// For how long the conversations of groups keep what they have.
    keeps: HashMap<ConversationId, Option<Keep>>,
    /// Keys of which no message is stored.
    free: HashSet<(UserId, String)>,
    /// The last `seq` of conversations whose rows are locked, held messages counted.
    heads: HashMap<ConversationId, i64>,
}

impl Ahead {
    /// What is to be asked. Until an answer says otherwise, nobody is a friend or member, there are no groups, and every
    /// key is free.
    pub(super) fn expect<'a>(
        &mut self,
        expected: impl Iterator<Item = &'a Expected>,
    ) -> Questions<'a> {
        let mut questions = Questions::default();
        for one in expected {
            let sender = one.sender;
            match one.target {
                Target::Friend(friend) if !self.contacts.contains_key(&(sender, friend)) => {
                    self.contacts.insert((sender, friend), None);
                    ask(&mut questions.contacts, [sender.into(), friend.into()]);
                }
                Target::Friend(_) => {}
                Target::Group(group) => {
                    if self.groups.insert(group, None).is_none() {
                        ask(&mut questions.groups, [group.into()]);
                    }
                    if self.memberships.insert((group, sender), None).is_none() {
                        ask(&mut questions.memberships, [group.into(), sender.into()]);
                    }
                }
            }
            // What cannot be stored cannot be asked for either.
            let key = one.client_msg_id.as_ref();
            if let Some(key) = key.filter(|key| !key.contains('\0'))
                && self.free.insert((sender, key.clone()))
            {
                ask(&mut questions.keys, [sender.into(), key.into()]);
            }
        }
        questions
    }

    /// Takes the answers of [`CONTACTS`], [`GROUPS`], [`MEMBERSHIPS`] and [`KEYS`].
    pub(super) fn take(&mut self, answers: &[Vec<Answer>]) -> Result<(), Error> {
        let mut answers = answers.iter().map(|rows| rows.iter().map(Row::Postgres));
        for row in answers.next().into_iter().flatten() {
            let contact = Contact::read_from(&row, &mut 2)?;
            self.heads.insert(contact.conversation_id, row.get(5)?);
            let pair = (row.get(0)?, row.get(1)?);
            self.contacts.insert(pair, Some(contact));
        }
        for row in answers.next().into_iter().flatten() {
            let at = &mut 0;
            let group = Group::read_from(&row, at)?;
            let conversation = group.conversation_id;
            self.heads.insert(conversation, row.next(at)?);
            self.keeps.insert(conversation, row.next(at)?);
            self.groups.insert(group.id, Some(group));
        }
        for row in answers.next().into_iter().flatten() {
            let membership = Membership::read_from(&row, &mut 2)?;
            let place = (row.get(0)?, row.get(1)?);
            self.memberships.insert(place, Some(membership));
        }
        for row in answers.next().into_iter().flatten() {
            self.free.remove(&(row.get(0)?, row.get(1)?));
        }
        Ok(())
    }

    pub(super) fn contact(&self, user: UserId, friend: UserId) -> Option<Option<Contact>> {
        self.contacts.get(&(user, friend)).cloned()
    }

    pub(super) fn group(&self, id: GroupId) -> Option<Option<Group>> {
        self.groups.get(&id).cloned()
    }

    pub(super) fn membership(&self, group: GroupId, user: UserId) -> Option<Option<Membership>> {
        self.memberships.get(&(group, user)).cloned()
    }

    pub(super) fn keep(&self, conversation: ConversationId) -> Option<Option<Keep>> {
        self.keeps.get(&conversation).copied()
    }

    pub(super) fn is_free(&self, sender: UserId, key: &str) -> bool {
        self.free.contains(&(sender, key.to_owned()))
    }

    pub(super) fn head(&self, conversation: ConversationId) -> Option<i64> {
        self.heads.get(&conversation).copied()
    }

    /// A message is appended.
    pub(super) fn note(&mut self, stored: &Stored, key: Option<&str>) {
        self.heads.insert(stored.conversation_id, stored.seq);
        if let Some(key) = key {
            self.free.remove(&(stored.sender_id, key.to_owned()));
        }
    }

    /// Something else than messages is written, or was undone: all but the keys may be otherwise now.
    pub(super) fn doubt(&mut self) {
        let free = std::mem::take(&mut self.free);
        *self = Self {
            free,
            ..Self::default()
        };
    }
}

fn ask<'a, const N: usize>(columns: &mut [Vec<Value<'a>>; N], values: [Value<'a>; N]) {
    for (column, value) in columns.iter_mut().zip(values) {
        column.push(value);
    }
}
