//! The map's reading against a count by hand: the same numbers, whatever was known before, and no more commands than needed.

use std::collections::{BTreeMap, HashMap};

use crate::common::{LAT, LNG, Redis, place};
use cabstand::domain::geohash::{Cell, FINEST};
use cabstand::domain::{Bounds, FleetView, Point, View};
use cabstand::store::{Chart, Store};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// A city whose drivers are known by hand.
struct City {
    redis: Redis,
    places: BTreeMap<String, Point>,
    dice: StdRng,
}

impl City {
    fn new(seed: u64) -> Self {
        Self { redis: Redis::start(), places: BTreeMap::new(), dice: StdRng::seed_from_u64(seed) }
    }

    /// Anywhere within so many degrees.
    fn anywhere(&mut self, degrees: f64) -> Point {
        let mut off = || self.dice.random_range(-degrees..degrees);
        place(LAT + off(), LNG + off())
    }

    /// Sets drivers there, or moves them.
    fn set(&mut self, drivers: impl IntoIterator<Item = (String, Point)>) {
        let mut pipe = redis::pipe();
        for (id, at) in drivers {
            pipe.cmd("GEOADD").arg("drivers").arg(at.lng()).arg(at.lat()).arg(&id).ignore();
            self.places.insert(id, at);
        }
        pipe.exec(&mut self.redis.connection).unwrap();
    }

    /// So many drivers within so many degrees.
    fn spread(&mut self, name: &str, count: usize, degrees: f64) {
        let drivers: Vec<_> = (0..count).map(|i| (format!("{name}{i}"), self.anywhere(degrees))).collect();
        self.set(drivers);
    }

    /// Some of them move, in the neighbourhood or across the city, and some are gone.
    fn live(&mut self) {
        let ids: Vec<String> = self.places.keys().cloned().collect();
        for _ in 0..ids.len() / 20 {
            let id = ids[self.dice.random_range(0..ids.len())].clone();
            match self.dice.random_range(0..10) {
                0 => {
                    self.redis.run::<()>(&format!("ZREM drivers {id}"));
                    self.places.remove(&id);
                }
                1 => {
                    let to = self.anywhere(0.2);
                    self.set([(id, to)]);
                }
                _ => {
                    let (to, near) = (self.anywhere(0.002), place(LAT, LNG));
                    let Some(at) = self.places.get(&id) else { continue };
                    let to = place(at.lat() + to.lat() - near.lat(), at.lng() + to.lng() - near.lng());
                    self.set([(id, to)]);
                }
            }
        }
    }

    /// Every driver in sight is told once: by name and place, or as one of a crowd.
    fn check(&mut self, fleet: &FleetView, view: View) {
        let scores: HashMap<&String, u64> =
            self.places.iter().map(|(id, at)| (id, Cell::containing(*at, FINEST).scores().0)).collect();
        assert_eq!(fleet.total, self.places.len() as u64);
        let mut sorted: Vec<u64> = scores.values().copied().collect();
        sorted.sort_unstable();
        for block in &fleet.blocks {
            let (first, below) = block.cell.scores();
            let up_to = |bound: u64| sorted.partition_point(|score| *score < bound);
            let inside = up_to(below) - up_to(first);
            assert_eq!(block.count, inside as u64, "{block:?}");
        }
        let singly: HashMap<&str, Point> = fleet.drivers.iter().map(|d| (d.id.as_str(), d.place)).collect();
        assert_eq!(singly.len(), fleet.drivers.len(), "nobody is told twice");
        let crowds: BTreeMap<u64, u64> = fleet.blocks.iter().map(|block| block.cell.scores()).collect();
        assert!(crowds.iter().zip(crowds.keys().skip(1)).all(|((_, below), next)| below <= next), "they overlap");
        for (id, score) in &scores {
            let at = Cell::from_score(*score).centre();
            let in_crowd = crowds.range(..=score).next_back().is_some_and(|(_, below)| score < below);
            let known = singly.get(id.as_str());
            if view.bounds.contains(at) {
                assert!(in_crowd != known.is_some(), "{id} at {at}: {known:?}");
                assert!(known.is_none_or(|known| *known == at), "{id} at {at}: {known:?}");
            } else {
                assert_eq!(known, None, "{id} is not in sight");
            }
        }
    }

    /// How often these were called since this was asked last.
    fn calls(&mut self, commands: &[&str]) -> Vec<u64> {
        let stats: String = self.redis.run("INFO commandstats");
        let count = |command: &&str| {
            let line = stats.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
            line.map_or(0, |line| line.split(',').next().unwrap().parse().unwrap())
        };
        let calls = commands.iter().map(count).collect();
        self.redis.run::<()>("CONFIG RESETSTAT");
        calls
    }
}

/// So many degrees around a place, 100 columns wide.
fn view(lat: f64, lng: f64, degrees: f64) -> View {
    let bounds = Bounds { south: lat - degrees, north: lat + degrees, west: lng - degrees, east: lng + degrees };
    View { bounds, column_deg: degrees / 50.0 }
}

const READS: [&str; 3] = ["zcount", "zrangebyscore", "zmscore"];

