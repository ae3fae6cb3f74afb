//! The table of marks: each row is measured as it is told there, with the other way beside it in the same run.
//!
//! `cargo bench --bench marks` measures all rows, `cargo bench --bench marks -- 1 5` these two. A row that cannot be measured
//! says why. Ratios hold from one machine to the next, absolute figures do not.

#![expect(clippy::cast_precision_loss, reason = "figures for a reader, far below 2^52")]

#[path = "../common/mod.rs"]
mod common;

mod attempts;
mod frames;
mod http;
mod idle;
mod latency;
mod map;
mod moving;
mod radii;
mod reports;
mod schedule;
mod start;
mod table;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::exit;
use std::time::Instant;

use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use table::{Line, print};

/// A row with its number and name.
type Row = (u32, &'static str, fn(&Runtime) -> Vec<Line>);

const ROWS: [Row; 13] = [
    (1, "one attempt among a million drivers", attempts::measure),
    (2, "one refresh of the map", map::measure),
    (3, "the console while drivers move", moving::measure),
    (4, "from a change to the terminal", latency::measure),
    (5, "a frame", frames::measure),
    (6, "an idle console", idle::measure),
    (7, "the start of the console", start::measure),
    (8, "POST /tracking", http::reports),
    (9, "POST /v2/search", http::openings),
    (10, "POST /search", http::searches),
    (11, "a hundred thousand who wait, and one worker", schedule::measure),
    (12, "a report while a hundred thousand wait", reports::measure),
    (13, "a report while requests with very different radii wait", radii::measure),
];

fn main() {
    // Cargo adds words of its own.
    let words: Vec<String> = std::env::args().skip(1).collect();
    let wanted: Vec<u32> =
        words.iter().flat_map(|word| word.split([',', ' '])).filter_map(|n| n.parse().ok()).collect();
    let runtime = Runtime::new().expect("a runtime");
    runtime.spawn(stop_at_a_signal());
    let mut lines = Vec::new();
    for (number, name, measure) in ROWS {
        if !wanted.is_empty() && !wanted.contains(&number) {
            continue;
        }
        let began = Instant::now();
        eprintln!("{number:>2} {name} ...");
        // Whatever one row stumbles over, the others are measured.
        let measured = catch_unwind(AssertUnwindSafe(|| measure(&runtime)));
        let measured = measured.unwrap_or_else(|why| vec![Line::not_measured(name, &reason(why.as_ref()))]);
        eprintln!("   {:.1} s", began.elapsed().as_secs_f64());
        lines.extend(measured.into_iter().map(|line| (number, line)));
    }
    print(&lines);
}

/// Programs that were started do not outlive this one. A private Redis notices by itself that its owner is gone.
async fn stop_at_a_signal() {
    let mut end = signal(SignalKind::terminate()).expect("a signal's handler");
    tokio::select! {
        _ = end.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    common::service::stop_all();
    exit(130);
}

/// What a panic said.
fn reason(why: &(dyn Any + Send)) -> String {
    let text = why.downcast_ref::<String>().map(String::as_str).or_else(|| why.downcast_ref::<&str>().copied());
    text.unwrap_or("for an unknown reason").to_owned()
}
