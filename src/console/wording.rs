//! How things are said on the screen: numbers, spans, events.

use std::time::Duration;

use chrono::{DateTime, FixedOffset};

use crate::domain::{Event, EventKind, Point, UnixMs, format_distance, format_more, format_wait};

/// The eight winds, from north over east.
const WINDS: [&str; 8] = ["N", "NE", "E", "SE", "S", "SW", "W", "NW"];

/// A count with its thousands apart: `1 204`.
#[must_use]
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// How many there are in a cell of the map: `0.4`, `7`, `1 200`.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of drivers, saturates")]
pub fn density(n: f64) -> String {
    let text = format!("{n:.1}");
    if n >= 10.0 { count(n.round() as u64) } else { text.trim_end_matches(".0").to_owned() }
}

/// How many of something there are, in words: `1 attempt`, `3 attempts`.
#[must_use]
pub fn many(n: u64, one: &str) -> String {
    format!("{} {one}{}", count(n), if n == 1 { "" } else { "s" })
}

/// Names in a row, the first so many of them: `41, 42, 43 and 7 more`.
#[must_use]
pub fn list(names: impl ExactSizeIterator<Item = impl ToString>, most: usize) -> String {
    let count = names.len();
    let shown: Vec<String> = names.take(most).map(|name| name.to_string()).collect();
    let rest = count - shown.len();
    match (shown.split_last(), rest) {
        (Some((last, before)), 0) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        (_, 0) => shown.join(", "),
        (_, rest) => format!("{} and {rest} more", shown.join(", ")),
    }
}

/// `14:03:22` in the operator's zone.
#[must_use]
pub fn time_of_day(at: UnixMs, zone: FixedOffset) -> String {
    let time = DateTime::from_timestamp_millis(at.0).unwrap_or_default();
    time.with_timezone(&zone).format("%H:%M:%S").to_string()
}

/// Why an attempt was in vain. The script tells the radius in metres; here distances have the unit that they have elsewhere.
fn what_an_attempt_found(event: &Event) -> String {
    let reason = event.reason.as_deref().unwrap_or("no driver");
    match event.radius_m {
        Some(metres) => reason.replace(&format!("{metres:.0} m"), &format_distance(metres)),
        None => reason.to_owned(),
    }
}

/// An event in the life of a request whose number is known: the sentence without it.
#[must_use]
pub fn event_of_request(told: &Event) -> String {
    let sentence = event(told);
    let id = told.request_id.map(|id| format!("request {id}: ")).unwrap_or_default();
    sentence.strip_prefix(&id).map_or(sentence.clone(), str::to_owned)
}

/// How far it is from one place to another, and in which direction: `1.2 km, bearing 045 (NE)`.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 8")]
pub fn way(from: Point, to: Point) -> String {
    let bearing = from.bearing(to).round() % 360.0;
    let wind = WINDS.get((bearing / 45.0).round() as usize % WINDS.len()).copied().unwrap_or_default();
    format!("{}, bearing {bearing:03} ({wind})", format_distance(from.distance_m(to)))
}

/// `12 s ago`, `just now`.
#[must_use]
pub fn since(span: Duration) -> String {
    if span.as_secs() == 0 { "just now".to_owned() } else { format!("{} ago", ago(span)) }
}

/// How long ago something was, in one unit: `now`, `12 s`, `4 min`, `3 h`, `5 d`.
#[must_use]
pub fn ago(span: Duration) -> String {
    match span.as_secs() {
        0 => "now".to_owned(),
        s if s < 120 => format!("{s} s"),
        s if s < 2 * 3_600 => format!("{} min", s / 60),
        s if s < 2 * 86_400 => format!("{} h", s / 3_600),
        s => format!("{} d", s / 86_400),
    }
}

/// An event in a sentence: who did what to whom.
#[must_use]
pub fn event(event: &Event) -> String {
    let id = event.request_id.map(|id| format!("request {id}")).unwrap_or_default();
    let driver = event.driver_id.as_ref().map(|id| format!("driver {id}")).unwrap_or_default();
    let at = event.place.map(|place| format!(" at {place}")).unwrap_or_default();
    let by = event.actor.as_ref().map(|actor| format!(" by {actor}")).unwrap_or_default();
    let why = event.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let after =
        event.waited_ms.map(|ms| format!(" after {}", format_wait(Duration::from_millis(ms)))).unwrap_or_default();
    let tries = event.attempts.map(|n| format!(", {}", many(n, "attempt"))).unwrap_or_default();
    match &event.kind {
        EventKind::Found => {
            let away = event.distance_m.map(|metres| format!(" at {}", format_distance(metres))).unwrap_or_default();
            let how = if event.is_assigned() { format!("assigned{by}") } else { "found".to_owned() };
            format!("{id}: {driver} {how}{away}{after}{tries}")
        }
        EventKind::Expired => format!("{id}: expired{by}{after}{tries}{why}"),
        EventKind::Cancelled => format!("{id}: cancelled{by}{after}{why}"),
        EventKind::Opened => {
            let rider = event.user_id.as_ref().map(|user| format!(" for {user}")).unwrap_or_default();
            format!("{id}: opened{rider}{at}{by}")
        }
        EventKind::Attempted => {
            let which = event.attempts.map(|n| format!("attempt {n}, ")).unwrap_or_default();
            format!("{id}: {which}{}", what_an_attempt_found(event))
        }
        EventKind::Extended => {
            format!("{id}: {}{by}{why}", event.by_ms.map_or("deadline moved".to_owned(), format_more))
        }
        EventKind::Widened => format!("{id}: {}{by}", radius(event)),
        EventKind::Retried => format!("{id}: tried again{by}"),
        EventKind::Reopened => format!("{id}: cancel taken back{by}, it searches again"),
        EventKind::Placed => format!("{driver}: set on the map{at}{by}"),
        EventKind::Moved => {
            let far = event
                .from
                .zip(event.place)
                .map(|(a, b)| format!(" by {}", format_distance(a.distance_m(b))))
                .unwrap_or_default();
            format!("{driver}: moved{far} to{}{by}", at.trim_start_matches(" at").to_owned())
        }
        EventKind::Removed => format!("{driver}: taken off the map{by}"),
        EventKind::Stale => format!("{driver}: stale{why}, passed over until it reports"),
        EventKind::Forgotten => format!("{driver}: forgotten{why}, taken off the map"),
        EventKind::Skipped => {
            let reason = event.reason.as_ref().map(|reason| format!(" {reason}")).unwrap_or_default();
            format!("request ids skip{reason}")
        }
        EventKind::Other(word) => {
            let what: Vec<&str> = [id.as_str(), driver.as_str()].into_iter().filter(|text| !text.is_empty()).collect();
            format!("{}: {word}{by}{why}", what.join(", "))
        }
    }
}

