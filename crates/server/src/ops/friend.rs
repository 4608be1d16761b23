//! Friends: ask, answer, delete.

use hongyan_protocol::{
    Code, Event, Happening,
    friend::{Applicant, FriendAdd, FriendAddReply, FriendAddResult, FriendAdded, FriendDel},
    id::FriendApplyId,
};
use hongyan_store::{ApplyState, NewFriendApply, User};

use super::{Ctx, profile};
use crate::error::Result;

/// Asks a user to become a friend; when they have asked already, both are friends at once.
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
        telling.one(other, asking.event(Happening::FriendAdd(added)));
        Ok(())
    })
    .await
}

/// Answers a friend request. Unknown, answered and another's requests are refused alike.
pub async fn add_reply(ctx: Ctx, request: FriendAddReply) -> Result<Applicant> {
    let (me, now) = (ctx.user, ctx.app.now());
    ctx.change(move |tx, telling| {
        let apply = tx
            .friend_apply(request.friend_apply_id)?
            .filter(|apply| apply.to_id == me && apply.state == ApplyState::Pending)
            .ok_or(Code::FriendApplyHandled)?;
        tx.answer_friend_apply(apply.id, request.agree, now)?;
        if request.agree {
            tx.befriend(me, apply.from.id, now)?;
        }
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
    let deleted = ctx.event(Happening::FriendDeleted);
    ctx.change(move |tx, telling| {
        if !tx.unfriend(me, other)? {
            return Err(Code::NotFriend.into());
        }
        telling.one(other, deleted);
        Ok(())
    })
    .await
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
