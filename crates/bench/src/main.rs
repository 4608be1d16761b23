//! The load generator: starts a server (or takes a running one), loads it, and prints what it cost.
#![allow(
    clippy::print_stdout,
    reason = "the figures of a command belong on stdout"
)]

mod codec;
mod fanout;
mod idle;
mod latencies;
mod machine;
mod pairs;
mod people;
mod process;
mod raw;
mod rounds;
mod senders;
mod server;
mod socket;
mod table;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use tokio::{runtime::Builder, time::timeout};

use self::{machine::Core, server::Server};

/// Measures Hongyan: memory of idle connections, fan-out in a group, messages between pairs.
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
    /// Memory of the server for each idle notice connection
    Idle(idle::Options),
    /// One publisher, one group, many members online
    Fanout(fanout::Options),
    /// Few and many senders that wait for each answer, beside SQLite's own limit
    Senders(senders::Options),
    /// Many pairs of friends, one of each writing to the other
    Pairs(pairs::Options),
}

/// Where and how to measure.
#[derive(Args, Debug)]
struct Setting {
    /// The server's program; the default lies next to this one
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "url")]
    server_binary: Option<PathBuf>,
    /// Folder in which the server's temporary data folder is made: it chooses the disk
    #[arg(long, global = true, value_name = "FOLDER", conflicts_with = "url")]
    data_dir: Option<PathBuf>,
    /// Measures a running server, which must exempt this address from its rates
    #[arg(long, global = true, value_name = "ADDRESS:PORT", requires = "pid")]
    url: Option<SocketAddr>,
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

fn main() -> Result<()> {
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
    let deadline = Duration::from_secs(cli.setting.deadline);
    let table = runtime
        .block_on(async { timeout(deadline, run(&cli)).await })
        .with_context(|| {
            format!(
                "not finished within {} s; ask for less, or raise --deadline",
                deadline.as_secs()
            )
        })??;
    println!("{table}{facts}");
    Ok(())
}

async fn run(cli: &Cli) -> Result<table::Table> {
    let mut server = match (cli.setting.url, cli.setting.pid) {
        (Some(address), Some(pid)) => Server::running(address, pid),
        _ => {
            let binary = cli.setting.server_binary.clone();
            Server::start(binary, cli.setting.data_dir.as_deref()).await?
        }
    };
    if cli.setting.pin {
        machine::pin(Core::Generator)?;
    }
    let done = match &cli.scenario {
        Scenario::Idle(options) => idle::run(&mut server, options, cli.setting.pin).await,
        Scenario::Fanout(options) => fanout::run(&server, options).await,
        Scenario::Senders(options) => senders::run(&server, options).await,
        Scenario::Pairs(options) => pairs::run(&server, options).await,
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
