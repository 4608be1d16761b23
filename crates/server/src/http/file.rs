//! Files: uploads, and downloads by those who may read a message that carries them.

use std::{path::PathBuf, sync::Arc};

use axum::{
    body::Body,
    extract::{FromRequestParts, Path, Request, State, rejection::PathRejection},
    http::{
        HeaderValue, Method, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
            IF_RANGE, RANGE,
        },
        request::Parts,
    },
};
use hongyan_protocol::{
    Code,
    file::{DOWNLOAD, HowToStore, Uploaded, thumb_url, url},
    id::{FileId, SessionId, UserId},
};
use hongyan_store::{Error as StoreError, File, SMALLEST_SHARE, Thumb};
use tower_http::services::ServeFile;

use super::{
    answer::{Failure, Reply, data},
    extract::{Authenticated, Query, body_deadline},
    upload::{AROUND, Source, Upload, declared_length},
};
use crate::{
    app::App,
    config::Keep,
    error::Error,
    file::{Blob, kind::Claim, name},
};

/// A file is shown alone or saved; it runs nothing, loads nothing, and no page frames it.
const POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; sandbox; frame-ancestors 'none'");

/// The content under an id never changes, and is not everybody's.
const CACHED: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");

/// Stores a file. Refused uploads leave nothing behind.
pub(super) async fn upload(State(app): State<Arc<App>>, request: Request) -> Reply {
    let (head, body) = request.into_parts();
    let body = Source::of(body);
    let answer = store(app, head, body.clone()).await;
    // Wherever it was refused, the client is still sending.
    body.hear_out();
    answer
}

async fn store(app: Arc<App>, mut head: Parts, body: Source) -> Reply {
    let Authenticated(session) = Authenticated::from_request_parts(&mut head, &app).await?;
    let Query(how): Query<HowToStore> = Query::from_request_parts(&mut head, &app).await?;
    if app.config.messages.keep == Keep::None {
        return Err(Failure::refused(Code::FilesNotKept));
    }
    let announced = declared_length(&head.headers).unwrap_or(0);
    let mut upload = Upload::of(head, body, body_deadline(&app)).await?;
    let (blob, name) = receive(&app, session.user_id, announced, how, &mut upload).await?;
    let file = File {
        id: blob.id(),
        owner_id: session.user_id,
        name,
        mime: blob.mime.to_owned(),
        size: i64::try_from(blob.size).unwrap_or(i64::MAX),
        pixels: blob
            .pixels
            .map(|(width, height)| (width.into(), height.into())),
        thumb: blob.thumb,
        created_at: app.now(),
    };
    let answer = uploaded(&file);
    // A row without a content would be a file that cannot be had; a content without a row is found by the next start.
    let remembering = {
        let app = Arc::clone(&app);
        async move {
            let remembered = remember(&app, session.id, file).await;
            let may_have_row = match &remembered {
                Ok(()) => true,
                Err(failure) => failure.leaves_open(),
            };
            if may_have_row {
                blob.keep();
            }
            remembered
        }
    };
    app.to_the_end(remembering).await??;
    Ok(data(answer))
}

/// Takes what comes, as long as it may become a file.
async fn receive(
    app: &App,
    owner: UserId,
    announced: u64,
    how: HowToStore,
    upload: &mut Upload,
) -> Result<(Blob, String), Failure> {
    let announced = announced.saturating_sub(AROUND);
    if announced > app.config.limits.file_bytes {
        return Err(Failure::refused(Code::FileTooLarge));
    }
    let taken = app.store.read(move |view| view.file_bytes(owner)).await?;
    admit(app, taken, announced)?;
    let mut arrival = app.files.arrival(owner).await?;
    let mut content = upload.file("file").await?;
    let name = name::safe(content.field.file_name().unwrap_or_default());
    let claim = if how.original {
        Claim::Original
    } else {
        Claim::of(content.field.content_type().unwrap_or_default())
    };
    while let Some(part) = content.next().await? {
        arrival.take(&part).await?;
    }
    if arrival.size() == 0 {
        return Err(Failure::invalid("file", "is empty"));
    }
    Ok((arrival.finish(claim).await?, name))
}

