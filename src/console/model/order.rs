//! In what order the tables stand.

use std::cmp::{Ordering, Reverse};

use serde::{Deserialize, Serialize};

use super::Row;
use super::drivers::Contact;
use crate::domain::{Sighting, State};

/// By what searches are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SearchColumn {
    /// Those who wait by their deadline, then the ended, the latest first.
    #[default]
    Deadline,
    /// By number.
    Id,
    /// By the rider's name.
    Rider,
    /// Those who wait, then the found, the cancelled, the expired.
    State,
    /// By attempts.
    Tries,
    /// Those who wait by the distance of the nearest driver.
    Nearest,
    /// Those who wait by when they were opened: the longest waiting first.
    Opened,
}

impl SearchColumn {
    /// All, in the order in which they follow one another.
    pub const ALL: [Self; 7] =
        [Self::Deadline, Self::Id, Self::Rider, Self::State, Self::Tries, Self::Nearest, Self::Opened];

    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deadline => "deadline",
            Self::Id => "id",
            Self::Rider => "rider",
            Self::State => "state",
            Self::Tries => "tries",
            Self::Nearest => "nearest",
            Self::Opened => "opened",
        }
    }

    /// Whether what has ended stands below all that waits.
    #[must_use]
    pub(super) fn parts_the_ended(self) -> bool {
        matches!(self, Self::Deadline | Self::State | Self::Nearest | Self::Opened)
    }
}

/// By what drivers are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DriverColumn {
    /// By their names; those that are numbers first, by number.
    #[default]
    Id,
    /// By the time since their last report.
    Age,
    /// By distance.
    Distance,
    /// Fresh, stale, unknown.
    State,
}

impl DriverColumn {
    /// All, in the order in which they follow one another.
    pub const ALL: [Self; 4] = [Self::Id, Self::Age, Self::Distance, Self::State];

    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Age => "age",
            Self::Distance => "distance",
            Self::State => "state",
        }
    }
}

/// By what a table is sorted, and which way. What is not known stands at the end either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SortOrder<Column> {
    /// By what.
    pub by: Column,
    /// The most first.
    pub descending: bool,
}

/// The orders of both tables, as they are kept from one run to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Orders {
    /// Of the searches.
    pub searches: SortOrder<SearchColumn>,
    /// Of the drivers.
    pub drivers: SortOrder<DriverColumn>,
}

impl<Column: Copy + PartialEq> SortOrder<Column> {
    /// By this column; where it is that already, the other way round.
    #[must_use]
    pub(super) fn choose(self, by: Column) -> Self {
        if self.by == by { self.turned() } else { Self { by, descending: false } }
    }

    /// The other way round.
    #[must_use]
    pub(super) fn turned(self) -> Self {
        Self { descending: !self.descending, ..self }
    }

    /// By the column after this one; they go round.
    #[must_use]
    pub(super) fn next(self, all: &[Column]) -> Self {
        let following = all.iter().cycle().skip_while(|column| **column != self.by).nth(1);
        Self { by: following.copied().unwrap_or(self.by), descending: false }
    }

    fn turn(self, order: Ordering) -> Ordering {
        if self.descending { order.reverse() } else { order }
    }

    /// What is not known comes last, whichever way the rest stands.
    fn known_first<T>(self, a: Option<T>, b: Option<T>, compare: impl Fn(&T, &T) -> Ordering) -> Ordering {
        match (a, b) {
            (Some(a), Some(b)) => self.turn(compare(&a, &b)),
            (a, b) => a.is_none().cmp(&b.is_none()),
        }
    }
}

impl SortOrder<SearchColumn> {
    pub(super) fn compare(self, a: &Row, b: &Row) -> Ordering {
        let ended_last = || b.is_waiting().cmp(&a.is_waiting());
        let order = match self.by {
            SearchColumn::Deadline => ended_last().then_with(|| self.by_end(a, b)),
            SearchColumn::Id => self.turn(a.search.id.cmp(&b.search.id)),
            SearchColumn::Rider => self.turn(natural(a.rider(), b.rider())),
            SearchColumn::State => {
                let upwards = Self { descending: false, ..self };
                self.turn(rank(a.state()).cmp(&rank(b.state()))).then_with(|| upwards.by_end(a, b))
            }
            SearchColumn::Tries => {
                let tries = |row: &Row| row.search.request().map(|r| r.attempts);
                self.known_first(tries(a), tries(b), Ord::cmp)
            }
            SearchColumn::Nearest => {
                ended_last().then_with(|| self.known_first(nearest_m(a), nearest_m(b), f64::total_cmp))
            }
            SearchColumn::Opened => {
                let created = |row: &Row| row.search.created_at();
                ended_last().then_with(|| self.known_first(created(a), created(b), Ord::cmp))
            }
        };
        order.then_with(|| a.search.id.cmp(&b.search.id))
    }

    /// Those who wait by their deadline, the ended by their end, the latest first.
    fn by_end(self, a: &Row, b: &Row) -> Ordering {
        let ended = |row: &Row| row.ended_at.map(Reverse);
        self.known_first(a.deadline(), b.deadline(), Ord::cmp)
            .then_with(|| self.known_first(ended(a), ended(b), Ord::cmp))
    }
}

