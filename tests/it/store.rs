//! The store against a real Redis: scripts, readings, notifications.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::common::{LAT, LNG, PACE, Redis, actor, driver, id, place, request};
use cabstand::domain::geohash::{Cell, FINEST};
use cabstand::domain::{Bounds, Driver, Key, Metres, Record, RequestId, Standing, State, View};
use cabstand::store::{Access, Batch, Changed, Group, Hearing, Member, Outcome, Refusal, StoreError};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// A few hundred places, the edges of the earth among them.
fn places(seed: u8, count: usize) -> Vec<(f64, f64)> {
    let mut runner = TestRunner::new_with_rng(
        ProptestConfig::default(),
        proptest::test_runner::TestRng::from_seed(proptest::test_runner::RngAlgorithm::ChaCha, &[seed; 32]),
    );
    let any = (-85.051_128_78..=85.051_128_78_f64, -180.0..=180.0_f64);
    let mut all = vec![(0.0, 0.0), (85.051_128_78, 180.0), (-85.051_128_78, -180.0), (LAT, LNG)];
    all.extend((0..count).map(|_| any.new_tree(&mut runner).unwrap().current()));
    all
}

#[test]
fn a_cell_is_where_redis_has_it() {
    let mut redis = Redis::start();
    for (lat, lng) in places(1, 400) {
        redis.run::<()>(&format!("GEOADD one {lng} {lat} x"));
        let score: u64 = redis.run::<String>("ZSCORE one x").parse().unwrap();
        let positions: Vec<(f64, f64)> = redis.run("GEOPOS one x");
        let cell = Cell::containing(place(lat, lng), FINEST);
        assert_eq!(cell.scores().0, score, "{lat},{lng}");
        let (there_lng, there_lat) = positions[0];
        let centre = Cell::from_score(score).centre();
        assert!(
            (centre.lat() - there_lat).abs() < 1e-9 && (centre.lng() - there_lng).abs() < 1e-9,
            "{centre:?} {positions:?}"
        );
    }
}

#[test]
fn a_distance_is_what_redis_measures() {
    let mut redis = Redis::start();
    let all = places(2, 200);
    for pair in all.windows(2) {
        let [(a_lat, a_lng), (b_lat, b_lng)] = pair else { unreachable!() };
        redis.run::<()>(&format!("GEOADD two {a_lng} {a_lat} a {b_lng} {b_lat} b"));
        let metres: f64 = redis.run("GEODIST two a b");
        let centre = |(lng, lat): (f64, f64)| place(lat, lng);
        let positions: Vec<(f64, f64)> = redis.run("GEOPOS two a b");
        let ours = centre(positions[0]).distance_m(centre(positions[1]));
        assert!((ours - metres).abs() < 0.01 + metres * 1e-9, "{ours} {metres}");
    }
}

#[tokio::test]
async fn the_nearest_is_who_a_plain_search_finds() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let spots: Vec<_> =
        places(3, 300).into_iter().skip(4).map(|(lat, lng)| (LAT + lat / 1_000.0, LNG + lng / 1_000.0)).collect();
    for (i, (lat, lng)) in spots.iter().enumerate() {
        redis.run::<()>(&format!("GEOADD drivers {lng} {lat} d{i}"));
    }
    for (lat, lng) in &spots {
        let from = place(lat + 0.001, lng + 0.001);
        let plain: Vec<String> =
            redis.run(&format!("GEOSEARCH drivers FROMLONLAT {} {} BYRADIUS 5 km ASC COUNT 3", from.lng(), from.lat()));
        let ours = store.nearest(&[from], Metres(5_000.0), 3).await.unwrap().remove(0);
        assert_eq!(ours.iter().map(|c| c.driver.id.as_str()).collect::<Vec<_>>(), plain);
    }
}

