//! How much one client may have of the service, and one driver; and that it costs others nothing.

use std::time::Duration;

use crate::common::doors::{Doors, problem, serving};
use crate::common::listener::Socket;
use crate::common::service::{Caller, Service};
use crate::common::tokens::{self, DRIVER, RIDER, TokenFile, bearer};
use crate::common::{LAT, LNG, PATIENCE, Redis};
use cabstand::api::Serving;
use cabstand::http_client;
use futures_util::future::join_all;
use reqwest::Response;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, sleep, timeout};

/// One who calls from another address of this machine.
fn from(service: &Service, address: [u8; 4]) -> Caller {
    let client = http_client::plain().local_address(std::net::IpAddr::from(address)).build().unwrap();
    Caller { client, base: service.caller.base.clone() }
}

/// A connection from this address.
async fn connect(service: &Service, address: [u8; 4]) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((address, 0).into()).unwrap();
    socket.connect(service.caller.base.strip_prefix("http://").unwrap().parse().unwrap()).await.unwrap()
}

/// The status of a call on this connection; none where it was cut.
async fn status(stream: &mut TcpStream) -> Option<String> {
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n").await.ok()?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") {
        let read = timeout(PATIENCE, stream.read_buf(&mut answer)).await.expect("an answer or a cut");
        read.ok().filter(|read| *read > 0)?;
    }
    Some(String::from_utf8_lossy(&answer[9..12]).into_owned())
}

fn retry_after(response: &Response) -> u64 {
    response.headers()["retry-after"].to_str().unwrap().parse().unwrap()
}

fn report(driver: &str) -> Value {
    json!({"id": driver, "lat": 1, "lng": 1})
}

#[tokio::test]
async fn one_client_s_calls_are_not_another_s() {
    let redis = Redis::start();
    let service = Service::start(&redis, &["--client-rate", "3/m"]);
    let other = from(&service, [127, 0, 0, 2]);
    for _ in 0..3 {
        assert_eq!(service.caller.get("/openapi.json").await.status(), 200);
    }
    for path in ["/openapi.json", "/metrics", "/nothing"] {
        let refused = service.caller.get(path).await;
        assert!((1..=60).contains(&retry_after(&refused)));
        let told = problem(refused, 429).await;
        assert!(told["detail"].as_str().unwrap().contains("one client may call 3/m"), "{told}");
    }
    let refused = service.caller.post("/tracking", report("a")).await;
    assert_eq!(refused.status(), 429);
    for _ in 0..10 {
        assert_eq!(service.caller.get("/health").await.status(), 200, "health is always told");
    }
    assert_eq!(other.get("/openapi.json").await.status(), 200);
    let page = other.get("/metrics").await.text().await.unwrap();
    assert!(page.contains("cabstand_http_refused_total{reason=\"client_rate\"} 4\n"), "{page}");
}

#[tokio::test]
async fn a_driver_that_reports_too_often_is_refused_and_others_in_the_same_array_are_not() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &["--driver-rate", "2/m"]);
    for _ in 0..2 {
        assert_eq!(service.caller.post("/tracking", report("a")).await.status(), 200);
    }
    // From wherever it comes.
    for caller in [&service.caller, &from(&service, [127, 0, 0, 2])] {
        let refused = caller.post("/tracking", report("a")).await;
        assert!((1..=30).contains(&retry_after(&refused)));
        let told = problem(refused, 429).await;
        assert!(told["detail"].as_str().unwrap().contains("one driver may report 2/m"), "{told}");
    }
    let array = json!([report("b"), report("a"), {"id": ""}, report("b"), report("b"), report("c")]);
    let taken: Value = service.caller.post("/tracking", array).await.json().await.unwrap();
    assert_eq!(taken["accepted"], 3, "{taken}");
    let refused: Vec<u64> =
        taken["refused"].as_array().unwrap().iter().map(|refused| refused["index"].as_u64().unwrap()).collect();
    assert_eq!(refused, [1, 2, 4]);
    assert!(taken["refused"][0]["detail"].as_str().unwrap().contains("2/m"), "{taken}");
    assert_eq!(redis.run::<Vec<String>>("ZRANGE drivers 0 -1").len(), 3);
}

