//! How the riders fared.

use std::fmt;
use std::time::Duration;

/// What happened in the city while it lived.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Requests that the service took.
    pub opened: u64,
    /// Riders who got a driver.
    pub found: u64,
    /// Riders who waited in vain.
    pub expired: u64,
    /// Riders who gave up, or whose request an operator cancelled.
    pub cancelled: u64,
    /// Position reports that the service took.
    pub reports: u64,
    /// Calls that failed, or that got an answer nobody expected.
    pub errors: u64,
    /// How long the riders who got a driver waited, each by the rider's own clock.
    pub waits: Vec<Duration>,
}

impl Summary {
    /// Riders who were still waiting at the end.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.opened.saturating_sub(self.found + self.expired + self.cancelled)
    }

    /// How long the rider in the middle waited for a driver; none where nobody got one.
    #[must_use]
    pub fn median_wait(&self) -> Option<Duration> {
        let mut waits = self.waits.clone();
        waits.sort_unstable();
        waits.get(waits.len() / 2).copied()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wait = self.median_wait().map_or_else(|| "-".to_owned(), |wait| format!("{:.1} s", wait.as_secs_f64()));
        writeln!(f, "riders   opened {}", self.opened)?;
        writeln!(f, "         found {}, median wait {wait}", self.found)?;
        writeln!(f, "         expired {}", self.expired)?;
        writeln!(f, "         cancelled {}", self.cancelled)?;
        writeln!(f, "         still waiting {}", self.waiting())?;
        writeln!(f, "drivers  reports {}", self.reports)?;
        write!(f, "service  errors {}", self.errors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_rider_in_the_middle() {
        let secs = Duration::from_secs;
        let summary = Summary { opened: 5, found: 3, waits: vec![secs(9), secs(1), secs(2)], ..Summary::default() };
        assert_eq!(summary.median_wait(), Some(secs(2)));
        assert_eq!(summary.waiting(), 2);
        assert_eq!(Summary::default().median_wait(), None);
    }
}
