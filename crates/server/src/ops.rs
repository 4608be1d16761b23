//! What each operation does, whichever transport carried it.

pub mod attachment;
pub mod conversation;
pub mod friend;
pub mod group;
pub mod group_apply;
pub mod group_invite;
pub mod group_member;
pub mod keep;
pub mod log;
pub mod message;
pub mod message_change;
pub mod search;
pub mod sync;
pub mod user;

use std::{cell::Cell, sync::Arc};

use hongyan_protocol::{
    Event, Happening, Operation, Request,
    id::{SessionId, UserId},
    message::WhenOffline,
    user::{ListsChanged, OwnList},
};
use hongyan_store::{Expected, Tx, User, View};

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
    /// Whether each change looks at the session itself: sockets are closed when theirs ends, a request over HTTP is not.
    pub looks_at_session: bool,
}

/// A transport: it reads an operation's request, runs the operation and carries the outcome back.
pub trait Door {
    /// What the transport makes of it.
    type Outcome;

    /// Passes one request through.
    fn pass<R, F, A>(self, ctx: Ctx, operation: F) -> Self::Outcome
    where
        R: Request,
        F: FnOnce(Ctx, R) -> A + Send + 'static,
        A: Future<Output = Result<R::Reply>> + Send + 'static;
}

/// The one place where an operation meets what it does, whichever door the request came through.
pub fn through<D: Door>(door: D, ctx: Ctx, operation: Operation) -> D::Outcome {
    match operation {
        Operation::SendMsg => door.pass(ctx, message::send),
        Operation::Recall => door.pass(ctx, message_change::recall),
        Operation::Edit => door.pass(ctx, message_change::edit),
        Operation::React => door.pass(ctx, message_change::react),
        Operation::History => door.pass(ctx, conversation::history),
        Operation::Conversations => door.pass(ctx, conversation::conversations),
        Operation::ChatSearch => door.pass(ctx, search::search),
        Operation::Sync => door.pass(ctx, sync::sync),
        Operation::Read => door.pass(ctx, conversation::read),
        Operation::Readers => door.pass(ctx, conversation::readers),
        Operation::Typing => door.pass(ctx, conversation::typing),
        Operation::Settings => door.pass(ctx, conversation::settings),
        Operation::Keep => door.pass(ctx, keep::choose),
        Operation::Ping => door.pass(ctx, conversation::ping),
        Operation::FriendAdd => door.pass(ctx, friend::add),
        Operation::FriendAddReply => door.pass(ctx, friend::add_reply),
        Operation::FriendDel => door.pass(ctx, friend::del),
        Operation::FriendFavourite => door.pass(ctx, friend::favourite),
        Operation::FriendBlock => door.pass(ctx, friend::block),
        Operation::GroupAdd => door.pass(ctx, group_apply::add),
        Operation::GroupAddReply => door.pass(ctx, group_apply::add_reply),
        Operation::GroupInvite => door.pass(ctx, group_invite::invite),
        Operation::GroupInviteReply => door.pass(ctx, group_invite::invite_reply),
        Operation::GroupLeave => door.pass(ctx, group_member::leave),
        Operation::GroupKick => door.pass(ctx, group_member::kick),
        Operation::GroupUpdate => door.pass(ctx, group::update),
        Operation::GroupSetRole => door.pass(ctx, group_member::set_role),
        Operation::GroupHandOver => door.pass(ctx, group::hand_over),
        Operation::GroupDissolve => door.pass(ctx, group::dissolve),
        Operation::GroupMute => door.pass(ctx, group_member::mute),
        Operation::GroupSetNickname => door.pass(ctx, group_member::set_nickname),
    }
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

    /// Tells users' multiplexed sockets what lists they have to fetch again.
    pub fn lists(&mut self, of: Vec<UserId>, lists: &[OwnList], by: UserId, now: i64) {
        let lists = lists.to_vec();
        let event = Event {
            from: Some(by),
            time: now,
            what: Happening::ListsChanged(ListsChanged { lists }),
        };
        self.push(Told::new(event, Audience::Multiplexed(of)));
    }

    /// Tells the members of a group, or all but one.
    pub fn members(&mut self, ids: Arc<[UserId]>, except: Option<UserId>, event: Event) {
        // Nobody has the nil id.
        let except = except.unwrap_or(UserId::NIL);
        self.push(Told::new(event, Audience::Members { ids, except }));
    }

    /// Tells as `told` says.
    pub fn push(&mut self, told: Told) {
        self.0.push(told);
    }
}

impl Ctx {
    /// Runs a change in the store's next transaction. Once it is committed, and in the order of the log, what it put
    /// into its [`Telling`] is told; a change that is refused or breaks tells nothing. Over HTTP nothing is changed for a
    /// session that has ended, whatever the request waited for.
    ///
    /// It is queued when this is called; the future only waits for the answer, and is small.
    pub fn change<T, F>(&self, change: F) -> impl Future<Output = Result<T>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>, &mut Telling) -> Result<T> + Send + 'static,
    {
        self.change_expecting(None, change)
    }

    /// As [`change`](Self::change), where the change is going to append a message.
    fn change_expecting<T, F>(
        &self,
        expected: Option<Expected>,
        change: F,
    ) -> impl Future<Output = Result<T>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>, &mut Telling) -> Result<T> + Send + 'static,
    {
        let hub = self.app.hub.clone();
        let looked_at = self
            .looks_at_session
            .then(|| (self.session, self.app.now()));
        let operation = move |tx: &mut Tx<'_>| {
            if let Some((session, now)) = looked_at
                && !tx.ended_among(&[session], now)?.is_empty()
            {
                return Err(Error::SessionEnded);
            }
            let mut telling = Telling::default();
            let value = change(tx, &mut telling)?;
            Ok::<_, Error>((value, Cell::new(telling.0)))
        };
        let tell = move |(_, telling): &(T, Cell<Vec<Told>>)| {
            telling.take().iter().for_each(|told| hub.tell(told));
        };
        let store = &self.app.store;
        let answered = store.write_expecting(expected, operation, tell);
        async move {
            let (value, _) = answered.await?;
            Ok(value)
        }
    }

    /// Tells the caller's multiplexed sockets what the caller changed.
    fn own_lists(&self, telling: &mut Telling, lists: &[OwnList]) {
        telling.lists(vec![self.user], lists, self.user, self.app.now());
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

/// What the answer to a request changes: the requests, and where it is agreed to, another list.
const fn answered(agree: bool, then: &'static [OwnList; 2]) -> &'static [OwnList] {
    if agree { then } else { &[OwnList::Requests] }
}

/// The profile of a user who must be there, because a session or another row names them.
fn profile(view: &View<'_>, user: UserId) -> Result<User> {
    let found = view.user(user)?;
    found.ok_or_else(|| {
        hongyan_store::Error::Failed("a user that is referred to is missing".to_owned()).into()
    })
}
