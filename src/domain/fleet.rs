//! What a map knows of the drivers: single ones where they are few, crowds where they are many.

use std::time::Duration;

use super::geohash::Cell;
use super::{Bounds, Driver, DriverId, Point, UnixMs};

/// The part of the earth that a map shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// Its sides.
    pub bounds: Bounds,
    /// How many degrees of longitude one column of the screen is wide. No cell is cut smaller than that.
    pub column_deg: f64,
}

/// A cell of the grid with more drivers than are told one by one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block {
    /// Which cell.
    pub cell: Cell,
    /// How many drivers it holds.
    pub count: u64,
}

/// A driver as a map shows it: where it is, and how old that is.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    /// Who it is.
    pub id: DriverId,
    /// Where Redis has it.
    pub place: Point,
    /// When it last reported; none where it never did, since another hand set it there.
    pub seen: Option<UnixMs>,
    /// Whether it has been silent for so long that no request is given to it.
    pub stale: bool,
}

impl Sighting {
    /// The driver alone.
    #[must_use]
    pub fn driver(&self) -> Driver {
        Driver { id: self.id.clone(), place: self.place }
    }
}

/// The drivers in a view.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FleetView {
    /// Drivers told one by one, in the order of their ids.
    pub drivers: Vec<Sighting>,
    /// Crowds.
    pub blocks: Vec<Block>,
    /// How many drivers there are in all, in view or not.
    pub total: u64,
    /// How long reading it took: the most that it can have cost Redis.
    pub took: Duration,
}
