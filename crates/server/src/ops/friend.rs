//! Friends: ask, answer, delete, name, prefer, block.

use hongyan_protocol::{
    Code, Event, Happening,
    friend::{
        Applicant, FriendAdd, FriendAddReply, FriendAddResult, FriendAdded, FriendBlock, FriendDel,
        FriendFavourite, FriendUpdated, SetRemark,
    },
    id::{FriendApplyId, UserId},
    presence::{Status, StatusChange},
    user::OwnList,
};
use hongyan_store::{ApplyState, NewFriendApply, User, View};

use super::{Ctx, Telling, answered, profile};
use crate::error::{Error, Result};

/// Asks a user to become a friend; when they have asked already, both are friends at once. Who has blocked the caller is
/// not told, and finds the request in their list when they no longer do.
pub async fn add(ctx: Ctx, request: FriendAdd) -> Result<()> {
    let (me, other, now) = (ctx.user, request.user_id, ctx.app.now());
    let asking = ctx.clone();
    ctx.change(move |tx, telling| {
        let addressee = tx.user(other)?.ok_or(Code::NoSuchUser)?;
        if other == me {
            return Err(Code::Yourself.into());
        }
        if tx.is_friend(me, other)? {
            return Err(Code::AlreadyFriend.into());
        }
        if tx.pending_friend_apply(me, other)?.is_some() {
            return Err(Code::FriendApplySent.into());
        }
        let applicant = profile(tx, me)?;
        if tx.pending_friend_apply(other, me)?.is_some() {
            tx.befriend(me, other, now)?;
            telling.one(other, result(&applicant, true, now));
            telling.one(me, result(&addressee, true, now));
            return Ok(());
        }
        let remark = request.remark.into_string();
        let id = FriendApplyId::mint();
        tx.add_friend_apply(&NewFriendApply {
            id,
            from_id: me,
            to_id: other,
            remark: remark.clone(),
            now,
        })?;
        let added = FriendAdded {
            friend_apply_id: id,
            head_img: applicant.head_img,
            nickname: applicant.nickname,
            remark,
            username: applicant.username,
            sex: applicant.sex,
            sign: applicant.sign,
        };
        if !tx.has_blocked(other, me)? {
            telling.one(other, asking.event(Happening::FriendAdd(added)));
        }
        asking.own_lists(telling, &[OwnList::Requests]);
        Ok(())
    })
    .await
}

/// Answers a friend request. Unknown, answered and another's requests are refused alike.
pub async fn add_reply(ctx: Ctx, request: FriendAddReply) -> Result<Applicant> {
    let (me, now) = (ctx.user, ctx.app.now());
    let asking = ctx.clone();
    ctx.change(move |tx, telling| {
        let apply = tx
            .friend_apply(request.friend_apply_id)?
            .filter(|apply| apply.to_id == me && apply.state == ApplyState::Pending)
            .ok_or(Code::FriendApplyHandled)?;
        tx.answer_friend_apply(apply.id, request.agree, now)?;
        if request.agree {
            tx.befriend(me, apply.from.id, now)?;
        }
        asking.own_lists(
            telling,
            answered(request.agree, &[OwnList::Requests, OwnList::Friends]),
        );
        telling.one(apply.from.id, result(&profile(tx, me)?, request.agree, now));
        Ok(Applicant {
            username: apply.from.username,
        })
    })
    .await
}

/// Ends a friendship for both.
pub async fn del(ctx: Ctx, request: FriendDel) -> Result<()> {
    let (me, other) = (ctx.user, request.user_id);
    let asking = ctx.clone();
    ctx.change(move |tx, telling| {
        if !tx.unfriend(me, other)? {
            return Err(Code::NotFriend.into());
        }
        telling.one(other, asking.event(Happening::FriendDeleted));
        asking.own_lists(telling, &[OwnList::Friends]);
        Ok(())
    })
    .await
}

/// Names a friend for the caller alone.
pub async fn set_remark(ctx: Ctx, request: SetRemark) -> Result<()> {
    let asking = ctx.clone();
    ctx.change(move |tx, telling| {
        let friend = request.friend_user_id;
        if !tx.set_remark(asking.user, friend, &request.remark)? {
            return Err(Code::NotAFriend.into());
        }
        tell_own_devices(tx, telling, &asking, friend)
    })
    .await
}

/// Marks a friend as a favourite, or as none, for the caller alone.
pub async fn favourite(ctx: Ctx, request: FriendFavourite) -> Result<()> {
    let asking = ctx.clone();
    ctx.change(move |tx, telling| {
        if !tx.set_favourite(asking.user, request.user_id, request.favourite)? {
            return Err(Code::NotFriend.into());
        }
        tell_own_devices(tx, telling, &asking, request.user_id)
    })
    .await
}

/// Blocks a user, or lets them through again. A friend who is blocked sees the caller go, and come when they no longer
/// are, as if it were so; nobody else is told.
pub async fn block(ctx: Ctx, request: FriendBlock) -> Result<()> {
    let (me, other) = (ctx.user, request.user_id);
    if other == me {
        return Err(Error::Invalid("userId: it is yourself".to_owned()));
    }
    let asking = ctx.clone();
    ctx.change(move |tx, telling| {
        tx.user(other)?.ok_or(Code::NoSuchUser)?;
        let is_news = if request.block {
            tx.block(me, other, asking.app.now())?
        } else {
            tx.unblock(me, other)?
        };
        if !is_news {
            return Ok(());
        }
        let status = if request.block {
            Status::Offline
        } else {
            Status::Online
        };
        tell_seeming_status(tx, telling, &asking, other, status)?;
        tell_own_devices(tx, telling, &asking, other)
    })
    .await
}

/// Tells a friend that the caller came or went; when the caller is not there, the friend knows that already.
fn tell_seeming_status(
    view: &View<'_>,
    telling: &mut Telling,
    ctx: &Ctx,
    friend: UserId,
    status: Status,
) -> Result<()> {
    let Some(theirs) = view.friendship(friend, ctx.user)? else {
        return Ok(());
    };
    if ctx.app.hub.status(ctx.user) == Status::Offline {
        return Ok(());
    }
    let me = profile(view, ctx.user)?;
    let change = StatusChange {
        status,
        head_img: me.head_img,
        nickname: me.nickname,
        remark: theirs.remark,
        username: me.username,
    };
    telling.one(friend, ctx.event(Happening::FriendStatusChange(change)));
    Ok(())
}

/// Tells the caller's devices what the caller thinks of a user now.
fn tell_own_devices(
    view: &View<'_>,
    telling: &mut Telling,
    ctx: &Ctx,
    other: UserId,
) -> Result<()> {
    let friendship = view.friendship(ctx.user, other)?;
    let (remark, favourite) = friendship
        .map(|friendship| (friendship.remark, friendship.favourite))
        .unwrap_or_default();
    let updated = FriendUpdated {
        user_id: other,
        remark,
        favourite,
        blocked: view.has_blocked(ctx.user, other)?,
    };
    telling.one(ctx.user, ctx.event(Happening::FriendUpdated(updated)));
    Ok(())
}

fn result(answerer: &User, agree: bool, now: i64) -> Event {
    let what = Happening::FriendAddResult(FriendAddResult {
        agree,
        head_img: answerer.head_img.clone(),
        nickname: answerer.nickname.clone(),
        user_id: answerer.id,
        username: answerer.username.clone(),
        sex: answerer.sex,
        sign: answerer.sign.clone(),
    });
    Event {
        from: Some(answerer.id),
        time: now,
        what,
    }
}
