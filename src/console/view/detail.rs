//! The detail pane: all that is known of the search or the driver that was chosen last.
//!
//! ```text
//! ┌ 42 · requestor_42 · searching ────────────────────────────────────┐
//! │ -33.4426, -70.6305 · within 5 km · opened 14:00:10 · 3:12 left    │
//! │ why not found? no free driver within 5 km, 2 stale                │
//! │   nearest outside: 17 at 6.2 km, 1.2 km too far                   │
//! │   [w widen to 6.5 km] [a assign]                                  │
//! │ near  17 6.2 km · 21 7.4 km · 9 8 km stale                        │
//! │ 14:00:10 opened by http                                           │
//! └───────────────────────────────────────────────────────────────────┘
//! ```
//!
//! Lines are written from the top, the weightiest first; what there is no room for is left out from the bottom. No fact and no
//! key is cut: facts that do not fit are left out, and keys go on in the next line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::{boxed, text};
use crate::console::action::Action;
use crate::console::layout::inside;
use crate::console::model::{Model, Pane, Reason, Row, Subject, Surroundings, taken_by, why_not_found};
use crate::console::theme::Theme;
use crate::console::wording::{self, many};
use crate::domain::{Near, Request, Sighting, UnixMs, format_distance, format_span};

/// A line of words, each in its own style.
type Line = Vec<(String, Style)>;

/// So many of the nearest drivers stand in one line.
const NEAR_NAMED: usize = 6;

pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer, theme: Theme) {
    let room = inside(area);
    let (title, lines) = told(model, (usize::from(room.width).saturating_sub(1), usize::from(room.height)), theme);
    boxed(area, theme.border(false), buffer, theme);
    let head = Rect { x: area.x + 2, width: area.width.saturating_sub(4), height: 1, ..area };
    text::put(buffer, head, &format!(" {title} "), theme.strong(), theme);
    let inside = inside(area);
    for (y, line) in (inside.y..inside.bottom()).zip(lines) {
        let mut rest = Rect { x: inside.x + 1, y, width: inside.width.saturating_sub(1), height: 1 };
        for (words, style) in line {
            let used = text::put(buffer, rest, &words, style, theme);
            rest = Rect { x: rest.x + used, width: rest.width - used, ..rest };
        }
    }
}

/// Words in a row with a sign between them, as many of them as fit as a whole.
fn row(words: impl IntoIterator<Item = (String, Style)>, mut width: usize, theme: Theme) -> Line {
    let mut line = Line::new();
    for (word, style) in words {
        let between = if line.is_empty() { String::new() } else { format!(" {} ", theme.signs.between) };
        let Some(rest) = width.checked_sub(between.width() + word.width()) else { break };
        width = rest;
        line.extend([(between, theme.faint()), (word, style)]);
    }
    line
}

/// A line, gone on with in the next one before the words that do not fit any more.
fn flow(line: Line, width: usize) -> Vec<Line> {
    let mut lines = vec![Line::new()];
    let mut used = 0;
    for (word, style) in line {
        let wide = word.trim_end().width();
        if let Some(last) = lines.last_mut().filter(|last| last.is_empty() || used + wide <= width) {
            used += word.width();
            last.push((word, style));
        } else {
            used = 2 + word.width();
            lines.push(vec![("  ".to_owned(), style), (word, style)]);
        }
    }
    // The space after the last word needs no room, and is not to be cut for want of it.
    for (word, _) in lines.iter_mut().filter_map(|line| line.last_mut()) {
        word.truncate(word.trim_end().len());
    }
    lines
}

/// The title, and the lines that there is room for in so many columns and rows.
fn told(model: &Model, room: (usize, usize), theme: Theme) -> (String, Vec<Line>) {
    let driver = model.map.selected_driver().filter(|_| model.detail.subject == Subject::Driver);
    match (driver, model.searches.selected()) {
        (Some(driver), _) => (driver_title(driver, theme), of_driver(model, driver, theme)),
        (None, Some(row)) => (search_title(row, theme), of_search(model, row, room, theme)),
        (None, None) => {
            let (next, drivers) = (model.key_for(Action::NextDriver), model.key_for(Action::Pane(Pane::Drivers)));
            let what = format!(
                "Choose a search with the arrows, or a driver with {next} or in the table of drivers, {drivers}."
            );
            let lines = text::wrap(&what, room.0).into_iter().map(|line| vec![(line, theme.faint())]).collect();
            ("Nothing is selected".to_owned(), lines)
        }
    }
}

fn search_title(row: &Row, theme: Theme) -> String {
    let between = theme.signs.between;
    let (sign, _) = theme.state(row.state());
    let state = format!("{sign} {}", row.state());
    format!("{} {between} {} {between} {}", row.search.id, row.rider(), state.trim_start())
}

