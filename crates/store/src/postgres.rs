//! A connection to a PostgreSQL server: transactions that cost few round trips, and what happens when it is lost.

mod ahead;
mod error;
mod held;
mod message;
mod schema;
mod server;
mod session;
mod url;
mod value;

use std::{
    cell::{Cell as Slot, RefCell},
    sync::Arc,
    time::Duration,
};

use futures_util::TryStreamExt;
use tokio::{
    runtime::{Builder, Runtime},
    time::timeout,
};
use tokio_postgres::{Client, Row as Answer, Statement};

pub use self::url::{DatabaseUrl, UrlError};
use self::{
    ahead::Ahead,
    error::{Broken, Extent},
    held::Held,
    session::Session,
};
pub(crate) use self::{schema::migrate, server::Server, value::cell};
use crate::{
    Error,
    db::Each,
    value::{Row, Value},
};

/// For how long an answer is waited for before the connection counts as lost: above the server's own bound of a
/// statement, which answers with an error and keeps the connection.
const ANSWER: Duration = Duration::from_secs(40);

/// For how long a connection that ends may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// COMMIT in a failed transaction rolls back and reports no error; a SELECT there does report one.
const COMMIT: &str = "SELECT 1;COMMIT";

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Read,
    Write,
    /// Writes, and keeps every other server away for as long as it lives.
    Serve,
}

/// A connection that is made again when it was lost, and the transaction that runs on it.
///
/// A statement is one round trip. Those that frame transactions (BEGIN, SAVEPOINT, RELEASE, ROLLBACK TO) wait for the
/// next one and leave with it, and an operation that only reads has no savepoint. Messages cost no round trip of their
/// own: what they ask is [looked ahead for](message), and they are held until the end of the batch, or until a
/// statement comes that must see them.
pub(crate) struct Postgres {
    server: Arc<Server>,
    role: Role,
    runtime: Runtime,
    session: RefCell<Option<Session>>,
    /// Whether the session is another than before, perhaps on another server.
    is_new: Slot<bool>,
    transaction: RefCell<Transaction>,
}

#[derive(Default)]
struct Transaction {
    /// What the server has yet to be told before the next statement.
    framing: Vec<&'static str>,
    /// Whether the server knows of this transaction.
    begun: bool,
    /// Whether an operation of a batch is running.
    in_operation: bool,
    /// Whether that operation has a savepoint.
    savepoint: bool,
    /// Why that operation has to be undone.
    broken: Option<Error>,
    /// Why the whole transaction is lost.
    lost: Option<Error>,
    ahead: Ahead,
    held: Held,
}

impl Transaction {
    fn beginning_with(statement: &'static str) -> Self {
        Self {
            framing: vec![statement],
            ..Self::default()
        }
    }

    fn failure(&self) -> Option<Error> {
        self.lost.as_ref().or(self.broken.as_ref()).cloned()
    }

    /// What has to go out before `sql`, which is on its way.
    fn framing_of(&mut self, sql: &str) -> String {
        if self.in_operation && !self.savepoint && !sql.starts_with("SELECT") {
            self.savepoint = true;
            self.held.set_savepoint();
            self.framing.push("SAVEPOINT operation");
        }
        self.begun = true;
        std::mem::take(&mut self.framing).join(";")
    }
}

