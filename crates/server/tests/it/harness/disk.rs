//! A disk of a few megabytes, to be filled for real.

use std::{
    fs::File,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::{Process, process};

/// Where a server's data lies while its disk fills up.
pub(crate) struct SmallDisk {
    folder: TempDir,
    kind: Kind,
}

enum Kind {
    /// A file system of its own, which root may mount: writes fail with ENOSPC.
    Mounted,
    /// For everybody else: the server may not let files grow, so writes fail with EFBIG.
    Limited,
}

impl SmallDisk {
    /// A disk of this many KiB. `SMALL_DISK=limit` leaves mounting untried.
    pub(crate) fn new(kib: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={kib}k,mode=700");
        let mounting = || {
            let limited = std::env::var("SMALL_DISK").is_ok_and(|kind| kind == "limit");
            if limited {
                return Err("SMALL_DISK=limit".to_owned());
            }
            let mut mount = Command::new("mount");
            mount.args(["-t", "tmpfs", "-o", &options, "hongyan-test"]);
            succeeds(mount.arg(folder.path()))
        };
        let kind = match mounting() {
            Ok(()) => Kind::Mounted,
            Err(reason) => {
                eprintln!("no disk of its own ({reason}): limiting the size of files instead");
                let has_prlimit = succeeds(Command::new("prlimit").arg("--version"));
                has_prlimit.expect("neither mount (as root) nor prlimit (util-linux) works here");
                Kind::Limited
            }
        };
        Self { folder, kind }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A server on this disk.
    pub(crate) fn command(&self) -> tokio::process::Command {
        match self.kind {
            Kind::Mounted => process::command(&self.path()),
            // Ignored, because a file that may not grow is otherwise the end of the process.
            Kind::Limited => self.shell(r#"trap '' XFSZ; exec "$@""#),
        }
    }

    /// A server that finds no room at its start; call [`fill`](Self::fill) before.
    pub(crate) fn command_without_room(&self) -> tokio::process::Command {
        match self.kind {
            Kind::Mounted => self.command(),
            Kind::Limited => self.shell(r#"trap '' XFSZ; ulimit -f 0; exec "$@""#),
        }
    }

    fn shell(&self, script: &str) -> tokio::process::Command {
        let mut shell = tokio::process::Command::new("sh");
        shell.args(["-c", script, "sh"]);
        let serve = process::command(&self.path());
        shell
            .arg(serve.as_std().get_program())
            .args(serve.as_std().get_args());
        process::in_test(shell)
    }

    /// Leaves the server no room to write into.
    pub(crate) fn fill(&self, server: &Process) {
        self.leave_room(server, 0);
    }

    /// Leaves the server this many KiB to write into.
    pub(crate) fn leave_room(&self, server: &Process, kib: u64) {
        match self.kind {
            Kind::Mounted => {
                let mut ballast = File::create(self.ballast()).unwrap();
                let mut length = 0;
                let error = loop {
                    match ballast.write(&[0; 4096]) {
                        Ok(written) => length += written as u64,
                        Err(error) => break error,
                    }
                };
                assert_eq!(error.kind(), ErrorKind::StorageFull);
                ballast.set_len(length - kib * 1024).unwrap();
            }
            Kind::Limited => {
                let log = self.path().join("hongyan.db-wal");
                let longest = log.metadata().unwrap().len() + kib * 1024;
                limit(server, &longest.to_string());
            }
        }
    }

    /// Gives back what [`fill`](Self::fill) took.
    pub(crate) fn free(&self, server: &Process) {
        match self.kind {
            Kind::Mounted => std::fs::remove_file(self.ballast()).unwrap(),
            Kind::Limited => limit(server, "unlimited"),
        }
    }

    fn ballast(&self) -> PathBuf {
        self.folder.path().join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if let Kind::Mounted = self.kind {
            // Lazily: a server that is being killed may still hold files there.
            let unmounted = succeeds(Command::new("umount").arg("-l").arg(self.folder.path()));
            if let Err(reason) = unmounted {
                eprintln!(
                    "still mounted ({reason}): umount {}",
                    self.folder.path().display()
                );
            }
        }
    }
}

fn limit(server: &Process, longest: &str) {
    let mut prlimit = Command::new("prlimit");
    prlimit.args(["--pid", &server.id().to_string()]);
    prlimit.arg(format!("--fsize={longest}:unlimited"));
    succeeds(&mut prlimit).unwrap();
}

/// A folder that can be read and not written, even by root.
pub(crate) struct ReadOnly {
    folder: TempDir,
}

impl ReadOnly {
    /// By mounting, or where that is not permitted by permissions, which bind everybody but root.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "ro,size=4k", "hongyan-test"]);
        if let Err(reason) = succeeds(mount.arg(folder.path())) {
            eprintln!("no read-only disk ({reason}): taking permissions instead");
            let mut permissions = folder.path().metadata().unwrap().permissions();
            permissions.set_readonly(true);
            std::fs::set_permissions(folder.path(), permissions).unwrap();
        }
        let probe = File::create(folder.path().join("probe"));
        assert!(probe.is_err(), "neither mounting nor permissions work here");
        Self { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        // Fails where nothing was mounted, which is all right.
        _ = succeeds(Command::new("umount").arg("-l").arg(self.folder.path()));
    }
}

fn succeeds(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}
