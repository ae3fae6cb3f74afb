//! The keys and what is in them, the workers, and whether they keep up.

use std::time::Duration;

use super::finding::{Finding, Verdict};
use super::{run, say};
use crate::domain::{RequestId, format_span};
use crate::store::{Misshapen, Pulse, Store, StoreError, Unsound};

/// A worker that was not heard of for so long is gone; it tells of itself every two seconds.
const SILENT: Duration = Duration::from_secs(10);
/// An attempt that is late by so long is overdue.
const LATE: Duration = Duration::from_secs(5);

/// So many requests are named that cannot be read.
const NAMED: usize = 5;

pub(super) async fn keys(store: &Store) -> Result<Vec<Finding>, StoreError> {
    let mut findings: Vec<Finding> = store.misshapen().await?.iter().map(misshapen).collect();
    if findings.is_empty() {
        let vitals = store.vitals().await?;
        let seen =
            format!("all keys are of their types: {} drivers, {} searches waiting", vitals.drivers, vitals.waiting);
        findings.push(Finding::ok("keys", seen));
    }
    let Unsound { damaged, newer } = store.unsound().await?;
    findings.extend(spoilt(&damaged));
    findings.extend(of_a_newer_version(&newer));
    Ok(findings)
}

fn spoilt(damaged: &[(RequestId, String)]) -> Option<Finding> {
    let (first, _) = damaged.first()?;
    let seen = format!(
        "{} damaged, for what is told of each: {}. No driver is looked for, and each ends with its key",
        counted(damaged.len(), "record is", "records are"),
        named(damaged)
    );
    let advice = "Another program has written there. Look at it, and set right what is wrong, or end the request:";
    let look = run(format!("redis-cli HGETALL 'cabstand:request:{first}'"));
    let finding = Finding::new("keys", Verdict::Wrong, seen);
    Some(finding.advise([say(advice), look, run(format!("cabstand cancel {first}"))]))
}

fn of_a_newer_version(newer: &[(RequestId, String)]) -> Option<Finding> {
    let seen = format!(
        "{} of states that this version does not know: {}. They are left to the version that does",
        counted(newer.len(), "request is", "requests are"),
        named(newer)
    );
    let finding = Finding::new("keys", Verdict::Warning, seen);
    let advice = format!(
        "A newer cabstand works on this Redis. This one is {}: bring it up to date.",
        env!("CARGO_PKG_VERSION")
    );
    (!newer.is_empty()).then(|| finding.advise([say(advice)]))
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// The first of them, each with what is told of it.
fn named(requests: &[(RequestId, String)]) -> String {
    let first: Vec<String> = requests.iter().take(NAMED).map(|(id, what)| format!("{id} ({what})")).collect();
    let rest = requests.len() - first.len();
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    first.join(", ") + &more
}

fn misshapen(one: &Misshapen) -> Finding {
    let key = &one.key;
    let finding = Finding::new("keys", Verdict::Wrong, one.to_string());
    if one.is_counter() {
        return finding.advise([
            say("No request can be opened until it is set to the highest request id in use:"),
            run(format!("redis-cli SET '{key}' N")),
        ]);
    }
    finding.advise([
        say("Another program has written there. Look at it, and move it out of the way; what cabstand needs it makes anew:"),
        run(format!("redis-cli RENAME '{key}' '{key}:foreign'")),
    ])
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
