//! From places on the earth to cells of the screen and back: an equirectangular map, true to scale at its centre.
//!
//! A degree of longitude is shorter than one of latitude by the cosine of the latitude, and a terminal's cell is about twice
//! as high as it is wide; both are reckoned in, so that a circle on the ground is a circle on the screen.

use crate::domain::{Bounds, EARTH_RADIUS_M, MAX_LAT, MAX_LNG, Point, View};

/// How much higher than wide a terminal's cell is.
pub const CELL_ASPECT: f64 = 2.0;
/// The closest and the farthest look, in metres a column.
pub const SCALES: (f64, f64) = (0.5, 200_000.0);

/// What a map of so many columns and rows shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Projection {
    /// The place in the middle.
    pub centre: Point,
    /// Metres from one column to the next.
    pub metres_per_column: f64,
    /// Width in cells.
    pub columns: u16,
    /// Height in cells.
    pub rows: u16,
}

impl Projection {
    /// Where a place stands: columns from the left, rows from the top, fractions of a cell included; often outside.
    #[must_use]
    pub fn to_cell(&self, place: Point) -> (f64, f64) {
        self.to_cells()(place)
    }

    /// The same for many places: what depends on the map alone is reckoned once.
    pub fn to_cells(&self) -> impl Fn(Point) -> (f64, f64) + use<> {
        let (centre, column_deg, row_deg) = (self.centre, self.column_deg(), self.row_deg());
        let (width, height) = (f64::from(self.columns), f64::from(self.rows));
        move |place| {
            let mut east = place.lng() - centre.lng();
            // The short way round the earth.
            if east.abs() > MAX_LNG {
                east -= 360.0 * east.signum();
            }
            let north = place.lat() - centre.lat();
            (width / 2.0 + east / column_deg, height / 2.0 - north / row_deg)
        }
    }

    /// The place in a cell, fractions of a cell included.
    #[must_use]
    pub fn to_place(&self, column: f64, row: f64) -> Point {
        let (width, height) = (f64::from(self.columns), f64::from(self.rows));
        let east = (column - width / 2.0) * self.column_deg();
        let north = (height / 2.0 - row) * self.row_deg();
        Point::clamped(self.centre.lat() + north, self.centre.lng() + east)
    }

    /// The middle of the cell in which the map's cursor stands: the cell at its centre.
    #[must_use]
    pub fn cursor_cell(&self) -> (u16, u16) {
        (self.columns / 2, self.rows / 2)
    }

    /// The place under the map's cursor.
    #[must_use]
    pub fn cursor(&self) -> Point {
        let (column, row) = self.cursor_cell();
        self.to_place(f64::from(column) + 0.5, f64::from(row) + 0.5)
    }

    /// Degrees of longitude from one column to the next.
    #[must_use]
    pub fn column_deg(&self) -> f64 {
        // Near the poles a degree is next to nothing; the edge of what Redis keeps is still a twelfth.
        self.metres_per_column / (metres_per_degree() * self.centre.lat().to_radians().cos())
    }

    /// Degrees of latitude from one row to the next.
    #[must_use]
    pub fn row_deg(&self) -> f64 {
        self.metres_per_column * CELL_ASPECT / metres_per_degree()
    }

    /// How many cells of the screen a part of the earth covers, in sight or not.
    #[must_use]
    pub fn cells_in(&self, bounds: Bounds) -> f64 {
        (bounds.east - bounds.west) / self.column_deg() * (bounds.north - bounds.south) / self.row_deg()
    }

    /// What is in sight.
    #[must_use]
    pub fn view(&self) -> View {
        let half_height = f64::from(self.rows) / 2.0 * self.row_deg();
        let half_width = f64::from(self.columns) / 2.0 * self.column_deg();
        let (lat, lng) = (self.centre.lat(), self.centre.lng());
        let bounds = Bounds {
            south: (lat - half_height).max(-MAX_LAT),
            north: (lat + half_height).min(MAX_LAT),
            west: (lng - half_width).max(-MAX_LNG),
            east: (lng + half_width).min(MAX_LNG),
        };
        View { bounds, column_deg: self.column_deg() }
    }

    /// The same map, so moved and scaled that these bounds are in sight with a margin. One place alone is shown as a
    /// quarter, not as a doorstep.
    #[must_use]
    pub fn fitted(self, bounds: Bounds) -> Self {
        const LEAST_M: f64 = 25.0;
        const FILLED: f64 = 0.85;
        let centre = bounds.centre();
        let height_m = (bounds.north - bounds.south) * metres_per_degree();
        let width_m = (bounds.east - bounds.west) * metres_per_degree() * centre.lat().to_radians().cos();
        let across = width_m / (f64::from(self.columns.max(1)) * FILLED);
        let down = height_m / (f64::from(self.rows.max(1)) * CELL_ASPECT * FILLED);
        Self { centre, metres_per_column: across.max(down).clamp(LEAST_M, SCALES.1), ..self }
    }
}

fn metres_per_degree() -> f64 {
    EARTH_RADIUS_M.to_radians()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn map(lat: f64, lng: f64, scale: f64) -> Projection {
        Projection { centre: Point::new(lat, lng).unwrap(), metres_per_column: scale, columns: 80, rows: 24 }
    }

    #[test]
    fn a_circle_on_the_ground_is_a_circle_on_the_screen() {
        let map = map(-33.45, -70.66, 100.0);
        for bearing in [0.0, 45.0, 90.0, 180.0, 270.0] {
            let (column, row) = map.to_cell(map.centre.destination(bearing, 2_000.0));
            let radius = ((column - 40.0).powi(2) + ((row - 12.0) * CELL_ASPECT).powi(2)).sqrt();
            assert!((radius - 20.0).abs() < 0.02, "{bearing}: {radius}");
        }
    }

    #[test]
    fn the_short_way_round_the_earth_is_taken() {
        let map = map(0.0, 179.99, 100.0);
        let (column, _) = map.to_cell(Point::new(0.0, -179.99).unwrap());
        assert!((column - 40.0 - 22.2).abs() < 0.1, "{column}");
    }

    #[test]
    fn a_fit_shows_all_with_a_margin() {
        let bounds = Bounds { south: -33.6, north: -33.3, west: -70.9, east: -70.5 };
        let fitted = map(0.0, 0.0, 1.0).fitted(bounds);
        for corner in bounds.corners() {
            let (column, row) = fitted.to_cell(corner);
            assert!((1.0..79.0).contains(&column) && (1.0..23.0).contains(&row), "{column} {row}");
        }
        let alone = Bounds::around([Point::new(1.0, 1.0).unwrap()]).unwrap();
        assert!((map(0.0, 0.0, 1.0).fitted(alone).metres_per_column - 25.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn a_cell_leads_back_to_its_place(lat in -80.0..80.0f64, lng in -170.0..170.0f64, column in 0.0..80.0f64, row in 0.0..24.0f64, scale in 0.5..5_000.0f64) {
            let map = map(lat, lng, scale);
            let place = map.to_place(column, row);
            prop_assume!(place.lat().abs() < MAX_LAT);
            let (c, r) = map.to_cell(place);
            prop_assert!((c - column).abs() < 1e-6 && (r - row).abs() < 1e-6);
        }

        #[test]
        fn what_is_on_the_screen_is_in_the_view(lat in -60.0..60.0f64, lng in -170.0..170.0f64, column in 0.1..79.9f64, row in 0.1..23.9f64) {
            let map = map(lat, lng, 300.0);
            prop_assert!(map.view().bounds.contains(map.to_place(column, row)));
        }
    }
}
