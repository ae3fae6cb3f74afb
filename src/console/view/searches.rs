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

use super::{pane, text};
use crate::console::model::{Alarm, Model, Pane, Row};
use crate::console::theme::Theme;
use crate::console::wording;
use crate::domain::{State, UnixMs, format_distance, format_span, format_wait};

/// The length of the bar of a countdown.
const BAR: u16 = 6;

/// The columns, in the order in which they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Id,
    Rider,
    State,
    Left,
    Bar,
    Next,
    Tries,
    Nearest,
}

/// A column with its head, its width, and how soon it is left out where there is no room: the highest first.
const COLUMNS: [(Column, &str, u16, u8); 8] = [
    (Column::Id, "ID", 4, 0),
    (Column::Rider, "rider", 12, 1),
    (Column::State, "state", 11, 0),
    (Column::Left, "left", 6, 0),
    (Column::Bar, "", BAR, 3),
    (Column::Next, "next", 4, 4),
    (Column::Tries, "try", 3, 5),
    (Column::Nearest, "nearest", 7, 2),
];

pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer, theme: Theme) {
    let inside = pane(&title(model, theme), Pane::Searches, model, area, buffer, theme);
    let id_width = model.searches.in_sight().map(|row| row.search.id.to_string().len()).max().unwrap_or(0);
    let columns = columns(inside.width, u16::try_from(id_width).unwrap_or(0));
    head(&columns, inside, buffer, theme);
    if model.searches.shown() == 0 {
        empty(model, inside, buffer, theme);
    }
    let selected = model.searches.selected().map(|row| row.search.id);
    for (y, row) in (inside.y + 1..inside.bottom()).zip(model.searches.in_sight()) {
        let line = Rect { y, height: 1, ..inside };
        draw_row(model, row, &columns, line, buffer, theme);
        if selected == Some(row.search.id) {
            text::put(buffer, line, theme.signs.row, theme.strong(), theme);
            buffer.set_style(line, theme.row_selected());
        }
    }
    let (above, below) = model.searches.hidden();
    if above + below > 0 {
        let foot = Rect { x: area.x + 2, y: area.bottom() - 1, width: area.width.saturating_sub(4), height: 1 };
        let mut text = format!(" {above} above, {below} below ");
        if let Some(id) = selected.filter(|id| !model.searches.in_sight().any(|row| row.search.id == *id)) {
            text = format!(" {} {id} is out of sight,{text}", theme.signs.row);
        }
        text::put_right(buffer, foot, &text, theme.faint(), theme);
    }
}

fn title(model: &Model, theme: Theme) -> String {
    let (in_table, _) = model.searches.waiting();
    let waiting = model.waiting();
    let mut title = format!("Searches {} waiting", wording::count(waiting));
    if waiting > in_table as u64 {
        title = format!("{title}, the first {} here", wording::count(in_table as u64));
    }
    let between = theme.signs.between;
    match model.searches.filter() {
        "" => title + &format!(" {between} by deadline"),
        filter => title + &format!(" {between} {} match /{filter}", model.searches.shown()),
    }
}

/// The columns that there is room for, with where they begin and how wide they are. Of what is left over the rider gets
/// half; the other half is for how a request ended, which needs the rest of the line.
///
/// The id is what an operator passes on, so it is never cut.
fn columns(width: u16, id_width: u16) -> Vec<(Column, &'static str, u16, u16)> {
    let least = |column: Column, least: u16| if column == Column::Id { least.max(id_width) } else { least };
    let needed = |wanted: u8| COLUMNS.iter().filter(|c| c.3 <= wanted).map(|c| least(c.0, c.2) + 1).sum::<u16>() + 1;
    let wanted = (0..=5).rev().find(|&wanted| needed(wanted) <= width).unwrap_or(0);
    let spare = (width.saturating_sub(needed(wanted)) / 2).min(12);
    let mut x = 2;
    let mut placed = Vec::new();
    for (column, head, width, _) in COLUMNS.iter().filter(|c| c.3 <= wanted) {
        let width = least(*column, *width) + if *column == Column::Rider { spare } else { 0 };
        placed.push((*column, *head, x, width));
        x += width + 1;
    }
    placed
}

