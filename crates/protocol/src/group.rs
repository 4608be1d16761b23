//! Groups: create, search, apply, invite, leave, kick.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    friend::Remark,
    id::{GroupApplyId, GroupId, GroupInviteId, UserId},
    text::{Text, or_default},
    user::{Name, Nickname, Sex},
};

/// What a member may do in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Member,
    Admin,
    Owner,
}

/// What a group is about, at most 500 characters.
pub type Introduction = Text<0, 500>;

/// /ws/group/add (seed lines 99 to 116)
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupAdd {
    pub group_id: GroupId,
    #[serde(default, deserialize_with = "or_default")]
    pub remark: Remark,
}

/// /ws/group/add_reply (seed lines 117 to 134)
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupAddReply {
    pub group_apply_id: GroupApplyId,
    pub agree: bool,
}

/// /ws/group/invite
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupInvite {
    pub group_id: GroupId,
    /// A friend of the caller.
    pub user_id: UserId,
    #[serde(default, deserialize_with = "or_default")]
    pub remark: Remark,
}

/// /ws/group/invite_reply
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupInviteReply {
    pub group_invite_id: GroupInviteId,
    pub agree: bool,
}

/// /ws/group/leave
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupLeave {
    pub group_id: GroupId,
}

/// /ws/group/kick
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupKick {
    pub group_id: GroupId,
    pub user_id: UserId,
}

/// Event group_add, to the owner and the admins (seed lines 292 to 314)
#[derive(Clone, Debug, Serialize, Deserialize)]
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

/// Event group_leave, to every online member who remains (seed line 175)
#[derive(Clone, Debug, Serialize, Deserialize)]
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
#[serde(rename_all = "camelCase")]
pub struct GroupKickedOut {
    pub group_id: GroupId,
    pub group_name: String,
    pub group_nickname: String,
    pub group_head_img: String,
    /// Who removed them.
    pub operator_user_id: UserId,
}

/// Event group_invite, to the one invited (seed line 171)
#[derive(Clone, Debug, Serialize, Deserialize)]
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
#[serde(rename_all = "camelCase")]
pub struct CreateGroup {
    pub group_name: Name,
    pub group_nickname: Nickname,
    #[serde(default, deserialize_with = "or_default")]
    pub introduction: Introduction,
}

/// What creating a group gives.
#[derive(Clone, Debug, Serialize, Deserialize)]
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
#[serde(rename_all = "camelCase", default)]
pub struct SearchGroup {
    /// The whole group name, in any case.
    pub group_name: Option<String>,
    /// A part of the group's nickname, in any case.
    pub group_nickname: Option<String>,
    /// From 1; 50 rows a page.
    pub page: Option<u32>,
}

/// A row of GET /api/group/search and of GET /api/group/get_group_list; the latter's type 1 adds the owner.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupCard {
    pub group_id: GroupId,
    pub group_name: String,
    pub group_nickname: String,
    pub group_head_img: String,
    pub introduction: String,
    pub owner_user_id: UserId,
    #[serde(default, flatten, skip_serializing_if = "Option::is_none")]
    pub owner: Option<GroupOwner>,
}

/// The owner in a row of GET /api/group/get_group_list?type=1.
#[derive(Clone, Debug, Serialize, Deserialize)]
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

/// GET /api/group/get_group_list
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GroupList {
    /// "1": joined, "2": owned.
    pub r#type: GroupListType,
}

/// Which groups are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum GroupListType {
    #[serde(rename = "1")]
    Joined,
    #[serde(rename = "2")]
    Owned,
}

/// A row of GET /api/user/group_apply_list
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupApplyCard {
    pub group_apply_id: GroupApplyId,
    pub from_user_id: UserId,
    pub remark: String,
    pub group_id: GroupId,
    pub group_name: String,
    pub group_nickname: String,
    pub group_head_img: String,
    pub username: String,
    pub nickname: String,
    pub head_img: String,
    /// ms since 1970
    pub create_time: i64,
}

/// A row of GET /api/user/group_invite_list
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupInviteCard {
    pub group_invite_id: GroupInviteId,
    /// The inviter, as are the names below.
    pub from_user_id: UserId,
    pub remark: String,
    pub group_id: GroupId,
    pub group_name: String,
    pub group_nickname: String,
    pub group_head_img: String,
    pub introduction: String,
    pub username: String,
    pub nickname: String,
    pub head_img: String,
    /// ms since 1970
    pub create_time: i64,
}

/// A row of GET /api/group/get_group_user_list
#[derive(Clone, Debug, Serialize, Deserialize)]
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
}

/// GET /api/group/get_group_user_list
pub type MemberLists = BTreeMap<GroupId, Vec<MemberCard>>;
