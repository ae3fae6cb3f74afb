//! `GET /metrics` of running services: what is counted, under which names, and that it is true.

use std::collections::{BTreeMap, BTreeSet};

use crate::common::listener::Ears;
use crate::common::service::Service;
use crate::common::{LAT, LNG, Redis, until};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::json;

/// What a page says: each line's name with its labels, and the figure.
async fn page(service: &Service) -> BTreeMap<String, f64> {
    let response = service.caller.get("/metrics").await;
    assert_eq!(response.status().as_u16(), 200);
    assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let text = response.text().await.unwrap();
    is_well_formed(&text);
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, figure) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), figure.parse().unwrap())
        })
        .collect()
}

/// Each metric is ours, is told of and has a type, and counters are named as such.
fn is_well_formed(text: &str) {
    let told: BTreeSet<&str> = text.lines().filter_map(|l| l.strip_prefix("# HELP ")?.split(' ').next()).collect();
    let typed: BTreeMap<&str, &str> = text.lines().filter_map(|l| l.strip_prefix("# TYPE ")?.split_once(' ')).collect();
    assert_eq!(told, typed.keys().copied().collect(), "{text}");
    for (name, kind) in &typed {
        assert!(name.starts_with("cabstand_"), "{name}");
        assert_eq!(*kind == "counter", name.ends_with("_total"), "{name}");
        assert_ne!(*kind, "summary", "{name} has no buckets");
        assert_eq!(text.matches(&format!("# TYPE {name} ")).count(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_reading_that_is_refused_hides_nothing_else() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &[]);
    redis.run::<()>("SET cabstand:webhook:dead text");
    let shown = page(&service).await;
    assert!(shown["cabstand_redis_up"] > 0.5, "it answers");
    assert!(shown.contains_key("cabstand_drivers") && !shown.contains_key("cabstand_webhook_waiting"), "{shown:?}");
    redis.run::<()>("DEL cabstand:webhook:dead drivers");
    redis.run::<()>("SET drivers text");
    let shown = page(&service).await;
    assert!(shown["cabstand_redis_up"] > 0.5, "it answers");
    assert!(!shown.contains_key("cabstand_drivers") && shown.contains_key("cabstand_webhook_waiting"), "{shown:?}");
}

#[tokio::test]
async fn those_who_listen_are_shown() {
    let redis = Redis::start();
    let service = Service::start(&redis, &["--interval", "5m", "--ttl", "10m"]);
    let id = service.caller.search().await;
    let mut ears = Ears::open(&service.caller, id);
    ears.wait_for_searching().await;
    assert_eq!(page(&service).await["cabstand_listeners"].to_string(), "1");
    drop(ears);
    until_sum(&[service], "cabstand_listeners", 0.0).await;
}

#[tokio::test]
async fn the_errors_of_waiting_reads_are_counted() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let mut tail = store.follow_events(None);
    tail.next().await.unwrap();
    let recorder = PrometheusBuilder::new().build_recorder();
    let _counting = metrics::set_default_local_recorder(&recorder);
    redis.kill();
    tail.next().await.unwrap_err();
    let shown = recorder.handle().render();
    assert!(shown.contains("cabstand_redis_errors_total{kind=\"away\"} 1\n"), "{shown}");
}

/// The sum of a figure over services.
async fn sum(services: &[Service], name: &str) -> f64 {
    let mut sum = 0.0;
    for service in services {
        sum += page(service).await.get(name).copied().unwrap_or(0.0);
    }
    sum
}

async fn until_sum(services: &[Service], name: &str, expected: f64) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    loop {
        let sum = sum(services, name).await;
        if (sum - expected).abs() < 0.5 {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "{name} is {sum} and not {expected}");
    }
}

