//! Logins: the token that proves one, the cookies that carry it, and how one begins.

use std::net::IpAddr;

use axum::http::{
    HeaderMap, HeaderValue,
    header::{AUTHORIZATION, COOKIE},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hongyan_protocol::id::{SessionId, UserId};
use hongyan_store::{NewSession, Session};
use sha2::{Digest, Sha256};

use crate::{
    app::App,
    hub::{Ending, Hub},
};

/// Longest token that is looked at, in bytes.
const LONGEST_TOKEN: usize = 128;

/// Characters kept of what a client calls itself.
const LONGEST_AGENT: usize = 200;

/// A session in use is noted at most this often (ms), so that requests do not all write.
const TOUCH_EVERY: i64 = 60 * 60 * 1000;

/// The longest that browsers keep a cookie. The session's own end, which moves with every use, is the server's to know:
/// a cookie that ended earlier would cut it short.
const COOKIE_SECONDS: u32 = 400 * 24 * 60 * 60;

/// The secret of a login: 192 random bits, shown once and stored as a hash.
pub struct Token(String);

impl Token {
    /// A new secret.
    pub fn mint() -> Result<Self, getrandom::Error> {
        let mut random = [0; 24];
        getrandom::fill(&mut random)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(random)))
    }

    /// The secret itself; for the client alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        hash(&self.0)
    }
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// What a request shows to prove its session.
#[derive(Debug, PartialEq, Eq)]
struct Proof<'h> {
    token: &'h str,
    /// Whose session it says it is; a Bearer token does not say.
    user: Option<UserId>,
}

impl<'h> Proof<'h> {
    /// `Authorization: Bearer` where there is one, for that is meant; otherwise the two cookies, which come by themselves.
    fn of_request(headers: &'h HeaderMap) -> Option<Self> {
        let proof = match bearer(headers) {
            Some(token) => Self { token, user: None },
            None => Self {
                token: cookie(headers, "token")?,
                user: Some(UserId::read(cookie(headers, "uid")?)),
            },
        };
        (1..=LONGEST_TOKEN)
            .contains(&proof.token.len())
            .then_some(proof)
    }
}

/// The token after `Authorization: Bearer`.
#[must_use]
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn cookie<'h>(headers: &'h HeaderMap, wanted: &str) -> Option<&'h str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == wanted)
        .map(|(_, value)| value.trim_matches('"'))
}

/// The session that a request belongs to; `None` without one, or when it is over. Being used lengthens it.
pub async fn of_request(
    app: &App,
    headers: &HeaderMap,
) -> Result<Option<Session>, hongyan_store::Error> {
    let Some(Proof { token, user }) = Proof::of_request(headers) else {
        return Ok(None);
    };
    let token_hash = hash(token);
    let session = app
        .store
        .read(move |view| view.session_by_token(&token_hash))
        .await?;
    let now = app.now();
    let lives = |session: &Session| {
        session.expires_at > now && user.is_none_or(|user| user == session.user_id)
    };
    let Some(session) = session.filter(lives) else {
        return Ok(None);
    };
    let lifetime = app.config.session_ms();
    if now - session.seen_at <= TOUCH_EVERY.min(lifetime / 10) {
        return Ok(Some(session));
    }
    let id = session.id;
    match app
        .store
        .write(move |tx| tx.touch_session(id, now, now + lifetime))
        .await
    {
        Ok(true) => Ok(Some(session)),
        Ok(false) => Ok(None),
        Err(error) => {
            // A full disk must not keep people from reading.
            tracing::warn!(%error, "the use of a session could not be noted");
            Ok(Some(session))
        }
    }
}

/// A login about to be remembered, and its secret.
pub struct Login {
    pub token: Token,
    pub session: NewSession,
}

impl Login {
    /// A login of `user` from a client that calls itself `agent`.
    pub fn new(
        app: &App,
        user: UserId,
        agent: &str,
        address: IpAddr,
    ) -> Result<Self, getrandom::Error> {
        let token = Token::mint()?;
        let now = app.now();
        let session = NewSession {
            id: SessionId::mint(),
            token_hash: token.hash(),
            user_id: user,
            now,
            expires_at: now + app.config.session_ms(),
            agent: agent.chars().take(LONGEST_AGENT).collect(),
            address: address.to_string(),
        };
        Ok(Self { token, session })
    }
}

