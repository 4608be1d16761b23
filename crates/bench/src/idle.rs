//! What an idle notice connection costs the server in memory.

use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use tokio::{task::JoinSet, time::timeout};

use crate::{
    machine::{self, Core},
    people, process,
    server::Server,
    socket::Socket,
    table::{Table, grouped},
};

/// How many parts the connections are opened in, with a look at the memory after each.
const PARTS: usize = 4;

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Accounts, each with one notice connection
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(4..=1_000_000))]
    connections: u32,
    /// Seconds to stay connected before the last look: some pings go by
    #[arg(long, default_value_t = 60)]
    hold: u64,
}

pub(crate) async fn run(server: &mut Server, options: &Options, pin: bool) -> Result<Table> {
    let count = options.connections as usize;
    let tokens: Vec<String> = people::register(server, count)
        .await?
        .iter()
        .map(|session| session.token().to_owned())
        .collect();
    // A new process: what registering has left behind in the server's heap would hide the cost of connections.
    let restarted = server.restart(|| {
        if pin {
            machine::pin(Core::Server)?;
        }
        Ok(())
    });
    if restarted.await? && pin {
        machine::pin(Core::Generator)?;
    }

    let before = process::memory(server.pid)?;
    let mut table = Table::new(["connections", "server RSS MiB", "bytes a connection"]);
    let look = |table: &mut Table, connections: usize, what: &str| -> Result<()> {
        let memory = process::memory(server.pid)?;
        let grown = memory.saturating_sub(before) as f64;
        table.row([
            format!("{}{what}", grouped(connections as f64)),
            format!("{:.1}", memory as f64 / 1_048_576.0),
            match connections {
                0 => String::new(),
                _ => grouped(grown / connections as f64),
            },
        ]);
        Ok(())
    };
    look(&mut table, 0, "")?;
    let mut readers = JoinSet::new();
    for part in tokens.chunks(count.div_ceil(PARTS)) {
        for socket in people::come_online(server, part.iter().map(String::as_str)).await? {
            readers.spawn(stay(socket));
        }
        look(&mut table, readers.len(), "")?;
    }
    hold(&mut readers, Duration::from_secs(options.hold)).await?;
    let after = format!(" after {} s", options.hold);
    look(&mut table, readers.len(), &after)?;
    Ok(table)
}

/// Stays connected: answers pings.
async fn stay(mut socket: Socket) -> Result<()> {
    loop {
        socket.receive(|_| Ok(())).await?;
    }
}

/// Waits while every connection stays open.
async fn hold(readers: &mut JoinSet<Result<()>>, time: Duration) -> Result<()> {
    match timeout(time, readers.join_next()).await {
        Ok(Some(ended)) => ended?.context("an idle connection was lost"),
        Ok(None) | Err(_) => Ok(()),
    }
}
