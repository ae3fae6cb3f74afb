//! A rider listens for the end of its request: what is told, the same over an event stream and over a WebSocket.

pub(super) mod events;
pub(super) mod socket;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderMap, StatusCode, Uri};
use serde::Serialize;

use super::Service;
use super::document::LAST_EVENT_ID;
use super::doors::{Caller, Seat};
use super::problem::Problem;
use super::requests::{Shown, shown};
use crate::domain::{Search, Standing, State, StreamId};
use crate::rider::{Listener, Prospect, Told};

/// One thing that is told.
#[derive(Serialize)]
struct Message {
    /// `searching`, or how the request ended.
    event: State,
    /// The event that an end is told of; none while it is searching.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<StreamId>,
    data: Data,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Data {
    /// The request as it stands, as `GET /v2/requests/{id}` shows it.
    Searching(Box<Shown>),
    Ended(Box<Told>),
}

impl Message {
    /// Tells that the client is connected. Nothing is told where the key has ended and the record has not: a worker will write
    /// the end down in a moment.
    fn searching(search: Search) -> Option<Self> {
        let waits = matches!(search.standing(), Standing::Waiting(_));
        waits.then(|| Self { event: State::Searching, id: None, data: Data::Searching(Box::new(shown(search))) })
    }

    fn ended(told: Told) -> Self {
        Self { event: told.state, id: Some(told.event_id), data: Data::Ended(Box::new(told)) }
    }
}

/// What is to be told on a connection.
enum Telling {
    /// How it stands, and later its end.
    Open(Option<Message>, Listener),
    /// The end.
    Ended(Message),
    /// Nothing: the client has heard the end.
    Heard,
}

/// What is to be told of this request to a caller who may listen to it and has heard of the event `last`, and the caller's place
/// among those who listen.
async fn telling(
    service: &Service,
    caller: &Caller,
    id: Result<Path<String>, PathRejection>,
    last: Option<StreamId>,
) -> Result<(Telling, Seat), Problem> {
    let Path(id) = id.map_err(|_| Problem::no_such_request())?;
    let id = id.parse()?;
    caller.may_see(service, id).await?;
    let seat = caller.seat(service)?;
    let telling = match service.hub.listen(id).await? {
        Prospect::Open(search, listener) => Telling::Open(Message::searching(*search), listener),
        // A request that stands as ended has one end, whatever was taken back before. A later event than that is another
        // request's, and says nothing of this one.
        Prospect::Ended(told) if last == Some(told.event_id) => Telling::Heard,
        Prospect::Ended(told) => Telling::Ended(Message::ended(told)),
        Prospect::Foreign => {
            let detail = "this request was made by another service, which tells its rider itself";
            return Err(Problem::new(StatusCode::NOT_FOUND, detail));
        }
        Prospect::Unknown => return Err(Problem::no_such_request()),
    };
    Ok((telling, seat))
}

/// The last event that the client has heard of, by its header or, since a browser can set none on a WebSocket, by the query.
/// A text that is no event's id is none.
fn last_event_id(headers: &HeaderMap, uri: &Uri) -> Option<StreamId> {
    let by_header = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let pairs = uri.query().unwrap_or_default().split('&');
    let by_query = || pairs.into_iter().find_map(|pair| pair.strip_prefix("last_event_id=")?.parse().ok());
    by_header.or_else(by_query)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_event_is_read_from_header_or_query() {
        let last = |header: &'static str, uri: &'static str| {
            let headers = HeaderMap::from_iter([("last-event-id".parse().unwrap(), header.parse().unwrap())]);
            last_event_id(&headers, &Uri::from_static(uri)).map(|id| id.to_string())
        };
        assert_eq!(last("5-1", "/"), Some("5-1".to_owned()));
        assert_eq!(last("", "/?a=b&last_event_id=6-0"), Some("6-0".to_owned()));
        assert_eq!(last("5-1", "/?last_event_id=6-0"), Some("5-1".to_owned()), "the header is the newer one");
        for bad in ["", "none", "5", "-1-0", "99999999999999999999-0", "5-0-0"] {
            assert_eq!(last(bad, "/"), None, "{bad}");
        }
    }
}
