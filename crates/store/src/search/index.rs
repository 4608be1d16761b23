//! Keeping the index: behind the log, in parts, each of which moves with its mark in one transaction.

use hongyan_protocol::id::ConversationId;

use super::{conversation_name, engine, segment::searchable};
use crate::{
    Error, Tx, View,
    value::{Row, values},
};

/// Counts the ways in which text was ever made into names. An index that was made in another way is made anew.
const VERSION: &str = "1";

/// Entries of logs that one transaction takes in.
pub(super) const AT_ONCE: i64 = 500;

/// A message as the index has it.
struct Indexed {
    id: i64,
    conversation: ConversationId,
    /// Empty for what has none: an entry of the log that is no message, or one that was recalled.
    text: String,
}

impl Indexed {
    fn read(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self {
            id: row.get(0)?,
            conversation: row.get(1)?,
            text: row.get(2)?,
        })
    }

    /// Everything it is found by: its conversation, then its tokens in their order. `None` when that is nothing.
    fn names(&self) -> Option<String> {
        let tokens = searchable(&self.text);
        if tokens.is_empty() {
            return None;
        }
        let mut names = conversation_name(self.conversation);
        for token in tokens {
            names.push(' ');
            token.name_to(&mut names);
        }
        Some(names)
    }
}

impl View<'_> {
    /// The id up to which messages are in the index.
    pub(super) fn indexed_up_to(&self) -> Result<i64, Error> {
        let mark: Option<String> = self.row(
            "SELECT value FROM meta WHERE key = $1",
            values!["search_mark"],
            |row| row.get(0),
        )?;
        match mark {
            Some(mark) => mark
                .parse()
                .map_err(|_| Error::Failed("meta.search_mark is no number".to_owned())),
            None => Ok(0),
        }
    }

    /// How many messages, at most, are not in the index yet.
    pub(crate) fn not_indexed(&self) -> Result<i64, Error> {
        let newest: Option<i64> = self
            .row("SELECT MAX(id) FROM messages", &[], |row| row.get(0))?
            .flatten();
        Ok((newest.unwrap_or(0) - self.indexed_up_to()?).max(0))
    }

    fn indexed(&self, conversation: ConversationId, seq: i64) -> Result<Option<Indexed>, Error> {
        let message = self.row(
            "SELECT id, conversation_id, msg FROM messages WHERE conversation_id = $1 AND seq = $2",
            values![conversation, seq],
            Indexed::read,
        )?;
        let mark = self.indexed_up_to()?;
        Ok(message.filter(|message| message.id <= mark))
    }
}

impl Tx<'_> {
    /// Makes the index when there is none of this [`VERSION`].
    pub(crate) fn prepare_index(&mut self) -> Result<(), Error> {
        let current = self.exists(
            "SELECT value FROM meta WHERE key = $1 AND value = $2",
            values!["search_version", VERSION],
        )?;
        if current {
            return Ok(());
        }
        engine::create(self)?;
        self.set_meta("search_mark", "0")?;
        self.set_meta("search_version", VERSION)
    }

    /// Takes the next messages into the index, the oldest first.
    pub(crate) fn index_next(&mut self) -> Result<(), Error> {
        let mark = self.indexed_up_to()?;
        let next = self.rows(
            "SELECT id, conversation_id, msg FROM messages WHERE id > $1 ORDER BY id LIMIT $2",
            values![mark, AT_ONCE],
            Indexed::read,
        )?;
        let Some(last) = next.last() else {
            return Ok(());
        };
        let found_by = |message: &Indexed| Some((message.id, message.names()?));
        let messages: Vec<_> = next.iter().filter_map(found_by).collect();
        engine::add(self, &messages)?;
        self.set_meta("search_mark", &last.id.to_string())
    }

    /// Takes a message out of the index. Call it before its text changes.
    pub(crate) fn unindex(&mut self, conversation: ConversationId, seq: i64) -> Result<(), Error> {
        match self.indexed(conversation, seq)? {
            Some(message) => message
                .names()
                .map_or(Ok(()), |names| engine::remove(self, message.id, &names)),
            None => Ok(()),
        }
    }

    /// Takes the messages of a conversation up to `seq` out of the index. Call it before they are removed.
    pub(crate) fn unindex_up_to(
        &mut self,
        conversation: ConversationId,
        seq: i64,
    ) -> Result<(), Error> {
        let mark = self.indexed_up_to()?;
        let messages = self.rows(
            "SELECT id, conversation_id, msg FROM messages WHERE conversation_id = $1 AND seq <= $2 AND id <= $3",
            values![conversation, seq, mark],
            Indexed::read,
        )?;
        for message in messages {
            if let Some(names) = message.names() {
                engine::remove(self, message.id, &names)?;
            }
        }
        Ok(())
    }

    /// Takes a message that was taken out into the index again. Call it after its text has changed.
    pub(crate) fn index_again(
        &mut self,
        conversation: ConversationId,
        seq: i64,
    ) -> Result<(), Error> {
        match self.indexed(conversation, seq)? {
            Some(message) => message
                .names()
                .map_or(Ok(()), |names| engine::add(self, &[(message.id, names)])),
            None => Ok(()),
        }
    }

    fn set_meta(&mut self, key: &str, value: &str) -> Result<(), Error> {
        self.execute(
            "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            values![key, value],
        )
        .map(drop)
    }
}
