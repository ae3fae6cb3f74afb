//! What foreign hands may leave in Redis: odd records, odd bytes, keys that are no requests. Nothing of it may stop the rest.

use std::time::Duration;

use crate::common::service::Service;
use crate::common::{LAT, LNG, PACE, Redis, actor, driver, id, place, request, until};
use cabstand::domain::{Driver, Key, Record, State};
use cabstand::store::{Group, Look, Outcome, Refusal, Store, StoreError};

/// Bytes that are no text.
const NO_TEXT: &[u8] = b"\xff\xfe";

async fn opened(redis: &Redis, count: usize) -> Store {
    let store = redis.store().await;
    for _ in 0..count {
        store.open(&request(), &actor("http")).await.unwrap();
    }
    store
}

fn actors(redis: &mut Redis, id: u64) -> (Option<String>, Option<String>) {
    let by = redis.field(id, "ended_by");
    let events: Vec<(String, Vec<String>)> = redis.run("XREVRANGE cabstand:events + -");
    let field = |pairs: &[String], name: &str| pairs.chunks(2).find(|p| p[0] == name).map(|p| p[1].clone());
    let of_this = |(_, pairs): &&(String, Vec<String>)| field(pairs, "request_id") == Some(id.to_string());
    (by, events.iter().find(of_this).and_then(|(_, pairs)| field(pairs, "actor")))
}

#[tokio::test]
async fn a_damaged_record_is_not_attempted_and_holds_up_nobody() {
    for damage in [
        "radius_m nan",
        "radius_m inf",
        "radius_m -5",
        "radius_m 0",
        "radius_m 3e7",
        "attempts 1.5",
        "attempts many",
        "attempts 9999999999999999",
        "lat 95",
        "lat nan",
        "lng -181",
        "interval_ms nan",
        "interval_ms 0",
        "interval_ms -1",
        "interval_ms 1e13",
    ] {
        let mut redis = Redis::start();
        let store = opened(&redis, 2).await;
        redis.run::<()>(&format!("HSET cabstand:request:1 {damage}"));
        redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} d"));
        let looks = store.attempt_due(&actor("w"), 10).await.unwrap().looks;
        assert_eq!(looks[0].outcome, Outcome::Damaged, "{damage}");
        assert!(matches!(looks[1].outcome, Outcome::Ended(State::Found)), "{damage}: {looks:?}");
        let swept = store.sweep(&actor("w"), Duration::ZERO, PACE, 10).await.unwrap();
        assert_eq!(swept.looks, [Look { id: id(1), outcome: Outcome::Damaged }], "{damage}");
        let read = store.search(id(1)).await.unwrap().unwrap();
        assert!(matches!(read.record, Record::Damaged(_)), "{damage}: it is shown as what it is");
        let next = store.attempt_due(&actor("w"), 10).await.unwrap();
        assert!(next.looks.is_empty() && next.next_in.unwrap() > Duration::from_secs(200), "{damage}: {next:?}");
        redis.run::<()>("DEL 1");
        store.settle_by_key(&[id(1)], &actor("w")).await.unwrap();
        assert_eq!(redis.state(1).as_deref(), Some("expired"), "{damage}");
        assert_eq!(store.recent_events(1).await.unwrap()[0].kind.as_str(), "expired");
    }
}

#[tokio::test]
async fn a_damaged_record_ends_with_its_key() {
    let mut redis = Redis::start();
    let store = opened(&redis, 2).await;
    redis.run::<()>("HDEL cabstand:request:1 user_id lat interval_ms");
    redis.run::<()>("HSET cabstand:request:2 radius_m what?");
    redis.run::<()>("PERSIST 2");
    store.attempt_due(&actor("w"), 10).await.unwrap();
    assert!(redis.run::<Option<String>>("ZSCORE cabstand:due 2").is_none(), "no key's end to wait for");
    redis.run::<()>("SET 1 0 EX 60");
    let looks = store.settle_by_key(&[id(1)], &actor("w")).await.unwrap();
    assert_eq!(looks[0].outcome, Outcome::Ended(State::Cancelled));
}

#[tokio::test]
async fn an_end_that_cannot_be_told_is_none_and_is_tried_again() {
    let mut redis = Redis::start();
    let store = opened(&redis, 2).await;
    redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} d"));
    redis.run::<()>("DEL cabstand:events 2");
    redis.run::<()>("SET cabstand:events x");
    let looks = store.attempt_due(&actor("w"), 10).await.unwrap().looks;
    for look in &looks {
        assert!(
            matches!(&look.outcome, Outcome::Failed(why) if why.contains("cabstand:events should be a stream, and is a string")),
            "{looks:?}"
        );
    }
    // Nobody has lost a driver or a rider by it.
    assert_eq!(redis.run::<Vec<String>>("ZRANGE drivers 0 -1"), ["d"]);
    assert_eq!((redis.state(1).as_deref(), redis.state(2).as_deref()), (Some("searching"), Some("searching")));
    let next = store.attempt_due(&actor("w"), 10).await.unwrap();
    assert!(next.looks.is_empty() && next.next_in.unwrap() <= Duration::from_secs(1), "{next:?}");
    redis.run::<()>("DEL cabstand:events");
    redis.run::<()>("ZADD cabstand:due 1 1 1 2");
    let looks = store.attempt_due(&actor("w"), 10).await.unwrap().looks;
    let ends = [Outcome::Ended(State::Found), Outcome::Ended(State::Expired)];
    assert_eq!(looks.into_iter().map(|look| look.outcome).collect::<Vec<_>>(), ends);
}

