//! The table of searches.
//!
//! ```text
//!   ID   rider        state       left          next try nearest
//! ▸ 42   requestor_42 searching   3:12   ━━━━── 0:12   3 6.2 km
//!   41   requestor_41 ✓ found     17 at 812 m after 12 s
//! ```

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::table::{self, Head};
use super::{pane, text};
use crate::console::action::Action;
use crate::console::columns::{self, Column, SearchField};
use crate::console::model::{Alarm, Model, Pane, Row};
use crate::console::theme::Theme;
use crate::console::wording;
use crate::domain::{State, UnixMs, format_distance, format_span, format_wait};

pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer, theme: Theme) {
    let inside = pane(&title(model, area, theme), Pane::Searches, model, area, buffer, theme);
    let columns = columns::of_searches(inside.width, model.searches.id_width());
    for column in &columns {
        let head = Head {
            text: column.head,
            at: table::cell(inside, column.x, column.width),
            right: matches!(column.field, SearchField::Tries | SearchField::Next),
            sorted: Some(model.searches.sorted())
                .filter(|order| column.field != SearchField::Bar && column.field.sorts_by() == Some(order.by))
                .map(|order| order.descending),
        };
        head.draw(buffer, theme);
    }
    if model.searches.shown() == 0 {
        empty(model, inside, buffer, theme);
    }
    let selected = model.searches.selected().map(|row| row.search.id);
    for (y, row) in (inside.y + 1..inside.bottom()).zip(model.searches.in_sight()) {
        let line = Rect { y, height: 1, ..inside };
        draw_row(model, row, &columns, line, buffer, theme);
        let id = row.search.id;
        table::signs(line, selected == Some(id), model.searches.is_marked(id), buffer, theme);
    }
    let out_of_sight = selected.filter(|id| !model.searches.in_sight().any(|row| row.search.id == *id));
    table::foot(model.searches.hidden(), out_of_sight.map(|id| id.to_string()), area, buffer, theme);
}

fn title(model: &Model, area: Rect, theme: Theme) -> String {
    let (in_table, _) = model.searches.waiting();
    let waiting = if model.held.is_some() { in_table as u64 } else { model.waiting() };
    let mut title = format!("Searches {} waiting", wording::count(waiting));
    if waiting > in_table as u64 {
        title = format!("{title}, {} of them here", wording::count(in_table as u64));
    }
    // Of riders and attempts only as much can be said as was read of them.
    let read = in_table.saturating_sub(model.searches.unread());
    if model.needs_records() && read < in_table {
        title = format!("{title}, {} read so far", wording::count(read as u64));
    }
    let order = model.searches.sorted();
    let hits = (model.searches.shown(), model.searches.count());
    let marks = (model.searches.marked_count(), model.searches.marked_hidden());
    let parts = [
        table::marked(marks, "hidden by the filter"),
        table::matching(model, hits, theme),
        Some(table::sorted(order.by.as_str(), order.descending, theme)),
    ];
    table::title(title, parts.into_iter().flatten(), area, theme)
}

fn draw_row(model: &Model, row: &Row, columns: &[Column<SearchField>], line: Rect, buffer: &mut Buffer, theme: Theme) {
    let (sign, style) = theme.state(row.state());
    let now = model.picture_now().unwrap_or(row.search.read_at);
    for column in columns {
        let mut area = table::cell(line, column.x, column.width);
        if !row.is_waiting() && column.field == SearchField::Left {
            // How it ended needs the rest of the line.
            area.width = line.right().saturating_sub(area.x);
            text::put(buffer, area, &how_it_ended(row), style, theme);
            return;
        }
        let request = row.search.request();
        match column.field {
            SearchField::Id => {
                text::put(buffer, area, &row.search.id.to_string(), theme.text(), theme);
            }
            SearchField::Rider => {
                let style = if request.is_some() { theme.text() } else { theme.faint() };
                text::put(buffer, area, row.rider(), style, theme);
            }
            SearchField::State => {
                let word = row.state().to_string();
                let text = if row.is_waiting() { word } else { format!("{sign} {word}") };
                text::put(buffer, area, &text, style, theme);
            }
            SearchField::Left => {
                let (figures, part) = left(row, now);
                let style = match model.is_alarming(row) {
                    Some(Alarm::Loud) => theme.alarm(),
                    Some(Alarm::Acknowledged) => theme.acknowledged(),
                    None => part.map_or(theme.text(), |part| theme.countdown(part)),
                };
                text::put(buffer, area, &figures, style, theme);
                // Where Redis is being asked, that is what the sign says.
                if model.is_alarming(row).is_some() && figures.len() + 2 <= usize::from(area.width) {
                    text::put_right(buffer, area, theme.signs.alarm, style, theme);
                }
            }
            SearchField::Bar => {
                if let (_, Some(part)) = left(row, now) {
                    bar(part, area, buffer, theme);
                }
            }
            SearchField::Next => {
                let next = request.map(|r| r.next_attempt_at().since(now));
                let text = next.map(|span| if span.is_zero() { "now".to_owned() } else { format_span(span) });
                text::put_right(buffer, area, &text.unwrap_or_default(), theme.text(), theme);
            }
            SearchField::Tries => {
                let text = request.map(|r| r.attempts.to_string()).unwrap_or_default();
                text::put_right(buffer, area, &text, theme.text(), theme);
            }
            SearchField::Nearest => {
                let (text, style) = nearest(row, theme);
                text::put(buffer, area, &text, style, theme);
            }
        }
    }
}

