//! Drivers, as far as a map needs them.

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
