//! What the table of searches shows is put in order, and the selected row keeps its line.

use std::sync::Arc;

use super::Searches;
use crate::console::model::filter::Sieve;
use crate::domain::RequestId;

impl Searches {
    /// Moves the selection by so many rows; it stops at the ends.
    pub fn move_selection(&mut self, rows: isize) {
        let Some(position) = self.position() else { return };
        let last = self.shown.len() - 1;
        self.selected = self.shown.id(position.saturating_add_signed(rows).min(last));
        self.before_filter = None;
        self.scroll_to_selection();
    }

    /// Selects a request, and answers whether it is among those that are shown.
    pub fn select(&mut self, id: RequestId) -> bool {
        let shown = self.place_of(id).is_some();
        if shown {
            self.selected = Some(id);
            self.before_filter = None;
            self.scroll_to_selection();
        }
        shown
    }

    /// Selects the request that stands in this line of those in sight, the first is 0.
    pub fn select_line(&mut self, line: usize) {
        if let Some(id) = self.shown.id(self.lines.position_of(line)) {
            self.select(id);
        }
    }

    /// How many rows a great step is.
    #[must_use]
    pub fn page(&self) -> isize {
        self.lines.page()
    }

    fn position(&self) -> Option<usize> {
        self.selected.and_then(|id| self.place_of(id))
    }

    /// Where a request stands among those that are shown.
    pub(super) fn place_of(&self, id: RequestId) -> Option<usize> {
        let row = match self.changed.get(&id) {
            Some(before) => before.as_ref(),
            None => self.rows.get(id),
        };
        self.shown.position(row?)
    }

    /// Whether there is anything to be settled.
    pub(in crate::console::model) fn has_changed(&self) -> bool {
        self.unsettled || !self.changed.is_empty()
    }

    /// Puts those that are let through in order: all anew, or only what has changed.
    pub(in crate::console::model) fn settle(&mut self, sieve: &mut Sieve<'_>, all: bool) {
        let line = self.position().map(|position| self.lines.line_of(position));
        if all || self.unsettled {
            self.sort(sieve);
        } else {
            self.place_changed(sieve);
        }
        self.unsettled = false;
        self.settled += 1;
        // Where a row that has ended sinks to the others that have, those who wait do not sink with it out of sight.
        let sinks = self.sorted.by.parts_the_ended() && self.selected().is_some_and(|row| !row.is_waiting());
        match (self.position(), line) {
            (Some(_), Some(_)) if sinks => {
                self.lines.stay_full(self.shown.len());
                return;
            }
            (Some(position), Some(line)) => self.lines.keep(position, line, self.shown.len()),
            (Some(_), None) => {}
            // It is gone: whoever stands in its line now is selected.
            (None, _) => {
                let instead = self.lines.position_of(line.unwrap_or(0));
                self.selected = self.shown.id(instead.min(self.shown.len().saturating_sub(1)));
            }
        }
        self.scroll_to_selection();
    }

    fn sort(&mut self, sieve: &mut Sieve<'_>) {
        self.changed.clear();
        self.hidden.clear();
        let mut shown = Vec::with_capacity(self.rows.len());
        for row in self.rows.iter() {
            if sieve.lets_search(row) {
                shown.push(Arc::clone(row));
            } else {
                self.hidden.insert(row.search.id);
            }
        }
        self.shown.sort(shown, self.sorted);
    }

    fn place_changed(&mut self, sieve: &mut Sieve<'_>) {
        let (rows, hidden) = (&self.rows, &mut self.hidden);
        let changed = std::mem::take(&mut self.changed).into_iter().map(|(id, before)| {
            let now = rows.get(id);
            let shown = now.filter(|row| sieve.lets_search(row));
            if now.is_some() && shown.is_none() {
                hidden.insert(id);
            } else {
                hidden.remove(&id);
            }
            (before, shown.cloned())
        });
        self.shown.change(changed);
    }

    /// Moves the lines in sight just so far that the selected one is among them.
    pub(super) fn scroll_to_selection(&mut self) {
        match self.position() {
            Some(position) => self.lines.show(position, self.shown.len()),
            None => self.lines.stay_full(self.shown.len()),
        }
    }
}
