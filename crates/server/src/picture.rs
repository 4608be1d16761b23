//! Pictures of users and groups: uploads are drawn anew as small PNG files, and whoever has none is given one of ours.

mod leftovers;

use std::{
    fs::{DirBuilder, File},
    io::{self, Cursor, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use hongyan_protocol::id::{GroupId, UserId};
use image::{DynamicImage, ImageFormat, imageops::FilterType};

pub use self::leftovers::Found;
use crate::{
    config,
    drawing::{self, Studio},
};

/// Width and height of a stored picture, in pixels; smaller ones stay as small as they are.
const SIDE: u32 = 256;

/// Uploads that arrive, wait to be drawn or are drawn, each with its bytes in memory.
const AT_ONCE: usize = 16;

/// Of them, those of one account.
const OF_ONE: usize = 2;

/// Where pictures are on the wire.
const PREFIX: &str = "/img/";

macro_rules! pictures {
    ($($name:literal)+) => {
        [$(($name, include_bytes!(concat!("../assets/", $name)).as_slice()),)+]
    };
}

const OF_USERS: [(&str, &[u8]); 8] = pictures! {
    "user-0.png" "user-1.png" "user-2.png" "user-3.png" "user-4.png" "user-5.png" "user-6.png" "user-7.png"
};
const OF_GROUPS: [(&str, &[u8]); 4] =
    pictures! { "group-0.png" "group-1.png" "group-2.png" "group-3.png" };

/// The picture of a user who has uploaded none: the same one every time.
#[must_use]
pub fn default_of_user(id: UserId) -> String {
    default_path(&OF_USERS, id.to_bytes())
}

/// The picture of a group that has none of its own.
#[must_use]
pub fn default_of_group(id: GroupId) -> String {
    default_path(&OF_GROUPS, id.to_bytes())
}

fn default_path(pictures: &[(&str, &[u8])], id: [u8; 16]) -> String {
    let (name, _) = pictures[usize::from(id[15]) % pictures.len()];
    format!("{PREFIX}default/{name}")
}

/// The content of one of our own pictures.
#[must_use]
pub fn default_named(name: &str) -> Option<&'static [u8]> {
    let mut all = OF_USERS.iter().chain(&OF_GROUPS);
    all.find(|(known, _)| *known == name)
        .map(|(_, content)| *content)
}

/// Why an upload was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is no picture, or too large; the text says which.
    #[error("{0}")]
    Unfit(String),
    /// As many uploads are under way as may be: try again later.
    #[error("too many pictures wait to be stored")]
    Busy,
    /// As many of this account's.
    #[error("too many pictures of one account wait to be stored")]
    Crowded,
    /// Our fault.
    #[error("a picture could not be stored: {0}")]
    Broken(#[from] io::Error),
}

impl From<drawing::Error> for Error {
    fn from(error: drawing::Error) -> Self {
        match error {
            drawing::Error::NoPicture(why) | drawing::Error::TooLarge(why) => Self::Unfit(why),
            drawing::Error::Broken(error) => Self::Broken(error),
        }
    }
}

/// The uploaded pictures.
pub struct Pictures {
    directory: Arc<Path>,
    bytes: usize,
    /// Whose uploads are under way.
    under_way: Arc<Mutex<Vec<UserId>>>,
    studio: Studio,
}

/// The right to have an upload in memory; given back when dropped.
pub struct Place {
    under_way: Arc<Mutex<Vec<UserId>>>,
    user: UserId,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut under_way = locked(&self.under_way);
        if let Some(own) = under_way.iter().position(|&user| user == self.user) {
            under_way.swap_remove(own);
        }
    }
}

