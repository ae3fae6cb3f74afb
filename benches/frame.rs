//! Frames of 200 by 60 with 5 000 drivers, and what comes before them: a key, time that goes on, news.

mod common;

use std::hint::black_box;
use std::time::Duration;

use cabstand::console::message::News;
use common::redis::Redis;
use common::screen::{Screen, search};
use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use tokio::runtime::Runtime;

const DRIVERS: usize = 5_000;
const SEARCHES: [u64; 2] = [1_000, 100_000];
/// So little time goes on at once that nobody's is up before the end.
const STEP: Duration = Duration::from_millis(1);
/// So many searches change at once.
const CHANGED: u64 = 50;

fn frame(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let mut redis = Redis::start();
    redis.fill(0..DRIVERS);
    let store = runtime.block_on(redis.store());
    let mut group = criterion.benchmark_group("frame");
    group.sample_size(20).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
    for searches in SEARCHES {
        let mut screen = runtime.block_on(Screen::new(&store, searches));
        group.bench_function(BenchmarkId::new("drawn", searches), |bencher| bencher.iter(|| black_box(screen.draw())));
        group.bench_function(BenchmarkId::new("time goes on", searches), |bencher| bencher.iter(|| screen.wait(STEP)));
        group.bench_function(BenchmarkId::new("a key", searches), |bencher| bencher.iter(|| screen.down()));
        group.bench_function(BenchmarkId::new("news of 50 searches", searches), |bencher| {
            let news = || News::Searches((1..=CHANGED).map(search).collect());
            bencher.iter_batched(news, |news| screen.news(news), BatchSize::SmallInput);
        });
    }
}

criterion_group!(benches, frame);
criterion_main!(benches);
