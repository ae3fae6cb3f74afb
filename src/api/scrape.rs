//! `GET /metrics`: what this process has counted, and what Redis holds at this moment, as Prometheus reads it.

use std::time::Duration;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use metrics::{describe_gauge, gauge};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::runtime::Handle;

use super::Service;
use super::document::AtTheDoor;
use crate::domain::Vitals;
use crate::store::{OutboxCounts, StoreError};

/// How often what was measured is sorted into its buckets.
const BEAT: Duration = Duration::from_secs(5);
/// The type of Prometheus' text format.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The metrics, in Prometheus' text format. They are there without Redis, too: that it is away is one of them.
#[utoipa::path(
    get,
    path = "/metrics",
    responses((status = 200, description = "The metrics.", body = String, content_type = TEXT), AtTheDoor),
    security(("token" = ["operator"]))
)]
pub(super) async fn metrics(State(service): State<Service>) -> impl IntoResponse {
    let (vitals, outbox) = tokio::join!(service.store.vitals(), service.store.outbox_counts());
    let trouble = service.store.trouble().map_or(0, |trouble| trouble.began.elapsed().as_secs().max(1));
    let tasks = Handle::current().metrics().num_alive_tasks();
    let page = service.metrics.render() + &live(service.hub.listeners(), tasks, trouble, &vitals, &outbox);
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

/// What is so at this moment. On a page of its own, made anew each time: what is not known is not on it, and no old figure
/// stays. A reading that Redis refuses, since a foreign hand put something else under its key, hides nothing but itself.
fn live(
    listeners: usize,
    tasks: usize,
    trouble: u64,
    vitals: &Result<Vitals, StoreError>,
    outbox: &Result<OutboxCounts, StoreError>,
) -> String {
    let page = PrometheusBuilder::new().build_recorder();
    metrics::with_local_recorder(&page, || {
        let away = [vitals.as_ref().err(), outbox.as_ref().err()].into_iter().flatten().any(StoreError::is_away);
        show("cabstand_redis_up", "1 while Redis answers, 0 while it is away", u64::from(!away));
        show(
            "cabstand_redis_trouble_seconds",
            "How long Redis has been away or takes no changes; 0 while it does its work",
            trouble,
        );
        show("cabstand_listeners", "Riders' connections to this service that wait for an end", listeners as u64);
        show(
            "cabstand_tasks",
            "Tasks that are alive in this process; a number that only grows is a leak",
            tasks as u64,
        );
        // A key of another type would be told as none.
        if let Ok(vitals) = vitals
            && !vitals.misshapen
        {
            show("cabstand_drivers", "Drivers on the map", vitals.drivers);
            show("cabstand_drivers_stale", "Those of them who are passed over until they report again", vitals.stale);
            show("cabstand_requests_waiting", "Requests that wait for a driver", vitals.waiting);
            show("cabstand_workers", "Workers that are alive", vitals.workers as u64);
        }
        if let Ok(outbox) = outbox {
            let waiting = "Ends of requests that are still to be posted to the webhook";
            show("cabstand_webhook_waiting", waiting, outbox.waiting);
            show("cabstand_webhook_dead", "Dead letters that are kept", outbox.dead);
            if let Some(max) = outbox.max {
                show("cabstand_webhook_outbox_max", "How many ends may wait to be posted to the webhook", max);
                let full = "1 while no further end has room to wait for the webhook, else 0";
                show("cabstand_webhook_outbox_full", full, u64::from(outbox.is_full()));
            }
        }
    });
    page.handle().render()
}

fn show(name: &'static str, tells: &'static str, count: u64) {
    describe_gauge!(name, tells);
    gauge!(name).set(figure(count));
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
        let away = || StoreError::Away { address: "here".to_owned(), reason: "gone".to_owned(), asked: false };
        let page = live(3, 40, 5, &Err(away()), &Err(away()));
        assert!(page.contains("# TYPE cabstand_redis_up gauge\ncabstand_redis_up 0\n"), "{page}");
        assert!(page.contains("cabstand_redis_trouble_seconds 5\n"), "{page}");
        assert!(page.contains("cabstand_listeners 3\n"), "{page}");
        assert!(page.contains("cabstand_tasks 40\n"), "{page}");
        assert!(!page.contains("cabstand_drivers"), "{page}");
    }
}
