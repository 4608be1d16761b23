//! Files: what an upload answers, and where a file is found.

use serde::{Deserialize, Serialize};

use crate::id::FileId;

/// What a file is served as that no page shows by itself: it can be saved, and nothing else.
pub const DOWNLOAD: &str = "application/octet-stream";

/// Longest name of a file, in bytes of UTF-8.
pub const LONGEST_NAME: usize = 255;

/// What the address of POST /api/file says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HowToStore {
    /// Every byte is kept, also a picture's metadata, and the file can only be saved.
    pub original: bool,
}

/// `data` in the answer to POST /api/file
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct Uploaded {
    pub file_id: FileId,
    /// Without folders, control characters and marks of direction; at most [`LONGEST_NAME`] bytes.
    pub name: String,
    /// What it is served as: its content decides, not what the upload said. [`DOWNLOAD`] for all but a few kinds.
    pub mime: String,
    /// Bytes that are served; a picture without its metadata may be smaller than the upload.
    pub size: u64,
    /// Pixels of a picture as it is shown, turned upright.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Whether there is a thumbnail, which every picture has.
    pub thumb: bool,
    /// Path on this server.
    pub url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumb_url: Option<String>,
}

/// Where a file is on its server.
#[must_use]
pub fn url(file: FileId) -> String {
    format!("/api/file/{file}")
}

/// Where a file's thumbnail is on its server.
#[must_use]
pub fn thumb_url(file: FileId) -> String {
    format!("/api/file/{file}/thumb")
}
