//! Friendships.

use hongyan_protocol::{
    id::{ConversationId, UserId},
    keep::Keep,
};

use crate::{
    Error, Tx, User, View,
    db::Connection,
    user::user_columns,
    value::{Row, values},
};

/// One direction of a friendship.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Friendship {
    /// What the user calls the friend; empty when unset.
    pub remark: String,
    pub favourite: bool,
    pub conversation_id: ConversationId,
}

/// A friend, as one user sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Friend {
    pub user: User,
    pub friendship: Friendship,
    /// Whether the user has blocked the friend.
    pub is_blocked: bool,
    /// Whether the friend has blocked the user.
    pub has_blocked: bool,
}

/// The columns that [`Friendship::read_from`] reads, of the table called `f`.
macro_rules! friendship_columns {
    () => {
        "f.remark, f.favourite, f.conversation_id"
    };
}

impl Friendship {
    fn read_from(row: &Row<'_>, at: &mut usize) -> Result<Self, Error> {
        Ok(Self {
            remark: row.next(at)?,
            favourite: row.next::<i64>(at)? != 0,
            conversation_id: row.next(at)?,
        })
    }
}

/// What [`Friend::read`] reads; which, is to follow.
macro_rules! friend_columns {
    () => {
        concat!(
            "SELECT ",
            user_columns!(),
            ", ",
            friendship_columns!(),
            ", (SELECT COUNT(*) FROM blocks b WHERE b.user_id = f.user_id AND b.blocked_id = f.friend_id),
             (SELECT COUNT(*) FROM blocks b WHERE b.user_id = f.friend_id AND b.blocked_id = f.user_id)
             FROM friends f JOIN users u ON u.id = f.friend_id "
        )
    };
}

impl Friend {
    fn read(row: &Row<'_>) -> Result<Self, Error> {
        let at = &mut 0;
        Ok(Self {
            user: User::read_from(row, at)?,
            friendship: Friendship::read_from(row, at)?,
            is_blocked: row.next::<i64>(at)? != 0,
            has_blocked: row.next::<i64>(at)? != 0,
        })
    }
}

/// What a message to a friend needs to know, in one look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    pub conversation_id: ConversationId,
    /// How long the two chose to keep messages; `None` leaves it to the server's setting.
    pub keep: Option<Keep>,
    /// Whether the friend wants to hear nothing from the user.
    pub blocked: bool,
}

impl Contact {
    pub(crate) fn read_from(row: &Row<'_>, at: &mut usize) -> Result<Self, Error> {
        Ok(Self {
            conversation_id: row.next(at)?,
            keep: row.next(at)?,
            blocked: row.next::<Option<UserId>>(at)?.is_some(),
        })
    }
}

