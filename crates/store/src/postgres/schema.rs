//! What a PostgreSQL server must be, and its schema.

use std::sync::Arc;

use tokio_postgres::{Client, SimpleQueryMessage};

use super::{Postgres, Role, Server, error::Broken, session};
use crate::{Error, OpenError};

/// Every version of the schema, oldest first; `schema-version` in `meta` counts those that a database has.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/postgres/0001_initial.sql"),
    include_str!("../../migrations/postgres/0002_answered_requests.sql"),
    include_str!("../../migrations/postgres/0003_changes_in_the_log.sql"),
];

/// The oldest server that is tried, as `server_version_num` has it.
const OLDEST: u32 = 14_00_00;

/// Checks the server and brings the schema up to date.
pub(crate) fn migrate(server: &Arc<Server>) -> Result<(), OpenError> {
    let broken = |source| OpenError::Unusable {
        place: server.place().to_owned(),
        source,
    };
    let postgres = Postgres::open(Arc::clone(server), Role::Write).map_err(broken)?;
    let session = postgres.session.borrow();
    let session = session.as_ref().ok_or(broken(Error::Unreachable))?;
    let client = session.client();
    postgres.runtime.block_on(async {
        check(client, server).await?;
        let found = bring_up_to_date(client).await.map_err(broken)?;
        match found {
            Some(found) => Err(OpenError::Newer {
                place: server.place().to_owned(),
                found,
                known: known(),
            }),
            None => Ok(()),
        }
    })
}

fn known() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}

async fn check(client: &Client, server: &Server) -> Result<(), OpenError> {
    let broken = |source| OpenError::Unusable {
        place: server.place().to_owned(),
        source,
    };
    let version = setting(client, "server_version_num")
        .await
        .map_err(broken)?;
    let encoding = setting(client, "server_encoding").await.map_err(broken)?;
    if version.parse().unwrap_or(0) < OLDEST {
        return Err(OpenError::OldServer {
            place: server.place().to_owned(),
            found: setting(client, "server_version").await.map_err(broken)?,
        });
    }
    if encoding != "UTF8" {
        let why = format!("its encoding is {encoding}; make the database with ENCODING 'UTF8'");
        return Err(broken(Error::Failed(why)));
    }
    if setting(client, "fsync").await.map_err(broken)? == "off" {
        tracing::warn!(
            "the database server runs with fsync = off: what is answered is lost at a power failure"
        );
    }
    Ok(())
}

async fn setting(client: &Client, name: &str) -> Result<String, Error> {
    first(client, &format!("SELECT current_setting('{name}')"))
        .await?
        .ok_or_else(|| Error::Failed(format!("the server has no setting {name}")))
}

/// The first column of the first row.
async fn first(client: &Client, sql: &str) -> Result<Option<String>, Error> {
    let answer = client.simple_query(sql).await.map_err(failed)?;
    Ok(answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    }))
}

/// The version, untouched, of a database that is newer than this release.
async fn bring_up_to_date(client: &Client) -> Result<Option<u32>, Error> {
    client
        .batch_execute(session::BEGIN_WRITE)
        .await
        .map_err(failed)?;
    let found = version(client).await?;
    if found > known() {
        return Ok(Some(found));
    }
    client
        .batch_execute("SET LOCAL statement_timeout = 0")
        .await
        .map_err(failed)?;
    for (number, sql) in (1..).zip(MIGRATIONS).skip(found as usize) {
        client.batch_execute(sql).await.map_err(failed)?;
        let noted = format!(
            "INSERT INTO meta (key, value) VALUES ('schema-version', '{number}')
             ON CONFLICT (key) DO UPDATE SET value = excluded.value"
        );
        client.batch_execute(&noted).await.map_err(failed)?;
        tracing::info!(version = number, "the database has a new schema");
    }
    client.batch_execute("COMMIT").await.map_err(failed)?;
    Ok(None)
}

/// How many of [`MIGRATIONS`] the database has.
async fn version(client: &Client) -> Result<u32, Error> {
    if first(client, "SELECT to_regclass('meta')").await?.is_none() {
        return Ok(0);
    }
    let version = first(
        client,
        "SELECT value FROM meta WHERE key = 'schema-version'",
    )
    .await?;
    version.unwrap_or_default().parse().map_err(|_| {
        Error::Failed("its table meta is not ours; give us a database of our own".to_owned())
    })
}

fn failed(error: tokio_postgres::Error) -> Error {
    Broken::by(&error).error
}
