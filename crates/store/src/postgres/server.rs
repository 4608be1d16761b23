//! Where the server is and how it is connected to.

use std::{
    fs,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio::task::JoinHandle;
use tokio_postgres::{
    Client, Config, NoTls,
    config::{SslMode, TargetSessionAttrs},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{DatabaseUrl, error::describe};
use crate::Error;

/// For how long one address of the server may take to answer; `connect_timeout` of the URL wins.
const CONNECT: Duration = Duration::from_secs(5);

/// For how long what we send may stay unacknowledged.
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// Pause after an attempt to connect that failed; each further failure doubles it, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Longest pause between two attempts to connect.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// No connection tries to connect before `until`.
#[derive(Clone, Copy)]
struct Pause {
    until: Instant,
    length: Duration,
}

/// A PostgreSQL server's address, with all that is needed to connect to it.
pub(crate) struct Server {
    place: String,
    config: Config,
    tls: Option<MakeRustlsConnect>,
    /// Of all connections: whichever succeeds first ends it for the others.
    pause: Mutex<Option<Pause>>,
}

impl Server {
    /// Reads the certificates that the URL asks for.
    pub(crate) fn new(url: &DatabaseUrl) -> Result<Self, Error> {
        let mut config = url.config().clone();
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        config
            .tcp_user_timeout(UNACKNOWLEDGED)
            .keepalives_idle(CONNECT)
            // Of several hosts the one that takes writes.
            .target_session_attrs(TargetSessionAttrs::ReadWrite);
        let tls = match config.get_ssl_mode() {
            SslMode::Disable => None,
            _ => Some(tls(url.root_certificates())?),
        };
        Ok(Self {
            place: url.to_string(),
            config,
            tls,
            pause: Mutex::new(None),
        })
    }

    /// The URL without its password.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// Whether an attempt to connect failed a moment ago, so that another is too early.
    pub(super) fn pauses(&self) -> bool {
        self.pause()
            .is_some_and(|pause| Instant::now() < pause.until)
    }

    pub(super) fn note_success(&self) {
        *self.pause() = None;
    }

    pub(super) fn note_failure(&self) {
        let mut pause = self.pause();
        let length = pause.map_or(FIRST_PAUSE, |pause| LONGEST_PAUSE.min(2 * pause.length));
        let until = Instant::now() + length;
        *pause = Some(Pause { until, length });
    }

    fn pause(&self) -> MutexGuard<'_, Option<Pause>> {
        self.pause.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn connect(&self) -> Result<(Client, JoinHandle<()>), Error> {
        // Whatever ends the connection, the next statement is told.
        let connected = match &self.tls {
            None => self
                .config
                .connect(NoTls)
                .await
                .map(|(client, connection)| {
                    let connection = async { drop(connection.await) };
                    (client, tokio::spawn(connection))
                }),
            Some(tls) => self
                .config
                .connect(tls.clone())
                .await
                .map(|(client, connection)| {
                    let connection = async { drop(connection.await) };
                    (client, tokio::spawn(connection))
                }),
        };
        connected.map_err(|error| Error::Failed(describe(&error)))
    }
}

/// Trusts the certificates in the file, or else the system's.
fn tls(file: Option<&str>) -> Result<MakeRustlsConnect, Error> {
    let mut roots = RootCertStore::empty();
    match file {
        Some(file) => {
            let broken = |why: String| Error::Failed(format!("sslrootcert {file}: {why}"));
            let pem = fs::read(file).map_err(|error| broken(error.to_string()))?;
            for certificate in CertificateDer::pem_slice_iter(&pem) {
                let certificate = certificate.map_err(|error| broken(error.to_string()))?;
                roots
                    .add(certificate)
                    .map_err(|error| broken(error.to_string()))?;
            }
            if roots.is_empty() {
                return Err(broken("it holds no certificate".to_owned()));
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Failed(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
