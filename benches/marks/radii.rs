//! Row 13: a report while requests with very different radii wait.

use cabstand::domain::{Actor, Driver, DriverId, Point};
use cabstand::store::Store;
use tokio::runtime::Runtime;

use crate::common::city::{CITY, place, places_around, places_in};
use crate::common::redis::Redis;
use crate::common::spread::Spread;
use crate::common::waiting;
use crate::table::{Line, micros};

const WAITING: usize = 2_500;
/// The radius of most, in metres, and the huge radius of a few.
const RADII: (f64, f64) = (300.0, 75_000.0);
const HUGE: usize = 10;
/// Where those stand: 100 km from the city's midst, so that they reach none of it.
const FAR_AWAY: (f64, f64) = (-32.3, -70.65);
/// Reports of each kind, one a call, and how many are measured together.
const REPORTS: (usize, usize) = (1_000, 20);
/// At most so many times what a report costs without them.
const MARK: f64 = 1.5;
/// The radius by default.
const DEFAULT_M: f64 = 5_000.0;

pub fn measure(runtime: &Runtime) -> Vec<Line> {
    let mut redis = Redis::start();
    let store = runtime.block_on(redis.store());
    let city: Vec<Point> = places_in(CITY, 21).take(REPORTS.0).collect();
    let report = |redis: &mut Redis| runtime.block_on(report(redis, &store, &city)).median();
    let alone = report(&mut redis);

    let open = |redis: &mut Redis, places: Vec<Point>, radius_m: f64| {
        runtime.block_on(waiting::open(&store, places.into_iter(), radius_m));
        // Each is attempted while no driver is there, so that reports and nothing else are measured.
        redis.run::<()>("DEL drivers cabstand:seen cabstand:fresh");
        while runtime.block_on(store.attempt_due(&Actor::new("bench"), 100)).unwrap().looks.len() == 100 {}
    };
    open(&mut redis, places_in(CITY, 22).take(WAITING).collect(), RADII.0);
    let without = report(&mut redis);
    open(&mut redis, places_around(place(FAR_AWAY), 1_000.0, 23).take(HUGE).collect(), RADII.1);
    let with = report(&mut redis);
    open(&mut redis, places_in(CITY, 24).take(WAITING).collect(), DEFAULT_M);
    let waiting = |redis: &mut Redis| redis.run::<u64>("ZCARD cabstand:waiting");
    let before = waiting(&mut redis);
    let served = report(&mut redis);
    let found = before - waiting(&mut redis);
    let measured = format!("{}: {:.2} times", micros(with), with / without);
    vec![
        Line::told("a report, nobody waiting", micros(alone), String::new()),
        Line::told("… 2 500 waiting with 300 m", micros(without), String::new()),
        Line::new("… and ten with 75 km, 100 km away", "≤ 1.5 times", measured, String::new(), with <= MARK * without),
        Line::told(
            "… and 2 500 with 5 km: an end is in it",
            micros(served),
            format!("{found} of {} served", REPORTS.0),
        ),
    ]
}

/// Reports one after the other, each of another driver who is gone before the next: Redis' time for one in µs, for each lot of
/// them.
async fn report(redis: &mut Redis, store: &Store, places: &[Point]) -> Spread {
    let mut costs = Vec::new();
    for lot in places.chunks(REPORTS.1) {
        let before = redis.account();
        for place in lot {
            let driver = Driver { id: DriverId::from_redis(b"d"), place: *place };
            store.report(&[driver], &Actor::new("bench")).await.unwrap();
        }
        costs.push(redis.account().since(&before).scripts().usec as f64 / lot.len() as f64);
    }
    costs.into_iter().collect()
}
