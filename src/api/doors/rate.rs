//! How often a client may call, and a driver report.

use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// So many bits tell those apart who are counted. Two of the same share what one may: with a million of them that is one in five.
/// In return nobody can make us keep more than so many, whatever he sends.
const BITS: u32 = 22;

/// So often in such a time, and as often at once after a rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    often: NonZeroU32,
    per: Per,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Per {
    Second,
    Minute,
}

/// Why a text is no rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a rate is written 100/s or 30/m, or off")]
pub struct InvalidRate;

impl Rate {
    /// So often a second.
    #[must_use]
    pub const fn per_second(often: NonZeroU32) -> Self {
        Self { often, per: Per::Second }
    }

    /// So often a minute.
    #[must_use]
    pub const fn per_minute(often: NonZeroU32) -> Self {
        Self { often, per: Per::Minute }
    }
}

impl FromStr for Rate {
    type Err = InvalidRate;

    fn from_str(text: &str) -> Result<Self, InvalidRate> {
        let (often, per) = text.split_once('/').ok_or(InvalidRate)?;
        let per = match per {
            "s" => Per::Second,
            "m" => Per::Minute,
            _ => return Err(InvalidRate),
        };
        // Not even a plus sign.
        let often = Some(often).filter(|often| often.bytes().all(|b| b.is_ascii_digit())).and_then(|o| o.parse().ok());
        Ok(Self { often: often.ok_or(InvalidRate)?, per })
    }
}

impl Rate {
    /// The time after which one more is allowed.
    fn period(self) -> Duration {
        let span = match self.per {
            Per::Second => Duration::from_secs(1),
            Per::Minute => Duration::from_mins(1),
        };
        span / self.often.get()
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.often, if self.per == Per::Second { 's' } else { 'm' })
    }
}

/// Holds everybody to a rate.
pub(super) struct Limiter {
    pub(super) rate: Rate,
    counts: DefaultKeyedRateLimiter<u32>,
    clock: DefaultClock,
    /// With a secret of this process: nobody can choose a name that shares another's allowance.
    hasher: RandomState,
}

impl Limiter {
    pub(super) fn new(rate: Rate) -> Self {
        let quota = match rate.per {
            Per::Second => Quota::per_second(rate.often),
            Per::Minute => Quota::per_minute(rate.often),
        };
        let clock = DefaultClock::default();
        Self { rate, counts: RateLimiter::keyed(quota), clock, hasher: RandomState::new() }
    }

    /// Counts one of this name, or answers after how many whole seconds there may be another.
    pub(super) fn count(&self, name: &impl Hash) -> Result<(), u64> {
        self.counts.check_key(&self.key(name)).map_err(|not_yet| seconds(not_yet.wait_time_from(self.clock.now())))
    }

    /// Counts up to `wanted` calls of this name. If only `n` of them are allowed, returns `Err((n, seconds))`: after so many
    /// seconds the others are allowed too, or as many of them as are ever allowed at once.
    pub(super) fn count_up_to(&self, name: &impl Hash, wanted: usize) -> Result<(), (usize, u64)> {
        let key = self.key(name);
        for counted in 0..wanted {
            if let Err(not_yet) = self.counts.check_key(&key) {
                let burst = usize::try_from(self.rate.often.get()).unwrap_or(usize::MAX);
                let others = u32::try_from((wanted - counted).min(burst) - 1).unwrap_or(u32::MAX);
                let wait = not_yet.wait_time_from(self.clock.now()) + self.rate.period().saturating_mul(others);
                return Err((counted, seconds(wait)));
            }
        }
        Ok(())
    }

    fn key(&self, name: &impl Hash) -> u32 {
        #[expect(clippy::cast_possible_truncation, reason = "as many bits as are kept")]
        let key = self.hasher.hash_one(name) as u32 >> (u32::BITS - BITS);
        key
    }

    /// Forgets those who have rested long enough.
    pub(super) fn tidy(&self) {
        self.counts.retain_recent();
        self.counts.shrink_to_fit();
    }
}

/// Whole seconds, at least one: with 0 a client would come back at once.
fn seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_and_a_time() {
        for text in ["1/s", "100/s", "30/m"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
        for odd in ["", "5", "/s", "0/s", "-1/s", "+1/s", "1.5/s", "5/h", "5/sec", "99999999999/s", "5 /s", "off"] {
            assert_eq!(odd.parse::<Rate>(), Err(InvalidRate), "{odd}");
        }
    }

    #[test]
    fn each_has_its_own_allowance_and_is_told_when_there_is_more() {
        let limiter = Limiter::new("2/m".parse().unwrap());
        assert_eq!([limiter.count(&"a"), limiter.count(&"a")], [Ok(()), Ok(())]);
        let wait = limiter.count(&"a").unwrap_err();
        assert!((29..=30).contains(&wait), "{wait}");
        assert_eq!(limiter.count(&"b"), Ok(()));
    }

    #[test]
    fn of_a_batch_as_many_count_as_are_allowed_and_the_wait_is_for_all_the_others() {
        let limiter = Limiter::new("6/m".parse().unwrap());
        assert_eq!(limiter.count_up_to(&"a", 0), Ok(()));
        assert_eq!(limiter.count_up_to(&"a", 4), Ok(()));
        let (counted, wait) = limiter.count_up_to(&"a", 5).unwrap_err();
        assert!(counted == 2 && (29..=30).contains(&wait), "{counted} {wait}");
        let (counted, wait) = limiter.count_up_to(&"a", 1_000).unwrap_err();
        assert!(counted == 0 && (59..=60).contains(&wait), "as many as are allowed at once: {counted} {wait}");
        assert_eq!(limiter.count_up_to(&"b", 6), Ok(()));
    }

    #[test]
    fn whoever_is_at_rest_is_forgotten_and_others_are_not() {
        let quick = Limiter::new("1000000/s".parse().unwrap());
        for name in 0..1_000 {
            assert_eq!(quick.count(&name), Ok(()));
        }
        while !quick.counts.is_empty() {
            quick.tidy();
        }
        let slow = Limiter::new("1/m".parse().unwrap());
        slow.count(&"a").unwrap();
        slow.tidy();
        assert!(slow.count(&"a").is_err());
    }

    #[test]
    fn a_wait_is_told_in_whole_seconds_and_never_as_none() {
        let told = [0, 1, 999, 1_000, 1_001].map(|ms| seconds(Duration::from_millis(ms)));
        assert_eq!(told, [1, 1, 1, 1, 2]);
    }
}
