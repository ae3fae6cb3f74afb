//! What is laid under the drivers: streets and areas, and their names where there is room.

use std::collections::HashSet;

use unicode_width::UnicodeWidthStr;

use super::paper::Paper;
use super::what::What;
use crate::console::overlay::{Kind, Line, Overlay};

/// A line must be so many columns longer than its name to bear it.
const SPARE: f64 = 4.0;
/// Rows at the bottom that are left to the labels and the scale.
const FOOT: u16 = 2;

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
    /// drivers go by; they are painted over it.
    pub(super) fn overlay_names(&mut self, overlay: &Overlay) {
        let view = self.projection.view().bounds;
        let mut named = HashSet::new();
        for line in overlay.lines.iter().filter(|line| !line.name.is_empty() && line.bounds.meets(view)) {
            if !named.contains(line.name.as_str()) && self.named(line) {
                named.insert(line.name.as_str());
            }
        }
    }

    /// Writes the name of a line on it, if there is room.
    fn named(&mut self, line: &Line) -> bool {
        let width = f64::from(u16::try_from(line.name.width()).unwrap_or(u16::MAX));
        match line.kind {
            Kind::Area => {
                let (left, bottom) = self.projection.to_cell(line.bounds.corners()[0]);
                let (right, top) = self.projection.to_cell(line.bounds.corners()[1]);
                right - left > width && self.name_at((f64::midpoint(left, right), f64::midpoint(top, bottom)), line)
            }
            Kind::Line => {
                let Some((longest, whole)) = self.longest_in_sight(line) else { return false };
                let along = |part: f64| {
                    (longest.0.0 + (longest.1.0 - longest.0.0) * part, longest.0.1 + (longest.1.1 - longest.0.1) * part)
                };
                whole > width + SPARE && [0.5, 0.25, 0.75].into_iter().any(|part| self.name_at(along(part), line))
            }
        }
    }

    /// The longest straight stretch of a line that is in sight, from cell to cell, and how many columns long all of it in
    /// sight is; a row counts as two.
    fn longest_in_sight(&self, line: &Line) -> Option<(((f64, f64), (f64, f64)), f64)> {
        let view = self.projection.view().bounds;
        let (mut longest, mut most, mut whole) = (None, 0.0, 0.0);
        for piece in line.pieces.iter().filter(|piece| piece.bounds.meets(view)) {
            for ends in piece.points.windows(2) {
                let [from, to] = ends else { continue };
                let (from, to) = (self.projection.to_cell(*from), self.projection.to_cell(*to));
                let Some((begin, end)) = self.in_sight(from, to) else { continue };
                let way = (to.0 - from.0, to.1 - from.1);
                let length = way.0.hypot(way.1 * 2.0) * (end - begin);
                whole += length;
                if length > most {
                    most = length;
                    let at = |part: f64| (from.0 + way.0 * part, from.1 + way.1 * part);
                    longest = Some((at(begin), at(end)));
                }
            }
        }
        longest.map(|stretch| (stretch, whole))
    }

    /// Writes a name with its middle there, unless it would leave the map or touch another one.
    fn name_at(&mut self, (column, row): (f64, f64), line: &Line) -> bool {
        let width = u16::try_from(line.name.width()).unwrap_or(u16::MAX);
        let first = (column - f64::from(width) / 2.0).round();
        let (Some((x, y)), Some(_)) = (self.cell_at(first - 1.0, row), self.cell_at(first + f64::from(width), row))
        else {
            return false;
        };
        let free = (x..=x + width + 1).all(|x| self.there((x, y)) < What::Name);
        if !free || y + FOOT >= self.inside.bottom() {
            return false;
        }
        let what = if line.kind == Kind::Line { What::Street } else { What::Area };
        let (_, style) = what.look(self.theme);
        self.write((x + 1, y), &line.name, style, What::Name);
        true
    }
}
