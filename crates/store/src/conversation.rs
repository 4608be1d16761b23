//! The logs that two friends or a group share, and how far each reader of one has got.

use hongyan_protocol::id::{ConversationId, GroupId, UserId};

use crate::{
    Error, Tx, View,
    value::{numbered, values},
};

/// Whose log a conversation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConversationKind {
    Friends,
    Group,
}

numbered!(ConversationKind {
    Friends = 0,
    Group = 1,
});

/// A conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    pub id: ConversationId,
    pub kind: ConversationKind,
    /// The two friends, the lower id first; `None` for a group.
    pub pair: Option<(UserId, UserId)>,
    pub group_id: Option<GroupId>,
    /// The sequence number of the newest message, 0 before the first.
    pub last_seq: i64,
}

impl View<'_> {
    /// The conversation.
    pub fn conversation(&self, id: ConversationId) -> Result<Option<Conversation>, Error> {
        self.row(
            "SELECT kind, user_a, user_b, group_id, last_seq FROM conversations WHERE id = $1",
            values![id],
            |row| {
                let (a, b): (Option<UserId>, Option<UserId>) = (row.get(1)?, row.get(2)?);
                Ok(Conversation {
                    id,
                    kind: row.get(0)?,
                    pair: a.zip(b),
                    group_id: row.get(3)?,
                    last_seq: row.get(4)?,
                })
            },
        )
    }

    /// The conversation that two users have or, as friends, had.
    pub fn conversation_between(
        &self,
        a: UserId,
        b: UserId,
    ) -> Result<Option<ConversationId>, Error> {
        self.row(
            "SELECT id FROM conversations WHERE user_a = $1 AND user_b = $2 AND kind = 0",
            values![a.min(b), a.max(b)],
            |row| row.get(0),
        )
    }
}

impl Tx<'_> {
    /// Moves cursors forward to what was delivered. A cursor that is further already, or is not there any more, stays
    /// as it is.
    pub fn mark_delivered(
        &mut self,
        delivered: &[(UserId, ConversationId, i64)],
    ) -> Result<(), Error> {
        for &(user, conversation, seq) in delivered {
            self.execute(
                "UPDATE cursors SET delivered_seq = $1 WHERE user_id = $2 AND conversation_id = $3 AND delivered_seq < $1",
                values![seq, user, conversation],
            )?;
        }
        Ok(())
    }

    /// The conversation of two friends, made when they have none.
    pub(crate) fn pair_conversation(
        &mut self,
        a: UserId,
        b: UserId,
    ) -> Result<ConversationId, Error> {
        if let Some(found) = self.conversation_between(a, b)? {
            return Ok(found);
        }
        let id = ConversationId::mint();
        self.execute(
            "INSERT INTO conversations (id, kind, user_a, user_b, last_seq) VALUES ($1, $2, $3, $4, 0)",
            values![id, ConversationKind::Friends, a.min(b), a.max(b)],
        )?;
        Ok(id)
    }

    /// A new conversation of a group.
    pub(crate) fn group_conversation(&mut self, group: GroupId) -> Result<ConversationId, Error> {
        let id = ConversationId::mint();
        self.execute(
            "INSERT INTO conversations (id, kind, group_id, last_seq) VALUES ($1, $2, $3, 0)",
            values![id, ConversationKind::Group, group],
        )?;
        Ok(id)
    }

    /// Gives a user a cursor at the end of a conversation, unless they have one: what was said before is not theirs to
    /// receive, what they were sent and have not received still is.
    pub(crate) fn open_cursor(
        &mut self,
        user: UserId,
        conversation: ConversationId,
    ) -> Result<(), Error> {
        self.execute(
            "INSERT INTO cursors (user_id, conversation_id, delivered_seq)
             SELECT $1, id, last_seq FROM conversations WHERE id = $2
             ON CONFLICT (user_id, conversation_id) DO NOTHING",
            values![user, conversation],
        )?;
        Ok(())
    }
}
