//! When a driver's silence means something: `--stale-after` and `--forget-after`.

use std::time::Duration;

use super::failure::Failure;
use crate::domain::{Freshness, parse_span};

/// A span of silence, or `off`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Silence(Option<Duration>);

impl std::str::FromStr for Silence {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self(None));
        }
        let span = parse_span(text).map_err(|why| format!("{why}, or off"))?;
        Ok(Self(Some(span)))
    }
}

/// The rule that the two options make together.
pub(super) fn freshness(stale_after: Silence, forget_after: Silence) -> Result<Freshness, Failure> {
    if let (Some(stale), Some(forget)) = (stale_after.0, forget_after.0)
        && forget < stale
    {
        let why = "--forget-after is shorter than --stale-after: a driver is stale first, and forgotten later";
        return Err(Failure::Usage(why.to_owned()));
    }
    Ok(Freshness { stale_after: stale_after.0, forget_after: forget_after.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(stale: &str, forget: &str) -> Result<Freshness, Failure> {
        freshness(stale.parse().unwrap(), forget.parse().unwrap())
    }

    #[test]
    fn silence_is_a_span_or_off() {
        let freshness = rule("2m", "off").unwrap();
        assert_eq!((freshness.stale_after, freshness.forget_after), (Some(Duration::from_mins(2)), None));
        assert!(!rule("off", "off").unwrap().is_watched());
        assert!("never".parse::<Silence>().unwrap_err().contains("off"));
    }

    #[test]
    fn nobody_is_forgotten_before_being_stale() {
        assert!(rule("2m", "1m").is_err());
        assert!(rule("2m", "2m").is_ok() && rule("off", "1s").is_ok());
    }
}
