//! HTTP: the account API, pictures, health, and the page.

mod account;
mod answer;
mod extract;
mod file;
mod form;
mod friend;
mod group;
mod health;
mod operation;
mod origin;
mod page;
mod picture;
mod search;
mod session;
mod upload;
mod user;

use std::{any::Any, sync::Arc};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{
        HeaderName, HeaderValue, Method, StatusCode,
        header::{
            AUTHORIZATION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
            X_CONTENT_TYPE_OPTIONS,
        },
    },
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodFilter, MethodRouter, get, on},
};
use hongyan_protocol::{Endpoint, Operation};
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer,
    cors::CorsLayer,
    request_id::{MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
    trace::TraceLayer,
};
use uuid::Uuid;

pub(crate) use self::answer::message;
pub use self::origin::origin_allowed;
use self::{
    answer::Failure,
    extract::{media_type, peer, whole},
    form::MULTIPART,
};
use crate::{app::App, config::Config, session::bearer};

/// Longest body of an endpoint that takes no file, in bytes.
const BODY: usize = 64 * 1024;

/// For all that is no page: nothing may be loaded, and nobody may frame it.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Everything that is answered over HTTP. The peer's address is expected among a request's extensions, as
/// `ConnectInfo<SocketAddr>`.
pub fn router(app: Arc<App>) -> Router {
    let mut router = Router::new()
        .route("/", get(page::index))
        .route("/healthz", get(health::health))
        .route("/img/{name}", get(picture::uploaded))
        .route("/img/default/{name}", get(picture::default))
        .route("/api/file/{id}", get(file::content))
        .route("/api/file/{id}/thumb", get(file::thumb))
        .route("/api/register", handler(Endpoint::Registe, &app));
    for &endpoint in Endpoint::ALL {
        router = router.route(endpoint.path(), handler(endpoint, &app));
    }
    for &operation in Operation::ALL {
        router = router.route(&operation::path(operation), operation::handler(operation));
    }
    let outermost_first = ServiceBuilder::new()
        .map_request(without_request_id)
        .layer(SetRequestIdLayer::new(REQUEST_ID, OwnRequestId))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .map_response(guarded)
        .layer(CatchPanicLayer::custom(panicked))
        .option_layer(shared_with_allowed_origins(&app.config))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            refuse_foreign_pages,
        ))
        .layer(DefaultBodyLimit::max(BODY));
    router
        .route_layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            body_before_session,
        ))
        .fallback(page::file_or_place)
        .method_not_allowed_fallback(async || {
            message(
                StatusCode::METHOD_NOT_ALLOWED,
                "this path does not take this method",
            )
        })
        .layer(outermost_first)
        .with_state(app)
}

/// Pages of the origins that the operator allows, if there are any, may call and read, with their cookies; others only
/// what any page may.
fn shared_with_allowed_origins(config: &Config) -> Option<CorsLayer> {
    let origins = config
        .allow_origin
        .iter()
        .filter_map(|origin| HeaderValue::try_from(origin).ok());
    let cors = CorsLayer::new()
        .allow_origin(origins.collect::<Vec<_>>())
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([AUTHORIZATION, CONTENT_TYPE]);
    (!config.allow_origin.is_empty()).then_some(cors)
}

/// Tells browsers not to guess, load, frame or refer; an answer's own policy stays.
pub(crate) fn guarded<B>(mut response: Response<B>) -> Response<B> {
    let headers = response.headers_mut();
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(POLICY);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// The one place where an endpoint meets what it does.
fn handler(endpoint: Endpoint, app: &App) -> MethodRouter<Arc<App>> {
    let method = match endpoint.method() {
        "GET" => MethodFilter::GET,
        _ => MethodFilter::POST,
    };
    match endpoint {
        Endpoint::Registe => on(method, account::register),
        Endpoint::Login => on(method, account::login),
        Endpoint::Logout => on(method, account::logout),
        Endpoint::GetInfo => on(method, user::get_info),
        Endpoint::UpdateInfo => on(method, user::update_info).layer(with_picture(app)),
        Endpoint::ChangePassword => on(method, account::change_password),
        Endpoint::Sessions => on(method, session::sessions),
        Endpoint::EndSession => on(method, session::end),
        Endpoint::EndOtherSessions => on(method, session::end_others),
        Endpoint::Card => on(method, friend::profile),
        Endpoint::FriendApplyList => on(method, user::friend_apply_list),
        Endpoint::GroupApplyList => on(method, user::group_apply_list),
        Endpoint::GroupInviteList => on(method, user::group_invite_list),
        Endpoint::SearchUser => on(method, friend::search_user),
        Endpoint::FriendList => on(method, friend::friend_list),
        Endpoint::SetRemark => on(method, friend::set_remark),
        Endpoint::BlockList => on(method, friend::block_list),
        Endpoint::CreateGroup => on(method, group::create),
        Endpoint::SearchGroup => on(method, group::search),
        Endpoint::GroupInfo => on(method, group::info),
        Endpoint::GroupList => on(method, group::group_list),
        Endpoint::MemberList => on(method, group::member_list),
        Endpoint::UpdateAvatar => on(method, group::update_avatar).layer(with_picture(app)),
        // It has bounds of its own, which it enforces while it reads.
        Endpoint::UploadFile => on(method, file::upload).layer(DefaultBodyLimit::disable()),
    }
}

/// The bound of a body with a picture in it.
fn with_picture(app: &App) -> DefaultBodyLimit {
    DefaultBodyLimit::max(app.config.limits.picture_bytes.saturating_add(BODY))
}

/// A page of another origin must not change anything, nor log its visitor in as somebody else. A Bearer token does not
/// come by itself as cookies do: who sends one may send it from anywhere.
async fn refuse_foreign_pages(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    let changes = !matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    let headers = request.headers();
    if changes
        && bearer(headers).is_none()
        && !origin_allowed(&app, peer(request.extensions()), headers)
    {
        return Failure::Forbidden("requests from pages of this origin are not allowed")
            .into_response();
    }
    next.run(request).await
}

/// Waits for the body before anybody looks at the session: one that ended while the rest was on its way does nothing any
/// more. Forms with files are read as they come, and whoever reads them looks at the session again.
async fn body_before_session(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    if media_type(request.headers()) == MULTIPART {
        return next.run(request).await;
    }
    match whole(request, &app).await {
        Ok(request) => next.run(request).await,
        Err(failure) => failure.into_response(),
    }
}

/// Ids in our log are our own, whatever a client calls its request.
fn without_request_id(mut request: Request) -> Request {
    request.headers_mut().remove(REQUEST_ID);
    request
}

#[derive(Clone)]
struct OwnRequestId;

impl MakeRequestId for OwnRequestId {
    fn make_request_id<B>(&mut self, _: &axum::http::Request<B>) -> Option<RequestId> {
        HeaderValue::try_from(Uuid::now_v7().to_string())
            .ok()
            .map(RequestId::new)
    }
}

/// The path without its query, in which people's names stand.
fn span(request: &Request) -> tracing::Span {
    let id = request
        .extensions()
        .get::<RequestId>()
        .and_then(|id| id.header_value().to_str().ok());
    tracing::info_span!("http", id, method = %request.method(), path = request.uri().path())
}

/// What it panicked with is in the log already, from the panic itself.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a request panicked");
    message(StatusCode::INTERNAL_SERVER_ERROR, "the server failed")
}
