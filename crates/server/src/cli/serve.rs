//! `hongyan serve`: settings, log, data directory, server, and the signals that end it.

use std::{
    env,
    io::{self, IsTerminal},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    process,
};

use hongyan_store::DatabaseUrl;
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::{Failure, block_on, config::Settings, print};
use crate::{clock::Clock, config::Config, data_dir::DataDir, serve::Server};

/// Open files beside connections: the database, its readers, the log, pictures.
const OTHER_FILES: u64 = 100;

/// Serves until a signal asks for the end.
pub(super) fn run(settings: &Settings) -> Result<(), Failure> {
    let config = settings.load()?;
    start_log()?;
    let _claimed = DataDir::claim(&config.data_dir).map_err(Failure::broken)?;
    block_on(serve(config))?
}

async fn serve(config: Config) -> Result<(), Failure> {
    let data_dir = config.data_dir.clone();
    let database_url = config.database_url.clone();
    let connections = config.limits.connections;
    let server = Server::start(config, Clock::default())
        .await
        .map_err(Failure::broken)?;
    allow_files(connections);
    // Before the address is told: whoever knows it may ask for the end.
    let mut signals = Signals::listen()?;
    print(&greeting(
        server.address(),
        &data_dir,
        database_url.as_ref(),
    ))?;

    let first = signals.next().await;
    tracing::info!(
        signal = first.name(),
        "shutting down; a second signal stops at once"
    );
    tokio::spawn(async move {
        let second = signals.next().await;
        process::exit(second.status());
    });
    server.shutdown().await;
    tracing::info!("stopped");
    Ok(())
}

/// Has the system allow as many open files as it ever would: each connection is one.
fn allow_files(connections: usize) {
    let mut limit = getrlimit(Resource::Nofile);
    let (before, most) = (limit.current, limit.maximum);
    limit.current = most;
    let allowed = match setrlimit(Resource::Nofile, limit) {
        Ok(()) => most,
        Err(error) => {
            tracing::warn!(%error, "the limit of open files could not be raised");
            before
        }
    };
    let wanted = connections as u64 + OTHER_FILES;
    if let Some(allowed) = allowed.filter(|&allowed| allowed < wanted) {
        tracing::warn!(
            allowed,
            wanted,
            "fewer files may be open than limits.connections needs; raise LimitNOFILE or ulimit -n"
        );
    }
}

/// What an operator wants to know of a server that has just started.
fn greeting(address: SocketAddr, data_dir: &Path, database_url: Option<&DatabaseUrl>) -> String {
    // No browser opens the address that stands for all of this machine's.
    let (host, others) = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST.into(), true),
        IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST.into(), true),
        ip => (ip, false),
    };
    let open = SocketAddr::new(host, address.port());
    let others = if others {
        "  (and this machine's other addresses)"
    } else {
        ""
    };
    let database = database_url.map_or_else(String::new, |url| format!("  database  {url}\n"));
    format!(
        "Hongyan {}\n  open      http://{open}{others}\n{database}  data      {}\n",
        env!("CARGO_PKG_VERSION"),
        data_dir.display()
    )
}

/// Logs to stderr: `HONGYAN_LOG` says what, `HONGYAN_LOG_FORMAT=json` how.
fn start_log() -> Result<(), Failure> {
    let wanted = variable("HONGYAN_LOG")?.unwrap_or_else(|| "info".to_owned());
    let filter = EnvFilter::try_new(wanted).map_err(|error| {
        Failure::Usage(format!(
            "HONGYAN_LOG is no filter: {error}; write info, or hongyan_server=debug"
        ))
    })?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    match variable("HONGYAN_LOG_FORMAT")?.as_deref() {
        Some("json") => log.json().init(),
        None | Some("compact") => {
            let coloured = io::stderr().is_terminal() && variable("NO_COLOR")?.is_none();
            log.compact().with_ansi(coloured).init();
        }
        Some(other) => {
            return Err(Failure::Usage(format!(
                "HONGYAN_LOG_FORMAT is {other:?}; write compact or json"
            )));
        }
    }
    Ok(())
}

/// The value of an environment variable; an empty one is as good as none.
fn variable(name: &str) -> Result<Option<String>, Failure> {
    match env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => {
            Err(Failure::Usage(format!("{name} is no UTF-8; correct it")))
        }
    }
}

/// A request to end.
#[derive(Clone, Copy)]
enum End {
    Interrupt,
    Terminate,
}

impl End {
    const fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
        }
    }

    /// The exit status by which a shell knows who was ended by this signal.
    const fn status(self) -> i32 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind)
                .map_err(|error| Failure::Broken(format!("cannot listen for signals: {error}")))
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> End {
        tokio::select! {
            _ = self.interrupt.recv() => End::Interrupt,
            _ = self.terminate.recv() => End::Terminate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greeting_names_an_address_that_a_browser_opens() {
        for (address, open) in [
            ("127.0.0.1:8006", "http://127.0.0.1:8006\n"),
            ("0.0.0.0:80", "http://127.0.0.1:80  (and"),
            ("[::]:80", "http://[::1]:80  (and"),
        ] {
            let text = greeting(
                address.parse().unwrap(),
                Path::new("/srv/hongyan/data"),
                None,
            );
            assert!(text.contains(open), "{text}");
            assert!(text.ends_with("  data      /srv/hongyan/data\n"), "{text}");
        }
    }
}
