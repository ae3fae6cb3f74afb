//! How the link was so far: since when it is as it is, what was missed while Redis was away, and what no notification told of.

use std::collections::HashSet;
use std::time::Duration;

use super::Model;
use crate::console::message::{Link, Refusing};
use crate::console::wording::many;
use crate::domain::{Record, RequestId, Search, Standing, UnixMs, format_wait};

/// So long after Redis is back the events of the time before are waited for; those of a connection of their own come a little later.
const EVENTS_COME_WITHIN: Duration = Duration::from_secs(6);
/// An outage of less than this in which nothing was missed is not worth a word.
const WORTH_A_WORD: Duration = Duration::from_secs(1);
/// A change that is younger than this may still be on its way.
const ON_ITS_WAY: Duration = Duration::from_secs(3);

/// What is remembered of the link.
#[derive(Debug, Clone, Default)]
pub struct Outages {
    /// Since when, by the console's clock, the link is as it is.
    pub since: Duration,
    /// Why Redis takes no changes though it can be read, and since when.
    pub refusing: Option<(Refusing, Duration)>,
    /// How often Redis was away.
    pub count: u64,
    /// How long the last time, and why at the end.
    pub last: Option<(Duration, String)>,
    /// All that was missed so far.
    pub missed: Missed,
    /// Changes that no notification told of: found by reading everything from time to time, and after each cut.
    pub drift: u64,
    /// How often the connection that listens was cut.
    pub cuts: u64,
    /// It was cut since everything was read last.
    is_deafened: bool,
    /// Who waited when nothing was heard the last time, and has not been read since.
    unread: HashSet<RequestId>,
    open: Option<Open>,
}

/// What happened while nobody heard it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Missed {
    /// Requests that waited before, and not any more.
    pub ended: u64,
    /// Requests that wait now, and did not before.
    pub new: u64,
    /// Events.
    pub events: u64,
    /// There were more events than were read.
    pub more_events: bool,
}

/// An outage of which not all is known yet.
#[derive(Debug, Clone)]
struct Open {
    /// When it began, by the console's clock; and since when, by Redis', nothing is known for sure.
    began: Duration,
    known_until: Option<UnixMs>,
    /// Who waited then and has a record.
    waited: HashSet<RequestId>,
    reason: String,
    /// When it was over.
    over: Option<Duration>,
    missed: Missed,
    /// Everything has been read since it was over.
    read: bool,
    /// The events of that time have been, too.
    heard: bool,
}

impl Missed {
    fn is_nothing(self) -> bool {
        self == Self::default()
    }

    fn add(&mut self, other: Self) {
        self.ended += other.ended;
        self.new += other.new;
        self.events += other.events;
        self.more_events |= other.more_events;
    }

    /// In words: `3 requests wait no more, 2 were new, 14 events were missed`.
    #[must_use]
    pub fn words(self) -> String {
        if self.is_nothing() {
            return "nothing was missed".to_owned();
        }
        let were = |n: u64| if n == 1 { "was" } else { "were" };
        let more = if self.more_events { "more than " } else { "" };
        let wait = if self.ended == 1 { "waits" } else { "wait" };
        let ended = format!("{} {wait} no more", many(self.ended, "request"));
        let new = format!("{} {} new", self.new, were(self.new));
        let events = format!("{more}{} {} missed", many(self.events, "event"), were(self.events));
        let told = [(self.ended, ended), (self.new, new), (self.events, events)];
        let told: Vec<String> = told.into_iter().filter(|(n, _)| *n > 0).map(|(_, words)| words).collect();
        told.join(", ")
    }
}

impl Outages {
    /// Those of these readings that are the first of who waited before nothing was heard.
    pub fn those_known_before(&mut self, searches: &[Search]) -> HashSet<RequestId> {
        searches.iter().filter(|search| self.unread.remove(&search.id)).map(|search| search.id).collect()
    }
}

impl Model {
    /// Takes in that the connection that listens was cut.
    pub fn deafen(&mut self) {
        self.outages.cuts += 1;
        self.outages.is_deafened = true;
        self.note_who_waits();
    }

    fn note_who_waits(&mut self) {
        let waiting = self.newest_searches().all().filter(|row| row.is_waiting()).map(|row| row.search.id);
        self.outages.unread = waiting.collect();
    }

