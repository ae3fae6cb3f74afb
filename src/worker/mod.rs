//! The worker: takes due requests and attempts them, and looks at those whose key or neighbourhood has changed.
//!
//! Nothing is kept here that another worker would need: what is due and what has ended stands in Redis, and every look is
//! one script. So any number of workers share the load, and one that is killed leaves nothing half done. An error is never
//! an answer: only a key that Redis itself called gone expires a request.

mod agenda;
mod sweep;

use std::collections::HashSet;
use std::time::Duration;

use metrics::histogram;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::domain::{Actor, RequestId};
use crate::store::{Look, Outage, Outcome, Store, StoreError, Watch};

use agenda::Agenda;

/// How often rights and keys are looked at while Redis turns writes down.
const VERIFY_INTERVAL: Duration = Duration::from_secs(2);
/// How many requests one script looks at: it holds Redis for a millisecond or two.
const CHUNK: usize = 50;
/// How many it attempts, which takes longer each.
const ATTEMPTS_AT_ONCE: usize = 25;
/// So many odd requests are remembered, so that each is warned of once.
const MOST_ODD: usize = 10_000;
/// At a flood of new requests it rests as long as a script took, and at the most so long: Redis itself takes about that for one,
/// and what it takes longer is due to others already.
const MOST_REST: Duration = Duration::from_millis(2);
/// After so many scripts full of attempts something else has its turn.
const CHUNKS_A_ROUND: usize = 20;

/// Works until `shutdown`.
pub async fn run(store: Store, worker: Actor, shutdown: CancellationToken) {
    let watch = store.watch_for_work();
    let mut outage = Outage::new("worker", &store);
    let mut agenda = Agenda::new(Instant::now(), store.freshness());
    let mut worker = Worker { store, name: worker, odd: HashSet::new() };
    let mut verified_at = Instant::now();
    while !shutdown.is_cancelled() {
        // What stood in the way may be gone, and nobody has tried again.
        if verified_at.elapsed() >= VERIFY_INTERVAL
            && worker.store.trouble().is_some_and(|trouble| !trouble.error.is_away())
        {
            worker.store.verify().await;
            verified_at = Instant::now();
        }
        let pause = match worker.round(&mut agenda).await {
            Ok(()) => {
                outage.over();
                None
            }
            Err(error) => {
                agenda.failed(Instant::now());
                Some(outage.failed(&error))
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = sleep(pause.unwrap_or_default()), if pause.is_some() => {}
            () = wait(&watch, &mut agenda), if pause.is_none() => {}
        }
    }
    if let Err(error) = worker.store.retire(&worker.name).await {
        tracing::debug!("the worker's name stays on the list for a minute: {error}");
    }
}

/// Waits until something on the agenda is due, taking down what changes meanwhile.
async fn wait(watch: &Watch, agenda: &mut Agenda) {
    loop {
        tokio::select! {
            changes = watch.changed() => agenda.note(&changes, Instant::now()),
            () = sleep_until(agenda.wakes_at()) => return,
        }
    }
}

struct Worker {
    store: Store,
    name: Actor,
    /// The damaged and the failing that were warned of.
    odd: HashSet<RequestId>,
}

impl Worker {
    /// Does all that is due now.
    async fn round(&mut self, agenda: &mut Agenda) -> Result<(), StoreError> {
        if agenda.attempts_are_due(Instant::now()) {
            self.attempt(agenda).await?;
        }
        let changed = agenda.take_changed(Instant::now());
        for ids in changed.chunks(CHUNK) {
            let looks = self.store.settle_by_key(ids, &self.name).await?;
            self.tell(&looks);
        }
        if agenda.silent_are_due(Instant::now()) {
            let more = self.store.tend_silent(&self.name, agenda.is_time_to_tell(Instant::now())).await?;
            agenda.tended_silent(Instant::now(), more);
        }
        self.sweep(agenda).await
    }

    /// The attempts that are due; with very many, a part of them, so that changes and the shutdown get their turn. Where
    /// they are new requests it rests between two scripts, so that half of Redis' time is left to those who open more.
    async fn attempt(&mut self, agenda: &mut Agenda) -> Result<(), StoreError> {
        for _ in 0..CHUNKS_A_ROUND {
            let began = Instant::now();
            let round = self.store.attempt_due(&self.name, ATTEMPTS_AT_ONCE).await?;
            let new = agenda.looked_at(&round.looks);
            self.tell(&round.looks);
            for late in round.late {
                histogram!("cabstand_attempt_lag_seconds").record(late);
            }
            if round.looks.len() < ATTEMPTS_AT_ONCE {
                agenda.attempted(Instant::now(), round.next_in);
                break;
            }
            if new > ATTEMPTS_AT_ONCE / 4 {
                sleep(began.elapsed().min(MOST_REST)).await;
            }
        }
        Ok(())
    }

    /// The part of the sweep that is due, as far as its turn goes. Attempts that fall due meanwhile come first.
    async fn sweep(&mut self, agenda: &mut Agenda) -> Result<(), StoreError> {
        while let Some((heard, pace)) = agenda.sweep().due(Instant::now()) {
            let asked = Instant::now();
            let part = self.store.sweep(&self.name, asked - heard, pace, CHUNK).await?;
            self.tell(&part.looks);
            agenda.sweep().answered(asked, part.complete_since, part.again_in);
            if agenda.attempts_are_due(Instant::now()) {
                break;
            }
        }
        Ok(())
    }

    /// Logs what is odd. The attempts and the ends are logged where they are told, in the order of the stream.
    fn tell(&mut self, looks: &[Look]) {
        for look in looks {
            let id = look.id;
            match &look.outcome {
                Outcome::Damaged if self.is_new(id) => {
                    tracing::warn!("request {id} has a damaged record: no driver is looked for, it ends with its key");
                }
                Outcome::Failed(reason) if self.is_new(id) => {
                    tracing::warn!("request {id} cannot be attempted and is tried again every second: {reason}");
                }
                Outcome::Newer(state) if self.is_new(id) => {
                    tracing::warn!(
                        "request {id} is in the state \"{state}\" of a newer cabstand, and is left to that one"
                    );
                }
                Outcome::Ended(state) => tracing::debug!("request {id} ended: {state}"),
                Outcome::Damaged | Outcome::Newer(_) | Outcome::Failed(_) | Outcome::Waiting | Outcome::Gone => {}
            }
        }
    }

    /// Whether an odd request was not warned of yet.
    fn is_new(&mut self, id: RequestId) -> bool {
        if self.odd.len() >= MOST_ODD {
            self.odd.clear();
        }
        self.odd.insert(id)
    }
}
