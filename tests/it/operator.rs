//! An operator's hand: more time, a wider circle, another try, a driver by hand, a cancel taken back; two operators at once; and
//! what an operator can read before deciding.

use std::time::{Duration, Instant};

use crate::common::command::run;
use crate::common::{LAT, LNG, Redis, actor, driver, id, place, request};
use cabstand::domain::{Bounds, Driver, Event, EventKind, Freshness, Metres, State, UnixMs, View};
use cabstand::store::{Access, Armed, Hearing, NewRequest, Refusal, Store, StoreError};
use proptest::prelude::*;

/// About so many degrees of latitude are a kilometre.
const KM: f64 = 0.008_993;

fn at(name: &str, km: f64) -> Driver {
    Driver { id: driver(name), place: place(LAT + km * KM, LNG) }
}

async fn open(redis: &Redis, count: usize) -> Store {
    let store = redis.store().await;
    for _ in 0..count {
        store.open(&request(), &actor("http")).await.unwrap();
    }
    store
}

/// Sets a driver there as `redis-cli` would.
fn set(redis: &mut Redis, name: &str, km: f64) {
    redis.run::<()>(&format!("GEOADD drivers {LNG} {} {name}", LAT + km * KM));
}

fn words(error: Option<StoreError>) -> String {
    let error = error.expect("a refusal");
    assert!(matches!(error, StoreError::Refused(_)), "{error:?}");
    error.to_string()
}

async fn newest(store: &Store) -> Event {
    store.recent_events(1).await.unwrap().remove(0)
}

async fn kinds(store: &Store, number: u64) -> Vec<EventKind> {
    store.life(id(number)).await.unwrap().into_iter().map(|event| event.kind).collect()
}

fn number(redis: &mut Redis, id: u64, field: &str) -> i64 {
    redis.field(id, field).unwrap().parse().unwrap()
}

#[tokio::test]
async fn more_time_moves_key_record_and_schedule() {
    let mut redis = Redis::start();
    let (store, ana) = (redis.store().await, actor("ana@desk"));
    let short = NewRequest { ttl: Duration::from_secs(20), ..request() };
    store.open(&short, &actor("http")).await.unwrap();
    store.attempt_due(&actor("w"), 10).await.unwrap();
    let due = |redis: &mut Redis| redis.run::<i64>("ZSCORE cabstand:due 1");
    let last = number(&mut redis, 1, "last_attempt_at");
    assert!(due(&mut redis) < last + 21_000, "the deadline comes before the next attempt");

    let deadline = store.extend(id(1), 60_000, &ana).await.unwrap();
    assert!((79_000..=80_000).contains(&redis.run::<i64>("PTTL 1")));
    assert_eq!(number(&mut redis, 1, "expires_at"), deadline.0);
    assert!((deadline.0 - number(&mut redis, 1, "created_at") - 80_000).abs() < 20);
    assert_eq!(due(&mut redis), last + 30_000, "it is not cut short any more");
    let event = newest(&store).await;
    assert_eq!((event.kind, event.by_ms, event.expires_at), (EventKind::Extended, Some(60_000), Some(deadline)));
    assert_eq!(event.actor.unwrap(), ana);

    store.extend(id(1), -65_000, &ana).await.unwrap();
    let cut = store.search(id(1)).await.unwrap().unwrap().request().unwrap().expires_at.unwrap();
    assert_eq!(due(&mut redis), cut.0 + 1, "the new deadline cuts it short again");
    store.extend(id(1), i64::MIN, &ana).await.unwrap();
    let left = redis.run::<i64>("PTTL 1");
    assert!((1..=1_000).contains(&left), "down to a second: {left}");
    store.extend(id(1), -1, &ana).await.unwrap();
    assert!(redis.run::<i64>("PTTL 1") <= left, "whose time is nearly up gets none by what takes it back");
    store.extend(id(1), i64::MAX, &ana).await.unwrap();
    assert!(redis.run::<i64>("PTTL 1") > 1_000_000_000);
}

#[tokio::test]
async fn the_next_attempt_stays_where_the_deadline_did_not_cut_it_short() {
    let mut redis = Redis::start();
    let store = open(&redis, 1).await;
    let due = |redis: &mut Redis| redis.run::<i64>("ZSCORE cabstand:due 1");
    let first = due(&mut redis);
    store.extend(id(1), 1_000, &actor("ana")).await.unwrap();
    assert_eq!(due(&mut redis), first, "the first attempt is due at once");
    store.attempt_due(&actor("w"), 10).await.unwrap();
    let next = due(&mut redis);
    store.extend(id(1), 1_000, &actor("ana")).await.unwrap();
    assert_eq!(due(&mut redis), next);
}

