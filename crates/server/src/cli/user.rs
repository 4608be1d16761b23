//! `hongyan user`: accounts, straight in the database, which may be a running server's.

use std::{
    io::{self, BufRead},
    time::{Duration, UNIX_EPOCH},
};

use clap::{Args, Subcommand};
use hongyan_protocol::{
    id::UserId,
    user::{Name, Nickname, Password, Sex},
};
use hongyan_store::{Error, NewUser, Options, Store, User};
use unicode_width::UnicodeWidthStr;

use super::{Failure, block_on, config::Place, print};
use crate::{clock::Clock, config::Config, data_dir, password::Hasher, picture};

/// Most bytes of stdin that are read for a password: above the longest one with its line end.
const PASSWORD_LINE_BYTES: u64 = 256;

/// Accounts that `list` reads and prints at a time.
const LIST_PAGE: u32 = 500;

/// Columns of a terminal for a nickname in the table; a wider one moves what is behind it.
const NICKNAME_COLUMNS: usize = 24;

#[derive(Subcommand, Debug)]
pub(super) enum Command {
    /// Add an account
    Add {
        /// 4 to 16 letters, digits, '_' or '-'
        #[arg(value_parser = name)]
        name: Name,
        /// What people see, 1 to 64 characters; else the name
        #[arg(long, value_parser = nickname)]
        nickname: Option<Nickname>,
        #[command(flatten)]
        source: PasswordSource,
        #[command(flatten)]
        place: Place,
    },
    /// Set a password and end the account's sessions
    Passwd {
        #[arg(value_parser = name)]
        name: Name,
        #[command(flatten)]
        source: PasswordSource,
        #[command(flatten)]
        place: Place,
    },
    /// List the accounts by name
    List {
        #[command(flatten)]
        place: Place,
    },
}

/// Where the password comes from.
#[derive(Args, Debug)]
pub(super) struct PasswordSource {
    /// Read the password from one line of stdin instead of asking for it
    #[arg(long)]
    password_stdin: bool,
}

/// Does the command on the database of these settings.
pub(super) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Add {
            name,
            nickname,
            source,
            place,
        } => {
            let config = place.load()?;
            if config.database_url.is_none() {
                data_dir::make(&config.data_dir).map_err(Failure::broken)?;
            }
            with_store(&config, async |store| {
                add(store, &config, name, nickname, &source).await
            })
        }
        Command::Passwd {
            name,
            source,
            place,
        } => {
            let config = place.load()?;
            with_store(&config, async |store| {
                set_password(store, &config, name, &source).await
            })
        }
        Command::List { place } => with_store(&place.load()?, list),
    }
}

/// Opens the database, beside a server that may run.
fn with_store(
    config: &Config,
    work: impl AsyncFnOnce(&Store) -> Result<(), Failure>,
) -> Result<(), Failure> {
    with_store_opened(config, &config.store(), work)
}

/// Opens the database, which only `add` makes the directory for: a wrong --data-dir is to be told, not filled.
pub(super) fn with_store_opened(
    config: &Config,
    options: &Options,
    work: impl AsyncFnOnce(&Store) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if config.database_url.is_none() && !config.data_dir.is_dir() {
        return Err(Failure::Broken(format!(
            "there is no data directory {}; name the server's with --data-dir or --config",
            config.data_dir.display()
        )));
    }
    let store = Store::open(options).map_err(Failure::broken)?;
    block_on(async {
        let done = work(&store).await;
        store.close().await;
        done
    })?
}

async fn add(
    store: &Store,
    config: &Config,
    name: Name,
    nickname: Option<Nickname>,
    source: &PasswordSource,
) -> Result<(), Failure> {
    let username = name.as_str().to_owned();
    let taken = || Failure::Broken(format!("the name {username} is taken; choose another"));
    // Asked before the password is, so that nobody types one in vain; what counts is the answer of the insertion.
    if find(store, &name).await?.is_some() {
        return Err(taken());
    }
    let id = UserId::mint();
    let new = NewUser {
        id,
        nickname: nickname.map_or_else(|| username.clone(), Nickname::into_string),
        username: name,
        password_hash: source.read_and_hash(config)?,
        sex: Sex::default(),
        sign: String::new(),
        head_img: picture::default_of_user(id),
        now: Clock::default().now(),
    };
    if !store
        .write(move |tx| tx.create_user(&new))
        .await
        .map_err(broken)?
    {
        return Err(taken());
    }
    print(&format!(
        "added {username}, id {id}, in {}\n",
        config.database()
    ))
}

async fn set_password(
    store: &Store,
    config: &Config,
    name: Name,
    source: &PasswordSource,
) -> Result<(), Failure> {
    let unknown = || {
        Failure::Broken(format!(
            "there is no account {} in {}; `hongyan user list` shows them",
            name.as_str(),
            config.database()
        ))
    };
    let user = find(store, &name).await?.ok_or_else(unknown)?;
    let hash = source.read_and_hash(config)?;
    let ended = store
        .write(move |tx| {
            if !tx.set_password_hash(user.id, &hash)? {
                return Ok(None);
            }
            tx.end_sessions_of(user.id, None).map(Some)
        })
        .await
        .map_err(broken)?
        .ok_or_else(unknown)?;
    print(&format!(
        "set the password of {} and ended its sessions: {}\n",
        user.username,
        ended.len()
    ))
}

