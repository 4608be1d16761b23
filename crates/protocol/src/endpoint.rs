//! The table of the account API: HTTP endpoints with JSON bodies (urlencoded forms are accepted too).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    code::Code,
    file::Uploaded,
    friend::{FriendApplyCard, FriendCard, Profile},
    group::{CreatedGroup, GroupApplyCard, GroupCard, GroupInviteCard},
    group_member::MemberLists,
    user::{LoggedIn, SessionCard, UserCard, UserInfo},
};
#[cfg(test)]
use crate::{
    friend::{ApplyList, BlockList, CardOf, SetRemark},
    group::{CreateGroup, GroupInfo, GroupList, SearchGroup, UpdateAvatar},
    group_member::MembersOf,
    user::{ChangePassword, EndSession, Login, Register, SearchUser, UpdateInfo},
};

macro_rules! endpoints {
    ($($(#[doc = $doc:literal])+ $name:ident $method:literal $path:literal ($request:ty) -> $reply:ty, takes $takes:literal gives $gives:literal refuses [$($code:ident),*];)+) => {
        /// An endpoint of the account API.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Endpoint { $($(#[doc = $doc])+ $name,)+ }

        impl Endpoint {
            /// Every endpoint there is.
            pub const ALL: &'static [Endpoint] = &[$(Endpoint::$name,)+];

            /// "GET" or "POST".
            #[must_use]
            pub const fn method(self) -> &'static str {
                match self { $(Endpoint::$name => $method,)+ }
            }

            /// Its path.
            #[must_use]
            pub const fn path(self) -> &'static str {
                match self { $(Endpoint::$name => $path,)+ }
            }

            /// What it does.
            #[must_use]
            pub const fn doc(self) -> &'static str {
                match self { $(Endpoint::$name => concat!($($doc,)+),)+ }
            }

            /// Its parameters.
            #[must_use]
            pub const fn takes(self) -> &'static str {
                match self { $(Endpoint::$name => $takes,)+ }
            }

            /// What stands in `data`.
            #[must_use]
            pub const fn gives(self) -> &'static str {
                match self { $(Endpoint::$name => $gives,)+ }
            }

            /// Its business refusals, in the order in which they are checked.
            #[must_use]
            pub const fn refusals(self) -> &'static [Code] {
                match self { $(Endpoint::$name => &[$(Code::$code,)*],)+ }
            }

            /// What is left of `data` when it is read as the type that it is declared to be: the same, if it is.
            ///
            /// # Errors
            /// A field is missing, or of another type.
            pub fn read_reply(self, data: &Value) -> Result<Value, serde_json::Error> {
                match self {
                    $(Endpoint::$name => serde_json::to_value(<$reply>::deserialize(data)?),)+
                }
            }
        }

        #[cfg(test)]
        impl Endpoint {
            /// Shows the types of each row.
            pub(crate) fn show(rows: &mut impl crate::wire::Rows<Endpoint>) {
                $(rows.row::<$request, $reply>(Endpoint::$name);)+
            }
        }
    };
}

