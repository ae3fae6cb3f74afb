//! The world: what happens in the city as its time passes. Pure; all chance comes from the seed.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::Settings;
use super::streets::{self, Spot};
use super::taxi::Taxi;
use crate::domain::Point;

/// How many riders stand there already when the city comes to life, so that nobody looks at an empty screen.
const FIRST_RIDERS: u64 = 8;
/// How long the impatient wait, in simulated seconds.
const PATIENCE_S: std::ops::Range<f64> = 4.0..12.0;

/// A rider who wants a driver.
#[derive(Debug, Clone, PartialEq)]
pub struct Rider {
    /// The rider's name, `rider_12`.
    pub name: String,
    /// Where the rider waits.
    pub pickup: Point,
    /// After how much simulated time the rider gives up; the patient never do.
    pub patience: Option<Duration>,
}

/// What phones have to tell the service.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    /// A free driver is there.
    Report {
        /// The driver's number, from 1 on.
        driver: u32,
        /// Where.
        place: Point,
    },
    /// A rider asks for a driver.
    Arrival(Rider),
}

/// All drivers, and the riders to come.
#[derive(Debug)]
pub struct City {
    taxis: Vec<Taxi>,
    riders: StdRng,
    arrivals_a_second: f64,
    came: u64,
    /// Simulated seconds until the next rider comes.
    next_in: f64,
}

impl City {
    /// The city as it is at the beginning.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let seed = |driver: u32| settings.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(driver.into());
        let mut riders = StdRng::seed_from_u64(seed(0));
        let arrivals_a_second = settings.arrivals_a_second();
        let next_in = pause(&mut riders, arrivals_a_second);
        Self {
            taxis: (1..=settings.drivers).map(|n| Taxi::new(seed(n))).collect(),
            riders,
            arrivals_a_second,
            came: 0,
            next_in,
        }
    }

    /// Lets so much simulated time pass. Answers what happened in it.
    pub fn step(&mut self, time: Duration) -> Vec<Happening> {
        let seconds = time.as_secs_f64();
        let mut happenings = Vec::new();
        for (taxi, driver) in self.taxis.iter_mut().zip(1..) {
            if taxi.step(seconds) {
                happenings.push(Happening::Report { driver, place: taxi.at().place() });
            }
        }
        if self.came == 0 && self.arrivals_a_second > 0.0 {
            happenings.extend((0..FIRST_RIDERS).map(|_| Happening::Arrival(self.rider())));
        }
        self.next_in -= seconds;
        while self.next_in <= 0.0 {
            self.next_in += pause(&mut self.riders, self.arrivals_a_second);
            happenings.push(Happening::Arrival(self.rider()));
        }
        happenings
    }

    /// A driver was given to the rider who waits there: no reports until the ride is over. Unknown drivers are passed over.
    pub fn take(&mut self, driver: u32, pickup: Point) {
        let index = usize::try_from(driver).unwrap_or(usize::MAX).wrapping_sub(1);
        if let Some(taxi) = self.taxis.get_mut(index) {
            taxi.take(Spot::of(pickup));
        }
    }

    fn rider(&mut self) -> Rider {
        self.came += 1;
        let rng = &mut self.riders;
        // Of the first riders, two wait in vain for sure: a newcomer is to see that, too.
        let in_vain = matches!(self.came, 2 | 5);
        let spot = match if in_vain { 1.0 } else { rng.random::<f64>() } {
            ..0.5 => streets::around_centre(rng, 2_500.0),
            0.5..0.7 => streets::anywhere(rng),
            _ => streets::outskirts(rng),
        };
        let patience = (!in_vain && rng.random_bool(0.25)).then(|| rng.random_range(PATIENCE_S));
        Rider {
            name: format!("rider_{}", self.came),
            pickup: spot.place(),
            patience: patience.map(Duration::from_secs_f64),
        }
    }
}

/// The simulated seconds between two riders who know nothing of each other (a Poisson process).
fn pause(rng: &mut StdRng, a_second: f64) -> f64 {
    let chance = 1.0 - rng.random::<f64>();
    -chance.ln() / a_second
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: Settings = Settings { seed: 7, drivers: 150, speed: 1.0, arrivals: 30.0 };
    const TICK: Duration = Duration::from_millis(100);

    fn live(city: &mut City, seconds: u32) -> Vec<Happening> {
        (0..seconds * 10).flat_map(|_| city.step(TICK)).collect()
    }

    fn riders(happenings: &[Happening]) -> Vec<&Rider> {
        happenings.iter().filter_map(|h| if let Happening::Arrival(rider) = h { Some(rider) } else { None }).collect()
    }

    #[test]
    fn the_same_seed_is_the_same_city() {
        let (mut one, mut two) = (City::new(&SETTINGS), City::new(&SETTINGS));
        assert_eq!(live(&mut one, 60), live(&mut two, 60));
        let mut other = City::new(&Settings { seed: 8, ..SETTINGS });
        assert_ne!(live(&mut one, 10), live(&mut other, 10));
    }

    #[test]
    fn what_the_service_does_changes_nothing_for_the_others() {
        let (mut one, mut two) = (City::new(&SETTINGS), City::new(&SETTINGS));
        one.take(1, Point::clamped(-33.45, -70.66));
        one.take(0, Point::clamped(-33.45, -70.66));
        one.take(151, Point::clamped(-33.45, -70.66));
        let others = |happenings: Vec<Happening>| -> Vec<Happening> {
            happenings.into_iter().filter(|h| !matches!(h, Happening::Report { driver: 1, .. })).collect()
        };
        assert_eq!(others(live(&mut one, 30)), others(live(&mut two, 30)));
    }

    #[test]
    fn everybody_reports_but_those_with_a_rider() {
        let mut city = City::new(&SETTINGS);
        city.take(3, Point::clamped(-33.45, -70.66));
        let mut seen: Vec<u32> = live(&mut city, 3)
            .into_iter()
            .filter_map(|h| if let Happening::Report { driver, .. } = h { Some(driver) } else { None })
            .collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, (1..=150).filter(|n| *n != 3).collect::<Vec<_>>());
    }

    #[test]
    fn riders_come_at_the_rate_that_was_set_and_wait_everywhere() {
        let happenings = live(&mut City::new(&SETTINGS), 600);
        let riders = riders(&happenings);
        assert!((240..=360).contains(&riders.len()), "{} in ten minutes at 30 a minute", riders.len());
        let share =
            |test: &dyn Fn(&Rider) -> bool| riders.iter().filter(|rider| test(rider)).count() * 100 / riders.len();
        let off_centre = |rider: &Rider| Spot::of(rider.pickup).off_centre();
        assert!((25..=50).contains(&share(&|rider| off_centre(rider) > streets::SERVED_M + 1_500.0)));
        assert!((40..=75).contains(&share(&|rider| off_centre(rider) < 5_000.0)));
        assert!((15..=35).contains(&share(&|rider| rider.patience.is_some())));
    }

    #[test]
    fn the_first_riders_stand_there_already() {
        let first = City::new(&SETTINGS).step(TICK);
        assert!(riders(&first).len() >= 8);
        let none = live(&mut City::new(&Settings { arrivals: 0.0, ..SETTINGS }), 60);
        assert!(riders(&none).is_empty());
    }
}
