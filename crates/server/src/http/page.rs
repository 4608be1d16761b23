//! The web page: the files of `web/dist`, which are part of this program.

use std::borrow::Cow;

use axum::{
    body::Body,
    extract::Request,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
        header::{
            ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY,
            CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
        },
    },
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use rust_embed::{EmbeddedFile, RustEmbed};

use super::answer::message;

/// `cargo xtask web` makes them. Each text is there up to three times: as it is, `.br` and `.gz`.
#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Dist;

const INDEX: &str = "index.html";

/// What begins so is never a place in the page: who asks for it and does not get it is told so.
const NO_PLACES: [&str; 5] = ["api", "assets", "healthz", "img", "ws"];

/// What stands in the page cannot run or style anything, nothing is loaded from elsewhere, and nobody frames it. In
/// `connect-src` 'self' is the WebSocket of this host too, whatever the scheme.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; \
     connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'",
);

/// Voices are recorded; nothing else of the machine is asked for.
const DEVICES: HeaderValue = HeaderValue::from_static(
    "microphone=(self), camera=(), display-capture=(), geolocation=(), payment=(), usb=()",
);

/// The content of a file is part of its name.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The next release has other files of these names; asking whether is answered with 304.
const ASK: HeaderValue = HeaderValue::from_static("no-cache");

pub(super) async fn index(request: Request) -> Response {
    answer(INDEX, request.headers())
}

/// A file of the page, or the page where a browser goes to a place in it; everything else is not there.
pub(super) async fn file_or_place(request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    let asked = matches!(*request.method(), Method::GET | Method::HEAD);
    if asked && is_file(path) {
        answer(path, request.headers())
    } else if asked && is_place(path) && wants_html(request.headers()) {
        answer(INDEX, request.headers())
    } else {
        message(StatusCode::NOT_FOUND, "no such path")
    }
}

/// Whether these are the bytes of a file that is asked for by its name: neither the page, which is asked for by place, nor
/// what only serves to send or build it.
fn is_file(path: &str) -> bool {
    path != INDEX && media_type(path).is_some() && Dist::get(path).is_some()
}

fn is_place(path: &str) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    !NO_PLACES.contains(&first)
}

/// Browsers say so when they go somewhere, and not when a page fetches something.
fn wants_html(headers: &HeaderMap) -> bool {
    weights(headers, &ACCEPT).any(|(kind, weight)| kind == "text/html" && weight > 0.0)
}

/// The items of a list in a header, in lower case, with how much each is wanted.
fn weights<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = (String, f32)> + 'h {
    let lines = headers.get_all(name).into_iter();
    let items = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','));
    items.map(|item| {
        let (what, parameters) = item.split_once(';').unwrap_or((item, ""));
        let weight = parameters.split(';').find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            let is_weight = name.trim().eq_ignore_ascii_case("q");
            is_weight.then(|| value.trim().parse().unwrap_or(0.0))
        });
        (what.trim().to_ascii_lowercase(), weight.unwrap_or(1.0))
    })
}

/// Whether the client takes this coding, by its name or as any.
fn takes(headers: &HeaderMap, coding: &str) -> bool {
    let named = |name: &str| {
        weights(headers, &ACCEPT_ENCODING)
            .find(|(known, _)| known == name)
            .map(|(_, weight)| weight > 0.0)
    };
    named(coding).or_else(|| named("*")).unwrap_or(false)
}

/// The smallest form of a file that the client takes, and that form's name.
fn chosen(path: &str, headers: &HeaderMap) -> Option<(EmbeddedFile, Option<&'static str>)> {
    for (coding, extension) in [("br", "br"), ("gzip", "gz")] {
        if takes(headers, coding)
            && let Some(file) = Dist::get(&format!("{path}.{extension}"))
        {
            return Some((file, Some(coding)));
        }
    }
    Dist::get(path).map(|file| (file, None))
}

