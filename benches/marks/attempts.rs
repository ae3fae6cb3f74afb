//! Row 1: Redis' time for one attempt of a real request among a million drivers, beside the article's `GEORADIUS` at the same place.

use cabstand::domain::{Actor, Point};
use cabstand::store::Store;
use tokio::runtime::Runtime;

use crate::common::city::{DESERT, IN_RANK, RANK, place, places};
use crate::common::redis::Redis;
use crate::common::spread::Spread;
use crate::common::waiting;
use crate::table::{Line, micros};

const DRIVERS: usize = 1_000_000;
/// How many places are tried in the city, and how many elsewhere.
const PLACES: (usize, usize) = (200, 50);
/// So many attempts at the most a worker makes in one script.
const IN_A_SCRIPT: usize = 25;
const RADIUS_M: f64 = 5_000.0;
/// Redis' time for an attempt, at the most, in µs; and how many times less it is than the article's.
const MARK: (f64, f64) = (100.0, 300.0);

pub fn measure(runtime: &Runtime) -> Vec<Line> {
    let mut redis = Redis::start();
    redis.fill(0..DRIVERS);
    redis.fill_rank();
    let store = runtime.block_on(redis.store());
    let mut try_at = |places: &[Point]| {
        // One way after the other: the article's leaves nothing of what a fast one needs in the processor's cache.
        let theirs: Vec<Theirs> = places.iter().map(|at| their_way(&mut redis, *at)).collect();
        let ours =
            places.iter().zip(theirs).map(|(at, theirs)| runtime.block_on(our_way(&mut redis, &store, *at, theirs)));
        let alone = ours.collect::<Vec<Tried>>();
        let together =
            places.chunks_exact(IN_A_SCRIPT).map(|some| runtime.block_on(together(&mut redis, &store, some)));
        (together.collect::<Spread>(), alone)
    };
    // The first few show the scripts to Redis.
    try_at(&places(3).take(IN_A_SCRIPT).collect::<Vec<_>>());

    let (many, alone) = try_at(&places(4).take(PLACES.0).collect::<Vec<_>>());
    let theirs = theirs(&alone);
    let ratio = theirs.median() / many.median();
    let what = format!("one attempt, 1 000 000 drivers, found, {IN_A_SCRIPT} in a script as a worker makes them");
    let mut lines = vec![
        Line::new(&what, "≤ 100 µs", micros(many.median()), told(&theirs), many.median() <= MARK.0),
        Line::told("… the only one in its script", told(&ours(&alone)), String::new()),
        Line::new(
            "… GEORADIUS 5 km COUNT 1 ASC / attempt",
            "≥ 300 times",
            format!("{ratio:.0} times"),
            String::new(),
            ratio >= MARK.1,
        ),
        same(&alone),
    ];

    let rank = place(RANK);
    let elsewhere: [(&str, Vec<Point>); 5] = [
        ("… nobody near, in vain", around(place(DESERT), 1_000.0)),
        ("… rank of 20 000 in 100 m, rider in its midst", around(rank, IN_RANK.1 / 2.0)),
        ("… rank, rider at its rim", around(rank, IN_RANK.1)),
        ("… rank, rider 60 m from its rim", around(rank, IN_RANK.1 + 60.0)),
        ("… rank, rider 500 m from its rim", around(rank, IN_RANK.1 + 500.0)),
    ];
    for (what, places) in elsewhere {
        let (many, alone) = try_at(&places);
        let wrong = alone.iter().filter(|tried| !tried.same).count();
        let only = format!("{} (the only one {})", micros(many.median()), micros(ours(&alone).median()));
        let measured = if wrong == 0 { only } else { format!("{only}, {wrong} WRONG") };
        let met = many.median() <= MARK.0 && wrong == 0;
        lines.push(Line::new(what, "≤ 100 µs", measured, told(&self::theirs(&alone)), met));
    }
    lines
}

