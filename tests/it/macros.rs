//! Whole ways through the console as macros of keys, on a real Redis with the service's worker beside it.

use crate::common::desk::Desk;
use crate::common::{LAT, LNG, Redis, actor, driver, id, place, request};
use cabstand::domain::{Actor, Driver, Metres, Point};
use cabstand::store::Store;

/// A Redis with riders who wait at the article's place and drivers so many metres east of them.
async fn city(riders: usize, drivers: &[(&str, f64)]) -> (Redis, Store) {
    let redis = Redis::start();
    let store = redis.store().await;
    for _ in 0..riders {
        store.open(&request(), &actor("http")).await.unwrap();
    }
    for (name, metres) in drivers {
        set(&store, name, place(LAT, LNG).destination(90.0, *metres)).await;
    }
    (redis, store)
}

async fn set(store: &Store, name: &str, place: Point) {
    let driver = Driver { id: driver(name), place };
    store.place(&driver, &actor("setup")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filtered_search_is_cancelled() {
    let (mut redis, store) = city(3, &[]).await;
    let desk = Desk::new(store, "ana@desk");
    desk.shows("Searches 3 waiting").await;
    desk.play("/requestor_2<Enter>cy");
    desk.shows("done: request 2 cancelled").await;
    assert_eq!(redis.state(2).as_deref(), Some("cancelled"));
    assert_eq!((redis.state(1).as_deref(), redis.state(3).as_deref()), (Some("searching"), Some("searching")));
    desk.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_cancel_is_undone_with_the_time_it_had_left() {
    let (mut redis, store) = city(1, &[]).await;
    let desk = Desk::new(store, "ana@desk");
    desk.shows("Searches 1 waiting").await;
    desk.play("cy");
    desk.shows("done: request 1 cancelled").await;
    desk.play("u");
    desk.shows("done: request 1 waits again").await;
    assert_eq!(redis.state(1).as_deref(), Some("searching"));
    assert_eq!(redis.run::<String>("GET 1"), "1");
    let left = redis.run::<i64>("PTTL 1");
    assert!((200_000..=240_000).contains(&left), "{left}");
    let last: Vec<(String, Vec<String>)> = redis.run("XREVRANGE cabstand:events + - COUNT 1");
    assert!(last[0].1.contains(&"ana@desk".to_owned()), "it is told as an action of its own: {last:?}");
    desk.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_is_given_the_second_nearest_driver() {
    let (mut redis, store) = city(0, &[("near", 6_000.0), ("far", 9_000.0)]).await;
    store.open(&request(), &actor("http")).await.unwrap();
    let desk = Desk::new(store, "ana@desk");
    desk.shows("nearest outside: near at 6 km").await;
    desk.play("a");
    desk.shows("A driver for request 1").await;
    desk.play("<Down><Enter>");
    desk.shows("done: request 1 has driver far").await;
    assert_eq!(redis.field(1, "driver_id").as_deref(), Some("far"));
    assert_eq!(redis.run::<Vec<String>>("ZRANGE drivers 0 -1"), ["near"]);
    desk.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_slower_is_told_who_was_first() {
    let (_redis, store) = city(1, &[]).await;
    let desk = Desk::new(store.clone(), "ana@desk");
    desk.shows("Searches 1 waiting").await;
    desk.play("p");
    desk.shows("paused").await;
    store.cancel(id(1), &actor("ben@desk")).await.unwrap();
    desk.play("cy");
    desk.shows("not done: request 1 has ended already: cancelled by ben@desk").await;
    desk.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extension_and_a_wider_radius_show_in_every_console() {
    let (mut redis, store) = city(1, &[("17", 6_200.0)]).await;
    let (ana, ben) = (Desk::new(store.clone(), "ana@desk"), Desk::new(store, "ben@desk"));
    // How far `w` goes depends on who is around.
    ana.shows("nearest outside: 17 at 6.2 km").await;
    ben.shows("nearest outside: 17 at 6.2 km").await;
    ana.play("e");
    ana.shows("done: request 1 has 60 s more").await;
    ben.shows("60 s more by ana@desk").await;
    ana.play("w");
    ana.shows("done: request 1 looks as far as 6.5 km").await;
    ben.shows("radius widened from 5 km to 6.5 km by ana@desk").await;
    redis.wait_for_state(1, "found");
    assert_eq!(redis.field(1, "driver_id").as_deref(), Some("17"), "the wider radius was looked through at once");
    ana.quit().await;
    ben.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn marked_searches_are_cancelled_together_and_told_apart() {
    let (mut redis, store) = city(4, &[]).await;
    let desk = Desk::new(store.clone(), "ana@desk");
    desk.shows("Searches 4 waiting").await;
    // By their numbers: their deadlines are a millisecond apart, and no finer are they told.
    desk.play("ogV<Space><Space>");
    desk.shows("2 marked").await;
    desk.play("c");
    desk.shows("Cancel 2 requests").await;
    store.expire(id(3), &Actor::new("ben@desk")).await.unwrap();
    desk.play("y");
    desk.shows("1 of 2 done").await;
    desk.shows("has ended already: expired by ben@desk").await;
    assert_eq!(redis.state(4).as_deref(), Some("cancelled"));
    desk.play("<Esc>");
    desk.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moved_driver_goes_back_and_a_removed_one_returns() {
    let (mut redis, store) = city(0, &[("17", 500.0)]).await;
    let desk = Desk::new(store, "ana@desk");
    desk.play("2");
    desk.shows("1 in sight of 1").await;
    let before: Vec<(f64, f64)> = redis.run("GEOPOS drivers 17");
    desk.play("]");
    desk.shows("driver 17 ").await;
    desk.play("m<Right><Right><Enter>");
    desk.shows("done: driver 17 moved").await;
    assert_ne!(redis.run::<Vec<(f64, f64)>>("GEOPOS drivers 17"), before);
    desk.play("u");
    desk.shows("(undone)").await;
    let after: Vec<(f64, f64)> = redis.run("GEOPOS drivers 17");
    assert!((after[0].0 - before[0].0).abs() < 1e-5 && (after[0].1 - before[0].1).abs() < 1e-5, "{after:?}");
    desk.play("Dy");
    desk.shows("done: driver 17 taken off the map").await;
    desk.play("u");
    desk.shows("done: driver 17 set").await;
    assert_eq!(redis.run::<i64>("ZCARD drivers"), 1);
    desk.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_that_only_looks_can_be_armed_and_disarmed() {
    let redis = Redis::start();
    let store = redis.store_with(cabstand::store::Access::ReadOnly).await;
    let desk = Desk::with(store, "ana@desk", |options| options.read_only = true);
    desk.shows("Nobody is waiting.").await;
    desk.shows("read-only").await;
    // What is said while the link is not there yet is dropped with that; no notifications are set up by one who only looks.
    desk.shows("Polling once a second").await;
    desk.play("s");
    desk.shows("this console only looks (--read-only); :arm 10m lets it act").await;
    desk.play(":arm 10m<Enter>");
    desk.shows("armed 9:5").await;
    desk.play("s");
    desk.shows("done: request 1 opened").await;
    desk.play(":disarm<Enter>");
    desk.shows("disarmed: ").await;
    desk.play("s");
    desk.shows("this console only looks (--read-only); :arm 10m lets it act").await;
    desk.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_copied_reaches_the_terminal() {
    let (_redis, store) = city(1, &[]).await;
    let desk = Desk::new(store, "ana@desk");
    desk.shows("Searches 1 waiting").await;
    desk.play("y");
    desk.shows("copied: 1").await;
    assert_eq!(desk.copied(), ["1"]);
    desk.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_a_search_is_told() {
    let (_redis, store) = city(1, &[]).await;
    store.extend(id(1), 60_000, &actor("ben@desk")).await.unwrap();
    let desk = Desk::new(store.clone(), "ana@desk");
    desk.shows("60 s more by ben@desk").await;
    store.widen(id(1), Metres(8_000.0), &actor("ben@desk")).await.unwrap();
    desk.shows("radius widened from 5 km to 8 km by ben@desk").await;
    desk.quit().await;
}
