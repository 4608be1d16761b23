//! What only PostgreSQL does: connections that break, a second server, a schema that must not drift from SQLite's.

use std::collections::{BTreeMap, BTreeSet};

use hongyan_protocol::id::UserId;

use super::{Fixture, draft, new_user, stored};
use crate::{Database, Error, OpenError, Options, Store, testing, value::values};

impl Fixture {
    /// A fixture, when the tests run on PostgreSQL.
    pub(super) fn on_postgres() -> Option<Self> {
        if !testing::on_postgres() {
            eprintln!("not run: this is about PostgreSQL");
            return None;
        }
        Some(Self::new())
    }

    /// Does something on the database, behind the store's back.
    pub(super) fn behind(&self, sql: &str) {
        let url = testing::url(self.directory.path()).unwrap();
        testing::with_client(url.expose(), async |client| {
            client.batch_execute(sql).await.unwrap();
        });
    }

    /// From now on every statement that inserts into this table is counted.
    fn count_inserts(&self, table: &str) {
        self.behind(&format!(
            "CREATE TABLE statements (number BIGINT);
             CREATE FUNCTION note_statement() RETURNS trigger LANGUAGE plpgsql AS
             $$BEGIN INSERT INTO statements SELECT COUNT(*) FROM new; RETURN NULL; END$$;
             CREATE TRIGGER counting AFTER INSERT ON {table} REFERENCING NEW TABLE AS new
             FOR EACH STATEMENT EXECUTE FUNCTION note_statement()"
        ));
    }

    /// The rows that each of them inserted.
    async fn statements(&self) -> Vec<i64> {
        self.view(|view| view.rows("SELECT number FROM statements", &[], |row| row.get(0)))
            .await
    }
}

#[tokio::test]
async fn a_connection_that_broke_while_nobody_used_it_is_made_again_unnoticed() {
    let Some(fixture) = Fixture::on_postgres() else {
        return;
    };
    let (ann, _, conversation) = fixture.friends().await;
    testing::admit(fixture.directory.path(), true);
    for seq in 1..=2 {
        let appended = fixture.tx(move |tx| tx.append(conversation, &draft(ann, "hi"), 1));
        assert_eq!(stored(appended.await.unwrap()).seq, seq);
    }
    for _ in 0..8 {
        let log = fixture.view(move |view| view.messages_after(conversation, 0, 9));
        assert_eq!(log.await.len(), 2);
    }
}

#[tokio::test]
async fn a_connection_that_breaks_fails_its_batch_as_a_whole_and_is_made_again() {
    let Some(fixture) = Fixture::on_postgres() else {
        return;
    };
    let (ann, _, conversation) = fixture.friends().await;
    let release = super::writing::hold_writer(&fixture);
    let before = fixture.tx(move |tx| tx.append(conversation, &draft(ann, "before"), 1));
    let breaking = fixture.tx(|tx| {
        tx.exists("SELECT pg_terminate_backend(pg_backend_pid())", &[])
            .map(drop)
    });
    let after = fixture.tx(move |tx| tx.append(conversation, &draft(ann, "after"), 1));
    drop(release);
    assert_eq!(before.await, Err(Error::Lost));
    assert_eq!(breaking.await, Err(Error::Lost));
    assert_eq!(after.await, Err(Error::Lost));

    let appended = fixture.tx(move |tx| tx.append(conversation, &draft(ann, "hi"), 1));
    assert_eq!(stored(appended.await.unwrap()).seq, 1, "nothing was stored");
}

