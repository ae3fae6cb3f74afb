//! The map, painted layer by layer, from what lies on the ground to what the operator holds.
//!
//! ```text
//! ┌ Map · -33.4426, -70.6305 · 1 column = 240 m ──┐
//! │-33.40   ⠁ ⠂     ⠈      ⡠⠒⠒⢄                   │
//! │        ⠐   ●17 ⠄       ⡇◉42⢸   ⠂              │
//! │-33.44 ⠄     ┼          ⠑⠤⠤⠊      ⠁            │
//! │      -70.70     -70.66       ├─── 2 km ───┤   │
//! └───────────────────────────────────────────────┘
//! ```

mod clip;
mod grid;
mod legend;
mod paper;
mod people;
mod streets;
#[cfg(test)]
mod tests;
mod tools;
mod what;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::pane;
use super::table::{self, Part};
use crate::console::model::{Model, Pane};
use crate::console::projection::Projection;
use crate::console::theme::Theme;
use crate::console::wording;
use crate::domain::format_distance;

use paper::Paper;

/// So many drivers in sight are named at the most: more names than that hide the drivers.
const MOST_NAMES: usize = 60;

pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer, theme: Theme) {
    let inside = pane(&title(model, area, theme), Pane::Map, model, area, buffer, theme);
    let projection = Projection { columns: inside.width, rows: inside.height, ..model.map.projection };
    let few = people::are_few(model);
    let mut paper = Paper::new(inside, projection, buffer, theme);
    paper.crossings();
    paper.overlay(&model.options.overlay);
    paper.crowds(&model.map.fleet.blocks, model.map.density);
    paper.trails(model);
    paper.radius(model);
    paper.measure(model);
    paper.drivers(model);
    paper.searches(model);
    paper.selected_driver(model);
    paper.carried(model);
    paper.labels(few);
    paper.nearest(model);
    paper.bookmarks(model);
    paper.names(model);
    paper.overlay_names(&model.options.overlay);
    paper.scale(few);
    paper.measured(model);
    if model.map.shows_legend() {
        paper.legend(model.map.density);
    }
    paper.cursor();
}

/// Where the cursor is, how much of the fleet is in sight, and the scale, as far as there is room; the scale is drawn, too.
fn title(model: &Model, area: Rect, theme: Theme) -> String {
    let map = &model.map;
    let metres = map.projection.metres_per_column;
    let scale = if metres < 1.0 { format!("{metres:.1} m") } else { format_distance(metres) };
    let crowds: u64 = map.fleet.blocks.iter().map(|block| block.count).sum();
    let seen = map.fleet.drivers.len() as u64 + crowds;
    let parts = [
        Some(Part::new(map.projection.cursor().to_string())),
        (seen < map.fleet.total)
            .then(|| Part::new(format!("{} of {} here", wording::count(seen), wording::count(map.fleet.total)))),
        Some(Part::new(format!("1 column = {scale}"))),
    ];
    table::title("Map".to_owned(), parts.into_iter().flatten(), area, theme)
}