#[tokio::test]
async fn a_list_that_was_spoilt_keeps_nobody_from_being_served() {
    for list in ["waiting", "queue", "reach", "fresh", "stale"] {
        let mut redis = Redis::start();
        let store = opened(&redis, 1).await;
        redis.run::<()>(&format!("DEL cabstand:{list}"));
        redis.run::<()>(&format!("SET cabstand:{list} x"));
        store.open(&request(), &actor("http")).await.unwrap();
        redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} d"));
        let looks = store.attempt_due(&actor("w"), 10).await.unwrap().looks;
        assert_eq!(looks[0].outcome, Outcome::Ended(State::Found), "{list}: {looks:?}");
        assert_eq!(looks[1].outcome, Outcome::Waiting, "{list}: {looks:?}");
        store.cancel(id(2), &actor("ana")).await.unwrap();
        let report = Driver { id: driver("e"), place: place(LAT, LNG) };
        store.report(&[report], &actor("http")).await.unwrap();
        assert_eq!(redis.run::<Vec<String>>("ZRANGE drivers 0 -1"), ["e"], "{list}");
    }
}

#[tokio::test]
async fn a_record_that_is_no_hash_is_none() {
    let mut redis = Redis::start();
    let store = opened(&redis, 2).await;
    redis.run::<()>("DEL cabstand:request:1");
    redis.run::<()>("SET cabstand:request:1 x");
    let looks = store.attempt_due(&actor("w"), 10).await.unwrap().looks;
    assert_eq!((&looks[0].outcome, &looks[1].outcome), (&Outcome::Gone, &Outcome::Waiting));
    store.cancel(id(1), &actor("ana@desk")).await.unwrap();
    assert_eq!(redis.run::<String>("GET 1"), "0", "it is a bare key");
}

#[tokio::test]
async fn odd_members_of_the_schedule_are_struck_off() {
    let mut redis = Redis::start();
    let store = opened(&redis, 1).await;
    redis.run::<()>("ZADD cabstand:due 1 abc 2 007 3 99999999999999999999");
    redis::cmd("ZADD").arg("cabstand:due").arg(4).arg(NO_TEXT).exec(&mut redis.connection).unwrap();
    assert_eq!(store.waiting(10).await.unwrap().ids, [id(1)]);
    assert_eq!(store.all_waiting().await.unwrap(), [id(1)]);
    let looks = store.attempt_due(&actor("w"), 10).await.unwrap().looks;
    assert_eq!(looks.iter().map(|look| look.id).collect::<Vec<_>>(), [id(1)]);
    assert_eq!(redis.run::<Vec<String>>("ZRANGE cabstand:due 0 -1"), ["1"]);
}

#[tokio::test]
async fn a_long_schedule_is_read_in_pages_and_whole() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let mut add = redis::cmd("ZADD");
    add.arg("cabstand:due");
    for number in 1..=3_500 {
        add.arg(number % 7).arg(number);
    }
    add.exec(&mut redis.connection).unwrap();
    redis.run::<()>("CONFIG RESETSTAT");
    let all = store.waiting(usize::MAX).await.unwrap();
    assert_eq!((all.ids.len(), all.total), (3_500, 3_500));
    assert_eq!(all.ids.last(), Some(&id(3_500)));
    let stats: String = redis.run("INFO commandstats");
    assert!(stats.contains("cmdstat_zscan:calls=") && !stats.contains("cmdstat_zrange:"), "{stats}");
}

