//! Sending: messages go from the outbox to the receiver, several at a time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::noise::Noise;
use super::{Settings, backoff, message};
use crate::domain::UnixMs;
use crate::store::{Fate, Outage, Outgoing, Store, StoreError};

/// So many deliveries are under way at the most, however many wait: a receiver that hangs takes no more than these.
const AT_ONCE: usize = 16;
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
    },
    /// Redis could not be told, so the message comes back when its lease ends.
    Untold(StoreError),
}

/// Sends until `shutdown`; `news` tells that there is something new in the outbox.
pub(super) async fn run(store: Store, settings: Settings, news: &Notify, shutdown: &CancellationToken) {
    let mut sender = Sender {
        lease: settings.receiver.timeout() * 2 + LEASE_SLACK,
        outage: Outage::new("posting to the webhook", &store),
        store,
        settings: Arc::new(settings),
        under_way: JoinSet::new(),
        noise: Noise::new(),
    };
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
}

impl Sender {
    /// Begins as many deliveries as are due and may be under way. Answers how long to wait for more, or none where no more
    /// can begin until one has ended.
    async fn fill_up(&mut self) -> Option<Duration> {
        while let Some(ended) = self.under_way.try_join_next() {
            self.note(ended);
        }
        let free = AT_ONCE - self.under_way.len();
        if free == 0 {
            return None;
        }
        match self.store.take_from_outbox(self.lease, free).await {
            Ok(taken) => {
                self.outage.over();
                for message in taken.messages {
                    self.under_way.spawn(deliver(self.store.clone(), Arc::clone(&self.settings), message, taken.now));
                }
                (self.under_way.len() < AT_ONCE).then(|| taken.next_in.unwrap_or(HEARTBEAT).min(HEARTBEAT))
            }
            Err(error) => Some(self.outage.failed(&error)),
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
            Err(error) => return broke_down(&error),
        };
        let id = message::id(outgoing.event_id);
        match ended {
            Ended::Arrived => {
                count("delivered");
                if let Some(line) = self.noise.delivered() {
                    tracing::info!("{line}");
                }
            }
            Ended::Failed { why, fate: Fate::Dead } => {
                count("dead");
                if let Some(line) = self.noise.dead(&id, outgoing.tries, &why, Instant::now()) {
                    tracing::warn!("{line}");
                }
            }
            Ended::Failed { why, fate: Fate::Waiting | Fate::Gone } => {
                count("failed");
                tracing::debug!("webhook: try {} of {id}: {why}", outgoing.tries);
                if let Some(line) = self.noise.failed(&id, &why, Instant::now()) {
                    tracing::warn!("{line}");
                }
            }
            Ended::Untold(error) => tracing::debug!("webhook: {id} comes back when its lease ends: {error}"),
        }
    }
}

/// A try that ended by a fault in this program. Which message it was for is lost with it; that comes back with the end of its
/// lease.
fn broke_down(error: &JoinError) {
    count("failed");
    tracing::warn!("webhook: a try broke down, and is made again when its lease ends: {error}");
}

/// Every try is counted once; one that is the last without success, as dead.
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
            fate.map(|fate| Ended::Failed { why: refused.why, fate })
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