/// Looks around in a city, with and without changes in between.
async fn look_around(mut city: City) {
    let store = city.redis.store().await;
    let mut chart = Chart::default();
    let (mut at, mut degrees) = ((LAT, LNG), 0.3);
    for step in 0..25 {
        if step % 3 == 2 {
            city.live();
            chart.outdate();
        }
        match city.dice.random_range(0..4) {
            0 => degrees = (degrees * 1.5_f64).min(0.5),
            1 => degrees = (degrees / 1.5_f64).max(0.01),
            2 => at = (LAT + city.dice.random_range(-0.1..0.1), LNG + city.dice.random_range(-0.1..0.1)),
            _ => at.1 += degrees / 10.0,
        }
        let view = view(at.0, at.1, degrees);
        let fleet = store.refresh(&mut chart, view).await.unwrap();
        city.check(&fleet, view);
        assert_eq!(FleetView { took: fleet.took, ..chart.picture(view) }, fleet, "it is kept");
    }
}

#[tokio::test]
async fn a_small_fleet_is_told_exactly() {
    let mut city = City::new(1);
    city.spread("taxi", 400, 0.2);
    look_around(city).await;
}

#[tokio::test]
async fn crowds_are_told_exactly() {
    let mut city = City::new(2);
    city.spread("taxi", 6_000, 0.2);
    city.spread("centre", 1_500, 0.02);
    let rank: Vec<_> = (0..300).map(|i| (format!("rank{i}"), place(LAT + 0.05, LNG))).collect();
    city.set(rank);
    look_around(city).await;
}

#[tokio::test]
async fn what_is_known_is_not_read_again() {
    for (count, most_for_a_strip) in [(800, 40), (9_000, 200)] {
        let mut city = City::new(3);
        city.spread("taxi", count, 0.3);
        let (store, mut chart) = (city.redis.store().await, Chart::default());
        let here = view(LAT, LNG, 0.2);
        store.refresh(&mut chart, here).await.unwrap();
        let whole: u64 = city.calls(&READS).iter().sum();
        assert!(whole > 2 * most_for_a_strip, "{whole}");

        let fleet = store.refresh(&mut chart, here).await.unwrap();
        assert_eq!(city.calls(&READS), [0, 0, 0], "nothing has changed");
        city.check(&fleet, here);

        let beside = view(LAT, LNG + 0.02, 0.2);
        let at_once = chart.picture(beside);
        assert!(at_once.blocks.len() + at_once.drivers.len() > (fleet.blocks.len() + fleet.drivers.len()) * 8 / 10);
        let fleet = store.refresh(&mut chart, beside).await.unwrap();
        let strip: u64 = city.calls(&READS).iter().sum();
        assert!((1..=most_for_a_strip).contains(&strip), "{strip} commands for a strip, {whole} for all");
        city.check(&fleet, beside);

        store.refresh(&mut chart, here).await.unwrap();
        assert_eq!(city.calls(&READS), [0, 0, 0], "back again");

        // The levels above those that are known are not walked through again.
        city.live();
        chart.outdate();
        let fleet = store.refresh(&mut chart, beside).await.unwrap();
        let [counted, read, _] = city.calls(&READS)[..] else { panic!() };
        assert!(counted + read < whole, "{counted} counts and {read} readings, {whole} at first");
        city.check(&fleet, beside);
    }
}

/// How many there are and where is known; that they have moved as well.
#[tokio::test]
async fn ages_are_asked_of_those_who_moved() {
    let mut city = City::new(4);
    city.spread("taxi", 50, 0.1);
    city.redis.run::<()>("ZADD cabstand:seen 1000 taxi7 2000 taxi8");
    let (store, mut chart) = (city.redis.store().await, Chart::default());
    let here = view(LAT, LNG, 0.2);
    let seen = |fleet: &FleetView, id: &str| {
        let driver = fleet.drivers.iter().find(|driver| driver.id.as_str() == id).unwrap();
        driver.seen.map(|seen| seen.0)
    };
    let fleet = store.refresh(&mut chart, here).await.unwrap();
    assert_eq!(["taxi7", "taxi8", "taxi9"].map(|id| seen(&fleet, id)), [Some(1_000), Some(2_000), None]);
    city.redis.run::<()>("ZADD cabstand:seen 3000 taxi7 3000 taxi8");
    city.set([("taxi8".to_owned(), place(LAT, LNG))]);
    chart.outdate();
    let fleet = store.refresh(&mut chart, here).await.unwrap();
    assert_eq!(["taxi7", "taxi8", "taxi9"].map(|id| seen(&fleet, id)), [Some(1_000), Some(3_000), None]);
    chart.outdate_ages();
    let fleet = store.refresh(&mut chart, here).await.unwrap();
    assert_eq!(seen(&fleet, "taxi7"), Some(3_000));
}

#[tokio::test]
async fn no_view_costs_more_than_a_screen_of_cells() {
    let mut city = City::new(5);
    city.spread("taxi", 60_000, 0.2);
    let store: Store = city.redis.store().await;
    for degrees in [0.25, 0.1, 0.03] {
        let mut chart = Chart::default();
        // A screen as large as they come.
        let wide = View { column_deg: degrees / 500.0, ..view(LAT, LNG, degrees) };
        city.calls(&READS);
        let fleet = store.refresh(&mut chart, wide).await.unwrap();
        let [counted, read, _] = city.calls(&READS)[..] else { panic!() };
        assert!(counted + read <= 4_000, "{counted} {read}");
        assert!(fleet.blocks.len() <= 1_280 && fleet.drivers.len() <= 6_250, "{degrees}");
    }
}
