//! The table of the account API: HTTP endpoints with JSON bodies (urlencoded forms are accepted too).

use serde::{Deserialize, Serialize};

use crate::code::Code;

macro_rules! endpoints {
    ($($(#[doc = $doc:literal])+ $name:ident $method:literal $path:literal takes $takes:literal gives $gives:literal refuses [$($code:ident),*];)+) => {
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
        }
    };
}

endpoints! {
    /// Creates an account and logs in. `/api/register` is the same.
    Registe "POST" "/api/registe" takes "username, password, nickname; sex, sign" gives "the user, token, sessionId" refuses [UsernameTaken];
    /// Logs in; with one device allowed, an older login ends.
    Login "POST" "/api/login" takes "username, password" gives "the user, token, sessionId" refuses [NoSuchAccount, WrongPassword];
    /// Ends the session and its sockets.
    Logout "POST" "/api/logout" takes "-" gives "-" refuses [];
    /// Who is logged in.
    GetInfo "GET" "/api/user/get_info" takes "-" gives "id, username, nickname, headImg, sign, sex" refuses [];
    /// Changes the profile; a picture is PNG, JPEG, GIF or WebP.
    UpdateInfo "POST" "/api/user/update_uinfo" takes "multipart: headImage (file), nickname, sign, sex" gives "the user" refuses [];
    /// Sets a new password and ends the other sessions.
    ChangePassword "POST" "/api/user/change_pwd" takes "oldPassword, newPassword, verifyPassword" gives "-" refuses [WrongPassword, SamePassword, BadPassword];
    /// Friend requests that wait for the caller's answer; or those that the caller sent, or all of both, answered or not.
    FriendApplyList "GET" "/api/user/friend_apply_list" takes "direction (received, sent, all); page" gives "list: friendApplyId, fromUserId, username, nickname, headImg, sign, sex, remark, createTime; sent and all add toUserId, state (pending, agreed, refused), handleTime" refuses [];
    /// Applications to groups that the caller runs.
    GroupApplyList "GET" "/api/user/group_apply_list" takes "-" gives "list: groupApplyId, fromUserId, remark, groupId, groupName, groupNickname, groupHeadImg, username, nickname, headImg, createTime" refuses [];
    /// Invitations into groups that wait for the caller's answer.
    GroupInviteList "GET" "/api/user/group_invite_list" takes "-" gives "list: groupInviteId, fromUserId, remark, groupId, groupName, groupNickname, groupHeadImg, introduction, username, nickname, headImg, createTime" refuses [];
    /// Finds people.
    SearchUser "GET" "/api/friend/search_user" takes "username (exact), nickname (part); page" gives "list: userId, username, nickname, headImg, sex, sign" refuses [];
    /// The caller's friends.
    FriendList "GET" "/api/friend/get_friend_list" takes "-" gives "list: userId, username, nickname, headImg, sex, sign, remark, status, favourite, blocked" refuses [];
    /// Names a friend for the caller alone.
    SetRemark "POST" "/api/friend/set_remark" takes "friendUserId, remark" gives "-" refuses [NotAFriend];
    /// Whom the caller has blocked, the latest first.
    BlockList "GET" "/api/friend/block_list" takes "page" gives "list: userId, username, nickname, headImg, sex, sign" refuses [];
    /// Creates a group, which the caller owns.
    CreateGroup "POST" "/api/group/create" takes "groupName, groupNickname; introduction" gives "groupId, groupHeadImg, groupName, groupNickname, introduction, createTime" refuses [GroupNameTaken];
    /// Finds groups.
    SearchGroup "GET" "/api/group/search" takes "groupName (exact), groupNickname (part); page" gives "list: groupId, groupName, groupNickname, groupHeadImg, introduction, ownerUserId, join, memberCount" refuses [];
    /// The caller's groups.
    GroupList "GET" "/api/group/get_group_list" takes "type: 1 joined, 2 owned" gives "list: as search, and announcement, invite, muteAll; type 1 adds ownerUername, ownerNickname, ownerHeadImg, ownerSex, ownerSign, and the caller's role, memberNickname, mutedUntil" refuses [];
    /// The members of groups; an empty list for a group that the caller is not in.
    MemberList "GET" "/api/group/get_group_user_list" takes "groupId, repeatable" gives "by groupId: userId, username, nickname, headImg, sex, sign, remark, role, memberNickname, mutedUntil" refuses [];
    /// Sets a group's picture (PNG, JPEG, GIF or WebP) or, without a file, one of the server's own; the owner and the admins may.
    UpdateAvatar "POST" "/api/group/update_avatar" takes "multipart: groupId; headImage (file)" gives "the group, as get_group_list type 2" refuses [NoSuchGroup, NotMember, NotAllowed];
    /// Stores a file, to be sent in messages.
    UploadFile "POST" "/api/file" takes "multipart: file" gives "fileId, name, mime, size, width, height, thumb, url, thumbUrl" refuses [FilesNotKept, FileTooLarge, QuotaExceeded, NotWhatItSays, PictureTooLarge];
}

/// The body of every HTTP answer. Success carries no `code`.
#[derive(Clone, Debug, Serialize, Deserialize)]
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

/// `data` of a list: never absent, `[]` when empty.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct List<T> {
    pub list: Vec<T>,
}
