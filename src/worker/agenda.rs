//! What a worker has to do next, and when. Pure: the time is an argument.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use tokio::time::Instant;

use super::sweep::Sweep;
use crate::domain::{Freshness, RequestId};
use crate::store::{Changed, Look, Outcome};

/// A worker asks for due requests at least so often, and by that is known to live.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// So often drivers who have fallen silent are looked for.
const SILENT_EVERY: Duration = Duration::from_secs(1);
/// Changes that come so close together are dealt with at once, so that a flood of them makes few rounds.
const GATHER: Duration = Duration::from_millis(5);
/// Attempts that fall due so close together are made by one script: each has its price, however little there is to do.
const GATHER_DUE: Duration = Duration::from_millis(10);
/// What has changed waits so long for a backlog of attempts, which look at most of it as well.
const MOST_DEFERRED: Duration = Duration::from_millis(500);
/// So many of those who have ended are remembered.
const MOST_ENDED: usize = 10_000;

/// The attempts, the requests that have changed, and the sweep.
#[derive(Debug)]
pub(super) struct Agenda {
    attempts_at: Instant,
    changed: BTreeSet<RequestId>,
    changed_at: Option<Instant>,
    /// Whom this worker has seen end: the next that is heard of their keys is that end, and no news.
    ended: HashSet<RequestId>,
    /// The newest request that was attempted.
    newest: Option<RequestId>,
    sweep: Sweep,
    /// None where silence means nothing.
    silent_at: Option<Instant>,
    /// Not before this are silent drivers told of: see `silent.lua`.
    telling_at: Instant,
}

impl Agenda {
    /// Attempts are due at once.
    pub(super) fn new(now: Instant, freshness: Freshness) -> Self {
        Self {
            attempts_at: now,
            changed: BTreeSet::new(),
            changed_at: None,
            ended: HashSet::new(),
            newest: None,
            sweep: Sweep::new(now),
            silent_at: freshness.is_watched().then_some(now),
            telling_at: now,
        }
    }

    /// Takes down what has changed. The key of a request tells of a new one, too, and of one whose schedule has changed.
    pub(super) fn note(&mut self, changes: &HashSet<Changed>, now: Instant) {
        for change in changes {
            match change {
                Changed::Everything => {
                    self.attempts_at = self.attempts_at.min(now);
                    self.sweep.mark_all(now);
                }
                Changed::Drivers => self.sweep.mark(now),
                Changed::Request(id) | Changed::Record(id) => {
                    self.attempts_at = self.attempts_at.min(now + GATHER);
                    if !self.ended.remove(id) {
                        self.changed.insert(*id);
                        self.changed_at.get_or_insert(now + GATHER);
                    }
                }
            }
        }
    }

    /// When there is something to do.
    pub(super) fn wakes_at(&self) -> Instant {
        [self.changed_at, self.sweep.due_at(), self.silent_at]
            .into_iter()
            .flatten()
            .fold(self.attempts_at, Instant::min)
    }

    pub(super) fn attempts_are_due(&self, now: Instant) -> bool {
        self.attempts_at <= now
    }

    /// Nothing is due any more, and the next request will be in so long; none where none waits.
    pub(super) fn attempted(&mut self, now: Instant, next_in: Option<Duration>) {
        self.attempts_at = now + next_in.map_or(HEARTBEAT, |next| next.clamp(GATHER_DUE, HEARTBEAT));
    }

    /// These were attempted, and by that looked at: what had changed of them is settled. Answers how many of them have been
    /// opened lately: their numbers are larger than all before.
    pub(super) fn looked_at(&mut self, looks: &[Look]) -> usize {
        let new = looks.iter().filter(|look| Some(look.id) > self.newest).count();
        self.newest = looks.iter().map(|look| Some(look.id)).fold(self.newest, Option::max);
        if self.ended.len() >= MOST_ENDED {
            self.ended.clear();
        }
        for look in looks {
            self.changed.remove(&look.id);
            if matches!(look.outcome, Outcome::Ended(_)) {
                self.ended.insert(look.id);
            }
        }
        new
    }

    /// The requests that have changed, oldest first; none while there is a backlog of attempts, for a while.
    pub(super) fn take_changed(&mut self, now: Instant) -> Vec<RequestId> {
        if self.attempts_are_due(now) && self.changed_at.is_some_and(|at| now < at + MOST_DEFERRED) {
            return Vec::new();
        }
        self.changed_at = None;
        std::mem::take(&mut self.changed).into_iter().collect()
    }

    pub(super) fn silent_are_due(&self, now: Instant) -> bool {
        self.silent_at.is_some_and(|at| at <= now)
    }

    pub(super) fn is_time_to_tell(&self, now: Instant) -> bool {
        self.telling_at <= now
    }

    /// Silent drivers were dealt with; where there are more, they are soon, without telling of them.
    pub(super) fn tended_silent(&mut self, now: Instant, more: bool) {
        if self.is_time_to_tell(now) {
            self.telling_at = now + SILENT_EVERY;
        }
        self.silent_at = Some(if more { now + GATHER } else { now + SILENT_EVERY });
    }

