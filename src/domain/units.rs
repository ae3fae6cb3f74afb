//! Distances and spans of time as people write and read them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A distance in metres, written `800m` or `5km`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Metres(pub f64);

/// Why a text is no distance.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a distance is written like 800m or 5km, above 0 and at most 20000km")]
pub struct ParseMetresError;

impl FromStr for Metres {
    type Err = ParseMetresError;

    fn from_str(text: &str) -> Result<Self, ParseMetresError> {
        let text = text.trim();
        let (figure, unit) = match text.strip_suffix("km") {
            Some(figure) => (figure, 1_000.0),
            None => (text.strip_suffix('m').ok_or(ParseMetresError)?, 1.0),
        };
        let metres = figure.trim().parse::<f64>().map_err(|_| ParseMetresError)? * unit;
        if metres > 0.0 && metres <= 20_000_000.0 { Ok(Self(metres)) } else { Err(ParseMetresError) }
    }
}

impl fmt::Display for Metres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_distance(self.0))
    }
}

/// A distance in metres as a reader wants it: `850 m`, `1.2 km`, `340 km`.
#[must_use]
pub fn format_distance(metres: f64) -> String {
    let whole = metres.round();
    if whole < 1_000.0 {
        format!("{whole} m")
    } else if metres < 99_950.0 {
        // One digit after the point says enough, and none where it would be a zero.
        let text = format!("{:.1}", metres / 1_000.0);
        format!("{} km", text.strip_suffix(".0").unwrap_or(&text))
    } else {
        format!("{:.0} km", metres / 1_000.0)
    }
}

/// A span as `m:ss`, or `h:mm:ss` from an hour on. A part of a second counts as a whole one, so that `0:00` means over.
#[must_use]
pub fn format_span(span: Duration) -> String {
    let seconds = span.as_millis().div_ceil(1_000);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// A short span in its own unit: `0.4 ms`, `12 ms`, `3 s`, `2 min`.
#[must_use]
pub fn format_wait(span: Duration) -> String {
    let ms = span.as_secs_f64() * 1_000.0;
    match ms {
        ms if ms < 0.05 => "0 ms".to_owned(),
        ms if ms < 0.95 => format!("{ms:.1} ms"),
        ms if ms < 999.5 => format!("{ms:.0} ms"),
        _ if span < Duration::from_mins(2) => format!("{} s", span.as_secs().max(1)),
        _ => format!("{} min", span.as_secs() / 60),
    }
}

/// By how much a deadline was moved: `60 s more`, or `60 s less` where it is negative.
#[must_use]
pub fn format_more(by_ms: i64) -> String {
    let less = if by_ms < 0 { "less" } else { "more" };
    format!("{} {less}", format_wait(Duration::from_millis(by_ms.unsigned_abs())))
}

/// Reads a span like `500ms`, `30s`, `4m`, from 1 ms to 365 days.
///
/// # Errors
/// What is wrong with it, in words for the one who typed it.
pub fn parse_span(text: &str) -> Result<Duration, String> {
    let span = humantime::parse_duration(text).map_err(|_| "a duration is written like 500ms, 30s or 4m".to_owned())?;
    if span < Duration::from_millis(1) || span > Duration::from_hours(365 * 24) {
        return Err("a duration is from 1ms to 365days".to_owned());
    }
    Ok(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_read() {
        assert_eq!("800m".parse(), Ok(Metres(800.0)));
        assert_eq!("5km".parse(), Ok(Metres(5_000.0)));
        assert_eq!("1.5 km".parse(), Ok(Metres(1_500.0)));
        for text in ["", "5", "km", "-1m", "0m", "NaNm", "infm", "5 miles", "30000km"] {
            assert_eq!(text.parse::<Metres>(), Err(ParseMetresError), "{text:?}");
        }
    }

    #[test]
    fn distances_are_written() {
        let cases = [
            (0.0, "0 m"),
            (849.6, "850 m"),
            (999.6, "1 km"),
            (1_249.0, "1.2 km"),
            (12_340.0, "12.3 km"),
            (340_200.0, "340 km"),
        ];
        for (metres, text) in cases {
            assert_eq!(format_distance(metres), text);
        }
    }

    #[test]
    fn spans_are_written_so_that_zero_means_over() {
        let cases =
            [(0, "0:00"), (1, "0:01"), (1_000, "0:01"), (1_001, "0:02"), (192_000, "3:12"), (3_600_000, "1:00:00")];
        for (ms, text) in cases {
            assert_eq!(format_span(Duration::from_millis(ms)), text);
        }
    }

    #[test]
    fn spans_are_read() {
        assert_eq!(parse_span("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_span("4m"), Ok(Duration::from_mins(4)));
        for text in ["", "5", "0s", "-1s", "forever", "400days"] {
            assert!(parse_span(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn spans_have_their_own_unit() {
        let texts =
            [Duration::from_micros(412), Duration::from_millis(12), Duration::from_secs(3), Duration::from_secs(150)]
                .map(format_wait);
        assert_eq!(texts, ["0.4 ms", "12 ms", "3 s", "2 min"]);
        assert_eq!(format_wait(Duration::from_micros(999_600)), "1 s");
    }
}
