//! How the service treats slow clients, and how it ends.

use std::time::Duration;

use crate::common::doors::{Doors, serving};
use crate::common::listener::Socket;
use crate::common::service::Service;
use crate::common::{Redis, until};
use cabstand::api::Serving;
use nix::sys::signal::Signal;
use reqwest::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const BODY: &str = r#"{"id":"a","lat":1,"lng":1}"#;

/// Reads until the other side closes, which must happen soon.
async fn rest(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    // A cut may show as a reset, too.
    let _ = timeout(Duration::from_secs(8), stream.read_to_end(&mut answer)).await.expect("the service closes it");
    String::from_utf8(answer).unwrap()
}

/// A call whose handler waits for its body: the service has said that it may come.
async fn under_way(address: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head =
        "POST /tracking HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nexpect: 100-continue\r\n";
    stream.write_all(format!("{head}content-length: {}\r\n\r\n", BODY.len()).as_bytes()).await.unwrap();
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.unwrap();
    assert!(go_on.starts_with(b"HTTP/1.1 100 Continue"));
    stream
}

async fn is_refused(address: &str) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(address).await.is_ok() {
        assert!(tokio::time::Instant::now() < deadline, "new connections are still taken");
    }
}

#[tokio::test]
async fn a_client_that_is_slow_with_its_headers_or_its_next_call_is_cut() {
    let redis = Redis::start();
    let patience = Duration::from_millis(500);
    let doors = Doors::open_with(&redis, Serving { patience, ..serving() }).await;
    let connect = async || TcpStream::connect(&doors.address).await.unwrap();
    let silent = connect().await;
    let mut dripping = connect().await;
    let mut served = connect().await;
    served.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    for byte in b"GET /health HTTP/1.1\r\n" {
        // Each byte comes well in time for itself; their sum does not.
        tokio::time::sleep(Duration::from_millis(40)).await;
        if dripping.write_all(&[*byte]).await.is_err() {
            break;
        }
    }
    assert_eq!(rest(silent).await, "");
    assert!(!rest(dripping).await.contains("200 OK"));
    assert_eq!(rest(served).await.matches("HTTP/1.1 200 OK").count(), 1);
    assert_eq!(doors.caller.health().await, StatusCode::OK, "others are served");
}

