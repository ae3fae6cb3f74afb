//! The log lines of the article's service. All of them are read from the stream, and so stand in the order in which things
//! happened, whichever process did them.

use super::Told;
use crate::domain::{Event, EventKind, State};

/// What the article's service logs of an event: an attempt, and what the rider was told.
pub(super) fn log_lines(event: &Event) -> Vec<String> {
    let attempt = attempt(event);
    attempt.into_iter().chain(Told::of_event(event).map(end).unwrap_or_default()).collect()
}

/// The line of an attempt; none where no driver was looked for on schedule.
fn attempt(event: &Event) -> Option<String> {
    let by_schedule = event.kind == EventKind::Found && event.reason.as_deref() == Some("attempt");
    if event.kind != EventKind::Attempted && !by_schedule {
        return None;
    }
    let (id, place) = (event.request_id?, event.place?);
    Some(format!("Search Driver - Request {id} for Lat: {:.6} and Lng: {:.6}", place.lat(), place.lng()))
}

/// The lines of an end. A request without a rider is the article's service's own, which tells its riders itself. A cancel is
/// noted, but not sent to the one who asked for it.
fn end(told: Told) -> Vec<String> {
    let Some(user) = told.user_id else { return Vec::new() };
    if told.state == State::Cancelled {
        vec![told.message]
    } else {
        vec![format!("Message to user: {user}"), told.message]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Point, RequestId, StreamId};

    fn event(kind: EventKind) -> Event {
        Event {
            id: StreamId::default(),
            kind,
            request_id: RequestId::new(3).ok(),
            user_id: Some("requestor_3".to_owned()),
            driver_id: "1".parse().ok(),
            actor: None,
            place: Point::new(-33.442_62, -70.630_54).ok(),
            from: None,
            driver_place: None,
            distance_m: None,
            attempts: None,
            opened_at: None,
            waited_ms: None,
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
    fn the_words_are_the_articles() {
        assert_eq!(log_lines(&event(EventKind::Found)), ["Message to user: requestor_3", "Driver 1 found"]);
        let sorry = ["Message to user: requestor_3", "Sorry, we did not find any driver."];
        assert_eq!(log_lines(&event(EventKind::Expired)), sorry);
        assert_eq!(log_lines(&event(EventKind::Cancelled)), ["Request 3 has been canceled."]);
        let search = "Search Driver - Request 3 for Lat: -33.442620 and Lng: -70.630540";
        assert_eq!(log_lines(&event(EventKind::Attempted)), [search]);
    }

    #[test]
    fn an_attempt_that_found_somebody_stands_before_what_it_found() {
        let found = Event { reason: Some("attempt".to_owned()), ..event(EventKind::Found) };
        let lines = log_lines(&found);
        assert!(lines[0].starts_with("Search Driver") && lines[2] == "Driver 1 found", "{lines:?}");
    }

    #[test]
    fn what_says_too_little_is_not_told() {
        assert!(log_lines(&event(EventKind::Opened)).is_empty());
        assert!(log_lines(&Event { driver_id: None, ..event(EventKind::Found) }).is_empty());
        assert!(log_lines(&Event { user_id: None, ..event(EventKind::Expired) }).is_empty());
    }
}
