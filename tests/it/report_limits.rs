//! What one client may report: each element of an array counts, new drivers are bounded, and a token may be bound to one driver.

use crate::common::Redis;
use crate::common::doors::problem;
use crate::common::service::{Caller, Service};
use crate::common::tokens::{self, ANA, DRIVER, TokenFile, bearer};
use cabstand::http_client;
use nix::sys::signal::Signal;
use reqwest::Response;
use serde_json::{Value, json};

/// A token that is bound to the driver `taxi:7`.
const BOUND: &str = "d-b0b1b2b3b4b5b6b7b8b9babbbcbdbebf";

/// A caller at another address of this machine: another client.
fn other_client(service: &Service) -> Caller {
    let client = http_client::plain().local_address(std::net::IpAddr::from([127, 0, 0, 2])).build().unwrap();
    Caller { client, base: service.caller.base.clone() }
}

fn report(driver: &str) -> Value {
    json!({"id": driver, "lat": 1, "lng": 1})
}

fn array(drivers: &[&str]) -> Value {
    drivers.iter().map(|driver| report(driver)).collect()
}

async fn track(caller: &Caller, token: &str, body: &Value) -> Response {
    let (name, value) = bearer(token);
    caller.call("POST /tracking", Some(body), &[(name, &value)]).await
}

/// Sends an array that is taken, at least in part. Returns how many reports were accepted, and the others: index and detail.
async fn taken(response: Response) -> (u64, Vec<(u64, String)>) {
    assert_eq!(response.status(), 200);
    let taken: Value = response.json().await.unwrap();
    let refused = taken["refused"].as_array().unwrap().iter();
    let refused = refused.map(|one| (one["index"].as_u64().unwrap(), one["detail"].as_str().unwrap().to_owned()));
    (taken["accepted"].as_u64().unwrap(), refused.collect())
}

fn indices(refused: &[(u64, String)]) -> Vec<u64> {
    refused.iter().map(|(index, _)| *index).collect()
}

fn on_the_map(redis: &mut Redis) -> Vec<String> {
    let mut drivers: Vec<String> = redis.run("ZRANGE drivers 0 -1");
    drivers.sort();
    drivers
}

/// How often Redis was asked for members' scores.
fn lookups(redis: &mut Redis) -> u64 {
    let stats: String = redis.run("INFO commandstats");
    let line = stats.lines().find_map(|line| line.strip_prefix("cmdstat_zmscore:calls="));
    line.map_or(0, |rest| rest.split(',').next().unwrap().parse().unwrap())
}

#[tokio::test]
async fn each_report_of_an_array_counts_as_a_call_and_those_beyond_the_rate_are_listed() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &["--client-rate", "4/m"]);
    let all = array(&["a", "b", "c", "d", "e", "f"]);
    let (accepted, refused) = taken(service.caller.post("/tracking", all.clone()).await).await;
    assert_eq!((accepted, indices(&refused)), (4, vec![4, 5]));
    for (_, detail) in &refused {
        assert!(detail.contains("4/m") && detail.contains("each report of an array counts"), "{detail}");
        // Two reports fit after half a minute, less what has passed.
        let seconds = detail.split("after ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
        assert!((1..=30).contains(&seconds.parse::<u64>().unwrap()), "{detail}");
    }
    assert_eq!(on_the_map(&mut redis), ["a", "b", "c", "d"]);
    // None fits: the whole call is refused.
    problem(service.caller.post("/tracking", all.clone()).await, 429).await;
    assert_eq!(on_the_map(&mut redis).len(), 4);
    let (accepted, _) = taken(other_client(&service).post("/tracking", all).await).await;
    assert_eq!(accepted, 4, "another client has its own rate");
}

#[tokio::test]
async fn a_gateway_whose_rate_is_high_enough_reports_a_whole_fleet() {
    let mut redis = Redis::start();
    let options = ["--client-rate", "2000/s", "--client-new-drivers", "2000/m"];
    let service = Service::start(&redis, &options);
    let fleet: Vec<String> = (0..1_000).map(|driver| driver.to_string()).collect();
    let fleet: Vec<&str> = fleet.iter().map(String::as_str).collect();
    let (accepted, refused) = taken(service.caller.post("/tracking", array(&fleet)).await).await;
    assert_eq!((accepted, refused.len()), (1_000, 0));
    assert_eq!(on_the_map(&mut redis).len(), 1_000);
}

