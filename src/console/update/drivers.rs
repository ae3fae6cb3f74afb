//! What an operator does with drivers: choosing, carrying, setting down, taking off the map.

use super::actions::{self, send};
use super::searches::ask_first;
use crate::console::action::Action;
use crate::console::message::{Deed, Effect};
use crate::console::model::{Carry, Model, Pane, Subject, Tone};
use crate::console::wording::{self, many};
use crate::domain::{Driver, DriverId, Event, EventKind, Sighting};

/// So many drivers are named in a question; of more it tells how many.
const MOST_NAMED: usize = 12;

/// Selects the next driver on the map, or the previous one.
pub(super) fn select(model: &mut Model, forward: bool) {
    model.map.select_next(forward);
    if model.map.selected_driver().is_none() {
        let (zoom, fit) = (model.key_for(Action::ZoomIn), model.key_for(Action::FitAll));
        model.say(Tone::Plain, format!("no single driver is in sight: zoom in with {zoom}, or fit all with {fit}"));
    } else {
        model.detail.subject = Subject::Driver;
    }
}

/// Selects this driver.
pub(super) fn choose(model: &mut Model, id: DriverId) {
    model.map.selected = Some(id);
    model.detail.subject = Subject::Driver;
}

/// The selected driver, if in sight; otherwise it says how to choose one.
pub(super) fn selected(model: &mut Model) -> Option<Driver> {
    let driver = model.map.selected_driver().map(Sighting::driver);
    if driver.is_none() {
        let how = if model.focus == Pane::Drivers {
            "choose one with the arrows".to_owned()
        } else {
            let key = |action| model.key_for(action);
            format!("choose one on the map with {} and {}", key(Action::PreviousDriver), key(Action::NextDriver))
        };
        model.say(Tone::Plain, format!("no driver is selected: {how}"));
    }
    driver
}

/// Takes the selected driver up.
pub(super) fn grab(model: &mut Model) {
    let Some(driver) = selected(model) else { return };
    actions::show_map(model);
    model.map.bring_into_sight(driver.place);
    let since = model.events.back().map(|event| event.id).unwrap_or_default();
    model.map.carry = Some(Carry { id: driver.id, from: driver.place, at: driver.place, since });
}

/// Takes the marked drivers off the map, or else the selected one, after a yes.
pub(super) fn remove(model: &mut Model) -> Vec<Effect> {
    let marked = model.marked_drivers();
    if marked.is_empty() {
        let Some(driver) = selected(model) else { return Vec::new() };
        return ask_first(
            model,
            format!("Take driver {} off the map?", driver.id),
            vec![Deed::Remove(driver.id, None)],
        );
    }
    let (count, hidden) = model.marked_drivers_count();
    let unseen = if hidden > 0 { format!(" ({hidden} not in the table)") } else { String::new() };
    let named = wording::list(marked.iter(), MOST_NAMED);
    let question = format!("Take {}: {named}{unseen} off the map?", many(count as u64, "driver"));
    ask_first(model, question, marked.into_iter().map(|id| Deed::Remove(id, None)).collect())
}

/// Ends a carry: drops the driver here, or puts it back where it was.
pub(super) fn drop_here(model: &mut Model, here: bool) -> Vec<Effect> {
    let Some(carry) = model.map.carry.take() else { return Vec::new() };
    if !here {
        model.say(Tone::Plain, format!("driver {} stays where it was", carry.id));
        return Vec::new();
    }
    let by_other = moved_meanwhile(model, &carry);
    let deeds = vec![Deed::Move(Driver { id: carry.id, place: carry.at }, None)];
    match by_other {
        Some(told) => ask_first(model, format!("Meanwhile {told}. Drop it here all the same?"), deeds),
        None => send(model, deeds),
    }
}

/// What another operator has done to a driver while this one carried it: whoever is slower is told, and not overruled unheard.
fn moved_meanwhile(model: &Model, carry: &Carry) -> Option<String> {
    let by_hand = |event: &&Event| matches!(event.kind, EventKind::Moved | EventKind::Placed | EventKind::Removed);
    let meanwhile = model.events.iter().rev().take_while(|event| event.id > carry.since);
    let mut of_driver = meanwhile.filter(|event| event.driver_id.as_ref() == Some(&carry.id));
    of_driver.find(by_hand).map(wording::event)
}
