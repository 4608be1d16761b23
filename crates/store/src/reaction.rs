//! Reactions to messages.

use hongyan_protocol::id::{ConversationId, UserId};

use crate::{Change, ChangeKind, Error, Stored, Tx, View, value::values};

/// The same reaction of several users to one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// The message's place.
    pub seq: i64,
    pub emoji: String,
    pub count: i64,
    /// Whether the reader is among them.
    pub mine: bool,
    /// The first few of them.
    pub users: Vec<UserId>,
}

impl View<'_> {
    /// The reactions to the messages from one place to another, each with its first `users`, by message and by the time of
    /// the first.
    pub fn reactions(
        &self,
        conversation: ConversationId,
        from_seq: i64,
        to_seq: i64,
        reader: UserId,
        users: u32,
    ) -> Result<Vec<Reaction>, Error> {
        let mut found = self.rows(
            "SELECT seq, emoji, COUNT(*), MAX(CASE WHEN user_id = $1 THEN 1 ELSE 0 END) FROM reactions
             WHERE conversation_id = $2 AND seq >= $3 AND seq <= $4
             GROUP BY seq, emoji ORDER BY seq, MIN(created_at), emoji",
            values![reader, conversation, from_seq, to_seq],
            |row| {
                Ok(Reaction {
                    seq: row.get(0)?,
                    emoji: row.get(1)?,
                    count: row.get(2)?,
                    mine: row.get::<i64>(3)? != 0,
                    users: Vec::new(),
                })
            },
        )?;
        for reaction in &mut found {
            reaction.users = self.rows(
                "SELECT user_id FROM reactions WHERE conversation_id = $1 AND seq = $2 AND emoji = $3
                 ORDER BY created_at, user_id LIMIT $4",
                values![
                    conversation,
                    reaction.seq,
                    &reaction.emoji,
                    i64::from(users)
                ],
                |row| row.get(0),
            )?;
        }
        Ok(found)
    }

    /// Whether a user has reacted to a message with this.
    pub fn has_reacted(&self, target: &Stored, user: UserId, emoji: &str) -> Result<bool, Error> {
        self.exists(
            "SELECT 1 FROM reactions WHERE conversation_id = $1 AND seq = $2 AND emoji = $3 AND user_id = $4",
            values![target.conversation_id, target.seq, emoji, user],
        )
    }

    /// How many different reactions a message has, without this one.
    pub fn other_reactions(&self, target: &Stored, emoji: &str) -> Result<i64, Error> {
        let count = self.row(
            "SELECT COUNT(DISTINCT emoji) FROM reactions WHERE conversation_id = $1 AND seq = $2 AND emoji <> $3",
            values![target.conversation_id, target.seq, emoji],
            |row| row.get(0),
        )?;
        Ok(count.unwrap_or_default())
    }
}

impl Tx<'_> {
    /// Adds a user's reaction or takes it back; `None` when that changes nothing.
    pub fn react(
        &mut self,
        target: &Stored,
        by: UserId,
        emoji: &str,
        on: bool,
        now: i64,
    ) -> Result<Option<Change>, Error> {
        let (conversation, seq) = (target.conversation_id, target.seq);
        let (kind, changed) = if on {
            let added = self.execute(
                "INSERT INTO reactions (conversation_id, seq, emoji, user_id, created_at) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (conversation_id, seq, emoji, user_id) DO NOTHING",
                values![conversation, seq, emoji, by, now],
            )?;
            (ChangeKind::Reacted, added)
        } else {
            let removed = self.execute(
                "DELETE FROM reactions WHERE conversation_id = $1 AND seq = $2 AND emoji = $3 AND user_id = $4",
                values![conversation, seq, emoji, by],
            )?;
            (ChangeKind::Unreacted, removed)
        };
        if changed == 0 {
            return Ok(None);
        }
        self.note_change(kind, target, by, Some(emoji), now)
            .map(Some)
    }
}