#[tokio::test]
async fn bytes_that_are_no_text_do_not_hide_the_stream() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let mut tail = store.follow_events(None);
    tail.next().await.unwrap();
    let mut group = store.join(Group::Riders, &actor("a")).await.unwrap();
    let mut add = redis::cmd("XADD");
    add.arg("cabstand:events").arg("*").arg(NO_TEXT).arg(NO_TEXT).exec(&mut redis.connection).unwrap();
    let mut add = redis::cmd("XADD");
    add.arg("cabstand:events").arg("*").arg("type").arg(NO_TEXT).arg("reason").arg(NO_TEXT);
    add.exec(&mut redis.connection).unwrap();
    store.open(&request(), &actor("http")).await.unwrap();
    let kinds = |events: Vec<cabstand::domain::Event>| -> Vec<String> {
        events.into_iter().map(|event| event.kind.as_str().to_owned()).collect()
    };
    let readable = ["\\xff\\xfe", "opened"];
    assert_eq!(kinds(store.recent_events(9).await.unwrap()), readable);
    assert_eq!(kinds(store.events_after(None).await.unwrap()), readable);
    assert_eq!(kinds(tail.next().await.unwrap()), readable);
    let batch = group.next().await.unwrap();
    group.acknowledge(&batch).await.unwrap();
    assert_eq!(kinds(batch.events), readable);
    let (pending, ..): (u64, Option<String>, Option<String>, redis::Value) =
        redis.run("XPENDING cabstand:events riders");
    assert_eq!(pending, 0, "what cannot be read is acknowledged as well");
}

#[tokio::test]
async fn a_key_with_something_else_in_it_is_left_alone() {
    let mut redis = Redis::start();
    let store = opened(&redis, 4).await;
    redis.run::<()>("DEL 1 2 3");
    redis.run::<()>("LPUSH 1 precious");
    redis.run::<()>("SET 2 precious");
    redis.run::<()>("LPUSH 3 precious");
    redis.run::<()>("SET 4 0");
    let read = store.searches(&[id(1), id(2)]).await.unwrap();
    assert_eq!((read[0].key, read[1].key), (Key::Gone, Key::Cancelled));
    store.settle_by_key(&[id(1), id(2), id(4)], &actor("w")).await.unwrap();
    let refused = store.cancel(id(3), &actor("ana@desk")).await.unwrap_err();
    assert!(matches!(refused, StoreError::Refused(Refusal::AlreadyEnded { state: State::Expired, .. })), "{refused}");
    let states: Vec<_> = (1..=4).map(|id| redis.state(id).unwrap()).collect();
    assert_eq!(states, ["expired", "cancelled", "expired", "cancelled"], "the same as was read");
    for list in [1, 3] {
        assert_eq!(redis.run::<Vec<String>>(&format!("LRANGE {list} 0 -1")), ["precious"]);
    }
    assert_eq!(redis.run::<String>("GET 2"), "precious");
    assert!(redis.run::<i64>("TTL 4") > 0, "a cancelled key does not stay for ever");
}

#[tokio::test]
async fn an_end_by_the_key_is_not_the_workers() {
    let mut redis = Redis::start();
    let store = opened(&redis, 4).await;
    redis.run::<()>("SET 1 0 EX 60");
    redis.run::<()>("DEL 2 4");
    redis.run::<()>("PEXPIRE 3 1");
    redis.run::<()>("HSET cabstand:request:3 expires_at 1");
    until("the key to be gone", || redis.run::<i64>("EXISTS 3") == 0);
    store.settle_by_key(&[id(1), id(2), id(3)], &actor("w")).await.unwrap();
    let refused = store.cancel(id(4), &actor("ana@desk")).await.unwrap_err();
    assert_eq!(refused.to_string(), "request 4 has ended already: expired by redis");
    for (id, who) in [(1, "redis"), (2, "redis"), (3, "w"), (4, "redis")] {
        assert_eq!(actors(&mut redis, id), (Some(who.to_owned()), Some(who.to_owned())), "{id}");
    }
}

#[tokio::test]
async fn any_number_of_reports_is_taken() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    store.report(&[], &actor("http")).await.unwrap();
    let many: Vec<_> = (0..5_000).map(|i| Driver { id: driver(&format!("d{i}")), place: place(LAT, LNG) }).collect();
    store.report(&many, &actor("http")).await.unwrap();
    assert_eq!(redis.run::<i64>("ZCARD drivers"), 5_000);
    assert_eq!(redis.run::<i64>("ZCARD cabstand:seen"), 5_000);
}

#[tokio::test]
async fn a_driver_with_a_foreign_score_is_listed() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    redis.run::<()>("ZADD drivers 1e300 x -1 y inf z");
    assert_eq!(store.drivers(0).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_worker_without_channels_looks_once_a_second_and_warns_once_of_each_damaged_request() {
    let mut redis = Redis::start();
    redis.run::<()>("ACL SETUSER default resetchannels");
    let service = Service::start(&redis, &["--interval", "5m", "--ttl", "10m"]);
    for _ in 0..2 {
        service.caller.search().await;
    }
    service.wait_for_log("Search Driver - Request 2", 1);
    redis.run::<()>("HSET cabstand:request:2 radius_m nan");
    redis.run::<()>("DEL 1");
    let began = std::time::Instant::now();
    redis.wait_for_state(1, "expired");
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    service.caller.search().await;
    redis.run::<()>("DEL 3");
    redis.wait_for_state(3, "expired");
    assert_eq!(service.log().matches("request 2 has a damaged record").count(), 1, "{}", service.log());
}
