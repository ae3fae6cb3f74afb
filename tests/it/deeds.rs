//! An operator's deeds under names of their own: each leaves one in the stream, none is done after its time, and what became of it
//! can be told afterwards.

use crate::common::{LAT, LNG, Redis, actor, driver, id, place, request};
use cabstand::domain::{DeedId, Driver, EventKind, Metres, Seal, StreamId, UnixMs};
use cabstand::store::{Refusal, Store, StoreError, Traced};

const ANA: &str = "ana@desk";

async fn seal(store: &Store, number: u128, left_ms: i64) -> Seal {
    let now = store.vitals().await.unwrap().now;
    Seal { id: DeedId::from(number), until: UnixMs(now.0 + left_ms), after: Some(StreamId::default()) }
}

/// A Redis with two who wait and a driver far away from them.
async fn city() -> (Redis, Store) {
    let redis = Redis::start();
    let store = redis.store().await;
    for _ in 0..2 {
        store.open(&request(), &actor(ANA)).await.unwrap();
    }
    let far = Driver { id: driver("far"), place: place(LAT, LNG).destination(90.0, 20_000.0) };
    store.place(&far, &actor(ANA)).await.unwrap();
    (redis, store)
}

fn is_overdue<T>(answer: Result<T, StoreError>) -> bool {
    matches!(answer.err(), Some(StoreError::Refused(Refusal::Overdue)))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_deed_leaves_its_name_in_the_stream() {
    let (mut redis, store) = city().await;
    redis.run::<()>("SET 500 1 EX 100");
    let ana = actor(ANA);
    let mut seals = Vec::new();
    macro_rules! deed {
        ($act:expr) => {{
            let seal = seal(&store, 100 + seals.len() as u128, 10_000).await;
            seals.push(seal);
            $act(store.for_deed(seal)).await.unwrap()
        }};
    }
    let there = place(LAT, LNG).destination(90.0, 30_000.0);
    let far = Driver { id: driver("far"), place: there };
    let new = Driver { id: driver("new"), place: there };
    deed!(async |store: Store| store.open(&request(), &ana).await);
    deed!(async |store: Store| store.extend(id(1), 60_000, &ana).await);
    deed!(async |store: Store| store.extend(id(500), 60_000, &ana).await);
    deed!(async |store: Store| store.widen(id(1), Metres(6_000.0), &ana).await);
    deed!(async |store: Store| store.retry(id(1), &ana).await);
    deed!(async |store: Store| store.cancel(id(1), &ana).await);
    deed!(async |store: Store| store.reopen(id(1), &ana).await);
    deed!(async |store: Store| store.cancel(id(500), &ana).await);
    deed!(async |store: Store| store.expire(id(1), &ana).await);
    deed!(async |store: Store| store.move_driver(&far, None, &ana).await);
    deed!(async |store: Store| store.place(&new, &ana).await);
    deed!(async |store: Store| store.assign(id(2), &driver("far"), &ana).await);
    deed!(async |store: Store| store.remove(&driver("new"), &ana).await);
    let told: Vec<Vec<EventKind>> = store.trace(&seals).await.unwrap().into_iter().map(kinds).collect();
    let one = |kind| vec![kind];
    let expected = [
        one(EventKind::Opened),
        one(EventKind::Extended),
        one(EventKind::Extended),
        one(EventKind::Widened),
        vec![EventKind::Retried, EventKind::Attempted],
        one(EventKind::Cancelled),
        one(EventKind::Reopened),
        one(EventKind::Cancelled),
        one(EventKind::Expired),
        one(EventKind::Moved),
        one(EventKind::Placed),
        one(EventKind::Found),
        one(EventKind::Removed),
    ];
    assert_eq!(told, expected);
    let all = store.events_after(None).await.unwrap();
    let named = all.iter().filter(|event| event.deed.is_some()).count();
    assert_eq!(named, expected.iter().map(Vec::len).sum::<usize>(), "no other event has a name");
    assert!(!serde_json::to_string(&all).unwrap().contains("deed"), "and it is not told on");
}

fn kinds(traced: Traced) -> Vec<EventKind> {
    match traced {
        Traced::Done(events) => events.into_iter().map(|event| event.kind).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_after_its_time_changes_nothing() {
    let (mut redis, store) = city().await;
    let ana = actor(ANA);
    store.cancel(id(2), &ana).await.unwrap();
    let before: (Vec<Vec<u8>>, i64) = everything(&mut redis);
    let late = store.for_deed(seal(&store, 1, -1).await);
    let there = Driver { id: driver("far"), place: place(LAT, LNG) };
    let new = Driver { id: driver("new"), place: place(LAT, LNG) };
    assert!(is_overdue(late.open(&request(), &ana).await));
    assert!(is_overdue(late.extend(id(1), 60_000, &ana).await));
    assert!(is_overdue(late.widen(id(1), Metres(50_000.0), &ana).await));
    assert!(is_overdue(late.retry(id(1), &ana).await));
    assert!(is_overdue(late.cancel(id(1), &ana).await));
    assert!(is_overdue(late.expire(id(1), &ana).await));
    assert!(is_overdue(late.assign(id(1), &driver("far"), &ana).await));
    assert!(is_overdue(late.reopen(id(2), &ana).await));
    assert!(is_overdue(late.move_driver(&there, None, &ana).await));
    assert!(is_overdue(late.place(&new, &ana).await));
    assert!(is_overdue(late.remove(&driver("far"), &ana).await));
    assert_eq!(everything(&mut redis), before);
    let words = late.cancel(id(1), &ana).await.unwrap_err().to_string();
    assert_eq!(words, "it came too late to Redis, and nothing was changed; ask for it again");
}

/// All keys, and how many events there are.
fn everything(redis: &mut Redis) -> (Vec<Vec<u8>>, i64) {
    let mut keys: Vec<String> = redis.run("KEYS *");
    keys.sort();
    (keys.iter().map(|key| redis.run(&format!("DUMP {key}"))).collect(), redis.run("XLEN cabstand:events"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_done_is_open_until_its_time_is_up() {
    let (_redis, store) = city().await;
    let soon = seal(&store, 1, 60_000).await;
    let over = seal(&store, 2, -1).await;
    assert_eq!(store.trace(&[soon, over]).await.unwrap(), [Traced::Open, Traced::NotDone]);
    store.for_deed(soon).cancel(id(1), &actor(ANA)).await.unwrap();
    assert_eq!(kinds(store.trace(&[soon]).await.unwrap().remove(0)), [EventKind::Cancelled]);
    assert!(store.trace(&[]).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deed_that_is_refused_leaves_no_name_on_what_it_found() {
    let (mut redis, store) = city().await;
    redis.run::<()>("DEL 1");
    let asked = seal(&store, 1, 1_000).await;
    // The end by a foreign hand is noticed by this, and is not its work.
    store.for_deed(asked).cancel(id(1), &actor(ANA)).await.unwrap_err();
    let over = Seal { until: UnixMs(0), ..asked };
    assert_eq!(store.trace(&[over]).await.unwrap(), [Traced::NotDone]);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_stream_does_not_reach_back_nothing_is_claimed() {
    let (mut redis, store) = city().await;
    let newest = store.recent_events(1).await.unwrap()[0].id;
    let over = Seal { until: UnixMs(newest.at.0), after: Some(newest), ..seal(&store, 1, 0).await };
    let timed = Seal { after: None, ..over };
    while store.vitals().await.unwrap().now <= over.until {}
    assert_eq!(store.trace(&[over]).await.unwrap(), [Traced::NotDone]);
    assert_eq!(store.trace(&[timed]).await.unwrap(), [Traced::Lost], "nothing is older than a minute before it");
    for _ in 0..3 {
        redis.run::<String>("XADD cabstand:events * type opened");
    }
    assert_eq!(store.trace(&[over]).await.unwrap(), [Traced::NotDone]);
    redis.run::<()>("XTRIM cabstand:events MAXLEN 2");
    assert_eq!(store.trace(&[over]).await.unwrap(), [Traced::Lost]);
    redis.run::<()>("FLUSHALL");
    assert_eq!(store.trace(&[over]).await.unwrap(), [Traced::Lost]);
    redis.run::<()>("SET cabstand:events spoilt");
    assert!(store.trace(&[over]).await.is_err());
}
