//! Cities of any size, always the same ones: drivers spread evenly over 0.4° by 0.4° around Santiago, and a rank at the airport.

use std::ops::Range;

use cabstand::domain::{Bounds, Point};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::redis::Redis;

/// The sides of the city.
pub const CITY: Bounds = Bounds { south: -33.65, north: -33.25, west: -70.85, east: -70.45 };
/// A place some 80 km from the city, where the rank is.
pub const RANK: (f64, f64) = (-33.0, -71.3);
/// So many drivers stand in the rank, within so many metres.
pub const IN_RANK: (usize, f64) = (20_000, 100.0);
/// A place where nobody is within 50 km.
pub const DESERT: (f64, f64) = (-32.0, -69.0);

/// Places members into one command, and commands into one round trip.
const MEMBERS: usize = 1_000;

pub fn place((lat, lng): (f64, f64)) -> Point {
    Point::new(lat, lng).unwrap()
}

/// Places spread evenly over the city. The same seed gives the same places.
pub fn places(seed: u64) -> impl Iterator<Item = Point> {
    places_in(CITY, seed)
}

/// The same over any rectangle.
pub fn places_in(bounds: Bounds, seed: u64) -> impl Iterator<Item = Point> {
    let mut random = StdRng::seed_from_u64(seed);
    std::iter::repeat_with(move || {
        let lat = random.random_range(bounds.south..bounds.north);
        place((lat, random.random_range(bounds.west..bounds.east)))
    })
}

/// Places spread evenly over a circle.
pub fn places_around(centre: Point, radius_m: f64, seed: u64) -> impl Iterator<Item = Point> {
    let mut random = StdRng::seed_from_u64(seed);
    std::iter::repeat_with(move || {
        let away = radius_m * random.random::<f64>().sqrt();
        centre.destination(random.random_range(0.0..360.0), away)
    })
}

impl Redis {
    /// Sets these drivers of the city down, `d0` and on: the city of a thousand is the beginning of that of a million.
    pub fn fill(&mut self, numbers: Range<usize>) {
        let drivers = places(1).enumerate().skip(numbers.start).take(numbers.len());
        self.set_down(drivers.map(|(number, at)| (format!("d{number}"), at)));
    }

    /// Sets the rank at the airport down.
    pub fn fill_rank(&mut self) {
        let (count, radius_m) = IN_RANK;
        let drivers = places_around(place(RANK), radius_m, 2).enumerate().take(count);
        self.set_down(drivers.map(|(number, at)| (format!("r{number}"), at)));
    }

    /// As the article's service does, and any foreign hand: by `GEOADD` alone.
    pub fn set_down(&mut self, drivers: impl Iterator<Item = (String, Point)>) {
        let mut drivers = drivers.peekable();
        while drivers.peek().is_some() {
            let mut add = redis::cmd("GEOADD");
            add.arg("drivers");
            for (id, at) in drivers.by_ref().take(MEMBERS) {
                add.arg(at.lng()).arg(at.lat()).arg(id);
            }
            add.exec(&mut self.connection).unwrap();
        }
    }
}
