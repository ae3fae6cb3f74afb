//! The grid on which Redis keeps places: a GEO set is a sorted set whose scores are 52-bit geohashes.
//!
//! A hash has 26 bits of longitude over ±180° and 26 bits of latitude over ±85.05112878°, interleaved; counted from the
//! least significant bit the even ones are latitude's and the odd ones longitude's (`geohash.c`). A cell of a coarser
//! grid, `step` bits each way, is therefore one range of scores, so `ZCOUNT` counts its drivers in O(log n).

use super::{Bounds, MAX_LAT, MAX_LNG, Point};

/// Bits each way of the finest grid, on which Redis keeps its places.
pub const FINEST: u8 = 26;

/// One cell of the grid with `step` bits each way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cell {
    /// Bits each way, 1 to 26. A cell is 360°/2^step wide and 170.1°/2^step high.
    step: u8,
    /// Cells to the east of -180°.
    x: u32,
    /// Cells to the north of -85.05112878°.
    y: u32,
}

impl Cell {
    /// The cell of this grid in which the place lies. `step` is brought into 1 to 26.
    #[must_use]
    pub fn containing(place: Point, step: u8) -> Self {
        let step = step.clamp(1, FINEST);
        Self { step, x: index(place.lng(), MAX_LNG, step), y: index(place.lat(), MAX_LAT, step) }
    }

    /// The cell of the finest grid with this score, as a GEO set has it. A foreign score beyond 52 bits lies on the edge, where
    /// Redis puts it too.
    #[must_use]
    pub fn from_score(score: u64) -> Self {
        // Redis puts the very edge of the earth one cell further.
        const LAST: u32 = 1 << FINEST;
        Self { step: FINEST, x: gather(score >> 1).min(LAST), y: gather(score).min(LAST) }
    }

    /// Bits each way.
    #[must_use]
    pub fn step(self) -> u8 {
        self.step
    }

    /// The scores of the places in this cell: from the first on, below the second.
    #[must_use]
    pub fn scores(self) -> (u64, u64) {
        let hash = spread(self.y) | spread(self.x) << 1;
        let shift = 2 * (FINEST - self.step);
        (hash << shift, (hash + 1) << shift)
    }

    /// The four cells of the next finer grid that make up this one, in the order of their scores; none on the finest.
    #[must_use]
    pub fn quarters(self) -> Vec<Self> {
        if self.step == FINEST {
            return Vec::new();
        }
        let (step, x, y) = (self.step + 1, self.x * 2, self.y * 2);
        [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(dx, dy)| Self { step, x: x + dx, y: y + dy }).to_vec()
    }

    /// The cell's sides.
    #[must_use]
    pub fn bounds(self) -> Bounds {
        let (south, north) = side(self.y, MAX_LAT, self.step);
        let (west, east) = side(self.x, MAX_LNG, self.step);
        Bounds { south, north, west, east }
    }

    /// The place in its middle, which is what `GEOPOS` answers for a cell of the finest grid.
    #[must_use]
    pub fn centre(self) -> Point {
        let Bounds { south, north, west, east } = self.bounds();
        Point::clamped_to_grid(f64::midpoint(south, north), f64::midpoint(west, east))
    }
}

/// The cells of the grid `step` that the rectangle touches, row by row from the south-west.
#[must_use]
pub fn covering(bounds: Bounds, step: u8) -> Vec<Cell> {
    let first = Cell::containing(Point::clamped_to_grid(bounds.south, bounds.west), step);
    let last = Cell::containing(Point::clamped_to_grid(bounds.north, bounds.east), step);
    (first.y..=last.y).flat_map(|y| (first.x..=last.x).map(move |x| Cell { step: first.step, x, y })).collect()
}

/// The finest grid on which the rectangle touches at most `most` cells.
#[must_use]
pub fn step_for(bounds: Bounds, most: usize) -> u8 {
    (1..=FINEST).rev().find(|&step| count(bounds, step) <= most).unwrap_or(1)
}

/// The finest grid whose cells are at least this many degrees of longitude wide.
#[must_use]
pub fn step_of_width(degrees: f64) -> u8 {
    (1..=FINEST).rev().find(|&step| 2.0 * MAX_LNG / cells(step) >= degrees).unwrap_or(1)
}

fn count(bounds: Bounds, step: u8) -> usize {
    let columns = index(bounds.east, MAX_LNG, step) - index(bounds.west, MAX_LNG, step) + 1;
    let rows = index(bounds.north, MAX_LAT, step) - index(bounds.south, MAX_LAT, step) + 1;
    columns as usize * rows as usize
}

