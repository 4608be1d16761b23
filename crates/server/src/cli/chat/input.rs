//! What is typed: lines and passwords, from a terminal or from a script.

use std::{
    env,
    io::{self, BufRead, IsTerminal, Write},
    sync::mpsc as std_mpsc,
    thread,
};

use anyhow::{Context, Result};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use rustyline::{Config, DefaultEditor};
use tokio::sync::mpsc;

use super::screen::Screen;

/// Lines of earlier typing that the arrow keys bring back.
const HISTORY: usize = 500;

enum Wanted {
    Line(String),
    Secret(String),
}

/// The keyboard, or a script. A thread of its own reads, because reading blocks; it reads one thing when asked for one.
pub(super) struct Input {
    wanted: std_mpsc::SyncSender<Wanted>,
    typed: mpsc::Receiver<Option<String>>,
    /// Whether a line was asked for that has not come yet.
    asked: bool,
    terminal: Option<Terminal>,
}

impl Input {
    /// Takes the terminal where there is one, and plain lines otherwise.
    pub(super) fn open() -> Result<(Self, Screen)> {
        let (wanted, wanting) = std_mpsc::sync_channel(1);
        let (typing, typed) = mpsc::channel(1);
        let interactive = io::stdin().is_terminal() && io::stdout().is_terminal();
        let (screen, terminal) = if interactive {
            let terminal = Terminal::remember()?;
            let config = Config::builder().max_history_size(HISTORY)?.build();
            let mut editor = DefaultEditor::with_config(config)?;
            let screen = Screen::beside(editor.create_external_printer()?);
            thread::spawn(move || edit(&mut editor, &wanting, &typing));
            (screen, Some(terminal))
        } else {
            thread::spawn(move || read(&wanting, &typing));
            (Screen::plain(), None)
        };
        let input = Self {
            wanted,
            typed,
            asked: false,
            terminal,
        };
        Ok((input, screen))
    }

    /// Whether a person is typing.
    pub(super) fn is_interactive(&self) -> bool {
        self.terminal.is_some()
    }

    /// The next line; none at the end (Ctrl-D, Ctrl-C, the end of the script). May be dropped while it waits: the line
    /// then comes next time, under the prompt of the first time.
    pub(super) async fn line(&mut self, prompt: &str) -> Option<String> {
        if !self.asked {
            self.wanted.send(Wanted::Line(prompt.to_owned())).ok()?;
            self.asked = true;
        }
        let line = self.typed.recv().await.flatten();
        self.asked = false;
        line
    }

    /// A password, typed without an echo. A script gives it in `HONGYAN_PASSWORD`, or as its next line.
    pub(super) async fn secret(&mut self, prompt: &str) -> Option<String> {
        if !self.is_interactive()
            && let Ok(password) = env::var("HONGYAN_PASSWORD")
        {
            return Some(password);
        }
        self.wanted.send(Wanted::Secret(prompt.to_owned())).ok()?;
        self.typed.recv().await.flatten()
    }
}

impl Drop for Input {
    /// The thread may still wait for a key; the terminal must be as it was all the same.
    fn drop(&mut self) {
        if let Some(terminal) = self.terminal.take() {
            terminal.restore(self.asked);
        }
    }
}

fn edit(
    editor: &mut DefaultEditor,
    wanting: &std_mpsc::Receiver<Wanted>,
    typing: &mpsc::Sender<Option<String>>,
) {
    while let Ok(wanted) = wanting.recv() {
        let typed = match wanted {
            Wanted::Line(prompt) => match editor.readline(&prompt) {
                Ok(line) => {
                    // A history that does not take a line is no reason to stop.
                    _ = editor.add_history_entry(&line);
                    Some(line)
                }
                // Ctrl-D, Ctrl-C, or the terminal is gone.
                Err(_) => None,
            },
            Wanted::Secret(prompt) => rpassword::prompt_password(prompt).ok(),
        };
        if typing.blocking_send(typed).is_err() {
            return;
        }
    }
}

fn read(wanting: &std_mpsc::Receiver<Wanted>, typing: &mpsc::Sender<Option<String>>) {
    let mut lines = io::stdin().lock().lines();
    while wanting.recv().is_ok() {
        let line = lines.next().and_then(Result::ok);
        if typing.blocking_send(line).is_err() {
            return;
        }
    }
}

/// How the terminal was before us.
struct Terminal {
    before: Termios,
}

impl Terminal {
    fn remember() -> Result<Self> {
        let before = tcgetattr(io::stdin()).context("the terminal does not tell its settings")?;
        Ok(Self { before })
    }

    fn restore(&self, typing: bool) {
        // The process ends; whoever can still see a failure here sees the terminal itself.
        _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
        if typing {
            // The editor switched the marking of pasted text on (mode 2004) and cannot switch it off any more.
            _ = writeln!(io::stdout(), "\x1b[?2004l");
        }
    }
}
