//! The command line, as operators and the people at terminals use it.

use std::{fs, path::Path, process::Stdio};

use hongyan_protocol::{Code, EventType, friend::FriendAddResult, user::SearchUser};
use hongyan_server::config::Config;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::harness::{
    Answered, PASSWORD, Person, Process, account, hongyan, on_database_of, run, soon, to_friend,
    username,
};

#[tokio::test]
async fn hongyan_alone_serves_and_prints_its_address() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = hongyan();
    command
        .current_dir(folder.path())
        .env("HONGYAN_LISTEN", "127.0.0.1:0");
    let process = Process::spawn(command).await;
    let [ann] = process.people(["ann"]).await;
    assert_eq!(ann.get_info().await.unwrap().username, username("ann"));
    assert!(process.terminate().await.success());
    assert!(folder.path().join("data/hongyan.db").is_file());
}

#[tokio::test]
async fn the_version_and_the_help_are_told_on_standard_output() {
    let version = hongyan_with(&["--version"]).await;
    let expected = format!("hongyan {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!((version.code, version.stdout), (0, expected));
    let help = hongyan_with(&["--help"]).await;
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    for command in ["serve", "user", "config", "chat"] {
        assert!(
            help.stdout.contains(&format!("\n  {command} ")),
            "{}",
            help.stdout
        );
    }
}

#[tokio::test]
async fn flags_win_over_the_environment_over_the_file_over_the_defaults() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hongyan.toml");
    fs::write(
        &file,
        "listen = '127.0.0.1:1'\n[limits]\nframe-bytes = 70000\n",
    )
    .unwrap();
    let print = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hongyan"));
        command
            .args(["config", "print"])
            .args(arguments)
            .env_clear()
            .envs(variables.iter().copied())
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        async move {
            let answered = run(command, "").await;
            assert_eq!((answered.code, answered.stderr.as_str()), (0, ""));
            let config: Config = toml::from_str(&answered.stdout).unwrap();
            (config, answered.stdout)
        }
    };
    let in_file = ["--config", "hongyan.toml"];
    let in_all = ["--config", "hongyan.toml", "--listen", "127.0.0.1:3"];
    let listen = [("HONGYAN_LISTEN", "127.0.0.1:2")];

    let (defaults, text) = print(&[], &[]).await;
    assert_eq!(defaults.listen.to_string(), "127.0.0.1:8006");
    let data_dir = folder.path().canonicalize().unwrap().join("data");
    assert_eq!(
        defaults.data_dir.canonicalize().ok(),
        data_dir.canonicalize().ok()
    );
    let expected = Config {
        data_dir: defaults.data_dir.clone(),
        ..Config::default()
    };
    assert_eq!(text, expected.to_toml().unwrap());
    assert_eq!(print(&in_file, &[]).await.0.listen.port(), 1);
    let named = [("HONGYAN_CONFIG", "hongyan.toml")];
    assert_eq!(print(&[], &named).await.0.listen.port(), 1);
    assert_eq!(print(&in_file, &listen).await.0.listen.port(), 2);
    let (all, text) = print(&in_all, &listen).await;
    assert_eq!(all.listen.port(), 3);
    assert_eq!(all.limits.frame_bytes, 70_000, "what no one else sets");
    let (nested, _) = print(&in_all, &[("HONGYAN_LIMITS__FRAME_BYTES", "80000")]).await;
    assert_eq!(nested.limits.frame_bytes, 80_000);

    // What is printed is a file that says the same.
    fs::write(&file, &text).unwrap();
    assert_eq!(print(&in_file, &[]).await.1, text);
}

