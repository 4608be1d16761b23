//! Which pages may use this server: its own, and those of the configured origins.

use std::net::IpAddr;

use axum::http::{
    HeaderMap,
    header::{HOST, ORIGIN},
};

use crate::{app::App, config::Config, limits::forwarded};

/// Whether the page that a request comes from may send it. A browser sends a user's cookies along from any page, and
/// names the page's origin; no `Origin` is no browser, and passes.
#[must_use]
pub fn origin_allowed(app: &App, peer: IpAddr, headers: &HeaderMap) -> bool {
    allowed(&app.config, peer, headers)
}

fn allowed(config: &Config, peer: IpAddr, headers: &HeaderMap) -> bool {
    let mut origins = headers.get_all(ORIGIN).iter();
    let (origin, None) = (origins.next(), origins.next()) else {
        return false;
    };
    let Some(origin) = origin else {
        return true;
    };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    if config
        .allow_origin
        .iter()
        .any(|allowed| allowed.eq_ignore_ascii_case(origin))
    {
        return true;
    }
    let Some((scheme, page_host)) = origin.split_once("://") else {
        return false;
    };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let forwarded_host = forwarded(config, peer, headers, "x-forwarded-host");
    [host, forwarded_host]
        .into_iter()
        .flatten()
        .any(|host| without_default_port(scheme, host).eq_ignore_ascii_case(page_host))
}

/// A browser leaves the scheme's own port out of an origin; a proxy may leave it in the host.
fn without_default_port<'h>(scheme: &str, host: &'h str) -> &'h str {
    let port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return host,
    };
    host.strip_suffix(port).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRANGER: [u8; 4] = [192, 0, 2, 1];
    const PROXY: [u8; 4] = [10, 0, 0, 1];

    fn passes(peer: [u8; 4], headers: &[(&'static str, &str)]) -> bool {
        let config = Config {
            allow_origin: vec!["https://chat.example.org".to_owned()],
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            ..Config::default()
        };
        let mut map = HeaderMap::new();
        map.insert("host", "im.example.org:8006".parse().unwrap());
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        allowed(&config, peer.into(), &map)
    }

    #[test]
    fn the_own_host_with_its_port_and_the_listed_origins_pass() {
        assert!(passes(STRANGER, &[]));
        for good in [
            "http://im.example.org:8006",
            "https://IM.example.org:8006",
            "https://chat.example.org",
        ] {
            assert!(passes(STRANGER, &[("origin", good)]), "{good}");
        }
        for bad in [
            "null",
            "",
            "http://im.example.org",
            "http://im.example.org:80066",
            "http://evil.example.org",
            "http://chat.example.org",
            "https://chat.example.org.evil.example",
            "im.example.org:8006",
        ] {
            assert!(!passes(STRANGER, &[("origin", bad)]), "{bad}");
        }
    }

    #[test]
    fn two_origins_are_none() {
        let own = ("origin", "http://im.example.org:8006");
        assert!(!passes(STRANGER, &[own, own]));
    }

    #[test]
    fn only_a_trusted_proxy_says_another_host() {
        let headers = [
            ("origin", "https://public.example"),
            ("x-forwarded-host", "public.example:443"),
        ];
        assert!(passes(PROXY, &headers));
        assert!(!passes(STRANGER, &headers));
    }
}
