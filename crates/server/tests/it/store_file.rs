//! A server that cannot start says why, in one line, and touches nothing.

use std::{
    fs,
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
};

use tempfile::TempDir;
use tokio::process::Command;

use crate::harness::{
    PASSWORD, Process, ReadOnly, command, command_on, failing, has_no_file, hongyan, username,
};

/// Where SQLite keeps `PRAGMA user_version`: four bytes, big-endian.
const VERSION_AT: u64 = 60;

#[tokio::test]
async fn a_database_of_a_newer_release_is_refused_and_left_alone() {
    if has_no_file() {
        return;
    }
    let folder = used().await;
    let database = folder.path().join("hongyan.db");
    let known = version(&database, None);
    version(&database, Some(known + 1));
    let before = fs::read(&database).unwrap();
    let said = refusal(command(folder.path())).await;
    for part in [
        database.to_str().unwrap(),
        &format!("version {}", known + 1),
        &known.to_string(),
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert!(fs::read(&database).unwrap() == before, "it was written to");

    version(&database, Some(known));
    let process = Process::start(folder.path()).await;
    let ann = process.client().login(&username("ann"), PASSWORD).await;
    assert!(ann.is_ok(), "nothing was lost");
}

#[tokio::test]
async fn what_is_no_database_or_a_damaged_one_is_refused_and_left_alone() {
    if has_no_file() {
        return;
    }
    let damages: [fn(&mut Vec<u8>); 4] = [
        |bytes| *bytes = b"These are my notes. They are not a database at all.".repeat(100),
        |bytes| bytes[..16].fill(0),
        // The first page holds the schema.
        |bytes| bytes[100..4096].fill(0x5a),
        |bytes| bytes.truncate(4096),
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        let folder = used().await;
        let database = folder.path().join("hongyan.db");
        let mut bytes = fs::read(&database).unwrap();
        damage(&mut bytes);
        fs::write(&database, &bytes).unwrap();
        let said = refusal(command(folder.path())).await;
        assert!(
            said.contains(database.to_str().unwrap()),
            "{number}: {said}"
        );
        assert!(fs::read(&database).unwrap() == bytes, "{number}: {said}");
    }
}

#[tokio::test]
async fn a_data_folder_that_cannot_be_made_or_written_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let read_only = ReadOnly::new();
    for data_dir in [
        file.clone(),
        file.join("data"),
        read_only.path().to_owned(),
        read_only.path().join("data"),
    ] {
        let said = refusal(command(&data_dir)).await;
        assert!(said.contains(data_dir.to_str().unwrap()), "{said}");
        assert!(said.contains("--data-dir"), "it says what to do: {said}");
    }
    assert_eq!(fs::read(&file).unwrap(), b"");
}

#[tokio::test]
async fn a_data_folder_in_use_is_refused_until_its_server_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let first = Process::start(folder.path()).await;
    let said = refusal(command(folder.path())).await;
    let first_id = first.id().to_string();
    for part in [folder.path().to_str().unwrap(), "in use", &first_id] {
        assert!(said.contains(part), "{said}");
    }
    let [ann] = first.people(["ann"]).await;
    assert!(ann.get_info().await.is_ok(), "the first one goes on");
    first.kill().await;
    Process::start(folder.path()).await;
}

#[tokio::test]
async fn a_taken_port_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let said = refusal(command_on(folder.path(), address)).await;
    for part in [&address.to_string(), "--listen"] {
        assert!(said.contains(part), "{said}");
    }
}

#[tokio::test]
async fn a_wrong_setting_is_named_wherever_it_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let serve = || command(&data_dir);
    let mut flag = serve();
    flag.args(["--limits-exempt", "everybody"]);
    let mut unknown_flag = serve();
    unknown_flag.arg("--lisen=127.0.0.1:1");
    let mut variable = serve();
    variable.env("HONGYAN_ACCOUNTS__SESSION_DAYS", "soon");
    let mut unknown_variable = serve();
    unknown_variable.env("HONGYAN_LIMITS__FRAME_BYTE", "1");
    let mut log = serve();
    log.env("HONGYAN_LOG_FORMAT", "xml");
    let config = folder.path().join("hongyan.toml");
    let with_file = |name: &str, text: &str| {
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        let mut command = serve();
        command.arg("--config").arg(&file);
        command
    };
    let mut no_file = serve();
    no_file.arg("--config").arg(&config);
    for (command, parts) in [
        (flag, ["--limits-exempt", "everybody"]),
        (unknown_flag, ["--lisen", "--listen"]),
        (variable, ["accounts.session-days", "HONGYAN_"]),
        (unknown_variable, ["frame-byte", "HONGYAN_"]),
        (log, ["HONGYAN_LOG_FORMAT", "xml"]),
        (with_file("a", "listen = ["), ["line 1", "a"]),
        (
            with_file("b", "[limits]\nframe-byte = 1\n"),
            ["frame-byte", "b"],
        ),
        (
            with_file("c", "[accounts]\ndevices = 0\n"),
            ["accounts.devices", "above zero"],
        ),
        (no_file, [config.to_str().unwrap(), "does not exist"]),
    ] {
        let said = refusal(command).await;
        for part in parts {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
    let mut nothing = hongyan();
    nothing.arg("sreve");
    assert!(refusal(nothing).await.contains("sreve"));
    assert!(!data_dir.exists(), "nothing was begun");
}

/// Why a server does not start: one line, and a status that is not 0.
async fn refusal(command: Command) -> String {
    let (code, said) = failing(command).await;
    assert_ne!(code, 0, "{said}");
    assert_ne!(code, 101, "the status of a panic: {said}");
    assert!(said.starts_with("hongyan: "), "{said}");
    assert!(said.ends_with('\n') && said.lines().count() == 1, "{said}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

/// The data folder of a server that ran and ended in order.
async fn used() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(folder.path()).await;
    process.people(["ann"]).await;
    assert!(process.terminate().await.success());
    folder
}

/// Reads the schema's version in a database file, or writes it.
fn version(database: &Path, new: Option<u32>) -> u32 {
    let mut file = fs::File::options()
        .read(true)
        .write(true)
        .open(database)
        .unwrap();
    file.seek(SeekFrom::Start(VERSION_AT)).unwrap();
    if let Some(new) = new {
        file.write_all(&new.to_be_bytes()).unwrap();
        return new;
    }
    let mut bytes = [0; 4];
    file.read_exact(&mut bytes).unwrap();
    u32::from_be_bytes(bytes)
}