#[tokio::test]
async fn without_its_database_a_store_breaks_every_call_and_comes_back_with_it() {
    let Some(fixture) = Fixture::on_postgres() else {
        return;
    };
    testing::admit(fixture.directory.path(), false);
    for _ in 0..3 {
        assert!(fixture.tx(|tx| tx.check()).await.is_err());
        assert!(fixture.store.check().await.is_err());
    }
    testing::admit(fixture.directory.path(), true);
    // Attempts to connect pause for up to five seconds after failures.
    let back = async {
        while fixture.store.check().await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    let patience = std::time::Duration::from_secs(60);
    tokio::time::timeout(patience, back).await.unwrap();
}

#[tokio::test]
async fn a_commit_that_fails_answers_everybody_with_an_error() {
    let Some(fixture) = Fixture::on_postgres() else {
        return;
    };
    let (ann, _, conversation) = fixture.friends().await;
    fixture.behind(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'refused'; END$$;
         CREATE CONSTRAINT TRIGGER late AFTER INSERT ON messages DEFERRABLE INITIALLY DEFERRED
         FOR EACH ROW EXECUTE FUNCTION refuse()",
    );
    let release = super::writing::hold_writer(&fixture);
    let append = || fixture.tx(move |tx| tx.append(conversation, &draft(ann, "hi"), 1));
    let (first, second) = (append(), append());
    drop(release);
    for answer in [first.await, second.await] {
        assert!(matches!(answer, Err(Error::Failed(_))), "{answer:?}");
    }
    fixture.behind("DROP TRIGGER late ON messages");
    assert_eq!(stored(append().await.unwrap()).seq, 1);
}

#[tokio::test]
async fn the_messages_of_a_batch_are_written_by_one_statement() {
    let Some(fixture) = Fixture::on_postgres() else {
        return;
    };
    let (ann, bo, conversation) = fixture.friends().await;
    let other = fixture.group(ann, "team").await;
    let other = fixture.view(move |view| view.group(other)).await.unwrap();
    fixture.count_inserts("messages");
    let release = super::writing::hold_writer(&fixture);
    let sending: Vec<_> = (0..60)
        .map(|number| {
            let (from, to) = [
                (ann, conversation),
                (bo, conversation),
                (ann, other.conversation_id),
            ][number % 3];
            fixture.tx(move |tx| tx.append(to, &draft(from, "hi"), 1))
        })
        .collect();
    drop(release);
    for sent in sending {
        stored(sent.await.unwrap());
    }
    assert_eq!(fixture.statements().await, [60]);
}

#[tokio::test]
async fn messages_are_taken_into_the_index_by_few_statements() {
    let Some(fixture) = Fixture::on_postgres() else {
        return;
    };
    let (ann, _, conversation) = fixture.friends().await;
    fixture.count_inserts("search_index");
    // What is too much for one statement is for two.
    let long: String = (0..8000).map(|number| format!("{number} ")).collect();
    let texts = std::iter::repeat_n(long, 20).chain(["…".to_owned(), "hi".to_owned()]);
    let release = super::writing::hold_writer(&fixture);
    let sending: Vec<_> = texts
        .map(|text| fixture.tx(move |tx| tx.append(conversation, &draft(ann, &text), 1)))
        .collect();
    drop(release);
    for sent in sending {
        stored(sent.await.unwrap());
    }
    while fixture.tx(|tx| tx.not_indexed()).await.unwrap() > 0 {
        fixture.tx(|tx| tx.index_next()).await.unwrap();
    }
    let statements = fixture.statements().await;
    assert_eq!(statements.iter().sum::<i64>(), 21, "all that has words");
    assert_eq!(statements.len(), 2);
}

#[tokio::test]
async fn an_operation_that_overlooks_its_own_error_is_not_half_kept() {
    let Some(fixture) = Fixture::on_postgres() else {
        return;
    };
    let [ann] = fixture.users(["anna"]).await;
    let careless = fixture.tx(move |tx| {
        tx.create_user(&new_user(UserId::mint(), "half", "half"))?;
        let again = tx.create_user(&new_user(ann, "other", "other"));
        assert!(matches!(again, Err(Error::Failed(_))), "{again:?}");
        Ok(())
    });
    assert!(matches!(careless.await, Err(Error::Failed(_))));
    let half = fixture.view(|view| view.user_by_name("half")).await;
    assert_eq!(half, None);
}

#[tokio::test]
async fn what_postgresql_cannot_store_breaks_only_its_own_operation() {
    let Some(fixture) = Fixture::on_postgres() else {
        return;
    };
    let (ann, _, conversation) = fixture.friends().await;
    let release = super::writing::hold_writer(&fixture);
    let append =
        |text: &'static str| fixture.tx(move |tx| tx.append(conversation, &draft(ann, text), 1));
    let (first, broken, last) = (append("one"), append("nul \0"), append("two"));
    drop(release);
    assert_eq!(stored(first.await.unwrap()).seq, 1);
    assert!(matches!(broken.await, Err(Error::Failed(_))));
    assert_eq!(stored(last.await.unwrap()).seq, 2);
}

#[tokio::test]
async fn a_parameter_that_was_null_first_takes_values_later() {
    let Some(fixture) = Fixture::on_postgres() else {
        return;
    };
    let sql = "SELECT $1, COALESCE($2, 7)";
    let read = |text: Option<&'static str>, number: Option<i64>| {
        fixture.view(move |view| {
            view.row(sql, values![text, number], |row| {
                Ok((row.get::<Option<String>>(0)?, row.get::<i64>(1)?))
            })
        })
    };
    for _ in 0..8 {
        assert_eq!(read(None, None).await, Some((None, 7)));
        assert_eq!(read(Some("a"), None).await, Some((Some("a".to_owned()), 7)));
        let large = i64::MAX;
        assert_eq!(read(None, Some(large)).await, Some((None, large)));
    }
}

