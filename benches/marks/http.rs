//! Rows 8 to 10: the service under load, beside what Redis alone gives.

use std::net::TcpListener;

use tokio::runtime::Runtime;

use crate::common::redis::Redis;
use crate::common::service::{Loaded, Service, redis_benchmark};
use crate::common::spread::Spread;
use crate::table::{Line, micros};

/// Rounds of each kind; the ways take turns.
const ROUNDS: usize = 2;
/// Connections of the reports, and of the searches.
const CONNECTIONS: (u32, u32) = (64, 16);
const DRIVERS: u32 = 10_000;
/// Drivers where requests are opened.
const CITY: usize = 200_000;
/// Reports that `redis-benchmark` makes in a round.
const REPORTS: u32 = 150_000;
/// So much of the full rate is asked for where it is seen how long a call takes at a steady rate.
const STEADY: f64 = 0.7;
/// Reports against `GEOADD`; p99 in ms; opening against reporting.
const MARK: (f64, f64, f64) = (0.8, 5.0, 0.5);
/// Searches a second in a small fleet; what of it is left in a large one.
const SEARCHES: (f64, f64) = (15_000.0, 2.0 / 3.0);
/// The two fleets.
const FLEETS: (usize, usize) = (1_000, 1_000_000);

/// Row 8: `POST /tracking`.
pub fn reports(_: &Runtime) -> Vec<Line> {
    let (_redis, port) = at_port();
    let service = Service::start(&format!("redis://127.0.0.1:{port}/0"), &[]);
    let on = format!("--call tracking --connections {} --drivers {DRIVERS}", CONNECTIONS.0);
    let (mut plain, mut tracked) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        plain.push(redis_benchmark(port, CONNECTIONS.0, DRIVERS, REPORTS));
        tracked.push(service.load(&format!("--rate max --duration 4s {on}")));
    }
    let rate = mean(&tracked);
    let steady = service.load(&format!("--rate {:.0} --duration 5s {on}", rate * STEADY));

    let what = "POST /tracking, 64 connections";
    let plain: Option<Spread> = plain.into_iter().collect();
    let first = match plain.map(|rates| rates.mean()) {
        Some(plain) => {
            let measured = format!("{rate:.0}/s: {:.0} %", rate / plain * 100.0);
            let other = format!("redis-benchmark GEOADD {plain:.0}/s");
            Line::new(what, "≥ 80 % of plain GEOADD", measured, other, rate >= MARK.0 * plain)
        }
        None => Line::not_measured(what, &format!("redis-benchmark is not on PATH ({rate:.0}/s)")),
    };
    let (full, at_rate) = (p99(&tracked), steady.latency_us.unwrap_or(steady.service_us).p99 as f64 / 1e3);
    let measured = format!("{full:.1} ms at the full rate, {at_rate:.1} ms at 70 % of it");
    vec![first, Line::new("… p99", "≤ 5 ms", measured, String::new(), full.max(at_rate) <= MARK.1)]
}

/// Row 9: `POST /v2/search`, in a city where all find a driver.
pub fn openings(_: &Runtime) -> Vec<Line> {
    let (mut redis, port) = at_port();
    redis.fill(0..CITY);
    let service = Service::start(&format!("redis://127.0.0.1:{port}/0"), &[]);
    let load = |call: &str, rate: &str| {
        let on = format!("--connections {} --drivers {DRIVERS}", CONNECTIONS.0);
        service.load(&format!("--call {call} --rate {rate} --duration 4s {on}"))
    };
    let tracked = load("tracking", "max").rate();
    let opened = load("v2-search", "max");
    let rate = opened.rate();
    let measured =
        format!("{rate:.0}/s: {:.0} %, p99 {:.1} ms", rate / tracked * 100.0, opened.service_us.p99 as f64 / 1e3);
    let other = format!("/tracking {tracked:.0}/s");
    vec![Line::new("POST /v2/search, 64 connections", "≥ half of /tracking", measured, other, rate >= MARK.2 * tracked)]
}

/// Row 10: `POST /search`.
pub fn searches(_: &Runtime) -> Vec<Line> {
    let mut cities = [FLEETS.0, FLEETS.1].map(|fleet| {
        let (mut redis, port) = at_port();
        redis.fill(0..fleet);
        let service = Service::start(&format!("redis://127.0.0.1:{port}/0"), &[]);
        (redis, service)
    });
    let mut lines = Vec::new();
    for limit in [1, 10] {
        let mut loads = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            for ((_, service), loads) in cities.iter().zip(&mut loads) {
                let on = format!("--connections {} --limit {limit}", CONNECTIONS.1);
                loads.push(service.load(&format!("--rate max --call search --duration 2500ms {on}")));
            }
        }
        let [small, large] = loads.each_ref().map(|loads| mean(loads));
        let [small_p99, large_p99] = loads.each_ref().map(|loads| p99(loads));
        let plain = cities.each_mut().map(|(redis, _)| plain_search(redis, limit));
        let measured = format!("{small:.0}/s, p99 {small_p99:.1} ms");
        let what = format!("POST /search, limit {limit}, 16 connections, 1 000 drivers");
        let other = |usec: f64| format!("GEORADIUS 15 km: {} of Redis' time", micros(usec));
        lines.push(Line::new(&what, "≥ 15 000/s", measured, other(plain[0]), small >= SEARCHES.0));
        let measured = format!("{large:.0}/s: {:.0} %, p99 {large_p99:.1} ms", large / small * 100.0);
        lines.push(Line::new(
            "… 1 000 000 drivers",
            "≥ two thirds of that",
            measured,
            other(plain[1]),
            large >= SEARCHES.1 * small,
        ));
    }
    lines
}

/// Redis' time for the article's search in the city's midst, in µs.
fn plain_search(redis: &mut Redis, limit: u32) -> f64 {
    let before = redis.account();
    for _ in 0..3 {
        redis.run::<redis::Value>(&format!(
            "GEORADIUS drivers -70.65 -33.45 15 km WITHCOORD WITHDIST WITHHASH COUNT {limit} ASC"
        ));
    }
    redis.account().since(&before).of("georadius").per_call()
}

/// A Redis that listens on a port too: that is where the others call it.
fn at_port() -> (Redis, u16) {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    (Redis::start_with(&["--port", &port.to_string(), "--bind", "127.0.0.1"]), port)
}

fn mean(loads: &[Loaded]) -> f64 {
    loads.iter().map(Loaded::rate).collect::<Spread>().mean()
}

/// In ms, from a call to its answer.
fn p99(loads: &[Loaded]) -> f64 {
    loads.iter().map(|load| load.service_us.p99 as f64 / 1e3).collect::<Spread>().mean()
}
