//! What has to be looked at now and then: sessions that have ended, rates that nobody uses any more, and files that
//! nobody needs.

use std::{collections::HashMap, sync::Arc, time::Duration};

use hongyan_protocol::id::{SessionId, UserId};
use hongyan_store::Error;

use crate::{app::App, hub::Ending, picture};

/// From one look to the next.
const EVERY: Duration = Duration::from_secs(60);

/// From one look for files that no message carries to the next.
const FILES_EVERY: Duration = Duration::from_secs(60 * 60);

/// Sessions looked up in one read.
const AT_ONCE: usize = 500;

/// A session in use is prolonged when this part of its life has gone by.
const PROLONG_AFTER: i64 = 10;

pub(super) async fn run(app: Arc<App>) {
    let mut prolonged_at = app.now();
    loop {
        tokio::time::sleep(EVERY).await;
        app.rates.sweep();
        if let Err(error) = end_sessions(&app).await {
            tracing::warn!(%error, "ended sessions could not be looked up");
        }
        if app.now() - prolonged_at >= app.config.session_ms() / PROLONG_AFTER {
            prolonged_at = app.now();
            if let Err(error) = prolong_sessions(&app).await {
                tracing::warn!(%error, "sessions in use could not be prolonged");
            }
        }
    }
}

/// Removes what a crash left of files and of the pictures that were `found`, once, and files that no message carries, now
/// and then.
pub(super) async fn run_files(app: Arc<App>, found: picture::Found) {
    if let Err(error) = app.pictures.remove_leftovers(found, &app.store).await {
        tracing::warn!(%error, "leftovers of pictures could not be removed");
    }
    if let Err(error) = app.files.remove_leftovers(&app.store).await {
        tracing::warn!(%error, "leftovers of files could not be removed");
    }
    loop {
        let before = app.now() - app.config.unused_ms();
        if let Err(error) = app.files.end_unused(&app.store, before).await {
            tracing::warn!(%error, "files that no message carries could not be removed");
        }
        tokio::time::sleep(FILES_EVERY).await;
    }
}

/// Removes sessions that nobody used for their time, and closes the sockets of those that ended unseen: expired, or
/// removed by `hongyan user passwd`.
async fn end_sessions(app: &App) -> Result<(), Error> {
    let now = app.now();
    app.store
        .write(move |tx| tx.remove_expired_sessions(now))
        .await?;
    let connected = app.hub.sessions();
    for part in connected.chunks(AT_ONCE) {
        let users: HashMap<SessionId, UserId> = part
            .iter()
            .map(|&(user, session)| (session, user))
            .collect();
        let sessions: Vec<SessionId> = users.keys().copied().collect();
        let ended = app
            .store
            .read(move |view| view.ended_among(&sessions, now))
            .await?;
        for session in ended {
            app.hub
                .end_sessions(users[&session], &[session], Ending::LoggedOut);
        }
    }
    Ok(())
}

/// A session with a socket is in use, whether or not it asks for anything over HTTP.
async fn prolong_sessions(app: &App) -> Result<(), Error> {
    let (now, expires_at) = (app.now(), app.now() + app.config.session_ms());
    for part in app.hub.sessions().chunks(AT_ONCE) {
        let sessions: Vec<SessionId> = part.iter().map(|&(_, session)| session).collect();
        app.store
            .write(move |tx| {
                for &session in &sessions {
                    tx.touch_session(session, now, expires_at)?;
                }
                Ok::<_, Error>(())
            })
            .await?;
    }
    Ok(())
}