fn locked(under_way: &Mutex<Vec<UserId>>) -> MutexGuard<'_, Vec<UserId>> {
    under_way.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pictures {
    /// The pictures under `data_dir`, whose directory is made when it is missing; uploads are drawn in `studio`.
    pub fn open(data_dir: &Path, limits: &config::Limits, studio: Studio) -> io::Result<Self> {
        let directory = data_dir.join("picture");
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&directory)?;
        Ok(Self {
            directory: directory.into(),
            bytes: limits.picture_bytes,
            under_way: Arc::default(),
            studio,
        })
    }

    /// Makes room for an upload of this user, before any of it is read.
    pub fn place(&self, user: UserId) -> Result<Place, Error> {
        let mut under_way = locked(&self.under_way);
        if under_way.len() >= AT_ONCE {
            return Err(Error::Busy);
        }
        if under_way.iter().filter(|&&other| other == user).count() >= OF_ONE {
            return Err(Error::Crowded);
        }
        under_way.push(user);
        let under_way = Arc::clone(&self.under_way);
        Ok(Place { under_way, user })
    }

    /// Draws an upload anew, stores it, and gives its path on the wire.
    pub async fn store(&self, place: Place, upload: Bytes) -> Result<String, Error> {
        if upload.len() > self.bytes {
            return Err(Error::Unfit(format!(
                "at most {} bytes are taken",
                self.bytes
            )));
        }
        let directory = Arc::clone(&self.directory);
        let draw_and_keep = move |pixels| {
            let stored = draw(&upload, pixels).and_then(|png| keep(&directory, &png));
            drop(place);
            stored
        };
        self.studio.work(draw_and_keep).await
    }

    /// The content of an uploaded picture, by the last part of its path; `None` when there is none.
    pub async fn read(&self, name: &str) -> io::Result<Option<Bytes>> {
        let Some(file) = self.file(name) else {
            return Ok(None);
        };
        match tokio::fs::read(file).await {
            Ok(content) => Ok(Some(content.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes an upload by its path on the wire; our own pictures stay. A file that cannot be removed is only a waste
    /// of space, so that is logged and no error; one that is gone already is neither.
    pub async fn remove(&self, path: &str) {
        let Some(file) = path.strip_prefix(PREFIX).and_then(|name| self.file(name)) else {
            return;
        };
        if let Err(error) = tokio::fs::remove_file(&file).await
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, file = %file.display(), "an old picture could not be removed");
        }
    }

    /// Only names that this server gives lead to a file.
    fn file(&self, name: &str) -> Option<PathBuf> {
        let id = name.strip_suffix(".png").and_then(id_of);
        id.map(|_| self.directory.join(name))
    }
}

/// The id with which the name of an upload begins; none where it is not one of ours.
fn id_of(stem: &str) -> Option<u128> {
    let digits = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let ours = stem.len() == 32 && stem.bytes().all(digits);
    ours.then(|| u128::from_str_radix(stem, 16).ok()).flatten()
}

/// Reads a PNG, JPEG, GIF or WebP whatever its name says, and gives the middle of it as a small square PNG without any
/// of the original's other data.
fn draw(upload: &[u8], most_pixels: u64) -> Result<Vec<u8>, Error> {
    let format = drawing::format(upload)
        .ok_or_else(|| Error::Unfit("a PNG, JPEG, GIF or WebP picture is wanted".to_owned()))?;
    let mut picture = drawing::decode(Cursor::new(upload), format, most_pixels)?;
    let side = picture.width().min(picture.height());
    let (left, top) = ((picture.width() - side) / 2, (picture.height() - side) / 2);
    picture = picture.crop_imm(left, top, side, side);
    if side > SIDE {
        picture = picture.resize_exact(SIDE, SIDE, FilterType::Lanczos3);
    }
    let picture = if picture.color().has_alpha() {
        DynamicImage::from(picture.into_rgba8())
    } else {
        DynamicImage::from(picture.into_rgb8())
    };
    let mut png = Cursor::new(Vec::new());
    picture
        .write_to(&mut png, ImageFormat::Png)
        .map_err(io::Error::other)?;
    Ok(png.into_inner())
}

/// Writes a file that is there whole or not at all, and gives its path on the wire.
fn keep(directory: &Path, png: &[u8]) -> Result<String, Error> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let id = format!("{:032x}", u128::from_be_bytes(random));
    let unfinished = directory.join(format!("{id}.tmp"));
    let written = write(&unfinished, png)
        .and_then(|()| std::fs::rename(&unfinished, directory.join(format!("{id}.png"))))
        .and_then(|()| File::open(directory)?.sync_all());
    if let Err(error) = written {
        // It may not be there at all.
        _ = std::fs::remove_file(&unfinished);
        return Err(error.into());
    }
    Ok(format!("{PREFIX}{id}.png"))
}

