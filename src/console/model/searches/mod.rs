//! The table of searches: what waits, and for a minute what has ended.
//!
//! Order, filter and scroll are settled once after something has changed, never while drawing, and as long as filter and order
//! stay the same, only what has changed is looked at. The selection is an id, and its row keeps its line on the screen whatever
//! comes or goes.

mod rows;
mod settle;
mod shown;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::Row;
use super::lines::Lines;
use super::marks::Marks;
use super::order::{SearchColumn, SortOrder};
use crate::console::message::MOST_WAITING;
use crate::domain::{Candidate, Record, RequestId, Search, UnixMs};
use rows::Rows;
use shown::Shown;

/// An ended request stays in the table so long.
const ENDED_STAYS: Duration = Duration::from_mins(1);

/// The table.
#[derive(Debug, Clone, Default)]
pub struct Searches {
    rows: Rows,
    /// What is shown, in order.
    shown: Shown,
    /// What the filter hides.
    hidden: HashSet<RequestId>,
    /// What has changed since order and filter were settled, as it was then.
    changed: BTreeMap<RequestId, Option<Arc<Row>>>,
    pub(super) selected: Option<RequestId>,
    lines: Lines,
    pub(super) sorted: SortOrder<SearchColumn>,
    pub(super) marks: Marks<RequestId>,
    /// What was selected before the filter, to be selected again after it.
    before_filter: Option<RequestId>,
    /// Order or filter are others than those that were settled.
    pub(super) unsettled: bool,
    /// How often they were settled.
    settled: u64,
}

impl Searches {
    /// A request of the table.
    #[must_use]
    pub fn get(&self, id: RequestId) -> Option<&Row> {
        self.rows.get(id).map(Arc::as_ref)
    }

    /// Every request of the table, shown or not, the oldest first: whatever is drawn of them is drawn alike each time.
    pub fn all(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().map(Arc::as_ref)
    }

    /// How many there are, shown or not.
    #[must_use]
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// The selected request.
    #[must_use]
    pub fn selected(&self) -> Option<&Row> {
        self.selected.and_then(|id| self.get(id))
    }

    /// The rows in sight, from the top.
    pub fn in_sight(&self) -> impl Iterator<Item = &Row> {
        self.lines.of(self.shown.rows()).map(Arc::as_ref)
    }

    /// The rows that are in sight, or come there by one great step.
    pub fn near_sight(&self) -> impl Iterator<Item = &Row> {
        self.lines.around(self.shown.rows()).map(Arc::as_ref)
    }

    /// How many are shown, in sight or not.
    #[must_use]
    pub fn shown(&self) -> usize {
        self.shown.len()
    }

    /// Whether the filter lets it through.
    #[must_use]
    pub fn is_hit(&self, id: RequestId) -> bool {
        !self.hidden.contains(&id)
    }

    /// All that are shown, in order.
    pub(super) fn ids(&self) -> Vec<RequestId> {
        self.shown.ids()
    }

    /// What the filter hides.
    pub(super) fn hidden_ids(&self) -> &HashSet<RequestId> {
        &self.hidden
    }

    /// How many wait, and how many of those have no record.
    #[must_use]
    pub fn waiting(&self) -> (usize, usize) {
        let counts = self.rows.counts();
        (counts.waiting, counts.foreign)
    }

    /// How many of those who wait are known by the lists alone: rider and attempts were not read.
    #[must_use]
    pub fn unread(&self) -> usize {
        self.rows.counts().unread
    }

    /// How many lines are hidden above and below.
    #[must_use]
    pub fn hidden(&self) -> (usize, usize) {
        self.lines.hidden(self.shown.len())
    }

    /// How they are sorted.
    #[must_use]
    pub fn sorted(&self) -> SortOrder<SearchColumn> {
        self.sorted
    }

    /// How wide the longest id in sight is, in columns.
    #[must_use]
    pub fn id_width(&self) -> usize {
        self.in_sight().map(|row| row.search.id.to_string().len()).max().unwrap_or(0)
    }

    /// A number that is another one after each change of what is shown, or of any row.
    pub(super) fn version(&self) -> (u64, u64) {
        (self.settled, self.rows.changes())
    }

    /// Notes what is selected before there is a filter.
    pub(super) fn remember_selection(&mut self) {
        self.before_filter = self.selected;
    }

    /// Selects what was selected before there was a filter, unless another was chosen meanwhile.
    pub(super) fn select_remembered(&mut self) {
        if let Some(id) = self.before_filter.take().filter(|id| self.rows.contains(*id)) {
            self.selected = Some(id);
            self.scroll_to_selection();
        }
    }

    /// Selects the first that is shown. What was selected before there was a filter is remembered still.
    pub(super) fn select_first(&mut self) {
        self.selected = self.shown.id(0);
        self.scroll_to_selection();
    }

    /// Has room for so many lines now.
    pub fn set_height(&mut self, height: usize) {
        self.lines.set_height(height);
        self.scroll_to_selection();
    }

    /// Takes in what was read. A request that is gone without a trace and was never in the table does not get there.
    pub fn take(&mut self, searches: Vec<Search>, now: UnixMs) {
        for search in searches {
            let before = self.get(search.id);
            // Two readings may overtake one another: the later one counts.
            if before.is_some_and(|row| row.search.read_at > search.read_at || row.shows(&search)) {
                continue;
            }
            let new = before.is_none();
            let row = Row::new(search, before);
            if !new || self.has_place_for(&row, now) {
                self.put(row);
            }
        }
    }