#[tokio::test]
async fn new_drivers_of_a_client_are_bounded_and_nothing_is_written_for_the_others() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &["--client-new-drivers", "3/m"]);
    redis.run::<()>("GEOADD drivers 1 1 external");
    let body = json!([report("a"), {"id": ""}, report("external"), report("b"), report("a"), report("c"), report("d"), report("e")]);
    let (accepted, refused) = taken(service.caller.post("/tracking", body).await).await;
    assert_eq!((accepted, indices(&refused)), (5, vec![1, 6, 7]), "{refused:?}");
    let detail = &refused[1].1;
    assert!(detail.contains("3/m") && detail.contains("new driver") && detail.contains("after "), "{detail}");
    let told = problem(service.caller.post("/tracking", report("d")).await, 429).await;
    assert!(told["detail"].as_str().unwrap().contains("--client-new-drivers"), "{told}");
    assert_eq!(service.caller.post("/tracking", report("b")).await.status(), 200, "a known driver reports on");
    assert_eq!(other_client(&service).post("/tracking", report("d")).await.status(), 200);
    assert_eq!(service.caller.post("/tracking", report("d")).await.status(), 200, "now it is known");
    let all = ["a", "b", "c", "d", "external"];
    assert_eq!(on_the_map(&mut redis), all);
    for key in ["cabstand:seen", "cabstand:fresh"] {
        assert_eq!(redis.run::<u64>(&format!("ZCARD {key}")), 5, "{key}");
    }
    let page = service.caller.get("/metrics").await.text().await.unwrap();
    assert!(page.contains("cabstand_http_refused_total{reason=\"new_drivers\"} 3\n"), "{page}");
}

#[tokio::test]
async fn after_a_restart_a_known_fleet_is_not_new_and_costs_no_further_lookups() {
    let mut redis = Redis::start();
    let fleet = array(&["a", "b", "c", "d"]);
    let before = Service::start(&redis, &[]);
    assert_eq!(taken(before.caller.post("/tracking", fleet.clone()).await).await.0, 4);
    // Those who are on a trip are not on the map, but have been seen.
    redis.run::<()>("ZREM drivers c d");
    drop(before);
    let service = Service::start(&redis, &["--client-new-drivers", "1/m"]);
    assert_eq!(service.caller.post("/tracking", report("a")).await.status(), 200);
    assert_eq!(taken(service.caller.post("/tracking", fleet.clone()).await).await.0, 4);
    assert_eq!(service.caller.post("/tracking", report("new")).await.status(), 200, "none of them has counted");
    problem(service.caller.post("/tracking", report("newer")).await, 429).await;
    let asked = lookups(&mut redis);
    assert!(asked > 0);
    for _ in 0..5 {
        assert_eq!(taken(service.caller.post("/tracking", fleet.clone()).await).await.0, 4);
        assert_eq!(service.caller.post("/tracking", report("new")).await.status(), 200);
    }
    assert_eq!(lookups(&mut redis), asked, "what is known is not asked for again");
}

#[tokio::test]
async fn new_drivers_are_bounded_with_tokens_by_default_and_operators_are_exempt() {
    let mut redis = Redis::start();
    let file = TokenFile::new(&tokens::all());
    let fleet: Vec<String> = (0..100).map(|driver| format!("d{driver}")).collect();
    let fleet = array(&fleet.iter().map(String::as_str).collect::<Vec<_>>());
    let service = Service::guarded(&redis, file.path(), &["--client-rate", "off"]);
    let (accepted, _) = taken(track(&service.caller, DRIVER, &fleet).await).await;
    assert!((60..100).contains(&accepted), "60/m by default, not {accepted}");
    assert_eq!(on_the_map(&mut redis).len() as u64, accepted);
    assert_eq!(taken(track(&service.caller, ANA, &fleet).await).await.0, 100, "an operator may");
    drop(service);
    redis.run::<()>("FLUSHALL");
    for (service, options) in [("on loopback without tokens", &[][..]), ("off", &["--client-new-drivers", "off"])] {
        redis.run::<()>("CONFIG RESETSTAT");
        let service_off = Service::start(&redis, options);
        assert_eq!(taken(service_off.caller.post("/tracking", fleet.clone()).await).await.0, 100, "{service}");
        assert_eq!(lookups(&mut redis), 0, "{service}: nobody asks");
        redis.run::<()>("FLUSHALL");
    }
}

