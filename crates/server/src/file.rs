//! Uploaded files on the disk: what arrives is a file whole and synced, or it leaves nothing behind.
//!
//! A file is `files/<last 2 hex digits of its id>/<id>`, beside it `<id>.thumb`; while it arrives it is `<id>.part`. Its
//! row in the store comes last. Whatever a crash leaves has no row, and [`Files::remove_leftovers`] finds it by that.

pub mod kind;
mod leftovers;
mod metadata;
pub mod name;

use std::{
    collections::HashMap,
    fs::{self, DirBuilder},
    io::{self, Cursor, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use hongyan_protocol::id::{FileId, UserId};
use hongyan_store::Thumb;
use image::ImageFormat;
use tokio::io::{AsyncWriteExt, BufWriter};

use self::kind::{Claim, HEAD, Kind};
use crate::drawing::{self, Studio};

/// Files of one account that may arrive at the same time.
const AT_ONCE: usize = 4;

/// Bytes gathered in memory before they are written.
const BUFFER: usize = 128 * 1024;

/// Why a file was not taken. Nothing of it is left.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It claims to be a picture or a sound, and is none, or a broken one.
    #[error("the file is not what it says")]
    NotWhatItSays,
    /// It has more bytes than are taken.
    #[error("the file is too large")]
    TooLarge,
    /// It claims to be a picture, and has more pixels than are drawn.
    #[error("the picture has too many pixels")]
    TooManyPixels,
    /// As many files of this account arrive as may arrive at once.
    #[error("too many files arrive")]
    Busy,
    /// Our fault: the disk, most likely.
    #[error("a file could not be stored: {0}")]
    Broken(#[from] io::Error),
}

/// The folder of files.
#[derive(Clone)]
pub struct Files {
    shared: Arc<Shared>,
}

struct Shared {
    folder: PathBuf,
    bytes: u64,
    studio: Studio,
    /// What is on the disk and has no row yet, and who sent it.
    under_way: Mutex<HashMap<FileId, UserId>>,
}

impl Files {
    /// The files under `data_dir`, whose folder is made when it is missing. None may have more than `bytes`; pictures are
    /// drawn in `studio`.
    pub fn open(data_dir: &Path, bytes: u64, studio: Studio) -> io::Result<Self> {
        let folder = data_dir.join("files");
        make(&folder)?;
        fs::File::open(data_dir)?.sync_all()?;
        Ok(Self {
            shared: Arc::new(Shared {
                folder,
                bytes,
                studio,
                under_way: Mutex::default(),
            }),
        })
    }

    /// Begins to take a file.
    pub async fn arrival(&self, owner: UserId) -> Result<Arrival, Error> {
        let ticket = self.ticket(owner)?;
        let part = ticket.files.part(ticket.id);
        let opened = tokio::task::spawn_blocking(move || {
            part.parent().map_or(Ok(()), make)?;
            create(&part)
        });
        let file = opened.await.map_err(io::Error::other)??;
        Ok(Arrival {
            ticket,
            file: BufWriter::with_capacity(BUFFER, tokio::fs::File::from_std(file)),
            head: Vec::with_capacity(HEAD),
            size: 0,
        })
    }

    fn ticket(&self, owner: UserId) -> Result<Ticket, Error> {
        let mut under_way = self.under_way();
        if under_way.values().filter(|&&other| other == owner).count() >= AT_ONCE {
            return Err(Error::Busy);
        }
        let id = FileId::mint();
        under_way.insert(id, owner);
        Ok(Ticket {
            files: self.clone(),
            id,
            stays: false,
        })
    }

    /// Where a file's content is.
    #[must_use]
    pub fn content(&self, id: FileId) -> PathBuf {
        let name = id.to_string();
        let folder = self.shared.folder.join(&name[name.len() - 2..]);
        folder.join(name)
    }

    /// Where a file's thumbnail is.
    #[must_use]
    pub fn thumb(&self, id: FileId) -> PathBuf {
        self.content(id).with_extension("thumb")
    }

    /// Removes what is on the disk of files that the store has forgotten. What cannot be removed is only a waste of
    /// space, so that is logged and no error.
    pub async fn remove(&self, ids: Vec<FileId>) {
        let files = self.clone();
        let removed = tokio::task::spawn_blocking(move || {
            ids.into_iter().for_each(|id| files.remove_one(id));
        });
        if let Err(error) = removed.await {
            tracing::warn!(%error, "files could not be removed");
        }
    }

    fn remove_one(&self, id: FileId) {
        remove(&self.part(id));
        remove(&self.thumb(id));
        remove(&self.content(id));
    }

    fn part(&self, id: FileId) -> PathBuf {
        self.content(id).with_extension("part")
    }

    fn under_way(&self) -> std::sync::MutexGuard<'_, HashMap<FileId, UserId>> {
        let under_way = self.shared.under_way.lock();
        under_way.unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to a place on the disk. Dropped early it takes along whatever is there.
struct Ticket {
    files: Files,
    id: FileId,
    stays: bool,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.stays {
            self.files.remove_one(self.id);
        }
        self.files.under_way().remove(&self.id);
    }
}

/// A file that is arriving.
pub struct Arrival {
    // The file is closed before its ticket removes it.
    file: BufWriter<tokio::fs::File>,
    ticket: Ticket,
    head: Vec<u8>,
    size: u64,
}

impl Arrival {
    /// Takes the next part of its content.
    pub async fn take(&mut self, part: &[u8]) -> Result<(), Error> {
        self.size += part.len() as u64;
        if self.size > self.ticket.files.shared.bytes {
            return Err(Error::TooLarge);
        }
        let wanted = (HEAD - self.head.len()).min(part.len());
        self.head.extend_from_slice(&part[..wanted]);
        Ok(self.file.write_all(part).await?)
    }

    /// How many bytes have come.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Looks at what has come, and syncs it to the disk. It stays there only when [`Blob::keep`] is called.
    pub async fn finish(mut self, claim: Claim) -> Result<Blob, Error> {
        self.file.flush().await?;
        let kind = Kind::of(&self.head, claim);
        if !claim.fits(kind) {
            return Err(Error::NotWhatItSays);
        }
        let (ticket, file) = (self.ticket, self.file.into_inner().into_std().await);
        if let Kind::Picture(format) = kind {
            let studio = ticket.files.shared.studio.clone();
            return studio
                .work(move |pixels| finish_picture(ticket, file, format, claim, pixels))
                .await;
        }
        let finished = tokio::task::spawn_blocking(move || settle(ticket, &file, kind, None));
        finished.await.map_err(io::Error::other)?
    }
}

/// A file on the disk that has no row yet.
pub struct Blob {
    ticket: Ticket,
    /// What it is served as.
    pub mime: &'static str,
    /// In bytes.
    pub size: u64,
    /// Width and height of a picture, upright.
    pub pixels: Option<(u32, u32)>,
    pub thumb: Thumb,
}

impl Blob {
    /// The file's id from now on.
    #[must_use]
    pub fn id(&self) -> FileId {
        self.ticket.id
    }

    /// It has a row now. Without this it is removed.
    pub fn keep(mut self) {
        self.ticket.stays = true;
    }
}

struct Drawn {
    thumb: Thumb,
    bytes: Vec<u8>,
    pixels: (u32, u32),
}

/// A picture that cannot be drawn is refused where it claimed to be one, and otherwise a file as any other.
fn finish_picture(
    ticket: Ticket,
    file: fs::File,
    format: ImageFormat,
    claim: Claim,
    most_pixels: u64,
) -> Result<Blob, Error> {
    let part = ticket.files.part(ticket.id);
    match draw(&part, format, most_pixels) {
        Ok((file, drawn)) => settle(ticket, &file, Kind::Picture(format), Some(drawn)),
        Err(drawing::Error::Broken(error)) => Err(error.into()),
        Err(_) if claim != Claim::Picture => settle(ticket, &file, Kind::Download, None),
        Err(drawing::Error::TooLarge(_)) => Err(Error::TooManyPixels),
        Err(drawing::Error::NoPicture(_)) => Err(Error::NotWhatItSays),
    }
}

/// Takes the metadata out of a picture and makes its thumbnail. Only a picture that can be drawn is changed.
fn draw(
    part: &Path,
    format: ImageFormat,
    most_pixels: u64,
) -> Result<(fs::File, Drawn), drawing::Error> {
    let bare = metadata::without(fs::read(part)?.into(), format)
        .ok_or_else(|| drawing::Error::NoPicture("its parts do not fit together".to_owned()))?;
    let picture = drawing::decode(Cursor::new(&bare), format, most_pixels)?;
    let (thumb, bytes) = drawing::thumbnail(&picture)?;
    let pixels = (picture.width(), picture.height());
    let mut file = create(part)?;
    file.write_all(&bare)?;
    Ok((
        file,
        Drawn {
            thumb,
            bytes,
            pixels,
        },
    ))
}

/// Syncs the content under its final name, and its thumbnail before it.
fn settle(
    ticket: Ticket,
    file: &fs::File,
    kind: Kind,
    drawn: Option<Drawn>,
) -> Result<Blob, Error> {
    let content = ticket.files.content(ticket.id);
    if let Some(drawn) = &drawn {
        let mut thumb = create(&ticket.files.thumb(ticket.id))?;
        thumb.write_all(&drawn.bytes)?;
        thumb.sync_all()?;
    }
    file.sync_all()?;
    fs::rename(ticket.files.part(ticket.id), &content)?;
    for folder in content.ancestors().skip(1).take(2) {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(Blob {
        mime: kind.mime(),
        size: file.metadata()?.len(),
        pixels: drawn.as_ref().map(|drawn| drawn.pixels),
        thumb: drawn.map_or(Thumb::None, |drawn| drawn.thumb),
        ticket,
    })
}

fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn create(path: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
}

fn remove(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, file = %path.display(), "a file could not be removed");
        }
        _ => {}
    }
}
