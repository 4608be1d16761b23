//! Forms with a picture among their fields.

use axum::{
    body::Bytes,
    extract::{FromRequest, Multipart, Request, multipart::MultipartError},
    http::StatusCode,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::{
    answer::Failure,
    extract::{Params, body_deadline, media_type, read},
    upload::Source,
};
use crate::{ops::Ctx, picture::Place};

/// The media type of a form that may hold a picture or a file.
pub(super) const MULTIPART: &str = "multipart/form-data";

/// The text fields with these names, and the picture in `headImage` with its place in memory, as a multipart form; or,
/// without a picture, any other parameters.
pub(super) async fn with_picture<T: DeserializeOwned>(
    ctx: &Ctx,
    request: Request,
    names: &[&str],
) -> Result<(T, Option<(Place, Bytes)>), Failure> {
    let app = &ctx.app;
    if media_type(request.headers()) != MULTIPART {
        let Params(texts) = Params::from_request(request, app).await?;
        return Ok((texts, None));
    }
    let place = match app.pictures.place(ctx.user) {
        Ok(place) => place,
        Err(error) => {
            Source::of(request.into_body()).hear_out();
            return Err(error.into());
        }
    };
    let form = Multipart::from_request(request, &())
        .await
        .map_err(|error| Failure::invalid("body", error.body_text()))?;
    let (texts, picture) = timeout(body_deadline(app), fields(form, names))
        .await
        .map_err(|_| Failure::Slow)??;
    let picture = picture.map(|picture| (place, picture));
    Ok((read(Value::Object(texts))?, picture))
}

async fn fields(
    mut form: Multipart,
    names: &[&str],
) -> Result<(Map<String, Value>, Option<Bytes>), Failure> {
    let mut texts = Map::new();
    let mut picture = None;
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        match field.name() {
            Some("headImage") => picture = Some(field.bytes().await.map_err(unreadable)?),
            Some(name) if names.contains(&name) => {
                let name = name.to_owned();
                texts.insert(name, Value::String(field.text().await.map_err(unreadable)?));
            }
            _ => {}
        }
    }
    // A page sends an empty file where none was chosen.
    let picture = picture.filter(|picture| !picture.is_empty());
    Ok((texts, picture))
}

fn unreadable(error: MultipartError) -> Failure {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Failure::TooLarge,
        _ => Failure::invalid("body", error.body_text()),
    }
}
