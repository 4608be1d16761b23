//! A PostgreSQL server for the tests: made from the installed package in a folder of its own, and gone with its starter.

use std::{
    env,
    fs::{self, File},
    io::Read,
    net::TcpListener,
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

/// Where Debian's packages put the programs, in a folder for each version.
const PROGRAMS: &str = "/usr/lib/postgresql";

/// For how long the server may take until it lets somebody in.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the server and, when the pipe to the one who started it ends, whatever that one died of, stops it and removes
/// its folder.
const GUARD: &str = r#"
    folder=$1; shift
    "$@" </dev/null &
    cat >/dev/null
    kill -QUIT $! && wait $!
    rm -rf -- "$folder"
"#;

/// A running server; it stops when this is dropped or the process ends, however that happens.
pub(crate) struct Postgres {
    guard: Child,
    url: String,
}

impl Postgres {
    /// Makes a cluster in a temporary folder and starts a server on a free port of 127.0.0.1. Who is root lets the
    /// user `postgres` do it: the server refuses root.
    pub(crate) fn start() -> Result<Self> {
        let programs =
            programs().context("PostgreSQL is not installed: apt-get install postgresql")?;
        let folder = env::temp_dir().join(format!("hongyan-postgres-{}", std::process::id()));
        fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Self::start_in(&folder, &programs).inspect_err(|_| {
            let _ = fs::remove_dir_all(&folder);
        })
    }

    fn start_in(folder: &Path, programs: &Path) -> Result<Self> {
        let password = random_password()?;
        let secret = folder.join("password");
        fs::write(&secret, &password)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        if let Some(user) = unprivileged()? {
            chown(folder, Some(user), None)?;
            chown(&secret, Some(user), None)?;
        }
        let data = folder.join("data");
        let made = as_unprivileged(&programs.join("initdb"))?
            .args([
                "--auth=scram-sha-256",
                "--username=tester",
                "--encoding=UTF8",
            ])
            .arg("--no-instructions")
            .arg("--pgdata")
            .arg(&data)
            .arg("--pwfile")
            .arg(&secret)
            .current_dir(folder)
            .stdout(Stdio::null())
            .status()
            .context("cannot run initdb")?;
        ensure!(made.success(), "initdb failed: see above");

        let port = free_port()?;
        let server = as_unprivileged(&programs.join("postgres"))?;
        let log = File::create(folder.join("log"))?;
        let mut guard = Command::new("sh");
        guard
            .args(["-c", GUARD, "sh"])
            .arg(folder)
            .arg(server.get_program())
            .args(server.get_args())
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string()])
            .args(["-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "unix_socket_directories="])
            .args(["-c", "max_connections=300"])
            // What is made for a test need not outlive a loss of power.
            .args(["-c", "fsync=off"])
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log)
            // Ctrl-C is for the tests: the guard outlives them to clean up.
            .process_group(0);
        let server = Self {
            guard: guard.spawn().context("cannot run sh")?,
            url: format!("postgres://tester:{password}@127.0.0.1:{port}/postgres"),
        };
        wait_for(&folder.join("log"))?;
        Ok(server)
    }

    /// What a command needs in its environment to run tests on this server.
    pub(crate) fn environment(&self) -> [(&'static str, String); 2] {
        [
            ("HONGYAN_TEST_DATABASE", "postgres".to_owned()),
            ("HONGYAN_TEST_POSTGRES", self.url.clone()),
        ]
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

/// Where the programs of the newest installed version are.
pub(crate) fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir(PROGRAMS).ok()?.flatten();
    versions
        .map(|version| version.path())
        .filter(|version| version.join("bin/postgres").is_file())
        .max_by_key(|version| number(version))
        .map(|version| version.join("bin"))
}

fn number(version: &Path) -> Option<u32> {
    version.file_name()?.to_str()?.parse().ok()
}

/// The user who has to run the server when we are root.
fn unprivileged() -> Result<Option<u32>> {
    if id(&[])? != 0 {
        return Ok(None);
    }
    id(&["postgres"]).map(Some)
}

fn id(user: &[&str]) -> Result<u32> {
    let output = Command::new("id").arg("-u").args(user).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim()
        .parse()
        .with_context(|| format!("`id -u {}` gave no number", user.join(" ")))
}

fn as_unprivileged(program: &Path) -> Result<Command> {
    if unprivileged()?.is_none() {
        return Ok(Command::new(program));
    }
    let mut command = Command::new("setpriv");
    command
        .args([
            "--reuid=postgres",
            "--regid=postgres",
            "--clear-groups",
            "--",
        ])
        .arg(program);
    Ok(command)
}

fn random_password() -> Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn wait_for(log: &Path) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let said = fs::read_to_string(log)?;
        if said.contains("database system is ready to accept connections") {
            return Ok(());
        }
        if said.contains("FATAL") || Instant::now() > deadline {
            bail!("the PostgreSQL server did not start:\n{said}");
        }
        thread::sleep(Duration::from_millis(20));
    }
}
