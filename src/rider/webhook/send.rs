//! Sending: messages go from the outbox to the receiver, several at a time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::breaker::{Allowed, Breaker, Change};
use super::noise::Noise;
use super::{Settings, backoff, message};
use crate::domain::{UnixMs, format_wait};
use crate::store::{Fate, GivenUp, Outage, Outgoing, Store, StoreError, Take, Taken};

/// At most this many deliveries are under way, however many wait.
pub(super) const SLOTS: usize = 16;
/// The outbox is looked into at least so often, for what other services have put there and not posted.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// At the shutdown, what is under way gets so long. What is not done then comes back with the end of its lease.
const MOMENT: Duration = Duration::from_secs(2);
/// Between the end of a try and that of its lease, so that a slow Redis still hears of the one before the other.
const LEASE_SLACK: Duration = Duration::from_secs(1);

/// How a try ended.
enum Ended {
    Arrived,
    Failed {
        why: String,
        fate: Fate,
        /// The receiver has answered, and never wants to hear of this message again.
        for_good: bool,
    },
    /// Redis could not be told, so the message comes back when its lease ends.
    Untold(StoreError),
}

/// Sends until `shutdown`; `news` tells that there is something new in the outbox.
pub(super) async fn run(store: Store, settings: Settings, news: &Notify, shutdown: &CancellationToken) {
    let mut sender = Sender {
        lease: settings.receiver.timeout() * 2 + LEASE_SLACK,
        outage: Outage::new("posting to the webhook", &store),
        breaker: Breaker::new(settings.backoff),
        store,
        settings: Arc::new(settings),
        under_way: JoinSet::new(),
        noise: Noise::new(),
        fails_since: None,
    };
    show(false);
    while !shutdown.is_cancelled() {
        let pause = sender.fill_up().await;
        tokio::select! {
            () = shutdown.cancelled() => {}
            Some(ended) = sender.under_way.join_next() => sender.note(ended),
            () = news.notified(), if pause.is_some() => {}
            () = sleep(pause.unwrap_or_default()), if pause.is_some() => {}
        }
    }
    // Those that are not done by then are broken off, as they are dropped.
    let _ = timeout(MOMENT, sender.finish()).await;
}

struct Sender {
    store: Store,
    settings: Arc<Settings>,
    /// A message belongs to a sender for so long.
    lease: Duration,
    under_way: JoinSet<(Outgoing, Ended)>,
    outage: Outage,
    noise: Noise,
    breaker: Breaker,
    /// When the receiver began to be only probed.
    fails_since: Option<Instant>,
}

impl Sender {
    /// Begins as many deliveries as are due and may be under way. Returns how long to wait for more, or `None` if no more can
    /// begin until one has ended.
    async fn fill_up(&mut self) -> Option<Duration> {
        while let Some(ended) = self.under_way.try_join_next() {
            self.note(ended);
        }
        let (take, pause) = match self.breaker.allowed(self.under_way.len(), Instant::now()) {
            Allowed::All if self.under_way.len() == SLOTS => return None,
            Allowed::All => (Take::Due(SLOTS - self.under_way.len()), HEARTBEAT),
            Allowed::Probe => (Take::Probe, HEARTBEAT),
            // What is past its time is given up all the same.
            Allowed::Nothing(pause) => (Take::Due(0), pause.unwrap_or(HEARTBEAT)),
        };
        match self.store.take_from_outbox(self.lease, take, self.settings.give_up_after).await {
            Ok(taken) => {
                self.outage.over();
                let pause = next_look(&taken, take, pause);
                self.begin(taken);
                (self.under_way.len() < SLOTS).then_some(pause)
            }
            Err(error) => Some(self.outage.failed(&error)),
        }
    }

    fn begin(&mut self, taken: Taken) {
        taken.given_up.iter().for_each(|message| self.give_up(message));
        count_trimmed(taken.trimmed);
        for message in taken.messages {
            self.under_way.spawn(deliver(self.store.clone(), Arc::clone(&self.settings), message, taken.now));
        }
    }

    /// Counts and logs a message that was given up because its time was over.
    fn give_up(&mut self, GivenUp { event_id, tries, why }: &GivenUp) {
        count("dead");
        if let Some(line) = self.noise.dead(&message::id(*event_id), *tries, why, Instant::now()) {
            tracing::warn!("{line}");
        }
    }

    async fn finish(&mut self) {
        while let Some(ended) = self.under_way.join_next().await {
            self.note(ended);
        }
    }

