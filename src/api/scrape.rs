//! `GET /metrics`: what this process has counted, and what Redis holds at this moment, as Prometheus reads it.

use std::time::Duration;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use metrics::{describe_gauge, gauge};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use super::Service;
use crate::domain::Vitals;

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
    let vitals = service.store.vitals().await.ok();
    let page = service.metrics.render() + &live(vitals.as_ref());
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
fn live(vitals: Option<&Vitals>) -> String {
    let page = PrometheusBuilder::new().build_recorder();
    metrics::with_local_recorder(&page, || {
        describe_gauge!("cabstand_redis_up", "1 while Redis answers, 0 while it is away");
        gauge!("cabstand_redis_up").set(if vitals.is_some() { 1.0 } else { 0.0 });
        let Some(vitals) = vitals else { return };
        describe_gauge!("cabstand_drivers", "Drivers that are available");
        gauge!("cabstand_drivers").set(figure(vitals.drivers));
        describe_gauge!("cabstand_requests_waiting", "Requests that wait for a driver");
        gauge!("cabstand_requests_waiting").set(figure(vitals.waiting));
        describe_gauge!("cabstand_workers", "Workers that are alive");
        gauge!("cabstand_workers").set(figure(vitals.workers as u64));
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
