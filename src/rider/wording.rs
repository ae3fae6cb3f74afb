//! The log lines of the article's service.

use super::Told;
use crate::domain::State;

/// What the article's service logs of an end. A request without a rider is that service's own, which tells its riders
/// itself. A cancel is noted, but not sent to the one who asked for it.
pub(super) fn log_lines(told: Told) -> Vec<String> {
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
    use crate::domain::{Event, EventKind, RequestId, StreamId};

    fn event(kind: EventKind) -> Event {
        Event {
            id: StreamId::default(),
            kind,
            request_id: RequestId::new(3).ok(),
            user_id: Some("requestor_3".to_owned()),
            driver_id: "1".parse().ok(),
            actor: None,
            place: None,
            from: None,
            distance_m: None,
            attempts: None,
            waited_ms: None,
            reason: None,
        }
    }

    fn lines(event: &Event) -> Vec<String> {
        Told::of_event(event).map(log_lines).unwrap_or_default()
    }

    #[test]
    fn the_words_are_the_articles() {
        assert_eq!(lines(&event(EventKind::Found)), ["Message to user: requestor_3", "Driver 1 found"]);
        let sorry = ["Message to user: requestor_3", "Sorry, we did not find any driver."];
        assert_eq!(lines(&event(EventKind::Expired)), sorry);
        assert_eq!(lines(&event(EventKind::Cancelled)), ["Request 3 has been canceled."]);
    }

    #[test]
    fn what_is_no_end_is_not_told() {
        assert_eq!(Told::of_event(&event(EventKind::Attempted)), None);
        assert_eq!(Told::of_event(&Event { driver_id: None, ..event(EventKind::Found) }), None);
        assert!(lines(&Event { user_id: None, ..event(EventKind::Expired) }).is_empty());
    }
}
