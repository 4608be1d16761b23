//! Sending through failures: the same `clientMsgId` on every try, so that nothing is sent twice.

use std::time::Duration;

use hongyan_protocol::{
    id::MsgId,
    message::{SendMsg, Sent},
    text::Text,
};
use tokio::time::sleep;

use crate::{
    backoff::Backoff,
    error::{Error, Result},
    session::Session,
};

/// Tries in all; with the waits between them about two minutes.
const TRIES: u32 = 10;
/// The longest wait that a server may ask for; a longer one is told to the caller instead.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

impl Session {
    /// Sends a message and tries again while the network or the server fails (9998), or has too much to do (9996, after
    /// the wait that it asks for): at most 10 tries, between them 250 ms to 30 s, or up to 60 s when the server says so.
    /// A missing `clientMsgId` is set, so the message is in the log once, however often it was sent. For as long as the
    /// server answers, it takes a few ms; at worst it takes some minutes.
    ///
    /// # Errors
    /// Every refusal at once; the last failure when all tries failed (send the same draft with the same `clientMsgId`
    /// later, or the message may be there twice).
    pub async fn send_reliably(&self, draft: SendMsg) -> Result<Sent> {
        let mut draft = draft;
        if draft.client_msg_id.is_none() {
            let mark = Text::new(MsgId::mint().to_string()).map_err(Error::Invalid)?;
            draft.client_msg_id = Some(mark);
        }
        let mut backoff = Backoff::default();
        for _ in 1..TRIES {
            let error = match self.ask(&draft).await {
                Ok(sent) => return Ok(sent),
                Err(error) => error,
            };
            let wait = error.retry_after().unwrap_or_else(|| backoff.next());
            if !error.is_transient() || wait > LONGEST_WAIT {
                return Err(error);
            }
            tracing::debug!(%error, ?wait, "a message is sent again");
            sleep(wait).await;
        }
        self.ask(&draft).await
    }
}
