//! Messages of the running transaction that wait to be written together, in one statement.

use hongyan_protocol::id::{ConversationId, UserId};

use crate::{
    Stored,
    message::write_ids,
    value::{Value, values},
};

/// Writes messages in their order, which their ids keep, and counts them in their conversations, whose rows are locked.
/// The parameters are the columns of [`Held::columns`].
pub(super) const WRITE: &str = "
    WITH held AS (
        SELECT * FROM unnest(
            CAST($1 AS BYTEA[]), CAST($2 AS BIGINT[]), CAST($3 AS BYTEA[]), CAST($4 AS BYTEA[]), CAST($5 AS TEXT[]),
            CAST($6 AS TEXT[]), CAST($7 AS TEXT[]), CAST($8 AS TEXT[]), CAST($9 AS BIGINT[]), CAST($10 AS TEXT[]),
            CAST($11 AS BIGINT[]), CAST($12 AS BIGINT[])
        ) WITH ORDINALITY AS h (conversation_id, seq, msg_id, sender_id, client_msg_id, kind, msg, body, reply_seq,
            mentions, mention_all, created_at, place)
    ), newest AS (
        SELECT DISTINCT ON (conversation_id) conversation_id, seq, created_at FROM held
        ORDER BY conversation_id, seq DESC
    ), counted AS (
        UPDATE conversations c SET last_seq = n.seq, last_at = n.created_at FROM newest n WHERE c.id = n.conversation_id
    )
    INSERT INTO messages (conversation_id, seq, msg_id, sender_id, client_msg_id, kind, msg, body, reply_seq, mentions,
        mention_all, created_at)
    SELECT conversation_id, seq, msg_id, sender_id, client_msg_id, kind, msg, body, reply_seq, mentions, mention_all,
        created_at
    FROM held ORDER BY place";

/// A message that is appended.
pub(super) struct Message {
    stored: Stored,
    client_msg_id: Option<String>,
    mentions: Option<String>,
}

impl Message {
    pub(super) fn new(stored: &Stored, client_msg_id: Option<&str>) -> Self {
        Self {
            stored: stored.clone(),
            client_msg_id: client_msg_id.map(str::to_owned),
            mentions: write_ids(&stored.mentions),
        }
    }

    pub(super) fn values(&self) -> [Value<'_>; 12] {
        let stored = &self.stored;
        *values![
            stored.conversation_id,
            stored.seq,
            stored.msg_id,
            stored.sender_id,
            self.client_msg_id.as_ref(),
            stored.kind.as_ref(),
            &stored.msg,
            stored.body.as_ref(),
            stored.reply_to,
            self.mentions.as_ref(),
            i64::from(stored.mention_all),
            stored.time
        ]
    }
}

/// The messages of a transaction, in the order in which they were appended.
#[derive(Default)]
pub(super) struct Held {
    messages: Vec<Message>,
    /// So many of them are written.
    written: usize,
    /// So many of them were there when the running operation began.
    before_operation: usize,
    /// So many of them were written when that operation got its savepoint.
    before_savepoint: usize,
}

impl Held {
    pub(super) fn push(&mut self, message: Message) {
        self.messages.push(message);
    }

    fn waiting(&self) -> &[Message] {
        &self.messages[self.written..]
    }

    pub(super) fn has_none(&self) -> bool {
        self.waiting().is_empty()
    }

    pub(super) fn has_some_of(&self, conversation: ConversationId) -> bool {
        self.waiting()
            .iter()
            .any(|message| message.stored.conversation_id == conversation)
    }

    /// The message that waits under this key of its sender.
    pub(super) fn find(&self, sender: UserId, key: &str) -> Option<Stored> {
        self.waiting()
            .iter()
            .find(|message| {
                message.stored.sender_id == sender && message.client_msg_id.as_deref() == Some(key)
            })
            .map(|message| message.stored.clone())
    }

    pub(super) fn begin_operation(&mut self) {
        self.before_operation = self.messages.len();
    }

    pub(super) fn set_savepoint(&mut self) {
        self.before_savepoint = self.written;
    }

    /// Forgets what the running operation appended; says whether that was anything. What was written since the
    /// operation's savepoint, by whichever operation it was appended, is to be written again.
    pub(super) fn undo_operation(&mut self, had_savepoint: bool) -> bool {
        let undone = self.messages.len() > self.before_operation;
        self.messages.truncate(self.before_operation);
        if had_savepoint {
            self.written = self.before_savepoint;
        }
        undone
    }

    pub(super) fn note_written(&mut self) {
        self.written = self.messages.len();
    }

    /// What waits, column by column.
    pub(super) fn columns(&self) -> [Vec<Value<'_>>; 12] {
        let mut columns = <[Vec<Value<'_>>; 12]>::default();
        for message in self.waiting() {
            for (column, value) in columns.iter_mut().zip(message.values()) {
                column.push(value);
            }
        }
        columns
    }
}
