//! Friends: ask, answer, delete, list, prefer, block.

use serde::{Deserialize, Serialize};

use crate::{
    id::{FriendApplyId, UserId},
    presence::Status,
    text::{Text, or_default},
    user::{Sex, UserCard},
};

/// What an applicant writes to the addressee ("remark"), or what a user calls a friend; at most 128 characters.
pub type Remark = Text<0, 128>;

/// /ws/friend/add (seed lines 41 to 59)
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct FriendAdd {
    pub user_id: UserId,
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(test, ts(optional, as = "Option<_>"))]
    pub remark: Remark,
}

/// /ws/friend/add_reply (seed lines 61 to 79)
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct FriendAddReply {
    pub friend_apply_id: FriendApplyId,
    pub agree: bool,
}

/// `data` in the answer to an add_reply, of friends and of groups.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Applicant {
    /// The applicant's account name.
    pub username: String,
}

/// /ws/friend/del (seed lines 81 to 97)
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct FriendDel {
    pub user_id: UserId,
}

/// /ws/friend/favourite
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct FriendFavourite {
    pub user_id: UserId,
    pub favourite: bool,
}

/// /ws/friend/block
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct FriendBlock {
    /// Anybody, friend or not.
    pub user_id: UserId,
    pub block: bool,
}

/// Event friend_updated, to the caller on every device: what they think of a user now
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct FriendUpdated {
    pub user_id: UserId,
    /// Empty when unset, and for who is no friend.
    pub remark: String,
    pub favourite: bool,
    pub blocked: bool,
}

/// Event friend_add, to the addressee (seed lines 211 to 230)
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct FriendAdded {
    pub friend_apply_id: FriendApplyId,
    pub head_img: String,
    pub nickname: String,
    pub remark: String,
    pub username: String,
    pub sex: Sex,
    pub sign: String,
}

/// Event friend_add_result, to the applicant; the user is the one who answered (seed lines 232 to 250)
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct FriendAddResult {
    pub agree: bool,
    pub head_img: String,
    pub nickname: String,
    pub user_id: UserId,
    pub username: String,
    pub sex: Sex,
    pub sign: String,
}

/// GET /api/user/friend_apply_list, group_apply_list and group_invite_list
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase", default)]
pub struct ApplyList {
    #[cfg_attr(test, ts(optional, as = "Option<_>"))]
    pub direction: Direction,
    /// From 1; 50 rows a page. Only of what was sent, and of all: what waits has no pages.
    pub page: Option<u32>,
}

/// Which requests or invitations are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// What waits for the caller's answer.
    #[default]
    Received,
    /// What the caller asked of others, answered or not.
    Sent,
    /// What anybody asked of the caller, and the caller of anybody, answered or not.
    All,
}

/// What became of a request or an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum ApplyState {
    Pending,
    Agreed,
    Refused,
}

/// What rows of the directions "sent" and "all" have besides.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct FriendApplyOutcome {
    pub to_user_id: UserId,
    pub state: ApplyState,
    /// When it was answered, in ms since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle_time: Option<i64>,
}

/// A row of GET /api/user/friend_apply_list
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct FriendApplyCard {
    pub friend_apply_id: FriendApplyId,
    pub from_user_id: UserId,
    /// The one of the two who is not the caller, as are the fields below.
    pub username: String,
    pub nickname: String,
    pub head_img: String,
    pub sign: String,
    pub sex: Sex,
    /// The applicant's.
    pub remark: String,
    /// ms since 1970
    pub create_time: i64,
    #[serde(default, flatten, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(skip))]
    pub outcome: Option<FriendApplyOutcome>,
}

/// GET /api/user/card
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct CardOf {
    /// Anybody, friend or not.
    pub user_id: UserId,
}

/// `data` of GET /api/user/card
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    #[serde(flatten)]
    pub user: UserCard,
    /// Whether the caller has blocked this user.
    pub blocked: bool,
    #[serde(default, flatten, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(skip))]
    pub friend: Option<ProfileOfFriend>,
}

/// What a friend's profile has besides.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ProfileOfFriend {
    /// What the caller calls this friend; empty when unset.
    pub remark: String,
    /// Offline for who has blocked the caller.
    pub status: Status,
    pub favourite: bool,
}

/// A row of GET /api/friend/get_friend_list
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct FriendCard {
    pub user_id: UserId,
    pub username: String,
    pub nickname: String,
    pub head_img: String,
    pub sex: Sex,
    pub sign: String,
    /// What the caller calls this friend; empty when unset.
    pub remark: String,
    /// Offline for who has blocked the caller.
    pub status: Status,
    pub favourite: bool,
    /// Whether the caller has blocked this friend.
    pub blocked: bool,
}

/// GET /api/friend/block_list
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase", default)]
pub struct BlockList {
    /// From 1; 50 rows a page.
    pub page: Option<u32>,
}

/// POST /api/friend/set_remark
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SetRemark {
    pub friend_user_id: UserId,
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(test, ts(optional, as = "Option<_>"))]
    pub remark: Remark,
}
