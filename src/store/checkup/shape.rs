//! Whether the keys are what they should be, who works, and whether what is due is attempted.

use std::time::Duration;

use crate::domain::{UnixMs, clean};
use crate::store::server::unix_ms;
use crate::store::{Store, StoreError};

/// The time, and the workers with their heartbeats.
type Beats = ((i64, i64), Vec<(Vec<u8>, f64)>);

/// A key that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misshapen {
    /// Its name.
    pub key: String,
    /// What it should be.
    pub expected: &'static str,
    /// What it is.
    pub found: String,
}

/// A worker and how long ago it was last heard of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulse {
    /// Its name.
    pub worker: String,
    /// Since its last heartbeat; it has one every two seconds.
    pub age: Duration,
}

/// The searches whose attempt or deadline has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Overdue {
    /// How many there are.
    pub count: u64,
    /// For how long the first of them has been waiting for its attempt.
    pub longest: Duration,
    /// How many wait in all.
    pub waiting: u64,
}

impl Store {
    /// The keys of ours that are of another type than they should be, and a counter that is no number.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn misshapen(&self) -> Result<Vec<Misshapen>, StoreError> {
        let (keys, mut types) = (self.keys.of_scripts(), redis::pipe());
        for key in keys {
            types.cmd("TYPE").arg(key);
        }
        let types: Vec<String> = self.query_all(&types).await?;
        let mut wrong = Vec::new();
        for (key, found) in keys.into_iter().zip(types) {
            let expected = self.keys.type_of(key);
            if found != expected && found != "none" {
                wrong.push(Misshapen { key: key.to_owned(), expected, found: clean(found.as_bytes()) });
            }
        }
        if !wrong.iter().any(|one| one.key == self.keys.counter) {
            let counter: Option<Vec<u8>> = self.query(redis::cmd("GET").arg(&self.keys.counter)).await?;
            let text = counter.as_deref().map(clean);
            if let Some(found) = text.filter(|text| text.parse::<i64>().is_err()) {
                wrong.push(Misshapen { key: self.keys.counter.clone(), expected: "a whole number", found });
            }
        }
        Ok(wrong)
    }

    /// The workers that were heard of within the last minute or left no word, the newest first.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn pulses(&self) -> Result<Vec<Pulse>, StoreError> {
        let mut pipe = redis::pipe();
        pipe.cmd("TIME").cmd("ZRANGE").arg(&self.keys.workers).arg(0).arg(-1).arg("REV").arg("WITHSCORES");
        let (now, workers): Beats = self.query_all(&pipe).await?;
        let now = UnixMs(now.0 * 1_000 + now.1 / 1_000);
        let pulse = |(name, at): (Vec<u8>, f64)| Pulse { worker: clean(&name), age: now.since(unix_ms(at)) };
        Ok(workers.into_iter().map(pulse).collect())
    }

    /// The searches whose attempt or deadline was due at least so long ago.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn overdue(&self, by: Duration) -> Result<Overdue, StoreError> {
        let (seconds, micros): (i64, i64) = self.query(&redis::cmd("TIME")).await?;
        let now = UnixMs(seconds * 1_000 + micros / 1_000);
        let mut pipe = redis::pipe();
        pipe.cmd("ZCOUNT").arg(&self.keys.due).arg("-inf").arg((now - by).0);
        pipe.cmd("ZRANGE").arg(&self.keys.due).arg(0).arg(0).arg("WITHSCORES").zcard(&self.keys.due);
        let (count, first, waiting): (u64, Vec<(Vec<u8>, f64)>, u64) = self.query_all(&pipe).await?;
        let longest = first.first().map(|(_, at)| now.since(unix_ms(*at))).unwrap_or_default();
        Ok(Overdue { count, longest, waiting })
    }
}
