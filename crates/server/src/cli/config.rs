//! The settings as the command line takes them, and `hongyan config print`.

use std::{
    env,
    net::SocketAddr,
    path::{self, PathBuf},
};

use clap::{Args, builder::NonEmptyStringValueParser};
use ipnet::IpNet;
use serde_json::{Map, Value, json};

use super::{Failure, print as print_text};
use crate::config::Config;

/// Where a server's settings and data are.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct Place {
    /// Settings in a TOML file; else the file that HONGYAN_CONFIG names
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where everything is kept: the database, unless it is PostgreSQL, uploaded pictures and files
    #[arg(long, value_name = "DIR", value_parser = NonEmptyStringValueParser::new())]
    data_dir: Option<String>,
    /// A PostgreSQL database, like postgres://user@host/database; with a password better in HONGYAN_DATABASE_URL
    // A text, because clap would show a wrong one with its password.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

/// The settings that have flags; a file and the environment have all of them.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct Settings {
    #[command(flatten)]
    place: Place,
    /// Address and port to listen on; port 0 takes any free one
    #[arg(long, value_name = "ADDR:PORT", value_parser = socket_address)]
    listen: Option<SocketAddr>,
    /// Another origin whose pages may connect, like https://chat.example.org; repeatable
    #[arg(long, value_name = "URL")]
    allow_origin: Vec<String>,
    /// Networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed
    #[arg(long, value_name = "CIDR,…", value_delimiter = ',', value_parser = network)]
    trusted_proxies: Vec<IpNet>,
    /// Networks that rates and connection counts do not bind: load tests, own bots
    #[arg(long, value_name = "CIDR,…", value_delimiter = ',', value_parser = network)]
    limits_exempt: Vec<IpNet>,
    /// Whether strangers may register; otherwise accounts come from `hongyan user add`
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    open_registration: Option<bool>,
}

impl Place {
    /// The settings in force.
    pub(super) fn load(&self) -> Result<Config, Failure> {
        self.load_with(&Value::Object(self.flags()))
    }

    fn load_with(&self, flags: &Value) -> Result<Config, Failure> {
        let from_environment = || env::var_os("HONGYAN_CONFIG").filter(|file| !file.is_empty());
        let file = self
            .config
            .clone()
            .or_else(|| from_environment().map(PathBuf::from));
        let mut config = Config::load(file.as_deref(), flags).map_err(Failure::Usage)?;
        // Whoever reads the path in an answer or a log may stand in another directory.
        config.data_dir = path::absolute(&config.data_dir)
            .map_err(|error| Failure::Usage(format!("the setting data-dir is no path: {error}")))?;
        Ok(config)
    }

    fn flags(&self) -> Map<String, Value> {
        let mut flags = Map::new();
        if let Some(data_dir) = &self.data_dir {
            flags.insert("data-dir".to_owned(), json!(data_dir));
        }
        if let Some(database_url) = &self.database_url {
            flags.insert("database-url".to_owned(), json!(database_url));
        }
        flags
    }
}

impl Settings {
    /// The settings in force.
    pub(super) fn load(&self) -> Result<Config, Failure> {
        self.place.load_with(&Value::Object(self.flags()))
    }

    /// What was given, and nothing else: a flag that is missing leaves the setting to the environment and the file.
    fn flags(&self) -> Map<String, Value> {
        let mut flags = self.place.flags();
        if let Some(listen) = self.listen {
            flags.insert("listen".to_owned(), json!(listen));
        }
        if !self.allow_origin.is_empty() {
            flags.insert("allow-origin".to_owned(), json!(self.allow_origin));
        }
        if !self.trusted_proxies.is_empty() {
            flags.insert("trusted-proxies".to_owned(), json!(self.trusted_proxies));
        }
        if !self.limits_exempt.is_empty() {
            flags.insert("limits".to_owned(), json!({"exempt": self.limits_exempt}));
        }
        if let Some(open) = self.open_registration {
            flags.insert("accounts".to_owned(), json!({"open-registration": open}));
        }
        flags
    }
}

/// `hongyan config print`: the values in force, as a file that `--config` takes.
pub(super) fn print(settings: &Settings) -> Result<(), Failure> {
    let text = settings.load()?.to_toml().map_err(Failure::broken)?;
    print_text(&text)
}

fn socket_address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "an address and a port are wanted, like 127.0.0.1:8006 or [::]:8006")
}

fn network(text: &str) -> Result<IpNet, &'static str> {
    text.parse()
        .map_err(|_| "a network is wanted, like 10.0.0.0/8 or 127.0.0.1/32")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        settings: Settings,
    }

    fn flags(arguments: &[&str]) -> Value {
        let line = Line::try_parse_from([&["hongyan"], arguments].concat()).unwrap();
        Value::Object(line.settings.flags())
    }

    #[test]
    fn only_given_flags_are_settings() {
        assert_eq!(flags(&[]), json!({}));
        assert_eq!(flags(&["--config", "hongyan.toml"]), json!({}));
        assert_eq!(
            flags(&["--listen", "[::1]:0"]),
            json!({"listen": "[::1]:0"})
        );
    }

    #[test]
    fn flags_become_the_settings_of_the_file() {
        let given = flags(&[
            "--listen=0.0.0.0:80",
            "--data-dir=/srv/hongyan",
            "--database-url=postgres://anna@localhost/chat",
            "--allow-origin=https://a.example",
            "--allow-origin=https://b.example",
            "--trusted-proxies=127.0.0.1/32",
            "--limits-exempt=127.0.0.0/8,::1/128",
            "--open-registration=false",
        ]);
        assert_eq!(
            given,
            json!({
                "listen": "0.0.0.0:80",
                "data-dir": "/srv/hongyan",
                "database-url": "postgres://anna@localhost/chat",
                "allow-origin": ["https://a.example", "https://b.example"],
                "trusted-proxies": ["127.0.0.1/32"],
                "limits": {"exempt": ["127.0.0.0/8", "::1/128"]},
                "accounts": {"open-registration": false},
            })
        );
        let config = Config::load(None, &given).unwrap();
        assert!(config.is_exempt([127, 0, 0, 1].into()));
        assert!(!config.accounts.open_registration);
    }

    #[test]
    fn open_registration_alone_means_yes() {
        assert_eq!(
            flags(&["--open-registration"]),
            json!({"accounts": {"open-registration": true}})
        );
    }
}
