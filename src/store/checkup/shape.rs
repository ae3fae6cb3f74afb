//! Whether the records are what they should be, who works, and whether what is due is attempted.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::domain::{Record, RequestId, UnixMs, clean};
use crate::store::server::{MAX_WORKERS, unix_ms};
use crate::store::{Store, StoreError};

/// So many requests are examined at the most.
const MOST_EXAMINED: usize = 10_000;

/// The time, and the workers with their heartbeats.
type Beats = ((i64, i64), Vec<(Vec<u8>, f64)>);

/// The requests whose records cannot be read, each with what is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unsound {
    /// The first field that is missing, or something else than it should be.
    pub damaged: Vec<(RequestId, String)>,
    /// The state that this version does not know.
    pub newer: Vec<(RequestId, String)>,
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
    /// The records that cannot be read of those who wait or have a key, the first ten thousand of them.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn unsound(&self) -> Result<Unsound, StoreError> {
        let mut ids: BTreeSet<RequestId> = match self.all_waiting().await {
            Err(error) if error.is_wrong_type() => BTreeSet::new(),
            waiting => waiting?.into_iter().collect(),
        };
        let mut cursor = 0;
        while ids.len() < MOST_EXAMINED {
            let (next, found) = self.scan_keys(cursor).await?;
            ids.extend(found);
            cursor = next;
            if cursor == 0 {
                break;
            }
        }
        let ids: Vec<RequestId> = ids.into_iter().take(MOST_EXAMINED).collect();
        let mut unsound = Unsound::default();
        for search in self.searches(&ids).await? {
            match search.record {
                Record::Damaged(field) => unsound.damaged.push((search.id, field)),
                Record::Newer(state) => unsound.newer.push((search.id, state)),
                Record::Foreign | Record::Whole(_) | Record::Listed(_) => {}
            }
        }
        Ok(unsound)
    }

    /// The workers that were heard of within the last minute or left no word, the newest first.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn pulses(&self) -> Result<Vec<Pulse>, StoreError> {
        let mut pipe = redis::pipe();
        pipe.cmd("TIME").cmd("ZRANGE").arg(&self.keys.workers).arg(0).arg(MAX_WORKERS - 1).arg("REV").arg("WITHSCORES");
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
