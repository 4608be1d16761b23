//! The data directory of a running server: made when missing, proven writable, and closed to a second server.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// Most bytes of the lock file that are looked at: it holds one process id.
const PROCESS_ID_BYTES: u64 = 20;

/// The right to serve from a directory; it ends when this is dropped or the process ends, however that happens.
#[derive(Debug)]
pub struct DataDir {
    /// The file stays when the lock goes: removing it would let two servers lock two files of the same name.
    _lock: File,
}

/// Why a directory cannot be served from, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    #[error(
        "cannot make the data directory {}: {source}; make it for the user that runs hongyan, or choose another with \
         --data-dir",
        path.display()
    )]
    Missing { path: PathBuf, source: io::Error },
    #[error(
        "cannot write into the data directory {}: {source}; let the user that runs hongyan write there, or choose \
         another with --data-dir",
        path.display()
    )]
    ReadOnly { path: PathBuf, source: io::Error },
    #[error(
        "cannot write into the data directory {}: its disk is full; free some space, or choose another with --data-dir",
        path.display()
    )]
    Full { path: PathBuf },
    #[error(
        "cannot lock the data directory {}: {source}; choose one on a local disk with --data-dir",
        path.display()
    )]
    Unlockable { path: PathBuf, source: io::Error },
    #[error(
        "the data directory {} is in use by another server{}; stop that one first, or choose another with --data-dir",
        path.display(),
        process.map(|id| format!(" (process {id})")).unwrap_or_default()
    )]
    InUse { path: PathBuf, process: Option<u32> },
}

impl DataDir {
    /// Makes the directory, for its owner only, when it is missing; locks it; and tries to write there.
    pub fn claim(path: &Path) -> Result<Self, ClaimError> {
        make(path)?;
        let read_only = |source: io::Error| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ClaimError::Full {
                path: path.to_owned(),
            },
            _ => ClaimError::ReadOnly {
                path: path.to_owned(),
                source,
            },
        };
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path.join("lock"))
            .map_err(read_only)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let process = process_in(&mut lock);
                return Err(ClaimError::InUse {
                    path: path.to_owned(),
                    process,
                });
            }
            Err(TryLockError::Error(source)) => {
                return Err(ClaimError::Unlockable {
                    path: path.to_owned(),
                    source,
                });
            }
        }
        lock.set_len(0).map_err(read_only)?;
        writeln!(lock, "{}", std::process::id()).map_err(read_only)?;
        // The lock file may be older than the directory's present permissions, so a new file has to prove them.
        let probe = path.join("write-probe");
        fs::write(&probe, "hongyan")
            .and_then(|()| fs::remove_file(&probe))
            .map_err(read_only)?;
        Ok(Self { _lock: lock })
    }
}

/// Makes the directory, for its owner only, when it is missing.
pub fn make(path: &Path) -> Result<(), ClaimError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| ClaimError::Missing {
            path: path.to_owned(),
            source,
        })
}

/// The process that wrote the lock file; nobody, when it has not come to that yet.
fn process_in(lock: &mut File) -> Option<u32> {
    let mut text = String::new();
    lock.take(PROCESS_ID_BYTES).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_directory_has_one_server_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data");
        let first = DataDir::claim(&path).unwrap();
        let refusal = DataDir::claim(&path).unwrap_err();
        assert!(
            matches!(refusal, ClaimError::InUse { process: Some(id), .. } if id == std::process::id())
        );
        assert!(!refusal.to_string().contains('\n'), "{refusal}");
        drop(first);
        DataDir::claim(&path).unwrap();
    }

    #[test]
    fn a_missing_directory_is_made_for_its_owner_only_and_holds_nothing_but_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("srv/data");
        let _claimed = DataDir::claim(&path).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        let names: Vec<_> = fs::read_dir(&path)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, ["lock"]);
        assert_eq!(
            fs::read_to_string(path.join("lock")).unwrap(),
            format!("{}\n", std::process::id())
        );
    }

    #[test]
    fn what_is_no_directory_cannot_be_claimed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "").unwrap();
        assert!(matches!(
            DataDir::claim(&path),
            Err(ClaimError::Missing { .. })
        ));
    }
}
