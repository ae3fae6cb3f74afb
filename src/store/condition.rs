//! How Redis has been of late, as all handles on it together have seen: what is wrong, and since when. Each trouble is logged once,
//! and once more when it is over.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::{Ailment, InvalidCounter, Store, StoreError};
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

/// How long a write that was turned down counts as turned down if nobody tries it again: what stood in its way is then known by
/// other writes, and by what a look at rights and keys finds.
const REFUSED_TTL: Duration = Duration::from_secs(30);

/// The name under which a look at rights and keys is noted.
pub(super) const RIGHTS_AND_KEYS: &str = "rights and keys";

/// What has been seen. Clones are the same one.
#[derive(Clone, Default)]
pub(super) struct Condition(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    /// Nothing can be read, and the connection that is the first to show that this is over.
    away: Option<Trouble>,
    shown_by: u64,
    /// It answers, but turned these writes down when they were last tried: by the name of each.
    refused: BTreeMap<&'static str, RefusedWrite>,
}

struct RefusedWrite {
    trouble: Trouble,
    last_seen: Instant,
}

impl Condition {
    /// Redis has answered something, whatever it was, on this connection. An answer on one that was given up meanwhile came before
    /// the trouble.
    pub(super) fn answered(&self, number: u64) {
        let mut seen = self.seen();
        if number >= seen.shown_by
            && let Some(trouble) = seen.away.take()
        {
            log_end(&trouble);
        }
    }

    /// Something was written for sure, so nothing stands in the way of every write. That a script was carried out says less:
    /// many find nothing to write.
    pub(super) fn changed(&self) {
        self.clear(|_, error| error.ailment().is_some_and(Ailment::stops_every_write));
    }

    /// Something was not read, or not done; this is the connection from now on.
    pub(super) fn failed(&self, error: &StoreError, number: u64) {
        if error.is_away() {
            let mut seen = self.seen();
            seen.shown_by = seen.shown_by.max(number);
            let is_known = seen.away.as_ref().is_some_and(|known| known.error.ailment() == error.ailment());
            if !is_known {
                tracing::warn!("{error}");
            }
            seen.away = Some(begun(seen.away.take(), error));
        } else {
            self.answered(number);
        }
    }

    /// Redis turned this write down. What the rules of cabstand refuse is no trouble of Redis'.
    pub(super) fn refused(&self, write: &'static str, error: &StoreError) {
        let is_of_redis = matches!(
            error,
            StoreError::Unwell { .. }
                | StoreError::Server { .. }
                | StoreError::Misshapen(_)
                | StoreError::InvalidCounter(_)
                | StoreError::Answer(_)
        );
        if !is_of_redis || error.is_away() {
            return;
        }
        let mut seen = self.seen();
        seen.forget_old();
        // Other errors are logged by the task or told to the caller that met them.
        let is_known = seen.refused.values().any(|other| other.trouble.error.ailment() == error.ailment());
        if error.ailment().is_some() && !is_known {
            tracing::warn!("{error}");
        }
        let known = seen.refused.remove(write).map(|known| known.trouble);
        seen.refused.insert(write, RefusedWrite { trouble: begun(known, error), last_seen: Instant::now() });
    }

    /// This write went well.
    pub(super) fn done(&self, write: &'static str) {
        self.clear(|name, _| name == write);
    }

    /// No right is missing and every key has its type.
    pub(super) fn verified(&self) {
        self.clear(|_, error| {
            let is_right = error.ailment() == Some(Ailment::NotPermitted);
            let is_counter = matches!(error, StoreError::InvalidCounter(InvalidCounter::OutOfRange { .. }));
            is_right || is_counter || error.is_wrong_type()
        });
    }

    pub(super) fn trouble(&self) -> Option<Trouble> {
        let mut seen = self.seen();
        seen.forget_old();
        // A look at rights and keys names what is missing; a script that meets it does not.
        let named = seen.refused.get(RIGHTS_AND_KEYS).map(|refused| &refused.trouble);
        let first = || seen.refused.values().map(|refused| &refused.trouble).min_by_key(|trouble| trouble.began);
        let refused = named.or_else(first).map(|trouble| {
            let (since, began) = first().map_or((trouble.since, trouble.began), |first| (first.since, first.began));
            Trouble { error: trouble.error.clone(), since, began }
        });
        seen.away.clone().or(refused)
    }

    fn clear(&self, is_over: impl Fn(&str, &StoreError) -> bool) {
        let mut seen = self.seen();
        let mut ended = None;
        seen.refused.retain(|name, refused| {
            let goes_on = !is_over(name, &refused.trouble.error);
            if !goes_on {
                ended = Some(refused.trouble.clone());
            }
            goes_on
        });
        if let Some(trouble) = ended.filter(|trouble| seen.refused.is_empty() && trouble.error.ailment().is_some()) {
            log_end(&trouble);
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn forget_old(&mut self) {
        self.refused.retain(|_, refused| refused.last_seen.elapsed() < REFUSED_TTL);
    }
}

/// One trouble can turn into another, a restart into loading say: it has begun with the first.
fn begun(known: Option<Trouble>, error: &StoreError) -> Trouble {
    let (since, began) = known.map_or_else(|| (now(), Instant::now()), |known| (known.since, known.began));
    Trouble { error: error.clone(), since, began }
}

fn log_end(trouble: &Trouble) {
    let took = format_wait(trouble.began.elapsed());
    tracing::info!("Redis at {} is well again, after {took}", trouble.error.address().unwrap_or_default());
}

fn now() -> UnixMs {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    UnixMs(i64::try_from(now.as_millis()).unwrap_or(i64::MAX))
}

impl Store {
    /// What was wrong with Redis when something was last asked of it, by any handle on the same connection; `None` if nothing was.
    /// A write that was turned down counts until it goes well, or until the worker's next round shows that what stopped every
    /// write is over; for 30 s at most if nobody tries it again.
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
        condition.refused("open", &unwell(Ailment::OutOfMemory));
        condition.answered(1);
        assert_eq!(condition.trouble().unwrap().error.ailment(), Some(Ailment::OutOfMemory));
        condition.failed(&away(), 1);
        assert!(condition.trouble().unwrap().error.ailment().is_none(), "that nothing can be read comes first");
        condition.answered(1);
        condition.changed();
        assert!(condition.trouble().is_none());
    }

    #[test]
    fn a_write_is_turned_down_until_it_goes_well() {
        let condition = Condition::default();
        let misplaced = StoreError::Server { address: "here".to_owned(), reason: "CROSSSLOT keys".to_owned() };
        condition.refused("report", &misplaced);
        condition.refused("open", &unwell(Ailment::NotPermitted));
        condition.changed();
        condition.done("attempt");
        assert!(
            matches!(condition.trouble().unwrap().error, StoreError::Server { .. }),
            "that others can write is no sign"
        );
        condition.done("report");
        assert_eq!(condition.trouble().unwrap().error.ailment(), Some(Ailment::NotPermitted));
        condition.verified();
        assert!(condition.trouble().is_none());
        let reason = "WRONGTYPE Operation against a key holding the wrong kind of value".to_owned();
        condition.refused("look", &StoreError::Server { address: "here".to_owned(), reason });
        condition.verified();
        assert!(condition.trouble().is_none(), "every key has its type again");
    }

    #[test]
    fn what_the_rules_refuse_is_no_trouble_of_redis() {
        let condition = Condition::default();
        condition.refused("end", &StoreError::ReadOnly);
        condition.refused("end", &super::super::Refusal::Overdue.into());
        assert!(condition.trouble().is_none());
    }
}
