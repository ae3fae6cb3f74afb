//! What the actions of the panes do.

use super::{drivers, forms, map, palette, searches, tables};
use crate::console::action::{Action, Direction};
use crate::console::message::{Asked, Deed, Effect, Errand, Link};
use crate::console::model::{Depth, Layer, Model, Pane, Tone};
use crate::domain::Point;

/// How far one step pans, in columns and rows.
const PAN: (f64, f64) = (4.0, 2.0);
/// How many steps a great step is.
const FAR: f64 = 5.0;

pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    if action.changes_something() && !may_change(model) {
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
        Action::PreviousDriver => drivers::select(model, false),
        Action::NextDriver => drivers::select(model, true),
        Action::SearchHere => {
            let place = model.map.projection.cursor();
            return send(model, vec![Deed::Open(place, None)]);
        }
        Action::SearchForm => forms::open_search(model),
        Action::NewDriver => forms::open_driver(model),
        Action::Grab => drivers::grab(model),
        Action::RemoveDriver => return drivers::remove(model),
        Action::Cancel => return searches::cancel(model),
        Action::Expire => return searches::expire(model),
        Action::ExtendTime => return searches::extend(model, searches::EXTENDED_BY_MS),
        Action::Retry => return searches::retry(model),
        Action::Widen => return searches::widen(model, None),
        Action::Assign => searches::assign(model),
        Action::Undo => return undo(model),
        Action::Pause => super::news::pause(model),
        Action::Copy => return copy(model),
        Action::Theme => {
            model.options.look.next_theme();
            tell_theme(model);
        }
        Action::Trails => map::trails(model),
        Action::Measure => map::measure(model),
        Action::Legend => map::legend(model),
        Action::SetBookmark => map::set_bookmark(model, ""),
        Action::NextBookmark => map::next_bookmark(model),
        Action::Palette => palette::open(model, ""),
        Action::GoTo => palette::open(model, "goto "),
        Action::Help => model.layers.push(Layer::Help(0)),
        Action::Quit => return vec![Effect::Quit],
        Action::Suspend => return vec![Effect::Suspend],
        Action::Acknowledge => super::alarms::acknowledge(model),
        Action::NumbersSpan => super::alarms::next_span(model),
        // These answer what lies on top, and are dealt with there.
        Action::Accept | Action::Dismiss | Action::NextField => {}
    }
    Vec::new()
}

/// Whether changes are let through; otherwise it says that they are not.
pub(super) fn may_change(model: &mut Model) -> bool {
    let armed = model.armed.lets_through(model.now);
    if !armed {
        let how = if model.options.read_only { "(--read-only)" } else { "since :disarm" };
        model.say(Tone::Bad, format!("this console only looks {how}; :arm 10m lets it act"));
    }
    armed
}

/// Gives the map the keys where it would not be seen otherwise: what was asked for happens there.
pub(super) fn show_map(model: &mut Model) {
    if model.areas().is_some_and(|areas| areas.map.is_empty()) {
        model.focus_on(Pane::Map);
    }
}

/// Has something changed in Redis, unless it is known that this cannot be.
pub(super) fn send(model: &mut Model, deeds: Vec<Deed>) -> Vec<Effect> {
    send_errand(model, Errand { deeds, undoing: false })
}

pub(super) fn send_errand(model: &mut Model, errand: Errand) -> Vec<Effect> {
    if !may_send(model) {
        return Vec::new();
    }
    let Some(at) = model.redis_now() else {
        // What came late could not be told from what came in time.
        model.say(Tone::Bad, "nothing was sent: Redis has not answered yet");
        return Vec::new();
    };
    // What is done is done: the marks were for this.
    let deeds = &errand.deeds;
    model.spend_marks(deeds.iter().filter_map(Deed::request), deeds.iter().filter_map(Deed::driver));
    vec![Effect::Do(errand, Asked { at, after: model.newest_event })]
}

/// Whether something can be changed in Redis; otherwise it says why not.
fn may_send(model: &mut Model) -> bool {
    if let Link::Away(reason) = &model.link {
        let text = format!("nothing was sent: Redis is away ({reason})");
        model.say(Tone::Bad, text);
        return false;
    }
    may_change(model)
}

/// Undoes the last action that this operator did here, or says why it can't be.
fn undo(model: &mut Model) -> Vec<Effect> {
    // Where nothing can be sent, it can still be undone later.
    if !may_send(model) {
        return Vec::new();
    }
    if let Some(what) = model.undo.unknown() {
        let text = format!("{what} can't be undone yet: it is being found out whether it was done");
        model.say(Tone::Plain, text);
        return Vec::new();
    }
    let Some(last) = model.undo.take_last() else {
        model.say(Tone::Plain, "there is nothing to undo: what was done here since the start is undone, newest first");
        return Vec::new();
    };
    match last.back {
        Ok(deeds) => send_errand(model, Errand { deeds, undoing: true }),
        Err(why) => {
            let next = model.undo.next().map(|what| format!("; next would be {what}")).unwrap_or_default();
            model.say(Tone::Bad, format!("{} can't be undone: {why}{next}", last.what));
            Vec::new()
        }
    }
}

/// Says which theme there is now.
pub(super) fn tell_theme(model: &mut Model) {
    let theme = model.options.look.theme;
    let unseen = if model.options.look.depth == Depth::None { ", but this terminal shows no colours" } else { "" };
    model.say(Tone::Plain, format!("theme {theme}{unseen}"));
}

/// Copies what is selected in the pane that has the keys: an id, or on the map the place.
fn copy(model: &mut Model) -> Vec<Effect> {
    let driver = model.map.selected_driver();
    let place = |place: Point| format!("{:.6},{:.6}", place.lat(), place.lng());
    let text = match model.focus {
        Pane::Map => Some(place(driver.map_or_else(|| model.map.projection.cursor(), |driver| driver.place))),
        Pane::Drivers => driver.map(|driver| driver.id.to_string()),
        Pane::Searches | Pane::Events => model.searches.selected().map(|row| row.search.id.to_string()),
    };
    let Some(text) = text else {
        model.say(Tone::Plain, "nothing is selected that could be copied");
        return Vec::new();
    };
    model.say(Tone::Plain, format!("copied: {text}"));
    vec![Effect::Copy(text)]
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
    if !model.layers.is_empty() {
        let lines = if far { 10 } else { 1 };
        scroll_layer(model, if rows < 0.0 { -lines } else { lines });
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

/// Scrolls what lies on top by so many lines, or chooses another line of it.
pub(super) fn scroll_layer(model: &mut Model, lines: isize) {
    let below = model.help_lines() - model.help_height();
    let scrolled = |at: u16, last: usize| {
        let at = usize::from(at).saturating_add_signed(lines).min(last);
        u16::try_from(at).unwrap_or(u16::MAX)
    };
    match model.layers.last_mut() {
        Some(Layer::Help(at)) => *at = scrolled(*at, below),
        Some(Layer::Results(results)) => {
            results.scrolled = scrolled(results.scrolled, results.lines.len().saturating_sub(1));
        }
        Some(Layer::Choose(_)) => super::choose::step(model, lines),
        _ => {}
    }
}

/// Centres the map on what is selected, or says why not.
fn centre(model: &mut Model) {
    match model.place_to_centre() {
        Some(place) => {
            show_map(model);
            model.map.go_to(place);
        }
        None if model.searches.selected().is_some() => {
            model.say(Tone::Plain, "this request has no record, so its place is not known");
        }
        None => {
            let key = model.key_for(Action::NextDriver);
            model.say(Tone::Plain, format!("nothing is selected: choose a search, or a driver with {key}"));
        }
    }
}
