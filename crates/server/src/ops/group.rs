//! Groups: leave, kick, and what joining tells whom.

use hongyan_protocol::{
    Code, Event, Happening,
    group::{GroupJoined, GroupKick, GroupKickedOut, GroupLeave, GroupLeft, Role},
    id::UserId,
};
use hongyan_store::{Group, Tx, User, View};

use super::{Ctx, Telling, profile};
use crate::{
    access,
    error::Result,
    hub::{Audience, Told},
};

/// Leaves a group; its owner cannot.
pub async fn leave(ctx: Ctx, request: GroupLeave) -> Result<()> {
    let (me, now) = (ctx.user, ctx.app.now());
    ctx.change(move |tx, telling| {
        let (group, role) = access::membership(tx, request.group_id, me)?;
        if role == Role::Owner {
            return Err(Code::OwnerStays.into());
        }
        tx.leave(group.id, me)?;
        tell_left(tx, telling, &group, &profile(tx, me)?, me, now)
    })
    .await
}

/// Removes a member: the owner anybody else, an admin a plain member.
pub async fn kick(ctx: Ctx, request: GroupKick) -> Result<()> {
    let (me, now) = (ctx.user, ctx.app.now());
    ctx.change(move |tx, telling| {
        let (group, mine) = access::membership(tx, request.group_id, me)?;
        let theirs = tx.role(group.id, request.user_id)?.ok_or(Code::NotMember)?;
        if mine == Role::Member || theirs >= mine {
            return Err(Code::NotAllowed.into());
        }
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
    let ids = view.members(group.id)?.ids.clone();
    telling.push(Told::new(
        event,
        Audience::Members {
            ids,
            except: who.id,
        },
    ));
    Ok(())
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
    telling.push(Told::new(
        event,
        Audience::Members {
            ids,
            except: who.id,
        },
    ));
    Ok(())
}
