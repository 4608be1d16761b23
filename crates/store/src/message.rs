//! Messages: one row each, in the log of their conversation.

use hongyan_protocol::{
    conversation::Target,
    id::{ConversationId, MsgId, UserId},
};

use crate::{
    Error, Tx, View,
    db::Connection,
    value::{Row, Value, values},
};

/// A message to append.
#[derive(Clone)]
pub struct Draft {
    pub sender: UserId,
    /// The sender's key: what is sent again under it is stored once.
    pub client_msg_id: Option<String>,
    pub kind: Option<String>,
    pub msg: String,
    /// JSON.
    pub body: Option<String>,
    /// `seq` of the message that this one answers.
    pub reply_to: Option<i64>,
    pub mentions: Vec<UserId>,
    pub mention_all: bool,
}

/// What an operation says of the message that it is going to append, for a batch to prepare. It binds nobody: an
/// operation that appends something else is slower, not wrong.
#[derive(Clone, Debug)]
pub struct Expected {
    pub sender: UserId,
    pub target: Target,
    pub client_msg_id: Option<String>,
}

/// A message in the log, as it is now.
#[derive(Clone, PartialEq, Eq)]
pub struct Stored {
    pub conversation_id: ConversationId,
    pub msg_id: MsgId,
    /// Contiguous from 1 in each conversation, together with the changes.
    pub seq: i64,
    pub sender_id: UserId,
    /// Empty when it was recalled.
    pub msg: String,
    pub kind: Option<String>,
    /// JSON.
    pub body: Option<String>,
    pub reply_to: Option<i64>,
    pub mentions: Vec<UserId>,
    pub mention_all: bool,
    /// Milliseconds since 1970, for display: only `seq` orders.
    pub time: i64,
    pub edited_at: Option<i64>,
    pub recalled_at: Option<i64>,
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

/// The columns that [`Stored::read_from`] reads, of the table of messages called as said.
macro_rules! message_columns {
    ($m:literal) => {
        concat!(
            $m,
            ".conversation_id, ",
            $m,
            ".msg_id, ",
            $m,
            ".seq, ",
            $m,
            ".sender_id, ",
            $m,
            ".msg, ",
            $m,
            ".kind, ",
            $m,
            ".body, ",
            $m,
            ".reply_seq, ",
            $m,
            ".mentions, ",
            $m,
            ".mention_all, ",
            $m,
            ".created_at, ",
            $m,
            ".edited_at, ",
            $m,
            ".recalled_at"
        )
    };
}
pub(crate) use message_columns;

impl Stored {
    fn read(row: &Row<'_>) -> Result<Self, Error> {
        Self::read_from(row, &mut 0)
    }

    pub(crate) fn read_from(row: &Row<'_>, at: &mut usize) -> Result<Self, Error> {
        Ok(Self {
            conversation_id: row.next(at)?,
            msg_id: row.next(at)?,
            seq: row.next(at)?,
            sender_id: row.next(at)?,
            msg: row.next(at)?,
            kind: row.next(at)?,
            body: row.next(at)?,
            reply_to: row.next(at)?,
            mentions: read_ids(row.next::<Option<String>>(at)?.as_deref()),
            mention_all: row.next::<i64>(at)? != 0,
            time: row.next(at)?,
            edited_at: row.next(at)?,
            recalled_at: row.next(at)?,
        })
    }

    /// Whether this is its text, and these are named in it.
    #[must_use]
    pub fn reads(&self, msg: &str, mentions: &[UserId]) -> bool {
        self.msg == msg && self.mentions == mentions
    }

    /// Whether this draft says what this message does. What was changed since cannot be compared any more.
    #[must_use]
    pub fn says(&self, draft: &Draft) -> bool {
        self.edited_at.is_some()
            || self.recalled_at.is_some()
            || (self.msg == draft.msg
                && self.kind == draft.kind
                && self.body == draft.body
                && self.reply_to == draft.reply_to
                && self.mentions == draft.mentions
                && self.mention_all == draft.mention_all)
    }
}

/// Ids as one column holds them; none of them is no text at all.
pub(crate) fn write_ids(ids: &[UserId]) -> Option<String> {
    let texts: Vec<String> = ids.iter().map(ToString::to_string).collect();
    (!texts.is_empty()).then(|| texts.join(" "))
}

fn read_ids(text: Option<&str>) -> Vec<UserId> {
    // The first release wrote a list of JSON.
    text.unwrap_or_default()
        .split(|c: char| !c.is_ascii_hexdigit() && c != '-')
        .filter(|id| !id.is_empty())
        .map(UserId::read)
        .collect()
}

impl View<'_> {
    /// The message at this place of the log, also a recalled one; `None` where there is none or a change.
    pub fn message(&self, conversation: ConversationId, seq: i64) -> Result<Option<Stored>, Error> {
        self.row(
            concat!(
                "SELECT ",
                message_columns!("m"),
                " FROM messages m WHERE m.conversation_id = $1 AND m.seq = $2 AND m.entry = 0"
            ),
            values![conversation, seq],
            Stored::read,
        )
    }

