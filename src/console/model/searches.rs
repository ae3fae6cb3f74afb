//! The table of searches: what waits, and for a minute what has ended.
//!
//! Order, filter and scroll are settled once after something has changed, never while drawing. The selection is an id, and its
//! row keeps its line on the screen whatever comes or goes.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Row;
use super::filter::Sieve;
use super::lines::Lines;
use super::marks::Marks;
use super::order::{SearchColumn, SortOrder};
use crate::console::message::MOST_WAITING;
use crate::domain::{Candidate, Record, RequestId, Search, UnixMs};

/// An ended request stays in the table so long.
const ENDED_STAYS: Duration = Duration::from_mins(1);

/// The table.
#[derive(Debug, Clone, Default)]
pub struct Searches {
    /// By number, so that of two in one place on the map always the same one is named.
    pub(super) rows: BTreeMap<RequestId, Row>,
    /// What is shown, in order.
    pub(super) order: Vec<RequestId>,
    pub(super) selected: Option<RequestId>,
    lines: Lines,
    pub(super) sorted: SortOrder<SearchColumn>,
    pub(super) marks: Marks<RequestId>,
    /// What was selected before the filter, to be selected again after it.
    before_filter: Option<RequestId>,
    /// Something has changed since order and filter were settled.
    pub(super) unsettled: bool,
    /// How many wait, and how many of those have no record.
    waiting: usize,
    foreign: usize,
}

impl Searches {
    /// A request of the table.
    #[must_use]
    pub fn get(&self, id: RequestId) -> Option<&Row> {
        self.rows.get(&id)
    }

    /// Every request of the table, shown or not, the oldest first: whatever is drawn of them is drawn alike each time.
    pub fn all(&self) -> impl Iterator<Item = &Row> {
        self.rows.values()
    }

    /// How many there are, shown or not.
    #[must_use]
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// The selected request.
    #[must_use]
    pub fn selected(&self) -> Option<&Row> {
        self.selected.and_then(|id| self.rows.get(&id))
    }

    /// The rows in sight, from the top.
    pub fn in_sight(&self) -> impl Iterator<Item = &Row> {
        self.lines.of(&self.order).filter_map(|id| self.rows.get(id))
    }

    /// How many are shown, in sight or not.
    #[must_use]
    pub fn shown(&self) -> usize {
        self.order.len()
    }

    /// How many wait, and how many of those have no record.
    #[must_use]
    pub fn waiting(&self) -> (usize, usize) {
        (self.waiting, self.foreign)
    }

    /// How many lines are hidden above and below.
    #[must_use]
    pub fn hidden(&self) -> (usize, usize) {
        self.lines.hidden(self.order.len())
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

    /// Notes what is selected before there is a filter.
    pub(super) fn remember_selection(&mut self) {
        self.before_filter = self.selected;
    }

    /// Selects what was selected before there was a filter, unless another was chosen meanwhile.
    pub(super) fn select_remembered(&mut self) {
        if let Some(id) = self.before_filter.take().filter(|id| self.rows.contains_key(id)) {
            self.selected = Some(id);
            self.scroll_to_selection();
        }
    }

    /// Selects the first that is shown. What was selected before there was a filter is remembered still.
    pub(super) fn select_first(&mut self) {
        self.selected = self.order.first().copied();
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
            let before = self.rows.get(&search.id);
            // Two readings may overtake one another: the later one counts.
            if before.is_some_and(|row| row.search.read_at > search.read_at) {
                continue;
            }
            let new = before.is_none();
            let row = Row::new(search, before);
            if new && !self.has_place_for(&row, now) {
                continue;
            }
            self.waiting += usize::from(new && row.is_waiting());
            self.rows.insert(row.search.id, row);
        }
        self.changed();
    }

    /// Whether a request that was not in the table belongs there. What ended long ago does not, nor a bare key that has
    /// ended: nobody here has seen it wait. The table is bounded, however many wait.
    fn has_place_for(&self, row: &Row, now: UnixMs) -> bool {
        match row.ended_at {
            Some(at) => row.search.record != Record::Foreign && now.since(at) < ENDED_STAYS,
            None => self.waiting < MOST_WAITING,
        }
    }

    /// Takes in who is nearest.
    pub fn take_nearest(&mut self, nearest: Vec<(RequestId, Option<Candidate>)>) {
        for (id, candidate) in nearest {
            if let Some(row) = self.rows.get_mut(&id) {
                row.nearest = Some(candidate);
            }
        }
        self.unsettled |= self.sorted.by == SearchColumn::Nearest;
    }

