//! `cabstand serve` as it is started: the article's sessions, foreign writers, several workers, and what goes wrong.

use std::process::Command;

use crate::common::service::Service;
use crate::common::{LAT, LNG, Redis, Restarted, until};
use nix::sys::signal::Signal;
use reqwest::StatusCode;
use serde_json::json;

/// The line that the log has for each attempt.
fn attempt(id: u64) -> String {
    format!("Search Driver - Request {id} for Lat: -33.442620 and Lng: -70.630540\n")
}

/// The rider is told so often how the request ended, as the stream has it.
fn ends(redis: &mut Redis, id: u64) -> usize {
    let events: Vec<(String, Vec<String>)> = redis.run("XRANGE cabstand:events - +");
    let field = |pairs: &[String], name: &str| pairs.chunks(2).find(|p| p[0] == name).map(|p| p[1].clone());
    let end = |pairs: &[String]| {
        let kind = field(pairs, "type").unwrap();
        field(pairs, "request_id").as_deref() == Some(&id.to_string())
            && ["found", "expired", "cancelled"].contains(&kind.as_str())
    };
    events.iter().filter(|(_, pairs)| end(pairs)).count()
}

#[tokio::test]
async fn the_first_session_nobody_is_near() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &["--interval", "200ms", "--ttl", "1s"]);
    assert_eq!(service.caller.search().await, 1);
    assert_eq!(redis.run::<String>("GET 1"), "1");
    redis.wait_for_state(1, "expired");
    service.wait_for_log("Message to user: requestor_1\n", 1);
    service.wait_for_log("Sorry, we did not find any driver.\n", 1);
    let attempts = service.log().matches(&attempt(1)).count();
    assert!((3..=5).contains(&attempts), "one each 200 ms for a second: {attempts}");
    assert_eq!(redis.field(1, "attempts"), Some(attempts.to_string()));
    let log = service.log();
    assert!(log.lines().next().unwrap().contains("Starting HTTP Server. Listening at \"127.0.0.1:"), "{log}");
    assert!(log.contains(&format!("Redis is at {}/0", redis.server.url())), "{log}");
    assert!(!log.contains('\u{1b}'), "no colours in a pipe");
}

#[tokio::test]
async fn the_second_session_a_driver_comes() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &[]);
    service.caller.search().await;
    service.wait_for_log(&attempt(1), 1);
    service.caller.post("/tracking", json!({"id": "1", "lat": -33.44091, "lng": -70.6301})).await;
    redis.wait_for_state(1, "found");
    service.wait_for_log("Driver 1 found\n", 1);
    let log = service.log();
    let told = log.find("Message to user: requestor_1\n").unwrap();
    assert!(log.find(&attempt(1)).unwrap() < told && told < log.find("Driver 1 found\n").unwrap(), "{log}");
    assert_eq!(redis.run::<i64>("EXISTS 1 drivers cabstand:due cabstand:waiting"), 0);
}

#[tokio::test]
async fn an_attempt_is_in_the_log_before_the_driver_that_it_found() {
    let mut redis = Redis::start();
    for i in 1..=20 {
        redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} d{i}"));
    }
    let service = Service::start(&redis, &[]);
    for _ in 1..=20 {
        service.caller.search().await;
    }
    service.wait_for_log(" found\n", 20);
    let log = service.log();
    for id in 1..=20 {
        let told = log.find(&format!("Message to user: requestor_{id}\n")).unwrap();
        assert!(log.find(&attempt(id)).is_some_and(|attempted| attempted < told), "{id}: {log}");
    }
}

#[tokio::test]
async fn the_third_session_the_rider_cancels() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &[]);
    service.caller.search().await;
    service.wait_for_log(&attempt(1), 1);
    service.caller.post("/v2/cancel", json!({"request_id": "1"})).await;
    service.wait_for_log("Request 1 has been canceled.\n", 1);
    assert_eq!(redis.run::<String>("GET 1"), "0");
    assert!((58..=60).contains(&redis.run::<i64>("TTL 1")));
    let again = service.caller.post("/v2/cancel", json!({"request_id": "1"})).await;
    assert_eq!(again.status(), StatusCode::CONFLICT);
}

