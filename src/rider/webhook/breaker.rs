//! The circuit breaker: a receiver that fails everything is probed by one delivery at a time, and not by all slots.
//!
//! ```text
//!   closed ──(as many failures in a row as there are slots)──► open: one probe at a time, with growing pauses
//!      ▲                                                        │
//!      └──────────────────(the first success)───────────────────┘
//! ```
//!
//! It is a state machine without a clock: the time is an argument.

use std::time::Duration;

use tokio::time::Instant;

use super::send::SLOTS;

/// The longest pause between two probes: a receiver that is back waits no longer than this.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// A change that is worth a line in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// From now on the receiver is only probed.
    Opened,
    /// The receiver takes deliveries again.
    Closed,
}

/// What may begin now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Allowed {
    /// As many deliveries as there are free slots.
    All,
    /// One probe.
    Probe,
    /// Nothing. `None` until the probe under way has ended, else after this pause.
    Nothing(Option<Duration>),
}

/// Whether deliveries go out, and when the next probe may.
#[derive(Debug)]
pub(super) struct Breaker {
    /// The first pause between two probes; it doubles.
    first_pause: Duration,
    state: State,
}

#[derive(Debug)]
enum State {
    Closed { failures: usize },
    Open { pause: Duration, probe_at: Instant },
}

impl Breaker {
    pub(super) fn new(first_pause: Duration) -> Self {
        Self { first_pause: first_pause.min(MAX_PAUSE), state: State::Closed { failures: 0 } }
    }

    /// What may begin now, while this many deliveries are under way.
    pub(super) fn allowed(&self, under_way: usize, now: Instant) -> Allowed {
        match self.state {
            State::Closed { .. } => Allowed::All,
            State::Open { .. } if under_way > 0 => Allowed::Nothing(None),
            State::Open { probe_at, .. } if now < probe_at => Allowed::Nothing(Some(probe_at - now)),
            State::Open { .. } => Allowed::Probe,
        }
    }

    /// A delivery has failed. `luck`, from 0 to 1, chooses the pause between half and all of it, so that several services do not
    /// probe at the same moment.
    pub(super) fn failed(&mut self, now: Instant, luck: f64) -> Option<Change> {
        let drawn = |pause: Duration| now + pause.mul_f64(0.5 + luck.clamp(0.0, 1.0) / 2.0);
        match &mut self.state {
            State::Closed { failures } => {
                *failures += 1;
                if *failures < SLOTS {
                    return None;
                }
                self.state = State::Open { pause: self.first_pause, probe_at: drawn(self.first_pause) };
                Some(Change::Opened)
            }
            // One that began before the first probe says nothing new.
            State::Open { probe_at, .. } if now < *probe_at => None,
            State::Open { pause, probe_at } => {
                *pause = (*pause * 2).min(MAX_PAUSE);
                *probe_at = drawn(*pause);
                None
            }
        }
    }

    /// The receiver has taken a delivery, or said for good that it does not want it: it works.
    pub(super) fn succeeded(&mut self) -> Option<Change> {
        let before = std::mem::replace(&mut self.state, State::Closed { failures: 0 });
        matches!(before, State::Open { .. }).then_some(Change::Closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn opened(now: Instant) -> Breaker {
        let mut breaker = Breaker::new(SECOND);
        let changes: Vec<_> = (0..SLOTS).map(|_| breaker.failed(now, 1.0)).collect();
        assert_eq!(changes.iter().flatten().collect::<Vec<_>>(), [&Change::Opened]);
        assert_eq!(changes.last(), Some(&Some(Change::Opened)), "the last slot opens it");
        breaker
    }

    #[test]
    fn some_failures_among_successes_leave_it_closed() {
        let (mut breaker, now) = (Breaker::new(SECOND), Instant::now());
        for _ in 0..100 {
            for _ in 1..SLOTS {
                assert_eq!(breaker.failed(now, 1.0), None);
            }
            assert_eq!(breaker.succeeded(), None);
        }
        assert_eq!(breaker.allowed(3, now), Allowed::All);
    }

    #[test]
    fn an_open_one_lets_one_probe_out_at_a_time() {
        let now = Instant::now();
        let breaker = opened(now);
        assert_eq!(breaker.allowed(0, now), Allowed::Nothing(Some(SECOND)));
        assert_eq!(breaker.allowed(0, now + SECOND), Allowed::Probe);
        assert_eq!(breaker.allowed(1, now + SECOND), Allowed::Nothing(None), "one is under way");
    }

    #[test]
    fn pauses_between_probes_double_up_to_half_a_minute() {
        let mut now = Instant::now();
        let mut breaker = opened(now);
        let mut pauses = Vec::new();
        for _ in 0..7 {
            let Allowed::Nothing(Some(pause)) = breaker.allowed(0, now) else { panic!("{breaker:?}") };
            pauses.push(pause.as_secs());
            now += pause;
            assert_eq!(breaker.failed(now, 1.0), None);
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
    }

    #[test]
    fn what_was_under_way_as_it_opened_does_not_lengthen_the_pause() {
        let now = Instant::now();
        let mut breaker = opened(now);
        for _ in 0..SLOTS {
            breaker.failed(now, 1.0);
        }
        assert_eq!(breaker.allowed(0, now), Allowed::Nothing(Some(SECOND)));
    }

    #[test]
    fn the_first_success_closes_it_and_it_begins_anew() {
        let now = Instant::now();
        let mut breaker = opened(now);
        breaker.failed(now + SECOND, 1.0);
        assert_eq!(breaker.succeeded(), Some(Change::Closed));
        assert_eq!(breaker.allowed(0, now), Allowed::All);
        assert_eq!(breaker.succeeded(), None);
        let breaker = opened(now);
        assert_eq!(breaker.allowed(0, now), Allowed::Nothing(Some(SECOND)));
    }

    #[test]
    fn luck_spreads_probes_over_half_the_pause() {
        let now = Instant::now();
        let mut breaker = Breaker::new(SECOND);
        for _ in 0..SLOTS {
            breaker.failed(now, 0.0);
        }
        assert_eq!(breaker.allowed(0, now), Allowed::Nothing(Some(SECOND / 2)));
    }
}
