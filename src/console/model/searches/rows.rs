//! All requests that the table knows. What is counted, and what is found by its time, is kept up with each change, so that
//! nobody has to walk through all of them for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::console::model::Row;
use crate::domain::{Record, RequestId, UnixMs};

/// So many numbers, one after the other, are kept together.
const TOGETHER: u64 = 1_024;

/// Requests by their numbers. A picture that is stopped and the one that goes on behind it share what stays as it is.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    all: BTreeMap<u64, Arc<BTreeMap<RequestId, Arc<Row>>>>,
    len: usize,
    /// Those who wait, by when they will have expired.
    deadlines: BTreeSet<(UnixMs, RequestId)>,
    /// Those that have ended, by when that was.
    ends: BTreeSet<(UnixMs, RequestId)>,
    /// Those of whom Redis was asked what became of them, since their time is up.
    asked: BTreeSet<RequestId>,
    counts: Counts,
    /// How often something has changed.
    changes: u64,
}

/// How many wait, and how much is known of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counts {
    /// All who wait.
    pub(super) waiting: usize,
    /// Those of them without a record.
    pub(super) foreign: usize,
    /// Those of them whose record was not read.
    pub(super) unread: usize,
}

impl Rows {
    pub(super) fn get(&self, id: RequestId) -> Option<&Arc<Row>> {
        self.all.get(&part(id))?.get(&id)
    }

    pub(super) fn contains(&self, id: RequestId) -> bool {
        self.get(id).is_some()
    }

    /// All, the oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Row>> {
        self.all.values().flat_map(|part| part.values())
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    /// A number that is another one after each change.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    /// Takes a row in, in the place of what was known of it before. It may be asked about anew.
    pub(super) fn put(&mut self, row: Row) {
        let id = row.search.id;
        self.remove(id);
        if let Some(deadline) = row.deadline() {
            self.deadlines.insert((deadline, id));
        }
        if let Some(at) = row.ended_at {
            self.ends.insert((at, id));
        }
        self.counts = self.counts.with(&row);
        self.len += 1;
        Arc::make_mut(self.all.entry(part(id)).or_default()).insert(id, Arc::new(row));
    }

    /// Lets go of a row.
    pub(super) fn remove(&mut self, id: RequestId) {
        self.changes += 1;
        self.asked.remove(&id);
        let Some(row) = self.take_out(id) else { return };
        if let Some(deadline) = row.deadline() {
            self.deadlines.remove(&(deadline, id));
        }
        if let Some(at) = row.ended_at {
            self.ends.remove(&(at, id));
        }
        self.counts = self.counts.without(&row);
    }

    fn take_out(&mut self, id: RequestId) -> Option<Arc<Row>> {
        let rows = self.all.get_mut(&part(id)).filter(|rows| rows.contains_key(&id))?;
        let row = Arc::make_mut(rows).remove(&id);
        if rows.is_empty() {
            self.all.remove(&part(id));
        }
        self.len -= 1;
        row
    }

    /// Those who wait and have a deadline, the first to expire at the front.
    pub(super) fn deadlines(&self) -> impl Iterator<Item = (UnixMs, RequestId)> {
        self.deadlines.iter().copied()
    }

    /// The same, of those who expire at this time or later.
    pub(super) fn deadlines_from(&self, at: UnixMs) -> impl Iterator<Item = (UnixMs, RequestId)> {
        self.deadlines.range((at, RequestId::FIRST)..).copied()
    }

    /// Those that had ended at this time, or before it.
    pub(super) fn ended_until(&self, at: UnixMs) -> Vec<RequestId> {
        self.ends.iter().take_while(|(ended, _)| *ended <= at).map(|(_, id)| *id).collect()
    }

    pub(super) fn is_asked(&self, id: RequestId) -> bool {
        self.asked.contains(&id)
    }

    /// These were asked about.
    pub(super) fn ask(&mut self, ids: &[RequestId]) {
        self.asked.extend(ids);
    }

    /// No answer came: all may be asked about again.
    pub(super) fn ask_again(&mut self) {
        self.asked.clear();
    }
}

/// With which others a request is kept.
fn part(id: RequestId) -> u64 {
    id.number() / TOGETHER
}

impl Counts {
    fn with(self, row: &Row) -> Self {
        let [waiting, foreign, unread] = Self::of(row);
        Self { waiting: self.waiting + waiting, foreign: self.foreign + foreign, unread: self.unread + unread }
    }

    fn without(self, row: &Row) -> Self {
        let [waiting, foreign, unread] = Self::of(row);
        Self { waiting: self.waiting - waiting, foreign: self.foreign - foreign, unread: self.unread - unread }
    }

    fn of(row: &Row) -> [usize; 3] {
        let is_foreign = row.search.record == Record::Foreign;
        let is_unread = matches!(row.search.record, Record::Listed(_));
        [true, is_foreign, is_unread].map(|counts| usize::from(counts && row.is_waiting()))
    }
}