#[tokio::test]
async fn a_proxy_is_believed_whose_call_it_is_and_nobody_else() {
    let redis = Redis::start();
    let service = Service::start(&redis, &["--client-rate", "2/m", "--trusted-proxy", "10.0.0.1,127.0.0.1"]);
    let by = async |caller: &Caller, forwarded: &str| {
        caller.call("GET /openapi.json", None, &[("x-forwarded-for", forwarded)]).await.status().as_u16()
    };
    for forwarded in ["192.0.2.1", "192.0.2.9, 192.0.2.1"] {
        assert_eq!(by(&service.caller, forwarded).await, 200);
    }
    // What a client says of itself stands before what the proxy says of it.
    assert_eq!(by(&service.caller, "192.0.2.55, 192.0.2.1").await, 429);
    assert_eq!(by(&service.caller, "192.0.2.1, 192.0.2.55").await, 200);
    assert_eq!(by(&service.caller, "2001:db8::1").await, 200);
    assert_eq!(by(&service.caller, "2001:db8::ffff").await, 200);
    assert_eq!(by(&service.caller, "2001:db8:0:0:1::").await, 429, "one household");
    let liar = from(&service, [127, 0, 0, 2]);
    let statuses = [by(&liar, "192.0.2.2").await, by(&liar, "192.0.2.3").await, by(&liar, "192.0.2.4").await];
    assert_eq!(statuses, [200, 200, 429]);
}

