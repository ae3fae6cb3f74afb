//! The table of drivers: the single ones in sight of the map, as far as the filter lets them through.
//!
//! Its rows are the map's, and so is the selection: there is one for both. Order and lines are settled when something changes,
//! never while drawing; the selected row keeps its line whoever comes, goes or moves.

use super::filter::Sieve;
use super::lines::{Lines, Marks};
use super::order::{DriverColumn, SortOrder};
use crate::domain::{DriverId, Point, Sighting};

/// The longest name that is shown whole, in columns.
const LONGEST_NAME: usize = 24;

/// What is known of a driver's reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Contact {
    /// It reports.
    Fresh,
    /// It has been silent for so long that no request is given to it.
    Stale,
    /// It never reported: another hand set it there.
    Unknown,
}

impl Contact {
    /// All.
    pub const ALL: [Self; 3] = [Self::Fresh, Self::Stale, Self::Unknown];

    /// What is known of this one.
    #[must_use]
    pub fn of(driver: &Sighting) -> Self {
        match driver.seen {
            _ if driver.stale => Self::Stale,
            Some(_) => Self::Fresh,
            None => Self::Unknown,
        }
    }

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Stale => "stale",
            Self::Unknown => "unknown",
        }
    }
}

/// The table.
#[derive(Debug, Clone, Default)]
pub struct Drivers {
    /// What is shown, in order: positions among the map's drivers.
    order: Vec<usize>,
    /// For each of the map's drivers whether the filter lets it through.
    hits: Vec<bool>,
    /// How wide the longest name is, in columns.
    name_width: usize,
    lines: Lines,
    /// Who was selected when that was last looked at, and the row in which it then stood, or stood last.
    last_selected: Option<DriverId>,
    stood: Option<usize>,
    pub(super) sorted: SortOrder<DriverColumn>,
    pub(super) marks: Marks<DriverId>,
    pub(super) unsettled: bool,
}

impl Drivers {
    /// How many are shown, in sight or not.
    #[must_use]
    pub fn shown(&self) -> usize {
        self.order.len()
    }

    /// How many lines are hidden above and below.
    #[must_use]
    pub fn hidden(&self) -> (usize, usize) {
        self.lines.hidden(self.order.len())
    }

    /// How they are sorted.
    #[must_use]
    pub fn sorted(&self) -> SortOrder<DriverColumn> {
        self.sorted
    }

    /// How wide the longest name is, in columns, within reason.
    #[must_use]
    pub fn name_width(&self) -> usize {
        self.name_width
    }

    /// How many rows a great step is.
    #[must_use]
    pub fn page(&self) -> isize {
        self.lines.page()
    }

    /// Whether this driver is marked.
    #[must_use]
    pub fn is_marked(&self, id: &DriverId) -> bool {
        self.marks.contains(id)
    }

    /// Has room for so many lines now.
    pub(super) fn set_height(&mut self, height: usize) {
        self.lines.set_height(height);
        match self.stood.filter(|row| *row < self.order.len()) {
            Some(row) => self.lines.show(row, self.order.len()),
            None => self.lines.stay_full(self.order.len()),
        }
    }

    pub(super) fn rows<'a>(&'a self, fleet: &'a [Sighting]) -> impl Iterator<Item = &'a Sighting> {
        self.order.iter().filter_map(|&i| fleet.get(i))
    }

    pub(super) fn rows_in_sight<'a>(&'a self, fleet: &'a [Sighting]) -> impl Iterator<Item = &'a Sighting> {
        self.lines.of(&self.order).filter_map(|&i| fleet.get(i))
    }

    pub(super) fn is_hit(&self, position: usize) -> bool {
        self.hits.get(position).copied().unwrap_or(true)
    }

    /// Puts those who are let through in order; distances are from `origin`.
    pub(super) fn settle(
        &mut self,
        fleet: &[Sighting],
        selected: Option<&DriverId>,
        sieve: &mut Sieve<'_>,
        origin: Point,
    ) {
        let line = self.stood.map(|row| self.lines.line_of(row));
        self.hits = fleet.iter().map(|driver| sieve.lets_driver(driver)).collect();
        let far = |driver: &Sighting| match self.sorted.by {
            DriverColumn::Distance => driver.place.distance_m(origin),
            _ => 0.0,
        };
        let hits = fleet.iter().enumerate().filter(|(i, _)| self.is_hit(*i));
        let mut shown: Vec<(usize, &Sighting, f64)> = hits.map(|(i, driver)| (i, driver, far(driver))).collect();
        shown.sort_by(|(_, a, a_m), (_, b, b_m)| self.sorted.compare((a, *a_m), (b, *b_m)));
        let widths = shown.iter().map(|(_, driver, _)| unicode_width::UnicodeWidthStr::width(driver.id.as_str()));
        self.name_width = widths.max().unwrap_or(0).min(LONGEST_NAME);
        self.order = shown.into_iter().map(|(i, ..)| i).collect();
        self.unsettled = false;
        if self.last_selected.as_ref() == selected
            && let (Some(row), Some(line)) = (self.row_of(fleet, selected), line)
        {
            self.stood = Some(row);
            self.lines.keep(row, line, self.order.len());
        } else {
            self.last_selected = None;
            self.follow(fleet, selected);
        }
        self.lines.stay_full(self.order.len());
    }

    /// Brings whoever is selected now into sight, if it was somebody else before.
    pub(super) fn follow(&mut self, fleet: &[Sighting], selected: Option<&DriverId>) {
        if self.last_selected.as_ref() == selected {
            return;
        }
        self.last_selected = selected.cloned();
        if let Some(row) = self.row_of(fleet, selected) {
            self.stood = Some(row);
            self.lines.show(row, self.order.len());
        }
    }

    /// Who stands so many rows from the selected one; it stops at the ends. Where the selected one is not shown, the steps begin
    /// where it stood last.
    pub(super) fn step<'a>(
        &self,
        fleet: &'a [Sighting],
        selected: Option<&DriverId>,
        rows: isize,
    ) -> Option<&'a Sighting> {
        let last = self.order.len().checked_sub(1)?;
        let row = match self.row_of(fleet, selected) {
            Some(row) => row.saturating_add_signed(rows),
            // Whoever moved up into its place is the next one.
            None if rows > 0 => self.first_step().saturating_add_signed(rows - 1),
            None => self.first_step().saturating_add_signed(rows),
        };
        self.order.get(row.min(last)).and_then(|&i| fleet.get(i))
    }

    fn first_step(&self) -> usize {
        self.stood.unwrap_or(self.lines.position_of(0))
    }

    fn row_of(&self, fleet: &[Sighting], id: Option<&DriverId>) -> Option<usize> {
        let id = id?;
        let position = fleet.binary_search_by(|driver| driver.id.cmp(id)).ok()?;
        self.order.iter().position(|&i| i == position)
    }
}
