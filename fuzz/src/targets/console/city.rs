//! What can be read from Redis: requests, drivers and events of a small city, well-formed or foreign.

use std::time::Duration;

use cabstand::domain::geohash::Cell;
use cabstand::domain::{
    Around, Block, Candidate, Driver, DriverId, Event, FleetView, Listed, Near, Point, Record, RequestId, Search,
    Sighting, UnixMs,
};
use cabstand::store::fuzzing;

use super::script::Script;

/// Redis' clock when the console starts: 2024-05-01 14:03:00 UTC.
pub(super) const START: UnixMs = UnixMs(1_714_572_180_000);
/// So many requests and drivers there are at the most: few enough that they meet again and again.
pub(super) const REQUESTS: u64 = 24;
const NAMES: [&[u8]; 12] = [
    b"1",
    b"2",
    b"17",
    b"007",
    b"+7",
    b"kilo",
    b"\xc3\x81ngel 8",
    b"\xff\x1b[2J",
    b"",
    "出租车".as_bytes(),
    b"a very long name of a driver that goes on and on, longer than any column is wide, and then on again",
    b"e\xcc\x81\xcc\x81\xcc\x81",
];
const KINDS: [&str; 16] = [
    "found",
    "expired",
    "cancelled",
    "opened",
    "attempted",
    "extended",
    "widened",
    "retried",
    "reopened",
    "placed",
    "moved",
    "removed",
    "stale",
    "forgotten",
    "teleported",
    "\u{202e}odd",
];

/// The stream's last number: its ids only grow.
#[derive(Default)]
pub(super) struct City {
    last_event: i64,
}

pub(super) fn id(script: &mut Script<'_>) -> RequestId {
    let number = u64::from(script.byte());
    // The last of them has the largest number that there is.
    let number = if number % (REQUESTS + 1) == REQUESTS { i64::MAX.cast_unsigned() } else { number % REQUESTS + 1 };
    RequestId::new(number).unwrap_or(RequestId::FIRST)
}

pub(super) fn driver(script: &mut Script<'_>) -> DriverId {
    DriverId::from_redis(NAMES[usize::from(script.byte()) % NAMES.len()])
}

/// A place in the city, or now and then at an end of the earth.
pub(super) fn place(script: &mut Script<'_>) -> Point {
    let (north, east) = (script.byte(), script.byte());
    match (north, east) {
        (255, east) => Point::clamped(90.0, f64::from(east) * 1.5 - 180.0),
        (254, east) => Point::clamped(f64::from(east) - 85.0, 180.0),
        (253, east) => Point::clamped(-90.0, -f64::from(east)),
        (north, east) => Point::clamped(-33.3 - f64::from(north) / 1_000.0, -70.4 - f64::from(east) / 500.0),
    }
}

/// A request as it could be read at that moment.
pub(super) fn search(script: &mut Script<'_>, now: UnixMs) -> Search {
    let (id, kind) = (id(script), script.byte() % 12);
    let (ago, left) = (i64::from(script.byte()), i64::from(script.byte()));
    let place = place(script);
    let created = now.0 - ago * 1_000;
    let mut fields = vec![
        ("user_id", if kind == 7 { "\u{202e}ana\u{1b}[m".to_owned() } else { format!("requestor_{id}") }),
        ("lat", place.lat().to_string()),
        ("lng", place.lng().to_string()),
        ("radius_m", (1 + left * 100).to_string()),
        ("created_at", created.to_string()),
        ("expires_at", (now.0 + left * 1_000).to_string()),
        ("interval_ms", "30000".to_owned()),
        ("attempts", (ago / 30).to_string()),
        ("last_attempt_at", (now.0 - ago * 500).to_string()),
    ];
    let (word, pttl, state) = match kind {
        0 | 1 => ("active", left * 1_000, "searching"),
        2 => ("active", -1, "searching"),
        3 => ("gone", -2, "found"),
        4 => ("cancelled", 60_000, "cancelled"),
        5 => ("gone", -2, "expired"),
        6 | 7 => ("active", i64::MAX, "searching"),
        8 => ("other", left, "searching"),
        9 => ("gone", -2, "searching"),
        10 => ("active", left * 1_000, "what?"),
        _ => ("active", left * 1_000, ""),
    };
    if kind == 6 {
        fields.extend([("created_at", i64::MIN.to_string()), ("expires_at", i64::MAX.to_string())]);
        fields.extend([("attempts", "999999999999999".to_owned()), ("interval_ms", "1000000000000".to_owned())]);
        fields.push(("radius_m", if left % 2 > 0 { "2e7" } else { "1e-300" }.to_owned()));
    }
    if state == "found" || kind == 6 {
        let driver = driver(script);
        fields.push(("distance_m", if ago % 2 > 0 { "NaN".to_owned() } else { (ago * 10).to_string() }));
        fields.push(("driver_id", String::from_utf8_lossy(driver.as_bytes()).into_owned()));
    }
    if ["found", "cancelled", "expired"].contains(&state) {
        fields.push(("ended_at", if left == 255 { i64::MIN } else { now.0 - ago * 500 }.to_string()));
        fields.push(("ended_by", "ana@desk".to_owned()));
    }
    fields.push(("state", state.to_owned()));
    let fields = if state.is_empty() { Vec::new() } else { flat(fields) };
    let mut search = fuzzing::search(id, word, pttl, fields, now);
    if kind == 1 && left % 2 > 0 {
        let (radius_m, created_at) = (1.0 + f64::from(u8::try_from(left).unwrap_or(0)), UnixMs(created));
        search.record = Record::Listed(Listed { pickup: place, radius_m, created_at });
    }
    search
}

