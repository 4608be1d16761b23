//! The tools that the steps use beside Cargo: how to see that one is there, and how to get it.

use std::io::{self, IsTerminal, Write};
use std::process::Stdio;

use crate::run;
use crate::tally::Tally;

struct Tool {
    name: &'static str,
    /// A command that succeeds when the tool is there.
    probe: &'static [&'static str],
    /// `apt-get install --yes …`, `cargo install --locked …` or `npm install …`, run in the repository's root.
    install: &'static [&'static str],
    /// The steps that use it, by name.
    steps: &'static [&'static str],
    /// What those steps use when it is missing; with `None` they are skipped.
    instead: Option<&'static str>,
}

const TOOLS: &[Tool] = &[
    Tool {
        name: "cargo-nextest",
        probe: &["cargo", "nextest", "--version"],
        install: &["cargo", "install", "--locked", "cargo-nextest"],
        steps: &["Rust tests", "tests on PostgreSQL"],
        instead: Some("`cargo test`"),
    },
    Tool {
        name: "postgresql",
        probe: &["sh", "-c", "ls /usr/lib/postgresql/*/bin/postgres"],
        install: &[
            "apt-get",
            "install",
            "--yes",
            "--no-install-recommends",
            "postgresql",
        ],
        steps: &["tests on PostgreSQL"],
        instead: None,
    },
    Tool {
        name: "node",
        // 20.19 or later; its npm comes with it or beside it.
        probe: &[
            "sh",
            "-c",
            "npm --version && node -e 'const [a, b] = process.versions.node.split(\".\"); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'",
        ],
        install: &["apt-get", "install", "--yes", "nodejs", "npm"],
        steps: &[
            "page packages",
            "page checks",
            "page tests",
            "page in a browser",
        ],
        instead: None,
    },
    Tool {
        name: "chromium",
        probe: &["chromium", "--version"],
        install: &[
            "apt-get",
            "install",
            "--yes",
            "--no-install-recommends",
            "chromium",
        ],
        steps: &["page in a browser"],
        instead: None,
    },
    Tool {
        name: "fonts-noto-cjk",
        probe: &["sh", "-c", "fc-list :lang=zh | grep -q ."],
        install: &[
            "apt-get",
            "install",
            "--yes",
            "--no-install-recommends",
            "fontconfig",
            "fonts-noto-cjk",
        ],
        steps: &["page in a browser"],
        instead: None,
    },
];

/// The tools that are not there.
pub(crate) struct Tools {
    missing: Vec<&'static Tool>,
}

impl Tools {
    pub(crate) fn has(&self, name: &str) -> bool {
        !self.missing.iter().any(|tool| tool.name == name)
    }

    /// The missing tool that keeps this step from running.
    pub(crate) fn lacking_for(&self, step: &str) -> Option<&'static str> {
        self.missing
            .iter()
            .find(|tool| tool.instead.is_none() && tool.steps.contains(&step))
            .map(|tool| tool.name)
    }
}

/// Looks for every tool and installs what is missing, where that is wanted. An installation that fails is a failed check.
pub(crate) fn check(yes: bool) -> (Tools, Tally) {
    let mut tools = Tools {
        missing: Vec::new(),
    };
    let mut tally = Tally::default();
    for tool in TOOLS {
        if succeeds(tool.probe) {
            println!("{}: found", tool.name);
            continue;
        }
        println!("{}", tool.lack());
        if !wanted(tool, yes) {
            tools.missing.push(tool);
        } else if !install(tool) {
            eprintln!("error: {} could not be installed", tool.name);
            tools.missing.push(tool);
            tally += Tally::FAILED;
        }
    }
    (tools, tally)
}

impl Tool {
    fn lack(&self) -> String {
        let steps = self.steps.join(", ");
        let otherwise = match self.instead {
            Some(instead) => format!("without it, {instead} runs: {steps}"),
            None => format!("without it, these are skipped: {steps}"),
        };
        format!(
            "{}: not found; {otherwise}. To install it: {}",
            self.name,
            self.install.join(" ")
        )
    }
}

/// With `-y`, what a step cannot do without; at a terminal, what the person says; otherwise nothing.
fn wanted(tool: &Tool, yes: bool) -> bool {
    if yes {
        return tool.instead.is_none();
    }
    if !io::stdin().is_terminal() {
        return false;
    }
    print!("Install it now? [y/N] ");
    let mut answer = String::new();
    let heard = io::stdout()
        .flush()
        .and_then(|()| io::stdin().read_line(&mut answer));
    heard.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

fn install(tool: &Tool) -> bool {
    let root = || {
        run::command(&["id", "-u"])
            .output()
            .is_ok_and(|id| id.stdout.trim_ascii() == b"0")
    };
    let mut commands = vec![tool.install.to_vec()];
    if tool.install.first() == Some(&"apt-get") {
        // A fresh machine or container has no package lists yet.
        commands.insert(0, vec!["apt-get", "update"]);
        if !root() {
            commands
                .iter_mut()
                .for_each(|command| command.insert(0, "sudo"));
        }
    }
    commands.iter().all(|command| {
        run::heading(&command.join(" "));
        run::command(command)
            .status()
            .is_ok_and(|status| status.success())
    }) && succeeds(tool.probe)
}

fn succeeds(command: &[&str]) -> bool {
    let quiet = run::command(command)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    quiet.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEEDED: Tool = Tool {
        name: "browser",
        probe: &["false"],
        install: &["true"],
        steps: &["page tests"],
        instead: None,
    };

    #[test]
    fn a_step_is_skipped_only_for_a_tool_that_nothing_replaces() {
        let tools = Tools {
            missing: vec![&NEEDED, &TOOLS[0]],
        };
        assert_eq!(tools.lacking_for("page tests"), Some("browser"));
        assert_eq!(tools.lacking_for("Rust tests"), None);
        assert!(!tools.has("cargo-nextest"));
    }

    #[test]
    fn every_tool_is_used_by_a_step() {
        let steps = crate::test_steps(&Tools {
            missing: Vec::new(),
        });
        for tool in TOOLS {
            for step in tool.steps {
                assert!(
                    steps.iter().any(|known| known.name == *step),
                    "{}: no step {step}",
                    tool.name
                );
            }
        }
    }

    #[test]
    fn a_missing_tool_says_what_it_is_for_and_how_to_get_it() {
        let lack = NEEDED.lack();
        assert!(
            lack.contains("skipped: page tests") && lack.ends_with("To install it: true"),
            "{lack}"
        );
    }

    #[test]
    fn an_installation_that_leaves_no_tool_has_failed() {
        assert!(!install(&NEEDED));
    }

    #[test]
    fn yes_installs_what_has_no_substitute() {
        assert!(wanted(&NEEDED, true));
        assert!(!wanted(&TOOLS[0], true));
    }
}
