//! When something is read from Redis: as often as it changes, and no oftener than Redis can well bear.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::feed::jittered;
use crate::store::{Store, Toll};

/// What is read on and on may take one part in so many of Redis' time: all together less than a tenth.
pub(super) const FLEET: u32 = 14;
pub(super) const CHANGED: u32 = 50;
pub(super) const BESIDE: u32 = 400;
/// What is read once, or seldom, may take this part while it is.
pub(super) const ONCE: u32 = 20;
/// Where a reading failed it is done again after so long.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// A kind of reading, and from when on it may be done again.
pub(super) struct Reading {
    /// The handle to read with: what is read with it is counted.
    pub(super) store: Store,
    toll: Arc<Toll>,
    share: u32,
    shortest_pause: Duration,
    not_before: Instant,
}

impl Reading {
    /// One that takes one part in `share` of Redis' time at the most.
    pub(super) fn new(store: &Store, share: u32, shortest_pause: Duration) -> Self {
        let (store, toll) = store.with_toll();
        Self { store, toll, share, shortest_pause, not_before: Instant::now() }
    }

    /// Waits until it may be done again.
    pub(super) async fn rest(&self) {
        sleep_until(self.not_before).await;
    }

    /// Waits until it may be done and is marked. It may be marked again before it is done. A wait that is given up takes no mark
    /// away: the rest comes first.
    pub(super) async fn turn(&self, mark: &Notify) {
        self.rest().await;
        mark.notified().await;
    }

    /// It is over. Where it failed it is marked again, for after a while.
    pub(super) fn done(&mut self, well: bool, mark: &Notify) {
        let rest = rest(self.toll.take(), self.share).max(self.shortest_pause);
        self.not_before = Instant::now() + if well { rest } else { rest.max(jittered(AGAIN_AFTER)) };
        if !well {
            mark.notify_one();
        }
    }
}

/// How long Redis has to be left alone after what has cost it so much.
pub(super) fn rest(cost: Duration, share: u32) -> Duration {
    cost * share.saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_leaves_redis_the_rest_of_its_time() {
        assert_eq!(rest(Duration::from_millis(10), 10), Duration::from_millis(90));
        assert_eq!(rest(Duration::ZERO, FLEET), Duration::ZERO, "a long way alone is no cost");
        let together: f64 =
            [FLEET, CHANGED, BESIDE, BESIDE, BESIDE].into_iter().map(|share| 1.0 / f64::from(share)).sum();
        assert!(together <= 0.1, "{together}");
    }
}
