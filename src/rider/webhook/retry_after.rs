//! `Retry-After`: a receiver that is busy says when it wants to hear from us again.

use std::time::Duration;

use chrono::DateTime;
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

/// How long the receiver asks us to wait; none where it does not. Heard from a 429 and a 503 alone.
pub(super) fn asked_for(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    if !matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        return None;
    }
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    // A date is one of the receiver's clock, and so it is held against what that clock says now.
    let date = |text: &str| DateTime::parse_from_rfc2822(text).ok();
    let now = |name: HeaderName| date(headers.get(name)?.to_str().ok()?);
    (date(text)? - now(DATE)?).to_std().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn seconds_and_dates_are_read() {
        let busy = StatusCode::SERVICE_UNAVAILABLE;
        assert_eq!(asked_for(busy, &headers(&[(RETRY_AFTER, "120")])), Some(Duration::from_mins(2)));
        let date = [(DATE, "Sun, 06 Nov 1994 08:49:37 GMT"), (RETRY_AFTER, "Sun, 06 Nov 1994 08:50:07 GMT")];
        assert_eq!(asked_for(busy, &headers(&date)), Some(Duration::from_secs(30)));
        let past = [(DATE, "Sun, 06 Nov 1994 08:49:37 GMT"), (RETRY_AFTER, "Sun, 06 Nov 1994 08:49:07 GMT")];
        for odd in [&past[..], &date[1..], &[(RETRY_AFTER, "-1")], &[(RETRY_AFTER, "soon")], &[]] {
            assert_eq!(asked_for(busy, &headers(odd)), None, "{odd:?}");
        }
        assert_eq!(asked_for(StatusCode::INTERNAL_SERVER_ERROR, &headers(&[(RETRY_AFTER, "120")])), None);
    }
}
