//! The map's instruments: the radius, the way to the nearest drivers, trails, bookmarks, the measure and the cursor.

use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::paper::{DOTS, Paper};
use super::what::What;
use crate::console::model::{Model, Trails};
use crate::console::view::text;
use crate::console::wording;
use crate::domain::{DriverId, Point, RequestId};

/// So many neighbours of a search are told by their ids; of more, by their ranks.
const FEW: usize = 3;
/// So many of them get a line.
const MOST_NEIGHBOURS: usize = 3;

impl Paper<'_> {
    /// The radius of the selected search: a true circle on the ground.
    pub(super) fn radius(&mut self, model: &Model) {
        let Some((_, pickup, radius_m)) = waiting(model) else { return };
        let around = std::f64::consts::TAU * radius_m / self.projection.metres_per_column;
        // A dot for each half of a column around, within reason.
        let dots = (around * DOTS.0).clamp(24.0, 4_000.0);
        let mut bearing = 0.0;
        while bearing < 360.0 {
            self.dot(pickup.destination(bearing, radius_m), What::Circle);
            bearing += 360.0 / dots;
        }
    }

    /// A line from a pickup to each of the drivers near it, told with their distances in metres, the nearest first.
    pub(super) fn neighbours(&mut self, pickup: Point, drivers: &[(DriverId, Point, f64)]) {
        for (_, place, _) in drivers {
            self.line([pickup, *place], What::Neighbour, 2);
        }
        let (_, style) = What::Neighbour.look(self.theme);
        for (rank, (id, place, _)) in (1..).zip(drivers) {
            let rank: u32 = rank;
            let name = if drivers.len() <= FEW { id.to_string() } else { rank.to_string() };
            // In a crowd nobody has a dot yet; who has one keeps it, with what it says of the age.
            if self.cell(*place).is_some_and(|at| self.there(at) < What::Stale) {
                self.dot(*place, What::Fresh);
            }
            self.name(*place, &name, style, What::Neighbour);
        }
    }

    /// The neighbours of the selected search.
    pub(super) fn nearest(&mut self, model: &Model) {
        let Some((id, pickup, _)) = waiting(model) else { return };
        let Some(around) = model.detail.around(id) else { return };
        let named = around.nearest.iter().take(MOST_NEIGHBOURS).map(|near| {
            let driver = &near.candidate.driver;
            (driver.id.clone(), driver.place, near.candidate.distance_m)
        });
        self.neighbours(pickup, &named.collect::<Vec<_>>());
    }

    /// Where drivers came from.
    pub(super) fn trails(&mut self, model: &Model) {
        for path in model.map.trails.iter().flat_map(Trails::paths) {
            self.line(path, What::Trail, 1);
        }
    }

    /// The places to come back to.
    pub(super) fn bookmarks(&mut self, model: &Model) {
        for bookmark in model.memory.bookmarks.iter() {
            if let Some(place) = bookmark.place() {
                self.sign(place, What::Bookmark);
                self.name(place, &bookmark.name, What::Bookmark.look(self.theme).1, What::Name);
            }
        }
    }

    /// The line that is being measured.
    pub(super) fn measure(&mut self, model: &Model) {
        let Some(from) = model.map.measuring else { return };
        self.line([from, self.projection.cursor()], What::Measure, 1);
        let (_, style) = What::Measure.look(self.theme);
        if let Some(at) = self.cell(from) {
            self.set(at, self.theme.signs.cursor, style, What::Measure);
        }
    }

    /// What was measured so far, below the cursor.
    pub(super) fn measured(&mut self, model: &Model) {
        let Some(from) = model.map.measuring else { return };
        let label = format!(" {} ", wording::way(from, self.projection.cursor()));
        let (column, row) = self.projection.cursor_cell();
        let width = u16::try_from(label.width()).unwrap_or(u16::MAX).min(self.inside.width);
        let left = column.saturating_sub(width / 2).min(self.inside.width - width);
        let line = Rect { x: self.inside.x + left, y: self.inside.y + row + 1, width, height: 1 };
        let (_, style) = What::Measure.look(self.theme);
        text::put(self.buffer, line.intersection(self.inside), &label, style, self.theme);
    }

    pub(super) fn cursor(&mut self) {
        let (column, row) = self.projection.cursor_cell();
        let at = (self.inside.x + column, self.inside.y + row);
        // It does not hide whom it points at.
        let free = self.there(at) <= What::Name || self.there(at) == What::Measure;
        let (sign, style) = (self.theme.signs.cursor, self.theme.cursor());
        if let Some(cell) = self.buffer.cell_mut(at) {
            if free {
                cell.set_symbol(sign);
            }
            cell.set_style(style);
        }
    }
}

/// The selected search, its place, and its radius in metres, if it waits and these are known.
fn waiting(model: &Model) -> Option<(RequestId, Point, f64)> {
    let selected = model.searches.selected().filter(|row| row.is_waiting());
    selected.and_then(|row| Some((row.search.id, row.search.pickup()?, row.search.radius_m()?)))
}
