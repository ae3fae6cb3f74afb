//! The default keys: the contract's, with their names, hints and sentences, in the order in which they are shown.

use crokey::{KeyCombination, key};

use super::action::{Action, Direction};
use super::keymap::{Binding, Context};
use super::model::Pane;

/// Where the panes themselves have the keys.
pub(super) const PANES: [Context; 4] = [Context::Map, Context::Searches, Context::Drivers, Context::Events];
const TABLES: [Context; 2] = [Context::Searches, Context::Drivers];
const ZOOMING: [Context; 5] = [Context::Map, Context::Searches, Context::Drivers, Context::Events, Context::Carry];
/// Everywhere.
pub(super) const ALL: [Context; 11] = [
    Context::Map,
    Context::Searches,
    Context::Drivers,
    Context::Events,
    Context::Carry,
    Context::Confirm,
    Context::Form,
    Context::Filter,
    Context::Help,
    Context::Palette,
    Context::Choose,
];
const LISTS: [Context; 5] = [Context::Searches, Context::Drivers, Context::Events, Context::Help, Context::Choose];

/// All of them.
pub(super) fn defaults() -> Vec<Binding> {
    let mut all = answers();
    all.extend(searches());
    all.extend(drivers_and_map());
    all.extend(screen());
    add_ways(&mut all);
    all
}

fn bind(
    name: &'static str,
    keys: &[KeyCombination],
    action: Action,
    contexts: &'static [Context],
    hint: &'static str,
    help: &'static str,
) -> Binding {
    Binding { name, keys: keys.to_vec(), action, contexts, hint, help }
}

/// What is said to a question, a form, a list, and to whatever else is open.
fn answers() -> Vec<Binding> {
    vec![
        bind("yes", &[key!(y), key!(enter)], Action::Accept, &[Context::Confirm], "do it", ""),
        bind("no", &[key!(n), key!(esc), key!(q)], Action::Dismiss, &[Context::Confirm], "leave it", ""),
        bind("accept", &[key!(enter)], Action::Accept, &[Context::Form], "do it", ""),
        bind(
            "next-field",
            &[key!(tab), key!(down), key!(up), key!(backtab)],
            Action::NextField,
            &[Context::Form],
            "next field",
            "",
        ),
        bind("dismiss", &[key!(esc)], Action::Dismiss, &[Context::Form], "leave it", ""),
        bind("accept", &[key!(enter)], Action::Accept, &[Context::Filter], "keep the filter", ""),
        bind("dismiss", &[key!(esc)], Action::Dismiss, &[Context::Filter], "no filter", ""),
        bind("accept", &[key!(enter)], Action::Accept, &[Context::Carry], "drop here", ""),
        bind("dismiss", &[key!(esc)], Action::Dismiss, &[Context::Carry], "put back", ""),
        bind("close", &[key!(esc), key!('?'), key!(q), key!(enter)], Action::Dismiss, &[Context::Help], "close", ""),
        bind("accept", &[key!(enter)], Action::Accept, &[Context::Choose], "take this one", ""),
        bind("no", &[key!(n), key!(esc), key!(q)], Action::Dismiss, &[Context::Choose], "leave it", ""),
        bind("accept", &[key!(enter)], Action::Accept, &[Context::Palette], "run", ""),
        bind("complete", &[key!(tab)], Action::NextField, &[Context::Palette], "complete", ""),
        bind(
            "next-entry",
            &[key!(down), key!(ctrl - n)],
            Action::Move(Direction::Down),
            &[Context::Palette],
            "choose",
            "",
        ),
        bind("previous-entry", &[key!(up), key!(ctrl - p)], Action::Move(Direction::Up), &[Context::Palette], "", ""),
        bind("dismiss", &[key!(esc)], Action::Dismiss, &[Context::Palette], "leave", ""),
        bind("dismiss", &[key!(esc)], Action::Dismiss, &PANES, "show all", "drop the filter, or the marks"),
    ]
}

