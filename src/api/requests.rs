//! `POST /v2/search`, `POST /v2/cancel` and `GET /v2/requests/{id}`: a rider's request.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};

use super::Service;
use super::body::{Valid, from_number_or_text, from_text_if_any};
use super::problem::Problem;
use crate::domain::{self, Point, Request, RequestId, Search, Standing, UnixMs, UserId};
use crate::store::NewRequest;

/// Where the rider waits, in degrees, and who it is; `requestor_<id>` where nobody says.
#[derive(Deserialize)]
pub(super) struct Open {
    lat: f64,
    lng: f64,
    #[serde(default, deserialize_with = "from_text_if_any")]
    user_id: Option<UserId>,
}

#[derive(Serialize)]
pub(super) struct Opened {
    request_id: RequestId,
}

#[derive(Deserialize)]
pub(super) struct Cancel {
    #[serde(deserialize_with = "from_number_or_text")]
    request_id: RequestId,
}

/// A request as it stands.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Shown {
    /// All that the record says.
    Whole(Box<Request>),
    /// What the key alone says: the request is the article's own, or its record is damaged.
    Key {
        request_id: RequestId,
        state: domain::State,
        /// Unix ms.
        #[serde(skip_serializing_if = "Option::is_none")]
        expires_at: Option<UnixMs>,
    },
}

/// Opens a request; a worker looks for a driver at once.
pub(super) async fn open(State(service): State<Service>, Valid(body): Valid<Open>) -> Result<Json<Opened>, Problem> {
    let new = NewRequest {
        user_id: body.user_id,
        pickup: Point::new(body.lat, body.lng)?,
        radius: service.settings.radius,
        ttl: service.settings.ttl,
        interval: service.settings.interval,
    };
    let request_id = service.store.open(&new, &service.actor).await?;
    Ok(Json(Opened { request_id }))
}

/// Cancels a request that is still searching.
pub(super) async fn cancel(State(service): State<Service>, Valid(body): Valid<Cancel>) -> Result<(), Problem> {
    Ok(service.store.cancel(body.request_id, &service.actor).await?)
}

/// Shows a request.
pub(super) async fn show(
    State(service): State<Service>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Shown>, Problem> {
    let Path(id) = id.map_err(|_| Problem::no_such_request())?;
    let search = service.store.search(id.parse()?).await?;
    search.map(|search| Json(shown(search))).ok_or_else(Problem::no_such_request)
}

/// The truth, which the key knows before the record does.
pub(super) fn shown(search: Search) -> Shown {
    let (state, deadline) = match search.standing() {
        Standing::Waiting(deadline) => (domain::State::Searching, Some(deadline)),
        Standing::Ended(state) => (state, None),
    };
    match search.record {
        domain::Record::Whole(mut request) => {
            request.state = state;
            if let Some(deadline) = deadline {
                request.expires_at = deadline;
            }
            Shown::Whole(request)
        }
        domain::Record::Foreign | domain::Record::Damaged(_) => {
            Shown::Key { request_id: search.id, state, expires_at: deadline.flatten() }
        }
    }
}
