//! Alarms: a rider about to be lost, and more who wait than there should be.
//!
//! An alarm is loud until it is acknowledged, and ends when its reason does. While Redis is away nothing begins and nothing
//! ends: nobody knows.

use std::collections::HashMap;
use std::time::Duration;

use super::Row;
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
    crowd: Option<Alarm>,
    next: Option<UnixMs>,
}

impl Alarms {
    /// Looks at everybody in the table, and at how many wait, at the time `now`; answers whether there is a new alarm.
    pub fn look<'a>(
        &mut self,
        rules: AlarmRules,
        now: UnixMs,
        rows: impl Iterator<Item = &'a Row>,
        waiting: u64,
    ) -> bool {
        let mut new = false;
        let mut riders = HashMap::new();
        self.next = None;
        for (id, deadline) in rows.filter_map(|row| Some((row.search.id, row.deadline()?))) {
            let left = deadline.since(now);
            match self.riders.get(&id) {
                Some(alarm) if left < rules.left + SLACK => {
                    riders.insert(id, *alarm);
                }
                _ if left < rules.left => {
                    riders.insert(id, Alarm::Loud);
                    new = true;
                }
                _ => self.next = self.next.into_iter().chain([deadline - rules.left]).min(),
            }
        }
        self.riders = riders;
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

    /// Takes note of all there are; answers how many were loud.
    pub fn acknowledge(&mut self) -> usize {
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
        let loud = self.riders.values().any(|alarm| *alarm == Alarm::Loud);
        (!self.riders.is_empty()).then_some((self.riders.len(), if loud { Alarm::Loud } else { Alarm::Acknowledged }))
    }

    /// Whether there is an alarm that nobody has taken note of.
    #[must_use]
    pub fn is_loud(&self) -> bool {
        self.riders.values().chain(&self.crowd).any(|alarm| *alarm == Alarm::Loud)
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
