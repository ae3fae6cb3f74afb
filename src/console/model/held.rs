//! What comes in while the picture is stopped. It is kept as it would be shown, and counted; the picture goes on with it.
//!
//! The picture is map, tables, detail and events. The header, the numbers and the alarms go on: they tell of now, and they are
//! reckoned from what is kept here.

use std::collections::HashSet;

use super::{Detail, Model, Searches};
use crate::domain::{Around, Event, FleetView, RequestId, UnixMs};

/// So many events are kept meanwhile, as many as the pane has; older ones are only counted.
const EVENTS_KEPT: usize = 500;
/// So many events are kept of the search of which all is shown, beside those.
const LIFE_KEPT: usize = 64;

/// What is held back.
#[derive(Debug, Clone)]
pub struct Held {
    /// The moment, by Redis' clock, that the picture shows.
    pub since: UnixMs,
    /// The table as it would be: it takes everything in, and so is no larger than the one that is shown.
    pub(super) searches: Searches,
    pub(super) fleet: Option<FleetView>,
    /// Who is near a search, and what has happened to it, of which that is shown already.
    pub(super) around: Option<(RequestId, Around)>,
    pub(super) life: Option<(RequestId, Vec<Event>)>,
    /// What happened, the newest; and of that, what happened to the search of which all is shown.
    pub(super) events: Vec<Event>,
    of_life: Vec<Event>,
    /// The searches that differ from what is shown.
    changed: HashSet<RequestId>,
    told: usize,
}

impl Held {
    /// Nothing yet: the table is as it is shown.
    #[must_use]
    pub fn new(since: UnixMs, shown: &Searches) -> Self {
        Self {
            since,
            searches: shown.behind(),
            fleet: None,
            around: None,
            life: None,
            events: Vec::new(),
            of_life: Vec::new(),
            changed: HashSet::new(),
            told: 0,
        }
    }

    /// The table as it would be.
    #[must_use]
    pub fn searches(&self) -> &Searches {
        &self.searches
    }

    /// Keeps the drivers in sight.
    pub fn keep_fleet(&mut self, fleet: FleetView) {
        self.fleet = Some(fleet);
    }

    /// Keeps who is near a search.
    pub fn keep_around(&mut self, id: RequestId, around: Around) {
        self.around = Some((id, around));
    }

    /// Keeps what has happened to a search.
    pub fn keep_life(&mut self, id: RequestId, life: Vec<Event>) {
        self.life = Some((id, life));
    }

    /// Keeps events, and counts them.
    pub(super) fn keep_events(&mut self, events: Vec<Event>, shown: &Detail) {
        self.told += events.len();
        self.of_life.extend(events.iter().filter(|event| shown.tells_of(event)).cloned());
        self.events.extend(events);
        for (events, kept) in [(&mut self.events, EVENTS_KEPT), (&mut self.of_life, LIFE_KEPT)] {
            let surplus = events.len().saturating_sub(kept);
            events.drain(..surplus);
        }
    }

    /// All events that are kept, in the order of the stream.
    pub(super) fn happened(&self) -> Vec<Event> {
        let mut all: Vec<Event> = self.of_life.iter().chain(&self.events).cloned().collect();
        all.sort_by_key(|event| event.id);
        all
    }

    /// Counts which of these searches differ from what is shown; the others are as they were.
    pub fn compare(&mut self, shown: &Searches, ids: impl IntoIterator<Item = RequestId>) {
        for id in ids {
            let differs = match (shown.get(id), self.searches.get(id)) {
                (before, Some(row)) => before.is_none_or(|before| before.standing != row.standing),
                (Some(before), None) => before.is_waiting(),
                (None, None) => false,
            };
            if differs {
                self.changed.insert(id);
            } else {
                self.changed.remove(&id);
            }
        }
    }

    /// How many searches have changed, and how many events have come.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.changed.len(), self.told)
    }
}

impl Model {
    /// The table as it is now, also while an older picture is shown.
    #[must_use]
    pub fn newest_searches(&self) -> &Searches {
        self.held.as_ref().map_or(&self.searches, |held| &held.searches)
    }

    /// The table that takes in what is read: the one that is shown, or while the picture is stopped the one that is held back.
    pub fn newest_searches_mut(&mut self) -> &mut Searches {
        self.held.as_mut().map_or(&mut self.searches, |held| &mut held.searches)
    }

    /// Stops the picture as it was at this moment of Redis' clock.
    pub fn hold(&mut self, now: UnixMs) {
        self.held = Some(Held::new(now, &self.searches));
    }

    /// Lets the picture go on with all that was held back.
    pub fn release(&mut self, held: Held) {
        let happened = held.happened();
        let Held { searches, fleet, around, life, events, .. } = held;
        self.searches.go_on_with(searches);
        if let Some(fleet) = fleet {
            self.take_fleet(fleet);
        }
        // Of another search, which was chosen meanwhile, it is shown already how it is now.
        if let Some((id, around)) = around.filter(|(id, _)| self.detail.around(*id).is_some()) {
            self.detail.take_around(id, around);
        }
        if let Some((id, life)) = life.filter(|(id, _)| self.detail.life(*id).is_some()) {
            self.take_life(id, life);
        }
        for event in &happened {
            self.detail.add(event);
        }
        self.add_events(events);
    }

    /// Counts what is held back of these searches, where the picture is stopped.
    pub fn compare_held(&mut self, ids: impl IntoIterator<Item = RequestId>) {
        if let Some(held) = &mut self.held {
            held.compare(&self.searches, ids);
        }
    }

    /// Keeps events for a picture that is stopped. The numbers go on with them.
    pub fn hold_events(&mut self, events: Vec<Event>) {
        for event in &events {
            self.numbers.add(event);
        }
        if let Some(held) = &mut self.held {
            held.keep_events(events, &self.detail);
        }
    }
}
