//! What a picture tells beside its pixels: where it was taken, when, with what, and what it looked like before it was
//! cropped. JPEG, PNG and WebP lose all of that without being drawn anew; colours and the upright side are kept.

use bytes::Bytes;
use image::{ImageFormat, metadata::Orientation};
use img_parts::{
    ImageEXIF,
    jpeg::{Jpeg, markers},
    png::{Png, PngChunk},
    riff::RiffContent,
    webp::{self, WebP},
};

/// Chunks of a PNG that change how its pixels are shown. All others go, those too that nobody knows.
const OF_PNG: &[&[u8; 4]] = &[
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB",
    b"cICP", b"mDCV", b"cLLI", b"bKGD", b"hIST", b"pHYs", b"sPLT", b"acTL", b"fcTL", b"fdAT",
];

/// The same of a WebP.
const OF_WEBP: &[[u8; 4]] = &[
    webp::CHUNK_VP8,
    webp::CHUNK_VP8L,
    webp::CHUNK_VP8X,
    webp::CHUNK_ALPH,
    webp::CHUNK_ANIM,
    webp::CHUNK_ANMF,
    webp::CHUNK_ICCP,
];

/// The flag of a WebP that says that there is XMP.
const WEBP_XMP: u8 = 0b100;

/// Bytes of a JFIF segment without a thumbnail in it.
const JFIF: usize = 14;

/// A picture without its metadata, and without what stands behind its end. A GIF, which has no place for EXIF, stays as
/// it is. `None` when the file is too broken to tell.
#[must_use]
pub(super) fn without(picture: Bytes, format: ImageFormat) -> Option<Bytes> {
    match format {
        ImageFormat::Jpeg => of_jpeg(picture),
        ImageFormat::Png => of_png(picture),
        ImageFormat::WebP => of_webp(picture),
        _ => Some(picture),
    }
}

fn of_jpeg(picture: Bytes) -> Option<Bytes> {
    let end = end_of_jpeg(&picture)?;
    let mut jpeg = Jpeg::from_bytes(picture.slice(..end)).ok()?;
    let upright = upright(jpeg.exif());
    jpeg.segments_mut().retain(|segment| {
        let content = segment.contents();
        match segment.marker() {
            // Density; colour profile; which colours the numbers mean.
            markers::APP0 => content.starts_with(b"JFIF\0") && content.len() <= JFIF,
            markers::APP2 => content.starts_with(b"ICC_PROFILE\0"),
            markers::APP14 => content.starts_with(b"Adobe"),
            markers::APP1..=markers::APP15 | markers::COM => false,
            _ => true,
        }
    });
    jpeg.set_exif(upright);
    Some(jpeg.encoder().bytes())
}

/// Where the first picture of a JPEG ends: phones put further ones behind it, with metadata of their own. `None` when
/// there is metadata between its scans, where no camera puts it.
fn end_of_jpeg(jpeg: &[u8]) -> Option<usize> {
    let (mut at, mut in_scans) = (2, false);
    loop {
        // In a scan anything may stand before the next marker.
        at += jpeg
            .get(at..)?
            .iter()
            .position(|&byte| byte == markers::P)?;
        let marker = *jpeg.get(at + 1)?;
        match marker {
            // A byte that looks like a marker; a fill byte.
            0 => at += 2,
            markers::P => at += 1,
            markers::RST0..=markers::RST7 | markers::SOI => at += 2,
            markers::EOI => return Some(at + 2),
            markers::APP0..=markers::APP15 | markers::COM if in_scans => return None,
            _ => {
                in_scans |= marker == markers::SOS;
                let length = jpeg.get(at + 2..at + 4)?;
                at += 2 + usize::from(u16::from_be_bytes([length[0], length[1]]));
            }
        }
    }
}

fn of_png(picture: Bytes) -> Option<Bytes> {
    let mut png = Png::from_bytes(picture).ok()?;
    let upright = upright(png.exif());
    let chunks = png.chunks_mut();
    chunks.retain(|chunk| OF_PNG.contains(&&chunk.kind()));
    let framed = chunks.first().map(PngChunk::kind) == Some(*b"IHDR")
        && chunks.last().map(PngChunk::kind) == Some(*b"IEND");
    png.set_exif(upright);
    framed.then(|| png.encoder().bytes())
}

fn of_webp(picture: Bytes) -> Option<Bytes> {
    let mut webp = WebP::from_bytes(picture).ok()?;
    let upright = upright(webp.exif());
    webp.chunks_mut()
        .retain(|chunk| OF_WEBP.contains(&chunk.id()));
    webp.set_exif(upright);
    for chunk in webp.chunks_mut() {
        if chunk.id() == webp::CHUNK_VP8X
            && let RiffContent::Data(flags) = chunk.content_mut()
        {
            *flags = without_xmp(flags);
        }
    }
    Some(webp.encoder().bytes())
}

