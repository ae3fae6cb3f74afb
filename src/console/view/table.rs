//! What the two tables have in common: heads, signs before a row, what stands in the border, what stands in their place while
//! they are empty.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::text;
use crate::console::model::Model;
use crate::console::theme::Theme;
use crate::console::wording;

/// The head of a column.
pub(super) struct Head<'a> {
    pub(super) text: &'a str,
    pub(super) at: Rect,
    /// It stands at the right, as figures do.
    pub(super) right: bool,
    /// The table is sorted by it, downwards or not.
    pub(super) sorted: Option<bool>,
}

impl Head<'_> {
    pub(super) fn draw(&self, buffer: &mut Buffer, theme: Theme) {
        let Some(descending) = self.sorted else {
            self.put(self.at, theme, buffer);
            return;
        };
        // The sign stands in the gap after a column that has no room for it.
        let used = u16::try_from(self.text.width()).unwrap_or(0).min(self.at.width);
        let x = if self.right { self.at.right() } else { self.at.x + used };
        self.put(self.at, theme, buffer);
        text::put(buffer, Rect { x, width: 1, ..self.at }, sort_sign(descending, theme), theme.strong(), theme);
    }

    fn put(&self, at: Rect, theme: Theme, buffer: &mut Buffer) {
        let style = if self.sorted.is_some() { theme.strong() } else { theme.label() };
        if self.right {
            text::put_right(buffer, at, self.text, style, theme);
        } else {
            text::put(buffer, at, self.text, style, theme);
        }
    }
}

/// The sign of an order.
fn sort_sign(descending: bool, theme: Theme) -> &'static str {
    let [upwards, downwards] = theme.signs.sort;
    if descending { downwards } else { upwards }
}

/// The signs before a row: that it is selected, and that it is marked.
pub(super) fn signs(line: Rect, selected: bool, marked: bool, buffer: &mut Buffer, theme: Theme) {
    if marked {
        let (sign, style) = theme.marked();
        text::put(buffer, Rect { x: line.x + 1, width: 1, ..line }, sign, style, theme);
    }
    if selected {
        text::put(buffer, line, theme.signs.row, theme.strong(), theme);
        buffer.set_style(line, theme.row_selected());
    }
}

/// So many columns of a filter are told where there is no room for all of it.
const FILTER_SHORT: usize = 12;

/// What is said in a title: at length, and in short where there is no room for that.
pub(super) struct Part {
    long: String,
    short: String,
}

impl Part {
    pub(super) fn new(text: String) -> Self {
        Self { long: text.clone(), short: text }
    }
}

/// The name of a table and what else there is room for in its border; what comes first is needed most, and nothing is cut.
pub(super) fn title(name: String, parts: impl Iterator<Item = Part>, area: Rect, theme: Theme) -> String {
    let room = usize::from(area.width).saturating_sub(6);
    parts.fold(name, |title, part| {
        let with = |text: &str| format!("{title} {} {text}", theme.signs.between);
        let fits = [with(&part.long), with(&part.short)].into_iter().find(|longer| longer.width() <= room);
        fits.unwrap_or(title)
    })
}

/// How many rows are marked, and how many of those are not to be seen: no action on them is to come as a surprise.
pub(super) fn marked((marked, hidden): (usize, usize), how_hidden: &str) -> Option<Part> {
    let all = format!("{marked} marked");
    match (marked, hidden) {
        (0, _) => None,
        (_, 0) => Some(Part::new(all)),
        _ => Some(Part {
            long: format!("{all}, {hidden} of them {how_hidden}"),
            short: format!("{all}, {hidden} hidden"),
        }),
    }
}

/// How many rows of how many the filter lets through.
pub(super) fn matching(model: &Model, (hits, all): (usize, usize), theme: Theme) -> Option<Part> {
    let filter = model.filter();
    let count = |n: usize| wording::count(n as u64);
    // That there is a filter, and how it begins, is told in the smallest table.
    let begins = text::fit(filter.text(), FILTER_SHORT, theme.signs.more);
    (!filter.is_empty()).then(|| Part {
        long: format!("{} of {} match /{}", count(hits), count(all), filter.text()),
        short: format!("{} match /{begins}", count(hits)),
    })
}

/// By what the table is sorted.
pub(super) fn sorted(by: &str, descending: bool, theme: Theme) -> Part {
    Part::new(format!("by {by} {}", sort_sign(descending, theme)))
}

/// Tells in the lower border what is not in sight.
pub(super) fn foot(
    (above, below): (usize, usize),
    selected: Option<String>,
    area: Rect,
    buffer: &mut Buffer,
    theme: Theme,
) {
    if above + below == 0 {
        return;
    }
    let foot = Rect { x: area.x + 2, y: area.bottom() - 1, width: area.width.saturating_sub(4), height: 1 };
    let sides = [(above, "above"), (below, "below")].into_iter().filter(|(count, _)| *count > 0);
    let told: Vec<String> = sides.map(|(count, side)| format!("{} {side}", wording::count(count as u64))).collect();
    let mut text = format!(" {} ", told.join(", "));
    if let Some(id) = selected {
        text = format!(" {} {id} is out of sight,{text}", theme.signs.row);
    }
    text::put_right(buffer, foot, &text, theme.faint(), theme);
}

/// What stands in the place of rows.
pub(super) fn empty(lines: &[String], inside: Rect, buffer: &mut Buffer, theme: Theme) {
    for (y, line) in (inside.y + 2..inside.bottom()).zip(lines) {
        let area = Rect { x: inside.x + 2, y, width: inside.width.saturating_sub(2), height: 1 };
        text::put(buffer, area, line, theme.faint(), theme);
    }
}

pub(super) fn cell(line: Rect, x: u16, width: u16) -> Rect {
    let x = (line.x + x).min(line.right());
    Rect { x, width: width.min(line.right() - x), height: 1, ..line }
}
