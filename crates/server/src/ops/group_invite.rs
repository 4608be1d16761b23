//! Invitations into groups: invite, answer.

use hongyan_protocol::{
    Code, Event, Happening,
    group::{GroupInvite, GroupInviteReply, GroupInviteResult, GroupInvited},
    id::GroupInviteId,
    user::OwnList,
};
use hongyan_store::{ApplyState, NewGroupInvite};

use super::{Ctx, answered, group_member::join, profile};
use crate::{access, error::Result};

/// Invites a friend into a group that the caller is in.
pub async fn invite(ctx: Ctx, request: GroupInvite) -> Result<()> {
    let (me, other, now) = (ctx.user, request.user_id, ctx.app.now());
    let asking = ctx.clone();
    ctx.change(move |tx, telling| {
        let (group, role) = access::membership(tx, request.group_id, me)?;
        if !access::may_invite(&group, role) {
            return Err(Code::NotAllowed.into());
        }
        if !tx.is_friend(me, other)? {
            return Err(Code::NotFriend.into());
        }
        access::reaches(tx, me, other)?;
        if tx.role(group.id, other)?.is_some() {
            return Err(Code::AlreadyMember.into());
        }
        if tx.pending_group_invite(group.id, other)?.is_some() {
            return Err(Code::InviteSent.into());
        }
        let (id, remark) = (GroupInviteId::mint(), request.remark.into_string());
        tx.add_group_invite(&NewGroupInvite {
            id,
            group_id: group.id,
            inviter_id: me,
            user_id: other,
            remark: remark.clone(),
            now,
        })?;
        let inviter = profile(tx, me)?;
        let invited = GroupInvited {
            group_invite_id: id,
            group_id: group.id,
            group_name: group.name,
            group_nickname: group.nickname,
            group_head_img: group.head_img,
            introduction: group.introduction,
            user_id: me,
            username: inviter.username,
            nickname: inviter.nickname,
            head_img: inviter.head_img,
            remark,
        };
        telling.one(
            other,
            Event {
                from: Some(me),
                time: now,
                what: Happening::GroupInvite(invited),
            },
        );
        asking.own_lists(telling, &[OwnList::Requests]);
        Ok(())
    })
    .await
}

/// Answers an invitation addressed to the caller.
pub async fn invite_reply(ctx: Ctx, request: GroupInviteReply) -> Result<()> {
    let (me, now, most_members) = (ctx.user, ctx.app.now(), ctx.app.config.limits.group_members);
    let asking = ctx.clone();
    ctx.change(move |tx, telling| {
        let invite = tx
            .group_invite(request.group_invite_id)?
            .filter(|invite| invite.user_id == me)
            .ok_or(Code::NoSuchInvite)?;
        if invite.state != ApplyState::Pending {
            return Err(Code::InviteHandled.into());
        }
        tx.answer_group_invite(invite.id, request.agree, now)?;
        let answerer = profile(tx, me)?;
        let group = invite.group;
        if request.agree {
            join(tx, telling, &group, &answerer, most_members, now)?;
        }
        asking.own_lists(
            telling,
            answered(request.agree, &[OwnList::Requests, OwnList::Groups]),
        );
        let result = GroupInviteResult {
            agree: request.agree,
            group_id: group.id,
            group_name: group.name,
            group_nickname: group.nickname,
            group_head_img: group.head_img,
            introduction: group.introduction,
            user_id: me,
            username: answerer.username,
            nickname: answerer.nickname,
            head_img: answerer.head_img,
        };
        telling.one(
            invite.inviter.id,
            Event {
                from: Some(me),
                time: now,
                what: Happening::GroupInviteResult(result),
            },
        );
        Ok(())
    })
    .await
}
