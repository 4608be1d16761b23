//! The caller's own profile, and what waits for the caller's answer.

use std::sync::Arc;

use axum::extract::{Request, State};
use hongyan_protocol::{
    friend::{self, ApplyList, Direction, FriendApplyCard, FriendApplyOutcome},
    group::{GroupApplyCard, GroupApplyOutcome, GroupInviteCard, GroupInviteOutcome},
    user::{UpdateInfo, UserInfo},
};
use hongyan_store::{
    ApplyState, FriendApply, GroupApply, GroupInvite, PastFriendApply, PastGroupInvite,
    ProfileChange, User,
};

use super::{
    answer::{Failure, Reply, data, list},
    extract::{Asking, Authenticated, Query},
    form::with_picture,
    picture::replace,
    search::PAGE,
};
use crate::{app::App, ops};

pub(super) fn info(user: User) -> UserInfo {
    let User {
        id,
        username,
        nickname,
        head_img,
        sex,
        sign,
        ..
    } = user;
    UserInfo {
        id,
        username,
        nickname,
        head_img,
        sign,
        sex,
    }
}

pub(super) async fn get_info(
    State(app): State<Arc<App>>,
    Authenticated(session): Authenticated,
) -> Reply {
    let user = app
        .store
        .read(move |view| view.user(session.user_id))
        .await?;
    user.map(|user| data(info(user)))
        .ok_or(Failure::Unauthorized)
}

pub(super) async fn update_info(Asking(ctx): Asking, request: Request) -> Reply {
    let app = Arc::clone(&ctx.app);
    let (texts, upload): (UpdateInfo, _) =
        with_picture(&ctx, request, &["nickname", "sign", "sex"]).await?;
    let update = async move |head_img| {
        let change = ProfileChange {
            nickname: texts.nickname.map(|nickname| nickname.into_string()),
            sign: texts.sign.map(|sign| sign.into_string()),
            sex: texts.sex,
            head_img,
        };
        let (before, after) = ops::user::update(ctx, change).await?;
        let replaced = (before.head_img != after.head_img).then_some(before.head_img);
        Ok((replaced, info(after)))
    };
    replace(&app, upload, update).await.map(data)
}

pub(super) async fn friend_apply_list(
    State(app): State<Arc<App>>,
    Authenticated(session): Authenticated,
    Query(wanted): Query<ApplyList>,
) -> Reply {
    let (user, page) = (session.user_id, wanted.page.unwrap_or(1));
    let cards = app
        .store
        .read(move |view| -> Result<Vec<_>, hongyan_store::Error> {
            let past = match wanted.direction {
                Direction::Received => {
                    let waiting = view.friend_applies_to(user)?;
                    return Ok(waiting.into_iter().map(friend_apply_card).collect());
                }
                Direction::Sent => view.friend_applies_sent(user, page, PAGE)?,
                Direction::All => view.friend_applies_of(user, page, PAGE)?,
            };
            Ok(past.into_iter().map(past_friend_apply_card).collect())
        })
        .await?;
    Ok(list(cards))
}

/// A state as the wire has it.
fn told(state: ApplyState) -> friend::ApplyState {
    match state {
        ApplyState::Pending => friend::ApplyState::Pending,
        ApplyState::Agreed => friend::ApplyState::Agreed,
        ApplyState::Refused => friend::ApplyState::Refused,
    }
}

fn past_friend_apply_card(apply: PastFriendApply) -> FriendApplyCard {
    let PastFriendApply {
        id,
        from_id,
        to_id,
        other,
        remark,
        state,
        created_at,
        handled_at,
    } = apply;
    FriendApplyCard {
        friend_apply_id: id,
        from_user_id: from_id,
        username: other.username,
        nickname: other.nickname,
        head_img: other.head_img,
        sign: other.sign,
        sex: other.sex,
        remark,
        create_time: created_at,
        outcome: Some(FriendApplyOutcome {
            to_user_id: to_id,
            state: told(state),
            handle_time: handled_at,
        }),
    }
}

