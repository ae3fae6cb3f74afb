//! When to sweep: to look at all who wait, because drivers have moved and nobody says which. Pure: the time is an argument.
//!
//! The sweep itself stands in Redis, where all workers make it together (`sweep.lua`). Here is only what this worker has heard
//! that a sweep has to follow, and when to ask for the next part.

use std::time::Duration;

use tokio::time::Instant;

use crate::store::Pace;

/// Drivers have moved: one sweep a second, which takes a tenth of Redis' time at the most.
const PACE: Pace = Pace { every: Duration::from_secs(1), budget: Duration::from_millis(100) };
/// Anything may have changed, during a cut say: it is made up for sooner, with half of the time left to others.
const PACE_OF_ALL: Pace = Pace { every: Duration::from_millis(200), budget: Duration::from_millis(100) };

/// What a sweep has to follow.
#[derive(Debug)]
pub(super) struct Sweep {
    /// When the last change was heard that no complete sweep has followed yet.
    heard: Option<Instant>,
    /// Anything may have changed since the last complete sweep.
    all: bool,
    not_before: Instant,
}

impl Sweep {
    /// Nothing to do.
    pub(super) fn new(now: Instant) -> Self {
        Self { heard: None, all: false, not_before: now }
    }

    /// Drivers have moved.
    pub(super) fn mark(&mut self, now: Instant) {
        self.heard = Some(now);
    }

    /// Anything may have changed.
    pub(super) fn mark_all(&mut self, now: Instant) {
        self.heard = Some(now);
        self.all = true;
    }

    /// When there is something to do; none where there is not.
    pub(super) fn due_at(&self) -> Option<Instant> {
        self.heard.map(|_| self.not_before)
    }

    /// The change that is due to be followed, by when it was heard, and the pace.
    pub(super) fn due(&self, now: Instant) -> Option<(Instant, Pace)> {
        let heard = self.heard.filter(|_| self.not_before <= now)?;
        Some((heard, if self.all { PACE_OF_ALL } else { PACE }))
    }

    /// Takes down the answer to a part of a sweep that followed what was heard then: when to ask again, or none where the
    /// sweep is complete.
    pub(super) fn answered(&mut self, heard: Instant, now: Instant, again_in: Option<Duration>) {
        match again_in {
            Some(pause) => self.not_before = now + pause,
            None if self.heard == Some(heard) => (self.heard, self.all) = (None, false),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(900);

    #[test]
    fn the_first_change_is_followed_at_once() {
        let now = Instant::now();
        let mut sweep = Sweep::new(now);
        assert_eq!((sweep.due_at(), sweep.due(now).is_some()), (None, false));
        sweep.mark(now);
        assert_eq!(sweep.due(now).map(|(heard, _)| heard), Some(now));
        sweep.answered(now, now, None);
        assert_eq!(sweep.due_at(), None, "nothing has changed since");
    }

    #[test]
    fn it_asks_again_when_it_is_told_to() {
        let now = Instant::now();
        let mut sweep = Sweep::new(now);
        sweep.mark(now);
        sweep.answered(now, now, Some(SOON));
        assert!(sweep.due(now).is_none());
        assert_eq!(sweep.due_at(), Some(now + SOON));
        assert!(sweep.due(now + SOON).is_some());
    }

    #[test]
    fn what_was_heard_meanwhile_has_a_sweep_of_its_own() {
        let now = Instant::now();
        let mut sweep = Sweep::new(now);
        sweep.mark(now);
        let later = now + Duration::from_millis(3);
        sweep.mark(later);
        sweep.answered(now, later, None);
        assert_eq!(sweep.due(later).map(|(heard, _)| heard), Some(later));
    }

    #[test]
    fn a_look_at_all_goes_on_sooner() {
        let now = Instant::now();
        let mut sweep = Sweep::new(now);
        sweep.mark_all(now);
        sweep.mark(now);
        assert!(sweep.due(now).is_some_and(|(_, pace)| pace.every < PACE.every));
        sweep.answered(now, now, None);
        sweep.mark(now);
        assert!(sweep.due(now).is_some_and(|(_, pace)| pace.every == PACE.every), "until it is complete");
    }
}
