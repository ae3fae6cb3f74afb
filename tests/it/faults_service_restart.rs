//! A service whose Redis is killed and started anew: with its data, without, and while it is loading.

use std::collections::BTreeSet;

use crate::common::faults::{Refused, Town, ends};
use crate::common::{Restarted, until};

const KEEPING: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

#[tokio::test(flavor = "multi_thread")]
async fn killed_and_started_with_its_data() {
    let mut town = Town::without_wire(&KEEPING).await;
    town.redis.kill();
    town.is_unwell("can't be reached", "connection refused").await;
    town.refuses(Refused::All).await;
    let _restarted = Restarted::in_place_of(&mut town.redis);
    town.recovers().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_and_started_empty() {
    let mut town = Town::without_wire(&[]).await;
    town.redis.kill();
    town.is_unwell("can't be reached", "connection refused").await;
    let _restarted = Restarted::in_place_of(&mut town.redis);
    town.is_well().await;
    // Nobody is told of an end: nothing is known of who waited.
    let new = town.opens().await;
    town.finds(new).await;
    town.every_end_is_one(&BTreeSet::new());
    assert_eq!(ends(&mut town.redis).len(), 1);
    assert!(!town.service.log().contains("Sorry"), "{}", town.service.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_and_slow_to_load() {
    let mut town = Town::without_wire(&KEEPING).await;
    for n in 0..500 {
        town.redis.run::<()>(&format!("SET padding:{n} {}", "x".repeat(200)));
    }
    town.redis.run::<()>("BGREWRITEAOF");
    let is_under_way = |info: String| !info.contains("aof_rewrite_in_progress:0");
    until("the data to be one file", || !is_under_way(town.redis.run("INFO persistence")));
    town.redis.kill();
    let slow = ["--key-load-delay", "20000", "--loading-process-events-interval-bytes", "1024"];
    let _restarted = Restarted::begun(&town.redis, &slow);
    town.is_unwell("is still loading its data from disk", "it goes on by itself").await;
    town.refuses(Refused::All).await;
    // It need not be waited for.
    until("it to answer", || town.redis.reconnects());
    until("it to be quick", || town.redis.try_run::<()>("CONFIG SET key-load-delay 0").is_ok());
    town.recovers().await;
}
