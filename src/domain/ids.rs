//! Names of things: requests, drivers, riders.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::clean;

/// The longest driver or rider id, in bytes.
const LONGEST_ID: usize = 128;

/// Why a text is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// A request id that is not a whole number from 1 to 9 223 372 036 854 775 807.
    #[error("a request id is a whole number above 0, written without leading zeros")]
    Request,
    /// An id that is empty or too long.
    #[error("an id has 1 to 128 bytes")]
    Length,
    /// An id with a character that cannot be printed.
    #[error("an id has printable characters only")]
    Unprintable,
}

/// The number of a request. Its decimal text is the name of the request's key, so that no id can name any other key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(minimum = 1, example = 1)]
pub struct RequestId(u64);

impl RequestId {
    /// The lowest number.
    pub const FIRST: Self = Self(1);

    /// The id with this number.
    ///
    /// # Errors
    /// Where it is 0 or more than Redis' `INCR` can count to.
    pub fn new(number: u64) -> Result<Self, InvalidId> {
        if number == 0 || i64::try_from(number).is_err() { Err(InvalidId::Request) } else { Ok(Self(number)) }
    }

    /// The number.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }
}

impl FromStr for RequestId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let canonical = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
        if !canonical {
            return Err(InvalidId::Request);
        }
        text.parse().map_err(|_| InvalidId::Request).and_then(Self::new)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name of a driver: the bytes that are the member of the GEO set, and a text for it that is safe to show.
///
/// Foreign writers may put any bytes there; they are written back as they were read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DriverId {
    bytes: Box<[u8]>,
    text: Box<str>,
}

impl DriverId {
    /// The driver whom Redis knows by these bytes.
    #[must_use]
    pub fn from_redis(bytes: &[u8]) -> Self {
        Self { bytes: bytes.into(), text: clean(bytes).into() }
    }

    /// The bytes that name the driver in Redis.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The text to show.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for DriverId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        check_printable(text)?;
        Ok(Self::from_redis(text.as_bytes()))
    }
}

impl fmt::Display for DriverId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Programs get the exact name, so that they can hand it back: the format escapes what it has to. Bytes that are no text at
/// all have no such form, and are written out as they are shown.
impl Serialize for DriverId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(&self.bytes).unwrap_or(&self.text))
    }
}

/// Ids that are numbers stand in the order of their numbers, before all others.
impl Ord for DriverId {
    fn cmp(&self, other: &Self) -> Ordering {
        let number = |id: &Self| id.text.parse::<u64>().ok();
        match (number(self), number(other)) {
            (Some(a), Some(b)) => a.cmp(&b).then_with(|| self.bytes.cmp(&other.bytes)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => self.bytes.cmp(&other.bytes),
        }
    }
}

impl PartialOrd for DriverId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The name of a rider, as the caller of the service gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct UserId(String);

impl UserId {
    /// The rider of a record in Redis, cleaned.
    #[must_use]
    pub fn from_redis(bytes: &[u8]) -> Self {
        Self(clean(bytes))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UserId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        check_printable(text)?;
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An id from a caller is taken as it is or not at all: cleaning it would give it to somebody else.
fn check_printable(text: &str) -> Result<(), InvalidId> {
    if text.is_empty() || text.len() > LONGEST_ID {
        return Err(InvalidId::Length);
    }
    if clean(text.as_bytes()) != text {
        return Err(InvalidId::Unprintable);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_names_no_other_key() {
        for text in ["", "0", "-1", "+1", "01", "1 ", "drivers", "1.0", "9223372036854775808", "１"] {
            assert_eq!(text.parse::<RequestId>(), Err(InvalidId::Request), "{text:?}");
        }
        assert_eq!("9223372036854775807".parse::<RequestId>().unwrap().to_string(), "9223372036854775807");
    }

    #[test]
    fn a_driver_id_is_printable() {
        assert_eq!("".parse::<DriverId>(), Err(InvalidId::Length));
        assert_eq!("x".repeat(129).parse::<DriverId>(), Err(InvalidId::Length));
        assert_eq!("a\nb".parse::<DriverId>(), Err(InvalidId::Unprintable));
        assert_eq!("taxi 7 ñ".parse::<DriverId>().unwrap().as_str(), "taxi 7 ñ");
        assert_eq!("x".repeat(128).parse::<DriverId>().unwrap().as_bytes().len(), 128);
    }

    #[test]
    fn foreign_bytes_are_kept_and_shown_safely() {
        let id = DriverId::from_redis(b"\x1b[2J\xff");
        assert_eq!(id.as_bytes(), b"\x1b[2J\xff");
        assert_eq!(id.as_str(), "\\u{1b}[2J\\xff");
    }

    #[test]
    fn json_has_the_exact_name_where_it_is_text() {
        let json = |bytes: &[u8]| serde_json::to_string(&DriverId::from_redis(bytes)).unwrap();
        assert_eq!(json("a\n\u{202e}b".as_bytes()), "\"a\\n\u{202e}b\"");
        let long = "x".repeat(300);
        assert_eq!(json(long.as_bytes()), format!("\"{long}\""));
        assert_eq!(json(b"a\xff"), r#""a\\xff""#);
    }

    #[test]
    fn numbers_come_in_their_own_order() {
        let mut ids: Vec<DriverId> = ["b", "10", "9", "a"].iter().map(|t| t.parse().unwrap()).collect();
        ids.sort();
        assert_eq!(ids.iter().map(DriverId::as_str).collect::<Vec<_>>(), ["9", "10", "a", "b"]);
    }
}
