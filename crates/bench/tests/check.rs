//! The checker as it is run from a shell, against the server that lies next to it.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

fn checker(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hongyan-bench"));
    command.args(["check", "--deadline", "60", "--data-dir"]);
    command.arg(data);
    command
}

/// Processes that were told of this folder.
fn processes_at(folder: &Path) -> usize {
    let folder = folder.as_os_str().as_encoded_bytes();
    let is_told = |process: &fs::DirEntry| {
        let command = fs::read(process.path().join("cmdline")).unwrap_or_default();
        command.windows(folder.len()).any(|part| part == folder)
    };
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes.filter(is_told).count()
}

#[test]
fn a_server_that_is_killed_again_and_again_keeps_every_promise() {
    let folder = tempfile::tempdir().unwrap();
    let output = checker(folder.path())
        .args(["--rounds", "4", "--users", "4", "--groups", "2"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{log}");
    assert!(said.contains("kills           5\n"), "{said}");
    assert!(said.ends_with("every promise was kept\n"), "{said}");
}

#[test]
fn ended_by_a_signal_it_leaves_no_server_and_no_data_behind() {
    for signal in [Signal::TERM, Signal::INT] {
        let folder = tempfile::tempdir().unwrap();
        let mut process = checker(folder.path())
            .args(["--rounds", "10000"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        assert!(log.any(|line| line.unwrap().starts_with("seed ")));
        assert_ne!(processes_at(folder.path()), 0, "the checker and its server");
        let pid = Pid::from_raw(process.id().try_into().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
        assert!(!process.wait().unwrap().success());
        assert_eq!(processes_at(folder.path()), 0);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
