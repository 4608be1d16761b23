//! The settings: flags before `HONGYAN_*` environment before a TOML file before the defaults below.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::ws;

/// Everything that an operator can set. `hongyan config print` shows it with the values in force.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Address and port to listen on; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Where everything is kept: the database and uploaded pictures.
    pub data_dir: PathBuf,
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
    /// Kept messages pushed to a new notice connection, the newest of them.
    pub replay_limit: u32,
}

/// What is kept of messages.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Messages {
    pub keep: Keep,
    /// Longest text, in bytes of UTF-8.
    pub max_bytes: usize,
}

/// How long messages are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// Nothing of a message ever touches the disk; only those who are online receive it.
    None,
    Forever,
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
    /// Bytes of an uploaded picture.
    pub picture_bytes: usize,
    /// Pixels of an uploaded picture, width times height.
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
                max_bytes: 16 * 1024,
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
                picture_bytes: 5 * 1024 * 1024,
                picture_pixels: 25_000_000,
                exempt: Vec::new(),
            },
        }
    }
}

impl Config {
    /// Reads the settings; `flags` holds what the command line says. A wrong setting is named in one line.
    pub fn load(file: Option<&Path>, flags: impl Serialize) -> Result<Self, String> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = file {
            if !file.is_file() {
                return Err(format!(
                    "the settings file {} does not exist",
                    file.display()
                ));
            }
            figment = figment.merge(Toml::file_exact(file));
        }
        // HONGYAN_LIMITS__FRAME_BYTES is `frame-bytes` in `[limits]`.
        let environment = Env::prefixed("HONGYAN_")
            .ignore(&["password", "config", "log", "log_format"])
            .map(|name| name.as_str().replace("__", ".").replace('_', "-").into());
        let config: Self = figment
            .merge(environment)
            .merge(Serialized::defaults(flags))
            .extract()
            .map_err(|error| one_line(&error))?;
        config.check().map(|()| config)
    }

    fn check(&self) -> Result<(), String> {
        let above_zero = [
            (
                "accounts.session-days",
                u64::from(self.accounts.session_days),
            ),
            ("accounts.devices", self.accounts.devices as u64),
            ("passwords.iterations", u64::from(self.passwords.iterations)),
            ("passwords.parallel", self.passwords.parallel as u64),
            ("messages.max-bytes", self.messages.max_bytes as u64),
            ("connection.ping-seconds", self.connection.ping_seconds),
            ("connection.header-seconds", self.connection.header_seconds),
            ("connection.body-seconds", self.connection.body_seconds),
            ("connection.pipeline", self.connection.pipeline as u64),
            (
                "connection.shutdown-seconds",
                self.connection.shutdown_seconds,
            ),
            ("limits.queue-messages", self.limits.queue_messages as u64),
            ("limits.queue-bytes", self.limits.queue_bytes as u64),
            ("limits.connections", self.limits.connections as u64),
            (
                "limits.connections-per-address",
                self.limits.connections_per_address as u64,
            ),
            (
                "limits.connections-per-account",
                self.limits.connections_per_account as u64,
            ),
            (
                "limits.requests-per-second",
                u64::from(self.limits.requests_per_second),
            ),
            ("limits.request-burst", u64::from(self.limits.request_burst)),
            (
                "limits.registrations-per-hour",
                u64::from(self.limits.registrations_per_hour),
            ),
            ("limits.failed-logins", u64::from(self.limits.failed_logins)),
            ("limits.group-members", self.limits.group_members as u64),
        ];
        if let Some((name, _)) = above_zero.iter().find(|(_, value)| *value == 0) {
            return Err(format!("the setting {name} must be above zero"));
        }
        if self.connection.dead_after_seconds <= self.connection.ping_seconds {
            return Err(
                "connection.dead-after-seconds must be above connection.ping-seconds".to_owned(),
            );
        }
        if self.messages.max_bytes + 1024 > self.limits.frame_bytes as usize {
            return Err(
                "limits.frame-bytes must be at least 1024 above messages.max-bytes".to_owned(),
            );
        }
        if self.passwords.memory_kib < 8 {
            return Err("the setting passwords.memory-kib must be at least 8".to_owned());
        }
        for origin in &self.allow_origin {
            let rest = origin
                .strip_prefix("https://")
                .or_else(|| origin.strip_prefix("http://"));
            if rest.is_none_or(|host| host.is_empty() || host.contains('/')) {
                return Err(format!(
                    "allow-origin {origin:?} is no origin: write https://chat.example.org"
                ));
            }
        }
        Ok(())
    }

    /// The settings as a TOML file.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
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

