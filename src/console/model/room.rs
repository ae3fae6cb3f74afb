//! How much room the panes have on the terminal, and which of them has the keys.

use super::{Model, Pane};
use crate::console::layout::{self, Areas};

impl Model {
    /// The regions of the screen; none where it is too small.
    #[must_use]
    pub fn areas(&self) -> Option<Areas> {
        layout::areas(self.size.0, self.size.1, self.focus, self.table)
    }

    /// Gives a pane the keys.
    pub fn focus_on(&mut self, pane: Pane) {
        self.focus = pane;
        if matches!(pane, Pane::Searches | Pane::Drivers) {
            self.table = pane;
        }
        self.fit_into_areas();
    }

    /// Takes in a new size of the terminal.
    pub fn resize(&mut self, size: (u16, u16)) {
        self.size = size;
        self.fit_into_areas();
    }

    /// Tells the panes how much room they have.
    fn fit_into_areas(&mut self) {
        if let Some(areas) = self.areas() {
            // A map that is not shown is as large as it would be: who is in sight of it stands in the table of drivers.
            let (columns, rows) = self.size;
            let with_map = layout::areas(columns, rows, Pane::Map, self.table).unwrap_or(areas);
            let map = layout::inside(if areas.map.is_empty() { with_map.map } else { areas.map });
            self.map.projection.columns = map.width;
            self.map.projection.rows = map.height;
            if !areas.searches.is_empty() {
                self.searches.set_height(layout::table_rows(areas.searches));
            }
            if !areas.drivers.is_empty() {
                self.drivers.set_height(layout::table_rows(areas.drivers));
            }
        }
        self.scroll_events(0);
    }
}
