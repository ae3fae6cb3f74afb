//! The map: what part of the earth it shows, who is on it, and who is selected or carried.

use super::density::Density;
use super::trails::Trails;
use crate::console::projection::{Projection, SCALES};
use crate::domain::{DriverId, FleetView, Point, Sighting, StreamId};

/// How much one step of the zoom changes the scale.
const ZOOM_STEP: f64 = 1.5;
/// Where the map is before anything is known: the article's rider, and the city around.
const HOME: (f64, f64, f64) = (-33.442_62, -70.630_54, 250.0);

/// From this size on, in columns and rows, there is room for a legend on the map.
const LEGEND_FROM: (u16, u16) = (60, 16);

/// A driver in the operator's hand.
#[derive(Debug, Clone, PartialEq)]
pub struct Carry {
    /// Who.
    pub id: DriverId,
    /// Taken up there.
    pub from: Point,
    /// Held there.
    pub at: Point,
    /// The last event that was known when it was taken up: what comes after it happened meanwhile.
    pub since: StreamId,
}

/// The state of the map.
#[derive(Debug, Clone)]
pub struct MapModel {
    /// The part of the earth in sight.
    pub projection: Projection,
    /// The drivers in it, as last read.
    pub fleet: FleetView,
    /// How thick crowds are drawn.
    pub density: Density,
    /// For which part of the earth that was settled; none where other drivers have come in since.
    settled_for: Option<Projection>,
    /// The driver who is selected.
    pub selected: Option<DriverId>,
    /// The driver who is carried.
    pub carry: Option<Carry>,
    /// Where drivers came from, while that is shown.
    pub trails: Option<Trails>,
    /// Where measuring began; it goes on to the cursor.
    pub measuring: Option<Point>,
    /// The operator wants the legend, or does not; before that was said, it is shown where there is room.
    pub legend: Option<bool>,
    /// The map has been fitted to what there is; before that nothing is read for it.
    pub fitted: bool,
    /// The extent has been asked for, and not been told yet.
    pub fitting: bool,
    /// As it was fitted before all who wait were known.
    pub provisional: Option<Projection>,
}

impl Default for MapModel {
    fn default() -> Self {
        let (lat, lng, metres_per_column) = HOME;
        let projection = Projection { centre: Point::clamped(lat, lng), metres_per_column, columns: 1, rows: 1 };
        Self {
            projection,
            fleet: FleetView::default(),
            density: Density::default(),
            settled_for: None,
            selected: None,
            carry: None,
            trails: None,
            measuring: None,
            legend: None,
            fitted: false,
            fitting: false,
            provisional: None,
        }
    }
}

impl MapModel {
    /// The selected driver, if in sight.
    #[must_use]
    pub fn selected_driver(&self) -> Option<&Sighting> {
        self.selected.as_ref().and_then(|id| self.driver(id))
    }

    /// A driver in sight.
    #[must_use]
    pub fn driver(&self, id: &DriverId) -> Option<&Sighting> {
        let found = self.fleet.drivers.binary_search_by(|driver| driver.id.cmp(id));
        found.ok().and_then(|i| self.fleet.drivers.get(i))
    }

    /// Pans by so many columns to the east and rows to the south.
    pub fn pan(&mut self, columns: f64, rows: f64) {
        let (width, height) = (f64::from(self.projection.columns), f64::from(self.projection.rows));
        self.projection.centre = self.projection.to_place(width / 2.0 + columns, height / 2.0 + rows);
    }

    /// Moves the map so that this place stands at this column and row, fractions of a cell included. Whoever drags the map
    /// holds the place that was taken hold of under the mouse so, without any drift.
    pub fn hold(&mut self, place: Point, column: f64, row: f64) {
        let map = &mut self.projection;
        let (width, height) = (f64::from(map.columns), f64::from(map.rows));
        // How long a degree of longitude is depends on the latitude of the centre, so that comes first.
        map.centre = Point::clamped(place.lat() - (height / 2.0 - row) * map.row_deg(), place.lng());
        let lng = place.lng() - (column - width / 2.0) * map.column_deg();
        map.centre = Point::clamped(map.centre.lat(), lng);
    }

    /// Zooms by steps, in where they are positive, about the cursor, which stays on its place.
    pub fn zoom(&mut self, steps: i32) {
        let (column, row) = self.projection.cursor_cell();
        self.zoom_about(column, row, steps);
    }

