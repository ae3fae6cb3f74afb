//! An outage as a task lives through it: told once and not at each try, with pauses that grow.

use std::time::Duration;

use super::StoreError;

/// Pauses between tries, from the first to the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// What a task that must not end remembers of its failures.
#[derive(Debug)]
pub struct Outage {
    task: &'static str,
    pause: Option<Duration>,
}

impl Outage {
    /// None so far; `task` is the name that stands in the log.
    #[must_use]
    pub fn new(task: &'static str) -> Self {
        Self { task, pause: None }
    }

    /// A try has failed. Warns if it is the first, and answers how long to wait until the next: 50 ms to 1 s.
    pub fn failed(&mut self, error: &StoreError) -> Duration {
        let (first, longest) = PAUSES;
        let pause = if let Some(last) = self.pause {
            (last * 2).min(longest)
        } else {
            tracing::warn!("{}: {error}; it goes on as soon as Redis answers", self.task);
            first
        };
        self.pause = Some(pause);
        pause
    }

    /// A try went well.
    pub fn over(&mut self) {
        if self.pause.take().is_some() {
            tracing::info!("{}: Redis answers again", self.task);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_second_and_begin_anew() {
        let mut outage = Outage::new("test");
        let error = StoreError::Answer("nothing".to_owned());
        let pauses: Vec<u128> = (0..7).map(|_| outage.failed(&error).as_millis()).collect();
        assert_eq!(pauses, [50, 100, 200, 400, 800, 1_000, 1_000]);
        outage.over();
        assert_eq!(outage.failed(&error).as_millis(), 50);
    }
}
