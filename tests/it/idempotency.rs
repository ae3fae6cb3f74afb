//! A search that is sent again with the same `Idempotency-Key` is the same search.

use std::collections::BTreeSet;
use std::time::Instant;

use crate::common::doors::problem;
use crate::common::service::{Caller, Service};
use crate::common::tokens::{ANA, RIDER, TokenFile, all, bearer};
use crate::common::wire::Wire;
use crate::common::{LAT, LNG, PATIENCE, Redis, actor, id, until};
use futures_util::future::join_all;
use reqwest::{Method, Response};
use serde_json::{Value, json};

const KEY: &str = "8e03978e-40d5-43dd-bc93-6894a57f9324";
const OTHER_RIDER: &str = "r-00112233445566778899aabbccddeeff";

async fn search(caller: &Caller, key: &str, token: Option<&str>) -> Response {
    let bearer = token.map(bearer);
    let mut headers = vec![("idempotency-key", key)];
    headers.extend(bearer.iter().map(|(name, value)| (*name, value.as_str())));
    caller.call("POST /v2/search", Some(&json!({"lat": LAT, "lng": LNG})), &headers).await
}

/// Opens a request by this key, or finds the one that is open.
async fn open(caller: &Caller, key: &str) -> u64 {
    opened(search(caller, key, None).await).await.0
}

async fn opened(response: Response) -> (u64, Option<String>) {
    assert_eq!(response.status(), 200);
    let body: Value = response.json().await.unwrap();
    (body["request_id"].as_u64().unwrap(), body["ticket"].as_str().map(str::to_owned))
}

/// How many requests were ever opened.
fn count(redis: &mut Redis) -> usize {
    let events: Vec<(String, Vec<String>)> = redis.run("XRANGE cabstand:events - +");
    events.iter().filter(|(_, fields)| fields.contains(&"opened".to_owned())).count()
}

#[tokio::test]
async fn the_same_key_gives_the_same_request() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &[]);
    let first = open(&service.caller, KEY).await;
    assert_eq!(open(&service.caller, KEY).await, first);
    assert_ne!(open(&service.caller, "another").await, first);
    assert_ne!(service.caller.search().await, first);
    // How it ended does not matter.
    service.caller.post("/v2/cancel", json!({"request_id": first})).await;
    assert_eq!(open(&service.caller, KEY).await, first);
    assert_eq!(count(&mut redis), 3);
    assert_eq!(redis.run::<u64>("GET request_id"), 3, "a repeat takes no number");
    let kept = format!("{:?}", redis.run::<Vec<String>>("HGETALL cabstand:idempotency"));
    assert!(!kept.contains(KEY), "{kept}");
}

#[tokio::test]
async fn many_at_once_at_several_services_open_one_request() {
    let mut redis = Redis::start();
    let services = [Service::start(&redis, &[]), Service::start(&redis, &[])];
    for round in 1..=5 {
        let key = format!("{KEY} {round}");
        let calls = (0..40).map(async |n: usize| open(&services[n % 2].caller, &key).await);
        let ids: BTreeSet<u64> = join_all(calls).await.into_iter().collect();
        assert_eq!((ids.len(), count(&mut redis)), (1, round), "{ids:?}");
    }
}

#[tokio::test]
async fn after_a_503_whose_write_had_happened_nothing_is_opened_again() {
    let mut redis = Redis::start();
    let wire = Wire::to(&redis);
    let service = Service::start_at("127.0.0.1:0", &wire.url(), &[]);
    open(&service.caller, "something before").await;
    wire.hold_answers();
    problem(search(&service.caller, KEY, None).await, 503).await;
    assert_eq!(count(&mut redis), 2, "it was opened");
    wire.cut();
    wire.heal();
    let deadline = Instant::now() + PATIENCE;
    let again = loop {
        let answer = search(&service.caller, KEY, None).await;
        if answer.status() == 200 {
            break opened(answer).await.0;
        }
        assert!(Instant::now() < deadline, "the service does not come back");
    };
    assert_eq!((again, count(&mut redis)), (2, 2));
}

#[tokio::test]
async fn a_key_is_kept_for_a_day_and_as_long_as_the_record() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &["--ttl", "1m"]);
    let before = redis.run::<(f64, f64)>("TIME").0;
    let first = open(&service.caller, KEY).await;
    let kept = |redis: &mut Redis| redis.run::<Vec<(String, f64)>>("ZRANGE cabstand:idempotency:ends 0 -1 WITHSCORES");
    let hours = (kept(&mut redis)[0].1 / 1_000.0 - before) / 3_600.0;
    assert!((24.0..24.1).contains(&hours), "{hours}");

    // As if the day was over, and the deadline had been moved by more than that.
    let a_day_ago = |redis: &mut Redis| {
        let key = kept(redis).into_iter().next().unwrap().0;
        redis.run::<()>(&format!("ZADD cabstand:idempotency:ends 1 {key}"));
    };
    redis.store().await.extend(id(first), 200_000_000, &actor("ana")).await.unwrap();
    for _ in 0..3 {
        a_day_ago(&mut redis);
        service.caller.search().await;
        assert_eq!(open(&service.caller, KEY).await, first, "its record is there");
    }
    let long = Service::start(&redis, &["--ttl", "30h"]);
    open(&long.caller, "for long").await;
    let hours = (kept(&mut redis).into_iter().map(|(_, at)| at).fold(0.0, f64::max) / 1_000.0 - before) / 3_600.0;
    assert!((31.0..31.1).contains(&hours), "{hours}");

    // A record that is gone is remembered for the day, and not longer.
    redis.run::<()>(&format!("DEL cabstand:request:{first} {first}"));
    assert_eq!(open(&service.caller, KEY).await, first);
    a_day_ago(&mut redis);
    assert_ne!(open(&service.caller, KEY).await, first);
    assert_eq!(redis.run::<u64>("HLEN cabstand:idempotency"), 2);
}

