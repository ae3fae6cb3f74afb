//! Row 11: a hundred thousand who wait, one worker, and an attempt for each of them every half minute.

use std::thread::sleep;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::common::city::{CITY, place, places_in};
use crate::common::redis::Redis;
use crate::common::service::Service;
use crate::common::waiting;
use crate::table::{Line, micros, percent};

const WAITING: usize = 100_000;
/// Drivers of the next town, none of whom is near enough for anybody.
const DRIVERS: usize = 100_000;
/// How far to the east that town is, in degrees.
const EAST: f64 = 1.0;
const INTERVAL: Duration = Duration::from_secs(30);
/// Until the worker has found its pace, how long it is watched, and how long it is watched what its scripts call.
const SPANS: (Duration, Duration, Duration) =
    (Duration::from_secs(12), Duration::from_secs(32), Duration::from_secs(2));
/// At the most: p99 of how late an attempt is in seconds, parts of a core for the worker and Redis, and the longest script.
const MARK: (f64, f64, f64, Duration) = (0.25, 0.30, 0.25, Duration::from_millis(5));

pub fn measure(runtime: &Runtime) -> Vec<Line> {
    let mut redis = Redis::start();
    let town = places_in(CITY, 1).map(|at| place((at.lat(), at.lng() + EAST))).enumerate();
    redis.set_down(town.take(DRIVERS).map(|(number, at)| (format!("d{number}"), at)));
    runtime.block_on(async {
        let store = redis.store().await;
        waiting::open(&store, places_in(CITY, 3).take(WAITING), 5_000.0).await;
    });
    redis.spread_attempts(INTERVAL);
    let service = Service::start(&redis.server.url(), &[]);
    sleep(SPANS.0);

    redis.watch_slow(MARK.3 / 5);
    let (before, lags, server) = (redis.account(), Lags::of(&service), redis.process());
    let (cpu, server_cpu, began) = (service.process().cpu(), server.cpu(), Instant::now());
    sleep(SPANS.1);
    let (after, lags, wall) = (redis.account(), Lags::of(&service).since(&lags), began.elapsed().as_secs_f64());
    let worker = service.process().cpu().saturating_sub(cpu).as_secs_f64() / wall;
    let server = server.cpu().saturating_sub(server_cpu).as_secs_f64() / wall;
    let slow = redis.slow();
    let shares = redis.shares(|| sleep(SPANS.2));
    let (usec, _) = after.since(&before).by_clients(&shares);
    let of_redis = usec / 1e6 / wall;

    let attempts = lags.count() / wall;
    let (late, met) = lags.p99();
    let longest = slow.iter().map(|(took, _)| *took).max().unwrap_or_default();
    let over = slow.iter().filter(|(took, _)| *took > MARK.3).count();
    let scripts = after.since(&before).scripts();
    let told = format!("{}, {over} of {} over 5 ms", micros(longest.as_secs_f64() * 1e6), scripts.calls);
    let usual = format!("{} on the average", micros(scripts.per_call()));
    let measured = format!("p99 {late}, {attempts:.0} attempts/s");
    let on_pace = attempts >= 0.95 * WAITING as f64 / INTERVAL.as_secs_f64();
    let core = format!("{} with its processor time for talking", percent(server));
    vec![
        Line::new(
            "100 000 waiting, one worker, 30 s ticks: attempts",
            "p99 ≤ 250 ms late",
            measured,
            String::new(),
            met && on_pace,
        ),
        Line::new("… the worker", "≤ 30 % of a core", percent(worker), String::new(), worker <= MARK.1),
        Line::new("… Redis", "≤ 25 %", percent(of_redis), core, of_redis <= MARK.2),
        Line::new("… longest script", "≤ 5 ms", told, usual, longest <= MARK.3),
    ]
}

/// How late attempts were: how many up to each bound in seconds, from `/metrics`.
struct Lags(Vec<(f64, f64)>);

impl Lags {
    fn of(service: &Service) -> Self {
        let bucket = |line: &str| {
            let (bound, count) = line.strip_prefix("cabstand_attempt_lag_seconds_bucket{le=\"")?.split_once("\"} ")?;
            Some((bound.parse().ok()?, count.trim().parse().ok()?))
        };
        Self(service.metrics().lines().filter_map(bucket).collect())
    }

    fn since(&self, before: &Self) -> Self {
        let was =
            |bound: f64| before.0.iter().find(|(at, _)| at.total_cmp(&bound).is_eq()).map_or(0.0, |(_, count)| *count);
        Self(self.0.iter().map(|(bound, count)| (*bound, count - was(*bound))).collect())
    }

    fn count(&self) -> f64 {
        self.0.last().map_or(0.0, |(_, count)| *count)
    }

    /// In which bucket the 99th of a hundred is, and whether that meets the mark.
    fn p99(&self) -> (String, bool) {
        let bound = self.0.iter().find(|(_, count)| *count >= 0.99 * self.count()).map(|(bound, _)| *bound);
        let bound = bound.unwrap_or(f64::INFINITY);
        (format!("≤ {} ms", bound * 1e3), bound <= MARK.0)
    }
}
