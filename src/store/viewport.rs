//! What the map shows, read at a cost that follows the screen: counts per cell of the geohash grid from coarse to fine, and
//! single drivers only where a cell holds few. The set is never read as a whole.

use std::time::Instant;

use redis::{Pipeline, RedisResult};

use super::drivers::{Scored, place};
use super::server::unix_ms;
use super::{Store, StoreError};
use crate::domain::geohash::{self, Cell};
use crate::domain::{Block, Bounds, DriverId, FleetView, Sighting, View};

/// Into how many cells at the most a view is cut to begin with.
const FIRST_CELLS: usize = 64;
/// A cell with at most so many drivers is read driver by driver.
const FEW: u64 = 24;
/// At most so many single drivers are read for one view: more dots than that say nothing more.
const MOST_SINGLE: u64 = 6_000;
/// How often the rectangle around all drivers is narrowed at the most.
const MOST_NARROWINGS: usize = 8;
/// At most so many commands go out at once, so that other callers get their turn in between.
const COMMANDS_AT_ONCE: usize = 256;
/// And of so many drivers at once it is asked how old their places are.
const MEMBERS_AT_ONCE: usize = 256;

impl Store {
    /// Reads the drivers in this view.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn fleet(&self, view: View) -> Result<FleetView, StoreError> {
        let started = Instant::now();
        let total = self.query(redis::cmd("ZCARD").arg(&self.keys.drivers)).await?;
        let (singles, blocks) = self.survey(view).await?;
        let mut drivers = self.sightings(&singles).await?;
        drivers.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(FleetView { drivers, blocks, total, took: started.elapsed() })
    }

    /// The single drivers in this view, with the scores under which the set has them, and the crowds.
    async fn survey(&self, view: View) -> Result<(Vec<Scored>, Vec<Block>), StoreError> {
        let finest = geohash::step_of_width(view.column_deg);
        let first = geohash::step_for(view.bounds, FIRST_CELLS).min(finest);
        let mut cells = geohash::covering(view.bounds, first);
        let (mut few, mut singles, mut blocks) = (Vec::new(), 0, Vec::new());
        while !cells.is_empty() {
            let mut next = Vec::new();
            for (cell, count) in self.count(&cells).await? {
                if count <= FEW && singles + count <= MOST_SINGLE {
                    singles += count;
                    few.push(cell);
                } else if cell.step() < finest {
                    next.extend(cell.quarters().into_iter().filter(|quarter| touches(quarter.bounds(), view.bounds)));
                } else {
                    blocks.push(Block { cell, count });
                }
            }
            cells = next;
        }
        let mut drivers = self.members(&few).await?;
        drivers.retain(|(_, score)| view.bounds.contains(place(*score)));
        Ok((drivers, blocks))
    }

    /// When each of these drivers was last seen, and who is stale. Where a foreign hand has spoilt what tells that, nothing is
    /// known of it, and the drivers are shown all the same.
    async fn sightings(&self, drivers: &[Scored]) -> Result<Vec<Sighting>, StoreError> {
        let mut sightings = Vec::with_capacity(drivers.len());
        for chunk in drivers.chunks(MEMBERS_AT_ONCE) {
            let ids: Vec<&[u8]> = chunk.iter().map(|(id, _)| id.as_slice()).collect();
            let mut ages = redis::pipe();
            for set in [&self.keys.seen, &self.keys.stale] {
                ages.cmd("ZMSCORE").arg(set).arg(&ids);
            }
            let ages: Vec<RedisResult<Vec<Option<f64>>>> = self.query_all(ages.ignore_errors()).await?;
            let mut ages = ages.into_iter().map(|scores| scores.unwrap_or_else(|_| vec![None; chunk.len()]));
            let (seen, stale) = (ages.next().unwrap_or_default(), ages.next().unwrap_or_default());
            sightings.extend(chunk.iter().zip(seen).zip(stale).map(|(((id, score), seen), stale)| Sighting {
                id: DriverId::from_redis(id),
                place: place(*score),
                seen: seen.map(unix_ms),
                // Another place than that of its last report was given to it by another hand.
                stale: stale == Some(*score),
            }));
        }
        Ok(sightings)
    }

    /// The sides of the rectangle around all drivers, to within a tenth; none where there are none.
    ///
    /// Each look at what was left narrows it: crowds are known by their cells, and cells get smaller with the view.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn extent(&self) -> Result<Option<Bounds>, StoreError> {
        let mut bounds = Bounds::EARTH;
        for _ in 0..MOST_NARROWINGS {
            let view = View { bounds, column_deg: (bounds.east - bounds.west) / 100.0 };
            let (singles, blocks) = self.survey(view).await?;
            let crowds = blocks.iter().flat_map(|block| block.cell.bounds().corners());
            let Some(narrower) = Bounds::around(singles.iter().map(|(_, score)| place(*score)).chain(crowds)) else {
                return Ok(None);
            };
            let done = blocks.is_empty() || narrower.east - narrower.west > 0.9 * (bounds.east - bounds.west);
            bounds = narrower;
            if done {
                break;
            }
        }
        Ok(Some(bounds))
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

    async fn members(&self, cells: &[Cell]) -> Result<Vec<Scored>, StoreError> {
        let mut drivers = Vec::new();
        for chunk in cells.chunks(COMMANDS_AT_ONCE) {
            let members: Vec<Vec<Scored>> =
                self.query_all(&self.for_each("ZRANGEBYSCORE", chunk, &["WITHSCORES"])).await?;
            drivers.extend(members.into_iter().flatten());
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
