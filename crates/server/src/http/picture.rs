//! Pictures of users and groups: uploaded ones, and the server's own.

use std::sync::Arc;

use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use bytes::Bytes;

use super::answer::{Failure, Reply, message};
use crate::{
    app::App,
    picture::{self, Place},
};

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
pub(super) async fn default(name: Name) -> Response {
    let content = name
        .ok()
        .and_then(|Path(name)| picture::default_named(&name));
    png(content.map(Bytes::from_static), "public, max-age=86400")
}

/// Stores an upload, if there is one, and has `change` name it in a row. `change` gives the picture that the row named
/// before, where it names another one now, and the answer. What no row names is removed in the end.
pub(super) async fn replace<T, F, A>(
    app: &Arc<App>,
    upload: Option<(Place, Bytes)>,
    change: F,
) -> Result<T, Failure>
where
    F: FnOnce(Option<String>) -> A + Send + 'static,
    A: Future<Output = Result<(Option<String>, T), Failure>> + Send,
    T: Send + 'static,
{
    let stored_by = Arc::clone(app);
    let replaced = app.to_the_end(async move {
        let pictures = &stored_by.pictures;
        let new = match upload {
            Some((place, upload)) => Some(pictures.store(place, upload).await?),
            None => None,
        };
        let (unnamed, outcome) = match change(new.clone()).await {
            Ok((before, answer)) => (before, Ok(answer)),
            // Either may be named now: the next start finds out.
            Err(failure) if failure.leaves_open() => (None, Err(failure)),
            Err(failure) => (new, Err(failure)),
        };
        if let Some(unnamed) = unnamed {
            pictures.remove(&unnamed).await;
        }
        outcome
    });
    replaced.await?
}

fn png(content: Option<Bytes>, cached: &'static str) -> Response {
    let Some(content) = content else {
        return message(StatusCode::NOT_FOUND, "no such picture");
    };
    let kind = HeaderValue::from_static("image/png");
    let cached = HeaderValue::from_static(cached);
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, cached)], content).into_response()
}
