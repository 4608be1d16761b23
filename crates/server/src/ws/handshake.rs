//! The upgrade request: who asks properly is answered with 101, who does not is told what is wrong.
//!
//! Origin and session are not looked at here.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version,
    header::{
        ALLOW, CONNECTION, CONTENT_TYPE, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
        SEC_WEBSOCKET_VERSION, UPGRADE,
    },
};
use sha1::{Digest, Sha1};

/// What RFC 6455 (section 1.3) appends to the client's key.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Base64 as clients send it: also when the unused bits of the last letter are not zero.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// Why a request is no WebSocket handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("a WebSocket is opened with GET")]
    Method,
    #[error("a WebSocket is opened over HTTP/1.1")]
    Http,
    #[error("this address speaks WebSocket: send Connection: upgrade and Upgrade: websocket")]
    NoUpgrade,
    #[error("only version 13 of WebSocket is spoken here")]
    Version,
    #[error("Sec-WebSocket-Key is not the base64 of 16 bytes")]
    Key,
}

impl Refusal {
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Http | Self::Key => StatusCode::BAD_REQUEST,
            Self::NoUpgrade | Self::Version => StatusCode::UPGRADE_REQUIRED,
        }
    }

    /// The refusal as a response, with the headers that say what would have been right.
    #[must_use]
    pub fn response<B: From<String>>(self) -> Response<B> {
        let mut response = Response::new(B::from(self.to_string()));
        *response.status_mut() = self.status();
        response.headers_mut().insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        let header = match self {
            Self::Method => Some((ALLOW, "GET")),
            Self::NoUpgrade => Some((UPGRADE, "websocket")),
            Self::Version => Some((SEC_WEBSOCKET_VERSION, "13")),
            Self::Http | Self::Key => None,
        };
        if let Some((name, value)) = header {
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

/// Checks an upgrade request; gives the response after which the socket speaks WebSocket.
pub fn accept<A, B: Default>(request: &Request<A>) -> Result<Response<B>, Refusal> {
    let headers = request.headers();
    if request.method() != Method::GET {
        return Err(Refusal::Method);
    }
    if request.version() < Version::HTTP_11 {
        return Err(Refusal::Http);
    }
    if !lists(headers, &CONNECTION, "upgrade") || !lists(headers, &UPGRADE, "websocket") {
        return Err(Refusal::NoUpgrade);
    }
    if only(headers, &SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(Refusal::Version);
    }
    let key = only(headers, &SEC_WEBSOCKET_KEY).ok_or(Refusal::Key)?;
    if BASE64.decode(key).map(|key| key.len()) != Ok(16) {
        return Err(Refusal::Key);
    }
    let accept = HeaderValue::try_from(accept_key(key)).map_err(|_| Refusal::Key)?;

    let mut response = Response::new(B::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    Ok(response)
}

/// What proves to the client that its key was read by a WebSocket server.
fn accept_key(key: &str) -> String {
    let mut sha1 = Sha1::new();
    sha1.update(key);
    sha1.update(GUID);
    BASE64.encode(sha1.finalize())
}

/// Whether a header that is a list of tokens has this one, in any case and any of its lines.
fn lists(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|item| item.trim().eq_ignore_ascii_case(token))
}

/// The value of a header that must be there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    value.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

    /// A proper request, changed by `(name, value)`s; an empty value removes the header.
    fn answer(changes: &[(&str, &str)]) -> Result<Response<()>, Refusal> {
        let mut request = Request::new(());
        for (name, value) in [
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", KEY),
        ]
        .iter()
        .chain(changes)
        {
            let name = HeaderName::try_from(*name).unwrap();
            request.headers_mut().remove(&name);
            if !value.is_empty() {
                let value = HeaderValue::try_from(*value).unwrap();
                request.headers_mut().insert(name, value);
            }
        }
        accept(&request)
    }

    #[test]
    fn the_example_of_the_rfc_is_accepted() {
        let response = answer(&[]).unwrap();
        assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
        assert_eq!(
            response.headers()[SEC_WEBSOCKET_ACCEPT],
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
        assert_eq!(response.headers()[UPGRADE], "websocket");
        assert_eq!(response.headers()[CONNECTION], "upgrade");
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        for (name, value, refusal) in [
            ("connection", "", Refusal::NoUpgrade),
            ("connection", "keep-alive", Refusal::NoUpgrade),
            ("upgrade", "", Refusal::NoUpgrade),
            ("upgrade", "h2c", Refusal::NoUpgrade),
            ("sec-websocket-version", "", Refusal::Version),
            ("sec-websocket-version", "8", Refusal::Version),
            ("sec-websocket-key", "", Refusal::Key),
            ("sec-websocket-key", "c2hvcnQ=", Refusal::Key),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ", Refusal::Key),
            ("sec-websocket-key", "!", Refusal::Key),
        ] {
            assert_eq!(
                answer(&[(name, value)]).unwrap_err(),
                refusal,
                "{name}: {value}"
            );
        }
        let mut request = Request::new(());
        *request.method_mut() = Method::POST;
        assert_eq!(accept::<_, ()>(&request).unwrap_err(), Refusal::Method);
        let mut request = Request::new(());
        *request.version_mut() = Version::HTTP_10;
        assert_eq!(accept::<_, ()>(&request).unwrap_err(), Refusal::Http);
    }

    #[test]
    fn two_keys_are_no_key() {
        let mut headers = HeaderMap::new();
        headers.append(SEC_WEBSOCKET_KEY, HeaderValue::from_static(KEY));
        assert_eq!(only(&headers, &SEC_WEBSOCKET_KEY), Some(KEY));
        headers.append(SEC_WEBSOCKET_KEY, HeaderValue::from_static(KEY));
        assert_eq!(only(&headers, &SEC_WEBSOCKET_KEY), None);
    }

    #[test]
    fn another_version_learns_which_one_is_spoken() {
        let response = Refusal::Version.response::<String>();
        assert_eq!(response.status(), StatusCode::UPGRADE_REQUIRED);
        assert_eq!(response.headers()[SEC_WEBSOCKET_VERSION], "13");
        assert!(!response.body().is_empty());
    }
}
