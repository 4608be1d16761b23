//! One connection to the database, and how statements run on it.

use std::{
    cell::{Cell, RefCell},
    ops::Deref,
};

use crate::{
    Error, Expected,
    group_member::MembersCache,
    postgres::Postgres,
    sqlite::Sqlite,
    value::{Row, Value, values},
};

/// A connection with what belongs to it.
pub(crate) struct Link {
    pub(crate) connection: Connection,
    pub(crate) members: RefCell<MembersCache>,
    /// Entries appended to logs since the index was last told.
    pub(crate) appended: Cell<i64>,
}

/// The databases that there are. Both run the same statements; where they have to differ, this says which it is.
pub(crate) enum Connection {
    Sqlite(Sqlite),
    Postgres(Box<Postgres>),
}

/// What each of the two does in its own way.
macro_rules! on_connection {
    ($link:expr, $method:ident($($argument:expr),*)) => {
        match &$link.connection {
            Connection::Sqlite(sqlite) => sqlite.$method($($argument),*),
            Connection::Postgres(postgres) => postgres.$method($($argument),*),
        }
    };
}

impl Link {
    pub(crate) fn new(connection: Connection) -> Self {
        Self {
            connection,
            members: RefCell::default(),
            appended: Cell::new(0),
        }
    }

    /// Begins a transaction that only reads, all of it one moment's state.
    pub(crate) fn begin_read(&self) -> Result<(), Error> {
        on_connection!(self, begin_read())?;
        self.doubt();
        Ok(())
    }

    /// Ends a transaction that only read.
    pub(crate) fn end_read(&self) {
        on_connection!(self, end_read());
    }

    /// Begins the transaction of a batch; nobody else writes until it ends.
    pub(crate) fn begin_write(&self) -> Result<(), Error> {
        on_connection!(self, begin_write())?;
        self.doubt();
        Ok(())
    }

    /// Asks for the whole batch what its messages are going to ask, where asking for each is dear.
    pub(crate) fn look_ahead<'a>(
        &self,
        expected: impl Iterator<Item = &'a Expected>,
    ) -> Result<(), Error> {
        match &self.connection {
            Connection::Sqlite(_) => Ok(()),
            Connection::Postgres(postgres) => postgres.look_ahead(expected),
        }
    }

    /// Before every statement: what it must see is written, where messages wait to be written.
    fn settle(&self, sql: &str) -> Result<(), Error> {
        match &self.connection {
            Connection::Sqlite(sqlite) => sqlite.settle(sql),
            Connection::Postgres(postgres) => postgres.settle(sql),
        }
    }

    /// Forgets what was known of the database when this may be another one: a replica that took over, or a restored one.
    fn doubt(&self) {
        if let Connection::Postgres(postgres) = &self.connection
            && postgres.is_new()
        {
            self.members.borrow_mut().clear();
        }
    }

    /// Begins an operation of the batch.
    pub(crate) fn begin_operation(&self) -> Result<(), Error> {
        on_connection!(self, begin_operation())
    }

    /// Ends an operation, keeping or undoing what it wrote; the reason, when the whole transaction is lost.
    pub(crate) fn end_operation(&self, keep: bool) -> Result<(), Error> {
        on_connection!(self, end_operation(keep))?;
        if keep {
            self.members.borrow_mut().keep();
        } else {
            self.members.borrow_mut().forget_fresh();
        }
        Ok(())
    }

    /// `Ok` when all that the transaction wrote will survive a power loss. After an error it may be there or not.
    pub(crate) fn commit(&self) -> Result<(), Error> {
        on_connection!(self, commit())
    }

    /// Runs `work` in a transaction of its own.
    pub(crate) fn write_alone<T>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let done = self.begin_write().and_then(|()| {
            let done = work(&mut Tx::new(self))?;
            self.commit()?;
            Ok(done)
        });
        if done.is_err() {
            self.roll_back();
        }
        done
    }

    /// Ends the running transaction, if there still is one, as though it had never begun.
    pub(crate) fn roll_back(&self) {
        on_connection!(self, roll_back());
        self.members.borrow_mut().clear();
    }

    /// Does what can wait until a batch is answered.
    pub(crate) fn tidy(&self) {
        on_connection!(self, tidy());
    }

    /// Leaves the database as the next start likes to find it.
    pub(crate) fn close(self) {
        if let Connection::Sqlite(sqlite) = self.connection {
            sqlite.close();
        }
    }
}

/// What can be read: a consistent state of the database. The functions are listed with their nouns.
pub struct View<'a> {
    pub(crate) link: &'a Link,
}

impl View<'_> {
    /// Every row of the answer.
    pub(crate) fn rows<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        self.link.settle(sql)?;
        let mut found = Vec::new();
        self.query(sql, values, &mut |row| {
            found.push(read(row)?);
            Ok(true)
        })?;
        Ok(found)
    }

    /// The first row of the answer.
    pub(crate) fn row<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        self.link.settle(sql)?;
        self.first(sql, values, read)
    }

    /// As [`row`](Self::row), of what is written: on PostgreSQL messages that wait to be written together may be missing.
    pub(crate) fn written_row<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        if let Connection::Sqlite(sqlite) = &self.link.connection {
            sqlite.settle(sql)?;
        }
        self.first(sql, values, read)
    }

    fn first<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let mut read = Some(read);
        let mut found = None;
        self.query(sql, values, &mut |row| {
            found = read.take().map(|read| read(row)).transpose()?;
            Ok(false)
        })?;
        Ok(found)
    }

    /// Whether the answer has a row.
    pub(crate) fn exists(&self, sql: &str, values: &[Value<'_>]) -> Result<bool, Error> {
        Ok(self.row(sql, values, |_| Ok(()))?.is_some())
    }

    /// Shows `each` the rows of the answer until it says that it has seen enough.
    fn query(&self, sql: &str, values: &[Value<'_>], each: Each<'_>) -> Result<(), Error> {
        on_connection!(self.link, query(sql, values, each))
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        self.exists("SELECT value FROM meta WHERE key = $1", values!["epoch"])
            .map(drop)
    }
}

/// Looks at one row and says whether to go on.
pub(crate) type Each<'a> = &'a mut dyn FnMut(&Row<'_>) -> Result<bool, Error>;

/// What can be read and written inside the writer's transaction. The functions are listed with their nouns.
pub struct Tx<'a> {
    view: View<'a>,
}

impl<'a> Tx<'a> {
    pub(crate) fn new(link: &'a Link) -> Self {
        Self {
            view: View { link },
        }
    }

    /// Runs a statement and counts the rows it changed.
    pub(crate) fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<usize, Error> {
        self.link.settle(sql)?;
        on_connection!(self.view.link, execute(sql, values))
    }
}

impl<'a> Deref for Tx<'a> {
    type Target = View<'a>;
    fn deref(&self) -> &View<'a> {
        &self.view
    }
}
