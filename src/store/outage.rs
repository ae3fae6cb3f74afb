//! An outage as a task lives through it: told once and not at each try, with pauses that grow.

use std::time::{Duration, Instant};

use super::condition::Condition;
use super::{Ailment, Store, StoreError};
use crate::domain::format_wait;

/// Pauses between tries, from the first to the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// A task that fails for so long while all is well with Redis otherwise is told of.
const ALONE: Duration = Duration::from_secs(3);

/// What a task that must not end remembers of its failures.
pub struct Outage {
    task: &'static str,
    condition: Condition,
    lasting: Option<Lasting>,
}

struct Lasting {
    since: Instant,
    pause: Duration,
    is_told: bool,
}

impl Outage {
    /// None so far; `task` is the name that stands in the log.
    #[must_use]
    pub fn new(task: &'static str, store: &Store) -> Self {
        Self { task, condition: store.link.condition().clone(), lasting: None }
    }

    /// A try has failed. Answers how long to wait until the next: up to 50 ms at first, up to 1 s in the end.
    ///
    /// It is warned of once. What ails Redis is not this task's own affair, and logged once for all ([`super::Trouble`]); unless
    /// nobody else has it, for want of a right say, or since the others were let in before the password was changed.
    pub fn failed(&mut self, error: &StoreError) -> Duration {
        // Jitter keeps all tasks of all services from coming back at the same moment.
        self.fails(error, Instant::now()).mul_f64(rand::random_range(0.5..1.0))
    }

    fn fails(&mut self, error: &StoreError, now: Instant) -> Duration {
        let (first, longest) = PAUSES;
        let lasting = self.lasting.get_or_insert(Lasting { since: now, pause: first / 2, is_told: false });
        lasting.pause = (lasting.pause * 2).min(longest);
        let is_own = !error.is_away() && error.ailment().is_none();
        if is_own {
            self.condition.refused(self.task, error);
        }
        // A right may be missing for this alone, and does not come back by itself.
        let is_time = error.ailment() == Some(Ailment::NotPermitted) || now.duration_since(lasting.since) >= ALONE;
        if !lasting.is_told && (is_own || (is_time && self.condition.trouble().is_none())) {
            tracing::warn!("{}: {error}; it is tried again until it works", self.task);
            lasting.is_told = true;
        }
        lasting.pause
    }

    /// A try went well.
    pub fn over(&mut self) {
        self.condition.done(self.task);
        if let Some(lasting) = self.lasting.take()
            && lasting.is_told
        {
            tracing::info!("{}: it works again, after {}", self.task, format_wait(lasting.since.elapsed()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outage() -> Outage {
        Outage { task: "test", condition: Condition::default(), lasting: None }
    }

    #[test]
    fn pauses_grow_up_to_a_second_and_begin_anew() {
        let (mut outage, now) = (outage(), Instant::now());
        let error = StoreError::Answer("nothing".to_owned());
        let pauses: Vec<u128> = (0..7).map(|_| outage.fails(&error, now).as_millis()).collect();
        assert_eq!(pauses, [50, 100, 200, 400, 800, 1_000, 1_000]);
        outage.over();
        assert!((25..=50).contains(&outage.failed(&error).as_millis()));
    }

    #[test]
    fn what_ails_redis_is_told_by_the_task_that_is_alone_with_it() {
        let error = StoreError::Unwell { address: String::new(), ailment: Ailment::NoAuth, reason: String::new() };
        let is_told = |outage: &Outage| outage.lasting.as_ref().unwrap().is_told;
        let (mut outage, now) = (outage(), Instant::now());
        outage.condition.failed(&error, 1);
        outage.fails(&error, now);
        outage.fails(&error, now + ALONE);
        assert!(!is_told(&outage), "it is known");
        outage.condition.answered(1);
        outage.over();
        outage.fails(&error, now);
        assert!(!is_told(&outage), "others will see it, too");
        outage.fails(&error, now + ALONE);
        assert!(is_told(&outage));
    }
}
