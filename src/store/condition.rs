//! How Redis has been of late, as all handles on it together have seen: what is wrong, and since when. Each trouble is logged once,
//! and once more when it is over.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use super::{Store, StoreError};
use crate::domain::{UnixMs, format_wait};

/// What is wrong with Redis.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// What was said last.
    pub error: StoreError,
    /// Since when, by the clock of this machine.
    pub since: UnixMs,
    /// The same by a clock that does not jump.
    pub began: Instant,
}

/// What has been seen. Clones are the same one.
#[derive(Clone, Default)]
pub(super) struct Condition(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    /// Nothing can be read, and the connection that is the first to show that this is over.
    away: Option<Trouble>,
    shown_by: u64,
    /// It answers, but takes no changes.
    refusing: Option<Trouble>,
}

impl Condition {
    /// Redis has answered something, whatever it was, on this connection. An answer on one that was given up meanwhile came before
    /// the trouble.
    pub(super) fn answered(&self, number: u64) {
        let mut seen = self.seen();
        if number >= seen.shown_by {
            over(&mut seen.away);
        }
    }

    /// Something was written for sure. That a script was carried out says less: many find nothing to write.
    pub(super) fn changed(&self) {
        over(&mut self.seen().refusing);
    }

    /// Something was not read, or not done; this is the connection from now on.
    pub(super) fn failed(&self, error: &StoreError, number: u64) {
        if error.is_away() {
            let mut seen = self.seen();
            seen.shown_by = seen.shown_by.max(number);
            begun(&mut seen.away, error);
        } else {
            self.answered(number);
        }
    }

    /// A script that writes was not carried out.
    pub(super) fn refused(&self, error: &StoreError) {
        if error.ailment().is_some() && !error.is_away() {
            begun(&mut self.seen().refusing, error);
        }
    }

    pub(super) fn trouble(&self) -> Option<Trouble> {
        let seen = self.seen();
        seen.away.as_ref().or(seen.refusing.as_ref()).cloned()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One trouble can turn into another, a restart into loading say: it has begun with the first.
fn begun(trouble: &mut Option<Trouble>, error: &StoreError) {
    let is_known = trouble.as_ref().is_some_and(|known| known.error.ailment() == error.ailment());
    if !is_known {
        tracing::warn!("{error}");
    }
    let (since, began) = trouble.as_ref().map_or_else(|| (now(), Instant::now()), |known| (known.since, known.began));
    *trouble = Some(Trouble { error: error.clone(), since, began });
}

fn over(trouble: &mut Option<Trouble>) {
    if let Some(Trouble { error, began, .. }) = trouble.take() {
        let took = format_wait(began.elapsed());
        tracing::info!("Redis at {} is well again, after {took}", error.address().unwrap_or_default());
    }
}

fn now() -> UnixMs {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    UnixMs(i64::try_from(now.as_millis()).unwrap_or(i64::MAX))
}

impl Store {
    /// What was wrong with Redis when it was last asked for something, by any handle on the same connection; none where all was
    /// well. That it takes changes again is known by the next round of a worker.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        self.link.condition().trouble()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Ailment;

    fn unwell(ailment: Ailment) -> StoreError {
        StoreError::Unwell { address: "here".to_owned(), ailment, reason: "wait".to_owned() }
    }

    fn away() -> StoreError {
        StoreError::Away { address: "here".to_owned(), reason: "connection refused".to_owned(), asked: false }
    }

    #[test]
    fn a_trouble_lasts_until_redis_shows_that_it_is_over() {
        let condition = Condition::default();
        assert!(condition.trouble().is_none());
        condition.failed(&away(), 2);
        condition.answered(1);
        let first = condition.trouble().unwrap();
        condition.failed(&unwell(Ailment::Loading), 2);
        let second = condition.trouble().unwrap();
        assert_eq!((second.began, second.error.ailment()), (first.began, Some(Ailment::Loading)), "it goes on");
        condition.answered(2);
        assert!(condition.trouble().is_none());
    }

    #[test]
    fn who_answers_may_still_take_no_changes() {
        let condition = Condition::default();
        condition.failed(&unwell(Ailment::OutOfMemory), 1);
        assert!(condition.trouble().is_none(), "one command may be refused for itself");
        condition.refused(&unwell(Ailment::OutOfMemory));
        condition.answered(1);
        assert_eq!(condition.trouble().unwrap().error.ailment(), Some(Ailment::OutOfMemory));
        condition.failed(&away(), 1);
        assert!(condition.trouble().unwrap().error.ailment().is_none(), "that nothing can be read comes first");
        condition.answered(1);
        condition.changed();
        assert!(condition.trouble().is_none());
    }
}
