//! Operations over HTTP: the same functions as on the sockets, by the same names.

use std::sync::Arc;

use axum::{
    extract::{FromRequest, FromRequestParts, Request, State},
    response::{IntoResponse, Response},
    routing::{MethodFilter, MethodRouter, on},
};
use futures_util::future::BoxFuture;
use hongyan_protocol::{self as protocol, Operation, operation};
use http::Method;

use super::{
    answer::{Reply, data, done},
    extract::{Asking, Params, Query},
};
use crate::{
    app::App,
    error::Result,
    ops::{Ctx, Door, through},
};

/// Where an operation is reached over HTTP: its path with `/api` for `/ws`.
pub(super) fn path(operation: Operation) -> String {
    operation.path().replacen("/ws", "/api", 1)
}

/// POST with the fields in the body; for what only reads, also GET with the fields in the address.
pub(super) fn handler(operation: Operation) -> MethodRouter<Arc<App>> {
    let methods = if operation.reads() {
        MethodFilter::POST.or(MethodFilter::GET)
    } else {
        MethodFilter::POST
    };
    on(methods, async move |State(app), request| {
        answer(app, operation, request).await.into_response()
    })
}

async fn answer(app: Arc<App>, operation: Operation, request: Request) -> Reply {
    let (mut parts, body) = request.into_parts();
    let Asking(ctx) = Asking::from_request_parts(&mut parts, &app).await?;
    let request = Request::from_parts(parts, body);
    through(Asked { app, request }, ctx, operation).await
}

struct Asked {
    app: Arc<App>,
    request: Request,
}

impl Door for Asked {
    type Outcome = BoxFuture<'static, Reply>;

    fn pass<R, F, A>(self, ctx: Ctx, operation: F) -> Self::Outcome
    where
        R: protocol::Request,
        F: FnOnce(Ctx, R) -> A + Send + 'static,
        A: Future<Output = Result<R::Reply>> + Send + 'static,
    {
        Box::pin(async move {
            let Self { app, request } = self;
            let request: R = if *request.method() == Method::POST {
                let Params(request) = Params::from_request(request, &app).await?;
                request
            } else {
                let (mut parts, _) = request.into_parts();
                let Query(request) = Query::from_request_parts(&mut parts, &app).await?;
                request
            };
            let reply = operation(ctx, request).await?;
            Ok(succeeded(&reply))
        })
    }
}

fn succeeded<R: operation::Reply>(reply: &R) -> Response {
    if R::NOTHING { done() } else { data(reply) }
}