fn head(columns: &[(Column, &'static str, u16, u16)], inside: Rect, buffer: &mut Buffer, theme: Theme) {
    for (column, head, x, width) in columns {
        let cell = cell(inside, *x, *width);
        if matches!(column, Column::Tries | Column::Next) {
            text::put_right(buffer, cell, head, theme.faint(), theme);
        } else {
            text::put(buffer, cell, head, theme.faint(), theme);
        }
    }
}

fn draw_row(
    model: &Model,
    row: &Row,
    columns: &[(Column, &'static str, u16, u16)],
    line: Rect,
    buffer: &mut Buffer,
    theme: Theme,
) {
    let (sign, style) = theme.state(row.state());
    let now = model.picture_now().unwrap_or(row.search.read_at);
    for (column, _, x, width) in columns {
        let mut area = cell(line, *x, *width);
        if !row.is_waiting() && *column == Column::Left {
            // How it ended needs the rest of the line.
            area.width = line.right().saturating_sub(area.x);
            text::put(buffer, area, &how_it_ended(row), style, theme);
            return;
        }
        let request = row.search.request();
        match column {
            Column::Id => {
                text::put(buffer, area, &row.search.id.to_string(), theme.text(), theme);
            }
            Column::Rider => {
                let style = if request.is_some() { theme.text() } else { theme.faint() };
                text::put(buffer, area, row.rider(), style, theme);
            }
            Column::State => {
                let word = row.state().to_string();
                let text = if row.is_waiting() { word } else { format!("{sign} {word}") };
                text::put(buffer, area, &text, style, theme);
            }
            Column::Left => {
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
            Column::Bar => {
                if let (_, Some(part)) = left(row, now) {
                    bar(part, area, buffer, theme);
                }
            }
            Column::Next => {
                let next = request.map(|r| r.next_attempt_at().since(now));
                let text = next.map(|span| if span.is_zero() { "now".to_owned() } else { format_span(span) });
                text::put_right(buffer, area, &text.unwrap_or_default(), theme.text(), theme);
            }
            Column::Tries => {
                let text = request.map(|r| r.attempts.to_string()).unwrap_or_default();
                text::put_right(buffer, area, &text, theme.text(), theme);
            }
            Column::Nearest => {
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
    match (&row.nearest, row.search.request()) {
        (Some(Some(candidate)), Some(request)) => {
            let style = if candidate.distance_m <= request.radius_m { theme.good() } else { theme.faint() };
            (format_distance(candidate.distance_m), style)
        }
        (Some(None), Some(request)) => (format!(">{}", format_distance(request.radius_m * 2.0)), theme.faint()),
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
    let lines: &[&str] = if !model.searches.filter().is_empty() {
        &["No search matches the filter.", "Esc shows all."]
    } else if model.loaded {
        &["Nobody is waiting.", "s opens a search at the map's cursor,", "n sets a driver there, ? tells all keys."]
    } else {
        &["Reading …"]
    };
    for (y, line) in (inside.y + 2..inside.bottom()).zip(lines) {
        let area = Rect { x: inside.x + 2, y, width: inside.width.saturating_sub(2), height: 1 };
        text::put(buffer, area, line, theme.faint(), theme);
    }
}

fn cell(line: Rect, x: u16, width: u16) -> Rect {
    let x = (line.x + x).min(line.right());
    Rect { x, width: width.min(line.right() - x), height: 1, ..line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_stays_in_a_narrow_table() {
        let names = |width| columns(width, 0).into_iter().map(|c| c.1).collect::<Vec<_>>();
        assert_eq!(names(80), ["ID", "rider", "state", "left", "", "next", "try", "nearest"]);
        assert_eq!(names(40), ["ID", "rider", "state", "left"]);
        assert_eq!(names(25), ["ID", "state", "left"]);
    }

    #[test]
    fn an_id_is_never_cut() {
        let (_, _, _, width) = columns(62, 15)[0];
        assert_eq!(width, 15);
    }

    #[test]
    fn columns_stay_inside() {
        for width in 26..200 {
            let (_, _, x, w) = *columns(width, 0).last().unwrap();
            assert!(x + w <= width, "{width}");
        }
    }
}
