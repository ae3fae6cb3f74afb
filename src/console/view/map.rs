//! The map, painted layer by layer: grid, radius, crowds, drivers, searches, who is selected or carried, cursor, scale.
//!
//! ```text
//! ┌ Map · -33.4426, -70.6305 · 1 column = 240 m ──┐
//! │-33.40   ⠁ ⠂     ⠈      ⡠⠒⠒⢄                   │
//! │        ⠐   ●17 ⠄       ⡇◉42⢸   ⠂              │
//! │-33.44 ⠄     ┼          ⠑⠤⠤⠊      ⠁            │
//! │      -70.70     -70.66       ├─── 2 km ───┤   │
//! └───────────────────────────────────────────────┘
//! ```

use std::fmt::Write;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::braille::BRAILLE;
use unicode_width::UnicodeWidthStr;

use super::{pane, text};
use crate::console::model::{Model, Pane};
use crate::console::projection::Projection;
use crate::console::theme::Theme;
use crate::console::wording;
use crate::domain::{Block, Point, format_distance};

/// Dots in a cell, across and down.
const DOTS: (u16, u16) = (2, 4);
/// So many drivers in sight are named at the most: more names than that hide the drivers.
const MOST_NAMES: usize = 60;
/// A cell of a crowd gets the next thicker sign from so many drivers on.
const THICKER: [f64; 3] = [4.0, 16.0, 64.0];

pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer, theme: Theme) {
    let inside = pane(&title(model, theme), Pane::Map, model, area, buffer, theme);
    let projection = Projection { columns: inside.width, rows: inside.height, ..model.map.projection };
    let mut paper = Paper { inside, projection, buffer, theme };
    paper.crossings();
    paper.radius(model);
    paper.crowds(&model.map.fleet.blocks);
    paper.drivers(model);
    paper.labels();
    paper.searches(model);
    paper.selected_driver(model);
    paper.carried(model);
    paper.names(model);
    paper.cursor();
    paper.scale();
}

fn title(model: &Model, theme: Theme) -> String {
    let between = theme.signs.between;
    let map = &model.map;
    let metres = map.projection.metres_per_column;
    let scale = if metres < 1.0 { format!("{metres:.1} m") } else { format_distance(metres) };
    let crowds: u64 = map.fleet.blocks.iter().map(|block| block.count).sum();
    let seen = map.fleet.drivers.len() as u64 + crowds;
    let mut title = format!("Map {between} {} {between} 1 column = {scale}", map.projection.cursor());
    if seen < map.fleet.total {
        let _ = write!(title, " {between} {} of {} here", wording::count(seen), wording::count(map.fleet.total));
    }
    title
}

/// The map's area with all that painting on it needs.
struct Paper<'a> {
    inside: Rect,
    projection: Projection,
    buffer: &'a mut Buffer,
    theme: Theme,
}