#[tokio::test]
async fn accounts_are_added_listed_and_repaired_while_the_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(folder.path()).await;
    let data_dir = folder.path();
    let added = user(
        data_dir,
        &["add", "anna", "--nickname", "鸿雁"],
        "old secret\n",
    )
    .await;
    assert_eq!(added.code, 0, "{added:?}");
    let ann = process.client().login("anna", "old secret").await.unwrap();
    assert_eq!(ann.user().nickname, "鸿雁");
    let taken = user(data_dir, &["add", "ANNA"], "another\n").await;
    assert_refused(&taken, "taken");

    let set = user(data_dir, &["passwd", "anna"], "new secret\n").await;
    assert_eq!(set.code, 0, "{set:?}");
    let error = ann.get_info().await.unwrap_err();
    assert!(error.is_logged_out(), "its sessions are over: {error}");
    let error = process.client().login("anna", "old secret").await;
    assert_eq!(error.unwrap_err().code(), Some(Code::WrongPassword));
    process.client().login("anna", "new secret").await.unwrap();

    process.people(["bo"]).await;
    let list = user(data_dir, &["list"], "").await;
    assert_eq!(list.code, 0, "{list:?}");
    let rows: Vec<&str> = list.stdout.lines().collect();
    assert_eq!(rows.len(), 3, "{list:?}");
    assert!(
        rows[1].starts_with("anna") && rows[1].contains("鸿雁"),
        "{list:?}"
    );
    assert!(rows[2].starts_with(&username("bo")), "{list:?}");
    assert!(!list.stdout.contains("argon2"), "{list:?}");
}

#[tokio::test]
async fn accounts_can_be_added_before_the_server_runs_for_the_first_time() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let added = user(&data_dir, &["add", "anna"], "secret\r\n").await;
    assert_eq!(added.code, 0, "{added:?}");
    let mut command = crate::harness::command(&data_dir);
    command.arg("--open-registration=false");
    let process = Process::spawn(command).await;
    process.client().login("anna", "secret").await.unwrap();
    let stranger = process.client().register(&account("eve")).await;
    assert!(stranger.is_err(), "strangers may not register");
}

#[tokio::test]
async fn what_a_command_cannot_do_is_told_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere");
    let mut command = hongyan();
    command.args([
        "user",
        "passwd",
        "anna",
        "--password-stdin",
        "--data-dir",
        path(&nowhere),
    ]);
    assert_refused(&run(command, "secret\n").await, "nowhere");
    let list = hongyan_with(&["user", "list", "--data-dir", path(&nowhere)]).await;
    assert_refused(&list, "nowhere");
    assert!(!nowhere.exists(), "asking makes nothing");
    let data_dir = folder.path();
    user(data_dir, &["add", "anna"], "secret\n").await;
    assert_refused(
        &user(data_dir, &["passwd", "bert"], "secret\n").await,
        "bert",
    );
    assert_refused(
        &user(data_dir, &["add", "bert"], "short\n").await,
        "6 to 128",
    );
    assert_refused(&user(data_dir, &["add", "b"], "secret\n").await, "4 to 16");
    let chat = hongyan_with(&["chat", "--server", "nowhere at all"]).await;
    assert_refused(&chat, "the server's address is wrong");
}