/// Redis' time for each of so many attempts that are made in one script, in µs. Those who are taken are set back.
async fn together(redis: &mut Redis, store: &Store, places: &[Point]) -> f64 {
    let worker = Actor::new("bench");
    let new: Vec<_> = places.iter().map(|at| waiting::request(*at, RADIUS_M)).collect();
    let opened = store.open_all(&new, &worker).await.unwrap();
    let before = redis.account();
    let round = store.attempt_due(&worker, places.len()).await.unwrap();
    let spent = redis.account().since(&before).scripts();
    assert_eq!((round.looks.len(), opened.len()), (places.len(), places.len()), "one attempt of each");
    for id in opened {
        let record = format!("HMGET cabstand:request:{} driver_id", id.unwrap());
        let [driver]: [Option<String>; 1] = redis.run(&record);
        let Some(driver) = driver else { continue };
        let event: Vec<(String, Vec<String>)> = redis.run("XREVRANGE cabstand:events + - COUNT 25");
        let told = event.iter().map(|(_, fields)| fields).find(|fields| fields.contains(&driver)).unwrap();
        let field = |name: &str| told.iter().skip_while(|word| *word != name).nth(1).unwrap().clone();
        redis.run::<()>(&format!("GEOADD drivers {} {} {driver}", field("driver_lng"), field("driver_lat")));
    }
    spent.usec as f64 / places.len() as f64
}

/// What was tried at one place.
struct Tried {
    /// Redis' time for the attempt and for the article's way, in µs.
    ours: f64,
    theirs: f64,
    /// Both found the same driver, or one just as near.
    same: bool,
}

/// What the article's way found, and what it cost.
struct Theirs {
    /// The driver and the metres to it.
    nearest: Option<(String, f64)>,
    usec: f64,
}

fn their_way(redis: &mut Redis, at: Point) -> Theirs {
    let before = redis.account();
    let command = format!("GEORADIUS drivers {} {} {RADIUS_M} m WITHDIST COUNT 1 ASC", at.lng(), at.lat());
    let nearest = redis.run::<Vec<(String, f64)>>(&command).into_iter().next();
    Theirs { nearest, usec: redis.account().since(&before).of("georadius").per_call() }
}

/// An attempt of a request that is opened there. The driver who is taken is set back.
async fn our_way(redis: &mut Redis, store: &Store, at: Point, theirs: Theirs) -> Tried {
    let stood_at: Option<f64> = match &theirs.nearest {
        Some((driver, _)) => redis.run(&format!("ZSCORE drivers {driver}")),
        None => None,
    };
    let worker = Actor::new("bench");
    let id = store.open(&waiting::request(at, RADIUS_M), &worker).await.unwrap();
    let before = redis.account();
    let round = store.attempt_due(&worker, 1).await.unwrap();
    let spent = redis.account().since(&before).scripts();
    assert_eq!(round.looks.iter().map(|look| look.id).collect::<Vec<_>>(), [id], "one attempt, of this request");

    let record = format!("cabstand:request:{id}");
    let (driver, metres): (Option<String>, Option<f64>) = redis.run(&format!("HMGET {record} driver_id distance_m"));
    let same = match (&theirs.nearest, &driver, metres) {
        (None, None, _) => true,
        // Of two who are just as near Redis names whichever comes first.
        (Some((theirs, away)), Some(ours), Some(metres)) => theirs == ours || (away - metres).abs() < 0.001,
        _ => false,
    };
    if let (Some(score), Some(ours)) = (stood_at, driver) {
        redis.run::<()>(&format!("ZADD drivers {score} {ours}"));
    }
    Tried { ours: spent.usec as f64, theirs: theirs.usec, same }
}

fn ours(tried: &[Tried]) -> Spread {
    tried.iter().map(|tried| tried.ours).collect()
}

fn theirs(tried: &[Tried]) -> Spread {
    tried.iter().map(|tried| tried.theirs).collect()
}

fn told(times: &Spread) -> String {
    format!("{} (mean {}, p99 {})", micros(times.median()), micros(times.mean()), micros(times.at(0.99)))
}

fn same(tried: &[Tried]) -> Line {
    let same = tried.iter().filter(|tried| tried.same).count();
    let measured = format!("{same} of {}", tried.len());
    Line::new("… the same driver as GEORADIUS", "on every point", measured, String::new(), same == tried.len())
}

/// Places all around this one, so far from it.
fn around(centre: Point, metres: f64) -> Vec<Point> {
    let bearing = |number: usize| 360.0 * number as f64 / PLACES.1 as f64;
    (0..PLACES.1).map(|number| centre.destination(bearing(number), metres)).collect()
}
