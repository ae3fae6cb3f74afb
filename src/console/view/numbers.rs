//! The numbers at a glance: how many came, how they ended, how long they waited, each with its course over the span.
//!
//! ```text
//! ┌ Numbers · last 5 min ───────────────────────────────────────────────┐
//! │ arrivals 62     found 48 (92%)  expired 4    median 3 s    p95 11 s │
//! │ ▁▂▅▇▃▁▂▅▇▃▁▂▅▇  ▁▂▃▅▇▃▁▂▃▅▇▃▁▂  ▁  ▁         ▂▂▃▂▂▅▂▂▃▂▂   ▃▃▅▃▃█▃▃ │
//! └─────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! What there is no room for is left out as a whole. The counts have one scale, so that they can be compared, and the waits
//! another. A dot stands where not all is known.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::{boxed, text};
use crate::console::layout;
use crate::console::message::Link;
use crate::console::model::{Column, Figures, Model};
use crate::console::theme::{Series, Theme};
use crate::console::wording;
use crate::domain::{UnixMs, format_wait};

/// Columns between two series.
const GAP: u16 = 2;

/// What is told, in the order in which it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Arrivals,
    Found,
    Expired,
    Cancelled,
    Median,
    P95,
}

/// Each with the columns that it takes at the least, and how soon it is left out where there is no room: the highest first.
/// The widths are those of large figures, so that nothing moves when they grow.
const TOLD: [(Told, u16, u8); 6] = [
    (Told::Arrivals, 13, 0),
    (Told::Found, 17, 0),
    (Told::Expired, 11, 1),
    (Told::Cancelled, 13, 3),
    (Told::Median, 11, 0),
    (Told::P95, 8, 2),
];

pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer, theme: Theme) {
    boxed(area, theme.border(false), buffer, theme);
    let head = Rect { x: area.x + 2, width: area.width.saturating_sub(4), height: 1, ..area };
    let inside = layout::inside(area);
    let line = |row: u16| Rect { x: inside.x + 1, y: inside.y + row, width: inside.width.saturating_sub(2), height: 1 };
    let known = model.newest_now().and_then(|now| Some((now, model.numbers.figures(now)?)));
    text::put(buffer, head, &title(model, known.map(|(now, _)| now), theme), theme.text(), theme);
    let Some((now, figures)) = known else {
        text::put(buffer, line(0), "Reading …", theme.faint(), theme);
        return;
    };
    if figures.is_empty() {
        let minutes = model.numbers.span().minutes();
        let when = model.numbers.only_since(now).map_or_else(|| format!("in {minutes} min"), |from| since(model, from));
        text::put(buffer, line(0), &format!("Nothing has happened {when}."), theme.faint(), theme);
        return;
    }
    let placed = places(line(0).width, &figures);
    // Counts have one scale, so they have the same columns too; and so have the waits.
    let course = |waits: bool| {
        let (told, widths): (Vec<_>, Vec<_>) =
            placed.iter().filter(|(told, _)| is_wait(*told) == waits).map(|(told, place)| (*told, place.width)).unzip();
        let columns = model.numbers.columns(now, widths.into_iter().min().unwrap_or(0));
        let highest = columns.iter().flat_map(|column| told.iter().map(|told| height(*told, &column.figures))).max();
        (columns, highest.unwrap_or(0))
    };
    let (counts, waits) = (course(false), course(true));
    for (told, place) in placed {
        let at = |row| Rect { x: line(row).x + place.x, width: place.width, ..line(row) };
        let (label, value) = words(told, &figures);
        let used = text::put(buffer, at(0), label, theme.label(), theme);
        let after = Rect { x: at(0).x + used + 1, width: place.width.saturating_sub(used + 1), ..at(0) };
        text::put(buffer, after, &value, theme.strong(), theme);
        let (columns, highest) = if is_wait(told) { &waits } else { &counts };
        spark(told, columns, *highest, at(1), buffer, theme);
    }
}

fn title(model: &Model, now: Option<UnixMs>, theme: Theme) -> String {
    let between = theme.signs.between;
    let partial =
        now.and_then(|now| model.numbers.only_since(now)).map(|from| format!(" {between} {}", since(model, from)));
    let old = if matches!(model.link, Link::Away(_)) { format!(" {between} old") } else { String::new() };
    format!(" Numbers {between} last {} min{}{old} ", model.numbers.span().minutes(), partial.unwrap_or_default())
}

fn since(model: &Model, from: UnixMs) -> String {
    format!("since {}", wording::time_of_day(from, model.options.timezone))
}

/// A series' place: where it begins, counted from the left, and how wide it is.
struct Place {
    x: u16,
    width: u16,
}