/// The time left as figures, and as a part of the whole.
fn left(row: &Row, now: UnixMs) -> (String, Option<f64>) {
    match row.deadline() {
        // At zero Redis has been asked; until it answers nothing is claimed.
        Some(deadline) if deadline < now => ("0:00 ?".to_owned(), Some(0.0)),
        Some(deadline) => {
            let left = deadline.since(now);
            let whole = row.whole.max(Duration::from_millis(1)).as_secs_f64();
            (format_span(left), Some((left.as_secs_f64() / whole).clamp(0.0, 1.0)))
        }
        None => ("no end".to_owned(), None),
    }
}

fn bar(part: f64, area: Rect, buffer: &mut Buffer, theme: Theme) {
    let (full, empty) = theme.signs.bar;
    for i in 0..area.width {
        let filled = f64::from(i) < part * f64::from(area.width);
        let (sign, style) = if filled { (full, theme.countdown(part)) } else { (empty, theme.faint()) };
        buffer.set_string(area.x + i, area.y, sign, style);
    }
}

/// The distance of the nearest driver; faint where that is outside the radius.
fn nearest(row: &Row, theme: Theme) -> (String, Style) {
    match (&row.nearest, row.search.radius_m()) {
        (Some(Some(candidate)), Some(radius_m)) => {
            let style = if candidate.distance_m <= radius_m { theme.good() } else { theme.faint() };
            (format_distance(candidate.distance_m), style)
        }
        (Some(None), Some(radius_m)) => (format!(">{}", format_distance(radius_m * 2.0)), theme.faint()),
        _ => (String::new(), theme.faint()),
    }
}

fn how_it_ended(row: &Row) -> String {
    let Some(request) = row.search.request() else { return String::new() };
    let after =
        request.ended_at.map(|at| format!(" after {}", format_wait(at.since(request.created_at)))).unwrap_or_default();
    match row.state() {
        State::Found => {
            let driver = request.driver_id.as_ref().map(ToString::to_string).unwrap_or_default();
            let away = request.distance_m.map(|metres| format!(" at {}", format_distance(metres))).unwrap_or_default();
            format!("{driver}{away}{after}")
        }
        State::Cancelled => request.ended_by.as_ref().map(|who| format!("by {who}{after}")).unwrap_or_default(),
        State::Expired => format!("{}{after}", wording::many(request.attempts, "attempt")),
        State::Searching => String::new(),
    }
}

fn empty(model: &Model, inside: Rect, buffer: &mut Buffer, theme: Theme) {
    let key = |action| model.key_for(action);
    let lines = if !model.filter().is_empty() && model.searches.count() > 0 {
        vec!["No search matches the filter.".to_owned(), format!("{} shows all.", key(Action::Dismiss))]
    } else if model.loaded {
        vec![
            "Nobody is waiting.".to_owned(),
            format!("{} opens a search at the map's cursor,", key(Action::SearchHere)),
            format!("{} sets a driver there, {} tells all keys.", key(Action::NewDriver), key(Action::Help)),
        ]
    } else {
        vec!["Reading ...".to_owned()]
    };
    table::empty(&lines, inside, buffer, theme);
}
