//! From an HTTP request to a running WebSocket: who is it, from which page, for which path.

use std::{net::SocketAddr, sync::Arc};

use axum::{body::Body, http::Request, response::Response};
use hongyan_protocol::{
    Event, Happening, Operation,
    conversation::Ready,
    id::{SessionId, UserId},
    message::WhenOffline,
    operation::{EVERYTHING_PATH, NOTICE_PATHS},
};
use http::{HeaderMap, StatusCode};
use hyper::upgrade::Parts;
use hyper_util::rt::TokioIo;

use super::{
    Connection, Frame, Handler, Mark, Outbox, Step, close, dispatch, handshake, no_session,
};
use crate::{
    app::App,
    http::{message, origin_allowed},
    hub::{LineId, Progress, catch_up},
    limits::Caller,
    ops::Ctx,
    serve::{Patient, Place, Sockets},
    session,
};

/// What is said on a path.
#[derive(Clone, Copy)]
pub enum Door {
    /// Events.
    Notice,
    /// Requests of one operation.
    Requests(Operation),
    /// Requests of every operation, and events.
    Everything,
}

impl Door {
    /// The door at this path.
    #[must_use]
    pub fn at(path: &str) -> Option<Self> {
        if NOTICE_PATHS.contains(&path) {
            Some(Self::Notice)
        } else if path == EVERYTHING_PATH {
            Some(Self::Everything)
        } else {
            Operation::at(path).map(Self::Requests)
        }
    }
}

/// Answers a handshake. Without a session it is accepted all the same and the socket is closed with 1008: browsers
/// take that for "log in again", and a refused handshake for "try again".
pub async fn upgrade(
    app: &Arc<App>,
    sockets: &Sockets,
    door: Door,
    peer: SocketAddr,
    place: Arc<Place>,
    mut request: Request<Body>,
) -> Response {
    let caller = Caller::of(&app.config, peer.ip(), request.headers());
    if !origin_allowed(app, peer.ip(), request.headers()) {
        return message(
            StatusCode::FORBIDDEN,
            "this origin may not connect; the operator can name it in allow-origin",
        );
    }
    let response = match handshake::accept(&request) {
        Ok(response) => response,
        Err(refusal) => return refusal.response(),
    };
    let visitor = match enter(app, sockets, door, caller.exempt, request.headers()).await {
        Ok(visitor) => visitor,
        Err(error) => {
            tracing::error!(%error, "a session could not be looked up");
            return message(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the server failed; try again",
            );
        }
    };
    let pending = hyper::upgrade::on(&mut request);
    let app = Arc::clone(app);
    sockets.spawn(async move {
        let _place = place;
        // It fails when the peer leaves before the 101 is written.
        let Ok(upgraded) = pending.await else { return };
        let Ok(parts) = upgraded.downcast::<TokioIo<Patient>>() else {
            return;
        };
        match visitor {
            Visitor::Welcome(guest) => serve(app, guest, parts).await,
            Visitor::TurnedAway(code, reason) => {
                turn_away(&app, door, code, reason, parts).await;
            }
        }
    });
    response
}

