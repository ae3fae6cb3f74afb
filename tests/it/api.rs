//! The HTTP service in process, against a real Redis: what each call does. What is refused stands in `tests/problems.rs`.

use std::fmt::Write;

use crate::common::doors::{Doors, problem};
use crate::common::{LAT, LNG, Redis};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

async fn empty(response: Response) {
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.text().await.unwrap(), "");
}

#[tokio::test]
async fn a_report_makes_a_driver_available() {
    let mut redis = Redis::start();
    let doors = Doors::open(&redis).await;
    let caller = &doors.caller;
    empty(caller.post("/tracking", json!({"id": "1", "lat": -33.44091, "lng": -70.6301, "speed": 3})).await).await;
    assert!(redis.run::<Option<f64>>("ZSCORE drivers 1").is_some());
    assert!(redis.run::<Option<f64>>("ZSCORE cabstand:seen 1").is_some());
}

#[tokio::test]
async fn the_nearest_are_told_as_the_article_does() {
    let mut redis = Redis::start();
    redis.run::<()>("GEOADD drivers -70.63 -33.45 a -70.63 -33.46 b -70.63 -33.9 far");
    let doors = Doors::open(&redis).await;
    let caller = &doors.caller;
    let ask = async |body: Value| -> Value { caller.post("/search", body).await.json().await.unwrap() };
    let found = ask(json!({"lat": -33.449, "lng": -70.63, "limit": 100})).await;
    let names: Vec<&str> = found.as_array().unwrap().iter().map(|d| d["Name"].as_str().unwrap()).collect();
    assert_eq!(names, ["a", "b"], "within 15 km, nearest first");
    let first = found[0].as_object().unwrap();
    let mut fields: Vec<&str> = first.keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["Dist", "GeoHash", "Latitude", "Longitude", "Name"]);
    assert!((first["Dist"].as_f64().unwrap() - 0.111).abs() < 0.001, "kilometres: {first:?}");
    assert!((first["Latitude"].as_f64().unwrap() + 33.45).abs() < 1e-4);
    assert_eq!(first["GeoHash"].as_u64().unwrap().to_string(), redis.run::<String>("ZSCORE drivers a"));
    assert_eq!(ask(json!({"lat": -33.449, "lng": -70.63})).await.as_array().unwrap().len(), 1);
    assert_eq!(ask(json!({"lat": 0, "lng": 0})).await, json!([]));
}