/// The flags of a WebP, which may not promise XMP that is gone; those of EXIF are the library's care.
fn without_xmp(flags: &[u8]) -> Bytes {
    let mut flags = flags.to_vec();
    if let Some(first) = flags.first_mut() {
        *first &= !WEBP_XMP;
    }
    flags.into()
}

/// Metadata with nothing in it but which side is up; `None` when that is where it always is.
fn upright(exif: Option<Bytes>) -> Option<Bytes> {
    let orientation = Orientation::from_exif_chunk(&exif?)?;
    if orientation == Orientation::NoTransforms {
        return None;
    }
    // A little-endian TIFF header, and a directory of one entry: tag 0x0112, one SHORT.
    let mut tiff = *b"II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\0\0\0\0\0\0\0\0";
    tiff[18] = orientation.to_exif();
    Some(Bytes::copy_from_slice(&tiff))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{DynamicImage, Rgb, RgbImage};
    use img_parts::{jpeg::JpegSegment, riff::RiffChunk};

    use super::*;
    use crate::drawing;

    const CANARY: &[u8] = b"canary-31.2304N-121.4737E";

    /// Red on the left, blue on the right.
    fn picture(format: ImageFormat) -> Bytes {
        let pixel = |x, _| {
            if x < 32 {
                Rgb([250, 0, 0])
            } else {
                Rgb([0, 0, 250])
            }
        };
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::from(RgbImage::from_fn(64, 32, pixel))
            .write_to(&mut bytes, format)
            .unwrap();
        bytes.into_inner().into()
    }

    /// EXIF with this orientation and a text.
    fn exif(orientation: u8) -> Bytes {
        let mut tiff = b"II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\0\0\0\0\0\0\0\0".to_vec();
        tiff[18] = orientation;
        [&tiff, CANARY].concat().into()
    }

    fn with_metadata(format: ImageFormat, orientation: u8) -> Bytes {
        let (picture, exif) = (picture(format), exif(orientation));
        let canary = Bytes::from_static(CANARY);
        let bytes = match format {
            ImageFormat::Jpeg => {
                let mut jpeg = Jpeg::from_bytes(picture).unwrap();
                jpeg.set_exif(Some(exif));
                for marker in [markers::APP1, markers::APP2, markers::APP13, markers::COM] {
                    let segment = JpegSegment::new_with_contents(marker, canary.clone());
                    jpeg.segments_mut().insert(1, segment);
                }
                jpeg.encoder().bytes()
            }
            ImageFormat::Png => {
                let mut png = Png::from_bytes(picture).unwrap();
                png.set_exif(Some(exif));
                for kind in [*b"tEXt", *b"iTXt", *b"tIME", *b"prIv"] {
                    png.chunks_mut()
                        .insert(1, PngChunk::new(kind, canary.clone()));
                }
                png.encoder().bytes()
            }
            _ => {
                let mut webp = WebP::from_bytes(picture).unwrap();
                for id in [webp::CHUNK_XMP, *b"PRIV"] {
                    let chunk = RiffChunk::new(id, RiffContent::Data(canary.clone()));
                    webp.chunks_mut().push(chunk);
                }
                webp.set_exif(Some(exif));
                webp.encoder().bytes()
            }
        };
        // Further pictures, motion photos and secrets stand behind the end.
        [&bytes, CANARY].concat().into()
    }

    fn holds_canary(bytes: &[u8]) -> bool {
        bytes.windows(CANARY.len()).any(|part| part == CANARY)
    }

    #[test]
    fn nothing_but_the_upright_side_is_left_of_the_metadata_and_no_pixel_changes() {
        use ImageFormat::{Jpeg, Png, WebP};
        for format in [Jpeg, Png, WebP] {
            for orientation in [1, 6] {
                let with = with_metadata(format, orientation);
                assert!(holds_canary(&with));
                let without = without(with.clone(), format).unwrap();
                assert!(!holds_canary(&without), "{format:?}");
                let decode = |bytes: &Bytes| {
                    drawing::decode(Cursor::new(bytes.clone()), format, 10_000).unwrap()
                };
                let (before, after) = (decode(&with), decode(&without));
                assert!(before == after, "{format:?} {orientation}");
                let upright = if orientation == 6 { (32, 64) } else { (64, 32) };
                assert_eq!((after.width(), after.height()), upright, "{format:?}");
            }
        }
    }

    #[test]
    fn what_is_broken_or_hides_metadata_between_scans_is_none() {
        let jpeg = picture(ImageFormat::Jpeg);
        let end = jpeg.len() - 2;
        let comment = b"\xff\xfe\0\x04hi";
        let hidden = [&jpeg[..end], comment, &jpeg[end..]].concat();
        assert!(without(hidden.into(), ImageFormat::Jpeg).is_none());
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let half = picture(format);
            let half = half.slice(..half.len() / 2);
            assert!(without(half, format).is_none(), "{format:?}");
        }
    }

    #[test]
    fn a_gif_stays_as_it_is() {
        let gif = picture(ImageFormat::Gif);
        assert_eq!(without(gif.clone(), ImageFormat::Gif), Some(gif));
    }
}