#[tokio::test]
async fn a_lookup_that_fails_takes_no_new_driver_and_one_that_meets_a_wrong_type_does_not_stop_it() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &["--client-new-drivers", "9/m"]);
    redis.run::<()>("SET cabstand:seen nonsense");
    assert_eq!(service.caller.post("/tracking", report("a")).await.status(), 200);
    assert_eq!(redis.run::<String>("TYPE cabstand:seen"), "zset", "the report has repaired it");
    drop(redis);
    problem(service.caller.post("/tracking", report("b")).await, 503).await;
    problem(service.caller.post("/tracking", array(&["c", "d"])).await, 503).await;
}

#[tokio::test]
async fn a_token_that_is_bound_to_a_driver_reports_for_nobody_else() {
    let mut redis = Redis::start();
    let text = format!("driver {BOUND} taxi:7 # Ana's phone\ndriver {DRIVER}\noperator {ANA} ana\n");
    let file = TokenFile::new(&text);
    let service = Service::guarded(&redis, file.path(), &["--client-new-drivers", "1/m"]);
    let caller = &service.caller;
    assert_eq!(track(caller, BOUND, &report("taxi:7")).await.status(), 200);
    for other in ["taxi:8", "taxi:", "TAXI:7", "taxi:7 "] {
        let refused = track(caller, BOUND, &report(other)).await;
        let challenge = refused.headers()["www-authenticate"].to_str().unwrap().to_owned();
        assert!(challenge.contains("insufficient_scope"), "{challenge}");
        let told = problem(refused, 403).await;
        assert!(told["detail"].as_str().unwrap().contains("bound to another driver"), "{told}");
    }
    let (accepted, refused) = taken(track(caller, BOUND, &array(&["x", "taxi:7", "y"])).await).await;
    assert_eq!((accepted, indices(&refused)), (1, vec![0, 2]));
    assert!(refused[0].1.contains("bound to another driver"), "{refused:?}");
    // Its driver was named by who wrote the file, and so the client's allowance is still whole.
    assert_eq!(track(caller, DRIVER, &report("any")).await.status(), 200);
    assert_eq!(track(caller, DRIVER, &report("taxi:7")).await.status(), 200, "one that is not bound reports for all");
    assert_eq!(on_the_map(&mut redis), ["any", "taxi:7"]);
    let (name, value) = bearer(ANA);
    let page = caller.call("GET /metrics", None, &[(name, &value)]).await.text().await.unwrap();
    assert!(page.contains("cabstand_http_refused_total{reason=\"other_driver\"} 6\n"), "{page}");

    // A reading anew binds it to another one.
    file.write(&text.replace("taxi:7", "taxi:8"));
    service.signal(Signal::SIGHUP);
    service.wait_for_log("drivers' 2 (1 of them bound to one driver)", 2);
    problem(track(caller, BOUND, &report("taxi:7")).await, 403).await;
    assert_eq!(track(caller, BOUND, &report("taxi:8")).await.status(), 200);
}

#[test]
fn a_driver_s_id_in_the_token_file_that_is_none_is_refused_and_not_quoted() {
    let redis = Redis::start();
    let file = TokenFile::new("");
    let mut start = crate::common::command::cabstand();
    start.args(["serve", "--listen", "127.0.0.1:0", "--redis", &redis.server.url(), "--token-file"]).arg(file.path());
    let long = "x".repeat(129);
    for id in ["a#b", "a\u{7}b", &long] {
        file.write(&format!("rider {ANA}\ndriver {BOUND} {id}\n"));
        let (code, _, said) = crate::common::command::told(start.output().unwrap());
        assert_eq!(code, 2, "{said}");
        assert!(said.contains("line 2: a driver's id has 1 to 128 bytes"), "{said}");
        assert!(!said.contains(id) && !said.contains(BOUND), "{said}");
    }
    file.write(&format!("driver {BOUND} taxi 7\n"));
    let (code, _, said) = crate::common::command::told(start.output().unwrap());
    assert!(code == 2 && said.contains("line 1: a line has a role, a token and"), "{said}");
}