#[tokio::test]
async fn a_foreign_request_gets_more_time_and_nothing_that_needs_a_place() {
    let mut redis = Redis::start();
    let (store, ana) = (redis.store().await, actor("ana@desk"));
    redis.run::<()>("SET 5 1 EX 100");
    redis.run::<()>("SET 6 1");
    set(&mut redis, "d", 0.1);
    store.extend(id(5), 60_000, &ana).await.unwrap();
    assert!((159_000..=160_000).contains(&redis.run::<i64>("PTTL 5")));
    let event = newest(&store).await;
    assert_eq!((event.request_id, event.by_ms, event.kind), (Some(id(5)), Some(60_000), EventKind::Extended));
    assert_eq!(words(store.extend(id(6), 1, &ana).await.err()), "request 6 has no deadline: its key has no TTL");

    let foreign = "request 5 is external: it has no record, and so no place to look for a driver";
    assert_eq!(words(store.widen(id(5), Metres(9_000.0), &ana).await.err()), foreign);
    assert_eq!(words(store.retry(id(5), &ana).await.err()), foreign);
    assert_eq!(words(store.assign(id(5), &driver("d"), &ana).await.err()), foreign);
    store.cancel(id(5), &ana).await.unwrap();
    assert_eq!(words(store.reopen(id(5), &ana).await.err()), foreign);
    assert_eq!(redis.run::<i64>("EXISTS cabstand:request:5 cabstand:due"), 0, "it has no record by all this");
    assert!(store.life(id(5)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_wider_circle_finds_at_once_and_a_narrower_one_lets_pass() {
    let mut redis = Redis::start();
    let (store, ana) = (open(&redis, 2).await, actor("ana@desk"));
    store.attempt_due(&actor("w"), 10).await.unwrap();
    set(&mut redis, "far", 6.0);
    assert_eq!(store.widen(id(1), Metres(8_000.0), &ana).await.unwrap(), Metres(5_000.0));
    assert_eq!(redis.field(1, "driver_id").as_deref(), Some("far"));
    let life = store.life(id(1)).await.unwrap();
    let told: Vec<_> = life.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(told, ["opened", "attempted", "widened", "found"]);
    assert_eq!((life[2].from_radius_m, life[2].radius_m), (Some(5_000.0), Some(8_000.0)));
    assert_eq!((life[3].actor.as_ref(), life[3].reason.as_deref()), (Some(&ana), Some("widened")));
    let metres = life[3].driver_place.unwrap().distance_m(at("far", 6.0).place);
    assert!(metres < 1.0, "where the driver stood: {metres}");
    assert_eq!(redis.field(1, "attempts").as_deref(), Some("1"), "that was no attempt");

    // The lists follow, to both sides.
    assert_eq!(store.widen(id(2), Metres(800.0), &ana).await.unwrap(), Metres(5_000.0));
    store.report(&[at("near", 1.0)], &actor("http")).await.unwrap();
    assert_eq!(redis.state(2).as_deref(), Some("searching"));
    assert_eq!(store.widen(id(2), Metres(5_000.0), &ana).await.unwrap(), Metres(800.0));
    assert_eq!(redis.field(2, "driver_id").as_deref(), Some("near"));
    for radius in [0.0, -1.0, 3e7, f64::NAN, f64::INFINITY] {
        let refused = store.widen(id(2), Metres(radius), &ana).await.unwrap_err();
        assert!(matches!(refused, StoreError::Refused(Refusal::Radius)), "{radius}: {refused}");
    }
}

#[tokio::test]
async fn a_wider_circle_is_heard_of_by_drivers_who_come_later() {
    let mut redis = Redis::start();
    let store = open(&redis, 1).await;
    store.attempt_due(&actor("w"), 10).await.unwrap();
    store.widen(id(1), Metres(8_000.0), &actor("ana")).await.unwrap();
    store.report(&[at("late", 7.0)], &actor("http")).await.unwrap();
    assert_eq!(redis.field(1, "driver_id").as_deref(), Some("late"));
}

#[tokio::test]
async fn another_try_is_an_attempt() {
    let mut redis = Redis::start();
    let (store, ana) = (open(&redis, 1).await, actor("ana@desk"));
    store.attempt_due(&actor("w"), 10).await.unwrap();
    redis.run::<()>("ZADD cabstand:due 1 1");
    assert_eq!(store.retry(id(1), &ana).await.unwrap(), None);
    assert_eq!(redis.field(1, "attempts").as_deref(), Some("2"));
    let last = number(&mut redis, 1, "last_attempt_at");
    assert_eq!(redis.run::<i64>("ZSCORE cabstand:due 1"), last + 30_000, "the next is an interval later");
    let attempted = newest(&store).await;
    assert_eq!((attempted.radius_m, attempted.stale), (Some(5_000.0), Some(0)));

    set(&mut redis, "d", 0.5);
    let found = store.retry(id(1), &ana).await.unwrap().unwrap();
    assert_eq!(found.driver, driver("d"));
    assert!((490.0..510.0).contains(&found.distance_m), "{found:?}");
    let told: Vec<_> = kinds(&store, 1).await.iter().map(|kind| kind.as_str().to_owned()).collect();
    assert_eq!(told, ["opened", "attempted", "retried", "attempted", "retried", "found"]);
    assert_eq!(words(store.retry(id(1), &ana).await.err()), "request 1 has ended already: found by ana@desk");
}

#[tokio::test]
async fn an_attempt_counts_the_stale_who_are_still_there() {
    let mut redis = Redis::start();
    let stale_after = Some(Duration::from_mins(2));
    let store = open(&redis, 1).await.with_freshness(Freshness { stale_after, forget_after: None });
    let silent = async |redis: &mut Redis, names: std::ops::Range<u32>| {
        for n in names {
            // As `silent.lua` leaves one who stands where it fell silent.
            redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} s{n}"));
            redis.run::<()>(&format!("GEOADD cabstand:stale {LNG} {LAT} s{n}"));
        }
        store.retry(id(1), &actor("ana")).await.unwrap();
        let event = newest(&store).await;
        (event.stale.unwrap(), event.reason.unwrap())
    };
    assert_eq!(silent(&mut redis, 0..1).await, (1, "only 1 stale driver within 5000 m".to_owned()));
    assert_eq!(silent(&mut redis, 1..3).await, (3, "only 3 stale drivers within 5000 m".to_owned()));
    redis.run::<()>("ZREM drivers s0");
    assert_eq!(
        silent(&mut redis, 3..3).await,
        (2, "only 2 stale drivers within 5000 m".to_owned()),
        "a foreign hand took one"
    );
    assert_eq!(silent(&mut redis, 3..40).await, (20, "20 or more stale drivers within 5000 m".to_owned()));
}

#[tokio::test]
async fn a_driver_is_assigned_however_far_and_silent() {
    let mut redis = Redis::start();
    let (store, ana) = (open(&redis, 2).await, actor("ana@desk"));
    store.attempt_due(&actor("w"), 10).await.unwrap();
    set(&mut redis, "far", 40.0);
    redis.run::<()>(&format!("GEOADD cabstand:stale {LNG} {} far", LAT + 40.0 * KM));
    let metres = store.assign(id(1), &driver("far"), &ana).await.unwrap();
    assert!((39_900.0..40_100.0).contains(&metres), "{metres}");
    assert_eq!((redis.state(1).as_deref(), redis.field(1, "driver_id").as_deref()), (Some("found"), Some("far")));
    assert_eq!(redis.run::<i64>("EXISTS drivers cabstand:stale 1"), 0);
    let found = newest(&store).await;
    assert!(found.is_assigned() && found.actor.as_ref() == Some(&ana), "{found:?}");
    assert_eq!((found.driver_id, found.distance_m.map(f64::round)), (Some(driver("far")), Some(metres.round())));

    set(&mut redis, "near", 1.0);
    let ben = actor("ben@desk");
    assert_eq!(
        words(store.assign(id(1), &driver("near"), &ben).await.err()),
        "request 1 has ended already: found by ana@desk"
    );
    assert_eq!(
        words(store.assign(id(2), &driver("far"), &ben).await.err()),
        "driver far is not on the map: assigned to request 1 by ana@desk just now"
    );
    assert_eq!(words(store.assign(id(2), &driver("nobody"), &ben).await.err()), "driver nobody is not on the map");
    assert_eq!(redis.run::<Vec<String>>("ZRANGE drivers 0 -1"), ["near"], "nobody was given away");
}

#[tokio::test]
async fn a_cancel_is_taken_back_and_the_time_that_was_left_is_given() {
    let mut redis = Redis::start();
    let (store, ana) = (open(&redis, 1).await, actor("ana@desk"));
    store.attempt_due(&actor("w"), 10).await.unwrap();
    assert_eq!(
        words(store.reopen(id(1), &ana).await.err()),
        "request 1 is still searching: there is no end to take back"
    );
    store.cancel(id(1), &ana).await.unwrap();
    let left = number(&mut redis, 1, "expires_at") - number(&mut redis, 1, "ended_at");
    let deadline = store.reopen(id(1), &ana).await.unwrap();
    assert_eq!(redis.run::<String>("GET 1"), "1");
    assert!((left - redis.run::<i64>("PTTL 1")).abs() < 1_000);
    assert_eq!((redis.state(1).as_deref(), number(&mut redis, 1, "expires_at")), (Some("searching"), deadline.0));
    for field in ["ended_at", "ended_by", "end_event"] {
        assert_eq!(redis.field(1, field), None, "{field}");
    }
    assert_eq!(redis.run::<i64>("TTL cabstand:request:1"), -1, "the record stays");
    let event = newest(&store).await;
    assert_eq!((event.kind, event.expires_at, event.actor), (EventKind::Reopened, Some(deadline), Some(ana.clone())));

    // It is on all lists again: by a report, by the schedule.
    for list in ["due", "waiting", "queue", "reach"] {
        assert!(redis.run::<Option<f64>>(&format!("ZSCORE cabstand:{list} 1")).is_some(), "{list}");
    }
    assert_eq!(store.attempt_due(&actor("w"), 10).await.unwrap().looks.len(), 1, "it is due at once");
    store.report(&[at("d", 1.0)], &actor("http")).await.unwrap();
    assert_eq!(redis.field(1, "driver_id").as_deref(), Some("d"));
    assert_eq!(words(store.reopen(id(1), &ana).await.err()), "request 1 has ended already: found by http");
    let told: Vec<_> = kinds(&store, 1).await.iter().map(|kind| kind.as_str().to_owned()).collect();
    assert_eq!(told, ["opened", "attempted", "cancelled", "reopened", "attempted", "found"]);
}

#[tokio::test]
async fn a_cancel_is_taken_back_only_while_its_key_says_so() {
    let mut redis = Redis::start();
    let (store, ana) = (open(&redis, 5).await, actor("ana@desk"));
    for number in 1..=4 {
        store.cancel(id(number), &ana).await.unwrap();
    }
    redis.run::<()>("DEL 1");
    redis.run::<()>("SET 2 precious");
    redis.run::<()>("HSET cabstand:request:3 expires_at what?");
    redis.run::<()>("HSET cabstand:request:4 expires_at 1 lat nowhere");
    for number in [1, 2] {
        assert_eq!(
            words(store.reopen(id(number), &ana).await.err()),
            format!("request {number} was cancelled too long ago to be opened again")
        );
    }
    assert_eq!(redis.run::<String>("GET 2"), "precious");
    assert_eq!(words(store.reopen(id(3), &ana).await.err()), "request 3 has no deadline: its key has no TTL");
    // Whose record is damaged searches on all the same, and ends with its key; a second at least is given.
    store.reopen(id(4), &ana).await.unwrap();
    assert!((1..=1_000).contains(&redis.run::<i64>("PTTL 4")));
    store.expire(id(5), &ana).await.unwrap();
    assert_eq!(words(store.reopen(id(5), &ana).await.err()), "request 5 has ended already: expired by ana@desk");
    assert_eq!(words(store.reopen(id(9), &ana).await.err()), "request 9 is not known");
}

#[tokio::test]
async fn the_refusals_name_who_was_first() {
    let mut redis = Redis::start();
    let (store, ana, ben) = (open(&redis, 3).await, actor("ana@desk"), actor("ben@desk"));
    store.cancel(id(1), &ana).await.unwrap();
    redis.run::<()>("SET 2 0 EX 60");
    redis.run::<()>("DEL 3");
    set(&mut redis, "d", 1.0);
    for (number, how) in [(1, "cancelled by ana@desk"), (2, "cancelled by redis"), (3, "expired by redis")] {
        let refused = [
            store.extend(id(number), 1, &ben).await.err(),
            store.widen(id(number), Metres(1.0), &ben).await.err(),
            store.retry(id(number), &ben).await.err(),
            store.assign(id(number), &driver("d"), &ben).await.err(),
        ];
        for refused in refused {
            assert_eq!(words(refused), format!("request {number} has ended already: {how}"));
        }
    }
    let unknown = store.extend(id(9), 1, &ben).await.unwrap_err();
    assert!(matches!(unknown, StoreError::Refused(Refusal::UnknownRequest(_))), "{unknown}");
}

#[tokio::test]
async fn a_damaged_record_and_spoilt_lists_are_survived() {
    let mut redis = Redis::start();
    let (store, ana) = (open(&redis, 3).await, actor("ana@desk"));
    redis.run::<()>("HSET cabstand:request:1 interval_ms nan lat 95");
    set(&mut redis, "d", 1.0);
    let damaged = "request 1 has a damaged record: no driver can be looked for; `cabstand doctor` names what is wrong";
    assert_eq!(words(store.widen(id(1), Metres(1.0), &ana).await.err()), damaged);
    assert_eq!(words(store.retry(id(1), &ana).await.err()), damaged);
    assert_eq!(words(store.assign(id(1), &driver("d"), &ana).await.err()), damaged);
    store.extend(id(1), 1_000, &ana).await.unwrap();
    redis.run::<()>("DEL cabstand:due cabstand:reach cabstand:queue");
    redis.run::<()>("MSET cabstand:due x cabstand:reach x cabstand:queue x");
    store.extend(id(2), 1_000, &ana).await.unwrap();
    store.widen(id(2), Metres(10.0), &ana).await.unwrap();
    store.cancel(id(2), &ana).await.unwrap();
    store.reopen(id(2), &ana).await.unwrap();
    redis.run::<()>("DEL cabstand:fresh cabstand:stale");
    redis.run::<()>("MSET cabstand:fresh x cabstand:stale x");
    store.assign(id(3), &driver("d"), &ana).await.unwrap();
    assert!(redis.run::<Vec<String>>("ZRANGE drivers 0 -1").is_empty(), "whoever is given away is off the map");
    assert_eq!(store.retry(id(2), &ana).await.unwrap(), None);
    redis.run::<()>("DEL cabstand:due");
    redis.run::<()>("SET cabstand:due x");
    // The worker mends the lists, and hears of who is to be on them by their keys.
    store.attempt_due(&actor("w"), 10).await.unwrap();
    store.settle_by_key(&[id(2)], &actor("w")).await.unwrap();
    assert_eq!(redis.run::<Vec<String>>("ZRANGE cabstand:due 0 -1"), ["2"]);
}

#[tokio::test]
async fn what_cannot_be_told_is_not_done() {
    let mut redis = Redis::start();
    let (store, ana) = (open(&redis, 2).await, actor("ana@desk"));
    store.cancel(id(2), &ana).await.unwrap();
    set(&mut redis, "d", 1.0);
    redis.run::<()>("SET 7 1 EX 100");
    redis.run::<()>("DEL cabstand:events");
    redis.run::<()>("SET cabstand:events x");
    let before = (redis.run::<Vec<String>>("HGETALL cabstand:request:1"), redis.run::<String>("GET 2"));
    let stands = redis.run::<String>("ZSCORE drivers d");
    let refused = [
        store.extend(id(1), 60_000, &ana).await.err(),
        store.widen(id(1), Metres(8_000.0), &ana).await.err(),
        store.retry(id(1), &ana).await.err(),
        store.assign(id(1), &driver("d"), &ana).await.err(),
        store.reopen(id(2), &ana).await.err(),
        store.cancel(id(7), &ana).await.err(),
        store.expire(id(7), &ana).await.err(),
        store.move_driver(&at("d", 2.0), None, &ana).await.err(),
        store.remove(&driver("d"), &ana).await.err(),
        store.place(&at("e", 2.0), &ana).await.err(),
    ];
    for refused in refused {
        let said = refused.unwrap().to_string();
        assert!(said.contains("cabstand:events should be a stream, and is a string"), "{said}");
    }
    assert_eq!(redis.run::<String>("GET 7"), "1");
    assert_eq!(redis.run::<String>("ZSCORE drivers d"), stands);
    assert_eq!((redis.run::<Vec<String>>("HGETALL cabstand:request:1"), redis.run::<String>("GET 2")), before);
    assert!(redis.run::<i64>("PTTL 1") <= 240_000);
    assert_eq!(redis.run::<Vec<String>>("ZRANGE drivers 0 -1"), ["d"]);
}

#[tokio::test]
async fn a_driver_is_moved_from_where_it_is_thought_to_stand() {
    let mut redis = Redis::start();
    let (store, ana, ben) = (redis.store().await, actor("ana@desk"), actor("ben@desk"));
    store.place(&at("17", 0.0), &ana).await.unwrap();
    let thought = store.move_driver(&at("17", 1.0), None, &ana).await.unwrap();
    assert!(thought.distance_m(at("17", 0.0).place) < 1.0, "it answers where the driver stood");
    store.move_driver(&at("17", 2.0), Some(at("17", 1.0).place), &ben).await.unwrap();
    let from_one = async |km| words(store.move_driver(&at("17", km), Some(at("17", 1.0).place), &ana).await.err());
    assert_eq!(from_one(3.0).await, "driver 17 was moved meanwhile by ben@desk");
    store.report(&[at("17", 2.5)], &actor("http")).await.unwrap();
    assert_eq!(from_one(3.0).await, "driver 17 was moved meanwhile by its own report");
    set(&mut redis, "17", 2.7);
    assert_eq!(from_one(3.0).await, "driver 17 was moved meanwhile by a foreign hand");
    let stood = store.remove(&driver("17"), &ben).await.unwrap();
    assert!(stood.distance_m(at("17", 2.7).place) < 1.0);
    assert_eq!(from_one(3.0).await, "driver 17 is not on the map: removed by ben@desk just now");
}

#[tokio::test]
async fn a_refusal_tells_what_last_became_of_a_driver() {
    let mut redis = Redis::start();
    let (store, ana) = (open(&redis, 1).await, actor("ana@desk"));
    store.report(&[at("17", 1.0)], &actor("http")).await.unwrap();
    assert_eq!(
        words(store.remove(&driver("17"), &ana).await.err()),
        "driver 17 is not on the map: found for request 1 just now"
    );
    let (seconds, _): (i64, i64) = redis.run("TIME");
    redis.run::<()>("DEL cabstand:events");
    let ago = (seconds - 40) * 1_000;
    redis.run::<String>(&format!("XADD cabstand:events {ago}-0 type forgotten driver_id 17"));
    let told = words(store.remove(&driver("17"), &ana).await.err());
    assert!(["40 s", "41 s"].iter().any(|ago| told.ends_with(&format!("forgotten {ago} ago"))), "{told}");
    // What is older than the newest thousand events is not looked for.
    for _ in 0..1_000 {
        redis.run::<String>("XADD cabstand:events * type moved driver_id 18");
    }
    assert_eq!(words(store.remove(&driver("17"), &ana).await.err()), "driver 17 is not on the map");
}

#[tokio::test]
async fn a_life_is_the_newest_events_of_one_request() {
    let mut redis = Redis::start();
    let (store, ana) = (open(&redis, 2).await, actor("ana@desk"));
    for _ in 0..80 {
        store.extend(id(1), 1_000, &ana).await.unwrap();
        store.extend(id(2), 1_000, &ana).await.unwrap();
    }
    store.cancel(id(1), &ana).await.unwrap();
    let life = store.life(id(1)).await.unwrap();
    assert_eq!(life.len(), 64);
    assert!(life.iter().all(|event| event.request_id == Some(id(1))) && life.is_sorted_by_key(|event| event.id));
    assert_eq!(life.last().unwrap().kind, EventKind::Cancelled);

    // What the stream has lost is passed over, and so is what a foreign hand has written there.
    redis.run::<()>(&format!("XDEL cabstand:events {}", life[63].id));
    assert_eq!(store.life(id(1)).await.unwrap().len(), 63);
    redis.run::<()>(&format!("HSET cabstand:request:2 life {}", "x9-9-9,".repeat(10_000)));
    assert!(store.life(id(2)).await.unwrap().is_empty());
    store.extend(id(2), 1_000, &ana).await.unwrap();
    assert_eq!(kinds(&store, 2).await, [EventKind::Extended]);
    assert!(redis.field(2, "life").unwrap().len() < 100, "and it goes with the next event");
    redis.run::<()>("DEL cabstand:request:2");
    redis.run::<()>("SET cabstand:request:2 x");
    assert!(store.life(id(2)).await.unwrap().is_empty());
}

#[tokio::test]
async fn around_a_place_the_free_and_the_stale_are_counted_and_the_nearest_told() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let here = place(LAT, LNG);
    let none = store.around(here, Metres(5_000.0), 3).await.unwrap();
    assert_eq!((none.free, none.stale, none.nearest.len()), (0, 0, 0));
    store.report(&[at("fresh", 1.0), at("silent", 0.5), at("moved", 0.2)], &actor("http")).await.unwrap();
    set(&mut redis, "foreign", 2.0);
    set(&mut redis, "outside", 30.0);
    set(&mut redis, "moved", 40.0);
    set(&mut redis, "beyond", 150.0);
    let (now, _): (i64, i64) = redis.run("TIME");
    redis.run::<()>(&format!("ZADD cabstand:seen {} silent", (now - 130) * 1_000));
    let stale_after = Some(Duration::from_mins(2));
    let worker = redis.store().await.with_freshness(Freshness { stale_after, forget_after: None });
    worker.tend_silent(&actor("w"), true).await.unwrap();

    let around = store.around(here, Metres(5_000.0), 9).await.unwrap();
    assert_eq!((around.free, around.stale), (2, 1));
    let told: Vec<_> = around.nearest.iter().map(|near| (near.candidate.driver.id.as_str(), near.stale)).collect();
    assert_eq!(
        told,
        [("silent", true), ("fresh", false), ("foreign", false), ("outside", false), ("moved", false)],
        "within 100 km, and no farther"
    );
    assert_eq!(around.nearest[0].seen, Some(UnixMs((now - 130) * 1_000)));
    assert!(around.nearest[1].seen.unwrap().0 / 1_000 - now < 5 && around.nearest[2].seen.is_none());
    assert!((990.0..1_010.0).contains(&around.nearest[1].candidate.distance_m));
    assert_eq!(store.around(here, Metres(5_000.0), 1).await.unwrap().nearest.len(), 1);

    for n in 0..300 {
        set(&mut redis, &format!("rank{n}"), 0.01);
    }
    let around = store.around(here, Metres(5_000.0), 3).await.unwrap();
    assert_eq!((around.free, around.nearest.len()), (100, 3), "counted up to a hundred");
    redis.run::<()>("DEL cabstand:seen");
    redis.run::<()>("SET cabstand:seen x");
    assert_eq!(store.around(here, Metres(5_000.0), 3).await.unwrap().nearest[2].seen, None, "spoilt by a foreign hand");
}

#[tokio::test]
async fn the_nearest_are_found_in_cells_as_in_a_circle_and_a_crowd_far_away_costs_nothing() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    // A crowd 60 km to the east, and a few about, some of them beyond the antimeridian.
    for n in 0..200 {
        let members: Vec<String> = (0..100)
            .map(|i| format!("{} {} c{n}-{i}", LNG + 0.65 + f64::from(i) * 1e-3, LAT + f64::from(n) * 1e-3))
            .collect();
        redis.run::<()>(&format!("GEOADD drivers {}", members.join(" ")));
    }
    for (name, lat, lng) in
        [("w", 0.1, 179.9), ("e", 0.1, -179.8), ("n", 84.9, 0.0), ("over", 84.9, 2.0), ("s", -33.0, LNG)]
    {
        redis.run::<()>(&format!("GEOADD drivers {lng} {lat} {name}"));
    }
    for here in
        [place(LAT, LNG), place(LAT + 0.1, LNG + 0.6), place(LAT, LNG + 0.7), place(0.0, -179.95), place(84.8, 1.2)]
    {
        let told = store.around(here, Metres(5_000.0), 12).await.unwrap().nearest;
        let circle =
            format!("GEOSEARCH drivers FROMLONLAT {} {} BYRADIUS 100 km ASC COUNT 12 WITHDIST", here.lng(), here.lat());
        let circle: Vec<(String, f64)> = redis.run(&circle);
        assert_eq!(told.len(), circle.len(), "{here}");
        for (near, (_, km)) in told.iter().zip(circle) {
            assert!((near.candidate.distance_m - km * 1_000.0).abs() < 0.2, "{here}: {near:?} {km}");
        }
    }
    // What is read follows what is told.
    redis.run::<()>("CONFIG RESETSTAT");
    store.around(place(LAT, LNG), Metres(5_000.0), 12).await.unwrap();
    let stats: String = redis.run("INFO commandstats");
    let calls = |command: &str| {
        let line = stats.lines().find(|line| line.starts_with(&format!("cmdstat_{command}:")))?;
        line.split("calls=").nth(1)?.split(',').next()?.parse::<u64>().ok()
    };
    assert!(calls("zcount") < Some(600) && calls("geopos") < Some(100), "{stats}");
}

