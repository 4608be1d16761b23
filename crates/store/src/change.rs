//! Changes of messages. Each is an entry of its conversation's log, so that whoever was away learns of it in its place.

use hongyan_protocol::id::{ConversationId, MsgId, UserId};

use crate::{
    Error, Stored, Tx, View,
    message::{no_such_conversation, write_ids},
    value::{Row, numbered, values},
};

/// What was done to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    Recalled,
    Edited,
    Reacted,
    /// A reaction was taken back.
    Unreacted,
}

numbered!(ChangeKind {
    Recalled = 1,
    Edited = 2,
    Reacted = 3,
    Unreacted = 4,
});

/// A change in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub kind: ChangeKind,
    /// Its own place in the log.
    pub seq: i64,
    pub by: UserId,
    /// Milliseconds since 1970.
    pub time: i64,
    /// Of a reaction.
    pub emoji: Option<String>,
    /// The message that was changed, as it is now.
    pub target: Stored,
}

/// One place of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    Message(Stored),
    Change(Change),
}

impl Entry {
    /// Its place.
    #[must_use]
    pub fn seq(&self) -> i64 {
        match self {
            Self::Message(stored) => stored.seq,
            Self::Change(change) => change.seq,
        }
    }

    pub(crate) fn read_from(row: &Row<'_>, at: &mut usize) -> Result<Self, Error> {
        let place = *at;
        *at += 5;
        let target = Stored::read_from(row, at)?;
        if row.get::<i64>(place)? == 0 {
            return Ok(Self::Message(target));
        }
        Ok(Self::Change(Change {
            kind: row.get(place)?,
            seq: row.get(place + 1)?,
            by: row.get(place + 2)?,
            time: row.get(place + 3)?,
            emoji: row.get(place + 4)?,
            target,
        }))
    }
}

/// The columns that [`Entry::read_from`] reads, of [`entries`].
macro_rules! entry_columns {
    () => {
        concat!(
            "m.entry, m.seq, m.sender_id, m.created_at, m.kind, ",
            $crate::message::message_columns!("t")
        )
    };
}
pub(crate) use entry_columns;

/// The entries of logs, `m`, each with `t`: the row itself for a message, and the message for a change.
macro_rules! entries {
    () => {
        "messages m JOIN messages t ON t.conversation_id = m.conversation_id AND t.seq = COALESCE(m.target_seq, m.seq)"
    };
}
pub(crate) use entries;

impl View<'_> {
    /// Up to `limit` entries of a log behind `after`, in their order. Changes of messages at or before `first` (those
    /// that a reader may not see) and of messages that are not kept any more are left out.
    pub fn log(
        &self,
        conversation: ConversationId,
        after: i64,
        first: i64,
        limit: u32,
    ) -> Result<Vec<Entry>, Error> {
        self.rows(
            concat!(
                "SELECT ",
                entry_columns!(),
                " FROM ",
                entries!(),
                " WHERE m.conversation_id = $1 AND m.seq > $2 AND t.seq > $3 ORDER BY m.seq LIMIT $4"
            ),
            values![conversation, after, first, i64::from(limit)],
            |row| Entry::read_from(row, &mut 0),
        )
    }
}

impl Tx<'_> {
    /// Takes a message back: all that it said leaves the store, its place stays. A recalled message is not recalled again
    /// (`None`).
    pub fn recall(
        &mut self,
        target: &Stored,
        by: UserId,
        now: i64,
    ) -> Result<Option<Change>, Error> {
        self.unindex(target.conversation_id, target.seq)?;
        let changed = self.execute(
            "UPDATE messages SET msg = '', kind = NULL, body = NULL, reply_seq = NULL, mentions = NULL, mention_all = 0,
             edited_at = NULL, recalled_at = $1
             WHERE conversation_id = $2 AND seq = $3 AND entry = 0 AND recalled_at IS NULL",
            values![now, target.conversation_id, target.seq],
        )?;
        if changed == 0 {
            return Ok(None);
        }
        for table in ["reactions", "file_uses"] {
            self.execute(
                &format!("DELETE FROM {table} WHERE conversation_id = $1 AND seq = $2"),
                values![target.conversation_id, target.seq],
            )?;
        }
        self.note_change(ChangeKind::Recalled, target, by, None, now)
            .map(Some)
    }

    /// Gives a message another text; `None` when it was recalled or says that already.
    pub fn edit(
        &mut self,
        target: &Stored,
        msg: &str,
        mentions: &[UserId],
        now: i64,
    ) -> Result<Option<Change>, Error> {
        if target.reads(msg, mentions) {
            return Ok(None);
        }
        self.unindex(target.conversation_id, target.seq)?;
        let changed = self.execute(
            "UPDATE messages SET msg = $1, mentions = $2, edited_at = $3
             WHERE conversation_id = $4 AND seq = $5 AND entry = 0 AND recalled_at IS NULL",
            values![
                msg,
                write_ids(mentions).as_ref(),
                now,
                target.conversation_id,
                target.seq
            ],
        )?;
        if changed == 0 {
            return Ok(None);
        }
        self.index_again(target.conversation_id, target.seq)?;
        self.note_change(ChangeKind::Edited, target, target.sender_id, None, now)
            .map(Some)
    }

    /// Appends a change to the log.
    pub(crate) fn note_change(
        &mut self,
        kind: ChangeKind,
        target: &Stored,
        by: UserId,
        emoji: Option<&str>,
        now: i64,
    ) -> Result<Change, Error> {
        let conversation = target.conversation_id;
        let seq = self
            .row(
                "UPDATE conversations SET last_seq = last_seq + 1 WHERE id = $1 RETURNING last_seq",
                values![conversation],
                |row| row.get(0),
            )?
            .ok_or_else(no_such_conversation)?;
        self.execute(
            "INSERT INTO messages (conversation_id, seq, msg_id, sender_id, kind, msg, entry, target_seq, created_at)
             VALUES ($1, $2, $3, $4, $5, '', $6, $7, $8)",
            values![
                conversation,
                seq,
                MsgId::mint(),
                by,
                emoji,
                kind,
                target.seq,
                now
            ],
        )?;
        let target = self
            .message(conversation, target.seq)?
            .ok_or_else(|| Error::Failed("the message that was changed is missing".to_owned()))?;
        Ok(Change {
            kind,
            seq,
            by,
            time: now,
            emoji: emoji.map(str::to_owned),
            target,
        })
    }
}
