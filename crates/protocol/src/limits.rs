//! What clients go by to say no early: the bounds of this server that are settings.

use serde::{Deserialize, Serialize};

use crate::keep::Keep;

/// The settings of a server that clients need, under the settings' names. The bounds that no operator sets are
/// constants of this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// `messages.keep`: the longest that messages are kept. With "none" there are no files either.
    pub keep: Keep,
    /// `messages.max-bytes`: bytes of UTF-8 of a message's text.
    pub max_bytes: u64,
    /// `messages.recall-seconds`: seconds, by the server's clock, in which its sender may take a message back.
    pub recall_seconds: u32,
    /// `messages.edit-seconds`: seconds, by the server's clock, in which its sender may change a message's text.
    pub edit_seconds: u32,
    /// `files.quota-bytes`: bytes that the files of one account may take.
    pub quota_bytes: u64,
    /// `limits.file-bytes`: bytes of an uploaded file.
    pub file_bytes: u64,
    /// `limits.picture-bytes`: bytes of a picture of a user or group.
    pub picture_bytes: u64,
    /// `limits.picture-pixels`: pixels of a picture, width times height. A larger one is sent as a file.
    pub picture_pixels: u64,
    /// `limits.group-members`: members of a group.
    pub group_members: u64,
}
