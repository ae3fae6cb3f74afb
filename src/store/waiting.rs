//! All who wait, read from the lists that are kept of them: some microseconds of Redis' time for each, where a whole record takes
//! several times as many. Plain commands, so many at a time that none holds Redis up.

use redis::Value;

use super::drivers::{self, Scored};
use super::{Store, StoreError, reply};
use crate::domain::{Key, Listed, Record, RequestId, Search, UnixMs, clean};

/// So many requests are found by one step.
const PAGE: usize = 1_000;
/// So many requests are asked about by one command.
const AT_ONCE: usize = 500;

/// Where the next step through all who wait begins: at this age (Unix ms with a fraction), after so many of just that age. The
/// default is before the first.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Place {
    age: f64,
    after: usize,
}

/// What the lists tell of some requests.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// When that was, by Redis' clock.
    pub at: UnixMs,
    /// Those who wait, as far as the lists tell of them ([`Record::Listed`]).
    pub waiting: Vec<Search>,
    /// The others: they have ended or have no record, or a foreign hand has spoilt what is told of them. They have to be read in
    /// full.
    pub others: Vec<RequestId>,
}

/// Where the lists have a request: in the schedule, on the map, by its age, by its radius.
type Scores = [Option<f64>; 4];

impl Store {
    /// One step through all who wait with a record, the oldest first: the requests that this one found, and where the next one
    /// begins; none after the last. The age of a request stays as it is, so all steps together miss nobody who waits all the
    /// while: with ranks, everyone after a request that ends between two steps would move up by one.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn step_through_waiting(&self, from: Place) -> Result<(Vec<RequestId>, Option<Place>), StoreError> {
        let mut range = redis::cmd("ZRANGE");
        range.arg(&self.keys.queue).arg(from.age).arg("+inf").arg("BYSCORE");
        range.arg("LIMIT").arg(from.after).arg(PAGE).arg("WITHSCORES");
        let page: Vec<Scored> = self.query(&range).await?;
        let next = page.last().filter(|_| page.len() == PAGE).map(|(_, age)| {
            let alike = page.iter().rev().take_while(|(_, other)| other.total_cmp(age).is_eq()).count();
            Place { age: *age, after: if age.total_cmp(&from.age).is_eq() { from.after + alike } else { alike } }
        });
        let id = |(member, _): &Scored| std::str::from_utf8(member).ok()?.parse().ok();
        Ok((page.iter().filter_map(id).collect(), next))
    }

    /// What the lists tell of these requests.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn listing(&self, ids: &[RequestId]) -> Result<Listing, StoreError> {
        let mut listing = Listing::default();
        for chunk in ids.chunks(AT_ONCE) {
            let Some((at, scores, keys)) = self.read_lists(chunk).await? else {
                listing.others.extend(chunk);
                continue;
            };
            listing.at = listing.at.max(at);
            for (id, (scores, key)) in chunk.iter().zip(scores.into_iter().zip(keys)) {
                match listed(scores).filter(|_| matches!(key, Key::Active(_))) {
                    Some(listed) => {
                        listing.waiting.push(Search { id: *id, key, record: Record::Listed(listed), read_at: at });
                    }
                    None => listing.others.push(*id),
                }
            }
        }
        Ok(listing)
    }

    /// The time, where the lists have each of these requests, and what their keys say; nothing where something else than a list
    /// is there.
    async fn read_lists(&self, ids: &[RequestId]) -> Result<Option<(UnixMs, Vec<Scores>, Vec<Key>)>, StoreError> {
        let numbers: Vec<u64> = ids.iter().map(|id| id.number()).collect();
        let mut pipe = redis::pipe();
        // The time comes first: whatever is read at the same time in full is newer.
        pipe.cmd("TIME");
        for list in [&self.keys.due, &self.keys.waiting, &self.keys.queue, &self.keys.reach] {
            pipe.cmd("ZMSCORE").arg(list).arg(&numbers);
        }
        let keys: Vec<String> = ids.iter().map(|id| self.keys.request(*id)).collect();
        pipe.cmd("MGET").arg(&keys);
        for key in &keys {
            pipe.cmd("PTTL").arg(key);
        }
        let mut answers = match self.query_all::<Vec<Value>>(&pipe).await {
            Ok(answers) => answers.into_iter(),
            Err(error) if error.is_away() => return Err(error),
            Err(_) => return Ok(None),
        };
        let mut next = || answers.next().unwrap_or(Value::Nil);
        let (seconds, micros): (i64, i64) = from_value(next())?;
        let [due, places, ages, radii] = [next(), next(), next(), next()].map(from_value::<Vec<Option<f64>>>);
        let lists = [due?, places?, ages?, radii?];
        let words: Vec<Option<Vec<u8>>> = from_value(next())?;
        let score = |list: &Vec<Option<f64>>, i: usize| list.get(i).copied().flatten();
        let scores = (0..ids.len()).map(|i| lists.each_ref().map(|list| score(list, i))).collect();
        let keys = words.iter().map(|word| Ok(key(word.as_deref(), from_value(next())?)));
        let keys = keys.collect::<Result<_, StoreError>>()?;
        Ok(Some((UnixMs(seconds * 1_000 + micros / 1_000), scores, keys)))
    }
}

/// What the lists tell of one who waits; nothing where one of them does not have it, or has something that cannot be.
fn listed([due, place, age, radius]: Scores) -> Option<Listed> {
    due?;
    Some(Listed {
        pickup: drivers::place(place?),
        radius_m: reply::radius_m(radius?)?,
        created_at: UnixMs(millis(age?)?),
    })
}

/// What the article's key says, where it says that the request is active.
fn key(word: Option<&[u8]>, pttl: i64) -> Key {
    match word {
        Some(word) if reply::is_active(word) => Key::Active(reply::left(pttl)),
        _ => Key::Gone,
    }
}

/// The age in the list is a time with a fraction, which keeps those of one millisecond apart.
#[expect(clippy::cast_possible_truncation, reason = "a time, in a range without gaps between whole numbers")]
fn millis(score: f64) -> Option<i64> {
    (0.0..=9e15).contains(&score).then_some(score as i64)
}

fn from_value<T: redis::FromRedisValue>(value: Value) -> Result<T, StoreError> {
    redis::from_redis_value(value).map_err(|e| StoreError::Answer(clean(e.to_string().as_bytes())))
}
