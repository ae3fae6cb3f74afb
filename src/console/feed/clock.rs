//! Redis' clock beside our own: whether somebody has set it, or another Redis answers.

use std::time::Duration;

use crate::console::model::CLOCK_SLACK;
use crate::domain::UnixMs;

/// Figures that took longer than this are from before this program was stopped, or its machine slept: they tell of no present time.
pub(super) const LATEST: Duration = Duration::from_secs(4);

/// The last reading: when by our clock that was, and what it said.
#[derive(Debug, Default)]
pub(super) struct Clock(Option<(Duration, UnixMs)>);

impl Clock {
    /// Takes a reading in, and tells whether it was set since the one before.
    pub(super) fn was_set(&mut self, at: Duration, now: UnixMs) -> bool {
        let before = self.0.replace((at, now));
        before.is_some_and(|(before, was)| {
            let expected = was + at.saturating_sub(before);
            expected.since(now).max(now.since(expected)) > CLOCK_SLACK
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn was_set(seconds: u64, now: UnixMs) -> bool {
        let mut clock = Clock::default();
        assert!(!clock.was_set(Duration::from_secs(10), UnixMs(1_000_000)), "nothing is known before it");
        clock.was_set(Duration::from_secs(10 + seconds), now)
    }

    #[test]
    fn a_clock_that_goes_as_ours_was_not_set() {
        for (seconds, now) in [(1, 1_001_000), (1, 1_002_900), (3, 1_001_100)] {
            assert!(!was_set(seconds, UnixMs(now)));
        }
        assert!(was_set(1, UnixMs(1_001_000) + HOUR) && was_set(1, UnixMs(1_001_000) - HOUR));
        assert!(!was_set(HOUR.as_secs(), UnixMs(1_000_000) + HOUR), "both went on while this machine slept");
    }
}