/// How a radius was changed.
fn radius(event: &Event) -> String {
    match (event.from_radius_m, event.radius_m) {
        (Some(from), Some(to)) => {
            let how = if to < from { "narrowed" } else { "widened" };
            format!("radius {how} from {} to {}", format_distance(from), format_distance(to))
        }
        (_, to) => format!("radius changed{}", to.map(|to| format!(" to {}", format_distance(to))).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_no_calendar_has_is_borne() {
        let zone = FixedOffset::east_opt(14 * 3_600).unwrap();
        for at in [i64::MAX, i64::MIN, 8_210_266_876_799_999, 9_467_085_600_000_000, -8_334_601_228_800_000] {
            assert_eq!(time_of_day(UnixMs(at), zone).len(), 8, "{at}");
        }
    }
    use crate::console::fixtures;
    use crate::domain::Event;

    #[test]
    fn an_operators_hand_on_a_request_is_told_in_a_sentence() {
        let of = |kind| Event {
            distance_m: None,
            attempts: None,
            waited_ms: None,
            ..fixtures::event(0, kind, Some(7), None)
        };
        let told = [
            Event { by_ms: Some(60_000), ..of(EventKind::Extended) },
            Event { by_ms: Some(-30_000), reason: Some("external request".to_owned()), ..of(EventKind::Extended) },
            Event { from_radius_m: Some(5_000.0), radius_m: Some(8_000.0), ..of(EventKind::Widened) },
            Event { from_radius_m: Some(8_000.0), radius_m: Some(5_000.0), ..of(EventKind::Widened) },
            of(EventKind::Retried),
            of(EventKind::Reopened),
            Event {
                reason: Some("assigned by hand".to_owned()),
                ..fixtures::event(0, EventKind::Found, Some(7), Some("17"))
            },
        ];
        assert_eq!(
            told.each_ref().map(event),
            [
                "request 7: 60 s more by ana@desk",
                "request 7: 30 s less by ana@desk (external request)",
                "request 7: radius widened from 5 km to 8 km by ana@desk",
                "request 7: radius narrowed from 8 km to 5 km by ana@desk",
                "request 7: tried again by ana@desk",
                "request 7: cancel taken back by ana@desk, it searches again",
                "request 7: driver 17 assigned by ana@desk at 812 m after 12 s, 1 attempt",
            ]
        );
    }

    #[test]
    fn the_radius_of_an_attempt_is_told_as_everywhere_else() {
        let attempt = Event {
            reason: Some("only 3 stale drivers within 1500 m".to_owned()),
            radius_m: Some(1_500.0),
            ..fixtures::event(0, EventKind::Attempted, Some(7), None)
        };
        assert_eq!(event(&attempt), "request 7: attempt 1, only 3 stale drivers within 1.5 km");
    }

    #[test]
    fn names_stand_in_a_row() {
        assert_eq!(list([1].iter(), 3), "1");
        assert_eq!(list([1, 2, 3].iter(), 3), "1, 2 and 3");
        assert_eq!(list([1, 2, 3, 4, 5].iter(), 3), "1, 2, 3 and 2 more");
    }

    #[test]
    fn a_way_is_a_distance_and_a_direction() {
        let from = Point::clamped(-33.44, -70.63);
        for (bearing, told) in [(0.0, "000 (N)"), (45.0, "045 (NE)"), (202.0, "202 (S)"), (359.8, "000 (N)")] {
            assert_eq!(way(from, from.destination(bearing, 1_234.0)), format!("1.2 km, bearing {told}"));
        }
    }

    #[test]
    fn a_time_ago_has_one_unit() {
        let texts = [0, 1, 119, 120, 7_199, 7_200, 172_799, 172_800].map(|s| ago(Duration::from_secs(s)));
        assert_eq!([since(Duration::ZERO), since(Duration::from_secs(4))], ["just now", "4 s ago"]);
        assert_eq!(texts, ["now", "1 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 d"]);
    }

    #[test]
    fn thousands_are_apart() {
        assert_eq!([0, 999, 1_204, 1_000_000].map(count), ["0", "999", "1 204", "1 000 000"]);
    }
}
