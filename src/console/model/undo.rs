//! What an action can be undone by. Undoing is a new action, told and noted as any other; what cannot be undone says why.

use crate::console::message::{Deed, Outcome};
use crate::domain::{DeedId, Driver};

/// So many actions are remembered.
const REMEMBERED: usize = 50;

/// What this operator did, so that it can be undone: the last one at the end.
#[derive(Debug, Clone, Default)]
pub struct Undo(Vec<Act>);

/// What was asked for together, as far as it was done or may have been.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Act {
    /// What was done, as something that can be undone, and what brings it back; or why nothing does.
    pub done: Vec<(String, Result<Deed, &'static str>)>,
    /// What may have been done: that is being found out.
    pub unknown: Vec<(DeedId, String)>,
    /// It undid what was before.
    pub undoing: bool,
}

/// An action, and the way back from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Undoable {
    /// What was done, as something that can be undone: `cancelling request 42`.
    pub what: String,
    /// What brings it back; or why nothing does.
    pub back: Result<Vec<Deed>, &'static str>,
}

/// What was found out about a deed of which it was not known whether it was done.
#[derive(Debug, Clone, Copy)]
pub enum Found<'a> {
    /// It was, and it went like this.
    Done(&'a Outcome),
    /// It was not.
    NotDone,
    /// Nobody knows any more.
    Nothing,
}

impl Act {
    fn what(&self) -> String {
        let mut all = self.done.iter().map(|(what, _)| what).chain(self.unknown.iter().map(|(_, what)| what));
        let first = all.next().cloned().unwrap_or_default();
        match all.count() {
            0 => first,
            more => format!("{first} and {more} more"),
        }
    }

    /// Takes in what was found out about one of the deeds.
    fn settle(&mut self, id: DeedId, deed: &Deed, found: Found) {
        let Some(at) = self.unknown.iter().position(|(unknown, _)| *unknown == id) else { return };
        let (_, what) = self.unknown.remove(at);
        let back = match (found, self.undoing) {
            (Found::Done(outcome), false) => way_back(deed, outcome),
            // What was to be undone still stands, and this would undo it.
            (Found::NotDone, true) => Ok(deed.clone()),
            (Found::Done(_), true) | (Found::NotDone, false) => return,
            (Found::Nothing, _) => Err("it can't be known any more whether it was done"),
        };
        self.done.push((what, back));
    }
}

impl Undo {
    /// Remembers an action.
    pub fn remember(&mut self, act: Act) {
        if act.done.is_empty() && act.unknown.is_empty() {
            return;
        }
        self.0.push(act);
        let surplus = self.0.len().saturating_sub(REMEMBERED);
        self.0.drain(..surplus);
    }

    /// Takes in what was found out about a deed: one that was not done is forgotten.
    pub fn settle(&mut self, id: DeedId, deed: &Deed, found: Found) {
        self.0.iter_mut().for_each(|act| act.settle(id, deed, found));
        self.0.retain(|act| !act.done.is_empty() || !act.unknown.is_empty());
    }

    /// The last action, where it is being found out whether it was done: it is not passed over.
    #[must_use]
    pub fn unknown(&self) -> Option<String> {
        self.0.last().filter(|act| !act.unknown.is_empty()).map(Act::what)
    }

    /// The last action, which is remembered no more.
    pub fn take_last(&mut self) -> Option<Undoable> {
        let act = self.0.pop()?;
        let what = act.what();
        Some(Undoable { what, back: act.done.into_iter().map(|(_, back)| back).collect() })
    }

    /// What would be undone next.
    #[must_use]
    pub fn next(&self) -> Option<String> {
        self.0.last().map(Act::what)
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

    fn act(what: &str) -> Act {
        Act { done: vec![(what.to_owned(), Err(""))], ..Act::default() }
    }

    #[test]
    fn only_the_last_actions_are_remembered() {
        let mut undo = Undo::default();
        for n in 0..60 {
            undo.remember(act(&n.to_string()));
        }
        assert_eq!(undo.next().as_deref(), Some("59"));
        assert_eq!(std::iter::from_fn(|| undo.take_last()).count(), REMEMBERED);
    }

    #[test]
    fn what_is_found_out_can_be_undone_or_is_forgotten() {
        let (name, deed) = (DeedId::from(7), Deed::Cancel(id(1)));
        let asked = |undoing| {
            let mut undo = Undo::default();
            undo.remember(act("before"));
            undo.remember(Act { unknown: vec![(name, "it".to_owned())], undoing, ..Act::default() });
            assert_eq!(undo.unknown().as_deref(), Some("it"));
            undo
        };
        let last = |undoing, found: Found| {
            let mut undo = asked(undoing);
            undo.settle(DeedId::from(8), &deed, Found::NotDone);
            assert!(undo.unknown().is_some(), "that was another one");
            undo.settle(name, &deed, found);
            assert_eq!(undo.unknown(), None);
            undo.take_last().unwrap()
        };
        let undoable = |what: &str, back| Undoable { what: what.to_owned(), back };
        assert_eq!(last(false, Found::Done(&Outcome::Done)), undoable("it", Ok(vec![Deed::Reopen(id(1))])));
        assert_eq!(last(false, Found::NotDone).what, "before");
        assert!(last(false, Found::Nothing).back.is_err());
        assert_eq!(last(true, Found::NotDone), undoable("it", Ok(vec![deed.clone()])), "it can be tried again");
        assert_eq!(last(true, Found::Done(&Outcome::Done)).what, "before");
    }
}
