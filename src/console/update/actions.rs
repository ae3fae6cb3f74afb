//! What the actions of the panes do.

use super::{forms, map, tables};
use crate::console::action::{Action, Direction};
use crate::console::keymap::Keymap;
use crate::console::message::{Deed, Effect, Link};
use crate::console::model::{Carry, Confirm, Layer, Model, Pane, Row, Tone};
use crate::domain::{Driver, Sighting, Standing};

/// How far one step pans, in columns and rows.
const PAN: (f64, f64) = (4.0, 2.0);
/// How many steps a great step is.
const FAR: f64 = 5.0;

pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    if model.options.read_only && action.changes_something() {
        model.say(Tone::Bad, "this console only looks (--read-only)");
        return Vec::new();
    }
    match action {
        Action::NextPane => model.focus_on(next_pane(model.focus)),
        Action::Pane(pane) => model.focus_on(pane),
        Action::Move(direction) => step(model, direction, false),
        Action::MoveFar(direction) => step(model, direction, true),
        Action::First
        | Action::Last
        | Action::Mark
        | Action::MarkRange
        | Action::MarkAll
        | Action::Sort
        | Action::SortReverse
        | Action::Filter
        | Action::FilterMap => tables::act(model, action),
        Action::ZoomIn => model.map.zoom(1),
        Action::ZoomOut => model.map.zoom(-1),
        Action::FitAll => return super::news::ask_extent(model),
        Action::Centre => centre(model),
        Action::PreviousDriver => select_driver(model, false),
        Action::NextDriver => select_driver(model, true),
        Action::SearchHere => {
            let place = model.map.projection.cursor();
            return send(model, Deed::Open(place, None));
        }
        Action::SearchForm => forms::open_search(model),
        Action::NewDriver => forms::open_driver(model),
        Action::Grab => grab(model),
        Action::RemoveDriver => {
            let Some(driver) = selected_driver(model) else { return Vec::new() };
            return ask_first(model, format!("Take driver {} off the map?", driver.id), Deed::Remove(driver.id));
        }
        Action::Cancel => {
            let Some(row) = waiting_search(model) else { return Vec::new() };
            return ask_first(model, format!("Cancel {}?", named(&row)), Deed::Cancel(row.search.id));
        }
        Action::Expire => {
            let Some(row) = waiting_search(model) else { return Vec::new() };
            return ask_first(model, format!("Expire {} now?", named(&row)), Deed::Expire(row.search.id));
        }
        Action::Trails => map::trails(model),
        Action::Measure => map::measure(model),
        Action::Legend => map::legend(model),
        Action::SetBookmark => map::set_bookmark(model, ""),
        Action::NextBookmark => map::next_bookmark(model),
        Action::Help => model.layers.push(Layer::Help(0)),
        Action::Quit => return vec![Effect::Quit],
        Action::Suspend => return vec![Effect::Suspend],
        // To be filled in.
        Action::ExtendTime
        | Action::Retry
        | Action::Assign
        | Action::Widen
        | Action::Undo
        | Action::Palette
        | Action::GoTo
        | Action::Theme
        | Action::Pause
        | Action::Copy
        | Action::Acknowledge
        | Action::NumbersSpan => {}
        // These answer what lies on top, and are dealt with there.
        Action::Accept | Action::Dismiss | Action::NextField => {}
    }
    Vec::new()
}

/// Has something changed in Redis, unless it is known that this cannot be.
pub(super) fn send(model: &mut Model, deed: Deed) -> Vec<Effect> {
    if let Link::Away(reason) = &model.link {
        let text = format!("nothing was sent: Redis is away ({reason})");
        model.say(Tone::Bad, text);
        return Vec::new();
    }
    vec![Effect::Do(deed)]
}

fn ask_first(model: &mut Model, question: String, deed: Deed) -> Vec<Effect> {
    if model.options.yes {
        return send(model, deed);
    }
    model.layers.push(Layer::Confirm(Confirm { question, deed }));
    Vec::new()
}

/// A request as a question names it.
fn named(row: &Row) -> String {
    match row.search.request() {
        Some(request) => format!("request {} of {}", request.id, request.user_id),
        None => format!("request {} (no record)", row.search.id),
    }
}

