//! The webhook: its secret, what is posted, and what a receiver answers.

use std::time::Duration;

use cabstand::rider::webhook::{Secret, fuzzing};
use cabstand::store::fuzzing::event;

use super::{fields, first_line};

/// Reads a secret, a `Retry-After` and a `Date` in three lines, then an event as `event.rs` does.
///
/// # Panics
/// Where a law is broken.
pub fn hold(bytes: &[u8]) {
    let (secret, rest) = first_line(bytes);
    let (retry_after, rest) = first_line(rest);
    let (date, rest) = first_line(rest);
    for tries in [0, 1, 7, u64::MAX] {
        assert!(fuzzing::pause(retry_after, date, tries) <= Duration::from_mins(65));
    }
    let text = String::from_utf8_lossy(secret);
    let secret = match Secret::parse(&text) {
        Ok(secret) => secret,
        Err(error) => {
            let told = error.to_string();
            let words = ["it is empty", "it is no base64, with or without whsec_ before it"];
            let length =
                told.strip_prefix("it has ").and_then(|rest| rest.strip_suffix(" bytes, and a secret has 24 to 64"));
            let is_known =
                words.contains(&told.as_str()) || length.is_some_and(|length| length.parse::<usize>().is_ok());
            assert!(is_known, "a secret is told: {told}");
            return;
        }
    };
    let (id, lines) = first_line(rest);
    let Some(event) = event(&String::from_utf8_lossy(id), fields(lines)) else { return };
    if let Some((body, signature)) = fuzzing::delivery(&secret, &event) {
        let body: serde_json::Value = serde_json::from_str(&body).expect("what is posted is JSON");
        assert!(body["type"].as_str().is_some_and(|kind| kind.starts_with("request.")));
        assert!(signature.starts_with("v1,"));
    }
}
