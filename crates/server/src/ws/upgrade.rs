//! From an HTTP request to a running WebSocket: who is it, from which page, for which path.

use std::{net::SocketAddr, sync::Arc};

use axum::{body::Body, http::Request, response::Response};
use hongyan_protocol::{
    Operation,
    id::{SessionId, UserId},
    message::WhenOffline,
    operation::NOTICE_PATHS,
};
use hongyan_store::Session;
use http::StatusCode;
use hyper::upgrade::{OnUpgrade, Parts};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{Connection, Handler, Mark, Outbox, Step, close, dispatch, handshake};
use crate::{
    app::App,
    http::{message_response, origin_allowed},
    hub::{LineId, Progress, catch_up},
    limits::Caller,
    ops::Ctx,
    serve::{Place, Sockets},
    session,
};

/// What is said on a path.
#[derive(Clone, Copy)]
pub enum Door {
    Notice,
    Requests(Operation),
}

impl Door {
    /// The door at this path.
    #[must_use]
    pub fn at(path: &str) -> Option<Self> {
        if NOTICE_PATHS.contains(&path) {
            Some(Self::Notice)
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
    if !origin_allowed(app, request.headers()) {
        return message_response(
            StatusCode::FORBIDDEN,
            "this origin may not connect; the operator can name it in allow-origin",
        );
    }
    let response = match handshake::accept(&request) {
        Ok(response) => response,
        Err(refusal) => return refusal.response(),
    };
    let session = match session::of_request(app, request.headers()).await {
        Ok(session) => session,
        Err(error) => {
            tracing::error!(%error, "a session could not be looked up");
            return message_response(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the server failed, try again",
            );
        }
    };
    let pending = hyper::upgrade::on(&mut request);
    let (app, sockets_within) = (Arc::clone(app), sockets.clone());
    sockets.spawn(async move {
        let _place = place;
        if let Some(parts) = socket_of(pending).await {
            match session {
                Some(session) => {
                    serve(app, &sockets_within, door, caller.exempt, session, parts).await
                }
                None => turn_away(&app, parts, close::POLICY, "log in first").await,
            }
        }
    });
    response
}

async fn socket_of(pending: OnUpgrade) -> Option<Parts<TokioIo<TcpStream>>> {
    // It fails when the peer leaves before the 101 is written.
    pending.await.ok()?.downcast().ok()
}

async fn serve(
    app: Arc<App>,
    sockets: &Sockets,
    door: Door,
    exempt: bool,
    session: Session,
    parts: Parts<TokioIo<TcpStream>>,
) {
    let (user, id) = (session.user_id, session.id);
    let outbox = Arc::new(Outbox::new(&app.socket_limits));
    let attached = match door {
        Door::Notice => app.hub.attach_notice(user, id, &outbox),
        Door::Requests(_) => app.hub.attach(user, id, &outbox),
    };
    let Ok(line) = attached else {
        return turn_away(
            &app,
            parts,
            close::TRY_LATER,
            "this account has too many sockets; close some",
        )
        .await;
    };
    let _attached = Attached {
        app: Arc::clone(&app),
        user,
        line,
    };
    // The session may have ended after it was looked up and before the hub knew of this socket.
    if has_ended(&app, id).await {
        return turn_away(
            &app,
            parts,
            close::POLICY,
            "the session has ended; log in again",
        )
        .await;
    }
    if sockets.are_leaving() {
        outbox.close(
            None,
            close::GOING_AWAY,
            "the server restarts; connect again",
        );
    }
    match door {
        Door::Notice => {
            let progress = Arc::new(Progress::default());
            let replay = catch_up(
                Arc::clone(&app),
                user,
                line,
                Arc::clone(&outbox),
                Arc::clone(&progress),
            );
            tokio::spawn(replay);
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
                session: id,
                when_offline: WhenOffline::Refuse,
                exempt,
            };
            drive(&app, parts, outbox, Requests { ctx, operation }).await;
        }
    }
}

async fn has_ended(app: &App, session: SessionId) -> bool {
    let now = app.now();
    let ended = app
        .store
        .read(move |view| view.ended_among(&[session], now))
        .await;
    ended.map_or(true, |ended| !ended.is_empty())
}

async fn drive<H: Handler>(
    app: &App,
    parts: Parts<TokioIo<TcpStream>>,
    outbox: Arc<Outbox>,
    handler: H,
) {
    let stream = parts.io.into_inner();
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

async fn turn_away(app: &App, parts: Parts<TokioIo<TcpStream>>, code: u16, reason: &'static str) {
    let outbox = Arc::new(Outbox::new(&app.socket_limits));
    outbox.close(None, code, reason);
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
        Step::Reply(dispatch::binary_refused())
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
