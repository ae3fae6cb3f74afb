//! A sweep: looking at all waiting requests, oldest first, because drivers have moved and nobody says which. Pure: the time
//! is an argument.
//!
//! The first change begins a sweep at once. After that there is one a second at the most, and each takes a tenth of a
//! second at the most: with very many waiting, the next one goes on where the last one stopped.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::RequestId;

/// From the beginning of one sweep to the beginning of the next.
const EVERY: Duration = Duration::from_secs(1);
/// The same while all must be looked at, after a cut say: half of the time is left to others.
const EVERY_OF_ALL: Duration = Duration::from_millis(200);
/// How long one sweep may take.
const BUDGET: Duration = Duration::from_millis(100);

/// How far it has come.
#[derive(Debug)]
pub(super) struct Sweep {
    /// What of this circle is still to be looked at.
    left: VecDeque<RequestId>,
    /// Something has changed since this circle began: another has to follow.
    marked: bool,
    /// Anything may have changed since this circle began.
    marked_all: bool,
    /// This circle is one for everything.
    of_all: bool,
    not_before: Instant,
}

impl Sweep {
    /// Nothing to do.
    pub(super) fn new(now: Instant) -> Self {
        Self { left: VecDeque::new(), marked: false, marked_all: false, of_all: false, not_before: now }
    }

    /// Drivers have moved.
    pub(super) fn mark(&mut self) {
        self.marked = true;
    }

    /// Anything may have changed.
    pub(super) fn mark_all(&mut self) {
        self.marked_all = true;
    }

    /// When there is something to do; none where there is not.
    pub(super) fn due_at(&self) -> Option<Instant> {
        (self.marked || self.marked_all || !self.left.is_empty()).then_some(self.not_before)
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due_at().is_some_and(|at| at <= now)
    }

    /// Whether a new circle has to begin with the ids of all that wait.
    pub(super) fn wants_ids(&self) -> bool {
        self.left.is_empty() && (self.marked || self.marked_all)
    }

    /// Begins a circle.
    pub(super) fn begin(&mut self, mut ids: Vec<RequestId>) {
        ids.sort_unstable();
        self.left = ids.into();
        self.of_all = std::mem::take(&mut self.marked_all);
        self.marked = false;
    }

    /// The next ids to look at; none where the circle is complete or `spent` is all the time there is.
    pub(super) fn take(&mut self, most: usize, spent: Duration) -> Option<Vec<RequestId>> {
        if self.left.is_empty() || spent >= BUDGET {
            return None;
        }
        Some(self.left.drain(..most.min(self.left.len())).collect())
    }

    /// Rests after a sweep that began then.
    pub(super) fn rest(&mut self, began: Instant) {
        let unfinished = self.of_all && !self.left.is_empty();
        self.not_before = began + if unfinished { EVERY_OF_ALL } else { EVERY };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(numbers: impl IntoIterator<Item = u64>) -> Vec<RequestId> {
        numbers.into_iter().map(|n| RequestId::new(n).unwrap()).collect()
    }

    fn all(sweep: &mut Sweep) {
        while sweep.take(50, Duration::ZERO).is_some() {}
    }

    #[test]
    fn the_first_change_is_looked_at_at_once_and_the_rest_a_second_later() {
        let now = Instant::now();
        let mut sweep = Sweep::new(now);
        assert_eq!(sweep.due_at(), None);
        sweep.mark();
        assert!(sweep.is_due(now) && sweep.wants_ids());
        sweep.begin(ids(1..=3));
        all(&mut sweep);
        sweep.rest(now);
        assert_eq!(sweep.due_at(), None, "nothing has changed since");
        sweep.mark();
        sweep.mark();
        assert_eq!(sweep.due_at(), Some(now + EVERY));
    }

    #[test]
    fn the_oldest_come_first() {
        let mut sweep = Sweep::new(Instant::now());
        sweep.mark();
        sweep.begin(ids([30, 4, 100, 5]));
        assert_eq!(sweep.take(3, Duration::ZERO), Some(ids([4, 5, 30])));
        assert_eq!(sweep.take(3, Duration::ZERO), Some(ids([100])));
        assert_eq!(sweep.take(3, Duration::ZERO), None);
    }

    #[test]
    fn what_was_not_reached_is_looked_at_next_time() {
        let now = Instant::now();
        let mut sweep = Sweep::new(now);
        sweep.mark();
        sweep.begin(ids(1..=4));
        assert_eq!(sweep.take(2, Duration::ZERO), Some(ids([1, 2])));
        assert_eq!(sweep.take(2, BUDGET), None);
        sweep.rest(now);
        sweep.mark();
        assert!(!sweep.is_due(now) && sweep.is_due(now + EVERY));
        assert!(!sweep.wants_ids(), "this circle is ended first");
        assert_eq!(sweep.take(2, Duration::ZERO), Some(ids([3, 4])));
        assert!(sweep.wants_ids(), "and then the change has its turn");
    }

    #[test]
    fn a_look_at_all_goes_on_sooner() {
        let now = Instant::now();
        let mut sweep = Sweep::new(now);
        sweep.mark_all();
        sweep.begin(ids(1..=4));
        sweep.take(2, Duration::ZERO);
        sweep.rest(now);
        assert_eq!(sweep.due_at(), Some(now + EVERY_OF_ALL));
        all(&mut sweep);
        sweep.rest(now);
        sweep.mark_all();
        assert_eq!(sweep.due_at(), Some(now + EVERY), "a circle that is complete is followed by a rest");
    }
}
