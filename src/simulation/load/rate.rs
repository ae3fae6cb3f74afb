//! How often calls are due, and which of them are due by when.

use std::str::FromStr;
use std::time::Duration;

/// The most calls a second that can be wanted.
const MOST: f64 = 1_000_000.0;

/// How often calls are due.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rate {
    /// So many in a second, whatever the answers do.
    PerSecond(f64),
    /// Each as soon as the one before it on the same connection is answered.
    Max,
}

/// Why a text is no rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a rate is a number of calls a second, above 0 and at most 1000000, or max")]
pub struct InvalidRate;

impl FromStr for Rate {
    type Err = InvalidRate;

    fn from_str(text: &str) -> Result<Self, InvalidRate> {
        if text == "max" {
            return Ok(Self::Max);
        }
        let rate = text.parse::<f64>().ok().filter(|rate| *rate > 0.0 && *rate <= MOST);
        rate.map(Self::PerSecond).ok_or(InvalidRate)
    }
}

/// When each call is due: the first at once, the others at equal distances. It is fixed before the first is sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Schedule {
    rate: f64,
    calls: u64,
}

impl Schedule {
    /// So many calls a second for so long; without an end as long as somebody is there to make them.
    pub(super) fn new(rate: f64, duration: Option<Duration>) -> Self {
        let calls = duration.map_or(u64::MAX, |duration| whole((duration.as_secs_f64() * rate).round()).max(1));
        Self { rate, calls }
    }

    /// How many calls there are in all.
    pub(super) fn calls(self) -> u64 {
        self.calls
    }

    /// When the call of this number, counted from 0, is due after the start.
    pub(super) fn due(self, call: u64) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 calls")]
        Duration::from_secs_f64(call as f64 / self.rate)
    }

    /// How many calls are due once so much time has passed.
    pub(super) fn due_by(self, passed: Duration) -> u64 {
        whole((passed.as_secs_f64() * self.rate).floor()).saturating_add(1).min(self.calls)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count, which saturates")]
fn whole(count: f64) -> u64 {
    count as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_rate_is_a_number_or_max() {
        assert_eq!("max".parse(), Ok(Rate::Max));
        assert_eq!("0.5".parse(), Ok(Rate::PerSecond(0.5)));
        for text in ["", "0", "-1", "NaN", "inf", "1e9", "fast"] {
            assert_eq!(text.parse::<Rate>(), Err(InvalidRate), "{text:?}");
        }
    }

    #[test]
    fn the_first_call_is_due_at_once_and_the_last_before_the_end() {
        let schedule = Schedule::new(200.0, Some(Duration::from_secs(2)));
        assert_eq!((schedule.calls(), schedule.due(0)), (400, Duration::ZERO));
        assert_eq!(schedule.due(399), Duration::from_millis(1_995));
        assert_eq!((schedule.due_by(Duration::ZERO), schedule.due_by(Duration::from_hours(1))), (1, 400));
    }

    #[test]
    fn however_short_the_time_there_is_a_call() {
        assert_eq!(Schedule::new(0.5, Some(Duration::from_millis(1))).calls(), 1);
        assert_eq!(Schedule::new(1.0, None).calls(), u64::MAX);
    }

    proptest! {
        #[test]
        fn a_call_counts_as_due_from_its_time_on(rate in 0.1..100_000.0_f64, call in 0..1_000_000_u64) {
            let schedule = Schedule::new(rate, None);
            let (at, slack) = (schedule.due(call), Duration::from_nanos(20));
            prop_assert!(schedule.due_by(at + slack) > call);
            prop_assert!(schedule.due_by(at.saturating_sub(slack)) <= call + 1);
        }
    }
}