impl Paper<'_> {
    /// The cell in which a place stands; none where that is not in sight.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "brought inside just before")]
    fn cell(&self, place: Point) -> Option<(u16, u16)> {
        let (column, row) = self.projection.to_cell(place);
        let inside = (0.0..f64::from(self.inside.width)).contains(&column)
            && (0.0..f64::from(self.inside.height)).contains(&row);
        inside.then(|| (self.inside.x + column as u16, self.inside.y + row as u16))
    }

    fn sign(&mut self, place: Point, sign: &str, style: Style) {
        if let Some((x, y)) = self.cell(place) {
            self.buffer.set_string(x, y, sign, style);
        }
    }

    /// Sets a dot in the cell of a place, beside those that are there, or a sign where dots cannot be drawn.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a fraction of a cell, times 2 or 4")]
    fn dot(&mut self, place: Point, instead: &str, style: Style) {
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

    /// A faint sign where the lines of the grid cross.
    fn crossings(&mut self) {
        let columns = self.meridians();
        for (_, y) in self.parallels() {
            for (_, x) in &columns {
                self.buffer.set_string(*x, y, self.theme.signs.grid, self.theme.faint());
            }
        }
    }

    /// Latitudes at the left edge, longitudes at the bottom. They stand over drivers: half a number says nothing.
    fn labels(&mut self) {
        let (rows, columns) = (self.parallels(), self.meridians());
        let style = self.theme.faint();
        for (label, y) in rows.iter().filter(|(_, y)| *y + 1 < self.inside.bottom()) {
            text::put(self.buffer, Rect { y: *y, height: 1, ..self.inside }, label, style, self.theme);
        }
        let bottom = self.inside.bottom().saturating_sub(1);
        for (label, x) in columns {
            let width = u16::try_from(label.width()).unwrap_or(0);
            let from = x.saturating_sub(width / 2);
            if from >= self.inside.x && from + width <= self.inside.right() {
                self.buffer.set_string(from, bottom, &label, style);
            }
        }
    }

    /// Latitudes that are drawn, as text and as a row.
    fn parallels(&self) -> Vec<(String, u16)> {
        let bounds = self.projection.view().bounds;
        // At least two of them, however low the map is.
        let rows = (f64::from(self.inside.height) / 3.0).clamp(2.0, 5.0);
        let step = round_step(self.projection.row_deg() * rows);
        let lng = self.projection.centre.lng();
        let at = |lat| self.cell(Point::clamped(lat, lng)).map(|(_, y)| y);
        steps(bounds.south, bounds.north, step).filter_map(|lat| Some((degrees(lat, step), at(lat)?))).collect()
    }

    /// Longitudes that are drawn, as text and as a column.
    fn meridians(&self) -> Vec<(String, u16)> {
        let bounds = self.projection.view().bounds;
        let step = round_step(self.projection.column_deg() * 14.0);
        let lat = self.projection.centre.lat();
        let at = |lng| self.cell(Point::clamped(lat, lng)).map(|(x, _)| x);
        steps(bounds.west, bounds.east, step).filter_map(|lng| Some((degrees(lng, step), at(lng)?))).collect()
    }

    /// The radius of the selected search: a true circle on the ground.
    fn radius(&mut self, model: &Model) {
        let Some(row) = model.searches.selected().filter(|row| row.is_waiting()) else { return };
        let Some(request) = row.search.request() else { return };
        let (style, sign) = (self.theme.circle(), self.theme.signs.circle);
        let around = std::f64::consts::TAU * request.radius_m / self.projection.metres_per_column;
        // A dot for each half of a column around, within reason.
        let dots = (around * f64::from(DOTS.0)).clamp(24.0, 4_000.0);
        let mut bearing = 0.0;
        while bearing < 360.0 {
            self.dot(request.pickup.destination(bearing, request.radius_m), sign, style);
            bearing += 360.0 / dots;
        }
    }

    /// Cells with more drivers than can be told apart: the thicker the sign, the more.
    fn crowds(&mut self, blocks: &[Block]) {
        for block in blocks {
            let bounds = block.cell.bounds();
            let (west, south) = self.projection.to_cell(bounds.corners()[0]);
            let (east, north) = self.projection.to_cell(bounds.corners()[1]);
            if east < west {
                // It lies on the far side of the earth, where the map has its seam.
                continue;
            }
            let cells = ((east - west) * (south - north)).max(1.0);
            #[expect(clippy::cast_precision_loss, reason = "a density, not a count")]
            let density = block.count as f64 / cells;
            let level = THICKER.iter().filter(|&&from| density >= from).count();
            let sign = self.theme.signs.crowd.get(level).copied().unwrap_or_default();
            let (columns, rows) = (inner(west, east), inner(north, south));
            for row in rows {
                for column in columns.clone() {
                    self.sign(self.projection.to_place(column, row), sign, self.theme.driver());
                }
            }
        }
    }

    fn drivers(&mut self, model: &Model) {
        for driver in &model.map.fleet.drivers {
            self.dot(driver.place, self.theme.signs.driver, self.theme.driver());
        }
    }

    /// Searches that wait, with the selected one over the others.
    fn searches(&mut self, model: &Model) {
        let signs = self.theme.signs;
        for row in model.searches.all().filter(|row| row.is_waiting()) {
            if let Some(request) = row.search.request() {
                self.sign(request.pickup, signs.pin, self.theme.pin());
            }
        }
        let selected = model.searches.selected().and_then(|row| row.search.request());
        if let Some(request) = selected {
            let label = format!("{}{}", signs.pin_selected, request.id);
            self.sign_with_name(request.pickup, &label, self.theme.pin_selected());
        }
    }

    fn selected_driver(&mut self, model: &Model) {
        if let Some(driver) = model.map.selected_driver() {
            let label = format!("{}{}", self.theme.signs.driver_selected, driver.id);
            self.sign_with_name(driver.place, &label, self.theme.driver_selected());
        }
    }

    /// A driver in hand: where it was, and where it is held.
    fn carried(&mut self, model: &Model) {
        if let Some(carry) = &model.map.carry {
            self.sign(carry.from, self.theme.signs.driver, self.theme.faint());
            let label = format!("{}{}", self.theme.signs.carried, carry.id);
            self.sign_with_name(carry.at, &label, self.theme.driver_selected());
        }
    }

    fn sign_with_name(&mut self, place: Point, label: &str, style: Style) {
        if let Some((x, y)) = self.cell(place) {
            let room = Rect { x, y, width: self.inside.right() - x, height: 1 };
            text::put(self.buffer, room, label, style, self.theme);
        }
    }

    /// Ids beside searches and drivers, where few are in sight and nothing else stands there.
    fn names(&mut self, model: &Model) {
        let waiting = || model.searches.all().filter(|row| row.is_waiting()).filter_map(|row| row.search.request());
        if waiting().take(MOST_NAMES + 1).count() <= MOST_NAMES {
            for request in waiting() {
                self.name(request.pickup, &request.id.to_string(), self.theme.pin());
            }
        }
        let drivers = &model.map.fleet.drivers;
        if drivers.len() > MOST_NAMES || !model.map.fleet.blocks.is_empty() {
            return;
        }
        for driver in drivers.iter().filter(|driver| Some(&driver.id) != model.map.selected.as_ref()) {
            self.name(driver.place, driver.id.as_str(), self.theme.faint());
        }
    }

    fn name(&mut self, place: Point, name: &str, style: Style) {
        let Some((x, y)) = self.cell(place) else { return };
        let width = u16::try_from(name.width()).unwrap_or(u16::MAX);
        let fits = x.saturating_add(width).saturating_add(1) < self.inside.right();
        let free = |x| self.buffer.cell((x, y)).is_some_and(|cell| cell.symbol() == " ");
        if fits && (x + 1..=x + width + 1).all(free) {
            self.buffer.set_string(x + 1, y, name, style);
        }
    }

    fn cursor(&mut self) {
        let (column, row) = self.projection.cursor_cell();
        let (x, y) = (self.inside.x + column, self.inside.y + row);
        // It does not hide what it points at.
        let style = self.theme.cursor();
        if let Some(cell) = self.buffer.cell_mut((x, y)) {
            if cell.symbol() == " " || cell.symbol() == self.theme.signs.grid {
                cell.set_symbol(self.theme.signs.cursor);
            }
            cell.set_style(style);
        }
    }

    /// How long a distance is, at the bottom right.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most a quarter of the width")]
    fn scale(&mut self) {
        let per_column = self.projection.metres_per_column;
        let most = per_column * (f64::from(self.inside.width) / 4.0).max(14.0);
        let metres = round_step(most / 2.0);
        let columns = (metres / per_column).round() as usize;
        let label = format!(" {} ", format_distance(metres));
        let (left, middle, right) = self.theme.signs.scale;
        let Some(line) = columns.checked_sub(label.width() + 2) else { return };
        let text = format!("{left}{}{label}{}{right}", middle.repeat(line / 2), middle.repeat(line - line / 2));
        let row = Rect {
            y: self.inside.bottom().saturating_sub(2),
            height: 1,
            width: self.inside.width.saturating_sub(1),
            ..self.inside
        };
        text::put_right(self.buffer, row, &text, self.theme.text(), self.theme);
    }
}

