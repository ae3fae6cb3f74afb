//! The server itself: is it there, what time is it there, and how much does it hold.

use std::time::{Duration, Instant};
use std::vec::IntoIter;

use redis::{FromRedisValue, RedisResult, Value};

use super::{Store, StoreError};
use crate::domain::{UnixMs, Vitals};

/// A worker that was heard of so lately counts as alive; it tells of itself every two seconds.
const ALIVE: Duration = Duration::from_secs(10);
/// At most so many heartbeats are read, the newest: an external writer can have made up any number.
pub(super) const MAX_WORKERS: isize = 1_000;

impl Store {
    /// Asks whether the server answers.
    ///
    /// # Errors
    /// Where it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let answer = self.query(&redis::cmd("PING")).await;
        // A Redis that cannot save refuses this, too.
        answer.inspect(|()| self.link.condition().done("ping")).inspect_err(|error| {
            self.link.condition().refused("ping", error);
        })
    }

    /// Reads Redis' clock.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn now(&self) -> Result<UnixMs, StoreError> {
        let (seconds, micros): (i64, i64) = self.query(&redis::cmd("TIME")).await?;
        Ok(UnixMs(seconds * 1_000 + micros / 1_000))
    }

    /// Reads the clock and the figures in one round trip. A key of another type hides nothing but its own figure.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn vitals(&self) -> Result<Vitals, StoreError> {
        let mut pipe = redis::pipe();
        pipe.cmd("TIME").zcard(&self.keys.drivers).zcard(&self.keys.stale).zcard(&self.keys.due);
        pipe.cmd("ZRANGE").arg(&self.keys.workers).arg(-MAX_WORKERS).arg(-1).arg("WITHSCORES");
        // What it counts is not asked for: only whether it can be counted.
        pipe.cmd("XLEN").arg(&self.keys.events).ignore_errors();
        let sent = Instant::now();
        let answers: Vec<RedisResult<Value>> = self.query_all(&pipe).await?;
        let latency = sent.elapsed();
        let mut figures = Figures { store: self, answers: answers.into_iter(), misshapen: false };
        let (seconds, micros): (i64, i64) = figures.next()?;
        let now = UnixMs(seconds * 1_000 + micros / 1_000);
        let (drivers, stale, waiting) = (figures.next()?, figures.next()?, figures.next()?);
        let workers: Vec<(Vec<u8>, f64)> = figures.next()?;
        let workers = workers.iter().filter(|(_, at)| now.since(unix_ms(*at)) < ALIVE).count();
        let _: u64 = figures.next()?;
        Ok(Vitals { now, latency, drivers, stale, waiting, workers, misshapen: figures.misshapen })
    }
}

/// The answers to several commands, one after the other.
struct Figures<'a> {
    store: &'a Store,
    answers: IntoIter<RedisResult<Value>>,
    misshapen: bool,
}

impl Figures<'_> {
    /// The next one; nothing at all where its key is of another type.
    fn next<T: FromRedisValue + Default>(&mut self) -> Result<T, StoreError> {
        let answer = self.answers.next().unwrap_or(Ok(Value::Nil));
        match answer.and_then(|value| Ok(redis::from_redis_value(value)?)) {
            Ok(figure) => Ok(figure),
            Err(error) => {
                let error = self.store.counted(&error);
                self.misshapen |= error.is_wrong_type();
                if error.is_wrong_type() { Ok(T::default()) } else { Err(error) }
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a foreign score saturates")]
pub(super) fn unix_ms(score: f64) -> UnixMs {
    UnixMs(score as i64)
}
