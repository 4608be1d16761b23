//! A login: who it is, and the kept sockets of its operations.

use std::{collections::HashMap, fmt, sync::Arc};

use hongyan_protocol::{
    Answer, Code, Endpoint, Operation, Request,
    id::{SessionId, UserId},
    operation::NOTICE_PATHS,
    user::UserInfo,
};
use reqwest::RequestBuilder;
use tokio::{sync::Mutex, time::timeout};

use crate::{
    CALL_DEADLINE,
    client::Client,
    error::{Error, Result},
    events::Events,
    notices::Notices,
    pipeline::{Lost, Pipeline},
    socket::RawSocket,
};

/// A login. Cheap to clone; all clones share their sockets, which close when the last clone is dropped.
#[derive(Clone)]
pub struct Session {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    token: String,
    user: UserInfo,
    session_id: Option<SessionId>,
    pipelines: HashMap<Operation, Mutex<Option<Pipeline>>>,
}

impl Session {
    pub(crate) fn new(
        client: Client,
        token: String,
        user: UserInfo,
        session_id: Option<SessionId>,
    ) -> Self {
        let pipelines = Operation::ALL
            .iter()
            .map(|&operation| (operation, Mutex::new(None)))
            .collect();
        Self {
            inner: Arc::new(Inner {
                client,
                token,
                user,
                session_id,
                pipelines,
            }),
        }
    }

    /// Goes on with the session that `token` belongs to, on the server at this address.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] when that session is over.
    pub async fn resume(server: &str, token: &str) -> Result<Self> {
        Client::new(server)?.resume(token).await
    }

    /// The server.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.inner.client
    }

    /// The secret of this session, for [`resume`](Self::resume). Whoever has it is logged in: keep it as a password.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.inner.token
    }

    /// Who is logged in, as it was at the login.
    #[must_use]
    pub fn user(&self) -> &UserInfo {
        &self.inner.user
    }

    /// Whose session it is.
    #[must_use]
    pub fn id(&self) -> UserId {
        self.inner.user.id
    }

    /// The session's id; none for a resumed one, whose id the server does not tell.
    #[must_use]
    pub fn session_id(&self) -> Option<SessionId> {
        self.inner.session_id
    }

    /// Sends one request on the kept socket of its operation and waits for its own answer, whatever its code; at most
    /// 30 s, connecting included. Several calls may wait at once: they go out in the order in which they were first
    /// polled, and are answered in that order. At most 64 wait to be written and 256 to be answered; further calls wait
    /// their turn.
    ///
    /// # Errors
    /// Only when there was no answer. After [`Error::Timeout`], [`Error::Transport`] and [`Error::Closed`] it is unknown
    /// whether the request took effect. A request that never left is carried by a new socket, once, by itself. After
    /// [`Error::Timeout`] the next call opens a new socket; it and those that still wait on the old one are in no order.
    pub async fn call<R: Request>(&self, request: &R) -> Result<Answer> {
        let frame =
            serde_json::to_string(request).map_err(|error| Error::Invalid(error.to_string()))?;
        let mut asked = None;
        let carried = self.carry(R::OPERATION, frame.into(), &mut asked);
        let answer = timeout(CALL_DEADLINE, carried).await;
        answer.unwrap_or_else(|_| {
            if let Some(pipeline) = asked {
                pipeline.give_up();
            }
            Err(Error::Timeout(CALL_DEADLINE))
        })
    }

    /// As [`call`](Self::call), but every code except 0000 is an error.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::BadRequest`], and those of [`call`](Self::call).
    pub async fn ask<R: Request>(&self, request: &R) -> Result<R::Reply> {
        let answer = self.call(request).await?;
        if answer.code != Code::Ok {
            return Err(Error::of_answer(&answer));
        }
        let data = answer.data.as_ref().map_or("null", |data| data.get());
        serde_json::from_str(data).map_err(|error| Error::Protocol(error.to_string()))
    }

    /// Notes in `asked` which socket has the request.
    async fn carry(
        &self,
        operation: Operation,
        frame: Arc<str>,
        asked: &mut Option<Pipeline>,
    ) -> Result<Answer> {
        let first = asked.insert(self.pipeline(operation).await?);
        match first.ask(Arc::clone(&frame)).await {
            Ok(answer) => return Ok(answer),
            // What only a new login mends, a new socket does not.
            Err(Lost::Unsent(error)) if error.is_logged_out() => return Err(error),
            Err(Lost::Unsent(_)) => {}
            Err(Lost::Unanswered(error)) => return Err(error),
        }
        let second = asked.insert(self.pipeline(operation).await?);
        second.ask(frame).await.map_err(|lost| match lost {
            Lost::Unsent(error) | Lost::Unanswered(error) => error,
        })
    }

    /// The kept socket of an operation, or a new one where it is gone.
    async fn pipeline(&self, operation: Operation) -> Result<Pipeline> {
        let slot =
            self.inner.pipelines.get(&operation).ok_or_else(|| {
                Error::Invalid(format!("no socket is kept for {}", operation.path()))
            })?;
        // Held while connecting: whoever comes meanwhile waits for this one socket instead of opening another.
        let mut slot = slot.lock().await;
        if let Some(pipeline) = slot.as_ref().filter(|pipeline| pipeline.is_open()) {
            return Ok(pipeline.clone());
        }
        let pipeline = Pipeline::over(self.socket(operation.path()).await?);
        *slot = Some(pipeline.clone());
        Ok(pipeline)
    }

    /// Opens a socket of its own at any path, with this session on its handshake.
    ///
    /// # Errors
    /// [`Error::Status`] when the server refuses the handshake (404: no such path).
    pub async fn socket(&self, path: &str) -> Result<RawSocket> {
        let bearer = format!("Bearer {}", self.inner.token);
        self.inner
            .client
            .socket(path, &[("Authorization", &bearer)])
            .await
    }

    /// Opens a notice connection: from now on this user is online. It does not come back by itself; repeats and all, it
    /// gives what the server pushes.
    pub async fn notices(&self) -> Result<Notices> {
        Ok(Notices::over(self.socket(NOTICE_PATHS[0]).await?))
    }

    /// Events without end: connects again whenever the connection is lost, and drops repeats.
    #[must_use = "events arrive only as long as this is kept"]
    pub fn events(&self) -> Events {
        Events::of(self.clone())
    }

    /// A request to an endpoint, with this session.
    pub(crate) fn request(&self, endpoint: Endpoint) -> RequestBuilder {
        self.inner
            .client
            .request(endpoint)
            .bearer_auth(&self.inner.token)
    }

    /// A request for what is no endpoint of the table, with this session.
    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.inner.client.get(path).bearer_auth(&self.inner.token)
    }
}

impl fmt::Debug for Session {
    /// Without the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("user", &self.inner.user.id)
            .field("server", &self.inner.client.server())
            .finish_non_exhaustive()
    }
}
