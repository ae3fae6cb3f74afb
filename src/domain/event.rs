//! What happened, as the stream `cabstand:events` tells it.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::{Actor, DeedId, DriverId, Point, RequestId, State, UnixMs};

/// The place of an event in the stream: its time and a number within that millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct StreamId {
    /// When, by Redis' clock.
    pub at: UnixMs,
    /// The how-manieth of that millisecond.
    pub seq: u64,
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.at.0, self.seq)
    }
}

/// A text that is no place in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event's id is written like 1700000000000-0")]
pub struct ParseStreamIdError;

impl FromStr for StreamId {
    type Err = ParseStreamIdError;

    fn from_str(text: &str) -> Result<Self, ParseStreamIdError> {
        let (at, seq) = text.split_once('-').ok_or(ParseStreamIdError)?;
        let at = at.parse().map_err(|_| ParseStreamIdError)?;
        Ok(Self { at: UnixMs(at), seq: seq.parse().map_err(|_| ParseStreamIdError)? })
    }
}

impl Serialize for StreamId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The kinds of event. The first three are the ends of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// A driver was found.
    Found,
    /// Time ran out.
    Expired,
    /// Given up.
    Cancelled,
    /// A request was opened.
    Opened,
    /// A driver was looked for and none found.
    Attempted,
    /// An operator moved the deadline, to later or to sooner.
    Extended,
    /// An operator changed how far away a driver may be.
    Widened,
    /// An operator had a driver looked for at once; what came of it is told next.
    Retried,
    /// An operator took a cancel back: the request searches again.
    Reopened,
    /// A driver was set on the map by an operator.
    Placed,
    /// A driver was moved by an operator.
    Moved,
    /// A driver was taken off the map by an operator.
    Removed,
    /// A driver has been silent for so long that no request is given to it until it reports again.
    Stale,
    /// A driver has been silent for so long that it was taken off the map.
    Forgotten,
    /// Request ids go on from a higher one than the next, so that none is given twice. No request or driver is concerned.
    Skipped,
    /// A kind that this version does not know.
    Other(String),
}

impl EventKind {
    const KNOWN: [Self; 15] = [
        Self::Found,
        Self::Expired,
        Self::Cancelled,
        Self::Opened,
        Self::Attempted,
        Self::Extended,
        Self::Widened,
        Self::Retried,
        Self::Reopened,
        Self::Placed,
        Self::Moved,
        Self::Removed,
        Self::Stale,
        Self::Forgotten,
        Self::Skipped,
    ];

    /// The word that stands in the event's `type`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Found => "found",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Opened => "opened",
            Self::Attempted => "attempted",
            Self::Extended => "extended",
            Self::Widened => "widened",
            Self::Retried => "retried",
            Self::Reopened => "reopened",
            Self::Placed => "placed",
            Self::Moved => "moved",
            Self::Removed => "removed",
            Self::Stale => "stale",
            Self::Forgotten => "forgotten",
            Self::Skipped => "skipped",
            Self::Other(word) => word,
        }
    }

    /// The kind with this word.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        Self::KNOWN.into_iter().find(|kind| kind.as_str() == word).unwrap_or_else(|| Self::Other(word.to_owned()))
    }

    /// The state in which it ends a request; none where it ends none.
    #[must_use]
    pub fn end(&self) -> Option<State> {
        match self {
            Self::Found => Some(State::Found),
            Self::Expired => Some(State::Expired),
            Self::Cancelled => Some(State::Cancelled),
            _ => None,
        }
    }
}

impl Serialize for EventKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The `reason` of a found driver whom an operator has chosen, as `assign.lua` writes it.
const ASSIGNED: &str = "assigned by hand";

/// One entry of the stream. What does not apply to its kind is `None`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// Its place in the stream, and so its time.
    pub id: StreamId,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: EventKind,
    /// To which request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// The rider of that request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// To which driver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver_id: Option<DriverId>,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "actor_text")]
    pub actor: Option<Actor>,
    /// Where: the pickup point, or the driver's new place.
    #[serde(flatten)]
    pub place: Option<Point>,
    /// Where a moved driver was before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Point>,
    /// Where the driver stood who was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver_place: Option<Point>,
    /// Metres between driver and rider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance_m: Option<f64>,
    /// How many attempts the request has had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u64>,
    /// When the request was opened that ends with this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<UnixMs>,
    /// Milliseconds since the request was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waited_ms: Option<u64>,
    /// By how many milliseconds the deadline was moved; negative where it comes sooner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_ms: Option<i64>,
    /// When the request's time is up from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<UnixMs>,
    /// How far away a driver may be, in metres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub radius_m: Option<f64>,
    /// The same before it was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_radius_m: Option<f64>,
    /// How many stale drivers were passed over within the radius, counted up to 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale: Option<u64>,
    /// Why, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The deed of an operator that it tells of. It says nothing to anybody but who asked for it, and is not told on.
    #[serde(skip)]
    pub deed: Option<DeedId>,
}

impl Event {
    /// Whether an operator has chosen the driver that was found.
    #[must_use]
    pub fn is_assigned(&self) -> bool {
        self.kind == EventKind::Found && self.reason.as_deref() == Some(ASSIGNED)
    }
}

#[expect(clippy::ref_option, reason = "serde's signature")]
fn actor_text<S: Serializer>(actor: &Option<Actor>, serializer: S) -> Result<S::Ok, S::Error> {
    actor.as_ref().map(Actor::as_str).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_id_is_read_and_written() {
        let id: StreamId = "1700000000000-3".parse().unwrap();
        assert_eq!(id, StreamId { at: UnixMs(1_700_000_000_000), seq: 3 });
        assert_eq!(id.to_string(), "1700000000000-3");
        assert!("1700000000000".parse::<StreamId>().is_err());
        assert!("a-b".parse::<StreamId>().is_err());
    }

    #[test]
    fn a_kind_that_is_not_known_keeps_its_word() {
        for kind in EventKind::KNOWN {
            assert_eq!(EventKind::parse(kind.as_str()), kind);
        }
        assert_eq!(EventKind::parse("teleported").as_str(), "teleported");
    }
}