    pub(super) fn sweep(&mut self) -> &mut Sweep {
        &mut self.sweep
    }

    /// A round failed part of the way: what was taken from the agenda may not be done, so all must be looked at.
    pub(super) fn failed(&mut self, now: Instant) {
        self.sweep.mark_all(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::State;

    fn agenda() -> (Agenda, Instant) {
        let now = Instant::now();
        let mut agenda = Agenda::new(now, Freshness::default());
        assert!(agenda.attempts_are_due(now));
        agenda.attempted(now, None);
        (agenda, now)
    }

    fn note(agenda: &mut Agenda, change: Changed, now: Instant) {
        agenda.note(&HashSet::from([change]), now);
    }

    #[test]
    fn it_wakes_for_the_next_deadline_and_for_a_heartbeat() {
        let (mut agenda, now) = agenda();
        assert_eq!(agenda.wakes_at(), now + HEARTBEAT);
        agenda.attempted(now, Some(Duration::from_secs(30)));
        assert_eq!(agenda.wakes_at(), now + HEARTBEAT);
        agenda.attempted(now, Some(Duration::from_millis(700)));
        assert_eq!(agenda.wakes_at(), now + Duration::from_millis(700));
    }

    #[test]
    fn silent_drivers_are_looked_for_each_second() {
        let now = Instant::now();
        let stale_after = Some(Duration::from_mins(2));
        let mut agenda = Agenda::new(now, Freshness { stale_after, forget_after: None });
        assert!(agenda.silent_are_due(now));
        agenda.attempted(now, None);
        agenda.tended_silent(now, false);
        assert_eq!(agenda.wakes_at(), now + SILENT_EVERY);
        agenda.tended_silent(now, true);
        assert!(agenda.wakes_at() < now + SILENT_EVERY, "a fleet that falls silent at once is dealt with in parts");
        assert!(!agenda.is_time_to_tell(now) && agenda.is_time_to_tell(now + SILENT_EVERY), "but told of at this beat");
    }

    #[test]
    fn attempts_that_are_due_close_together_are_made_together() {
        let (mut agenda, now) = agenda();
        agenda.attempted(now, Some(Duration::ZERO));
        assert_eq!(agenda.wakes_at(), now + GATHER_DUE);
    }

    #[test]
    fn what_was_attempted_needs_no_second_look_and_what_has_ended_none_at_all() {
        let (mut agenda, now) = agenda();
        let ids = [7, 8].map(|number| RequestId::new(number).unwrap());
        for id in ids {
            note(&mut agenda, Changed::Request(id), now);
        }
        agenda.looked_at(&[Look { id: ids[0], outcome: Outcome::Ended(State::Found) }]);
        note(&mut agenda, Changed::Request(ids[0]), now);
        agenda.attempted(now, None);
        assert_eq!(agenda.take_changed(now), [ids[1]]);
        // An end can be taken back.
        note(&mut agenda, Changed::Request(ids[0]), now);
        agenda.attempted(now, None);
        assert_eq!(agenda.take_changed(now), [ids[0]]);
    }

    #[test]
    fn it_knows_new_requests_from_those_that_are_attempted_again() {
        let (mut agenda, _) = agenda();
        let looks = [8, 7, 9].map(|number| Look { id: RequestId::new(number).unwrap(), outcome: Outcome::Waiting });
        assert_eq!([agenda.looked_at(&looks[..2]), agenda.looked_at(&looks), agenda.looked_at(&looks)], [2, 1, 0]);
    }

    #[test]
    fn changes_wait_for_a_backlog_of_attempts_but_not_for_ever() {
        let (mut agenda, now) = agenda();
        note(&mut agenda, Changed::Everything, now);
        note(&mut agenda, Changed::Request(RequestId::new(7).unwrap()), now);
        assert!(agenda.attempts_are_due(now) && agenda.take_changed(now).is_empty());
        assert_eq!(agenda.take_changed(now + GATHER + MOST_DEFERRED).len(), 1);
    }

    #[test]
    fn a_change_is_looked_at_once_and_soon() {
        let (mut agenda, now) = agenda();
        for (i, number) in [9, 7, 9].into_iter().enumerate() {
            let later = now + Duration::from_millis(i as u64);
            note(&mut agenda, Changed::Request(RequestId::new(number).unwrap()), later);
        }
        assert_eq!(agenda.wakes_at(), now + GATHER, "a flood does not put it off");
        assert!(agenda.attempts_are_due(now + GATHER), "it may be a new request");
        agenda.attempted(now, None);
        assert_eq!(agenda.take_changed(now).iter().map(|id| id.number()).collect::<Vec<_>>(), [7, 9]);
        assert_eq!(agenda.wakes_at(), now + HEARTBEAT);
    }

    #[test]
    fn a_request_opened_before_anything_could_be_heard_is_attempted() {
        let (mut agenda, now) = agenda();
        note(&mut agenda, Changed::Everything, now);
        assert!(agenda.attempts_are_due(now));
    }

    #[test]
    fn a_failed_round_leads_to_a_look_at_all() {
        let (mut agenda, now) = agenda();
        agenda.failed(now);
        assert!(agenda.wakes_at() <= now);
    }
}
