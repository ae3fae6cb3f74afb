//! Who gets a driver: the request that has waited longest, in the same breath as the report; the sweep for drivers set there by
//! foreign hands; and drivers who have fallen silent.

use std::time::Duration;

use crate::common::service::Service;
use crate::common::{LAT, LNG, PACE, Redis, actor, driver, id, place, request, until};
use cabstand::domain::{Driver, EventKind, Freshness, Metres, State};
use cabstand::store::{NewRequest, Outcome, Pace, Store};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use serde_json::json;

fn at(name: &str, lat: f64, lng: f64) -> Driver {
    Driver { id: driver(name), place: place(lat, lng) }
}

async fn open(store: &Store, lat: f64, lng: f64, radius: f64) {
    let new = NewRequest { pickup: place(lat, lng), radius: Metres(radius), ..request() };
    store.open(&new, &actor("http")).await.unwrap();
}

async fn report(store: &Store, driver: Driver) {
    store.report(&[driver], &actor("http")).await.unwrap();
}

/// Lets every request have its first attempt.
async fn attempt_all(store: &Store) {
    while store.attempt_due(&actor("w"), 100).await.unwrap().looks.len() == 100 {}
}

async fn kinds(store: &Store) -> Vec<EventKind> {
    store.recent_events(1_000).await.unwrap().into_iter().map(|event| event.kind).collect()
}

#[tokio::test]
async fn a_report_is_matched_before_it_is_answered() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &["--interval", "5m", "--ttl", "10m"]);
    for _ in 0..2 {
        service.caller.search().await;
    }
    service.wait_for_log("Search Driver", 2);
    for id in 1..=2 {
        let response = service.caller.post("/tracking", json!({"id": id.to_string(), "lat": LAT, "lng": LNG})).await;
        assert!(response.status().is_success());
        assert_eq!(redis.state(id).as_deref(), Some("found"), "at once, and the longest waiting first");
        assert_eq!(redis.field(id, "ended_by").as_deref(), Some("http"));
    }
    service.wait_for_log("Driver 2 found\n", 1);
    assert_eq!(
        service.log().matches("Search Driver").count(),
        2,
        "a match in between is no attempt: {}",
        service.log()
    );
}

#[tokio::test]
async fn a_driver_goes_to_who_has_waited_longest_of_those_it_is_near_enough_to() {
    let mut runner =
        TestRunner::new_with_rng(ProptestConfig::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[9; 32]));
    let mut redis = Redis::start();
    let store = redis.store().await;
    let spot = (-0.05..0.05_f64, -0.05..0.05_f64);
    let mut waiting = Vec::new();
    for number in 1..=120 {
        let ((lat, lng), radius) = (&spot, 100.0..4_000.0_f64).new_tree(&mut runner).unwrap().current();
        open(&store, LAT + lat, LNG + lng, radius).await;
        redis.run::<()>(&format!("GEOADD pickups {} {} {number}", LNG + lng, LAT + lat));
        waiting.push((number, radius));
    }
    attempt_all(&store).await;
    for n in 0..150 {
        let (lat, lng) = spot.new_tree(&mut runner).unwrap().current();
        redis.run::<()>(&format!("GEOADD pickups {} {} driver", LNG + lng, LAT + lat));
        let mut expected = None;
        for &(number, radius) in &waiting {
            let metres: f64 = redis.run(&format!("GEODIST pickups {number} driver"));
            // Redis keeps places to within 0.6 m: on the edge either answer is right.
            if (metres - radius).abs() < 2.0 {
                expected = None;
                break;
            }
            if metres < radius && expected.is_none() {
                expected = Some(number);
            }
        }
        report(&store, at(&format!("d{n}"), LAT + lat, LNG + lng)).await;
        let found: Vec<u64> =
            waiting.iter().map(|w| w.0).filter(|&number| redis.state(number).as_deref() == Some("found")).collect();
        if let Some(expected) = expected {
            assert_eq!(found, [expected], "driver {n}");
            assert_eq!(redis.field(expected, "driver_id"), Some(format!("d{n}")));
        }
        waiting.retain(|w| !found.contains(&w.0));
        redis.run::<()>(&format!("ZREM drivers d{n}"));
    }
    assert!(waiting.len() < 60, "the drivers were near enough to tell: {} still wait", waiting.len());
}

