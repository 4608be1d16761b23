//! The load generator and the checker: start a server (or take a running one), load it, and print what it cost, or
//! whether it kept its promises.
#![allow(
    clippy::print_stdout,
    reason = "the figures of a command belong on stdout"
)]

mod check;
mod codec;
mod fanout;
mod idle;
mod latencies;
mod machine;
mod pages;
mod pairs;
mod people;
mod process;
mod raw;
mod rounds;
mod senders;
mod server;
mod socket;
mod table;

use std::{net::SocketAddr, process::ExitCode, time::Duration};

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, Parser, Subcommand};
use tokio::{
    runtime::Builder,
    signal::unix::{SignalKind, signal},
    time::sleep,
};

use self::{
    check::Subject,
    machine::Core,
    server::{Launch, OwnServer, Server},
};

/// Measures Hongyan (memory of idle connections, fan-out in a group, messages between pairs), and checks that it loses
/// nothing.
///
/// Each scenario starts a server of its own with a temporary data folder, unless --url names a running one.
#[derive(Parser, Debug)]
#[command(name = "hongyan-bench", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    scenario: Scenario,
    #[command(flatten)]
    setting: Setting,
}

#[derive(Subcommand, Debug)]
enum Scenario {
    #[command(flatten)]
    Load(Load),
    /// Whether nothing acknowledged is lost, doubled or reordered while the server is killed again and again
    Check(check::Options),
}

/// What is measured.
#[derive(Subcommand, Debug)]
enum Load {
    /// Memory of the server for each idle notice connection
    Idle(idle::Options),
    /// One publisher, one group, many members online
    Fanout(fanout::Options),
    /// Few and many senders that wait for each answer, beside SQLite's own limit
    Senders(senders::Options),
    /// Lists, history and search of somebody with much to look through, and resuming after an absence
    Pages(pages::Options),
    /// Many pairs of friends, one of each writing to the other
    Pairs(pairs::Options),
}

/// Where and how to measure.
#[derive(Args, Debug)]
struct Setting {
    #[command(flatten)]
    own: OwnServer,
    /// Takes a running server. To be measured, it must exempt this address from its rates, and --pid must be given
    #[arg(long, global = true, value_name = "URL")]
    url: Option<String>,
    /// The process of the server at --url, on this machine
    #[arg(long, global = true, value_name = "PID", requires = "url")]
    pid: Option<u32>,
    /// The server runs on core 0 only, this generator on core 1
    #[arg(long, global = true)]
    pin: bool,
    /// Seconds after which everything is given up
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 900)]
    deadline: u64,
}

fn main() -> Result<ExitCode> {
    let cli = Cli::parse();
    let facts = machine::facts(cli.setting.pin);
    machine::raise_file_limit();
    // The server inherits its core from this thread.
    if cli.setting.pin {
        machine::pin(Core::Server)?;
    }
    // One thread: a generator that takes turns with the server on few cores would measure itself.
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    // What is given up drops its server, and that its data folder.
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = run(&cli) => outcome,
            why = given_up(Duration::from_secs(cli.setting.deadline)) => Err(why?),
        }
    })?;
    match outcome {
        Outcome::Measured(table) => {
            println!("{table}{facts}");
            Ok(ExitCode::SUCCESS)
        }
        Outcome::Checked(report) => {
            println!("{report}");
            Ok(ExitCode::from(u8::from(!report.is_clean())))
        }
    }
}

/// Waits for the deadline, SIGINT or SIGTERM, and says which it was.
async fn given_up(deadline: Duration) -> Result<anyhow::Error> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    Ok(tokio::select! {
        () = sleep(deadline) => anyhow!(
            "not finished within {} s; ask for less, or raise --deadline",
            deadline.as_secs()
        ),
        _ = terminated.recv() => anyhow!("ended by SIGTERM"),
        _ = interrupted.recv() => anyhow!("ended by SIGINT"),
    })
}

/// What a scenario comes to.
enum Outcome {
    Measured(table::Table),
    Checked(check::Report),
}

async fn run(cli: &Cli) -> Result<Outcome> {
    match &cli.scenario {
        Scenario::Check(options) => check(&cli.setting, options).await.map(Outcome::Checked),
        Scenario::Load(load) => measure(&cli.setting, load).await.map(Outcome::Measured),
    }
}

async fn check(setting: &Setting, options: &check::Options) -> Result<check::Report> {
    if setting.pin || setting.pid.is_some() {
        bail!("--pin and --pid are for what is measured, not for a check");
    }
    let subject = match &setting.url {
        Some(url) => Subject::Running(url.clone()),
        None => Subject::start(setting.own.clone()).await?,
    };
    check::run(subject, options).await
}

async fn measure(setting: &Setting, load: &Load) -> Result<table::Table> {
    let mut server = match (&setting.url, setting.pid) {
        (Some(url), Some(pid)) => Server::running(address(url)?, pid),
        (Some(_), None) => bail!("a running server is measured by its process: name it with --pid"),
        (None, _) => Server::start(setting.own.clone(), Launch::PLAIN).await?,
    };
    if setting.pin {
        machine::pin(Core::Generator)?;
    }
    let done = match load {
        Load::Idle(options) => idle::run(&mut server, options, setting.pin).await,
        Load::Fanout(options) => fanout::run(&server, options).await,
        Load::Senders(options) => senders::run(&server, options).await,
        Load::Pages(options) => pages::run(&server, options).await,
        Load::Pairs(options) => pairs::run(&server, options).await,
    };
    match server.stop().await {
        Ok(()) => done,
        // A server that ended early explains what else went wrong.
        Err(ended) => Err(match done {
            Ok(_) => ended,
            Err(lost) => lost.context(ended),
        }),
    }
}

/// `http://ADDRESS:PORT`, or without the scheme.
fn address(url: &str) -> Result<SocketAddr> {
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    address
        .parse()
        .with_context(|| format!("{url}: to be measured, a server is named by its ADDRESS:PORT"))
}