/// Who stands at a door.
enum Visitor {
    Welcome(Guest),
    TurnedAway(u16, &'static str),
}

/// Somebody with a session, whom the hub knows from before the handshake is answered: whoever sees it answered is online.
struct Guest {
    attached: Attached,
    outbox: Arc<Outbox>,
    door: Door,
    session: SessionId,
    exempt: bool,
}

async fn enter(
    app: &Arc<App>,
    sockets: &Sockets,
    door: Door,
    exempt: bool,
    headers: &HeaderMap,
) -> crate::error::Result<Visitor> {
    let Some(session) = session::of_request(app, headers).await? else {
        return Ok(Visitor::TurnedAway(close::POLICY, "log in first"));
    };
    let (user, session) = (session.user_id, session.id);
    let outbox = Arc::new(Outbox::new(&app.socket_limits));
    let attached = match door {
        Door::Notice => app.hub.attach_notice(user, session, &outbox),
        Door::Requests(_) => app.hub.attach(user, session, &outbox),
        Door::Everything => {
            let ready = ready(app, user, session)?;
            app.hub.attach_everything(user, session, &outbox, ready)
        }
    };
    let Ok(line) = attached else {
        let reason = "this account has too many sockets; close some";
        return Ok(Visitor::TurnedAway(close::TRY_LATER, reason));
    };
    let attached = Attached {
        app: Arc::clone(app),
        user,
        line,
    };
    // The session may have ended after it was looked up and before the hub knew of this socket.
    let now = app.now();
    let ended = app
        .store
        .read(move |view| view.ended_among(&[session], now))
        .await?;
    if !ended.is_empty() {
        let reason = "the session has ended; log in again";
        return Ok(Visitor::TurnedAway(close::POLICY, reason));
    }
    if sockets.are_leaving() {
        let reason = "the server restarts; connect again";
        return Ok(Visitor::TurnedAway(close::GOING_AWAY, reason));
    }
    Ok(Visitor::Welcome(Guest {
        attached,
        outbox,
        door,
        session,
        exempt,
    }))
}

/// The first frame on a multiplexed socket.
fn ready(app: &App, user: UserId, session: SessionId) -> crate::error::Result<Frame> {
    let event = Event {
        from: None,
        time: app.now(),
        what: Happening::Ready(Ready {
            user_id: user,
            session_id: session,
            server_time: app.now(),
            heartbeat_ms: app.config.connection.ping_seconds * 1000,
            epoch: app.store.epoch().to_owned(),
            limits: Some(app.config.told_limits()),
        }),
    };
    Ok(Frame::text(event.encode()?.addressed_to(user)))
}

async fn serve(app: Arc<App>, guest: Guest, parts: Parts<TokioIo<Patient>>) {
    let Guest {
        attached,
        outbox,
        door,
        session,
        exempt,
    } = guest;
    let user = attached.user;
    match door {
        Door::Notice => {
            let progress = Arc::new(Progress::default());
            tokio::spawn(catch_up(
                Arc::clone(&app),
                user,
                attached.line,
                Arc::clone(&outbox),
                Arc::clone(&progress),
            ));
            let notice = Notice {
                app: Arc::clone(&app),
                user,
                progress: Arc::clone(&progress),
            };
            drive(&app, parts, outbox, notice).await;
            progress.end();
        }
        Door::Requests(operation) => {
            let ctx = Ctx {
                app: Arc::clone(&app),
                user,
                session,
                when_offline: WhenOffline::Refuse,
                exempt,
                looks_at_session: false,
            };
            drive(&app, parts, outbox, Requests { ctx, operation }).await;
        }
        Door::Everything => {
            let ctx = Ctx {
                app: Arc::clone(&app),
                user,
                session,
                when_offline: WhenOffline::Keep,
                exempt,
                looks_at_session: false,
            };
            drive(&app, parts, outbox, Everything { ctx }).await;
        }
    }
}

async fn drive<H: Handler>(
    app: &App,
    parts: Parts<TokioIo<Patient>>,
    outbox: Arc<Outbox>,
    handler: H,
) {
    let stream = parts.io.into_inner().into_inner();
    Connection::new(
        stream,
        parts.read_buf,
        outbox,
        handler,
        Arc::clone(&app.socket_limits),
    )
    .run()
    .await;
}

async fn turn_away(
    app: &App,
    door: Door,
    code: u16,
    reason: &'static str,
    parts: Parts<TokioIo<Patient>>,
) {
    let outbox = Arc::new(Outbox::new(&app.socket_limits));
    let is_logged_out = code == close::POLICY && matches!(door, Door::Everything);
    outbox.close(is_logged_out.then(no_session), code, reason);
    drive(app, parts, outbox, Deaf).await;
}

/// Takes a socket out of the hub when its connection ends, however it ends.
struct Attached {
    app: Arc<App>,
    user: UserId,
    line: LineId,
}

impl Drop for Attached {
    fn drop(&mut self) {
        self.app.hub.detach(self.user, self.line);
    }
}

/// A socket on which one operation is asked for.
struct Requests {
    ctx: Ctx,
    operation: Operation,
}

impl Handler for Requests {
    fn text(&mut self, text: &str) -> Step {
        dispatch::dispatch(&self.ctx, self.operation, text)
    }

    fn binary(&mut self, _: &[u8]) -> Step {
        dispatch::refuse_binary(&self.ctx, self.operation.path())
    }

    fn written(&mut self, _: Mark) {}
}

/// A multiplexed socket. What was written to it may not have arrived: the client's cursors say what has.
struct Everything {
    ctx: Ctx,
}

impl Handler for Everything {
    fn text(&mut self, text: &str) -> Step {
        dispatch::dispatch_any(&self.ctx, text)
    }

    fn binary(&mut self, _: &[u8]) -> Step {
        dispatch::refuse_binary(&self.ctx, EVERYTHING_PATH)
    }

    fn written(&mut self, _: Mark) {}
}

/// A socket on which events are pushed; what the client sends there means nothing.
struct Notice {
    app: Arc<App>,
    user: UserId,
    progress: Arc<Progress>,
}

impl Handler for Notice {
    fn text(&mut self, _: &str) -> Step {
        Step::Ignore
    }

    fn binary(&mut self, _: &[u8]) -> Step {
        Step::Ignore
    }

    fn written(&mut self, mark: Mark) {
        self.app.hub.delivered().note(self.user, mark);
        self.progress.advance();
    }
}

/// A socket that is closed at once.
struct Deaf;

impl Handler for Deaf {
    fn text(&mut self, _: &str) -> Step {
        Step::Ignore
    }

    fn binary(&mut self, _: &[u8]) -> Step {
        Step::Ignore
    }

    fn written(&mut self, _: Mark) {}
}
