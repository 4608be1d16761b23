//! The message that an operation has appended, written when the operation is over.
//!
//! Most operations append one message and write nothing else. At its end nothing can undo an operation any more, so that
//! such a one needs no savepoint, which would cost two statements and a copy of each page that is written to.

use super::Sqlite;
use crate::{
    Error, Stored,
    message::{INSERT, columns, write_ids},
    value::values,
};

struct Held {
    stored: Stored,
    client_msg_id: Option<String>,
}

/// The running operation.
#[derive(Default)]
pub(super) struct Operation {
    running: bool,
    /// It has a savepoint to go back to.
    savepoint: bool,
    held: Option<Box<Held>>,
}

impl Sqlite {
    pub(crate) fn begin_operation(&self) -> Result<(), Error> {
        self.operation.replace(Operation {
            running: true,
            ..Operation::default()
        });
        Ok(())
    }

    pub(crate) fn end_operation(&self, keep: bool) -> Result<(), Error> {
        let Operation {
            savepoint, held, ..
        } = self.operation.take();
        if let Some(error) = self.lost.take() {
            return Err(error);
        }
        if keep && let Some(held) = held {
            self.write(&held)?;
        }
        if !savepoint {
            return Ok(());
        }
        if !keep {
            self.control("ROLLBACK TO operation")?;
        }
        self.control("RELEASE operation")
    }

    /// Appends a message whose `seq` comes next in its conversation.
    pub(crate) fn append(&self, stored: &Stored, client_msg_id: Option<&str>) {
        self.operation.borrow_mut().held = Some(Box::new(Held {
            stored: stored.clone(),
            client_msg_id: client_msg_id.map(str::to_owned),
        }));
    }

    /// Before every statement: an operation that writes gets its savepoint, and the statement sees what it must.
    pub(crate) fn settle(&self, sql: &str) -> Result<(), Error> {
        let mut operation = self.operation.borrow_mut();
        let writes = !sql.starts_with("SELECT");
        // `last_seq` and `last_at` of a conversation.
        let sees = || sql.contains("messages") || sql.contains("last_");
        let held = if writes || operation.held.is_some() && sees() {
            operation.held.take()
        } else {
            None
        };
        let begins = operation.running && !operation.savepoint && (writes || held.is_some());
        operation.savepoint |= begins;
        drop(operation);
        if begins {
            self.control("SAVEPOINT operation")?;
        }
        held.map_or(Ok(()), |held| self.write(&held))
    }

    fn write(&self, held: &Held) -> Result<(), Error> {
        let Held {
            stored,
            client_msg_id,
        } = held;
        let mentions = write_ids(&stored.mentions);
        self.execute(
            INSERT,
            &columns(stored, client_msg_id.as_deref(), mentions.as_deref()),
        )?;
        self.execute(
            "UPDATE conversations SET last_seq = $1, last_at = $2 WHERE id = $3",
            values![stored.seq, stored.time, stored.conversation_id],
        )?;
        Ok(())
    }
}
