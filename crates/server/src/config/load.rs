//! From flags, environment and file to the settings in force, or to one line that says what is wrong.

use std::{fmt, path::Path, str::FromStr};

use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
use hongyan_store::DatabaseUrl;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Config;

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
            // What tests run on is no setting.
            .filter(|name| !name.starts_with("test_"))
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
            ("messages.sweep-seconds", self.messages.sweep_seconds),
            ("messages.max-bytes", self.messages.max_bytes as u64),
            ("files.unused-hours", u64::from(self.files.unused_hours)),
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
        if self.messages.max_bytes + 8192 > self.limits.frame_bytes as usize {
            return Err(
                "limits.frame-bytes must be at least 8192 above messages.max-bytes".to_owned(),
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
}

/// A list, or one text with commas, as the environment has it.
pub(super) fn listed<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
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

/// A database URL, or nothing where the text is empty. What is wrong with one is told without quoting it.
pub(super) fn empty_or_url<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<DatabaseUrl>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(de::Error::custom)
}

pub(super) fn without_password<S: Serializer>(
    url: &Option<DatabaseUrl>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match url {
        Some(url) => serializer.collect_str(url),
        None => serializer.serialize_str(""),
    }
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
    fn a_database_url_is_read_and_never_shown_with_its_password() {
        let url = "postgres://anna:s3cr3t@db.example/chat";
        let config = Config::load(None, serde_json::json!({"database-url": url})).unwrap();
        assert_eq!(config.database(), "postgres://anna@db.example/chat");
        assert!(!format!("{config:?}{}", config.to_toml().unwrap()).contains("s3cr3t"));
        for wrong in [
            "s3cr3t",
            "postgres://anna:s3cr3t@db.example/chat?sslmode=s3cr3t",
        ] {
            let flags = serde_json::json!({"database-url": wrong});
            let error = Config::load(None, flags).unwrap_err();
            assert!(error.contains("database-url"), "{error}");
            assert!(!error.contains("s3cr3t"), "{error}");
        }
        let none = Config::load(None, serde_json::json!({"database-url": ""})).unwrap();
        assert!(none.database_url.is_none());
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
