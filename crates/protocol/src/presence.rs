//! Presence: who has a notice connection open.

use serde::{Deserialize, Serialize};

/// "1" online, "0" offline (seed line 257).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Status {
    #[serde(rename = "0")]
    Offline,
    #[serde(rename = "1")]
    Online,
}

/// Event friend_status_change, to every online friend (seed lines 252 to 268)
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct StatusChange {
    pub status: Status,
    pub head_img: String,
    pub nickname: String,
    /// What the receiver calls this friend; empty when unset.
    pub remark: String,
    pub username: String,
}
