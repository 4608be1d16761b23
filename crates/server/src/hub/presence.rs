//! Presence: friends are told when a user's first notice connection opens, and when none has been open for a while.

use hongyan_protocol::{
    Event, Happening,
    id::UserId,
    presence::{Status, StatusChange},
};
use tokio::{sync::mpsc, time::Instant};

use super::{Audience, Hub, Told};
use crate::app::App;

impl Hub {
    /// Has the presence task compare what a user's friends know with what is.
    pub(super) fn look_at(&self, user: UserId) {
        // It fails when the server is shutting down.
        _ = self.shared.looks.send(user);
    }

    /// The same, once the user has been away for long enough to count as offline.
    pub(super) fn look_later(&self, user: UserId) {
        let hub = self.clone();
        let due = Instant::now() + self.shared.offline_after;
        // What follows a commit runs outside of the runtime when that is ending.
        self.shared.runtime.spawn(async move {
            tokio::time::sleep_until(due).await;
            hub.look_at(user);
        });
    }

    /// The status that friends have to be told, if it is news.
    fn status_news(&self, user: UserId) -> Option<Status> {
        let mut shard = self.shard(user);
        let present = shard.get_mut(&user)?;
        if present.hears() {
            let news = !present.announced;
            present.announced = true;
            return news.then_some(Status::Online);
        }
        let gone = present
            .left
            .is_some_and(|left| left.elapsed() >= self.shared.offline_after);
        if !present.announced || !gone {
            return None;
        }
        present.announced = false;
        if present.lines.is_empty() {
            shard.remove(&user);
        }
        Some(Status::Offline)
    }
}

/// Tells friends what is news, one user after the other, so that coming and going arrive in order.
pub(super) async fn watch(app: &App, mut looks: mpsc::UnboundedReceiver<UserId>) {
    while let Some(user) = looks.recv().await {
        let Some(status) = app.hub.status_news(user) else {
            continue;
        };
        if let Err(error) = announce(app, user, status).await {
            tracing::error!(%user, %error, "friends could not be told of a user's presence");
        }
    }
}

async fn announce(app: &App, user: UserId, status: Status) -> Result<(), hongyan_store::Error> {
    let (profile, viewers) = app
        .store
        .read(move |view| Ok::<_, hongyan_store::Error>((view.user(user)?, view.viewers_of(user)?)))
        .await?;
    let Some(profile) = profile else {
        return Ok(());
    };
    let time = app.now();
    for (viewer, remark) in viewers {
        if !app.hub.is_reachable(viewer) {
            continue;
        }
        let change = StatusChange {
            status,
            head_img: profile.head_img.clone(),
            nickname: profile.nickname.clone(),
            remark,
            username: profile.username.clone(),
        };
        let event = Event {
            from: Some(user),
            time,
            what: Happening::FriendStatusChange(change),
        };
        app.hub.tell(&Told::new(event, Audience::One(viewer)));
    }
    Ok(())
}
