//! The rows that are shown, in order. A few that have changed are put in their new places; nobody else is looked at.

use std::sync::Arc;

use crate::console::model::Row;
use crate::console::model::order::{SearchColumn, SortOrder};
use crate::domain::RequestId;

/// Rows in order, each as it was when it was put there: by that it is found again.
#[derive(Debug, Clone, Default)]
pub(super) struct Shown {
    rows: Vec<Arc<Row>>,
    /// The order in which they stand.
    sorted: SortOrder<SearchColumn>,
}

impl Shown {
    pub(super) fn rows(&self) -> &[Arc<Row>] {
        &self.rows
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The request in this place.
    pub(super) fn id(&self, position: usize) -> Option<RequestId> {
        self.rows.get(position).map(|row| row.search.id)
    }

    /// All requests, in order.
    pub(super) fn ids(&self) -> Vec<RequestId> {
        self.rows.iter().map(|row| row.search.id).collect()
    }

    /// Where a row stands that was put here as it is.
    pub(super) fn position(&self, row: &Row) -> Option<usize> {
        self.rows.binary_search_by(|other| self.sorted.compare(other, row)).ok()
    }

    /// Shows just these, in this order.
    pub(super) fn sort(&mut self, mut rows: Vec<Arc<Row>>, sorted: SortOrder<SearchColumn>) {
        rows.sort_unstable_by(|a, b| sorted.compare(a, b));
        (self.rows, self.sorted) = (rows, sorted);
    }

    /// Takes in rows that have changed: what they were, where they were shown, and what they are, where they are to be.
    pub(super) fn change(&mut self, changed: impl Iterator<Item = (Option<Arc<Row>>, Option<Arc<Row>>)>) {
        let (mut gone, mut come) = (Vec::new(), Vec::new());
        for (before, now) in changed {
            let place = before.and_then(|row| self.position(&row));
            let stays = |at: &usize| {
                let here = self.rows.get(*at).zip(now.as_ref());
                here.is_some_and(|(before, now)| self.sorted.compare(before, now).is_eq())
            };
            let here = place.filter(stays).and_then(|at| self.rows.get_mut(at));
            if let Some((here, now)) = here.zip(now.clone()) {
                *here = now;
            } else {
                gone.extend(place);
                come.extend(now);
            }
        }
        if !gone.is_empty() || !come.is_empty() {
            gone.sort_unstable();
            come.sort_unstable_by(|a, b| self.sorted.compare(a, b));
            self.merge(&gone, come);
        }
    }

    /// Takes out the rows in these places, and puts others in; both stand in order. One walk, however many they are.
    fn merge(&mut self, gone: &[usize], come: Vec<Arc<Row>>) {
        let mut merged = Vec::with_capacity((self.rows.len() + come.len()).saturating_sub(gone.len()));
        // Where each new one goes is looked for among the old ones before any of them is moved.
        let place = |row: &Arc<Row>| self.rows.partition_point(|other| self.sorted.compare(other, row).is_lt());
        let places: Vec<usize> = come.iter().map(place).collect();
        let (mut gone, mut come) = (gone.iter().copied().peekable(), places.into_iter().zip(come).peekable());
        for (at, row) in std::mem::take(&mut self.rows).into_iter().enumerate() {
            while let Some((_, new)) = come.next_if(|(place, _)| *place == at) {
                merged.push(new);
            }
            if gone.next_if_eq(&at).is_none() {
                merged.push(row);
            }
        }
        merged.extend(come.map(|(_, new)| new));
        self.rows = merged;
    }
}