    /// Counts and logs how a try ended.
    fn note(&mut self, tried: Result<(Outgoing, Ended), JoinError>) {
        let (outgoing, ended) = match tried {
            Ok(tried) => tried,
            Err(error) => {
                broke_down(&error);
                return self.failed();
            }
        };
        let id = message::id(outgoing.event_id);
        match &ended {
            Ended::Arrived | Ended::Failed { for_good: true, .. } => self.succeeded(),
            Ended::Failed { .. } => self.failed(),
            Ended::Untold(_) => {}
        }
        match ended {
            Ended::Arrived => {
                count("delivered");
                if let Some(line) = self.noise.delivered() {
                    tracing::info!("{line}");
                }
            }
            Ended::Failed { why, fate: Fate::Dead { trimmed }, .. } => {
                count("dead");
                count_trimmed(trimmed);
                if let Some(line) = self.noise.dead(&id, outgoing.tries, &why, Instant::now()) {
                    tracing::warn!("{line}");
                }
            }
            Ended::Failed { why, fate: Fate::Waiting | Fate::Gone, .. } => {
                count("failed");
                tracing::debug!("webhook: try {} of {id}: {why}", outgoing.tries);
                if let Some(line) = self.noise.failed(&id, &why, Instant::now()) {
                    tracing::warn!("{line}");
                }
            }
            Ended::Untold(error) => tracing::debug!("webhook: {id} comes back when its lease ends: {error}"),
        }
    }

    fn failed(&mut self) {
        if self.breaker.failed(Instant::now(), rand::random()) == Some(Change::Opened) {
            show(true);
            self.fails_since = Some(Instant::now());
            tracing::warn!(
                "webhook: the last {SLOTS} deliveries have failed; until one arrives, the receiver gets one at a time, as a probe"
            );
        }
    }

    fn succeeded(&mut self) {
        if self.breaker.succeeded() == Some(Change::Closed) {
            show(false);
            let lasted = self.fails_since.take().map(|since| since.elapsed()).unwrap_or_default();
            tracing::info!(
                "webhook: the receiver answers again, after {}; up to {SLOTS} deliveries go out at a time",
                format_wait(lasted)
            );
        }
    }
}

/// How long to wait until the outbox is looked into again, at most `pause`.
fn next_look(taken: &Taken, take: Take, pause: Duration) -> Duration {
    if taken.more_to_give_up {
        return Duration::ZERO;
    }
    let pause = pause.min(HEARTBEAT);
    // While only probes go out, something that is due is no reason to hurry.
    let next = taken.next_in.filter(|_| matches!(take, Take::Due(1..)));
    next.map_or(pause, |next| next.min(pause))
}

/// Shows whether the receiver is only probed.
fn show(is_open: bool) {
    metrics::gauge!("cabstand_webhook_circuit_open").set(u8::from(is_open));
}

fn count_trimmed(dead_letters: u64) {
    metrics::counter!("cabstand_webhook_dead_trimmed_total").increment(dead_letters);
}

/// A try that ended by a fault in this program. Which message it was for is lost with it; that comes back with the end of its
/// lease.
fn broke_down(error: &JoinError) {
    count("failed");
    tracing::warn!("webhook: a try broke down, and is made again when its lease ends: {error}");
}

/// Every try is counted once; one that is the last without success, as dead. So is a message that is given up between tries.
fn count(outcome: &'static str) {
    metrics::counter!("cabstand_webhook_deliveries_total", "outcome" => outcome).increment(1);
}

/// One try, and what the outbox is told of it.
async fn deliver(store: Store, settings: Arc<Settings>, message: Outgoing, taken_at: UnixMs) -> (Outgoing, Ended) {
    let began = Instant::now();
    let posted = settings.receiver.post(&message, taken_at).await;
    metrics::histogram!("cabstand_webhook_delivery_seconds").record(began.elapsed());
    let ended = match posted {
        Ok(()) => store.delivered(&message).await.map(|()| Ended::Arrived),
        Err(refused) => {
            let pause = || backoff::pause(settings.backoff, message.tries, rand::random(), refused.asked_for);
            let wait = (!refused.for_good).then(pause);
            let fate = store.not_delivered(&message, wait, settings.give_up_after, &refused.why).await;
            fate.map(|fate| Ended::Failed { why: refused.why, fate, for_good: refused.for_good })
        }
    };
    (message, ended.unwrap_or_else(Ended::Untold))
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    #[tokio::test]
    async fn a_try_that_breaks_down_is_counted_as_failed() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let _counting = metrics::set_default_local_recorder(&recorder);
        let broken = tokio::spawn(async { panic!("this try breaks down, for a test") }).await;
        broke_down(&broken.unwrap_err());
        let shown = recorder.handle().render();
        assert!(shown.contains("cabstand_webhook_deliveries_total{outcome=\"failed\"} 1\n"), "{shown}");
    }
}
