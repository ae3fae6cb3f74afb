//! What the keys of the tables do: steps, marks, orders, the filter.

#[cfg(test)]
mod tests;

use tui_input::Input;

use crate::console::action::{Action, Direction};
use crate::console::model::{Layer, Model, Pane, Subject, Tone};

/// Marks, orders and the filter.
pub(super) fn act(model: &mut Model, action: Action) {
    match action {
        Action::First => step_by(model, model.focus, isize::MIN),
        Action::Last => step_by(model, model.focus, isize::MAX),
        Action::Mark | Action::MarkRange => {
            let done = if action == Action::Mark { model.toggle_mark() } else { model.mark_range() };
            if !done {
                model.say(Tone::Plain, "no row is selected: choose one with the arrows");
            }
        }
        Action::MarkAll => model.mark_all(),
        Action::Sort => model.sort_by_next(),
        Action::SortReverse => model.turn_order(),
        Action::Filter => {
            if model.focus != Pane::Drivers {
                model.focus_on(Pane::Searches);
            }
            let input = Input::new(model.filter().text().to_owned());
            model.layers.push(Layer::Filter(input));
        }
        Action::FilterMap => {
            model.filter_map = !model.filter_map;
            let text = match (model.filter_map, model.filter().is_empty()) {
                (true, true) => {
                    let key = model.key_for(Action::Filter);
                    format!("the filter holds on the map, too, once there is one: {key} begins it")
                }
                (true, false) => "the filter holds on the map, too".to_owned(),
                (false, _) => "the map shows everybody".to_owned(),
            };
            model.say(Tone::Plain, text);
        }
        _ => {}
    }
}

/// A step in the table that has the keys.
pub(super) fn step(model: &mut Model, direction: Direction, far: bool) {
    let page = match model.focus {
        Pane::Drivers => model.drivers.page(),
        _ => model.searches.page(),
    };
    let rows = if far { page } else { 1 };
    match direction {
        Direction::Up => step_by(model, model.focus, -rows),
        Direction::Down => step_by(model, model.focus, rows),
        Direction::Left | Direction::Right => {}
    }
}

/// A step of so many rows in a table.
pub(super) fn step_by(model: &mut Model, pane: Pane, rows: isize) {
    if pane == Pane::Drivers {
        model.move_driver_selection(rows);
        model.detail.subject = Subject::Driver;
    } else {
        model.searches.move_selection(rows);
        model.detail.subject = Subject::Search;
    }
}

/// Nothing lies over the panes and somebody wants less: first the marks go, then the filter.
pub(super) fn show_all(model: &mut Model) {
    if !model.clear_marks() {
        model.set_filter("");
    }
}
