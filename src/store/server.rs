//! The server itself: is it there, what time is it there, and how much does it hold.

use std::time::{Duration, Instant};

use super::{Store, StoreError};
use crate::domain::{UnixMs, Vitals};

/// A worker that was heard of so lately counts as alive; it tells of itself every two seconds.
const ALIVE: Duration = Duration::from_secs(10);

/// What the pipeline of [`Store::vitals`] answers: the clock, three counts, the workers with their heartbeats.
type Answer = ((i64, i64), u64, u64, u64, Vec<(Vec<u8>, f64)>);

impl Store {
    /// Asks whether the server answers.
    ///
    /// # Errors
    /// Where it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let answer = self.query(&redis::cmd("PING")).await;
        // A Redis that cannot save refuses this, too.
        answer.inspect_err(|error| self.link.condition().refused(error))
    }

    /// Reads the clock and the figures in one round trip.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn vitals(&self) -> Result<Vitals, StoreError> {
        let mut pipe = redis::pipe();
        pipe.cmd("TIME").zcard(&self.keys.drivers).zcard(&self.keys.stale).zcard(&self.keys.due);
        pipe.cmd("ZRANGE").arg(&self.keys.workers).arg(0).arg(-1).arg("WITHSCORES");
        let sent = Instant::now();
        let ((seconds, micros), drivers, stale, waiting, workers): Answer = self.query_all(&pipe).await?;
        let now = UnixMs(seconds * 1_000 + micros / 1_000);
        let workers = workers.iter().filter(|(_, at)| now.since(unix_ms(*at)) < ALIVE).count();
        Ok(Vitals { now, latency: sent.elapsed(), drivers, stale, waiting, workers })
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a foreign score saturates")]
pub(super) fn unix_ms(score: f64) -> UnixMs {
    UnixMs(score as i64)
}