#[tokio::test]
async fn who_has_as_many_connections_as_it_may_is_cut_and_others_come_in() {
    let redis = Redis::start();
    let service = Service::start(&redis, &["--client-connections", "2"]);
    let mut had = [connect(&service, [127, 0, 0, 1]).await, connect(&service, [127, 0, 0, 1]).await];
    for stream in &mut had {
        assert_eq!(status(stream).await.as_deref(), Some("200"));
    }
    for _ in 0..20 {
        let mut third = connect(&service, [127, 0, 0, 1]).await;
        assert_eq!(status(&mut third).await, None, "cut without an answer");
    }
    let mut other = connect(&service, [127, 0, 0, 3]).await;
    assert_eq!(status(&mut other).await.as_deref(), Some("200"));
    assert_eq!(status(&mut had[0]).await.as_deref(), Some("200"), "those who are in stay");
    service.wait_for_log("has as many connections as one client may", 1);
    drop(had);
    let deadline = Instant::now() + PATIENCE;
    while status(&mut connect(&service, [127, 0, 0, 1]).await).await.is_none() {
        assert!(Instant::now() < deadline, "what is given back can be had again");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn one_client_listens_to_so_many_requests_and_no_more() {
    let redis = Redis::start();
    let service = Service::start(&redis, &["--client-streams", "2"]);
    let other = from(&service, [127, 0, 0, 2]);
    for _ in 0..3 {
        service.caller.search().await;
    }
    let mut stream = service.caller.get("/v2/requests/1/events").await;
    stream.chunk().await.unwrap();
    let mut socket = Socket::open(&service.caller, "/v2/requests/2/ws").await.unwrap();
    socket.message().await;
    let refused = service.caller.get("/v2/requests/3/events").await;
    assert!(retry_after(&refused) > 0);
    problem(refused, 429).await;
    assert_eq!(Socket::open(&service.caller, "/v2/requests/3/ws").await.err(), Some(429));
    assert_eq!(service.caller.get("/v2/requests/3").await.status(), 200, "to look is no stream");
    let mut others = other.get("/v2/requests/3/events").await;
    assert!(others.chunk().await.unwrap().is_some());
    // One that has ended is given back, however it ended.
    service.caller.post("/v2/cancel", json!({"request_id": 1})).await;
    while stream.chunk().await.unwrap().is_some() {}
    drop(socket);
    let mut again = Vec::new();
    let deadline = Instant::now() + PATIENCE;
    while again.len() < 2 {
        let response = service.caller.get("/v2/requests/2/events").await;
        again.extend(Some(response).filter(|response| response.status() == 200));
        assert!(Instant::now() < deadline, "both places can be had again");
    }
    assert_eq!(service.caller.get("/v2/requests/3/events").await.status(), 429);
}

#[tokio::test]
async fn who_listens_leaves_room_for_those_who_call() {
    let redis = Redis::start();
    let doors = Doors::open_with(&redis, Serving { most_connections: 10, ..serving() }).await;
    let id = doors.caller.search().await;
    let path = format!("/v2/requests/{id}/events");
    let mut streams = Vec::new();
    for _ in 0..9 {
        let mut stream = doors.caller.get(&path).await;
        assert_eq!(stream.status(), 200);
        stream.chunk().await.unwrap();
        streams.push(stream);
    }
    let told = problem(doors.caller.get(&path).await, 503).await;
    assert!(told["detail"].as_str().unwrap().contains("as many listen"), "{told}");
    assert_eq!(doors.caller.post("/tracking", report("a")).await.status(), 200);
}

#[tokio::test]
async fn without_a_word_there_are_bounds_as_soon_as_it_is_not_loopback_alone() {
    let redis = Redis::start();
    let file = TokenFile::new(&tokens::all());
    let guarded = Service::guarded(&redis, file.path(), &[]);
    let header = bearer(DRIVER);
    let headers = [(header.0, header.1.as_str())];
    let many = async |caller: &Caller, driver: &str| {
        let statuses = join_all(
            (0..20)
                .map(async |_| caller.call("POST /tracking", Some(&report(driver)), &headers).await.status().as_u16()),
        );
        statuses.await.into_iter().filter(|status| *status == 429).count()
    };
    let open = Service::start_at("0.0.0.0:0", &redis.server.url(), &["--open"]);
    for service in [&guarded, &open] {
        let deadline = Instant::now() + PATIENCE;
        while many(&service.caller, "a").await == 0 {
            assert!(Instant::now() < deadline, "20 reports at once are more than 5/s");
        }
    }
    let off = Service::start(&redis, &[]);
    assert_eq!(many(&off.caller, "a").await, 0);
    let off = Service::guarded(&redis, file.path(), &["--driver-rate", "off", "--client-rate", "off"]);
    assert_eq!(many(&off.caller, "a").await, 0);
}

#[tokio::test]
async fn so_many_headers_are_refused_as_nobody_has() {
    let redis = Redis::start();
    let service = Service::start(&redis, &[]);
    let with = async |count: usize| {
        let mut stream = connect(&service, [127, 0, 0, 1]).await;
        let headers = "x: y\r\n".repeat(count);
        stream.write_all(format!("GET /health HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n").as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    };
    assert_eq!(with(90).await, "HTTP/1.1 200");
    assert_eq!(with(110).await, "HTTP/1.1 431");
}

/// One connection that sends arrays of 1 000 drivers whom nobody has heard of, each as soon as the one before it is answered.
/// Returns how many of them were accepted.
async fn flood(caller: &Caller, connection: usize) -> u64 {
    let (name, value) = bearer(DRIVER);
    let mut accepted = 0;
    for round in 0..30 {
        let phantom = |i| json!({"id": format!("phantom-{connection}-{round}-{i}"), "lat": 1, "lng": 1});
        let body: Value = (0..1_000).map(phantom).collect();
        let response = caller.call("POST /tracking", Some(&body), &[(name, &value)]).await;
        if response.status() == 429 {
            assert!(retry_after(&response) > 0);
        } else {
            assert_eq!(response.status(), 200);
            accepted += response.json::<Value>().await.unwrap()["accepted"].as_u64().unwrap();
        }
    }
    accepted
}

#[tokio::test]
async fn a_token_that_floods_the_map_takes_nothing_from_others() {
    let mut redis = Redis::start();
    let file = TokenFile::new(&tokens::all());
    let service = Service::guarded(&redis, file.path(), &[]);
    let other = from(&service, [127, 0, 0, 2]);
    let as_other = async |call: &str, token: &str, body: Value| {
        let (name, value) = bearer(token);
        let response = other.call(call, Some(&body), &[(name, &value)]).await;
        assert_eq!(response.status(), 200, "{call} {body}");
        response
    };
    let honest = async {
        for i in 0..10 {
            let body = json!({"id": format!("honest-{i}"), "lat": LAT, "lng": LNG});
            as_other("POST /tracking", DRIVER, body).await;
        }
        let nearest = as_other("POST /search", RIDER, json!({"lat": LAT, "lng": LNG})).await;
        let opened = as_other("POST /v2/search", RIDER, json!({"lat": LAT, "lng": LNG})).await;
        [nearest.json::<Value>().await.unwrap(), opened.json().await.unwrap()]
    };
    let (one, two, [nearest, opened]) = tokio::join!(flood(&service.caller, 1), flood(&service.caller, 2), honest);
    assert!(nearest[0]["Name"].as_str().unwrap().starts_with("honest-"), "{nearest}");
    let id = opened["request_id"].as_u64().unwrap();
    redis.wait_for_state(id, "found");
    assert!(redis.field(id, "driver_id").unwrap().starts_with("honest-"));
    let drivers: Vec<String> = redis.run("ZRANGE drivers 0 -1");
    let phantoms = drivers.iter().filter(|driver| driver.starts_with("phantom-")).count();
    assert_eq!(phantoms as u64, one + two, "who is refused is not on the map");
    // 60 at once, and one more each second.
    assert!(phantoms < 1_000, "{phantoms} of 60000 phantom drivers are on the map");
}
