//! Who may: the questions that operations ask before they change anything.

use hongyan_protocol::{
    Code,
    conversation::Target,
    group::{Invite, Role},
    id::{GroupId, UserId},
};
use hongyan_store::{Contact, Conversation, Cursor, Group, View};

use crate::error::{Error, Result};

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

/// The group, for who runs it: 0201, 0206, and 0207 for plain members.
pub fn run_group(view: &View<'_>, group: GroupId, user: UserId) -> Result<Group> {
    let (group, role) = membership(view, group, user)?;
    if role < Role::Admin {
        return Err(Code::NotAllowed.into());
    }
    Ok(group)
}

/// The group, for who may rule over another member: the owner over anybody else, an admin over a plain member. 0201,
/// 0206 for either, 0207.
pub fn above(view: &View<'_>, group: GroupId, user: UserId, other: UserId) -> Result<Group> {
    let (group, mine) = membership(view, group, user)?;
    let theirs = view.role(group.id, other)?.ok_or(Code::NotMember)?;
    if mine == Role::Member || theirs >= mine {
        return Err(Code::NotAllowed.into());
    }
    Ok(group)
}

/// Whether a member may write into the group now (ms since 1970): 0206, or 0213 while they or all plain members are
/// muted.
pub fn may_speak(view: &View<'_>, group: &Group, user: UserId, now: i64) -> Result<()> {
    let membership = view.membership(group.id, user)?.ok_or(Code::NotMember)?;
    if membership.muted_until > now {
        return Err(Error::Muted(Some(membership.muted_until)));
    }
    if group.muted_all && membership.role == Role::Member {
        return Err(Error::Muted(None));
    }
    Ok(())
}

/// Whether somebody may add to what is said in a conversation now (ms since 1970): friends who are not blocked (0001,
/// 0002), members who are not muted (0201, 0206, 0213).
pub fn may_write(view: &View<'_>, user: UserId, target: Target, now: i64) -> Result<()> {
    match target {
        Target::Friend(friend) => match contact(view, user, friend)?.blocked {
            true => Err(Code::Blocked.into()),
            false => Ok(()),
        },
        Target::Group(group) => {
            let group = view.group(group)?.ok_or(Code::NoSuchGroup)?;
            may_speak(view, &group, user, now)
        }
    }
}

/// Whether two hear what the other does besides writing: friends of whom neither has blocked the other.
pub fn are_close(view: &View<'_>, user: UserId, other: UserId) -> Result<bool> {
    Ok(view.is_friend(user, other)?
        && !view.has_blocked(user, other)?
        && !view.has_blocked(other, user)?)
}

/// Whether what the user sends reaches another: 0002 when they are blocked.
pub fn reaches(view: &View<'_>, user: UserId, other: UserId) -> Result<()> {
    if view.has_blocked(other, user)? {
        return Err(Code::Blocked.into());
    }
    Ok(())
}

/// Whether a member with this role may invite.
#[must_use]
pub fn may_invite(group: &Group, role: Role) -> bool {
    role >= Role::Admin || group.invite == Invite::Members
}

/// How a user reaches a friend; 0001 where they are none, or the other does not exist.
pub fn contact(view: &View<'_>, user: UserId, friend: UserId) -> Result<Contact> {
    Ok(view.contact(user, friend)?.ok_or(Code::NotFriend)?)
}

/// A conversation that somebody may read, and how far they have got in it.
pub struct Place {
    pub conversation: Conversation,
    pub cursor: Cursor,
}

impl Place {
    /// Entries up to this one are not to be had: not theirs to see, or not kept any more.
    #[must_use]
    pub fn first_seq(&self) -> i64 {
        self.cursor.first_seq.max(self.conversation.floor_seq)
    }

    /// The other, where it is between two.
    #[must_use]
    pub fn peer(&self, user: UserId) -> Option<UserId> {
        self.conversation.peer_of(user)
    }

    /// Whether there is an entry at `seq` that they may see: 0003 otherwise.
    pub fn check(&self, seq: i64) -> Result<()> {
        if seq > self.first_seq() && seq <= self.conversation.last_seq {
            return Ok(());
        }
        Err(Code::NoSuchMessage.into())
    }
}

/// The conversation that a user names. 0001 where they never were friends with the other, 0201 without the group, 0206
/// where they are not in it. Former friends go on reading what they said to each other.
pub fn place(view: &View<'_>, user: UserId, target: Target) -> Result<Place> {
    let (id, refusal) = match target {
        Target::Friend(friend) => (view.conversation_between(user, friend)?, Code::NotFriend),
        Target::Group(group) => {
            let group = view.group(group)?.ok_or(Code::NoSuchGroup)?;
            (Some(group.conversation_id), Code::NotMember)
        }
    };
    let id = id.ok_or(refusal)?;
    let cursor = view.cursor(user, id)?.ok_or(refusal)?;
    let conversation = view.conversation(id)?.ok_or(refusal)?;
    Ok(Place {
        conversation,
        cursor,
    })
}
