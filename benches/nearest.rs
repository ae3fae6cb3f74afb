//! One attempt of a real request, with all its bookkeeping, beside the article's `GEORADIUS` at the same places: until the answer is
//! here.

mod common;

use std::hint::black_box;
use std::time::{Duration, Instant};

use cabstand::domain::{Actor, Point};
use common::city::places;
use common::redis::Redis;
use common::waiting::request;
use criterion::{BenchmarkId, Criterion, SamplingMode, criterion_group, criterion_main};
use tokio::runtime::Runtime;

const FLEETS: [usize; 3] = [1_000, 100_000, 1_000_000];
const RADIUS_M: f64 = 5_000.0;

fn nearest(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let mut redis = Redis::start();
    let store = runtime.block_on(redis.store());
    let drivers: Vec<Point> = places(1).take(FLEETS[2]).collect();
    let worker = Actor::new("bench");
    let mut group = criterion.benchmark_group("nearest");
    group
        .sampling_mode(SamplingMode::Flat)
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2));
    let mut filled = 0;
    for fleet in FLEETS {
        redis.fill(filled..fleet);
        filled = fleet;
        let mut riders = places(4);
        group.bench_function(BenchmarkId::new("attempt", fleet), |bencher| {
            bencher.iter_custom(|times| {
                (0..times)
                    .map(|_| {
                        let pickup = riders.next().unwrap();
                        let id = runtime.block_on(store.open(&request(pickup, RADIUS_M), &worker)).unwrap();
                        let began = Instant::now();
                        black_box(runtime.block_on(store.attempt_due(&worker, 1)).unwrap());
                        let took = began.elapsed();
                        set_back(&mut redis, &drivers, &format!("HGET cabstand:request:{id} driver_id"));
                        took
                    })
                    .sum()
            });
        });
        let mut riders = places(4);
        group.bench_function(BenchmarkId::new("GEORADIUS", fleet), |bencher| {
            bencher.iter(|| {
                let at = riders.next().unwrap();
                let command = format!("GEORADIUS drivers {} {} {RADIUS_M} m COUNT 1 ASC", at.lng(), at.lat());
                black_box(redis.run::<Vec<String>>(&command))
            });
        });
    }
}

/// The driver that this names stands again where it stood.
fn set_back(redis: &mut Redis, drivers: &[Point], who: &str) {
    let driver: Option<String> = redis.run(who);
    let Some(driver) = driver else { return };
    let at = drivers[driver[1..].parse::<usize>().unwrap()];
    redis.run::<()>(&format!("GEOADD drivers {} {} {driver}", at.lng(), at.lat()));
}

criterion_group!(benches, nearest);
criterion_main!(benches);
