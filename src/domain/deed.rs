//! A name for one thing that an operator does, by which it can be told afterwards whether it was done.

use std::fmt;
use std::str::FromStr;

use super::{StreamId, UnixMs};

/// The name of a deed: a number that nobody can guess, and no two deeds share. Its event carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeedId(u128);

impl From<u128> for DeedId {
    fn from(number: u128) -> Self {
        Self(number)
    }
}

impl fmt::Display for DeedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// A text that is no name of a deed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a deed's name is 32 hexadecimal digits")]
pub struct ParseDeedIdError;

impl FromStr for DeedId {
    type Err = ParseDeedIdError;

    fn from_str(text: &str) -> Result<Self, ParseDeedIdError> {
        let is_written_so = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !is_written_so {
            return Err(ParseDeedIdError);
        }
        u128::from_str_radix(text, 16).map(Self).map_err(|_| ParseDeedIdError)
    }
}

/// What goes to Redis with a deed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seal {
    /// Its name.
    pub id: DeedId,
    /// Until when, by Redis' clock, it may be done: one that comes later changes nothing.
    pub until: UnixMs,
    /// The newest event that was known when it was asked for, where that was known: its own comes after this one.
    pub after: Option<StreamId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deeds_name_is_read_as_it_is_written() {
        for number in [0, 1, u128::MAX, 0x1234_5678_9abc_def0] {
            let id = DeedId::from(number);
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        for text in ["", "0", "+0000000000000000000000000000000", "0000000000000000000000000000000G", &"f".repeat(33)] {
            assert_eq!(text.parse::<DeedId>(), Err(ParseDeedIdError), "{text:?}");
        }
    }
}