/// What is done to searches, and which of them are shown and marked.
fn searches() -> Vec<Binding> {
    vec![
        // It is offered while an alarm is loud, and then first.
        bind(
            "acknowledge",
            &[key!(shift - a)],
            Action::Acknowledge,
            &PANES,
            "note the alarm",
            "the alarms have been seen",
        ),
        bind("search", &[key!(s)], Action::SearchHere, &PANES, "search", "search for a driver at the map's cursor"),
        bind("search-form", &[key!(shift - s)], Action::SearchForm, &PANES, "", "search by a form: place and rider"),
        bind("cancel", &[key!(c)], Action::Cancel, &PANES, "cancel", "cancel the search, or those marked (asks first)"),
        bind("expire", &[key!(x)], Action::Expire, &PANES, "expire", "expire it now, or those marked (asks first)"),
        bind(
            "extend",
            &[key!(e)],
            Action::ExtendTime,
            &PANES,
            "extend",
            "give it a minute more; :extend 90s says how much",
        ),
        bind("retry", &[key!(r)], Action::Retry, &PANES, "retry", "attempt it now, without waiting for the next time"),
        bind("assign", &[key!(a)], Action::Assign, &PANES, "assign", "choose its driver by hand, the nearest first"),
        bind(
            "widen",
            &[key!(w)],
            Action::Widen,
            &PANES,
            "widen",
            "let its driver be farther away; :widen 8km says how far",
        ),
        bind("mark", &[key!(space)], Action::Mark, &TABLES, "mark", "mark the row, or take the mark off"),
        bind("mark-range", &[key!(v)], Action::MarkRange, &TABLES, "", "mark from the last marked row to this one"),
        bind("mark-all", &[key!(shift - v)], Action::MarkAll, &TABLES, "", "mark all that the filter shows, or none"),
        bind("undo", &[key!(u)], Action::Undo, &PANES, "undo", "undo the last action"),
        bind("sort", &[key!(o)], Action::Sort, &PANES, "sort", "sort by the next column"),
        bind("sort-reverse", &[key!(shift - o)], Action::SortReverse, &PANES, "", "turn the order round"),
        bind(
            "filter",
            &[key!('/')],
            Action::Filter,
            &PANES,
            "filter",
            "filter: text, !not, state: rider: driver: left:<30s near:2km",
        ),
        bind("filter-map", &[key!(shift - f)], Action::FilterMap, &PANES, "", "the filter holds on the map, too"),
        bind(
            "palette",
            &[key!(':')],
            Action::Palette,
            &PANES,
            "commands",
            "any action by its name, with what it takes",
        ),
        bind("goto", &[key!('@')], Action::GoTo, &PANES, "", "go to a place, a driver, a request or a bookmark"),
    ]
}

/// What is done to drivers, and what of the earth is shown.
fn drivers_and_map() -> Vec<Binding> {
    vec![
        bind(
            "previous-driver",
            &[key!('[')],
            Action::PreviousDriver,
            &PANES,
            "",
            "select the previous driver on the map",
        ),
        bind("next-driver", &[key!(']')], Action::NextDriver, &PANES, "driver", "select the next driver on the map"),
        bind("grab", &[key!(m)], Action::Grab, &PANES, "move driver", "take up the driver, to carry it elsewhere"),
        bind("new-driver", &[key!(n)], Action::NewDriver, &PANES, "new driver", "set a new driver at the map's cursor"),
        bind(
            "remove-driver",
            &[key!(shift - d)],
            Action::RemoveDriver,
            &PANES,
            "remove driver",
            "take the driver off the map (asks first)",
        ),
        bind("centre", &[key!(enter)], Action::Centre, &PANES, "centre", "centre the map on the selection"),
        bind("zoom-in", &[key!('+'), key!('=')], Action::ZoomIn, &ZOOMING, "zoom", "zoom in"),
        bind("zoom-out", &[key!('-')], Action::ZoomOut, &ZOOMING, "", "zoom out"),
        bind("fit", &[key!(f)], Action::FitAll, &PANES, "fit", "show all drivers and searches"),
        bind("trails", &[key!(shift - t)], Action::Trails, &PANES, "", "show where drivers came from"),
        bind("measure", &[key!(shift - m)], Action::Measure, &PANES, "", "measure from the map's cursor, or stop"),
        bind("legend", &[key!('#')], Action::Legend, &PANES, "", "show what the signs of the map mean"),
        bind("bookmark", &[key!(shift - b)], Action::SetBookmark, &PANES, "", "remember the place under the cursor"),
        bind("next-bookmark", &[key!(b)], Action::NextBookmark, &PANES, "", "to the next remembered place"),
    ]
}

