//! A copy of the database of a server that does not run.

use std::{fs, path::Path};

use hongyan_store::testing;

/// A backup of the database in a data directory, or of the one that belongs to it.
pub(crate) struct Backup<'a> {
    data_dir: &'a Path,
    /// What the file of SQLite holds.
    file: Option<Vec<u8>>,
}

impl<'a> Backup<'a> {
    pub(crate) fn of(data_dir: &'a Path) -> Self {
        let file = if testing::on_postgres() {
            testing::save(data_dir);
            None
        } else {
            Some(fs::read(data_dir.join("hongyan.db")).unwrap())
        };
        Self { data_dir, file }
    }

    pub(crate) fn put_back(self) {
        match self.file {
            Some(file) => fs::write(self.data_dir.join("hongyan.db"), file).unwrap(),
            None => testing::put_back(self.data_dir),
        }
    }
}