    /// Takes in how the link is now.
    pub fn take_link(&mut self, link: Link) {
        if std::mem::discriminant(&link) != std::mem::discriminant(&self.link) {
            self.outages.since = self.now;
        }
        match (&link, &mut self.outages.open) {
            (Link::Away(reason), Some(open)) => {
                // Away again before it was known what was missed: it is one outage.
                (open.over, open.read, open.heard) = (None, false, false);
                open.reason.clone_from(reason);
            }
            (Link::Away(reason), None) if self.link != Link::Connecting => {
                self.outages.open = Some(self.begin_outage(reason.clone()));
                self.outages.count += 1;
                self.note_who_waits();
            }
            (Link::Live | Link::Unproven(_) | Link::Polling(_), Some(open)) if open.over.is_none() => {
                open.over = Some(self.now);
            }
            _ => {}
        }
        self.link = link;
    }

    fn begin_outage(&self, reason: String) -> Open {
        let has_record = |row: &&super::Row| row.is_waiting() && row.search.record != Record::Foreign;
        let waited = self.newest_searches().all().filter(has_record).map(|row| row.search.id).collect();
        let known_until = self.redis_now().map(|now| now - self.age().unwrap_or_default());
        Open {
            began: self.now,
            known_until,
            waited,
            reason,
            over: None,
            missed: Missed::default(),
            read: false,
            heard: false,
        }
    }

    /// Takes in whether Redis takes changes.
    pub fn take_refusing(&mut self, refusing: Option<Refusing>) {
        let since = self.outages.refusing.map_or(self.now, |(_, since)| since);
        self.outages.refusing = refusing.map(|refusing| (refusing, since));
    }

    /// Events have come, at these times by Redis' clock: those of an outage were missed.
    pub fn count_missed_events(&mut self, times: impl Iterator<Item = UnixMs>) {
        let until = self.outages.open.as_ref().and_then(|open| Some(self.redis_at(open.over?)));
        let Some(open) = &mut self.outages.open else { return };
        let is_missed = |at: &UnixMs| {
            open.known_until.is_some_and(|since| *at > since) && until.flatten().is_none_or(|until| *at <= until)
        };
        open.missed.events += times.filter(is_missed).count() as u64;
        open.heard |= open.over.is_some();
    }

    /// More has happened than the events tell.
    pub fn count_more_missed_events(&mut self) {
        if let Some(open) = &mut self.outages.open {
            open.missed.more_events = true;
        }
    }

    /// Everything that waits with a record has been read, and it is these.
    pub fn compare_waiting(&mut self, waiting: &HashSet<RequestId>) {
        let Some(open) = self.outages.open.as_mut().filter(|open| open.over.is_some() && !open.read) else { return };
        open.missed.ended = open.waited.difference(waiting).count() as u64;
        open.missed.new = waiting.difference(&open.waited).count() as u64;
        open.read = true;
    }

    /// Counts what a reading of everything tells and no notification did, while they are proven to arrive and after they could
    /// not. It is asked before the reading is taken in.
    pub fn count_drift(&mut self, searches: &[Search]) {
        let was_deaf = std::mem::take(&mut self.outages.is_deafened);
        let is_settled = self.link == Link::Live && self.now.saturating_sub(self.outages.since) > ON_ITS_WAY * 2;
        if !(was_deaf || is_settled) || !self.loaded || self.outages.open.is_some() {
            return;
        }
        let is_old = |at: Option<UnixMs>, read: UnixMs| was_deaf || at.is_some_and(|at| read.since(at) > ON_ITS_WAY);
        let is_unheard = |search: &&Search| {
            let known = self.newest_searches().get(search.id);
            match (search.standing(), search.request()) {
                (Standing::Waiting(_), Some(request)) => {
                    known.is_none() && is_old(Some(request.created_at), search.read_at)
                }
                (Standing::Ended(_), Some(request)) => {
                    known.is_some_and(super::Row::is_waiting) && is_old(request.ended_at, search.read_at)
                }
                (_, None) => false,
            }
        };
        self.outages.drift += searches.iter().filter(is_unheard).count() as u64;
    }

    /// What is to be said of an outage that is over, once all is known of it, or all that will be.
    pub fn tell_outage(&mut self) -> Option<String> {
        let open = self.outages.open.as_ref()?;
        let (over, waited) = (open.over?, self.now.saturating_sub(open.over?));
        if !open.read || !(open.heard || waited >= EVENTS_COME_WITHIN) {
            return None;
        }
        let open = self.outages.open.take()?;
        let lasted = over.saturating_sub(open.began);
        self.outages.missed.add(open.missed);
        self.outages.last = Some((lasted, open.reason));
        let is_worth_it = lasted >= WORTH_A_WORD || !open.missed.is_nothing();
        is_worth_it.then(|| format!("Redis is back after {}: {}", format_wait(lasted), open.missed.words()))
    }

    /// How long it is as the link is, and since what time of day by Redis' clock.
    #[must_use]
    pub fn since(&self, at: Duration) -> (Duration, Option<UnixMs>) {
        (self.now.saturating_sub(at), self.redis_at(at))
    }
}