#[tokio::test]
async fn a_database_has_one_server_at_a_time() {
    let Some(fixture) = Fixture::on_postgres() else {
        return;
    };
    let serving = Options {
        serve: true,
        ..testing::options(fixture.directory.path())
    };
    let first = Store::open(&serving).unwrap();
    let refused = Store::open(&serving).unwrap_err();
    assert!(matches!(refused, OpenError::InUse { .. }), "{refused}");
    fixture.users(["anna"]).await;
    first.close().await;
    Store::open(&serving).unwrap().close().await;
}

#[tokio::test]
async fn a_password_is_in_no_error() {
    let url = "postgres://anna:s3cr3t@127.0.0.1:1/chat".parse().unwrap();
    let options = Options::postgres(url);
    let refused = Store::open(&options).unwrap_err();
    assert!(refused.to_string().contains("anna@127.0.0.1:1/chat"));
    assert!(!format!("{refused} {refused:?} {options:?}").contains("s3cr3t"));
    let Database::Postgres(url) = options.database else {
        panic!("it is PostgreSQL");
    };
    assert!(url.expose().contains("s3cr3t"));
}

/// A table as both databases can describe it.
#[derive(Debug, Default, PartialEq)]
struct Table {
    /// By name: the type, whether NULL is refused, the default.
    columns: BTreeMap<String, (String, bool, Option<String>)>,
    /// The columns, whether they are unique, and the condition.
    indexes: BTreeSet<(Vec<String>, bool, Option<String>)>,
}

#[tokio::test]
async fn both_databases_have_the_same_tables_columns_and_indexes() {
    let Some(fixture) = Fixture::on_postgres() else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let file = Store::open(&Options::new(directory.path())).unwrap();
    let in_file = tables(&file, SQLITE_COLUMNS, SQLITE_INDEXES).await;
    let on_server = tables(&fixture.store, POSTGRES_COLUMNS, POSTGRES_INDEXES).await;
    assert!(in_file.contains_key("messages"));
    for (name, table) in &in_file {
        assert_eq!(on_server.get(name), Some(table), "{name}");
    }
    assert!(in_file.keys().eq(on_server.keys()));

    let other = "SELECT table_name || '.' || column_name FROM information_schema.columns
                 WHERE table_schema = current_schema() AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'";
    let unordered: Vec<String> = fixture
        .view(|view| view.rows(other, &[], |row| row.get(0)))
        .await;
    assert_eq!(unordered, [""; 0], "texts are ordered by their bytes");
}