#[tokio::test]
async fn with_thousands_waiting_the_oldest_in_reach_is_served_first() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    // The oldest are far away; then as many are near as are never all read for one driver.
    for _ in 0..30 {
        open(&store, LAT + 1.0, LNG, 5_000.0).await;
    }
    for n in 0..1_500 {
        open(&store, LAT + f64::from(n) * 1e-6, LNG, 5_000.0).await;
    }
    attempt_all(&store).await;
    for n in 0..3 {
        report(&store, at(&format!("d{n}"), LAT, LNG)).await;
        assert_eq!(redis.field(31 + n, "driver_id"), Some(format!("d{n}")));
    }
    report(&store, at("elsewhere", LAT - 1.0, LNG)).await;
    assert_eq!(redis.run::<Vec<String>>("ZRANGE drivers 0 -1"), ["elsewhere"]);
}

#[tokio::test]
async fn the_first_look_is_the_first_attempt_whatever_brought_it() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    open(&store, LAT, LNG, 5_000.0).await;
    report(&store, at("d", LAT, LNG)).await;
    assert_eq!(redis.field(1, "attempts").as_deref(), Some("1"));
    let found = store.recent_events(1).await.unwrap().remove(0);
    assert_eq!((found.kind, found.reason.as_deref()), (EventKind::Found, Some("attempt")));
}

#[tokio::test]
async fn of_several_reports_each_driver_goes_to_one() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    for _ in 0..60 {
        open(&store, LAT, LNG, 5_000.0).await;
    }
    attempt_all(&store).await;
    let reports: Vec<Driver> = (0..70).map(|n| at(&format!("d{n}"), LAT, LNG + f64::from(n) * 1e-4)).collect();
    store.report(&reports, &actor("http")).await.unwrap();
    let mut taken: Vec<String> = (1..=60).map(|id| redis.field(id, "driver_id").expect("a driver")).collect();
    taken.sort_unstable();
    taken.dedup();
    assert_eq!((taken.len(), redis.run::<i64>("ZCARD drivers")), (60, 10));
}

#[tokio::test]
async fn whom_an_operator_sets_or_moves_is_given_away_too() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    for _ in 0..2 {
        open(&store, LAT, LNG, 1_000.0).await;
    }
    attempt_all(&store).await;
    let ana = actor("ana@desk");
    store.place(&at("a", LAT, LNG), &ana).await.unwrap();
    store.place(&at("b", LAT + 1.0, LNG), &ana).await.unwrap();
    store.move_driver(&at("b", LAT, LNG), None, &ana).await.unwrap();
    let of = |redis: &mut Redis, id, field| redis.field(id, field).unwrap();
    assert_eq!((of(&mut redis, 1, "driver_id"), of(&mut redis, 2, "driver_id")), ("a".to_owned(), "b".to_owned()));
    assert_eq!(of(&mut redis, 2, "ended_by"), "ana@desk");
    let told = kinds(&store).await;
    assert_eq!(told[4..], [EventKind::Placed, EventKind::Found, EventKind::Placed, EventKind::Moved, EventKind::Found]);
}

