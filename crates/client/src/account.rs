//! The account API: profile, lists, searches, groups.

use hongyan_protocol::{
    Endpoint,
    endpoint::List,
    friend::{
        ApplyList, BlockList, CardOf, Direction, FriendApplyCard, FriendCard, Profile, SetRemark,
    },
    group::{
        CreateGroup, CreatedGroup, GroupApplyCard, GroupCard, GroupInfo, GroupInviteCard,
        GroupList, GroupListType, SearchGroup,
    },
    group_member::{GROUPS_AT_ONCE, MemberLists},
    id::{GroupId, SessionId, UserId},
    user::{ChangePassword, EndSession, SearchUser, SessionCard, UpdateInfo, UserCard, UserInfo},
};
use reqwest::multipart::{Form, Part};
use serde::{Serialize, de::DeserializeOwned};

use crate::{api, error::Result, session::Session};

/// All of these answer within 30 s, and with [`Error::Unauthorized`](crate::Error::Unauthorized) when the session is over.
impl Session {
    /// Who is logged in, as it is now.
    pub async fn get_info(&self) -> Result<UserInfo> {
        api::data(self.request(Endpoint::GetInfo)).await
    }

    /// Changes the profile and gives the new one. A missing field stays as it is; `picture` is the content of a PNG,
    /// JPEG, GIF or WebP file.
    ///
    /// # Errors
    /// [`Error::BadRequest`](crate::Error::BadRequest) when the picture is none of these, or too large.
    pub async fn update_info(
        &self,
        info: &UpdateInfo,
        picture: Option<Vec<u8>>,
    ) -> Result<UserInfo> {
        if *info == UpdateInfo::default() && picture.is_none() {
            // An empty form has no parts, and a multipart body must have one.
            return self.get_info().await;
        }
        let mut form = Form::new();
        if let Some(nickname) = &info.nickname {
            form = form.text("nickname", nickname.to_string());
        }
        if let Some(sign) = &info.sign {
            form = form.text("sign", sign.to_string());
        }
        if let Some(sex) = info.sex {
            form = form.text("sex", sex.as_str());
        }
        if let Some(picture) = picture {
            form = form.part("headImage", Part::bytes(picture).file_name("picture"));
        }
        api::data(self.request(Endpoint::UpdateInfo).multipart(form)).await
    }

    /// Sets a new password; the account's other sessions end.
    ///
    /// # Errors
    /// Refused with `WrongPassword`, `SamePassword` or `BadPassword`.
    pub async fn change_password(&self, change: &ChangePassword) -> Result<()> {
        api::done(self.request(Endpoint::ChangePassword).json(change)).await
    }

    /// Ends the session and its sockets.
    pub async fn logout(&self) -> Result<()> {
        api::done(self.request(Endpoint::Logout)).await
    }

    /// This user's logins, the latest first.
    pub async fn sessions(&self) -> Result<Vec<SessionCard>> {
        self.list(Endpoint::Sessions, &()).await
    }

    /// Ends one of this user's logins and its sockets; this one as well.
    ///
    /// # Errors
    /// Refused with `NoSuchSession`.
    pub async fn end_session(&self, session_id: SessionId) -> Result<()> {
        let ended = EndSession { session_id };
        api::done(self.request(Endpoint::EndSession).json(&ended)).await
    }

    /// Ends all of this user's logins but this one.
    pub async fn end_other_sessions(&self) -> Result<()> {
        api::done(self.request(Endpoint::EndOtherSessions)).await
    }

    /// Who somebody is, friend or not.
    ///
    /// # Errors
    /// Refused with `NoSuchUser`.
    pub async fn profile_of(&self, user_id: UserId) -> Result<Profile> {
        let wanted = CardOf { user_id };
        api::data(self.request(Endpoint::Card).query(&wanted)).await
    }

    /// Friend requests that wait for this user's answer.
    pub async fn friend_apply_list(&self) -> Result<Vec<FriendApplyCard>> {
        self.list(Endpoint::FriendApplyList, &()).await
    }

    /// Friend requests, answered or not: those that this user sent (`Direction::Sent`) or all of both sides
    /// (`Direction::All`), the latest first; at most 50 a page, counted from 1. `Direction::Received` is
    /// [`friend_apply_list`](Self::friend_apply_list).
    pub async fn friend_apply_history(
        &self,
        direction: Direction,
        page: u32,
    ) -> Result<Vec<FriendApplyCard>> {
        let wanted = ApplyList {
            direction,
            page: Some(page),
        };
        self.list(Endpoint::FriendApplyList, &wanted).await
    }

    /// Applications to groups that this user runs.
    pub async fn group_apply_list(&self) -> Result<Vec<GroupApplyCard>> {
        self.list(Endpoint::GroupApplyList, &()).await
    }

    /// As [`friend_apply_history`](Self::friend_apply_history), of applications to groups: this user's own, and those to
    /// groups that they run.
    pub async fn group_apply_history(
        &self,
        direction: Direction,
        page: u32,
    ) -> Result<Vec<GroupApplyCard>> {
        let wanted = ApplyList {
            direction,
            page: Some(page),
        };
        self.list(Endpoint::GroupApplyList, &wanted).await
    }