impl SortOrder<DriverColumn> {
    /// Orders drivers with their distances in metres.
    pub(super) fn compare(self, (a, a_m): (&Sighting, f64), (b, b_m): (&Sighting, f64)) -> Ordering {
        let order = match self.by {
            DriverColumn::Id => return self.turn(a.id.cmp(&b.id)),
            DriverColumn::Age => self.known_first(a.seen.map(Reverse), b.seen.map(Reverse), Ord::cmp),
            DriverColumn::Distance => self.turn(a_m.total_cmp(&b_m)),
            DriverColumn::State => self.turn(Contact::of(a).cmp(&Contact::of(b))),
        };
        order.then_with(|| a.id.cmp(&b.id))
    }
}

/// Metres to the nearest driver; endless where nobody is near, none where that was not read.
fn nearest_m(row: &Row) -> Option<f64> {
    row.nearest.as_ref().map(|nearest| nearest.as_ref().map_or(f64::INFINITY, |candidate| candidate.distance_m))
}

fn rank(state: State) -> u8 {
    match state {
        State::Searching => 0,
        State::Found => 1,
        State::Cancelled => 2,
        State::Expired => 3,
    }
}

/// Texts as people order them: without regard to case, and figures in them as numbers.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let ((part_a, rest_a), (part_b, rest_b)) = (first_part(a), first_part(b));
        let order = match (number(part_a), number(part_b)) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => lower(part_a).cmp(lower(part_b)),
        };
        if order != Ordering::Equal || part_a.is_empty() {
            return order;
        }
        (a, b) = (rest_a, rest_b);
    }
}

/// The figures, or else the other characters, with which a text begins, and the rest.
fn first_part(text: &str) -> (&str, &str) {
    let figures = text.starts_with(|c: char| c.is_ascii_digit());
    text.split_at(text.find(|c: char| c.is_ascii_digit() != figures).unwrap_or(text.len()))
}

/// A number of any length as something to compare: how many figures, and which.
fn number(part: &str) -> Option<(usize, &str)> {
    let figures = part.trim_start_matches('0');
    part.starts_with(|c: char| c.is_ascii_digit()).then_some((figures.len(), figures))
}

fn lower(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::console::fixtures::{ended, foreign, waiting};

    #[test]
    fn names_stand_as_people_order_them() {
        let mut names = ["requestor_10", "requestor_9", "Ana", "ana 2", "", "bo", "requestor_007"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["", "Ana", "ana 2", "bo", "requestor_007", "requestor_9", "requestor_10"]);
    }

    #[test]
    fn orders_are_written_in_words() {
        let searches = SortOrder { by: SearchColumn::Opened, descending: true };
        let orders = Orders { searches, ..Orders::default() };
        let text = toml::to_string(&orders).unwrap();
        assert_eq!(
            text,
            "[searches]\nby = \"opened\"\ndescending = true\n\n[drivers]\nby = \"id\"\ndescending = false\n"
        );
        assert_eq!(toml::from_str::<Orders>(&text).unwrap(), orders);
        assert_eq!(toml::from_str::<Orders>("[drivers]\nby = \"age\"").unwrap().drivers.by, DriverColumn::Age);
        assert!(toml::from_str::<Orders>("[drivers]\nby = \"colour\"").is_err());
        for column in SearchColumn::ALL {
            assert_eq!(toml::Value::try_from(column).unwrap().as_str(), Some(column.as_str()));
        }
        for column in DriverColumn::ALL {
            assert_eq!(toml::Value::try_from(column).unwrap().as_str(), Some(column.as_str()));
        }
    }

    #[test]
    fn columns_follow_one_another_and_go_round() {
        let mut order = SortOrder { by: SearchColumn::Deadline, descending: true };
        for column in SearchColumn::ALL.into_iter().cycle().skip(1).take(8) {
            order = order.next(&SearchColumn::ALL);
            assert_eq!(order, SortOrder { by: column, descending: false });
        }
    }

    fn row() -> impl Strategy<Value = Row> {
        (1..40u64, 0..300u64, 0..300u64, 0..5u8).prop_map(|(n, ago, left, kind)| {
            let search = match kind {
                0 | 1 => waiting(n, ago, left),
                2 => foreign(n, left),
                3 => ended(n, State::Found, ago),
                _ => ended(n, State::Expired, ago),
            };
            Row::new(search, None)
        })
    }

    proptest! {
        #[test]
        fn every_order_is_one(rows in proptest::collection::vec(row(), 3), by in 0..7usize, descending: bool) {
            let order = SortOrder { by: SearchColumn::ALL[by], descending };
            let (a, b, c) = (&rows[0], &rows[1], &rows[2]);
            prop_assert_eq!(order.compare(a, b), order.compare(b, a).reverse());
            if order.compare(a, b).is_le() && order.compare(b, c).is_le() {
                prop_assert!(order.compare(a, c).is_le());
            }
            if order.by.parts_the_ended() && !order.descending && a.is_waiting() && !b.is_waiting() {
                prop_assert!(order.compare(a, b).is_lt());
            }
        }
    }
}