#[tokio::test]
async fn odd_lists_do_not_keep_a_report_from_being_taken_and_an_attempt_mends_them() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    open(&store, LAT, LNG, 5_000.0).await;
    attempt_all(&store).await;
    redis.run::<()>("SET cabstand:reach x");
    report(&store, at("far", LAT + 1.0, LNG)).await;
    assert_eq!(redis.run::<i64>("ZCARD drivers"), 1);
    redis.run::<()>("DEL cabstand:reach cabstand:queue cabstand:waiting");
    redis.run::<()>("ZADD cabstand:due 1 1");
    attempt_all(&store).await;
    report(&store, at("near", LAT, LNG)).await;
    assert_eq!(redis.field(1, "driver_id").as_deref(), Some("near"));
}

#[tokio::test]
async fn all_workers_make_one_sweep_together() {
    let redis = Redis::start();
    let store = redis.store().await;
    for _ in 0..7 {
        open(&store, LAT, LNG, 5_000.0).await;
    }
    attempt_all(&store).await;
    // A turn of its own for each part, so that nothing has to be waited for.
    let pace = Pace { every: Duration::from_millis(1), ..PACE };
    let (mut seen, mut parts) = (Vec::new(), 0);
    loop {
        let worker = actor(["a", "b"][parts % 2]);
        let part = store.sweep(&worker, Duration::from_secs(9), pace, 3).await.unwrap();
        seen.extend(part.looks.iter().map(|look| look.id));
        parts += 1;
        if part.complete_since.is_some() {
            break;
        }
    }
    assert_eq!(seen, (1..=7).map(id).collect::<Vec<_>>(), "each once, the oldest first");
    let late = store.sweep(&actor("c"), Duration::from_secs(9), pace, 3).await.unwrap();
    assert_eq!(
        (late.looks.len(), late.complete_since.is_some()),
        (0, true),
        "what this one heard was followed already"
    );
}

#[tokio::test]
async fn a_sweep_keeps_its_pace() {
    let redis = Redis::start();
    let store = redis.store().await;
    open(&store, LAT, LNG, 5_000.0).await;
    attempt_all(&store).await;
    let pace = Pace { every: Duration::from_mins(10), ..PACE };
    let first = store.sweep(&actor("a"), Duration::ZERO, pace, 3).await.unwrap();
    assert_eq!((first.looks.len(), first.complete_since), (1, Some(Duration::ZERO)));
    let second = store.sweep(&actor("b"), Duration::ZERO, pace, 3).await.unwrap();
    assert!(second.looks.is_empty() && second.again_in > Duration::from_mins(9), "{second:?}");
}

/// A handle to which two minutes of silence are stale, and ten are to be forgotten.
async fn strict(redis: &Redis) -> Store {
    let freshness =
        Freshness { stale_after: Some(Duration::from_mins(2)), forget_after: Some(Duration::from_mins(10)) };
    redis.store().await.with_freshness(freshness)
}

/// Makes it so many seconds since a driver reported.
fn silence(redis: &mut Redis, driver: &str, seconds: i64) {
    let (now, _): (i64, i64) = redis.run("TIME");
    redis.run::<()>(&format!("ZADD cabstand:seen {} {driver}", (now - seconds) * 1_000));
}

#[tokio::test]
async fn who_is_silent_gets_no_request_until_it_reports_again() {
    let mut redis = Redis::start();
    let store = strict(&redis).await;
    // Silent ones stand nearer than the fresh one; one has been set there by a foreign hand.
    for n in 0..12 {
        report(&store, at(&format!("silent{n}"), LAT, LNG + f64::from(n) * 1e-5)).await;
        silence(&mut redis, &format!("silent{n}"), 130);
    }
    report(&store, at("fresh", LAT + 0.01, LNG)).await;
    redis.run::<()>(&format!("GEOADD drivers {LNG} {} foreign", LAT + 0.02));
    store.tend_silent(&actor("w"), true).await.unwrap();
    // Whoever looks: what is stale stands in Redis.
    let anybody = redis.store().await;
    let near = anybody.nearest(&[place(LAT, LNG)], Metres(5_000.0), 5).await.unwrap().remove(0);
    assert_eq!(near.iter().map(|c| c.driver.id.as_str()).collect::<Vec<_>>(), ["fresh", "foreign"]);
    assert!(redis.run::<Option<f64>>("ZSCORE drivers silent1").is_some(), "it is still on the map");

    for _ in 0..3 {
        open(&store, LAT, LNG, 5_000.0).await;
    }
    attempt_all(&anybody).await;
    let of = |redis: &mut Redis, id| redis.field(id, "driver_id");
    assert_eq!((of(&mut redis, 1).as_deref(), of(&mut redis, 2).as_deref()), (Some("fresh"), Some("foreign")));
    assert_eq!(redis.state(3).as_deref(), Some("searching"));
    let why = store.recent_events(1).await.unwrap().remove(0).reason;
    assert_eq!(why.as_deref(), Some("only 12 stale drivers within 5000 m"));
    report(&anybody, at("silent3", LAT, LNG)).await;
    assert_eq!(of(&mut redis, 3).as_deref(), Some("silent3"));
}

