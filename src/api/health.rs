//! `GET /health`: whether Redis answers and takes changes; if not, what is wrong with it and since when.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Service;
use super::document::ByName;
use super::problem::{Problem, TYPE};
use crate::domain::format_wait;
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
        (status = 200, description = "Redis answers, and takes changes.", body = Health),
        (
            status = 503,
            description = "It does not: what is wrong, what can be done about it, and since when.",
            body = Problem,
            content_type = TYPE
        ),
        ByName
    )
)]
pub(super) async fn check(State(service): State<Service>) -> Result<Json<Health>, Problem> {
    let answered = service.store.ping().await;
    // What is wrong with changes alone is known from those that were tried last.
    match (service.store.trouble(), answered) {
        (Some(trouble), _) => {
            let lasts = format!(", for {} now", format_wait(trouble.began.elapsed()));
            Err(Problem::unwell(in_words(&trouble.error, &lasts), Some(trouble.since)))
        }
        (None, Err(error)) => Err(Problem::unwell(in_words(&error, ""), None)),
        (None, Ok(())) => Ok(Json(Health { status: "ok" })),
    }
}

/// What is wrong and what can be done about it. Where Redis is concerns nobody outside.
fn in_words(error: &StoreError, lasts: &str) -> String {
    match error {
        StoreError::Unwell { ailment, reason, .. } => format!("Redis {}{lasts}: {reason}", ailment.meaning()),
        StoreError::Away { reason, .. } => format!("Redis can't be reached{lasts}: {reason}"),
        other => format!("Redis does not do its work{lasts}: {}", other.reason()),
    }
}
