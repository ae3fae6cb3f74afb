//! What an action can be undone by. Undoing is a new action, told and noted as any other; what cannot be undone says why.

use crate::console::message::{Deed, Outcome};
use crate::domain::Driver;

/// So many actions are remembered.
const REMEMBERED: usize = 50;

/// What this operator did, so that it can be undone: the last one at the end.
#[derive(Debug, Clone, Default)]
pub struct Undo(Vec<Undoable>);

/// An action, and the way back from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Undoable {
    /// What was done, as something that can be undone: `cancelling request 42`.
    pub what: String,
    /// What brings it back; or why nothing does.
    pub back: Result<Vec<Deed>, &'static str>,
}

impl Undo {
    /// Remembers an action.
    pub fn remember(&mut self, action: Undoable) {
        self.0.push(action);
        let surplus = self.0.len().saturating_sub(REMEMBERED);
        self.0.drain(..surplus);
    }

    /// The last action, which is remembered no more.
    pub fn take_last(&mut self) -> Option<Undoable> {
        self.0.pop()
    }

    /// What would be undone next.
    #[must_use]
    pub fn next(&self) -> Option<&str> {
        self.0.last().map(|action| action.what.as_str())
    }
}

/// What brings a deed back that went like this; or why nothing does.
///
/// # Errors
/// In words for the operator, after "can't be undone: ".
pub fn way_back(deed: &Deed, outcome: &Outcome) -> Result<Deed, &'static str> {
    match (deed, outcome) {
        (Deed::Open(..), Outcome::Opened(id)) | (Deed::Reopen(id), _) => Ok(Deed::Cancel(*id)),
        (Deed::Cancel(id), _) => Ok(Deed::Reopen(*id)),
        (Deed::Extend(id, by_ms), _) => Ok(Deed::Extend(*id, -by_ms)),
        (Deed::Widen(id, to, _), Outcome::RadiusWas(before)) => Ok(Deed::Widen(*id, *before, Some(*to))),
        (Deed::Place(driver), _) => Ok(Deed::Remove(driver.id.clone(), Some(driver.place))),
        (Deed::Move(driver, _), Outcome::StoodAt(before)) => {
            Ok(Deed::Move(Driver { place: *before, ..driver.clone() }, Some(driver.place)))
        }
        (Deed::Remove(id, _), Outcome::StoodAt(before)) => Ok(Deed::Place(Driver { id: id.clone(), place: *before })),
        (Deed::Expire(_), _) => Err("its time is up, and its rider has been told so"),
        (Deed::Assign(..) | Deed::Retry(_), Outcome::Found(..)) => Err("driver and rider know of one another already"),
        (Deed::Retry(_), _) => Err("an attempt changes nothing where nobody is found"),
        _ => Err("how it was before is not known"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::fixtures::{driver, id, place};
    use crate::domain::Metres;

    #[test]
    fn every_deed_has_a_way_back_or_a_reason() {
        let there = driver("17", -33.4, -70.6);
        let before = Outcome::StoodAt(place(-33.5, -70.7));
        assert_eq!(way_back(&Deed::Cancel(id(1)), &Outcome::Done), Ok(Deed::Reopen(id(1))));
        assert_eq!(way_back(&Deed::Extend(id(1), 60_000), &Outcome::Done), Ok(Deed::Extend(id(1), -60_000)));
        let moved = way_back(&Deed::Move(there.clone(), None), &before);
        assert_eq!(moved, Ok(Deed::Move(driver("17", -33.5, -70.7), Some(there.place))));
        let removed = way_back(&Deed::Remove(there.id.clone(), None), &before);
        assert_eq!(removed, Ok(Deed::Place(driver("17", -33.5, -70.7))));
        assert_eq!(
            way_back(&Deed::Place(there.clone()), &Outcome::Done),
            Ok(Deed::Remove(there.id.clone(), Some(there.place)))
        );
        let was = Outcome::RadiusWas(Metres(5_000.0));
        assert_eq!(
            way_back(&Deed::Widen(id(1), Metres(8_000.0), None), &was),
            Ok(Deed::Widen(id(1), Metres(5_000.0), Some(Metres(8_000.0))))
        );
        assert!(way_back(&Deed::Expire(id(1)), &Outcome::Done).is_err());
        assert!(way_back(&Deed::Assign(id(1), there.id), &Outcome::Done).is_err());
    }

    #[test]
    fn only_the_last_actions_are_remembered() {
        let mut undo = Undo::default();
        for n in 0..60 {
            undo.remember(Undoable { what: n.to_string(), back: Err("") });
        }
        assert_eq!(undo.next(), Some("59"));
        assert_eq!(std::iter::from_fn(|| undo.take_last()).count(), REMEMBERED);
    }
}