#[tokio::test]
async fn a_client_that_never_reads_its_answers_is_cut() {
    let redis = Redis::start();
    let patience = Duration::from_millis(500);
    let doors = Doors::open_with(&redis, Serving { patience, ..serving() }).await;
    let mut deaf = TcpStream::connect(&doors.address).await.unwrap();
    // Calls are taken until the answers to them fill all buffers; then nothing moves any more.
    let calling = async { while deaf.write_all(b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n").await.is_ok() {} };
    timeout(Duration::from_secs(8), calling).await.expect("the service cuts it");
    assert_eq!(doors.caller.health().await, StatusCode::OK, "others are served");
}

#[tokio::test]
async fn great_headers_are_refused() {
    let redis = Redis::start();
    let doors = Doors::open(&redis).await;
    let get =
        |size: usize| doors.caller.client.get(format!("{}/health", doors.caller.base)).header("x", "y".repeat(size));
    assert_eq!(get(16 * 1024).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(get(33 * 1024).send().await.unwrap().status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
}

#[tokio::test]
async fn a_shutdown_finishes_what_is_under_way_and_refuses_the_rest() {
    let mut redis = Redis::start();
    let mut doors = Doors::open_with(&redis, Serving { grace: Duration::from_mins(1), ..serving() }).await;
    let idle = TcpStream::connect(&doors.address).await.unwrap();
    assert_eq!(doors.caller.health().await, StatusCode::OK, "a connection that is kept alive");
    let mut slow = under_way(&doors.address).await;
    doors.shutdown.cancel();
    is_refused(&doors.address).await;
    assert_eq!(rest(idle).await, "");
    assert!(!doors.serving.is_finished());
    slow.write_all(BODY.as_bytes()).await.unwrap();
    assert!(rest(slow).await.starts_with("HTTP/1.1 200 OK"));
    timeout(Duration::from_secs(10), &mut doors.serving).await.expect("it ends by itself").unwrap();
    assert_eq!(redis.run::<u64>("ZCARD drivers"), 1);
}

#[tokio::test]
async fn a_client_that_drips_does_not_hold_up_the_shutdown_beyond_the_grace() {
    let mut redis = Redis::start();
    let mut doors = Doors::open_with(&redis, Serving { grace: Duration::from_millis(300), ..serving() }).await;
    let mut slow = under_way(&doors.address).await;
    doors.shutdown.cancel();
    let dripping = async {
        let mut bytes = BODY.bytes().cycle();
        while slow.write_all(&[bytes.next().unwrap_or_default().max(b' ')]).await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::select! {
        ended = timeout(Duration::from_secs(8), &mut doors.serving) => ended.expect("it ends by itself").unwrap(),
        () = dripping => {}
    }
    assert_eq!(rest(slow).await, "");
    assert_eq!(redis.run::<u64>("ZCARD drivers"), 0);
}

#[tokio::test]
async fn a_signal_ends_the_program_within_the_grace_and_a_second_one_at_once() {
    let redis = Redis::start();
    let address = |service: &Service| service.caller.base.strip_prefix("http://").unwrap().to_owned();
    let mut service = Service::start(&redis, &["--grace", "300ms"]);
    let busy = under_way(&address(&service)).await;
    service.signal(Signal::SIGTERM);
    assert_eq!(service.wait(), Some(0));
    assert_eq!(rest(busy).await, "");
    service.wait_for_log("connections that were busy 300ms after the signal are cut: 1\n", 1);

    let mut service = Service::start(&redis, &["--grace", "1h"]);
    let slow = under_way(&address(&service)).await;
    service.signal(Signal::SIGTERM);
    is_refused(&address(&service)).await;
    assert!(service.is_running());
    service.signal(Signal::SIGTERM);
    assert_eq!(service.wait(), Some(128 + 15));
    drop(slow);
}

#[tokio::test]
async fn a_redis_that_does_not_answer_does_not_hold_up_the_end() {
    let mut redis = Redis::start();
    let mut service = Service::start(&redis, &["--grace", "10ms", "--interval", "20ms"]);
    service.caller.search().await;
    until("the worker to be attempting", || redis.field(1, "attempts").is_some_and(|attempts| attempts != "0"));
    let process = redis.process();
    nix::sys::signal::kill(process, Signal::SIGSTOP).unwrap();
    // Many intervals without an answer: the worker waits for one, too.
    timeout(Duration::from_millis(500), service.caller.health()).await.unwrap_err();
    service.signal(Signal::SIGTERM);
    let code = service.wait();
    nix::sys::signal::kill(process, Signal::SIGCONT).unwrap();
    assert_eq!(code, Some(0));
    let said = "not all has ended 2.51s after the signal: what still waits, for Redis or for a receiver, is left\n";
    service.wait_for_log(said, 1);
}

#[tokio::test]
async fn who_comes_when_all_places_are_taken_waits_for_one() {
    let redis = Redis::start();
    let doors = Doors::open_with(&redis, Serving { most_connections: 2, ..serving() }).await;
    let request = redis.store().await.open(&crate::common::request(), &crate::common::actor("http")).await.unwrap();
    // One keeps its place by a call that goes on, the other by a WebSocket.
    let path = format!("/v2/requests/{request}");
    let stream = doors.caller.get(&format!("{path}/events")).await;
    let mut socket = Socket::open(&doors.caller, &format!("{path}/ws")).await.unwrap();
    socket.message().await;
    let mut third = tokio::spawn(health_of_another_client(doors.caller.base.clone()));
    assert!(timeout(Duration::from_millis(200), &mut third).await.is_err(), "there is no place for it");
    drop(socket);
    assert_eq!(third.await.unwrap(), 200);
    drop(stream);
}

/// The status of a call on a connection of its own.
async fn health_of_another_client(base: String) -> u16 {
    let client = cabstand::http_client::plain().build().unwrap();
    client.get(format!("{base}/health")).send().await.unwrap().status().as_u16()
}

/// What Linux does on the service's end of this connection, and in how many seconds: `02` is the next keepalive probe.
#[cfg(target_os = "linux")]
fn timer(stream: &TcpStream) -> Option<(String, u64)> {
    let end = |address: std::net::SocketAddr| {
        let std::net::SocketAddr::V4(address) = address else { panic!("{address}") };
        format!("{:08X}:{:04X}", u32::from_le_bytes(address.ip().octets()), address.port())
    };
    let (service, client) = (end(stream.peer_addr().unwrap()), end(stream.local_addr().unwrap()));
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let line = table.lines().find(|line| line.contains(&format!(" {service} {client} ")))?;
    let (kind, after) = line.split_whitespace().nth(5)?.split_once(':')?;
    // In hundredths of a second.
    Some((kind.to_owned(), u64::from_str_radix(after, 16).unwrap() / 100))
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_quiet_listener_is_probed_so_that_one_that_has_vanished_is_noticed() {
    let redis = Redis::start();
    let service = Service::start(&redis, &[]);
    let id = service.caller.search().await;
    let address = service.caller.base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(format!("GET /v2/requests/{id}/events HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut answer = Vec::new();
    while !String::from_utf8_lossy(&answer).contains("searching") {
        assert!(stream.read_buf(&mut answer).await.unwrap() > 0);
    }
    until("a keepalive probe to be due", || {
        timer(&stream).is_some_and(|(kind, seconds)| kind == "02" && seconds <= 30)
    });
}
