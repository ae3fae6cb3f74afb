//! Row 12: what a report costs Redis while a hundred thousand wait, against the same report while nobody does.

use std::time::{Duration, Instant};

use cabstand::domain::{Actor, Driver, DriverId, Point};
use cabstand::store::Store;
use futures_util::{StreamExt, stream};
use tokio::runtime::Runtime;

use crate::common::city::{CITY, DESERT, place, places_around, places_in};
use crate::common::redis::Redis;
use crate::common::spread::Spread;
use crate::common::waiting;
use crate::table::{Line, micros};

const WAITING: usize = 100_000;
/// How far away the drivers of most may be in metres, and of a few who are far away themselves.
const RADII: (f64, f64) = (15.0, 5_000.0);
const FAR_AWAY: usize = 100;
/// Reports a second, how many in all of each kind, and how many in one call.
const REPORTS: (u32, usize, usize) = (5_000, 2_500, 5);
/// At the most, in µs.
const MARK: f64 = 50.0;

pub fn measure(runtime: &Runtime) -> Vec<Line> {
    let mut redis = Redis::start();
    let store = runtime.block_on(redis.store());
    // In the city, beside all who wait, and far from everybody.
    let city: Vec<Point> = places_in(CITY, 11).take(REPORTS.1).collect();
    let nowhere: Vec<Point> = places_around(place((-20.0, -60.0)), 20_000.0, 12).take(REPORTS.1).collect();
    let report = |redis: &mut Redis, places: &[Point]| runtime.block_on(report(redis, &store, places));
    report(&mut redis, &city[..50]);
    let alone = report(&mut redis, &city).median();

    runtime.block_on(async {
        waiting::open(&store, places_in(CITY, 3).take(WAITING), RADII.0).await;
        waiting::open(&store, places_around(place(DESERT), 20_000.0, 13).take(FAR_AWAY), RADII.1).await;
    });
    redis.run::<()>("DEL drivers cabstand:seen cabstand:fresh");
    redis.spread_attempts(Duration::from_secs(30));
    let beside = report(&mut redis, &nowhere).median();
    let waiting = |redis: &mut Redis| redis.run::<u64>("ZCARD cabstand:waiting");
    let before = waiting(&mut redis);
    let among = report(&mut redis, &city).median();
    let between = waiting(&mut redis);
    let pickups: Vec<Point> = places_in(CITY, 3).take(REPORTS.1).collect();
    let served = report(&mut redis, &pickups).median();
    let after = waiting(&mut redis);
    let more = |usec: f64| format!("{} more", micros(usec - alone));
    let line =
        |what: &str, usec: f64, other: String| Line::new(what, "≤ 50 µs", more(usec), other, usec - alone <= MARK);
    let found = |count: u64| format!("{count} of {} served", REPORTS.1);
    let far = format!("{} with nobody waiting", micros(alone));
    vec![
        line("a report, 5 000 a second, 100 000 waiting, far from all of them", beside, far),
        line("… among them, in reach of few", among, found(before - between)),
        // An end costs what it costs, whoever brings it: it is told beside the rest.
        Line::told("… beside one, who is served: its end is in it", more(served), found(between - after)),
    ]
}

/// Reports at the pace, each of another driver: Redis' time for one report in µs, for each hundredth of them.
async fn report(redis: &mut Redis, store: &Store, places: &[Point]) -> Spread {
    let (rate, _, in_one) = REPORTS;
    let mut costs = Vec::new();
    let (began, mut sent) = (Instant::now(), 0);
    for lot in places.chunks((places.len() / 100).max(in_one)) {
        let before = redis.account();
        let calls = lot.chunks(in_one).enumerate().map(|(call, places)| {
            let drivers: Vec<Driver> =
                places.iter().enumerate().map(|(number, at)| driver(sent + call * in_one + number, *at)).collect();
            async move { store.report(&drivers, &Actor::new("bench")).await.unwrap() }
        });
        stream::iter(calls).buffer_unordered(4).collect::<Vec<()>>().await;
        costs.push(redis.account().since(&before).scripts().usec as f64 / lot.len() as f64);
        sent += lot.len();
        let due = Duration::from_secs(1) * u32::try_from(sent).unwrap_or(u32::MAX) / rate;
        tokio::time::sleep(due.saturating_sub(began.elapsed())).await;
    }
    costs.into_iter().collect()
}

fn driver(number: usize, place: Point) -> Driver {
    Driver { id: DriverId::from_redis(format!("d{number}").as_bytes()), place }
}
