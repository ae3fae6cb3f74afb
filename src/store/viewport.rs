//! What the map shows, read at a cost that follows the screen: counts per cell of the geohash grid from coarse to fine, and
//! single drivers only where a cell holds few. The set is never read as a whole.

use std::time::{Duration, Instant};

use redis::Pipeline;

use super::drivers::scored;
use super::{Store, StoreError};
use crate::domain::geohash::{self, Cell};
use crate::domain::{Bounds, Driver};

/// Into how many cells at the most a view is cut to begin with.
const FIRST_CELLS: usize = 64;
/// A cell with at most so many drivers is read driver by driver.
const FEW: u64 = 24;
/// At most so many single drivers are read for one view: more dots than that say nothing more.
const MOST_SINGLE: u64 = 6_000;
/// At most so many commands go out at once, so that other callers get their turn in between.
const COMMANDS_AT_ONCE: usize = 256;

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

/// The drivers in a view.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FleetView {
    /// Drivers told one by one, in the order of their ids.
    pub drivers: Vec<Driver>,
    /// Crowds.
    pub blocks: Vec<Block>,
    /// How many drivers there are in all, in view or not.
    pub total: u64,
    /// How long reading it took: the most that it can have cost Redis.
    pub took: Duration,
}

impl Store {
    /// Reads the drivers in this view.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn fleet(&self, view: View) -> Result<FleetView, StoreError> {
        let started = Instant::now();
        let mut fleet =
            FleetView { total: self.query(redis::cmd("ZCARD").arg(&self.keys.drivers)).await?, ..FleetView::default() };
        let finest = geohash::step_of_width(view.column_deg);
        let first = geohash::step_for(view.bounds, FIRST_CELLS).min(finest);
        let mut cells = geohash::covering(view.bounds, first);
        let (mut few, mut singles) = (Vec::new(), 0);
        while !cells.is_empty() {
            let mut next = Vec::new();
            for (cell, count) in self.count(&cells).await? {
                if count <= FEW && singles + count <= MOST_SINGLE {
                    singles += count;
                    few.push(cell);
                } else if cell.step() < finest {
                    next.extend(cell.quarters().into_iter().filter(|quarter| touches(quarter.bounds(), view.bounds)));
                } else {
                    fleet.blocks.push(Block { cell, count });
                }
            }
            cells = next;
        }
        fleet.drivers = self.members(&few).await?;
        fleet.drivers.retain(|driver| view.bounds.contains(driver.place));
        fleet.drivers.sort_by(|a, b| a.id.cmp(&b.id));
        fleet.took = started.elapsed();
        Ok(fleet)
    }

    /// The cells that hold anybody, with how many.
    async fn count(&self, cells: &[Cell]) -> Result<Vec<(Cell, u64)>, StoreError> {
        let mut counted = Vec::new();
        for chunk in cells.chunks(COMMANDS_AT_ONCE) {
            let counts: Vec<u64> = self.query_all(&self.for_each("ZCOUNT", chunk, &[])).await?;
            counted.extend(chunk.iter().copied().zip(counts).filter(|(_, count)| *count > 0));
        }
        Ok(counted)
    }

    async fn members(&self, cells: &[Cell]) -> Result<Vec<Driver>, StoreError> {
        let mut drivers = Vec::new();
        for chunk in cells.chunks(COMMANDS_AT_ONCE) {
            let members: Vec<Vec<(Vec<u8>, f64)>> =
                self.query_all(&self.for_each("ZRANGEBYSCORE", chunk, &["WITHSCORES"])).await?;
            drivers.extend(members.into_iter().flat_map(scored));
        }
        Ok(drivers)
    }

    fn for_each(&self, command: &str, cells: &[Cell], options: &[&str]) -> Pipeline {
        let mut pipe = redis::pipe();
        for cell in cells {
            let (from, below) = cell.scores();
            pipe.cmd(command).arg(&self.keys.drivers).arg(from).arg(format!("({below}")).arg(options);
        }
        pipe
    }
}

fn touches(a: Bounds, b: Bounds) -> bool {
    a.west <= b.east && a.east >= b.west && a.south <= b.north && a.north >= b.south
}
