//! Reading the whole city for a map of 200 by 60, beside reading every driver: until the answer is here.

mod common;

use std::hint::black_box;
use std::time::Duration;

use common::city::CITY;
use common::redis::Redis;
use common::screen::whole;
use criterion::{BenchmarkId, Criterion, SamplingMode, criterion_group, criterion_main};
use tokio::runtime::Runtime;

const FLEETS: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];

fn fleet(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let mut redis = Redis::start();
    let store = runtime.block_on(redis.store());
    let view = whole(CITY);
    let mut group = criterion.benchmark_group("fleet");
    group
        .sampling_mode(SamplingMode::Flat)
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2));
    let mut filled = 0;
    for fleet in FLEETS {
        redis.fill(filled..fleet);
        filled = fleet;
        group.bench_function(BenchmarkId::new("the map", fleet), |bencher| {
            bencher.iter(|| black_box(runtime.block_on(store.fleet(view)).unwrap()));
        });
        group.bench_function(BenchmarkId::new("every driver", fleet), |bencher| {
            bencher.iter(|| black_box(redis.run::<redis::Value>("ZRANGE drivers 0 -1 WITHSCORES")));
        });
    }
}

criterion_group!(benches, fleet);
criterion_main!(benches);