#[tokio::test]
async fn a_request_lives_as_the_contract_says() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    assert_eq!(store.open(&request(), &actor("http")).await.unwrap(), id(1));
    assert_eq!(redis.run::<String>("GET 1"), "1");
    assert!((239_000..=240_000).contains(&redis.run::<i64>("PTTL 1")));
    assert_eq!(redis.field(1, "user_id").as_deref(), Some("requestor_1"));
    assert!(redis.run::<Option<String>>("ZSCORE cabstand:waiting 1").is_some());

    let round = store.attempt_due(&actor("w"), 10).await.unwrap();
    assert_eq!(round.looks.len(), 1);
    assert_eq!(round.looks[0].outcome, Outcome::Waiting);
    assert!(round.next_in.unwrap() > Duration::from_secs(29));
    assert!(
        store.attempt_due(&actor("w"), 10).await.unwrap().looks.is_empty(),
        "not due again before the interval is over"
    );

    redis.run::<()>("GEOADD drivers -70.6301 -33.44091 1");
    let looks = store.settle_by_key(&[id(1)], &actor("w")).await.unwrap();
    assert_eq!(looks[0].outcome, Outcome::Waiting, "a look at the key gives no driver away");
    let swept = store.sweep(&actor("w"), Duration::ZERO, PACE, 10).await.unwrap();
    assert_eq!((&swept.looks[0].outcome, swept.complete_since), (&Outcome::Ended(State::Found), Some(Duration::ZERO)));
    assert_eq!(redis.field(1, "driver_id").as_deref(), Some("1"));
    assert!((180.0..200.0).contains(&redis.field(1, "distance_m").unwrap().parse::<f64>().unwrap()));
    let left = redis.run::<i64>("EXISTS 1 drivers cabstand:due cabstand:waiting cabstand:queue cabstand:reach");
    assert_eq!(left, 0, "nothing of it is left on the lists");
    assert!((3_590..=3_600).contains(&redis.run::<i64>("TTL cabstand:request:1")));

    let refused = store.cancel(id(1), &actor("a@b")).await.unwrap_err();
    assert!(matches!(refused, StoreError::Refused(Refusal::AlreadyEnded { state: State::Found, .. })), "{refused}");
    let kinds: Vec<String> =
        store.recent_events(10).await.unwrap().iter().map(|e| e.kind.as_str().to_owned()).collect();
    assert_eq!(kinds, ["opened", "attempted", "found"]);
}

#[tokio::test]
async fn a_cancelled_key_lives_a_minute_and_the_second_one_is_told() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    store.open(&request(), &actor("http")).await.unwrap();
    store.cancel(id(1), &actor("ana@desk")).await.unwrap();
    assert_eq!(redis.run::<String>("GET 1"), "0");
    assert!((59..=60).contains(&redis.run::<i64>("TTL 1")));
    let refused = store.expire(id(1), &actor("ben@desk")).await.unwrap_err();
    assert_eq!(refused.to_string(), "request 1 has ended already: cancelled by ana@desk");
    assert!(matches!(store.cancel(id(9), &actor("x")).await, Err(StoreError::Refused(Refusal::UnknownRequest(_)))));
}

#[tokio::test]
async fn foreign_keys_can_be_ended_and_others_not() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    redis.run::<()>("SET 5 1 EX 240");
    redis.run::<()>("SET 6 1 EX 240");
    redis.run::<()>("SET 7 hello");
    redis.run::<()>("LPUSH 8 x");
    let found = store.search(id(5)).await.unwrap().unwrap();
    assert_eq!(found.record, Record::Foreign);
    assert!(matches!(found.key, Key::Active(Some(_))));
    store.cancel(id(5), &actor("a")).await.unwrap();
    assert_eq!(redis.run::<String>("GET 5"), "0");
    store.expire(id(6), &actor("a")).await.unwrap();
    assert_eq!(redis.run::<i64>("EXISTS 6"), 0);
    for strange in [7, 8] {
        let refused = store.cancel(id(strange), &actor("a")).await.unwrap_err();
        assert!(matches!(refused, StoreError::Refused(Refusal::UnknownRequest(_))), "{refused}");
    }
    assert_eq!(redis.run::<String>("GET 7"), "hello");
}

