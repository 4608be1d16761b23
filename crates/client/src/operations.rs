//! The operations as methods; each is refused with the codes of its row in [`hongyan_protocol::Operation`].

use hongyan_protocol::{
    friend::{Applicant, FriendAdd, FriendAddReply, FriendDel, Remark},
    group::{GroupAdd, GroupAddReply, GroupInvite, GroupInviteReply, GroupKick, GroupLeave},
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

    /// Asks to join a group.
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
}
