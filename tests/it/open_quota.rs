//! How many requests one rider and one client may have open, by the real binary.

use std::net::IpAddr;
use std::time::Instant;

use crate::common::command::{cabstand, told};
use crate::common::doors::problem;
use crate::common::roles::{Member, refused};
use crate::common::service::{Caller, Service};
use crate::common::tokens::{ANA, RIDER, TokenFile, all, bearer};
use crate::common::{LAT, LNG, PATIENCE, Redis, actor, id, until};
use cabstand::http_client;
use futures_util::future::join_all;
use reqwest::Response;
use serde_json::{Value, json};

/// One who calls from another address of this machine.
fn from(service: &Service, address: [u8; 4]) -> Caller {
    let client = http_client::plain().local_address(IpAddr::from(address)).build().unwrap();
    Caller { client, base: service.caller.base.clone() }
}

async fn search(caller: &Caller, user: Option<&str>, headers: &[(&str, &str)]) -> Response {
    let mut body = json!({"lat": LAT, "lng": LNG});
    if let Some(user) = user {
        body["user_id"] = user.into();
    }
    caller.call("POST /v2/search", Some(&body), headers).await
}

async fn opened(response: Response) -> u64 {
    assert_eq!(response.status(), 200);
    response.json::<Value>().await.unwrap()["request_id"].as_u64().unwrap()
}

async fn open(caller: &Caller, user: &str) -> u64 {
    opened(search(caller, Some(user), &[]).await).await
}

/// That one more is refused in these words, and after how many seconds it may be asked for again.
async fn refuses(response: Response, words: &str) -> u64 {
    let seconds = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    let told = problem(response, 429).await;
    assert!(told["detail"].as_str().unwrap().contains(words), "{told}");
    seconds
}

#[tokio::test]
async fn a_rider_has_so_many_open_requests_and_each_that_ends_makes_room() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &["--rider-requests", "2"]);
    let caller = &service.caller;
    let words = "one rider may have 2 open requests";
    let mut had = vec![open(caller, "ana").await, open(caller, "ana").await];
    let store = redis.store().await;
    for end in 0..4 {
        let seconds = refuses(search(caller, Some("ana"), &[]).await, words).await;
        assert!((1..=240).contains(&seconds), "{seconds}");
        // From wherever it comes.
        refuses(search(&from(&service, [127, 0, 0, 2]), Some("ana"), &[]).await, words).await;
        open(caller, "ben").await;
        let one = had.remove(0);
        match end {
            0 => assert_eq!(caller.post("/v2/cancel", json!({"request_id": one})).await.status(), 200),
            1 => store.expire(id(one), &actor("op")).await.unwrap(),
            2 => redis.run::<()>(&format!("SET {one} 0 EX 60")),
            _ => redis.run::<()>(&format!("DEL {one}")),
        }
        had.push(open(caller, "ana").await);
        // Of ben's, none is left for the next round.
        let waiting: Vec<u64> = redis.run("ZRANGE cabstand:due 0 -1");
        for other in waiting.into_iter().filter(|id| !had.contains(id)) {
            caller.post("/v2/cancel", json!({"request_id": other})).await;
        }
    }
    // Who gives no name is nobody's rider.
    for _ in 0..5 {
        opened(search(caller, None, &[]).await).await;
    }
    let page = caller.get("/metrics").await.text().await.unwrap();
    assert!(page.contains("cabstand_http_refused_total{reason=\"rider_requests\"} 8\n"), "{page}");
    let lists: Vec<String> = redis.run("KEYS cabstand:open:*");
    assert_eq!(lists.len(), 2, "one for each rider: {lists:?}");
    for list in lists {
        assert!(!list.contains("ana") && !list.contains("ben"), "{list}");
        assert!((1..=3_840_000).contains(&redis.run::<i64>(&format!("PTTL {list}"))), "it goes away by itself");
    }
}

