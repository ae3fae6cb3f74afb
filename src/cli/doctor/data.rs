//! The keys and what is in them, the workers, and whether they keep up.

use std::time::Duration;

use super::finding::{Finding, Verdict};
use super::{run, say};
use crate::domain::format_span;
use crate::store::{Misshapen, Pulse, Store, StoreError};

/// A worker that was not heard of for so long is gone; it tells of itself every two seconds.
const SILENT: Duration = Duration::from_secs(10);
/// An attempt that is late by so long is overdue.
const LATE: Duration = Duration::from_secs(5);

pub(super) async fn keys(store: &Store) -> Result<Vec<Finding>, StoreError> {
    let wrong = store.misshapen().await?;
    if wrong.is_empty() {
        let vitals = store.vitals().await?;
        let seen =
            format!("all keys are of their types: {} drivers, {} searches waiting", vitals.drivers, vitals.waiting);
        return Ok(vec![Finding::ok("keys", seen)]);
    }
    Ok(wrong.into_iter().map(misshapen).collect())
}

fn misshapen(Misshapen { key, expected, found }: Misshapen) -> Finding {
    let seen = format!("{key} should be {}, and is {found}", article(expected));
    Finding::new("keys", Verdict::Wrong, seen).advise([
        say("Another program has written there. Look at it, and move it out of the way; what cabstand needs it makes anew:"),
        run(format!("redis-cli RENAME '{key}' '{key}:foreign'")),
    ])
}

/// What something should be, as a sentence has it.
fn article(expected: &str) -> String {
    match expected {
        "zset" => "a sorted set (zset)".to_owned(),
        other if other.starts_with("a ") => other.to_owned(),
        other => format!("a {other}"),
    }
}

pub(super) async fn workers(store: &Store) -> Result<Vec<Finding>, StoreError> {
    let mut findings: Vec<Finding> = store.pulses().await?.iter().map(pulse).collect();
    let overdue = store.overdue(LATE).await?;
    let alive = findings.iter().any(|finding| finding.verdict == Verdict::Ok);
    if !alive {
        let verdict = if overdue.waiting > 0 { Verdict::Wrong } else { Verdict::Warning };
        let seen = match overdue.waiting {
            0 => "no worker is at work: a search that is opened gets no driver".to_owned(),
            waiting => format!("no worker is at work, and {waiting} searches wait: nobody looks for a driver"),
        };
        findings.push(Finding::new("workers", verdict, seen).advise([say("Start one:"), run("cabstand serve")]));
    }
    if overdue.count > 0 {
        let seen = format!("{} attempts are overdue, the first by {}", overdue.count, format_span(overdue.longest));
        let finding = Finding::new("workers", Verdict::Wrong, seen);
        let advice = "Workers are not there, stopped, or cannot keep up: another `cabstand serve` shares the load.";
        findings.push(finding.advise([say(advice)]));
    } else if alive {
        findings.push(Finding::ok("workers", format!("no attempt is overdue ({} searches wait)", overdue.waiting)));
    }
    Ok(findings)
}

fn pulse(Pulse { worker, age }: &Pulse) -> Finding {
    let seen = format!("{worker} was heard of {} s ago", age.as_secs());
    if *age <= SILENT {
        return Finding::ok("workers", seen);
    }
    Finding::new("workers", Verdict::Warning, format!("{seen}: it is gone, or stopped"))
        .advise([say("Where it has ended that is well; after a minute its name is struck off.")])
}
