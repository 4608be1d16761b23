//! The command line: `hongyan serve`, `user`, `config`, `restored` and `chat`.
#![allow(
    clippy::print_stdout,
    reason = "what a command answers belongs on stdout"
)]

mod chat;
mod config;
mod restored;
mod serve;
mod user;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{Parser, Subcommand, error::ErrorKind};
use tokio::runtime::Builder;

use self::config::Settings;

/// Hongyan, a self-hosted instant-messaging server.
///
/// Without a command it serves. Settings come from flags, else from HONGYAN_* in the environment, else from the TOML
/// file of --config, else from the defaults that `hongyan config print` shows.
#[derive(Parser, Debug)]
#[command(name = "hongyan", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Serve until SIGTERM or SIGINT; the second one stops at once
    Serve(Settings),
    /// Add, list and repair accounts, also while the server runs
    User {
        #[command(subcommand)]
        command: user::Command,
    },
    /// Show the settings
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Say, before the next start, that a backup was put back: sessions end and clients begin anew
    Restored(config::Place),
    /// Chat from this terminal
    Chat {
        /// Address of the server
        #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8006")]
        server: String,
    },
}

#[derive(Subcommand, Debug)]
enum ConfigCommand {
    /// Print the values in force as a TOML file
    Print(Settings),
}

/// Why a command did not do its work, for the person at the terminal.
#[derive(Debug)]
enum Failure {
    /// The command line or a setting is wrong.
    Usage(String),
    /// The command was understood and could not be carried out.
    Broken(String),
}

impl Failure {
    /// The command was understood, but `reason` keeps it from being carried out.
    fn broken(reason: impl ToString) -> Self {
        Self::Broken(reason.to_string())
    }

    /// Tells stderr and gives the exit status.
    fn tell(&self) -> ExitCode {
        let (reason, status) = match self {
            Self::Usage(reason) => (reason, 2),
            Self::Broken(reason) => (reason, 1),
        };
        // Without a stderr the status alone has to say it.
        let _ = writeln!(io::stderr(), "hongyan: {}", one_line(reason));
        ExitCode::from(status)
    }
}

/// Does what the command line says.
pub fn main() -> ExitCode {
    let done = match Cli::try_parse() {
        Ok(cli) => run(cli
            .command
            .unwrap_or_else(|| Command::Serve(Settings::default()))),
        Err(error) => match wrong_usage(&error) {
            Some(failure) => Err(failure),
            None => error.exit(),
        },
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.tell(),
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve(settings) => serve::run(&settings),
        Command::User { command } => user::run(command),
        Command::Config {
            command: ConfigCommand::Print(settings),
        } => config::print(&settings),
        Command::Restored(place) => restored::run(&place),
        Command::Chat { server } => {
            block_on(chat::run(&server))?.map_err(|error| Failure::Broken(format!("{error:#}")))
        }
    }
}

/// Runs `work` on a runtime of its own, and leaves behind what still blocks one of its threads afterwards.
fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Failure::Broken(format!(
                "cannot start threads: {error}; raise the limits of the process"
            ))
        })?;
    let done = runtime.block_on(work);
    runtime.shutdown_background();
    Ok(done)
}

/// Writes to stdout; a reader who has seen enough (`hongyan user list | head`) is no failure.
fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Broken(format!("cannot write to stdout: {error}")))
        }
        _ => Ok(()),
    }
}

/// What is wrong with the command line; `None` for what clap shows in full: help and the version.
fn wrong_usage(error: &clap::Error) -> Option<Failure> {
    match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => None,
        _ => {
            let text = error.render().to_string();
            let told = text.split("\nUsage:").next().unwrap_or_default();
            let told = told
                .split("\nFor more information")
                .next()
                .unwrap_or_default();
            let told = told.strip_prefix("error: ").unwrap_or(told);
            let reason = told
                .split("\n\n")
                .map(one_line)
                .collect::<Vec<_>>()
                .join("; ");
            Some(Failure::Usage(format!(
                "{reason}; --help shows what is possible"
            )))
        }
    }
}

fn one_line(text: &str) -> String {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_wrong_command_line_is_told_in_one_line_that_says_where_to_look() {
        for (arguments, reason) in [
            (&["serve", "--listen", "8006"][..], "127.0.0.1:8006"),
            (&["serve", "--limits-exempt", "127.0.0.1"], "127.0.0.1/32"),
            (&["serve", "--lisen", "[::1]:8006"], "--listen"),
            (&["user", "add"], "<NAME>"),
            (&["user", "add", "ann"], "4 to 16 letters"),
            (&["observe"], "observe"),
        ] {
            let error = Cli::try_parse_from([&["hongyan"], arguments].concat()).unwrap_err();
            let Some(Failure::Usage(text)) = wrong_usage(&error) else {
                panic!("{arguments:?} is not told as wrong usage");
            };
            assert!(text.contains(reason), "{text}");
            assert!(text.contains("--help") && !text.contains('\n'), "{text}");
        }
    }
}
