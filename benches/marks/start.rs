//! Row 7: from the console's start until its first frame, and until a fleet of a million is on it.

use std::thread::sleep;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::common::pty::Pty;
use crate::common::redis::Redis;
use crate::common::spread::Spread;
use crate::table::Line;

const FLEET: usize = 1_000_000;
const TIMES: usize = 9;
/// At the most, in ms.
const MARK: f64 = 100.0;
/// So many cells with dots or blocks are more than legend and numbers have.
const DRAWN: usize = 300;

pub fn measure(_: &Runtime) -> Vec<Line> {
    let mut redis = Redis::start();
    redis.fill(0..FLEET);
    let url = redis.server.url();
    let mut took = [Vec::new(), Vec::new(), Vec::new()];
    let sights: [fn(&str) -> bool; 3] =
        [|screen| screen.contains("cabstand"), |screen| screen.contains("drivers 1 000 000"), shows_a_crowd];
    for _ in 0..TIMES {
        for (sight, took) in sights.iter().zip(&mut took) {
            let began = Instant::now();
            let console = Pty::console_until(&url, *sight);
            took.push((console.seen("the console") - began).as_secs_f64() * 1e3);
            drop(console);
            // The one before takes its leave.
            sleep(Duration::from_millis(50));
        }
    }
    let [frame, number, map] = took.map(|took| took.into_iter().collect::<Spread>());
    let told = |times: &Spread| format!("{:.0} ms (longest {:.0} ms)", times.median(), times.most());
    vec![
        Line::new(
            "start → first frame, 1 000 000 drivers",
            "≤ 100 ms",
            told(&frame),
            String::new(),
            frame.median() <= MARK,
        ),
        Line::new("… with the number of drivers", "≤ 100 ms", told(&number), String::new(), number.median() <= MARK),
        Line::new("… with the fleet on the map", "≤ 100 ms", told(&map), String::new(), map.median() <= MARK),
    ]
}

fn shows_a_crowd(screen: &str) -> bool {
    let drawn = |c: &char| matches!(c, '\u{2801}'..='\u{28ff}' | '\u{2581}'..='\u{259f}');
    screen.chars().filter(drawn).count() > DRAWN
}
