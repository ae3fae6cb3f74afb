//! Redis' answers turned into values of the domain. Foreign hands write there too: what does not fit is named, not trusted.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use crate::domain::{Key, Point, Record, Request, RequestId, State, UnixMs, UserId, clean};

/// The longest name of a rider in a record, in bytes: `LONGEST_TOLD` in `lib.lua`.
const LONGEST: usize = 1_024;

/// The fields of a hash, or of an entry in a stream.
pub(super) struct Fields(HashMap<Vec<u8>, Vec<u8>>);

impl Fields {
    /// From a flat list of names and values.
    pub(super) fn from_list(list: Vec<Vec<u8>>) -> Self {
        let mut list = list.into_iter();
        let mut fields = HashMap::with_capacity(list.len() / 2);
        while let (Some(name), Some(value)) = (list.next(), list.next()) {
            fields.insert(name, value);
        }
        Self(fields)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes of a field; none where it is missing or empty.
    pub(super) fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name.as_bytes()).map(Vec::as_slice).filter(|value| !value.is_empty())
    }

    /// The text of a field, cleaned.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.bytes(name).map(clean)
    }

    /// A field read as `T`; none where it is missing, empty or something else.
    pub(super) fn get<T: FromStr>(&self, name: &str) -> Option<T> {
        self.bytes(name).and_then(|value| std::str::from_utf8(value).ok()).and_then(|text| text.parse().ok())
    }

    /// The place in two fields.
    pub(super) fn place(&self, lat: &str, lng: &str) -> Option<Point> {
        Point::new(self.get(lat)?, self.get(lng)?).ok()
    }

    /// A number of metres; none where it is no number, or one that nobody could have measured.
    pub(super) fn metres(&self, name: &str) -> Option<f64> {
        self.get(name).filter(|metres: &f64| metres.is_finite() && *metres >= 0.0)
    }

    pub(super) fn time(&self, name: &str) -> Option<UnixMs> {
        self.get(name).map(UnixMs)
    }

    /// A field that must be there, or its name.
    fn need<T: FromStr>(&self, name: &'static str) -> Result<T, &'static str> {
        self.get(name).ok_or(name)
    }
}

/// The record in the fields of `cabstand:request:<id>`.
pub(super) fn record(id: RequestId, fields: &Fields) -> Record {
    if fields.is_empty() {
        return Record::Foreign;
    }
    if let Some(state) = fields.bytes("state").and_then(newer_state) {
        return Record::Newer(state);
    }
    match request(id, fields) {
        Ok(request) => Record::Whole(Box::new(request)),
        Err(field) => Record::Damaged(field.to_owned()),
    }
}

fn request(id: RequestId, fields: &Fields) -> Result<Request, &'static str> {
    Ok(Request {
        id,
        user_id: UserId::from_redis(fields.bytes("user_id").filter(|name| name.len() <= LONGEST).ok_or("user_id")?),
        pickup: Point::new(fields.need("lat")?, fields.need("lng")?).map_err(|_| "lat")?,
        radius_m: radius_m(fields.need("radius_m")?).ok_or("radius_m")?,
        created_at: UnixMs(within(fields.need("created_at")?, 0..=9_000_000_000_000_000).ok_or("created_at")?),
        expires_at: fields.time("expires_at"),
        interval_ms: within(fields.need("interval_ms")?, 1..=1_000_000_000_000).ok_or("interval_ms")?,
        attempts: within(fields.need("attempts")?, 0..=999_999_999_999_999).ok_or("attempts")?,
        last_attempt_at: fields.time("last_attempt_at"),
        state: fields.text("state").and_then(|word| State::parse(&word)).ok_or("state")?,
        driver_id: fields.bytes("driver_id").map(crate::domain::DriverId::from_redis),
        distance_m: fields.metres("distance_m"),
        ended_at: fields.time("ended_at"),
        ended_by: fields.text("ended_by"),
        end_event: fields.get("end_event"),
        reopened: fields.get("reopened"),
    })
}

/// The word for a state that a later version knows, and this one does not; none where it is known, or no such word. The same rule
/// as in `lib.lua`.
fn newer_state(word: &[u8]) -> Option<String> {
    let word = str::from_utf8(word).ok().filter(|word| word.len() <= 32 && State::parse(word).is_none())?;
    let plain = |c: char| c.is_ascii_lowercase() || c == '_';
    (!word.starts_with('_') && word.chars().all(plain)).then(|| word.to_owned())
}