fn friend_apply_card(apply: FriendApply) -> FriendApplyCard {
    let FriendApply {
        id,
        from,
        remark,
        created_at,
        ..
    } = apply;
    FriendApplyCard {
        friend_apply_id: id,
        from_user_id: from.id,
        username: from.username,
        nickname: from.nickname,
        head_img: from.head_img,
        sign: from.sign,
        sex: from.sex,
        remark,
        create_time: created_at,
        outcome: None,
    }
}

pub(super) async fn group_apply_list(
    State(app): State<Arc<App>>,
    Authenticated(session): Authenticated,
    Query(wanted): Query<ApplyList>,
) -> Reply {
    let (user, page) = (session.user_id, wanted.page.unwrap_or(1));
    let cards = app
        .store
        .read(move |view| -> Result<Vec<_>, hongyan_store::Error> {
            let past = match wanted.direction {
                Direction::Received => {
                    let waiting = view.group_applies_to(user)?;
                    return Ok(waiting.into_iter().map(group_apply_card).collect());
                }
                Direction::Sent => view.group_applies_sent(user, page, PAGE)?,
                Direction::All => view.group_applies_of(user, page, PAGE)?,
            };
            Ok(past.into_iter().map(past_group_apply_card).collect())
        })
        .await?;
    Ok(list(cards))
}

fn past_group_apply_card(apply: GroupApply) -> GroupApplyCard {
    let outcome = GroupApplyOutcome {
        state: told(apply.state),
        handle_time: apply.handled_at,
    };
    GroupApplyCard {
        outcome: Some(outcome),
        ..group_apply_card(apply)
    }
}

fn group_apply_card(apply: GroupApply) -> GroupApplyCard {
    let GroupApply {
        id,
        group,
        from,
        remark,
        created_at,
        ..
    } = apply;
    GroupApplyCard {
        group_apply_id: id,
        from_user_id: from.id,
        remark,
        group_id: group.id,
        group_name: group.name,
        group_nickname: group.nickname,
        group_head_img: group.head_img,
        username: from.username,
        nickname: from.nickname,
        head_img: from.head_img,
        create_time: created_at,
        outcome: None,
    }
}

pub(super) async fn group_invite_list(
    State(app): State<Arc<App>>,
    Authenticated(session): Authenticated,
    Query(wanted): Query<ApplyList>,
) -> Reply {
    let (user, page) = (session.user_id, wanted.page.unwrap_or(1));
    let cards = app
        .store
        .read(move |view| -> Result<Vec<_>, hongyan_store::Error> {
            let past = match wanted.direction {
                Direction::Received => {
                    let waiting = view.invites_to(user)?;
                    return Ok(waiting.into_iter().map(group_invite_card).collect());
                }
                Direction::Sent => view.invites_sent(user, page, PAGE)?,
                Direction::All => view.invites_of(user, page, PAGE)?,
            };
            Ok(past.into_iter().map(past_group_invite_card).collect())
        })
        .await?;
    Ok(list(cards))
}

fn past_group_invite_card(invite: PastGroupInvite) -> GroupInviteCard {
    let PastGroupInvite {
        id,
        group,
        inviter_id,
        user_id,
        other,
        remark,
        state,
        created_at,
        handled_at,
    } = invite;
    let outcome = GroupInviteOutcome {
        to_user_id: user_id,
        state: told(state),
        handle_time: handled_at,
    };
    let waiting = GroupInvite {
        id,
        group,
        inviter: other,
        user_id,
        remark,
        state,
        created_at,
    };
    GroupInviteCard {
        from_user_id: inviter_id,
        outcome: Some(outcome),
        ..group_invite_card(waiting)
    }
}

fn group_invite_card(invite: GroupInvite) -> GroupInviteCard {
    let GroupInvite {
        id,
        group,
        inviter,
        remark,
        created_at,
        ..
    } = invite;
    GroupInviteCard {
        group_invite_id: id,
        from_user_id: inviter.id,
        remark,
        group_id: group.id,
        group_name: group.name,
        group_nickname: group.nickname,
        group_head_img: group.head_img,
        introduction: group.introduction,
        username: inviter.username,
        nickname: inviter.nickname,
        head_img: inviter.head_img,
        create_time: created_at,
        outcome: None,
    }
}
