//! A whole fleet that reported in one millisecond, as in one array of positions, and falls silent: it is worked off in bounded scripts.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::common::{LAT, LNG, Redis, actor, driver, place};
use cabstand::domain::{Driver, EventKind, Freshness};
use cabstand::store::Store;

/// Sets ARGV[1] drivers down who have all reported in one millisecond, five minutes ago. Their ids sort differently by bytes and by language.
const FILL: &str = "
    local seen, ids = redis.call('TIME')[1] * 1000 - 300000, {'d', 'D', '-', '\u{e9}', '\u{dc}'}
    for n = 1, tonumber(ARGV[1]) do
      local id, lng = ids[n % 5 + 1] .. n, -70.6 + n * 1e-6
      redis.call('GEOADD', 'drivers', lng, -33.4, id)
      redis.call('GEOADD', 'cabstand:fresh', lng, -33.4, id)
      redis.call('ZADD', 'cabstand:seen', seen, id)
    end";

/// How many drivers one script makes stale, and how many it records, at most.
const AT_ONCE: (u64, usize) = (500, 100);

async fn fleet(drivers: u64) -> (Redis, [Store; 2]) {
    let mut redis = Redis::start();
    redis::cmd("EVAL").arg(FILL).arg(0).arg(drivers).exec(&mut redis.connection).unwrap();
    let freshness = Freshness { stale_after: Some(Duration::from_mins(2)), forget_after: None };
    let stores = [redis.store().await.with_freshness(freshness), redis.store().await.with_freshness(freshness)];
    (redis, stores)
}

/// A new report of a driver, far from where it was.
async fn report(store: &Store, id: &str) {
    let driver = Driver { id: driver(id), place: place(LAT + 1.0, LNG) };
    store.report(&[driver], &actor("http")).await.unwrap();
}

fn member_at(redis: &mut Redis, key: &str, rank: u64) -> String {
    redis.run::<Vec<String>>(&format!("ZRANGE {key} {rank} {rank}")).remove(0)
}

#[tokio::test]
async fn a_fleet_of_one_millisecond_is_made_stale_in_bounded_turns() {
    let (mut redis, stores) = fleet(20_000).await;
    let (mut stale, mut turns, mut reported) = (0, 0, BTreeSet::new());
    loop {
        let more = stores[turns % 2].tend_silent(&actor("w"), false).await.unwrap();
        let now: u64 = redis.run("ZCARD cabstand:stale");
        assert!(now - stale <= AT_ONCE.0, "{} in turn {turns}", now - stale);
        turns += 1;
        if !more {
            break;
        }
        // Drivers report between two turns: the last one of this turn, one before it, and one who is still to come.
        let at = turns as u64 * AT_ONCE.0 - 3 * turns as u64;
        for rank in [at - 1, at - 30, at + 100] {
            let id = member_at(&mut redis, "cabstand:seen", rank.min(19_000));
            if reported.insert(id.clone()) {
                report(&stores[0], &id).await;
            }
        }
        stale = redis.run("ZCARD cabstand:stale");
    }
    assert!((40..=60).contains(&turns), "{turns} turns");
    let fresh: BTreeSet<String> = redis.run("ZRANGE cabstand:fresh 0 -1");
    assert_eq!(fresh, reported, "nobody else was passed over");
    assert_eq!(redis.run::<u64>("ZCARD cabstand:stale") + fresh.len() as u64, 20_000);
}

#[tokio::test]
async fn each_driver_of_one_millisecond_is_recorded_once() {
    let (mut redis, stores) = fleet(1_730).await;
    while stores[0].tend_silent(&actor("w"), false).await.unwrap() {}
    let (mut recorded, mut reported) = (Vec::new(), BTreeSet::new());
    for turn in 0..25 {
        stores[turn % 2].tend_silent(&actor("w"), true).await.unwrap();
        let events = stores[0].recent_events(5_000).await.unwrap();
        assert!(events.iter().all(|event| event.kind == EventKind::Stale), "{events:?}");
        let news = &events[recorded.len()..];
        assert!(news.len() <= AT_ONCE.1, "{} in turn {turn}", news.len());
        recorded.extend(news.iter().map(|event| event.driver_id.as_ref().unwrap().to_string()));
        // The last one to be recorded and one who is still to come report again.
        for rank in [recorded.len() as u64, 1_600] {
            let id = member_at(&mut redis, "cabstand:seen", rank);
            if !recorded.contains(&id) && turn < 10 {
                report(&stores[0], &id).await;
                reported.insert(id);
            } else if let Some(last) = recorded.last().filter(|_| turn < 10) {
                report(&stores[0], last).await;
            }
        }
    }
    let once: BTreeSet<String> = recorded.iter().cloned().collect();
    assert_eq!(once.len(), recorded.len(), "each once");
    assert_eq!(once.len() + reported.len(), 1_730, "and everybody who has not reported again");
    assert!(once.is_disjoint(&reported));
}
