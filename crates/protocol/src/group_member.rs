//! Members of a group: who they are in it, and how they leave.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    group::Role,
    id::{GroupId, UserId},
    text::{Text, or_default},
    user::Sex,
};

/// A role that the owner gives to another member; the group itself is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum GivenRole {
    Member,
    Admin,
}

impl From<GivenRole> for Role {
    fn from(given: GivenRole) -> Self {
        match given {
            GivenRole::Member => Self::Member,
            GivenRole::Admin => Self::Admin,
        }
    }
}

/// A member's own name in a group, at most 64 characters; empty: none.
pub type MemberNickname = Text<0, 64>;

/// For how long a member is muted, in seconds: at most 30 days; 0 lets them speak again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(try_from = "u32", into = "u32")]
pub struct MuteSeconds(u32);

impl MuteSeconds {
    /// 30 days.
    pub const MOST: u32 = 30 * 24 * 3600;

    /// Takes up to [`MOST`](Self::MOST) seconds, or says that this is the bound.
    pub fn new(seconds: u32) -> Result<Self, String> {
        if seconds > Self::MOST {
            return Err(format!("at most {} seconds are taken", Self::MOST));
        }
        Ok(Self(seconds))
    }

    /// When a mute that begins `now` ends, both in ms since 1970; 0 for who may speak again.
    #[must_use]
    pub fn end(self, now: i64) -> i64 {
        match self.0 {
            0 => 0,
            seconds => now + i64::from(seconds) * 1000,
        }
    }
}

impl TryFrom<u32> for MuteSeconds {
    type Error = String;
    fn try_from(seconds: u32) -> Result<Self, String> {
        Self::new(seconds)
    }
}

impl From<MuteSeconds> for u32 {
    fn from(seconds: MuteSeconds) -> Self {
        seconds.0
    }
}

/// /ws/group/leave
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GroupLeave {
    pub group_id: GroupId,
}

/// /ws/group/kick
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GroupKick {
    pub group_id: GroupId,
    pub user_id: UserId,
}

/// /ws/group/set_role
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GroupSetRole {
    pub group_id: GroupId,
    pub user_id: UserId,
    pub role: GivenRole,
}

/// /ws/group/mute
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GroupMute {
    pub group_id: GroupId,
    pub user_id: UserId,
    pub seconds: MuteSeconds,
}

/// /ws/group/set_nickname
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GroupSetNickname {
    pub group_id: GroupId,
    /// Empty, null or missing: none.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(test, ts(optional, as = "Option<_>"))]
    pub nickname: MemberNickname,
}

/// `data` of the answer 0213 to who is muted; absent where all plain members are.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct MutedUntil {
    /// ms since 1970
    pub until: i64,
}

/// Events group_role, group_muted and group_member_updated, to every member: the member as they are now
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GroupMemberChanged {
    pub group_id: GroupId,
    pub group_name: String,
    pub group_nickname: String,
    /// The member, as are the fields below.
    pub user_id: UserId,
    pub username: String,
    pub nickname: String,
    pub head_img: String,
    pub role: Role,
    /// The name in this group; empty when unset.
    pub member_nickname: String,
    /// ms since 1970; in the past or 0 for who may speak.
    pub muted_until: i64,
}

/// Event group_leave, to every online member who remains (seed line 175)
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GroupLeft {
    pub group_id: GroupId,
    pub group_name: String,
    pub group_nickname: String,
    /// Who left, as are the fields below.
    pub user_id: UserId,
    pub username: String,
    pub nickname: String,
    pub head_img: String,
    /// Whether somebody removed them.
    pub kicked: bool,
}

/// Event group_kicked_out, to the one removed (seed line 172)
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GroupKickedOut {
    pub group_id: GroupId,
    pub group_name: String,
    pub group_nickname: String,
    pub group_head_img: String,
    /// Who removed them.
    pub operator_user_id: UserId,
}

/// GET /api/group/get_group_user_list
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct MembersOf {
    /// A parameter that is repeated, at most [`GROUPS_AT_ONCE`] times.
    pub group_id: Vec<GroupId>,
}

/// Most groups whose members are asked for at once.
pub const GROUPS_AT_ONCE: usize = 50;

/// Most members that these have together; a single group is always answered whole.
pub const MEMBERS_AT_ONCE: i64 = 20_000;

/// A row of GET /api/group/get_group_user_list
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct MemberCard {
    pub user_id: UserId,
    pub username: String,
    pub nickname: String,
    pub head_img: String,
    pub sex: Sex,
    pub sign: String,
    /// What the caller calls this user if they are friends; empty otherwise.
    pub remark: String,
    pub role: Role,
    /// The name in this group; empty when unset.
    pub member_nickname: String,
    /// ms since 1970; in the past or 0 for who may speak.
    pub muted_until: i64,
}

/// `data` of GET /api/group/get_group_user_list
pub type MemberLists = BTreeMap<GroupId, Vec<MemberCard>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mute_has_a_bound_and_none_ends_it() {
        let read = |text: &str| serde_json::from_str::<MuteSeconds>(text);
        assert_eq!(read("60").unwrap().end(1000), 61_000);
        assert_eq!(read("0").unwrap().end(1000), 0);
        assert!(read("2592000").is_ok());
        for bad in ["2592001", "-1", "1.5", "\"60\"", "null"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
