//! What the detail pane tells of: the search or the driver that was chosen last, and what was read about it.

use crate::domain::{Around, DriverId, Event, RequestId};

/// So many events of one request are kept.
const LIFE_KEPT: usize = 64;

/// Which of the two selections the detail pane tells of: the one that was chosen last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Subject {
    /// The selected search.
    #[default]
    Search,
    /// The selected driver.
    Driver,
}

/// What is known of the selected search, beyond its row, and which of the selections is told of.
#[derive(Debug, Clone, Default)]
pub struct Detail {
    /// Search or driver.
    pub subject: Subject,
    /// Who waits nearest to the selected driver, and how many metres away, while it is told of.
    pub nearest_waiting: Option<(RequestId, f64)>,
    around: Option<(RequestId, Around)>,
    life: Option<(RequestId, Vec<Event>)>,
}

impl Detail {
    /// Takes in who is near a search.
    pub fn take_around(&mut self, id: RequestId, around: Around) {
        self.around = Some((id, around));
    }

    /// Takes in all that has happened to a search, oldest first.
    pub fn take_life(&mut self, id: RequestId, life: Vec<Event>) {
        self.life = Some((id, life));
    }

    /// Who is near this search; none where that was not read (yet).
    #[must_use]
    pub fn around(&self, id: RequestId) -> Option<&Around> {
        self.around.as_ref().filter(|(of, _)| *of == id).map(|(_, around)| around)
    }

    /// What has happened to this search, oldest first; none where that was not read (yet).
    #[must_use]
    pub fn life(&self, id: RequestId) -> Option<&[Event]> {
        self.life.as_ref().filter(|(of, _)| *of == id).map(|(_, life)| life.as_slice())
    }

    /// Whether an event belongs to the life that is shown.
    #[must_use]
    pub fn tells_of(&self, event: &Event) -> bool {
        self.life.as_ref().is_some_and(|(of, _)| event.request_id == Some(*of))
    }

    /// Something has just happened: it belongs to the life that is shown, or not.
    pub fn add(&mut self, event: &Event) {
        let Some((of, life)) = &mut self.life else { return };
        if event.request_id == Some(*of) && life.last().is_none_or(|last| last.id < event.id) {
            life.push(event.clone());
            let surplus = life.len().saturating_sub(LIFE_KEPT);
            life.drain(..surplus);
        }
    }
}

/// The events that tell what a driver was given lately, the latest first.
pub fn taken_by<'a>(
    driver: &'a DriverId,
    events: impl DoubleEndedIterator<Item = &'a Event> + 'a,
) -> impl Iterator<Item = &'a Event> + 'a {
    events
        .rev()
        .filter(move |event| event.driver_id.as_ref() == Some(driver) && event.kind == crate::domain::EventKind::Found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::fixtures::{event, id};
    use crate::domain::EventKind;

    #[test]
    fn the_life_goes_on_with_what_happens_to_this_request_alone() {
        let mut detail = Detail::default();
        detail.take_life(id(1), vec![event(1, EventKind::Opened, Some(1), None)]);
        detail.add(&event(1, EventKind::Opened, Some(1), None));
        detail.add(&event(2, EventKind::Opened, Some(2), None));
        detail.add(&event(3, EventKind::Attempted, Some(1), None));
        let kinds: Vec<_> = detail.life(id(1)).unwrap().iter().map(|event| event.kind.clone()).collect();
        assert_eq!(kinds, [EventKind::Opened, EventKind::Attempted]);
        assert_eq!(detail.life(id(2)), None);
    }

    #[test]
    fn what_a_driver_was_given_is_told_latest_first() {
        let events = [
            event(1, EventKind::Found, Some(1), Some("17")),
            event(2, EventKind::Moved, None, Some("17")),
            event(3, EventKind::Found, Some(3), Some("18")),
            event(4, EventKind::Found, Some(4), Some("17")),
        ];
        let driver: DriverId = "17".parse().unwrap();
        let taken: Vec<_> = taken_by(&driver, events.iter()).map(|event| event.request_id.unwrap().number()).collect();
        assert_eq!(taken, [4, 1]);
    }
}
