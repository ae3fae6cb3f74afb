//! The line at the bottom: what is wrong with the link, else a word about the last action, else the keys that hold now.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::link::since;
use super::text;
use crate::console::action::Action;
use crate::console::keymap::Context;
use crate::console::message::Link;
use crate::console::model::{Layer, Model, Pane, Row, Tone};
use crate::console::theme::Theme;
use crate::console::wording;

/// How to read all of a banner that is cut off.
const MORE: &str = " :link ";

/// What can be typed as a filter.
const FILTER_TERMS: &str = " text  !not  state:found  left:<30s  tries:>3  near:2km  age:>1m ";

pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer, theme: Theme) {
    if let Some(Layer::Filter(input)) = model.layers.last() {
        let used = text::put(buffer, area, " filter: ", theme.key(), theme);
        let rest = Rect { x: area.x + used, width: area.width - used, ..area };
        super::layers::input(input, rest, buffer, theme);
        let key = |action| model.options.keymap.key_for(Context::Filter, action);
        let (keeps, drops) = (key(Action::Accept), key(Action::Dismiss));
        let filter = model.filter();
        let (told, style) = match filter.trouble() {
            Some(trouble) => (format!(" {trouble} "), theme.warning()),
            None if filter.is_empty() => (FILTER_TERMS.to_owned(), theme.faint()),
            None => (format!(" {}  {keeps} keeps, {drops} shows all ", hits(model)), theme.faint()),
        };
        // What is typed goes before what is told of it.
        let typed = u16::try_from(input.value().width()).unwrap_or(u16::MAX).saturating_add(1).min(rest.width);
        let beside = Rect { x: rest.x + typed, width: rest.width - typed, ..rest };
        text::put_right(buffer, beside, &told, style, theme);
        return;
    }
    if !model.layers.is_empty() || model.map.carry.is_some() {
        hints(model, area, buffer, theme);
        return;
    }
    if let Some(notice) = &model.notice {
        let (word, style) = match notice.tone {
            Tone::Good => ("done: ", theme.good()),
            Tone::Bad => ("not done: ", theme.bad()),
            Tone::Unknown => ("not known whether it was done: ", theme.warning()),
            Tone::WasDone => ("it was done: ", theme.good()),
            Tone::WasNotDone => ("it was not done: ", theme.bad()),
            Tone::Plain => ("", theme.text()),
        };
        text::put(buffer, area, &format!(" {word}{}", notice.text), style, theme);
        return;
    }
    if let Some(trouble) = trouble(model) {
        buffer.set_style(area, theme.banner());
        // What there is no room for is told at length in a box of its own.
        let room = if trouble.width() > usize::from(area.width) { MORE.width() } else { 0 };
        let rest = Rect { width: area.width.saturating_sub(u16::try_from(room).unwrap_or(0)), ..area };
        text::put(buffer, rest, &trouble, theme.banner(), theme);
        if room > 0 {
            text::put_right(buffer, area, MORE, theme.banner(), theme);
        }
        return;
    }
    hints(model, area, buffer, theme);
}

/// How many the filter lets through.
fn hits(model: &Model) -> String {
    let of = |hits: usize, all: usize| format!("{} of {}", wording::count(hits as u64), wording::count(all as u64));
    let searches = of(model.searches.shown(), model.searches.count());
    let drivers = of(model.drivers.shown(), model.map.fleet.drivers.len());
    format!("{searches} searches, {drivers} drivers")
}

fn trouble(model: &Model) -> Option<String> {
    let outages = &model.outages;
    if let (Some((refusing, at)), false) = (outages.refusing, matches!(model.link, Link::Away(_))) {
        return Some(format!(" Redis {} {}; {}", refusing.ailment, since(model, at), refusing.advice));
    }
    match (&model.link, &model.unreadable) {
        (Link::Connecting, _) | (Link::Live | Link::Unproven(_), None) => None,
        (Link::Live | Link::Unproven(_), Some(reason)) => {
            Some(format!(" Redis is there, but not all can be read: {reason}"))
        }
        (Link::Polling(_), Some(reason)) => Some(format!(" No notifications, and not all can be read: {reason}")),
        (Link::Polling(reason), None) => {
            Some(format!(" Polling once a second {}; {reason}", since(model, outages.since)))
        }
        (Link::Away(reason), _) => {
            Some(format!(" Redis is away {}, nothing can be changed: {reason}", since(model, outages.since)))
        }
    }
}

