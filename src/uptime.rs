//! Time that goes on while the machine sleeps.
//!
//! The clock of [`Instant`] stands still with a closed lid. By it a console would stay armed for a night, and take the picture of
//! yesterday for one of a second ago. This one goes on meanwhile, and never jumps when somebody sets the wall clock.

use std::ops::Add;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};

/// Elsewhere the monotonic clock goes on by itself.
#[cfg(any(target_os = "linux", target_os = "android"))]
const CLOCK: ClockId = ClockId::CLOCK_BOOTTIME;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const CLOCK: ClockId = ClockId::CLOCK_MONOTONIC;

/// A moment, as the time since the machine was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Uptime(Duration);

impl Uptime {
    /// This moment.
    #[must_use]
    pub fn now() -> Self {
        Self(clock_gettime(CLOCK).map_or_else(|_| of_this_process(), Duration::from))
    }

    /// How long ago this was, the time that the machine slept included.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        Self::now().0.saturating_sub(self.0)
    }
}

impl Add<Duration> for Uptime {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span))
    }
}

/// Where a system forbids to ask, the ordinary clock must do.
fn of_this_process() -> Duration {
    static BEGAN: OnceLock<Instant> = OnceLock::new();
    BEGAN.get_or_init(Instant::now).elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on() {
        let (began, ordinary) = (Uptime::now(), Instant::now());
        while ordinary.elapsed() < Duration::from_millis(2) {
            std::hint::spin_loop();
        }
        assert!(began.elapsed() >= Duration::from_millis(2));
        assert!(began + Duration::from_hours(1) > Uptime::now());
        assert_eq!((Uptime::now() + Duration::from_hours(1)).elapsed(), Duration::ZERO, "what is to come was never");
    }

    #[test]
    fn no_span_is_too_long() {
        assert!(Uptime::now() + Duration::MAX > Uptime::now());
    }
}
