//! The schedule: requests that are due, those whose key has changed, and the sweep of all who wait.

use std::time::Duration;

use redis::{FromRedisValue, Value};

use super::{Store, StoreError, millis};
use crate::domain::{Actor, RequestId, State, clean};

/// What came of a look at a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It goes on waiting.
    Waiting,
    /// It ended.
    Ended(State),
    /// It had ended before, or its record was gone.
    Gone,
    /// Its record lacks something: it is not attempted, and ends with its key.
    Damaged,
    /// It is in this state, which only a later version knows: it is left to that.
    Newer(String),
    /// Redis could not do it, for this reason; an attempt is tried again a second later.
    Failed(String),
}

/// A look at one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Which.
    pub id: RequestId,
    /// What came of it.
    pub outcome: Outcome,
}

/// What one round of attempts did.
#[derive(Debug, Clone, PartialEq)]
pub struct Round {
    /// How long until the next request is due; none where none waits.
    pub next_in: Option<Duration>,
    /// How late each of them was, against the schedule.
    pub late: Vec<Duration>,
    /// What was looked at.
    pub looks: Vec<Look>,
}

/// How much of Redis' time a sweep may take.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// From one turn to the next.
    pub every: Duration,
    /// How long a turn may go on.
    pub budget: Duration,
}

/// What a part of a sweep did.
#[derive(Debug, Clone, PartialEq)]
pub struct SweepPart {
    /// When to come again, if there is still something to look into.
    pub again_in: Duration,
    /// How long ago the last sweep began that is complete; none while one is under way.
    pub complete_since: Option<Duration>,
    /// What was looked at.
    pub looks: Vec<Look>,
}

impl Store {
    /// Attempts the requests that are due, at most so many, as this worker, and notes that the worker is alive.
    ///
    /// # Errors
    /// Where the handle is read-only or Redis cannot do it.
    pub async fn attempt_due(&self, worker: &Actor, most: usize) -> Result<Round, StoreError> {
        self.switch.check()?;
        let mut call = self.call(&self.scripts.attempt);
        call.arg(worker.as_str()).arg(most);
        let (next_ms, late_ms, outcomes): (i64, Vec<u64>, Vec<Value>) = self.run(&call).await?;
        let looks = self.looks(outcomes)?;
        // The heartbeat at least was written.
        self.link.condition().changed();
        Ok(Round {
            next_in: u64::try_from(next_ms).ok().map(Duration::from_millis),
            late: late_ms.into_iter().map(Duration::from_millis).collect(),
            looks: self.with_names(looks).await,
        })
    }

    /// Looks at the keys of these requests alone: ends those whose key has ended and takes over a new deadline. No driver is
    /// given away, so that a request that happened to change is not served before one that has waited longer.
    ///
    /// # Errors
    /// As [`Store::attempt_due`].
    pub async fn settle_by_key(&self, ids: &[RequestId], worker: &Actor) -> Result<Vec<Look>, StoreError> {
        self.switch.check()?;
        let mut call = self.call(&self.scripts.settle);
        call.arg(worker.as_str());
        for id in ids {
            call.arg(id.number());
        }
        let looks = self.looks(self.run(&call).await?)?;
        Ok(self.with_names(looks).await)
    }

    /// A part of a sweep, at most so many requests: a look at all who wait, oldest first, because of a change that was heard
    /// so long ago. All workers make one sweep together, at this pace.
    ///
    /// # Errors
    /// As [`Store::attempt_due`].
    pub async fn sweep(
        &self,
        worker: &Actor,
        heard_ago: Duration,
        pace: Pace,
        most: usize,
    ) -> Result<SweepPart, StoreError> {
        self.switch.check()?;
        let mut call = self.call(&self.scripts.sweep);
        let heard_ago_us = u64::try_from(heard_ago.as_micros()).unwrap_or(u64::MAX).max(1);
        call.arg(worker.as_str()).arg(heard_ago_us).arg(millis(pace.every)).arg(millis(pace.budget)).arg(most);
        let (again_ms, began_ago_us, outcomes): (u64, i64, Vec<Value>) = self.run(&call).await?;
        Ok(SweepPart {
            again_in: Duration::from_millis(again_ms),
            complete_since: u64::try_from(began_ago_us).ok().map(Duration::from_micros),
            looks: self.with_names(self.looks(outcomes)?).await,
        })
    }

    /// Takes this worker's name off the list of the living.
    ///
    /// # Errors
    /// Where Redis cannot do it.
    pub async fn retire(&self, worker: &Actor) -> Result<(), StoreError> {
        self.switch.check()?;
        self.query(redis::cmd("ZREM").arg(&self.keys.workers).arg(worker.as_str())).await
    }

    /// Reads outcomes. One whose id is none is left out: the script has done its work by now, and one odd member of the schedule
    /// must not hide the rest.
    ///
    /// # Errors
    /// Where a look failed by what ails Redis: that is no request's own affair, and all are to be looked at again.
    fn looks(&self, outcomes: Vec<Value>) -> Result<Vec<Look>, StoreError> {
        let looks: Vec<Look> = outcomes.into_iter().filter_map(look).collect();
        let mut failed = looks.iter().filter_map(|look| match &look.outcome {
            Outcome::Failed(reason) => Some(self.turned_down("look", reason)),
            _ => None,
        });
        match failed.find(|error| error.ailment().is_some()) {
            Some(error) => Err(error),
            None => Ok(looks),
        }
    }
}

/// Reads `{id, outcome, why it failed}`.
fn look(value: Value) -> Option<Look> {
    let fields: Vec<Vec<u8>> = FromRedisValue::from_redis_value(value).ok()?;
    let text = |i: usize| fields.get(i).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
    Some(Look {
        id: text(0).parse().ok()?,
        outcome: match text(1) {
            "searching" => Outcome::Waiting,
            "damaged" => Outcome::Damaged,
            "newer" => Outcome::Newer(clean(fields.get(2).map_or(b"", Vec::as_slice))),
            "failed" => Outcome::Failed(clean(fields.get(2).map_or(b"", Vec::as_slice))),
            word => State::parse(word).map_or(Outcome::Gone, Outcome::Ended),
        },
    })
}
