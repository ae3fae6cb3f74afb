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

mod grid;
mod paper;

use std::fmt::Write;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::pane;
use crate::console::model::{Model, Pane};
use crate::console::projection::Projection;
use crate::console::theme::Theme;
use crate::console::wording;
use crate::domain::{Block, format_distance};

use paper::{DOTS, Paper};

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

impl Paper<'_> {
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
