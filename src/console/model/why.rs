//! Why not found? What keeps a waiting search from its driver, as far as the screen knows, and the key that would help.

use std::collections::VecDeque;
use std::time::Duration;

use super::Row;
use crate::console::action::Action;
use crate::console::wording::{many, since};
use crate::domain::{
    Around, DriverId, Event, EventKind, Metres, Near, Record, Request, RequestId, UnixMs, format_distance, format_span,
};

/// So many drivers who were taken by others are named.
const TAKEN_NAMED: usize = 3;
/// Less time left than this, and more of it is offered.
const SHORT: Duration = Duration::from_mins(1);
/// A radius is not widened further than this, in metres.
const WIDEST: f64 = 100_000.0;
/// The search around a place counts no further.
const MOST_COUNTED: u64 = 100;

/// One reason, and what would help.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// In words.
    pub text: String,
    /// The actions that would help, each with what it would do.
    pub help: Vec<(Action, String)>,
}

/// What is known of the world around a waiting search.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The drivers around it, once they have been read.
    pub around: Option<&'a Around>,
    /// How many workers are alive; none where that is not known.
    pub workers: Option<usize>,
    /// What happened lately, oldest first.
    pub events: &'a VecDeque<Event>,
    /// Redis' clock.
    pub now: UnixMs,
}

/// The reasons, the weightiest first.
#[must_use]
pub fn why_not_found(row: &Row, world: Surroundings) -> Vec<Reason> {
    if let Some(reason) = not_attempted(row) {
        return vec![reason];
    }
    let mut reasons = Vec::new();
    if world.workers == Some(0) {
        reasons.push(plain("no worker is running: start `cabstand serve`"));
    }
    match &row.search.record {
        Record::Listed(_) => {
            reasons.push(plain("reading its record ..."));
            return reasons;
        }
        Record::Foreign | Record::Damaged(_) | Record::Newer(_) => {}
        Record::Whole(request) => {
            let Some(around) = world.around else {
                reasons.push(plain("looking around ..."));
                return reasons;
            };
            reasons.push(within(around, request.radius_m, request.next_attempt_at().since(world.now)));
            reasons.extend(outside(around, request.radius_m));
            reasons.extend(taken(request, world).map(plain));
        }
    }
    if let Some(left) = row.deadline().map(|deadline| deadline.since(world.now)).filter(|left| *left < SHORT) {
        let help = vec![(Action::ExtendTime, "extend".to_owned())];
        reasons.push(Reason { text: format!("{} left", format_span(left)), help });
    }
    reasons
}

/// Why no worker of this version attempts it, however many there are; `None` if one does.
fn not_attempted(row: &Row) -> Option<Reason> {
    match &row.search.record {
        Record::Foreign => {
            let all = [(Action::Cancel, "cancel"), (Action::Expire, "expire"), (Action::ExtendTime, "extend")];
            let help = all.into_iter().filter(|(action, _)| row.accepts(*action));
            Some(Reason {
                text: "external: the service that made it looks for its driver".to_owned(),
                help: help.map(|(action, what)| (action, what.to_owned())).collect(),
            })
        }
        Record::Damaged(field) => {
            let what = format!("its record is damaged ({field}): it is not attempted, and ends with its key");
            Some(plain(format!("{what}; `cabstand doctor` tells more")))
        }
        Record::Newer(state) => {
            Some(plain(format!("put into the state \"{state}\" by a newer cabstand: it is left to that version")))
        }
        Record::Whole(_) | Record::Listed(_) => None,
    }
}

/// The radius that takes in a driver so far away, rounded up; twice the radius if none is known. In metres, and never smaller
/// than it was.
#[must_use]
pub fn wider(radius_m: f64, nearest_outside_m: Option<f64>) -> Metres {
    let Some(wanted) = nearest_outside_m.filter(|metres| *metres > radius_m) else {
        return Metres((radius_m * 2.0).min(WIDEST).max(radius_m));
    };
    let step = if radius_m < 2_000.0 { 100.0 } else { 500.0 };
    // Whoever is so near to the edge may drive on before the attempt: a little more than needed.
    Metres(((wanted * 1.02 / step).ceil() * step).min(WIDEST).max(radius_m))
}