#[tokio::test]
async fn requests_are_counted_once_whichever_service_hears_of_them() {
    let mut redis = Redis::start();
    let options = ["--ttl", "10m", "--interval", "5m"];
    let services = [Service::start(&redis, &options), Service::start(&redis, &options)];
    until("both workers to be on the list", || redis.run::<u64>("ZCARD cabstand:workers") == 2);
    for i in 0..6 {
        services[i % 2].caller.search().await;
    }
    until("all to have been attempted", || (1..=6).all(|id| redis.field(id, "attempts").as_deref() == Some("1")));
    services[0].caller.post("/v2/cancel", json!({"request_id": 1})).await;
    redis.run::<()>("DEL 2 3");
    services[1].caller.post("/tracking", json!({"id": "d", "lat": LAT, "lng": LNG})).await;
    redis.wait_for_state(4, "found");
    for (outcome, count) in [("cancelled", 1.0), ("expired", 2.0), ("found", 1.0)] {
        until_sum(&services, &format!("cabstand_requests_ended_total{{outcome=\"{outcome}\"}}"), count).await;
    }
    until_sum(&services, "cabstand_requests_opened_total", 6.0).await;
    until_sum(&services, "cabstand_attempts_total", 6.0).await;
    until_sum(&services, "cabstand_match_seconds_count", 1.0).await;
    until_sum(&services, "cabstand_match_seconds_bucket{le=\"+Inf\"}", 1.0).await;
    let waited: f64 = sum(&services, "cabstand_match_seconds_sum").await;
    assert!(waited > 0.0 && waited < 60.0, "in seconds: {waited}");
    assert!(sum(&services, "cabstand_attempt_lag_seconds_count").await >= 1.0);
    let shown = page(&services[0]).await;
    let figures = ["cabstand_redis_up", "cabstand_drivers", "cabstand_requests_waiting", "cabstand_workers"];
    assert_eq!(figures.map(|name| shown[name].to_string()), ["1", "0", "2", "2"]);
}

#[tokio::test]
async fn calls_are_told_by_route_and_redis_by_script() {
    let redis = Redis::start();
    let service = Service::start(&redis, &[]);
    for id in 0..20 {
        service.caller.get(&format!("/v2/requests/{id}")).await;
        service.caller.get(&format!("/nowhere/{id}")).await;
    }
    service.caller.post("/tracking", json!({"id": "a", "lat": 1, "lng": 1})).await;
    service.caller.post("/tracking", json!({"id": "a", "lat": 1})).await;
    let fancy = reqwest::Method::from_bytes(b"FANCY").unwrap();
    service.caller.raw(fancy, "/tracking", None, "").await;
    let shown = page(&service).await;
    let calls: BTreeMap<&str, f64> = shown
        .iter()
        .filter_map(|(name, count)| Some((name.strip_prefix("cabstand_http_request_seconds_count")?, *count)))
        .collect();
    let expected = [
        (r#"{route="/tracking",method="POST",status="2xx"}"#, 1.0),
        (r#"{route="/tracking",method="POST",status="4xx"}"#, 1.0),
        (r#"{route="/tracking",method="other",status="4xx"}"#, 1.0),
        (r#"{route="/v2/requests/{id}",method="GET",status="4xx"}"#, 20.0),
        (r#"{route="none",method="GET",status="4xx"}"#, 20.0),
    ];
    assert_eq!(calls, BTreeMap::from(expected));
    assert!(shown["cabstand_redis_command_seconds_count{command=\"report\"}"] > 0.5);
    assert!(shown.contains_key("cabstand_redis_command_seconds_bucket{command=\"report\",le=\"0.0001\"}"));
    assert!(shown["cabstand_http_connections"] > 0.5);
    for kind in ["away", "refused", "answer"] {
        assert!(shown[&format!("cabstand_redis_errors_total{{kind=\"{kind}\"}}")] < 0.5, "{kind}");
    }
}

#[tokio::test]
async fn a_redis_that_is_away_is_one_of_the_metrics() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &[]);
    assert!(page(&service).await.contains_key("cabstand_drivers"));
    nix::sys::signal::kill(redis.process(), nix::sys::signal::Signal::SIGKILL).unwrap();
    until("the server to be gone", || redis.try_run::<String>("PING").is_err());
    let shown = page(&service).await;
    assert!(shown["cabstand_redis_up"] < 0.5);
    assert!(!shown.contains_key("cabstand_drivers"), "what is not known is not told");
    until_sum(&[service], "cabstand_redis_up", 0.0).await;
}
