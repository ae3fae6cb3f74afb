//! A rider's request for a driver: its record, its key, and what the two together say.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{DriverId, Point, RequestId, StreamId, UnixMs, UserId};

/// How far a request has come. It changes once, from `Searching`; only an operator who takes a cancel
/// back leads from `Cancelled` to it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Waiting for a driver.
    Searching,
    /// A driver was found.
    Found,
    /// Given up by the rider or an operator.
    Cancelled,
    /// Its time ran out.
    Expired,
}

impl State {
    /// The word that stands in the record.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Searching => "searching",
            Self::Found => "found",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// The state with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Searching, Self::Found, Self::Cancelled, Self::Expired].into_iter().find(|s| s.as_str() == word)
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// What the record of a request says (`cabstand:request:<id>`).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Request {
    /// Its number.
    #[serde(rename = "request_id")]
    pub id: RequestId,
    /// Who waits.
    #[schema(value_type = String)]
    pub user_id: UserId,
    /// Where.
    #[serde(flatten)]
    pub pickup: Point,
    /// How far away a driver may be, in metres.
    pub radius_m: f64,
    /// When it was opened.
    pub created_at: UnixMs,
    /// When its time is up; none where a foreign writer took the key's TTL away.
    pub expires_at: Option<UnixMs>,
    /// Milliseconds from one attempt to the next.
    pub interval_ms: u64,
    /// How often a driver was looked for on schedule.
    pub attempts: u64,
    /// When that was last.
    pub last_attempt_at: Option<UnixMs>,
    /// How far it has come.
    pub state: State,
    /// Whom it found.
    #[schema(value_type = Option<String>)]
    pub driver_id: Option<DriverId>,
    /// How far away that driver was, in metres.
    pub distance_m: Option<f64>,
    /// When it ended.
    pub ended_at: Option<UnixMs>,
    /// Who ended it.
    pub ended_by: Option<String>,
    /// The event that tells of its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub end_event: Option<StreamId>,
    /// The event that took a cancel back, the last one if there were several: an end before it is none any more.
    #[serde(skip)]
    #[schema(ignore)]
    pub reopened: Option<StreamId>,
}

impl Request {
    /// When the next attempt on schedule is: at once for a new request, and not after the deadline.
    #[must_use]
    pub fn next_attempt_at(&self) -> UnixMs {
        let next = self.last_attempt_at.map_or(self.created_at, |last| last + Duration::from_millis(self.interval_ms));
        self.expires_at.map_or(next, |deadline| next.min(deadline))
    }
}

/// What the key `<id>` says: the article's own word on a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// No key, or one that cannot be a request's.
    Gone,
    /// `1`: active, for so long still (Redis' `PTTL`); none where it has no TTL.
    Active(Option<Duration>),
    /// `0`: cancelled.
    Cancelled,
}

/// What was read of a request's record.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// None: the request was made by the article's own service, or by hand.
    Foreign,
    /// A whole record.
    Whole(Box<Request>),
    /// A record that lacks something or holds something else; with the first field that is wrong.
    Damaged(String),
    /// A record in a state that this version does not know; with the word for it. A later version has written it.
    Newer(String),
    /// Not read: only what the lists of all who wait tell of it is known.
    Listed(Listed),
}

/// What the lists of all who wait tell of a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Listed {
    /// Where, to within a metre.
    pub pickup: Point,
    /// How far away a driver may be, in metres.
    pub radius_m: f64,
    /// When it was opened.
    pub created_at: UnixMs,
}

/// A request as it was found at one moment: its key and its record.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// Its number.
    pub id: RequestId,
    /// What the key said.
    pub key: Key,
    /// What the record said.
    pub record: Record,
    /// When, by Redis' clock, both were read.
    pub read_at: UnixMs,
}

/// Where a request stands, by key and record together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It waits, until then; none where the key has no TTL.
    Waiting(Option<UnixMs>),
    /// It ended like this.
    Ended(State),
}

impl Search {
    /// The whole record, if there is one.
    #[must_use]
    pub fn request(&self) -> Option<&Request> {
        match &self.record {
            Record::Whole(request) => Some(request),
            Record::Foreign | Record::Damaged(_) | Record::Newer(_) | Record::Listed(_) => None,
        }
    }

    /// Where the rider is, by record or list; none where that is not known.
    #[must_use]
    pub fn pickup(&self) -> Option<Point> {
        match &self.record {
            Record::Whole(request) => Some(request.pickup),
            Record::Listed(listed) => Some(listed.pickup),
            Record::Foreign | Record::Damaged(_) | Record::Newer(_) => None,
        }
    }

    /// How far away a driver may be, in metres, by record or list; none where that is not known.
    #[must_use]
    pub fn radius_m(&self) -> Option<f64> {
        match &self.record {
            Record::Whole(request) => Some(request.radius_m),
            Record::Listed(listed) => Some(listed.radius_m),
            Record::Foreign | Record::Damaged(_) | Record::Newer(_) => None,
        }
    }

    /// When it was opened, by record or list; none where that is not known.
    #[must_use]
    pub fn created_at(&self) -> Option<UnixMs> {
        match &self.record {
            Record::Whole(request) => Some(request.created_at),
            Record::Listed(listed) => Some(listed.created_at),
            Record::Foreign | Record::Damaged(_) | Record::Newer(_) => None,
        }
    }

    /// Where it stands. A record that has ended is final. Before that the key is the truth: foreign writers cancel and
    /// expire a request by its key alone, and it takes a moment until a worker has written that into the record.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let state = self.request().map_or(State::Searching, |r| r.state);
        match (state, self.key) {
            (State::Searching, Key::Active(left)) => Standing::Waiting(left.map(|left| self.read_at + left)),
            (State::Searching, Key::Cancelled) => Standing::Ended(State::Cancelled),
            (State::Searching, Key::Gone) => Standing::Ended(State::Expired),
            (ended, _) => Standing::Ended(ended),
        }
    }

    /// Whether there is anything at all under this number.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.key != Key::Gone || self.record != Record::Foreign
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(state: Option<State>, key: Key) -> Search {
        let id = RequestId::new(7).unwrap();
        let record = state.map_or(Record::Foreign, |state| {
            Record::Whole(Box::new(Request {
                id,
                user_id: "ana".parse().unwrap(),
                pickup: Point::new(-33.4, -70.6).unwrap(),
                radius_m: 5_000.0,
                created_at: UnixMs(0),
                expires_at: Some(UnixMs(240_000)),
                interval_ms: 30_000,
                attempts: 1,
                last_attempt_at: None,
                state,
                driver_id: None,
                distance_m: None,
                ended_at: None,
                ended_by: None,
                end_event: None,
                reopened: None,
            }))
        });
        Search { id, key, record, read_at: UnixMs(1_000) }
    }

    #[test]
    fn the_key_decides_while_the_record_is_searching() {
        let active = Key::Active(Some(Duration::from_secs(5)));
        for record in [None, Some(State::Searching)] {
            assert_eq!(search(record, active).standing(), Standing::Waiting(Some(UnixMs(6_000))));
            assert_eq!(search(record, Key::Active(None)).standing(), Standing::Waiting(None));
            assert_eq!(search(record, Key::Cancelled).standing(), Standing::Ended(State::Cancelled));
            assert_eq!(search(record, Key::Gone).standing(), Standing::Ended(State::Expired));
        }
    }

    #[test]
    fn a_record_that_has_ended_is_final() {
        for key in [Key::Gone, Key::Cancelled, Key::Active(None)] {
            assert_eq!(search(Some(State::Found), key).standing(), Standing::Ended(State::Found));
        }
    }
}