#[tokio::test]
async fn the_nearest_is_found_among_all_that_hands_have_done_to_the_map() {
    let mut redis = Redis::start();
    let store = strict(&redis).await;
    let mut runner =
        TestRunner::new_with_rng(ProptestConfig::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[5; 32]));
    let spot = (-0.03..0.03_f64, -0.03..0.03_f64, 0..6_u8);
    let mut stale = std::collections::HashSet::new();
    for n in 0..240 {
        let (lat, lng, fate) = spot.new_tree(&mut runner).unwrap().current();
        let (name, lat, lng) = (format!("d{n}"), LAT + lat, LNG + lng);
        if fate > 0 {
            report(&store, at(&name, lat, lng)).await;
        }
        match fate {
            // Never reported; silent; silent and then set elsewhere by a foreign hand; taken off by one.
            0 => redis.run::<()>(&format!("GEOADD drivers {lng} {lat} {name}")),
            1 => {
                silence(&mut redis, &name, 300);
                stale.insert(name);
            }
            2 => {
                silence(&mut redis, &name, 300);
                redis.run::<()>(&format!("GEOADD drivers {} {lat} {name}", lng + 0.001));
            }
            3 => redis.run::<()>(&format!("ZREM drivers {name}")),
            _ => {}
        }
    }
    store.tend_silent(&actor("w"), true).await.unwrap();
    assert!(stale.len() > 20, "{}", stale.len());
    for _ in 0..100 {
        let (lat, lng, _) = spot.new_tree(&mut runner).unwrap().current();
        let from = place(LAT + lat, LNG + lng);
        let all: Vec<String> =
            redis.run(&format!("GEOSEARCH drivers FROMLONLAT {} {} BYRADIUS 2 km ASC", from.lng(), from.lat()));
        let expected: Vec<&str> = all.iter().map(String::as_str).filter(|id| !stale.contains(*id)).take(3).collect();
        let ours = store.nearest(&[from], Metres(2_000.0), 3).await.unwrap().remove(0);
        assert_eq!(ours.iter().map(|c| c.driver.id.as_str()).collect::<Vec<_>>(), expected);
    }
}

/// A fleet of so many: around a place, spread over so many degrees; with a rank of it within a hundred metres or so.
fn fleet(runner: &mut TestRunner, (lat, lng): (f64, f64), spread: f64, rank: f64) -> Vec<(f64, f64)> {
    (0..2_500)
        .map(|n| {
            let (north, east) = (-0.5..0.5_f64, -0.5..0.5_f64).new_tree(runner).unwrap().current();
            let width = if f64::from(n) < rank * 2_500.0 { 0.002 } else { spread };
            let lng = (lng + east * width + 540.0).rem_euclid(360.0) - 180.0;
            ((lat + north * width).clamp(-85.05, 85.05), lng)
        })
        .collect()
}

