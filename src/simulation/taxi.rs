//! One driver: free on the way to somewhere, or with a rider and silent.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::streets::{self, Spot};

/// From one position report to the next, in simulated seconds.
const REPORT_EVERY_S: f64 = 2.0;
/// How fast drivers are, in metres a second: 24 to 36 km/h.
const PACE: std::ops::Range<f64> = 6.7..10.0;
/// How long it takes until a rider sits in the car or has left it, in simulated seconds.
const STOP_S: f64 = 20.0;

/// What a driver is doing.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Duty {
    /// Free, and reporting.
    Free,
    /// On the way to a rider.
    ToPickup,
    /// With a rider on board.
    Ride,
}

/// A driver and the car.
#[derive(Debug)]
pub(super) struct Taxi {
    at: Spot,
    goal: Spot,
    /// Whether the car goes along a street from west to east, or from north to south.
    along: bool,
    pace: f64,
    duty: Duty,
    /// Simulated seconds until the car moves on.
    stops_for: f64,
    /// Simulated seconds until the next report.
    report_in: f64,
    /// A driver's own, so that what the service asks of one driver changes nothing for the others.
    rng: StdRng,
}

impl Taxi {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let (at, goal) = (streets::destination(&mut rng), streets::destination(&mut rng));
        Self {
            at,
            goal,
            along: rng.random(),
            pace: rng.random_range(PACE),
            duty: Duty::Free,
            stops_for: 0.0,
            report_in: rng.random_range(0.0..REPORT_EVERY_S),
            rng,
        }
    }

    pub(super) fn at(&self) -> Spot {
        self.at
    }

    /// Gives the driver to a rider; a driver who has one already stays with that one.
    pub(super) fn take(&mut self, pickup: Spot) {
        if self.duty == Duty::Free {
            self.duty = Duty::ToPickup;
            self.goal = pickup.crossing();
        }
    }

    /// Lets so many simulated seconds pass. Answers whether a report is due.
    pub(super) fn step(&mut self, seconds: f64) -> bool {
        self.drive(seconds);
        if self.duty != Duty::Free {
            return false;
        }
        self.report_in -= seconds;
        let due = self.report_in <= 0.0;
        if due {
            // The rest is kept, so that drivers stay spread over time; reports that were missed are not made up for.
            self.report_in = REPORT_EVERY_S + self.report_in % REPORT_EVERY_S;
        }
        due
    }

    fn drive(&mut self, seconds: f64) {
        let stopped = self.stops_for.min(seconds);
        self.stops_for -= stopped;
        let mut metres = (seconds - stopped) * self.pace;
        while metres > 0.0 {
            if self.at == self.goal {
                self.arrive();
                // The rest of this step is spent standing.
                return;
            }
            metres -= self.advance(metres);
        }
    }

    fn arrive(&mut self) {
        (self.duty, self.stops_for, self.goal) = match self.duty {
            Duty::Free => (Duty::Free, 0.0, streets::destination(&mut self.rng)),
            Duty::ToPickup => (Duty::Ride, STOP_S, streets::ride_from(&mut self.rng, self.at)),
            Duty::Ride => (Duty::Free, STOP_S, streets::destination(&mut self.rng)),
        };
    }

    /// Goes on to the next crossing, or as far as the metres last; answers how far that was.
    fn advance(&mut self, metres: f64) -> f64 {
        let crossing = self.at.crossing();
        let (east, north) = (self.goal.east - self.at.east, self.goal.north - self.at.north);
        if crossing == self.at && self.rng.random_bool(0.2) {
            self.along = !self.along;
        }
        if (self.along && east == 0.0) || (!self.along && north == 0.0) {
            self.along = !self.along;
        }
        let left = if self.along { east } else { north };
        let position = if self.along { &mut self.at.east } else { &mut self.at.north };
        let next = streets::next_crossing(*position, left);
        let far = (next - *position).abs();
        if far <= metres {
            *position = next;
            far
        } else {
            *position += metres.copysign(left);
            metres
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_driver_reports_every_two_seconds() {
        let mut taxi = Taxi::new(1);
        let reports = (0..600).filter(|_| taxi.step(0.1)).count();
        assert!((29..=31).contains(&reports), "{reports}");
    }

    #[test]
    fn a_driver_keeps_to_the_streets_and_to_the_pace() {
        let mut taxi = Taxi::new(2);
        for _ in 0..2_000 {
            let before = taxi.at();
            taxi.step(0.5);
            let now = taxi.at();
            let (crossing, moved) = (now.crossing(), (now.east - before.east).abs() + (now.north - before.north).abs());
            assert!(moved <= 5.0 + 1e-6, "{moved} m in half a second");
            let on_street = |a: f64, b: f64| (a - b).abs() < 1e-6;
            assert!(on_street(now.east, crossing.east) || on_street(now.north, crossing.north), "{now:?}");
        }
    }

    #[test]
    fn a_driver_who_is_taken_is_silent_until_the_ride_is_over() {
        let mut taxi = Taxi::new(3);
        let pickup = Spot { east: 1_000.0, north: -2_000.0 };
        taxi.take(pickup);
        let mut silent = 0;
        let mut was_there = false;
        while !taxi.step(1.0) {
            silent += 1;
            was_there |= taxi.at() == pickup.crossing();
            assert!(silent < 7_200, "the ride never ends");
        }
        assert!(was_there && silent > 60, "{silent} s");
    }

    #[test]
    fn a_driver_with_a_rider_takes_no_other() {
        let mut taxi = Taxi::new(3);
        let (first, second) = (Spot { east: 0.0, north: 0.0 }, Spot { east: 5_000.0, north: 0.0 });
        taxi.take(first);
        taxi.take(second);
        assert_eq!(taxi.goal, first);
    }
}