    /// Zooms by steps, in where they are positive, about a cell of the map: the place in its middle stays there.
    pub fn zoom_about(&mut self, column: u16, row: u16, steps: i32) {
        let (column, row) = (f64::from(column) + 0.5, f64::from(row) + 0.5);
        let place = self.projection.to_place(column, row);
        self.scale(self.projection.metres_per_column * ZOOM_STEP.powi(-steps));
        self.hold(place, column, row);
    }

    fn scale(&mut self, metres_per_column: f64) {
        self.projection.metres_per_column = metres_per_column.clamp(SCALES.0, SCALES.1);
    }

    /// Puts the cursor on this place.
    pub fn centre_cursor_on(&mut self, place: Point) {
        let (column, row) = self.projection.cursor_cell();
        self.hold(place, f64::from(column) + 0.5, f64::from(row) + 0.5);
    }

    /// Shows this place, under the cursor: from now on it is the operator who says what is in sight.
    pub fn go_to(&mut self, place: Point) {
        self.centre_cursor_on(place);
        self.fitted = true;
    }

    /// Shows this place at this scale, in metres a column.
    pub fn look_at(&mut self, place: Point, metres_per_column: f64) {
        self.scale(metres_per_column);
        self.go_to(place);
    }

    /// Takes in who is in sight.
    pub fn take_fleet(&mut self, fleet: FleetView) {
        if let Some(trails) = &mut self.trails {
            trails.take(fleet.drivers.iter().map(|driver| (&driver.id, driver.place)));
        }
        self.fleet = fleet;
        self.settled_for = None;
    }

    /// Settles how thick crowds are drawn, where those in sight or their scale have changed.
    pub(super) fn settle(&mut self) {
        if self.settled_for != Some(self.projection) {
            self.settled_for = Some(self.projection);
            self.density = self.density.settled(&self.fleet.blocks, &self.projection);
        }
    }

    /// Whether the legend is shown: as the operator said, and else where there is room for it.
    #[must_use]
    pub fn shows_legend(&self) -> bool {
        let Projection { columns, rows, .. } = self.projection;
        self.legend.unwrap_or(columns >= LEGEND_FROM.0 && rows >= LEGEND_FROM.1)
    }

    /// Selects the next driver in sight, or the previous one, in the order of their ids. They go round.
    pub fn select_next(&mut self, forward: bool) {
        let drivers = &self.fleet.drivers;
        let count = drivers.len();
        let position = self.selected.as_ref().and_then(|id| drivers.binary_search_by(|driver| driver.id.cmp(id)).ok());
        let next = match (position, forward) {
            (_, _) if count == 0 => return,
            (None, true) => 0,
            (None, false) => count - 1,
            (Some(i), true) => (i + 1) % count,
            (Some(i), false) => (i + count - 1) % count,
        };
        self.selected = drivers.get(next).map(|driver| driver.id.clone());
    }

    /// Moves the driver in hand by so many cells, and the map along where the driver would leave it.
    pub fn carry_by(&mut self, columns: f64, rows: f64) {
        let Some(carry) = &mut self.carry else { return };
        let (column, row) = self.projection.to_cell(carry.at);
        carry.at = self.projection.to_place(column + columns, row + rows);
        let at = carry.at;
        self.bring_into_sight(at);
    }

    /// Pans just so far that the place is in sight.
    pub fn bring_into_sight(&mut self, place: Point) {
        let (column, row) = self.projection.to_cell(place);
        let (width, height) = (f64::from(self.projection.columns), f64::from(self.projection.rows));
        let off = |at: f64, length: f64| at - at.clamp(1.0, (length - 1.0).max(1.0));
        self.pan(off(column, width), off(row, height));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_held_stays_under_the_mouse(lat in -60.0..60.0f64, lng in -179.0..179.0f64, scale in 0.5..1_000.0f64, column in 0..80_u16, row in 0..24_u16, steps in -3..4_i32) {
            let projection = Projection { centre: Point::new(lat, lng).unwrap(), metres_per_column: scale, columns: 80, rows: 24 };
            let mut map = MapModel { projection, ..MapModel::default() };
            let held = map.projection.to_place(f64::from(column) + 0.5, f64::from(row) + 0.5);
            map.zoom_about(column, row, steps);
            let at = map.projection.to_cell(held);
            prop_assert!((at.0 - f64::from(column) - 0.5).abs() < 1e-6 && (at.1 - f64::from(row) - 0.5).abs() < 1e-6, "{at:?}");
            map.hold(held, 3.25, 7.75);
            let at = map.projection.to_cell(held);
            prop_assert!((at.0 - 3.25).abs() < 1e-6 && (at.1 - 7.75).abs() < 1e-6, "{at:?}");
        }
    }
}
