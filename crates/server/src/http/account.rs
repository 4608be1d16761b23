//! Registering, logging in and out, and changing the password.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{
        HeaderMap, HeaderName, HeaderValue,
        header::{CACHE_CONTROL, SET_COOKIE, USER_AGENT},
    },
    response::{AppendHeaders, IntoResponse, Response},
};
use hongyan_protocol::{
    Code,
    id::{SessionId, UserId},
    user::{ChangePassword, LoggedIn, Login, Register},
};
use hongyan_store::{NewUser, User};

use super::{
    answer::{Failure, Reply, data, done},
    extract::{Authenticated, CalledBy, Params},
    user::info,
};
use crate::{
    app::App,
    hub::Ending,
    picture,
    session::{self, Token},
};

pub(super) async fn register(
    State(app): State<Arc<App>>,
    CalledBy(caller): CalledBy,
    headers: HeaderMap,
    params: Result<Params<Register>, Failure>,
) -> Reply {
    if !app.config.accounts.open_registration {
        return Err(Failure::Forbidden(
            "registration is closed, ask the operator for an account",
        ));
    }
    let Params(register) = params?;
    if !register.password.is_acceptable() {
        return Err(Failure::invalid("password", "6 to 128 bytes are wanted"));
    }
    app.rates
        .registration(&caller)
        .map_err(|ms| Failure::TooOften("registrations", ms))?;
    if is_taken(&app, register.username.as_str()).await? {
        return Err(Failure::refused(Code::UsernameTaken));
    }
    let password_hash = app.hasher.hash(register.password, &caller).await?;
    let id = UserId::mint();
    let new = NewUser {
        id,
        username: register.username,
        password_hash,
        nickname: register.nickname.into_string(),
        sex: register.sex,
        sign: register.sign.into_string(),
        head_img: picture::default_of_user(id),
        now: app.now(),
    };
    let login =
        session::Login::new(&app, id, agent(&headers), caller.address).map_err(Failure::broken)?;
    let (token, session_id, devices) = (login.token, login.session.id, app.config.accounts.devices);
    let user = app
        .store
        .write(move |tx| {
            if !tx.create_user(&new)? {
                return Err(Failure::refused(Code::UsernameTaken));
            }
            tx.open_session(&login.session, devices)?;
            tx.user(id)?.ok_or(Failure::Unauthorized)
        })
        .await?;
    Ok(logged_in(user, &token, session_id, caller.https))
}

async fn is_taken(app: &App, username: &str) -> Result<bool, hongyan_store::Error> {
    let username = username.to_owned();
    let user = app
        .store
        .read(move |view| view.user_by_name(&username))
        .await?;
    Ok(user.is_some())
}

pub(super) async fn login(
    State(app): State<Arc<App>>,
    CalledBy(caller): CalledBy,
    headers: HeaderMap,
    Params(login): Params<Login>,
) -> Reply {
    app.rates
        .login(&caller)
        .map_err(|ms| Failure::TooOften("failed logins", ms))?;
    let username = login.username.into_string();
    let known = app
        .store
        .read(move |view| view.credentials(&username))
        .await?;
    let (user, hash) = known.unzip();
    let fits = app
        .hasher
        .verify(login.password, hash.clone(), &caller)
        .await?;
    let (Some(user), Some(hash), true) = (&user, hash, fits) else {
        app.rates.login_failed(&caller);
        let named = user.is_some() || app.config.accounts.merge_login_refusals;
        return Err(Failure::refused(if named {
            Code::WrongPassword
        } else {
            Code::NoSuchAccount
        }));
    };
    let login = session::Login::new(&app, user.id, agent(&headers), caller.address)
        .map_err(Failure::broken)?;
    match session::open(&app, login, hash).await? {
        Some((token, id)) => Ok(logged_in(user.clone(), &token, id, caller.https)),
        None => Err(Failure::refused(Code::WrongPassword)),
    }
}

pub(super) async fn logout(
    State(app): State<Arc<App>>,
    CalledBy(caller): CalledBy,
    Authenticated(session): Authenticated,
) -> Reply {
    session::close(&app, &session).await?;
    Ok(logged_out(caller.https))
}

/// The answer after which a browser has no session.
pub(super) fn logged_out(https: bool) -> Response {
    (set(session::cleared_cookies(https)), done()).into_response()
}

pub(super) async fn change_password(
    State(app): State<Arc<App>>,
    CalledBy(caller): CalledBy,
    Authenticated(session): Authenticated,
    Params(change): Params<ChangePassword>,
) -> Reply {
    app.rates
        .login(&caller)
        .map_err(|ms| Failure::TooOften("failed logins", ms))?;
    let user = session.user_id;
    let old_hash = app.store.read(move |view| view.password_hash(user)).await?;
    if !app
        .hasher
        .verify(change.old_password.clone(), old_hash.clone(), &caller)
        .await?
    {
        app.rates.login_failed(&caller);
        return Err(Failure::refused(Code::WrongPassword));
    }
    let new = change.new_password;
    if new.expose() == change.old_password.expose() {
        return Err(Failure::refused(Code::SamePassword));
    }
    if !new.is_acceptable() || new.expose() != change.verify_password.expose() {
        return Err(Failure::refused(Code::BadPassword));
    }
    let new_hash = app.hasher.hash(new, &caller).await?;
    let (this, now, hub) = (session.id, app.now(), app.hub.clone());
    app.store
        .write_then(
            move |tx| {
                // Hashing takes long enough for another login or change to have come first.
                if !tx.ended_among(&[this], now)?.is_empty() {
                    return Err(Failure::Unauthorized);
                }
                if tx.password_hash(user)? != old_hash {
                    return Err(Failure::refused(Code::WrongPassword));
                }
                tx.set_password_hash(user, &new_hash)?;
                Ok(tx.end_sessions_of(user, Some(this))?)
            },
            move |ended| hub.end_sessions(user, ended, Ending::Displaced),
        )
        .await?;
    Ok(done())
}

/// What the client calls itself.
fn agent(headers: &HeaderMap) -> &str {
    headers
        .get(USER_AGENT)
        .and_then(|agent| agent.to_str().ok())
        .unwrap_or_default()
}

fn logged_in(user: User, token: &Token, session_id: SessionId, https: bool) -> Response {
    let cookies = set(session::cookies(token, user.id, https));
    let token = token.expose().to_owned();
    let answer = data(LoggedIn {
        user: info(user),
        token,
        session_id,
    });
    (cookies, answer).into_response()
}

fn set(cookies: [HeaderValue; 2]) -> AppendHeaders<[(HeaderName, HeaderValue); 3]> {
    let [token, uid] = cookies;
    let unstored = HeaderValue::from_static("no-store");
    AppendHeaders([
        (SET_COOKIE, token),
        (SET_COOKIE, uid),
        (CACHE_CONTROL, unstored),
    ])
}
