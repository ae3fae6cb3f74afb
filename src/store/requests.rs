//! Requests: reading them. How they are opened is in `opening.rs`, what is done to one that waits in `operator.rs`.

use std::collections::BTreeSet;

use data_encoding::BASE64URL_NOPAD;
use redis::Value;
use subtle::{Choice, ConstantTimeEq};

use super::reply::{self, Fields};
use super::{Store, StoreError};
use crate::domain::{Record, RequestId, Search, UnixMs, clean};

/// How many requests are read by one script: it holds Redis for less than a millisecond.
const READ_AT_ONCE: usize = 100;
/// How many keys one step of the look for bare keys visits.
const SCAN_AT_ONCE: usize = 500;

/// How many entries of the schedule are read at once.
const PAGE: usize = 1_000;
/// Up to so many are read in the order of the schedule by one command.
const MOST_IN_ORDER: usize = 10_000;

/// The SHA-256 of a request's ticket. It is all that is kept of it: who reads Redis learns no ticket.
#[derive(Debug, Clone, Copy)]
pub struct TicketHash(pub [u8; 32]);

impl TicketHash {
    /// As it stands in the record: URL-safe base64 without padding.
    pub(super) fn in_record(self) -> String {
        BASE64URL_NOPAD.encode(&self.0)
    }
}

/// Waiting requests, those that are due first at the front, and how many there are in all.
#[derive(Debug, Clone, Default)]
pub struct SearchPage {
    /// As many as were asked for.
    pub ids: Vec<RequestId>,
    /// All that wait.
    pub total: u64,
}

impl Store {
    /// The request with this number as it stands; none where there is neither key nor record.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn search(&self, id: RequestId) -> Result<Option<Search>, StoreError> {
        Ok(self.searches(&[id]).await?.pop().filter(Search::exists))
    }

    /// Whether this is a ticket of the request with this number: each repeat of an idempotent call has brought another one.
    /// `false` if that request is not known, has none or is damaged. How long it takes does not tell how much of it is right.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn is_ticket_of(&self, id: RequestId, ticket: TicketHash) -> Result<bool, StoreError> {
        let mut read = redis::cmd("HGET");
        read.arg(self.keys.record(id)).arg("ticket_sha256");
        let noted: Option<Vec<u8>> = match self.query(&read).await {
            // A foreign hand has put something else in the record's place.
            Err(error) if error.is_wrong_type() => None,
            noted => noted?,
        };
        let (noted, shown) = (noted.unwrap_or_default(), ticket.in_record());
        let tickets = noted.split(|byte| *byte == b' ');
        let is_one = tickets.fold(Choice::from(0), |is_one, ticket| is_one | ticket.ct_eq(shown.as_bytes()));
        Ok(is_one.into())
    }

    /// These requests as they stand, in the same order; also those that are gone ([`Search::exists`]).
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn searches(&self, ids: &[RequestId]) -> Result<Vec<Search>, StoreError> {
        let mut searches = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(READ_AT_ONCE) {
            let mut call = self.call(&self.scripts.read);
            for id in chunk {
                call.arg(id.number());
            }
            let mut answer = self.run::<Vec<Value>>(&call).await?.into_iter();
            let now: i64 = from_value(answer.next().unwrap_or(Value::Nil))?;
            for (id, value) in chunk.iter().zip(answer) {
                let (_, word, pttl, fields): (String, String, i64, Vec<Vec<u8>>) = from_value(value)?;
                let record = match fields.as_slice() {
                    [word] if word == b"damaged" => Record::Damaged("no hash".to_owned()),
                    _ => reply::record(*id, &Fields::from_list(fields)),
                };
                let key = reply::key(&word, pttl, &record);
                searches.push(Search { id: *id, key, record, read_at: UnixMs(now) });
            }
        }
        Ok(searches)
    }

    /// The waiting requests that have a record, at most so many of them. Above 10 000 they are read in pages, and in no order.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn waiting(&self, most: usize) -> Result<SearchPage, StoreError> {
        if most > MOST_IN_ORDER {
            let mut ids = self.all_waiting().await?;
            let total = ids.len() as u64;
            ids.truncate(most);
            return Ok(SearchPage { ids, total });
        }
        let mut pipe = redis::pipe();
        pipe.zcard(&self.keys.due);
        pipe.cmd("ZRANGE").arg(&self.keys.due).arg(0).arg(i64::try_from(most).unwrap_or(i64::MAX) - 1);
        let (total, members): (u64, Vec<Vec<u8>>) = self.query_all(&pipe).await?;
        Ok(SearchPage { ids: members.iter().filter_map(|member| request_id(member)).collect(), total })
    }

    /// All waiting requests that have a record, lowest number first. Read in pages by `ZSCAN`, which misses nobody who waits
    /// all the while: with ranks, everyone after a request that ends between two pages would move up by one.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn all_waiting(&self) -> Result<Vec<RequestId>, StoreError> {
        let mut ids = BTreeSet::new();
        let mut cursor = 0_u64;
        loop {
            let mut scan = redis::cmd("ZSCAN");
            scan.arg(&self.keys.due).arg(cursor).arg("COUNT").arg(PAGE);
            let (next, page): (u64, Vec<Vec<u8>>) = self.query(&scan).await?;
            // Members and their scores take turns.
            ids.extend(page.iter().step_by(2).filter_map(|member| request_id(member)));
            if next == 0 {
                return Ok(ids.into_iter().collect());
            }
            cursor = next;
        }
    }

    /// One step of a look for requests that have only a key: the article's own service keeps no list of them. Begins with
    /// cursor 0 and is over when it answers 0 again. Visits a few hundred keys of the whole database, whatever they are.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn scan_keys(&self, cursor: u64) -> Result<(u64, Vec<RequestId>), StoreError> {
        let mut scan = redis::cmd("SCAN");
        let pattern = format!("{}[1-9]*", self.keys.prefix);
        scan.arg(cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(SCAN_AT_ONCE).arg("TYPE").arg("string");
        let (next, keys): (u64, Vec<Vec<u8>>) = self.query(&scan).await?;
        let id = |key: &Vec<u8>| request_id(key.strip_prefix(self.keys.prefix.as_bytes())?);
        Ok((next, keys.iter().filter_map(id).collect()))
    }
}

/// The request with this number; none where foreign bytes are none.
fn request_id(bytes: &[u8]) -> Option<RequestId> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

fn from_value<T: redis::FromRedisValue>(value: Value) -> Result<T, StoreError> {
    redis::from_redis_value(value).map_err(|e| StoreError::Answer(clean(e.to_string().as_bytes())))
}