#[tokio::test]
async fn foreign_writers_are_heard_long_before_the_next_attempt() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &["--interval", "5m", "--ttl", "10m"]);
    for _ in 0..5 {
        service.caller.search().await;
    }
    service.wait_for_log(&attempt(5), 1);
    redis.run::<()>("SET 1 0 EX 60");
    redis.run::<()>("DEL 2");
    redis.run::<()>("PEXPIRE 3 1");
    redis.run::<()>("PERSIST 5");
    redis.wait_for_state(1, "cancelled");
    redis.wait_for_state(2, "expired");
    redis.wait_for_state(3, "expired");
    redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} first"));
    redis.wait_for_state(4, "found");
    redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} second"));
    redis.wait_for_state(5, "found");
    assert_eq!(redis.field(4, "driver_id").as_deref(), Some("first"), "the oldest has the first one");
    service.wait_for_log("Sorry, we did not find any driver.\n", 2);
    service.wait_for_log("Driver second found\n", 1);
}

#[tokio::test]
async fn a_request_without_a_deadline_does_not_keep_the_worker_busy() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &["--interval", "5m", "--ttl", "10m"]);
    service.caller.search().await;
    redis.run::<()>("PERSIST 1");
    until("the deadline to be gone", || redis.field(1, "expires_at").as_deref() == Some(""));
    let calls = |redis: &mut Redis| -> u64 {
        let stats: String = redis.run("INFO commandstats");
        let evalsha = stats.split_once("cmdstat_evalsha:calls=").unwrap().1;
        evalsha.split_once(',').unwrap().0.parse().unwrap()
    };
    // Two heartbeats: what is done between them is what an idle worker does.
    let heartbeat = |redis: &mut Redis| -> u64 {
        let beat = |redis: &mut Redis| redis.run::<Vec<String>>("ZRANGE cabstand:workers 0 -1 WITHSCORES");
        let before = beat(redis);
        until("a heartbeat", || beat(redis) != before);
        calls(redis)
    };
    let first = heartbeat(&mut redis);
    let done = heartbeat(&mut redis) - first;
    assert!(done <= 5, "{done} scripts in two seconds");
}

#[tokio::test]
async fn one_driver_goes_to_one_of_many_requests() {
    let mut redis = Redis::start();
    let services = [Service::start(&redis, &[]), Service::start(&redis, &[])];
    for i in 0..40 {
        services[i % 2].caller.search().await;
    }
    until("all to have been attempted", || (1..=40).all(|id| redis.field(id, "attempts").as_deref() != Some("0")));
    redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} only"));
    redis.wait_for_state(1, "found");
    until("the rider to be told", || services.iter().any(|s| s.log().contains("Driver only found\n")));
    // Both have had their sweep when each has lost the race for a driver of its own.
    redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} second"));
    redis.wait_for_state(2, "found");
    let found = (1..=40).filter(|&id| redis.state(id).as_deref() == Some("found")).count();
    assert_eq!(found, 2);
    until("the second rider to be told", || services.iter().any(|s| s.log().contains("Driver second found\n")));
    let told: usize = services.iter().map(|s| s.log().matches("Driver only found\n").count()).sum();
    assert_eq!(told, 1, "by one of the two");
}

#[tokio::test]
async fn what_a_killed_service_leaves_another_ends() {
    let mut redis = Redis::start();
    let options = ["--interval", "500ms", "--ttl", "3s"];
    let first = Service::start(&redis, &options);
    for _ in 0..5 {
        first.caller.search().await;
    }
    first.wait_for_log(&attempt(5), 1);
    first.signal(Signal::SIGKILL);
    drop(first);
    let second = Service::start(&redis, &options);
    redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} d"));
    redis.wait_for_state(1, "found");
    second.wait_for_log("Driver d found\n", 1);
    for id in 2..=5 {
        redis.wait_for_state(id, "expired");
    }
    second.wait_for_log("Sorry, we did not find any driver.\n", 4);
    for id in 1..=5 {
        assert_eq!(ends(&mut redis, id), 1);
    }
}