impl Postgres {
    /// Connects. Must not be called where a runtime already drives the thread.
    pub(crate) fn open(server: Arc<Server>, role: Role) -> Result<Self, Error> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::Failed(error.to_string()))?;
        let session = runtime.block_on(Session::connect(&server, role))?;
        Ok(Self {
            server,
            role,
            runtime,
            session: RefCell::new(Some(session)),
            is_new: Slot::new(false),
            transaction: RefCell::default(),
        })
    }

    /// Whether the connection was made anew since this was asked last: what is known of the database may be wrong.
    pub(crate) fn is_new(&self) -> bool {
        self.is_new.take()
    }

    pub(crate) fn begin_read(&self) -> Result<(), Error> {
        self.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    }

    pub(crate) fn end_read(&self) {
        let transaction = self.transaction.take();
        if transaction.begun && self.control("COMMIT").is_err() {
            self.disconnect();
        }
    }

    pub(crate) fn begin_write(&self) -> Result<(), Error> {
        self.begin(session::BEGIN_WRITE)
    }

    pub(crate) fn begin_operation(&self) -> Result<(), Error> {
        let mut transaction = self.transaction.borrow_mut();
        transaction.in_operation = true;
        transaction.savepoint = false;
        transaction.held.begin_operation();
        Ok(())
    }

    pub(crate) fn end_operation(&self, keep: bool) -> Result<(), Error> {
        let mut transaction = self.transaction.borrow_mut();
        transaction.in_operation = false;
        if let Some(error) = transaction.lost.take() {
            return Err(error);
        }
        match transaction.broken.take() {
            // PostgreSQL takes nothing more before the savepoint is gone back to, and what was kept would be half of it.
            Some(error) if keep => return Err(error),
            _ => {}
        }
        let savepoint = std::mem::take(&mut transaction.savepoint);
        if !keep && (transaction.held.undo_operation(savepoint) || savepoint) {
            transaction.ahead.doubt();
        }
        if savepoint {
            if !keep {
                transaction.framing.push("ROLLBACK TO operation");
            }
            transaction.framing.push("RELEASE operation");
        }
        Ok(())
    }

    pub(crate) fn commit(&self) -> Result<(), Error> {
        let mut transaction = self.transaction.take();
        if !transaction.begun {
            return Ok(());
        }
        let done = if transaction.held.has_none() {
            transaction.framing.push(COMMIT);
            self.control(&transaction.framing.join(";"))
        } else {
            let framing = transaction.framing.join(";");
            self.write(&transaction.held, &framing, COMMIT)
        };
        done.inspect_err(|_| self.transaction.borrow_mut().begun = true)
    }

    pub(crate) fn roll_back(&self) {
        let transaction = self.transaction.take();
        if transaction.begun && self.session.borrow().is_some() && self.control("ROLLBACK").is_err()
        {
            self.disconnect();
        }
    }

    pub(crate) fn query(
        &self,
        sql: &str,
        values: &[Value<'_>],
        each: Each<'_>,
    ) -> Result<(), Error> {
        let rows: Vec<Answer> = self.run(sql, values, async |client, statement| {
            client
                .query_raw(statement, values)
                .await?
                .try_collect()
                .await
        })?;
        for row in &rows {
            if !each(&Row::Postgres(row))? {
                break;
            }
        }
        Ok(())
    }

    pub(crate) fn execute(&self, sql: &str, values: &[Value<'_>]) -> Result<usize, Error> {
        let changed = self.run(sql, values, async |client, statement| {
            client.execute_raw(statement, values).await
        })?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    /// The server cleans up after itself.
    pub(crate) fn tidy(&self) {}

    fn begin(&self, statement: &'static str) -> Result<(), Error> {
        self.connect()?;
        self.transaction
            .replace(Transaction::beginning_with(statement));
        Ok(())
    }

    /// Connects anew when the connection is lost, unless that failed a moment ago.
    fn connect(&self) -> Result<(), Error> {
        let lost = match self.session.borrow().as_ref() {
            Some(session) => self.runtime.block_on(session.is_lost()),
            None => true,
        };
        if !lost {
            return Ok(());
        }
        self.disconnect();
        if self.server.pauses() {
            return Err(Error::Unreachable);
        }
        match self
            .runtime
            .block_on(Session::connect(&self.server, self.role))
        {
            Ok(session) => {
                tracing::info!(database = %self.server.place(), "connected to the database again");
                self.session.replace(Some(session));
                self.is_new.set(true);
                self.server.note_success();
                Ok(())
            }
            Err(error) => {
                tracing::warn!(database = %self.server.place(), %error, "cannot connect to the database");
                self.server.note_failure();
                Err(error)
            }
        }
    }

    fn disconnect(&self) {
        if let Some(session) = self.session.take() {
            let _ = self
                .runtime
                .block_on(async { timeout(GOODBYE, session.end()).await });
        }
    }

    /// Runs statements without parameters whose answers do not matter.
    fn control(&self, sql: &str) -> Result<(), Error> {
        self.exchange(async |session| session.frame(sql).await)
    }

    fn run<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        request: impl AsyncFnOnce(&Client, &Statement) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, Error> {
        if let Some(error) = self.transaction.borrow().failure() {
            return Err(error);
        }
        refuse_nul(values)?;
        let framing = self.transaction.borrow_mut().framing_of(sql);
        self.exchange(async |session| session.run(&framing, sql, values, request).await)
    }

    /// Waits for an answer, but not for ever, and remembers what its failure costs.
    fn exchange<T>(
        &self,
        talk: impl AsyncFnOnce(&Session) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, Error> {
        let broken = match self.session.borrow().as_ref() {
            None => Broken::connection(),
            Some(session) => {
                let answer = async { timeout(ANSWER, talk(session)).await };
                match self.runtime.block_on(answer) {
                    Ok(Ok(answer)) => return Ok(answer),
                    Ok(Err(error)) => Broken::by(&error),
                    Err(_) => Broken::connection(),
                }
            }
        };
        Err(self.judge(broken))
    }

    fn judge(&self, broken: Broken) -> Error {
        if broken.extent == Extent::Connection {
            tracing::warn!(database = %self.server.place(), "the connection to the database is lost");
            self.disconnect();
        }
        let mut transaction = self.transaction.borrow_mut();
        let cause = if broken.extent == Extent::Statement && transaction.savepoint {
            &mut transaction.broken
        } else {
            &mut transaction.lost
        };
        *cause = Some(broken.error.clone());
        broken.error
    }
}

fn refuse_nul(values: &[Value<'_>]) -> Result<(), Error> {
    if values.iter().any(Value::has_nul) {
        return Err(Error::Failed("U+0000 cannot be stored".to_owned()));
    }
    Ok(())
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.disconnect();
    }
}
