//! What is posted, in the form that Standard Webhooks asks for.

use chrono::{DateTime, SecondsFormat};
use serde::Serialize;

use crate::domain::{Event, StreamId};
use crate::rider::Told;

#[derive(Serialize)]
struct Message {
    #[serde(rename = "type")]
    kind: String,
    timestamp: String,
    data: Told,
}

/// The body for this event; none where it is no end of a request.
pub(super) fn body(event: &Event) -> Option<String> {
    let data = Told::of_event(event)?;
    // When it happened, not when it is posted.
    let timestamp = DateTime::from_timestamp_millis(data.ended_at.0)?.to_rfc3339_opts(SecondsFormat::Millis, true);
    serde_json::to_string(&Message { kind: format!("request.{}", data.state), timestamp, data }).ok()
}

/// The message's id: the same at every try, so that the receiver can tell by it what it has already.
pub(super) fn id(event: StreamId) -> String {
    format!("msg_{event}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{EventKind, Point, RequestId, UnixMs};

    fn found() -> Event {
        Event {
            id: StreamId { at: UnixMs(1_700_000_000_123), seq: 4 },
            kind: EventKind::Found,
            request_id: RequestId::new(7).ok(),
            user_id: Some("requestor_7".to_owned()),
            driver_id: "d1".parse().ok(),
            actor: None,
            place: Point::new(-33.5, -70.25).ok(),
            from: None,
            driver_place: None,
            distance_m: Some(195.5),
            attempts: Some(2),
            opened_at: None,
            waited_ms: Some(900),
            by_ms: None,
            expires_at: None,
            radius_m: None,
            from_radius_m: None,
            stale: None,
            reason: None,
            deed: None,
        }
    }

    #[test]
    fn an_end_is_told_with_its_type_and_time() {
        assert_eq!(
            body(&found()).unwrap(),
            concat!(
                r#"{"type":"request.found","timestamp":"2023-11-14T22:13:20.123Z","data":{"event_id":"1700000000123-4","#,
                r#""request_id":7,"user_id":"requestor_7","state":"found","message":"Driver d1 found","driver_id":"d1","#,
                r#""distance_m":195.5,"lat":-33.5,"lng":-70.25,"ended_at":1700000000123}}"#
            )
        );
        assert_eq!(id(found().id), "msg_1700000000123-4");
    }

    #[test]
    fn what_is_no_end_is_not_posted() {
        assert_eq!(body(&Event { kind: EventKind::Opened, ..found() }), None);
    }
}
