//! How thick crowds are drawn: steps that spread over what is in sight, however many drivers that are.

use crate::console::projection::Projection;
use crate::domain::Block;

/// So many steps there are, each with a sign and a colour of its own.
pub const STEPS: usize = 4;
/// From one step to the next there are this many times the drivers at the least: less is chance.
const LEAST_FACTOR: f64 = 1.5;
/// The steps stay where they are until the thinnest or the thickest crowd is off by more than this factor: a picture whose
/// signs change their meaning cannot be compared with that of a moment ago.
const STABLE: f64 = 2.0;

/// The steps, in drivers in a cell of the screen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Density {
    /// The thinnest and the thickest crowd for which they were made.
    spread: (f64, f64),
    from: [f64; STEPS],
}

impl Default for Density {
    fn default() -> Self {
        Self::over(1.0, 81.0)
    }
}

impl Density {
    /// Steps as far apart as each other on a logarithmic scale.
    fn over(thinnest: f64, thickest: f64) -> Self {
        // There are four of them.
        let factor = (thickest / thinnest).powf(0.25).max(LEAST_FACTOR);
        let mut at = thinnest;
        let from = [(); STEPS].map(|()| {
            let from = readable(at);
            at *= factor;
            from
        });
        Self { spread: (thinnest, thickest), from }
    }

    /// The steps for these crowds on this map: the same as they are, where those will do.
    #[must_use]
    pub fn settled(self, blocks: &[Block], map: &Projection) -> Self {
        let in_cells = blocks.iter().map(|block| in_a_cell(block, map)).filter(|density| *density > 0.0);
        let spread = in_cells.fold(None, |spread: Option<(f64, f64)>, density| {
            let (low, high) = spread.unwrap_or((density, density));
            Some((low.min(density), high.max(density)))
        });
        let Some((low, high)) = spread else { return self };
        let is_off = |now: f64, then: f64| now > then * STABLE || now * STABLE < then;
        if is_off(low, self.spread.0) || is_off(high, self.spread.1) { Self::over(low, high) } else { self }
    }

    /// The step of a crowd, 0 for the thinnest.
    #[must_use]
    pub fn step(&self, block: &Block, map: &Projection) -> usize {
        let density = in_a_cell(block, map);
        self.from.iter().skip(1).filter(|from| density >= **from).count()
    }

    /// From how many drivers in a cell of the screen on each step is drawn. What is thinner than the first is drawn as that.
    #[must_use]
    pub fn steps(&self) -> [f64; STEPS] {
        self.from
    }
}

/// How many drivers of a crowd there are in a cell of the screen. A crowd in less than a cell has it for its own.
#[expect(clippy::cast_precision_loss, reason = "a density, not a count")]
fn in_a_cell(block: &Block, map: &Projection) -> f64 {
    block.count as f64 / map.cells_in(block.cell.bounds()).max(1.0)
}

/// A number of two digits, which can be read at a glance.
fn readable(number: f64) -> f64 {
    let digit = 10_f64.powf(number.max(0.01).log10().floor() - 1.0);
    (number / digit).round() * digit
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::console::fixtures::place;
    use crate::domain::geohash::Cell;

    fn map() -> Projection {
        Projection { centre: place(-33.44, -70.63), metres_per_column: 200.0, columns: 100, rows: 40 }
    }

    /// Crowds in a row, one beside the other.
    fn crowds(counts: &[u64]) -> Vec<Block> {
        let at = |i: u32| Cell::containing(place(-33.44, -70.70 + 0.01 * f64::from(i)), 16);
        (0..).zip(counts).map(|(i, &count)| Block { cell: at(i), count }).collect()
    }

    #[test]
    fn steps_spread_from_the_thinnest_to_the_thickest() {
        let blocks = crowds(&[30, 3_000, 300_000, 100]);
        let density = Density::default().settled(&blocks, &map());
        assert_eq!([0, 1, 2, 3].map(|i| density.step(&blocks[i], &map())), [0, 2, 3, 0]);
        let [a, b, c, d] = density.steps();
        assert!((b / a - 10.0).abs() < 1.0 && (d / c - 10.0).abs() < 1.0, "{:?}", density.steps());
    }

    #[test]
    fn an_even_city_is_not_torn_apart_by_chance() {
        let blocks = crowds(&[600, 640, 650, 700]);
        let density = Density::default().settled(&blocks, &map());
        assert!(blocks.iter().all(|block| density.step(block, &map()) == 0), "{density:?}");
    }

    #[test]
    fn steps_stay_until_they_are_off_by_more_than_a_factor() {
        let before = Density::default().settled(&crowds(&[100, 10_000]), &map());
        for counts in [[55, 10_000], [190, 10_000], [100, 5_500], [100, 19_000]] {
            assert_eq!(before.settled(&crowds(&counts), &map()), before, "{counts:?}");
        }
        for counts in [[45, 10_000], [210, 10_000], [100, 4_500], [100, 21_000]] {
            assert_ne!(before.settled(&crowds(&counts), &map()), before, "{counts:?}");
        }
        assert_eq!(before.settled(&[], &map()), before, "of nobody nothing is learnt");
    }

    proptest! {
        #[test]
        fn more_drivers_are_never_drawn_thinner(counts in prop::collection::vec(1..10_000_000_u64, 1..20)) {
            let mut counts = counts;
            counts.sort_unstable();
            let blocks = crowds(&counts);
            let density = Density::default().settled(&blocks, &map());
            // Cells of one grid are of one size.
            let steps: Vec<usize> = blocks.iter().map(|block| density.step(block, &map())).collect();
            prop_assert!(steps.is_sorted() && density.steps().is_sorted(), "{steps:?} {density:?}");
            prop_assert!(steps.iter().all(|step| *step < STEPS));
        }
    }
}
