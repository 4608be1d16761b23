//! Events without end: a notice connection that comes back.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::Stream;
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep},
};

use crate::{
    backoff::Backoff,
    error::{DISPLACED, Error, Result},
    notices::{Event, Notices},
    repeats::Repeats,
    session::Session,
};

/// News that wait to be taken; at the bound the socket is not read, so the server waits and at last closes it.
const QUEUE: usize = 256;
/// A connection that held for so long was a good one: the next wait is short again.
const GOOD: Duration = Duration::from_secs(5);

/// What [`Events`] tell.
#[derive(Clone, Debug)]
pub enum News {
    /// The notice connection is open.
    Connected,
    /// Something happened.
    Event(Event),
    /// The connection is lost, or could not be opened; the next try comes after this wait.
    Disconnected { why: Error, retry_in: Duration },
    /// The end: only a new login helps.
    LoggedOut(LogoutReason),
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogoutReason {
    /// The account logged in elsewhere (4001).
    Elsewhere,
    /// The session ended or ran out (1008).
    Over,
}

/// News until the session is over: connects again after 250 ms to 30 s whenever the connection is lost, and drops
/// repeated messages. Dropping it closes the connection.
#[derive(Debug)]
pub struct Events {
    news: mpsc::Receiver<News>,
    task: JoinHandle<()>,
}

impl Events {
    pub(crate) fn of(session: Session) -> Self {
        let (tell, news) = mpsc::channel(QUEUE);
        let task = tokio::spawn(run(session, tell));
        Self { news, task }
    }

    /// The next news; none after [`News::LoggedOut`]. May be dropped while it waits: nothing is lost.
    pub async fn next(&mut self) -> Option<News> {
        self.news.recv().await
    }
}

impl Stream for Events {
    type Item = News;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<News>> {
        self.news.poll_recv(context)
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(session: Session, tell: mpsc::Sender<News>) {
    let mut backoff = Backoff::default();
    let mut repeats = Repeats::new();
    loop {
        let why = match session.notices().await {
            Ok(notices) => {
                let opened = Instant::now();
                let Err(why) = pass_on(notices, &mut repeats, &tell).await else {
                    return;
                };
                if opened.elapsed() >= GOOD {
                    backoff.reset();
                }
                why
            }
            Err(why) => why,
        };
        if why.is_logged_out() {
            let reason = match why {
                Error::Closed {
                    code: Some(DISPLACED),
                } => LogoutReason::Elsewhere,
                _ => LogoutReason::Over,
            };
            // Whoever does not listen any more needs no reason.
            _ = tell.send(News::LoggedOut(reason)).await;
            return;
        }
        let retry_in = backoff.next();
        if tell
            .send(News::Disconnected { why, retry_in })
            .await
            .is_err()
        {
            return;
        }
        sleep(retry_in).await;
    }
}

/// Passes events on until the connection is lost (an error), or nobody listens any more (success).
async fn pass_on(
    mut notices: Notices,
    repeats: &mut Repeats,
    tell: &mpsc::Sender<News>,
) -> Result<()> {
    if tell.send(News::Connected).await.is_err() {
        return Ok(());
    }
    loop {
        let event = match notices.next().await {
            Ok(event) => event,
            // One frame that cannot be read is no reason to lose the others.
            Err(Error::Protocol(why)) => {
                tracing::warn!(why, "passed over an event that could not be read");
                continue;
            }
            Err(why) => return Err(why),
        };
        if !repeats.is_repeat(&event) && tell.send(News::Event(event)).await.is_err() {
            return Ok(());
        }
    }
}