/// A list, or one text with commas, as the environment has it.
fn listed<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        List(Vec<String>),
    }
    let items = match Written::deserialize(deserializer)? {
        Written::Text(text) => text.split(',').map(str::to_owned).collect(),
        Written::List(items) => items,
    };
    let items = items.iter().map(|item| item.trim());
    let read = |item: &str| {
        item.parse()
            .map_err(|error| de::Error::custom(format_args!("{item:?} is wrong: {error}")))
    };
    items.filter(|item| !item.is_empty()).map(read).collect()
}

fn one_line(error: &figment::Error) -> String {
    error
        .clone()
        .into_iter()
        .map(|error| {
            let source = error.metadata.as_ref().map(|metadata| {
                let place = metadata.source.as_ref().map(|source| format!(" {source}"));
                format!(" ({}{})", metadata.name, place.unwrap_or_default())
            });
            let path = if error.path.is_empty() {
                String::new()
            } else {
                format!("{}: ", error.path.join("."))
            };
            // A TOML parser draws the place below its name; the name has line and column already.
            let kind = error.kind.to_string();
            let told: Vec<&str> = kind.lines().filter(|line| !is_drawing(line)).collect();
            format!("{path}{}{}", told.join(": "), source.unwrap_or_default())
        })
        .collect::<Vec<_>>()
        .join("; ")
}

/// Whether a line of an error shows a line of the file: `3 | listen = ` or `  |          ^`.
fn is_drawing(line: &str) -> bool {
    line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ')
        .starts_with('|')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid_and_print_as_a_file_that_reads_back() {
        let config = Config::load(None, serde_json::json!({})).unwrap();
        let text = config.to_toml().unwrap();
        let again: Config = toml::from_str(&text).unwrap();
        assert_eq!(again.to_toml().unwrap(), text);
    }

    #[test]
    fn a_wrong_setting_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("hongyan.toml");
        for (text, name) in [
            ("[limits]\nframe-byte = 1", "frame-byte"),
            ("listen = 'nowhere'", "listen"),
            ("\nlisten = ", "line 2, column"),
            ("[accounts]\ndevices = 0", "accounts.devices"),
            ("allow-origin = ['chat.example.org']", "chat.example.org"),
            ("[messages]\nkeep = 'sometimes'", "keep"),
        ] {
            std::fs::write(&file, text).unwrap();
            let error = Config::load(Some(&file), serde_json::json!({})).unwrap_err();
            assert!(error.contains(name), "{error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn a_list_may_be_one_text_with_commas() {
        for list in ["'10.0.0.0/8, 127.0.0.0/8'", "['10.0.0.0/8', '127.0.0.0/8']"] {
            let dir = tempfile::tempdir().unwrap();
            let file = dir.path().join("hongyan.toml");
            std::fs::write(&file, format!("[limits]\nexempt = {list}")).unwrap();
            let config = Config::load(Some(&file), serde_json::json!({})).unwrap();
            assert_eq!(config.limits.exempt.len(), 2);
        }
    }

    #[test]
    fn flags_win_over_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("hongyan.toml");
        std::fs::write(&file, "listen = '127.0.0.1:1'\n[accounts]\ndevices = 3").unwrap();
        let config =
            Config::load(Some(&file), serde_json::json!({"listen": "127.0.0.1:2"})).unwrap();
        assert_eq!(config.listen.port(), 2);
        assert_eq!(config.accounts.devices, 3);
    }
}