/// The same limits as in `lib_look.lua`: what is shown as waiting is what a worker attempts.
fn within<T: PartialOrd>(value: T, range: RangeInclusive<T>) -> Option<T> {
    range.contains(&value).then_some(value)
}

/// What `read.lua` says of a key: its word, and its PTTL in milliseconds. Any other string than the article's words counts
/// as cancelled, as that service takes it for not active; without a record it is somebody else's and no request at all.
pub(super) fn key(word: &str, pttl: i64, record: &Record) -> Key {
    match word {
        "other" if *record != Record::Foreign => Key::Cancelled,
        "active" => Key::Active(left(pttl)),
        "cancelled" => Key::Cancelled,
        _ => Key::Gone,
    }
}

/// A PTTL in milliseconds; none where there is no end.
pub(super) fn left(pttl: i64) -> Option<Duration> {
    u64::try_from(pttl).ok().map(Duration::from_millis)
}

/// The words for active, as `lib.lua` has them.
pub(super) fn is_active(word: &[u8]) -> bool {
    [b"1".as_slice(), b"t", b"T", b"true", b"TRUE", b"True"].contains(&word)
}

/// How far away a driver may be, in metres, within reason.
pub(super) fn radius_m(metres: f64) -> Option<f64> {
    within(metres, f64::MIN_POSITIVE..=2e7)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        Fields::from_list(pairs.iter().flat_map(|(n, v)| [n.as_bytes().to_vec(), v.as_bytes().to_vec()]).collect())
    }

    const WHOLE: [(&str, &str); 9] = [
        ("user_id", "requestor_7"),
        ("lat", "-33.4"),
        ("lng", "-70.6"),
        ("radius_m", "5000"),
        ("created_at", "1700000000000"),
        ("expires_at", "1700000240000"),
        ("interval_ms", "30000"),
        ("attempts", "0"),
        ("state", "searching"),
    ];

    #[test]
    fn a_whole_record_is_read() {
        let Record::Whole(request) = record(RequestId::new(7).unwrap(), &fields(&WHOLE)) else { panic!("not whole") };
        assert_eq!(request.expires_at, Some(UnixMs(1_700_000_240_000)));
        assert_eq!(request.driver_id, None);
    }

    #[test]
    fn a_damaged_record_names_the_field() {
        for i in 0..WHOLE.len() {
            let (name, _) = WHOLE[i];
            if name == "expires_at" {
                continue;
            }
            let mut broken = WHOLE;
            broken[i].1 = if name == "user_id" { "" } else { "what?" };
            assert_eq!(
                record(RequestId::new(7).unwrap(), &fields(&broken)),
                Record::Damaged(if name == "lng" { "lng" } else { name }.to_owned())
            );
        }
        assert_eq!(record(RequestId::new(7).unwrap(), &fields(&[])), Record::Foreign);
    }

    #[test]
    fn a_state_of_a_later_version_is_none_of_a_spoilt_one() {
        let with_state = |state: &str| {
            let mut other = WHOLE;
            other[8].1 = state;
            record(RequestId::new(7).unwrap(), &fields(&other))
        };
        for state in ["paused", "on_its_way"] {
            assert_eq!(with_state(state), Record::Newer(state.to_owned()));
        }
        for state in ["Searching", "search\u{1b}", "", "_", "8", &"x".repeat(33)] {
            assert_eq!(with_state(state), Record::Damaged("state".to_owned()), "{state:?}");
        }
        // What else it may have is its own affair.
        let mut more: Vec<(&str, &str)> = WHOLE.to_vec();
        more.push(("priority", "7"));
        assert!(matches!(record(RequestId::new(7).unwrap(), &fields(&more)), Record::Whole(_)));
    }

    #[test]
    fn metres_are_a_number_that_can_be_measured() {
        for (text, metres) in [("812.5", Some(812.5)), ("0", Some(0.0)), ("NaN", None), ("inf", None), ("-1", None)] {
            assert_eq!(fields(&[("distance_m", text)]).metres("distance_m"), metres, "{text}");
        }
    }
}
