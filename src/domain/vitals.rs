//! How Redis and the service are doing, in a few figures.

use std::time::Duration;

use super::UnixMs;

/// The figures at the head of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Vitals {
    /// Redis' clock at the middle of the round trip.
    pub now: UnixMs,
    /// How long the round trip took.
    pub latency: Duration,
    /// Drivers on the map.
    pub drivers: u64,
    /// Those of them who are stale, and get no request until they report again.
    pub stale: u64,
    /// Requests that wait and have a record.
    pub waiting: u64,
    /// Workers that are alive.
    pub workers: usize,
    /// Whether a key is of another type than it should be, so that what it tells is missing here.
    pub misshapen: bool,
}
