//! An operator's deeds under names of their own, so that it can be told afterwards whether one was done whose answer was lost.
//!
//! The event of such a deed carries its name, and Redis refuses it after a certain time (`lib_deed.lua`). So once that time is
//! over, the events since tell all: it is among them, or it was not done and never will be.

use std::time::Duration;

use redis::FromRedisValue;

use super::events::{Entry, event};
use super::scripts::Call;
use super::{Store, StoreError};
use crate::domain::{DeedId, Event, Seal, StreamId, UnixMs};

/// So many events are read at once.
const PAGE: usize = 500;
/// Where no event was known when a deed was asked for, the events are read from so long before the time when it was over.
const BEFORE_MS: i64 = 60_000;

/// What the stream tells of a deed.
#[derive(Debug, Clone, PartialEq)]
pub enum Traced {
    /// It was done, and these are its events, oldest first.
    Done(Vec<Event>),
    /// It was not done, and will not be.
    NotDone,
    /// It may still be done, until its time is up.
    Open,
    /// The stream does not reach back that far: it cannot be known any more.
    Lost,
}

impl Store {
    /// The same handle for one deed: what is done with it carries its seal.
    #[must_use]
    pub fn for_deed(&self, seal: Seal) -> Self {
        Self { seal: Some(seal), ..self.clone() }
    }

    /// A seal for a deed that is asked for now, and that Redis refuses after so long.
    ///
    /// # Errors
    /// Where Redis cannot be read: then nothing was asked for.
    pub async fn seal(&self, good_for: Duration) -> Result<Seal, StoreError> {
        let mut now = redis::pipe();
        now.cmd("TIME").cmd("XREVRANGE").arg(&self.keys.events).arg("+").arg("-").arg("COUNT").arg(1);
        let ((seconds, micros), newest): ((i64, i64), Vec<Entry>) = self.query_all(&now).await?;
        // Before all others where there is none.
        let after = newest.first().and_then(|(id, _)| id.parse().ok()).unwrap_or_default();
        let until = UnixMs(seconds * 1_000 + micros / 1_000) + good_for;
        Ok(Seal { id: DeedId::from(rand::random::<u128>()), until, after: Some(after) })
    }

    /// Adds what goes with an operator's deed to the call of its script.
    pub(super) fn sign(&self, call: &mut Call<'_>) {
        match &self.seal {
            Some(seal) => call.arg(seal.id.to_string()).arg(seal.until.0),
            None => call.arg("").arg(0),
        };
    }

    /// What became of each of these deeds, in their order.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn trace(&self, seals: &[Seal]) -> Result<Vec<Traced>, StoreError> {
        // The clock comes first: whatever is done in time stands in what is read after it.
        let (seconds, micros): (i64, i64) = self.query(&redis::cmd("TIME")).await?;
        let now = UnixMs(seconds * 1_000 + micros / 1_000);
        let Some(start) = seals.iter().map(start).min() else { return Ok(Vec::new()) };
        let (is_whole, told) = self.events_of_deeds(start).await?;
        Ok(seals.iter().map(|seal| traced(seal, now, is_whole, &told)).collect())
    }

    /// All events of deeds from that place on, and whether the stream reaches back as far.
    async fn events_of_deeds(&self, start: StreamId) -> Result<(bool, Vec<(DeedId, Event)>), StoreError> {
        let first: Vec<Entry> = self.page("-", 1).await?;
        let oldest = first.first().and_then(|(id, _)| id.parse::<StreamId>().ok());
        let is_whole = start == StreamId::default() || oldest.is_some_and(|oldest| oldest <= start);
        let mut told = Vec::new();
        let mut from = start.to_string();
        loop {
            let page: Vec<Entry> = self.page(&from, PAGE).await?;
            let Some((last, _)) = page.last() else { return Ok((is_whole, told)) };
            from = format!("({last}");
            told.extend(page.into_iter().filter_map(of_deed));
        }
    }

    async fn page<T: FromRedisValue>(&self, from: &str, count: usize) -> Result<T, StoreError> {
        let mut range = redis::cmd("XRANGE");
        self.query(range.arg(&self.keys.events).arg(from).arg("+").arg("COUNT").arg(count)).await
    }
}

/// An event that belongs to a deed.
pub(super) fn of_deed(entry: Entry) -> Option<(DeedId, Event)> {
    event(entry).and_then(|event| Some((event.deed?, event)))
}

/// What became of a deed, by what the stream tells of all of them.
pub(super) fn traced(seal: &Seal, now: UnixMs, is_whole: bool, told: &[(DeedId, Event)]) -> Traced {
    let own: Vec<Event> = told.iter().filter(|(id, _)| *id == seal.id).map(|(_, event)| event.clone()).collect();
    match (own.is_empty(), is_whole) {
        (false, _) => Traced::Done(own),
        (true, false) => Traced::Lost,
        (true, true) if now <= seal.until => Traced::Open,
        (true, true) => Traced::NotDone,
    }
}

/// Where a deed's own event can stand at the earliest.
fn start(seal: &Seal) -> StreamId {
    seal.after.unwrap_or(StreamId { at: UnixMs((seal.until.0 - BEFORE_MS).max(0)), seq: 0 })
}
