//! Finding people, the caller's friends, and what the caller calls them.

use std::sync::Arc;

use axum::extract::State;
use hongyan_protocol::{
    Code,
    friend::{FriendCard, SetRemark},
    user::SearchUser,
};
use hongyan_store::Friend;

use super::{
    answer::{Failure, Reply, done, list},
    extract::{Authenticated, Params, Query},
    search::{PAGE, wanted},
    user::card,
};
use crate::app::App;

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

fn friend_card(app: &App, friend: Friend) -> FriendCard {
    let Friend { user, remark, .. } = friend;
    FriendCard {
        status: app.hub.status(user.id),
        user_id: user.id,
        username: user.username,
        nickname: user.nickname,
        head_img: user.head_img,
        sex: user.sex,
        sign: user.sign,
        remark,
    }
}

pub(super) async fn set_remark(
    State(app): State<Arc<App>>,
    Authenticated(session): Authenticated,
    Params(change): Params<SetRemark>,
) -> Reply {
    let SetRemark {
        friend_user_id: friend,
        remark,
    } = change;
    let known = app
        .store
        .write(move |tx| tx.set_remark(session.user_id, friend, &remark))
        .await?;
    if !known {
        return Err(Failure::refused(Code::NotAFriend));
    }
    Ok(done())
}
