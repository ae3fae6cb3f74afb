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
    /// The same of the last time that anything may have changed. Drivers who go on moving do not put its end off.
    all: Option<Instant>,
    not_before: Instant,
}

impl Sweep {
    /// Nothing to do.
    pub(super) fn new(now: Instant) -> Self {
        Self { heard: None, all: None, not_before: now }
    }

    /// Drivers have moved.
    pub(super) fn mark(&mut self, now: Instant) {
        self.heard = Some(now);
    }

    /// Anything may have changed.
    pub(super) fn mark_all(&mut self, now: Instant) {
        self.heard = Some(now);
        self.all = Some(now);
    }

    /// When there is something to do; none where there is not.
    pub(super) fn due_at(&self) -> Option<Instant> {
        self.heard.map(|_| self.not_before)
    }

    /// The change that is due to be followed, by when it was heard, and the pace.
    pub(super) fn due(&self, now: Instant) -> Option<(Instant, Pace)> {
        let heard = self.heard.filter(|_| self.not_before <= now)?;
        Some((heard, if self.all.is_some() { PACE_OF_ALL } else { PACE }))
    }

    /// Takes down what a part of a sweep has answered that was asked for at `asked`: how long before that the last complete
    /// sweep began, if one is, and when to ask again. What was heard before that sweep began has been followed.
    pub(super) fn answered(&mut self, asked: Instant, complete_since: Option<Duration>, again_in: Duration) {
        if let Some(began) = complete_since.and_then(|since| asked.checked_sub(since)) {
            self.heard = self.heard.filter(|heard| *heard > began);
            self.all = self.all.filter(|heard| *heard > began);
        }
        self.not_before = asked + again_in;
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
        sweep.answered(now, Some(Duration::ZERO), SOON);
        assert_eq!(sweep.due_at(), None, "nothing has changed since");
    }

    #[test]
    fn it_asks_again_when_it_is_told_to() {
        let now = Instant::now();
        let mut sweep = Sweep::new(now);
        sweep.mark(now);
        sweep.answered(now, None, SOON);
        assert!(sweep.due(now).is_none());
        assert_eq!(sweep.due_at(), Some(now + SOON));
        assert!(sweep.due(now + SOON).is_some());
    }

    #[test]
    fn what_was_heard_after_a_sweep_began_has_another_one() {
        let now = Instant::now();
        let mut sweep = Sweep::new(now);
        sweep.mark(now + SOON);
        sweep.answered(now + SOON * 2, Some(SOON + Duration::from_millis(1)), SOON);
        assert_eq!(sweep.due_at(), Some(now + SOON * 3));
    }

    #[test]
    fn a_look_at_all_goes_on_sooner_until_a_sweep_has_followed_it() {
        let now = Instant::now();
        let mut sweep = Sweep::new(now);
        sweep.mark_all(now);
        assert!(sweep.due(now).is_some_and(|(_, pace)| pace.every < PACE.every));
        // It takes several turns, and drivers go on moving.
        sweep.answered(now, None, SOON);
        sweep.mark(now + SOON);
        sweep.answered(now + SOON, Some(SOON), Duration::ZERO);
        assert!(
            sweep.due(now + SOON).is_some_and(|(_, pace)| pace.every == PACE.every),
            "what is left is an ordinary one"
        );
    }
}