#[tokio::test]
async fn an_outage_of_redis_is_survived_and_expires_nobody() {
    let mut redis = Redis::start_with(&["--appendonly", "yes", "--appendfsync", "always"]);
    let mut service = Service::start(&redis, &[]);
    for _ in 0..3 {
        service.caller.search().await;
    }
    service.wait_for_log(&attempt(3), 1);
    redis.kill();
    service.wait_for_health(StatusCode::SERVICE_UNAVAILABLE).await;
    service.wait_for_log("can't be reached", 1);

    let _restarted = Restarted::in_place_of(&mut redis);
    service.wait_for_health(StatusCode::OK).await;
    service.wait_for_log("is well again, after", 1);
    redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} d"));
    redis.wait_for_state(1, "found");
    service.wait_for_log("Driver d found\n", 1);
    assert_eq!((redis.state(2).as_deref(), redis.state(3).as_deref()), (Some("searching"), Some("searching")));
    assert_eq!(redis.run::<Vec<String>>("MGET 2 3"), ["1", "1"]);
    assert!(!service.log().contains("Sorry"), "{}", service.log());
    assert_eq!(service.log().matches("can't be reached").count(), 1, "an outage is told once: {}", service.log());
    assert!(service.is_running());
}

#[tokio::test]
async fn riders_are_told_after_redis_came_back_empty() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &[]);
    service.caller.search().await;
    service.wait_for_log(&attempt(1), 1);
    redis.run::<()>("FLUSHALL");
    let id = service.caller.search().await;
    service.caller.post("/v2/cancel", json!({"request_id": id})).await;
    service.wait_for_log(&format!("Request {id} has been canceled.\n"), 1);
}

#[tokio::test]
async fn a_signal_ends_it_and_its_name_goes_off_the_list() {
    let mut redis = Redis::start();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let mut service = Service::start(&redis, &[]);
        until("the worker to be on the list", || redis.run::<i64>("ZCARD cabstand:workers") == 1);
        let workers: Vec<String> = redis.run("ZRANGE cabstand:workers 0 -1");
        assert!(workers[0].starts_with("worker-"), "{workers:?}");
        service.signal(signal);
        assert_eq!(service.wait(), Some(0), "{signal}");
        assert_eq!(redis.run::<i64>("ZCARD cabstand:workers"), 0);
    }
}

#[test]
fn what_keeps_it_from_starting_is_said() {
    let redis = Redis::start();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let serve = |listen: &str, url: &str, more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cabstand"));
        let output = command.args(["serve", "--listen", listen, "--redis", url]).args(more).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = serve(&taken, &redis.server.url(), &[]);
    assert!(
        code == Some(1) && said.contains(&taken) && said.contains("in use") && said.contains("--listen"),
        "{code:?} {said}"
    );
    for wrong in ["nonsense", "127.0.0.1", ":8000", "127.0.0.1:99999"] {
        let (code, said) = serve(wrong, &redis.server.url(), &[]);
        assert!(code == Some(2) && said.contains("like 127.0.0.1:8000"), "{code:?} {said}");
    }
    let (code, said) = serve("127.0.0.1:0", "unix:/nonexistent/redis.sock", &[]);
    assert!(code == Some(1) && said.contains("unix:/nonexistent/redis.sock"), "{code:?} {said}");
    for wrong in
        [["--interval", "soon"], ["--ttl", "0s"], ["--radius", "far"], ["--grace", "0s"], ["--log-format", "xml"]]
    {
        let (code, said) = serve("127.0.0.1:0", &redis.server.url(), &wrong);
        assert!(code == Some(2) && said.contains(wrong[0]), "{code:?} {said}");
    }
}