async fn list(store: &Store) -> Result<(), Failure> {
    let mut table = String::new();
    write_row(&mut table, "USERNAME", "NICKNAME", "CREATED", "ID");
    let mut last: Option<String> = None;
    loop {
        let after = last.take();
        let page = store
            .read(move |view| view.list_users(after.as_deref(), LIST_PAGE))
            .await
            .map_err(broken)?;
        for user in &page {
            let created =
                UNIX_EPOCH + Duration::from_millis(user.created_at.try_into().unwrap_or(0));
            let created = humantime::format_rfc3339_seconds(created).to_string();
            write_row(
                &mut table,
                &user.username,
                &harmless(&user.nickname),
                &created,
                &user.id.to_string(),
            );
        }
        print(&table)?;
        table.clear();
        match page.into_iter().last() {
            Some(user) => last = Some(user.username),
            None => return Ok(()),
        }
    }
}

impl PasswordSource {
    fn read_and_hash(&self, config: &Config) -> Result<String, Failure> {
        let password = if self.password_stdin {
            read_line(io::stdin().lock())?
        } else {
            ask()?
        };
        if !password.is_acceptable() {
            return Err(Failure::Usage(
                "a password has 6 to 128 bytes; choose another".to_owned(),
            ));
        }
        Hasher::new(&config.passwords)
            .map_err(Failure::broken)?
            .hash_blocking(&password)
            .map_err(Failure::broken)
    }
}

/// Asks twice at the terminal, without showing what is typed.
fn ask() -> Result<Password, Failure> {
    let prompt = |text| {
        rpassword::prompt_password(text).map_err(|error| {
            Failure::Usage(format!(
                "cannot ask for a password: {error}; give it with --password-stdin"
            ))
        })
    };
    let first = prompt("Password: ")?;
    if first == prompt("Once more: ")? {
        Ok(Password::new(first))
    } else {
        Err(Failure::Usage("the passwords differ; try again".to_owned()))
    }
}

/// One line without its end.
fn read_line(input: impl BufRead) -> Result<Password, Failure> {
    let mut line = String::new();
    input
        .take(PASSWORD_LINE_BYTES)
        .read_line(&mut line)
        .map_err(|error| {
            Failure::Usage(format!(
                "cannot read a password from stdin: {error}; write one line of UTF-8"
            ))
        })?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Ok(Password::new(line.strip_suffix('\r').unwrap_or(line)))
}

async fn find(store: &Store, name: &Name) -> Result<Option<User>, Failure> {
    let username = name.as_str().to_owned();
    store
        .read(move |view| view.user_by_name(&username))
        .await
        .map_err(broken)
}

fn broken(error: Error) -> Failure {
    match error {
        Error::Busy | Error::Unreachable => {
            Failure::Broken(format!("{error}; try again in a moment"))
        }
        Error::DiskFull => Failure::Broken(format!("{error}; free some and try again")),
        _ => Failure::broken(error),
    }
}

fn name(text: &str) -> Result<Name, String> {
    Name::new(text)
}

fn nickname(text: &str) -> Result<Nickname, String> {
    Nickname::new(text)
}

fn write_row(table: &mut String, username: &str, nickname: &str, created: &str, id: &str) {
    let padding = " ".repeat(NICKNAME_COLUMNS.saturating_sub(nickname.width()));
    table.push_str(&format!(
        "{username:16}  {nickname}{padding}  {created:20}  {id}\n"
    ));
}

/// A nickname without what would move a terminal's cursor or turn its text around: strangers choose nicknames.
fn harmless(nickname: &str) -> String {
    let turns = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    nickname
        .chars()
        .map(|c| {
            if c.is_control() || turns(c) {
                char::REPLACEMENT_CHARACTER
            } else {
                c
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_from_stdin_is_the_first_line_without_its_end() {
        for (input, password) in [
            ("secret", "secret"),
            ("secret\n", "secret"),
            ("secret\r\nmore\n", "secret"),
            (" with spaces \n", " with spaces "),
            ("", ""),
        ] {
            assert_eq!(read_line(input.as_bytes()).unwrap().expose(), password);
        }
        assert!(
            !read_line("x".repeat(1000).as_bytes())
                .unwrap()
                .is_acceptable()
        );
        assert!(read_line(&[0xff, b'\n'][..]).is_err());
    }

    #[test]
    fn the_table_is_aligned_for_wide_characters_and_shows_no_control_characters() {
        let mut table = String::new();
        write_row(&mut table, "anna", &harmless("鸿雁"), "", "1");
        write_row(&mut table, "bert", &harmless("a\u{1b}[2J\n"), "", "2");
        let columns: Vec<_> = table
            .lines()
            .map(|line| line[..line.len() - 1].width())
            .collect();
        assert_eq!(columns, [16 + 2 + NICKNAME_COLUMNS + 2 + 20 + 2; 2]);
        assert!(!table.contains('\u{1b}'));
    }
}
