//! Files: uploads, and downloads that can be gone on with.

use std::{path::Path, time::Duration};

use bytes::Bytes;
use hongyan_protocol::{
    Endpoint, file,
    file::Uploaded,
    id::FileId,
    kind::Kind,
    message::{Body, SendMsg},
};
use reqwest::{
    RequestBuilder, Response, StatusCode,
    header::RANGE,
    multipart::{Form, Part},
};
use tokio::time::timeout;

use crate::{
    CALL_DEADLINE, api,
    error::{Error, Result},
    session::Session,
};

/// How long a whole file may be on its way.
const FILE_DEADLINE: Duration = Duration::from_secs(60 * 60);

/// Has a message carry an uploaded file, as a picture where it is one. Its text is for clients that know no files.
#[must_use]
pub fn carrying(message: SendMsg, file: &Uploaded) -> SendMsg {
    let id = file.file_id.to_string();
    SendMsg {
        kind: Some(if file.thumb { Kind::Image } else { Kind::File }),
        // The server knows the rest.
        body: Some(Body::from_iter([("fileId".to_owned(), id.into())])),
        ..message
    }
}

impl Session {
    /// Uploads the file at `path`, under its name; the name's ending says what it claims to be. It is read as it is sent.
    /// A message has to carry it within a day (a setting of the server), or it ends. At most an hour.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it cannot be read. Refused with `FilesNotKept`, `FileTooLarge`, `QuotaExceeded`,
    /// `NotWhatItSays` or `PictureTooLarge`.
    pub async fn upload_file(&self, path: &Path) -> Result<Uploaded> {
        let part = Part::file(path).await.map_err(|error| {
            Error::Invalid(format!("{} cannot be read: {error}", path.display()))
        })?;
        self.send(part).await
    }

    /// As [`upload_file`](Self::upload_file), with what is in memory. `media_type` is what it claims to be, such as
    /// "image/png".
    ///
    /// # Errors
    /// Those of [`upload_file`](Self::upload_file).
    pub async fn upload(
        &self,
        name: &str,
        media_type: &str,
        content: impl Into<Bytes>,
    ) -> Result<Uploaded> {
        let content: Bytes = content.into();
        let length = content.len() as u64;
        let part = Part::stream_with_length(content, length).file_name(name.to_owned());
        let part = part.mime_str(media_type).map_err(|_| {
            Error::Invalid(format!("{media_type:?} is no media type; write image/png"))
        })?;
        self.send(part).await
    }

    async fn send(&self, part: Part) -> Result<Uploaded> {
        let request = self.request(Endpoint::UploadFile).timeout(FILE_DEADLINE);
        api::data(request.multipart(Form::new().part("file", part))).await
    }

    /// Begins to download a file, from its byte `from` on: what came before a cut need not come again.
    ///
    /// # Errors
    /// [`Error::Status`] 404 when there is no such file, or no message carries it that this user may read; 416 when the
    /// file has no such byte.
    pub async fn download(&self, file: FileId, from: u64) -> Result<Download> {
        Download::begin(self.get(&file::url(file)), from).await
    }

    /// Begins to download the thumbnail of a picture.
    ///
    /// # Errors
    /// [`Error::Status`] 404, also when it is no picture.
    pub async fn download_thumb(&self, file: FileId) -> Result<Download> {
        Download::begin(self.get(&file::thumb_url(file)), 0).await
    }
}

/// A file that is arriving.
#[derive(Debug)]
pub struct Download {
    response: Response,
}

impl Download {
    async fn begin(request: RequestBuilder, from: u64) -> Result<Self> {
        let request = request.timeout(FILE_DEADLINE);
        let beginning = match from {
            0 => api::content(request, StatusCode::OK),
            from => {
                let part = request.header(RANGE, format!("bytes={from}-"));
                api::content(part, StatusCode::PARTIAL_CONTENT)
            }
        };
        let response = timeout(CALL_DEADLINE, beginning).await;
        let response = response.map_err(|_| Error::Timeout(CALL_DEADLINE))??;
        Ok(Self { response })
    }

    /// How many bytes are to come, when the server says so.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// The next part; `None` at the end.
    ///
    /// # Errors
    /// [`Error::Timeout`] when nothing comes for 30 s, [`Error::Transport`] when the connection is cut.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        let part = timeout(CALL_DEADLINE, self.response.chunk()).await;
        Ok(part.map_err(|_| Error::Timeout(CALL_DEADLINE))??)
    }

    /// All of it, in memory.
    ///
    /// # Errors
    /// Those of [`next`](Self::next).
    pub async fn bytes(mut self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        while let Some(part) = self.next().await? {
            bytes.extend_from_slice(&part);
        }
        Ok(bytes)
    }
}
