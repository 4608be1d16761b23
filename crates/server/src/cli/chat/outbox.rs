//! Messages on their way: one after the other, through failures, while typing goes on.

use std::{path::PathBuf, time::Duration};

use hongyan_client::{
    Error, Session, carrying,
    protocol::{Code, message::SendMsg, text::Text},
};
use tokio::{
    sync::mpsc::{self, Sender},
    task::JoinHandle,
    time::timeout,
};

use super::screen::Screen;

/// Lines that may wait to be sent; at the bound typing waits.
const WAITING: usize = 64;
/// How long the waiting lines may take when the user leaves.
const LAST_LINES: Duration = Duration::from_secs(15);

/// What waits to be sent.
struct Line {
    /// What its conversation is called.
    label: String,
    draft: SendMsg,
    /// What it carries, once that is uploaded.
    file: Option<PathBuf>,
}

pub(super) struct Outbox {
    lines: Sender<Line>,
    task: JoinHandle<()>,
    screen: Screen,
}

impl Outbox {
    pub(super) fn new(session: Session, screen: Screen) -> Self {
        let (lines, mut waiting) = mpsc::channel::<Line>(WAITING);
        let shown = screen.clone();
        let task = tokio::spawn(async move {
            while let Some(Line { label, draft, file }) = waiting.recv().await {
                match send(&session, draft, file).await {
                    Ok(()) => {}
                    Err(error) if error.code() == Some(Code::TargetOffline) => shown.say(format!(
                        "! {label} is offline and the server keeps no messages: send it again when they are online."
                    )),
                    Err(error) => shown.say(format!("! A line to {label} was not sent: {error}")),
                }
            }
        });
        Self {
            lines,
            task,
            screen,
        }
    }

    /// Puts a line at the end. The sending task ends only with this outbox, so it takes every line.
    pub(super) async fn put(&self, label: String, draft: SendMsg) {
        let file = None;
        self.put_line(Line { label, draft, file }).await;
    }

    /// Puts a file at the end.
    pub(super) async fn put_file(&self, label: String, draft: SendMsg, file: PathBuf) {
        let file = Some(file);
        self.put_line(Line { label, draft, file }).await;
    }

    async fn put_line(&self, line: Line) {
        if let Err(refused) = self.lines.send(line).await {
            let Line { label, .. } = refused.0;
            self.screen.say(format!(
                "! A line to {label} was not sent: sending has stopped. Leave with /quit and come back."
            ));
        }
    }

    /// Waits until everything is sent.
    pub(super) async fn finish(self) {
        drop(self.lines);
        let abort = self.task.abort_handle();
        if timeout(LAST_LINES, self.task).await.is_err() {
            abort.abort();
            self.screen
                .say("! The last lines may not have been sent: look when you are back.");
        }
    }
}

/// Uploads the file, if there is one, and sends the line. Clients that know no files show its name and where it is.
async fn send(session: &Session, draft: SendMsg, file: Option<PathBuf>) -> Result<(), Error> {
    let message = match file {
        None => draft,
        Some(path) => {
            let uploaded = session.upload_file(&path).await?;
            let address = session.client().address_of(&uploaded.url);
            let text = format!("{}: {address}", uploaded.name);
            let msg = Text::new(text).map_err(Error::Invalid)?;
            carrying(SendMsg { msg, ..draft }, &uploaded)
        }
    };
    session.send_reliably(message).await.map(drop)
}
