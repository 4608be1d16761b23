//! The running server: what listens, who is let in, and how it ends.

mod admission;
mod housekeeping;
mod patience;
mod sweep;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request, response::Response};
use hongyan_protocol::Endpoint;
use hongyan_store::{OpenError, Options, Store};
use http::StatusCode;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::{future::FutureExt, sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

pub use admission::{Admission, Place};
pub use patience::Patient;

use crate::{
    app::App,
    clock::Clock,
    config::Config,
    drawing::Studio,
    file::Files,
    http::{guarded, message, router},
    hub::Hub,
    limits::Rates,
    password::Hasher,
    picture::Pictures,
    ws::upgrade::{Door, upgrade},
};

/// Connections that wait to be accepted.
const BACKLOG: u32 = 4096;

/// Pause after the system had no file or memory for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Store(#[from] OpenError),
    #[error(
        "cannot listen on {address}: {source}; choose another address with --listen ADDRESS:PORT"
    )]
    Listen {
        address: SocketAddr,
        source: io::Error,
    },
    #[error("the settings of [passwords] are of no use: {0}")]
    Passwords(crate::password::Error),
    #[error("cannot prepare the folder of pictures: {0}")]
    Pictures(io::Error),
    #[error("cannot prepare the folder of files: {0}")]
    Files(io::Error),
}

/// A server that runs until [`shutdown`](Self::shutdown).
pub struct Server {
    address: SocketAddr,
    app: Arc<App>,
    sockets: Sockets,
    background: Vec<JoinHandle<()>>,
}

/// The tasks of all connections, and how they are told to end.
#[derive(Clone, Default)]
pub struct Sockets {
    tracker: TaskTracker,
    /// Nothing new is begun.
    leaving: CancellationToken,
    /// The time to finish is over.
    over: CancellationToken,
}

impl Sockets {
    /// Runs a connection until it ends or the server's grace time is over.
    pub fn spawn(&self, connection: impl Future<Output = ()> + Send + 'static) {
        // Not `run_until_cancelled` in an async block: a task would then have room for its connection three times.
        self.tracker
            .spawn(connection.with_cancellation_token_owned(self.over.clone()));
    }

    /// Whether the server is shutting down.
    #[must_use]
    pub fn are_leaving(&self) -> bool {
        self.leaving.is_cancelled()
    }
}

