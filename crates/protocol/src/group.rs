//! Groups: create, search, apply, invite, change, hand over, dissolve.

use serde::{Deserialize, Serialize};

use crate::{
    friend::{ApplyState, Remark},
    id::{GroupApplyId, GroupId, GroupInviteId, UserId},
    text::{Text, or_default},
    user::{Name, Nickname, Sex},
};

/// What a member may do in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Member,
    Admin,
    Owner,
}

/// Who may invite into a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Invite {
    /// The owner and the admins.
    Operators,
    /// Every member.
    #[default]
    Members,
}

/// What becomes of somebody who asks to join a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum JoinPolicy {
    /// They are a member at once.
    Open,
    /// The owner or an admin answers.
    #[default]
    Approval,
    /// They are refused: members invite.
    Invitation,
}

/// What a group is about, at most 500 characters.
pub type Introduction = Text<0, 500>;
/// What the members of a group have to know, at most 2,000 characters.
pub type Announcement = Text<0, 2000>;

/// /ws/group/add (seed lines 99 to 116)
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GroupAdd {
    pub group_id: GroupId,
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(test, ts(optional, as = "Option<_>"))]
    pub remark: Remark,
}

/// /ws/group/add_reply (seed lines 117 to 134)
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GroupAddReply {
    pub group_apply_id: GroupApplyId,
    pub agree: bool,
}

/// /ws/group/invite
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GroupInvite {
    pub group_id: GroupId,
    /// A friend of the caller.
    pub user_id: UserId,
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(test, ts(optional, as = "Option<_>"))]
    pub remark: Remark,
}

/// /ws/group/invite_reply
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GroupInviteReply {
    pub group_invite_id: GroupInviteId,
    pub agree: bool,
}

/// /ws/group/update; a missing field stays as it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct GroupUpdate {
    pub group_id: GroupId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_nickname: Option<Nickname>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introduction: Option<Introduction>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announcement: Option<Announcement>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite: Option<Invite>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join: Option<JoinPolicy>,
    /// Whether plain members are silent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mute_all: Option<bool>,
}

impl GroupUpdate {
    /// A request that changes nothing yet.
    #[must_use]
    pub fn of(group_id: GroupId) -> Self {
        Self {
            group_id,
            group_nickname: None,
            introduction: None,
            announcement: None,
            invite: None,
            join: None,
            mute_all: None,
        }
    }
}

/// /ws/group/hand_over
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GroupHandOver {
    pub group_id: GroupId,
    /// A member.
    pub user_id: UserId,
}

/// /ws/group/dissolve
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GroupDissolve {
    pub group_id: GroupId,
}

/// Event group_add, to the owner and the admins (seed lines 292 to 314)
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GroupApplied {
    pub group_apply_id: GroupApplyId,
    pub group_id: GroupId,
    pub group_nickname: String,
    pub group_name: String,
    pub group_head_img: String,
    /// The applicant, as are the names below.
    pub user_id: UserId,
    pub nickname: String,
    pub head_img: String,
    pub username: String,
    pub remark: String,
    /// The group's.
    pub introduction: String,
}

/// Event group_add_result, to the applicant (seed lines 316 to 334)
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct GroupAddResult {
    pub agree: bool,
    pub group_id: GroupId,
    pub group_nickname: String,
    pub group_name: String,
    pub group_head_img: String,
    pub owner_user_id: UserId,
    pub introduction: String,
    /// The members, at most 200, when agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_users: Option<Vec<GroupUser>>,
}

/// A member in `groupUsers`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GroupUser {
    pub user_id: UserId,
    pub username: String,
    pub nickname: String,
    pub head_img: String,
    pub sex: Sex,
}

/// Event group_join, to every other online member (seed lines 335 to 357)
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GroupJoined {
    pub group_id: GroupId,
    pub group_nickname: String,
    pub group_name: String,
    pub group_head_img: String,
    pub owner_user_id: UserId,
    pub introduction: String,
    /// Who joined, as are the fields below.
    pub user_id: UserId,
    pub username: String,
    pub nickname: String,
    pub sex: Sex,
    pub head_img: String,
    pub sign: String,
}

/// Event group_dissolved, to everybody who was a member
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GroupDissolved {
    pub group_id: GroupId,
    pub group_name: String,
    pub group_nickname: String,
    pub group_head_img: String,
}

/// Event group_invite, to the one invited (seed line 171)
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GroupInvited {
    pub group_invite_id: GroupInviteId,
    pub group_id: GroupId,
    pub group_name: String,
    pub group_nickname: String,
    pub group_head_img: String,
    pub introduction: String,
    /// The inviter, as are the fields below.
    pub user_id: UserId,
    pub username: String,
    pub nickname: String,
    pub head_img: String,
    pub remark: String,
}