/// Remembers a login; `None` when the password is no longer the one that was checked. The logins that it displaces are
/// dead, and their sockets closed, before this answers.
pub async fn open(
    app: &App,
    login: Login,
    checked_hash: String,
) -> Result<Option<(Token, SessionId)>, hongyan_store::Error> {
    let Login { token, session } = login;
    let (id, user, devices) = (session.id, session.user_id, app.config.accounts.devices);
    let hub = app.hub.clone();
    let opened = app
        .store
        .write_then(
            move |tx| {
                if tx.password_hash(user)? != Some(checked_hash) {
                    return Ok(None);
                }
                tx.open_session(&session, devices).map(Some)
            },
            move |displaced| {
                if let Some(displaced) = displaced {
                    hub.end_sessions(user, displaced, Ending::Displaced);
                }
            },
        )
        .await;
    opened.map(|displaced: Option<Vec<SessionId>>| displaced.map(|_| (token, id)))
}

/// Ends a login and its sockets, as its user wished.
pub async fn close(app: &App, session: &Session) -> Result<(), hongyan_store::Error> {
    let (id, user, hub): (_, _, Hub) = (session.id, session.user_id, app.hub.clone());
    app.store
        .write_then(
            move |tx| tx.end_session(id).map(drop),
            move |()| hub.end_sessions(user, &[id], Ending::LoggedOut),
        )
        .await
}

/// The two cookies of a login, as values of `Set-Cookie`.
#[must_use]
pub fn cookies(token: &Token, user: UserId, https: bool) -> [HeaderValue; 2] {
    set_cookies(token.expose(), &user.to_string(), COOKIE_SECONDS, https)
}

/// What makes a browser forget the two cookies.
#[must_use]
pub fn cleared_cookies(https: bool) -> [HeaderValue; 2] {
    set_cookies("", "", 0, https)
}

/// Base64 and ids only: nothing in them needs quoting, and each is a valid header.
fn set_cookies(token: &str, uid: &str, seconds: u32, https: bool) -> [HeaderValue; 2] {
    let secure = if https { "; Secure" } else { "" };
    let common = format!("Path=/; Max-Age={seconds}; SameSite=Lax{secure}");
    [
        format!("token={token}; HttpOnly; {common}"),
        format!("uid={uid}; {common}"),
    ]
    .map(|text| HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proof(headers: &[(&'static str, &str)]) -> Option<(String, Option<UserId>)> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        Proof::of_request(&map).map(|proof| (proof.token.to_owned(), proof.user))
    }

    #[test]
    fn both_cookies_are_wanted_wherever_they_stand() {
        let user = UserId::mint();
        let found = Some(("abc".to_owned(), Some(user)));
        assert_eq!(
            proof(&[("cookie", &format!("theme=dark; token=abc;uid={user}"))]),
            found
        );
        assert_eq!(
            proof(&[
                ("cookie", &format!("uid=\"{user}\"")),
                ("cookie", "token=abc")
            ]),
            found
        );
        assert_eq!(proof(&[("cookie", "token=abc")]), None);
        assert_eq!(
            proof(&[("cookie", &format!("uid={user}; xtoken=abc"))]),
            None
        );
        assert_eq!(proof(&[("cookie", &format!("token=; uid={user}"))]), None);
        assert_eq!(
            proof(&[("cookie", "token=abc; uid=me")]),
            Some(("abc".into(), Some(UserId::NIL)))
        );
    }

    #[test]
    fn a_bearer_token_serves_without_cookies() {
        assert_eq!(
            proof(&[("authorization", "bearer abc")]),
            Some(("abc".to_owned(), None))
        );
        assert_eq!(proof(&[("authorization", "Basic abc")]), None);
        assert_eq!(
            proof(&[("authorization", &format!("Bearer {}", "x".repeat(129)))]),
            None
        );
    }

    #[test]
    fn tokens_differ_and_their_cookies_are_guarded() {
        let token = Token::mint().unwrap();
        assert_eq!(token.expose().len(), 32);
        assert_ne!(token.hash(), Token::mint().unwrap().hash());
        let user = UserId::mint();
        let [first, second] = cookies(&token, user, true);
        let first = first.to_str().unwrap();
        assert!(first.starts_with(&format!(
            "token={}; HttpOnly; Path=/; Max-Age=",
            token.expose()
        )));
        assert!(first.ends_with("; SameSite=Lax; Secure"), "{first}");
        let second = second.to_str().unwrap();
        assert!(second.starts_with(&format!("uid={user}; Path=/")));
        assert!(!second.contains("HttpOnly"));
        let [cleared, _] = cleared_cookies(false);
        assert_eq!(cleared, "token=; HttpOnly; Path=/; Max-Age=0; SameSite=Lax");
    }
}
