//! The server under load: a process of its own with a temporary data folder, or one that runs already.

use std::{
    env,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use clap::Args;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

/// How long a server may take to say where it listens.
const START: Duration = Duration::from_secs(30);
/// How long a server may take to end.
const STOP: Duration = Duration::from_secs(30);

/// Settings without which a generator on one address would measure the server's bounds.
const SETTINGS: [(&str, &str); 6] = [
    ("HONGYAN_LIMITS__EXEMPT", "[\"127.0.0.0/8\"]"),
    ("HONGYAN_LIMITS__CONNECTIONS", "100000"),
    ("HONGYAN_PASSWORDS__MEMORY_KIB", "8"),
    ("HONGYAN_PASSWORDS__ITERATIONS", "1"),
    ("HONGYAN_PASSWORDS__WAITING", "1024"),
    ("HONGYAN_LOG", "warn"),
];

/// The server that this program starts.
#[derive(Args, Clone, Debug)]
pub(crate) struct OwnServer {
    /// The server's program; the default lies next to this one
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "url")]
    server_binary: Option<PathBuf>,
    /// Folder in which the server's temporary data folder is made: it chooses the disk
    #[arg(long, global = true, value_name = "FOLDER", conflicts_with = "url")]
    data_dir: Option<PathBuf>,
    /// An empty PostgreSQL database for the server rather than SQLite; it is left filled. `HONGYAN_DATABASE_URL` in the
    /// environment does the same and keeps a password to itself
    #[arg(long, global = true, value_name = "URL", conflicts_with = "url")]
    database_url: Option<String>,
}

/// Where a server listens and what it is told besides [`SETTINGS`].
#[derive(Clone, Copy)]
pub(crate) struct Launch {
    pub(crate) listen: SocketAddr,
    pub(crate) settings: &'static [(&'static str, &'static str)],
}

impl Launch {
    /// On a free port of this machine.
    pub(crate) const PLAIN: Self = Self {
        listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
        settings: &[],
    };
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) pid: u32,
    own: Option<Own>,
}

/// A server that this program has started.
struct Own {
    child: Child,
    binary: PathBuf,
    database: Option<String>,
    folder: TempDir,
    launch: Launch,
}

impl Own {
    /// A new process on the same data.
    async fn spawn(&self) -> Result<(Child, u32, SocketAddr)> {
        let database = self.database.as_deref();
        spawn(&self.binary, self.folder.path(), database, self.launch).await
    }
}

impl Drop for Own {
    /// However this program ends: the process is gone before its data folder is removed, or it would write into it.
    fn drop(&mut self) {
        let until = Instant::now() + STOP;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < until {
            _ = self.child.start_kill();
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Server {
    /// Starts a server. Without a binary it is the one that was built with this program.
    pub(crate) async fn start(own: OwnServer, launch: Launch) -> Result<Self> {
        let binary = match own.server_binary {
            Some(binary) => binary,
            None => env::current_exe()?.with_file_name("hongyan"),
        };
        if !binary.is_file() {
            bail!(
                "there is no server at {}: build it as this program was built (cargo build [--release] -p hongyan-server), or name it with --server-binary",
                binary.display()
            );
        }
        let disk = own.data_dir.unwrap_or_else(env::temp_dir);
        let folder = tempfile::Builder::new()
            .prefix("hongyan-bench-")
            .tempdir_in(&disk)
            .with_context(|| format!("cannot make a data folder in {}", disk.display()))?;
        let database = own.database_url;
        let (child, pid, address) =
            spawn(&binary, folder.path(), database.as_deref(), launch).await?;
        Ok(Self {
            address,
            pid,
            own: Some(Own {
                child,
                binary,
                database,
                folder,
                launch,
            }),
        })
    }

    /// A server that runs already.
    pub(crate) fn running(address: SocketAddr, pid: u32) -> Self {
        Self {
            address,
            pid,
            own: None,
        }
    }

    /// The server's temporary data folder; a server that was not started here keeps its own to itself.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.own.as_ref().map(|own| own.folder.path())
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A new process on the same data, started after `before_start`; says whether there is one: a server that was not
    /// started here is left alone.
    pub(crate) async fn restart(
        &mut self,
        before_start: impl FnOnce() -> Result<()>,
    ) -> Result<bool> {
        let Some(own) = &mut self.own else {
            return Ok(false);
        };
        end(&mut own.child, self.pid).await?;
        before_start()?;
        (own.child, self.pid, self.address) = own.spawn().await?;
        Ok(true)
    }

    /// Kills the server with SIGKILL, and starts it again on the same data and the same port.
    pub(crate) async fn crash(&mut self) -> Result<()> {
        let Some(own) = &mut self.own else {
            bail!("only a server that was started here is killed");
        };
        if let Some(status) = own.child.try_wait()? {
            bail!("the server ended by itself: {status}");
        }
        own.child.kill().await?;
        own.launch.listen = self.address;
        (own.child, self.pid, self.address) = own.spawn().await?;
        Ok(())
    }

    /// Ends the server, if it was started here.
    pub(crate) async fn stop(mut self) -> Result<()> {
        match &mut self.own {
            Some(own) => end(&mut own.child, self.pid).await,
            None => Ok(()),
        }
    }
}

async fn spawn(
    binary: &Path,
    folder: &Path,
    database: Option<&str>,
    launch: Launch,
) -> Result<(Child, u32, SocketAddr)> {
    let mut child = Command::new(binary)
        .args([
            "serve",
            "--listen",
            &launch.listen.to_string(),
            "--data-dir",
        ])
        .arg(folder)
        .envs(SETTINGS)
        .envs(launch.settings.iter().copied())
        .envs(database.map(|url| ("HONGYAN_DATABASE_URL", url)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot start {}", binary.display()))?;
    let pid = child.id().context("the server ended at once")?;
    let stdout = child.stdout.take().context("the server has no stdout")?;
    let address = timeout(START, address(BufReader::new(stdout)))
        .await
        .context("the server did not say where it listens")??;
    Ok((child, pid, address))
}

/// The address in the greeting.
async fn address(stdout: impl AsyncBufReadExt + Unpin) -> Result<SocketAddr> {
    let mut lines = stdout.lines();
    while let Some(line) = lines.next_line().await? {
        if let Some((_, address)) = line.split_once("http://") {
            return Ok(address.trim().parse()?);
        }
    }
    bail!("the server ended before it listened; its log says why")
}

/// SIGTERM, and SIGKILL for one that does not heed it.
async fn end(child: &mut Child, pid: u32) -> Result<()> {
    if let Some(status) = child.try_wait()? {
        bail!("the server ended by itself: {status}");
    }
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    kill_process(pid.context("the server has no process id")?, Signal::TERM)?;
    if timeout(STOP, child.wait()).await.is_err() {
        child.kill().await?;
        bail!("the server did not end within {} s", STOP.as_secs());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_address_is_read_from_the_greeting() {
        let greeting = "Hongyan 0.1.0\n  open      http://127.0.0.1:40123\n  data      /tmp/x\n";
        assert_eq!(address(greeting.as_bytes()).await.unwrap().port(), 40_123);
        assert!(address("hongyan: no\n".as_bytes()).await.is_err());
    }
}
