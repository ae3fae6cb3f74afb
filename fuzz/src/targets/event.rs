//! An entry of the stream of events.

use cabstand::console::wording;
use cabstand::domain::{Actor, Event, StreamId};
use cabstand::rider::Told;
use cabstand::store::fuzzing;

use super::{fields, first_line};
use crate::safe::assert_safe;

/// Reads an entry: its id in the first line, then lines of `name=value`.
///
/// # Panics
/// Where a law is broken.
pub fn hold(bytes: &[u8]) {
    let (id, lines) = first_line(bytes);
    let id = String::from_utf8_lossy(id);
    let fields = fields(lines);
    let value = |name: &[u8]| fields.chunks(2).rfind(|pair| pair[0] == name).map(|pair| pair[1].clone());
    let written = value(b"driver_id").filter(|bytes| !bytes.is_empty());
    let Some(event) = fuzzing::event(&id, fields.clone()) else { return };
    assert_eq!(event.id.to_string().parse::<StreamId>(), Ok(event.id));
    assert_eq!(event.driver_id.as_ref().map(|driver| driver.as_bytes().to_vec()), written, "an id keeps its bytes");
    let metres = [event.distance_m, event.radius_m, event.from_radius_m];
    assert!(metres.into_iter().flatten().all(|metres| metres.is_finite() && metres >= 0.0));
    hold_shown(&event);
}

/// What is shown of an event is safe, wherever that is.
///
/// # Panics
/// Where it is not.
pub fn hold_shown(event: &Event) {
    let texts = [event.user_id.as_deref(), event.actor.as_ref().map(Actor::as_str), event.reason.as_deref()];
    texts.into_iter().flatten().for_each(assert_safe);
    assert_safe(event.kind.as_str());
    assert_safe(&wording::event(event));
    assert_safe(&wording::event_of_request(event));
    let zone = chrono::Offset::fix(&chrono::Utc);
    assert_safe(&wording::time_of_day(event.id.at, zone));
    let json = serde_json::to_string(event).expect("an event is written as JSON");
    serde_json::from_str::<serde_json::Value>(&json).expect("what is written is JSON");
    if let Some(told) = Told::of_event(event) {
        assert_safe(&told.message);
        serde_json::to_string(&told).expect("what a rider is told is written as JSON");
    }
}
