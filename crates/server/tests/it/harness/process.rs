//! The real binary as a process of its own, to be killed for real.

use std::{path::Path, process::Stdio};

use hongyan_client::Client;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, Command},
};

use super::soon;

/// A running `hongyan serve`; killed when dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) url: String,
}

impl Process {
    /// Starts a server on a free port and waits until it says where it listens.
    pub(crate) async fn start(data_dir: &Path) -> Self {
        Self::spawn(command(data_dir)).await
    }

    /// Has `outer`, a command that runs its arguments, run `inner`.
    pub(crate) async fn start_within(mut outer: Command, inner: Command) -> Self {
        let inner = inner.as_std();
        let variables = inner
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?)));
        outer
            .arg(inner.get_program())
            .args(inner.get_args())
            .envs(variables)
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        Self::spawn(outer).await
    }

    async fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = soon("the address of the server", async {
            loop {
                let line = lines.next_line().await.unwrap().expect("the server runs");
                if let Some((_, url)) = line.split_once("http://") {
                    return format!("http://{}", url.trim_end());
                }
            }
        })
        .await;
        Self { child, url }
    }

    /// Bounds the size in bytes of what it writes to from now on; a later call may lift the bound.
    pub(crate) async fn limit_files(&self, bytes: &str) {
        let pid = self.child.id().unwrap().to_string();
        let limited = Command::new("prlimit")
            .args(["--pid", &pid, &format!("--fsize={bytes}:")])
            .status()
            .await;
        assert!(limited.unwrap().success());
    }

    /// A client of it.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.url).unwrap()
    }

    /// kill -9, and waits until it is dead.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// SIGTERM; gives the exit status.
    pub(crate) async fn terminate(mut self) -> std::process::ExitStatus {
        let pid = self.child.id().unwrap().to_string();
        let killed = Command::new("kill").args(["-TERM", &pid]).status().await;
        assert!(killed.unwrap().success());
        soon("the end of the server", self.child.wait())
            .await
            .unwrap()
    }
}

/// Runs a server that must fail to start; gives its exit code and what it said on standard error.
pub(crate) async fn failing(mut command: Command) -> (i32, String) {
    let mut child = command.spawn().unwrap();
    let mut said = String::new();
    let mut stderr = child.stderr.take().unwrap();
    soon("the end of the server", stderr.read_to_string(&mut said))
        .await
        .unwrap();
    let status = soon("the end of the server", child.wait()).await.unwrap();
    (status.code().unwrap(), said)
}

/// `hongyan serve` on a free port, with fast hashing and no wait before kept messages.
pub(crate) fn command(data_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hongyan"));
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(data_dir)
        .env("HONGYAN_PASSWORDS__MEMORY_KIB", "8")
        .env("HONGYAN_NOTICE__REPLAY_DELAY_MS", "0")
        .env("HONGYAN_LIMITS__REGISTRATIONS_PER_HOUR", "1000")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}
