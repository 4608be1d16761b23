//! `postgres://user:password@host:port/database?sslmode=…`, which never shows its password.

use std::{fmt, net::IpAddr, str::FromStr};

use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};

/// The address of a PostgreSQL database. Only [`expose`](Self::expose) gives the password away.
#[derive(Clone)]
pub struct DatabaseUrl {
    text: String,
    place: String,
    config: Box<Config>,
    root_certificates: Option<String>,
}

/// What is wrong with a database URL; the text quotes nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    #[error("it is no URL of PostgreSQL: write postgres://USER:PASSWORD@HOST:PORT/DATABASE")]
    Shape,
    #[error(
        "it names no host, user or database: write postgres://USER:PASSWORD@HOST:PORT/DATABASE"
    )]
    Incomplete,
    #[error(
        "its sslmode is not known: write disable, or require or verify-full (both verify the server's certificate)"
    )]
    SslMode,
    #[error("one of its parameters is not known or has a wrong value")]
    Parameter,
}

impl DatabaseUrl {
    /// The URL with its password.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// The file with the certificates that sign the server's; `None` for the system's.
    pub(super) fn root_certificates(&self) -> Option<&str> {
        self.root_certificates.as_deref()
    }
}

impl FromStr for DatabaseUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let (address, parameters) = text.split_once('?').unwrap_or((text, ""));
        let (scheme, rest) = address.split_once("://").ok_or(UrlError::Shape)?;
        if !matches!(scheme, "postgres" | "postgresql") {
            return Err(UrlError::Shape);
        }
        let mut ssl_mode = None;
        let mut root_certificates = None;
        // Those that the driver reads, and those of them that may be shown.
        let mut further = Vec::new();
        let mut shown = Vec::new();
        for parameter in parameters
            .split('&')
            .filter(|parameter| !parameter.is_empty())
        {
            let (name, value) = parameter.split_once('=').ok_or(UrlError::Parameter)?;
            match name {
                "sslmode" => ssl_mode = Some(read_ssl_mode(value)?),
                "sslrootcert" => {
                    let file = form_urlencoded::parse(parameter.as_bytes()).next();
                    root_certificates = file.map(|(_, file)| file.into_owned());
                }
                _ => further.push(parameter),
            }
            if name != "password" {
                shown.push(parameter);
            }
        }
        let address_for_driver = format!("{address}?{}", further.join("&"));
        let mut config: Config = address_for_driver
            .parse()
            .map_err(|_| UrlError::Parameter)?;
        if config.get_hosts().is_empty()
            || config.get_user().is_none()
            || config.get_dbname().is_none()
        {
            return Err(UrlError::Incomplete);
        }
        config.ssl_mode(ssl_mode.unwrap_or_else(|| default_ssl_mode(&config)));
        Ok(Self {
            text: text.to_owned(),
            place: without_password(scheme, rest, &shown),
            config: Box::new(config),
            root_certificates,
        })
    }
}

/// The URL without its password.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)
    }
}

/// The URL without its password.
impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn without_password(scheme: &str, rest: &str, shown: &[&str]) -> String {
    let (user, hosts) = match rest.rsplit_once('@') {
        Some((credentials, hosts)) => {
            let user = credentials.split(':').next().unwrap_or_default();
            (format!("{user}@"), hosts)
        }
        None => (String::new(), rest),
    };
    let mark = if shown.is_empty() { "" } else { "?" };
    format!("{scheme}://{user}{hosts}{mark}{}", shown.join("&"))
}

fn read_ssl_mode(text: &str) -> Result<SslMode, UrlError> {
    match text {
        "disable" => Ok(SslMode::Disable),
        "require" | "verify-full" => Ok(SslMode::Require),
        _ => Err(UrlError::SslMode),
    }
}

/// Nothing is encrypted within one machine; everything is on its way to another.
fn default_ssl_mode(config: &Config) -> SslMode {
    let stays_here = |host: &Host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        }
    };
    if config.get_hosts().iter().all(stays_here) {
        SslMode::Disable
    } else {
        SslMode::Require
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_its_password() {
        for (text, shown) in [
            (
                "postgres://anna:s3cr3t@db.example:5433/chat?sslmode=require",
                "postgres://anna@db.example:5433/chat?sslmode=require",
            ),
            (
                "postgresql://anna@localhost/chat?password=s3cr3t",
                "postgresql://anna@localhost/chat",
            ),
            (
                "postgres://anna:a%40s3cr3t@[::1]/chat",
                "postgres://anna@[::1]/chat",
            ),
        ] {
            let url: DatabaseUrl = text.parse().unwrap();
            assert_eq!(format!("{url} {url:?}"), format!("{shown} {shown}"));
            assert_eq!(url.expose(), text);
        }
    }

    #[test]
    fn only_another_machine_is_spoken_to_in_tls_unless_the_url_says_otherwise() {
        for (text, mode) in [
            ("postgres://a@localhost/chat", SslMode::Disable),
            ("postgres://a@%2Frun%2Fpostgresql/chat", SslMode::Disable),
            ("postgres://a@127.0.0.1,db.example/chat", SslMode::Require),
            (
                "postgres://a@10.0.0.1/chat?sslmode=disable",
                SslMode::Disable,
            ),
            (
                "postgres://a@localhost/chat?sslmode=verify-full",
                SslMode::Require,
            ),
        ] {
            let url: DatabaseUrl = text.parse().unwrap();
            assert_eq!(url.config().get_ssl_mode(), mode, "{text}");
        }
    }

    #[test]
    fn what_is_no_url_of_postgresql_is_refused_and_not_repeated() {
        for (text, error) in [
            ("s3cr3t", UrlError::Shape),
            ("mysql://anna:s3cr3t@db/chat", UrlError::Shape),
            ("host=db password=s3cr3t", UrlError::Shape),
            ("postgres://anna:s3cr3t@/chat", UrlError::Incomplete),
            ("postgres://anna:s3cr3t@db", UrlError::Incomplete),
            (
                "postgres://anna:s3cr3t@db/chat?sslmode=prefer",
                UrlError::SslMode,
            ),
            ("postgres://anna:s3cr3t@db:port/chat", UrlError::Parameter),
            (
                "postgres://anna:s3cr3t@db/chat?sslmod=disable",
                UrlError::Parameter,
            ),
        ] {
            assert_eq!(text.parse::<DatabaseUrl>().unwrap_err(), error, "{text}");
        }
    }
}
