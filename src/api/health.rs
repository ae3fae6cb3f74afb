//! `GET /health`: whether Redis answers and takes changes; if not, what is wrong with it and since when.
//!
//! It is judged by what the last writes and the worker's last round came to, and by a look at what they all need: the rights of
//! the service's role, and keys of the right type.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::Instant;
use utoipa::ToSchema;

use super::Service;
use super::document::ByName;
use super::problem::{Problem, TYPE};
use crate::domain::format_wait;
use crate::store::{Store, StoreError};

/// Rights and keys are looked at no more often than this, however often `/health` is called: it takes a connection of its own.
const VERIFY_INTERVAL: Duration = Duration::from_millis(500);

/// When rights and keys were last looked at.
#[derive(Default)]
pub(super) struct Checks(Mutex<Option<Instant>>);

impl Checks {
    async fn verify(&self, store: &Store) {
        let mut last = self.0.lock().await;
        if last.is_none_or(|last| last.elapsed() >= VERIFY_INTERVAL) {
            store.verify().await;
            *last = Some(Instant::now());
        }
    }
}

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
        (status = 200, description = "Redis answers and takes changes, and no right is missing.", body = Health),
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
    if !answered.as_ref().is_err_and(StoreError::is_away) {
        service.checks.verify(&service.store).await;
    }
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