#[tokio::test]
async fn a_request_is_opened_shown_and_cancelled() {
    let mut redis = Redis::start();
    let doors = Doors::open(&redis).await;
    let caller = &doors.caller;
    let response = caller.post("/v2/search", json!({"lat": LAT, "lng": LNG})).await;
    assert_eq!((response.status().as_u16(), response.text().await.unwrap().as_str()), (200, r#"{"request_id":1}"#));
    caller.post("/v2/search", json!({"lat": LAT, "lng": LNG, "user_id": "ana"})).await;
    let shown: Value = caller.get("/v2/requests/2").await.json().await.unwrap();
    assert_eq!(
        (&shown["request_id"], &shown["user_id"], &shown["state"]),
        (&json!(2), &json!("ana"), &json!("searching"))
    );
    assert_eq!(
        (&shown["lat"], &shown["radius_m"], &shown["interval_ms"]),
        (&json!(LAT), &json!(5000.0), &json!(30000))
    );

    empty(caller.post("/v2/cancel", json!({"request_id": "1"})).await).await;
    empty(caller.post("/v2/cancel", json!({"request_id": 2})).await).await;
    assert_eq!(redis.run::<Vec<String>>("MGET 1 2"), ["0", "0"]);
    assert_eq!(redis.field(1, "ended_by").as_deref(), Some("http"));
    let again = problem(caller.post("/v2/cancel", json!({"request_id": "1"})).await, 409).await;
    assert_eq!(again["state"], "cancelled");
    problem(caller.post("/v2/cancel", json!({"request_id": 77})).await, 404).await;
}

#[tokio::test]
async fn what_is_shown_is_what_the_key_says() {
    let mut redis = Redis::start();
    let doors = Doors::open(&redis).await;
    let caller = &doors.caller;
    for _ in 0..3 {
        caller.search().await;
    }
    redis.run::<()>("SET 1 0 EX 60");
    redis.run::<()>("DEL 2");
    redis.run::<()>("EXPIRE 3 1000");
    redis.run::<()>("SET 9 true EX 240");
    redis.run::<()>("SET 10 hello");
    let show = async |id: &str| -> Value { caller.get(&format!("/v2/requests/{id}")).await.json().await.unwrap() };
    assert_eq!(show("1").await["state"], "cancelled");
    assert_eq!(show("2").await["state"], "expired");
    let third = show("3").await;
    assert!(third["expires_at"].as_i64().unwrap() - third["created_at"].as_i64().unwrap() > 990_000);
    let foreign = show("9").await;
    assert_eq!((&foreign["request_id"], &foreign["state"]), (&json!(9), &json!("searching")));
    for unknown in ["8", "10", "0", "drivers", "-1", "%ff", "99999999999999999999"] {
        problem(caller.get(&format!("/v2/requests/{unknown}")).await, 404).await;
    }
}

/// Posts these reports and answers what became of them.
async fn report(doors: &Doors, reports: Value) -> Value {
    let response = doors.caller.post("/tracking", reports).await;
    assert_eq!(response.status(), StatusCode::OK);
    response.json().await.unwrap()
}

#[tokio::test]
async fn of_many_reports_those_are_taken_that_are_well() {
    let mut redis = Redis::start();
    let doors = Doors::open(&redis).await;
    let reports = json!([
        {"id": "a", "lat": 1, "lng": 1, "speed": 3},
        {"id": "b", "lat": 86, "lng": 1},
        {"id": "b\n", "lat": 1, "lng": 1},
        {"id": "c", "lat": 1},
        "d",
        {"id": "e", "lat": 2, "lng": 2},
    ]);
    let taken = report(&doors, reports).await;
    assert_eq!(taken["accepted"], 2);
    let refused: Vec<(u64, Option<&str>)> = taken["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|refused| (refused["index"].as_u64().unwrap(), refused["field"].as_str()))
        .collect();
    assert_eq!(refused, [(1, Some("lat")), (2, Some("id")), (3, Some("lng")), (4, None)]);
    assert!(taken["refused"][0]["detail"].as_str().unwrap().contains("85.05112878"), "{taken}");
    assert_eq!(redis.run::<Vec<String>>("ZRANGE drivers 0 -1"), ["a", "e"]);
    assert_eq!(redis.run::<Vec<String>>("ZRANGE cabstand:seen 0 -1"), ["a", "e"]);
}

#[tokio::test]
async fn a_number_that_is_too_great_and_a_field_that_is_there_twice_spoil_one_report_alone() {
    let mut redis = Redis::start();
    let doors = Doors::open(&redis).await;
    let body = r#" [{"id":"a","lat":1e999,"lng":1},{"id":"b","lat":1,"lat":2,"lng":1},{"id":"c","lat":1,"lng":1}]"#;
    let response = doors.caller.raw(Method::POST, "/tracking", Some("application/json"), body).await;
    let taken: Value = response.json().await.unwrap();
    assert_eq!((&taken["accepted"], taken["refused"].as_array().unwrap().len()), (&json!(1), 2), "{taken}");
    assert_eq!(redis.run::<Vec<String>>("ZRANGE drivers 0 -1"), ["c"]);
}

#[tokio::test]
async fn the_last_report_of_a_driver_counts() {
    let mut redis = Redis::start();
    let doors = Doors::open(&redis).await;
    let at = |id: &str, lat: f64| json!({"id": id, "lat": lat, "lng": 0});
    let taken = report(&doors, json!([at("a", 1.0), at("b", 2.0), at("a", 3.0), at("a", 99.0)])).await;
    assert_eq!((&taken["accepted"], &taken["refused"][0]["index"]), (&json!(3), &json!(3)));
    let places: Vec<(f64, f64)> = redis.run("GEOPOS drivers a b");
    assert!((places[0].1 - 3.0).abs() < 1e-4 && (places[1].1 - 2.0).abs() < 1e-4, "{places:?}");
}

#[tokio::test]
async fn an_array_may_be_empty_or_hold_a_thousand_reports() {
    let mut redis = Redis::start();
    let doors = Doors::open(&redis).await;
    assert_eq!(report(&doors, json!([])).await, json!({"accepted": 0, "refused": []}));
    let many = |count: usize| -> String {
        let mut body = String::from("[");
        for i in 0..count {
            let _ = write!(
                body,
                "{}{{\"id\":\"{}{i}\",\"lat\":1,\"lng\":1}}",
                if i > 0 { "," } else { "" },
                "x".repeat(100)
            );
        }
        body + "]"
    };
    let send = async |body| doors.caller.raw(Method::POST, "/tracking", Some("application/json"), body).await;
    assert!(many(1_000).len() > 100 * 1024);
    let taken: Value = send(many(1_000)).await.json().await.unwrap();
    assert_eq!(taken, json!({"accepted": 1_000, "refused": []}));
    assert_eq!(redis.run::<u64>("ZCARD drivers"), 1_000);
    redis.run::<()>("FLUSHALL");
    problem(send(many(1_001)).await, 422).await;
    problem(send(format!("{}]", many(10))).await, 400).await;
    assert_eq!(redis.run::<Vec<String>>("KEYS *"), Vec::<String>::new());
}
