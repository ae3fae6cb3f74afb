//! `POST /v2/search`, `POST /v2/cancel` and `GET /v2/requests/{id}`: a rider's request.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};

use super::Service;
use super::body::Valid;
use super::document::{AtTheDoor, BadBody, NoRedis};
use super::doors::{Caller, Ticket};
use super::idempotency::IdempotencyKey;
use super::json::{from_number_or_text, from_text_if_any};
use super::problem::{Problem, TYPE};
use crate::domain::{self, Point, Request, RequestId, Search, Standing, UnixMs, UserId};
use crate::store::{NewRequest, Terms};

/// Where the rider waits, and who it is.
#[derive(Deserialize, ToSchema)]
pub(super) struct Open {
    /// Degrees north.
    #[schema(minimum = -85.051_128_78, maximum = 85.051_128_78, example = -33.44262)]
    lat: f64,
    /// Degrees east.
    #[schema(minimum = -180, maximum = 180, example = -70.63054)]
    lng: f64,
    /// 1 to 128 bytes of printable characters; `requestor_<request_id>` where it is left out.
    #[serde(default, deserialize_with = "from_text_if_any")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 128)]
    user_id: Option<UserId>,
}

impl Open {
    /// The place, if it is one, and the rider.
    pub(super) fn checked(self) -> Result<(Point, Option<UserId>), Problem> {
        Ok((Point::new(self.lat, self.lng)?, self.user_id))
    }
}

/// The request that was opened.
#[derive(Serialize, ToSchema)]
pub(super) struct Opened {
    /// Its number.
    request_id: RequestId,
    /// Who has it may look at this request, listen for its end and cancel it. It is told here and never again; a service that asks
    /// for no tokens gives none, since there everybody may.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, nullable = false, example = "q9yDvVXW0n2nGIVjN2mGm2C5oB1QzY0xw0m0bVfEoSg")]
    ticket: Option<String>,
}

/// The request that is to be cancelled.
#[derive(Deserialize, ToSchema)]
pub(super) struct Cancel {
    /// Its number, or the text of that.
    #[serde(deserialize_with = "from_number_or_text")]
    #[schema(schema_with = number_or_text)]
    pub(super) request_id: RequestId,
}

fn number_or_text() -> Schema {
    let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
    let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[1-9][0-9]{0,18}$"));
    OneOfBuilder::new().item(number).item(text).examples([json!("3"), json!(3)]).build().into()
}

/// A request as it stands.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum Shown {
    /// All that the record says.
    Whole(Box<Request>),
    /// What the key alone says.
    Key(KeyAlone),
}

/// What is known of a request without a whole record: one of the article's own service, or one whose record cannot be read.
#[derive(Serialize, ToSchema)]
// In the description alone: it tells this from a whole record, which has these fields, too.
#[serde(deny_unknown_fields)]
pub(super) struct KeyAlone {
    request_id: RequestId,
    state: domain::State,
    /// When its time is up.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<UnixMs>,
    /// Why its record cannot be read, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    unreadable: Option<String>,
}

/// Opens a request. A driver is looked for at once, then at intervals, until one is found or the time is up.
#[utoipa::path(
    post,
    path = "/v2/search",
    params((
        "Idempotency-Key" = Option<String>,
        Header,
        min_length = 1,
        max_length = 128,
        description = "Any text of printable characters that nobody else sends, a UUID say. A call that is sent again with the \
            same key opens no second request and is answered the same `request_id`, for 24 hours or as long as the \
            request's record is kept, whichever is longer. It counts for the bearer of this token alone."
    )),
    request_body = Open,
    responses(
        (status = 200, description = "The request is open, or was opened by the same `Idempotency-Key` before.", body = Opened),
        BadBody,
        NoRedis,
        AtTheDoor
    ),
    security(("token" = ["rider", "operator"]))
)]
pub(super) async fn open(
    State(service): State<Service>,
    caller: Caller,
    IdempotencyKey(key): IdempotencyKey,
    Valid(body): Valid<Open>,
) -> Result<Json<Opened>, Problem> {
    let no_ticket = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the system has no random bytes for a ticket");
    let ticket = service.gate.asks_for_tokens().then(|| Ticket::new().ok_or_else(no_ticket)).transpose()?;
    let (pickup, user_id) = body.checked()?;
    let (rider_quota, client_quota) = caller.quotas(&service.gate, user_id.as_ref());
    let terms = Terms {
        ticket: ticket.as_ref().map(Ticket::hash),
        idempotency_key: key.map(|key| caller.key_hash(&key)),
        rider_quota,
        client_quota,
    };
    let new = NewRequest {
        user_id,
        pickup,
        radius: service.settings.radius,
        ttl: service.settings.ttl,
        interval: service.settings.interval,
        terms,
    };
    let request_id = match caller.name() {
        // Those who are gathered have one name together.
        Some(operator) => service.store.open(&new, &operator).await?,
        None => service.opens.ask(new).await?,
    };
    Ok(Json(Opened { request_id, ticket: ticket.map(Ticket::into_text) }))
}

/// Cancels a request that is still searching.
#[utoipa::path(
    post,
    path = "/v2/cancel",
    request_body = Cancel,
    responses(
        (status = 200, description = "It is cancelled. The answer is empty."),
        (status = 404, description = "There is no such request.", body = Problem, content_type = TYPE),
        (status = 409, description = "It has ended already: `state` says how.", body = Problem, content_type = TYPE),
        BadBody,
        NoRedis,
        AtTheDoor
    ),
    security(("token" = ["operator"]), ("ticket" = []))
)]
pub(super) async fn cancel(
    State(service): State<Service>,
    caller: Caller,
    Valid(body): Valid<Cancel>,
) -> Result<(), Problem> {
    caller.may_see(&service, body.request_id).await?;
    let actor = caller.name();
    Ok(service.store.cancel(body.request_id, actor.as_ref().unwrap_or(&service.actor)).await?)
}

/// A request as it stands.
#[utoipa::path(
    get,
    path = "/v2/requests/{id}",
    params(("id" = u64, Path, minimum = 1, description = "Its number.")),
    responses(
        (status = 200, description = "How far it has come.", body = Shown),
        (status = 404, description = "There is no such request.", body = Problem, content_type = TYPE),
        NoRedis,
        AtTheDoor
    ),
    security(("token" = ["operator"]), ("ticket" = []))
)]
pub(super) async fn show(
    State(service): State<Service>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Shown>, Problem> {
    let Path(id) = id.map_err(|_| Problem::no_such_request())?;
    let id = id.parse()?;
    caller.may_see(&service, id).await?;
    let search = service.store.search(id).await?;
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
        record => {
            let unreadable = match record {
                domain::Record::Damaged(field) => Some(format!("its record is damaged: {field}")),
                domain::Record::Newer(state) => Some(format!("a newer version has put it into the state \"{state}\"")),
                domain::Record::Whole(_) | domain::Record::Foreign | domain::Record::Listed(_) => None,
            };
            Shown::Key(KeyAlone { request_id: search.id, state, expires_at: deadline.flatten(), unreadable })
        }
    }
}
