//! Who waits where, as the map shows it: everybody while they can be told apart, and of very many the most urgent of each cell.
//!
//! It is settled after something has changed, so that drawing never walks through all who wait; of very many, some times a second.

use std::time::Duration;

use super::{Model, Row, Subject};
use crate::console::projection::Projection;
use crate::domain::{DriverId, Point, RequestId, UnixMs};

/// Up to so many rows in the table all who wait have a pin, wherever they are.
const ALL_UP_TO: usize = 5_000;
/// Of more they are settled no oftener than this.
const PAUSE: Duration = Duration::from_millis(500);

/// One who waits, on the map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pin {
    /// Who.
    pub id: RequestId,
    /// Where.
    pub place: Point,
    deadline: Option<UnixMs>,
    whole: Duration,
}

impl Pin {
    /// The pin of a row that waits; none where its place is not known.
    fn of(row: &Row) -> Option<Self> {
        let place = row.search.pickup().filter(|_| row.is_waiting())?;
        Some(Self { id: row.search.id, place, deadline: row.deadline(), whole: row.whole })
    }

    /// The part of its whole time that is left, 0 to 1. One without a deadline has all of it, and so has everybody while nobody
    /// knows the time.
    #[must_use]
    pub fn left(&self, now: Option<UnixMs>) -> f64 {
        let (Some(deadline), Some(now)) = (self.deadline, now) else { return 1.0 };
        deadline.since(now).as_secs_f64() / self.whole.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

/// The pins of those who wait.
#[derive(Debug, Clone, Default)]
pub struct Pins {
    all: Vec<Pin>,
    /// Those who have none, since another one in their cell is more urgent, or they are out of sight.
    left_out: bool,
    of: Option<Seen>,
    /// When that was, by the console's own clock.
    settled_at: Duration,
}

/// What pins depend on.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    version: (u64, u64),
    filtered: bool,
    /// Of very many, the part of the earth in sight.
    projection: Option<Projection>,
    /// The driver of whom it is told who waits nearest.
    driver: Option<(DriverId, Point)>,
}

impl Pins {
    /// Who has a pin, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Pin> {
        self.all.iter()
    }

    /// How many there are; none where some of those who wait have none.
    #[must_use]
    pub fn count_of_all(&self) -> Option<usize> {
        (!self.left_out).then_some(self.all.len())
    }
}

impl Model {
    /// Settles the pins, and who waits nearest to the selected driver, where something has changed since that was done last.
    pub fn settle_pins(&mut self) {
        let are_many = self.searches.count() > ALL_UP_TO;
        let driver = self.map.selected_driver().filter(|_| self.detail.subject == Subject::Driver);
        let seen = Seen {
            version: self.searches.version(),
            filtered: self.filter_map && !self.filter().is_empty(),
            projection: are_many.then_some(self.map.projection),
            driver: driver.map(|driver| (driver.id.clone(), driver.place)),
        };
        let rests = are_many && self.pins.of.is_some() && self.now < self.pins.settled_at + PAUSE;
        if rests || self.pins.of.as_ref() == Some(&seen) {
            return;
        }
        self.detail.nearest_waiting = seen.driver.as_ref().and_then(|(_, place)| self.nearest_waiting(*place));
        self.pins.all = self.pins_now(are_many, seen.filtered);
        self.pins.left_out = are_many;
        self.pins.of = Some(seen);
        self.pins.settled_at = self.now;
    }

    fn pins_now(&self, are_many: bool, filtered: bool) -> Vec<Pin> {
        let shown = |row: &&Row| !filtered || self.searches.is_hit(row.search.id);
        let pins = self.searches.all().filter(shown).filter_map(Pin::of);
        if are_many { most_urgent(pins, self.map.projection, self.picture_now()) } else { pins.collect() }
    }

    /// Who of those who wait is nearest to this place, and how many metres away.
    fn nearest_waiting(&self, place: Point) -> Option<(RequestId, f64)> {
        let waiting = self.searches.all().filter(|row| row.is_waiting());
        let with_distance = waiting.filter_map(|row| Some((row.search.id, row.search.pickup()?.distance_m(place))));
        with_distance.min_by(|(_, a), (_, b)| a.total_cmp(b))
    }
}

/// Of each cell of the map the one with the least part of its time left; of two such the older.
fn most_urgent(pins: impl Iterator<Item = Pin>, projection: Projection, now: Option<UnixMs>) -> Vec<Pin> {
    let (columns, lines) = (usize::from(projection.columns), usize::from(projection.rows));
    let to_cell = projection.to_cells();
    let mut cells: Vec<Option<(f64, Pin)>> = vec![None; columns * lines];
    for pin in pins {
        let (column, line) = to_cell(pin.place);
        let inside =
            (0.0..f64::from(projection.columns)).contains(&column) && (0.0..f64::from(projection.rows)).contains(&line);
        if !inside {
            continue;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "inside of the map")]
        let cell = cells.get_mut(line as usize * columns + column as usize);
        let left = pin.left(now);
        if let Some(cell) = cell.filter(|cell| cell.is_none_or(|(least, _)| left < least)) {
            *cell = Some((left, pin));
        }
    }
    let mut pins: Vec<Pin> = cells.into_iter().flatten().map(|(_, pin)| pin).collect();
    pins.sort_unstable_by_key(|pin| pin.id);
    pins
}
