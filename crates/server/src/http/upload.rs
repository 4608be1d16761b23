//! A form with a file in it, read as it comes: nothing large is in memory, nothing waits for ever, and whoever is refused
//! halfway hears why.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
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
    http::{HeaderMap, StatusCode, header::CONTENT_LENGTH, request::Parts},
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
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
    pub(super) async fn of(head: Parts, body: Source, span: Duration) -> Result<Self, Failure> {
        let begun = Arc::new(AtomicBool::new(false));
        let gate = Body::from_stream(Gate {
            body,
            left: AROUND,
            begun: Arc::clone(&begun),
        });
        let form = Multipart::from_request(Request::from_parts(head, gate), &()).await;
        let form = form.map_err(|error| Failure::invalid("body", error.body_text()))?;
        Ok(Self {
            form,
            begun,
            pace: Pace::new(span),
        })
    }

    /// The first field, which has this name, and the pace at which its content has to come.
    pub(super) async fn file(&mut self, name: &str) -> Result<Content<'_>, Failure> {
        let Self {
            form, begun, pace, ..
        } = self;
        let first = pace.keep(form.next_field()).await?.map_err(unreadable)?;
        let field = first
            .filter(|field| field.name() == Some(name))
            .ok_or_else(|| Failure::invalid(name, "is missing, or not the first field"))?;
        begun.store(true, Ordering::Relaxed);
        Ok(Content { field, pace })
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

/// A body that the form reads, and that can be read past it.
#[derive(Clone)]
pub(super) struct Source(Arc<Mutex<BodyDataStream>>);

impl Source {
    pub(super) fn of(body: Body) -> Self {
        Self(Arc::new(Mutex::new(body.into_data_stream())))
    }

    /// Reads on for a while, to nobody's use but the client's, who is still sending and has been answered. Past the form,
    /// which would keep what it cannot read yet, and look through all of that at every part.
    pub(super) fn hear_out(mut self) {
        let listen = async move { while let Some(Ok(_)) = self.next().await {} };
        tokio::spawn(timeout(HEAR_OUT, listen));
    }
}

impl Stream for Source {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        body.poll_next_unpin(cx)
    }
}

/// A body of which little is let through before its file begins: names and headers of fields are read into memory.
struct Gate {
    body: Source,
    left: u64,
    begun: Arc<AtomicBool>,
}

impl Stream for Gate {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let part = self.body.poll_next_unpin(cx);
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
    use axum::http::header::CONTENT_TYPE;
    use futures_util::stream::poll_fn;
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn what_a_refused_client_goes_on_sending_is_read_though_it_is_no_form() {
        let (sender, mut sent) = mpsc::channel::<Result<Bytes, axum::Error>>(1);
        let body = Source::of(Body::from_stream(poll_fn(move |cx| sent.poll_recv(cx))));
        let head = Request::builder()
            .header(CONTENT_TYPE, "multipart/form-data; boundary=x")
            .body(())
            .unwrap();
        let (head, ()) = head.into_parts();
        let upload = Upload::of(head, body.clone(), HEAR_OUT).await.unwrap();
        drop(upload);
        body.hear_out();
        for _ in 0..100 {
            let part = Bytes::from_static(b"--x\r\n\0 is no name of a header\r\n\r\n");
            sender.send(Ok(part)).await.expect("it is read on");
        }
    }

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