#[tokio::test]
async fn the_nearest_is_that_of_redis_own_search_however_the_fleet_stands() {
    let mut runner =
        TestRunner::new_with_rng(ProptestConfig::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[3; 32]));
    let mut redis = Redis::start();
    let store = redis.store().await;
    let (home, seam, north, south) = ((LAT, LNG), (-17.0, 180.0), (85.0, 20.0), (-85.04, -179.99));
    for (centre, spread, rank) in [
        (home, 0.4, 0.0),
        (home, 0.4, 0.5),
        (home, 40.0, 0.9),
        (home, 0.002, 1.0),
        (home, 0.0, 0.0),
        (seam, 0.4, 0.0),
        (seam, 0.4, 0.8),
        (north, 0.6, 0.3),
        (south, 0.3, 0.3),
    ] {
        redis.run::<()>("DEL drivers");
        let mut add = redis::cmd("GEOADD");
        add.arg("drivers");
        for (n, (lat, lng)) in fleet(&mut runner, centre, spread, rank).into_iter().enumerate() {
            add.arg(lng).arg(lat).arg(format!("d{n}"));
        }
        add.exec(&mut redis.connection).unwrap();
        for _ in 0..60 {
            let look = (-0.7..0.7_f64, -0.7..0.7_f64, 0..3_usize, 50.0..20_000.0_f64, 1..30_usize);
            let (lat, lng, zoom, radius, count) = look.new_tree(&mut runner).unwrap().current();
            let zoom = [0.002, 0.02, 0.4][zoom];
            let lng = (centre.1 + lng * zoom + 540.0).rem_euclid(360.0) - 180.0;
            let from = place((centre.0 + lat * zoom).clamp(-85.05, 85.05), lng);
            let plain = format!("GEOSEARCH drivers FROMLONLAT {} {} BYRADIUS {radius} m", from.lng(), from.lat());
            let expected: Vec<(String, f64)> = redis.run(&format!("{plain} ASC COUNT {count} WITHDIST"));
            let ours = store.nearest(&[from], Metres(radius), count).await.unwrap().remove(0);
            // Who are equally far away may stand in any order.
            let metres: Vec<f64> = ours.iter().map(|c| c.distance_m).collect();
            let case = format!("{centre:?} {spread} {rank}: {plain} {count}\n{expected:?}\n{ours:?}");
            assert_eq!(metres.len(), expected.len(), "{case}");
            assert!(metres.iter().zip(&expected).all(|(ours, plain)| (ours - plain.1).abs() < 1e-3), "{case}");
            let names: std::collections::HashSet<_> = ours.iter().map(|c| c.driver.id.as_str()).collect();
            assert_eq!(names.len(), ours.len(), "nobody twice: {case}");
        }
    }
}

#[tokio::test]
async fn a_crowd_that_waits_is_within_reach_or_not_also_across_the_seam() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    for n in 0..400 {
        // Redis itself has no cell for a longitude of 180 degrees sharp.
        let east = f64::from(n % 20) * 1e-4 + 1e-5;
        open(&store, f64::from(n / 20) * 1e-4, if n % 2 == 0 { 180.0 - east } else { east - 180.0 }, 500.0).await;
    }
    attempt_all(&store).await;
    let waiting = |redis: &mut Redis| redis.run::<i64>("ZCARD cabstand:waiting");
    for lng in [179.99, -179.99] {
        report(&store, at("outside", 0.001, lng)).await;
        assert_eq!(waiting(&mut redis), 400);
    }
    for (n, lng) in [179.997, -179.997, 180.0].into_iter().enumerate() {
        report(&store, at(&format!("inside{n}"), 0.001, lng)).await;
        assert_eq!(redis.run::<Vec<String>>("ZRANGE drivers 0 -1"), ["outside"]);
    }
    assert_eq!(waiting(&mut redis), 397);
    assert_eq!(redis.field(1, "driver_id").as_deref(), Some("inside0"), "the oldest is served first");
}

