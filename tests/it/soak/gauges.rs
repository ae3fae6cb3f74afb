//! What is measured, at moments when all is well, and what may not grow.

use std::fs;
use std::time::Duration;

use super::city::{Tally, metric};
use super::ledger::Ledger;
use crate::common::Redis;
use crate::common::pty::Pty;
use crate::common::service::Service;

/// What is measured, in the order of a sample. What is in MB may grow by a part; of the rest there may be a few more.
const NAMES: [&str; 13] = [
    "serve MB",
    "fds",
    "threads",
    "tasks",
    "desk MB",
    "fds",
    "threads",
    "viewer MB",
    "fds",
    "threads",
    "clients",
    "keys",
    "events",
];
/// So many more of anything that is counted are no growth: calls and connections are under way at any moment.
const SLACK: u64 = 20;
/// So many events the stream keeps, about.
const EVENTS_KEPT: u64 = 101_000;
/// By how much memory may grow, beside a fifth: allocators keep what they had at a peak.
const SLACK_MB: u64 = 8;

#[derive(Default)]
pub struct Gauges {
    samples: Vec<(Duration, [u64; NAMES.len()])>,
}

impl Gauges {
    /// Takes a sample.
    pub fn read(&mut self, at: Duration, redis: &mut Redis, service: &Service, consoles: &[&Pty; 2]) {
        let [serve, desk, viewer] = [service.id(), id(consoles[0]), id(consoles[1])];
        let clients: String = redis.run("CLIENT LIST");
        let sample = [
            megabytes(serve),
            handles(serve),
            status(serve, "Threads:"),
            metric(&service.caller.base, "cabstand_tasks").unwrap(),
            megabytes(desk),
            handles(desk),
            status(desk, "Threads:"),
            megabytes(viewer),
            handles(viewer),
            status(viewer, "Threads:"),
            clients.lines().count() as u64,
            redis.run("DBSIZE"),
            redis.run("XLEN cabstand:events"),
        ];
        self.samples.push((at, sample));
    }

    pub fn print(&self, span: Duration, tally: &Tally, ledger: &Ledger) {
        eprintln!("{span:?}: {tally:?}, in the stream {:?}", ledger.book().kinds);
        eprintln!("{:>6} {}", "s", NAMES.map(|name| format!("{name:>9}")).join(" "));
        for (at, sample) in &self.samples {
            eprintln!("{:>6} {}", at.as_secs(), sample.map(|figure| format!("{figure:>9}")).join(" "));
        }
    }

    /// The last third of the shift is compared with the middle one; the first is for warming up.
    pub fn check(&self) {
        let third = self.samples.len() / 3;
        assert!(third >= 2, "too few samples: {}", self.samples.len());
        let (before, last) = self.samples[third..].split_at(self.samples.len() - 2 * third);
        for (i, name) in NAMES.iter().enumerate() {
            let (was, is) = (median(before, i), median(last, i));
            let most = match *name {
                "events" => EVENTS_KEPT,
                name if name.ends_with("MB") => was + was / 5 + SLACK_MB,
                _ => was + was / 10 + SLACK,
            };
            assert!(is <= most, "{name} (column {i}) was {was} and is {is}");
        }
    }
}

fn median(samples: &[(Duration, [u64; NAMES.len()])], i: usize) -> u64 {
    let mut figures: Vec<u64> = samples.iter().map(|(_, sample)| sample[i]).collect();
    figures.sort_unstable();
    figures[figures.len() / 2]
}

fn id(console: &Pty) -> u32 {
    console.child.process_id().unwrap()
}

fn handles(process: u32) -> u64 {
    fs::read_dir(format!("/proc/{process}/fd")).unwrap().count() as u64
}

fn megabytes(process: u32) -> u64 {
    status(process, "VmRSS:") / 1_024
}

/// A figure of a process's status; memory is in KiB.
fn status(process: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}
