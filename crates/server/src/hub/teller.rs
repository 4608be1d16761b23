//! The one task that turns what happened into frames, in the order of the log.

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
    /// For a stored message: its conversation and place there.
    pub stored_at: Option<(ConversationId, i64)>,
}

/// Who hears of an event.
#[derive(Clone, Debug)]
pub enum Audience {
    One(UserId),
    Many(Vec<UserId>),
    /// The members of a group but one.
    Members {
        ids: Arc<[UserId]>,
        except: UserId,
    },
}

impl Told {
    /// Something that is no message.
    #[must_use]
    pub fn new(event: Event, to: Audience) -> Self {
        Self {
            event,
            to,
            stored_at: None,
        }
    }
}

impl Hub {
    /// Runs the hub's tasks until the last handle on the hub is gone.
    pub async fn run(app: Arc<App>, tasks: Tasks) {
        let Tasks { mut told, looks } = tasks;
        let teller = app.hub.clone();
        tokio::join!(
            async move {
                while let Some(told) = told.recv().await {
                    teller.tell_now(&told);
                }
            },
            super::presence::watch(&app, looks),
            super::delivered::write_down(&app),
        );
    }

    /// Encodes an event once and pushes it to whoever of its receivers is connected.
    pub(super) fn tell_now(&self, told: &Told) {
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
        let is_message = matches!(
            told.event.what.event_type(),
            EventType::ChatF2f | EventType::ChatGroup
        );
        let push = |user| self.push(user, &template, mark, is_message);
        match &told.to {
            Audience::One(user) => push(*user),
            Audience::Many(users) => users.iter().copied().for_each(push),
            Audience::Members { ids, except } => {
                ids.iter()
                    .copied()
                    .filter(|user| user != except)
                    .for_each(push);
            }
        }
    }
}
