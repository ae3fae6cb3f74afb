//! What comes in while the picture is stopped. It is kept, in its newest form, and counted; the picture goes on with it.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Searches;
use crate::console::message::News;
use crate::domain::{Candidate, Event, FleetView, RequestId, Search, UnixMs};

/// So many events are kept meanwhile; older ones are only counted.
const EVENTS_KEPT: usize = 500;

/// What is held back.
#[derive(Debug, Clone)]
pub struct Held {
    /// The moment, by Redis' clock, that the picture shows.
    pub since: UnixMs,
    searches: BTreeMap<RequestId, Search>,
    snapshot: bool,
    fleet: Option<FleetView>,
    nearest: HashMap<RequestId, Option<Candidate>>,
    events: Vec<Event>,
    /// The requests that something has happened to.
    changed: HashSet<RequestId>,
    told: usize,
}

impl Held {
    /// Nothing yet.
    #[must_use]
    pub fn new(since: UnixMs) -> Self {
        Self {
            since,
            searches: BTreeMap::new(),
            snapshot: false,
            fleet: None,
            nearest: HashMap::new(),
            events: Vec::new(),
            changed: HashSet::new(),
            told: 0,
        }
    }

    /// Keeps what belongs to the picture, and gives back what does not: the link, the figures, answers to the operator.
    pub fn keep(&mut self, news: News, shown: &Searches) -> Option<News> {
        match news {
            News::Searches(searches) => self.keep_searches(searches, shown),
            News::Snapshot(searches) => {
                self.snapshot = true;
                let told: HashSet<RequestId> = searches.iter().map(|search| search.id).collect();
                // Those who came and went while nobody looked would only pile up: the picture has no place for them.
                self.searches.retain(|id, _| told.contains(id) || shown.get(*id).is_some());
                self.keep_searches(searches, shown);
            }
            News::Fleet(fleet) => self.fleet = Some(fleet),
            News::Nearest(nearest) => self.nearest.extend(nearest),
            News::Events(events) => {
                self.told += events.len();
                self.events.extend(events);
                let surplus = self.events.len().saturating_sub(EVENTS_KEPT);
                self.events.drain(..surplus);
            }
            other => return Some(other),
        }
        None
    }

    fn keep_searches(&mut self, searches: Vec<Search>, shown: &Searches) {
        for search in searches {
            if shown.get(search.id).is_none_or(|row| row.standing != search.standing()) {
                self.changed.insert(search.id);
            }
            let later = self.searches.get(&search.id).is_none_or(|before| before.read_at <= search.read_at);
            if later {
                self.searches.insert(search.id, search);
            }
        }
    }

    /// How many searches have changed, and how many events have come.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.changed.len(), self.told)
    }

    /// Everything, as news for a picture that goes on.
    #[must_use]
    pub fn release(self) -> Vec<News> {
        let searches: Vec<Search> = self.searches.into_values().collect();
        let searches = if self.snapshot { News::Snapshot(searches) } else { News::Searches(searches) };
        let nearest = News::Nearest(self.nearest.into_iter().collect());
        let fleet = self.fleet.map(News::Fleet);
        [searches, nearest, News::Events(self.events)].into_iter().chain(fleet).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::fixtures::{START, ended, id, waiting};
    use crate::domain::State;

    #[test]
    fn who_came_and_went_meanwhile_does_not_pile_up() {
        let mut shown = Searches::default();
        shown.take(vec![waiting(1, 48, 192)], START);
        let mut held = Held::new(START);
        for n in 1..200 {
            held.keep(News::Searches(vec![ended(n, State::Found, 5)]), &shown);
        }
        held.keep(News::Snapshot(vec![waiting(300, 1, 200)]), &shown);
        assert_eq!(held.counts(), (200, 0), "all that changed is told");
        let released = held.release();
        let Some(News::Snapshot(searches)) = released.first() else { panic!("{released:?}") };
        let kept: Vec<RequestId> = searches.iter().map(|search| search.id).collect();
        assert_eq!(kept, [id(1), id(300)], "who is shown, and who is there now");
    }
}
