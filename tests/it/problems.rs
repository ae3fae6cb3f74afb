//! What the HTTP service refuses: each row of its calls with each status that applies, and that nothing is written then.

use std::fmt::Write;
use std::time::Duration;

use crate::common::doors::{Doors, problem, serving};
use crate::common::{LAT, LNG, Redis};
use cabstand::api::Serving;
use futures_util::future::join_all;
use nix::sys::signal::{Signal, kill};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const JSON: Option<&str> = Some("application/json");
/// Each call with a body, and one that is well.
const GOOD: [(&str, &str); 4] = [
    ("/tracking", r#"{"id":"a","lat":1,"lng":1}"#),
    ("/search", r#"{"lat":1,"lng":1}"#),
    ("/v2/search", r#"{"lat":1,"lng":1}"#),
    ("/v2/cancel", r#"{"request_id":1}"#),
];
/// The calls without one.
const PLAIN: [&str; 4] = ["/v2/requests/1", "/health", "/metrics", "/openapi.json"];

fn nothing_is_written(redis: &mut Redis) {
    assert_eq!(redis.run::<Vec<String>>("KEYS *"), Vec::<String>::new());
}

#[tokio::test]
async fn malformed_json_is_400() {
    let mut redis = Redis::start();
    let doors = Doors::open(&redis).await;
    for (path, good) in GOOD {
        let malformed = [
            String::new(),
            "{".to_owned(),
            "nonsense".to_owned(),
            format!("{good}}}"),
            format!("{good} x"),
            format!("{good}{good}"),
            format!("[{good}"),
            format!("[{good}] {good}"),
            good.replace('1', "NaN"),
            good.replace('"', "'"),
        ];
        for body in malformed {
            problem(doors.caller.raw(Method::POST, path, JSON, body).await, 400).await;
        }
        let mut bytes = good.as_bytes().to_vec();
        bytes.insert(2, 0xff);
        problem(doors.caller.raw(Method::POST, path, JSON, bytes).await, 400).await;
    }
    nothing_is_written(&mut redis);
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let redis = Redis::start();
    let doors = Doors::open(&redis).await;
    for path in ["/", "/v3/search", "/v2/requests", "/v2/requests/1/2", "/tracking/"] {
        problem(doors.caller.get(path).await, 404).await;
        problem(doors.caller.post(path, json!({})).await, 404).await;
    }
    for id in ["77", "0", "-1", "01", "drivers", "%ff", "99999999999999999999"] {
        problem(doors.caller.get(&format!("/v2/requests/{id}")).await, 404).await;
    }
    for id in [json!(77), json!("77"), json!(i64::MAX)] {
        problem(doors.caller.post("/v2/cancel", json!({"request_id": id})).await, 404).await;
    }
}

#[tokio::test]
async fn another_method_is_405_and_the_right_one_is_named() {
    let redis = Redis::start();
    let doors = Doors::open(&redis).await;
    let calls = GOOD.map(|(path, _)| (path, "POST")).into_iter().chain(PLAIN.map(|path| (path, "GET,HEAD")));
    for (path, allowed) in calls {
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            if allowed.contains(method.as_str()) {
                continue;
            }
            let response = doors.caller.raw(method, path, JSON, "{}").await;
            assert_eq!(response.headers()["allow"], allowed, "{path}");
            problem(response, 405).await;
        }
    }
}

#[tokio::test]
async fn a_slow_body_is_408() {
    let mut redis = Redis::start();
    let patience = Duration::from_millis(500);
    let doors = Doors::open_with(&redis, Serving { patience, ..serving() }).await;
    let slow = GOOD.map(async |(path, good)| {
        let mut stream = TcpStream::connect(&doors.address).await.unwrap();
        let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ");
        let call = format!("{head}{}\r\n\r\n{}", good.len(), &good[..5]);
        stream.write_all(call.as_bytes()).await.unwrap();
        let mut answer = vec![0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, b"HTTP/1.1 408", "{path}");
    });
    join_all(slow).await;
    nothing_is_written(&mut redis);
}

#[tokio::test]
async fn a_request_that_has_ended_is_409_with_its_state() {
    let mut redis = Redis::start();
    let doors = Doors::open(&redis).await;
    for (id, how) in [(1, "SET 1 0"), (2, "DEL 2"), (3, "")] {
        assert_eq!(doors.caller.search().await, id);
        if !how.is_empty() {
            redis.run::<()>(how);
        }
    }
    redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} d"));
    let worker = crate::common::actor("worker");
    redis.store().await.attempt_due(&worker, 10).await.unwrap();
    for (id, state) in [(1, "cancelled"), (2, "expired"), (3, "found")] {
        let problem = problem(doors.caller.post("/v2/cancel", json!({"request_id": id})).await, 409).await;
        assert_eq!(problem["state"], state);
        let detail = format!("request {id} has ended already: {state}");
        assert_eq!(problem["detail"], detail, "who ended it concerns nobody outside");
    }
}

/// Sends a body in pieces, without saying how long it is, and answers the status.
async fn status_of_pieces(address: &str, path: &str, body: &str) -> String {
    let mut call = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    for piece in body.as_bytes().chunks(1_000) {
        let _ = write!(call, "{:x}\r\n{}\r\n", piece.len(), std::str::from_utf8(piece).unwrap());
    }
    call += "0\r\n\r\n";
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(call.as_bytes()).await.unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.unwrap();
    String::from_utf8_lossy(&status).into_owned()
}

#[tokio::test]
async fn a_long_body_is_413() {
    let mut redis = Redis::start();
    let doors = Doors::open(&redis).await;
    let (object, array) = (16 * 1024, 256 * 1024);
    let post = async |path, body: String| doors.caller.raw(Method::POST, path, JSON, body).await;
    for (path, good) in GOOD {
        let padded = |size: usize| format!("{good}{}", " ".repeat(size - good.len()));
        for size in [object + 1, 1024 * 1024, 5 * 1024 * 1024] {
            problem(post(path, padded(size)).await, 413).await;
        }
        problem(post(path, format!("{}{good}", " ".repeat(object))).await, 413).await;
        assert_eq!(status_of_pieces(&doors.address, path, &padded(object + 1)).await, "HTTP/1.1 413");
        let too_long = if path == "/tracking" { array + 1 } else { object + 1 };
        problem(post(path, format!("[{}]", " ".repeat(too_long - 2))).await, 413).await;
    }
    nothing_is_written(&mut redis);
    for (path, good) in GOOD {
        let response = post(path, format!("{good}{}", " ".repeat(object - good.len()))).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}: as long as it may be");
    }
    assert_eq!(post("/tracking", format!("\n [{}]", " ".repeat(array - 4))).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn what_is_called_something_else_than_json_is_415_and_named() {
    let mut redis = Redis::start();
    let doors = Doors::open(&redis).await;
    let others = [
        ("text/plain", "not text/plain"),
        ("application/x-www-form-urlencoded", "not application/x-www-form-urlencoded"),
        ("multipart/form-data; boundary=x", "not multipart/form-data; boundary=x"),
        ("application/jsonp", "not application/jsonp"),
        ("json", "not json"),
        ("*/*", "not */*"),
        ("", "not an empty one"),
        ("  ", "not an empty one"),
        (";application/json", "not ;application/json"),
        ("text/\t\u{202e}x", r"not text/\u{9}\u{202e}x"),
    ];
    for (path, good) in GOOD {
        for (kind, named) in others {
            let told = problem(doors.caller.raw(Method::POST, path, Some(kind), good).await, 415).await;
            let detail = told["detail"].as_str().unwrap();
            assert!(
                detail.contains("application/json, or none") && detail.ends_with(named),
                "{path} {kind:?}: {detail}"
            );
        }
        let long = format!("text/{}", "x".repeat(5_000));
        let told = problem(doors.caller.raw(Method::POST, path, Some(&long), good).await, 415).await;
        assert!(told["detail"].as_str().unwrap().ends_with("xxx…"), "{told}");
        for two in [["application/json", "text/plain"], ["text/plain", "application/json"]] {
            let call = doors.caller.client.post(format!("{}{path}", doors.caller.base)).body(good);
            let call = two.iter().fold(call, |call, kind| call.header("content-type", *kind));
            problem(call.send().await.unwrap(), 415).await;
        }
    }
    nothing_is_written(&mut redis);
}

#[tokio::test]
async fn json_is_taken_by_its_type_and_without_any() {
    let redis = Redis::start();
    let doors = Doors::open(&redis).await;
    let kinds =
        [None, JSON, Some("application/json; charset=utf-8"), Some("Application/JSON"), Some("application/geo+json")];
    for kind in kinds {
        let id = doors.caller.search().await;
        let cancel = format!("{{\"request_id\":{id}}}");
        let array = format!("[{}]", GOOD[0].1);
        let [tracking, search, open, (path, _)] = GOOD;
        for (path, good) in [tracking, ("/tracking", &array), search, open, (path, &cancel)] {
            let response = doors.caller.raw(Method::POST, path, kind, good.to_owned()).await;
            assert_eq!(response.status(), StatusCode::OK, "{path} {kind:?}");
        }
    }
    for (path, _) in GOOD {
        problem(doors.caller.raw(Method::POST, path, None, "id=1&lat=1").await, 400).await;
        problem(doors.caller.raw(Method::POST, path, None, "").await, 400).await;
    }
}

/// A body that is well but for one field, which has this value, or is not there.
fn spoilt(good: &str, field: &str, value: Option<Value>) -> Value {
    let mut body: Value = serde_json::from_str(good).unwrap();
    let fields = body.as_object_mut().unwrap();
    match value {
        Some(value) => fields.insert(field.to_owned(), value),
        None => fields.remove(field),
    };
    body
}

#[tokio::test]
async fn a_field_at_fault_is_422_and_named() {
    let mut redis = Redis::start();
    let doors = Doors::open(&redis).await;
    let [tracking, search, open, cancel] = GOOD;
    let lat = [json!("1"), json!(null), json!([1]), json!(true), json!(85.06), json!(-85.06), json!(1e300)];
    let lng = [json!("1"), json!(null), json!({}), json!(180.1), json!(-180.1)];
    let names = [
        json!(""),
        json!(1),
        json!(["a"]),
        json!("x".repeat(129)),
        json!("ñ".repeat(65)),
        json!("a\u{1b}[2J"),
        json!("a\n"),
        json!("a\u{0}"),
        json!("a\u{202e}b"),
    ];
    let limits = [json!(0), json!(101), json!(-1), json!(1.5), json!("5"), json!(1e30)];
    let numbers = ["", "drivers", "01", "+1", " 1", "1.0", "9223372036854775808"].map(|text| json!(text));
    let more_numbers = [json!(0), json!(-3), json!(1.5), json!(["1"]), json!(null), json!(1e30), json!(true)];
    let wrong: [(_, &str, &[Value]); 12] = [
        (tracking, "lat", &lat),
        (tracking, "lng", &lng),
        (tracking, "id", &names),
        (tracking, "id", &[json!(null)]),
        (search, "lat", &lat),
        (search, "lng", &lng),
        (search, "limit", &limits),
        (open, "lat", &lat),
        (open, "lng", &lng),
        (open, "user_id", &names),
        (cancel, "request_id", &numbers),
        (cancel, "request_id", &more_numbers),
    ];
    for ((path, good), field, values) in wrong {
        for value in values {
            let problem = problem(doors.caller.post(path, spoilt(good, field, Some(value.clone()))).await, 422).await;
            assert_eq!(problem["field"], field, "{path} {value} {problem}");
        }
    }
    let needed: [(_, &[&str]); 4] = [
        (tracking, &["id", "lat", "lng"]),
        (search, &["lat", "lng"]),
        (open, &["lat", "lng"]),
        (cancel, &["request_id"]),
    ];
    for ((path, good), fields) in needed {
        for field in fields {
            let problem = problem(doors.caller.post(path, spoilt(good, field, None)).await, 422).await;
            assert_eq!(problem["field"], *field, "{path} {problem}");
            let first = &good[1..good.find(',').unwrap_or(good.len() - 1)];
            let twice =
                doors.caller.raw(Method::POST, path, JSON, good.replacen(first, &format!("{first},{first}"), 1));
            let twice = crate::common::doors::problem(twice.await, 422).await;
            assert!(first.contains(twice["field"].as_str().unwrap()), "{path} {twice}");
        }
    }
    for (path, good) in [tracking, search, open] {
        let body = good.replace("\"lat\":1", "\"lat\":1e999");
        let problem = problem(doors.caller.raw(Method::POST, path, JSON, body).await, 422).await;
        assert_eq!(problem["field"], "lat", "{path} {problem}");
    }
    nothing_is_written(&mut redis);
}

#[tokio::test]
async fn what_is_no_object_is_422_and_unknown_fields_are_ignored() {
    let mut redis = Redis::start();
    let doors = Doors::open(&redis).await;
    for (path, good) in GOOD {
        for body in [json!("a"), json!(1), json!(null), json!(true)] {
            assert_eq!(problem(doors.caller.post(path, body).await, 422).await.get("field"), None);
        }
        if path != "/tracking" {
            let response = doors.caller.raw(Method::POST, path, JSON, format!("[{good}]")).await;
            problem(response, 422).await;
            problem(doors.caller.post(path, json!(["a", 1, 1])).await, 422).await;
        }
    }
    nothing_is_written(&mut redis);
    for (path, good) in GOOD {
        let response = doors.caller.post(path, spoilt(good, "speed", Some(json!({"kmh": [3]})))).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn a_redis_that_is_away_is_503() {
    let redis = Redis::start();
    let doors = Doors::open(&redis).await;
    let health = doors.caller.get("/health").await;
    assert_eq!((health.status(), health.text().await.unwrap().as_str()), (StatusCode::OK, r#"{"status":"ok"}"#));
    drop(redis);
    for (path, good) in GOOD {
        let response = doors.caller.raw(Method::POST, path, JSON, good).await;
        problem(response, 503).await;
    }
    problem(doors.caller.post("/tracking", json!([{"id": "a", "lat": 1, "lng": 1}])).await, 503).await;
    for path in ["/health", "/v2/requests/1"] {
        problem(doors.caller.get(path).await, 503).await;
    }
    let page = doors.caller.get("/metrics").await;
    assert_eq!(page.status(), StatusCode::OK);
    assert!(page.text().await.unwrap().contains("\ncabstand_redis_up 0\n"));
    problem(doors.caller.post("/v2/search", json!({"lat": 1})).await, 422).await;
}

#[tokio::test]
async fn a_redis_that_does_not_answer_expires_nobody() {
    let mut redis = Redis::start();
    let doors = Doors::open(&redis).await;
    doors.caller.search().await;
    let state = async || doors.caller.get("/v2/requests/1").await;
    let process = redis.process();
    kill(process, Signal::SIGSTOP).unwrap();
    let silent = state().await;
    kill(process, Signal::SIGCONT).unwrap();
    let silent = problem(silent, 503).await;
    assert!(silent["detail"].as_str().unwrap().contains("no answer in time"), "{silent}");
    assert_eq!(state().await.json::<Value>().await.unwrap()["state"], "searching");
}

#[tokio::test]
async fn what_is_just_in_range_is_taken() {
    let redis = Redis::start();
    let doors = Doors::open(&redis).await;
    let [tracking, search, open, _] = GOOD;
    let longest = json!("x".repeat(128));
    let edges = [
        (tracking, "id", json!("taxi 7 ñ")),
        (tracking, "id", longest.clone()),
        (search, "limit", json!(1)),
        (search, "limit", json!(100)),
        (search, "limit", json!(null)),
        (open, "user_id", longest),
        (open, "user_id", json!(null)),
    ];
    let places = [("lat", 85.051_128_78), ("lat", -85.051_128_78), ("lng", 180.0), ("lng", -180.0)];
    let places =
        places.into_iter().flat_map(|(field, degrees)| [tracking, search, open].map(|c| (c, field, json!(degrees))));
    for ((path, good), field, value) in edges.into_iter().chain(places) {
        let response = doors.caller.post(path, spoilt(good, field, Some(value.clone()))).await;
        assert_eq!(response.status(), StatusCode::OK, "{path} {field} {value}");
    }
}
