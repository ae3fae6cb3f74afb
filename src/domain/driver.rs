//! Drivers, as far as a map needs them.

use std::time::Duration;

use serde::Serialize;

use super::{DriverId, Point};

/// An available driver at a place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Driver {
    /// Who it is.
    pub id: DriverId,
    /// Where Redis has it: the centre of its geohash cell, within 0.6 m of what was reported.
    #[serde(flatten)]
    pub place: Point,
}

/// A driver that a search came upon.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Who and where.
    pub driver: Driver,
    /// Metres from the place that was searched around.
    pub distance_m: f64,
    /// The 52-bit geohash under which Redis keeps the place.
    pub geohash: u64,
}

/// What the silence of a driver means, who has reported and then reports no more. Drivers who never reported, since a foreign
/// hand or an operator set them there, are not judged by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Freshness {
    /// After so long no request is given to the driver until it reports again; none where that never happens.
    pub stale_after: Option<Duration>,
    /// After so long it is taken off the map; none where that never happens.
    pub forget_after: Option<Duration>,
}

impl Freshness {
    /// Whether silence means anything at all.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.stale_after.is_some() || self.forget_after.is_some()
    }
}
