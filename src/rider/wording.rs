//! The words in which a rider is told how the request ended. They are the article's.

use crate::domain::{Event, EventKind};

/// What the rider is told; none where the event is no end of a request, or says too little.
#[must_use]
pub fn message(event: &Event) -> Option<String> {
    match event.kind {
        EventKind::Found => event.driver_id.as_ref().map(|driver| format!("Driver {driver} found")),
        EventKind::Expired => Some("Sorry, we did not find any driver.".to_owned()),
        EventKind::Cancelled => event.request_id.map(|id| format!("Request {id} has been canceled.")),
        _ => None,
    }
}

/// The same as the article's service logs it. A request without a rider is that service's own, which tells its riders
/// itself. A cancel is noted, but not sent to the one who asked for it.
#[must_use]
pub fn log_lines(event: &Event) -> Vec<String> {
    let (Some(user), Some(text)) = (&event.user_id, message(event)) else { return Vec::new() };
    if event.kind == EventKind::Cancelled { vec![text] } else { vec![format!("Message to user: {user}"), text] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{RequestId, StreamId};

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

    #[test]
    fn the_words_are_the_articles() {
        assert_eq!(log_lines(&event(EventKind::Found)), ["Message to user: requestor_3", "Driver 1 found"]);
        let sorry = ["Message to user: requestor_3", "Sorry, we did not find any driver."];
        assert_eq!(log_lines(&event(EventKind::Expired)), sorry);
        assert_eq!(log_lines(&event(EventKind::Cancelled)), ["Request 3 has been canceled."]);
    }

    #[test]
    fn what_is_no_end_is_not_told() {
        assert_eq!(message(&event(EventKind::Attempted)), None);
        assert_eq!(message(&Event { driver_id: None, ..event(EventKind::Found) }), None);
        assert!(log_lines(&Event { user_id: None, ..event(EventKind::Expired) }).is_empty());
    }
}