    /// Whether a request that was not in the table belongs there. What ended long ago does not, nor a bare key that has
    /// ended: nobody here has seen it wait. The table is bounded, however many wait.
    fn has_place_for(&self, row: &Row, now: UnixMs) -> bool {
        match row.ended_at {
            Some(at) => row.search.record != Record::Foreign && now.since(at) < ENDED_STAYS,
            None => self.rows.counts().waiting < MOST_WAITING,
        }
    }

    /// Takes in who is nearest.
    pub fn take_nearest(&mut self, nearest: Vec<(RequestId, Option<Candidate>)>) {
        for (id, candidate) in nearest {
            let before = self.get(id).filter(|row| row.nearest.as_ref() != Some(&candidate));
            if let Some(row) = before.map(|row| Row { nearest: Some(candidate), ..row.clone() }) {
                let asked = self.rows.is_asked(id);
                self.put(row);
                if asked {
                    self.rows.ask(&[id]);
                }
            }
        }
    }

    fn put(&mut self, row: Row) {
        self.note(row.search.id);
        self.rows.put(row);
    }

    /// Lets go of what ended more than a minute ago, and answers what that was.
    pub fn forget_old(&mut self, now: UnixMs) -> Vec<RequestId> {
        let old = self.rows.ended_until(now - ENDED_STAYS);
        self.forget(&old);
        old
    }

    /// Lets go of those of whom Redis knows nothing any more by this reading, though they waited before it was away and their time
    /// is not up: it has lost its data, or is another one. Answers who that was.
    pub fn forget_lost(&mut self, searches: &[Search], waited: &HashSet<RequestId>) -> Vec<RequestId> {
        let is_lost = |search: &&Search| {
            let known = self.get(search.id).filter(|row| row.is_waiting());
            let had_time = known.is_some_and(|row| row.deadline().is_none_or(|deadline| deadline > search.read_at));
            !search.exists() && had_time && waited.contains(&search.id)
        };
        let lost: Vec<RequestId> = searches.iter().filter(is_lost).map(|search| search.id).collect();
        self.forget(&lost);
        lost
    }

    fn forget(&mut self, ids: &[RequestId]) {
        for id in ids {
            self.note(*id);
            self.rows.remove(*id);
            self.marks.forget(id);
        }
    }

    /// A row is about to change: it is shown as it was until that is settled.
    fn note(&mut self, id: RequestId) {
        let rows = &self.rows;
        self.changed.entry(id).or_insert_with(|| rows.get(id).cloned());
    }

    /// The same requests, which can go on while these stand still.
    pub(super) fn behind(&self) -> Self {
        Self { rows: self.rows.clone(), ..Self::default() }
    }

    /// Goes on with what was taken in while these rows stood still. Selection, order and marks stay.
    pub(super) fn go_on_with(&mut self, newest: Self) {
        for id in newest.changed.keys().filter(|id| !newest.rows.contains(**id)) {
            self.marks.forget(id);
        }
        (self.rows, self.changed) = (newest.rows, newest.changed);
    }

    /// Those whose time is up and who have not been asked about; they count as asked from now on.
    pub fn overdue(&mut self, now: UnixMs) -> Vec<RequestId> {
        let due = self.rows.deadlines().take_while(|(deadline, _)| *deadline < now).map(|(_, id)| id);
        let overdue: Vec<RequestId> = due.filter(|id| !self.rows.is_asked(*id)).collect();
        self.rows.ask(&overdue);
        overdue
    }

    /// Redis' clock was set back to this: nothing was read after it, and nothing has ended after it.
    pub fn set_back(&mut self, now: UnixMs) {
        let is_later = |row: &&Row| row.search.read_at > now || row.ended_at.is_some_and(|at| at > now);
        let later: Vec<Row> = self.all().filter(is_later).cloned().collect();
        for mut row in later {
            row.search.read_at = row.search.read_at.min(now);
            row.ended_at = row.ended_at.map(|at| at.min(now));
            self.put(row);
        }
    }

    /// No answer came to what was asked: it may be asked again.
    pub fn ask_again(&mut self) {
        self.rows.ask_again();
    }

    /// Whether it was asked about, and there is no answer yet.
    #[must_use]
    pub fn is_asked(&self, id: RequestId) -> bool {
        self.rows.is_asked(id)
    }

    /// The next deadline.
    #[must_use]
    pub fn next_deadline(&self) -> Option<UnixMs> {
        self.rows.deadlines().find(|(_, id)| !self.rows.is_asked(*id)).map(|(deadline, _)| deadline)
    }

    /// Those who wait and have a deadline, the first to expire at the front.
    pub(super) fn deadlines(&self) -> impl Iterator<Item = (UnixMs, RequestId)> {
        self.rows.deadlines()
    }

    /// The same, of those who expire at this time or later.
    pub(super) fn deadlines_from(&self, at: UnixMs) -> impl Iterator<Item = (UnixMs, RequestId)> {
        self.rows.deadlines_from(at)
    }
}
