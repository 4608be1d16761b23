//! What happened, turned into frames for those who hear of it.

use std::sync::Arc;

use hongyan_protocol::{
    Event, EventType,
    id::{ConversationId, UserId},
};

use super::{Hub, Tasks};
use crate::{
    app::App,
    ws::{Mark, Template},
};

/// An event and who hears of it.
#[derive(Debug)]
pub struct Told {
    pub event: Event,
    pub to: Audience,
    /// For an entry of a log: its conversation and place there.
    pub stored_at: Option<(ConversationId, i64)>,
    /// Who did it, and to whom: heard on their own multiplexed sockets, so that these see every entry of a log.
    pub echo: Option<Echo>,
}

/// How somebody hears of what they did themselves.
#[derive(Clone, Copy, Debug)]
pub struct Echo {
    pub by: UserId,
    /// What stands in `toUserId`: the friend it was done to, themselves in a group.
    pub addressee: UserId,
}

/// Who hears of an event.
#[derive(Clone, Debug)]
pub enum Audience {
    One(UserId),
    Many(Vec<UserId>),
    /// On their multiplexed sockets alone.
    Multiplexed(Vec<UserId>),
    /// The members of a group but one.
    Members {
        ids: Arc<[UserId]>,
        except: UserId,
    },
}

impl Told {
    /// Something that is in no log.
    #[must_use]
    pub fn new(event: Event, to: Audience) -> Self {
        Self {
            event,
            to,
            stored_at: None,
            echo: None,
        }
    }

    /// The same, at its place in a log.
    #[must_use]
    pub fn stored_at(mut self, conversation: ConversationId, seq: i64) -> Self {
        self.stored_at = Some((conversation, seq));
        self
    }

    /// The same, heard by the one who did it too.
    #[must_use]
    pub fn echoed(mut self, by: UserId, addressee: UserId) -> Self {
        self.echo = Some(Echo { by, addressee });
        self
    }

    /// Whether it keeps its order with the messages of its conversation.
    fn is_in_order(&self) -> bool {
        let is_message = matches!(
            self.event.what.event_type(),
            EventType::ChatF2f | EventType::ChatGroup
        );
        is_message || self.stored_at.is_some()
    }
}

impl Hub {
    /// Runs the hub's tasks until the last handle on the hub is gone.
    pub async fn run(app: Arc<App>, tasks: Tasks) {
        tokio::join!(
            super::presence::watch(&app, tasks.looks),
            super::delivered::write_down(&app),
        );
    }

    /// Encodes an event once and pushes it to whoever of its receivers is connected. What is in a log is told by what
    /// follows its commit, and so in the order of the log.
    pub fn tell(&self, told: &Told) {
        if !self.hears(told) {
            return;
        }
        let encoded = match told.event.encode() {
            Ok(encoded) => encoded,
            Err(error) => {
                tracing::error!(%error, event = told.event.what.event_type().as_str(), "an event could not be encoded");
                return;
            }
        };
        let mark = told
            .stored_at
            .map(|(conversation, seq)| Mark { conversation, seq });
        let mut template = Template::new(encoded.json, encoded.receiver_at);
        if let Some(mark) = mark {
            template = template.with_mark(mark);
        }
        let in_order = told.is_in_order();
        let push = |user| self.push(user, &template, mark, in_order);
        match &told.to {
            Audience::One(user) => push(*user),
            Audience::Many(users) => users.iter().copied().for_each(push),
            Audience::Multiplexed(users) => {
                for &user in users {
                    let (by, addressee) = (user, user);
                    self.push_own(Echo { by, addressee }, &template);
                }
            }
            Audience::Members { ids, except } => {
                ids.iter()
                    .copied()
                    .filter(|user| user != except)
                    .for_each(push);
            }
        }
        if let Some(echo) = told.echo {
            self.push_own(echo, &template);
        }
    }

    /// Whether anybody is there to hear it; of several receivers it is not asked.
    fn hears(&self, told: &Told) -> bool {
        match told.to {
            Audience::One(user) => {
                self.is_reachable(user) || told.echo.is_some_and(|echo| self.is_reachable(echo.by))
            }
            Audience::Many(_) | Audience::Multiplexed(_) | Audience::Members { .. } => true,
        }
    }
}
