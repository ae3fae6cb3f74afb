//! Where everything stands. The model (how many rows are in sight?), the mouse and the view ask here.
//!
//! ```text
//! wide: 112 columns and more          tall: 24 rows and more     small: one pane at a time
//! ┌ header ───────────────────────┐   ┌ header ─────┐            ┌ header ─────┐
//! │ numbers                       │   │ map         │            │ tabs        │
//! │ map         │ searches/drivers│   │ table       │            │ pane        │
//! │             │ detail          │   │ detail      │            │             │
//! │ events                        │   │ events      │            │ detail      │
//! └ hints ────────────────────────┘   └ hints ──────┘            └ hints ──────┘
//! ```
//!
//! A region that is not shown is empty. What is not needed for the next step goes first: the numbers, then the events (in their
//! place is the detail, unless they have the keys), then the second table.

use ratatui::layout::{Constraint, Layout, Rect};

use super::model::Pane;

/// Below this many columns and rows nothing useful can be shown.
pub const SMALLEST: (u16, u16) = (60, 16);
/// From this width on the panes stand side by side.
const WIDE: u16 = 112;
/// From this size on several panes are shown at once.
const SEVERAL: (u16, u16) = (72, 22);
/// From this many rows on there is room for the numbers.
const NUMBERS_FROM: u16 = 32;
/// Rows of the numbers with their border.
const NUMBERS: u16 = 4;
/// From this size on, header and hints left out, both tables are shown.
const BOTH_TABLES: (u16, u16) = (150, 42);
/// From this many rows on the tall screen shows events beside everything else.
const TALL_EVENTS_FROM: u16 = 34;
/// Columns that the table can make use of.
const TABLE_WIDTH: (u16, u16) = (64, 96);

/// The regions of the screen, each with its border. An empty one is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Areas {
    /// The line at the top.
    pub header: Rect,
    /// The names of the panes, where one is shown at a time.
    pub tabs: Rect,
    /// The numbers with their sparklines.
    pub numbers: Rect,
    /// The map.
    pub map: Rect,
    /// The table of searches.
    pub searches: Rect,
    /// The table of drivers.
    pub drivers: Rect,
    /// What is known of the selected search or driver.
    pub detail: Rect,
    /// The events.
    pub events: Rect,
    /// The line at the bottom.
    pub hints: Rect,
}

/// The regions of a screen of this size; none where it is too small. `focus` is the pane that has the keys, and `table` the
/// table that had them last: `Pane::Searches` or `Pane::Drivers`.
#[must_use]
pub fn areas(columns: u16, rows: u16, focus: Pane, table: Pane) -> Option<Areas> {
    if columns < SMALLEST.0 || rows < SMALLEST.1 {
        return None;
    }
    let screen = Rect::new(0, 0, columns, rows);
    let [header, middle, hints] =
        Layout::vertical([Constraint::Length(1), Constraint::Fill(1), Constraint::Length(1)]).areas(screen);
    let areas = Areas { header, hints, ..Areas::default() };
    Some(if columns < SEVERAL.0 || rows < SEVERAL.1 {
        one_at_a_time(areas, middle, focus)
    } else if columns >= WIDE {
        side_by_side(areas, middle, focus, table)
    } else {
        stacked(areas, middle, focus, table)
    })
}

fn one_at_a_time(areas: Areas, middle: Rect, focus: Pane) -> Areas {
    let detail = if matches!(focus, Pane::Events) { 0 } else { (middle.height / 4).clamp(4, 6) };
    let [tabs, pane, detail] =
        Layout::vertical([Constraint::Length(1), Constraint::Fill(1), Constraint::Length(detail)]).areas(middle);
    with_pane(Areas { tabs, detail, ..areas }, focus, pane)
}

fn stacked(areas: Areas, middle: Rect, focus: Pane, table: Pane) -> Areas {
    let numbers = if middle.height >= NUMBERS_FROM + NUMBERS { NUMBERS } else { 0 };
    let detail = (middle.height / 4).clamp(5, 11);
    let events = if middle.height >= TALL_EVENTS_FROM { (middle.height / 6).clamp(4, 10) } else { 0 };
    let [numbers, map, searches, detail, events] = Layout::vertical([
        Constraint::Length(numbers),
        Constraint::Fill(5),
        Constraint::Fill(4),
        Constraint::Length(detail),
        Constraint::Length(events),
    ])
    .areas(middle);
    let areas = with_pane(Areas { numbers, map, detail, events, ..areas }, table, searches);
    with_events_in_place(areas, focus)
}