impl View<'_> {
    /// How `user` reaches `friend`; `None` when they are no friends.
    pub fn contact(&self, user: UserId, friend: UserId) -> Result<Option<Contact>, Error> {
        if let Connection::Postgres(postgres) = &self.link.connection
            && let Some(known) = postgres.known_contact(user, friend)
        {
            return Ok(known);
        }
        self.row(
            "SELECT f.conversation_id, c.keep, b.user_id FROM friends f
             JOIN conversations c ON c.id = f.conversation_id
             LEFT JOIN blocks b ON b.user_id = f.friend_id AND b.blocked_id = f.user_id
             WHERE f.user_id = $1 AND f.friend_id = $2",
            values![user, friend],
            |row| Contact::read_from(row, &mut 0),
        )
    }

    /// The friendship of `user` with `friend`, as `user` sees it.
    pub fn friendship(&self, user: UserId, friend: UserId) -> Result<Option<Friendship>, Error> {
        self.row(
            concat!(
                "SELECT ",
                friendship_columns!(),
                " FROM friends f WHERE f.user_id = $1 AND f.friend_id = $2"
            ),
            values![user, friend],
            |row| Friendship::read_from(row, &mut 0),
        )
    }

    /// Whether the two are friends.
    pub fn is_friend(&self, user: UserId, friend: UserId) -> Result<bool, Error> {
        self.exists(
            "SELECT 1 FROM friends WHERE user_id = $1 AND friend_id = $2",
            values![user, friend],
        )
    }

    /// The user's friends, the oldest friendship first.
    pub fn friends(&self, user: UserId) -> Result<Vec<Friend>, Error> {
        self.rows(
            concat!(
                friend_columns!(),
                "WHERE f.user_id = $1 ORDER BY f.created_at, f.friend_id"
            ),
            values![user],
            Friend::read,
        )
    }

    /// One of the user's friends; `None` when they are no friends.
    pub fn friend(&self, user: UserId, friend: UserId) -> Result<Option<Friend>, Error> {
        self.row(
            concat!(
                friend_columns!(),
                "WHERE f.user_id = $1 AND f.friend_id = $2"
            ),
            values![user, friend],
            Friend::read,
        )
    }

    /// Who sees the user's status: each friend whom the user has not blocked, with the remark that the friend gave to
    /// the user.
    pub fn viewers_of(&self, user: UserId) -> Result<Vec<(UserId, String)>, Error> {
        self.rows(
            "SELECT theirs.user_id, theirs.remark FROM friends mine
             JOIN friends theirs ON theirs.user_id = mine.friend_id AND theirs.friend_id = mine.user_id
             WHERE mine.user_id = $1 AND NOT EXISTS
             (SELECT 1 FROM blocks b WHERE b.user_id = mine.user_id AND b.blocked_id = mine.friend_id)",
            values![user],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }
}

impl Tx<'_> {
    /// Makes two users friends and closes what is pending between them as agreed. Former friends find their old
    /// conversation again; doing it twice changes nothing.
    pub fn befriend(&mut self, a: UserId, b: UserId, now: i64) -> Result<ConversationId, Error> {
        let conversation = self.pair_conversation(a, b)?;
        for (user, friend) in [(a, b), (b, a)] {
            self.execute(
                "INSERT INTO friends (user_id, friend_id, remark, conversation_id, created_at)
                 VALUES ($1, $2, '', $3, $4) ON CONFLICT (user_id, friend_id) DO NOTHING",
                values![user, friend, conversation, now],
            )?;
            self.open_cursor(user, conversation)?;
            self.execute(
                "UPDATE friend_applies SET state = 1, handled_at = $1 WHERE from_id = $2 AND to_id = $3 AND state = 0",
                values![now, user, friend],
            )?;
        }
        Ok(conversation)
    }

    /// Ends a friendship in both directions; `false` when there was none. The conversation stays, and with it what
    /// either has not received yet.
    pub fn unfriend(&mut self, a: UserId, b: UserId) -> Result<bool, Error> {
        let mut removed = 0;
        for (user, friend) in [(a, b), (b, a)] {
            removed += self.execute(
                "DELETE FROM friends WHERE user_id = $1 AND friend_id = $2",
                values![user, friend],
            )?;
        }
        Ok(removed > 0)
    }

    /// Sets what `user` calls `friend`; `false` when they are no friends.
    pub fn set_remark(
        &mut self,
        user: UserId,
        friend: UserId,
        remark: &str,
    ) -> Result<bool, Error> {
        let changed = self.execute(
            "UPDATE friends SET remark = $1 WHERE user_id = $2 AND friend_id = $3",
            values![remark, user, friend],
        )?;
        Ok(changed == 1)
    }

    /// Marks `friend` as a favourite of `user`, or as none; `false` when they are no friends.
    pub fn set_favourite(
        &mut self,
        user: UserId,
        friend: UserId,
        favourite: bool,
    ) -> Result<bool, Error> {
        let changed = self.execute(
            "UPDATE friends SET favourite = $1 WHERE user_id = $2 AND friend_id = $3",
            values![i64::from(favourite), user, friend],
        )?;
        Ok(changed == 1)
    }
}
