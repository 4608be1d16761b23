//! Files that nobody needs any more: those that a crash left behind, and those that no message carries.

use std::{collections::BTreeSet, fs, io, path::PathBuf};

use hongyan_protocol::id::FileId;
use hongyan_store::{Error, Store};

use super::Files;

/// Files looked up, or deleted, in one go.
const PART: usize = 500;

impl Files {
    /// Removes what is on the disk and neither has a row nor is arriving: leftovers of a crash.
    pub async fn remove_leftovers(&self, store: &Store) -> io::Result<()> {
        for folder in 0..=u8::MAX {
            let names = listed(self.shared.folder.join(format!("{folder:02x}"))).await?;
            // Listed first: what arrives meanwhile is not among the names, and what has arrived has a row.
            let ids: BTreeSet<FileId> = {
                let under_way = self.under_way();
                let ids = names.iter().filter_map(|path| id_of(path));
                ids.filter(|id| !under_way.contains_key(id)).collect()
            };
            for part in ids.into_iter().collect::<Vec<_>>().chunks(PART) {
                let part = part.to_vec();
                let unknown = store.read(move |view| view.unknown_files(&part)).await;
                let unknown = unknown.map_err(|error: Error| io::Error::other(error))?;
                self.remove_all(unknown).await;
            }
        }
        Ok(())
    }

    /// Ends the files that no message carries and that were made before `before` (ms since 1970).
    pub async fn end_unused(&self, store: &Store, before: i64) -> Result<(), Error> {
        let mut after = FileId::NIL;
        loop {
            let look =
                move |view: &hongyan_store::View<'_>| view.unused_files(after, before, PART as u32);
            let (last, unused) = store.read(look).await?;
            let Some(last) = last else {
                return Ok(());
            };
            after = last;
            if unused.is_empty() {
                continue;
            }
            let ended = store.write(move |tx| {
                let mut ended = Vec::new();
                for id in unused {
                    // A message may have come to carry it since.
                    if tx.delete_unused_file(id)? {
                        ended.push(id);
                    }
                }
                Ok::<_, Error>(ended)
            });
            self.remove_all(ended.await?).await;
        }
    }

    async fn remove_all(&self, ids: Vec<FileId>) {
        if !ids.is_empty() {
            tracing::info!(files = ids.len(), "removing files that nobody needs");
            self.remove(ids).await;
        }
    }
}

/// What lies in a folder; nothing in one that was not made yet.
async fn listed(folder: PathBuf) -> io::Result<Vec<PathBuf>> {
    let listing = tokio::task::spawn_blocking(move || match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    });
    listing.await.map_err(io::Error::other)?
}

/// The id that a file's name says; none for what is not ours.
fn id_of(path: &std::path::Path) -> Option<FileId> {
    let stem = path.file_stem()?.to_str()?;
    let id = FileId::read(stem);
    (id.to_string() == stem).then_some(id)
}
