//! Where everything stands. Both the model (how many rows are in sight?) and the view ask here.
//!
//! ```text
//! wide: 112 columns and more      narrow
//! ┌ header ────────────────┐      ┌ header ───┐
//! │ map        │ searches  │      │ map       │
//! │            │           │      │ searches  │
//! │ events                 │      │ events    │
//! └ hints ─────────────────┘      └ hints ────┘
//! ```

use ratatui::layout::{Constraint, Layout, Rect};

/// Below this many columns and rows nothing useful can be shown.
pub const SMALLEST: (u16, u16) = (60, 16);
/// From this width on the panes stand side by side.
const WIDE: u16 = 112;
/// Columns that the table can make use of.
const TABLE_WIDTH: (u16, u16) = (64, 80);

/// The regions of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Areas {
    /// The line at the top.
    pub header: Rect,
    /// The map with its border.
    pub map: Rect,
    /// The table with its border.
    pub searches: Rect,
    /// The events with their border.
    pub events: Rect,
    /// The line at the bottom.
    pub hints: Rect,
}

/// The regions of a screen of this size; none where it is too small.
#[must_use]
pub fn areas(columns: u16, rows: u16) -> Option<Areas> {
    if columns < SMALLEST.0 || rows < SMALLEST.1 {
        return None;
    }
    let screen = Rect::new(0, 0, columns, rows);
    let [header, middle, hints] =
        Layout::vertical([Constraint::Length(1), Constraint::Fill(1), Constraint::Length(1)]).areas(screen);
    let events_height = (rows / 5).clamp(4, 12);
    let (map, searches, events) = if columns >= WIDE {
        let [upper, events] = Layout::vertical([Constraint::Fill(1), Constraint::Length(events_height)]).areas(middle);
        let table = (columns / 2).clamp(TABLE_WIDTH.0, TABLE_WIDTH.1);
        let [map, searches] = Layout::horizontal([Constraint::Fill(1), Constraint::Length(table)]).areas(upper);
        (map, searches, events)
    } else {
        let [map, searches, events] =
            Layout::vertical([Constraint::Fill(5), Constraint::Fill(4), Constraint::Length(events_height)])
                .areas(middle);
        (map, searches, events)
    };
    Some(Areas { header, map, searches, events, hints })
}

/// A pane's area without its border.
#[must_use]
pub fn inside(pane: Rect) -> Rect {
    Rect { x: pane.x + 1, y: pane.y + 1, width: pane.width.saturating_sub(2), height: pane.height.saturating_sub(2) }
}

/// How many searches the table has room for, its head not counted.
#[must_use]
pub fn table_rows(areas: &Areas) -> usize {
    usize::from(inside(areas.searches).height.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_has_room_for_every_region_and_none_overlap() {
        for columns in (SMALLEST.0..=300).step_by(7) {
            for rows in (SMALLEST.1..=100).step_by(3) {
                let areas = areas(columns, rows).unwrap();
                let all = [areas.header, areas.map, areas.searches, areas.events, areas.hints];
                let sum: u32 = all.iter().map(|r| r.area()).sum();
                assert_eq!(sum, u32::from(columns) * u32::from(rows), "{columns}x{rows}");
                assert!(all.iter().all(|r| !r.is_empty()), "{columns}x{rows}: {all:?}");
                assert!(table_rows(&areas) >= 1, "{columns}x{rows}");
            }
        }
        assert_eq!(areas(59, 40), None);
        assert_eq!(areas(200, 15), None);
    }
}
