//! Finding people, who somebody is, the caller's friends, what the caller calls them, and whom the caller has blocked.

use std::sync::Arc;

use axum::extract::State;
use hongyan_protocol::{
    Code,
    friend::{BlockList, CardOf, FriendCard, Profile, ProfileOfFriend, SetRemark},
    presence::Status,
    user::SearchUser,
};
use hongyan_store::Friend;

use super::{
    answer::{Failure, Reply, data, done, list},
    extract::{Asking, Authenticated, Params, Query},
    search::{PAGE, wanted},
};
use crate::{
    app::App,
    ops::{self, user::card},
};

pub(super) async fn search_user(
    State(app): State<Arc<App>>,
    _: Authenticated,
    Query(search): Query<SearchUser>,
) -> Reply {
    let (username, nickname) =
        wanted(("username", search.username), ("nickname", search.nickname))?;
    let page = search.page.unwrap_or(1);
    let users = app
        .store
        .read(move |view| view.search_users(username.as_deref(), nickname.as_deref(), page, PAGE))
        .await?;
    Ok(list(users.into_iter().map(card)))
}

pub(super) async fn profile(
    State(app): State<Arc<App>>,
    Authenticated(session): Authenticated,
    Query(CardOf { user_id }): Query<CardOf>,
) -> Reply {
    let caller = session.user_id;
    let (user, friend, blocked) = app
        .store
        .read(move |view| -> Result<_, Failure> {
            let user = view.user(user_id)?;
            let user = user.ok_or(Failure::refused(Code::NoSuchUser))?;
            let friend = view.friend(caller, user_id)?;
            Ok((user, friend, view.has_blocked(caller, user_id)?))
        })
        .await?;
    let friend = friend.map(|friend| ProfileOfFriend {
        status: status(&app, &friend),
        remark: friend.friendship.remark,
        favourite: friend.friendship.favourite,
    });
    Ok(data(Profile {
        user: card(user),
        blocked,
        friend,
    }))
}

pub(super) async fn friend_list(
    State(app): State<Arc<App>>,
    Authenticated(session): Authenticated,
) -> Reply {
    let friends = app
        .store
        .read(move |view| view.friends(session.user_id))
        .await?;
    Ok(list(
        friends.into_iter().map(|friend| friend_card(&app, friend)),
    ))
}

/// Who has blocked the caller is never seen online.
fn status(app: &App, friend: &Friend) -> Status {
    if friend.has_blocked {
        Status::Offline
    } else {
        app.hub.status(friend.user.id)
    }
}

fn friend_card(app: &App, friend: Friend) -> FriendCard {
    let status = status(app, &friend);
    let Friend {
        user,
        friendship,
        is_blocked,
        ..
    } = friend;
    FriendCard {
        status,
        favourite: friendship.favourite,
        blocked: is_blocked,
        remark: friendship.remark,
        user_id: user.id,
        username: user.username,
        nickname: user.nickname,
        head_img: user.head_img,
        sex: user.sex,
        sign: user.sign,
    }
}

pub(super) async fn set_remark(Asking(ctx): Asking, Params(change): Params<SetRemark>) -> Reply {
    ops::friend::set_remark(ctx, change).await?;
    Ok(done())
}

pub(super) async fn block_list(
    State(app): State<Arc<App>>,
    Authenticated(session): Authenticated,
    Query(wanted): Query<BlockList>,
) -> Reply {
    let page = wanted.page.unwrap_or(1);
    let blocked = app
        .store
        .read(move |view| view.blocked_by(session.user_id, page, PAGE))
        .await?;
    Ok(list(blocked.into_iter().map(card)))
}
