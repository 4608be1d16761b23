//! The caller's logins: which there are, and ending them.

use std::sync::Arc;

use axum::extract::State;
use hongyan_protocol::{
    Code,
    id::SessionId,
    user::{EndSession, SessionCard},
};
use hongyan_store::{Session, Tx};

use super::{
    account::logged_out,
    answer::{Failure, Reply, done, list},
    extract::{Authenticated, CalledBy, Params},
};
use crate::{app::App, hub::Ending, session};

pub(super) async fn sessions(
    State(app): State<Arc<App>>,
    Authenticated(this): Authenticated,
) -> Reply {
    let (user, now) = (this.user_id, app.now());
    let sessions = app.store.read(move |view| view.sessions_of(user)).await?;
    let live = sessions
        .into_iter()
        .filter(|session| session.expires_at > now);
    Ok(list(live.map(|session| card(session, this.id))))
}

fn card(session: Session, this: SessionId) -> SessionCard {
    SessionCard {
        session_id: session.id,
        create_time: session.created_at,
        last_used_time: session.seen_at,
        device: device(&session.agent),
        address: session.address,
        current: session.id == this,
    }
}

pub(super) async fn end(
    State(app): State<Arc<App>>,
    CalledBy(caller): CalledBy,
    Authenticated(this): Authenticated,
    Params(EndSession { session_id }): Params<EndSession>,
) -> Reply {
    if session_id == this.id {
        session::close(&app, &this).await?;
        return Ok(logged_out(caller.https));
    }
    let (user, now) = (this.user_id, app.now());
    end_some(&app, &this, move |tx| {
        if !tx.end_session_of(user, session_id, now)? {
            return Err(Failure::refused(Code::NoSuchSession));
        }
        Ok(vec![session_id])
    })
    .await
}

pub(super) async fn end_others(
    State(app): State<Arc<App>>,
    Authenticated(this): Authenticated,
) -> Reply {
    let (user, id) = (this.user_id, this.id);
    end_some(&app, &this, move |tx| {
        Ok(tx.end_sessions_of(user, Some(id))?)
    })
    .await
}

/// Ends sessions of the caller's, and their sockets, as another login would.
async fn end_some(
    app: &App,
    this: &Session,
    ending: impl FnOnce(&mut Tx<'_>) -> Result<Vec<SessionId>, Failure> + Send + 'static,
) -> Reply {
    let (user, this, now, hub) = (this.user_id, this.id, app.now(), app.hub.clone());
    app.store
        .write_then(
            move |tx| {
                // Who was forced out meanwhile ends nobody.
                if !tx.ended_among(&[this], now)?.is_empty() {
                    return Err(Failure::Unauthorized);
                }
                ending(tx)
            },
            move |ended| hub.end_sessions(user, ended, Ending::Displaced),
        )
        .await?;
    Ok(done())
}

/// Marks in what browsers call themselves; a later browser also has the marks of those whose pages it shows.
const BROWSERS: [(&str, &str); 9] = [
    ("MicroMessenger/", "WeChat"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

const SYSTEMS: [(&str, &str); 7] = [
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// What a person calls the thing that they logged in with; what is no browser is called as it calls itself.
fn device(agent: &str) -> String {
    let find = |marks: &[(&str, &'static str)]| {
        let mut marks = marks.iter();
        marks
            .find(|(mark, _)| agent.contains(mark))
            .map(|(_, name)| *name)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        _ => agent.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_called_as_people_call_it() {
        for (agent, expected) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox, Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 \
                 Safari/537.36 Edg/142.0.0.0",
                "Edge, Windows",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile \
                 Safari/537.36",
                "Chrome, Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/26.0 Mobile/15E148 Safari/604.1",
                "Safari, iOS",
            ),
            ("hongyan-client/0.1.0", "hongyan-client/0.1.0"),
            ("", ""),
        ] {
            assert_eq!(device(agent), expected);
        }
    }
}
