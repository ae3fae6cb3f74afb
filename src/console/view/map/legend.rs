//! A small legend in the corner of the map: the signs that are on it at the moment, and nothing else.

use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::paper::Paper;
use super::what::What;
use crate::console::model::Density;
use crate::console::view::{boxed, text};
use crate::console::wording;

/// Rows at the bottom that are left to the labels and the scale.
const FOOT: u16 = 2;

/// More than so many who wait or are chosen are many.
const MANY: usize = 12;

/// One line: pieces of text, each in its style.
type Entry = Vec<(String, Style)>;

impl Paper<'_> {
    /// Draws the legend in a corner, as far as the cursor leaves room for it.
    pub(super) fn legend(&mut self, density: Density) {
        let entries = self.entries(density);
        let width = |entry: &Entry| entry.iter().map(|(text, _)| text.width()).sum::<usize>();
        let widest = entries.iter().map(width).max().unwrap_or(0);
        let width = u16::try_from(widest).unwrap_or(u16::MAX).saturating_add(4).min(self.inside.width);
        let lines = u16::try_from(entries.len()).unwrap_or(u16::MAX);
        let Some(area) = self.corner(width, lines.saturating_add(2)).filter(|_| !entries.is_empty()) else { return };
        let Rect { x, width, .. } = area;
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

    /// The corner for a box of this size in which it covers the fewest who are chosen or wait; of equal ones that at the top right.
    /// Where many wait they come and go everywhere: the box would jump about, so those chosen alone count. The cursor is never
    /// covered.
    fn corner(&self, width: u16, height: u16) -> Option<Rect> {
        let (column, row) = self.projection.cursor_cell();
        let right = self.inside.right() - width;
        let beside = right > self.inside.x + column + 1;
        let fits = |room: u16| height.min(room);
        // What would reach the cursor's column ends above its row, or begins below it.
        let upper = fits(if beside { self.inside.height } else { row });
        let lower = fits(if beside { self.inside.height } else { self.inside.height - row - 1 }.saturating_sub(FOOT));
        let bottom = self.inside.bottom().saturating_sub(FOOT + lower);
        let corners = [
            Rect { x: right, y: self.inside.y, width, height: upper },
            Rect { y: self.inside.y, width, height: upper, ..self.inside },
            Rect { x: right, y: bottom, width, height: lower },
            Rect { y: bottom, width, height: lower, ..self.inside },
        ];
        let counted = |area: Rect, from| area.positions().filter(|at| self.there((at.x, at.y)) >= from).count();
        let from = if counted(self.inside, What::Calm) > MANY { What::SearchSelected } else { What::Calm };
        let covered = |area: &Rect| counted(*area, from);
        corners.into_iter().filter(|area| area.height >= 3).min_by_key(covered)
    }

    fn entries(&self, density: Density) -> Vec<Entry> {
        let mut entries: Vec<Entry> = What::TOLD
            .into_iter()
            .filter(|what| self.has(*what))
            .map(|what| {
                let (_, style) = what.look(self.theme);
                vec![(what.sample(self.theme).to_owned(), style), (format!(" {}", what.word()), self.theme.text())]
            })
            .collect();
        if self.has(What::Crowd) {
            let steps = density.steps().into_iter().enumerate();
            let mut entry: Entry = steps
                .flat_map(|(step, from)| {
                    let (sign, style) = self.theme.crowd(step);
                    [(sign.to_owned(), style), (format!(" {}+ ", wording::density(from)), self.theme.text())]
                })
                .collect();
            entry.push(("a cell".to_owned(), self.theme.text()));
            entries.insert(0, entry);
        }
        entries
    }
}
