//! The metrics that this process keeps: what each tells, and its buckets. They are counted where things happen, and shown
//! by the service at `GET /metrics`.

use std::io;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use super::failure::Failure;
use crate::api::REASONS;
use crate::store::{Ailment, Group};

/// Each histogram with what it tells and its buckets, in seconds.
const HISTOGRAMS: [(&str, &str, &[f64]); 5] = [
    (
        "cabstand_match_seconds",
        "Time from a request's opening until a driver was found",
        &[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 240.0, 600.0],
    ),
    (
        "cabstand_attempt_lag_seconds",
        "How late an attempt was, or the end of a request at its deadline, against the schedule",
        &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0],
    ),
    (
        "cabstand_redis_command_seconds",
        "Time until Redis answered, by command or script",
        &[0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0],
    ),
    (
        "cabstand_http_request_seconds",
        "Time until the answer to a call began, by route, method and class of status",
        &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0],
    ),
    (
        "cabstand_webhook_delivery_seconds",
        "Time until a webhook's receiver answered",
        &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0],
    ),
];

/// Begins to keep them, and answers the handle that shows them.
pub(super) fn install() -> Result<PrometheusHandle, Failure> {
    let builder = builder().map_err(|error| Failure::io("the metrics can't be kept")(io::Error::other(error)))?;
    let recorder = builder.build_recorder();
    let shown = recorder.handle();
    // Somebody else's recorder that runs already, in a test say, keeps what is counted; ours then stays empty.
    if metrics::set_global_recorder(recorder).is_ok() {
        describe();
        begin_at_zero();
    }
    Ok(shown)
}

fn builder() -> Result<PrometheusBuilder, BuildError> {
    HISTOGRAMS.iter().try_fold(PrometheusBuilder::new(), |builder, (name, _, buckets)| {
        builder.set_buckets_for_metric(Matcher::Full((*name).to_owned()), buckets)
    })
}

fn describe() {
    for (name, tells, _) in HISTOGRAMS {
        describe_histogram!(name, tells);
    }
    describe_counter!("cabstand_requests_opened_total", "Requests that were opened");
    describe_counter!("cabstand_requests_ended_total", "Requests that ended, by outcome");
    describe_counter!("cabstand_attempts_total", "Looks for a driver that the schedule asked for");
    describe_counter!("cabstand_redis_errors_total", "Commands that Redis did not carry out, by kind of error");
    describe_counter!("cabstand_webhook_deliveries_total", "Deliveries to the webhook's receiver, by outcome");
    describe_counter!(
        "cabstand_ends_lost_total",
        "Ends of requests that were trimmed from their stream before a group of services read them, by group"
    );
    describe_counter!("cabstand_webhook_dead_trimmed_total", "Dead letters that made room for newer ones");
    describe_gauge!(
        "cabstand_webhook_circuit_open",
        "1 while the webhook's receiver fails everything and gets one probe at a time, else 0"
    );
    describe_counter!("cabstand_http_refused_total", "Callers that were turned away at the doors, by reason");
    describe_gauge!("cabstand_http_connections", "HTTP connections that are open, WebSockets among them");
}

/// What has not happened yet is shown as 0: a rate needs to see the first one, too.
fn begin_at_zero() {
    counter!("cabstand_requests_opened_total").increment(0);
    counter!("cabstand_attempts_total").increment(0);
    for outcome in ["found", "expired", "cancelled"] {
        counter!("cabstand_requests_ended_total", "outcome" => outcome).increment(0);
    }
    for outcome in ["delivered", "failed", "dead"] {
        counter!("cabstand_webhook_deliveries_total", "outcome" => outcome).increment(0);
    }
    for group in [Group::Webhook, Group::Riders] {
        counter!("cabstand_ends_lost_total", "group" => group.name()).increment(0);
    }
    counter!("cabstand_webhook_dead_trimmed_total").increment(0);
    for reason in REASONS {
        counter!("cabstand_http_refused_total", "reason" => reason).increment(0);
    }
    let ailments = Ailment::ALL.into_iter().map(Ailment::word);
    for kind in ["away", "refused", "answer"].into_iter().chain(ailments) {
        counter!("cabstand_redis_errors_total", "kind" => kind).increment(0);
    }
}