pub(super) fn candidate(script: &mut Script<'_>) -> Candidate {
    let driver = Driver { id: driver(script), place: place(script) };
    Candidate { driver, distance_m: f64::from(script.byte()) * 40.0, geohash: 0 }
}

pub(super) fn around(script: &mut Script<'_>, now: UnixMs) -> Around {
    let (free, stale) = (u64::from(script.byte() % 101), u64::from(script.byte() % 101));
    let mut nearest: Vec<Near> = Vec::new();
    for _ in 0..script.byte() % 6 {
        let candidate = candidate(script);
        nearest.push(Near { candidate, seen: seen(script, now), stale: !script.byte().is_multiple_of(2) });
    }
    Around { free, stale, nearest }
}

fn seen(script: &mut Script<'_>, now: UnixMs) -> Option<UnixMs> {
    match script.byte() {
        0 => None,
        255 => Some(UnixMs(i64::MIN)),
        254 => Some(now + Duration::from_mins(1)),
        seconds => Some(now - Duration::from_secs(u64::from(seconds))),
    }
}

/// The drivers in sight: each once, in the order of their ids.
pub(super) fn fleet(script: &mut Script<'_>, now: UnixMs) -> FleetView {
    let mut drivers: Vec<Sighting> = Vec::new();
    for _ in 0..script.byte() % 16 {
        let (id, place) = (driver(script), place(script));
        drivers.push(Sighting { id, place, seen: seen(script, now), stale: script.byte().is_multiple_of(4) });
    }
    drivers.sort_by(|a, b| a.id.cmp(&b.id));
    drivers.dedup_by(|a, b| a.id == b.id);
    let mut blocks = Vec::new();
    for _ in 0..script.byte() % 8 {
        let cell = Cell::containing(place(script), script.byte() % 27);
        let count = if script.byte() == 255 {
            u64::from(u32::MAX)
        } else {
            1 + u64::from(script.byte()) * u64::from(script.byte())
        };
        blocks.push(Block { cell, count });
    }
    let total = (drivers.len() as u64).saturating_add(u64::from(script.byte()) * 1_000);
    FleetView { drivers, blocks, total, took: Duration::from_micros(u64::from(script.byte()) * 100) }
}

impl City {
    /// Events of the stream, the oldest first.
    pub(super) fn events(&mut self, script: &mut Script<'_>, now: UnixMs) -> Vec<Event> {
        let count = script.byte() % 8;
        (0..count).filter_map(|_| self.event(script, now)).collect()
    }

    fn event(&mut self, script: &mut Script<'_>, now: UnixMs) -> Option<Event> {
        self.last_event += i64::from(script.byte() % 3);
        let (place, kind) = (place(script), KINDS[usize::from(script.byte()) % KINDS.len()]);
        let mut fields = vec![
            ("type", kind.to_owned()),
            ("request_id", id(script).to_string()),
            ("driver_id", String::from_utf8_lossy(driver(script).as_bytes()).into_owned()),
            ("actor", "ana@desk".to_owned()),
            ("lat", place.lat().to_string()),
            ("lng", place.lng().to_string()),
        ];
        let odd = [0_i64, 1, 30_000, i64::MAX, i64::MIN, -1][usize::from(script.byte() % 6)];
        fields.extend([("distance_m", "812".to_owned()), ("waited_ms", odd.to_string()), ("by_ms", odd.to_string())]);
        fields.extend([("opened_at", odd.to_string()), ("expires_at", odd.to_string()), ("radius_m", odd.to_string())]);
        // Each of these may be missing.
        let missing = script.byte();
        let fields = fields.into_iter().enumerate().filter(|(i, _)| *i == 0 || missing >> (i % 8) & 1 == 0);
        fuzzing::event(&format!("{}-{}", now.0, self.last_event), flat(fields.map(|(_, field)| field).collect()))
    }
}

fn flat(fields: Vec<(&str, String)>) -> Vec<Vec<u8>> {
    fields.into_iter().flat_map(|(name, value)| [name.as_bytes().to_vec(), value.into_bytes()]).collect()
}
