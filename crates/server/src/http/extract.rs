//! What handlers ask of a request: who calls, and the parameters.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    extract::{ConnectInfo, FromRequest, FromRequestParts, Request},
    http::{Extensions, HeaderMap, StatusCode, header::CONTENT_TYPE, request::Parts},
};
use hongyan_protocol::message::WhenOffline;
use hongyan_store::Session;
use serde::{Deserializer, de::DeserializeOwned};
use tokio::time::timeout;

use super::answer::Failure;
use crate::{
    app::App,
    error::{Error, unquoted},
    limits::Caller,
    ops::Ctx,
    session,
};

/// The address that the connection came from; a request that came over none, as in tests, is nobody's friend.
pub(super) fn peer(extensions: &Extensions) -> IpAddr {
    extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(address)| {
            address.ip()
        })
}

/// Whose request it is, session or not.
pub(super) struct CalledBy(pub(super) Caller);

impl FromRequestParts<Arc<App>> for CalledBy {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        Ok(Self(Caller::of(
            &app.config,
            peer(&parts.extensions),
            &parts.headers,
        )))
    }
}

/// The session of the request, within the account's rate.
pub(super) struct Authenticated(pub(super) Session);

impl FromRequestParts<Arc<App>> for Authenticated {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let session = session::of_request(app, &parts.headers).await?;
        let session = session.ok_or(Failure::Unauthorized)?;
        let CalledBy(caller) = CalledBy::from_request_parts(parts, app).await?;
        app.rates
            .request(session.user_id, caller.exempt)
            .map_err(Error::TooMany)?;
        Ok(Self(session))
    }
}

/// Who calls an operation, within the account's rate.
pub(super) struct Asking(pub(super) Ctx);

impl FromRequestParts<Arc<App>> for Asking {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let Authenticated(session) = Authenticated::from_request_parts(parts, app).await?;
        let CalledBy(caller) = CalledBy::from_request_parts(parts, app).await?;
        Ok(Self(Ctx {
            app: Arc::clone(app),
            user: session.user_id,
            session: session.id,
            when_offline: WhenOffline::Keep,
            exempt: caller.exempt,
            looks_at_session: true,
        }))
    }
}

/// The parameters in the body: a JSON object or an urlencoded form.
pub(super) struct Params<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Params<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Failure> {
        let kind = media_type(request.headers());
        let body = body(request, app).await?;
        match kind.as_str() {
            "application/json" | "" => json(&body),
            "application/x-www-form-urlencoded" => form(&body),
            _ => Err(Failure::invalid(
                "Content-Type",
                "application/json or application/x-www-form-urlencoded is wanted",
            )),
        }
        .map(Self)
    }
}

/// The parameters in the address.
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Arc<App>> for Query<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Failure> {
        form(parts.uri.query().unwrap_or_default().as_bytes()).map(Self)
    }
}

/// `Content-Type` without its parameters, in lower case; empty when there is none.
pub(super) fn media_type(headers: &HeaderMap) -> String {
    let value = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let (kind, _) = value
        .unwrap_or_default()
        .split_once(';')
        .unwrap_or((value.unwrap_or_default(), ""));
    kind.trim().to_ascii_lowercase()
}

/// The request with its whole body in memory.
pub(super) async fn whole(request: Request, app: &App) -> Result<Request, Failure> {
    let (parts, streamed) = request.into_parts();
    let body = body(Request::from_parts(parts.clone(), streamed), app).await?;
    Ok(Request::from_parts(parts, Body::from(body)))
}

/// The whole body, as long as it is within the route's bound and arrives in time.
async fn body(request: Request, app: &App) -> Result<Bytes, Failure> {
    let arrived = timeout(body_deadline(app), Bytes::from_request(request, &())).await;
    arrived
        .map_err(|_| Failure::Slow)?
        .map_err(|error| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Failure::TooLarge,
            _ => Failure::invalid("body", error.body_text()),
        })
}

/// How long a body may take.
pub(super) fn body_deadline(app: &App) -> Duration {
    Duration::from_secs(app.config.connection.body_seconds)
}

fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Failure::invalid("body", "a JSON object is wanted"));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let params = read(&mut json)?;
    json.end()
        .map_err(|error| Failure::invalid("body", error))?;
    Ok(params)
}

fn form<T: DeserializeOwned>(text: &[u8]) -> Result<T, Failure> {
    read(serde_urlencoded::Deserializer::new(form_urlencoded::parse(
        text,
    )))
}

/// Reads parameters; an error names the field that is wrong.
pub(super) fn read<'de, T, D>(input: D) -> Result<T, Failure>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    serde_path_to_error::deserialize(input).map_err(|error| {
        let path = error.path().to_string();
        let why = error.inner().to_string();
        let why = unquoted(&why);
        // Where in the text it stands is of no use beside the field's name.
        let why = why.rsplit_once(" at line ").map_or(why, |(why, _)| why);
        let missing = why
            .strip_prefix("missing field `")
            .and_then(|rest| rest.strip_suffix('`'));
        match missing {
            Some(field) => Failure::invalid(field, "is missing"),
            None if path == "." => Failure::invalid("body", why),
            None => Failure::invalid(&path, why),
        }
    })
}

#[cfg(test)]
mod tests {
    use hongyan_protocol::{
        group::GroupList,
        user::{Register, SearchUser},
    };

    use super::*;

    fn why<T>(result: Result<T, Failure>) -> String {
        match result {
            Err(Failure::Of(Error::Invalid(why))) => why,
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("it was accepted"),
        }
    }

    #[test]
    fn json_and_forms_say_the_same() {
        let user =
            r#"{"username":"anna","password":"geheim","nickname":"安娜","sex":"0","sign":null}"#;
        let user: Register = json(user.as_bytes()).unwrap();
        assert_eq!(&*user.nickname, "安娜");
        let user: Register =
            form(b"username=anna&password=geheim&nickname=%E5%AE%89%E5%A8%9C&sex=0").unwrap();
        assert_eq!(&*user.nickname, "安娜");
        let search: SearchUser = form(b"nickname=a+b&page=2").unwrap();
        assert_eq!(
            (search.nickname.as_deref(), search.page),
            (Some("a b"), Some(2))
        );
        assert!(form::<GroupList>(b"type=1").is_ok());
    }

    #[test]
    fn an_error_names_the_field() {
        let register = |text: &str| why(json::<Register>(text.as_bytes()));
        assert_eq!(
            register(r#"{"username":"anna","password":"x"}"#),
            "nickname: is missing"
        );
        assert!(register(r#"{"username":"a"}"#).starts_with("username: 4 to 16 letters"));
        assert!(register(r#"{"username":7}"#).starts_with("username: expected"));
        assert_eq!(
            register(r#"["anna","geheim","a"]"#),
            "body: a JSON object is wanted"
        );
        assert!(register(r#"{"username""#).starts_with("body: EOF"));
        assert!(why(form::<GroupList>(b"type=3")).starts_with("type: expected"));
        assert_eq!(why(form::<GroupList>(b"")), "type: is missing");
        assert!(why(form::<SearchUser>(b"page=x")).starts_with("page: "));
    }
}
