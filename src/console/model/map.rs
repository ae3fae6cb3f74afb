//! The map: what part of the earth it shows, who is on it, and who is selected or carried.

use crate::console::projection::{Projection, SCALES};
use crate::domain::{DriverId, FleetView, Point, Sighting};

/// How much one step of the zoom changes the scale.
const ZOOM_STEP: f64 = 1.5;
/// Where the map is before anything is known: the article's rider, and the city around.
const HOME: (f64, f64, f64) = (-33.442_62, -70.630_54, 250.0);

/// A driver in the operator's hand.
#[derive(Debug, Clone, PartialEq)]
pub struct Carry {
    /// Who.
    pub id: DriverId,
    /// Taken up there.
    pub from: Point,
    /// Held there.
    pub at: Point,
}

/// The state of the map.
#[derive(Debug, Clone)]
pub struct MapModel {
    /// The part of the earth in sight.
    pub projection: Projection,
    /// The drivers in it, as last read.
    pub fleet: FleetView,
    /// The driver who is selected.
    pub selected: Option<DriverId>,
    /// The driver who is carried.
    pub carry: Option<Carry>,
    /// The map has been fitted to what there is; before that nothing is read for it.
    pub fitted: bool,
    /// The extent has been asked for, and not been told yet.
    pub fitting: bool,
}

impl Default for MapModel {
    fn default() -> Self {
        let (lat, lng, metres_per_column) = HOME;
        let projection = Projection { centre: Point::clamped(lat, lng), metres_per_column, columns: 1, rows: 1 };
        Self { projection, fleet: FleetView::default(), selected: None, carry: None, fitted: false, fitting: false }
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

    /// Zooms by steps, in where they are positive, about the cursor, which stays on its place.
    pub fn zoom(&mut self, steps: i32) {
        let cursor = self.projection.cursor();
        let scale = self.projection.metres_per_column * ZOOM_STEP.powi(-steps);
        self.projection.metres_per_column = scale.clamp(SCALES.0, SCALES.1);
        self.centre_cursor_on(cursor);
    }

    /// Puts the cursor on this place.
    pub fn centre_cursor_on(&mut self, place: Point) {
        self.projection.centre = place;
        // The middle of an even number of cells lies between two of them; the cursor stands in the latter.
        let (column, row) = self.projection.cursor_cell();
        let (width, height) = (f64::from(self.projection.columns), f64::from(self.projection.rows));
        self.pan(width / 2.0 - f64::from(column) - 0.5, height / 2.0 - f64::from(row) - 0.5);
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
