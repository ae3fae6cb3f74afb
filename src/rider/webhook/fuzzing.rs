//! What reads a receiver's answers, and writes what is posted, for the fuzzing in `fuzz/`.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, HeaderValue, RETRY_AFTER};

use super::{Secret, backoff, message, retry_after};
use crate::domain::Event;

/// How long a message waits for its next try after an answer with these headers.
#[must_use]
pub fn pause(retry_after: &[u8], date: &[u8], tries: u64) -> Duration {
    let pairs = [(RETRY_AFTER, retry_after), (DATE, date)];
    let headers: HeaderMap =
        pairs.into_iter().filter_map(|(name, value)| Some((name, HeaderValue::from_bytes(value).ok()?))).collect();
    let asked_for = retry_after::asked_for(StatusCode::SERVICE_UNAVAILABLE, &headers);
    backoff::pause(Duration::from_secs(1), tries, 1.0, asked_for)
}

/// What is posted of this event, with its signature.
#[must_use]
pub fn delivery(secret: &Secret, event: &Event) -> Option<(String, String)> {
    let body = message::body(event)?;
    let signature = secret.sign(&message::id(event.id), event.id.at.0 / 1_000, &body)?;
    Some((body, signature))
}
