//! Members of a group: join, leave, kick, and what they are in it.

use hongyan_protocol::{
    Code, Event, Happening,
    group::{GroupJoined, Role},
    group_member::{
        GroupKick, GroupKickedOut, GroupLeave, GroupLeft, GroupMemberChanged, GroupMute,
        GroupSetNickname, GroupSetRole,
    },
    id::UserId,
    user::OwnList,
};
use hongyan_store::{Group, Tx, User, View};

use super::{Ctx, Telling, group::tell_members, profile};
use crate::{access, error::Result};

/// Leaves a group; its owner cannot.
pub async fn leave(ctx: Ctx, request: GroupLeave) -> Result<()> {
    let (me, now) = (ctx.user, ctx.app.now());
    let asking = ctx.clone();
    ctx.change(move |tx, telling| {
        let (group, role) = access::membership(tx, request.group_id, me)?;
        if role == Role::Owner {
            return Err(Code::OwnerStays.into());
        }
        tx.leave(group.id, me)?;
        // The invitations that the caller made end too.
        asking.own_lists(telling, &[OwnList::Groups, OwnList::Requests]);
        tell_left(tx, telling, &group, &profile(tx, me)?, me, now)
    })
    .await
}

/// Removes a member: the owner anybody else, an admin a plain member.
pub async fn kick(ctx: Ctx, request: GroupKick) -> Result<()> {
    let (me, now) = (ctx.user, ctx.app.now());
    ctx.change(move |tx, telling| {
        let group = access::above(tx, request.group_id, me, request.user_id)?;
        tx.leave(group.id, request.user_id)?;
        let kicked_out = GroupKickedOut {
            group_id: group.id,
            group_name: group.name.clone(),
            group_nickname: group.nickname.clone(),
            group_head_img: group.head_img.clone(),
            operator_user_id: me,
        };
        let what = Happening::GroupKickedOut(kicked_out);
        telling.one(
            request.user_id,
            Event {
                from: Some(me),
                time: now,
                what,
            },
        );
        tell_left(tx, telling, &group, &profile(tx, request.user_id)?, me, now)
    })
    .await
}

/// Makes a member an admin, or an admin a plain member; the owner may. Who is that already stays it, and nobody is told.
pub async fn set_role(ctx: Ctx, request: GroupSetRole) -> Result<()> {
    let (me, other, given) = (ctx.user, request.user_id, Role::from(request.role));
    let asking = ctx.clone();
    ctx.change(move |tx, telling| {
        let (group, mine) = access::membership(tx, request.group_id, me)?;
        let theirs = tx.role(group.id, other)?.ok_or(Code::NotMember)?;
        if mine != Role::Owner || theirs == Role::Owner {
            return Err(Code::NotAllowed.into());
        }
        if theirs == given {
            return Ok(());
        }
        tx.set_role(group.id, other, given)?;
        let changed = changed(tx, &group, other)?;
        let event = asking.event(Happening::GroupRole(changed));
        tell_members(tx, telling, &group, event)
    })
    .await
}

/// Silences a member for a time, or lets them speak again.
pub async fn mute(ctx: Ctx, request: GroupMute) -> Result<()> {
    let until = request.seconds.end(ctx.app.now());
    let asking = ctx.clone();
    ctx.change(move |tx, telling| {
        let group = access::above(tx, request.group_id, asking.user, request.user_id)?;
        tx.mute(group.id, request.user_id, until)?;
        let changed = changed(tx, &group, request.user_id)?;
        let event = asking.event(Happening::GroupMuted(changed));
        tell_members(tx, telling, &group, event)
    })
    .await
}

/// Sets the caller's own name in a group.
pub async fn set_nickname(ctx: Ctx, request: GroupSetNickname) -> Result<()> {
    let asking = ctx.clone();
    ctx.change(move |tx, telling| {
        let (group, _) = access::membership(tx, request.group_id, asking.user)?;
        tx.set_member_nickname(group.id, asking.user, &request.nickname)?;
        let changed = changed(tx, &group, asking.user)?;
        let event = asking.event(Happening::GroupMemberUpdated(changed));
        tell_members(tx, telling, &group, event)
    })
    .await
}

/// A member as they are now.
pub(super) fn changed(
    view: &View<'_>,
    group: &Group,
    member: UserId,
) -> Result<GroupMemberChanged> {
    let membership = view.membership(group.id, member)?.ok_or(Code::NotMember)?;
    let who = profile(view, member)?;
    Ok(GroupMemberChanged {
        group_id: group.id,
        group_name: group.name.clone(),
        group_nickname: group.nickname.clone(),
        user_id: who.id,
        username: who.username,
        nickname: who.nickname,
        head_img: who.head_img,
        role: membership.role,
        member_nickname: membership.nickname,
        muted_until: membership.muted_until,
    })
}

/// Tells the remaining members who has left, and by whose doing.
fn tell_left(
    view: &View<'_>,
    telling: &mut Telling,
    group: &Group,
    who: &User,
    by: UserId,
    now: i64,
) -> Result<()> {
    let left = GroupLeft {
        group_id: group.id,
        group_name: group.name.clone(),
        group_nickname: group.nickname.clone(),
        user_id: who.id,
        username: who.username.clone(),
        nickname: who.nickname.clone(),
        head_img: who.head_img.clone(),
        kicked: by != who.id,
    };
    let event = Event {
        from: Some(by),
        time: now,
        what: Happening::GroupLeave(left),
    };
    tell_members(view, telling, group, event)
}

/// Makes a user a member and tells the others.
pub(super) fn join(
    tx: &mut Tx<'_>,
    telling: &mut Telling,
    group: &Group,
    who: &User,
    most_members: usize,
    now: i64,
) -> Result<()> {
    if usize::try_from(group.member_count).is_ok_and(|count| count >= most_members) {
        return Err(Code::GroupFull.into());
    }
    tx.join(group.id, who.id, now)?;
    let joined = GroupJoined {
        group_id: group.id,
        group_nickname: group.nickname.clone(),
        group_name: group.name.clone(),
        group_head_img: group.head_img.clone(),
        owner_user_id: group.owner_id,
        introduction: group.introduction.clone(),
        user_id: who.id,
        username: who.username.clone(),
        nickname: who.nickname.clone(),
        sex: who.sex,
        head_img: who.head_img.clone(),
        sign: who.sign.clone(),
    };
    let event = Event {
        from: Some(who.id),
        time: now,
        what: Happening::GroupJoin(joined),
    };
    let ids = tx.members(group.id)?.ids.clone();
    telling.members(ids, Some(who.id), event);
    Ok(())
}
