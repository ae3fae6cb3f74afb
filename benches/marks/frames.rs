//! Row 5: computing a frame of 200 by 60, and what a hundred times as many searches add to it.

use std::time::Duration;

use tokio::runtime::Runtime;

use crate::common::redis::Redis;
use crate::common::screen::Screen;
use crate::common::spread::Spread;
use crate::table::{Line, micros};

const DRIVERS: usize = 5_000;
const SEARCHES: [u64; 2] = [1_000, 100_000];
/// Each screen is drawn so often, in turns of so many frames.
const FRAMES: (usize, usize) = (2_000, 100);
/// From one frame to the next.
const FRAME: Duration = Duration::from_millis(16);
/// At the most, in µs; and how much more a frame may cost with many searches, which is what two measurements differ by anyway.
const MARK: (f64, f64) = (2_000.0, 1.1);

pub fn measure(runtime: &Runtime) -> Vec<Line> {
    let mut redis = Redis::start();
    redis.fill(0..DRIVERS);
    let store = runtime.block_on(redis.store());
    let mut screens = SEARCHES.map(|searches| runtime.block_on(Screen::new(&store, searches)));
    for screen in &mut screens {
        screen.draw();
        let text = screen.text();
        assert!(text.contains("drivers 5 000") && text.contains("requestor_"), "a screen that shows all:\n{text}");
    }
    let mut took = [Vec::new(), Vec::new()];
    for _ in 0..FRAMES.0 / FRAMES.1 {
        for (screen, took) in screens.iter_mut().zip(&mut took) {
            took.extend((0..FRAMES.1).map(|_| {
                screen.wait(FRAME);
                screen.draw().as_secs_f64() * 1e6
            }));
        }
    }
    let [few, many] = took.map(|took| took.into_iter().collect::<Spread>());
    let told = |times: &Spread| {
        format!("{} (mean {}, p99 {})", micros(times.median()), micros(times.mean()), micros(times.at(0.99)))
    };
    let ratio = many.median() / few.median();
    vec![
        Line::new(
            "a frame, 200×60, 5 000 drivers, 1 000 searches",
            "≤ 2 ms",
            told(&few),
            String::new(),
            few.median() <= MARK.0,
        ),
        Line::new(
            "… the same with 100 000 searches",
            "no more",
            told(&many),
            format!("{ratio:.2} times (median)"),
            ratio <= MARK.1,
        ),
    ]
}
