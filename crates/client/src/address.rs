//! Where a server is: one http(s):// address, from which the ws(s):// one follows.

use reqwest::Url;

use crate::error::{Error, Result};

/// A server's address, perhaps with a path before ours (behind a proxy).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// Without a slash at the end.
    http: String,
}

impl Address {
    /// Reads `http://host:8080`, `https://host/im/` or a bare `host:8080`.
    pub(crate) fn read(text: &str) -> Result<Self> {
        let text = text.trim();
        let text = if text.contains("://") {
            text.to_owned()
        } else {
            format!("http://{text}")
        };
        let wrong = |why: &str| {
            Error::Invalid(format!(
                "the server's address {why}; write it like http://chat.example.org:8080"
            ))
        };
        let url = Url::parse(&text).map_err(|error| wrong(&format!("is wrong ({error})")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong("begins neither with http:// nor with https://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("must not carry a name or a password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("must not carry '?' or '#'"));
        }
        Ok(Self {
            http: url.as_str().trim_end_matches('/').to_owned(),
        })
    }

    /// `http(s)://host…` without a slash at the end.
    pub(crate) fn as_str(&self) -> &str {
        &self.http
    }

    /// The address of an HTTP endpoint.
    pub(crate) fn http(&self, path: &str) -> String {
        format!("{}{path}", self.http)
    }

    /// The address of a socket: `ws` for `http`, `wss` for `https`.
    pub(crate) fn ws(&self, path: &str) -> String {
        format!("ws{}{path}", self.http.trim_start_matches("http"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_socket_address_follows_from_the_http_one() {
        let of = |text: &str| {
            let address = Address::read(text).unwrap();
            (address.http("/api/login"), address.ws("/ws/friend/add"))
        };
        let pair = |http: &str, ws: &str| (http.to_owned(), ws.to_owned());
        let local = pair(
            "http://127.0.0.1:80/api/login",
            "ws://127.0.0.1:80/ws/friend/add",
        );
        assert_ne!(of("127.0.0.1:80"), local, "the default port is left out");
        assert_eq!(
            of("127.0.0.1:8080"),
            pair(
                "http://127.0.0.1:8080/api/login",
                "ws://127.0.0.1:8080/ws/friend/add"
            )
        );
        assert_eq!(
            of("https://chat.example.org/im/"),
            pair(
                "https://chat.example.org/im/api/login",
                "wss://chat.example.org/im/ws/friend/add"
            )
        );
        assert_eq!(of("http://http.example:1/").1, {
            "ws://http.example:1/ws/friend/add"
        });
    }

    #[test]
    fn a_wrong_address_is_refused_with_an_example() {
        for bad in [
            "",
            "ftp://host",
            "http://",
            "http://ann:pw@host",
            "http://host/?x=1",
        ] {
            let error = Address::read(bad).unwrap_err().to_string();
            assert!(
                error.contains("http://chat.example.org:8080"),
                "{bad}: {error}"
            );
        }
    }
}
