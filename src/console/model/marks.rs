//! Which rows of a table are marked.

use std::collections::HashSet;
use std::hash::Hash;

use super::{Row, Searches};
use crate::domain::RequestId;

/// At most so many marked rows are checked for a hint, which is drawn with each frame.
const MAX_CHECKED: usize = 1_000;

/// The rows that are marked.
#[derive(Debug, Clone)]
pub(super) struct Marks<Id> {
    ids: HashSet<Id>,
    /// The one that was marked last: a range begins there.
    last: Option<Id>,
}

impl<Id> Default for Marks<Id> {
    fn default() -> Self {
        Self { ids: HashSet::new(), last: None }
    }
}

impl<Id: Clone + Eq + Hash + Ord> Marks<Id> {
    pub(super) fn contains(&self, id: &Id) -> bool {
        self.ids.contains(id)
    }

    pub(super) fn count(&self) -> usize {
        self.ids.len()
    }

    /// Marks a row, or takes its mark off.
    pub(super) fn toggle(&mut self, id: &Id) {
        if self.ids.remove(id) {
            self.last = None;
        } else {
            self.ids.insert(id.clone());
            self.last = Some(id.clone());
        }
    }

    /// Marks all rows from the last marked one to this one; this one alone where the last one is not shown.
    pub(super) fn mark_to(&mut self, here: &Id, shown: &[Id]) {
        let position = |wanted: &Id| shown.iter().position(|id| id == wanted);
        let to = position(here);
        let from = self.last.as_ref().and_then(position).or(to);
        let (from, to) = (from.min(to), from.max(to));
        let range = from.zip(to).and_then(|(from, to)| shown.get(from..=to)).unwrap_or_default();
        self.ids.extend(range.iter().cloned());
        self.last = Some(here.clone());
    }

    /// Marks all that are shown, or where they are all marked takes every mark off.
    pub(super) fn mark_all(&mut self, shown: &[Id]) {
        if shown.iter().all(|id| self.ids.contains(id)) {
            self.clear();
        } else {
            self.ids.extend(shown.iter().cloned());
        }
    }

    /// Takes every mark off; whether there were any.
    pub(super) fn clear(&mut self) -> bool {
        self.last = None;
        !std::mem::take(&mut self.ids).is_empty()
    }

    /// This row is gone.
    pub(super) fn forget(&mut self, id: &Id) {
        self.ids.remove(id);
        self.last.take_if(|last| last == id);
    }

    /// How many of the marked rows are among these.
    pub(super) fn count_in(&self, rows: &HashSet<Id>) -> usize {
        self.ids.intersection(rows).count()
    }

    /// The marked rows: first those that are shown, in their order, then the others.
    pub(super) fn in_order(&self, shown: &[Id]) -> Vec<Id> {
        let mut marked: Vec<Id> = shown.iter().filter(|id| self.ids.contains(id)).cloned().collect();
        let first: HashSet<&Id> = marked.iter().collect();
        let mut hidden: Vec<Id> = self.ids.iter().filter(|id| !first.contains(id)).cloned().collect();
        hidden.sort_unstable();
        marked.extend(hidden);
        marked
    }
}

impl Searches {
    /// Marks the selected row, or takes its mark off, and goes on to the next row. Whether there was one.
    pub(super) fn toggle_mark(&mut self) -> bool {
        let Some(id) = self.selected else { return false };
        self.marks.toggle(&id);
        self.move_selection(1);
        true
    }

    /// Marks the rows from the last marked one to the selected one. Whether there was one.
    pub(super) fn mark_range(&mut self) -> bool {
        let Some(id) = self.selected else { return false };
        self.marks.mark_to(&id, &self.ids());
        true
    }

    /// Marks all that are shown; where they all are marked, takes all marks off.
    pub(super) fn mark_all(&mut self) {
        self.marks.mark_all(&self.ids());
    }

    /// Takes all marks off; whether there were any.
    pub(super) fn clear_marks(&mut self) -> bool {
        self.marks.clear()
    }

    /// Whether this request is marked.
    #[must_use]
    pub fn is_marked(&self, id: RequestId) -> bool {
        self.marks.contains(&id)
    }

    /// The marked requests: first those that are shown, in their order, then those that the filter hides.
    #[must_use]
    pub fn marked(&self) -> Vec<RequestId> {
        if self.marks.count() == 0 { Vec::new() } else { self.marks.in_order(&self.ids()) }
    }

    /// How many are marked.
    #[must_use]
    pub fn marked_count(&self) -> usize {
        self.marks.count()
    }

    /// Whether one of the marked rows, of very many one of the first thousand, is such.
    #[must_use]
    pub fn any_marked(&self, check: impl Fn(&Row) -> bool) -> bool {
        self.marks.ids.iter().take(MAX_CHECKED).filter_map(|id| self.get(*id)).any(check)
    }

    /// How many of the marked ones the filter hides.
    #[must_use]
    pub fn marked_hidden(&self) -> usize {
        self.marks.count_in(self.hidden_ids())
    }
}
