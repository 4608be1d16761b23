//! How far each reader of a conversation has got, and how they have it listed.

use hongyan_protocol::{
    id::{ConversationId, UserId},
    keep::Keep,
};

use crate::{Error, Tx, View, value::values};

/// One user's place in one conversation: who has one may read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Entries up to this one are not theirs to see.
    pub first_seq: i64,
    pub delivered_seq: i64,
    pub read_seq: i64,
    pub muted: bool,
    /// Milliseconds since 1970; 0 when it is not pinned.
    pub pinned_at: i64,
    /// How long they wish messages to be kept.
    pub keep: Option<Keep>,
}

impl View<'_> {
    /// The user's place in a conversation; `None` where they may not read.
    pub fn cursor(
        &self,
        user: UserId,
        conversation: ConversationId,
    ) -> Result<Option<Cursor>, Error> {
        self.row(
            "SELECT first_seq, delivered_seq, read_seq, muted, pinned_at, keep FROM cursors
             WHERE user_id = $1 AND conversation_id = $2",
            values![user, conversation],
            |row| {
                Ok(Cursor {
                    first_seq: row.get(0)?,
                    delivered_seq: row.get(1)?,
                    read_seq: row.get(2)?,
                    muted: row.get::<i64>(3)? != 0,
                    pinned_at: row.get(4)?,
                    keep: row.get(5)?,
                })
            },
        )
    }

    /// Everybody who may see the entry at `seq`.
    pub fn witnesses(&self, conversation: ConversationId, seq: i64) -> Result<Vec<UserId>, Error> {
        self.rows(
            "SELECT user_id FROM cursors WHERE conversation_id = $1 AND first_seq < $2",
            values![conversation, seq],
            |row| row.get(0),
        )
    }

    /// How many but `except` have read the entry at `seq`, and the first `limit` of them. Who came after it has not.
    pub fn readers(
        &self,
        conversation: ConversationId,
        seq: i64,
        except: UserId,
        limit: u32,
    ) -> Result<(i64, Vec<UserId>), Error> {
        let count = self.row(
            "SELECT COUNT(*) FROM cursors
             WHERE conversation_id = $1 AND read_seq >= $2 AND first_seq < $2 AND user_id <> $3",
            values![conversation, seq, except],
            |row| row.get(0),
        )?;
        let first = self.rows(
            "SELECT user_id FROM cursors
             WHERE conversation_id = $1 AND read_seq >= $2 AND first_seq < $2 AND user_id <> $3
             ORDER BY user_id LIMIT $4",
            values![conversation, seq, except, i64::from(limit)],
            |row| row.get(0),
        )?;
        Ok((count.unwrap_or_default(), first))
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

    /// Moves a cursor forward to what was read, and so delivered; `false` when that was read already.
    pub fn mark_read(
        &mut self,
        user: UserId,
        conversation: ConversationId,
        seq: i64,
    ) -> Result<bool, Error> {
        let moved = self.execute(
            "UPDATE cursors SET read_seq = $1 WHERE user_id = $2 AND conversation_id = $3 AND read_seq < $1",
            values![seq, user, conversation],
        )?;
        self.mark_delivered(&[(user, conversation, seq)])?;
        Ok(moved == 1)
    }

    /// Sets how a user has a conversation listed; `None` leaves it as it is.
    pub fn set_listing(
        &mut self,
        user: UserId,
        conversation: ConversationId,
        muted: Option<bool>,
        pinned_at: Option<i64>,
    ) -> Result<(), Error> {
        self.execute(
            "UPDATE cursors SET muted = COALESCE($1, muted), pinned_at = COALESCE($2, pinned_at)
             WHERE user_id = $3 AND conversation_id = $4",
            values![muted.map(i64::from), pinned_at, user, conversation],
        )?;
        Ok(())
    }

    /// Gives a user a cursor at the end of a conversation, unless they have one: what was said before is not theirs to
    /// receive, what they were sent and have not received still is.
    pub(crate) fn open_cursor(
        &mut self,
        user: UserId,
        conversation: ConversationId,
    ) -> Result<(), Error> {
        self.execute(
            "INSERT INTO cursors (user_id, conversation_id, delivered_seq, read_seq, first_seq)
             SELECT $1, id, last_seq, last_seq, last_seq FROM conversations WHERE id = $2
             ON CONFLICT (user_id, conversation_id) DO NOTHING",
            values![user, conversation],
        )?;
        Ok(())
    }
}
