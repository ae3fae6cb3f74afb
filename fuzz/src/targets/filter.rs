//! What is typed as a filter.

use std::time::Duration;

use cabstand::console::model::{Filter, Moment, Row};
use cabstand::domain::{DriverId, Point, RequestId, Sighting, UnixMs, clean};
use cabstand::store::fuzzing;

use super::fields;
use crate::safe::assert_safe;

const NOW: UnixMs = UnixMs(1_714_572_180_000);

/// Reads a filter, and lets searches and drivers through it.
///
/// # Panics
/// Where a law is broken.
pub fn hold(bytes: &[u8]) {
    let text = clean(bytes);
    let filter = Filter::parse(&text);
    assert_eq!(filter.is_empty(), text.trim().is_empty());
    let again = Filter::parse(filter.text());
    assert_eq!((again.text(), again.trouble()), (filter.text(), filter.trouble()));
    filter.trouble().into_iter().for_each(assert_safe);
    let let_through = let_through(&text);
    assert_eq!(let_through, self::let_through(filter.text()));
    // Each term narrows, and one that cannot be read hides nothing.
    let mut narrowed = self::let_through("");
    for term in text.split_whitespace() {
        let alone = self::let_through(term);
        if Filter::parse(term).trouble().is_some() {
            assert_eq!(alone, self::let_through(""), "{term}");
        }
        narrowed.retain(|who| alone.contains(who));
    }
    assert_eq!(let_through, narrowed);
}

/// Who of a small city is let through.
fn let_through(text: &str) -> Vec<String> {
    let filter = Filter::parse(text);
    let mut sieve = filter.sieve(Moment { now: Some(NOW), cursor: Point::clamped(-33.45, -70.63) });
    let mut through = Vec::new();
    for (number, word, record) in SEARCHES {
        let id = RequestId::new(number).unwrap_or(RequestId::FIRST);
        let row = Row::of(fuzzing::search(id, word, 30_000, fields(record), NOW));
        if sieve.lets_search(&row) {
            through.push(format!("search {number}"));
        }
    }
    for (name, lat, ago, stale) in DRIVERS {
        let seen = ago.map(|seconds| NOW - Duration::from_secs(seconds));
        let driver =
            Sighting { id: DriverId::from_redis(name.as_bytes()), place: Point::clamped(lat, -70.63), seen, stale };
        if sieve.lets_driver(&driver) {
            through.push(format!("driver {name}"));
        }
    }
    through
}

const SEARCHES: [(u64, &str, &[u8]); 4] = [
    (7, "active", b"user_id=requestor_7\nlat=-33.44\nlng=-70.63\nradius_m=5000\ncreated_at=1714572000000\nexpires_at=1714572210000\ninterval_ms=30000\nattempts=7\nstate=searching"),
    (17, "active", b"user_id=Ana \xc3\x91u\xc3\xb1oa\nlat=-33.9\nlng=-70.63\nradius_m=5000\ncreated_at=1714572000000\ninterval_ms=30000\nattempts=1\nstate=searching"),
    (900, "active", b""),
    (3, "gone", b"user_id=requestor_3\nlat=-33.44\nlng=-70.63\nradius_m=5000\ncreated_at=1714572000000\nexpires_at=1714572210000\ninterval_ms=30000\nattempts=2\nstate=found\ndriver_id=17\ndistance_m=812\nended_at=1714572100000"),
];

const DRIVERS: [(&str, f64, Option<u64>, bool); 3] =
    [("17", -33.45, Some(5), false), ("kilo", -33.46, Some(90), true), ("\u{c1}ngel 8", -33.60, None, false)];