endpoints! {
    /// Creates an account and logs in. `/api/register` is the same.
    Registe "POST" "/api/registe" (Register) -> LoggedIn,
        takes "username, password, nickname; sex, sign"
        gives "the user, token, sessionId"
        refuses [UsernameTaken];
    /// Logs in; with one device allowed, an older login ends.
    Login "POST" "/api/login" (Login) -> LoggedIn,
        takes "username, password"
        gives "the user, token, sessionId"
        refuses [NoSuchAccount, WrongPassword];
    /// Ends the session and its sockets.
    Logout "POST" "/api/logout" (Nothing) -> (),
        takes "-"
        gives "-"
        refuses [];
    /// Who is logged in.
    GetInfo "GET" "/api/user/get_info" (Nothing) -> UserInfo,
        takes "-"
        gives "id, username, nickname, headImg, sign, sex"
        refuses [];
    /// Changes the profile; a picture is PNG, JPEG, GIF or WebP.
    UpdateInfo "POST" "/api/user/update_uinfo" (UpdateInfo) -> UserInfo,
        takes "multipart: headImage (file), nickname, sign, sex"
        gives "the user"
        refuses [];
    /// Sets a new password and ends the other sessions.
    ChangePassword "POST" "/api/user/change_pwd" (ChangePassword) -> (),
        takes "oldPassword, newPassword, verifyPassword"
        gives "-"
        refuses [WrongPassword, SamePassword, BadPassword];
    /// The caller's logins, the latest first.
    Sessions "GET" "/api/user/sessions" (Nothing) -> List<SessionCard>,
        takes "-"
        gives "list: sessionId, createTime, lastUsedTime, device, address, current"
        refuses [];
    /// Ends one of the caller's logins and its sockets; the one that asks as well, as logging out does.
    EndSession "POST" "/api/user/end_session" (EndSession) -> (),
        takes "sessionId"
        gives "-"
        refuses [NoSuchSession];
    /// Ends all of the caller's logins but the one that asks, and their sockets.
    EndOtherSessions "POST" "/api/user/end_other_sessions" (Nothing) -> (),
        takes "-"
        gives "-"
        refuses [];
    /// Who somebody is, friend or not.
    Card "GET" "/api/user/card" (CardOf) -> Profile,
        takes "userId"
        gives "userId, username, nickname, headImg, sex, sign, blocked; of a friend also remark, status, favourite"
        refuses [NoSuchUser];
    /// Friend requests that wait for the caller's answer; or those that the caller sent, or all of both, answered or not.
    FriendApplyList "GET" "/api/user/friend_apply_list" (ApplyList) -> List<FriendApplyCard>,
        takes "direction (received, sent, all); page"
        gives "list: friendApplyId, fromUserId, username, nickname, headImg, sign, sex, remark, createTime; sent and all add toUserId, state (pending, agreed, refused), handleTime"
        refuses [];
    /// Applications to groups that the caller runs; or those that the caller sent, or all of both, answered or not.
    GroupApplyList "GET" "/api/user/group_apply_list" (ApplyList) -> List<GroupApplyCard>,
        takes "direction (received, sent, all); page"
        gives "list: groupApplyId, fromUserId, remark, groupId, groupName, groupNickname, groupHeadImg, username, nickname, headImg, createTime; sent and all add state (pending, agreed, refused), handleTime"
        refuses [];
    /// Invitations into groups that wait for the caller's answer; or those that the caller sent, or all of both, answered or not.
    GroupInviteList "GET" "/api/user/group_invite_list" (ApplyList) -> List<GroupInviteCard>,
        takes "direction (received, sent, all); page"
        gives "list: groupInviteId, fromUserId, remark, groupId, groupName, groupNickname, groupHeadImg, introduction, username, nickname, headImg, createTime; sent and all add toUserId, state (pending, agreed, refused), handleTime"
        refuses [];
    /// Finds people.
    SearchUser "GET" "/api/friend/search_user" (SearchUser) -> List<UserCard>,
        takes "username (exact), nickname (part); page"
        gives "list: userId, username, nickname, headImg, sex, sign"
        refuses [];
    /// The caller's friends.
    FriendList "GET" "/api/friend/get_friend_list" (Nothing) -> List<FriendCard>,
        takes "-"
        gives "list: userId, username, nickname, headImg, sex, sign, remark, status, favourite, blocked"
        refuses [];
    /// Names a friend for the caller alone.
    SetRemark "POST" "/api/friend/set_remark" (SetRemark) -> (),
        takes "friendUserId, remark"
        gives "-"
        refuses [NotAFriend];
    /// Whom the caller has blocked, the latest first.
    BlockList "GET" "/api/friend/block_list" (BlockList) -> List<UserCard>,
        takes "page"
        gives "list: userId, username, nickname, headImg, sex, sign"
        refuses [];
    /// Creates a group, which the caller owns.
    CreateGroup "POST" "/api/group/create" (CreateGroup) -> CreatedGroup,
        takes "groupName, groupNickname; introduction"
        gives "groupId, groupHeadImg, groupName, groupNickname, introduction, createTime"
        refuses [GroupNameTaken];
    /// Finds groups.
    SearchGroup "GET" "/api/group/search" (SearchGroup) -> List<GroupCard>,
        takes "groupName (exact), groupNickname (part); page"
        gives "list: groupId, groupName, groupNickname, groupHeadImg, introduction, ownerUserId, join, memberCount"
        refuses [];
    /// One group, whoever asks.
    GroupInfo "GET" "/api/group/get_info" (GroupInfo) -> GroupCard,
        takes "groupId"
        gives "as search; to a member as get_group_list type 1"
        refuses [NoSuchGroup];
    /// The caller's groups.
    GroupList "GET" "/api/group/get_group_list" (GroupList) -> List<GroupCard>,
        takes "type: 1 joined, 2 owned"
        gives "list: as search, and announcement, invite, muteAll; type 1 adds ownerUername, ownerNickname, ownerHeadImg, ownerSex, ownerSign, and the caller's role, memberNickname, mutedUntil"
        refuses [];
    /// The members of groups; an empty list for a group that the caller is not in.
    MemberList "GET" "/api/group/get_group_user_list" (MembersOf) -> MemberLists,
        takes "groupId, repeatable"
        gives "by groupId: userId, username, nickname, headImg, sex, sign, remark, role, memberNickname, mutedUntil"
        refuses [];
    /// Sets a group's picture (PNG, JPEG, GIF or WebP) or, without a file, one of the server's own; the owner and the admins may.
    UpdateAvatar "POST" "/api/group/update_avatar" (UpdateAvatar) -> GroupCard,
        takes "multipart: groupId; headImage (file)"
        gives "the group, as get_group_list type 2"
        refuses [NoSuchGroup, NotMember, NotAllowed];
    /// Stores a file, to be sent in messages; with `?original=true` byte for byte, to be saved only.
    UploadFile "POST" "/api/file" (Nothing) -> Uploaded,
        takes "multipart: file"
        gives "fileId, name, mime, size, width, height, thumb, url, thumbUrl"
        refuses [FilesNotKept, FileTooLarge, QuotaExceeded, NotWhatItSays, PictureTooLarge];
}

/// The request of an endpoint that takes no parameters.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Nothing {}

/// The body of every HTTP answer. Success carries no `code`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
pub struct ApiAnswer<T> {
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    pub message: String,
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub data: Option<T>,
}

fn none<T>() -> Option<T> {
    None
}

/// The body of every 429.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct TooMany {
    pub message: String,
    /// ms
    pub retry_after: u64,
}

/// `data` of a list: never absent, `[]` when empty.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct List<T> {
    pub list: Vec<T>,
}
