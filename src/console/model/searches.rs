//! The table of searches: what waits, ordered by deadline, and for a minute what has ended.
//!
//! Order, filter and scroll are settled when something changes, never while drawing. The selection is an id, and its row
//! keeps its line on the screen whatever comes or goes.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Duration;

use crate::console::message::MOST_WAITING;
use crate::domain::{Candidate, Record, RequestId, Search, Standing, State, UnixMs};

/// An ended request stays in the table so long.
const ENDED_STAYS: Duration = Duration::from_mins(1);

/// One request in the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What was last read of it.
    pub search: Search,
    /// Where it stands.
    pub standing: Standing,
    /// When it ended.
    pub ended_at: Option<UnixMs>,
    /// What its whole time was when it was first seen: the length of its bar.
    pub whole: Duration,
    /// The nearest driver, as last read: not yet read, nobody near, or somebody.
    pub nearest: Option<Option<Candidate>>,
    /// Redis is being asked what became of it, since its time is up.
    pub asked: bool,
}

impl Row {
    fn new(mut search: Search, before: Option<&Self>) -> Self {
        // A record that is gone before its time, with all of Redis say, leaves what was known of it.
        if let (Record::Foreign, Some(before)) = (&search.record, before) {
            search.record = before.search.record.clone();
        }
        let standing = search.standing();
        let recorded = search.request().and_then(|r| r.ended_at);
        let ended_at = match standing {
            Standing::Waiting(_) => None,
            // A foreign hand writes no time down: the moment of its discovery must do.
            Standing::Ended(_) => recorded.or(before.and_then(|row| row.ended_at)).or(Some(search.read_at)),
        };
        let left = match standing {
            Standing::Waiting(Some(deadline)) => deadline.since(search.read_at),
            _ => Duration::ZERO,
        };
        let recorded_whole = search.request().and_then(|r| r.expires_at.map(|end| end.since(r.created_at)));
        let whole = recorded_whole.or(before.map(|row| row.whole)).unwrap_or(left).max(left);
        Self { standing, ended_at, whole, nearest: before.and_then(|row| row.nearest.clone()), asked: false, search }
    }

    /// When it will have expired; none for what has ended or has no deadline.
    #[must_use]
    pub fn deadline(&self) -> Option<UnixMs> {
        match self.standing {
            Standing::Waiting(deadline) => deadline,
            Standing::Ended(_) => None,
        }
    }

    /// Whether it still waits.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        matches!(self.standing, Standing::Waiting(_))
    }

    /// The word for its state.
    #[must_use]
    pub fn state(&self) -> State {
        match self.standing {
            Standing::Waiting(_) => State::Searching,
            Standing::Ended(state) => state,
        }
    }

    /// The rider's name, or what is known instead.
    #[must_use]
    pub fn rider(&self) -> &str {
        match &self.search.record {
            Record::Whole(request) => request.user_id.as_str(),
            Record::Foreign => "(foreign)",
            Record::Damaged(_) => "(damaged record)",
        }
    }

    fn matches(&self, needle: &str) -> bool {
        if needle.is_empty() {
            return true;
        }
        let driver = self.search.request().and_then(|r| r.driver_id.as_ref());
        let texts = [self.search.id.to_string(), self.rider().to_lowercase(), self.state().to_string()];
        texts.iter().any(|text| text.contains(needle))
            || driver.is_some_and(|id| id.as_str().to_lowercase().contains(needle))
    }
}

/// The table.
#[derive(Debug, Clone, Default)]
pub struct Searches {
    rows: HashMap<RequestId, Row>,
    /// What is shown, in order.
    order: Vec<RequestId>,
    selected: Option<RequestId>,
    /// The first line in sight.
    offset: usize,
    /// How many lines are in sight.
    height: usize,
    filter: String,
    /// What was selected before the filter, to be selected again after it.
    before_filter: Option<RequestId>,
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

    /// Every request of the table, shown or not.
    pub fn all(&self) -> impl Iterator<Item = &Row> {
        self.rows.values()
    }

    /// The selected request.
    #[must_use]
    pub fn selected(&self) -> Option<&Row> {
        self.selected.and_then(|id| self.rows.get(&id))
    }