#[tokio::test]
async fn one_that_has_found_a_driver_is_open_until_its_time_is_up() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &["--rider-requests", "2", "--ttl", "3s"]);
    for n in 0..10 {
        redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} d{n}"));
    }
    for _ in 0..2 {
        let one = open(&service.caller, "ana").await;
        redis.wait_for_state(one, "found");
    }
    let seconds = refuses(search(&service.caller, Some("ana"), &[]).await, "one rider may have 2").await;
    assert!((1..=3).contains(&seconds), "{seconds}");
    assert_eq!(redis.run::<u64>("ZCARD drivers"), 8);
    let deadline = Instant::now() + PATIENCE;
    while search(&service.caller, Some("ana"), &[]).await.status() != 200 {
        assert!(Instant::now() < deadline, "its time is up");
    }
}

#[tokio::test]
async fn a_client_has_so_many_whoever_its_riders_are_and_services_count_together() {
    let redis = Redis::start();
    let services = [(); 2].map(|()| Service::start(&redis, &["--client-requests", "4"]));
    for n in 0..4 {
        open(&services[n % 2].caller, &format!("rider {n}")).await;
    }
    for service in &services {
        refuses(search(&service.caller, Some("another"), &[]).await, "one client may have 4 open requests").await;
        refuses(search(&service.caller, None, &[]).await, "one client may have 4 open requests").await;
    }
    open(&from(&services[0], [127, 0, 0, 2]), "another").await;
    // What an operator opens is no client's.
    let mut command = cabstand();
    command.args(["search", "--at", "1,1", "--user", "another", "--redis", &redis.server.url()]);
    assert_eq!(told(command.output().unwrap()).0, 0);
}

#[tokio::test]
async fn of_many_at_once_as_many_are_opened_as_there_may_be() {
    let mut redis = Redis::start();
    let services = [(); 2].map(|()| Service::start(&redis, &["--rider-requests", "5"]));
    let calls = (0..60).map(async |n: usize| search(&services[n % 2].caller, Some("ana"), &[]).await.status().as_u16());
    let statuses = join_all(calls).await;
    let with = |status| statuses.iter().filter(|one| **one == status).count();
    assert_eq!((with(200), with(429)), (5, 55), "{statuses:?}");
    assert_eq!(redis.run::<u64>("GET request_id"), 5, "what is refused takes no number");
}

#[tokio::test]
async fn one_rider_token_does_not_empty_a_map() {
    let mut redis = Redis::start();
    let file = TokenFile::new(&all());
    let service = Service::guarded(&redis, file.path(), &["--client-rate", "off"]);
    for n in 0..90 {
        redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} d{n}"));
    }
    let (name, value) = bearer(RIDER);
    let rider = [(name, value.as_str())];
    let mut opened_at_all = 0;
    for n in 0..95 {
        let user = format!("made up {n}");
        opened_at_all += usize::from(search(&service.caller, Some(&user), &rider).await.status() == 200);
    }
    assert_eq!(opened_at_all, 20, "as many as one client may have by default");
    until("all of them to have found", || redis.run::<u64>("ZCARD cabstand:due") == 0);
    assert_eq!(redis.run::<u64>("ZCARD drivers"), 70);
    let other = from(&service, [127, 0, 0, 2]);
    let another = opened(search(&other, Some("another"), &rider).await).await;
    redis.wait_for_state(another, "found");
    // One rider of that client has three by default.
    for _ in 0..3 {
        assert_eq!(search(&other, Some("ana"), &rider).await.status(), 200);
    }
    refuses(search(&other, Some("ana"), &rider).await, "one rider may have 3 open requests").await;
    // An operator has no bound.
    let (name, value) = bearer(ANA);
    for _ in 0..25 {
        assert_eq!(search(&service.caller, Some("ana"), &[(name, value.as_str())]).await.status(), 200);
    }
}

