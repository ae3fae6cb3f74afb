//! `GET /health`: whether Redis answers.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::Service;
use super::document::ByName;
use super::problem::{Problem, TYPE};
use crate::store::StoreError;

/// That all is well.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// Always `ok`: what is not well is a problem.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Whether the service can do its work.
#[utoipa::path(
    get,
    path = "/health",
    responses(
        (status = 200, description = "Redis answers.", body = Health),
        (status = 503, description = "It does not, or turns us away.", body = Problem, content_type = TYPE),
        ByName
    )
)]
pub(super) async fn check(State(service): State<Service>) -> Result<Json<Health>, Problem> {
    let unwell = |error: StoreError| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, format!("Redis does not do its work: {}", error.reason()))
    };
    service.store.ping().await.map_err(unwell)?;
    Ok(Json(Health { status: "ok" }))
}
