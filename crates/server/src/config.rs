//! The settings: flags before `HONGYAN_*` environment before a TOML file before the defaults below.

mod load;

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

pub use hongyan_protocol::keep::Keep;
use hongyan_store::{DatabaseUrl, Options};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::ws;
use load::{empty_or_url, listed, without_password};

/// Everything that an operator can set. `hongyan config print` shows it with the values in force.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Address and port to listen on; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Where everything is kept: the database, unless it is PostgreSQL, uploaded pictures and files.
    pub data_dir: PathBuf,
    /// The PostgreSQL database, as `postgres://user:password@host:port/database`; without one, SQLite in `data-dir`.
    #[serde(deserialize_with = "empty_or_url", serialize_with = "without_password")]
    pub database_url: Option<DatabaseUrl>,
    /// Further origins (`https://chat.example.org`) whose pages may connect; the server's own host always may.
    #[serde(deserialize_with = "listed")]
    pub allow_origin: Vec<String>,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    #[serde(deserialize_with = "listed")]
    pub trusted_proxies: Vec<IpNet>,
    pub accounts: Accounts,
    pub passwords: Passwords,
    pub presence: Presence,
    pub notice: Notice,
    pub messages: Messages,
    pub files: Files,
    pub connection: Connection,
    pub limits: Limits,
}

/// Accounts and sessions.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Accounts {
    /// Whether strangers may register; otherwise accounts come from `hongyan user add`.
    pub open_registration: bool,
    /// Answer a wrong username like a wrong password (1001 for both), so that names cannot be probed.
    pub merge_login_refusals: bool,
    /// Days without use after which a session ends.
    pub session_days: u32,
    /// Logins an account may have at once; one more ends the oldest.
    pub devices: usize,
}

/// How passwords are hashed (Argon2id).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Passwords {
    /// KiB of memory for one hash.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub iterations: u32,
    /// Hashes computed at the same time; others wait.
    pub parallel: usize,
    /// Hashes that may wait; above it a login is refused with 503.
    pub waiting: usize,
}

/// Who counts as online.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Presence {
    /// ms without a notice connection after which friends are told that a user is offline.
    pub offline_after_ms: u64,
}

/// Notice connections.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Notice {
    /// ms from the opening of a notice connection to the first message on it (the seed's page drops earlier ones).
    pub replay_delay_ms: u64,
    /// Kept messages pushed to a new notice connection, the newest of them, and as many changes; those that are kept until
    /// they are delivered are all pushed.
    pub replay_limit: u32,
}

/// What is kept of messages.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Messages {
    /// How long messages are kept; the people of a conversation may choose less.
    pub keep: Keep,
    /// Seconds from one look for messages whose time is over to the next.
    pub sweep_seconds: u64,
    /// Longest text, in bytes of UTF-8.
    pub max_bytes: usize,
    /// Seconds in which its sender may take a message back.
    pub recall_seconds: u32,
    /// Seconds in which its sender may change a message's text.
    pub edit_seconds: u32,
}

/// Uploaded files.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Files {
    /// Bytes that the files of one account may take; each counts at least 4 KiB.
    pub quota_bytes: u64,
    /// Hours after which a file ends that no message carries.
    pub unused_hours: u32,
}

/// Sockets.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Connection {
    /// Seconds between pings.
    pub ping_seconds: u64,
    /// Seconds of silence after which a peer counts as gone.
    pub dead_after_seconds: u64,
    /// Seconds that a client has for the headers of a request.
    pub header_seconds: u64,
    /// Seconds that a client has for the body of a request.
    pub body_seconds: u64,
    /// Requests of one socket worked on at the same time.
    pub pipeline: usize,
    /// Seconds that a shutdown may take.
    pub shutdown_seconds: u64,
}

