//! `GET /v2/requests/{id}/events`: a stream of server-sent events.

use std::time::Duration;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};

use super::{Message, Telling, last_event_id, telling};
use crate::api::Service;
use crate::api::document::{AtTheDoor, NoRedis};
use crate::api::doors::{Caller, Seat};
use crate::api::problem::{Problem, TYPE};
use crate::rider::{Listener, News};

/// From one comment to the next on a stream that has nothing to tell, so that no proxy takes it for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// After how many milliseconds a client that was cut off comes back: each after another time, so that thousands do not come
/// back at once when a service was started anew.
const RETRY_MS: std::ops::Range<u64> = 1_000..3_000;

/// Tells how the request stands and then how it ended, and ends with that. A client that has heard the end is answered 204,
/// on which an `EventSource` does not come back.
#[utoipa::path(
    get,
    path = "/v2/requests/{id}/events",
    params(
        ("id" = u64, Path, minimum = 1, description = "The request's number."),
        ("Last-Event-ID" = Option<String>, Header, description = "The last event that was heard."),
        ("last_event_id" = Option<String>, Query, description = "The same, for who cannot set the header."),
    ),
    responses(
        (
            status = 200,
            description = "`searching` while it is, then `found`, `expired` or `cancelled`.",
            content_type = "text/event-stream",
            body = String
        ),
        (status = 204, description = "The end of this request was heard already."),
        (status = 404, description = "No such request, or it is another service's.", body = Problem, content_type = TYPE),
        NoRedis,
        AtTheDoor
    ),
    security(("token" = ["operator"]), ("ticket" = []), ("ticket_in_address" = []))
)]
pub(in crate::api) async fn events(
    State(service): State<Service>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let (telling, seat) = telling(&service, &caller, id, last_event_id(&headers, &uri)).await?;
    let (first, listener) = match telling {
        Telling::Open(first, listener) => (first, Some((listener, caller, seat))),
        Telling::Ended(end) => (Some(end), None),
        Telling::Heard => return Ok(StatusCode::NO_CONTENT.into_response()),
    };
    let messages = stream::iter(first).chain(stream::iter(listener).filter_map(end));
    let stream = Sse::new(messages.map(|message| event(&message))).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    // nginx would else hold events back until a buffer is full.
    Ok(([("x-accel-buffering", "no")], stream).into_response())
}

/// The end, once it is there; none where the request is gone, the service ends or the caller's token was taken away. Then the
/// stream ends too, and a client that comes back is told why.
async fn end((mut listener, caller, _seat): (Listener, Caller, Seat)) -> Option<Message> {
    tokio::select! {
        news = listener.news() => match news? {
            News::Ended(told) => Some(Message::ended(told)),
            News::Gone => None,
        },
        () = caller.turned_out() => None,
    }
}

fn event(message: &Message) -> Result<Event, axum::Error> {
    let retry = Duration::from_millis(rand::random_range(RETRY_MS));
    let event = Event::default().event(message.event.as_str()).retry(retry).json_data(&message.data)?;
    Ok(match message.id {
        Some(id) => event.id(id.to_string()),
        None => event,
    })
}
