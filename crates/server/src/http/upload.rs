//! A form with a file in it, read as it comes: nothing large is in memory, nothing waits for ever, and whoever is refused
//! halfway hears why.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, BodyDataStream},
    extract::{
        FromRequest, Multipart, Request,
        multipart::{Field, MultipartError},
    },
    http::{HeaderMap, StatusCode, header::CONTENT_LENGTH},
};
use bytes::Bytes;
use futures_util::Stream;
use tokio::time::{Instant, timeout, timeout_at};

use super::answer::Failure;

/// Bytes of a form before its file begins, and around it.
pub(super) const AROUND: u64 = 64 * 1024;

/// Bytes that have to come within each span of time.
const SLOWEST: usize = 4 * 1024;

/// How long a client that was refused may go on sending before the connection is closed: one that is closed at once
/// would take the answer with it.
const HEAR_OUT: Duration = Duration::from_secs(5);

/// A multipart form that holds a file.
pub(super) struct Upload {
    form: Multipart,
    begun: Arc<AtomicBool>,
    pace: Pace,
}

impl Upload {
    /// Begins to read; at least 4 KiB have to come within each `span`.
    pub(super) async fn of(request: Request, span: Duration) -> Result<Self, Failure> {
        let begun = Arc::new(AtomicBool::new(false));
        let gate = |body: Body| {
            Body::from_stream(Gate {
                body: body.into_data_stream(),
                left: AROUND,
                begun: Arc::clone(&begun),
            })
        };
        let form = Multipart::from_request(request.map(gate), &()).await;
        let form = form.map_err(|error| Failure::invalid("body", error.body_text()))?;
        Ok(Self {
            form,
            begun,
            pace: Pace::new(span),
        })
    }

    /// The first field, which has this name, and the pace at which its content has to come.
    pub(super) async fn file(&mut self, name: &str) -> Result<Content<'_>, Failure> {
        let Self { form, begun, pace } = self;
        let first = pace.keep(form.next_field()).await?.map_err(unreadable)?;
        let field = first
            .filter(|field| field.name() == Some(name))
            .ok_or_else(|| Failure::invalid(name, "is missing, or not the first field"))?;
        begun.store(true, Ordering::Relaxed);
        Ok(Content { field, pace })
    }

    /// Reads on for a while, to nobody's use but the client's, who is still sending and has been answered.
    pub(super) fn hear_out(self) {
        let Self {
            mut form, begun, ..
        } = self;
        begun.store(true, Ordering::Relaxed);
        let listen = async move {
            while let Ok(Some(mut field)) = form.next_field().await {
                while let Ok(Some(_)) = field.chunk().await {}
            }
        };
        tokio::spawn(timeout(HEAR_OUT, listen));
    }
}

/// The content of a file on its way in.
pub(super) struct Content<'a> {
    pub(super) field: Field<'a>,
    pace: &'a mut Pace,
}

impl Content<'_> {
    /// The next part; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        let part = self.pace.keep(self.field.chunk()).await?;
        let part = part.map_err(unreadable)?;
        self.pace.came(part.as_ref().map_or(0, Bytes::len));
        Ok(part)
    }
}

/// `Content-Length`; a body that comes in chunks has none.
pub(super) fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn unreadable(error: MultipartError) -> Failure {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Failure::TooLarge,
        _ => Failure::invalid("body", error.body_text()),
    }
}

/// How slowly a body may come.
struct Pace {
    span: Duration,
    until: Instant,
    bytes: usize,
}

impl Pace {
    fn new(span: Duration) -> Self {
        Self {
            span,
            until: Instant::now() + span,
            bytes: 0,
        }
    }

    async fn keep<T>(&self, step: impl Future<Output = T>) -> Result<T, Failure> {
        timeout_at(self.until, step)
            .await
            .map_err(|_| Failure::Slow)
    }

    fn came(&mut self, bytes: usize) {
        self.bytes += bytes;
        if self.bytes >= SLOWEST {
            *self = Self::new(self.span);
        }
    }
}

/// A body of which little is let through before its file begins: names and headers of fields are read into memory.
struct Gate {
    body: BodyDataStream,
    left: u64,
    begun: Arc<AtomicBool>,
}

impl Stream for Gate {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let part = Pin::new(&mut self.body).poll_next(cx);
        if let Poll::Ready(Some(Ok(bytes))) = &part
            && !self.begun.load(Ordering::Relaxed)
        {
            let Some(left) = self.left.checked_sub(bytes.len() as u64) else {
                let error = axum::Error::new("too much stands before the file");
                return Poll::Ready(Some(Err(error)));
            };
            self.left = left;
        }
        part
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_body_may_be_slow_and_not_stall() {
        let span = Duration::from_secs(30);
        let mut pace = Pace::new(span);
        let part = || tokio::time::sleep(Duration::from_secs(20));
        for _ in 0..100 {
            assert!(pace.keep(part()).await.is_ok());
            pace.came(SLOWEST);
        }
        // Bytes that drip buy no time.
        assert!(pace.keep(part()).await.is_ok());
        pace.came(SLOWEST - 1);
        assert!(matches!(pace.keep(part()).await, Err(Failure::Slow)));
    }
}
