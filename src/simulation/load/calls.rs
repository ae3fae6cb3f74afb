//! What is called, and with which bodies.

use std::fmt::Write as _;

use hyper::body::Bytes;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::Load;

/// Which call of the service is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Call {
    /// `POST /tracking`: drivers report where they are
    Tracking,
    /// `POST /search`: the nearest drivers
    Search,
    /// `POST /v2/search`: a request is opened
    V2Search,
}

impl Call {
    /// Where it is made, behind the service's address.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Tracking => "tracking",
            Self::Search => "search",
            Self::V2Search => "v2/search",
        }
    }
}

/// The south-western corner of the square in which everybody is, in millionths of a degree: Santiago.
const CORNER: (i32, i32) = (-33_650_000, -70_860_000);
/// How wide and high it is.
const SIDE: i32 = 400_000;

/// The bodies of calls, one after the other. The same seed makes the same.
pub(super) struct Bodies {
    load: Load,
    random: StdRng,
    driver: u32,
    text: String,
}

impl Bodies {
    pub(super) fn new(load: Load) -> Self {
        Self { load, random: StdRng::seed_from_u64(load.seed), driver: 0, text: String::new() }
    }

    /// The next body. Drivers report in turn, each somewhere else every time; whoever looks for a driver is anywhere.
    pub(super) fn next(&mut self) -> Bytes {
        self.text.clear();
        match (self.load.call, self.load.batch) {
            (Call::Tracking, 1) => self.report(),
            (Call::Tracking, batch) => {
                for i in 0..batch {
                    self.text.push(if i == 0 { '[' } else { ',' });
                    self.report();
                }
                self.text.push(']');
            }
            (Call::Search, _) => {
                self.text.push('{');
                self.place();
                let limit = self.load.limit;
                // Writing into a text cannot fail.
                let _ = write!(self.text, ",\"limit\":{limit}}}");
            }
            (Call::V2Search, _) => {
                self.text.push('{');
                self.place();
                self.text.push('}');
            }
        }
        Bytes::copy_from_slice(self.text.as_bytes())
    }

    fn report(&mut self) {
        self.driver = self.driver % self.load.drivers.max(1) + 1;
        let _ = write!(self.text, "{{\"id\":\"{}\",", self.driver);
        self.place();
        self.text.push('}');
    }

    fn place(&mut self) {
        let (lat, lng) = (CORNER.0 + self.random.random_range(0..SIDE), CORNER.1 + self.random.random_range(0..SIDE));
        // Both are negative here, and whole numbers are written several times as fast as broken ones.
        let (whole, rest) = (|degrees: i32| -degrees / 1_000_000, |degrees: i32| -degrees % 1_000_000);
        let _ = write!(self.text, "\"lat\":-{}.{:06},\"lng\":-{}.{:06}", whole(lat), rest(lat), whole(lng), rest(lng));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::simulation::load::Rate;

    fn bodies(call: Call, batch: u32) -> Bodies {
        let load = Load { rate: Rate::Max, call, connections: 1, drivers: 3, limit: 7, batch, seed: 1, duration: None };
        Bodies::new(load)
    }

    fn json(bytes: &Bytes) -> Value {
        serde_json::from_slice(bytes).unwrap_or_else(|error| panic!("{bytes:?}: {error}"))
    }

    #[test]
    fn the_drivers_report_in_turn() {
        let mut bodies = bodies(Call::Tracking, 1);
        let ids: Vec<Value> = (0..4).map(|_| json(&bodies.next())["id"].clone()).collect();
        assert_eq!(ids, ["1", "2", "3", "1"]);
        let Value::Array(batch) = json(&self::bodies(Call::Tracking, 2).next()) else { panic!("no array") };
        assert_eq!((batch.len(), &batch[1]["id"]), (2, &Value::from("2")));
    }

    #[test]
    fn everybody_is_in_the_city() {
        for call in [Call::Tracking, Call::Search, Call::V2Search] {
            let mut bodies = bodies(call, 1);
            for _ in 0..1_000 {
                let body = json(&bodies.next());
                let (lat, lng) = (body["lat"].as_f64().unwrap(), body["lng"].as_f64().unwrap());
                assert!((-33.65..=-33.25).contains(&lat) && (-70.86..=-70.46).contains(&lng), "{body}");
                assert_eq!(body["limit"].as_u64(), (call == Call::Search).then_some(7));
            }
        }
    }

    #[test]
    fn the_same_seed_makes_the_same_calls() {
        let (mut one, mut other) = (bodies(Call::Search, 1), bodies(Call::Search, 1));
        assert_eq!([one.next(), one.next()], [other.next(), other.next()]);
    }
}
