//! What the mouse means: a click selects, a drag pans the map or carries a driver, the wheel zooms and scrolls.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::{actions, drivers, tables};
use crate::console::layout::{Areas, inside};
use crate::console::message::Effect;
use crate::console::model::{Drag, Layer, Model, Pane, Subject, Target};

/// How many rows a turn of the wheel scrolls.
const WHEEL_ROWS: isize = 3;

/// Takes in what the mouse did.
pub(super) fn happen(model: &mut Model, mouse: MouseEvent) -> Vec<Effect> {
    let at = Position { x: mouse.column, y: mouse.row };
    match mouse.kind {
        MouseEventKind::ScrollUp => wheel(model, at, 1),
        MouseEventKind::ScrollDown => wheel(model, at, -1),
        // What lies over the panes is answered by keys: a stray click is no yes.
        _ if !model.layers.is_empty() => {}
        MouseEventKind::Down(MouseButton::Left) => press(model, at),
        MouseEventKind::Drag(MouseButton::Left) => drag(model, at),
        MouseEventKind::Up(MouseButton::Left) => return release(model),
        _ => {}
    }
    Vec::new()
}

fn wheel(model: &mut Model, at: Position, steps: i32) {
    let rows = if steps > 0 { -WHEEL_ROWS } else { WHEEL_ROWS };
    if let Some(layer) = model.layers.last() {
        if matches!(layer, Layer::Help(_) | Layer::Results(_) | Layer::Link | Layer::Choose(_)) {
            actions::scroll_layer(model, rows.signum());
        }
        return;
    }
    let Some(areas) = model.areas() else { return };
    match pane_at(&areas, at) {
        Some(Pane::Map) => {
            let map = inside(areas.map);
            if map.contains(at) {
                model.map.zoom_about(at.x - map.x, at.y - map.y, steps);
            }
        }
        Some(Pane::Searches) => tables::step_by(model, Pane::Searches, rows),
        Some(Pane::Drivers) => tables::step_by(model, Pane::Drivers, rows),
        Some(Pane::Events) => model.scroll_events(-rows),
        None => {}
    }
}

fn press(model: &mut Model, at: Position) {
    model.clear_notice();
    let Some(areas) = model.areas() else { return };
    if areas.tabs.contains(at) {
        if let Some(pane) = model.tab_at(at.x - areas.tabs.x) {
            model.focus_on(pane);
        }
        return;
    }
    let Some(pane) = pane_at(&areas, at) else { return };
    // A driver in hand is set down by its keys, or by letting go of the button that took it up.
    if model.map.carry.is_none() {
        model.focus_on(pane);
    }
    let area = inside(area_of(&areas, pane));
    if !area.contains(at) {
        return;
    }
    let (column, row) = (at.x - area.x, at.y - area.y);
    match pane {
        Pane::Map => press_map(model, at, column, row),
        Pane::Searches | Pane::Drivers if row == 0 => {
            model.sort_by_head(pane, column);
        }
        Pane::Searches => {
            model.searches.select_line(usize::from(row) - 1);
            model.detail.subject = Subject::Search;
        }
        Pane::Drivers => {
            let clicked = model.drivers_in_sight().nth(usize::from(row) - 1).map(|driver| driver.id.clone());
            if let Some(id) = clicked {
                drivers::choose(model, id);
            }
        }
        Pane::Events => {}
    }
}

fn press_map(model: &mut Model, at: Position, column: u16, row: u16) {
    let target = model.at_cell(column, row);
    match target.clone() {
        Some(Target::Driver(id)) => drivers::choose(model, id),
        Some(Target::Request(id)) => {
            model.searches.select(id);
            model.detail.subject = Subject::Search;
        }
        None => {}
    }
    model.drag = Some(match target {
        Some(Target::Driver(_)) if model.map.carry.is_none() => Drag::Driver { from: at },
        _ => Drag::Map { place: model.map.projection.to_place(f64::from(column) + 0.5, f64::from(row) + 0.5) },
    });
}

fn drag(model: &mut Model, at: Position) {
    match model.drag {
        Some(Drag::Map { place }) => {
            let Some(map) = model.areas().map(|areas| inside(areas.map)) else { return };
            let (column, row) = (f64::from(at.x) - f64::from(map.x), f64::from(at.y) - f64::from(map.y));
            model.map.hold(place, column + 0.5, row + 0.5);
        }
        Some(Drag::Driver { from }) if from != at => {
            // A click that shakes by less than a cell is a click.
            if actions::may_change(model) {
                drivers::grab(model);
                model.drag = Some(Drag::Carry);
                carry_to(model, at);
            } else {
                model.drag = None;
            }
        }
        Some(Drag::Carry) => carry_to(model, at),
        Some(Drag::Driver { .. }) | None => {}
    }
}

/// Holds the driver where the mouse is.
fn carry_to(model: &mut Model, at: Position) {
    let Some(map) = model.areas().map(|areas| inside(areas.map)) else { return };
    let column = at.x.clamp(map.x, map.right().saturating_sub(1)) - map.x;
    let row = at.y.clamp(map.y, map.bottom().saturating_sub(1)) - map.y;
    let place = model.map.projection.to_place(f64::from(column) + 0.5, f64::from(row) + 0.5);
    if let Some(carry) = &mut model.map.carry {
        carry.at = place;
    }
}

fn release(model: &mut Model) -> Vec<Effect> {
    match model.drag.take() {
        Some(Drag::Carry) => drivers::drop_here(model, true),
        _ => Vec::new(),
    }
}

fn pane_at(areas: &Areas, at: Position) -> Option<Pane> {
    [Pane::Map, Pane::Searches, Pane::Drivers, Pane::Events].into_iter().find(|pane| area_of(areas, *pane).contains(at))
}

fn area_of(areas: &Areas, pane: Pane) -> Rect {
    match pane {
        Pane::Map => areas.map,
        Pane::Searches => areas.searches,
        Pane::Drivers => areas.drivers,
        Pane::Events => areas.events,
    }
}