    /// Lets go of what ended more than a minute ago.
    pub fn forget_old(&mut self, now: UnixMs) {
        let before = self.rows.len();
        self.rows.retain(|_, row| row.ended_at.is_none_or(|at| now.since(at) < ENDED_STAYS));
        if self.rows.len() != before {
            let rows = &self.rows;
            self.marks.retain(|id| rows.contains_key(id));
            self.changed();
        }
    }

    /// Goes on with what was taken in while these rows stood still. Selection, order and marks stay.
    pub(super) fn go_on_with(&mut self, newest: Self) {
        let shown = std::mem::replace(&mut self.rows, newest.rows);
        for row in self.rows.values_mut() {
            row.hit = shown.get(&row.search.id).is_some_and(|before| before.hit);
        }
        let rows = &self.rows;
        self.marks.retain(|id| rows.contains_key(id));
        self.changed();
    }

    fn changed(&mut self) {
        let waiting = || self.rows.values().filter(|row| row.is_waiting());
        self.foreign = waiting().filter(|row| row.search.record == Record::Foreign).count();
        self.waiting = waiting().count();
        self.unsettled = true;
    }

    /// Those whose time is up and who have not been asked about; they count as asked from now on.
    pub fn overdue(&mut self, now: UnixMs) -> Vec<RequestId> {
        let due = |row: &&mut Row| !row.asked && row.deadline().is_some_and(|deadline| deadline < now);
        let overdue = self.rows.values_mut().filter(due).map(|row| {
            row.asked = true;
            row.search.id
        });
        overdue.collect()
    }

    /// No answer came to what was asked: it may be asked again.
    pub fn ask_again(&mut self) {
        self.rows.values_mut().for_each(|row| row.asked = false);
    }

    /// The next deadline.
    #[must_use]
    pub fn next_deadline(&self) -> Option<UnixMs> {
        self.rows.values().filter(|row| !row.asked).filter_map(Row::deadline).min()
    }

    /// Moves the selection by so many rows; it stops at the ends.
    pub fn move_selection(&mut self, rows: isize) {
        let Some(position) = self.position() else { return };
        let last = self.order.len() - 1;
        self.selected = self.order.get(position.saturating_add_signed(rows).min(last)).copied();
        self.before_filter = None;
        self.scroll_to_selection();
    }

    /// Selects a request, and answers whether it is among those that are shown.
    pub fn select(&mut self, id: RequestId) -> bool {
        let shown = self.order.contains(&id);
        if shown {
            self.selected = Some(id);
            self.before_filter = None;
            self.scroll_to_selection();
        }
        shown
    }

    /// Selects the request that stands in this line of those in sight, the first is 0.
    pub fn select_line(&mut self, line: usize) {
        if let Some(id) = self.order.get(self.lines.position_of(line)) {
            self.select(*id);
        }
    }

    /// How many rows a great step is.
    #[must_use]
    pub fn page(&self) -> isize {
        self.lines.page()
    }

    fn position(&self) -> Option<usize> {
        self.selected.and_then(|id| self.order.iter().position(|other| *other == id))
    }

    /// Puts those that are let through in order.
    pub(super) fn settle(&mut self, sieve: &mut Sieve<'_>) {
        let line = self.position().map(|position| self.lines.line_of(position));
        // It begins with the order as it was: what is nearly sorted is sorted soon.
        let mut order = std::mem::take(&mut self.order);
        for row in self.rows.values_mut() {
            let hit = sieve.lets_search(row);
            if hit && !row.hit {
                order.push(row.search.id);
            }
            row.hit = hit;
        }
        let mut shown: Vec<&Row> = order.iter().filter_map(|id| self.rows.get(id)).filter(|row| row.hit).collect();
        shown.sort_by(|a, b| self.sorted.compare(a, b));
        shown.dedup_by_key(|row| row.search.id);
        self.order = shown.into_iter().map(|row| row.search.id).collect();
        self.unsettled = false;
        // Where a row that has ended sinks to the others that have, those who wait do not sink with it out of sight.
        let sinks = self.sorted.by.parts_the_ended() && self.selected().is_some_and(|row| !row.is_waiting());
        match (self.position(), line) {
            (Some(_), Some(_)) if sinks => {
                self.lines.stay_full(self.order.len());
                return;
            }
            (Some(position), Some(line)) => self.lines.keep(position, line, self.order.len()),
            (Some(_), None) => {}
            // It is gone: whoever stands in its line now is selected.
            (None, _) => {
                let instead = self.lines.position_of(line.unwrap_or(0));
                self.selected = self.order.get(instead).or(self.order.last()).copied();
            }
        }
        self.scroll_to_selection();
    }

    /// Moves the lines in sight just so far that the selected one is among them.
    fn scroll_to_selection(&mut self) {
        match self.position() {
            Some(position) => self.lines.show(position, self.order.len()),
            None => self.lines.stay_full(self.order.len()),
        }
    }
}
