//! The real binary as a process of its own, to be killed for real.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    process::{ExitStatus, Stdio},
    sync::atomic::{AtomicU8, Ordering},
};

use hongyan_client::Client;
use hongyan_store::testing;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use super::{Person, account, soon};

/// A running `hongyan serve`; killed when dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) url: String,
    /// Kept, so that the server can go on writing there.
    _said: Lines<BufReader<ChildStdout>>,
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
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        Self::spawn(outer).await
    }

    /// The same with another command, which ends in a server. What it logs is shown with the test.
    pub(crate) async fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        tokio::spawn(async move {
            while let Ok(Some(line)) = log.next_line().await {
                eprintln!("server: {line}");
            }
        });
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = soon("the address of the server", async {
            loop {
                let line = said.next_line().await.unwrap().expect("the server runs");
                if let Some((_, url)) = line.split_once("http://") {
                    return format!("http://{}", url.trim_end());
                }
            }
        })
        .await;
        Self {
            child,
            url,
            _said: said,
        }
    }

    /// Lets it write nothing more into its database, or lets it write again.
    pub(crate) async fn refuse_writes(&self, data_dir: &Path, refuse: bool) {
        if testing::on_postgres() {
            testing::refuse_writes(data_dir, refuse);
        } else {
            self.limit_files(if refuse { "1" } else { "unlimited" })
                .await;
        }
    }

    /// Bounds the size in bytes of what it writes to from now on; a later call may lift the bound.
    async fn limit_files(&self, bytes: &str) {
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

    /// Registers people; none of them is online.
    pub(crate) async fn people<const N: usize>(&self, names: [&str; N]) -> [Person; N] {
        let mut people = Vec::with_capacity(N);
        for name in names {
            let session = self.client().register(&account(name)).await.unwrap();
            people.push(Person::new(session));
        }
        people
            .try_into()
            .unwrap_or_else(|_| unreachable!("as many people as names"))
    }

    /// The same session as before, on the server that runs now.
    pub(crate) async fn again(&self, person: &Person) -> Person {
        Person::new(self.client().resume(person.token()).await.unwrap())
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.url.strip_prefix("http://").unwrap().parse().unwrap()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// kill -9, and waits until it is dead.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Sends a signal: `TERM`, `INT`.
    pub(crate) fn signal(&self, name: &str) {
        let killed = std::process::Command::new("kill")
            .args(["-s", name, &self.id().to_string()])
            .status();
        assert!(killed.unwrap().success());
    }

    /// The exit status, once there is one.
    pub(crate) async fn end(mut self) -> ExitStatus {
        soon("the end of the server", self.child.wait())
            .await
            .unwrap()
    }

    /// SIGTERM; gives the exit status.
    pub(crate) async fn terminate(self) -> ExitStatus {
        self.signal("TERM");
        self.end().await
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
    (
        status.code().expect("it ended by itself, not by a signal"),
        said,
    )
}

/// What a command answered that ran to its end.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `hongyan` with these arguments and this on its standard input.
pub(crate) async fn run(mut command: Command, input: &str) -> Answered {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A command that refuses does not read it, and may be gone already.
    _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    let output = soon("the end of the command", child.wait_with_output())
        .await
        .unwrap();
    Answered {
        code: output.status.code().expect("it ended by itself"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// `hongyan serve` on a free port, with fast hashing and no wait before kept messages.
pub(crate) fn command(data_dir: &Path) -> Command {
    command_on(data_dir, ([127, 0, 0, 1], 0).into())
}

/// The same on a given address.
pub(crate) fn command_on(data_dir: &Path, listen: SocketAddr) -> Command {
    let mut command = hongyan();
    command
        .args(["serve", "--listen", &listen.to_string(), "--data-dir"])
        .arg(data_dir);
    on_database_of(data_dir, command)
}

/// The command with the database that belongs to the folder.
pub(crate) fn on_database_of(data_dir: &Path, mut command: Command) -> Command {
    if let Some(url) = testing::url(data_dir) {
        command.env("HONGYAN_DATABASE_URL", url.expose());
    }
    command
}

/// `hongyan`, without arguments, in an environment that makes it fast.
pub(crate) fn hongyan() -> Command {
    in_test(Command::new(env!("CARGO_BIN_EXE_hongyan")))
}

/// Prepares a command in which `hongyan` runs.
pub(crate) fn in_test(mut command: Command) -> Command {
    command
        .env("HONGYAN_PASSWORDS__MEMORY_KIB", "8")
        .env("HONGYAN_PASSWORDS__ITERATIONS", "1")
        .env("HONGYAN_PRESENCE__OFFLINE_AFTER_MS", "50")
        .env("HONGYAN_NOTICE__REPLAY_DELAY_MS", "0")
        .env("HONGYAN_LIMITS__EXEMPT", r#"["127.0.0.0/8"]"#)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// An address (port 0) of this machine that nobody else uses, so that a server finds its port free again after a crash:
/// on 127.0.0.1 another test might have taken it meanwhile.
pub(crate) fn own_address() -> SocketAddr {
    static TAKEN: AtomicU8 = AtomicU8::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    let network = TAKEN.fetch_add(1, Ordering::Relaxed);
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, network, high, low)), 0)
}
