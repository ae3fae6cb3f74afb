//! What came of the calls, in words and in JSON.

use std::collections::BTreeMap;
use std::fmt;

use hdrhistogram::Histogram;
use serde::Serialize;

/// What came of the calls.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// How many calls a second were wanted; none where they were made as fast as they were answered.
    pub wanted: Option<f64>,
    /// From the start until the last answer, in seconds.
    pub seconds: f64,
    /// Calls that were sent.
    pub sent: u64,
    /// Those that were answered with success.
    pub answered: u64,
    /// Those that were answered with anything else, by their status.
    pub refused: BTreeMap<u16, u64>,
    /// Those that found no connection, or lost it.
    pub errors: u64,
    /// What the system said to the last of them.
    pub last_error: Option<String>,
    /// Those that had no answer yet when it was no longer waited for.
    pub unanswered: u64,
    /// Calls that were due, but could not be sent since all connections were busy.
    pub still_due: u64,
    /// From when a call was due until its answer was there, in microseconds; none where no call was due at any time.
    pub latency_us: Option<Percentiles>,
    /// From when a call was sent until its answer was there, in microseconds.
    pub service_us: Percentiles,
}

/// A distribution, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Percentiles {
    /// Half took no longer.
    pub p50: u64,
    /// 90 % took no longer.
    pub p90: u64,
    /// 99 % took no longer.
    pub p99: u64,
    /// 99.9 % took no longer.
    pub p999: u64,
    /// The longest.
    pub max: u64,
}

impl Percentiles {
    pub(super) fn of(histogram: &Histogram<u64>) -> Self {
        let at = |quantile| histogram.value_at_quantile(quantile);
        Self { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: histogram.max() }
    }

    pub(super) fn p99(&self) -> String {
        span(self.p99)
    }
}

impl Report {
    /// Successful answers in a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 calls")]
        let answered = self.answered as f64;
        if self.seconds > 0.0 { answered / self.seconds } else { 0.0 }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "calls    sent {}", self.sent)?;
        writeln!(f, "         answered {}", self.answered)?;
        for (status, count) in &self.refused {
            writeln!(f, "         refused {count} with {status}")?;
        }
        match &self.last_error {
            Some(error) => writeln!(f, "         errors {}, the last: {error}", self.errors)?,
            None => writeln!(f, "         errors {}", self.errors)?,
        }
        if self.unanswered > 0 {
            writeln!(f, "         without an answer {}", self.unanswered)?;
        }
        if let Some(wanted) = self.wanted {
            writeln!(f, "         still due {}", self.still_due)?;
            write!(f, "rate     {wanted} a second wanted, ")?;
        } else {
            write!(f, "rate     ")?;
        }
        writeln!(f, "{:.0} a second answered for {:.1} s", self.rate(), self.seconds)?;
        writeln!(f, "time     {:>9} {:>9} {:>9} {:>9} {:>9}", "p50", "p90", "p99", "p99.9", "max")?;
        if let Some(latency) = &self.latency_us {
            writeln!(f, "         {latency}  from when a call was due")?;
        }
        write!(f, "         {}  from when it was sent", self.service_us)?;
        if self.latency_us.is_none() { write!(f, ", which hides what calls wait for others") } else { Ok(()) }
    }
}

impl fmt::Display for Percentiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p50, p90, p99, p999, max] = [self.p50, self.p90, self.p99, self.p999, self.max].map(span);
        write!(f, "{p50:>9} {p90:>9} {p99:>9} {p999:>9} {max:>9}")
    }
}

/// Microseconds with three digits: `0.41 ms`, `12.3 ms`, `123 ms`, `12.3 s`.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn span(micros: u64) -> String {
    let ms = micros as f64 / 1_000.0;
    match ms {
        ms if ms < 9.995 => format!("{ms:.2} ms"),
        ms if ms < 99.95 => format!("{ms:.1} ms"),
        ms if ms < 9_999.5 => format!("{ms:.0} ms"),
        _ => format!("{:.1} s", ms / 1_000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let fast = Percentiles { p50: 410, p90: 1_200, p99: 12_340, p999: 123_400, max: 12_345_678 };
        Report {
            wanted: Some(10_000.0),
            seconds: 2.0,
            sent: 20_000,
            answered: 19_990,
            refused: BTreeMap::from([(503, 7)]),
            errors: 2,
            last_error: Some("connection refused".to_owned()),
            unanswered: 1,
            still_due: 5,
            latency_us: Some(fast),
            service_us: fast,
        }
    }

    #[test]
    fn it_is_told_in_words() {
        let told = "\
calls    sent 20000
         answered 19990
         refused 7 with 503
         errors 2, the last: connection refused
         without an answer 1
         still due 5
rate     10000 a second wanted, 9995 a second answered for 2.0 s
time           p50       p90       p99     p99.9       max
           0.41 ms   1.20 ms   12.3 ms    123 ms    12.3 s  from when a call was due
           0.41 ms   1.20 ms   12.3 ms    123 ms    12.3 s  from when it was sent";
        assert_eq!(report().to_string(), told);
    }

    #[test]
    fn without_a_schedule_nothing_is_due() {
        let told = Report { wanted: None, latency_us: None, last_error: None, unanswered: 0, ..report() }.to_string();
        assert!(!told.contains("due") && told.contains("rate     9995 a second answered"), "{told}");
        assert!(told.ends_with("from when it was sent, which hides what calls wait for others"), "{told}");
    }

    #[test]
    fn the_percentiles_are_the_histogram_s() {
        let mut histogram = Histogram::new(3).unwrap();
        for micros in 1..=1_000 {
            histogram.record(micros).unwrap();
        }
        let told = Percentiles::of(&histogram);
        assert_eq!((told.p50, told.p90, told.p99, told.p999, told.max), (500, 900, 990, 999, 1_000));
    }
}
