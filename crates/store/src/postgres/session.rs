//! One connected session: its settings, its prepared statements, and several messages in one round trip.

use std::{cell::RefCell, collections::HashMap};

use futures_util::future::{join, join_all, join3};
use tokio::task::JoinHandle;
use tokio_postgres::{
    Client, Error as DriverError, Row, Statement,
    types::{ToSql, Type},
};

use super::{Role, Server, error::Broken};
use crate::{Error, value::Value};

/// Statements kept prepared a session: more than there are.
const STATEMENTS: usize = 256;

/// Begins a transaction that writes, after everybody else's. Whatever the server's default is, each of its statements sees
/// all that was committed before it: a snapshot taken before the lock would not.
pub(super) const BEGIN_WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT pg_advisory_xact_lock(7450371230518230001)";

/// Keeps other servers away until the session ends.
const CLAIM: &str = "SELECT pg_advisory_lock(7450371230518230002)";

/// `synchronous_commit` has several values that wait for this machine's disk and more; only `off` waits for nothing.
/// The server looks for a client that is gone without a word, so that its locks do not outlive it for long.
const SETTINGS: &str = "
    SET application_name = 'hongyan';
    SET client_min_messages = warning;
    SET statement_timeout = '30s';
    SET lock_timeout = '5s';
    SET idle_in_transaction_session_timeout = '60s';
    SET tcp_keepalives_idle = 10;
    SET tcp_keepalives_interval = 5;
    SET tcp_keepalives_count = 3;
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
";

pub(super) struct Session {
    client: Client,
    /// Moves the bytes; ends after the client.
    connection: JoinHandle<()>,
    statements: RefCell<HashMap<String, Statement>>,
}

impl Session {
    pub(super) async fn connect(server: &Server, role: Role) -> Result<Self, Error> {
        let (client, connection) = server.connect().await?;
        let session = Self {
            client,
            connection,
            statements: RefCell::default(),
        };
        let settle = async |sql| session.client.batch_execute(sql).await;
        settle(SETTINGS)
            .await
            .map_err(|error| Broken::by(&error).error)?;
        if role == Role::Serve {
            settle(CLAIM)
                .await
                .map_err(|error| match Broken::by(&error).error {
                    Error::Busy => Error::Claimed,
                    error => error,
                })?;
        }
        Ok(session)
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Whether the server has closed the connection, as far as is known without asking it.
    pub(super) async fn is_lost(&self) -> bool {
        // The first lets the runtime look at the socket, the second the connection's task read its end.
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        self.client.is_closed()
    }

    /// Says goodbye and waits until that is sent.
    pub(super) async fn end(self) {
        drop(self.client);
        let _ = self.connection.await;
    }

    /// Runs statements without parameters.
    pub(super) async fn frame(&self, sql: &str) -> Result<(), DriverError> {
        if sql.is_empty() {
            return Ok(());
        }
        self.client.batch_execute(sql).await
    }

    /// Runs `framing` and then `request`: in one round trip when the statement is prepared, else in two.
    pub(super) async fn run<T>(
        &self,
        framing: &str,
        sql: &str,
        values: &[Value<'_>],
        request: impl AsyncFnOnce(&Client, &Statement) -> Result<T, DriverError>,
    ) -> Result<T, DriverError> {
        // `join` begins with its first future, and what the driver takes first it sends first. When the framing fails,
        // the transaction has failed with it, and so does the request.
        if let Some(statement) = self.prepared(sql, values) {
            let (framed, answer) =
                join(self.frame(framing), request(&self.client, &statement)).await;
            return framed.and(answer);
        }
        let (framed, statement) = join(self.frame(framing), self.prepare(sql, values)).await;
        framed?;
        request(&self.client, &statement?).await
    }

    /// Runs `framing` and then statements whose parameters are columns, all in one round trip when they are prepared. A
    /// statement with empty columns answers nothing.
    pub(super) async fn read_many(
        &self,
        framing: &str,
        asked: &[(&str, &[Vec<Value<'_>>])],
    ) -> Result<Vec<Vec<Row>>, DriverError> {
        for (sql, _) in asked {
            self.prepare_for_columns(sql).await?;
        }
        let answers = asked.iter().map(async |(sql, columns)| {
            if columns.iter().all(Vec::is_empty) {
                return Ok(Vec::new());
            }
            let statement = self.prepare_for_columns(sql).await?;
            self.client.query(&statement, &parameters(columns)).await
        });
        let (framed, answers) = join(self.frame(framing), join_all(answers)).await;
        framed?;
        answers.into_iter().collect()
    }

    /// Runs `before`, a statement whose parameters are columns, and `after`, in one round trip when it is prepared.
    pub(super) async fn write(
        &self,
        before: &str,
        (sql, columns): (&str, &[Vec<Value<'_>>]),
        after: &str,
    ) -> Result<(), DriverError> {
        let statement = self.prepare_for_columns(sql).await?;
        let parameters = parameters(columns);
        let (before, done, after) = join3(
            self.frame(before),
            self.client.execute(&statement, &parameters),
            self.frame(after),
        )
        .await;
        before.and(done).and(after)
    }

    /// A statement that says itself of which types its parameters are.
    async fn prepare_for_columns(&self, sql: &str) -> Result<Statement, DriverError> {
        let known = self.statements.borrow().get(sql).cloned();
        match known {
            Some(statement) => Ok(statement),
            None => self.prepare(sql, &[]).await,
        }
    }

    fn prepared(&self, sql: &str, values: &[Value<'_>]) -> Option<Statement> {
        let statements = self.statements.borrow();
        statements
            .get(sql)
            .filter(|statement| fits(statement.params(), values))
            .cloned()
    }

    /// Prepares for the types of these values; where one is NULL, for the type that is known from before.
    async fn prepare(&self, sql: &str, values: &[Value<'_>]) -> Result<Statement, DriverError> {
        let types: Vec<Type> = {
            let statements = self.statements.borrow();
            let before = statements.get(sql).map_or(&[][..], Statement::params);
            let known = |index: usize| before.get(index).cloned().unwrap_or(Type::UNKNOWN);
            let of = |(index, value): (usize, &Value<'_>)| match value {
                Value::Null => known(index),
                value => value.postgres_type(),
            };
            values.iter().enumerate().map(of).collect()
        };
        let statement = self.client.prepare_typed(sql, &types).await?;
        let mut statements = self.statements.borrow_mut();
        if statements.len() == STATEMENTS {
            statements.clear();
        }
        statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

fn parameters<'a>(columns: &'a [Vec<Value<'_>>]) -> Vec<&'a (dyn ToSql + Sync)> {
    columns.iter().map(|column| column as _).collect()
}

fn fits(types: &[Type], values: &[Value<'_>]) -> bool {
    types.len() == values.len()
        && types
            .iter()
            .zip(values)
            .all(|(ty, value)| matches!(value, Value::Null) || *ty == value.postgres_type())
}
