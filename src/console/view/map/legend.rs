//! A small legend in the corner of the map: the signs that are on it at the moment, and nothing else.

use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::THICKER;
use super::paper::Paper;
use super::what::What;
use crate::console::view::{boxed, text};

/// One line: pieces of text, each in its style.
type Entry = Vec<(String, Style)>;

impl Paper<'_> {
    /// Draws the legend at the top right, as far as the cursor leaves room for it.
    pub(super) fn legend(&mut self) {
        let entries = self.entries();
        let width = |entry: &Entry| entry.iter().map(|(text, _)| text.width()).sum::<usize>();
        let widest = entries.iter().map(width).max().unwrap_or(0);
        let width = u16::try_from(widest).unwrap_or(u16::MAX).saturating_add(4).min(self.inside.width);
        let lines = u16::try_from(entries.len()).unwrap_or(u16::MAX);
        let (column, row) = self.projection.cursor_cell();
        let x = self.inside.right() - width;
        // The cursor is never covered: what would reach its column ends above its row.
        let room = if x > self.inside.x + column + 1 { self.inside.height } else { row };
        let height = lines.saturating_add(2).min(room);
        if height < 3 || entries.is_empty() {
            return;
        }
        let area = Rect { x, y: self.inside.y, width, height };
        boxed(area, self.theme.faint(), self.buffer, self.theme);
        let head = Rect { x: x + 1, width: width - 2, height: 1, ..area };
        text::put(self.buffer, head, " legend ", self.theme.faint(), self.theme);
        for (y, entry) in (area.y + 1..area.bottom() - 1).zip(entries) {
            let mut rest = Rect { x: x + 2, y, width: width - 4, height: 1 };
            for (part, style) in entry {
                let took = text::put(self.buffer, rest, &part, style, self.theme);
                rest = Rect { x: rest.x + took, width: rest.width - took, ..rest };
            }
        }
    }

    fn entries(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = What::TOLD
            .into_iter()
            .filter(|what| self.has(*what))
            .map(|what| {
                let (_, style) = what.look(self.theme);
                vec![(what.sample(self.theme).to_owned(), style), (format!(" {}", what.word()), self.theme.text())]
            })
            .collect();
        if self.has(What::Crowd) {
            let (_, style) = What::Crowd.look(self.theme);
            let from = std::iter::once(1).chain(THICKER);
            let steps = self.theme.signs.crowd.iter().zip(from);
            let mut entry: Entry = steps
                .flat_map(|(sign, from)| [((*sign).to_owned(), style), (format!(" {from}+ "), self.theme.text())])
                .collect();
            entry.push(("a cell".to_owned(), self.theme.text()));
            entries.insert(0, entry);
        }
        entries
    }
}
