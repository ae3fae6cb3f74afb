//! Drivers and riders on the map, with their names.

use std::time::Duration;

use super::MOST_NAMES;
use super::paper::Paper;
use super::what::What;
use crate::console::model::{Density, Model, STEPS};
use crate::console::theme::Age;
use crate::domain::{Block, Sighting, UnixMs};

/// A driver who reported no longer ago than this is fresh.
const FRESH: Duration = Duration::from_secs(30);
/// One who has been silent for longer than this is shown as stale, even where a request would still be given to it.
const SILENT: Duration = Duration::from_mins(2);

impl Paper<'_> {
    /// Cells with more drivers than can be told apart: the thicker the sign, the more.
    pub(super) fn crowds(&mut self, blocks: &[Block], density: Density) {
        let looks: [_; STEPS] = std::array::from_fn(|step| self.theme.crowd(step));
        let (to_cell, map) = (self.projection.to_cells(), self.projection);
        let (width, height) = (f64::from(self.inside.width), f64::from(self.inside.height));
        for block in blocks {
            let [south_west, north_east] = block.cell.bounds().corners();
            let ((west, south), (east, north)) = (to_cell(south_west), to_cell(north_east));
            if east < west {
                // It lies on the far side of the earth, where the map has its seam.
                continue;
            }
            let Some((sign, style)) = looks.get(density.step(block, &map)) else { continue };
            for row in middles(north, south, height) {
                for column in middles(west, east, width) {
                    if let Some(at) = self.cell_at(column, row) {
                        self.set(at, sign, *style, What::Crowd);
                    }
                }
            }
        }
    }

    pub(super) fn drivers(&mut self, model: &Model) {
        let now = model.picture_now();
        for driver in model.drivers_on_map() {
            match What::driver(age(driver, now)) {
                What::Stale => self.sign(driver.place, What::Stale),
                what => self.dot(driver.place, what),
            }
        }
    }

    /// Searches that wait, with the selected one over the others.
    pub(super) fn searches(&mut self, model: &Model) {
        let now = model.picture_now();
        for pin in model.pins.iter() {
            self.sign(pin.place, What::search(pin.left(now)));
        }
        let selected = model.searches.selected();
        if let Some((id, pickup)) = selected.and_then(|row| Some((row.search.id, row.search.pickup()?))) {
            self.label(pickup, &id.to_string(), What::SearchSelected);
        }
    }

    pub(super) fn selected_driver(&mut self, model: &Model) {
        if let Some(driver) = model.map.selected_driver() {
            self.label(driver.place, driver.id.as_str(), What::DriverSelected);
        }
    }

    /// A driver in hand: where it was, and where it is held.
    pub(super) fn carried(&mut self, model: &Model) {
        if let Some(carry) = &model.map.carry {
            if let Some(at) = self.cell(carry.from) {
                self.set(at, self.theme.signs.driver, self.theme.faint(), What::DriverSelected);
            }
            self.label(carry.at, carry.id.as_str(), What::Carried);
        }
    }

    /// Ids beside searches and drivers, where few are in sight and nothing that matters stands there.
    pub(super) fn names(&mut self, model: &Model) {
        if model.pins.count_of_all().is_some_and(|count| count <= MOST_NAMES) {
            // Of two in one place the one that was opened first is named, and stays so.
            for pin in model.pins.iter() {
                self.name(pin.place, &pin.id.to_string(), self.theme.pin(), What::Name);
            }
        }
        if !are_few(model) {
            return;
        }
        for driver in model.drivers_on_map().filter(|driver| Some(&driver.id) != model.map.selected.as_ref()) {
            self.name(driver.place, driver.id.as_str(), self.theme.faint(), What::Name);
        }
    }
}

/// Whether the drivers in sight are so few that each of them can be looked at.
pub(super) fn are_few(model: &Model) -> bool {
    model.map.fleet.blocks.is_empty() && model.drivers_on_map().take(MOST_NAMES + 1).count() <= MOST_NAMES
}

/// How long ago a driver reported. While nobody knows the time, what was read counts as fresh.
fn age(driver: &Sighting, now: Option<UnixMs>) -> Age {
    match (driver.seen, now) {
        _ if driver.stale => Age::Stale,
        (None, _) => Age::Unknown,
        (Some(seen), Some(now)) if now.since(seen) > SILENT => Age::Stale,
        (Some(seen), Some(now)) if now.since(seen) > FRESH => Age::Ageing,
        (Some(_), _) => Age::Fresh,
    }
}

/// The middles of the cells between two sides, at least one, as far as they are in sight of a map of this length.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "brought inside just before")]
fn middles(from: f64, to: f64, length: f64) -> impl Iterator<Item = f64> {
    let (first, last) = (from.round().clamp(0.0, length), to.round().clamp(0.0, length));
    let cells = (last - first) as u32;
    // What is smaller than a cell is drawn in the one in which its middle lies.
    let only = (from.round() >= to.round()).then_some(f64::midpoint(from, to));
    only.into_iter().chain((0..cells).map(move |n| first + f64::from(n) + 0.5))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::fixtures::{START, sighting};

    #[test]
    fn drivers_fade_with_their_age() {
        let driver = sighting("17", 0.0, 0.0);
        let after = |seconds| age(&driver, Some(START + Duration::from_secs(seconds)));
        assert_eq!([0, 30, 31, 120, 121].map(after), [Age::Fresh, Age::Fresh, Age::Ageing, Age::Ageing, Age::Stale]);
        assert_eq!(age(&Sighting { stale: true, ..driver.clone() }, Some(START)), Age::Stale);
        assert_eq!(age(&Sighting { seen: None, ..driver.clone() }, Some(START)), Age::Unknown);
        assert_eq!(age(&driver, None), Age::Fresh);
    }
}
