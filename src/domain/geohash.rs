//! The grid on which Redis keeps places: a GEO set is a sorted set whose scores are 52-bit geohashes.
//!
//! A hash has 26 bits of longitude over ±180° and 26 bits of latitude over ±85.05112878°, interleaved; counted from the
//! least significant bit the even ones are latitude's and the odd ones longitude's (`geohash.c`). A cell of a coarser grid
//! is named by the first bits of a hash, and is therefore one range of scores, so `ZCOUNT` counts its drivers in O(log n).

use super::{Bounds, MAX_LAT, MAX_LNG, Point};

/// Bits each way of the finest grid, on which Redis keeps its places.
pub const FINEST: u8 = 26;
/// Bits of a whole hash.
const ALL: u8 = 2 * FINEST;

/// One cell of a grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cell {
    /// Bits of the hash that name it, 2 to 52. The first one is longitude's, the second latitude's, and so on.
    bits: u8,
    /// Cells to the east of -180°.
    x: u32,
    /// Cells to the north of -85.05112878°.
    y: u32,
}

impl Cell {
    /// The cell in which the place lies of the grid with so many bits each way, 1 to 26: 360°/2^step wide and 170.1°/2^step high.
    #[must_use]
    pub fn containing(place: Point, step: u8) -> Self {
        Self::holding(place, 2 * step.clamp(1, FINEST))
    }

    /// The same for a grid by all its bits.
    fn holding(place: Point, bits: u8) -> Self {
        let (across, up) = each_way(bits);
        Self { bits, x: index(place.lng(), MAX_LNG, across), y: index(place.lat(), MAX_LAT, up) }
    }

    /// The cell of the finest grid with this score, as a GEO set has it. A foreign score beyond 52 bits lies on the edge, where
    /// Redis puts it too.
    #[must_use]
    pub fn from_score(score: u64) -> Self {
        // Redis puts the very edge of the earth one cell further.
        const LAST: u32 = 1 << FINEST;
        Self { bits: ALL, x: gather(score >> 1).min(LAST), y: gather(score).min(LAST) }
    }

    /// How many bits of a hash name it, 2 to 52: the more, the smaller it is.
    #[must_use]
    pub fn bits(self) -> u8 {
        self.bits
    }

    /// The scores of the places in this cell: from the first on, below the second.
    #[must_use]
    pub fn scores(self) -> (u64, u64) {
        let (across, up) = each_way(self.bits);
        let first = spread(self.y << (FINEST - up)) | spread(self.x << (FINEST - across)) << 1;
        (first, first + (1 << (ALL - self.bits)))
    }

    /// The cells that it is cut into, in the order of their scores: four, or two where `bits` names no more; none on the finest
    /// grid.
    #[must_use]
    pub fn parts(self, bits: u8) -> Vec<Self> {
        let halves = self.halves().into_iter().flatten();
        if self.bits + 2 > bits.min(ALL) {
            halves.collect()
        } else {
            halves.filter_map(Self::halves).flatten().collect()
        }
    }

    /// Its western and eastern half, or its southern and northern, by turns.
    fn halves(self) -> Option<[Self; 2]> {
        let Self { bits, x, y } = self;
        let half = |n| match bits % 2 {
            0 => Self { bits: bits + 1, x: 2 * x + n, y },
            _ => Self { bits: bits + 1, x, y: 2 * y + n },
        };
        (bits < ALL).then(|| [half(0), half(1)])
    }

    /// The cell of the next coarser grid that it is a half of; itself on the coarsest.
    #[must_use]
    pub fn whole(self) -> Self {
        let Self { bits, x, y } = self;
        match bits {
            ..=2 => self,
            bits if bits % 2 == 1 => Self { bits: bits - 1, x: x / 2, y },
            _ => Self { bits: bits - 1, x, y: y / 2 },
        }
    }

    /// The cell's sides.
    #[must_use]
    pub fn bounds(self) -> Bounds {
        let (across, up) = each_way(self.bits);
        let (south, north) = side(self.y, MAX_LAT, up);
        let (west, east) = side(self.x, MAX_LNG, across);
        Bounds { south, north, west, east }
    }

