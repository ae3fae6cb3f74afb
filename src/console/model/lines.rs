//! What the two tables have in common: which of their lines are in sight, and which rows are marked.

use std::collections::HashSet;
use std::hash::Hash;

/// The lines of a table that are in sight.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lines {
    /// The first.
    offset: usize,
    /// How many.
    height: usize,
}

impl Lines {
    /// Those in sight of all these, from the top.
    pub(super) fn of<T>(self, all: &[T]) -> impl Iterator<Item = &T> {
        all.iter().skip(self.offset).take(self.height)
    }

    /// How many of so many are hidden above and below.
    pub(super) fn hidden(self, count: usize) -> (usize, usize) {
        (self.offset, count.saturating_sub(self.offset + self.height))
    }

    /// How many lines a great step is.
    pub(super) fn page(self) -> isize {
        isize::try_from(self.height.saturating_sub(1).max(1)).unwrap_or(isize::MAX)
    }

    /// How far below the first line in sight this row stands.
    pub(super) fn line_of(self, position: usize) -> usize {
        position.saturating_sub(self.offset)
    }

    /// The row on this line.
    pub(super) fn position_of(self, line: usize) -> usize {
        self.offset + line
    }

    pub(super) fn set_height(&mut self, height: usize) {
        self.height = height;
    }

    /// Moves just so far that this row is in sight.
    pub(super) fn show(&mut self, position: usize, count: usize) {
        self.offset = self.offset.clamp((position + 1).saturating_sub(self.height.max(1)), position);
        self.stay_full(count);
    }

    /// Moves so that this row stands on that line, as far as there are rows for it.
    pub(super) fn keep(&mut self, position: usize, line: usize, count: usize) {
        self.offset = position.saturating_sub(line);
        self.show(position, count);
    }

    /// Leaves no line empty while there are rows for it.
    pub(super) fn stay_full(&mut self, count: usize) {
        self.offset = self.offset.min(count.saturating_sub(self.height.max(1)));
    }
}

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

    /// Takes the marks off all but these.
    pub(super) fn retain(&mut self, keep: impl Fn(&Id) -> bool) {
        self.ids.retain(&keep);
        self.last.take_if(|id| !keep(id));
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
