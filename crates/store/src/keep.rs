//! For how long messages are kept, and sweeping those whose time is over.

use hongyan_protocol::{
    id::{ConversationId, UserId},
    keep::Keep,
};

use crate::{
    Error, Tx, View,
    db::Connection,
    value::{Cell, Column, Value, values},
};

/// Entries swept in one operation, so that messages do not wait for long.
const AT_ONCE: i64 = 500;

/// A conversation that may have something to sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweepable {
    pub id: ConversationId,
    pub last_seq: i64,
    pub floor_seq: i64,
    /// What its people chose; `None` leaves it to the server's setting.
    pub keep: Option<Keep>,
}

/// Who wishes how long the messages of a conversation are kept.
pub type Wishes = Vec<(UserId, Option<Keep>)>;

impl From<Keep> for Value<'_> {
    fn from(keep: Keep) -> Self {
        Self::Int(match keep {
            Keep::None => 0,
            Keep::UntilDelivered => -1,
            Keep::Forever => -2,
            Keep::Days(days) => i64::from(days),
        })
    }
}

impl Column for Keep {
    fn read(cell: Cell<'_>) -> Option<Self> {
        match cell.int()? {
            0 => Some(Self::None),
            -1 => Some(Self::UntilDelivered),
            -2 => Some(Self::Forever),
            days => u32::try_from(days).ok().map(Self::Days),
        }
    }
}

impl View<'_> {
    /// What the people of a conversation chose; `None` leaves it to the server's setting.
    pub fn chosen_keep(&self, conversation: ConversationId) -> Result<Option<Keep>, Error> {
        if let Connection::Postgres(postgres) = &self.link.connection
            && let Some(known) = postgres.known_keep(conversation)
        {
            return Ok(known);
        }
        let chosen = self.row(
            "SELECT keep FROM conversations WHERE id = $1",
            values![conversation],
            |row| row.get(0),
        )?;
        Ok(chosen.flatten())
    }

    /// What everybody in a conversation wishes.
    pub fn keep_wishes(&self, conversation: ConversationId) -> Result<Wishes, Error> {
        self.rows(
            "SELECT user_id, keep FROM cursors WHERE conversation_id = $1",
            values![conversation],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// Up to `limit` conversations behind `after` that have entries; with `chosen`, only those whose people chose.
    pub fn sweepable(
        &self,
        after: ConversationId,
        chosen: bool,
        limit: u32,
    ) -> Result<Vec<Sweepable>, Error> {
        self.rows(
            "SELECT id, last_seq, floor_seq, keep FROM conversations
             WHERE id > $1 AND last_seq > floor_seq AND (keep IS NOT NULL OR $2 = 0) ORDER BY id LIMIT $3",
            values![after, i64::from(chosen), i64::from(limit)],
            |row| {
                Ok(Sweepable {
                    id: row.get(0)?,
                    last_seq: row.get(1)?,
                    floor_seq: row.get(2)?,
                    keep: row.get(3)?,
                })
            },
        )
    }

    /// The last entry of a conversation before the first that is younger than `cutoff` (ms since 1970).
    pub fn last_older_than(&self, conversation: &Sweepable, cutoff: i64) -> Result<i64, Error> {
        let first_younger: Option<i64> = self.row(
            "SELECT seq FROM messages WHERE conversation_id = $1 AND seq > $2 AND created_at >= $3
             ORDER BY seq LIMIT 1",
            values![conversation.id, conversation.floor_seq, cutoff],
            |row| row.get(0),
        )?;
        Ok(first_younger.map_or(conversation.last_seq, |seq| seq - 1))
    }

    /// The last entry of a conversation before the first that somebody has not received, who is not its sender.
    pub fn last_delivered(&self, conversation: &Sweepable) -> Result<i64, Error> {
        let cursors: Vec<(UserId, i64)> = self.rows(
            "SELECT user_id, delivered_seq FROM cursors WHERE conversation_id = $1 AND delivered_seq < $2
             ORDER BY delivered_seq",
            values![conversation.id, conversation.last_seq],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let mut last = conversation.last_seq;
        for (user, delivered) in cursors {
            // Nobody from here on can wait for anything earlier. So one or two are asked about, however many are behind.
            if delivered.max(conversation.floor_seq) >= last {
                break;
            }
            let waiting: Option<i64> = self.row(
                "SELECT seq FROM messages WHERE conversation_id = $1 AND seq > $2 AND seq <= $3 AND sender_id <> $4
                 ORDER BY seq LIMIT 1",
                values![conversation.id, delivered, last, user],
                |row| row.get(0),
            )?;
            if let Some(seq) = waiting {
                last = seq - 1;
            }
        }
        Ok(last)
    }
}

impl Tx<'_> {
    /// Notes what a user wishes for a conversation.
    pub fn wish_keep(
        &mut self,
        user: UserId,
        conversation: ConversationId,
        keep: Option<Keep>,
    ) -> Result<(), Error> {
        self.execute(
            "UPDATE cursors SET keep = $1 WHERE user_id = $2 AND conversation_id = $3",
            values![keep, user, conversation],
        )?;
        Ok(())
    }

    /// Sets what the people of a conversation chose.
    pub fn choose_keep(
        &mut self,
        conversation: ConversationId,
        keep: Option<Keep>,
    ) -> Result<(), Error> {
        self.execute(
            "UPDATE conversations SET keep = $1 WHERE id = $2",
            values![keep, conversation],
        )?;
        Ok(())
    }

    /// Deletes entries of a conversation up to `up_to` with all that belongs to them, the oldest first, at most a few
    /// hundred; `false` when there are more.
    pub fn sweep(&mut self, conversation: ConversationId, up_to: i64) -> Result<bool, Error> {
        let Some(floor) = self
            .conversation(conversation)?
            .map(|conversation| conversation.floor_seq)
        else {
            return Ok(true);
        };
        let last = up_to.min(floor + AT_ONCE);
        if last <= floor {
            return Ok(true);
        }
        self.unindex_up_to(conversation, last)?;
        for table in ["reactions", "messages"] {
            self.execute(
                &format!("DELETE FROM {table} WHERE conversation_id = $1 AND seq <= $2"),
                values![conversation, last],
            )?;
        }
        self.execute(
            "UPDATE conversations SET floor_seq = $1 WHERE id = $2",
            values![last, conversation],
        )?;
        Ok(last == up_to)
    }
}