#[tokio::test]
async fn a_number_that_is_taken_is_passed_over() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    redis.run::<()>("SET 1 mine");
    assert_eq!(store.open(&request(), &actor("http")).await.unwrap(), id(2));
    assert_eq!(redis.run::<String>("GET 1"), "mine");
}

#[tokio::test]
async fn a_foreign_hand_on_the_key_settles_the_request() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    for _ in 0..4 {
        store.open(&request(), &actor("http")).await.unwrap();
    }
    redis.run::<()>("SET 1 0 EX 60");
    redis.run::<()>("DEL 2");
    redis.run::<()>("EXPIRE 3 600");
    redis.run::<()>("PERSIST 4");
    let standing = store.searches(&[id(1), id(2), id(4)]).await.unwrap();
    assert_eq!(standing[0].standing(), Standing::Ended(State::Cancelled));
    assert_eq!(standing[1].standing(), Standing::Ended(State::Expired));
    assert_eq!(standing[2].standing(), Standing::Waiting(None));
    store.settle_by_key(&[id(1), id(2), id(3), id(4)], &actor("w")).await.unwrap();
    assert_eq!(redis.state(1).as_deref(), Some("cancelled"));
    assert_eq!(redis.state(2).as_deref(), Some("expired"));
    let at = |redis: &mut Redis, f: &str| redis.field(3, f).unwrap().parse::<i64>().unwrap();
    assert!(at(&mut redis, "expires_at") - at(&mut redis, "created_at") > 599_000, "the new TTL is the deadline");
    assert_eq!(redis.field(4, "expires_at").as_deref(), Some(""), "without a TTL there is no deadline");
    assert_eq!(store.search(id(4)).await.unwrap().unwrap().request().unwrap().expires_at, None);
}

#[tokio::test]
async fn an_operator_moves_places_and_removes_drivers() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let at = |name: &str, lat: f64| Driver { id: driver(name), place: place(lat, LNG) };
    let me = actor("ana@desk");
    store.place(&at("a", LAT), &me).await.unwrap();
    assert!(matches!(store.place(&at("a", LAT), &me).await, Err(StoreError::Refused(Refusal::DriverExists(_)))));
    store.move_driver(&at("a", LAT + 0.01), None, &me).await.unwrap();
    store.remove(&driver("a"), &me).await.unwrap();
    assert!(matches!(store.remove(&driver("a"), &me).await, Err(StoreError::Refused(Refusal::UnknownDriver { .. }))));
    assert!(matches!(
        store.move_driver(&at("a", LAT), None, &me).await,
        Err(StoreError::Refused(Refusal::UnknownDriver { .. }))
    ));
    assert_eq!(redis.run::<i64>("ZCARD drivers"), 0);
    let events = store.recent_events(9).await.unwrap();
    let moved = events.iter().find(|e| e.kind.as_str() == "moved").unwrap();
    let metres = moved.from.unwrap().distance_m(moved.place.unwrap());
    assert!((1_110.0..1_115.0).contains(&metres), "{metres}");
    assert_eq!(moved.actor.as_ref().unwrap().as_str(), "ana@desk");
}

