//! A notice connection: what the server pushes, as it comes.

use std::time::Duration;

use hongyan_protocol::{
    EventType, Happening,
    event::{ReceivedEvent, SYSTEM},
    id::UserId,
};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::{
    error::{Error, Result},
    socket::RawSocket,
};

/// How often the server is asked whether it still lives.
const PING_EVERY: Duration = Duration::from_secs(30);

/// One thing that happened, as the server told it.
#[derive(Clone, Debug)]
pub struct Event(ReceivedEvent);

impl Event {
    pub(crate) fn read(json: &str) -> Result<Self> {
        serde_json::from_str(json)
            .map(Self)
            .map_err(|error| Error::Protocol(error.to_string()))
    }

    /// Its name; none for one that this client does not know yet: pass over it.
    #[must_use]
    pub fn event_type(&self) -> Option<EventType> {
        EventType::from_name(&self.0.event_type)
    }

    /// Its name on the wire.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.event_type
    }

    /// Whose doing it is; none: the server's.
    #[must_use]
    pub fn from(&self) -> Option<UserId> {
        (self.0.from_user_id != SYSTEM).then(|| UserId::read(&self.0.from_user_id))
    }

    /// Whom it was sent to.
    #[must_use]
    pub fn to(&self) -> UserId {
        UserId::read(&self.0.to_user_id)
    }

    /// ms since 1970
    #[must_use]
    pub fn time(&self) -> i64 {
        self.0.time
    }

    /// Its `data`, as what the event's row in [`Happening`] holds.
    ///
    /// # Errors
    /// [`Error::Protocol`] when it is something else, or absent.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T> {
        let data = self
            .0
            .data
            .as_ref()
            .ok_or_else(|| Error::Protocol(format!("{} without data", self.0.event_type)))?;
        T::deserialize(data)
            .map_err(|error| Error::Protocol(format!("{}: {error}", self.0.event_type)))
    }

    /// What happened, with its `data`; none for an event that this client does not know yet.
    ///
    /// # Errors
    /// [`Error::Protocol`] when `data` is not what the event's row says.
    pub fn happening(&self) -> Result<Option<Happening>> {
        let Some(event_type) = self.event_type() else {
            return Ok(None);
        };
        Ok(Some(match event_type {
            EventType::ChatF2f => Happening::ChatF2f(self.data()?),
            EventType::ChatGroup => Happening::ChatGroup(self.data()?),
            EventType::FriendAdd => Happening::FriendAdd(self.data()?),
            EventType::FriendAddResult => Happening::FriendAddResult(self.data()?),
            EventType::FriendDeleted => Happening::FriendDeleted,
            EventType::FriendStatusChange => Happening::FriendStatusChange(self.data()?),
            EventType::GroupInvite => Happening::GroupInvite(self.data()?),
            EventType::GroupKickedOut => Happening::GroupKickedOut(self.data()?),
            EventType::GroupAdd => Happening::GroupAdd(self.data()?),
            EventType::GroupAddResult => Happening::GroupAddResult(self.data()?),
            EventType::GroupLeave => Happening::GroupLeave(self.data()?),
            EventType::GroupJoin => Happening::GroupJoin(self.data()?),
            EventType::GroupInviteResult => Happening::GroupInviteResult(self.data()?),
            EventType::FriendUpdated => Happening::FriendUpdated(self.data()?),
            EventType::GroupUpdated => Happening::GroupUpdated(self.data()?),
            EventType::GroupRole => Happening::GroupRole(self.data()?),
            EventType::GroupMuted => Happening::GroupMuted(self.data()?),
            EventType::GroupMemberUpdated => Happening::GroupMemberUpdated(self.data()?),
            EventType::GroupDissolved => Happening::GroupDissolved(self.data()?),
            EventType::ForcedLogout => Happening::ForcedLogout,
            EventType::ChatRecall => Happening::ChatRecall(self.data()?),
            EventType::ChatEdit => Happening::ChatEdit(self.data()?),
            EventType::ChatReaction => Happening::ChatReaction(self.data()?),
            EventType::ChatRead => Happening::ChatRead(self.data()?),
            EventType::ChatTyping => Happening::ChatTyping(self.data()?),
            EventType::ChatSettings => Happening::ChatSettings(self.data()?),
            EventType::ChatKeep => Happening::ChatKeep(self.data()?),
            EventType::ListsChanged => Happening::ListsChanged(self.data()?),
            EventType::UserUpdated => Happening::UserUpdated(self.data()?),
            EventType::Ready => Happening::Ready(self.data()?),
        }))
    }

    /// The event as it stands on the wire.
    #[must_use]
    pub fn received(&self) -> &ReceivedEvent {
        &self.0
    }
}

/// A notice connection. As long as it is open, the user is online. Nothing is queued here beyond the socket's own
/// buffers: who does not call [`next`](Self::next) makes the server wait, and the server closes on who is too slow.
pub struct Notices {
    socket: RawSocket,
    ping: Interval,
}

impl Notices {
    pub(crate) fn over(socket: RawSocket) -> Self {
        let mut ping = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        // Whoever did not listen for long must not send two pings at once and miss the answer in between.
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { socket, ping }
    }

    /// The next event. May be dropped while it waits: nothing is lost.
    ///
    /// # Errors
    /// [`Error::Closed`] at the end: 4001 when the account logged in elsewhere, 1008 when the session is over (log in
    /// again), another code or none: connect again. [`Error::Timeout`] when nothing, not even an answer to our pings,
    /// has come for 60 s.
    pub async fn next(&mut self) -> Result<Event> {
        loop {
            tokio::select! {
                biased;
                frame = self.socket.next_sign_of_life() => {
                    if let Some(json) = frame? {
                        return Event::read(&json);
                    }
                }
                _ = self.ping.tick() => {
                    if self.socket.unanswered_ping() {
                        return Err(Error::Timeout(2 * PING_EVERY));
                    }
                    self.socket.ping().await?;
                }
            }
        }
    }

    /// The close code that the server sent, after [`next`](Self::next) said [`Error::Closed`].
    #[must_use]
    pub fn close_code(&self) -> Option<u16> {
        self.socket.close_code()
    }

    /// Drops what comes until the connection is over, and gives the close code. Waits without a bound.
    pub async fn closed(&mut self) -> Option<u16> {
        self.socket.closed().await
    }

    /// Says goodbye and waits at most 10 s for the server's; the user goes offline if this was their last connection.
    pub async fn close(self) {
        self.socket.close().await;
    }
}
