//! When something is read from Redis: as often as it changes, and no oftener than Redis can well bear.

use std::time::Duration;

use tokio::time::Instant;

/// A reading may take one part in so many of Redis' time.
pub(super) const SHARE: u32 = 10;
/// Where a reading failed it is done again after so long.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// A kind of reading: whether it is wanted, and from when on it may be done.
pub(super) struct Reading {
    pub(super) wanted: bool,
    not_before: Instant,
    shortest_pause: Duration,
}

impl Reading {
    pub(super) fn new(shortest_pause: Duration) -> Self {
        Self { wanted: false, not_before: Instant::now(), shortest_pause }
    }

    /// When it is to be done; none where it is not wanted.
    pub(super) fn at(&self) -> Option<Instant> {
        self.wanted.then_some(self.not_before)
    }

    /// Begins it, if it is due: answers when that was. It may be wanted again before it is done.
    pub(super) fn begin(&mut self) -> Option<Instant> {
        let now = Instant::now();
        let is_due = self.wanted && now >= self.not_before;
        is_due.then(|| {
            self.wanted = false;
            now
        })
    }

    /// It was begun then, and is over. Where it failed it is wanted again, after a while.
    pub(super) fn done(&mut self, began: Instant, well: bool) {
        let rest = (began.elapsed() * (SHARE - 1)).max(self.shortest_pause);
        self.not_before = Instant::now() + if well { rest } else { rest.max(AGAIN_AFTER) };
        self.wanted |= !well;
    }
}
