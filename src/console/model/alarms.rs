//! Alarms: a rider about to be lost, and more who wait than there should be.
//!
//! An alarm is loud until it is acknowledged, and ends when its reason does. While Redis is away nothing begins and nothing
//! ends: nobody knows.

use std::collections::HashMap;
use std::time::Duration;

use super::Searches;
use crate::domain::{RequestId, UnixMs};

/// An alarm ends only when so much more time is left than it begins with: two readings of one deadline differ by a little, and
/// one alarm must not be two.
const SLACK: Duration = Duration::from_secs(1);

/// When there is an alarm, and how it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlarmRules {
    /// A rider who waits with less time left than this is about to be lost.
    pub left: Duration,
    /// More than this many who wait are too many.
    pub waiting: Option<u64>,
    /// The terminal's bell rings for a new one.
    pub bell: bool,
}

/// How far an alarm has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alarm {
    /// Nobody has taken note.
    Loud,
    /// Somebody has.
    Acknowledged,
}

/// The alarms that there are.
#[derive(Debug, Clone, Default)]
pub struct Alarms {
    riders: HashMap<RequestId, Alarm>,
    /// How many of those are loud.
    loud: usize,
    crowd: Option<Alarm>,
    next: Option<UnixMs>,
    /// What was looked at last: the table's version, and the rule.
    looked_at: Option<((u64, u64), Duration)>,
}

impl Alarms {
    /// Looks at who in the table is short of time, and at how many wait, at the time `now`; answers whether there is a new alarm.
    pub fn look(&mut self, rules: AlarmRules, now: UnixMs, searches: &Searches, waiting: u64) -> bool {
        let looks_at = (searches.version(), rules.left);
        let mut new = false;
        if self.looked_at != Some(looks_at) {
            self.looked_at = Some(looks_at);
            new = self.look_at_riders(rules.left, now, searches);
        } else if let Some(next) = self.next.filter(|next| now > *next) {
            // With time alone alarms begin, and none ends.
            new = true;
            self.go_on(next + rules.left, rules.left, now, searches);
        }
        if let Some(bound) = rules.waiting {
            if waiting > bound && self.crowd.is_none() {
                self.crowd = Some(Alarm::Loud);
                new = true;
            } else if waiting <= bound - bound / 10 {
                // A little below the bound it is not over yet: the next rider would ring again.
                self.crowd = None;
            }
        }
        new
    }

    /// Only those whose time is up soon are looked at, and the first of the others.
    fn look_at_riders(&mut self, bound: Duration, now: UnixMs, searches: &Searches) -> bool {
        let before = std::mem::take(&mut self.riders);
        self.riders.reserve(before.len());
        (self.loud, self.next) = (0, None);
        let mut new = false;
        for (deadline, id) in searches.deadlines() {
            let left = deadline.since(now);
            let alarm = match before.get(&id) {
                Some(alarm) if left < bound + SLACK => *alarm,
                _ if left < bound => {
                    new = true;
                    Alarm::Loud
                }
                _ => {
                    self.next = self.next.or(Some(deadline - bound));
                    if left < bound + SLACK {
                        continue;
                    }
                    break;
                }
            };
            self.loud += usize::from(alarm == Alarm::Loud);
            self.riders.insert(id, alarm);
        }
        new
    }

    /// Nobody but those who had more time left than others is short of it now, the first of them at this deadline.
    fn go_on(&mut self, from: UnixMs, bound: Duration, now: UnixMs, searches: &Searches) {
        self.next = None;
        for (deadline, id) in searches.deadlines_from(from) {
            if self.riders.contains_key(&id) {
                continue;
            }
            if deadline.since(now) >= bound {
                self.next = Some(deadline - bound);
                break;
            }
            self.riders.insert(id, Alarm::Loud);
            self.loud += 1;
        }
    }

    /// Takes note of all there are; answers how many were loud.
    pub fn acknowledge(&mut self) -> usize {
        self.loud = 0;
        let loud = self.riders.values_mut().chain(&mut self.crowd).filter(|alarm| **alarm == Alarm::Loud);
        loud.map(|alarm| *alarm = Alarm::Acknowledged).count()
    }

    /// Whether this rider is about to be lost.
    #[must_use]
    pub fn rider(&self, id: RequestId) -> Option<Alarm> {
        self.riders.get(&id).copied()
    }

    /// How many riders are about to be lost, and whether any of that is loud.
    #[must_use]
    pub fn riders(&self) -> Option<(usize, Alarm)> {
        (!self.riders.is_empty())
            .then_some((self.riders.len(), if self.loud > 0 { Alarm::Loud } else { Alarm::Acknowledged }))
    }

    /// Whether there is an alarm that nobody has taken note of.
    #[must_use]
    pub fn is_loud(&self) -> bool {
        self.loud > 0 || self.crowd == Some(Alarm::Loud)
    }

    /// Whether more wait than there should be, or only just not any more.
    #[must_use]
    pub fn crowd(&self) -> Option<Alarm> {
        self.crowd
    }

    /// When the next rider will be about to be lost.
    #[must_use]
    pub fn next(&self) -> Option<UnixMs> {
        self.next
    }
}
