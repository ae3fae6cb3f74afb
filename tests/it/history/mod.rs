//! One driver, one rider, whatever happens: riders, drivers, operators and foreign hands do at random what they may do, while
//! services are killed and started again. Afterwards the stream is replayed and has to be a history that could have been.
//!
//! It runs for a few seconds, and for longer where not enough has happened by then; `CABSTAND_HISTORY=10m` makes it longer, `CABSTAND_HISTORY_SEED=7` different.

mod actors;
mod ledger;
mod recorder;
mod replay;
mod services;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{LAT, LNG, Redis, actor, place};
use cabstand::domain::EventKind;
use cabstand::store::Store;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio_util::sync::CancellationToken;

use actors::World;
use ledger::Ledger;
use recorder::Recorder;
use replay::{Counts, History};
use services::Services;

/// How long a request waits in these tests.
const TTL: Duration = Duration::from_secs(2);
const OPTIONS: [&str; 4] = ["--interval", "300ms", "--ttl", "2s"];
/// After so long a silence a driver gets no request.
const STALE_AFTER: Duration = Duration::from_secs(1);
const SILENCE: [&str; 4] = ["--stale-after", "1s", "--forget-after", "3s"];
/// So long after its span a run has to have been worth it.
const LIMIT: Duration = Duration::from_mins(1);

fn from_environment<T>(name: &str, read: impl Fn(&str) -> Option<T>, default: T) -> T {
    std::env::var(name).ok().map_or(default, |text| read(&text).unwrap_or_else(|| panic!("{name}={text}?")))
}

/// Waits for a fact for as long as it takes a dead member's events to be taken over, and more.
async fn until_settled(what: &str, mut check: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(40);
    while !check().await {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Whether a run was worth it.
fn is_enough(kills: usize, counts: &Counts) -> bool {
    let helped = counts.assigned > 10 && counts.helped > 20;
    helped && kills >= 3 && counts.found > 20 && counts.found_phones > 5 && counts.cancelled > 5 && counts.expired > 5
}

/// Lets them act for the span, and then until it was enough: how soon that is depends on the machine.
async fn act(span: Duration, services: &Services, recorder: &Recorder) {
    tokio::time::sleep(span).await;
    let deadline = Instant::now() + LIMIT;
    while Instant::now() < deadline && !is_enough(services.kills(), &recorder.counts()) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Waits until nobody waits any more and every end has been told; answers the whole history.
async fn settle(redis: &mut Redis, store: &Store, services: &Services, recorder: Recorder) -> History {
    until_settled("nobody to wait any more", async || redis.run::<u64>("ZCARD cabstand:due") == 0).await;
    let history = recorder.end().await;
    until_settled("every end to be told", async || history.untold(&services.log()).is_empty()).await;
    history.check_the_ends(store, TTL).await;
    for list in ["due", "waiting", "queue", "reach"] {
        assert_eq!(redis.run::<u64>(&format!("EXISTS cabstand:{list}")), 0, "nobody is left on the list {list}");
    }
    assert_eq!(redis.run::<Vec<String>>("KEYS cabstand:reach:*"), Vec::<String>::new(), "nobody is left in a class");
    history
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_request_ends_once_and_each_driver_has_one_rider() {
    let span =
        from_environment("CABSTAND_HISTORY", |text| humantime::parse_duration(text).ok(), Duration::from_secs(5));
    let seed: u64 = from_environment("CABSTAND_HISTORY_SEED", |text| text.parse().ok(), 1);
    let mut redis = Redis::start();
    let store = redis.store().await;
    let services = Arc::new(Services::start(redis.server.url(), &[OPTIONS, SILENCE].concat(), 3));
    let stop = CancellationToken::new();
    let recorder = Recorder::start(store.clone());

    let killer = {
        let (services, stop) = (Arc::clone(&services), stop.clone());
        thread::spawn(move || services.kill_now_and_then(&mut StdRng::seed_from_u64(seed), &stop))
    };
    let world = Arc::new(World { store: store.clone(), services: Arc::clone(&services), ledger: Ledger::default() });
    let mut acting = tokio::task::JoinSet::new();
    for n in 0..30 {
        acting.spawn(Arc::clone(&world).be_a_driver(n, StdRng::seed_from_u64(seed ^ (1_000 + n)), stop.clone()));
    }
    for n in 0..15 {
        acting.spawn(Arc::clone(&world).be_a_phone(n, StdRng::seed_from_u64(seed ^ (3_000 + n)), stop.clone()));
    }
    for n in 0..24 {
        acting.spawn(Arc::clone(&world).be_a_rider(n, StdRng::seed_from_u64(seed ^ (2_000 + n)), stop.clone()));
    }
    act(span, &services, &recorder).await;
    stop.cancel();
    while let Some(ended) = acting.join_next().await {
        ended.unwrap();
    }
    killer.join().unwrap();

    let history = settle(&mut redis, &store, &services, recorder).await;
    history.check_the_drivers(&world.ledger);
    history.check_the_phones(&world.ledger, STALE_AFTER);
    history.check_the_riders(&world.ledger, TTL);
    let (kills, counts) = (services.kills(), history.counts());
    eprintln!("seed {seed}, {span:?}: {kills} kills, {} reports, {counts}", world.ledger.availabilities());
    assert!(is_enough(kills, &counts), "{LIMIT:?} after the span: {kills} kills, {counts}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_survive_the_kills_of_all_workers() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let services = Services::start(redis.server.url(), &OPTIONS, 2);
    let recorder = Recorder::start(store.clone());
    let mut random = StdRng::seed_from_u64(3);
    let request = cabstand::store::NewRequest {
        ttl: Duration::from_secs(4),
        interval: Duration::from_millis(100),
        ..crate::common::request()
    };
    for round in 0..6 {
        for n in 0..50 {
            let user_id = format!("r{round}-{n}").parse().ok();
            store.open(&cabstand::store::NewRequest { user_id, ..request.clone() }, &actor("http")).await.unwrap();
        }
        // Some are killed in the middle of what has just begun, some later.
        if random.random_bool(0.5) {
            tokio::time::sleep(Duration::from_millis(random.random_range(0..60))).await;
        }
        services.kill(0);
        services.kill(1);
        for n in 0..15 {
            let at = place(LAT + f64::from(n) * 1e-4, LNG);
            redis.run::<()>(&format!("GEOADD drivers {} {} d{round}-{n}", at.lng(), at.lat()));
        }
        services.restart(0);
        services.restart(1);
    }
    let history = settle(&mut redis, &store, &services, recorder).await;
    let counts = history.counts();
    assert_eq!((counts.opened, counts.found, counts.cancelled), (300, 90, 0), "{counts}");
    assert_eq!(redis.run::<u64>("EXISTS drivers"), 0, "every driver has a rider");
    let drivers: std::collections::HashSet<_> =
        history.events().iter().filter(|e| e.kind == EventKind::Found).map(|e| e.driver_id.clone().unwrap()).collect();
    assert_eq!(drivers.len(), 90, "and one alone");
}
