//! `GET /openapi.json` held against the running service: what it tells is there, and what is answered is as it tells.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::common::doors::{Doors, serving};
use crate::common::{LAT, LNG, Redis};
use cabstand::api::{Hosts, Line, Serving, Tokens};
use futures_util::future::join_all;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

const JSON: Option<&str> = Some("application/json");
const README: &str = include_str!("../../README.md");

/// What the service can do, as the project promises it.
const CALLS: [(&str, &str); 10] = [
    ("get", "/health"),
    ("get", "/metrics"),
    ("get", "/openapi.json"),
    ("get", "/v2/requests/{id}"),
    ("get", "/v2/requests/{id}/events"),
    ("get", "/v2/requests/{id}/ws"),
    ("post", "/search"),
    ("post", "/tracking"),
    ("post", "/v2/cancel"),
    ("post", "/v2/search"),
];

/// The description, and which of its answers were seen.
struct Described {
    document: Value,
    seen: BTreeSet<(String, String, String)>,
}

impl Described {
    async fn by(doors: &Doors) -> Self {
        let response = doors.caller.get("/openapi.json").await;
        assert_eq!(response.headers()["content-type"], "application/json");
        Self { document: response.json().await.unwrap(), seen: BTreeSet::new() }
    }

    /// All operations: method, path, and what is told of them.
    fn operations(&self) -> impl Iterator<Item = (&str, &str, &Value)> {
        let paths = self.document["paths"].as_object().unwrap();
        paths.iter().flat_map(|(path, item)| {
            item.as_object().unwrap().iter().map(move |(method, operation)| (method.as_str(), path.as_str(), operation))
        })
    }

    /// Holds an answer against what is told of the operation.
    async fn check(&mut self, method: &str, path: &str, mut response: Response) {
        let status = response.status().as_str().to_owned();
        let told = &self.document["paths"][path][method]["responses"][&status];
        assert!(told.is_object(), "{method} {path} answered {status}, which is not told");
        for name in told["headers"].as_object().into_iter().flat_map(|headers| headers.keys()) {
            assert!(response.headers().contains_key(name), "{method} {path} {status}: {name}");
        }
        let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
        let body = match kind.as_deref() {
            // It goes on until the request ends.
            Some("text/event-stream") => String::from_utf8(response.chunk().await.unwrap().unwrap().into()).unwrap(),
            _ if status == "101" => String::new(),
            _ => response.text().await.unwrap(),
        };
        if let Some(kind) = kind {
            let content = &told["content"][&kind];
            assert!(content.is_object(), "{method} {path} {status}: {kind} is not told");
            if kind.ends_with("json") {
                self.is_as(
                    &content["schema"],
                    &serde_json::from_str(&body).unwrap(),
                    &format!("{method} {path} {status}"),
                );
            }
        } else {
            assert_eq!(body, "");
        }
        self.seen.insert((method.to_owned(), path.to_owned(), status));
    }