fn hints(model: &Model, area: Rect, buffer: &mut Buffer, theme: Theme) {
    let mut rest = Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area };
    let offered = model.options.keymap.hints(model.context()).filter(|(action, _, _)| offers(model, *action));
    let drops_marks = model.layers.is_empty() && model.map.carry.is_none() && model.has_marks();
    let hint_of = |action, hint| if action == Action::Dismiss && drops_marks { "no marks" } else { hint };
    let all: Vec<(String, &str)> = offered.map(|(action, keys, hint)| (keys, hint_of(action, hint))).collect();
    // The last ones, help and quit, are what a lost one needs: what does not fit is left out before them.
    let width = |(key, hint): &(String, &str)| u16::try_from(key.width() + hint.width() + 3).unwrap_or(u16::MAX);
    let keep_from = all.len().saturating_sub(2);
    let kept: u16 = all.iter().skip(keep_from).map(width).sum();
    for (i, pair) in all.iter().enumerate() {
        let reserve = if i < keep_from { kept } else { 0 };
        if width(pair) + reserve > rest.width {
            continue;
        }
        let (key, hint) = pair;
        let mut used = text::put(buffer, rest, key, theme.key(), theme);
        let after = Rect { x: rest.x + used, width: rest.width - used, ..rest };
        used += text::put(buffer, after, &format!(" {hint}  "), theme.text(), theme);
        rest = Rect { x: rest.x + used, width: rest.width - used, ..rest };
    }
}

/// Whether an action is worth a hint: it would do something to what is selected, in the pane that has the keys.
fn offers(model: &Model, action: Action) -> bool {
    if action.changes_something() && !model.armed.lets_through(model.now) {
        return false;
    }
    match action {
        Action::Cancel | Action::Expire | Action::ExtendTime | Action::Retry | Action::Assign | Action::Widen => {
            model.focus == Pane::Searches && acts_on_searches(model, action)
        }
        Action::Undo => model.undo.next().is_some(),
        Action::Acknowledge => model.alarms.is_loud(),
        Action::Filter => matches!(model.focus, Pane::Searches | Pane::Drivers),
        Action::Mark => match model.focus {
            Pane::Drivers => model.drivers.shown() > 0,
            _ => model.searches.selected().is_some(),
        },
        Action::Sort => matches!(model.focus, Pane::Searches | Pane::Drivers),
        Action::RemoveDriver if model.marked_drivers_count().0 > 0 => true,
        Action::Grab | Action::RemoveDriver => model.map.selected_driver().is_some(),
        Action::NextDriver | Action::ZoomIn | Action::NewDriver => model.focus == Pane::Map,
        Action::Centre => model.focus != Pane::Events && model.place_to_centre().is_some(),
        Action::Copy => match model.focus {
            Pane::Map => true,
            Pane::Drivers => model.map.selected_driver().is_some(),
            Pane::Searches | Pane::Events => model.searches.selected().is_some(),
        },
        // In the panes there are only the marks and the filter to be dropped.
        Action::Dismiss => {
            let something_over = !model.layers.is_empty() || model.map.carry.is_some();
            something_over || model.has_marks() || !model.filter().is_empty()
        }
        _ => true,
    }
}

/// Whether this can be done to one of the searches that are marked, or else to the selected one.
fn acts_on_searches(model: &Model, action: Action) -> bool {
    let accepts = |row: &Row| row.accepts(action);
    // A driver is given to one search alone, and from a list: an empty one is no offer.
    if action == Action::Assign {
        let is_anybody_near =
            |row: &Row| model.detail.around(row.search.id).is_none_or(|around| !around.nearest.is_empty());
        return model.searches.selected().is_some_and(|row| accepts(row) && is_anybody_near(row));
    }
    if model.searches.marked_count() > 0 {
        return model.searches.any_marked(accepts);
    }
    model.searches.selected().is_some_and(accepts)
}
