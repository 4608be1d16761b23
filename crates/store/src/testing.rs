//! The database of a test: a file, or a PostgreSQL database of its own, as the environment says.
//!
//! `HONGYAN_TEST_DATABASE=postgres` wants a server that may be filled and thrown away; `HONGYAN_TEST_POSTGRES` is its URL.
//! `cargo xtask postgres -- COMMAND` starts one and sets both.
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a helper of tests fails as a test does"
)]

mod proxy;

use std::{
    env,
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
    sync::Arc,
    thread,
};

use tokio::runtime::Builder;
use tokio_postgres::{Client, NoTls};

use crate::{DatabaseUrl, Options, postgres};

pub use proxy::Proxy;

/// The database with our tables, of which each test gets a copy.
const TEMPLATE: &str = "hongyan_template";

/// Held while the template is made.
const MAKING: i64 = 7_450_371_230_518_230_003;

/// Whether tests run on PostgreSQL.
#[must_use]
pub fn on_postgres() -> bool {
    match env::var("HONGYAN_TEST_DATABASE").as_deref() {
        Err(_) | Ok("" | "sqlite") => false,
        Ok("postgres") => true,
        Ok(other) => panic!("HONGYAN_TEST_DATABASE is {other:?}; write sqlite or postgres"),
    }
}

/// The URL of the database that belongs to a test's data directory, made when it is not there; `None` with SQLite, which
/// keeps it in the directory.
#[must_use]
pub fn url(data_dir: &Path) -> Option<DatabaseUrl> {
    on_postgres().then(|| {
        let name = name(data_dir);
        administer(async |client| {
            if exists(client, &name).await {
                return;
            }
            make_template(client).await;
            let sql = format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}");
            client.batch_execute(&sql).await.unwrap();
        });
        url_of(&name)
    })
}

/// How to open the database that belongs to a test's data directory.
#[must_use]
pub fn options(data_dir: &Path) -> Options {
    url(data_dir).map_or_else(|| Options::new(data_dir), Options::postgres)
}

/// Removes the database that belongs to a test's data directory, whoever still uses it. With SQLite it goes with the
/// directory.
pub fn remove(data_dir: &Path) {
    if on_postgres() {
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", name(data_dir));
        administer(async |client| client.batch_execute(&sql).await.unwrap());
    }
}

/// Copies the PostgreSQL database that belongs to a test's data directory, which nobody may be using.
pub fn save(data_dir: &Path) {
    let name = name(data_dir);
    let sql = format!("CREATE DATABASE {name}_saved TEMPLATE {name}");
    administer(async |client| client.batch_execute(&sql).await.unwrap());
}

/// Puts back what [`save`] copied.
pub fn put_back(data_dir: &Path) {
    remove(data_dir);
    let name = name(data_dir);
    let sql = format!("ALTER DATABASE {name}_saved RENAME TO {name}");
    administer(async |client| client.batch_execute(&sql).await.unwrap());
}

/// Ends every connection to the PostgreSQL database that belongs to a test's data directory, and lets new ones in or not.
pub fn admit(data_dir: &Path, admit: bool) {
    let name = name(data_dir);
    administer(async |client| {
        for sql in [
            format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {admit}"),
            format!(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'"
            ),
        ] {
            client.batch_execute(&sql).await.unwrap();
        }
    });
}

/// Does something, as the one who may do everything, on the server's first database.
pub fn administer(work: impl AsyncFnOnce(&Client) + Send) {
    with_client(&server(), work);
}

/// Does something on the database at this URL, beside the store.
pub fn with_client(url: &str, work: impl AsyncFnOnce(&Client) + Send) {
    // Tests call this from within a runtime, on whose thread no other one may run.
    let done = thread::scope(|scope| {
        let doing = scope.spawn(|| {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
                let connection = tokio::spawn(connection);
                work(&client).await;
                drop(client);
                connection.await.unwrap().unwrap();
            });
        });
        doing.join()
    });
    done.expect("the server of the tests did as it was told");
}

fn server() -> String {
    env::var("HONGYAN_TEST_POSTGRES").unwrap_or_else(|_| {
        panic!(
            "HONGYAN_TEST_POSTGRES names no server; run `cargo xtask postgres -- cargo nextest run …`, which starts one, \
             or `cargo xtask test`"
        )
    })
}

fn name(data_dir: &Path) -> String {
    let mut hasher = DefaultHasher::new();
    data_dir.hash(&mut hasher);
    format!("t_{:016x}", hasher.finish())
}

fn url_of(name: &str) -> DatabaseUrl {
    let server = server();
    let (address, _) = server.rsplit_once('/').expect("postgres://…/postgres");
    format!("{address}/{name}").parse().unwrap()
}

async fn exists(client: &Client, name: &str) -> bool {
    let sql = "SELECT 1 FROM pg_database WHERE datname = $1";
    client.query_opt(sql, &[&name]).await.unwrap().is_some()
}

async fn make_template(client: &Client) {
    if exists(client, TEMPLATE).await {
        return;
    }
    let lock = |function: &str| format!("SELECT {function}({MAKING})");
    client
        .batch_execute(&lock("pg_advisory_lock"))
        .await
        .unwrap();
    if !exists(client, TEMPLATE).await {
        let begun = format!("{TEMPLATE}_begun");
        for sql in [
            format!("DROP DATABASE IF EXISTS {begun}"),
            format!("CREATE DATABASE {begun}"),
        ] {
            client.batch_execute(&sql).await.unwrap();
        }
        let server = Arc::new(postgres::Server::new(&url_of(&begun)).unwrap());
        let migrated = thread::scope(|scope| scope.spawn(|| postgres::migrate(&server)).join());
        migrated.expect("no panic").unwrap();
        let sql = format!("ALTER DATABASE {begun} RENAME TO {TEMPLATE}");
        client.batch_execute(&sql).await.unwrap();
    }
    client
        .batch_execute(&lock("pg_advisory_unlock"))
        .await
        .unwrap();
}

/// Every row of every table of the database that belongs to a test's data directory, as text; nothing with SQLite, whose
/// file can be read.
#[must_use]
pub fn rows(data_dir: &Path) -> Vec<u8> {
    let mut text = String::new();
    if let Some(url) = url(data_dir) {
        with_client(url.expose(), async |client| {
            let tables = "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
            for table in client.query(tables, &[]).await.unwrap() {
                let table: &str = table.get(0);
                let sql = format!("SELECT COALESCE(string_agg(t::text, ' '), '') FROM {table} t");
                text += client.query_one(&sql, &[]).await.unwrap().get(0);
            }
        });
    }
    text.into_bytes()
}

/// Has the PostgreSQL database that belongs to a test's data directory refuse every write, or take them again.
pub fn refuse_writes(data_dir: &Path, refuse: bool) {
    let each = if refuse {
        "CREATE TRIGGER refuse BEFORE INSERT OR UPDATE OR DELETE ON %I EXECUTE FUNCTION refuse()"
    } else {
        "DROP TRIGGER refuse ON %I"
    };
    let sql = format!(
        "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
         $$BEGIN RAISE 'refused for a test'; END$$;
         DO $$DECLARE t text; BEGIN
         FOR t IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
         EXECUTE format('{each}', t);
         END LOOP; END$$"
    );
    let url = url(data_dir).expect("the tests run on PostgreSQL");
    with_client(url.expose(), async |client| {
        client.batch_execute(&sql).await.unwrap()
    });
}