/// How long Redis itself has worked on a script, in microseconds a call, since this was last asked.
fn script_us(redis: &mut Redis) -> f64 {
    let stats: String = redis.run("INFO commandstats");
    let line = stats.lines().find(|line| line.starts_with("cmdstat_evalsha")).unwrap();
    redis.run::<()>("CONFIG RESETSTAT");
    line.split_once("usec_per_call=").unwrap().1.split(',').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_crowd_of_silent_drivers_costs_no_more_than_a_handful() {
    let mut redis = Redis::start();
    let store = strict(&redis).await;
    for _ in 0..20 {
        open(&store, LAT, LNG, 5_000.0).await;
    }
    attempt_all(&store).await;
    let pace = Pace { every: Duration::from_millis(1), ..PACE };
    let mut figures = Vec::new();
    for crowd in [100..200, 200..8_000] {
        // Set down where they are no match, so that they are not given away; then the clock is as if they had been silent.
        let reports: Vec<Driver> = crowd.map(|n| at(&format!("s{n}"), LAT + 1.0, LNG + f64::from(n) * 1e-6)).collect();
        store.report(&reports, &actor("http")).await.unwrap();
        let (now, _): (i64, i64) = redis.run("TIME");
        for driver in &reports {
            redis.run::<()>(&format!("ZADD cabstand:seen {} {}", (now - 300) * 1_000, driver.id));
        }
        redis.run::<()>("HDEL cabstand:sweep stale_line told_line");
        while store.tend_silent(&actor("w"), false).await.unwrap() {}
        // The whole crowd moves into reach, stale as it is.
        for set in ["drivers", "cabstand:stale"] {
            for driver in &reports {
                redis.run::<()>(&format!("GEOADD {set} {LNG} {LAT} {}", driver.id));
            }
        }
        script_us(&mut redis);
        // The quickest of them: others may have been held up by what else this machine does.
        let mut quickest = f64::INFINITY;
        for _ in 0..20 {
            let part = store.sweep(&actor("w"), Duration::from_micros(1), pace, 50).await.unwrap();
            assert!(part.looks.iter().all(|look| look.outcome == Outcome::Waiting), "{part:?}");
            let took = script_us(&mut redis);
            // One that Redis does not know yet is only looked up.
            if !part.looks.is_empty() && took > 100.0 {
                quickest = quickest.min(took);
            }
        }
        figures.push(quickest);
    }
    // Eighty times as many: with a search through all of them it would be that much dearer.
    assert!(figures[1] < figures[0] * 8.0 + 500.0, "{figures:?} us a script");
    report(&store, at("fresh", LAT + 0.02, LNG)).await;
    assert_eq!(redis.field(1, "driver_id").as_deref(), Some("fresh"), "and the one behind them is found");
}

#[tokio::test]
async fn silence_is_told_once_and_then_ends_on_the_map() {
    let mut redis = Redis::start();
    let store = strict(&redis).await;
    let w = actor("w");
    for name in ["a", "b", "taken"] {
        report(&store, at(name, LAT, LNG)).await;
    }
    redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} foreign"));
    redis.run::<()>("ZREM drivers taken");
    store.tend_silent(&w, true).await.unwrap();
    assert!(kinds(&store).await.is_empty());
    silence(&mut redis, "a", 125);
    silence(&mut redis, "taken", 126);
    store.tend_silent(&w, false).await.unwrap();
    assert!(kinds(&store).await.is_empty(), "it is not the time to tell");
    for _ in 0..3 {
        store.tend_silent(&w, true).await.unwrap();
    }
    let events = store.recent_events(9).await.unwrap();
    assert_eq!(events.len(), 1, "once, and not of one who was taken: {events:?}");
    assert_eq!((&events[0].kind, events[0].driver_id.as_ref().unwrap().as_str()), (&EventKind::Stale, "a"));
    assert!(events[0].reason.as_deref().unwrap().starts_with("no report for 12"), "{events:?}");
    assert!(redis.run::<Option<f64>>("ZSCORE drivers a").is_some(), "it is still on the map");

    silence(&mut redis, "a", 601);
    silence(&mut redis, "b", 124);
    store.tend_silent(&w, true).await.unwrap();
    assert_eq!(kinds(&store).await, [EventKind::Stale, EventKind::Stale, EventKind::Forgotten]);
    assert_eq!(redis.run::<Vec<String>>("ZRANGE drivers 0 -1"), ["b", "foreign"]);
    assert!(redis.run::<Option<f64>>("ZSCORE cabstand:seen a").is_none());
    // Another silence is another event.
    report(&store, at("b", LAT, LNG)).await;
    store.tend_silent(&w, true).await.unwrap();
    assert_eq!(kinds(&store).await.len(), 3);
    silence(&mut redis, "b", 121);
    store.tend_silent(&w, true).await.unwrap();
    assert_eq!(kinds(&store).await.len(), 4);
}