#[tokio::test]
async fn a_read_only_handle_changes_nothing() {
    let mut redis = Redis::start();
    let flags = |redis: &mut Redis| redis.run::<Vec<String>>("CONFIG GET notify-keyspace-events");
    let keys = |redis: &mut Redis| (redis.run::<u64>("DBSIZE"), redis.run::<BTreeSet<String>>("KEYS *"));
    redis.run::<()>("SET 5 1 EX 240");
    redis.run::<()>("GEOADD drivers 1 1 d");
    let before = (flags(&mut redis), keys(&mut redis));
    let store = redis.store_with(Access::ReadOnly).await;
    let me = actor("a");
    let one = Driver { id: driver("d"), place: place(1.0, 1.0) };
    let refused = [
        store.open(&request(), &me).await.err(),
        store.cancel(id(5), &me).await.err(),
        store.expire(id(5), &me).await.err(),
        store.place(&one, &me).await.err(),
        store.move_driver(&one, None, &me).await.err(),
        store.remove(&one.id, &me).await.err(),
        store.report(std::slice::from_ref(&one), &me).await.err(),
        store.attempt_due(&me, 1).await.err(),
        store.sweep(&me, Duration::ZERO, PACE, 1).await.err(),
        store.settle_by_key(&[id(5)], &me).await.err(),
        store.join(Group::Riders, &me).await.err(),
        store.retire(&me).await.err(),
    ];
    for (i, error) in refused.into_iter().enumerate() {
        assert!(matches!(error, Some(StoreError::ReadOnly)), "{i}: {error:?}");
    }
    assert!(store.search(id(5)).await.unwrap().is_some());
    // A watch sets no flags and sends no canary: with the flags missing it says so.
    let watch = store.watch();
    let deaf = watch.hearing().wait_for(|h| *h != Hearing::Connecting).await.unwrap().clone();
    assert!(matches!(&deaf, Hearing::Deaf(why) if why.contains("notify-keyspace-events")), "{deaf:?}");
    assert!(watch.changed().await.contains(&Changed::Everything));
    assert_eq!((flags(&mut redis), keys(&mut redis)), before);
    let stats: String = redis.run("INFO commandstats");
    for write in ["set", "config|set", "xgroup|create"] {
        // The one SET is this test's own.
        let calls = stats.lines().find(|line| line.starts_with(&format!("cmdstat_{write}:")));
        assert!(calls.is_none_or(|line| write == "set" && line.contains(":calls=1,")), "{calls:?}");
    }
}

#[tokio::test]
async fn a_view_counts_everybody_and_reads_few() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    for (i, (lat, lng)) in places(4, 3_000).into_iter().skip(4).enumerate() {
        redis.run::<()>(&format!("GEOADD drivers {} {} d{i}", LNG + lng / 1_000.0, LAT + lat / 1_000.0));
    }
    for i in 0..500 {
        redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} rank{i}"));
    }
    let bounds = Bounds { south: LAT - 0.2, north: LAT + 0.2, west: LNG - 0.3, east: LNG + 0.3 };
    assert_eq!(redis.run::<i64>("ZCARD drivers"), 3_500);
    let fleet = store.fleet(View { bounds, column_deg: 0.6 / 120.0 }).await.unwrap();
    let crowds: u64 = fleet.blocks.iter().map(|b| b.count).sum();
    assert_eq!((fleet.drivers.len() as u64 + crowds, fleet.total), (3_500, 3_500));
    assert!(crowds >= 500, "the rank is a crowd");

    let small = Bounds { south: LAT - 0.01, north: LAT + 0.01, west: LNG - 0.01, east: LNG + 0.01 };
    let fleet = store.fleet(View { bounds: small, column_deg: 0.02 / 120.0 }).await.unwrap();
    assert!(fleet.drivers.iter().all(|d| small.contains(d.place)));

    let extent = store.extent().await.unwrap().unwrap();
    let wide = bounds.east - bounds.west;
    assert!(extent.contains(place(LAT, LNG)) && extent.east - extent.west < 1.2 * wide, "{extent:?}");
}