/// The nearest driver beyond this radius who could be had.
#[must_use]
pub fn nearest_outside(around: &Around, radius_m: f64) -> Option<&Near> {
    around.nearest.iter().find(|near| !near.stale && near.candidate.distance_m > radius_m)
}

fn plain(text: impl Into<String>) -> Reason {
    Reason { text: text.into(), help: Vec::new() }
}

fn within(around: &Around, radius_m: f64, next_in: Duration) -> Reason {
    let radius = format_distance(radius_m);
    let stale = match around.stale {
        0 => String::new(),
        n => format!(", {} stale", counted(n)),
    };
    if around.free == 0 {
        let help = if around.stale > 0 { vec![(Action::Assign, "assign one".to_owned())] } else { Vec::new() };
        return Reason { text: format!("no free driver within {radius}{stale}"), help };
    }
    Reason {
        text: format!("{} free within {radius}{stale}, next attempt in {}", counted(around.free), format_span(next_in)),
        help: vec![(Action::Retry, "retry now".to_owned()), (Action::Assign, "assign".to_owned())],
    }
}

fn counted(n: u64) -> String {
    if n >= MOST_COUNTED { format!("{MOST_COUNTED} or more") } else { n.to_string() }
}

/// Who is beyond the radius; nothing where so many are within it that nobody else was looked for.
fn outside(around: &Around, radius_m: f64) -> Option<Reason> {
    let Some(near) = nearest_outside(around, radius_m) else {
        let silent = around.nearest.iter().find(|near| near.candidate.distance_m > radius_m);
        return match (silent, around.nearest.is_empty()) {
            (Some(near), _) => {
                let (id, metres) = (&near.candidate.driver.id, near.candidate.distance_m);
                Some(plain(format!("outside are only stale ones, the nearest {id} at {}", format_distance(metres))))
            }
            (None, true) => Some(plain("nobody within 100 km")),
            (None, false) => None,
        };
    };
    let (id, metres) = (&near.candidate.driver.id, near.candidate.distance_m);
    let radius = wider(radius_m, Some(metres));
    Some(Reason {
        text: format!(
            "nearest outside: {id} at {}, {} too far",
            format_distance(metres),
            format_distance(metres - radius_m)
        ),
        help: vec![(Action::Widen, format!("widen to {radius}")), (Action::Assign, "assign".to_owned())],
    })
}

