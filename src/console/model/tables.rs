//! What the two tables and the map do together: one filter for all, one selection of drivers, orders and marks.

use super::filter::{Filter, Moment};
use super::order::{DriverColumn, Orders, SearchColumn};
use super::{Model, Pane};
use crate::console::{columns, layout};
use crate::domain::{DriverId, FleetView, Point, RequestId, Sighting};

/// Time counts for the filter in steps of so many milliseconds.
const STEP_MS: i64 = 250;

impl Model {
    /// Settles order and filter of both tables, where something has changed since that was done last.
    pub fn settle(&mut self) {
        self.map.settle();
        let moment = Moment { now: self.picture_now(), cursor: self.map.projection.cursor() };
        let step = |moment: Moment| moment.now.map(|now| now.0.div_euclid(STEP_MS));
        let time_went_on = self.settled_at.is_none_or(|before| step(before) != step(moment));
        let cursor_moved = self.settled_at.is_none_or(|before| before.cursor != moment.cursor);
        let others_let_through =
            self.filter.depends_on_time() && time_went_on || self.filter.depends_on_cursor() && cursor_moved;
        self.settled_at = Some(moment);
        if self.searches.has_changed() || others_let_through {
            self.searches.settle(&mut self.filter.sieve(moment), others_let_through);
        }
        // Where distances begin may be the pickup of the search that is selected now.
        let (origin, _) = self.origin();
        let by_distance = self.drivers.sorted.by == DriverColumn::Distance;
        let farther = by_distance && self.distances_from != Some(origin);
        self.distances_from = Some(origin);
        let (fleet, selected) = (&self.map.fleet.drivers, self.map.selected.as_ref());
        if self.drivers.unsettled || others_let_through || farther {
            self.drivers.settle(fleet, selected, &mut self.filter.sieve(moment), origin);
        } else {
            self.drivers.follow(fleet, selected);
        }
    }

    fn settle_anew(&mut self) {
        self.searches.unsettled = true;
        self.drivers.unsettled = true;
        self.settle();
    }

    /// Takes in who is in sight of the map.
    pub fn take_fleet(&mut self, fleet: FleetView) {
        self.map.take_fleet(fleet);
        self.drivers.unsettled = true;
    }

    /// The filter of both tables, and with [`Model::filter_map`] of the map.
    #[must_use]
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Shows only what matches this text. Where it hides the selected search, the first that it shows is selected; what was
    /// selected before there was a filter is selected again after it.
    pub fn set_filter(&mut self, text: &str) {
        if self.filter.is_empty() {
            self.searches.remember_selection();
        }
        let selected = |model: &Self| model.searches.selected().map(|row| row.search.id);
        let before = selected(self);
        self.filter = Filter::parse(text);
        self.settle_anew();
        if self.filter.is_empty() {
            self.searches.select_remembered();
        } else if selected(self) != before {
            self.searches.select_first();
        }
    }

    /// Whether the filter or the order of the searches asks for what stands in their records alone.
    #[must_use]
    pub fn needs_records(&self) -> bool {
        matches!(self.searches.sorted.by, SearchColumn::Rider | SearchColumn::Tries) || self.filter.needs_records()
    }

    /// The single drivers that the map is to show: all, or those whom the filter lets through.
    pub fn drivers_on_map(&self) -> impl Iterator<Item = &Sighting> {
        let shown = |(position, _): &(usize, _)| !self.filter_map || self.drivers.is_hit(*position);
        self.map.fleet.drivers.iter().enumerate().filter(shown).map(|(_, driver)| driver)
    }

    /// The rows of the table of drivers that are in sight, from the top.
    pub fn drivers_in_sight(&self) -> impl Iterator<Item = &Sighting> {
        self.drivers.rows_in_sight(&self.map.fleet.drivers)
    }

    /// Where distances to drivers begin: at the pickup of the selected search, and else at the map's cursor.
    #[must_use]
    pub fn origin(&self) -> (Point, Option<RequestId>) {
        let selected = self.searches.selected();
        match selected.and_then(|row| Some((row.search.pickup()?, row.search.id))) {
            Some((pickup, id)) => (pickup, Some(id)),
            None => (self.map.projection.cursor(), None),
        }
    }

    /// Selects the driver so many rows farther down in the table, and brings it into sight on the map.
    pub fn move_driver_selection(&mut self, rows: isize) {
        let next = self.drivers.step(&self.map.fleet.drivers, self.map.selected.as_ref(), rows);
        if let Some((id, place)) = next.map(|driver| (driver.id.clone(), driver.place)) {
            self.map.selected = Some(id);
            self.map.bring_into_sight(place);
        }
    }

    /// How both tables are sorted.
    #[must_use]
    pub fn orders(&self) -> Orders {
        Orders { searches: self.searches.sorted, drivers: self.drivers.sorted }
    }

    /// Sorts both tables.
    pub fn set_orders(&mut self, orders: Orders) {
        (self.searches.sorted, self.drivers.sorted) = (orders.searches, orders.drivers);
        self.settle_anew();
    }

    /// Sorts the table that has the keys, or had them last, by the next column.
    pub fn sort_by_next(&mut self) {
        let mut orders = self.orders();
        match self.table {
            Pane::Drivers => orders.drivers = orders.drivers.next(&DriverColumn::ALL),
            _ => orders.searches = orders.searches.next(&SearchColumn::ALL),
        }
        self.set_orders(orders);
    }

