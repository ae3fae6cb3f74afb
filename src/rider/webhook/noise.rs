//! What the log says of deliveries: that they fail, that they work again, and what was given up; never so much that a
//! receiver that is away for an hour, with ten thousand messages waiting, would flood it.

use std::time::Duration;

use tokio::time::Instant;

/// Warnings of one kind are counted over so long.
const WINDOW: Duration = Duration::from_mins(1);
/// So many failures are warned of in a window.
const FAILURES: u32 = 1;
/// So many dead letters are warned of in a window.
const DEAD_LETTERS: u32 = 20;

/// Lets so many through in a window, and counts those that it holds back.
#[derive(Debug)]
struct Throttle {
    most: u32,
    began: Option<Instant>,
    passed: u32,
    held_back: u64,
}

impl Throttle {
    fn new(most: u32) -> Self {
        Self { most, began: None, passed: 0, held_back: 0 }
    }

    /// Whether one may be said now, and then how many were held back since the last one.
    fn pass(&mut self, now: Instant) -> Option<u64> {
        if self.began.is_none_or(|began| now >= began + WINDOW) {
            self.began = Some(now);
            self.passed = 0;
        }
        if self.passed >= self.most {
            self.held_back += 1;
            return None;
        }
        self.passed += 1;
        Some(std::mem::take(&mut self.held_back))
    }
}

/// What was said so far.
#[derive(Debug)]
pub(super) struct Noise {
    failures: Throttle,
    dead_letters: Throttle,
    /// A failure was said, and not yet that it works again.
    failing: bool,
}

impl Noise {
    pub(super) fn new() -> Self {
        Self { failures: Throttle::new(FAILURES), dead_letters: Throttle::new(DEAD_LETTERS), failing: false }
    }

    /// A try has failed. Answers what to warn of: once, until it works again.
    pub(super) fn failed(&mut self, message: &str, why: &str, now: Instant) -> Option<String> {
        if self.failing {
            return None;
        }
        self.failures.pass(now)?;
        self.failing = true;
        Some(format!("webhook: {message} was not delivered: {why}; it is tried again, and so is what fails after it"))
    }

    /// A message has arrived. Answers what to say where failures were warned of.
    pub(super) fn delivered(&mut self) -> Option<&'static str> {
        std::mem::take(&mut self.failing).then_some("webhook: deliveries arrive again")
    }

    /// A message was given up. Answers what to warn of.
    pub(super) fn dead(&mut self, message: &str, tries: u64, why: &str, now: Instant) -> Option<String> {
        let more = match self.dead_letters.pass(now)? {
            0 => String::new(),
            more => format!(" (and {more} more before it)"),
        };
        Some(format!("webhook: {message} is given up after {tries} tries and kept among the dead letters{more}: {why}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_said_once_until_it_works_again() {
        let (mut noise, now) = (Noise::new(), Instant::now());
        assert_eq!(noise.delivered(), None);
        assert!(noise.failed("msg_1-0", "500", now).unwrap().contains("msg_1-0 was not delivered: 500"));
        for hour in 0..24 {
            assert_eq!(noise.failed("msg_2-0", "500", now + Duration::from_hours(hour)), None);
        }
        assert!(noise.delivered().is_some());
        assert_eq!(noise.delivered(), None);
    }

    #[test]
    fn one_bad_message_among_many_good_ones_is_no_flood() {
        let (mut noise, now) = (Noise::new(), Instant::now());
        let mut said = 0;
        for second in 0..600 {
            let now = now + Duration::from_secs(second);
            said += usize::from(noise.failed("msg_1-0", "500", now).is_some());
            said += usize::from(noise.delivered().is_some());
        }
        assert_eq!(said, 20, "two lines a minute");
    }

    #[test]
    fn dead_letters_are_counted_where_they_are_not_said() {
        let (mut noise, now) = (Noise::new(), Instant::now());
        let said = (0..100).filter(|_| noise.dead("msg_1-0", 9, "410 Gone", now).is_some()).count();
        assert_eq!(said, 20);
        let line = noise.dead("msg_1-0", 9, "410 Gone", now + WINDOW).unwrap();
        assert!(line.contains("after 9 tries") && line.contains("(and 80 more before it): 410 Gone"), "{line}");
    }
}