    /// The rows in sight, from the top.
    pub fn in_sight(&self) -> impl Iterator<Item = &Row> {
        self.order.iter().skip(self.offset).take(self.height).filter_map(|id| self.rows.get(id))
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
        (self.offset, self.order.len().saturating_sub(self.offset + self.height))
    }

    /// The text that rows must have; empty where all are shown.
    #[must_use]
    pub fn filter(&self) -> &str {
        &self.filter
    }

    /// Shows only rows with this text.
    pub fn set_filter(&mut self, text: &str) {
        let text = text.trim().to_lowercase();
        if self.filter.is_empty() {
            self.before_filter = self.selected;
        }
        self.filter = text;
        self.settle();
        if self.filter.is_empty()
            && let Some(id) = self.before_filter.take().filter(|id| self.rows.contains_key(id))
        {
            self.selected = Some(id);
            self.scroll_to_selection();
        }
    }

    /// Has room for so many lines now.
    pub fn set_height(&mut self, height: usize) {
        self.height = height;
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
        self.settle();
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
    }

    /// Lets go of what ended more than a minute ago.
    pub fn forget_old(&mut self, now: UnixMs) {
        let before = self.rows.len();
        self.rows.retain(|_, row| row.ended_at.is_none_or(|at| now.since(at) < ENDED_STAYS));
        if self.rows.len() != before {
            self.settle();
        }
    }

    /// Those whose time is up and who have not been asked about; they count as asked from now on.
    pub fn overdue(&mut self, now: UnixMs) -> Vec<RequestId> {
        let due = |row: &&mut Row| !row.asked && row.deadline().is_some_and(|deadline| deadline < now);
        let mut overdue: Vec<_> = self
            .rows
            .values_mut()
            .filter(due)
            .map(|row| {
                row.asked = true;
                row.search.id
            })
            .collect();
        overdue.sort_unstable();
        overdue
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

    /// How many rows a great step is.
    #[must_use]
    pub fn page(&self) -> isize {
        isize::try_from(self.height.saturating_sub(1).max(1)).unwrap_or(isize::MAX)
    }

    fn position(&self) -> Option<usize> {
        self.selected.and_then(|id| self.order.iter().position(|other| *other == id))
    }

    /// Puts the rows in order: the waiting by deadline, then the ended, the latest first.
    fn settle(&mut self) {
        let line = self.position().map(|position| position.saturating_sub(self.offset));
        let mut shown: Vec<&Row> = self.rows.values().filter(|row| row.matches(&self.filter)).collect();
        shown.sort_by_key(|row| match (row.standing, row.ended_at) {
            (Standing::Waiting(deadline), _) => (0, deadline.map_or(i64::MAX, |at| at.0), Reverse(None), row.search.id),
            (Standing::Ended(_), at) => (1, 0, Reverse(at), row.search.id),
        });
        self.order = shown.into_iter().map(|row| row.search.id).collect();
        let waiting = || self.rows.values().filter(|row| row.is_waiting());
        self.foreign = waiting().filter(|row| row.search.record == Record::Foreign).count();
        self.waiting = waiting().count();
        match (self.position(), line) {
            // A row that has ended sinks to the others that have; those who wait do not sink with it out of sight.
            (Some(_), Some(_)) if self.selected().is_some_and(|row| !row.is_waiting()) => {
                self.offset = self.offset.min(self.order.len().saturating_sub(self.height.max(1)));
                return;
            }
            (Some(position), Some(line)) => self.offset = position.saturating_sub(line),
            (Some(_), None) => {}
            // It is gone: whoever stands in its line now is selected.
            (None, _) => self.selected = self.order.get(self.offset + line.unwrap_or(0)).or(self.order.last()).copied(),
        }
        self.scroll_to_selection();
    }

    /// Moves the lines in sight just so far that the selected one is among them.
    fn scroll_to_selection(&mut self) {
        let height = self.height.max(1);
        if let Some(position) = self.position() {
            self.offset = self.offset.clamp((position + 1).saturating_sub(height), position);
        }
        self.offset = self.offset.min(self.order.len().saturating_sub(height));
    }
}