/// Ends a carry: drops the driver here, or puts it back where it was.
pub(super) fn drop_driver(model: &mut Model, here: bool) -> Vec<Effect> {
    let Some(carry) = model.map.carry.take() else { return Vec::new() };
    if !here {
        model.say(Tone::Plain, format!("driver {} stays where it was", carry.id));
        return Vec::new();
    }
    send(model, Deed::Move(Driver { id: carry.id, place: carry.at }))
}

fn next_pane(pane: Pane) -> Pane {
    match pane {
        Pane::Searches => Pane::Drivers,
        Pane::Drivers => Pane::Map,
        Pane::Map => Pane::Events,
        Pane::Events => Pane::Searches,
    }
}

fn step(model: &mut Model, direction: Direction, far: bool) {
    let (columns, rows) = match direction {
        Direction::Up => (0.0, -1.0),
        Direction::Down => (0.0, 1.0),
        Direction::Left => (-1.0, 0.0),
        Direction::Right => (1.0, 0.0),
    };
    let times = if far { FAR } else { 1.0 };
    if let Some(Layer::Help(scrolled)) = model.layers.last_mut() {
        let lines = if far { 10 } else { 1 };
        // The legend is as long as the help may be scrolled beyond its keys.
        let last = u16::try_from(Keymap::shared().help().count()).unwrap_or(u16::MAX);
        *scrolled = if rows < 0.0 { scrolled.saturating_sub(lines) } else { scrolled.saturating_add(lines).min(last) };
    } else if model.map.carry.is_some() {
        model.map.carry_by(columns * times, rows * times);
    } else {
        match model.focus {
            Pane::Map => model.map.pan(columns * PAN.0 * times, rows * PAN.1 * times),
            Pane::Searches | Pane::Drivers => tables::step(model, direction, far),
            Pane::Events => {
                let lines = if far { 5 } else { 1 };
                match direction {
                    Direction::Up => model.scroll_events(lines),
                    Direction::Down => model.scroll_events(-lines),
                    Direction::Left | Direction::Right => {}
                }
            }
        }
    }
}

/// Centres the map on the selected driver where the map or the drivers have the keys, and else on the selected search.
fn centre(model: &mut Model) {
    let of_drivers = matches!(model.focus, Pane::Map | Pane::Drivers);
    let driver = model.map.selected_driver().map(|driver| driver.place).filter(|_| of_drivers);
    let pickup = model.searches.selected().and_then(|row| row.search.request()).map(|request| request.pickup);
    match driver.or(pickup) {
        Some(place) => model.map.go_to(place),
        None if model.searches.selected().is_some() => {
            model.say(Tone::Plain, "this request has no record, so its place is not known");
        }
        None => model.say(Tone::Plain, "nothing is selected: choose a search, or a driver with ["),
    }
}

fn select_driver(model: &mut Model, forward: bool) {
    model.map.select_next(forward);
    if model.map.selected_driver().is_none() {
        model.say(Tone::Plain, "no single driver is in sight: zoom in with +, or fit all with f");
    }
}

fn selected_driver(model: &mut Model) -> Option<Driver> {
    let driver = model.map.selected_driver().map(Sighting::driver);
    if driver.is_none() {
        model.say(Tone::Plain, "no driver is selected: choose one on the map with [ and ]");
    }
    driver
}

fn grab(model: &mut Model) {
    let Some(driver) = selected_driver(model) else { return };
    model.map.bring_into_sight(driver.place);
    model.map.carry = Some(Carry { id: driver.id, from: driver.place, at: driver.place });
}

/// The selected search if it waits; otherwise it says why nothing can be done.
fn waiting_search(model: &mut Model) -> Option<Row> {
    let Some(row) = model.searches.selected().cloned() else {
        model.say(Tone::Plain, "no search is selected");
        return None;
    };
    match row.standing {
        Standing::Waiting(_) => Some(row),
        Standing::Ended(state) => {
            model.say(Tone::Plain, format!("request {} has ended already: {state}", row.search.id));
            None
        }
    }
}
