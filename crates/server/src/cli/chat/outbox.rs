//! Messages on their way: one after the other, through failures, while typing goes on.

use std::time::Duration;

use hongyan_client::{
    Session,
    protocol::{Code, message::SendMsg},
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

/// A line and what its conversation is called.
type Line = (String, SendMsg);

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
            while let Some((label, draft)) = waiting.recv().await {
                match session.send_reliably(draft).await {
                    Ok(_) => {}
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
        if let Err(refused) = self.lines.send((label, draft)).await {
            let (label, _) = refused.0;
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