#[tokio::test]
async fn changes_are_heard_and_flags_are_kept() {
    let mut redis = Redis::start_with(&["--notify-keyspace-events", "Elm"]);
    let store = redis.store().await;
    let watch = store.watch();
    assert!(watch.changed().await.contains(&Changed::Everything));
    let mut hearing = watch.hearing();
    hearing.wait_for(|h| *h == Hearing::Live).await.unwrap();
    let flags: Vec<String> = redis.run("CONFIG GET notify-keyspace-events");
    assert!("ElmK$zhgx".chars().all(|c| flags[1].contains(c)), "{flags:?}");

    redis.run::<()>("GEOADD drivers 1 1 d");
    redis.run::<()>("SET 7 1 EX 60");
    let mut seen = watch.changed().await;
    while !(seen.contains(&Changed::Drivers) && seen.contains(&Changed::Request(id(7)))) {
        seen.extend(watch.changed().await);
    }
}

#[tokio::test]
async fn a_subscription_that_was_cut_comes_back_and_calls_everything_changed() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let watch = store.watch();
    let mut hearing = watch.hearing();
    hearing.wait_for(|h| *h == Hearing::Live).await.unwrap();
    watch.changed().await;
    redis.run::<i64>("CLIENT KILL TYPE pubsub");
    hearing.wait_for(|h| matches!(h, Hearing::Cut(_))).await.unwrap();
    hearing.wait_for(|h| *h == Hearing::Live).await.unwrap();
    assert!(watch.changed().await.contains(&Changed::Everything));
}

#[tokio::test]
async fn a_server_that_forbids_config_is_told_of_and_polled() {
    let mut redis = Redis::start();
    redis.run::<()>("ACL SETUSER default -config");
    let store = redis.store().await;
    let watch = store.watch();
    let mut hearing = watch.hearing();
    let deaf = hearing.wait_for(|h| matches!(h, Hearing::Deaf(_))).await.unwrap().clone();
    assert!(format!("{deaf:?}").contains("config"), "{deaf:?}");
    for _ in 0..2 {
        assert!(watch.changed().await.contains(&Changed::Everything));
    }
}

#[tokio::test]
async fn a_user_without_channels_polls_until_it_is_given_them() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    redis.run::<()>("ACL SETUSER default resetchannels");
    let watch = store.watch();
    let mut hearing = watch.hearing();
    let deaf = hearing.wait_for(|h| *h != Hearing::Connecting).await.unwrap().clone();
    assert!(matches!(&deaf, Hearing::Deaf(why) if why.contains("channel")), "{deaf:?}");
    for _ in 0..2 {
        assert!(watch.changed().await.contains(&Changed::Everything));
    }
    redis.run::<()>("ACL SETUSER default allchannels");
    hearing.wait_for(|h| *h == Hearing::Live).await.unwrap();
    watch.changed().await;
    redis.run::<()>("SET 7 1 EX 60");
    assert!(watch.changed().await.contains(&Changed::Request(id(7))));
}

#[tokio::test]
async fn the_tail_of_the_stream_misses_nothing() {
    let redis = Redis::start();
    let store = redis.store().await;
    let mut tail = store.follow_events(None);
    assert!(tail.next().await.unwrap().is_empty());
    for _ in 0..3 {
        store.open(&request(), &actor("http")).await.unwrap();
    }
    let mut events = tail.next().await.unwrap();
    while events.len() < 3 {
        events.extend(tail.next().await.unwrap());
    }
    assert_eq!(events.iter().filter_map(|e| e.request_id).collect::<Vec<_>>(), [id(1), id(2), id(3)]);
}

#[tokio::test]
async fn an_end_goes_to_one_of_the_group_until_it_is_acknowledged() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let mut first = store.join(Group::Riders, &actor("a")).await.unwrap();
    let mut second = store.join(Group::Riders, &actor("b")).await.unwrap();
    store.open(&request(), &actor("http")).await.unwrap();
    let taken = first.next().await.unwrap();
    assert_eq!(taken.events.len(), 1);
    assert!(second.next().await.unwrap().events.is_empty(), "the other member does not get it as well");
    assert_eq!(pending(&mut redis), 1);

    // As if the one who took it had died ten seconds ago.
    let entry = taken.events[0].id;
    redis.run::<redis::Value>(&format!("XCLAIM cabstand:events riders a 0 {entry} IDLE 10001 JUSTID"));
    let left = second.next().await.unwrap();
    assert_eq!(left.events.iter().map(|event| event.id).collect::<Vec<_>>(), [entry]);
    second.acknowledge(&left).await.unwrap();
    assert_eq!(pending(&mut redis), 0);
    assert!(first.next().await.unwrap().events.is_empty() && second.next().await.unwrap().events.is_empty());
}