#[tokio::test]
async fn on_loopback_without_tokens_there_is_no_bound_and_it_can_be_set_to_off() {
    let redis = Redis::start();
    let file = TokenFile::new(&all());
    let (name, value) = bearer(RIDER);
    for (service, headers) in [
        (Service::start(&redis, &[]), vec![]),
        (
            Service::guarded(&redis, file.path(), &["--rider-requests", "off", "--client-requests", "off"]),
            vec![(name, value.as_str())],
        ),
    ] {
        for _ in 0..25 {
            assert_eq!(search(&service.caller, Some("ana"), &headers).await.status(), 200);
        }
    }
    for bound in ["0", "201", "x"] {
        let serve = ["serve", "--rider-requests", bound, "--redis", &redis.server.url()];
        let (code, _, err) = told(cabstand().args(serve).output().unwrap());
        assert!(code == 2 && err.contains("1 to 200"), "{bound}: {err}");
    }
}

#[tokio::test]
async fn a_repeat_by_the_same_key_does_not_count_and_is_not_refused() {
    let redis = Redis::start();
    let service = Service::start(&redis, &["--rider-requests", "2"]);
    let by_key = [("idempotency-key", "one")];
    let first = opened(search(&service.caller, Some("ana"), &by_key).await).await;
    for _ in 0..5 {
        assert_eq!(opened(search(&service.caller, Some("ana"), &by_key).await).await, first);
    }
    open(&service.caller, "ana").await;
    refuses(search(&service.caller, Some("ana"), &[]).await, "one rider may have 2").await;
    let refused = [("idempotency-key", "two")];
    refuses(search(&service.caller, Some("ana"), &refused).await, "one rider may have 2").await;
    assert_eq!(opened(search(&service.caller, Some("ana"), &by_key).await).await, first);
    // What was refused is not remembered as opened.
    service.caller.post("/v2/cancel", json!({"request_id": first})).await;
    let second = opened(search(&service.caller, Some("ana"), &refused).await).await;
    assert!(second > first);
}

#[tokio::test]
async fn what_another_program_has_put_into_the_lists_counts_for_nothing() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &["--rider-requests", "3"]);
    open(&service.caller, "ana").await;
    let list = redis.run::<Vec<String>>("KEYS cabstand:open:*").remove(0);
    redis.run::<()>(&format!("ZADD {list} 1 999 2 x 3 -1 4 drivers"));
    redis.run::<()>("SET 999 1");
    redis.run::<()>("HSET cabstand:request:x state gone");
    for _ in 0..2 {
        open(&service.caller, "ana").await;
    }
    refuses(search(&service.caller, Some("ana"), &[]).await, "one rider may have 3").await;
    redis.run::<()>(&format!("DEL {list}"));
    redis.run::<()>(&format!("RPUSH {list} x"));
    open(&service.caller, "ana").await;
    assert_eq!(redis.run::<String>(&format!("TYPE {list}")), "zset");
}

#[tokio::test]
async fn a_service_that_counts_needs_no_more_than_its_rights() {
    let mut redis = Redis::start_with(&["--notify-keyspace-events", "K$zhgx"]);
    let member = Member::of(&mut redis, "service");
    let login = member.login();
    let mut options: Vec<&str> = login.iter().map(String::as_str).collect();
    options.extend(["--rider-requests", "2", "--client-requests", "20"]);
    let service = Service::start(&redis, &options);
    let by_key = [("idempotency-key", "one")];
    let first = opened(search(&service.caller, Some("ana"), &by_key).await).await;
    assert_eq!(opened(search(&service.caller, Some("ana"), &by_key).await).await, first);
    redis.run::<()>("SET request_id 0");
    open(&service.caller, "ana").await;
    refuses(search(&service.caller, Some("ana"), &[]).await, "one rider may have 2").await;
    service.caller.post("/v2/cancel", json!({"request_id": first})).await;
    open(&service.caller, "ana").await;
    assert_eq!(refused(&mut redis), Vec::<String>::new());
}
