//! What each operation does, whichever transport carried it.

pub mod friend;
pub mod group;
pub mod group_apply;
pub mod group_invite;
pub mod message;

use std::{cell::Cell, sync::Arc};

use hongyan_protocol::{
    Event, Happening,
    id::{SessionId, UserId},
    message::WhenOffline,
};
use hongyan_store::{Tx, User, View};

use crate::{
    app::App,
    error::{Error, Result},
    hub::{Audience, Told},
};

/// Who asks, through which door, of which server.
#[derive(Clone)]
pub struct Ctx {
    pub app: Arc<App>,
    pub user: UserId,
    pub session: SessionId,
    /// What becomes of a message to an offline friend when the request does not say.
    pub when_offline: WhenOffline,
    /// Whether rates leave this caller alone.
    pub exempt: bool,
}

/// What an operation tells once it is committed.
#[derive(Default)]
pub struct Telling(Vec<Told>);

impl Telling {
    /// Tells one user.
    pub fn one(&mut self, to: UserId, event: Event) {
        self.push(Told::new(event, Audience::One(to)));
    }

    /// Tells several users.
    pub fn many(&mut self, to: Vec<UserId>, event: Event) {
        self.push(Told::new(event, Audience::Many(to)));
    }

    /// Tells as `told` says.
    pub fn push(&mut self, told: Told) {
        self.0.push(told);
    }
}

impl Ctx {
    /// Runs a change in the store's next transaction. Once it is committed, and in the order of the log, what it put
    /// into its [`Telling`] is told; a change that is refused or breaks tells nothing.
    pub async fn change<T, F>(&self, change: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>, &mut Telling) -> Result<T> + Send + 'static,
    {
        let hub = self.app.hub.clone();
        let operation = move |tx: &mut Tx<'_>| {
            let mut telling = Telling::default();
            let value = change(tx, &mut telling)?;
            Ok::<_, Error>((value, Cell::new(telling.0)))
        };
        let tell = move |(_, telling): &(T, Cell<Vec<Told>>)| {
            telling.take().into_iter().for_each(|told| hub.tell(told));
        };
        let (value, _) = self.app.store.write_then(operation, tell).await?;
        Ok(value)
    }

    /// The caller's doing, now.
    fn event(&self, what: Happening) -> Event {
        Event {
            from: Some(self.user),
            time: self.app.now(),
            what,
        }
    }
}

/// The profile of a user who must be there, because a session or another row names them.
fn profile(view: &View<'_>, user: UserId) -> Result<User> {
    let found = view.user(user)?;
    found.ok_or_else(|| {
        hongyan_store::Error::Failed("a user that is referred to is missing".to_owned()).into()
    })
}
