//! One kept socket of one operation: requests go out one after the other, and answers come back in the same order.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{SinkExt, StreamExt, stream::SplitSink, stream::SplitStream};
use hongyan_protocol::Answer;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    error::{Error, Result},
    socket::{RawSocket, Stream},
};

/// Requests that wait to be written; at the bound callers wait.
const QUEUE: usize = 64;
/// Requests written but not answered; at the bound writing pauses.
const IN_FLIGHT: usize = 256;
/// How long a socket that nobody needs any more may take for its goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// Where the answer to one request goes.
type Waiting = oneshot::Sender<Result<Answer, Lost>>;

/// Why a request got no answer.
#[derive(Debug)]
pub(crate) enum Lost {
    /// It never left: another socket may carry it.
    Unsent(Error),
    /// It was written, and whether it took effect is unknown.
    Unanswered(Error),
}

struct Queued {
    frame: Arc<str>,
    answer: Waiting,
}

/// The callers' end. When the last clone is dropped, the socket is closed.
#[derive(Clone)]
pub(crate) struct Pipeline {
    queue: mpsc::Sender<Queued>,
    /// Why the socket is gone, once it is.
    end: Arc<OnceLock<Error>>,
    /// Whether further calls take another socket, though this one is not gone.
    given_up: Arc<AtomicBool>,
}

impl Pipeline {
    pub(crate) fn over(socket: RawSocket) -> Self {
        let (queue, queued) = mpsc::channel(QUEUE);
        let end = Arc::new(OnceLock::new());
        tokio::spawn(run(socket.into_stream(), queued, Arc::clone(&end)));
        Self {
            queue,
            end,
            given_up: Arc::default(),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        !self.queue.is_closed() && !self.given_up.load(Ordering::Relaxed)
    }

    /// Has further calls take another socket: this one may have died without a word. Those who still wait for their
    /// answers here go on waiting, each for its own time, and hear what becomes of this socket.
    pub(crate) fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    /// Sends one frame and waits for its own answer.
    pub(crate) async fn ask(&self, frame: Arc<str>) -> Result<Answer, Lost> {
        let closed = || {
            let end = self.end.get().cloned();
            end.unwrap_or(Error::Closed { code: None })
        };
        let (answer, answered) = oneshot::channel();
        self.queue
            .send(Queued { frame, answer })
            .await
            .map_err(|_| Lost::Unsent(closed()))?;
        answered
            .await
            .unwrap_or_else(|_| Err(Lost::Unanswered(closed())))
    }
}

/// Reads and writes until the socket or the callers are gone; then tells all who still wait.
async fn run(stream: Stream, mut queued: mpsc::Receiver<Queued>, told: Arc<OnceLock<Error>>) {
    let (mut sink, mut stream) = stream.split();
    let (waiting, mut answerable) = mpsc::channel(IN_FLIGHT);
    let mut code = None;
    // Both at once: a server that waits for us to read its answers must not keep us from reading them.
    let end = tokio::select! {
        end = read(&mut stream, &mut answerable, &mut code) => end,
        written = write(&mut sink, &mut queued, &waiting) => match written {
            // A failed write often means that the server's reason for closing is there to be read.
            Err(error) => match timeout(GOODBYE, read(&mut stream, &mut answerable, &mut code)).await {
                Ok(end @ Error::Closed { code: Some(_) }) => end,
                _ => error,
            },
            Ok(()) => timeout(GOODBYE, async {
                _ = sink.close().await;
                read(&mut stream, &mut answerable, &mut code).await
            }).await.unwrap_or(Error::Closed { code: None }),
        },
    };
    // Told before the queue closes: whoever finds it closed finds the reason too.
    let end = told.get_or_init(|| end);
    queued.close();
    answerable.close();
    while let Some(waiting) = answerable.recv().await {
        _ = Waiting::send(waiting, Err(Lost::Unanswered(end.clone())));
    }
    while let Some(Queued { answer, .. }) = queued.recv().await {
        _ = answer.send(Err(Lost::Unsent(end.clone())));
    }
}

async fn write(
    sink: &mut SplitSink<Stream, Message>,
    queued: &mut mpsc::Receiver<Queued>,
    waiting: &mpsc::Sender<Waiting>,
) -> Result<()> {
    while let Some(Queued { frame, answer }) = queued.recv().await {
        if waiting.send(answer).await.is_err() {
            return Err(Error::Closed { code: None });
        }
        sink.send(Message::text(&*frame)).await?;
    }
    Ok(())
}

/// Passes answers on until the socket is gone. `code` outlives this reading: a close may be read here, and make a write
/// fail before this has told.
async fn read(
    stream: &mut SplitStream<Stream>,
    answerable: &mut mpsc::Receiver<Waiting>,
    code: &mut Option<u16>,
) -> Error {
    while let Some(message) = stream.next().await {
        match message {
            Ok(Message::Text(text)) => {
                let Ok(waiting) = answerable.try_recv() else {
                    return Error::Protocol("an answer that nobody asked for".to_owned());
                };
                let answer = match serde_json::from_str(&text) {
                    Ok(answer) => answer,
                    Err(error) => {
                        let error = Error::Protocol(error.to_string());
                        _ = waiting.send(Err(Lost::Unanswered(error.clone())));
                        return error;
                    }
                };
                _ = waiting.send(Ok(answer));
            }
            Ok(Message::Close(frame)) => *code = frame.map(|frame| frame.code.into()),
            Ok(Message::Binary(_)) => return Error::Protocol("a binary frame".to_owned()),
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => {}
            Err(_) if code.is_some() => break,
            Err(error) => return error.into(),
        }
    }
    Error::Closed { code: *code }
}