#[tokio::test]
async fn a_fleet_that_falls_silent_in_one_moment_is_stale_at_once_and_told_of_by_and_by() {
    let mut redis = Redis::start();
    let store = strict(&redis).await;
    let fleet: Vec<Driver> = (0..530).map(|n| at(&format!("d{n}"), LAT, LNG + f64::from(n) * 1e-5)).collect();
    store.report(&fleet, &actor("http")).await.unwrap();
    let (now, _): (i64, i64) = redis.run("TIME");
    for n in 0..530 {
        // Three moments, with far more in one of them than are told of at once.
        let moment = (now - 300 + i64::from(n > 20) + i64::from(n > 400)) * 1_000;
        redis.run::<()>(&format!("ZADD cabstand:seen {moment} d{n}"));
    }
    while store.tend_silent(&actor("w"), false).await.unwrap() {}
    assert_eq!((redis.run::<u64>("ZCARD cabstand:stale"), redis.run::<u64>("EXISTS cabstand:fresh")), (530, 0));
    let mut told: Vec<String> = Vec::new();
    for _ in 0..6 {
        store.tend_silent(&actor("w"), true).await.unwrap();
        let events = store.recent_events(1_000).await.unwrap();
        told = events.iter().map(|e| e.driver_id.as_ref().unwrap().to_string()).collect();
    }
    assert_eq!(told.len(), 530);
    told.sort_unstable();
    told.dedup();
    assert_eq!(told.len(), 530, "each once");
}

#[tokio::test]
async fn who_is_set_somewhere_by_another_hand_is_not_silent() {
    let mut redis = Redis::start();
    let store = strict(&redis).await;
    for name in ["placed", "moved", "foreign", "taken"] {
        report(&store, at(name, LAT + 1.0, LNG)).await;
        silence(&mut redis, name, 900);
    }
    // One was taken by a rider, and another service has set it down again.
    open(&store, LAT + 1.0, LNG, 10.0).await;
    store.remove(&driver("placed"), &actor("ana")).await.unwrap();
    let ana = actor("ana");
    store.place(&at("placed", LAT, LNG), &ana).await.unwrap();
    store.move_driver(&at("moved", LAT, LNG), None, &ana).await.unwrap();
    redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} foreign"));
    attempt_all(&store).await;
    assert_eq!(redis.field(1, "driver_id").as_deref(), Some("taken"));
    redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} taken"));
    for _ in 0..2 {
        store.tend_silent(&actor("w"), true).await.unwrap();
    }
    assert_eq!(redis.run::<u64>("ZCARD drivers"), 4);
    for _ in 0..4 {
        open(&store, LAT, LNG, 5_000.0).await;
    }
    attempt_all(&store).await;
    assert_eq!(redis.run::<u64>("EXISTS drivers"), 0, "all four are given away");
}