#[tokio::test]
async fn people_at_terminals_meet_people_with_other_clients() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(folder.path()).await;
    let mut anna = Terminal::open(&process);
    anna.types("register anna Anna Andersson").await;
    anna.types(PASSWORD).await;
    anna.shows("* Connected as anna.").await;
    let [mut bo] = process.people(["bo"]).await;
    bo.come_online().await;

    let wanted = SearchUser {
        username: Some("anna".to_owned()),
        ..SearchUser::default()
    };
    let anna_id = bo.search_user(&wanted).await.unwrap()[0].user_id;
    bo.add_friend(anna_id, "from the choir").await.unwrap();
    anna.shows("bo-- (Miss bo) wants to be your friend: \"from the choir\". Type accept 1")
        .await;
    anna.types("accept 1").await;
    anna.shows("You accepted bo--.").await;
    let result: FriendAddResult = bo.expect(EventType::FriendAddResult).await.data().unwrap();
    assert!(result.agree);
    anna.types("@bo--").await;
    anna.types("你好, Bo! /quit is no command here").await;
    assert_eq!(bo.message().await.msg, "你好, Bo! /quit is no command here");
    bo.ask(&to_friend(anna_id, "hello Anna")).await.unwrap();
    anna.shows("@bo--: hello Anna").await;

    anna.types("/create choir The choir").await;
    anna.shows("The group choir is yours.").await;
    let mut cyla = Terminal::open(&process);
    cyla.types("register cyla").await;
    cyla.types(PASSWORD).await;
    cyla.shows("* Connected as cyla.").await;
    cyla.types("join choir I sing").await;
    anna.shows("cyla wants to join your group choir: \"I sing\". Type accept 2")
        .await;
    anna.types("/accept 2").await;
    cyla.shows("* You are a member of choir now.").await;
    cyla.types("#choir").await;
    cyla.types("la la la").await;
    anna.shows("#choir @cyla: la la la").await;
    anna.types("#choir").await;
    anna.types("bravo").await;
    cyla.shows("#choir @anna: bravo").await;
    let music = tempfile::tempdir().unwrap();
    let score = music.path().join("乐谱 1.txt");
    std::fs::write(&score, "do re mi").unwrap();
    anna.types(&format!("/send-file {}", path(&score))).await;
    let carried = format!(
        "#choir @anna: [file 乐谱 1.txt, 1 KiB] {}/api/file/",
        process.url
    );
    cyla.shows(&carried).await;
    anna.types("/send-file nowhere.txt").await;
    anna.shows("nowhere.txt cannot be read").await;

    anna.types("/quit").await;
    anna.shows("* Logged out.").await;
    assert_eq!(anna.end().await, 0);
    // The end of a script is as good as /quit, and what was typed before it is sent.
    cyla.types("the last word").await;
    assert_eq!(cyla.end().await, 0);
    let mut anna = Person::new(process.client().login("anna", PASSWORD).await.unwrap());
    anna.come_online().await;
    assert_eq!(anna.message().await.msg, "the last word");
}

/// `hongyan chat` with a script for a keyboard.
struct Terminal {
    child: Child,
    keyboard: ChildStdin,
    screen: Lines<BufReader<ChildStdout>>,
}

impl Terminal {
    fn open(server: &Process) -> Self {
        let mut command = hongyan();
        command
            .args(["chat", "--server", &server.url])
            .env_remove("HONGYAN_PASSWORD")
            .stdin(Stdio::piped())
            .stderr(Stdio::inherit());
        let mut child = command.spawn().unwrap();
        Self {
            keyboard: child.stdin.take().unwrap(),
            screen: BufReader::new(child.stdout.take().unwrap()).lines(),
            child,
        }
    }

    async fn types(&mut self, line: &str) {
        let line = format!("{line}\n");
        self.keyboard.write_all(line.as_bytes()).await.unwrap();
    }

    /// Waits for a line with this in it; others may come before.
    async fn shows(&mut self, part: &str) {
        soon(part, async {
            loop {
                let line = self.screen.next_line().await.unwrap();
                let line = line.unwrap_or_else(|| panic!("it ended without showing {part:?}"));
                eprintln!("terminal: {line}");
                if line.contains(part) {
                    return;
                }
            }
        })
        .await;
    }

    /// Types no more, and gives the exit status.
    async fn end(mut self) -> i32 {
        drop(self.keyboard);
        let ended = async {
            while let Some(line) = self.screen.next_line().await.unwrap() {
                eprintln!("terminal: {line}");
            }
            self.child.wait().await.unwrap()
        };
        soon("the end of the chat", ended).await.code().unwrap()
    }
}

async fn hongyan_with(arguments: &[&str]) -> Answered {
    let mut command = hongyan();
    command.args(arguments);
    run(command, "").await
}

/// `hongyan user`, with a password, if one is wanted, on its standard input.
async fn user(data_dir: &Path, arguments: &[&str], password: &str) -> Answered {
    let mut command = hongyan();
    command
        .arg("user")
        .args(arguments)
        .args(["--data-dir", path(data_dir)]);
    if arguments != ["list"] {
        command.arg("--password-stdin");
    }
    run(on_database_of(data_dir, command), password).await
}

fn assert_refused(answered: &Answered, part: &str) {
    let Answered {
        code,
        stdout,
        stderr,
    } = answered;
    assert!(![0, 101].contains(code), "{answered:?}");
    assert_eq!(stdout, "");
    assert!(
        stderr.starts_with("hongyan: ") && stderr.contains(part),
        "{stderr}"
    );
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
