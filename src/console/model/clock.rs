//! What time it is: by the console's own clock, by Redis', and in the picture.

use std::time::Duration;

use super::Model;
use crate::console::message::Link;
use crate::domain::UnixMs;

/// Two readings of Redis' clock are off by less than this: by the way of the answers, and by the drift between its clock and ours.
pub const CLOCK_SLACK: Duration = Duration::from_secs(2);

impl Model {
    /// Takes in what Redis' clock said at a moment of ours. Where it was set back, what was read before that is as old as what is
    /// read from now on: else all of that would be taken for overtaken.
    pub fn set_clock(&mut self, at: Duration, redis: UnixMs) {
        let expected = self.clock.map(|(before, was)| was + at.saturating_sub(before));
        if expected.is_some_and(|expected| expected.since(redis) > CLOCK_SLACK) {
            self.newest_searches_mut().set_back(redis);
        }
        self.clock = Some((at, redis));
    }

    /// Redis' clock now; none before it was first heard.
    #[must_use]
    pub fn redis_now(&self) -> Option<UnixMs> {
        self.clock.map(|(at, redis)| redis + self.now.saturating_sub(at))
    }

    /// Redis' clock at a moment of ours; none before it was first heard.
    #[must_use]
    pub fn redis_at(&self, moment: Duration) -> Option<UnixMs> {
        self.clock.map(|(at, redis)| redis + moment.saturating_sub(at) - at.saturating_sub(moment))
    }

    /// The moment that the picture shows: now, while it is stopped that moment, and while Redis is away the last that is known.
    #[must_use]
    pub fn picture_now(&self) -> Option<UnixMs> {
        self.held.as_ref().map_or_else(|| self.newest_now(), |held| Some(held.since))
    }

    /// The moment that the header and the numbers tell of: now, and while Redis is away the last that is known.
    #[must_use]
    pub fn newest_now(&self) -> Option<UnixMs> {
        let (now, age) = (self.redis_now()?, self.age().unwrap_or_default());
        Some(if matches!(self.link, Link::Away(_)) { now - age } else { now })
    }

    /// How old the picture is: how long ago it was last known to be true.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        self.true_at.map(|at| self.now.saturating_sub(at))
    }
}
