//! Row 6: a console that has nothing to do.

use std::thread::sleep;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::common::city::places;
use crate::common::pty::Pty;
use crate::common::redis::Redis;
use crate::common::waiting;
use crate::table::{Line, percent};

const FLEET: usize = 5_000;
const WAITING: [usize; 2] = [0, 1_000];
/// Until the console has shown and reckoned all, and how long it is watched.
const SPANS: (Duration, Duration) = (Duration::from_secs(3), Duration::from_secs(16));
/// Part of a core and bytes a second, at the most.
const MARK: (f64, f64) = (0.01, 4_096.0);

pub fn measure(runtime: &Runtime) -> Vec<Line> {
    WAITING
        .into_iter()
        .map(|waiting| {
            let idle = watch(runtime, waiting);
            let Idle { core, bytes, commands } = idle;
            let measured = format!("core {}, {bytes:.0} bytes/s, {commands:.1} commands/s", percent(core));
            match waiting {
                0 => {
                    let met = core <= MARK.0 && bytes <= MARK.1;
                    let what = "idle console, 5 000 drivers, nobody waits";
                    Line::new(what, "core ≤ 1 %, ≤ 4 KB/s", measured, String::new(), met)
                }
                _ => Line::told("… with the countdowns of 1 000 searches", measured, String::new()),
            }
        })
        .collect()
}

struct Idle {
    core: f64,
    /// To the terminal, a second.
    bytes: f64,
    /// To Redis, a second.
    commands: f64,
}

fn watch(runtime: &Runtime, waiting: usize) -> Idle {
    let mut redis = Redis::start();
    redis.fill(0..FLEET);
    runtime.block_on(async {
        let store = redis.store().await;
        waiting::open(&store, places(3).take(waiting), 5_000.0).await;
    });
    let console = Pty::console(&redis.server.url());
    console.wait_for("drivers 5 000");
    sleep(SPANS.0);
    let (before, cpu, bytes, began) = (redis.account(), console.process().cpu(), console.bytes(), Instant::now());
    sleep(SPANS.1);
    let (wall, after) = (began.elapsed().as_secs_f64(), redis.account());
    let core = console.process().cpu().saturating_sub(cpu).as_secs_f64() / wall;
    let bytes = (console.bytes() - bytes) as f64 / wall;
    let shares = redis.shares(|| sleep(Duration::from_secs(2)));
    let (_, calls) = after.since(&before).by_clients(&shares);
    Idle { core, bytes, commands: calls / wall }
}