#[tokio::test]
async fn a_view_tells_how_old_each_driver_is() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    // More than are asked about by one command.
    for n in 0..300 {
        let (lat, lng) = (LAT + f64::from(n / 20) * 0.01, LNG + f64::from(n % 20) * 0.01);
        let there = Driver { id: driver(&format!("d{n}")), place: place(lat, lng) };
        store.report(&[there], &actor("http")).await.unwrap();
    }
    let stale = "d7";
    redis.run::<()>(&format!("ZADD cabstand:seen 5000 {stale}"));
    let stands: String = redis.run(&format!("ZSCORE drivers {stale}"));
    redis.run::<()>(&format!("ZADD cabstand:stale {stands} {stale} 1 d8"));
    redis.run::<()>("ZREM cabstand:seen d9");
    let bounds = Bounds { south: LAT - 1.0, north: LAT + 1.0, west: LNG - 1.0, east: LNG + 1.0 };
    let view = View { bounds, column_deg: 1e-4 };
    let fleet = store.fleet(view).await.unwrap();
    assert_eq!(fleet.drivers.len(), 300);
    let of = |name: &str| fleet.drivers.iter().find(|sighting| sighting.id == driver(name)).unwrap();
    assert_eq!((of("d7").seen, of("d7").stale), (Some(UnixMs(5_000)), true));
    assert!(!of("d8").stale, "who stands elsewhere than where it fell silent is not judged by that");
    assert_eq!(of("d9").seen, None);
    let judged = fleet.drivers.iter().filter(|sighting| sighting.stale || sighting.seen.is_none()).count();
    assert_eq!(judged, 2);
    assert_eq!(of("d299").driver().place, of("d299").place);

    // Without what tells ages, the drivers are shown all the same.
    redis.run::<()>("DEL cabstand:seen");
    redis.run::<()>("SET cabstand:seen x");
    let fleet = store.fleet(view).await.unwrap();
    assert_eq!(fleet.drivers.len(), 300);
    assert!(fleet.drivers.iter().all(|sighting| sighting.seen.is_none()));
}

