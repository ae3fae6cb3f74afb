//! The paper that a map is painted on: signs, dots, lines and names at places of the earth.
//!
//! Each cell knows what stands in it. What matters more takes the place of what matters less, in whatever order they are
//! painted, so that no street hides a driver and no driver a rider.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::clip;
use super::what::What;
use crate::console::projection::Projection;
use crate::console::theme::Theme;
use crate::console::view::text;
use crate::domain::{MAX_LNG, Point};

/// Dots in a cell, across and down.
pub(super) const DOTS: (f64, f64) = (2.0, 4.0);

/// The Braille pattern without any dot, and what each dot adds to it, row by row.
const BLANK: u32 = 0x2800;
const BITS: [[u32; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// The map's area with all that painting on it needs.
pub(super) struct Paper<'a> {
    pub(super) inside: Rect,
    pub(super) projection: Projection,
    pub(super) buffer: &'a mut Buffer,
    pub(super) theme: Theme,
    /// What stands in each cell, row by row.
    there: Vec<What>,
    /// How that looks of which a dot was painted last: dots come in runs, and a look is worked out for the terminal.
    last: (What, (&'static str, Style)),
}

impl<'a> Paper<'a> {
    /// An empty sheet.
    pub(super) fn new(inside: Rect, projection: Projection, buffer: &'a mut Buffer, theme: Theme) -> Self {
        let cells = usize::from(inside.width) * usize::from(inside.height);
        let last = (What::Nothing, What::Nothing.look(theme));
        Self { inside, projection, buffer, theme, there: vec![What::Nothing; cells], last }
    }

    /// The cell in which a place stands; none where that is not in sight.
    pub(super) fn cell(&self, place: Point) -> Option<(u16, u16)> {
        let (column, row) = self.projection.to_cell(place);
        self.cell_at(column, row)
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "brought inside just before")]
    pub(super) fn cell_at(&self, column: f64, row: f64) -> Option<(u16, u16)> {
        let inside = (0.0..f64::from(self.inside.width)).contains(&column)
            && (0.0..f64::from(self.inside.height)).contains(&row);
        inside.then(|| (self.inside.x + column as u16, self.inside.y + row as u16))
    }

    /// What stands in a cell.
    pub(super) fn there(&self, at: (u16, u16)) -> What {
        self.index(at).and_then(|i| self.there.get(i)).copied().unwrap_or(What::Nothing)
    }

    /// Whether so many cells in a row, from this one on, hold only what gives way to `what`.
    pub(super) fn is_below(&self, what: What, (x, y): (u16, u16), width: u16) -> bool {
        (x..x.saturating_add(width)).all(|x| self.there((x, y)) < what)
    }

    /// Whether this stands anywhere.
    pub(super) fn has(&self, what: What) -> bool {
        self.there.contains(&what)
    }

    fn index(&self, (x, y): (u16, u16)) -> Option<usize> {
        let (column, row) = (x.checked_sub(self.inside.x)?, y.checked_sub(self.inside.y)?);
        (column < self.inside.width).then(|| usize::from(row) * usize::from(self.inside.width) + usize::from(column))
    }

    /// Paints a sign in a cell, unless something that matters more is there.
    pub(super) fn set(&mut self, at: (u16, u16), sign: &str, style: Style, what: What) {
        if self.there(at) <= what {
            self.overwrite(at, sign, style, what);
        }
    }

    fn overwrite(&mut self, at: (u16, u16), sign: &str, style: Style, what: What) {
        if let Some(there) = self.index(at).and_then(|i| self.there.get_mut(i)) {
            *there = what;
        }
        // The left half of a wide letter would hide what stands in its right half.
        if let Some(left) = at.0.checked_sub(1).and_then(|x| self.buffer.cell_mut((x, at.1)))
            && left.symbol().width() > 1
        {
            left.set_symbol(" ");
        }
        if let Some(cell) = self.buffer.cell_mut(at) {
            cell.set_symbol(sign).set_style(style);
        }
    }

    /// Paints the sign of something at a place.
    pub(super) fn sign(&mut self, place: Point, what: What) {
        let (sign, style) = what.look(self.theme);
        if let Some(at) = self.cell(place) {
            self.set(at, sign, style, what);
        }
    }

    /// Sets a dot in the cell of a place, beside those of its kind that are there, or a sign where dots cannot be drawn.
    pub(super) fn dot(&mut self, place: Point, what: What) {
        let (column, row) = self.projection.to_cell(place);
        self.dot_at(column, row, what);
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a fraction of a cell, times 2 or 4")]
    fn dot_at(&mut self, column: f64, row: f64, what: What) {
        let Some(at) = self.cell_at(column, row) else { return };
        if self.last.0 != what {
            self.last = (what, what.look(self.theme));
        }
        let (_, (sign, style)) = self.last;
        if !self.theme.signs.braille {
            self.set(at, sign, style, what);
            return;
        }
        let (there, Some(cell)) = (self.there(at), self.buffer.cell_mut(at)) else { return };
        let together = there.shares_a_cell_with(what);
        let before = cell.symbol().chars().next().filter(|_| together).map_or(BLANK, u32::from);
        let (across, down) = ((column.fract() * DOTS.0) as usize, (row.fract() * DOTS.1) as usize);
        let dot = BITS.get(down).and_then(|row| row.get(across)).copied().unwrap_or(0);
        let Some(dots) = char::from_u32(before.max(BLANK) | dot) else { return };
        if together && there > what {
            cell.set_char(dots);
        } else {
            self.set(at, dots.encode_utf8(&mut [0; 4]), style, what);
        }
    }

    /// Draws a line through places. Only what is in sight is gone along, however long it is; of its dots every `nth` is set.
    pub(super) fn line(&mut self, places: impl IntoIterator<Item = Point>, what: What, nth: u32) {
        let mut cells = places.into_iter().map(self.projection.to_cells());
        let Some(mut from) = cells.next() else { return };
        let mut left_out = None;
        for here in cells {
            // Nothing is lost of a bend that is smaller than a dot, and much is saved where a whole town is in sight.
            if (here.0 - from.0).abs() * DOTS.0 < 1.0 && (here.1 - from.1).abs() * DOTS.1 < 1.0 {
                left_out = Some(here);
            } else {
                self.stroke(from, here, what, nth);
                (from, left_out) = (here, None);
            }
        }
        if let Some(end) = left_out {
            self.stroke(from, end, what, nth);
        }
    }

    fn stroke(&mut self, from: (f64, f64), to: (f64, f64), what: What, nth: u32) {
        let Some((begin, end)) = self.in_sight(from, to) else { return };
        let (across, down) = (to.0 - from.0, to.1 - from.1);
        let dots = (across.abs() * DOTS.0).max(down.abs() * DOTS.1).ceil().max(1.0);
        // Signs are as large as several dots.
        let nth = f64::from(if self.theme.signs.braille { nth } else { nth * 4 });
        // Counted from where the line begins and not from the edge of the map, gaps stay where they are while it is panned.
        let mut dot = ((begin * dots) / nth).floor() * nth;
        while dot <= end * dots {
            self.dot_at(from.0 + across * dot / dots, from.1 + down * dot / dots, what);
            dot += nth;
        }
    }

    /// The part of a line between two cells that is in sight, as parts of its length.
    pub(super) fn in_sight(&self, from: (f64, f64), to: (f64, f64)) -> Option<(f64, f64)> {
        // It goes round the far side of the earth, where the map has its seam.
        if (to.0 - from.0).abs() * self.projection.column_deg() > MAX_LNG {
            return None;
        }
        clip::inside(from, to, (f64::from(self.inside.width), f64::from(self.inside.height)))
    }

    /// Writes a label at a place, with a sign before it, over whatever is there.
    pub(super) fn label(&mut self, place: Point, label: &str, what: What) {
        let (sign, style) = what.look(self.theme);
        let Some((x, y)) = self.cell(place) else { return };
        let room = Rect { x, y, width: self.inside.right() - x, height: 1 };
        let took = text::put(self.buffer, room, &format!("{sign}{label}"), style, self.theme);
        self.mark((x, y), took, What::Label);
        self.mark((x, y), took.min(1), what);
    }

    /// Writes text from a cell on, and takes the cells for it. Who calls has looked whether they are free.
    pub(super) fn write(&mut self, (x, y): (u16, u16), text: &str, style: Style, what: What) {
        let (end, _) = self.buffer.set_stringn(x, y, text, usize::from(self.inside.right().saturating_sub(x)), style);
        self.mark((x, y), end - x, what);
    }

    fn mark(&mut self, (x, y): (u16, u16), width: u16, what: What) {
        for x in x..x.saturating_add(width) {
            if let Some(there) = self.index((x, y)).and_then(|i| self.there.get_mut(i)) {
                *there = what;
            }
        }
    }

    /// Writes a name beside a place, if there is room for all of it: where nothing stands that matters more than `over`. It needs
    /// its sign, too: beside another label it would be read as a part of that.
    pub(super) fn name(&mut self, place: Point, name: &str, style: Style, over: What) {
        let Some((x, y)) = self.cell(place) else { return };
        let width = u16::try_from(name.width()).unwrap_or(u16::MAX);
        let fits = x.saturating_add(width).saturating_add(1) < self.inside.right();
        if fits && self.there((x, y)) != What::Label && (x + 1..=x + width + 1).all(|x| self.there((x, y)) <= over) {
            self.write((x + 1, y), name, style, What::Label);
        }
    }
}