#[tokio::test]
async fn keys_whose_day_is_over_are_forgotten_by_openings() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &[]);
    for n in 0..100 {
        redis.run::<()>(&format!("HSET cabstand:idempotency old{n} {}", 1_000 + n));
        redis.run::<()>(&format!("ZADD cabstand:idempotency:ends {n} old{n}"));
    }
    for _ in 0..50 {
        service.caller.search().await;
    }
    assert_eq!(redis.run::<u64>("EXISTS cabstand:idempotency cabstand:idempotency:ends"), 0);
}

#[tokio::test]
async fn what_is_no_key_is_refused_before_anything_is_written() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &[]);
    let long = "x".repeat(129);
    for key in ["", "a\tb", "\u{202e}a", &long] {
        let told = problem(search(&service.caller, key, None).await, 422).await;
        assert!(told["detail"].as_str().unwrap().contains("Idempotency-Key"), "{told}");
    }
    let twice = [("idempotency-key", "a"), ("idempotency-key", "b")];
    let answer = service.caller.call("POST /v2/search", Some(&json!({"lat": LAT, "lng": LNG})), &twice).await;
    problem(answer, 422).await;
    assert_eq!(redis.run::<u64>("EXISTS request_id cabstand:idempotency"), 0);
    for key in ["x", "a b", &long[1..]] {
        open(&service.caller, key).await;
    }
}

#[tokio::test]
async fn the_keys_of_two_tokens_never_meet_and_a_repeat_has_a_ticket_that_works() {
    let mut redis = Redis::start();
    let file = TokenFile::new(&format!("{}rider {OTHER_RIDER}\n", all()));
    let service = Service::guarded(&redis, file.path(), &[]);
    let caller = &service.caller;
    let by = async |token| opened(search(caller, KEY, Some(token)).await).await;
    let looks_by = async |id: u64, ticket: &str| {
        let (name, value) = bearer(ticket);
        caller.call(&format!("GET /v2/requests/{id}"), None, &[(name, value.as_str())]).await.status().as_u16()
    };
    let (first, ticket) = by(RIDER).await;
    let mut tickets = vec![ticket.unwrap()];
    let ids = [first, by(OTHER_RIDER).await.0, by(ANA).await.0];
    assert_eq!(BTreeSet::from(ids).len(), 3, "{ids:?}");
    for _ in 0..7 {
        let (again, ticket) = by(RIDER).await;
        assert_eq!(again, first);
        tickets.push(ticket.unwrap());
    }
    assert_eq!(tickets.iter().collect::<BTreeSet<_>>().len(), 8);
    for ticket in &tickets {
        assert_eq!(looks_by(first, ticket).await, 200, "it goes on working");
        assert_eq!(looks_by(ids[1], ticket).await, 401, "it is no ticket of another's");
    }
    // Of very many, the newest.
    tickets.push(by(RIDER).await.1.unwrap());
    let statuses: Vec<u16> = join_all(tickets.iter().map(async |ticket| looks_by(first, ticket).await)).await;
    assert_eq!(statuses, [&[401][..], &[200; 8]].concat());

    let noted = redis.field(first, "ticket_sha256").unwrap();
    let kept = format!("{:?} {noted}", redis.run::<Vec<String>>("HGETALL cabstand:idempotency"));
    for secret in tickets.iter().map(String::as_str).chain([KEY, RIDER, OTHER_RIDER, ANA]) {
        assert!(!kept.contains(secret), "{kept}");
    }
}

#[tokio::test]
async fn what_another_program_has_put_in_the_place_of_the_keys_is_thrown_away() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &[]);
    for key in ["cabstand:idempotency", "cabstand:idempotency:ends"] {
        let first = open(&service.caller, key).await;
        redis.run::<()>(&format!("DEL {key}"));
        redis.run::<()>(&format!("SET {key} x"));
        open(&service.caller, "another").await;
        let again = open(&service.caller, key).await;
        assert_eq!(again == first, key.ends_with("ends"), "{key}: what is lost is not known");
        assert_eq!(open(&service.caller, key).await, again);
    }
}

#[tokio::test]
async fn a_page_of_another_origin_may_send_a_key() {
    let redis = Redis::start();
    let service = Service::start(&redis, &["--cors-origin", "https://taxi.example"]);
    let url = format!("{}/v2/search", service.caller.base);
    let preflight = service.caller.client.request(Method::OPTIONS, url).header("origin", "https://taxi.example");
    let preflight = preflight.header("access-control-request-method", "POST");
    let answer = preflight.header("access-control-request-headers", "idempotency-key").send().await.unwrap();
    let allowed = answer.headers()["access-control-allow-headers"].to_str().unwrap();
    assert!(allowed.to_lowercase().contains("idempotency-key"), "{allowed}");
}

#[tokio::test]
async fn a_request_is_looked_for_once_however_often_it_was_sent() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &[]);
    redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} d1 {LNG} {LAT} d2 {LNG} {LAT} d3"));
    let first = open(&service.caller, KEY).await;
    redis.wait_for_state(first, "found");
    for _ in 0..5 {
        assert_eq!(open(&service.caller, KEY).await, first);
    }
    until("the schedule to be empty", || redis.run::<u64>("ZCARD cabstand:due") == 0);
    assert_eq!(redis.run::<u64>("ZCARD drivers"), 2, "one driver was sent");
}
