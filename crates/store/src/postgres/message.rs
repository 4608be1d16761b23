//! Messages of a batch: what they ask is asked for all of them before, and they are written together after.

use hongyan_protocol::{
    id::{ConversationId, GroupId, UserId},
    keep::Keep,
};

use super::{
    Postgres,
    ahead::{Ahead, CONTACTS, GROUPS, KEYS, MEMBERSHIPS},
    held::{Held, Message, WRITE},
    refuse_nul,
};
use crate::{Contact, Error, Expected, Group, Membership, Stored, value::values};

impl Postgres {
    /// Asks what the messages of this batch are going to ask, in one round trip for all of them.
    pub(crate) fn look_ahead<'a>(
        &self,
        expected: impl Iterator<Item = &'a Expected>,
    ) -> Result<(), Error> {
        let mut ahead = Ahead::default();
        let questions = ahead.expect(expected);
        if questions.are_none() {
            return Ok(());
        }
        let framing = self.transaction.borrow_mut().framing_of(CONTACTS);
        let asked = [
            (CONTACTS, &questions.contacts[..]),
            (GROUPS, &questions.groups),
            (MEMBERSHIPS, &questions.memberships),
            (KEYS, &questions.keys),
        ];
        let answers = self.exchange(async |session| session.read_many(&framing, &asked).await)?;
        ahead.take(&answers)?;
        self.transaction.borrow_mut().ahead = ahead;
        Ok(())
    }

    /// How a user reaches a friend, if that was looked ahead for.
    pub(crate) fn known_contact(&self, user: UserId, friend: UserId) -> Option<Option<Contact>> {
        self.transaction.borrow().ahead.contact(user, friend)
    }

    /// The group with this id, if it was looked ahead for.
    pub(crate) fn known_group(&self, id: GroupId) -> Option<Option<Group>> {
        self.transaction.borrow().ahead.group(id)
    }

    /// What a user is in a group, if it was looked ahead for.
    pub(crate) fn known_membership(
        &self,
        group: GroupId,
        user: UserId,
    ) -> Option<Option<Membership>> {
        self.transaction.borrow().ahead.membership(group, user)
    }

    /// For how long a conversation keeps what it has, if it was looked ahead for.
    pub(crate) fn known_keep(&self, conversation: ConversationId) -> Option<Option<Keep>> {
        self.transaction.borrow().ahead.keep(conversation)
    }

    /// The message that has this key of its sender, if it is known without asking whether there is one.
    pub(crate) fn known_repeat(&self, sender: UserId, key: &str) -> Option<Option<Stored>> {
        let transaction = self.transaction.borrow();
        if transaction.ahead.is_free(sender, key) {
            return Some(None);
        }
        transaction.held.find(sender, key).map(Some)
    }

    /// The `seq` that the next message of a conversation gets; `None` when there is no such conversation. Its row is
    /// locked from now on.
    pub(crate) fn next_seq(&self, conversation: ConversationId) -> Result<Option<i64>, Error> {
        let mut head = self.transaction.borrow().ahead.head(conversation);
        if head.is_none() {
            if self.transaction.borrow().held.has_some_of(conversation) {
                self.write_held()?;
            }
            let sql = "SELECT last_seq FROM conversations WHERE id = $1 FOR UPDATE";
            self.query(sql, values![conversation], &mut |row| {
                head = Some(row.get(0)?);
                Ok(false)
            })?;
        }
        Ok(head.map(|head| head + 1))
    }

    /// Appends a message at the [next `seq`](Self::next_seq) of its conversation.
    pub(crate) fn append(&self, stored: &Stored, key: Option<&str>) -> Result<(), Error> {
        let mut transaction = self.transaction.borrow_mut();
        if let Some(error) = transaction.failure() {
            return Err(error);
        }
        let message = Message::new(stored, key);
        refuse_nul(&message.values())?;
        transaction.ahead.note(stored, key);
        transaction.held.push(message);
        Ok(())
    }

    /// Writes the messages that are held if `sql`, which comes next, writes something else or could see them.
    pub(crate) fn settle(&self, sql: &str) -> Result<(), Error> {
        let writes = !sql.starts_with("SELECT");
        // `last_seq` and `last_at` of a conversation.
        let sees = || sql.contains("messages") || sql.contains("last_");
        if !self.transaction.borrow().held.has_none() && (writes || sees()) {
            self.write_held()?;
        }
        if writes {
            self.transaction.borrow_mut().ahead.doubt();
        }
        Ok(())
    }

    fn write_held(&self) -> Result<(), Error> {
        if let Some(error) = self.transaction.borrow().failure() {
            return Err(error);
        }
        let framing = self.transaction.borrow_mut().framing_of(WRITE);
        let held = std::mem::take(&mut self.transaction.borrow_mut().held);
        let done = self.write(&held, &framing, "");
        let mut transaction = self.transaction.borrow_mut();
        transaction.held = held;
        if done.is_ok() {
            transaction.held.note_written();
        }
        done
    }

    /// Writes the messages that are held, between statements without parameters.
    pub(super) fn write(&self, held: &Held, before: &str, after: &str) -> Result<(), Error> {
        let columns = held.columns();
        self.exchange(async |session| session.write(before, (WRITE, &columns), after).await)
    }
}
