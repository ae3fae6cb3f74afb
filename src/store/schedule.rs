//! The schedule: requests that are due, and those that are looked at because something changed.

use std::sync::Arc;
use std::time::Duration;

use redis::{FromRedisValue, Value};
use tokio::sync::OwnedMutexGuard;

use super::{Store, StoreError};
use crate::domain::{Actor, DriverId, RequestId, State, clean};

/// What came of a look at a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It goes on waiting.
    Waiting,
    /// It ended: with a driver and the metres to that driver, or cancelled, or expired.
    Ended(State, Option<(DriverId, f64)>),
    /// It had ended before, or its record was gone.
    Gone,
    /// Its record lacks something: it is not attempted, and ends with its key.
    Damaged,
    /// Redis could not do it, for this reason; an attempt is tried again a second later.
    Failed(String),
}

/// A look at one request.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// Which.
    pub id: RequestId,
    /// Whether a driver was looked for because the schedule said so.
    pub on_schedule: bool,
    /// Latitude and longitude of the pickup, in degrees.
    pub at: Option<(f64, f64)>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What one round of attempts did.
#[derive(Debug, Clone, PartialEq)]
pub struct Round {
    /// How long until the next request is due; none where none waits.
    pub next_in: Option<Duration>,
    /// How late the round was for the first of them.
    pub late: Duration,
    /// What was looked at.
    pub looks: Vec<Look>,
}

impl Store {
    /// Attempts the requests that are due, at most so many, as this worker, and notes that the worker is alive.
    ///
    /// # Errors
    /// Where the handle is read-only or Redis cannot do it.
    pub async fn attempt_due(&self, worker: &Actor, most: usize) -> Result<Round, StoreError> {
        self.access.check()?;
        let mut call = self.call(&self.scripts.attempt);
        call.arg(worker.as_str()).arg(most);
        let (next_ms, late_ms, looks): (i64, i64, Vec<Value>) = self.run(&call).await?;
        Ok(Round {
            next_in: u64::try_from(next_ms).ok().map(Duration::from_millis),
            late: Duration::from_millis(u64::try_from(late_ms).unwrap_or(0)),
            looks: looks.into_iter().filter_map(look).collect(),
        })
    }

    /// Waits until no attempt through this handle or its clones is under way, and lets none begin while the guard is held.
    ///
    /// A worker holds it from before an attempt until that is logged, and who tells riders takes it before each batch. The end
    /// of a request comes through the stream, and would else often be in the log before the attempt that brought it.
    pub async fn between_attempts(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.attempts).lock_owned().await
    }

    /// Looks at these requests out of their turn: ends those whose key has ended, gives a driver to those who have one near.
    ///
    /// # Errors
    /// As [`Store::attempt_due`].
    pub async fn settle(&self, ids: &[RequestId], worker: &Actor) -> Result<Vec<Look>, StoreError> {
        self.look(ids, worker, "drivers").await
    }

    /// Looks at the keys of these requests alone: ends those whose key has ended and takes over a new deadline. No driver is
    /// given away, so that a request that happened to change is not served before one that has waited longer.
    ///
    /// # Errors
    /// As [`Store::attempt_due`].
    pub async fn settle_by_key(&self, ids: &[RequestId], worker: &Actor) -> Result<Vec<Look>, StoreError> {
        self.look(ids, worker, "key").await
    }

    async fn look(&self, ids: &[RequestId], worker: &Actor, why: &str) -> Result<Vec<Look>, StoreError> {
        self.access.check()?;
        let mut call = self.call(&self.scripts.settle);
        call.arg(worker.as_str()).arg(why);
        for id in ids {
            call.arg(id.number());
        }
        Ok(self.run::<Vec<Value>>(&call).await?.into_iter().filter_map(look).collect())
    }

    /// Takes this worker's name off the list of the living.
    ///
    /// # Errors
    /// Where Redis cannot do it.
    pub async fn retire(&self, worker: &Actor) -> Result<(), StoreError> {
        self.access.check()?;
        self.query(redis::cmd("ZREM").arg(&self.keys.workers).arg(worker.as_str())).await
    }
}

/// Reads `{id, outcome, user, lat, lng, driver, metres, on schedule}`; what is missing at the end does not apply. None where
/// the id is none: the script has done its work by now, and one odd member of the schedule must not hide the rest.
fn look(value: Value) -> Option<Look> {
    let fields: Vec<Vec<u8>> = FromRedisValue::from_redis_value(value).ok()?;
    let text = |i: usize| fields.get(i).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
    let number = |i: usize| text(i).parse::<f64>().ok();
    let driver = fields.get(5).filter(|id| !id.is_empty()).map(|id| DriverId::from_redis(id));
    Some(Look {
        id: text(0).parse().ok()?,
        on_schedule: text(7) == "1",
        at: number(3).zip(number(4)),
        outcome: match text(1) {
            "searching" => Outcome::Waiting,
            "damaged" => Outcome::Damaged,
            "failed" => Outcome::Failed(clean(fields.get(2).map_or(b"", Vec::as_slice))),
            word => State::parse(word).map_or(Outcome::Gone, |state| Outcome::Ended(state, driver.zip(number(6)))),
        },
    })
}
