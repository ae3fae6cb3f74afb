//! What reads Redis' answers, for the fuzzing in `fuzz/`.

use redis::{FromRedisValue, Value};

use super::events::{self, Entry};
use super::keys::{KeyKind, Keys, Region};
use super::reply::{self, Fields};
use super::{Address, Info, StoreError, Traced, around, deeds};
use crate::domain::{Event, Near, RequestId, Seal, Search, UnixMs};

/// The event in an entry of the stream: its id, and names and values in turns.
#[must_use]
pub fn event(id: &str, fields: Vec<Vec<u8>>) -> Option<Event> {
    events::event((id.to_owned(), Some(fields)))
}

/// What became of a deed, by these entries of the stream, which reach back far enough where they are the whole.
#[must_use]
pub fn traced(seal: &Seal, now: UnixMs, is_whole: bool, entries: Vec<(String, Vec<Vec<u8>>)>) -> Traced {
    let told: Vec<_> = entries.into_iter().filter_map(|(id, fields)| deeds::of_deed((id, Some(fields)))).collect();
    deeds::traced(seal, now, is_whole, &told)
}

/// The request that `read.lua` tells of: the word for its key, the key's PTTL in milliseconds, and the record's names and
/// values in turns.
#[must_use]
pub fn search(id: RequestId, word: &str, pttl: i64, fields: Vec<Vec<u8>>, read_at: UnixMs) -> Search {
    let record = reply::record(id, &Fields::from_list(fields));
    Search { id, key: reply::key(word, pttl, &record), record, read_at }
}

/// What the key of this name is about, written as the name that we have for it; none where it is not ours.
#[must_use]
pub fn our_name(region: Option<&Region>, key: &str) -> Option<String> {
    let keys = Keys::new(region);
    match keys.kind_of(key) {
        KeyKind::Drivers => Some(keys.drivers.clone()),
        KeyKind::Request(id) => Some(keys.request(id)),
        KeyKind::Record(id) => Some(keys.record(id)),
        KeyKind::Other => None,
    }
}

/// What is read from an answer.
#[derive(Debug)]
pub enum Read {
    /// It is an error, or nothing that can be read: what is said of that.
    Error(StoreError),
    /// `INFO`.
    Info(Info),
    /// A driver around a place.
    Near(Near),
    /// Entries of the stream.
    Events(Vec<Event>),
}

/// All that an answer in Redis' own protocol is ever read as.
#[must_use]
pub fn answer(address: &Address, bytes: &[u8]) -> Vec<Read> {
    let error = |error| Read::Error(StoreError::from_redis(address, &error));
    let value = match redis::parse_redis_value(bytes).and_then(Value::extract_error) {
        Ok(value) => value,
        Err(refused) => return vec![error(refused)],
    };
    let info = String::from_redis_value(value.clone()).map(|text| Read::Info(Info::parse(&text)));
    let entries = Vec::<Entry>::from_redis_value(value.clone());
    let events = entries.map(|entries| Read::Events(entries.into_iter().filter_map(events::event).collect()));
    let read = [info, events].map(|read| read.unwrap_or_else(|odd| error(odd.into())));
    read.into_iter().chain([around::near(value).map_or_else(Read::Error, Read::Near)]).collect()
}
