//! Messages: one row each, in the log of their conversation.

use hongyan_protocol::id::{ConversationId, GroupId, MsgId, UserId};

use crate::{
    Error, Tx, View,
    value::{Row, values},
};

/// A message to append.
#[derive(Clone)]
pub struct Draft {
    pub sender: UserId,
    /// The sender's key: what is sent again under it is stored once.
    pub client_msg_id: Option<String>,
    pub kind: Option<String>,
    pub msg: String,
    pub reply_to: Option<i64>,
    /// JSON.
    pub mentions: Option<String>,
}

/// A message in the log.
#[derive(Clone, PartialEq, Eq)]
pub struct Stored {
    pub conversation_id: ConversationId,
    pub msg_id: MsgId,
    /// Contiguous from 1 in each conversation.
    pub seq: i64,
    pub sender_id: UserId,
    pub msg: String,
    pub kind: Option<String>,
    pub reply_to: Option<i64>,
    /// JSON.
    pub mentions: Option<String>,
    /// Milliseconds since 1970, for display: only `seq` orders.
    pub time: i64,
}

/// Without what was said: that does not belong into logs.
impl std::fmt::Debug for Stored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stored")
            .field("conversation_id", &self.conversation_id)
            .field("msg_id", &self.msg_id)
            .field("seq", &self.seq)
            .field("sender_id", &self.sender_id)
            .field("time", &self.time)
            .finish_non_exhaustive()
    }
}

/// What appending came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// The message is new.
    New(Stored),
    /// The same message was appended before under its key; this is that one.
    Repeat(Stored),
    /// The key belongs to another message of this sender; nothing was appended.
    Conflict,
}

/// A message that waits for a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub stored: Stored,
    /// The group it was sent to; `None` from a friend.
    pub group_id: Option<GroupId>,
}

macro_rules! columns {
    () => {
        "m.conversation_id, m.msg_id, m.seq, m.sender_id, m.msg, m.kind, m.reply_seq, m.mentions, m.created_at"
    };
}

impl Stored {
    fn read(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self {
            conversation_id: row.get(0)?,
            msg_id: row.get(1)?,
            seq: row.get(2)?,
            sender_id: row.get(3)?,
            msg: row.get(4)?,
            kind: row.get(5)?,
            reply_to: row.get(6)?,
            mentions: row.get(7)?,
            time: row.get(8)?,
        })
    }

    fn is(&self, conversation: ConversationId, draft: &Draft) -> bool {
        self.conversation_id == conversation
            && self.msg == draft.msg
            && self.kind == draft.kind
            && self.reply_to == draft.reply_to
            && self.mentions == draft.mentions
    }
}

impl View<'_> {
    /// What waits for `user`: messages by others behind the user's cursors, the newest `limit`, in the order in which
    /// they were stored (so in the order of `seq` in each conversation).
    pub fn kept(&self, user: UserId, limit: u32) -> Result<Vec<Kept>, Error> {
        let limit = i64::from(limit);
        let behind: Vec<(ConversationId, i64, Option<GroupId>)> = self.rows(
            "SELECT c.id, p.delivered_seq, c.group_id FROM cursors p JOIN conversations c ON c.id = p.conversation_id
             WHERE p.user_id = $1 AND c.last_seq > p.delivered_seq",
            values![user],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        let mut found = Vec::new();
        for (conversation, delivered, group_id) in behind {
            let newest = self.rows(
                concat!(
                    "SELECT ",
                    columns!(),
                    ", m.id FROM messages m
                     WHERE m.conversation_id = $1 AND m.seq > $2 AND m.sender_id <> $3 ORDER BY m.seq DESC LIMIT $4"
                ),
                values![conversation, delivered, user, limit],
                |row| {
                    let stored = Stored::read(row)?;
                    Ok((row.get::<i64>(9)?, Kept { stored, group_id }))
                },
            )?;
            found.extend(newest);
            keep_newest(&mut found, limit);
        }
        found.reverse();
        Ok(found.into_iter().map(|(_, kept)| kept).collect())
    }

    /// What appending this draft would come to if its key was used before; `None` where it would be new.
    pub fn repeat_of(
        &self,
        conversation: ConversationId,
        draft: &Draft,
    ) -> Result<Option<Appended>, Error> {
        let Some(key) = &draft.client_msg_id else {
            return Ok(None);
        };
        let first = self.row(
            concat!(
                "SELECT ",
                columns!(),
                " FROM messages m WHERE m.sender_id = $1 AND m.client_msg_id = $2"
            ),
            values![draft.sender, key],
            Stored::read,
        )?;
        Ok(first.map(|first| {
            if first.is(conversation, draft) {
                Appended::Repeat(first)
            } else {
                Appended::Conflict
            }
        }))
    }

    /// Up to `limit` messages of a conversation behind `after_seq`, oldest first.
    pub fn history(
        &self,
        conversation: ConversationId,
        after_seq: i64,
        limit: u32,
    ) -> Result<Vec<Stored>, Error> {
        self.rows(
            concat!(
                "SELECT ",
                columns!(),
                " FROM messages m WHERE m.conversation_id = $1 AND m.seq > $2 ORDER BY m.seq LIMIT $3"
            ),
            values![conversation, after_seq, i64::from(limit)],
            Stored::read,
        )
    }
}

/// Leaves the newest `limit`, newest first.
fn keep_newest(found: &mut Vec<(i64, Kept)>, limit: i64) {
    found.sort_unstable_by_key(|(id, _)| std::cmp::Reverse(*id));
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
}

impl Tx<'_> {
    /// Appends a message to a conversation, once for each key of its sender. Whether the sender may is not asked here.
    pub fn append(
        &mut self,
        conversation: ConversationId,
        draft: &Draft,
        now: i64,
    ) -> Result<Appended, Error> {
        if let Some(earlier) = self.repeat_of(conversation, draft)? {
            return Ok(earlier);
        }
        let seq = self
            .row(
                "UPDATE conversations SET last_seq = last_seq + 1 WHERE id = $1 RETURNING last_seq",
                values![conversation],
                |row| row.get(0),
            )?
            .ok_or_else(|| Error::Failed("there is no such conversation".to_owned()))?;
        let stored = Stored {
            conversation_id: conversation,
            msg_id: MsgId::mint(),
            seq,
            sender_id: draft.sender,
            msg: draft.msg.clone(),
            kind: draft.kind.clone(),
            reply_to: draft.reply_to,
            mentions: draft.mentions.clone(),
            time: now,
        };
        self.execute(
            "INSERT INTO messages
             (conversation_id, seq, msg_id, sender_id, client_msg_id, kind, msg, reply_seq, mentions, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            values![
                conversation,
                seq,
                stored.msg_id,
                draft.sender,
                draft.client_msg_id.as_ref(),
                draft.kind.as_ref(),
                &draft.msg,
                draft.reply_to,
                draft.mentions.as_ref(),
                now
            ],
        )?;
        Ok(Appended::New(stored))
    }
}
