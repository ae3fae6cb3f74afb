//! The HTTP service in process, against a real Redis: every answer that the contract names.

mod common;

use std::time::Duration;

use cabstand::api::{self, Settings};
use cabstand::domain::Metres;
use cabstand::rider::Hub;
use common::service::Caller;
use common::{LAT, LNG, Redis};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// A service without a worker: requests stay as they were opened.
async fn serve(redis: &Redis) -> (Caller, DropGuard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let caller = Caller::new(&listener.local_addr().unwrap().to_string());
    let shutdown = CancellationToken::new();
    let settings = Settings { ttl: Duration::from_mins(4), interval: Duration::from_secs(30), radius: Metres(5_000.0) };
    let store = redis.store().await;
    let hub = Hub::new(store.clone());
    tokio::spawn(api::run(listener, store, hub, settings, shutdown.clone()));
    (caller, shutdown.drop_guard())
}

/// The problem document of an answer, which must have this status.
async fn problem(response: Response, status: u16) -> Value {
    assert_eq!(response.status().as_u16(), status);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["status"], status);
    for member in ["type", "title", "detail"] {
        assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {problem}");
    }
    problem
}

async fn empty(response: Response) {
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.text().await.unwrap(), "");
}

#[tokio::test]
async fn a_report_makes_a_driver_available() {
    let mut redis = Redis::start();
    let (caller, _stop) = serve(&redis).await;
    empty(caller.post("/tracking", json!({"id": "1", "lat": -33.44091, "lng": -70.6301, "speed": 3})).await).await;
    assert!(redis.run::<Option<f64>>("ZSCORE drivers 1").is_some());
    assert!(redis.run::<Option<f64>>("ZSCORE cabstand:seen 1").is_some());
}

