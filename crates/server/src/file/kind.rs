//! What a file is: its content says it, and what the upload said must not be a lie.

use hongyan_protocol::file::DOWNLOAD;
use image::ImageFormat;

use crate::drawing;

/// How many bytes at the beginning of a file say what it is.
pub const HEAD: usize = 512;

/// What a file is, as far as pages may show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Picture(ImageFormat),
    /// Its media type.
    Sound(&'static str),
    /// To be saved, and nothing else.
    Download,
}

/// What an upload says that it is, by its `Content-Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// One of the pictures that are shown.
    Picture,
    /// One of the sounds that are played.
    Sound,
    /// Anything else, or nothing.
    Other,
    /// Not to be looked at: it is kept as it came, and can only be saved.
    Original,
}

impl Claim {
    /// Reads a media type; its parameters (`;codecs=opus`) do not matter.
    #[must_use]
    pub fn of(media_type: &str) -> Self {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        match essence.to_ascii_lowercase().as_str() {
            "image/png" | "image/jpeg" | "image/jpg" | "image/gif" | "image/webp" => Self::Picture,
            "audio/ogg" | "audio/opus" | "audio/webm" | "audio/mpeg" | "audio/mp3"
            | "audio/mp4" | "audio/m4a" | "audio/x-m4a" | "audio/wav" | "audio/wave"
            | "audio/x-wav" | "audio/vnd.wave" => Self::Sound,
            _ => Self::Other,
        }
    }

    /// Whether a file of this kind is what was claimed.
    #[must_use]
    pub fn fits(self, kind: Kind) -> bool {
        match self {
            Self::Picture => matches!(kind, Kind::Picture(_)),
            Self::Sound => matches!(kind, Kind::Sound(_)),
            Self::Other | Self::Original => true,
        }
    }
}

impl Kind {
    /// Looks at the first [`HEAD`] bytes. WebM and MP4 hold films and sounds alike: there the claim decides, and a film
    /// that claims to be a sound is a sound without a picture.
    #[must_use]
    pub fn of(head: &[u8], claim: Claim) -> Self {
        if claim == Claim::Original {
            return Self::Download;
        }
        if let Some(format) = drawing::format(head) {
            return Self::Picture(format);
        }
        match infer::get(head).map(|kind| kind.mime_type()) {
            Some("audio/ogg" | "audio/opus") => Self::Sound("audio/ogg"),
            Some("audio/mpeg") => Self::Sound("audio/mpeg"),
            Some("audio/m4a") => Self::Sound("audio/mp4"),
            Some("audio/x-wav") => Self::Sound("audio/wav"),
            Some("video/webm") if claim == Claim::Sound => Self::Sound("audio/webm"),
            Some("video/mp4") if claim == Claim::Sound => Self::Sound("audio/mp4"),
            _ => Self::Download,
        }
    }

    /// The media type that it is served as.
    #[must_use]
    pub fn mime(self) -> &'static str {
        match self {
            Self::Picture(format) => format.to_mime_type(),
            Self::Sound(mime) => mime,
            Self::Download => DOWNLOAD,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn padded(head: &[u8]) -> Vec<u8> {
        [head, &[0; 300]].concat()
    }

    #[test]
    fn the_content_says_what_a_file_is() {
        let sound = Claim::of("Audio/WebM;codecs=opus");
        let webm = b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm";
        for (head, claim, mime) in [
            (b"\x89PNG\r\n\x1a\n".as_slice(), Claim::Other, "image/png"),
            (b"\xff\xd8\xff\xe0", Claim::Other, "image/jpeg"),
            (b"GIF89a", Claim::Picture, "image/gif"),
            (b"RIFF\0\0\0\0WEBPVP8L", Claim::Sound, "image/webp"),
            (b"OggS\0\x02", Claim::Other, "audio/ogg"),
            (b"ID3\x03", Claim::Other, "audio/mpeg"),
            (b"\0\0\0\x20ftypM4A ", Claim::Other, "audio/mp4"),
            (b"\0\0\0\x20ftypisom", sound, "audio/mp4"),
            (b"\0\0\0\x20ftypisom", Claim::Other, DOWNLOAD),
            (b"RIFF\0\0\0\0WAVEfmt ", Claim::Other, "audio/wav"),
            (webm, sound, "audio/webm"),
            (webm, Claim::Other, DOWNLOAD),
            (b"<html><script>", Claim::Picture, DOWNLOAD),
            (b"<svg xmlns='x'>", Claim::Picture, DOWNLOAD),
            (b"%PDF-1.7", Claim::Other, DOWNLOAD),
            (b"", Claim::Other, DOWNLOAD),
            (b"\x89PNG\r\n\x1a\n", Claim::Original, DOWNLOAD),
            (b"OggS\0\x02", Claim::Original, DOWNLOAD),
        ] {
            let kind = Kind::of(&padded(head), claim);
            assert_eq!(kind.mime(), mime, "{}", head.escape_ascii());
        }
    }

    #[test]
    fn only_pictures_and_sounds_can_be_claimed_falsely() {
        let svg = Kind::of(b"<svg>", Claim::of("image/svg+xml"));
        assert!(Claim::of("image/svg+xml").fits(svg));
        assert!(!Claim::of("image/PNG").fits(svg));
        assert!(!Claim::of("audio/mpeg").fits(svg));
        assert!(Claim::of("").fits(svg));
        let gif = Kind::of(b"GIF89a", Claim::Other);
        assert!(Claim::of("image/jpeg").fits(gif), "a picture all the same");
    }
}
