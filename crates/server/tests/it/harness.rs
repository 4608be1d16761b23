//! A server of its own for each test, people on it, and what they hear.

mod backup;
mod disk;
mod everything;
mod http;
mod log;
mod person;
mod process;
mod scene;
mod seed;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use hongyan_client::{Client, RawSocket};
use hongyan_protocol::user::{Name, Password, Register, Sex, Sign};
use hongyan_server::{clock::Clock, config::Config, serve::Server};
use hongyan_store::testing;
use tempfile::TempDir;
use tokio::time::timeout;

pub(crate) use backup::Backup;
pub(crate) use disk::{ReadOnly, SmallDisk};
pub(crate) use everything::{Everything, is_entry};
pub(crate) use http::{Reply, Web, begun_request, cookies, reply};
pub(crate) use log::Log;
pub(crate) use person::{Person, exchange, to_friend};
pub(crate) use process::{
    Answered, Process, command, command_on, failing, hongyan, in_test, on_database_of, own_address,
    run,
};
pub(crate) use scene::{Role, Scene, stage};
pub(crate) use seed::assert_event;

/// The time at which a test's clock begins: that of the seed document's examples.
pub(crate) const BEGINNING: i64 = 1_534_417_492_018;

/// How long anything that must happen may take before the test fails. No test waits for it to go by, so it is long: a shared
/// machine's disk was seen to let a sync wait for more than 20 s.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The password of everybody.
pub(crate) const PASSWORD: &str = "correct horse";

/// Waits for something that must happen.
pub(crate) async fn soon<T>(what: &str, happening: impl Future<Output = T>) -> T {
    match timeout(PATIENCE, happening).await {
        Ok(value) => value,
        Err(_) => panic!("in vain waited for {what}"),
    }
}

/// A running server with a data folder and a clock of its own.
pub(crate) struct TestServer {
    server: Option<Server>,
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) url: String,
    data_dir: TempDir,
}

impl TestServer {
    /// A server with the default settings, except where they would make tests slow.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// The same with some settings changed.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let data_dir = tempfile::tempdir().unwrap();
        let mut config = Config {
            listen: ([127, 0, 0, 1], 0).into(),
            data_dir: data_dir.path().to_owned(),
            database_url: testing::url(data_dir.path()),
            ..Config::default()
        };
        config.passwords.memory_kib = 8;
        config.passwords.iterations = 1;
        config.presence.offline_after_ms = 50;
        config.notice.replay_delay_ms = 0;
        config.limits.registrations_per_hour = 1000;
        config.limits.request_burst = 10_000;
        change(&mut config);
        let clock = Clock::held(BEGINNING);
        let server = Server::start(config.clone(), clock.clone()).await.unwrap();
        let url = format!("http://{}", server.address());
        Self {
            server: Some(server),
            config,
            clock,
            url,
            data_dir,
        }
    }

    /// Stops the server as SIGTERM does and starts it again on the same data.
    pub(crate) async fn restart(&mut self) {
        if let Some(server) = self.server.take() {
            soon("the shutdown", server.shutdown()).await;
        }
        let server = Server::start(self.config.clone(), self.clock.clone())
            .await
            .unwrap();
        self.url = format!("http://{}", server.address());
        self.server = Some(server);
    }

    /// Stops the server as SIGTERM does.
    pub(crate) async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            soon("the shutdown", server.shutdown()).await;
        }
    }

    /// Where everything is kept.
    pub(crate) fn data_dir(&self) -> &std::path::Path {
        self.data_dir.path()
    }

    /// Somebody who has not logged in.
    pub(crate) fn stranger(&self) -> Client {
        Client::new(&self.url).unwrap()
    }

    /// Registers people, each with an open notice connection. Names are padded to the four characters that the rule wants.
    pub(crate) async fn users<const N: usize>(&self, names: [&str; N]) -> [Person; N] {
        let mut people = Vec::with_capacity(N);
        for name in names {
            people.push(self.user(name).await);
        }
        people
            .try_into()
            .unwrap_or_else(|_| unreachable!("as many people as names"))
    }

    /// One of [`users`](Self::users).
    pub(crate) async fn user(&self, name: &str) -> Person {
        let mut person = self.offline_user(name).await;
        person.come_online().await;
        person
    }

    /// Registers somebody who opens no notice connection.
    pub(crate) async fn offline_user(&self, name: &str) -> Person {
        let session = self.stranger().register(&account(name)).await.unwrap();
        Person::new(session)
    }

    /// Logs somebody in, as from another device; no notice connection is opened.
    pub(crate) async fn log_in(&self, person: &Person) -> Person {
        let session = self
            .stranger()
            .login(&person.name(), PASSWORD)
            .await
            .unwrap();
        Person::new(session)
    }

    /// A socket opened with these headers and no session.
    pub(crate) async fn socket(
        &self,
        path: &str,
        headers: &[(&str, &str)],
    ) -> hongyan_client::Result<RawSocket> {
        self.stranger().socket(path, headers).await
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        testing::remove(self.data_dir.path());
    }
}

/// What somebody of this name registers with.
pub(crate) fn account(name: &str) -> Register {
    Register {
        username: Name::new(username(name)).unwrap(),
        password: Password::new(PASSWORD),
        nickname: hongyan_protocol::text::Text::new(format!("Miss {name}")).unwrap(),
        sex: Sex::Female,
        sign: Sign::new(format!("{name} was here")).unwrap(),
    }
}

/// A username that follows the rule: "ann" is "ann-".
pub(crate) fn username(name: &str) -> String {
    format!("{name:-<4}")
}

/// Whether this test has nothing to look at because it is about SQLite's file, and the tests run on PostgreSQL.
pub(crate) fn has_no_file() -> bool {
    if testing::on_postgres() {
        eprintln!("not run: this is about the database file of SQLite");
    }
    testing::on_postgres()
}

/// Everything that a server keeps: its files, and what is in its database.
pub(crate) fn all_kept_in(data_dir: &Path) -> Vec<u8> {
    let files = files_in(data_dir);
    let mut bytes: Vec<u8> = files
        .iter()
        .flat_map(|file| std::fs::read(file).unwrap())
        .collect();
    bytes.extend(testing::rows(data_dir));
    bytes
}

/// Every file in a folder and its folders.
pub(crate) fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            files.extend(files_in(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files
}