fn write(file: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(file)?;
    file.write_all(content)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIXELS: u64 = 25_000_000;

    fn encoded(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(width, height)
            .write_to(&mut bytes, format)
            .unwrap();
        bytes.into_inner()
    }

    fn unfit(upload: &[u8], pixels: u64) -> String {
        match draw(upload, pixels) {
            Err(Error::Unfit(why)) => why,
            other => panic!("{:?}", other.map(|png| png.len())),
        }
    }

    /// A PNG of a few bytes that says it has this many pixels.
    fn bomb(width: u32, height: u32) -> Vec<u8> {
        let mut png = encoded(1, 1, ImageFormat::Png);
        png[16..20].copy_from_slice(&width.to_be_bytes());
        png[20..24].copy_from_slice(&height.to_be_bytes());
        let mut crc = !0_u32;
        for byte in &png[12..29] {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = if crc & 1 == 1 {
                    crc >> 1 ^ 0xEDB8_8320
                } else {
                    crc >> 1
                };
            }
        }
        png[29..33].copy_from_slice(&(!crc).to_be_bytes());
        png
    }

    #[test]
    fn every_kind_becomes_a_small_square_png() {
        use ImageFormat::{Gif, Jpeg, Png, WebP};
        for format in [Png, Jpeg, Gif, WebP] {
            for (width, height, side) in [(900, 300, 256), (40, 70, 40)] {
                let png = draw(&encoded(width, height, format), PIXELS).unwrap();
                let picture = image::load_from_memory_with_format(&png, Png).unwrap();
                assert_eq!(
                    (picture.width(), picture.height()),
                    (side, side),
                    "{format:?}"
                );
            }
        }
    }

    #[test]
    fn nothing_of_the_upload_but_its_pixels_is_kept() {
        let mut upload = encoded(10, 10, ImageFormat::Png);
        upload.extend_from_slice(b"<script>alert(1)</script>");
        let png = draw(&upload, PIXELS).unwrap();
        assert!(!png.windows(7).any(|bytes| bytes == b"<script"));
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let bmp = [b"BM".as_slice(), &[0; 64]].concat();
        for upload in [
            b"".as_slice(),
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            &bmp,
        ] {
            assert!(unfit(upload, PIXELS).contains("is wanted"));
        }
        let half = &encoded(100, 100, ImageFormat::Jpeg)[..200];
        assert!(unfit(half, PIXELS).contains("cannot be read"));
    }

    #[test]
    fn a_bomb_is_refused_by_its_header() {
        assert!(unfit(&bomb(19_000, 19_000), PIXELS).contains("at most 25000000 pixels"));
        assert!(unfit(&bomb(2_000_000_000, 1), PIXELS).contains("cannot be read"));
    }

    #[tokio::test]
    async fn a_stored_picture_is_found_by_its_name_alone() {
        let data = tempfile::tempdir().unwrap();
        let limits = config::Config::default().limits;
        let pictures = Pictures::open(data.path(), &limits, Studio::new(PIXELS)).unwrap();
        let place = pictures.place(UserId::NIL).unwrap();
        let path = pictures
            .store(place, encoded(10, 10, ImageFormat::Gif).into())
            .await
            .unwrap();
        let name = path.strip_prefix("/img/").unwrap();
        assert!(pictures.read(name).await.unwrap().is_some());
        for other in [
            "..",
            "../hongyan.db",
            &format!("../picture/{name}"),
            &name.to_uppercase(),
            "x.png",
        ] {
            assert!(pictures.read(other).await.unwrap().is_none(), "{other}");
        }
        pictures.remove(&path).await;
        assert!(pictures.read(name).await.unwrap().is_none());
        let left = std::fs::read_dir(data.path().join("picture"))
            .unwrap()
            .count();
        assert_eq!(left, 0);
    }

    #[test]
    fn our_own_pictures_are_small_and_there() {
        let png = default_named("user-3.png").unwrap();
        assert!(image::load_from_memory_with_format(png, ImageFormat::Png).is_ok());
        let path = default_of_group(GroupId::mint());
        let content = default_named(path.strip_prefix("/img/default/").unwrap()).unwrap();
        assert!(content.len() < 12 * 1024);
        assert!(default_named("user-9.png").is_none());
    }
}
