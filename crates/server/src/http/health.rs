//! Whether the server is well.

use std::{sync::Arc, time::Duration};

use axum::{extract::State, http::StatusCode, response::Response};
use tokio::time::timeout;

use super::answer::message;
use crate::app::App;

/// How long the store may take to say that it is well.
const DEADLINE: Duration = Duration::from_secs(5);

pub(super) async fn health(State(app): State<Arc<App>>) -> Response {
    match timeout(DEADLINE, app.store.check()).await {
        Ok(Ok(())) => message(StatusCode::OK, "ok"),
        Ok(Err(error)) => {
            tracing::error!(%error, "the store is not well");
            message(StatusCode::SERVICE_UNAVAILABLE, "the store is not well")
        }
        Err(_) => message(StatusCode::SERVICE_UNAVAILABLE, "the store does not answer"),
    }
}