/// Drivers who stood within its radius and were given to others since it waits, the latest first.
fn taken(request: &Request, world: Surroundings) -> Option<String> {
    let Request { id, created_at, pickup, radius_m, .. } = *request;
    let lately = world.events.iter().rev().take_while(|event| event.id.at >= created_at);
    let near = lately.filter(|event| event.driver_place.is_some_and(|place| place.distance_m(pickup) <= radius_m));
    let taken: Vec<(&DriverId, RequestId, UnixMs)> = near
        .filter(|event| event.kind == EventKind::Found)
        .filter_map(|event| Some((event.driver_id.as_ref()?, event.request_id?, event.id.at)))
        .filter(|(_, other, _)| *other != id)
        .collect();
    let named: Vec<String> = taken
        .iter()
        .take(TAKEN_NAMED)
        .map(|(driver, other, at)| format!("{driver} by {other} {}", since(world.now.since(*at))))
        .collect();
    if named.is_empty() {
        return None;
    }
    let rest = taken.len() - named.len();
    let more = if rest > 0 { format!(" and {} more", many(rest as u64, "driver")) } else { String::new() };
    Some(format!("taken by others since: {}{more}", named.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::fixtures::{START, driver, event, foreign, waiting};
    use crate::domain::{Candidate, Search};

    fn near(name: &str, distance_m: f64, stale: bool) -> Near {
        let candidate = Candidate { driver: driver(name, -33.4, -70.6), distance_m, geohash: 0 };
        Near { candidate, seen: None, stale }
    }

    fn texts(row: &Row, around: Option<&Around>, workers: usize, events: Vec<Event>) -> Vec<String> {
        let world = Surroundings { around, workers: Some(workers), events: &events.into(), now: START };
        why_not_found(row, world).into_iter().map(|reason| reason.text).collect()
    }

    fn row() -> Row {
        Row::of(waiting(1, 48, 192))
    }

    #[test]
    fn nobody_near_names_the_nearest_outside_and_the_key() {
        let around = Around { free: 0, stale: 0, nearest: vec![near("17", 6_200.0, false)] };
        let world = Surroundings { around: Some(&around), workers: Some(1), events: &VecDeque::new(), now: START };
        let reasons = why_not_found(&row(), world);
        assert_eq!(reasons[0].text, "no free driver within 5 km");
        assert_eq!(reasons[1].text, "nearest outside: 17 at 6.2 km, 1.2 km too far");
        let widen = (Action::Widen, "widen to 6.5 km".to_owned());
        assert_eq!(reasons[1].help, [widen, (Action::Assign, "assign".to_owned())]);
    }

    #[test]
    fn stale_ones_are_passed_over_and_counted() {
        let around = Around { free: 0, stale: 3, nearest: vec![near("a", 900.0, true), near("b", 5_100.0, true)] };
        let texts = texts(&row(), Some(&around), 1, Vec::new());
        assert_eq!(
            texts,
            ["no free driver within 5 km, 3 stale", "outside are only stale ones, the nearest b at 5.1 km"]
        );
    }

    #[test]
    fn of_those_outside_nothing_is_said_where_they_were_not_looked_for() {
        let around = Around { free: 1, stale: 0, nearest: vec![near("17", 900.0, false)] };
        assert_eq!(texts(&row(), Some(&around), 1, Vec::new()).len(), 1);
        let nobody = texts(&row(), Some(&Around::default()), 1, Vec::new());
        assert_eq!(nobody, ["no free driver within 5 km", "nobody within 100 km"]);
    }

    #[test]
    fn without_workers_nobody_attempts() {
        assert!(texts(&row(), None, 0, Vec::new())[0].contains("cabstand serve"));
        assert_eq!(texts(&row(), None, 1, Vec::new()), ["looking around ..."]);
    }

    #[test]
    fn of_what_no_worker_attempts_one_thing_is_said() {
        for (record, text) in [
            (Record::Foreign, "external: the service that made it looks for its driver"),
            (Record::Damaged("lat".to_owned()), "its record is damaged (lat): it is not attempted"),
            (Record::Newer("paused".to_owned()), "put into the state \"paused\" by a newer cabstand"),
        ] {
            let texts = texts(&Row::of(Search { record, ..foreign(9, 100) }), None, 0, Vec::new());
            assert!(texts.len() == 1 && texts[0].starts_with(text), "{texts:?}");
        }
    }

    #[test]
    fn who_was_taken_within_its_radius_since_is_named() {
        let found = |seconds, request, name: &str, at| {
            let mut event = event(seconds, EventKind::Found, Some(request), Some(name));
            event.driver_place = Some(at);
            event
        };
        let pickup = waiting(1, 48, 192).request().unwrap().pickup;
        let (near, far) = (pickup.destination(90.0, 4_000.0), pickup.destination(90.0, 6_000.0));
        let events = vec![found(0, 3, "17", near), found(0, 5, "18", far), found(0, 1, "19", near)];
        let around = Around::default();
        let texts = texts(&row(), Some(&around), 1, events);
        assert!(texts.contains(&"taken by others since: 17 by 3 just now".to_owned()), "{texts:?}");
    }

    #[test]
    fn a_radius_grows_to_the_nearest_outside_and_doubles_where_nobody_is() {
        assert_eq!(wider(5_000.0, Some(6_200.0)), Metres(6_500.0));
        assert_eq!(wider(5_000.0, None), Metres(10_000.0));
        assert_eq!(wider(1_500.0, Some(1_510.0)), Metres(1_600.0));
        assert_eq!(wider(90_000.0, None), Metres(WIDEST));
        assert_eq!(wider(150_000.0, None), Metres(150_000.0), "it never shrinks");
        assert_eq!(wider(5_000.0, Some(4_000.0)), Metres(10_000.0), "one who is inside does not say how far to look");
    }
}