/// Table, column, type, whether NULL is refused, default. The index of messages is each database's own.
const SQLITE_COLUMNS: &str = "
    SELECT t.name, c.name, c.type, c.\"notnull\" OR c.pk > 0, c.dflt_value
    FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'search_index%'";

const POSTGRES_COLUMNS: &str = "
    SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'NO', column_default::text
    FROM information_schema.columns WHERE table_schema = current_schema() AND table_name <> 'search_index'";

/// Table, column, its place in the index, the index, whether that is unique, its condition.
const SQLITE_INDEXES: &str = "
    SELECT t.name, c.name, c.seqno, i.name, i.\"unique\", (SELECT sql FROM sqlite_schema s WHERE s.name = i.name)
    FROM sqlite_schema t JOIN pragma_index_list(t.name) i JOIN pragma_index_info(i.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'search_index%'
    UNION ALL
    SELECT t.name, c.name, 0, 'rowid', 1, NULL
    FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND c.pk > 0 AND c.type = 'INTEGER'
    AND (SELECT COUNT(*) FROM pragma_table_info(t.name) WHERE pk > 0) = 1";

const POSTGRES_INDEXES: &str = "
    SELECT t.relname::text, a.attname::text, a.attnum::bigint, n.relname::text, i.indisunique,
        pg_get_indexdef(i.indexrelid)
    FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_class n ON n.oid = i.indexrelid
    JOIN pg_attribute a ON a.attrelid = n.oid WHERE t.relnamespace = current_schema()::regnamespace";

async fn tables(
    store: &Store,
    columns: &'static str,
    indexes: &'static str,
) -> BTreeMap<String, Table> {
    let (columns, indexes) = store
        .read::<_, Error, _>(move |view| {
            let columns = view.rows(columns, &[], |row| {
                Ok((
                    row.get::<String>(0)?,
                    row.get::<String>(1)?,
                    row.get::<String>(2)?,
                    row.get::<i64>(3)?,
                    row.get::<Option<String>>(4)?,
                ))
            })?;
            let indexes = view.rows(indexes, &[], |row| {
                Ok((
                    (row.get::<String>(0)?, row.get::<String>(3)?),
                    (row.get::<i64>(2)?, row.get::<String>(1)?),
                    (row.get::<i64>(4)?, row.get::<Option<String>>(5)?),
                ))
            })?;
            Ok((columns, indexes))
        })
        .await
        .unwrap();
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    for (table, column, kind, not_null, default) in columns {
        let default = default.map(|default| plain(&default));
        let described = (plain(&kind), not_null != 0, default);
        let table = tables.entry(table).or_default();
        table.columns.insert(column, described);
    }
    let mut parts: BTreeMap<_, (BTreeMap<i64, String>, _)> = BTreeMap::new();
    for (index, (place, column), kind) in indexes {
        let (columns, _) = parts.entry(index).or_insert((BTreeMap::new(), kind));
        columns.insert(place, column);
    }
    for ((table, _), (columns, (unique, definition))) in parts {
        let condition = definition
            .as_deref()
            .and_then(|sql| sql.split_once(" WHERE "))
            .map(|(_, condition)| plain(condition));
        let described = (columns.into_values().collect(), unique != 0, condition);
        if let Some(table) = tables.get_mut(&table) {
            table.indexes.insert(described);
        }
    }
    tables
}

/// SQLite's words for what PostgreSQL says.
fn plain(text: &str) -> String {
    match text {
        "bigint" => "INTEGER".to_owned(),
        "bytea" => "BLOB".to_owned(),
        "text" => "TEXT".to_owned(),
        text => text
            .replace("::text", "")
            .trim_matches(['(', ')'])
            .to_owned(),
    }
}
