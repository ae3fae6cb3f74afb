//! `GET /health`: whether Redis answers.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::Service;
use super::problem::Problem;

#[derive(Serialize)]
pub(super) struct Health {
    status: &'static str,
}

/// All is well, or why not.
pub(super) async fn check(State(service): State<Service>) -> Result<Json<Health>, Problem> {
    service.store.ping().await?;
    Ok(Json(Health { status: "ok" }))
}
