//! One step: a command that is printed, run with its output streamed through, and counted.

use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::{env, io, thread};

use anyhow::{Context, Result};

use crate::postgres::Postgres;
use crate::tally::Tally;
use crate::tools::Tools;

/// How a step's result becomes numbers.
#[derive(Clone, Copy)]
pub(crate) enum Counting {
    /// The step is one check, and its exit status says how it went.
    OneCheck,
    Libtest,
    Nextest,
    Vitest,
}

pub(crate) struct Step {
    pub(crate) name: &'static str,
    command: &'static [&'static str],
    env: Vec<(&'static str, String)>,
    counting: Counting,
    /// Whether it needs a PostgreSQL server, which then runs for as long as the step.
    on_postgres: bool,
    /// Whether what it would do is done already.
    done: bool,
}

impl Step {
    pub(crate) fn new(
        name: &'static str,
        command: &'static [&'static str],
        counting: Counting,
    ) -> Self {
        Self {
            name,
            command,
            env: Vec::new(),
            counting,
            on_postgres: false,
            done: false,
        }
    }

    pub(crate) fn on_postgres(mut self) -> Self {
        self.on_postgres = true;
        self
    }

    pub(crate) fn unless(mut self, done: bool) -> Self {
        self.done = done;
        self
    }

    pub(crate) fn env(mut self, name: &'static str, value: String) -> Self {
        self.env.push((name, value));
        self
    }

    /// Runs the step, or says which tool it lacks and counts as one skipped check. What is done counts as nothing.
    pub(crate) fn run_if_possible(&self, tools: &Tools) -> Tally {
        if self.done {
            return Tally::default();
        }
        match tools.lacking_for(self.name) {
            None => self.run(),
            Some(tool) => {
                heading(self.name);
                println!("skipped: {tool} is not installed");
                Tally::SKIPPED
            }
        }
    }

    pub(crate) fn run(&self) -> Tally {
        let env: String = self
            .env
            .iter()
            .map(|(name, value)| format!("{name}={value} "))
            .collect();
        heading(&format!("{}: {env}{}", self.name, self.command.join(" ")));
        self.count().unwrap_or_else(|error| {
            eprintln!("error: {error:#}");
            Tally::FAILED
        })
    }

    fn count(&self) -> Result<Tally> {
        let mut command = command(self.command);
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        let postgres = self.on_postgres.then(Postgres::start).transpose()?;
        if let Some(postgres) = &postgres {
            command.envs(postgres.environment());
        }
        let (status, told) = match self.counting {
            Counting::OneCheck => (command.status().context("cannot run the command")?, None),
            Counting::Libtest => stream(&mut command, Tally::of_libtest)?,
            Counting::Nextest => stream(&mut command, Tally::of_nextest)?,
            Counting::Vitest => stream(&mut command, Tally::of_vitest)?,
        };
        let mut tally = match (self.counting, told) {
            (_, Some(told)) => told,
            (Counting::OneCheck, None) if status.success() => Tally::PASSED,
            (Counting::OneCheck, None) => Tally::FAILED,
            (_, None) => {
                eprintln!("error: the test runner ended ({status}) without a summary");
                Tally::FAILED
            }
        };
        // A test binary that did not build or that died has no line of its own, but the exit status tells of it.
        if !status.success() && tally.failed == 0 {
            tally.failed = 1;
        }
        Ok(tally)
    }
}

pub(crate) fn heading(text: &str) {
    println!("\n==> {text}");
}

/// The command for `argv`. Cargo is the one that runs this program, so that the toolchain stays the same.
pub(crate) fn command(argv: &[&str]) -> Command {
    let (program, args) = argv.split_first().expect("a command is never empty");
    let mut command = match env::var_os("CARGO") {
        Some(cargo) if *program == "cargo" => Command::new(cargo),
        _ => Command::new(program),
    };
    command.args(args);
    command
}

/// Runs the command, hands its output on as it comes, and adds up the summaries `read` finds in it.
fn stream(
    command: &mut Command,
    read: fn(&str) -> Option<Tally>,
) -> Result<(ExitStatus, Option<Tally>)> {
    // Through a pipe the runners would drop their colours; a person at a terminal may keep them.
    let unset = |name| env::var_os(name).is_none();
    if io::stderr().is_terminal()
        && ["CI", "NO_COLOR", "CARGO_TERM_COLOR"]
            .into_iter()
            .all(unset)
    {
        command.env("CARGO_TERM_COLOR", "always");
    }
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot run the command")?;
    let out = child.stdout.take().context("no pipe")?;
    let err = child.stderr.take().context("no pipe")?;
    let (out, err) = thread::scope(|scope| {
        let err = scope.spawn(move || pass_on(err, io::stderr(), read));
        (
            pass_on(out, io::stdout(), read),
            err.join().expect("reading a pipe does not panic"),
        )
    });
    let status = child.wait().context("cannot wait for the command")?;
    let told = [out?, err?].into_iter().flatten().reduce(|mut sum, tally| {
        sum += tally;
        sum
    });
    Ok((status, told))
}

fn pass_on(
    from: impl Read,
    mut to: impl Write,
    read: fn(&str) -> Option<Tally>,
) -> Result<Option<Tally>> {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    let mut told: Option<Tally> = None;
    while from
        .read_until(b'\n', &mut line)
        .context("cannot read the command's output")?
        > 0
    {
        to.write_all(&line)
            .and_then(|()| to.flush())
            .context("cannot pass the command's output on")?;
        if let Some(tally) = read(&String::from_utf8_lossy(&line)) {
            *told.get_or_insert_default() += tally;
        }
        line.clear();
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts as nextest does, because these lines reach the true output: `cargo test`'s own words there would be
    /// counted by the `cargo xtask test` that runs this test.
    fn shell(script: &'static [&'static str]) -> Tally {
        Step::new("a step", script, Counting::Nextest).run()
    }

    #[test]
    fn summaries_of_both_streams_are_added() {
        let tally = shell(&[
            "sh",
            "-c",
            "echo 'Summary [ 1s] 2 tests run: 2 passed, 1 skipped'; echo 'Summary [ 1s] 1 test run: 1 passed' >&2",
        ]);
        assert_eq!(
            tally,
            Tally {
                passed: 3,
                failed: 0,
                skipped: 1
            }
        );
    }

    #[test]
    fn a_runner_that_fails_without_a_failed_test_counts_as_one_failure() {
        let died = shell(&[
            "sh",
            "-c",
            "echo 'Summary [ 1s] 2 tests run: 2 passed'; exit 101",
        ]);
        assert_eq!(
            died,
            Tally {
                passed: 2,
                failed: 1,
                skipped: 0
            }
        );
        assert_eq!(shell(&["sh", "-c", "exit 101"]), Tally::FAILED);
    }

    #[test]
    fn a_runner_that_says_nothing_has_not_passed() {
        assert_eq!(shell(&["true"]), Tally::FAILED);
    }

    #[test]
    fn a_command_that_does_not_exist_is_a_failure() {
        assert_eq!(shell(&["/nowhere/at/all"]), Tally::FAILED);
    }
}
