//! Applications to groups: ask, answer.

use hongyan_protocol::{
    Code, Event, Happening,
    friend::Applicant,
    group::{GroupAdd, GroupAddReply, GroupAddResult, GroupApplied, GroupUser, JoinPolicy},
    id::{GroupApplyId, GroupId, UserId},
    user::OwnList,
};
use hongyan_store::{ApplyState, Group, NewGroupApply, Tx, User, View};

use super::{Ctx, Telling, group_member::join, profile};
use crate::{access, error::Result};

/// Most members in `groupUsers` of group_add_result.
const LISTED_MEMBERS: u32 = 200;

/// Asks to join a group: what becomes of it is the group's policy.
pub async fn add(ctx: Ctx, request: GroupAdd) -> Result<()> {
    let (me, now, most_members) = (ctx.user, ctx.app.now(), ctx.app.config.limits.group_members);
    ctx.change(move |tx, telling| {
        let group = tx.group(request.group_id)?.ok_or(Code::NoSuchGroup)?;
        if tx.role(group.id, me)?.is_some() {
            return Err(Code::AlreadyMember.into());
        }
        let applicant = profile(tx, me)?;
        match group.join {
            JoinPolicy::Invitation => Err(Code::InviteOnly.into()),
            JoinPolicy::Open => {
                join(tx, telling, &group, &applicant, most_members, now)?;
                // The owner has agreed beforehand.
                let owner = group.owner_id;
                tell_result(tx, telling, group, &applicant, true, owner, now)
            }
            JoinPolicy::Approval => apply(
                tx,
                telling,
                group,
                applicant,
                request.remark.into_string(),
                now,
            ),
        }
    })
    .await
}

/// The owner and the admins hear of it, now or when they read their list.
fn apply(
    tx: &mut Tx<'_>,
    telling: &mut Telling,
    group: Group,
    applicant: User,
    remark: String,
    now: i64,
) -> Result<()> {
    if tx.pending_group_apply(group.id, applicant.id)?.is_some() {
        return Err(Code::GroupApplySent.into());
    }
    let id = GroupApplyId::mint();
    tx.add_group_apply(&NewGroupApply {
        id,
        group_id: group.id,
        user_id: applicant.id,
        remark: remark.clone(),
        now,
    })?;
    let operators = tx.operators(group.id)?;
    let applied = GroupApplied {
        group_apply_id: id,
        group_id: group.id,
        group_nickname: group.nickname,
        group_name: group.name,
        group_head_img: group.head_img,
        user_id: applicant.id,
        nickname: applicant.nickname,
        head_img: applicant.head_img,
        username: applicant.username,
        remark,
        introduction: group.introduction,
    };
    telling.many(
        operators,
        Event {
            from: Some(applicant.id),
            time: now,
            what: Happening::GroupAdd(applied),
        },
    );
    telling.lists(vec![applicant.id], &[OwnList::Requests], applicant.id, now);
    Ok(())
}

/// Answers an application. Unknown ones and those to groups that the caller does not run are refused alike.
pub async fn add_reply(ctx: Ctx, request: GroupAddReply) -> Result<Applicant> {
    let (me, now, most_members) = (ctx.user, ctx.app.now(), ctx.app.config.limits.group_members);
    ctx.change(move |tx, telling| {
        let apply = tx
            .group_apply(request.group_apply_id)?
            .ok_or(Code::NoSuchGroupApply)?;
        if !access::runs(tx, apply.group.id, me)? {
            return Err(Code::NoSuchGroupApply.into());
        }
        if apply.state != ApplyState::Pending {
            return Err(Code::GroupApplyHandled.into());
        }
        tx.answer_group_apply(apply.id, request.agree, now)?;
        let (group, applicant) = (apply.group, apply.from);
        if request.agree {
            join(tx, telling, &group, &applicant, most_members, now)?;
        }
        let operators = tx.operators(group.id)?;
        telling.lists(operators, &[OwnList::Requests], me, now);
        tell_result(tx, telling, group, &applicant, request.agree, me, now)?;
        Ok(Applicant {
            username: applicant.username,
        })
    })
    .await
}

/// Tells an applicant how they were answered, and by whom.
fn tell_result(
    view: &View<'_>,
    telling: &mut Telling,
    group: Group,
    applicant: &User,
    agree: bool,
    by: UserId,
    now: i64,
) -> Result<()> {
    let group_users = if agree {
        Some(users_of(view, group.id)?)
    } else {
        None
    };
    let result = GroupAddResult {
        agree,
        group_id: group.id,
        group_nickname: group.nickname,
        group_name: group.name,
        group_head_img: group.head_img,
        owner_user_id: group.owner_id,
        introduction: group.introduction,
        group_users,
    };
    telling.one(
        applicant.id,
        Event {
            from: Some(by),
            time: now,
            what: Happening::GroupAddResult(result),
        },
    );
    Ok(())
}

fn users_of(view: &View<'_>, group: GroupId) -> Result<Vec<GroupUser>> {
    let members = view.member_list(group, LISTED_MEMBERS)?;
    let user = |member: hongyan_store::Member| GroupUser {
        user_id: member.user.id,
        username: member.user.username,
        nickname: member.user.nickname,
        head_img: member.user.head_img,
        sex: member.user.sex,
    };
    Ok(members.into_iter().map(user).collect())
}
