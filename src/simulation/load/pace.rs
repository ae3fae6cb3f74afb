//! Says when calls are due.
//!
//! In a thread of its own, since tokio's timers wake at whole milliseconds only: at ten thousand calls a second that would be
//! ten at once, and half a millisecond of each answer's time would be ours.

use std::thread::sleep;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::rate::Schedule;

/// So long it sleeps at the least: where more calls are due in this time, they are made together.
const SHORTEST: Duration = Duration::from_micros(150);
/// And at the most, so that it ends when the calls do.
const LONGEST: Duration = Duration::from_millis(100);

/// Gives a permit for each call when it is due, until all are given or the semaphore is closed.
pub(super) fn release(schedule: Schedule, began: Instant, due: &Semaphore) {
    let mut released = 0;
    while released < schedule.calls() && !due.is_closed() {
        let by = schedule.due_by(began.elapsed());
        due.add_permits(usize::try_from(by - released).unwrap_or(Semaphore::MAX_PERMITS));
        released = by;
        sleep(schedule.due(by).saturating_sub(began.elapsed()).clamp(SHORTEST, LONGEST));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_gets_its_permit_once() {
        let due = Semaphore::new(0);
        release(Schedule::new(100_000.0, Some(Duration::from_millis(3))), Instant::now(), &due);
        assert_eq!(due.available_permits(), 300);
    }

    #[test]
    fn nothing_is_released_once_it_is_over() {
        let due = Semaphore::new(0);
        due.close();
        release(Schedule::new(1.0, None), Instant::now(), &due);
        assert_eq!(due.available_permits(), 0);
    }
}