#[tokio::test]
async fn the_nearest_are_told_as_the_article_does() {
    let mut redis = Redis::start();
    redis.run::<()>("GEOADD drivers -70.63 -33.45 a -70.63 -33.46 b -70.63 -33.9 far");
    let (caller, _stop) = serve(&redis).await;
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
    let (caller, _stop) = serve(&redis).await;
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
    let (caller, _stop) = serve(&redis).await;
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

#[tokio::test]
async fn bad_input_is_named_and_leaves_no_trace() {
    let mut redis = Redis::start();
    let (caller, _stop) = serve(&redis).await;
    let long = "x".repeat(129);
    let fields = [
        ("/tracking", json!({"lat": 1, "lng": 1}), "id"),
        ("/tracking", json!({"id": "", "lat": 1, "lng": 1}), "id"),
        ("/tracking", json!({"id": 1, "lat": 1, "lng": 1}), "id"),
        ("/tracking", json!({"id": "a\u{1b}[2J", "lat": 1, "lng": 1}), "id"),
        ("/tracking", json!({"id": long, "lat": 1, "lng": 1}), "id"),
        ("/tracking", json!({"id": "a", "lat": "1", "lng": 1}), "lat"),
        ("/tracking", json!({"id": "a", "lat": null, "lng": 1}), "lat"),
        ("/tracking", json!({"id": "a", "lat": 85.06, "lng": 1}), "lat"),
        ("/tracking", json!({"id": "a", "lat": 1}), "lng"),
        ("/v2/search", json!({}), "lat"),
        ("/v2/search", json!({"lat": 1, "lng": 180.1}), "lng"),
        ("/v2/search", json!({"lat": 1, "lng": 1, "user_id": 5}), "user_id"),
        ("/v2/search", json!({"lat": 1, "lng": 1, "user_id": ""}), "user_id"),
        ("/search", json!({"lat": 1, "lng": 1, "limit": 0}), "limit"),
        ("/search", json!({"lat": 1, "lng": 1, "limit": 101}), "limit"),
        ("/search", json!({"lat": 1, "lng": 1, "limit": -1}), "limit"),
        ("/search", json!({"lat": 1, "lng": 1, "limit": 1.5}), "limit"),
        ("/v2/cancel", json!({}), "request_id"),
        ("/v2/cancel", json!({"request_id": "drivers"}), "request_id"),
        ("/v2/cancel", json!({"request_id": "01"}), "request_id"),
        ("/v2/cancel", json!({"request_id": 0}), "request_id"),
        ("/v2/cancel", json!({"request_id": -3}), "request_id"),
        ("/v2/cancel", json!({"request_id": 1.5}), "request_id"),
        ("/v2/cancel", json!({"request_id": ["1"]}), "request_id"),
    ];
    for (path, body, field) in fields {
        let problem = problem(caller.post(path, body.clone()).await, 422).await;
        assert_eq!(problem["field"], field, "{path} {body} {problem}");
    }
    let json = Some("application/json");
    let raw = async |path, kind, body: &str, status| {
        problem(caller.raw(Method::POST, path, kind, body.to_owned()).await, status).await
    };
    assert_eq!(raw("/v2/search", json, r#"{"lat":1e999,"lng":1}"#, 422).await["field"], "lat");
    assert_eq!(raw("/v2/search", json, r#"{"lat":1,"lat":2,"lng":1}"#, 422).await["field"], "lat");
    raw("/v2/search", json, "[1, 1]", 422).await;
    let malformed = [
        "",
        "{",
        "nonsense",
        r#"{"lat":"x","lng":1}}"#,
        r#"{"lat":1,"lng":1} x"#,
        r#"{"lat":NaN,"lng":1}"#,
        "{'lat':1}",
    ];
    for body in malformed {
        raw("/v2/search", json, body, 400).await;
    }
    let good = r#"{"lat":1,"lng":1}"#;
    for kind in [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("application/jsonp")] {
        raw("/v2/search", kind, good, 415).await;
    }
    let padded = |size: usize| format!("{good}{}", " ".repeat(size - good.len()));
    for size in [16 * 1024 + 1, 1024 * 1024] {
        raw("/v2/search", json, &padded(size), 413).await;
    }
    assert_eq!(redis.run::<Vec<String>>("KEYS *"), Vec::<String>::new());

    for kind in ["application/json; charset=utf-8", "Application/JSON", "application/problem+json"] {
        let response = caller.raw(Method::POST, "/v2/search", Some(kind), padded(16 * 1024)).await;
        assert_eq!(response.status(), StatusCode::OK, "{kind}");
    }
}

#[tokio::test]
async fn other_methods_and_paths_are_refused() {
    let redis = Redis::start();
    let (caller, _stop) = serve(&redis).await;
    for path in ["/tracking", "/search", "/v2/search", "/v2/cancel"] {
        let response = caller.get(path).await;
        assert_eq!(response.headers()["allow"], "POST");
        problem(response, 405).await;
    }
    for path in ["/health", "/v2/requests/1"] {
        let response = caller.raw(Method::DELETE, path, None, "").await;
        assert!(response.headers()["allow"].to_str().unwrap().contains("GET"));
        problem(response, 405).await;
    }
    for path in ["/", "/v3/search", "/v2/requests", "/v2/requests/1/2"] {
        problem(caller.get(path).await, 404).await;
    }
}

#[tokio::test]
async fn a_redis_that_is_away_is_said() {
    let redis = Redis::start();
    let (caller, _stop) = serve(&redis).await;
    let health = caller.get("/health").await;
    assert_eq!((health.status(), health.text().await.unwrap().as_str()), (StatusCode::OK, r#"{"status":"ok"}"#));
    drop(redis);
    let calls = [
        caller.get("/health").await,
        caller.get("/v2/requests/1").await,
        caller.post("/tracking", json!({"id": "a", "lat": 1, "lng": 1})).await,
        caller.post("/search", json!({"lat": 1, "lng": 1})).await,
        caller.post("/v2/search", json!({"lat": 1, "lng": 1})).await,
        caller.post("/v2/cancel", json!({"request_id": 1})).await,
    ];
    for response in calls {
        assert_eq!(response.headers()["retry-after"], "1");
        problem(response, 503).await;
    }
    problem(caller.post("/v2/search", json!({"lat": 1})).await, 422).await;
}

#[tokio::test]
async fn a_shutdown_ends_the_service_though_a_caller_lingers() {
    let redis = Redis::start();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let settings = Settings { ttl: Duration::from_mins(4), interval: Duration::from_secs(30), radius: Metres(5_000.0) };
    let store = redis.store().await;
    let hub = Hub::new(store.clone());
    let serving = tokio::spawn(api::run(listener, store, hub, settings, shutdown.clone()));
    let caller = Caller::new(&address.to_string());
    assert_eq!(caller.health().await, StatusCode::OK);
    shutdown.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(10), serving).await.expect("it ends by itself");
    ended.unwrap().unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
