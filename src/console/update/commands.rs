//! What the commands of the palette do. What a key does, too, is left to its action.

use super::actions::{act, ask_first, send};
use super::answer;
use crate::console::action::Action;
use crate::console::command::{Command, Goal};
use crate::console::message::{Deed, Effect};
use crate::console::model::{Model, Pane, Tone};
use crate::domain::{Driver, DriverId, Point, RequestId};

/// Carries out a command.
pub(super) fn command(model: &mut Model, command: Command) -> Vec<Effect> {
    if model.options.read_only && command.changes_something() {
        model.say(Tone::Bad, "this console only looks (--read-only)");
        return Vec::new();
    }
    match command {
        Command::Plain(_, action) => return act(model, action),
        Command::Search(place, rider) => {
            let place = place.unwrap_or_else(|| model.map.projection.cursor());
            return send(model, Deed::Open(place, rider));
        }
        Command::Move(id, place) => return send(model, Deed::Move(Driver { id, place })),
        Command::Place(id, place) => {
            let place = place.unwrap_or_else(|| model.map.projection.cursor());
            return send(model, Deed::Place(Driver { id, place }));
        }
        Command::Remove(id) => return ask_first(model, format!("Take driver {id} off the map?"), Deed::Remove(id)),
        Command::Cancel(ids) => {
            if let [id] = ids[..] {
                return ask_first(model, format!("Cancel {}?", named(model, id)), Deed::Cancel(id));
            }
            not_yet(model);
        }
        Command::Expire(ids) => {
            if let [id] = ids[..] {
                return ask_first(model, format!("Expire {} now?", named(model, id)), Deed::Expire(id));
            }
            not_yet(model);
        }
        Command::Filter(text) => {
            if model.focus != Pane::Drivers {
                model.focus_on(Pane::Searches);
            }
            model.searches.set_filter(&text);
        }
        Command::Clear => return answer(model, Action::Dismiss),
        Command::GoTo(Goal::Place(place)) => look_at(model, place),
        Command::GoTo(Goal::Named(name)) => go_to(model, &name),
        Command::Extend(_)
        | Command::Widen(_)
        | Command::Retry(_)
        | Command::Assign(..)
        | Command::Sort(_)
        | Command::Theme(_)
        | Command::Bookmark(_)
        | Command::Arm(_)
        | Command::Disarm => not_yet(model),
    }
    Vec::new()
}

fn not_yet(model: &mut Model) {
    model.say(Tone::Bad, "this console cannot do that yet");
}

/// Goes to a request, or else a driver, of this name.
fn go_to(model: &mut Model, name: &str) {
    let request = name.parse::<RequestId>().ok().filter(|id| model.searches.get(*id).is_some());
    if let Some(id) = request {
        let shown = model.searches.select(id);
        model.focus_on(Pane::Searches);
        match model.searches.get(id).and_then(|row| row.search.request()).map(|request| request.pickup) {
            Some(pickup) => look_at(model, pickup),
            None => model.say(Tone::Plain, format!("request {id} has no record, so its place is not known")),
        }
        if !shown {
            model.say(Tone::Plain, format!("request {id} is hidden by the filter"));
        }
        return;
    }
    let driver = name.parse::<DriverId>().ok().and_then(|id| model.map.driver(&id).cloned());
    if let Some(driver) = driver {
        model.map.selected = Some(driver.id);
        look_at(model, driver.place);
        return;
    }
    model.say(Tone::Bad, format!("nothing in sight is called {name}: no request of the table, no driver on the map"));
}

fn look_at(model: &mut Model, place: Point) {
    model.map.centre_cursor_on(place);
    model.map.fitted = true;
}

/// A request as a question names it.
fn named(model: &Model, id: RequestId) -> String {
    model.searches.get(id).map_or_else(|| format!("request {id}"), super::actions::named)
}
