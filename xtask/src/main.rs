//! `cargo xtask`: the chores of this repository, each one command that works the same on a desk and in CI.
#![allow(
    clippy::print_stdout,
    reason = "a command line talks on standard output"
)]

mod postgres;
mod run;
mod tally;
mod tools;
mod web;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Parser;

use postgres::Postgres;
use run::{Counting, Step};
use tally::Tally;
use tools::Tools;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The chores of this repository")]
enum Task {
    /// Check the format, the lints and every test
    Test {
        /// Install what a step cannot do without, and do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// Rewrite what is generated: the tables of docs/protocol.md, and the page's types in web/src/client/wire.ts
    Docs,
    /// Build the page anew: web/dist, which the server's binary holds
    Web,
    /// Run a command, such as `cargo nextest run -p hongyan-store`, with a PostgreSQL server for its tests
    Postgres {
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
}

fn main() -> Result<ExitCode> {
    let task = Task::parse();
    // Cargo tells where this package is; one above it is the root, wherever the command was typed.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").context("run this as `cargo xtask`")?;
    let root = PathBuf::from(package).join("..");
    std::env::set_current_dir(&root).with_context(|| format!("cannot enter {}", root.display()))?;
    match task {
        Task::Test { yes } => Ok(test(yes)),
        Task::Web => web::build().map(|()| ExitCode::SUCCESS),
        Task::Docs => docs().map(|()| ExitCode::SUCCESS),
        Task::Postgres { command } => with_postgres(&command),
    }
}

/// Runs the command, which finds the server in its environment; gives its exit status.
fn with_postgres(command: &[String]) -> Result<ExitCode> {
    let postgres = Postgres::start()?;
    let argv: Vec<&str> = command.iter().map(String::as_str).collect();
    let status = run::command(&argv)
        .envs(postgres.environment())
        .status()
        .with_context(|| format!("cannot run {}", argv[0]))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}

/// Runs every step, also after a failure: one run tells all that is wrong. Its last line is the tally.
fn test(yes: bool) -> ExitCode {
    run::heading("tools");
    let (tools, mut total) = tools::check(yes);
    let mut broken = Vec::new();
    for step in test_steps(&tools) {
        let tally = step.run_if_possible(&tools);
        if tally.failed > 0 {
            broken.push(step.name);
        }
        total += tally;
    }
    println!();
    if !broken.is_empty() {
        println!("failed: {}", broken.join(", "));
    }
    println!("{total}");
    if total.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What `cargo xtask test` does, in order. That generated files are current is among the Rust tests.
fn test_steps(tools: &Tools) -> Vec<Step> {
    let (command, on_postgres, counting): (&'static [_], &'static [_], _) =
        if tools.has("cargo-nextest") {
            (
                &["cargo", "nextest", "run", "--workspace", "--no-fail-fast"],
                &[
                    "cargo",
                    "nextest",
                    "run",
                    "--package=hongyan-store",
                    "--package=hongyan-server",
                    "--no-fail-fast",
                ],
                Counting::Nextest,
            )
        } else {
            (
                &["cargo", "test", "--workspace", "--tests", "--no-fail-fast"],
                &[
                    "cargo",
                    "test",
                    "--package=hongyan-store",
                    "--package=hongyan-server",
                    "--tests",
                    "--no-fail-fast",
                ],
                Counting::Libtest,
            )
        };
    let mut steps = vec![
        Step::new(
            "format",
            &["cargo", "fmt", "--all", "--check"],
            Counting::OneCheck,
        ),
        Step::new(
            "lints",
            &[
                "cargo",
                "clippy",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ],
            Counting::OneCheck,
        ),
        Step::new("Rust tests", command, counting),
        Step::new("tests on PostgreSQL", on_postgres, counting).on_postgres(),
        Step::new(
            "doc tests",
            &["cargo", "test", "--workspace", "--doc", "--no-fail-fast"],
            Counting::Libtest,
        ),
    ];
    steps.extend(steps_of_the_page());
    steps
}

/// The page's own checks, with what they need. That the built page is current is among the Rust tests.
fn steps_of_the_page() -> Vec<Step> {
    vec![
        Step::new(
            "page packages",
            &["npm", "--prefix", web::WEB, "ci"],
            Counting::OneCheck,
        )
        .unless(web::packages_are_current()),
        Step::new(
            "page checks",
            &["npm", "--prefix", web::WEB, "run", "check"],
            Counting::OneCheck,
        ),
        Step::new(
            "page tests",
            &["npm", "--prefix", web::WEB, "test"],
            Counting::Vitest,
        ),
        Step::new(
            "the server for the browser",
            &["cargo", "build", "--package", "hongyan-server"],
            Counting::OneCheck,
        ),
        Step::new(
            "page in a browser",
            &["npm", "--prefix", web::WEB, "run", "e2e"],
            Counting::Vitest,
        )
        .env("HONGYAN_BIN", built("hongyan")),
    ]
}

/// Where Cargo puts a program that it builds for tests.
fn built(program: &str) -> String {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or("target".into(), PathBuf::from);
    let path = target.join("debug").join(program);
    let path = std::path::absolute(&path).unwrap_or(path);
    path.to_string_lossy().into_owned()
}

/// What is generated, and by which test: the same that fails where it is not current.
const GENERATED: [(&str, &[&str]); 2] = [
    (
        "docs/protocol.md",
        &[
            "cargo",
            "test",
            "--package",
            "hongyan-server",
            "--test",
            "it",
            "document",
        ],
    ),
    (
        "web/src/client/wire.ts",
        &[
            "cargo",
            "test",
            "--package",
            "hongyan-protocol",
            "--lib",
            "wire",
        ],
    ),
];

fn docs() -> Result<()> {
    for (file, command) in GENERATED {
        let tally: Tally = Step::new(file, command, Counting::Libtest)
            .env("HONGYAN_BLESS", "1".to_owned())
            .run();
        ensure!(
            tally.failed == 0,
            "{file} was not rewritten: see the failure above"
        );
        ensure!(
            tally.passed > 0,
            "{file} was not rewritten: no test runs with `{}`",
            command.join(" ")
        );
    }
    Ok(())
}
