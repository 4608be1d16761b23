//! The logs that two friends or a group share, and the list of those that a user is in.

use hongyan_protocol::{
    id::{ConversationId, GroupId, UserId},
    keep::Keep,
};

use crate::{
    Cursor, Error, Tx, View,
    value::{Row, numbered, values},
};

/// Unread messages are counted up to here.
pub const MOST_UNREAD: i64 = 100;

/// Newest entries of a log among which unread messages are counted: whoever wrote the others, they cost a look each.
const COUNTED: i64 = 200;

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
    /// The newest entry of the log, 0 before the first.
    pub last_seq: i64,
    /// When the newest message came, in milliseconds since 1970; 0 before the first.
    pub last_at: i64,
    /// Entries up to this one are not kept any more.
    pub floor_seq: i64,
    /// How long its people chose to keep messages; `None` leaves it to the server's setting.
    pub keep: Option<Keep>,
}

/// The columns that [`Conversation::read_from`] reads, of the table called `c`.
macro_rules! conversation_columns {
    () => {
        "c.id, c.kind, c.user_a, c.user_b, c.group_id, c.last_seq, c.last_at, c.floor_seq, c.keep"
    };
}

/// A conversation as one of its people has it listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub conversation: Conversation,
    pub cursor: Cursor,
}

/// What a user has not read of a conversation, among its newest 200 entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// Messages of others, at most [`MOST_UNREAD`].
    pub count: i64,
    /// Whether one of them names the user, or everybody, as they are now.
    pub mentioned: bool,
}

/// Where a list goes on: the one pinned last comes first, then the one with the newest message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListPlace {
    pub pinned_at: i64,
    pub last_at: i64,
    pub id: ConversationId,
}

impl ListPlace {
    /// Before everything.
    pub const TOP: Self = Self {
        pinned_at: i64::MAX,
        last_at: i64::MAX,
        id: ConversationId::NIL,
    };
}

impl Conversation {
    pub(crate) fn read_from(row: &Row<'_>, at: &mut usize) -> Result<Self, Error> {
        let id = row.next(at)?;
        let kind = row.next(at)?;
        let (a, b): (Option<UserId>, Option<UserId>) = (row.next(at)?, row.next(at)?);
        Ok(Self {
            id,
            kind,
            pair: a.zip(b),
            group_id: row.next(at)?,
            last_seq: row.next(at)?,
            last_at: row.next(at)?,
            floor_seq: row.next(at)?,
            keep: row.next(at)?,
        })
    }

    /// The other of two friends.
    #[must_use]
    pub fn peer_of(&self, user: UserId) -> Option<UserId> {
        self.pair.map(|(a, b)| if a == user { b } else { a })
    }
}

impl Listed {
    /// Entries up to this one are not to be had: not theirs to see, or not kept any more.
    #[must_use]
    pub fn first_seq(&self) -> i64 {
        self.cursor.first_seq.max(self.conversation.floor_seq)
    }
}

impl View<'_> {
    /// The conversation.
    pub fn conversation(&self, id: ConversationId) -> Result<Option<Conversation>, Error> {
        self.row(
            concat!(
                "SELECT ",
                conversation_columns!(),
                " FROM conversations c WHERE c.id = $1"
            ),
            values![id],
            |row| Conversation::read_from(row, &mut 0),
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

    /// Up to `limit` of a user's conversations that have an entry for them, behind a place of the list.
    pub fn conversations_of(
        &self,
        user: UserId,
        behind: ListPlace,
        limit: u32,
    ) -> Result<Vec<Listed>, Error> {
        self.rows(
            concat!(
                "SELECT ",
                conversation_columns!(),
                ", p.first_seq, p.delivered_seq, p.read_seq, p.muted, p.pinned_at, p.keep
                 FROM cursors p JOIN conversations c ON c.id = p.conversation_id
                 WHERE p.user_id = $1 AND c.last_seq > p.first_seq AND (p.pinned_at, c.last_at, c.id) < ($2, $3, $4)
                 ORDER BY p.pinned_at DESC, c.last_at DESC, c.id DESC LIMIT $5"
            ),
            values![
                user,
                behind.pinned_at,
                behind.last_at,
                behind.id,
                i64::from(limit)
            ],
            |row| {
                let at = &mut 0;
                Ok(Listed {
                    conversation: Conversation::read_from(row, at)?,
                    cursor: Cursor {
                        first_seq: row.next(at)?,
                        delivered_seq: row.next(at)?,
                        read_seq: row.next(at)?,
                        muted: row.next::<i64>(at)? != 0,
                        pinned_at: row.next(at)?,
                        keep: row.next(at)?,
                    },
                })
            },
        )
    }

    /// What a user has not read of a conversation.
    pub fn unread(&self, user: UserId, listed: &Listed) -> Result<Unread, Error> {
        let read = listed.cursor.read_seq.max(listed.first_seq());
        if listed.conversation.last_seq <= read {
            return Ok(Unread::default());
        }
        let unread = self.row(
            "SELECT COUNT(*), COUNT(CASE WHEN mention_all <> 0 OR mentions LIKE $1 THEN 1 END) FROM messages
             WHERE conversation_id = $2 AND seq > $3 AND entry = 0 AND sender_id <> $4 AND recalled_at IS NULL",
            values![
                &format!("%{user}%"),
                listed.conversation.id,
                read.max(listed.conversation.last_seq - COUNTED),
                user
            ],
            |row| {
                Ok(Unread {
                    count: row.get::<i64>(0)?.min(MOST_UNREAD),
                    mentioned: row.get::<i64>(1)? > 0,
                })
            },
        )?;
        Ok(unread.unwrap_or_default())
    }
}

impl Tx<'_> {
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
}
