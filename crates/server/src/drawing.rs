//! Pictures that strangers send: told by their content, bounded by their header, decoded one at a time.

use std::{
    io::{self, BufRead, Cursor, Seek},
    sync::Arc,
};

use hongyan_store::Thumb;
use image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits,
    codecs::jpeg::JpegEncoder, metadata::Orientation,
};
use tokio::sync::Semaphore;

/// Longest side of a picture that is taken, in pixels.
const LONGEST_SIDE: u32 = 20_000;

/// Longest side of a thumbnail, in pixels; smaller pictures stay as small as they are.
const THUMB_SIDE: u32 = 320;

/// Quality of a thumbnail without transparency, of 100.
const THUMB_QUALITY: u8 = 80;

/// Why a picture was not drawn.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is no picture, or a broken one; the text says which.
    #[error("{0}")]
    NoPicture(String),
    /// It has more pixels than are taken, or needs more memory; the text says which.
    #[error("{0}")]
    TooLarge(String),
    /// Our fault.
    #[error("a picture could not be drawn: {0}")]
    Broken(#[from] io::Error),
}

/// Where pictures are decoded: one at a time, because a large one takes hundreds of megabytes.
#[derive(Clone)]
pub struct Studio {
    pixels: u64,
    turn: Arc<Semaphore>,
}

impl Studio {
    /// Takes pictures of up to `pixels`, width times height.
    #[must_use]
    pub fn new(pixels: u64) -> Self {
        Self {
            pixels,
            turn: Arc::new(Semaphore::new(1)),
        }
    }

    /// Waits for its turn and runs `work`, which may block and decode, with the number of pixels that it may decode. The
    /// work is done although nobody may wait for it any more.
    pub async fn work<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(u64) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<io::Error> + Send + 'static,
    {
        let turn = Arc::clone(&self.turn)
            .acquire_owned()
            .await
            .map_err(io::Error::other)?;
        let pixels = self.pixels;
        let done = tokio::task::spawn_blocking(move || {
            let done = work(pixels);
            drop(turn);
            done
        });
        done.await.map_err(io::Error::other)?
    }
}

/// What kind of picture begins with these bytes, whatever its name says: PNG, JPEG, GIF, WebP, or none that we know.
#[must_use]
pub fn format(head: &[u8]) -> Option<ImageFormat> {
    match infer::get(head)?.mime_type() {
        "image/png" => Some(ImageFormat::Png),
        "image/jpeg" => Some(ImageFormat::Jpeg),
        "image/gif" => Some(ImageFormat::Gif),
        "image/webp" => Some(ImageFormat::WebP),
        _ => None,
    }
}

/// A picture, upright; of several frames the first. The bounds are checked on the header, before memory is taken for the
/// pixels.
pub fn decode(
    picture: impl BufRead + Seek,
    format: ImageFormat,
    most_pixels: u64,
) -> Result<DynamicImage, Error> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    // Four channels of 16 bits, and what a decoder itself needs besides.
    limits.max_alloc = Some(most_pixels.saturating_mul(8).saturating_add(16 << 20));
    let mut reader = ImageReader::with_format(picture, format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(unreadable)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > most_pixels {
        return Err(Error::TooLarge(format!(
            "at most {most_pixels} pixels are taken, and this picture has {width} times {height}"
        )));
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(unreadable)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn unreadable(error: ImageError) -> Error {
    let why = format!("the picture cannot be read: {error}");
    match error {
        ImageError::Limits(_) => Error::TooLarge(why),
        _ => Error::NoPicture(why),
    }
}

/// A small picture of the same proportions, with nothing but pixels in it: a PNG of what is transparent, a JPEG of what
/// is not.
pub fn thumbnail(picture: &DynamicImage) -> Result<(Thumb, Vec<u8>), Error> {
    let fits = picture.width().max(picture.height()) <= THUMB_SIDE;
    let small = if fits {
        picture.clone()
    } else {
        picture.thumbnail(THUMB_SIDE, THUMB_SIDE)
    };
    let mut bytes = Cursor::new(Vec::new());
    let (thumb, written) = if small.color().has_alpha() {
        let small = DynamicImage::from(small.into_rgba8());
        (Thumb::Png, small.write_to(&mut bytes, ImageFormat::Png))
    } else {
        let encoder = JpegEncoder::new_with_quality(&mut bytes, THUMB_QUALITY);
        (Thumb::Jpeg, small.into_rgb8().write_with_encoder(encoder))
    };
    written.map_err(io::Error::other)?;
    Ok((thumb, bytes.into_inner()))
}