fn answer(path: &str, headers: &HeaderMap) -> Response {
    let (Some((file, coding)), Some(kind)) = (chosen(path, headers), media_type(path)) else {
        return message(StatusCode::NOT_FOUND, "no such path");
    };
    let Ok(tag) = tag(&file) else {
        return message(StatusCode::INTERNAL_SERVER_ERROR, "the server failed");
    };
    let cached = if path.starts_with("assets/") {
        FOR_EVER
    } else {
        ASK
    };
    let known = is_known(headers, &tag);
    let common = [
        (CACHE_CONTROL, cached),
        (CONTENT_SECURITY_POLICY, POLICY),
        (ETAG, tag),
        (HeaderName::from_static("permissions-policy"), DEVICES),
        (VARY, HeaderValue::from_static("accept-encoding")),
    ];
    if known {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let mut response = (common, Body::from(content(file))).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Some(coding) = coding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    response
}

fn content(file: EmbeddedFile) -> Bytes {
    match file.data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    }
}

/// Its hash: another form of the same file is another content.
fn tag(file: &EmbeddedFile) -> Result<HeaderValue, http::header::InvalidHeaderValue> {
    let hash = file.metadata.sha256_hash();
    let digits: String = hash[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    HeaderValue::try_from(format!("\"{digits}\""))
}

/// Whether the client has this content already.
fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let lines = headers.get_all(IF_NONE_MATCH).into_iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(|known| known.trim().trim_start_matches("W/"))
        .any(|known| known == "*" || known.as_bytes() == tag.as_bytes())
}

/// What a file is served as; `None` for what no page asks for.
fn media_type(path: &str) -> Option<&'static str> {
    let (_, extension) = path.rsplit_once('.')?;
    Some(match extension {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "ico" => "image/vnd.microsoft.icon",
        "woff2" => "font/woff2",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "wav" => "audio/wav",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, lines: &[&str]) -> HeaderMap {
        let lines = lines
            .iter()
            .map(|line| (name.clone(), line.parse().unwrap()));
        lines.collect()
    }

    #[test]
    fn a_coding_is_taken_when_the_client_says_so_and_not_when_it_says_no() {
        for (lines, br, gzip) in [
            (&["gzip, deflate, br, zstd"][..], true, true),
            (&["gzip", "BR;q=0.5"], true, true),
            (&["br;q=0, gzip;q=1.0"], false, true),
            (&["*"], true, true),
            (&["*;q=0, gzip"], false, true),
            (&["br; q=nonsense"], false, false),
            (&["identity"], false, false),
            (&[""], false, false),
            (&[], false, false),
        ] {
            let headers = headers(ACCEPT_ENCODING, lines);
            let taken = (takes(&headers, "br"), takes(&headers, "gzip"));
            assert_eq!(taken, (br, gzip), "{lines:?}");
        }
    }

    #[test]
    fn a_browser_that_goes_somewhere_wants_html_and_a_page_that_fetches_does_not() {
        for (line, wants) in [
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                true,
            ),
            ("application/xml;q=0.9, Text/HTML;level=1", true),
            ("*/*", false),
            ("text/html;q=0", false),
            ("image/avif,image/webp,*/*;q=0.8", false),
            ("", false),
        ] {
            assert_eq!(wants_html(&headers(ACCEPT, &[line])), wants, "{line}");
        }
    }

    #[test]
    fn a_content_is_known_by_its_tag_whatever_else_is_named() {
        let tag = HeaderValue::from_static("\"abc\"");
        for (lines, known) in [
            (&["\"abc\""][..], true),
            (&["\"x\", W/\"abc\""], true),
            (&["\"x\"", "\"abc\""], true),
            (&["*"], true),
            (&["abc"], false),
            (&["\"abcd\""], false),
            (&[], false),
        ] {
            assert_eq!(
                is_known(&headers(IF_NONE_MATCH, lines), &tag),
                known,
                "{lines:?}"
            );
        }
    }

    #[test]
    fn every_file_of_the_page_is_of_a_known_kind() {
        for path in Dist::iter() {
            let plain = path
                .strip_suffix(".br")
                .or_else(|| path.strip_suffix(".gz"))
                .unwrap_or(&path);
            let is_served = media_type(plain).is_some() && Dist::get(plain).is_some();
            assert!(is_served || path == "sources.sha256", "{path}");
        }
        assert!(Dist::get(INDEX).is_some());
    }
}
