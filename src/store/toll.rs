//! What commands cost Redis, as far as can be told from this side of the wire.
//!
//! Redis tells no client what its commands cost. Many that go together can be sent between two looks at its own clock
//! ([`Store::query_by_the_clock`]). Else an answer takes the way there and back and the time that Redis needs, and the way is
//! known: the quickest answer of late took hardly longer. What is left over is too much rather than too little, as Redis may have
//! served others meanwhile. So a share of it is kept to on any link, and a slow link alone is no cost.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::{Cmd, Value};

use super::{Store, StoreError};

/// The quickest answer is looked for among those of so long, and of as long before.
const OF_LATE: Duration = Duration::from_secs(10);

/// What the commands of one handle have cost since this was taken last.
#[derive(Debug, Default)]
pub struct Toll {
    micros: AtomicU64,
}

impl Toll {
    /// What there is, at least the time that Redis itself needed; from now on it is counted anew.
    pub fn take(&self) -> Duration {
        Duration::from_micros(self.micros.swap(0, Ordering::Relaxed))
    }

    pub(super) fn add(&self, cost: Duration) {
        self.micros.fetch_add(u64::try_from(cost.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// The way there and back, which all handles on one connection share.
#[derive(Debug, Clone, Default)]
pub(super) struct Way(Arc<Mutex<Quickest>>);

impl Way {
    /// An answer took so long: how much of that Redis needed for it, at the most.
    pub(super) fn cost_of(&self, took: Duration) -> Duration {
        let mut quickest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        took.saturating_sub(quickest.note(Instant::now(), took))
    }
}

#[derive(Debug, Default)]
struct Quickest {
    since: Option<Instant>,
    now: Option<Duration>,
    before: Option<Duration>,
}

impl Quickest {
    /// Notes how long an answer took, and tells how long the quickest of late did.
    fn note(&mut self, at: Instant, took: Duration) -> Duration {
        if at.duration_since(*self.since.get_or_insert(at)) >= OF_LATE {
            self.since = Some(at);
            self.before = self.now.take();
        }
        let now = self.now.map_or(took, |quickest| quickest.min(took));
        self.now = Some(now);
        self.before.map_or(now, |before| before.min(now))
    }
}

impl Store {
    /// The same handle, and what its commands cost from now on.
    #[must_use]
    pub fn with_toll(&self) -> (Self, Arc<Toll>) {
        let toll = Arc::new(Toll::default());
        (Self { toll: Some(Arc::clone(&toll)), ..self.clone() }, toll)
    }

    pub(super) fn pay(&self, cost: Duration) {
        if let Some(toll) = &self.toll {
            toll.add(cost);
        }
    }

    /// Sends commands between two looks at Redis' own clock, which tell what they cost. Answers what each of them answered.
    pub(super) async fn query_by_the_clock(
        &self,
        commands: impl Iterator<Item = Cmd>,
    ) -> Result<Vec<Value>, StoreError> {
        let mut pipe = redis::pipe();
        pipe.cmd("TIME");
        for command in commands {
            pipe.add_command(command);
        }
        pipe.cmd("TIME");
        let (_, answer) = self.timed("pipeline", self.send_all::<Vec<Value>>(&pipe)).await;
        let mut values = VecDeque::from(answer?);
        if let (Some(before), Some(after)) = (clock(values.pop_front()), clock(values.pop_back())) {
            self.pay(after.saturating_sub(before));
        }
        Ok(values.into())
    }
}

/// What `TIME` answered; none where it is something else.
fn clock(answer: Option<Value>) -> Option<Duration> {
    let (seconds, micros): (u64, u64) = redis::from_redis_value(answer?).ok()?;
    Some(Duration::from_secs(seconds) + Duration::from_micros(micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_there_and_back_is_no_cost() {
        let (mut quickest, start) = (Quickest::default(), Instant::now());
        let mut cost = |second, took| {
            let took = Duration::from_millis(took);
            took.saturating_sub(quickest.note(start + Duration::from_secs(second), took))
        };
        assert_eq!(cost(0, 50), Duration::ZERO);
        assert_eq!(cost(1, 58), Duration::from_millis(8));
        assert_eq!(cost(2, 49), Duration::ZERO);
        assert_eq!(cost(3, 50), Duration::from_millis(1));
        // The way has become longer: that is known when the quick answers are long ago.
        assert_eq!(cost(12, 90), Duration::from_millis(41));
        assert_eq!(cost(23, 91), Duration::from_millis(1));
    }
}