    /// Invitations into groups that wait for this user's answer.
    pub async fn group_invite_list(&self) -> Result<Vec<GroupInviteCard>> {
        self.list(Endpoint::GroupInviteList, &()).await
    }

    /// As [`friend_apply_history`](Self::friend_apply_history), of invitations into groups.
    pub async fn group_invite_history(
        &self,
        direction: Direction,
        page: u32,
    ) -> Result<Vec<GroupInviteCard>> {
        let wanted = ApplyList {
            direction,
            page: Some(page),
        };
        self.list(Endpoint::GroupInviteList, &wanted).await
    }

    /// Finds people; at most 50 a page.
    ///
    /// # Errors
    /// [`Error::BadRequest`](crate::Error::BadRequest) when neither name is given.
    pub async fn search_user(&self, search: &SearchUser) -> Result<Vec<UserCard>> {
        self.list(Endpoint::SearchUser, search).await
    }

    /// This user's friends.
    pub async fn friends(&self) -> Result<Vec<FriendCard>> {
        self.list(Endpoint::FriendList, &()).await
    }

    /// Names a friend for this user alone.
    ///
    /// # Errors
    /// Refused with `NotAFriend`.
    pub async fn set_remark(&self, remark: &SetRemark) -> Result<()> {
        api::done(self.request(Endpoint::SetRemark).json(remark)).await
    }

    /// Whom this user has blocked, the latest first; at most 50 a page, counted from 1.
    pub async fn block_list(&self, page: u32) -> Result<Vec<UserCard>> {
        let wanted = BlockList { page: Some(page) };
        self.list(Endpoint::BlockList, &wanted).await
    }

    /// Creates a group, which this user owns.
    ///
    /// # Errors
    /// Refused with `GroupNameTaken`.
    pub async fn create_group(&self, group: &CreateGroup) -> Result<CreatedGroup> {
        api::data(self.request(Endpoint::CreateGroup).json(group)).await
    }

    /// Finds groups; at most 50 a page.
    ///
    /// # Errors
    /// [`Error::BadRequest`](crate::Error::BadRequest) when neither name is given.
    pub async fn search_group(&self, search: &SearchGroup) -> Result<Vec<GroupCard>> {
        self.list(Endpoint::SearchGroup, search).await
    }

    /// One group: what a search shows, or, to its members, what the list of their groups does.
    ///
    /// # Errors
    /// Refused with `NoSuchGroup`.
    pub async fn group_info(&self, group_id: GroupId) -> Result<GroupCard> {
        let wanted = GroupInfo { group_id };
        api::data(self.request(Endpoint::GroupInfo).query(&wanted)).await
    }

    /// The groups that this user is a member of, their own among them, each with its owner.
    pub async fn joined_groups(&self) -> Result<Vec<GroupCard>> {
        let wanted = GroupList {
            r#type: GroupListType::Joined,
        };
        self.list(Endpoint::GroupList, &wanted).await
    }

    /// The groups that this user owns.
    pub async fn owned_groups(&self) -> Result<Vec<GroupCard>> {
        let wanted = GroupList {
            r#type: GroupListType::Owned,
        };
        self.list(Endpoint::GroupList, &wanted).await
    }

    /// The members of groups; an empty list for a group that this user is not in. Several groups with more than 20,000
    /// members together are refused ([`Error::BadRequest`](crate::Error::BadRequest)): ask for large ones alone.
    pub async fn members(&self, groups: &[GroupId]) -> Result<MemberLists> {
        let mut members = MemberLists::new();
        for groups in groups.chunks(GROUPS_AT_ONCE) {
            let wanted: Vec<_> = groups.iter().map(|group| ("groupId", group)).collect();
            let request = self.request(Endpoint::MemberList).query(&wanted);
            members.append(&mut api::data(request).await?);
        }
        Ok(members)
    }

    /// Sets the picture of a group that this user runs, from the content of a PNG, JPEG, GIF or WebP file, or, with
    /// none, one of the server's own. Gives the group as it is then.
    ///
    /// # Errors
    /// Refused with `NoSuchGroup`, `NotMember` or `NotAllowed`; [`Error::BadRequest`](crate::Error::BadRequest) when the
    /// picture is none of these, or too large.
    pub async fn update_avatar(
        &self,
        group: GroupId,
        picture: Option<Vec<u8>>,
    ) -> Result<GroupCard> {
        let mut form = Form::new().text("groupId", group.to_string());
        if let Some(picture) = picture {
            form = form.part("headImage", Part::bytes(picture).file_name("picture"));
        }
        api::data(self.request(Endpoint::UpdateAvatar).multipart(form)).await
    }

    async fn list<T: DeserializeOwned>(
        &self,
        endpoint: Endpoint,
        query: &impl Serialize,
    ) -> Result<Vec<T>> {
        let List { list } = api::data(self.request(endpoint).query(query)).await?;
        Ok(list)
    }
}
