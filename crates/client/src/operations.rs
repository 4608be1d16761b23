//! The operations as methods; each is refused with the codes of its row in [`hongyan_protocol::Operation`].

use hongyan_protocol::{
    friend::{
        Applicant, FriendAdd, FriendAddReply, FriendBlock, FriendDel, FriendFavourite, Remark,
    },
    group::{
        GroupAdd, GroupAddReply, GroupDissolve, GroupHandOver, GroupInvite, GroupInviteReply,
        GroupUpdate,
    },
    group_member::{
        GivenRole, GroupKick, GroupLeave, GroupMute, GroupSetNickname, GroupSetRole,
        MemberNickname, MuteSeconds,
    },
    id::{FriendApplyId, GroupApplyId, GroupId, GroupInviteId, UserId},
    message::{SendMsg, Sent},
    search::{ChatFound, ChatSearch},
    text::Text,
};

use crate::{
    error::{Error, Result},
    session::Session,
};

/// A message to a friend, to be adorned and sent with [`Session::ask`] or [`Session::send_reliably`].
///
/// # Errors
/// [`Error::Invalid`] when the text is empty, too long, or has U+0000 in it.
pub fn to_user(friend: UserId, text: impl Into<String>) -> Result<SendMsg> {
    Ok(SendMsg {
        to_user_id: Some(friend),
        ..draft(text)?
    })
}

/// A message into a group; otherwise as [`to_user`].
pub fn to_group(group: GroupId, text: impl Into<String>) -> Result<SendMsg> {
    Ok(SendMsg {
        to_group_id: Some(group),
        ..draft(text)?
    })
}

fn draft(text: impl Into<String>) -> Result<SendMsg> {
    Ok(SendMsg {
        to_user_id: None,
        to_group_id: None,
        msg: Text::new(text).map_err(Error::Invalid)?,
        client_msg_id: None,
        when_offline: None,
        kind: None,
        body: None,
        reply_to: None,
        mentions: Vec::new(),
        mention_all: false,
    })
}

fn remark(text: &str) -> Result<Remark> {
    Remark::new(text).map_err(Error::Invalid)
}

impl Session {
    /// Sends a text to a friend, once. Refused with `TargetOffline` when they have no notice connection: to have it
    /// kept, send [`to_user`] with `when_offline`.
    pub async fn send_to_user(&self, friend: UserId, text: impl Into<String>) -> Result<Sent> {
        self.ask(&to_user(friend, text)?).await
    }

    /// Sends a text into a group, once.
    pub async fn send_to_group(&self, group: GroupId, text: impl Into<String>) -> Result<Sent> {
        self.ask(&to_group(group, text)?).await
    }

    /// Asks a user to become a friend. When they have asked already, both are friends at once.
    pub async fn add_friend(&self, user_id: UserId, note: &str) -> Result<()> {
        let remark = remark(note)?;
        self.ask(&FriendAdd { user_id, remark }).await
    }

    /// Answers a friend request; gives the applicant's account name.
    pub async fn answer_friend(
        &self,
        friend_apply_id: FriendApplyId,
        agree: bool,
    ) -> Result<Applicant> {
        self.ask(&FriendAddReply {
            friend_apply_id,
            agree,
        })
        .await
    }

    /// Ends a friendship, in both directions.
    pub async fn remove_friend(&self, user_id: UserId) -> Result<()> {
        self.ask(&FriendDel { user_id }).await
    }

    /// Marks a friend as a favourite, or as none.
    pub async fn set_favourite(&self, user_id: UserId, favourite: bool) -> Result<()> {
        self.ask(&FriendFavourite { user_id, favourite }).await
    }

    /// Blocks a user, friend or not, or lets them through again.
    pub async fn block(&self, user_id: UserId, block: bool) -> Result<()> {
        self.ask(&FriendBlock { user_id, block }).await
    }

    /// Asks to join a group; an open one is joined at once.
    pub async fn join_group(&self, group_id: GroupId, note: &str) -> Result<()> {
        let remark = remark(note)?;
        self.ask(&GroupAdd { group_id, remark }).await
    }

    /// Answers an application to a group that this user runs; gives the applicant's account name.
    pub async fn answer_application(
        &self,
        group_apply_id: GroupApplyId,
        agree: bool,
    ) -> Result<Applicant> {
        self.ask(&GroupAddReply {
            group_apply_id,
            agree,
        })
        .await
    }

    /// Invites a friend into a group.
    pub async fn invite(&self, group_id: GroupId, user_id: UserId, note: &str) -> Result<()> {
        let remark = remark(note)?;
        self.ask(&GroupInvite {
            group_id,
            user_id,
            remark,
        })
        .await
    }

    /// Answers an invitation into a group.
    pub async fn answer_invitation(
        &self,
        group_invite_id: GroupInviteId,
        agree: bool,
    ) -> Result<()> {
        self.ask(&GroupInviteReply {
            group_invite_id,
            agree,
        })
        .await
    }

    /// Leaves a group.
    pub async fn leave_group(&self, group_id: GroupId) -> Result<()> {
        self.ask(&GroupLeave { group_id }).await
    }

    /// Removes a member from a group.
    pub async fn kick(&self, group_id: GroupId, user_id: UserId) -> Result<()> {
        self.ask(&GroupKick { group_id, user_id }).await
    }

    /// Finds messages of one's own conversations by what they say, the newest first; more with `before`.
    pub async fn search_messages(&self, search: &ChatSearch) -> Result<ChatFound> {
        self.ask(search).await
    }

    /// Changes what is given of a group that this user runs: begin with [`GroupUpdate::of`].
    pub async fn update_group(&self, update: &GroupUpdate) -> Result<()> {
        self.ask(update).await
    }

    /// Makes a member an admin, or an admin a plain member.
    pub async fn set_role(
        &self,
        group_id: GroupId,
        user_id: UserId,
        role: GivenRole,
    ) -> Result<()> {
        self.ask(&GroupSetRole {
            group_id,
            user_id,
            role,
        })
        .await
    }

    /// Makes a member the owner of a group that this user owns.
    pub async fn hand_over(&self, group_id: GroupId, user_id: UserId) -> Result<()> {
        self.ask(&GroupHandOver { group_id, user_id }).await
    }

    /// Ends a group that this user owns.
    pub async fn dissolve_group(&self, group_id: GroupId) -> Result<()> {
        self.ask(&GroupDissolve { group_id }).await
    }

    /// Silences a member for so many seconds, at most 30 days; 0 lets them speak again.
    ///
    /// # Errors
    /// [`Error::Invalid`] for more than 30 days.
    pub async fn mute(&self, group_id: GroupId, user_id: UserId, seconds: u32) -> Result<()> {
        let seconds = MuteSeconds::new(seconds).map_err(Error::Invalid)?;
        self.ask(&GroupMute {
            group_id,
            user_id,
            seconds,
        })
        .await
    }

    /// Sets this user's own name in a group; an empty one is none.
    pub async fn set_member_nickname(&self, group_id: GroupId, nickname: &str) -> Result<()> {
        let nickname = MemberNickname::new(nickname).map_err(Error::Invalid)?;
        self.ask(&GroupSetNickname { group_id, nickname }).await
    }
}