/// Event group_invite_result, to the inviter (seed line 177)
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GroupInviteResult {
    pub agree: bool,
    pub group_id: GroupId,
    pub group_name: String,
    pub group_nickname: String,
    pub group_head_img: String,
    pub introduction: String,
    /// Who answered, as are the fields below.
    pub user_id: UserId,
    pub username: String,
    pub nickname: String,
    pub head_img: String,
}

/// POST /api/group/create
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct CreateGroup {
    pub group_name: Name,
    pub group_nickname: Nickname,
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(test, ts(optional, as = "Option<_>"))]
    pub introduction: Introduction,
}

/// What creating a group gives.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct CreatedGroup {
    pub group_id: GroupId,
    pub group_head_img: String,
    pub group_name: String,
    pub group_nickname: String,
    pub introduction: String,
    /// ms since 1970
    pub create_time: i64,
}

/// GET /api/group/search: one of the two is wanted.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase", default)]
pub struct SearchGroup {
    /// The whole group name, in any case.
    pub group_name: Option<String>,
    /// A part of the group's nickname, in any case.
    pub group_nickname: Option<String>,
    /// From 1; 50 rows a page.
    pub page: Option<u32>,
}

/// POST /api/group/update_avatar, the text fields of its multipart body
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct UpdateAvatar {
    pub group_id: GroupId,
}

/// A group in lists, and `data` of the event group_updated. Search shows no settings; only type 1 of GET
/// /api/group/get_group_list shows the owner and what the caller is in the group.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GroupCard {
    pub group_id: GroupId,
    pub group_name: String,
    pub group_nickname: String,
    pub group_head_img: String,
    pub introduction: String,
    pub owner_user_id: UserId,
    pub join: JoinPolicy,
    pub member_count: i64,
    #[serde(default, flatten, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(skip))]
    pub settings: Option<GroupSettings>,
    #[serde(default, flatten, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(skip))]
    pub owner: Option<GroupOwner>,
    #[serde(default, flatten, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(skip))]
    pub own: Option<OwnMembership>,
}

/// What only members know of a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GroupSettings {
    /// Empty when there is none.
    pub announcement: String,
    pub invite: Invite,
    /// Whether plain members are silent.
    pub mute_all: bool,
}

/// What the caller is in a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct OwnMembership {
    pub role: Role,
    /// The caller's name in this group; empty when unset.
    pub member_nickname: String,
    /// ms since 1970; 0 when the caller was never muted.
    pub muted_until: i64,
}

/// The owner in a row of GET /api/group/get_group_list?type=1.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GroupOwner {
    /// Spelled as the seed's clients read it.
    #[serde(rename = "ownerUername")]
    pub owner_username: String,
    pub owner_nickname: String,
    pub owner_head_img: String,
    pub owner_sex: Sex,
    pub owner_sign: String,
}

/// GET /api/group/get_info
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GroupInfo {
    /// Any group; who is no member sees what a search shows.
    pub group_id: GroupId,
}

/// GET /api/group/get_group_list
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct GroupList {
    /// "1": joined, "2": owned.
    pub r#type: GroupListType,
}

/// Which groups are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum GroupListType {
    #[serde(rename = "1")]
    Joined,
    #[serde(rename = "2")]
    Owned,
}

/// A row of GET /api/user/group_apply_list
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GroupApplyCard {
    pub group_apply_id: GroupApplyId,
    pub from_user_id: UserId,
    pub remark: String,
    pub group_id: GroupId,
    pub group_name: String,
    pub group_nickname: String,
    pub group_head_img: String,
    /// The applicant's, as are the fields below.
    pub username: String,
    pub nickname: String,
    pub head_img: String,
    /// ms since 1970
    pub create_time: i64,
    #[serde(default, flatten, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(skip))]
    pub outcome: Option<GroupApplyOutcome>,
}

/// What applications of the directions "sent" and "all" have besides.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct GroupApplyOutcome {
    pub state: ApplyState,
    /// When it was answered, in ms since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle_time: Option<i64>,
}

/// A row of GET /api/user/group_invite_list
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GroupInviteCard {
    pub group_invite_id: GroupInviteId,
    /// The inviter.
    pub from_user_id: UserId,
    pub remark: String,
    pub group_id: GroupId,
    pub group_name: String,
    pub group_nickname: String,
    pub group_head_img: String,
    pub introduction: String,
    /// The one of the two who is not the caller, as are the fields below.
    pub username: String,
    pub nickname: String,
    pub head_img: String,
    /// ms since 1970
    pub create_time: i64,
    #[serde(default, flatten, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(skip))]
    pub outcome: Option<GroupInviteOutcome>,
}

/// What invitations of the directions "sent" and "all" have besides.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct GroupInviteOutcome {
    pub to_user_id: UserId,
    pub state: ApplyState,
    /// When it was answered, in ms since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle_time: Option<i64>,
}
