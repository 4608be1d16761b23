//! How far each reader of a conversation has got, and how they have it listed.

use hongyan_protocol::{
    id::{ConversationId, GroupId, UserId},
    keep::Keep,
};

use crate::{
    Entry, Error, Tx, View,
    change::{entries, entry_columns},
    value::values,
};

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

/// A conversation with entries behind a user's cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub conversation: ConversationId,
    /// The group whose conversation it is; `None` for that of two friends.
    pub group_id: Option<GroupId>,
    /// Entries up to this one are not theirs to see.
    pub first_seq: i64,
    pub delivered_seq: i64,
    /// What its people chose; `None` leaves it to the server's setting.
    pub keep: Option<Keep>,
}

/// An entry that waits for a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub conversation: ConversationId,
    /// The group whose conversation it is in; `None` for that of two friends.
    pub group_id: Option<GroupId>,
    pub entry: Entry,
}

/// The newest entries by others behind a cursor of which this is true, each with its place among all that was stored.
macro_rules! newest_behind {
    ($which:literal) => {
        concat!(
            "SELECT m.id, ",
            entry_columns!(),
            " FROM ",
            entries!(),
            " WHERE m.conversation_id = $1 AND m.seq > $2 AND t.seq > $3 AND m.sender_id <> $4 AND ",
            $which,
            " ORDER BY m.seq DESC LIMIT $5"
        )
    };
}

impl View<'_> {
    /// The conversations that have entries behind the user's cursors.
    pub fn waiting(&self, user: UserId) -> Result<Vec<Waiting>, Error> {
        self.rows(
            "SELECT c.id, c.group_id, p.first_seq, p.delivered_seq, c.keep
             FROM cursors p JOIN conversations c ON c.id = p.conversation_id
             WHERE p.user_id = $1 AND c.last_seq > p.delivered_seq",
            values![user],
            |row| {
                Ok(Waiting {
                    conversation: row.get(0)?,
                    group_id: row.get(1)?,
                    first_seq: row.get(2)?,
                    delivered_seq: row.get(3)?,
                    keep: row.get(4)?,
                })
            },
        )
    }

    /// What waits for the user in these conversations: the newest `limit` messages by others, and as many of their
    /// changes, in the order in which they were stored (so in the order of `seq` in each conversation). A message that was
    /// recalled does not wait any more.
    pub fn kept(&self, user: UserId, waiting: &[Waiting], limit: u32) -> Result<Vec<Kept>, Error> {
        let mut kept = Vec::new();
        for sql in [
            newest_behind!("m.entry = 0 AND m.recalled_at IS NULL"),
            newest_behind!("m.entry <> 0"),
        ] {
            let mut newest = Vec::new();
            for place in waiting {
                let found = self.rows(
                    sql,
                    values![
                        place.conversation,
                        place.delivered_seq,
                        place.first_seq,
                        user,
                        i64::from(limit)
                    ],
                    |row| {
                        let kept = Kept {
                            conversation: place.conversation,
                            group_id: place.group_id,
                            entry: Entry::read_from(row, &mut 1)?,
                        };
                        Ok((row.get::<i64>(0)?, kept))
                    },
                )?;
                newest.extend(found);
                newest.sort_unstable_by_key(|(id, _)| std::cmp::Reverse(*id));
                newest.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            }
            kept.extend(newest);
        }
        kept.sort_unstable_by_key(|(id, _)| *id);
        Ok(kept.into_iter().map(|(_, kept)| kept).collect())
    }

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