/// What there is room for; what is left over is shared out evenly.
fn places(room: u16, figures: &Figures) -> Vec<(Told, Place)> {
    let width = |told: Told, least: u16| {
        let (label, value) = words(told, figures);
        least.max(u16::try_from(label.width() + 1 + value.width()).unwrap_or(u16::MAX))
    };
    let mut told: Vec<(Told, u16, u8)> = TOLD.map(|(told, least, spare)| (told, width(told, least), spare)).to_vec();
    let needed =
        |told: &[(Told, u16, u8)]| told.iter().map(|(_, width, _)| width + GAP).sum::<u16>().saturating_sub(GAP);
    while needed(&told) > room
        && let Some(most) = told.iter().map(|(_, _, spare)| *spare).max().filter(|spare| *spare > 0)
    {
        told.retain(|(_, _, spare)| *spare != most);
    }
    // Where all have room enough in equal shares, they get those.
    let count = u16::try_from(told.len()).unwrap_or(1).max(1);
    let share = ((room + GAP) / count).saturating_sub(GAP);
    let widest = told.iter().map(|(_, width, _)| *width).max().unwrap_or(0);
    let more = room.saturating_sub(needed(&told)) / count;
    let mut x = 0;
    let mut placed = Vec::new();
    for (told, width, _) in told {
        let width = if widest <= share { share } else { width + more };
        placed.push((told, Place { x, width: width.min(room.saturating_sub(x)) }));
        x += width + GAP;
    }
    placed
}

fn words(told: Told, figures: &Figures) -> (&'static str, String) {
    let wait = |span: Option<Duration>| span.map_or_else(|| "-".to_owned(), format_wait);
    match told {
        Told::Arrivals => ("arrivals", wording::count(figures.arrivals)),
        Told::Found => {
            let share = figures.found_share().map(|share| format!(" ({share}%)")).unwrap_or_default();
            ("found", wording::count(figures.found) + &share)
        }
        Told::Expired => ("expired", wording::count(figures.expired)),
        Told::Cancelled => ("cancelled", wording::count(figures.cancelled)),
        Told::Median => ("median", wait(figures.median)),
        Told::P95 => ("p95", wait(figures.p95)),
    }
}

fn is_wait(told: Told) -> bool {
    matches!(told, Told::Median | Told::P95)
}

/// How high a column is: a count, or milliseconds.
fn height(told: Told, figures: &Figures) -> u64 {
    let ms = |wait: Option<Duration>| wait.map_or(0, |wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1));
    match told {
        Told::Arrivals => figures.arrivals,
        Told::Found => figures.found,
        Told::Expired => figures.expired,
        Told::Cancelled => figures.cancelled,
        Told::Median => ms(figures.median),
        Told::P95 => ms(figures.p95),
    }
}

fn style(told: Told, theme: Theme) -> Style {
    match told {
        Told::Arrivals => theme.spark(Series::Arrivals),
        Told::Found => theme.spark(Series::Found),
        Told::Expired => theme.spark(Series::Expired),
        Told::Cancelled => theme.faint(),
        Told::Median | Told::P95 => theme.text(),
    }
}

/// The course of a series, the newest at the right. Each column is as many cells wide as there is room for.
fn spark(told: Told, columns: &[Column], highest: u64, area: Rect, buffer: &mut Buffer, theme: Theme) {
    let steps = theme.signs.spark;
    let count = u16::try_from(columns.len()).unwrap_or(u16::MAX).max(1);
    let each = (area.width / count).max(1);
    for (x, column) in (area.x..area.right()).step_by(usize::from(each)).zip(columns) {
        let height = height(told, &column.figures);
        let (sign, style) = match (column.whole, height) {
            (false, 0) => (theme.signs.between, theme.faint()),
            (_, 0) => (" ", theme.faint()),
            (_, height) => {
                let step = (height * steps.len() as u64).div_ceil(highest.max(1)).clamp(1, steps.len() as u64);
                let sign = usize::try_from(step - 1).ok().and_then(|step| steps.get(step)).copied().unwrap_or(" ");
                (sign, style(told, theme))
            }
        };
        for x in x..(x + each).min(area.right()) {
            buffer.set_string(x, area.y, sign, style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(width: u16, figures: &Figures) -> Vec<Told> {
        places(width, figures).into_iter().map(|(told, _)| told).collect()
    }

    #[test]
    fn what_there_is_no_room_for_is_left_out_whole() {
        use Told::{Arrivals, Cancelled, Expired, Found, Median, P95};
        let figures = Figures { arrivals: 204, found: 100, expired: 8, ..Figures::default() };
        assert_eq!(shown(116, &figures), [Arrivals, Found, Expired, Cancelled, Median, P95]);
        assert_eq!(
            shown(68, &figures),
            [Arrivals, Found, Expired, Median, P95],
            "the narrowest screen that has the strip"
        );
        assert_eq!(shown(60, &figures), [Arrivals, Found, Expired, Median]);
        assert_eq!(shown(50, &figures), [Arrivals, Found, Median]);
    }

    #[test]
    fn places_stay_inside_and_apart() {
        for room in 45..300 {
            let placed = places(room, &Figures::default());
            for pair in placed.windows(2) {
                assert_eq!(pair[0].1.x + pair[0].1.width + GAP, pair[1].1.x, "{room}");
            }
            let (_, last) = placed.last().unwrap();
            assert!(last.x + last.width <= room, "{room}");
        }
    }
}
