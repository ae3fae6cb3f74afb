//! What on the map is meant by a cell of it, such as the one that was clicked on.

use super::{Model, Pane};
use crate::console::projection::CELL_ASPECT;
use crate::domain::{DriverId, Point, RequestId};

/// How far beside a sign a cell may be and still mean it, in columns. A row counts as two.
const REACH: f64 = 2.5;

/// Somebody on the map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A driver.
    Driver(DriverId),
    /// A search that waits.
    Request(RequestId),
}

impl Model {
    /// The place of the selected driver if the map or the drivers have the keys, and else of the selected search; `None` if
    /// nothing is selected, or its place is not known.
    #[must_use]
    pub fn place_to_centre(&self) -> Option<Point> {
        let of_drivers = matches!(self.focus, Pane::Map | Pane::Drivers);
        let driver = self.map.selected_driver().map(|driver| driver.place).filter(|_| of_drivers);
        driver.or_else(|| self.searches.selected()?.search.pickup())
    }

    /// Who stands nearest to this cell of the map, counted from its left and its top, and no farther than two columns or a
    /// row away. Where a search and a driver are equally near it is the search, whose sign lies above.
    #[must_use]
    pub fn at_cell(&self, column: u16, row: u16) -> Option<Target> {
        let (x, y) = (f64::from(column) + 0.5, f64::from(row) + 0.5);
        let away = |place: Point| {
            let (column, row) = self.map.projection.to_cell(place);
            // Within a cell everything is equally near: its sign fills it.
            ((column.floor() + 0.5 - x).powi(2) + ((row.floor() + 0.5 - y) * CELL_ASPECT).powi(2)).sqrt()
        };
        let requests = self.pins.iter().map(|pin| (away(pin.place), pin.id));
        // Of two in one cell the one that waits longest is meant, whose name stands there, too.
        let request = requests.min_by(|a, b| a.0.total_cmp(&b.0));
        let drivers = self.drivers_on_map();
        let driver = drivers.map(|driver| (away(driver.place), &driver.id)).min_by(|a, b| a.0.total_cmp(&b.0));
        match (request, driver) {
            (Some((far, id)), driver) if far <= REACH && driver.is_none_or(|(other, _)| far <= other) => {
                Some(Target::Request(id))
            }
            (_, Some((far, id))) if far <= REACH => Some(Target::Driver(id.clone())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::fixtures::{Desk, id};

    /// The cell in which a place of the map stands.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in sight")]
    fn cell(desk: &Desk, place: Point) -> (u16, u16) {
        let (column, row) = desk.model.map.projection.to_cell(place);
        (column as u16, row as u16)
    }

    #[test]
    fn who_is_near_is_meant_and_who_is_far_is_not() {
        let desk = Desk::in_town(120, 40);
        let driver = desk.model.map.fleet.drivers.iter().find(|driver| driver.id.as_str() == "40").unwrap();
        let (column, row) = cell(&desk, driver.place);
        let meant = Some(Target::Driver(driver.id.clone()));
        for (right, down) in [(0, 0), (2, 0), (0, 1), (1, 1)] {
            assert_eq!(desk.model.at_cell(column + right, row - down), meant, "{right} {down}");
        }
        assert_eq!(desk.model.at_cell(column + 3, row), None);
        assert_eq!(desk.model.at_cell(column, row - 2), None);
    }

    #[test]
    fn a_search_is_meant_before_a_driver_in_its_cell() {
        let mut desk = Desk::in_town(120, 40);
        let pickup = desk.model.searches.get(id(1)).unwrap().search.request().unwrap().pickup;
        desk.model.map.fleet.drivers[0].place = pickup;
        let (column, row) = cell(&desk, pickup);
        assert_eq!(desk.model.at_cell(column, row), Some(Target::Request(id(1))));
    }
}