#[tokio::test]
async fn a_handle_is_armed_for_a_time_and_disarmed() {
    let mut redis = Redis::start();
    let ana = actor("ana@desk");
    let store = redis.store_with(Access::ReadOnly).await;
    let clone = store.clone();
    assert_eq!(store.armed(), Armed::Never);
    let refused = store.open(&request(), &ana).await.unwrap_err();
    assert_eq!(refused.to_string(), "nothing was changed: this console only looks; :arm 10m lets it act");
    store.arm(Duration::from_mins(10));
    assert!(matches!(clone.armed(), Armed::Until(_)));
    clone.open(&request(), &ana).await.unwrap();
    clone.disarm();
    assert!(matches!(store.cancel(id(1), &ana).await, Err(StoreError::ReadOnly)));

    store.arm(Duration::from_millis(300));
    let began = Instant::now();
    let mut done = 0;
    while store.extend(id(1), 1, &ana).await.is_ok() {
        done += 1;
    }
    assert!(done > 0 && began.elapsed() >= Duration::from_millis(290), "{done} in {:?}", began.elapsed());
    let refused = [
        store.extend(id(1), 1, &ana).await.err(),
        store.widen(id(1), Metres(1.0), &ana).await.err(),
        store.retry(id(1), &ana).await.err(),
        store.assign(id(1), &driver("d"), &ana).await.err(),
        store.reopen(id(1), &ana).await.err(),
        store.place(&at("d", 0.0), &ana).await.err(),
    ];
    assert!(refused.iter().all(|error| matches!(error, Some(StoreError::ReadOnly))), "{refused:?}");

    let (full, other) = (redis.store().await, redis.store().await);
    let own = full.clone().with_own_switch();
    assert_eq!(full.armed(), Armed::Always);
    own.disarm();
    assert_eq!((own.armed(), full.armed(), other.armed()), (Armed::Never, Armed::Always, Armed::Always));
    full.extend(id(1), 1, &ana).await.unwrap();
    assert_eq!(redis.run::<i64>("ZCARD drivers"), 0);
}

