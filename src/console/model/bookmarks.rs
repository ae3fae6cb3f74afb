//! Places that the operator comes back to, each with the scale at which it was looked at.

use serde::{Deserialize, Serialize};

use crate::console::projection::SCALES;
use crate::domain::{Point, clean};

/// Names that are given to places without one.
const NUMBERS: std::ops::RangeInclusive<u8> = 1..=9;
/// So many places are remembered at the most; beyond that the oldest goes.
const MOST: usize = 50;

/// A place with a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bookmark {
    /// What it is called.
    pub name: String,
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lng: f64,
    /// The scale of the map: metres from one column to the next.
    pub metres_per_column: f64,
}

impl Bookmark {
    /// Where it is; none where the numbers that were read are no place.
    #[must_use]
    pub fn place(&self) -> Option<Point> {
        Point::new(self.lat, self.lng).ok()
    }
}

/// The places, in the order in which they were set. As a list of [`Bookmark`]s they outlast a session.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Bookmark>", into = "Vec<Bookmark>")]
pub struct Bookmarks {
    list: Vec<Bookmark>,
    /// The one that was last gone to.
    last: Option<String>,
}

impl Bookmarks {
    /// All of them, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Bookmark> {
        self.list.iter()
    }

    /// The one of this name, whatever its case.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Bookmark> {
        let name = name.trim().to_lowercase();
        self.list.iter().find(|bookmark| bookmark.name.to_lowercase() == name)
    }

    /// Remembers a place at a scale, and answers by what name: the one that is given, in whose place it comes, or else the
    /// first number that is free, or that was set longest ago.
    pub fn set(&mut self, name: &str, place: Point, metres_per_column: f64) -> String {
        let name = match clean(name.trim().as_bytes()) {
            name if name.is_empty() => self.number(),
            name => name,
        };
        self.list.retain(|bookmark| bookmark.name.to_lowercase() != name.to_lowercase());
        if self.list.len() >= MOST {
            self.list.remove(0);
        }
        self.list.push(Bookmark { name: name.clone(), lat: place.lat(), lng: place.lng(), metres_per_column });
        self.last = Some(name.clone());
        name
    }

    fn number(&self) -> String {
        let taken = |name: &str| self.list.iter().any(|bookmark| bookmark.name == name);
        let numbers = || NUMBERS.map(|n| n.to_string());
        let oldest = || self.list.iter().map(|bookmark| &bookmark.name).find(|name| numbers().any(|n| n == **name));
        numbers().find(|name| !taken(name)).or_else(|| oldest().cloned()).unwrap_or_else(|| NUMBERS.start().to_string())
    }

    /// Goes on to the next one, by their names; they go round.
    pub fn go_on(&mut self) -> Option<&Bookmark> {
        let after = |bookmark: &&Bookmark| self.last.as_ref().is_none_or(|last| bookmark.name > *last);
        let first = |all: &mut dyn Iterator<Item = &Bookmark>| all.map(|bookmark| bookmark.name.clone()).min();
        let next = first(&mut self.list.iter().filter(after)).or_else(|| first(&mut self.list.iter()));
        self.last = next;
        self.last.as_ref().and_then(|name| self.list.iter().find(|bookmark| bookmark.name == *name))
    }
}

/// Takes what was kept in a file, and leaves out what somebody has spoilt there.
impl From<Vec<Bookmark>> for Bookmarks {
    fn from(list: Vec<Bookmark>) -> Self {
        let mut bookmarks = Self::default();
        for bookmark in list {
            if let Some(place) = bookmark.place()
                && (SCALES.0..=SCALES.1).contains(&bookmark.metres_per_column)
            {
                bookmarks.set(&bookmark.name, place, bookmark.metres_per_column);
            }
        }
        bookmarks.last = None;
        bookmarks
    }
}

/// Which of them was gone to last is not kept, and makes no difference.
impl PartialEq for Bookmarks {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list
    }
}

impl From<Bookmarks> for Vec<Bookmark> {
    fn from(bookmarks: Bookmarks) -> Self {
        bookmarks.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(lat: f64) -> Point {
        Point::new(lat, -70.0).unwrap()
    }

    #[test]
    fn numbers_are_given_and_the_oldest_is_given_again() {
        let mut bookmarks = Bookmarks::default();
        let given: Vec<String> = (0..9).map(|n| bookmarks.set("", place(f64::from(n)), 100.0)).collect();
        assert_eq!(given, ["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
        bookmarks.set("1", place(50.0), 100.0);
        assert_eq!(bookmarks.set(" ", place(60.0), 100.0), "2", "the first was set anew");
        assert_eq!(bookmarks.iter().count(), 9);
    }

    #[test]
    fn a_name_is_found_and_set_anew_whatever_its_case() {
        let mut bookmarks = Bookmarks::default();
        bookmarks.set("Airport", place(1.0), 100.0);
        assert_eq!(bookmarks.set(" airport ", place(2.0), 50.0), "airport");
        assert_eq!(bookmarks.iter().count(), 1);
        assert_eq!(bookmarks.find("AIRPORT").and_then(Bookmark::place), Some(place(2.0)));
        assert_eq!(bookmarks.set("a\u{1b}b", place(3.0), 50.0), "a\\u{1b}b");
    }

    #[test]
    fn they_go_round() {
        let mut bookmarks = Bookmarks::default();
        assert_eq!(bookmarks.go_on(), None);
        for name in ["2", "airport", "1"] {
            bookmarks.set(name, place(1.0), 100.0);
        }
        let gone: Vec<_> = (0..4).filter_map(|_| bookmarks.go_on().map(|to| to.name.clone())).collect();
        assert_eq!(gone, ["2", "airport", "1", "2"], "on from the one that was set last");
    }

    #[test]
    fn there_is_an_end_to_them() {
        let mut bookmarks = Bookmarks::default();
        for n in 0..200 {
            bookmarks.set(&format!("n{n}"), place(1.0), 100.0);
        }
        assert_eq!(bookmarks.iter().count(), MOST);
        assert!(bookmarks.find("n199").is_some() && bookmarks.find("n0").is_none());
    }

    #[test]
    fn what_is_kept_comes_back_without_what_was_spoilt() {
        let mut bookmarks = Bookmarks::default();
        bookmarks.set("home", place(1.5), 80.0);
        let kept = serde_json::to_string(&bookmarks).unwrap();
        assert_eq!(kept, r#"[{"name":"home","lat":1.5,"lng":-70.0,"metres_per_column":80.0}]"#);
        let spoilt = kept.replace(
            "[{",
            r#"[{"name":"far","lat":95.0,"lng":0.0,"metres_per_column":80.0},{"name":"flat","lat":0.0,"lng":0.0,"metres_per_column":0.0},{"#,
        );
        let read: Bookmarks = serde_json::from_str(&spoilt).unwrap();
        assert_eq!(Vec::from(read), Vec::from(bookmarks));
    }
}