fn of_search(model: &Model, search: &Row, (width, rows): (usize, usize), theme: Theme) -> Vec<Line> {
    let now = model.picture_now().unwrap_or(search.search.read_at);
    let mut lines = Vec::new();
    if let Some(request) = search.search.request() {
        let facts = facts(model, search, request, now);
        lines.push(row(facts.into_iter().map(|fact| (fact, theme.text())), width, theme));
    }
    if search.is_waiting() {
        lines.extend(why(model, search, now, theme).into_iter().flat_map(|line| flow(line, width)));
        lines.extend(nearest(model, search, now, width, theme));
    }
    let room = rows.saturating_sub(lines.len());
    lines.extend(life(model, search, room, theme));
    lines
}

/// Where, how far, since when, until when.
fn facts(model: &Model, row: &Row, request: &Request, now: UnixMs) -> Vec<String> {
    let zone = model.options.timezone;
    let opened = wording::time_of_day(request.created_at, zone);
    let mut facts = vec![
        request.pickup.to_string(),
        format!("within {}", format_distance(request.radius_m)),
        many(request.attempts, "attempt"),
        format!("opened {opened}"),
    ];
    match (row.deadline(), request.ended_at) {
        (Some(deadline), _) => facts.insert(2, format!("{} left", format_span(deadline.since(now)))),
        (None, Some(at)) => facts.push(format!("ended {}", wording::time_of_day(at, zone))),
        (None, None) => {}
    }
    facts
}

fn why(model: &Model, row: &Row, now: UnixMs, theme: Theme) -> Vec<Line> {
    let world = Surroundings {
        around: model.detail.around(row.search.id),
        workers: model.vitals.map(|vitals| vitals.workers),
        events: &model.events,
        now,
    };
    let reasons = why_not_found(row, world);
    reasons.iter().enumerate().map(|(i, reason)| reason_line(model, i == 0, reason, theme)).collect()
}

fn reason_line(model: &Model, is_first: bool, reason: &Reason, theme: Theme) -> Line {
    let label = if is_first { "why not found? " } else { "  " };
    let mut line = vec![(label.to_owned(), theme.label())];
    line.extend(format!("{} ", reason.text).split_inclusive(' ').map(|word| (word.to_owned(), theme.text())));
    let may_act = model.armed.lets_through(model.now);
    for (action, what) in reason.help.iter().filter(|_| may_act) {
        line.push((format!("[{} {what}] ", model.key_for(*action)), theme.key()));
    }
    line
}

fn nearest(model: &Model, search: &Row, now: UnixMs, width: usize, theme: Theme) -> Option<Line> {
    let around = model.detail.around(search.search.id).filter(|around| !around.nearest.is_empty())?;
    let named = |near: &Near| {
        let candidate = &near.candidate;
        let (id, distance) = (&candidate.driver.id, format_distance(candidate.distance_m));
        if !near.stale {
            return (format!("{id} {distance}"), theme.driver());
        }
        let age = near.seen.map(|at| format!(" {}", wording::ago(now.since(at)))).unwrap_or_default();
        (format!("{id} {distance} stale{age}"), theme.faint())
    };
    let label = "near ".to_owned();
    let drivers = row(around.nearest.iter().take(NEAR_NAMED).map(named), width.saturating_sub(label.width()), theme);
    Some(std::iter::once((label, theme.label())).chain(drivers).collect())
}

/// What has happened to it, as much of the end as there is room for.
fn life(model: &Model, row: &Row, room: usize, theme: Theme) -> Vec<Line> {
    let Some(life) = model.detail.life(row.search.id) else { return Vec::new() };
    let shown = life.iter().skip(life.len().saturating_sub(room));
    shown
        .map(|event| {
            let at = wording::time_of_day(event.id.at, model.options.timezone);
            vec![(format!("{at} "), theme.faint()), (wording::event_of_request(event), theme.text())]
        })
        .collect()
}

fn driver_title(driver: &Sighting, theme: Theme) -> String {
    let state = if driver.stale { "stale" } else { "available" };
    format!("driver {} {} {state}", driver.id, theme.signs.between)
}

fn of_driver(model: &Model, driver: &Sighting, theme: Theme) -> Vec<Line> {
    let between = theme.signs.between;
    let now = model.picture_now().unwrap_or_default();
    let reported = match driver.seen {
        Some(at) => format!("last report {}", wording::since(now.since(at))),
        None => "never reported: another hand has set it there".to_owned(),
    };
    let mut lines = vec![vec![(format!("{} {between} {reported}", driver.place), theme.text())]];
    if driver.stale {
        lines
            .push(vec![("silent for too long: it gets no request until it reports again".to_owned(), theme.warning())]);
    }
    let nearest = model.detail.nearest_waiting.and_then(|(id, metres)| Some((model.searches.get(id)?, metres)));
    if let Some((row, metres)) = nearest {
        let who = format!("nearest who waits: {} {}, {} away", row.search.id, row.rider(), format_distance(metres));
        lines.push(vec![(who, theme.text())]);
    }
    let taken = taken_by(&driver.id, model.events.iter()).map(|event| {
        let at = wording::time_of_day(event.id.at, model.options.timezone);
        vec![(format!("{at} "), theme.faint()), (wording::event(event), theme.text())]
    });
    let before = lines.len();
    lines.extend(taken.take(20));
    if lines.len() == before {
        lines.push(vec![("it was given to nobody lately".to_owned(), theme.faint())]);
    }
    lines
}