#[tokio::test]
async fn a_watch_sends_canaries_while_armed_and_at_no_other_time() {
    let mut redis = Redis::start_with(&["--notify-keyspace-events", "KA"]);
    let sent = |redis: &mut Redis| {
        let stats: String = redis.run("INFO commandstats");
        stats.contains("cmdstat_set:")
    };
    let store = redis.store_with(Access::ReadOnly).await;
    let watch = store.watch();
    watch.hearing().wait_for(|h| matches!(h, Hearing::Unproven(_))).await.unwrap();
    assert!(!sent(&mut redis), "the setting alone proves nothing");
    store.arm(Duration::from_mins(1));
    let armed = store.watch();
    armed.hearing().wait_for(|h| *h == Hearing::Live).await.unwrap();
    assert!(sent(&mut redis), "notifications are proven to arrive");
}

/// Two operators at two consoles do this to one request at once; how many of them were let through, and what the other was told.
async fn at_once<A, B>(
    one: impl Future<Output = Result<A, StoreError>>,
    other: impl Future<Output = Result<B, StoreError>>,
) -> (usize, Vec<String>) {
    let (one, other) = tokio::join!(one, other);
    let refused: Vec<StoreError> = [one.err(), other.err()].into_iter().flatten().collect();
    (2 - refused.len(), refused.into_iter().map(|error| words(Some(error))).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_operators_one_wins_and_the_other_is_told_by_whom() {
    let mut redis = Redis::start();
    let (hers, his) = (redis.store().await, redis.store().await);
    let (ana, ben) = (actor("ana@desk"), actor("ben@desk"));
    let by_name = |told: &str| told.contains("by ana@desk") || told.contains("by ben@desk");
    for round in 0..40 {
        for name in ["a", "b"] {
            set(&mut redis, &format!("{name}{round}"), 30.0);
        }
        let (a, b) = (driver(&format!("a{round}")), driver(&format!("b{round}")));
        let mut opened = Vec::new();
        for _ in 0..5 {
            opened.push(hers.open(&request(), &ana).await.unwrap());
        }
        let ends = [
            // One request: a cancel and a driver by hand, two drivers by hand, two cancels.
            at_once(hers.cancel(opened[0], &ana), his.assign(opened[0], &a, &ben)).await,
            at_once(hers.assign(opened[1], &b, &ana), his.assign(opened[1], &a, &ben)).await,
            at_once(hers.cancel(opened[2], &ana), his.expire(opened[2], &ben)).await,
        ];
        for (wins, told) in ends {
            // The driver of the second may be gone with the first.
            assert!(wins == 1 && told.len() == 1 && by_name(&told[0]), "{round}: {told:?}");
        }
        // One driver, two requests.
        let (c, name) = (driver(&format!("c{round}")), format!("c{round}"));
        set(&mut redis, &name, 30.0);
        let (wins, told) = at_once(hers.assign(opened[3], &c, &ana), his.assign(opened[4], &c, &ben)).await;
        assert!(wins == 1 && told[0].starts_with(&format!("driver {c} is not on the map: assigned to request")));
        assert!(by_name(&told[0]), "{told:?}");
        // More time and an end: who is late with the time is told, and an end is one all the same.
        let late = if hers.search(opened[3]).await.unwrap().unwrap().request().unwrap().state == State::Found {
            opened[4]
        } else {
            opened[3]
        };
        let (wins, told) = at_once(hers.extend(late, 60_000, &ana), his.cancel(late, &ben)).await;
        assert!(wins == 2 || told == [format!("request {late} has ended already: cancelled by ben@desk")], "{told:?}");
        assert_eq!(redis.state(late.number()).as_deref(), Some("cancelled"));
        assert!(redis.run::<i64>(&format!("PTTL {late}")) <= 60_000, "a cancelled key lives a minute, extended or not");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1, ..ProptestConfig::default() })]

    /// However the deadline is moved, key and record agree, and the next attempt is never after it.
    #[test]
    fn the_schedule_never_outlives_the_deadline(moves in proptest::collection::vec(-90_000_i64..90_000, 60)) {
        let mut redis = Redis::start();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let store = open(&redis, 1).await;
            store.attempt_due(&actor("w"), 10).await.unwrap();
            for by_ms in moves {
                let deadline = store.extend(id(1), by_ms, &actor("ana")).await.unwrap().0;
                let due = redis.run::<i64>("ZSCORE cabstand:due 1");
                assert!(due <= deadline + 1, "{by_ms}: due at {due}, over at {deadline}");
                assert_eq!(number(&mut redis, 1, "expires_at"), deadline);
                let ends = redis.run::<i64>("PEXPIRETIME 1");
                assert!((ends - deadline).abs() < 20, "{by_ms}: {ends} and {deadline}");
                if let Some(next) = store.attempt_due(&actor("w"), 10).await.unwrap().next_in {
                    assert!(next <= Duration::from_secs(30));
                }
            }
            Ok::<(), TestCaseError>(())
        })?;
    }
}