    /// The message that was appended before under the key of this draft, whatever it says and wherever it is.
    pub fn first_under_key(&self, draft: &Draft) -> Result<Option<Stored>, Error> {
        let Some(key) = &draft.client_msg_id else {
            return Ok(None);
        };
        let known = match &self.link.connection {
            Connection::Sqlite(_) => None,
            Connection::Postgres(postgres) => postgres.known_repeat(draft.sender, key),
        };
        match known {
            Some(first) => Ok(first),
            None => self.written_row(
                concat!(
                    "SELECT ",
                    message_columns!("m"),
                    " FROM messages m WHERE m.sender_id = $1 AND m.client_msg_id = $2"
                ),
                values![draft.sender, key],
                Stored::read,
            ),
        }
    }

    /// Up to `limit` messages of a conversation behind `after`, the oldest first.
    pub fn messages_after(
        &self,
        conversation: ConversationId,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Stored>, Error> {
        self.rows(
            concat!(
                "SELECT ",
                message_columns!("m"),
                " FROM messages m WHERE m.conversation_id = $1 AND m.seq > $2 AND m.entry = 0 ORDER BY m.seq LIMIT $3"
            ),
            values![conversation, after, i64::from(limit)],
            Stored::read,
        )
    }

    /// Up to `limit` messages of a conversation between `after` and `before`, those nearest to `before`, the newest
    /// first.
    pub fn messages_before(
        &self,
        conversation: ConversationId,
        before: i64,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Stored>, Error> {
        self.rows(
            concat!(
                "SELECT ",
                message_columns!("m"),
                " FROM messages m WHERE m.conversation_id = $1 AND m.seq < $2 AND m.seq > $3 AND m.entry = 0
                 ORDER BY m.seq DESC LIMIT $4"
            ),
            values![conversation, before, after, i64::from(limit)],
            Stored::read,
        )
    }
}

/// Writes a message; the parameters are its [`columns`].
pub(crate) const INSERT: &str =
    "INSERT INTO messages (conversation_id, seq, msg_id, sender_id, client_msg_id, kind, msg, body, reply_seq,
     mentions, mention_all, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

pub(crate) fn columns<'a>(
    stored: &'a Stored,
    client_msg_id: Option<&'a str>,
    mentions: Option<&'a str>,
) -> [Value<'a>; 12] {
    *values![
        stored.conversation_id,
        stored.seq,
        stored.msg_id,
        stored.sender_id,
        client_msg_id,
        stored.kind.as_ref(),
        &stored.msg,
        stored.body.as_ref(),
        stored.reply_to,
        mentions,
        i64::from(stored.mention_all),
        stored.time
    ]
}

impl Tx<'_> {
    /// Appends a message to a conversation, once for each key of its sender. Whether the sender may is not asked here.
    pub fn append(
        &mut self,
        conversation: ConversationId,
        draft: &Draft,
        now: i64,
    ) -> Result<Appended, Error> {
        if let Some(first) = self.first_under_key(draft)? {
            return Ok(
                if first.conversation_id == conversation && first.says(draft) {
                    Appended::Repeat(first)
                } else {
                    Appended::Conflict
                },
            );
        }
        let seq = match &self.link.connection {
            Connection::Sqlite(_) => self.row(
                "SELECT last_seq + 1 FROM conversations WHERE id = $1",
                values![conversation],
                |row| row.get(0),
            )?,
            Connection::Postgres(postgres) => postgres.next_seq(conversation)?,
        }
        .ok_or_else(no_such_conversation)?;
        let stored = Stored {
            conversation_id: conversation,
            msg_id: MsgId::mint(),
            seq,
            sender_id: draft.sender,
            msg: draft.msg.clone(),
            kind: draft.kind.clone(),
            body: draft.body.clone(),
            reply_to: draft.reply_to,
            mentions: draft.mentions.clone(),
            mention_all: draft.mention_all,
            time: now,
            edited_at: None,
            recalled_at: None,
        };
        let key = draft.client_msg_id.as_deref();
        match &self.link.connection {
            Connection::Sqlite(sqlite) => sqlite.append(&stored, key),
            Connection::Postgres(postgres) => postgres.append(&stored, key)?,
        }
        let appended = &self.link.appended;
        appended.set(appended.get() + 1);
        Ok(Appended::New(stored))
    }
}

pub(crate) fn no_such_conversation() -> Error {
    Error::Failed("there is no such conversation".to_owned())
}
