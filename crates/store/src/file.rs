//! Uploaded files: whose they are, what they are, and which messages carry them. Their content is no business of the
//! store.

use hongyan_protocol::id::{ConversationId, FileId, UserId};

use crate::{
    Error, Tx, View,
    value::{Row, numbered, values},
};

/// What every file counts for at least, in bytes: an empty one takes a place on the disk, too.
pub const SMALLEST_SHARE: i64 = 4096;

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub id: FileId,
    pub owner_id: UserId,
    pub name: String,
    /// What it is served as.
    pub mime: String,
    /// In bytes.
    pub size: i64,
    /// Width and height of a picture, in pixels.
    pub pixels: Option<(i64, i64)>,
    pub thumb: Thumb,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

/// The small picture of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thumb {
    None,
    Jpeg,
    Png,
}

numbered!(Thumb {
    None = 0,
    Jpeg = 1,
    Png = 2
});

impl File {
    fn read(row: &Row<'_>) -> Result<Self, Error> {
        let at = &mut 0;
        Ok(Self {
            id: row.next(at)?,
            owner_id: row.next(at)?,
            name: row.next(at)?,
            mime: row.next(at)?,
            size: row.next(at)?,
            pixels: Option::zip(row.next(at)?, row.next(at)?),
            thumb: row.next(at)?,
            created_at: row.next(at)?,
        })
    }
}

impl View<'_> {
    /// The file, whoever asks.
    pub fn file(&self, id: FileId) -> Result<Option<File>, Error> {
        self.row(
            "SELECT id, owner_id, name, mime, size, width, height, thumb, created_at FROM files WHERE id = $1",
            values![id],
            File::read,
        )
    }

    /// The file, if it is the user's own or a message carries it that the user may read.
    pub fn file_for(&self, id: FileId, user: UserId) -> Result<Option<File>, Error> {
        let Some(file) = self.file(id)? else {
            return Ok(None);
        };
        let may = file.owner_id == user
            || self.exists(
                "SELECT 1 FROM file_uses u JOIN cursors c ON c.conversation_id = u.conversation_id
                 WHERE u.file_id = $1 AND c.user_id = $2 AND u.seq > c.first_seq LIMIT 1",
                values![id, user],
            )?;
        Ok(may.then_some(file))
    }

    /// What a user's files count for, in bytes; each at least [`SMALLEST_SHARE`].
    pub fn file_bytes(&self, owner: UserId) -> Result<i64, Error> {
        let sum = self.row(
            "SELECT CAST(COALESCE(SUM(CASE WHEN size < $1 THEN $1 ELSE size END), 0) AS BIGINT) FROM files
             WHERE owner_id = $2",
            values![SMALLEST_SHARE, owner],
            |row| row.get(0),
        )?;
        Ok(sum.unwrap_or(0))
    }

    /// Those of the ids that no file has.
    pub fn unknown_files(&self, ids: &[FileId]) -> Result<Vec<FileId>, Error> {
        let mut unknown = Vec::new();
        for &id in ids {
            if !self.exists("SELECT 1 FROM files WHERE id = $1", values![id])? {
                unknown.push(id);
            }
        }
        Ok(unknown)
    }

    /// Looks at up to `limit` files behind `after`, in the order of their ids. Gives the last one looked at, `None` when
    /// there was none, and those among them that were made before `before` (ms since 1970) and that no message carries.
    pub fn unused_files(
        &self,
        after: FileId,
        before: i64,
        limit: u32,
    ) -> Result<(Option<FileId>, Vec<FileId>), Error> {
        let looked_at: Vec<(FileId, bool)> = self.rows(
            "SELECT f.id, f.created_at, (SELECT MIN(u.seq) FROM file_uses u
             JOIN messages m ON m.conversation_id = u.conversation_id AND m.seq = u.seq WHERE u.file_id = f.id)
             FROM files f WHERE f.id > $1 ORDER BY f.id LIMIT $2",
            values![after, i64::from(limit)],
            |row| {
                let (created_at, used): (i64, Option<i64>) = (row.get(1)?, row.get(2)?);
                Ok((row.get(0)?, created_at < before && used.is_none()))
            },
        )?;
        let last = looked_at.last().map(|(id, _)| *id);
        let unused = looked_at.into_iter().filter(|(_, unused)| *unused);
        Ok((last, unused.map(|(id, _)| id).collect()))
    }
}

impl Tx<'_> {
    /// Remembers a file whose content is on the disk.
    pub fn add_file(&mut self, file: &File) -> Result<(), Error> {
        self.execute(
            "INSERT INTO files (id, owner_id, name, mime, size, width, height, thumb, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            values![
                file.id,
                file.owner_id,
                &file.name,
                &file.mime,
                file.size,
                file.pixels.map(|(width, _)| width),
                file.pixels.map(|(_, height)| height),
                file.thumb,
                file.created_at
            ],
        )?;
        Ok(())
    }

    /// Notes that a message carries a file: from now on all who may read the message may have the file. When the message
    /// is swept this stays for as long as the file does, so that what was delivered a moment ago can still be fetched.
    pub fn use_file(
        &mut self,
        conversation: ConversationId,
        seq: i64,
        file: FileId,
    ) -> Result<(), Error> {
        self.execute(
            "INSERT INTO file_uses (conversation_id, seq, file_id) VALUES ($1, $2, $3)
             ON CONFLICT (conversation_id, seq, file_id) DO NOTHING",
            values![conversation, seq, file],
        )?;
        Ok(())
    }

    /// Forgets a file, unless a message carries it; says whether it is forgotten.
    pub fn delete_unused_file(&mut self, id: FileId) -> Result<bool, Error> {
        let carried = self.exists(
            "SELECT 1 FROM file_uses u JOIN messages m ON m.conversation_id = u.conversation_id AND m.seq = u.seq
             WHERE u.file_id = $1 LIMIT 1",
            values![id],
        )?;
        if carried {
            return Ok(false);
        }
        self.execute("DELETE FROM file_uses WHERE file_id = $1", values![id])?;
        let deleted = self.execute("DELETE FROM files WHERE id = $1", values![id])?;
        Ok(deleted == 1)
    }
}