#[test]
fn the_commands_say_what_became_of_each_request() {
    let mut redis = Redis::start();
    for _ in 0..3 {
        run(&redis, "search --at -33.44262,-70.63054");
    }
    run(&redis, "cancel 2");
    let (code, out, err) = run(&redis, "extend 1 2 3 --by 60s");
    assert_eq!((code, out.lines().count()), (1, 2), "{err}");
    assert!(out.starts_with("request 1 extended to 2"), "{out}");
    assert!(err.starts_with("not extended: request 2 has ended already: cancelled by ana@"), "{err}");
    assert!((295_000..=300_000).contains(&redis.run::<i64>("PTTL 1")));

    assert_eq!(run(&redis, "retry 1"), (0, "request 1 retried: no driver\n".to_owned(), String::new()));
    assert_eq!(run(&redis, "widen 1 --to 8km"), (0, "request 1 widened from 5 km to 8 km\n".to_owned(), String::new()));
    set(&mut redis, "17", 0.5);
    let (code, out, _) = run(&redis, "retry 1");
    assert_eq!((code, out.as_str()), (0, "request 1 found driver 17 at 500 m\n"));
    set(&mut redis, "taxi", 40.0);
    assert_eq!(
        run(&redis, "assign 3 taxi"),
        (0, "driver taxi assigned to request 3 at 40 km\n".to_owned(), String::new())
    );
    let (code, out, err) = run(&redis, "assign 3 taxi");
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.starts_with("not assigned: request 3 has ended already: found by ana@"), "{err}");
    let listed = run(&redis, "events").1;
    for details in ["60 s more", "radius 5 km → 8 km", "assigned by hand"] {
        assert!(listed.contains(details), "{details}: {listed}");
    }
    for usage in
        ["extend 1", "extend --by 60s", "extend 1 --by -60s", "widen 1", "widen 1 --to 0m", "retry", "assign 1"]
    {
        let (code, out, err) = run(&redis, usage);
        assert_eq!((code, out.as_str()), (2, ""), "{usage}: {err}");
    }
}