fn side_by_side(areas: Areas, middle: Rect, focus: Pane, table: Pane) -> Areas {
    let numbers = if middle.height >= NUMBERS_FROM { NUMBERS } else { 0 };
    let events = if middle.height >= SEVERAL.1 + 4 { (middle.height / 6).clamp(4, 12) } else { 0 };
    let [numbers, upper, events] =
        Layout::vertical([Constraint::Length(numbers), Constraint::Fill(1), Constraint::Length(events)]).areas(middle);
    let width = (middle.width / 2).clamp(TABLE_WIDTH.0, TABLE_WIDTH.1);
    let [map, right] = Layout::horizontal([Constraint::Fill(1), Constraint::Length(width)]).areas(upper);
    let detail = (upper.height / 3).clamp(6, 13);
    let [tables, detail] = Layout::vertical([Constraint::Fill(1), Constraint::Length(detail)]).areas(right);
    let areas = Areas { numbers, map, detail, events, ..areas };
    let areas = if middle.width >= BOTH_TABLES.0 && middle.height >= BOTH_TABLES.1 {
        let [searches, drivers] = Layout::vertical([Constraint::Fill(3), Constraint::Fill(2)]).areas(tables);
        Areas { searches, drivers, ..areas }
    } else {
        with_pane(areas, table, tables)
    };
    with_events_in_place(areas, focus)
}

/// Where there is no room for the events, they stand in the detail's place while they have the keys.
fn with_events_in_place(areas: Areas, focus: Pane) -> Areas {
    if areas.events.is_empty() && focus == Pane::Events {
        Areas { events: areas.detail, detail: Rect::default(), ..areas }
    } else {
        areas
    }
}

fn with_pane(areas: Areas, pane: Pane, area: Rect) -> Areas {
    match pane {
        Pane::Map => Areas { map: area, ..areas },
        Pane::Searches => Areas { searches: area, ..areas },
        Pane::Drivers => Areas { drivers: area, ..areas },
        Pane::Events => Areas { events: area, ..areas },
    }
}

/// A pane's area without its border; empty where the pane is not shown.
#[must_use]
pub fn inside(pane: Rect) -> Rect {
    if pane.is_empty() {
        return Rect::default();
    }
    Rect { x: pane.x + 1, y: pane.y + 1, width: pane.width.saturating_sub(2), height: pane.height.saturating_sub(2) }
}

/// How many rows a table has room for, its head not counted.
#[must_use]
pub fn table_rows(table: Rect) -> usize {
    usize::from(inside(table).height.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PANES: [Pane; 4] = [Pane::Searches, Pane::Drivers, Pane::Map, Pane::Events];

    fn all(areas: &Areas) -> [Rect; 9] {
        let Areas { header, tabs, numbers, map, searches, drivers, detail, events, hints } = *areas;
        [header, tabs, numbers, map, searches, drivers, detail, events, hints]
    }

    #[test]
    fn every_size_is_used_up_and_shows_the_pane_that_has_the_keys() {
        for columns in (SMALLEST.0..=300).step_by(11) {
            for rows in (SMALLEST.1..=100).step_by(3) {
                for focus in PANES {
                    let table = if focus == Pane::Drivers { Pane::Drivers } else { Pane::Searches };
                    let areas = areas(columns, rows, focus, table).unwrap();
                    let sum: u32 = all(&areas).iter().map(|r| r.area()).sum();
                    assert_eq!(sum, u32::from(columns) * u32::from(rows), "{columns}x{rows} {focus:?}");
                    let (pane, least) = match focus {
                        Pane::Map => (areas.map, 4),
                        Pane::Searches => (areas.searches, 4),
                        Pane::Drivers => (areas.drivers, 4),
                        Pane::Events => (areas.events, 3),
                    };
                    assert!(pane.height >= least && pane.width >= 40, "{columns}x{rows} {focus:?}: {pane:?}");
                }
            }
        }
    }

    #[test]
    fn too_small_is_nothing() {
        assert_eq!(areas(59, 40, Pane::Map, Pane::Searches), None);
        assert_eq!(areas(200, 15, Pane::Map, Pane::Searches), None);
    }

    #[test]
    fn the_three_kinds_of_screen() {
        let shown = |columns, rows, focus| {
            let areas = areas(columns, rows, focus, Pane::Searches).unwrap();
            let names = ["header", "tabs", "numbers", "map", "searches", "drivers", "detail", "events", "hints"];
            let shown = names.into_iter().zip(all(&areas)).filter(|(_, area)| !area.is_empty());
            shown.map(|(name, _)| name).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(shown(60, 16, Pane::Searches), "header tabs searches detail hints");
        assert_eq!(shown(80, 24, Pane::Searches), "header map searches detail hints");
        assert_eq!(shown(80, 24, Pane::Events), "header map searches events hints");
        assert_eq!(shown(80, 50, Pane::Map), "header numbers map searches detail events hints");
        assert_eq!(shown(120, 40, Pane::Map), "header numbers map searches detail events hints");
        assert_eq!(shown(200, 60, Pane::Map), "header numbers map searches drivers detail events hints");
    }
}
