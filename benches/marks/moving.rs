//! Row 3: what the console takes of Redis, of a core and of memory while ten thousand drivers move a second.

use std::thread::sleep;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::common::mover::Mover;
use crate::common::pty::Pty;
use crate::common::redis::Redis;
use crate::table::{Line, megabytes, micros, percent};

/// A large fleet, and one against which memory is compared.
const FLEETS: (usize, usize) = (1_000_000, 10_000);
/// Drivers who move a second.
const RATE: usize = 10_000;
/// How often `+` is pressed from one look to the next, and how many looks there are.
const ZOOM: (usize, usize) = (3, 5);
/// How long the map may take to settle after that, how long is measured, and how long it is watched who calls what.
const SPANS: (Duration, Duration, Duration) =
    (Duration::from_millis(1_500), Duration::from_secs(4), Duration::from_secs(1));
/// Shares of Redis and of a core, and bytes of memory more than with the small fleet, at the most.
const MARK: (f64, f64, f64) = (0.10, 0.25, 50e6);

pub fn measure(_: &Runtime) -> Vec<Line> {
    let (looks, memory, all_usec) = watch(FLEETS.0, SPANS.1);
    let (_, small, _) = watch(FLEETS.1, Duration::from_millis(500));
    let mut lines = Vec::new();
    for (number, look) in looks.iter().enumerate() {
        let zoom = if number == 0 { "whole city".to_owned() } else { format!("{} times +", number * ZOOM.0) };
        let measured = format!("Redis {}, core {}", percent(look.redis), percent(look.core));
        let what = format!("console while {:.0} of 1 000 000 drivers move a second, {zoom}", look.moved);
        let met = look.redis <= MARK.0 && look.core <= MARK.1;
        let other = if number == 0 { format!("reading all takes Redis {}", micros(all_usec)) } else { String::new() };
        lines.push(Line::new(&what, "Redis ≤ 10 %, core ≤ 25 %", measured, other, met));
    }
    let measured = format!("{}: {} more", megabytes(memory), megabytes(memory - small));
    let other = format!("with 10 000: {}", megabytes(small));
    lines.push(Line::new(
        "… its memory at the most, with 1 000 000",
        "≤ 50 MB more",
        measured,
        other,
        memory - small <= MARK.2,
    ));
    lines
}

/// What was seen at one zoom: shares, and drivers who moved a second.
struct Look {
    redis: f64,
    core: f64,
    moved: f64,
}

/// A console on a fleet of this size at several zooms; the most memory that it had in bytes, and what reading the whole fleet
/// takes Redis in µs.
fn watch(fleet: usize, span: Duration) -> (Vec<Look>, f64, f64) {
    let mut redis = Redis::start();
    redis.fill(0..fleet);
    let before = redis.account();
    drop(redis.run::<redis::Value>("ZRANGE drivers 0 -1 WITHSCORES"));
    let all_usec = redis.account().since(&before).of("zrange").per_call();
    let city = Mover::start(&redis, fleet, RATE);
    let mut console = Pty::console(&redis.server.url());
    console.wait_for(if fleet == FLEETS.0 { "drivers 1 000 000" } else { "drivers 10 000" });
    let mut looks = Vec::new();
    for number in 0..ZOOM.1 {
        if number > 0 {
            console.press(&"+".repeat(ZOOM.0));
        }
        sleep(SPANS.0);
        let (before, cpu, moved, began) = (redis.account(), console.process().cpu(), city.moved(), Instant::now());
        sleep(span);
        let (after, wall) = (redis.account(), began.elapsed().as_secs_f64());
        let core = console.process().cpu().saturating_sub(cpu).as_secs_f64() / wall;
        let moved = (city.moved() - moved) as f64 / wall;
        let shares = redis.shares(|| sleep(SPANS.2.min(span)));
        let (usec, _) = after.since(&before).without("geoadd").by_clients(&shares);
        looks.push(Look { redis: usec / 1e6 / wall, core, moved });
    }
    (looks, console.process().peak_memory() as f64, all_usec)
}
