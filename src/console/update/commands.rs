//! What the commands of the palette do. What a key does, too, is left to its action.

use std::time::Duration;

use super::actions::{act, may_change, send, show_map};
use super::searches::{self, ask_first, named};
use super::{answer, map};
use crate::console::action::Action;
use crate::console::command::{Command, Goal};
use crate::console::message::{Deed, Effect};
use crate::console::model::{Armed, DriverColumn, Layer, Model, Pane, SearchColumn, Subject, Tone};
use crate::domain::{Driver, DriverId, Point, RequestId, format_span};

/// Carries out a command.
pub(super) fn command(model: &mut Model, command: Command) -> Vec<Effect> {
    if command.changes_something() && !may_change(model) {
        return Vec::new();
    }
    match command {
        Command::Plain(_, action) => return act(model, action),
        Command::Search(place, rider) => {
            let place = place.unwrap_or_else(|| model.map.projection.cursor());
            return send(model, vec![Deed::Open(place, rider)]);
        }
        Command::Move(id, place) => return send(model, vec![Deed::Move(Driver { id, place }, None)]),
        Command::Place(id, place) => {
            let place = place.unwrap_or_else(|| model.map.projection.cursor());
            return send(model, vec![Deed::Place(Driver { id, place })]);
        }
        Command::Remove(id) => {
            return ask_first(model, format!("Take driver {id} off the map?"), vec![Deed::Remove(id, None)]);
        }
        Command::Cancel(ids) => return end(model, "Cancel", "", &ids, Deed::Cancel),
        Command::Expire(ids) => return end(model, "Expire", " now", &ids, Deed::Expire),
        Command::Extend(by) => return searches::extend(model, millis(by)),
        Command::Widen(to) => return searches::widen(model, Some(to)),
        Command::Retry(ids) if ids.is_empty() => return searches::retry(model),
        Command::Retry(ids) => return send(model, ids.into_iter().map(Deed::Retry).collect()),
        Command::Assign(id, driver) => return assign(model, id, driver),
        Command::Filter(text) => {
            if model.focus != Pane::Drivers {
                model.focus_on(Pane::Searches);
            }
            model.set_filter(&text);
        }
        Command::Clear => return answer(model, Action::Dismiss),
        Command::GoTo(Goal::Place(place)) => {
            show_map(model);
            model.map.go_to(place);
        }
        Command::GoTo(Goal::Named(name)) => go_to(model, &name),
        Command::Sort(column) => sort(model, &column),
        Command::Theme(name) => match name.parse() {
            Ok(theme) => {
                model.options.look.theme = theme;
                super::actions::tell_theme(model);
            }
            Err(error) => model.say(Tone::Bad, format!("{error}")),
        },
        Command::Bookmark(name) => map::set_bookmark(model, &name),
        Command::Arm(span) => return arm(model, span),
        Command::Link => model.layers.push(Layer::Link),
        Command::Disarm => {
            model.armed = Armed::Never;
            model.say(Tone::Plain, "disarmed: this console only looks now");
            return vec![Effect::Arm(None)];
        }
    }
    Vec::new()
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// Ends the requests that were named, or else those that a key would end.
fn end(model: &mut Model, verb: &str, when: &str, ids: &[RequestId], deed: fn(RequestId) -> Deed) -> Vec<Effect> {
    let question = match ids {
        [] => return searches::end(model, verb, when, deed),
        [one] => {
            let name = model.searches.get(*one).map_or_else(|| format!("request {one}"), named);
            format!("{verb} {name}{when}?")
        }
        several => format!("{verb} {}{when}?", super::report::named_requests(several)),
    };
    ask_first(model, question, ids.iter().map(|id| deed(*id)).collect())
}

/// Gives a request this driver: the one that was named, or else the selected one.
fn assign(model: &mut Model, id: Option<RequestId>, driver: DriverId) -> Vec<Effect> {
    let Some(id) = id.or_else(|| searches::waiting(model).map(|row| row.search.id)) else { return Vec::new() };
    send(model, vec![Deed::Assign(id, driver)])
}

/// Lets changes through for so long.
fn arm(model: &mut Model, span: Duration) -> Vec<Effect> {
    // A time would make less of what has none, and be over while nobody thinks of it.
    if model.armed == Armed::Always {
        model.say(Tone::Bad, "this console can act already, and for as long as it runs; :disarm lets it only look");
        return Vec::new();
    }
    model.armed = Armed::Until(model.now + span);
    model.say(Tone::Plain, format!("armed: this console can change things for {}", format_span(span)));
    vec![Effect::Arm(Some(span))]
}

/// Sorts the table that has the keys, or had them last, by this column.
fn sort(model: &mut Model, column: &str) {
    if !model.sort_by(column) {
        let columns = match model.table {
            Pane::Drivers => DriverColumn::ALL.map(DriverColumn::as_str).join(", "),
            _ => SearchColumn::ALL.map(SearchColumn::as_str).join(", "),
        };
        model.say(Tone::Bad, format!("this table has no column {column}; it has {columns}"));
    }
}

/// Goes to a request, or else a driver or a bookmark, of this name.
fn go_to(model: &mut Model, name: &str) {
    let request = name.parse::<RequestId>().ok().filter(|id| model.searches.get(*id).is_some());
    if let Some(id) = request {
        go_to_request(model, id);
    } else if let Some(driver) = name.parse::<DriverId>().ok().and_then(|id| model.map.driver(&id).cloned()) {
        model.map.selected = Some(driver.id);
        model.detail.subject = Subject::Driver;
        show_map(model);
        model.map.go_to(driver.place);
    } else if !map::go_to_bookmark(model, name) {
        let text = format!("nothing is called {name}: no request of the table, no driver in sight, no bookmark");
        model.say(Tone::Bad, text);
    }
}

fn go_to_request(model: &mut Model, id: RequestId) {
    let shown = model.searches.select(id);
    model.focus_on(Pane::Searches);
    model.detail.subject = Subject::Search;
    let pickup: Option<Point> = model.searches.get(id).and_then(|row| row.search.pickup());
    match pickup {
        Some(pickup) => model.map.go_to(pickup),
        None => model.say(Tone::Plain, format!("request {id} has no record, so its place is not known")),
    }
    if !shown {
        model.say(Tone::Plain, format!("request {id} is hidden by the filter"));
    }
}
