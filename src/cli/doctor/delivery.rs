//! The way of an end to the webhook and to riders: what was lost on it, and whether there is room.

use super::finding::{Finding, Verdict};
use super::{run, say};
use crate::domain::{UnixMs, format_span};
use crate::store::{Ailment, ENDS_KEPT, Loss, Losses, Lost, OutboxCounts, Store, StoreError};

const TOPIC: &str = "delivery";

pub(super) async fn findings(store: &Store) -> Result<Vec<Finding>, StoreError> {
    let facts = tokio::try_join!(store.outbox_counts(), store.losses(), store.outdated_webhook_group(), store.now());
    let (outbox, losses, outdated, now) = match facts {
        // A viewer and an operator have no rights to it.
        Err(error) if error.ailment() == Some(Ailment::NotPermitted) => return Ok(Vec::new()),
        facts => facts?,
    };
    let mut findings = lost(store.delivery_key(), &losses, now);
    findings.extend(room(&outbox));
    findings.extend(outdated.map(old_group));
    Ok(findings)
}

fn room(outbox: &OutboxCounts) -> Option<Finding> {
    let max = outbox.max?;
    let seen = format!("{} of at most {max} messages wait for the webhook", outbox.waiting);
    if !outbox.is_full() {
        return Some(Finding::ok(TOPIC, format!("{seen}, and {} dead letters are kept", outbox.dead)));
    }
    let seen = format!("the webhook's outbox is full: {seen}; further ends wait in cabstand:ends (about {ENDS_KEPT})");
    Some(Finding::new(TOPIC, Verdict::Wrong, seen).advise([
        say("The receiver does not take what is posted: the log of `cabstand serve` says why. To hold more:"),
        run(format!("cabstand serve --webhook-outbox-max {}", max.saturating_mul(2))),
    ]))
}

fn lost(key: &str, losses: &Losses, now: UnixMs) -> Vec<Finding> {
    let ends = [
        ("webhook", losses.webhook, "ends were never posted to the webhook", KEEP_POSTING),
        ("riders", losses.riders, "ends were never written to a service's log", KEEP_READING),
        ("dead", losses.dead_letters, "dead letters of the webhook made room for newer ones", READ_THEM),
    ];
    let told = |(name, loss, what, advice): (&str, Option<Loss>, &str, &str)| {
        let Loss { lost, at } = loss?;
        let seen = format!("{lost} {what}, the last {} ago", format_span(now.since(at)));
        let forget = run(format!("redis-cli HDEL '{key}' lost_{name} lost_{name}_at"));
        let then = say("To count anew:");
        Some(Finding::new(TOPIC, Verdict::Warning, seen).advise([say(advice), then, forget]))
    };
    ends.into_iter().filter_map(told).collect()
}

const KEEP_POSTING: &str = "They were trimmed from cabstand:ends before a service read them, and can't be posted any more; \
    `cabstand events` shows those that it still has. Keep a service with --webhook running, and its outbox from being full.";
const KEEP_READING: &str = "They were trimmed from cabstand:ends before a service read them. Keep a service running.";
const READ_THEM: &str = "About 10 000 are kept. Read them in time, or see why so many are given up.";

fn old_group(waiting: Lost) -> Finding {
    let seen = format!(
        "a group of an older version is left at cabstand:events, with {waiting} events that nobody reads: this version posts \
         from cabstand:ends"
    );
    Finding::new(TOPIC, Verdict::Warning, seen).advise([
        say("What ended before the upgrade is posted by the older version alone. Once that is done, or to drop it:"),
        run("redis-cli XGROUP DESTROY cabstand:events webhook"),
    ])
}