/// The middles of the cells between two sides, at least one.
fn inner(from: f64, to: f64) -> Vec<f64> {
    let (first, last) = (from.round() + 0.5, to.round());
    let mut middles: Vec<f64> =
        std::iter::successors(Some(first), |at| Some(at + 1.0)).take_while(|at| *at < last).take(300).collect();
    if middles.is_empty() {
        middles.push(f64::midpoint(from, to));
    }
    middles
}

/// The smallest of 1, 2, 5 times a power of ten that is not below this.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.max(1e-7).log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|n| n * power).find(|step| *step >= least).unwrap_or(10.0 * power)
}

/// The multiples of a step between two numbers.
fn steps(from: f64, to: f64, step: f64) -> impl Iterator<Item = f64> {
    let first = (from / step).ceil();
    std::iter::successors(Some(first), |n| Some(n + 1.0))
        .map(move |n| n * step)
        .take_while(move |at| *at <= to)
        .take(100)
}

/// Degrees with as many digits as the step needs.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 7")]
fn degrees(at: f64, step: f64) -> String {
    let digits = (-step.log10().floor()).clamp(0.0, 7.0) as usize;
    let text = format!("{at:.digits$}");
    if text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.') {
        text.trim_start_matches('-').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        for (least, step) in
            [(0.9, 1.0), (1.0, 1.0), (1.1, 2.0), (3.0, 5.0), (6.0, 10.0), (0.013, 0.02), (230.0, 500.0)]
        {
            assert!((round_step(least) - step).abs() < 1e-9, "{least}");
        }
    }

    #[test]
    fn degrees_have_the_digits_they_need() {
        assert_eq!(degrees(-33.44, 0.02), "-33.44");
        assert_eq!(degrees(-0.000_01, 0.1), "0.0");
        assert_eq!(degrees(20.0, 10.0), "20");
    }
}
