//! How many open requests a rider or a client may have.

use std::num::NonZeroU32;
use std::str::FromStr;

use crate::store::Quota;

/// The highest bound. A full list is checked request by request, at 2 µs each, and that must not hold Redis for long.
const MAX: u32 = 200;

/// How many open requests somebody may have, from 1 to 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestBound(NonZeroU32);

/// Why a text is no such bound.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a bound on open requests is a whole number from 1 to 200, or off")]
pub struct InvalidRequestBound;

impl RequestBound {
    /// The bound with this number; 200 if it is higher.
    #[must_use]
    pub const fn clamped(bound: NonZeroU32) -> Self {
        match NonZeroU32::new(MAX) {
            Some(max) if bound.get() > MAX => Self(max),
            _ => Self(bound),
        }
    }

    /// The quota of this holder.
    pub(super) fn quota(self, holder: &str) -> Quota {
        Quota::new(holder, self.0.get())
    }
}

impl FromStr for RequestBound {
    type Err = InvalidRequestBound;

    fn from_str(text: &str) -> Result<Self, InvalidRequestBound> {
        let bound =
            Some(text).filter(|text| text.bytes().all(|b| b.is_ascii_digit())).and_then(|text| text.parse().ok());
        bound.filter(|bound: &NonZeroU32| bound.get() <= MAX).map(Self).ok_or(InvalidRequestBound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_from_1_to_200() {
        for text in ["1", "20", "200"] {
            assert_eq!(text.parse::<RequestBound>().map(|bound| bound.0.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "0", "-1", "+1", "201", "1.5", "many"] {
            assert_eq!(text.parse::<RequestBound>(), Err(InvalidRequestBound), "{text:?}");
        }
    }
}