    /// The place in its middle, which is what `GEOPOS` answers for a cell of the finest grid.
    #[must_use]
    pub fn centre(self) -> Point {
        let Bounds { south, north, west, east } = self.bounds();
        Point::clamped_to_grid(f64::midpoint(south, north), f64::midpoint(west, east))
    }
}

/// The cells that the rectangle touches of the grid with so many bits, row by row from the south-west.
#[must_use]
pub fn covering(bounds: Bounds, bits: u8) -> Vec<Cell> {
    let bits = bits.clamp(2, ALL);
    let first = Cell::holding(Point::clamped_to_grid(bounds.south, bounds.west), bits);
    let last = Cell::holding(Point::clamped_to_grid(bounds.north, bounds.east), bits);
    (first.y..=last.y).flat_map(|y| (first.x..=last.x).map(move |x| Cell { bits, x, y })).collect()
}

/// The bits of the finest grid on which the rectangle touches at most `most` cells.
#[must_use]
pub fn bits_for(bounds: Bounds, most: usize) -> u8 {
    (2..=ALL).rev().find(|&bits| count(bounds, bits) <= most).unwrap_or(2)
}

fn count(bounds: Bounds, bits: u8) -> usize {
    let (across, up) = each_way(bits);
    let columns = index(bounds.east, MAX_LNG, across) - index(bounds.west, MAX_LNG, across) + 1;
    let rows = index(bounds.north, MAX_LAT, up) - index(bounds.south, MAX_LAT, up) + 1;
    columns as usize * rows as usize
}

/// How many of so many bits are longitude's, and how many latitude's.
fn each_way(bits: u8) -> (u8, u8) {
    (bits.div_ceil(2), bits / 2)
}

impl Point {
    /// Unlike [`Point::clamped`] this stops at ±180° and does not go round: a rectangle's side stays on its side.
    fn clamped_to_grid(lat: f64, lng: f64) -> Self {
        Self::clamped(lat, lng.clamp(-MAX_LNG, MAX_LNG))
    }
}

/// How many cells a grid has in a direction.
fn cells(bits: u8) -> f64 {
    f64::from(1_u32 << bits)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "brought into the range of the grid just before"
)]
fn index(degrees: f64, max: f64, bits: u8) -> u32 {
    let cells = cells(bits);
    ((degrees + max) / (2.0 * max) * cells).clamp(0.0, cells) as u32
}

fn side(index: u32, max: f64, bits: u8) -> (f64, f64) {
    let at = |i: u32| -max + f64::from(i) / cells(bits) * 2.0 * max;
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
        assert_eq!(covering(earth, 2).len(), 9, "two cells and the edge each way");
        assert_eq!([9, 14, 15, 81].map(|most| bits_for(earth, most)), [2, 2, 3, 6]);
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
        fn parts_share_out_the_scores(place in any_place(), bits in 2..ALL, to in 2..=ALL) {
            let cell = Cell::holding(place, bits);
            let mut next = cell.scores().0;
            for part in cell.parts(to) {
                prop_assert_eq!(part.scores().0, next);
                prop_assert!(part.whole() == cell || part.whole().whole() == cell);
                let (inner, outer) = (part.bounds(), cell.bounds());
                prop_assert!(inner.west >= outer.west && inner.east <= outer.east);
                prop_assert!(inner.south >= outer.south && inner.north <= outer.north);
                next = part.scores().1;
            }
            prop_assert_eq!(next, cell.scores().1);
        }

        #[test]
        fn a_place_in_a_rectangle_is_in_one_cell_of_its_cover(a in any_place(), b in any_place(), bits in 2..16_u8) {
            let bounds = Bounds::around([a, b]).unwrap();
            let middle = bounds.centre();
            let score = Cell::containing(middle, FINEST).scores().0;
            let holders = covering(bounds, bits).into_iter().filter(|c| (c.scores().0..c.scores().1).contains(&score)).count();
            prop_assert_eq!(holders, 1);
        }
    }
}