impl Server {
    /// Opens the store, listens (or takes the socket that systemd hands over) and serves.
    pub async fn start(config: Config, clock: Clock) -> Result<Self, StartError> {
        let listener = listen(config.listen)?;
        let address = listener.local_addr().map_err(|source| StartError::Listen {
            address: config.listen,
            source,
        })?;
        let store = Store::open(&Options {
            serve: true,
            ..config.store()
        })?;
        let offline_after = Duration::from_millis(config.presence.offline_after_ms);
        let (hub, tasks) = Hub::new(
            clock.clone(),
            offline_after,
            config.limits.connections_per_account,
        );
        let unsure = hub.clone();
        store.when_unsure(move || unsure.close_unsure());
        let studio = Studio::new(config.limits.picture_pixels);
        let (data_dir, limits) = (&config.data_dir, &config.limits);
        let app = Arc::new(App {
            store,
            hub,
            rates: Rates::new(&config.limits),
            hasher: Hasher::new(&config.passwords).map_err(StartError::Passwords)?,
            pictures: Pictures::open(data_dir, limits, studio.clone())
                .map_err(StartError::Pictures)?,
            files: Files::open(data_dir, limits.file_bytes, studio).map_err(StartError::Files)?,
            clock,
            socket_limits: Arc::new(config.socket_limits()),
            work: TaskTracker::new(),
            config,
        });
        let pictures = app.pictures.found().map_err(StartError::Pictures)?;
        let sockets = Sockets::default();
        let background = vec![
            tokio::spawn(accept(Arc::clone(&app), listener, sockets.clone())),
            tokio::spawn(Hub::run(Arc::clone(&app), tasks)),
            tokio::spawn(housekeeping::run(Arc::clone(&app))),
            tokio::spawn(sweep::run(Arc::clone(&app))),
            tokio::spawn(housekeeping::run_files(Arc::clone(&app), pictures)),
        ];
        Ok(Self {
            address,
            app,
            sockets,
            background,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting, finishes what is in flight, closes every socket with 1001 and ends, within the grace time.
    pub async fn shutdown(self) {
        let grace = Duration::from_secs(self.app.config.connection.shutdown_seconds);
        self.sockets.leaving.cancel();
        self.app.hub.close_all();
        self.sockets.tracker.close();
        self.app.work.close();
        let all_ended = async {
            self.sockets.tracker.wait().await;
            // Connections begin it, and it outlives them.
            self.app.work.wait().await;
        };
        // A fifth of the time is left for the store.
        if timeout(grace.mul_f32(0.8), all_ended).await.is_err() {
            tracing::warn!("some connections did not end in time");
            self.sockets.over.cancel();
            self.sockets.tracker.wait().await;
        }
        if let Err(error) = self.app.hub.delivered().flush(&self.app).await {
            tracing::warn!(%error, "cursors could not be moved; some messages will be pushed again");
        }
        self.app.store.close().await;
        for task in self.background {
            task.abort();
        }
    }
}

fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    let listening = || {
        if let Some(handed_over) = listenfd::ListenFd::from_env().take_tcp_listener(0)? {
            handed_over.set_nonblocking(true)?;
            return TcpListener::from_std(handed_over);
        }
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listening().map_err(|source| StartError::Listen { address, source })
}

async fn accept(app: Arc<App>, listener: TcpListener, sockets: Sockets) {
    let router = router(Arc::clone(&app));
    let admission = Admission::new(&app.config);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = sockets.leaving.cancelled() => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Some(place) = admission.admit(peer.ip()) else {
            // Whether it arrives does not matter: there is no room for more care.
            _ = stream.try_write(admission::NO_ROOM);
            continue;
        };
        _ = stream.set_nodelay(true);
        let visit = Visit {
            app: Arc::clone(&app),
            sockets: sockets.clone(),
            router: router.clone(),
            peer,
            place: Arc::new(place),
        };
        sockets.spawn(visit.serve(stream));
    }
}

/// One accepted connection, while it speaks HTTP.
struct Visit {
    app: Arc<App>,
    sockets: Sockets,
    router: Router,
    peer: SocketAddr,
    /// Held by the connection and by the WebSocket that it may become.
    place: Arc<Place>,
}

impl Visit {
    async fn serve(self, stream: TcpStream) {
        let leaving = self.sockets.leaving.clone();
        let timing = &self.app.config.connection;
        let header_deadline = Duration::from_secs(timing.header_seconds);
        let stream = Patient::new(stream, Duration::from_secs(timing.dead_after_seconds));
        let visit = Arc::new(self);
        let service = service_fn(move |request| {
            let visit = Arc::clone(&visit);
            async move { Ok::<_, std::convert::Infallible>(visit.answer(request).await) }
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(header_deadline)
            .max_buf_size(16 * 1024)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = leaving.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "an HTTP connection ended early");
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response {
        let mut request = request.map(Body::new);
        if let Some(door) = Door::at(request.uri().path()) {
            let answer = upgrade(
                &self.app,
                &self.sockets,
                door,
                self.peer,
                Arc::clone(&self.place),
                request,
            );
            let answer = answer.await;
            return match answer.status() {
                StatusCode::SWITCHING_PROTOCOLS => answer,
                _ => guarded(answer),
            };
        }
        request.extensions_mut().insert(ConnectInfo(self.peer));
        // A file may take long, as long as it keeps coming.
        let is_upload = request.uri().path() == Endpoint::UploadFile.path();
        let deadline = match is_upload {
            true => Duration::MAX,
            false => Duration::from_secs(self.app.config.connection.body_seconds),
        };
        match timeout(deadline, self.router.clone().oneshot(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(_) => guarded(message(
                StatusCode::REQUEST_TIMEOUT,
                "the request took too long; try again",
            )),
        }
    }
}