    fn is_as(&self, schema: &Value, value: &Value, what: &str) {
        let mut schema = schema.clone();
        schema["components"] = self.document["components"].clone();
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(value).map(|e| format!("{e} at {}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{what}: {value} is not as told: {errors:?}");
    }
}

/// A body that is well, for each call that takes one.
fn good(path: &str) -> Value {
    match path {
        "/tracking" => json!({"id": "a", "lat": 1, "lng": 1}),
        "/search" => json!({"lat": LAT, "lng": LNG, "limit": 5}),
        "/v2/search" => json!({"lat": LAT, "lng": LNG}),
        "/v2/cancel" => json!({"request_id": "1"}),
        other => panic!("{other}"),
    }
}

/// Calls the operation with a body that is well, if it takes one.
async fn call(doors: &Doors, method: &str, path: &str) -> Response {
    match method {
        "get" if path.ends_with("/ws") => {
            let call = doors.caller.client.get(format!("{}/v2/requests/1/ws", doors.caller.base));
            let call = call.header("connection", "upgrade").header("upgrade", "websocket");
            let call =
                call.header("sec-websocket-version", "13").header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
            call.send().await.unwrap()
        }
        "get" => doors.caller.get(&path.replace("{id}", "1")).await,
        _ => doors.caller.post(path, good(path)).await,
    }
}

/// Answers a call whose body never comes, as far as its head.
async fn status_of_a_slow_body(doors: &Doors, path: &str) -> String {
    let mut stream = TcpStream::connect(&doors.address).await.unwrap();
    let head = "HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n";
    stream.write_all(format!("POST {path} {head}").as_bytes()).await.unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.unwrap();
    String::from_utf8_lossy(&status).into_owned()
}

/// The answers of a service that has closed its doors: under a wrong name, too often, without a token, with a wrong one, and with
/// one for something else; as far as there are such.
async fn turned_away(redis: &Redis, method: &str, path: &str) -> Vec<Response> {
    let tokens = "driver drivers-token-1234\nrider riders-token-12345";
    let (_keep, tokens) = watch::channel(Arc::new(Tokens::new(Line::read_all(tokens).unwrap())));
    let guarded = cabstand::api::Doors { tokens: Some(tokens), hosts: Some(Hosts::new([])), ..Default::default() };
    let guarded = Doors::open_with(redis, Serving { doors: guarded, ..serving() }).await;
    let hurried = cabstand::api::Doors { client_rate: Some("1/m".parse().unwrap()), ..Default::default() };
    let hurried = Doors::open_with(redis, Serving { doors: hurried, ..serving() }).await;
    let ask = async |doors: &Doors, headers: &[(&str, &str)]| {
        let call = doors.caller.client.request(method.to_uppercase().parse().unwrap(), {
            format!("{}{}", doors.caller.base, path.replace("{id}", "1"))
        });
        let call = headers.iter().fold(call, |call, (name, value)| call.header(*name, *value));
        call.send().await.unwrap()
    };
    let mut answers = vec![ask(&guarded, &[("host", "evil.example")]).await];
    if path != "/health" {
        ask(&hurried, &[]).await;
        answers.push(ask(&hurried, &[]).await);
    }
    if !matches!(path, "/health" | "/openapi.json") {
        let other = if path == "/tracking" { "riders-token-12345" } else { "drivers-token-1234" };
        answers.push(ask(&guarded, &[]).await);
        answers.push(ask(&guarded, &[("authorization", &format!("Bearer {other}"))]).await);
    }
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status().as_u16()).collect();
    assert!([421, 429, 401, 403].starts_with(&statuses), "{method} {path}: {statuses:?}");
    answers
}

#[tokio::test]
async fn it_is_an_openapi_document_of_every_call() {
    let redis = Redis::start();
    let doors = Doors::open(&redis).await;
    let described = Described::by(&doors).await;
    assert!(described.document["openapi"].as_str().unwrap().starts_with("3.1."));
    assert_eq!(described.document["info"]["title"], "cabstand");
    assert_eq!(described.document["info"]["version"], env!("CARGO_PKG_VERSION"));
    let told: Vec<(&str, &str)> = described.operations().map(|(method, path, _)| (method, path)).collect();
    assert_eq!(told.iter().copied().collect::<BTreeSet<_>>(), BTreeSet::from(CALLS));
    let mut ids = BTreeSet::new();
    for (method, path, operation) in described.operations() {
        assert!(README.contains(&format!("`{} {path}`", method.to_uppercase())), "README: {method} {path}");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path}");
        assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{method} {path}: an id of its own");
        let well = if path.ends_with("/ws") { "101" } else { "200" };
        assert!(operation["responses"].as_object().unwrap().contains_key(well));
        for response in operation["responses"].as_object().unwrap().values() {
            assert!(response["description"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path}");
        }
        assert_eq!(operation["requestBody"].is_object(), method == "post", "{method} {path}");
        let called = call(&doors, method, path).await;
        assert_ne!(called.status().as_u16(), 405, "{method} {path}");
        assert!(called.status() != 404 || called.text().await.unwrap().contains("this request"), "{method} {path}");
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere_and_every_schema_is_one() {
    let redis = Redis::start();
    let doors = Doors::open(&redis).await;
    let described = Described::by(&doors).await;
    let text = described.document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(described.document.pointer(reference).is_some(), "{reference}");
    }
    let keys = described.document["components"]["securitySchemes"].as_object().unwrap();
    for (method, path, operation) in described.operations() {
        let needed = operation["security"].as_array().into_iter().flatten();
        let names: Vec<&String> = needed.flat_map(|key| key.as_object().unwrap().keys()).collect();
        assert!(names.iter().all(|name| keys.contains_key(*name)), "{method} {path}: {names:?}");
        assert_eq!(names.is_empty(), matches!(path, "/health" | "/openapi.json"), "{method} {path}");
    }
    let schemas = described.document["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        jsonschema::draft202012::meta::validate(schema).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(text.contains(&format!("\"#/components/schemas/{name}\"")), "{name} is used nowhere");
    }
    let reports = &described.document["paths"]["/tracking"]["post"]["requestBody"]["content"]["application/json"];
    let one = good("/tracking");
    for well in [one.clone(), json!([]), json!([one, one])] {
        described.is_as(&reports["schema"], &well, "reports");
    }
}

