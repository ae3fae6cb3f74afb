//! Distances, spans, places and the grid: as text, and as numbers.

use std::time::Duration;

use cabstand::domain::geohash::{Cell, FINEST, bits_for, covering};
use cabstand::domain::{
    Bounds, MAX_LAT, MAX_LNG, Metres, Point, StreamId, UnixMs, format_distance, format_more, format_span, format_wait,
    parse_span,
};

/// Reads text as each of them, and the bytes as numbers.
///
/// # Panics
/// Where a law is broken.
pub fn hold(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        hold_text(text);
    }
    let mut numbers = bytes.chunks_exact(8).map(|chunk| u64::from_le_bytes(chunk.try_into().unwrap_or_default()));
    let mut next = || numbers.next().unwrap_or_default();
    let (a, b, c, d) = (next(), next(), next(), next());
    let places = [(a, b), (c, d), (b, c)].map(|(lat, lng)| place(f64::from_bits(lat), f64::from_bits(lng)));
    hold_times(a, b);
    hold_score(a);
    if let [Some(one), Some(other), _] = places {
        hold_places(one, other);
    }
    // Most bits make no place: brought into the range of the earth they all do.
    let brought = |bits: u64, max: f64| {
        max * (f64::from(u32::try_from(bits >> 32).unwrap_or_default()) / f64::from(u32::MAX) * 2.0 - 1.0)
    };
    hold_places(
        Point::clamped(brought(a, MAX_LAT), brought(b, MAX_LNG)),
        Point::clamped(brought(c, MAX_LAT), brought(d, MAX_LNG)),
    );
}

fn hold_text(text: &str) {
    if let Ok(Metres(metres)) = text.parse() {
        assert!(metres > 0.0 && metres <= 2e7, "{metres}");
        let written = format_distance(metres);
        if let Ok(Metres(again)) = written.parse() {
            assert!((again - metres).abs() <= (metres * 0.05).max(0.5), "{text} → {written}");
        }
    }
    if let Ok(span) = parse_span(text) {
        assert!(span >= Duration::from_millis(1) && span <= Duration::from_hours(365 * 24), "{span:?}");
    }
    if let Ok(place) = text.parse::<Point>() {
        assert!(Bounds::EARTH.contains(place));
        let written = format!("{},{}", place.lat(), place.lng());
        assert_eq!(written.parse(), Ok(place));
    }
    if let Ok(id) = text.parse::<StreamId>() {
        assert_eq!(id.to_string().parse(), Ok(id));
    }
}

/// A place is one exactly where both numbers are within the range.
fn place(lat: f64, lng: f64) -> Option<Point> {
    let is_one = lat.abs() <= MAX_LAT && lng.abs() <= MAX_LNG;
    let place = Point::new(lat, lng).ok();
    assert_eq!(place.is_some(), is_one, "{lat}, {lng}");
    if lat.is_finite() && lng.is_finite() {
        assert!(Bounds::EARTH.contains(Point::clamped(lat, lng)), "{lat}, {lng}");
    }
    place
}

fn hold_times(a: u64, b: u64) {
    let (one, other) = (UnixMs(a.cast_signed()), UnixMs(b.cast_signed()));
    let span = one.since(other);
    assert!(span.is_zero() || one > other);
    assert!(one + span >= one && one - span <= one);
    for span in [span, Duration::from_millis(a), Duration::from_micros(b), Duration::MAX] {
        assert!(!format_span(span).is_empty() && !format_wait(span).is_empty());
    }
    assert!(format_more(b.cast_signed()).contains(' '));
}

fn hold_score(score: u64) {
    let cell = Cell::from_score(score);
    assert!(Bounds::EARTH.contains(cell.centre()));
    if score < 1 << 52 {
        assert_eq!(cell.scores(), (score, score + 1));
        assert_eq!(Cell::containing(cell.centre(), FINEST), cell);
    }
}

fn hold_places(one: Point, other: Point) {
    let metres = one.distance_m(other);
    assert!((0.0..2.1e7).contains(&metres), "{metres}");
    assert!((0.0..360.0).contains(&one.bearing(other)));
    assert!(Bounds::EARTH.contains(one.destination(one.bearing(other), metres)));
    let bounds = Bounds::around([one, other]).expect("there are places");
    assert!(bounds.contains(one) && bounds.contains(other) && bounds.contains(bounds.centre()));
    for step in [1, 5, 13, FINEST] {
        let (cell, finest) = (Cell::containing(one, step), Cell::containing(one, FINEST).scores().0);
        assert!((cell.scores().0..cell.scores().1).contains(&finest), "{one:?} in {cell:?}");
        assert!(almost(cell.bounds()).contains(one), "{one:?} in {cell:?}");
    }
    let bits = bits_for(bounds, 64);
    let cells = covering(bounds, bits);
    assert!(bits == 2 || cells.len() <= 64);
    let finest = Cell::containing(one, FINEST).scores().0;
    assert!(cells.iter().any(|cell| (cell.scores().0..cell.scores().1).contains(&finest)));
}

/// The same, larger by less than a hair: what lies between two cells by less is in either.
fn almost(bounds: Bounds) -> Bounds {
    const HAIR: f64 = 1e-9;
    let Bounds { south, north, west, east } = bounds;
    Bounds { south: south - HAIR, north: north + HAIR, west: west - HAIR, east: east + HAIR }
}