/// How many events were given out and are not acknowledged.
fn pending(redis: &mut Redis) -> u64 {
    let (count, ..): (u64, Option<String>, Option<String>, redis::Value) = redis.run("XPENDING cabstand:events riders");
    count
}

#[tokio::test]
async fn a_group_that_was_lost_begins_after_what_it_has_seen() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let mut group = store.join(Group::Riders, &actor("a")).await.unwrap();
    store.open(&request(), &actor("http")).await.unwrap();
    let seen = group.next().await.unwrap();
    group.acknowledge(&seen).await.unwrap();
    redis.run::<()>("FLUSHALL");
    let second = store.open(&request(), &actor("http")).await.unwrap();
    assert_eq!(next_requests(&mut group).await, [Some(second)]);

    // Only the group is lost: what it has seen is not told again.
    redis.run::<()>("XGROUP DESTROY cabstand:events riders");
    store.cancel(second, &actor("http")).await.unwrap();
    let batch = next_batch(&mut group).await;
    assert_eq!(batch.events.iter().map(|e| e.kind.as_str()).collect::<Vec<_>>(), ["opened", "cancelled"]);
    redis.run::<()>("XGROUP DESTROY cabstand:events riders");
    let third = store.open(&request(), &actor("http")).await.unwrap();
    assert_eq!(next_requests(&mut group).await, [Some(third)]);

    // A new stream whose first event is of the same millisecond as the last one of the old stream, and so has its id.
    let last: Vec<(String, Vec<String>)> = redis.run("XREVRANGE cabstand:ends + - COUNT 1");
    redis.run::<()>("FLUSHALL");
    redis.run::<String>(&format!("XADD cabstand:ends {} type cancelled request_id 9", last[0].0));
    assert_eq!(next_requests(&mut group).await, [Some(id(9))]);
}

/// What comes next, if it comes soon: a read that finds the group lost is empty.
async fn next_batch(group: &mut Member) -> Batch {
    for _ in 0..3 {
        let batch = group.next().await.unwrap();
        if !batch.events.is_empty() {
            return batch;
        }
    }
    panic!("nothing came");
}

async fn next_requests(group: &mut Member) -> Vec<Option<RequestId>> {
    next_batch(group).await.events.iter().map(|event| event.request_id).collect()
}

#[tokio::test]
async fn nobody_at_the_address_is_said_at_once() {
    let address = "unix:/nonexistent/redis.sock".parse().unwrap();
    let error = cabstand::store::Store::connect(address, None, Access::Full).await.err().unwrap();
    assert!(error.is_away(), "{error}");
    assert!(error.to_string().contains("unix:/nonexistent/redis.sock"), "{error}");
}

#[tokio::test]
async fn the_vitals_are_redis_own() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    redis.run::<()>("GEOADD drivers 1 1 d 2 2 e");
    redis.run::<()>("ZADD cabstand:workers 1 long-dead");
    store.open(&request(), &actor("http")).await.unwrap();
    store.attempt_due(&actor("w"), 1).await.unwrap();
    let vitals = store.vitals().await.unwrap();
    assert_eq!((vitals.drivers, vitals.waiting, vitals.workers), (2, 1, 1));
    let (seconds, _): (i64, i64) = redis.run("TIME");
    assert!((vitals.now.0 / 1_000 - seconds).abs() <= 1);
}
