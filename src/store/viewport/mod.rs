//! What the map shows, read at a cost that follows the screen: counts per cell of the geohash grid from coarse to fine, and
//! single drivers only where a cell holds few. The set is never read as a whole.
//!
//! What was read is kept in a [`Chart`]. A refresh begins with the cells that are known there and reads each of them with one
//! command: a crowd is counted, and where there were few they are read at once. Only cells that have become too thick or were
//! never seen are walked through from coarse to fine.

mod ages;
mod chart;
mod survey;

use std::time::Instant;

pub use chart::Chart;

use super::drivers::place;
use super::{Store, StoreError};
use crate::domain::{Bounds, FleetView, View};

/// How often the rectangle around all drivers is narrowed at the most.
const MOST_NARROWINGS: usize = 8;

impl Store {
    /// Reads the drivers in this view, of whom nothing is known yet.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn fleet(&self, view: View) -> Result<FleetView, StoreError> {
        self.refresh(&mut Chart::default(), view).await
    }

    /// Reads what the chart does not know of the drivers in this view, or no longer knows for sure; where it knows all of them,
    /// no more than how many there are.
    ///
    /// # Errors
    /// Where Redis cannot be read. What was read until then is kept in the chart.
    pub async fn refresh(&self, chart: &mut Chart, view: View) -> Result<FleetView, StoreError> {
        let started = Instant::now();
        let mut counts = redis::pipe();
        counts.cmd("ZCARD").arg(&self.keys.drivers).cmd("ZCARD").arg(&self.keys.stale).ignore_errors();
        let counts: Vec<redis::RedisResult<u64>> = self.query_all(&counts).await?;
        let mut counts = counts.into_iter().map(Result::unwrap_or_default);
        chart.total = counts.next().unwrap_or_default();
        let any_stale = counts.next() != Some(0);
        self.survey(chart, view).await?;
        self.ask_ages(chart, view, any_stale).await?;
        chart.prune(view);
        Ok(FleetView { took: started.elapsed(), ..chart.picture(view) })
    }

    /// The sides of the rectangle around all drivers, to within a tenth; none where there are none.
    ///
    /// Each look at what was left narrows it: crowds are known by their cells, and cells get smaller with the view.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn extent(&self) -> Result<Option<Bounds>, StoreError> {
        let (mut bounds, mut chart) = (Bounds::EARTH, Chart::default());
        for _ in 0..MOST_NARROWINGS {
            let view = View { bounds, column_deg: (bounds.east - bounds.west) / 100.0 };
            self.survey(&mut chart, view).await?;
            let (singles, blocks) = chart.in_sight(view);
            let crowds = blocks.iter().flat_map(|block| block.cell.bounds().corners());
            let singles = singles.iter().map(|known| place(known.score));
            let Some(narrower) = Bounds::around(singles.chain(crowds)) else {
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
}
