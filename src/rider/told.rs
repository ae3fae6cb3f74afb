//! What a rider is told of the end of a request, in the words of the article. One value for every way of telling: an event
//! stream, a WebSocket, a webhook, the log.

use serde::Serialize;

use crate::domain::{DriverId, Event, Point, Request, RequestId, State, StreamId, UnixMs};

/// The end of a request, as its rider is told of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Told {
    /// The event that it is told of: the same however often and by whatever way it is told.
    pub event_id: StreamId,
    /// Whose end.
    pub request_id: RequestId,
    /// Who waited; none where the request has no record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// How it ended.
    pub state: State,
    /// The same in words.
    pub message: String,
    /// Whom it found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver_id: Option<DriverId>,
    /// How far away that driver was, in metres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance_m: Option<f64>,
    /// The pickup point, in degrees.
    #[serde(flatten)]
    pub pickup: Option<Point>,
    /// When it was opened, by Redis' clock; none where that is not known. By this two requests of one number can be told apart.
    #[serde(skip)]
    pub opened_at: Option<UnixMs>,
    /// When it ended.
    pub ended_at: UnixMs,
}

impl Told {
    /// What is told of this event; none where it is no end of a request, or says too little.
    #[must_use]
    pub fn of_event(event: &Event) -> Option<Self> {
        let (state, request_id) = (event.kind.end()?, event.request_id?);
        Some(Self {
            event_id: event.id,
            request_id,
            user_id: event.user_id.clone(),
            state,
            message: message(state, request_id, event.driver_id.as_ref())?,
            driver_id: event.driver_id.clone(),
            distance_m: event.distance_m,
            pickup: event.place,
            opened_at: event.opened_at,
            ended_at: event.id.at,
        })
    }

    /// The same, read from the request's record; none where it has not ended.
    #[must_use]
    pub fn of_request(request: &Request) -> Option<Self> {
        let ended_at = request.ended_at?;
        let event_id = request.end_event.unwrap_or(StreamId { at: ended_at, seq: 0 });
        Some(Self {
            event_id,
            request_id: request.id,
            user_id: Some(request.user_id.as_str().to_owned()),
            state: request.state,
            message: message(request.state, request.id, request.driver_id.as_ref())?,
            driver_id: request.driver_id.clone(),
            distance_m: request.distance_m,
            pickup: Some(request.pickup),
            opened_at: Some(request.created_at),
            // The event can be a millisecond later than the record. What is told is the same by either way.
            ended_at: event_id.at,
        })
    }
}

/// The words; none where the request has not ended, or a found one names no driver.
fn message(state: State, request: RequestId, driver: Option<&DriverId>) -> Option<String> {
    match state {
        State::Searching => None,
        State::Found => driver.map(|driver| format!("Driver {driver} found")),
        State::Expired => Some("Sorry, we did not find any driver.".to_owned()),
        State::Cancelled => Some(format!("Request {request} has been canceled.")),
    }
}
