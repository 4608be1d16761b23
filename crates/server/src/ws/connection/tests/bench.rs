//! The other end of a connection under test: a client over a pipe, and a handler whose answers the test holds.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf},
    sync::oneshot,
    task::JoinHandle,
};

use super::*;

/// A frame as a client sends it.
pub(super) fn client_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..126 => bytes.push(0x80 | length as u8),
        length => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
        }
    }
    let mask = [7, 0, 0xFF, 1];
    bytes.extend_from_slice(&mask);
    bytes.extend(
        payload
            .iter()
            .zip(mask.iter().cycle())
            .map(|(byte, key)| byte ^ key),
    );
    bytes
}

/// What the server sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    Text(String),
    Binary(Vec<u8>),
    Ping,
    Pong(Vec<u8>),
    Close(Option<u16>),
    End,
}

/// Counts the writes that accept something.
struct Counted {
    stream: DuplexStream,
    writes: Arc<AtomicUsize>,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let taken = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if taken.is_ready() {
            self.writes.fetch_add(1, Ordering::Relaxed);
        }
        taken
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Echoes; requests that the test holds are answered when it lets them go.
#[derive(Clone, Default)]
struct Desk(Arc<Mutex<Papers>>);

#[derive(Default)]
struct Papers {
    held: HashMap<String, oneshot::Receiver<()>>,
    begun: Vec<String>,
    done: HashMap<String, oneshot::Sender<()>>,
    finished: HashMap<String, oneshot::Receiver<()>>,
    marks: Vec<Mark>,
}

impl Desk {
    fn papers(&self) -> MutexGuard<'_, Papers> {
        self.0.lock().unwrap()
    }
}

impl Handler for Desk {
    fn text(&mut self, text: &str) -> Step {
        let mut papers = self.papers();
        papers.begun.push(text.to_owned());
        match text {
            "ignore" => return Step::Ignore,
            "close" => return Step::Close(close::POLICY, "as asked"),
            _ => {}
        }
        let answer = text.to_owned();
        let Some(held) = papers.held.remove(text) else {
            return Step::Reply(Frame::text(answer));
        };
        let done = papers.done.remove(text);
        Step::Later(Box::pin(async move {
            held.await.ok();
            done.map(|done| done.send(()));
            Frame::text(answer)
        }))
    }

    fn binary(&mut self, payload: &[u8]) -> Step {
        Step::Reply(Frame::binary(payload))
    }

    fn written(&mut self, mark: Mark) {
        self.papers().marks.push(mark);
    }
}

/// How a connection under test begins.
pub(super) struct Setup {
    pub(super) limits: Limits,
    pub(super) early: Vec<u8>,
    /// Bytes that the pipe holds in each direction.
    pub(super) pipe: usize,
}

pub(super) struct Bench {
    pub(super) outbox: Arc<Outbox>,
    desk: Desk,
    reader: ReadHalf<DuplexStream>,
    writer: Option<WriteHalf<DuplexStream>>,
    writes: Arc<AtomicUsize>,
    connection: JoinHandle<Closed>,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(super) fn with(change: impl FnOnce(&mut Setup)) -> Self {
        let mut setup = Setup {
            limits: Limits::default(),
            early: Vec::new(),
            pipe: 4096,
        };
        change(&mut setup);
        let (ours, theirs) = tokio::io::duplex(setup.pipe);
        let (reader, writer) = tokio::io::split(ours);
        let writes = Arc::new(AtomicUsize::new(0));
        let stream = Counted {
            stream: theirs,
            writes: Arc::clone(&writes),
        };
        let limits = Arc::new(setup.limits);
        let outbox = Arc::new(Outbox::new(&limits));
        let desk = Desk::default();
        let connection = Connection::new(
            stream,
            Bytes::from(setup.early),
            Arc::clone(&outbox),
            desk.clone(),
            limits,
        );
        Self {
            outbox,
            desk,
            reader,
            writer: Some(writer),
            writes,
            connection: tokio::spawn(connection.run()),
        }
    }

    /// Has the request `text` wait for the sender; `finished` awaits its end.
    pub(super) fn hold(&self, text: &str) -> oneshot::Sender<()> {
        let (release, held) = oneshot::channel();
        let (done, finished) = oneshot::channel();
        let mut papers = self.desk.papers();
        papers.held.insert(text.to_owned(), held);
        papers.done.insert(text.to_owned(), done);
        papers.finished.insert(text.to_owned(), finished);
        release
    }

    pub(super) async fn finished(&self, text: &str) {
        let finished = self.desk.papers().finished.remove(text).unwrap();
        finished.await.unwrap();
    }

    pub(super) fn begun(&self) -> Vec<String> {
        self.desk.papers().begun.clone()
    }

    /// What had begun when a task got its turn that became ready after the connection.
    pub(super) async fn begun_when_another_task_runs(&self) -> usize {
        let desk = self.desk.clone();
        let other = tokio::spawn(async move { desk.papers().begun.len() });
        other.await.unwrap()
    }

    pub(super) fn marks(&self) -> Vec<Mark> {
        self.desk.papers().marks.clone()
    }

    pub(super) fn writes(&self) -> usize {
        self.writes.load(Ordering::Relaxed)
    }

    pub(super) async fn say(&mut self, text: &str) {
        self.write(&client_frame(0x81, text.as_bytes())).await;
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) {
        self.writer
            .as_mut()
            .unwrap()
            .write_all(bytes)
            .await
            .unwrap();
    }

    /// Writes all of `bytes` while the test goes on; gives the writing end back.
    pub(super) fn write_in_background(
        &mut self,
        bytes: Vec<u8>,
    ) -> JoinHandle<WriteHalf<DuplexStream>> {
        let mut writer = self.writer.take().unwrap();
        tokio::spawn(async move {
            writer.write_all(&bytes).await.unwrap();
            writer
        })
    }

    /// Drops the client's end of the pipe.
    pub(super) fn hang_up(&mut self) {
        let (reader, _) = tokio::io::split(tokio::io::duplex(1).0);
        self.reader = reader;
        self.writer = None;
    }

    /// Returns once every task has done what it can without time passing by more than a moment.
    pub(super) async fn idle(&self) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    pub(super) async fn read(&mut self) -> Said {
        let Ok(first) = self.reader.read_u8().await else {
            return Said::End;
        };
        let length = match self.reader.read_u8().await.unwrap() {
            126 => u64::from(self.reader.read_u16().await.unwrap()),
            127 => self.reader.read_u64().await.unwrap(),
            length => u64::from(length),
        };
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.reader.read_exact(&mut payload).await.unwrap();
        match first {
            0x81 => Said::Text(String::from_utf8(payload).unwrap()),
            0x82 => Said::Binary(payload),
            0x88 => Said::Close(payload.first_chunk().map(|code| u16::from_be_bytes(*code))),
            0x89 => Said::Ping,
            0x8A => Said::Pong(payload),
            other => panic!("a frame that begins with {other:#x}"),
        }
    }

    pub(super) async fn closed(&mut self) -> Closed {
        (&mut self.connection).await.unwrap()
    }

    pub(super) fn is_running(&self) -> bool {
        !self.connection.is_finished()
    }

    pub(super) fn abort(&self) {
        self.connection.abort();
    }
}