#[tokio::test]
async fn a_stale_driver_is_given_away_by_nobodys_hand() {
    let mut redis = Redis::start();
    let store = strict(&redis).await;
    report(&store, at("old", LAT, LNG)).await;
    silence(&mut redis, "old", 300);
    store.tend_silent(&actor("w"), true).await.unwrap();
    open(&store, LAT, LNG, 5_000.0).await;
    attempt_all(&store).await;
    let operator = redis.store().await;
    operator.place(&at("far", LAT + 1.0, LNG), &actor("ana")).await.unwrap();
    operator.move_driver(&at("far", LAT + 0.01, LNG), None, &actor("ana")).await.unwrap();
    assert_eq!(redis.field(1, "driver_id").as_deref(), Some("far"));
}

#[tokio::test]
async fn notes_that_a_foreign_hand_or_a_clock_has_spoilt_are_made_anew() {
    let mut redis = Redis::start();
    let store = strict(&redis).await;
    for _ in 0..3 {
        open(&store, LAT, LNG, 5_000.0).await;
    }
    attempt_all(&store).await;
    report(&store, at("a", LAT + 1.0, LNG)).await;
    silence(&mut redis, "a", 300);
    let future = 9_999_999_999_999_999_u64;
    for spoilt in [
        "SET cabstand:sweep x".to_owned(),
        format!(
            "HSET cabstand:sweep began_us {future} turn_at {future} after 5 stale_line {future} told_line {future}"
        ),
        "HSET cabstand:sweep began_us what? turn_at nan after x stale_line inf told_line x".to_owned(),
        "HSET cabstand:sweep after 1".to_owned(),
    ] {
        redis.run::<()>("DEL cabstand:sweep");
        redis.run::<()>(&spoilt);
        let part = store.sweep(&actor("w"), Duration::from_secs(1), PACE, 10).await.unwrap();
        assert_eq!((part.looks.len(), part.complete_since), (3, Some(Duration::ZERO)), "{spoilt}");
        store.tend_silent(&actor("w"), true).await.unwrap();
        assert!(redis.run::<Option<f64>>("ZSCORE cabstand:stale a").is_some(), "{spoilt}");
        report(&store, at("a", LAT + 1.0, LNG)).await;
        silence(&mut redis, "a", 300);
    }
}

#[tokio::test]
async fn drivers_can_be_forgotten_without_being_stale_first() {
    let mut redis = Redis::start();
    let freshness = Freshness { stale_after: None, forget_after: Some(Duration::from_mins(10)) };
    let store = redis.store().await.with_freshness(freshness);
    for name in ["gone", "there"] {
        report(&store, at(name, LAT, LNG)).await;
    }
    silence(&mut redis, "gone", 601);
    silence(&mut redis, "there", 500);
    store.tend_silent(&actor("w"), true).await.unwrap();
    assert_eq!(kinds(&store).await, [EventKind::Forgotten]);
    assert_eq!(redis.run::<Vec<String>>("ZRANGE drivers 0 -1"), ["there"]);
}

#[tokio::test]
async fn a_service_tends_the_silent() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &["--stale-after", "200ms", "--forget-after", "400ms"]);
    service.caller.post("/tracking", json!({"id": "gone", "lat": LAT, "lng": LNG})).await;
    redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} foreign"));
    until("it to be forgotten", || redis.run::<Vec<String>>("ZRANGE drivers 0 -1") == ["foreign"]);
    let kinds = kinds(&redis.store().await).await;
    assert_eq!(kinds.last(), Some(&EventKind::Forgotten));
}

#[tokio::test]
async fn without_the_options_silence_means_nothing() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    report(&store, at("d", LAT, LNG)).await;
    silence(&mut redis, "d", 1_000_000);
    store.tend_silent(&actor("w"), true).await.unwrap();
    open(&store, LAT, LNG, 5_000.0).await;
    assert_eq!(store.attempt_due(&actor("w"), 10).await.unwrap().looks[0].outcome, Outcome::Ended(State::Found));
}