/// The panes and the console itself.
fn screen() -> Vec<Binding> {
    vec![
        bind(
            "copy",
            &[key!(y)],
            Action::Copy,
            &PANES,
            "copy",
            "copy the id, or on the map the place, to the clipboard",
        ),
        bind("numbers-span", &[key!(i)], Action::NumbersSpan, &PANES, "", "the numbers over 1, 5 or 15 minutes"),
        bind("pause", &[key!(p)], Action::Pause, &PANES, "pause", "stop the picture, or let it go on"),
        bind("theme", &[key!(t)], Action::Theme, &PANES, "", "the next theme"),
        bind("next-pane", &[key!(tab)], Action::NextPane, &PANES, "pane", "go to the next pane"),
        bind("searches", &[key!('1')], Action::Pane(Pane::Searches), &PANES, "", "to the searches"),
        bind("drivers", &[key!('2')], Action::Pane(Pane::Drivers), &PANES, "", "to the drivers"),
        bind("map", &[key!('3')], Action::Pane(Pane::Map), &PANES, "", "to the map"),
        bind("events", &[key!('4')], Action::Pane(Pane::Events), &PANES, "", "to the events"),
        bind("first", &[key!(home), key!(g)], Action::First, &TABLES, "", "to the first row"),
        bind("last", &[key!(end), key!(shift - g)], Action::Last, &TABLES, "", "to the last row"),
        bind("suspend", &[key!(ctrl - z)], Action::Suspend, &ALL, "", "back to the shell; `fg` returns"),
        bind("help", &[key!('?')], Action::Help, &PANES, "help", "this help"),
        bind("quit", &[key!(q)], Action::Quit, &PANES, "quit", "leave"),
        bind("interrupt", &[key!(ctrl - c)], Action::Quit, &ALL, "", ""),
    ]
}

/// Moving. That a carried driver is moved by the same keys is told first of all.
fn add_ways(all: &mut Vec<Binding>) {
    let ways = [
        ("up", "far-up", Direction::Up, [key!(up), key!(k)], [key!(shift - up), key!(shift - k)]),
        ("down", "far-down", Direction::Down, [key!(down), key!(j)], [key!(shift - down), key!(shift - j)]),
        ("left", "far-left", Direction::Left, [key!(left), key!(h)], [key!(shift - left), key!(shift - h)]),
        ("right", "far-right", Direction::Right, [key!(right), key!(l)], [key!(shift - right), key!(shift - l)]),
    ];
    for (i, (name, far_name, direction, near, far)) in ways.into_iter().enumerate() {
        let (help, far_help) =
            if i == 0 { ("pan the map, select a row, carry a driver", "the same in great steps") } else { ("", "") };
        let everywhere: &[Context] =
            &[Context::Map, Context::Searches, Context::Drivers, Context::Events, Context::Help, Context::Choose];
        let hint = if i == 0 { "carry" } else { "" };
        all.insert(i, bind(name, &near, Action::Move(direction), &[Context::Carry], hint, ""));
        all.push(bind(name, &near, Action::Move(direction), everywhere, "", help));
        all.push(bind(far_name, &far, Action::MoveFar(direction), everywhere, "", far_help));
        all.push(bind(far_name, &far, Action::MoveFar(direction), &[Context::Carry], "", ""));
    }
    all.push(bind("page-up", &[key!(pageup)], Action::MoveFar(Direction::Up), &LISTS, "", ""));
    all.push(bind("page-down", &[key!(pagedown)], Action::MoveFar(Direction::Down), &LISTS, "", ""));
}
