//! What `GET /metrics` tells of requests. Each event goes to one service of the group, so the sum over all is the truth.

use metrics::{counter, histogram};

use crate::domain::{Event, EventKind};

/// Counts an event that was taken from the stream.
pub(super) fn count(event: &Event) {
    if event.kind == EventKind::Opened {
        counter!("cabstand_requests_opened_total").increment(1);
    }
    if is_attempt(event) {
        counter!("cabstand_attempts_total").increment(1);
    }
    if let Some(end) = event.kind.end() {
        counter!("cabstand_requests_ended_total", "outcome" => end.as_str()).increment(1);
    }
    if let (EventKind::Found, Some(waited)) = (&event.kind, event.waited_ms) {
        histogram!("cabstand_match_seconds").record(std::time::Duration::from_millis(waited));
    }
}

/// An attempt that finds nobody has an event of its own; one that finds a driver is a reason of the end.
fn is_attempt(event: &Event) -> bool {
    match event.kind {
        EventKind::Attempted => true,
        EventKind::Found => event.reason.as_deref() == Some("attempt"),
        _ => false,
    }
}