async fn remember(app: &Arc<App>, session: SessionId, file: File) -> Result<(), Failure> {
    let (quota, now) = (Arc::clone(app), app.now());
    let written = app.store.write(move |tx| {
        // An upload takes long enough for another login to have come first.
        if !tx.ended_among(&[session], now)?.is_empty() {
            return Err(Failure::Unauthorized);
        }
        let taken = tx.file_bytes(file.owner_id)?;
        let size = u64::try_from(file.size).unwrap_or_default();
        admit(&quota, taken, size)?;
        Ok::<_, Failure>(tx.add_file(&file)?)
    });
    match written.await {
        Err(Failure::Of(Error::Store(StoreError::DiskFull))) => Err(Failure::Full),
        written => written,
    }
}

/// 0303 where one more file of so many bytes is too much for its owner.
fn admit(app: &App, taken: i64, size: u64) -> Result<(), Failure> {
    let share = size.max(SMALLEST_SHARE.unsigned_abs());
    let after = taken.unsigned_abs().saturating_add(share);
    if after > app.config.files.quota_bytes {
        return Err(Failure::refused(Code::QuotaExceeded));
    }
    Ok(())
}

fn uploaded(file: &File) -> Uploaded {
    let side = |side: i64| u32::try_from(side).unwrap_or(u32::MAX);
    let thumb = file.thumb != Thumb::None;
    Uploaded {
        file_id: file.id,
        name: file.name.clone(),
        mime: file.mime.clone(),
        size: file.size.unsigned_abs(),
        width: file.pixels.map(|(width, _)| side(width)),
        height: file.pixels.map(|(_, height)| side(height)),
        thumb,
        url: url(file.id),
        thumb_url: thumb.then(|| thumb_url(file.id)),
    }
}

/// The file that a path names, for who may have it; 404 for everybody else, as though there were none.
pub(super) struct Requested(File);

impl FromRequestParts<Arc<App>> for Requested {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let Authenticated(session) = Authenticated::from_request_parts(parts, app).await?;
        let id: Result<Path<String>, PathRejection> = Path::from_request_parts(parts, app).await;
        let id = id.map_or(FileId::NIL, |Path(id)| FileId::read(&id));
        let file = app
            .store
            .read(move |view| view.file_for(id, session.user_id))
            .await?;
        file.map(Self).ok_or(Failure::NotFound("no such file"))
    }
}

/// A file, or parts of it.
pub(super) async fn content(
    State(app): State<Arc<App>>,
    Requested(file): Requested,
    request: Request,
) -> Reply {
    let shown = file.mime != DOWNLOAD;
    let disposition = name::disposition(&file.name, shown);
    let path = app.files.content(file.id);
    let mut response = serve(path, request).await?;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, header(&file.mime)?);
    headers.insert(CONTENT_DISPOSITION, header(&disposition)?);
    Ok(response)
}

/// The small picture of a file.
pub(super) async fn thumb(
    State(app): State<Arc<App>>,
    Requested(file): Requested,
    request: Request,
) -> Reply {
    let mime = match file.thumb {
        Thumb::None => return Err(Failure::NotFound("this file has no thumbnail")),
        Thumb::Jpeg => "image/jpeg",
        Thumb::Png => "image/png",
    };
    let mut response = serve(app.files.thumb(file.id), request).await?;
    response.headers_mut().insert(CONTENT_TYPE, header(mime)?);
    Ok(response)
}

fn header(value: &str) -> Result<HeaderValue, Failure> {
    HeaderValue::try_from(value).map_err(Failure::broken)
}

/// Whole, or the range that was asked for, or 304.
async fn serve(path: PathBuf, mut request: Request) -> Reply {
    let mut service = ServeFile::new(path).ignore_multi_range_requests(true);
    // A part is of use only to who has the rest of the same content.
    if let Some(wanted) = request.headers_mut().remove(IF_RANGE) {
        let mut probe = Request::new(Body::empty());
        *probe.method_mut() = Method::HEAD;
        let present = service.try_call(probe).await.map_err(Failure::broken)?;
        if present.headers().get(ETAG) != Some(&wanted) {
            request.headers_mut().remove(RANGE);
        }
    }
    let response = service.try_call(request).await.map_err(Failure::broken)?;
    if response.status() == StatusCode::NOT_FOUND {
        return Err(Failure::broken("a file has a row and no content"));
    }
    let mut response = response.map(Body::new);
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(CACHE_CONTROL, CACHED);
    Ok(response)
}
