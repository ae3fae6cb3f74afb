//! Who gets a driver: the request that has waited longest, in the same breath as the report; the sweep for drivers set there by
//! foreign hands; and drivers who have fallen silent.

mod common;

use std::time::Duration;

use cabstand::domain::{Driver, EventKind, Freshness, Metres, State};
use cabstand::store::{NewRequest, Outcome, Pace, Store};
use common::service::Service;
use common::{LAT, LNG, PACE, Redis, actor, driver, id, place, request, until};
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
    store.move_driver(&at("b", LAT, LNG), &ana).await.unwrap();
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
        if part.again_in.is_none() {
            break;
        }
    }
    assert_eq!(seen, (1..=7).map(id).collect::<Vec<_>>(), "each once, the oldest first");
    let late = store.sweep(&actor("c"), Duration::from_secs(9), pace, 3).await.unwrap();
    assert_eq!((late.looks.len(), late.again_in), (0, None), "what this one heard was followed already");
}

#[tokio::test]
async fn a_sweep_keeps_its_pace() {
    let redis = Redis::start();
    let store = redis.store().await;
    open(&store, LAT, LNG, 5_000.0).await;
    attempt_all(&store).await;
    let pace = Pace { every: Duration::from_mins(10), ..PACE };
    let first = store.sweep(&actor("a"), Duration::ZERO, pace, 3).await.unwrap();
    assert_eq!((first.looks.len(), first.again_in), (1, None));
    let second = store.sweep(&actor("b"), Duration::ZERO, pace, 3).await.unwrap();
    assert!(second.looks.is_empty() && second.again_in.unwrap() > Duration::from_mins(9), "{second:?}");
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
    let near = store.nearest(&[place(LAT, LNG)], Metres(5_000.0), 5).await.unwrap().remove(0);
    assert_eq!(near.iter().map(|c| c.driver.id.as_str()).collect::<Vec<_>>(), ["fresh", "foreign"]);
    let all = redis.store().await.nearest(&[place(LAT, LNG)], Metres(5_000.0), 5).await.unwrap().remove(0);
    assert_eq!(all.len(), 5, "without the rule they are drivers like others");

    for _ in 0..3 {
        open(&store, LAT, LNG, 5_000.0).await;
    }
    attempt_all(&store).await;
    let of = |redis: &mut Redis, id| redis.field(id, "driver_id");
    assert_eq!((of(&mut redis, 1).as_deref(), of(&mut redis, 2).as_deref()), (Some("fresh"), Some("foreign")));
    assert_eq!(redis.state(3).as_deref(), Some("searching"));
    report(&store, at("silent3", LAT, LNG)).await;
    assert_eq!(of(&mut redis, 3).as_deref(), Some("silent3"));
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
    store.tend_silent(&w).await.unwrap();
    assert!(kinds(&store).await.is_empty());
    silence(&mut redis, "a", 125);
    silence(&mut redis, "taken", 126);
    for _ in 0..3 {
        store.tend_silent(&w).await.unwrap();
    }
    let events = store.recent_events(9).await.unwrap();
    assert_eq!(events.len(), 1, "once, and not of one who was taken: {events:?}");
    assert_eq!((&events[0].kind, events[0].driver_id.as_ref().unwrap().as_str()), (&EventKind::Stale, "a"));
    assert!(events[0].reason.as_deref().unwrap().starts_with("no report for 12"), "{events:?}");
    assert!(redis.run::<Option<f64>>("ZSCORE drivers a").is_some(), "it is still on the map");

    silence(&mut redis, "a", 601);
    silence(&mut redis, "b", 124);
    store.tend_silent(&w).await.unwrap();
    assert_eq!(kinds(&store).await, [EventKind::Stale, EventKind::Forgotten, EventKind::Stale]);
    assert_eq!(redis.run::<Vec<String>>("ZRANGE drivers 0 -1"), ["b", "foreign"]);
    assert!(redis.run::<Option<f64>>("ZSCORE cabstand:seen a").is_none());
    // Another silence is another event.
    report(&store, at("b", LAT, LNG)).await;
    store.tend_silent(&w).await.unwrap();
    assert_eq!(kinds(&store).await.len(), 3);
    silence(&mut redis, "b", 121);
    store.tend_silent(&w).await.unwrap();
    assert_eq!(kinds(&store).await.len(), 4);
}

#[tokio::test]
async fn a_fleet_that_falls_silent_in_one_moment_is_told_whole() {
    let mut redis = Redis::start();
    let store = strict(&redis).await;
    let (now, _): (i64, i64) = redis.run("TIME");
    for n in 0..530 {
        redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} d{n}"));
        // Three moments, with far more in one of them than one script takes.
        let moment = (now - 300 + i64::from(n > 20) + i64::from(n > 400)) * 1_000;
        redis.run::<()>(&format!("ZADD cabstand:seen {moment} d{n}"));
    }
    while store.tend_silent(&actor("w")).await.unwrap() {}
    store.tend_silent(&actor("w")).await.unwrap();
    let mut told: Vec<String> =
        store.recent_events(1_000).await.unwrap().iter().map(|e| e.driver_id.as_ref().unwrap().to_string()).collect();
    assert_eq!(told.len(), 530);
    told.sort_unstable();
    told.dedup();
    assert_eq!(told.len(), 530);
}

#[tokio::test]
async fn who_is_set_there_anew_by_an_operator_is_not_silent() {
    let mut redis = Redis::start();
    let store = strict(&redis).await;
    report(&store, at("d", LAT + 1.0, LNG)).await;
    store.remove(&driver("d"), &actor("ana")).await.unwrap();
    silence(&mut redis, "d", 300);
    store.place(&at("d", LAT, LNG), &actor("ana")).await.unwrap();
    open(&store, LAT, LNG, 5_000.0).await;
    let looks = store.attempt_due(&actor("w"), 10).await.unwrap().looks;
    assert_eq!(looks[0].outcome, Outcome::Ended(State::Found));
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
    store.tend_silent(&actor("w")).await.unwrap();
    open(&store, LAT, LNG, 5_000.0).await;
    assert_eq!(store.attempt_due(&actor("w"), 10).await.unwrap().looks[0].outcome, Outcome::Ended(State::Found));
}