impl Point {
    /// Unlike [`Point::clamped`] this stops at ±180° and does not go round: a rectangle's side stays on its side.
    fn clamped_to_grid(lat: f64, lng: f64) -> Self {
        Self::clamped(lat, lng.clamp(-MAX_LNG, MAX_LNG))
    }
}

/// How many cells a grid has in each direction.
fn cells(step: u8) -> f64 {
    f64::from(1_u32 << step)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "brought into the range of the grid just before"
)]
fn index(degrees: f64, max: f64, step: u8) -> u32 {
    let cells = cells(step);
    ((degrees + max) / (2.0 * max) * cells).clamp(0.0, cells) as u32
}

fn side(index: u32, max: f64, step: u8) -> (f64, f64) {
    let at = |i: u32| -max + f64::from(i) / cells(step) * 2.0 * max;
    (at(index), at(index + 1))
}

/// Puts the bits of a number onto the even bits of a longer one ("interleave bits by binary magic numbers").
fn spread(n: u32) -> u64 {
    let mut n = u64::from(n);
    n = (n | n << 16) & 0x0000_FFFF_0000_FFFF;
    n = (n | n << 8) & 0x00FF_00FF_00FF_00FF;
    n = (n | n << 4) & 0x0F0F_0F0F_0F0F_0F0F;
    n = (n | n << 2) & 0x3333_3333_3333_3333;
    (n | n << 1) & 0x5555_5555_5555_5555
}

/// The way back: the even bits of a number.
#[expect(clippy::cast_possible_truncation, reason = "32 bits are left")]
fn gather(n: u64) -> u32 {
    let mut n = n & 0x5555_5555_5555_5555;
    n = (n | n >> 1) & 0x3333_3333_3333_3333;
    n = (n | n >> 2) & 0x0F0F_0F0F_0F0F_0F0F;
    n = (n | n >> 4) & 0x00FF_00FF_00FF_00FF;
    n = (n | n >> 8) & 0x0000_FFFF_0000_FFFF;
    (n | n >> 16) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_place() -> impl Strategy<Value = Point> {
        (-MAX_LAT..=MAX_LAT, -MAX_LNG..=MAX_LNG).prop_map(|(lat, lng)| Point::new(lat, lng).unwrap())
    }

    #[test]
    fn the_whole_earth_is_covered_by_the_coarsest_grid() {
        let earth = Bounds { south: -MAX_LAT, north: MAX_LAT, west: -MAX_LNG, east: MAX_LNG };
        assert_eq!(covering(earth, 1).len(), 9, "two cells and the edge each way");
        assert_eq!(step_for(earth, 9), 1);
        assert_eq!(step_for(earth, 81), 3);
    }

    #[test]
    fn a_foreign_score_beyond_the_grid_is_on_its_edge() {
        for score in [1 << 54, u64::MAX] {
            let cell = Cell::from_score(score);
            assert!(cell.bounds().north >= MAX_LAT || cell.bounds().east >= MAX_LNG, "{cell:?}");
            assert!(cell.scores().0 <= 0b11 << 52 && cell.centre().lat() <= MAX_LAT, "{cell:?}");
        }
    }

    proptest! {
        #[test]
        fn a_score_leads_back_to_its_cell(place in any_place()) {
            let cell = Cell::containing(place, FINEST);
            prop_assert_eq!(Cell::from_score(cell.scores().0), cell);
            prop_assert!(cell.centre().distance_m(place) < 0.7);
        }

        #[test]
        fn quarters_share_out_the_scores(place in any_place(), step in 1..FINEST) {
            let cell = Cell::containing(place, step);
            let mut next = cell.scores().0;
            for quarter in cell.quarters() {
                prop_assert_eq!(quarter.scores().0, next);
                next = quarter.scores().1;
            }
            prop_assert_eq!(next, cell.scores().1);
        }

        #[test]
        fn a_place_in_a_rectangle_is_in_one_cell_of_its_cover(a in any_place(), b in any_place(), step in 1..8_u8) {
            let bounds = Bounds::around([a, b]).unwrap();
            let middle = bounds.centre();
            let score = Cell::containing(middle, FINEST).scores().0;
            let holders = covering(bounds, step).into_iter().filter(|c| (c.scores().0..c.scores().1).contains(&score)).count();
            prop_assert_eq!(holders, 1);
        }
    }
}
