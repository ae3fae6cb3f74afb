//! When something is read from Redis: as often as it changes, and no oftener than Redis can well bear.

use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// A reading may take one part in so many of Redis' time.
pub(super) const SHARE: u32 = 10;
/// Where a reading failed it is done again after so long.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// A kind of reading, and from when on it may be done again.
pub(super) struct Reading {
    not_before: Instant,
    shortest_pause: Duration,
}

impl Reading {
    pub(super) fn new(shortest_pause: Duration) -> Self {
        Self { not_before: Instant::now(), shortest_pause }
    }

    /// Waits until it may be done again.
    pub(super) async fn rest(&self) {
        sleep_until(self.not_before).await;
    }

    /// Waits until it may be done and is marked, and answers when that was. It may be marked again before it is done. A wait that
    /// is given up takes no mark away: the rest comes first.
    pub(super) async fn turn(&self, mark: &Notify) -> Instant {
        self.rest().await;
        mark.notified().await;
        Instant::now()
    }

    /// It was begun then, and is over. Where it failed it is marked again, for after a while.
    pub(super) fn done(&mut self, began: Instant, well: bool, mark: &Notify) {
        let rest = (began.elapsed() * (SHARE - 1)).max(self.shortest_pause);
        self.not_before = Instant::now() + if well { rest } else { rest.max(AGAIN_AFTER) };
        if !well {
            mark.notify_one();
        }
    }
}