#[tokio::test]
async fn what_another_has_changed_since_is_not_set_back() {
    let redis = Redis::start();
    let (store, ana, ben) = (redis.store().await, actor("ana@desk"), actor("ben@desk"));
    store.open(&request(), &ana).await.unwrap();
    store.widen(id(1), Metres(8_000.0), &ana).await.unwrap();
    store.widen(id(1), Metres(9_000.0), &ben).await.unwrap();
    let refused = store.widen_back(id(1), Metres(8_000.0), Metres(5_000.0), &ana).await.err();
    assert_eq!(words(refused), "request 1 looks as far as 9 km now, set by ben@desk");
    assert_eq!(store.widen_back(id(1), Metres(9_000.0), Metres(8_000.0), &ben).await.unwrap(), Metres(9_000.0));

    let new = Driver { id: driver("new"), place: place(-33.0, -70.0) };
    store.place(&new, &ana).await.unwrap();
    store.move_driver(&Driver { place: place(-33.1, -70.0), ..new.clone() }, None, &ben).await.unwrap();
    let refused = store.remove_from(&new.id, new.place, &ana).await.err();
    assert_eq!(words(refused), "driver new was moved meanwhile by ben@desk");
    store.remove_from(&new.id, place(-33.1, -70.0), &ben).await.unwrap();
}
