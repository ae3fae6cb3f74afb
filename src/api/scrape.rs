//! `GET /metrics`: what this process has counted, and what Redis holds at this moment, as Prometheus reads it.

use std::time::Duration;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use metrics::{describe_gauge, gauge};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use super::Service;
use crate::domain::Vitals;
use crate::store::OutboxCounts;

/// How often what was measured is sorted into its buckets.
const BEAT: Duration = Duration::from_secs(5);
/// The type of Prometheus' text format.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The metrics, in Prometheus' text format. They are there without Redis, too: that it is away is one of them.
#[utoipa::path(
    get,
    path = "/metrics",
    responses((status = 200, description = "The metrics.", body = String, content_type = TEXT))
)]
pub(super) async fn metrics(State(service): State<Service>) -> impl IntoResponse {
    let held = tokio::try_join!(service.store.vitals(), service.store.outbox_counts()).ok();
    let page = service.metrics.render() + &live(held);
    ([(header::CONTENT_TYPE, TEXT)], page)
}

/// Sorts what was measured into its buckets, for ever: else it would pile up where nobody asks for the page.
pub(super) async fn sort(metrics: &PrometheusHandle) {
    let mut beat = tokio::time::interval(BEAT);
    loop {
        beat.tick().await;
        metrics.run_upkeep();
    }
}

/// What Redis holds. On a page of its own, made anew each time: what is not known is not on it, and no old figure stays.
fn live(held: Option<(Vitals, OutboxCounts)>) -> String {
    let page = PrometheusBuilder::new().build_recorder();
    metrics::with_local_recorder(&page, || {
        describe_gauge!("cabstand_redis_up", "1 while Redis answers, 0 while it is away");
        gauge!("cabstand_redis_up").set(if held.is_some() { 1.0 } else { 0.0 });
        let Some((vitals, outbox)) = held else { return };
        describe_gauge!("cabstand_drivers", "Drivers that are available");
        gauge!("cabstand_drivers").set(figure(vitals.drivers));
        describe_gauge!("cabstand_requests_waiting", "Requests that wait for a driver");
        gauge!("cabstand_requests_waiting").set(figure(vitals.waiting));
        describe_gauge!("cabstand_workers", "Workers that are alive");
        gauge!("cabstand_workers").set(figure(vitals.workers as u64));
        describe_gauge!("cabstand_webhook_waiting", "Ends of requests that are still to be posted to the webhook");
        gauge!("cabstand_webhook_waiting").set(figure(outbox.waiting));
        describe_gauge!("cabstand_webhook_dead", "Dead letters that are kept");
        gauge!("cabstand_webhook_dead").set(figure(outbox.dead));
    });
    page.handle().render()
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
fn figure(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_not_shown() {
        let page = live(None);
        assert!(page.contains("# TYPE cabstand_redis_up gauge\ncabstand_redis_up 0\n"), "{page}");
        assert!(!page.contains("cabstand_drivers"), "{page}");
    }
}
