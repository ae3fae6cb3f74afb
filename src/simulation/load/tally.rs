//! What came of the calls, as it is counted while they are made.

use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use hyper::StatusCode;

use super::report::{Percentiles, Report};

/// How exact the percentiles are: so many digits.
const DIGITS: u8 = 3;
/// What takes longer counts as so long: an hour, in microseconds.
const LONGEST: u64 = 3_600_000_000;

/// Counts and histograms, in microseconds.
pub(super) struct Tally {
    sent: u64,
    answered: u64,
    refused: BTreeMap<u16, u64>,
    errors: u64,
    last_error: Option<String>,
    last_answer: Option<Instant>,
    latency: Histogram<u64>,
    service: Histogram<u64>,
    /// Of the second that is passing.
    second: Histogram<u64>,
}

impl Tally {
    pub(super) fn new() -> io::Result<Self> {
        let histogram = || Histogram::new_with_bounds(1, LONGEST, DIGITS).map_err(io::Error::other);
        Ok(Self {
            sent: 0,
            answered: 0,
            refused: BTreeMap::new(),
            errors: 0,
            last_error: None,
            last_answer: None,
            latency: histogram()?,
            service: histogram()?,
            second: histogram()?,
        })
    }

    /// A call is about to be sent.
    pub(super) fn sent(&mut self) {
        self.sent += 1;
    }

    /// A call that was due and sent at these times is answered.
    pub(super) fn answered(&mut self, status: StatusCode, due: Instant, sent: Instant, now: Instant) {
        self.last_answer = Some(now);
        if status.is_success() {
            self.answered += 1;
        } else {
            *self.refused.entry(status.as_u16()).or_default() += 1;
        }
        let latency = micros(now.saturating_duration_since(due));
        self.latency.saturating_record(latency);
        self.second.saturating_record(latency);
        self.service.saturating_record(micros(now.saturating_duration_since(sent)));
    }

    /// A call found no connection, or lost it.
    pub(super) fn failed(&mut self, error: &io::Error) {
        self.errors += 1;
        self.last_error = Some(reason(error));
    }

    /// How the last second was, in one line, with so many calls that are due and not sent; and begins the next.
    pub(super) fn second(&mut self, passed: Duration, still_due: u64) -> String {
        let p99 = Percentiles::of(&self.second).p99();
        let errors = if self.errors > 0 { format!("  errors {}", self.errors) } else { String::new() };
        let line =
            format!("{:>4.0} s  {} answers  p99 {p99}  due {still_due}", passed.as_secs_f64(), self.second.len());
        self.second.reset();
        line + &errors
    }

    /// All of it, for calls of which so many a second were wanted, where that was said, and so many were not sent in the end.
    pub(super) fn report(self, began: Instant, wanted: Option<f64>, still_due: u64) -> Report {
        let unanswered = self.sent - self.answered - self.refused.values().sum::<u64>() - self.errors;
        Report {
            wanted,
            seconds: self.last_answer.map_or(0.0, |last| last.saturating_duration_since(began).as_secs_f64()),
            sent: self.sent,
            answered: self.answered,
            refused: self.refused,
            errors: self.errors,
            last_error: self.last_error,
            unanswered,
            still_due,
            latency_us: wanted.map(|_| Percentiles::of(&self.latency)),
            service_us: Percentiles::of(&self.service),
        }
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

/// What the system said, which stands at the bottom of what hyper makes of it.
fn reason(error: &io::Error) -> String {
    let mut source: &dyn std::error::Error = error;
    while let Some(deeper) = source.source() {
        source = deeper;
    }
    source.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_was_sent_late_is_late_from_when_it_was_due() {
        let (began, mut tally) = (Instant::now(), Tally::new().unwrap());
        tally.sent();
        let at = |ms| began + Duration::from_millis(ms);
        tally.answered(StatusCode::OK, at(0), at(90), at(100));
        let line = tally.second(Duration::from_secs(1), 3);
        assert_eq!(line, "   1 s  1 answers  p99 100 ms  due 3");
        let report = tally.report(began, Some(10.0), 3);
        assert_eq!((report.latency_us.unwrap().max / 1_000, report.service_us.max / 1_000), (100, 10));
        assert!((report.seconds - 0.1).abs() < 1e-9);
    }

    #[test]
    fn every_call_is_counted_once() {
        let (now, mut tally) = (Instant::now(), Tally::new().unwrap());
        for _ in 0..4 {
            tally.sent();
        }
        tally.answered(StatusCode::OK, now, now, now);
        tally.answered(StatusCode::SERVICE_UNAVAILABLE, now, now, now);
        tally.failed(&io::Error::from(io::ErrorKind::ConnectionRefused));
        let report = tally.report(now, None, 0);
        assert_eq!((report.sent, report.answered, report.errors, report.unanswered), (4, 1, 1, 1));
        assert_eq!(report.refused, BTreeMap::from([(503, 1)]));
        assert_eq!((report.last_error.as_deref(), report.latency_us), (Some("connection refused"), None));
    }
}
