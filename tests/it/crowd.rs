//! Many who call at once: what they ask goes to Redis together, and each gets its own answer.

use std::collections::BTreeSet;

use crate::common::Redis;
use crate::common::doors::{Doors, problem};
use futures_util::future::join_all;
use serde_json::{Value, json};

const MANY: u32 = 60;

/// A place of each one's own, a hundred metres from the next.
fn lat(one: u32) -> f64 {
    f64::from(one) / 1_000.0
}

async fn report(doors: &Doors, one: u32) {
    let answer = doors.caller.post("/tracking", json!({"id": format!("d{one}"), "lat": lat(one), "lng": 0})).await;
    assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), (200, ""));
}

#[tokio::test]
async fn each_gets_its_own_answer() {
    let mut redis = Redis::start();
    let doors = Doors::open(&redis).await;
    join_all((0..MANY).map(|one| report(&doors, one))).await;
    assert_eq!(redis.run::<u32>("ZCARD drivers"), MANY);

    let found = join_all((0..MANY).map(async |one| {
        let limit = 1 + one % 7;
        let answer = doors.caller.post("/search", json!({"lat": lat(one), "lng": 0, "limit": limit})).await;
        (one, limit as usize, answer.json::<Vec<Value>>().await.unwrap())
    }));
    for (one, limit, found) in found.await {
        assert_eq!((found.len(), &found[0]["Name"]), (limit, &json!(format!("d{one}"))));
        let places: Vec<(f64, f64)> = redis.run(&format!("GEOPOS drivers d{one}"));
        let told = (found[0]["Longitude"].as_f64().unwrap(), found[0]["Latitude"].as_f64().unwrap());
        assert!((told.0 - places[0].0).abs() < 1e-9 && (told.1 - places[0].1).abs() < 1e-9, "{told:?} {places:?}");
        assert_eq!(redis.run::<u64>(&format!("ZSCORE drivers d{one}")), found[0]["GeoHash"].as_u64().unwrap());
    }

    let opened = join_all((0..MANY).map(async |one| {
        let body = json!({"lat": lat(one), "lng": 1, "user_id": format!("rider {one}")});
        let answer: Value = doors.caller.post("/v2/search", body).await.json().await.unwrap();
        (one, answer["request_id"].as_u64().unwrap())
    }));
    let opened = opened.await;
    assert_eq!(opened.iter().map(|(_, id)| *id).collect::<BTreeSet<_>>(), (1..=u64::from(MANY)).collect());
    for (one, id) in opened {
        assert_eq!(redis.field(id, "user_id"), Some(format!("rider {one}")));
        assert_eq!(redis.field(id, "lat").unwrap().parse(), Ok(lat(one)));
        let life = redis.field(id, "life").unwrap();
        let events: Vec<(String, Vec<String>)> = redis.run(&format!("XRANGE cabstand:events {life} {life}"));
        assert!(events[0].1.contains(&"opened".to_owned()) && events[0].1.contains(&id.to_string()), "{events:?}");
    }
}

#[tokio::test]
async fn one_driver_who_reports_many_times_at_once_is_at_one_of_those_places() {
    let mut redis = Redis::start();
    let doors = Doors::open(&redis).await;
    let calls = (0..MANY).map(async |one| {
        let answer = doors.caller.post("/tracking", json!({"id": "d", "lat": lat(one), "lng": 0})).await;
        assert_eq!(answer.status().as_u16(), 200);
    });
    join_all(calls).await;
    assert_eq!(redis.run::<u32>("ZCARD drivers"), 1);
    let places: Vec<(f64, f64)> = redis.run("GEOPOS drivers d");
    assert!((0..MANY).any(|one| (places[0].1 - lat(one)).abs() < 1e-4), "{places:?}");
    for list in ["cabstand:fresh", "cabstand:seen"] {
        assert_eq!(redis.run::<u32>(&format!("ZCARD {list}")), 1, "{list}");
    }
}

#[tokio::test]
async fn what_goes_wrong_is_told_to_each() {
    let mut redis = Redis::start();
    let doors = Doors::open(&redis).await;
    redis.run::<()>("SET cabstand:events something");
    let refused = (0..MANY).map(async |one| doors.caller.post("/v2/search", json!({"lat": lat(one), "lng": 0})).await);
    for answer in join_all(refused).await {
        problem(answer, 500).await;
    }
    let kept: BTreeSet<String> = redis.run::<Vec<String>>("KEYS *").into_iter().collect();
    let expected = ["cabstand:events", "cabstand:ids", "request_id"].map(str::to_owned);
    assert_eq!(kept, expected.into(), "no request is there in part");

    redis.kill();
    let away = (0..MANY).map(async |one| {
        let path = ["/tracking", "/search", "/v2/search"][one as usize % 3];
        doors.caller.post(path, json!({"id": "d", "lat": lat(one), "lng": 0})).await
    });
    for answer in join_all(away).await {
        problem(answer, 503).await;
    }
}