/// The bounds. Rates do not bind addresses in `exempt`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limits {
    /// Bytes of one WebSocket message; above it the socket is closed with 1009.
    pub frame_bytes: u32,
    /// Events that wait for one slow socket; above it the socket is closed with 4008.
    pub queue_messages: usize,
    /// Bytes that wait for one slow socket; above it the socket is closed with 4008.
    pub queue_bytes: usize,
    /// Sockets of the whole server.
    pub connections: usize,
    /// Sockets of one address.
    pub connections_per_address: usize,
    /// WebSockets of one account.
    pub connections_per_account: usize,
    /// Requests a second of one account; above it 9996 or HTTP 429.
    pub requests_per_second: u32,
    /// Requests of one account that may come at once.
    pub request_burst: u32,
    /// Registrations an hour from one address.
    pub registrations_per_hour: u32,
    /// Failed logins in 10 minutes from one address.
    pub failed_logins: u32,
    /// Members of a group.
    pub group_members: usize,
    /// Bytes of an uploaded file.
    pub file_bytes: u64,
    /// Bytes of a picture of a user or group.
    pub picture_bytes: usize,
    /// Pixels of any picture that is drawn, width times height.
    pub picture_pixels: u64,
    /// Networks that rates and connection counts do not bind: load tests, own bots.
    #[serde(deserialize_with = "listed")]
    pub exempt: Vec<IpNet>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8006)),
            data_dir: PathBuf::from("data"),
            database_url: None,
            allow_origin: Vec::new(),
            trusted_proxies: Vec::new(),
            accounts: Accounts {
                open_registration: true,
                merge_login_refusals: false,
                session_days: 30,
                devices: 1,
            },
            // OWASP's second recommendation for Argon2id.
            passwords: Passwords {
                memory_kib: 19_456,
                iterations: 2,
                parallel: 2,
                waiting: 64,
            },
            presence: Presence {
                offline_after_ms: 3000,
            },
            notice: Notice {
                replay_delay_ms: 1000,
                replay_limit: 1000,
            },
            messages: Messages {
                keep: Keep::Forever,
                sweep_seconds: 60,
                max_bytes: 16 * 1024,
                recall_seconds: 2 * 60,
                edit_seconds: 15 * 60,
            },
            files: Files {
                quota_bytes: 2 << 30,
                unused_hours: 24,
            },
            connection: Connection {
                ping_seconds: 25,
                dead_after_seconds: 60,
                header_seconds: 5,
                body_seconds: 30,
                pipeline: 16,
                shutdown_seconds: 10,
            },
            limits: Limits {
                frame_bytes: 64 * 1024,
                queue_messages: 1024,
                queue_bytes: 1024 * 1024,
                connections: 15_000,
                connections_per_address: 200,
                connections_per_account: 50,
                requests_per_second: 50,
                request_burst: 200,
                registrations_per_hour: 20,
                failed_logins: 20,
                group_members: 5000,
                file_bytes: 100 << 20,
                picture_bytes: 5 * 1024 * 1024,
                picture_pixels: 25_000_000,
                exempt: Vec::new(),
            },
        }
    }
}

impl Config {
    /// The settings as a TOML file.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    /// How to open the database.
    #[must_use]
    pub fn store(&self) -> Options {
        match &self.database_url {
            Some(url) => Options::postgres(url.clone()),
            None => Options::new(&self.data_dir),
        }
    }

    /// Where the database is, for people: a directory, or a URL without its password.
    #[must_use]
    pub fn database(&self) -> String {
        match &self.database_url {
            Some(url) => url.to_string(),
            None => self.data_dir.display().to_string(),
        }
    }

    /// Whether rates and connection counts leave this address alone.
    #[must_use]
    pub fn is_exempt(&self, address: IpAddr) -> bool {
        self.limits
            .exempt
            .iter()
            .any(|network| network.contains(&address))
    }

    /// ms that a session lives without being used.
    #[must_use]
    pub fn session_ms(&self) -> i64 {
        i64::from(self.accounts.session_days) * 24 * 60 * 60 * 1000
    }

    /// ms that a file lives without a message that carries it.
    #[must_use]
    pub fn unused_ms(&self) -> i64 {
        i64::from(self.files.unused_hours) * 60 * 60 * 1000
    }

    /// The part that clients are told.
    #[must_use]
    pub fn told_limits(&self) -> hongyan_protocol::limits::Limits {
        hongyan_protocol::limits::Limits {
            keep: self.messages.keep,
            max_bytes: self.messages.max_bytes as u64,
            recall_seconds: self.messages.recall_seconds,
            edit_seconds: self.messages.edit_seconds,
            quota_bytes: self.files.quota_bytes,
            file_bytes: self.limits.file_bytes,
            picture_bytes: self.limits.picture_bytes as u64,
            picture_pixels: self.limits.picture_pixels,
            group_members: self.limits.group_members as u64,
        }
    }

    /// The part that a WebSocket needs.
    #[must_use]
    pub fn socket_limits(&self) -> ws::Limits {
        ws::Limits {
            message_bytes: self.limits.frame_bytes,
            queue_messages: self.limits.queue_messages,
            queue_bytes: self.limits.queue_bytes,
            pipeline: self.connection.pipeline,
            ping: Duration::from_secs(self.connection.ping_seconds),
            dead_after: Duration::from_secs(self.connection.dead_after_seconds),
            ..ws::Limits::default()
        }
    }
}
