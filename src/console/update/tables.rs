//! What the keys of the tables do: steps, marks, orders, the filter.

use tui_input::Input;

use crate::console::action::{Action, Direction};
use crate::console::model::{Layer, Model, Pane, Tone};

/// Marks, orders and the filter.
pub(super) fn act(model: &mut Model, action: Action) {
    match action {
        Action::First => step_by(model, isize::MIN),
        Action::Last => step_by(model, isize::MAX),
        Action::Mark => model.toggle_mark(),
        Action::MarkRange => model.mark_range(),
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
                (true, true) => "the filter holds on the map, too, once there is one: / begins it",
                (true, false) => "the filter holds on the map, too",
                (false, _) => "the map shows everybody",
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
        Direction::Up => step_by(model, -rows),
        Direction::Down => step_by(model, rows),
        Direction::Left | Direction::Right => {}
    }
}

fn step_by(model: &mut Model, rows: isize) {
    match model.focus {
        Pane::Drivers => model.move_driver_selection(rows),
        _ => model.searches.move_selection(rows),
    }
}

/// Nothing lies over the panes and somebody wants less: first the marks go, then the filter.
pub(super) fn show_all(model: &mut Model) {
    if !model.clear_marks() {
        model.set_filter("");
    }
}