#[tokio::test]
async fn every_answer_that_is_told_is_given_and_is_as_told() {
    let mut redis = Redis::start();
    let doors = Doors::open(&redis).await;
    let mut described = Described::by(&doors).await;
    let with_body: Vec<&str> = CALLS.iter().filter(|(method, _)| *method == "post").map(|(_, path)| *path).collect();

    // Without any request, then with one that waits, with one that was cancelled, and with a foreign one.
    for (method, path) in CALLS {
        described.check(method, path, call(&doors, method, path).await).await;
    }
    let many = json!([good("/tracking"), {"id": ""}, 5]);
    described.check("post", "/tracking", doors.caller.post("/tracking", many).await).await;
    for _ in 0..2 {
        redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} d"));
        for (method, path) in CALLS {
            described.check(method, path, call(&doors, method, path).await).await;
        }
    }
    redis.run::<()>("SET 1 0");
    redis.run::<()>("SET 77 1 EX 60");
    for id in [1, 2, 77] {
        let response = doors.caller.get(&format!("/v2/requests/{id}")).await;
        described.check("get", "/v2/requests/{id}", response).await;
    }
    redis.store().await.attempt_due(&crate::common::actor("worker"), 10).await.unwrap();
    assert_eq!(redis.state(2).as_deref(), Some("found"));
    described.check("get", "/v2/requests/{id}", doors.caller.get("/v2/requests/2").await).await;

    let last = redis.field(1, "end_event").unwrap();
    let heard = doors.caller.get(&format!("/v2/requests/1/events?last_event_id={last}")).await;
    described.check("get", "/v2/requests/{id}/events", heard).await;
    described.check("get", "/v2/requests/{id}/ws", doors.caller.get("/v2/requests/1/ws").await).await;

    for path in &with_body {
        let bad = async |kind, body: String| doors.caller.raw(Method::POST, path, kind, body).await;
        described.check("post", path, bad(JSON, "{".to_owned()).await).await;
        described.check("post", path, bad(JSON, "{}".to_owned()).await).await;
        described.check("post", path, bad(JSON, " ".repeat(300 * 1024)).await).await;
        described.check("post", path, bad(Some("text/plain"), "{}".to_owned()).await).await;
    }
    let hurried = Doors::open_with(&redis, Serving { patience: Duration::from_millis(500), ..serving() }).await;
    let statuses = join_all(with_body.iter().map(|path| status_of_a_slow_body(&hurried, path))).await;
    for (path, status) in with_body.iter().zip(statuses) {
        assert_eq!(status, "HTTP/1.1 408");
        described.seen.insert(("post".to_owned(), (*path).to_owned(), "408".to_owned()));
    }

    for (method, path) in CALLS {
        for response in turned_away(&redis, method, path).await {
            described.check(method, path, response).await;
        }
    }

    // One that knows no scripts refuses everything; another one lets nobody do anything, and in the end it is away.
    let odd = Redis::start_with(&["--rename-command", "EVALSHA", "", "--rename-command", "EVALSHA_RO", ""]);
    let odd = Doors::open(&odd).await;
    for (method, path) in CALLS {
        described.check(method, path, call(&odd, method, path).await).await;
    }
    redis.run::<()>("ACL SETUSER default -@all");
    for (method, path) in CALLS {
        described.check(method, path, call(&doors, method, path).await).await;
    }
    drop(redis);
    for (method, path) in CALLS {
        described.check(method, path, call(&doors, method, path).await).await;
    }

    let told: BTreeSet<(String, String, String)> = described
        .operations()
        .flat_map(|(method, path, operation)| {
            let statuses = operation["responses"].as_object().unwrap().keys();
            statuses.map(move |status| (method.to_owned(), path.to_owned(), status.clone()))
        })
        .collect();
    assert_eq!(described.seen, told);
}
