//! The columns of the tables: which there is room for, and where they stand. The view draws by it, and the mouse asks it.

use super::model::{DriverColumn, SearchColumn};

/// The length of the bar of a countdown.
const BAR: u16 = 6;
/// Columns before the first one: the sign of the selected row, and that of a mark.
const MARGIN: u16 = 2;
/// What a column for text takes of the room that is left over, at the most.
const MOST_SPARE: u16 = 12;

/// What can be told of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchField {
    /// Its number.
    Id,
    /// The rider.
    Rider,
    /// How far it has come.
    State,
    /// The time left.
    Left,
    /// The same as a bar.
    Bar,
    /// The time until the next attempt.
    Next,
    /// How many attempts there were.
    Tries,
    /// How far away the nearest driver is.
    Nearest,
}

/// What can be told of a driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DriverField {
    /// Its name.
    Id,
    /// What is known of its reports.
    State,
    /// The time since the last one.
    Age,
    /// How far away it is.
    Distance,
    /// Where it is.
    Place,
}

/// A column with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column<Field> {
    /// What stands there.
    pub field: Field,
    /// Its head.
    pub head: &'static str,
    /// Where it begins, from the left inside of the pane.
    pub x: u16,
    /// How wide it is.
    pub width: u16,
}

/// A column with its head, its least width, and how soon it is left out where there is no room: the highest first.
type Wish<Field> = (Field, &'static str, u16, u8);

const OF_SEARCHES: [Wish<SearchField>; 8] = [
    (SearchField::Id, "ID", 4, 0),
    (SearchField::Rider, "rider", 12, 1),
    (SearchField::State, "state", 11, 0),
    (SearchField::Left, "left", 6, 0),
    (SearchField::Bar, "", BAR, 3),
    (SearchField::Next, "next", 4, 4),
    (SearchField::Tries, "try", 3, 5),
    (SearchField::Nearest, "nearest", 7, 2),
];

const OF_DRIVERS: [Wish<DriverField>; 5] = [
    (DriverField::Id, "ID", 8, 0),
    (DriverField::State, "state", 7, 1),
    (DriverField::Age, "last seen", 9, 0),
    (DriverField::Distance, "distance", 11, 0),
    (DriverField::Place, "place", 19, 2),
];

impl SearchField {
    /// The order to which its head leads.
    #[must_use]
    pub fn sorts_by(self) -> Option<SearchColumn> {
        match self {
            Self::Id => Some(SearchColumn::Id),
            Self::Rider => Some(SearchColumn::Rider),
            Self::State => Some(SearchColumn::State),
            Self::Left | Self::Bar => Some(SearchColumn::Deadline),
            Self::Next => None,
            Self::Tries => Some(SearchColumn::Tries),
            Self::Nearest => Some(SearchColumn::Nearest),
        }
    }
}

impl DriverField {
    /// The order to which its head leads.
    #[must_use]
    pub fn sorts_by(self) -> Option<DriverColumn> {
        match self {
            Self::Id => Some(DriverColumn::Id),
            Self::State => Some(DriverColumn::State),
            Self::Age => Some(DriverColumn::Age),
            Self::Distance => Some(DriverColumn::Distance),
            Self::Place => None,
        }
    }
}

/// The columns of the searches that so many columns of the screen have room for. Of what is left over the rider gets half; the
/// other half is for how a request ended, which needs the rest of the line.
///
/// The id is what an operator passes on, so it is never cut.
#[must_use]
pub fn of_searches(width: u16, id_width: usize) -> Vec<Column<SearchField>> {
    place(&OF_SEARCHES, width, id_width, SearchField::Rider)
}

/// The columns of the drivers that so many columns of the screen have room for.
#[must_use]
pub fn of_drivers(width: u16, id_width: usize) -> Vec<Column<DriverField>> {
    place(&OF_DRIVERS, width, id_width, DriverField::Id)
}

/// The column to which a head so far from the left belongs: the gap after it is its own.
#[must_use]
pub fn at<Field: Copy>(columns: &[Column<Field>], x: u16) -> Option<Field> {
    columns.iter().find(|column| (column.x..=column.x + column.width).contains(&x)).map(|column| column.field)
}

fn place<Field: Copy + PartialEq>(
    wishes: &[Wish<Field>],
    width: u16,
    id_width: usize,
    stretched: Field,
) -> Vec<Column<Field>> {
    let id_width = u16::try_from(id_width).unwrap_or(u16::MAX);
    // The id stands first.
    let least = |i: usize, least: u16| if i == 0 { least.max(id_width) } else { least };
    let fitting = |spare: u8| wishes.iter().enumerate().filter(move |(_, wish)| wish.3 <= spare);
    let needed = |spare: u8| fitting(spare).map(|(i, wish)| least(i, wish.2) + 1).sum::<u16>() + MARGIN - 1;
    let spare = (0..=5).rev().find(|&spare| needed(spare) <= width).unwrap_or(0);
    let left_over = (width.saturating_sub(needed(spare)) / 2).min(MOST_SPARE);
    let mut x = MARGIN;
    let mut placed = Vec::new();
    for (i, &(field, head, wish, _)) in fitting(spare) {
        let width = least(i, wish) + if field == stretched { left_over } else { 0 };
        placed.push(Column { field, head, x, width });
        x += width + 1;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_stays_in_a_narrow_table() {
        let names = |width| of_searches(width, 0).into_iter().map(|c| c.head).collect::<Vec<_>>();
        assert_eq!(names(80), ["ID", "rider", "state", "left", "", "next", "try", "nearest"]);
        assert_eq!(names(40), ["ID", "rider", "state", "left"]);
        assert_eq!(names(25), ["ID", "state", "left"]);
        let names = |width| of_drivers(width, 0).into_iter().map(|c| c.head).collect::<Vec<_>>();
        assert_eq!(names(62), ["ID", "state", "last seen", "distance", "place"]);
        assert_eq!(names(58), ["ID", "state", "last seen", "distance"]);
    }

    #[test]
    fn an_id_is_never_cut() {
        assert_eq!(of_searches(62, 15)[0].width, 15);
    }

    #[test]
    fn columns_stay_inside() {
        for width in 32..200 {
            for last in [
                of_searches(width, 0).last().map(|c| c.x + c.width),
                of_drivers(width, 0).last().map(|c| c.x + c.width),
            ] {
                assert!(last.unwrap() <= width, "{width}");
            }
        }
    }

    #[test]
    fn a_head_is_found_by_its_place() {
        let columns = of_searches(80, 4);
        for column in &columns {
            for x in [column.x, column.x + column.width] {
                assert_eq!(at(&columns, x), Some(column.field), "{x}");
            }
        }
        assert_eq!(at(&columns, 0), None);
        assert_eq!(at(&columns, 79), None);
    }
}
