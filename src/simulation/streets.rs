//! The ground plan: Santiago as a grid of streets, in metres around its centre.

use rand::RngExt;
use rand::rngs::StdRng;

use crate::domain::Point;

/// The city's centre, in degrees.
const CENTRE: (f64, f64) = (-33.45, -70.66);
/// From the centre to each side of the city, in metres.
pub(super) const HALF_M: f64 = 12_000.0;
/// From one street to the next, in metres: Santiago's blocks are about that long.
const BLOCK_M: f64 = 125.0;
/// Nobody drives farther from the centre than this, in metres: whoever waits out there, waits in vain.
pub(super) const SERVED_M: f64 = 7_500.0;
/// Most rides go no farther than so many metres along either axis: with longer ones, too few drivers would be free.
const RIDE_M: f64 = 1_500.0;
const METRES_PER_DEGREE: f64 = 111_226.0;

/// A spot on the plan: metres east and north of the centre.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spot {
    pub(super) east: f64,
    pub(super) north: f64,
}

impl Spot {
    /// Where it is on the earth.
    pub(super) fn place(self) -> Point {
        let lat = CENTRE.0 + self.north / METRES_PER_DEGREE;
        let lng = CENTRE.1 + self.east / (METRES_PER_DEGREE * CENTRE.0.to_radians().cos());
        Point::clamped(lat, lng)
    }

    /// The spot of a place.
    pub(super) fn of(place: Point) -> Self {
        let north = (place.lat() - CENTRE.0) * METRES_PER_DEGREE;
        let east = (place.lng() - CENTRE.1) * METRES_PER_DEGREE * CENTRE.0.to_radians().cos();
        Self { east, north }
    }

    /// The crossing nearest to it.
    pub(super) fn crossing(self) -> Self {
        let snap = |metres: f64| (metres / BLOCK_M).round() * BLOCK_M;
        Self { east: snap(self.east), north: snap(self.north) }
    }

    /// Metres from the centre.
    pub(super) fn off_centre(self) -> f64 {
        self.east.hypot(self.north)
    }
}

/// The next crossing on the way from there, on one axis, in the direction of `left`; never beyond what is left.
pub(super) fn next_crossing(from: f64, left: f64) -> f64 {
    let here = from / BLOCK_M;
    let next = if left > 0.0 { here.floor() + 1.0 } else { here.ceil() - 1.0 } * BLOCK_M;
    if (next - from).abs() < left.abs() { next } else { from + left }
}

/// A crossing where somebody may want to go: most often in the centre, never outside of the part that is served.
pub(super) fn destination(rng: &mut StdRng) -> Spot {
    loop {
        let spot = if rng.random_bool(0.5) { around_centre(rng, 2_800.0) } else { anywhere(rng) };
        if spot.off_centre() < SERVED_M {
            return spot.crossing();
        }
    }
}

/// A crossing that a rider who got in there wants to be taken to: not far, and rather inwards than out of the city.
pub(super) fn ride_from(rng: &mut StdRng, from: Spot) -> Spot {
    let mut towards = |metres: f64| metres * 0.9 + rng.random_range(-RIDE_M..RIDE_M);
    let to = Spot { east: towards(from.east), north: towards(from.north) };
    if to.off_centre() < SERVED_M { to.crossing() } else { destination(rng) }
}

/// A spot around the centre, so many metres from it on either axis as one standard deviation.
pub(super) fn around_centre(rng: &mut StdRng, deviation_m: f64) -> Spot {
    // Twelve uniform numbers sum up to a normal one, near enough, and stay within six deviations.
    let mut normal = || ((0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0) * deviation_m;
    Spot { east: normal().clamp(-HALF_M, HALF_M), north: normal().clamp(-HALF_M, HALF_M) }
}

/// A spot anywhere in the city.
pub(super) fn anywhere(rng: &mut StdRng) -> Spot {
    Spot { east: rng.random_range(-HALF_M..HALF_M), north: rng.random_range(-HALF_M..HALF_M) }
}

/// A spot in the outskirts, too far out for any driver within two kilometres.
pub(super) fn outskirts(rng: &mut StdRng) -> Spot {
    loop {
        let spot = anywhere(rng);
        if spot.off_centre() > SERVED_M + 2_000.0 {
            return spot;
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn a_spot_is_where_its_place_is() {
        let spot = Spot { east: 3_000.0, north: -4_000.0 };
        let centre = Spot { east: 0.0, north: 0.0 };
        let metres = spot.place().distance_m(centre.place());
        assert!((metres - 5_000.0).abs() < 10.0, "{metres}");
        let back = Spot::of(spot.place());
        assert!((back.east - spot.east).abs() < 0.01 && (back.north - spot.north).abs() < 0.01);
    }

    #[test]
    fn drivers_go_where_they_are_wanted_and_riders_wait_everywhere() {
        let mut rng = StdRng::seed_from_u64(1);
        for _ in 0..500 {
            let there = destination(&mut rng);
            assert!(there.off_centre() < SERVED_M + BLOCK_M);
            assert_eq!(there.crossing(), there);
            assert!(outskirts(&mut rng).off_centre() > SERVED_M + 2_000.0);
        }
    }
}
