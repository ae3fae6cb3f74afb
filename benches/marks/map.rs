//! Row 2: what one refresh of the whole city's map costs Redis, whatever the fleet, beside reading every driver.

use std::time::Duration;

use cabstand::domain::geohash::Cell;
use cabstand::domain::{FleetView, View};
use cabstand::store::Store;
use tokio::runtime::Runtime;

use crate::common::city::CITY;
use crate::common::monitor::Shares;
use crate::common::redis::Redis;
use crate::common::screen::whole;
use crate::common::spread::Spread;
use crate::table::{Line, micros};

const FLEETS: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// So often each fleet is read.
const TIMES: usize = 7;
/// Redis' time for a refresh and for the longest single command, at the most, in µs; and the growth from the first to the last fleet.
const MARK: (f64, f64, f64) = (20_000.0, 2_000.0, 10.0);

pub fn measure(runtime: &Runtime) -> Vec<Line> {
    let mut redis = Redis::start();
    let store = runtime.block_on(redis.store());
    let view = whole(CITY);
    let (mut lines, mut costs, mut filled) = (Vec::new(), Vec::new(), 0);
    for fleet in FLEETS {
        redis.fill(filled..fleet);
        filled = fleet;
        let read = Refreshed::measure(runtime, &mut redis, &store, view);
        let measured = format!("{}, longest {}, {:.0} calls", micros(read.usec), read.longest(), read.calls);
        let met = read.usec <= MARK.0 && read.longest_us() <= MARK.1;
        let what = format!("one refresh of the map, whole city, {fleet} drivers");
        lines.push(Line::new(&what, "≤ 20 ms, no command over 2 ms", measured, micros(read.all_usec), met));
        lines.push(Line::new(
            "… counts, cell by cell",
            "exact",
            read.wrong.clone().unwrap_or_else(|| "exact".to_owned()),
            "ZRANGE drivers 0 -1".to_owned(),
            read.wrong.is_none(),
        ));
        costs.push(read);
    }
    let growth = costs[FLEETS.len() - 1].usec / costs[0].usec;
    let theirs = costs[FLEETS.len() - 1].all_usec / costs[0].all_usec;
    let told = |times: f64| format!("{times:.1} times");
    lines.push(Line::new(
        "… from 1 000 to 1 000 000 drivers",
        "≤ 10 times",
        told(growth),
        told(theirs),
        growth <= MARK.2,
    ));
    lines
}

/// What a refresh costs, and reading all.
struct Refreshed {
    /// µs of Redis' time.
    usec: f64,
    calls: f64,
    slowest: Option<(Duration, String)>,
    /// µs of Redis' time for reading all drivers.
    all_usec: f64,
    /// What is wrong with the counts.
    wrong: Option<String>,
}

impl Refreshed {
    fn measure(runtime: &Runtime, redis: &mut Redis, store: &Store, view: View) -> Self {
        let read = || runtime.block_on(store.fleet(view)).unwrap();
        let shares: Shares = redis.shares(|| drop(read()));
        let (mut costs, mut slowest) = (Vec::new(), Vec::new());
        for _ in 0..TIMES {
            redis.watch_slow(Duration::from_micros(100));
            let before = redis.account();
            read();
            costs.push(redis.account().since(&before).by_clients(&shares));
            slowest.push(redis.slowest());
        }
        // A command during which the machine did something else is long by chance: it is so in one refresh, and not in most.
        slowest.sort();
        let slowest = slowest.swap_remove(TIMES / 2);
        let before = redis.account();
        let all: Vec<(Vec<u8>, f64)> = redis.run("ZRANGE drivers 0 -1 WITHSCORES");
        let all_usec = redis.account().since(&before).of("zrange").per_call();
        let wrong = what_is_wrong(&read(), &all, view);
        let costs: (Spread, Spread) =
            (costs.iter().map(|cost| cost.0).collect(), costs.iter().map(|cost| cost.1).collect());
        Self { usec: costs.0.median(), calls: costs.1.median(), slowest, all_usec, wrong }
    }

    fn longest_us(&self) -> f64 {
        self.slowest.as_ref().map_or(0.0, |(took, _)| took.as_secs_f64() * 1e6)
    }

    fn longest(&self) -> String {
        let named = |(_, name): &(Duration, String)| format!("{} ({name})", micros(self.longest_us()));
        self.slowest.as_ref().map_or_else(|| "< 0.1 ms".to_owned(), named)
    }
}

/// Each driver in view has to be told once: by name, or in the count of the one cell whose scores hold its own.
fn what_is_wrong(fleet: &FleetView, all: &[(Vec<u8>, f64)], view: View) -> Option<String> {
    if fleet.total != all.len() as u64 {
        return Some(format!("{} in all and not {}", fleet.total, all.len()));
    }
    let mut blocks: Vec<((u64, u64), u64)> =
        fleet.blocks.iter().map(|block| (block.cell.scores(), block.count)).collect();
    blocks.sort_unstable();
    if blocks.windows(2).any(|pair| pair[0].0.1 > pair[1].0.0) {
        return Some("cells lie over one another".to_owned());
    }
    let (mut held, mut singles) = (vec![0; blocks.len()], 0);
    for (_, score) in all {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a geohash has 52 bits")]
        let score = *score as u64;
        let after = blocks.partition_point(|((from, _), _)| *from <= score);
        match blocks[..after].last() {
            Some(((_, below), _)) if score < *below => held[after - 1] += 1,
            _ => singles += usize::from(view.bounds.contains(Cell::from_score(score).centre())),
        }
    }
    let odd = blocks.iter().zip(held).filter(|((_, told), held)| told != held).count();
    let told = fleet.drivers.len();
    (odd > 0 || told != singles).then(|| format!("{odd} cells differ, {told} single drivers and not {singles}"))
}
