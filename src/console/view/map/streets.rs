//! What is laid under the drivers: streets and areas, and their names where there is room.

use std::collections::HashSet;

use unicode_width::UnicodeWidthStr;

use super::paper::Paper;
use super::what::What;
use crate::console::overlay::{Kind, Line, Overlay};
use crate::console::projection::CELL_ASPECT;

/// A line must be so many columns longer than its name to bear it.
const SPARE: f64 = 4.0;
/// Rows at the bottom that are left to the labels and the scale.
const FOOT: u16 = 2;

/// A straight piece of a line, from cell to cell.
#[derive(Clone, Copy, Default)]
struct Stretch {
    from: (f64, f64),
    to: (f64, f64),
}

impl Stretch {
    /// The place after this part of it, 0 to 1.
    fn at(self, part: f64) -> (f64, f64) {
        (self.from.0 + (self.to.0 - self.from.0) * part, self.from.1 + (self.to.1 - self.from.1) * part)
    }

    /// How many columns long it is; a row counts as two.
    fn length(self) -> f64 {
        (self.to.0 - self.from.0).hypot((self.to.1 - self.from.1) * CELL_ASPECT)
    }
}

/// The name of a line with a gap on either side, in its place.
struct Name {
    at: (u16, u16),
    /// In columns, the gaps included.
    width: u16,
    text: String,
    what: What,
}

impl Name {
    fn touches(&self, other: &Self) -> bool {
        let (left, right) = if self.at.0 <= other.at.0 { (self, other) } else { (other, self) };
        self.at.1 == other.at.1 && left.at.0 + left.width > right.at.0
    }
}

impl Paper<'_> {
    /// Lines and the edges of areas that are in sight.
    pub(super) fn overlay(&mut self, overlay: &Overlay) {
        let view = self.projection.view().bounds;
        for line in overlay.lines.iter().filter(|line| line.bounds.meets(view)) {
            // Edges are drawn thinner, so that the two can be told apart.
            let (what, nth) = match line.kind {
                Kind::Line => (What::Street, 1),
                Kind::Area => (What::Area, 2),
            };
            for piece in line.pieces.iter().filter(|piece| piece.bounds.meets(view)) {
                self.line(piece.points.iter().copied(), what, nth);
            }
        }
    }

    /// The name of each street and area once. Where it stands depends on the map alone, so that it does not jump about while
    /// drivers go by; while something else stands there it is left out as a whole.
    pub(super) fn overlay_names(&mut self, overlay: &Overlay) {
        let view = self.projection.view().bounds;
        let (mut known, mut placed) = (HashSet::new(), Vec::new());
        for line in overlay.lines.iter().filter(|line| !line.name.is_empty() && line.bounds.meets(view)) {
            if !known.contains(line.name.as_str())
                && let Some(name) = self.place_of_name(line, &placed)
            {
                known.insert(line.name.as_str());
                placed.push(name);
            }
        }
        for name in placed.iter().filter(|name| self.is_below(What::Name, name.at, name.width)).collect::<Vec<_>>() {
            let (_, style) = name.what.look(self.theme);
            self.write(name.at, &name.text, style, What::Name);
        }
    }

    /// Where the name of a line stands on it, if there is room beside those that have their places already.
    fn place_of_name(&self, line: &Line, others: &[Name]) -> Option<Name> {
        let width = f64::from(u16::try_from(line.name.width()).unwrap_or(u16::MAX));
        let [from, to] = line.bounds.corners().map(self.projection.to_cells());
        let around = Stretch { from, to };
        match line.kind {
            Kind::Area if to.0 - from.0 <= width => None,
            Kind::Area => self.name_at(around.at(0.5), line, others),
            // Most lines of a whole town are seen to be too short without going along them.
            Kind::Line if around.length() <= width + SPARE => None,
            Kind::Line => {
                let (stretch, whole) = self.longest_in_sight(line);
                let places = [0.5, 0.25, 0.75].map(|part| stretch.at(part));
                let mut names = places.into_iter().filter_map(|place| self.name_at(place, line, others));
                if whole > width + SPARE { names.next() } else { None }
            }
        }
    }

    /// The longest straight stretch of a line that is in sight, and how many columns long all of it in sight is; a row
    /// counts as two.
    fn longest_in_sight(&self, line: &Line) -> (Stretch, f64) {
        let view = self.projection.view().bounds;
        let to_cell = self.projection.to_cells();
        let (mut longest, mut whole) = (Stretch::default(), 0.0);
        for piece in line.pieces.iter().filter(|piece| piece.bounds.meets(view)) {
            for ends in piece.points.windows(2) {
                let [from, to] = ends else { continue };
                let stretch = Stretch { from: to_cell(*from), to: to_cell(*to) };
                let Some((begin, end)) = self.in_sight(stretch.from, stretch.to) else { continue };
                let seen = Stretch { from: stretch.at(begin), to: stretch.at(end) };
                whole += seen.length();
                if seen.length() > longest.length() {
                    longest = seen;
                }
            }
        }
        (longest, whole)
    }

    /// A name with its middle there, unless it would leave the map or touch another one.
    fn name_at(&self, (column, row): (f64, f64), line: &Line, others: &[Name]) -> Option<Name> {
        let width = u16::try_from(line.name.width()).unwrap_or(u16::MAX);
        let first = (column - f64::from(width) / 2.0).round();
        let at = self.cell_at(first - 1.0, row)?;
        self.cell_at(first + f64::from(width), row)?;
        // What a terminal without Unicode does with other letters would move the whole row.
        let text = if self.theme.signs.braille { line.name.clone() } else { ascii(&line.name) };
        let what = if line.kind == Kind::Line { What::Street } else { What::Area };
        let name = Name { at, width: width.saturating_add(2), text: format!(" {text} "), what };
        let in_the_foot = at.1 + FOOT >= self.inside.bottom();
        (!in_the_foot && !others.iter().any(|other| other.touches(&name))).then_some(name)
    }
}

/// A name in ASCII, as wide as it was.
fn ascii(name: &str) -> String {
    let width = |c: char| unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
    name.chars().map(|c| if c.is_ascii() { c.to_string() } else { "_".repeat(width(c)) }).collect()
}