    /// Sorts the table that has the keys, or had them last, by the column of this name; one by which it is sorted is turned
    /// round. Whether there is such a column.
    pub fn sort_by(&mut self, name: &str) -> bool {
        let mut orders = self.orders();
        if self.table == Pane::Drivers {
            let Some(by) = DriverColumn::ALL.into_iter().find(|column| column.as_str() == name) else { return false };
            orders.drivers = orders.drivers.choose(by);
        } else {
            let Some(by) = SearchColumn::ALL.into_iter().find(|column| column.as_str() == name) else { return false };
            orders.searches = orders.searches.choose(by);
        }
        self.set_orders(orders);
        true
    }

    /// Turns the order of the table that has the keys, or had them last.
    pub fn turn_order(&mut self) {
        let mut orders = self.orders();
        match self.table {
            Pane::Drivers => orders.drivers = orders.drivers.turned(),
            _ => orders.searches = orders.searches.turned(),
        }
        self.set_orders(orders);
    }

    /// Sorts a table by the column whose head stands so many columns from the left inside of its pane; one by which it is sorted
    /// is turned round. Whether there was such a head.
    pub fn sort_by_head(&mut self, pane: Pane, x: u16) -> bool {
        let Some(areas) = self.areas() else { return false };
        let mut orders = self.orders();
        match pane {
            Pane::Searches => {
                let columns = columns::of_searches(layout::inside(areas.searches).width, self.searches.id_width());
                let Some(by) = columns::at(&columns, x).and_then(columns::SearchField::sorts_by) else { return false };
                orders.searches = orders.searches.choose(by);
            }
            Pane::Drivers => {
                let columns = columns::of_drivers(layout::inside(areas.drivers).width, self.drivers.name_width());
                let Some(by) = columns::at(&columns, x).and_then(columns::DriverField::sorts_by) else { return false };
                orders.drivers = orders.drivers.choose(by);
            }
            Pane::Map | Pane::Events => return false,
        }
        self.set_orders(orders);
        true
    }

    /// Marks the selected row of a table, or takes its mark off, and goes on to the next row. Whether there was such a row.
    pub fn toggle_mark(&mut self) -> bool {
        if self.table != Pane::Drivers {
            return self.searches.toggle_mark();
        }
        let Some(id) = self.selected_row().cloned() else { return false };
        self.drivers.marks.toggle(&id);
        self.move_driver_selection(1);
        true
    }

    /// Marks the rows of a table from the last marked one to the selected one. Whether there was such a row.
    pub fn mark_range(&mut self) -> bool {
        if self.table != Pane::Drivers {
            return self.searches.mark_range();
        }
        let Some(id) = self.selected_row().cloned() else { return false };
        let shown = self.shown_drivers();
        self.drivers.marks.mark_to(&id, &shown);
        true
    }

    /// Marks all rows of a table that the filter shows; where they all are marked, takes all marks of the table off.
    pub fn mark_all(&mut self) {
        match self.table {
            Pane::Drivers => {
                let shown = self.shown_drivers();
                self.drivers.marks.mark_all(&shown);
            }
            _ => self.searches.mark_all(),
        }
    }

    /// Takes the marks off in both tables; whether there were any.
    pub fn clear_marks(&mut self) -> bool {
        let drivers = self.drivers.marks.clear();
        self.searches.clear_marks() || drivers
    }

    /// Takes the marks off a table in which one of these is marked: they were for what is done now.
    pub fn spend_marks<'a>(
        &mut self,
        mut requests: impl Iterator<Item = RequestId>,
        mut drivers: impl Iterator<Item = &'a DriverId>,
    ) {
        if requests.any(|id| self.searches.is_marked(id)) {
            self.searches.clear_marks();
        }
        if drivers.any(|id| self.drivers.is_marked(id)) {
            self.drivers.marks.clear();
        }
    }

    /// Whether anything is marked in either table.
    #[must_use]
    pub fn has_marks(&self) -> bool {
        self.searches.marked_count() + self.drivers.marks.count() > 0
    }

    /// The marked drivers: first those in the table, in its order, then those whom the filter hides or who are not in sight of
    /// the map (any more).
    #[must_use]
    pub fn marked_drivers(&self) -> Vec<DriverId> {
        self.drivers.marks.in_order(&self.shown_drivers())
    }

    /// How many drivers are marked, and how many of those are not in the table.
    #[must_use]
    pub fn marked_drivers_count(&self) -> (usize, usize) {
        let shown = self.drivers.rows(&self.map.fleet.drivers).filter(|driver| self.drivers.is_marked(&driver.id));
        let count = self.drivers.marks.count();
        (count, if count == 0 { 0 } else { count - shown.count() })
    }

    /// The selected driver, if the table shows it.
    fn selected_row(&self) -> Option<&DriverId> {
        let selected = self.map.selected.as_ref();
        self.drivers
            .step(&self.map.fleet.drivers, selected, 0)
            .map(|driver| &driver.id)
            .filter(|id| Some(*id) == selected)
    }

    fn shown_drivers(&self) -> Vec<DriverId> {
        self.drivers.rows(&self.map.fleet.drivers).map(|driver| driver.id.clone()).collect()
    }
}
