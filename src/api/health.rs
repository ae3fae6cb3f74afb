//! `GET /health`: whether Redis answers.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Service;
use super::document::NoRedis;
use super::problem::Problem;

/// That all is well.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// Always `ok`: what is not well is a problem.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Whether the service can do its work.
#[utoipa::path(get, path = "/health", responses((status = 200, description = "Redis answers.", body = Health), NoRedis))]
pub(super) async fn check(State(service): State<Service>) -> Result<Json<Health>, Problem> {
    service.store.ping().await?;
    Ok(Json(Health { status: "ok" }))
}
