//! What a browser is shown: the page at `/`, pictures, and whether the server is well.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    },
    response::{Html, IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use super::answer::{Failure, Reply, message};
use crate::{app::App, picture};

/// How long the store may take to say that it is well.
const HEALTH_DEADLINE: Duration = Duration::from_secs(5);

const INDEX: &str = include_str!("../../assets/index.html");

/// Nothing but the page's one style, known by its hash, and this server's pictures.
static INDEX_POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let style = INDEX
        .split_once("<style>")
        .and_then(|(_, rest)| rest.split_once("</style>"));
    let hash = STANDARD.encode(Sha256::digest(style.map_or("", |(style, _)| style)));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).unwrap_or(super::POLICY)
});

pub(super) async fn index() -> Response {
    let cached = HeaderValue::from_static("public, max-age=300");
    let headers = [
        (CONTENT_SECURITY_POLICY, INDEX_POLICY.clone()),
        (CACHE_CONTROL, cached),
    ];
    (headers, Html(INDEX)).into_response()
}

/// The last part of a path; what is no text names no picture.
type Name = Result<Path<String>, PathRejection>;

/// An uploaded picture: its content never changes under its name.
pub(super) async fn uploaded(State(app): State<Arc<App>>, name: Name) -> Reply {
    let Ok(Path(name)) = name else {
        return Ok(png(None, ""));
    };
    let content = app.pictures.read(&name).await.map_err(Failure::broken)?;
    Ok(png(content, "public, max-age=31536000, immutable"))
}

/// One of our own pictures, which a new release may draw anew.
pub(super) async fn default_picture(name: Name) -> Response {
    let content = name
        .ok()
        .and_then(|Path(name)| picture::default_named(&name));
    png(content.map(Bytes::from_static), "public, max-age=86400")
}

fn png(content: Option<Bytes>, cached: &'static str) -> Response {
    let Some(content) = content else {
        return message(StatusCode::NOT_FOUND, "no such picture");
    };
    let kind = HeaderValue::from_static("image/png");
    let cached = HeaderValue::from_static(cached);
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, cached)], content).into_response()
}

pub(super) async fn health(State(app): State<Arc<App>>) -> Response {
    match timeout(HEALTH_DEADLINE, app.store.check()).await {
        Ok(Ok(())) => message(StatusCode::OK, "ok"),
        Ok(Err(error)) => {
            tracing::error!(%error, "the store is not well");
            message(StatusCode::SERVICE_UNAVAILABLE, "the store is not well")
        }
        Err(_) => message(StatusCode::SERVICE_UNAVAILABLE, "the store does not answer"),
    }
}
