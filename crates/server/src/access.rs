//! Who may: the questions that operations ask before they change anything.

use hongyan_protocol::{
    Code,
    group::Role,
    id::{ConversationId, GroupId, UserId},
};
use hongyan_store::{Group, Invite, View};

use crate::error::Result;

/// The group and the caller's role in it: 0201 without the group, 0206 without a role.
pub fn membership(view: &View<'_>, group: GroupId, user: UserId) -> Result<(Group, Role)> {
    let group = view.group(group)?.ok_or(Code::NoSuchGroup)?;
    let role = view.role(group.id, user)?.ok_or(Code::NotMember)?;
    Ok((group, role))
}

/// Whether the user answers a group's applications: its owner and its admins do.
pub fn runs(view: &View<'_>, group: GroupId, user: UserId) -> Result<bool> {
    Ok(view
        .role(group, user)?
        .is_some_and(|role| role >= Role::Admin))
}

/// Whether a member with this role may invite.
#[must_use]
pub fn may_invite(group: &Group, role: Role) -> bool {
    role >= Role::Admin || group.invite == Invite::Members
}

/// The conversation of two friends; 0001 where they are none, or the other does not exist.
pub fn conversation_with(view: &View<'_>, user: UserId, friend: UserId) -> Result<ConversationId> {
    let friendship = view.friendship(user, friend)?.ok_or(Code::NotFriend)?;
    Ok(friendship.conversation_id)
}
