//! Pictures that nobody has: left behind by a crash, or where a connection to the database broke.

use std::{collections::HashSet, fs, io};

use hongyan_protocol::id::{GroupId, UserId};
use hongyan_store::{Error, Store, View};

use super::{PREFIX, Pictures, id_of};

/// Users, or groups, whose pictures are looked up in one go.
const PART: u32 = 500;

/// The uploads that were there when the server started, by their ids.
pub struct Found(HashSet<u128>);

impl Pictures {
    /// Which uploads there are. To be called before the first one is taken: whatever is being written then never will
    /// be, and is removed.
    pub fn found(&self) -> io::Result<Found> {
        let mut found = HashSet::new();
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            let name = entry.file_name();
            match name.to_str().and_then(|name| name.rsplit_once('.')) {
                Some((id, "png")) => found.extend(id_of(id)),
                Some((id, "tmp")) if id_of(id).is_some() => fs::remove_file(entry.path())?,
                _ => {}
            }
        }
        Ok(Found(found))
    }

    /// Removes those of `found` that no row names. A name is given once: what has no row now has had it or never will.
    pub async fn remove_leftovers(&self, mut found: Found, store: &Store) -> Result<(), Error> {
        let users = |view: &View<'_>, after| view.pictures_of_users(after, PART);
        found.forget_named(store, UserId::NIL, users).await?;
        let groups = |view: &View<'_>, after| view.pictures_of_groups(after, PART);
        found.forget_named(store, GroupId::NIL, groups).await?;
        if !found.0.is_empty() {
            tracing::info!(
                pictures = found.0.len(),
                "removing pictures that nobody has"
            );
        }
        for id in found.0 {
            self.remove(&format!("{PREFIX}{id:032x}.png")).await;
        }
        Ok(())
    }
}

impl Found {
    /// Forgets what rows name; `page` reads them in the order of their ids, those behind one.
    async fn forget_named<I, F>(
        &mut self,
        store: &Store,
        mut after: I,
        page: F,
    ) -> Result<(), Error>
    where
        I: Copy + Send + 'static,
        F: Fn(&View<'_>, I) -> Result<Vec<(I, String)>, Error> + Copy + Send + 'static,
    {
        while !self.0.is_empty() {
            let named = store.read(move |view| page(view, after)).await?;
            let Some(&(last, _)) = named.last() else {
                break;
            };
            for (_, path) in named {
                let name = path.strip_prefix(PREFIX);
                let id = name.and_then(|name| name.strip_suffix(".png"));
                if let Some(id) = id.and_then(id_of) {
                    self.0.remove(&id);
                }
            }
            after = last;
        }
        Ok(())
    }
}
