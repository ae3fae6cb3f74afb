//! The paper that a map is painted on: signs, dots and names at places of the earth.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::braille::BRAILLE;
use unicode_width::UnicodeWidthStr;

use crate::console::projection::Projection;
use crate::console::theme::Theme;
use crate::console::view::text;
use crate::domain::Point;

/// Dots in a cell, across and down.
pub(super) const DOTS: (u16, u16) = (2, 4);

/// The map's area with all that painting on it needs.
pub(super) struct Paper<'a> {
    pub(super) inside: Rect,
    pub(super) projection: Projection,
    pub(super) buffer: &'a mut Buffer,
    pub(super) theme: Theme,
}

impl Paper<'_> {
    /// The cell in which a place stands; none where that is not in sight.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "brought inside just before")]
    pub(super) fn cell(&self, place: Point) -> Option<(u16, u16)> {
        let (column, row) = self.projection.to_cell(place);
        let inside = (0.0..f64::from(self.inside.width)).contains(&column)
            && (0.0..f64::from(self.inside.height)).contains(&row);
        inside.then(|| (self.inside.x + column as u16, self.inside.y + row as u16))
    }

    pub(super) fn sign(&mut self, place: Point, sign: &str, style: Style) {
        if let Some((x, y)) = self.cell(place) {
            self.buffer.set_string(x, y, sign, style);
        }
    }

    /// Sets a dot in the cell of a place, beside those that are there, or a sign where dots cannot be drawn.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a fraction of a cell, times 2 or 4")]
    pub(super) fn dot(&mut self, place: Point, instead: &str, style: Style) {
        let Some(at) = self.cell(place) else { return };
        let Some(cell) = self.buffer.cell_mut(at) else { return };
        if !self.theme.signs.braille {
            cell.set_symbol(instead).set_style(style);
            return;
        }
        let (column, row) = self.projection.to_cell(place);
        let (across, down) =
            ((column.fract() * f64::from(DOTS.0)) as usize, (row.fract() * f64::from(DOTS.1)) as usize);
        let bit = 1_usize << (down * usize::from(DOTS.0) + across);
        let before = cell.symbol().chars().next().and_then(|c| BRAILLE.iter().position(|b| *b == c)).unwrap_or(0);
        if let Some(dots) = BRAILLE.get(before | bit) {
            cell.set_char(*dots).set_style(style);
        }
    }

    pub(super) fn sign_with_name(&mut self, place: Point, label: &str, style: Style) {
        if let Some((x, y)) = self.cell(place) {
            let room = Rect { x, y, width: self.inside.right() - x, height: 1 };
            text::put(self.buffer, room, label, style, self.theme);
        }
    }

    pub(super) fn name(&mut self, place: Point, name: &str, style: Style) {
        let Some((x, y)) = self.cell(place) else { return };
        let width = u16::try_from(name.width()).unwrap_or(u16::MAX);
        let fits = x.saturating_add(width).saturating_add(1) < self.inside.right();
        let free = |x| self.buffer.cell((x, y)).is_some_and(|cell| cell.symbol() == " ");
        if fits && (x + 1..=x + width + 1).all(free) {
            self.buffer.set_string(x + 1, y, name, style);
        }
    }
}
