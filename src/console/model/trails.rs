//! Where drivers came from: the last places of each in sight, kept only while they are shown.

use std::collections::{HashMap, VecDeque};

use crate::domain::{DriverId, Point};

/// So many places of a driver are kept, the present one among them.
pub const LONGEST: usize = 12;

/// The last places of every driver in sight, oldest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trails {
    paths: HashMap<DriverId, VecDeque<Point>>,
}

impl Trails {
    /// Takes in where drivers are. Those who are not among them are forgotten, so there is never more than what can be drawn.
    pub fn take<'a>(&mut self, seen: impl IntoIterator<Item = (&'a DriverId, Point)>) {
        let mut before = std::mem::take(&mut self.paths);
        for (id, place) in seen {
            let (id, mut path) = before.remove_entry(id).unwrap_or_else(|| (id.clone(), VecDeque::new()));
            if path.back() != Some(&place) {
                path.push_back(place);
            }
            if path.len() > LONGEST {
                path.pop_front();
            }
            self.paths.insert(id, path);
        }
    }

    /// The paths, each from the oldest place to the present one.
    pub fn paths(&self) -> impl Iterator<Item = impl Iterator<Item = Point>> {
        self.paths.values().map(|path| path.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(n: u8) -> DriverId {
        format!("driver_{n}").parse().unwrap()
    }

    fn place(n: u8) -> Point {
        Point::new(f64::from(n) / 10.0, 0.0).unwrap()
    }

    fn path(trails: &Trails, n: u8) -> Vec<Point> {
        trails.paths.get(&id(n)).map(|path| path.iter().copied().collect()).unwrap_or_default()
    }

    #[test]
    fn a_path_is_what_was_seen_without_standing_still() {
        let mut trails = Trails::default();
        for n in [1, 1, 2, 3, 3, 2] {
            trails.take([(&id(7), place(n))]);
        }
        assert_eq!(path(&trails, 7), [1, 2, 3, 2].map(place));
    }

    #[test]
    fn who_is_out_of_sight_is_forgotten() {
        let mut trails = Trails::default();
        trails.take([(&id(1), place(1)), (&id(2), place(1))]);
        trails.take([(&id(2), place(2))]);
        trails.take([(&id(1), place(5)), (&id(2), place(3))]);
        assert_eq!(path(&trails, 1), [place(5)]);
        assert_eq!(path(&trails, 2), [1, 2, 3].map(place));
    }

    proptest! {
        #[test]
        fn there_is_never_more_than_can_be_drawn(readings in prop::collection::vec(prop::collection::btree_map(0..6_u8, any::<u8>(), 0..6), 0..40)) {
            let mut trails = Trails::default();
            for reading in &readings {
                let seen: Vec<_> = reading.iter().map(|(n, at)| (id(*n), place(*at))).collect();
                trails.take(seen.iter().map(|(id, place)| (id, *place)));
                prop_assert_eq!(trails.paths.len(), reading.len());
                for (n, at) in reading {
                    let path = path(&trails, *n);
                    prop_assert!(path.len() <= LONGEST && path.last() == Some(&place(*at)));
                    prop_assert!(path.windows(2).all(|two| two[0] != two[1]));
                }
            }
        }
    }
}
