//! What is known of the drivers: a map of the grid's cells, each of which was counted or read as a whole.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::super::drivers::{Scored, place};
use crate::domain::geohash::Cell;
use crate::domain::{Block, DriverId, FleetView, Sighting, View};

/// A cell with at most so many drivers is read driver by driver.
const FEW: usize = 24;
/// And so many where there are more than `MOST_SINGLE` in sight: there a cell of the screen is a crowd.
const FEW_IN_A_CROWD: usize = 2;
/// Up to so many drivers in sight all are shown one by one, as long as there is room between them.
const MOST_SINGLE: u64 = 5_000;
/// What was read before something changed may still be shown for so long, until it is read again.
const KEPT_FOR: Duration = Duration::from_secs(10);
/// So many cells, and drivers in them, are kept at the most, but for what is in sight.
const MOST_KEPT: usize = 30_000;

/// What is known of the drivers, and how well.
#[derive(Debug, Default)]
pub struct Chart {
    /// By the first score of their cells, none of which overlap.
    leaves: BTreeMap<u64, Leaf>,
    /// How often something has changed: what was read before the last time is not known for sure.
    changes: u64,
    /// How many drivers there are in all.
    pub(super) total: u64,
    /// How wide a column of the screen was when there were too many cells for one reading, and to which grid they were cut then.
    pub(super) limit: Option<(f64, u8)>,
    /// All in sight are shown one by one.
    singly: bool,
}

/// A cell that was read.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) cell: Cell,
    pub(super) held: Held,
    changes: u64,
    read_at: Instant,
}

/// Who is in a cell.
#[derive(Debug)]
pub(super) enum Held {
    Crowd(u64),
    Few(Vec<Known>),
}

/// A driver in a cell that holds few.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) score: f64,
    pub(super) sighting: Sighting,
    /// When it was last asked how old its place is.
    pub(super) asked: Option<Instant>,
}

impl Chart {
    /// Drivers have come, gone or moved: what is known may no longer be true.
    pub fn outdate(&mut self) {
        self.changes += 1;
    }

    /// Nor may what is known of the ages of their places.
    pub fn outdate_ages(&mut self) {
        self.outdate();
        for known in self.leaves.values_mut().filter_map(Leaf::few_mut).flatten() {
            known.asked = None;
        }
    }

    /// What is known of the drivers in this view. Where nothing is known, nobody is shown.
    #[must_use]
    pub fn picture(&self, view: View) -> FleetView {
        let (singles, blocks) = self.in_sight(view);
        let in_view = singles.into_iter().map(|known| &known.sighting).filter(|d| view.bounds.contains(d.place));
        let mut drivers: Vec<Sighting> = in_view.cloned().collect();
        drivers.sort_by(|a, b| a.id.cmp(&b.id));
        // Who has moved between two readings is known in two cells.
        drivers.dedup_by(|a, b| a.id == b.id);
        FleetView { drivers, blocks, total: self.total, took: Duration::ZERO }
    }

    /// The drivers and crowds in the cells that this view touches, what was read last before the rest.
    pub(super) fn in_sight(&self, view: View) -> (Vec<&Known>, Vec<Block>) {
        let (mut newer, mut older, mut blocks) = (Vec::new(), Vec::new(), Vec::new());
        for leaf in self.leaves.values().filter(|leaf| leaf.cell.bounds().meets(view.bounds)) {
            let is_current = self.is_current(leaf);
            if !is_current && leaf.read_at.elapsed() > KEPT_FOR {
                continue;
            }
            match &leaf.held {
                Held::Crowd(count) => blocks.push(Block { cell: leaf.cell, count: *count }),
                Held::Few(few) if is_current => newer.extend(few),
                Held::Few(few) => older.extend(few),
            }
        }
        newer.append(&mut older);
        (newer, blocks)
    }

    /// How many are known to be in sight; of what may have changed meanwhile as well, unless only the `current` count.
    pub(super) fn count(&self, view: View, current: bool) -> u64 {
        let leaves = self.leaves.values().filter(|leaf| leaf.cell.bounds().meets(view.bounds));
        leaves.filter(|leaf| !current || self.is_current(leaf)).map(Leaf::count).sum()
    }

    /// How many crowds are in sight.
    pub(super) fn crowds(&self, view: View) -> usize {
        let leaves = self.leaves.values().filter(|leaf| matches!(leaf.held, Held::Crowd(_)));
        leaves.filter(|leaf| leaf.cell.bounds().meets(view.bounds)).count()
    }

    /// How many drivers are few, where so many are in sight. It takes some more of them until they are no longer shown one by one:
    /// a picture that changes to and fro cannot be read.
    pub(super) fn few(&mut self, in_sight: u64) -> usize {
        self.singly = in_sight <= if self.singly { MOST_SINGLE + MOST_SINGLE / 4 } else { MOST_SINGLE };
        if self.singly { FEW } else { FEW_IN_A_CROWD }
    }

    pub(super) fn is_current(&self, leaf: &Leaf) -> bool {
        leaf.changes == self.changes
    }

    /// The leaf that has all of this cell.
    pub(super) fn leaf_over(&self, cell: Cell) -> Option<&Leaf> {
        let (first, below) = cell.scores();
        let (_, leaf) = self.leaves.range(..=first).next_back()?;
        (leaf.cell.scores().1 >= below).then_some(leaf)
    }

    /// The leaves that make up a part of this cell, or all of it.
    pub(super) fn leaves_in(&self, cell: Cell) -> impl Iterator<Item = &Leaf> {
        let (first, below) = cell.scores();
        self.leaves.range(first..below).map(|(_, leaf)| leaf)
    }

    pub(super) fn known_in_mut(&mut self, view: View) -> impl Iterator<Item = &mut Known> {
        let few = self.leaves.values_mut().filter(move |leaf| leaf.cell.bounds().meets(view.bounds));
        few.filter_map(Leaf::few_mut).flatten().filter(move |known| view.bounds.contains(known.sighting.place))
    }

    /// Makes one leaf of those that make up this cell, if all of them are known for sure. Whether it did.
    pub(super) fn join(&mut self, cell: Cell, few: usize) -> bool {
        let (mut next, below) = cell.scores();
        for leaf in self.leaves_in(cell) {
            let (first, end) = leaf.cell.scores();
            if first != next || !self.is_current(leaf) {
                return false;
            }
            next = end;
        }
        if next != below {
            return false;
        }
        let count: u64 = self.leaves_in(cell).map(Leaf::count).sum();
        if count <= few as u64 && self.leaves_in(cell).all(|leaf| matches!(leaf.held, Held::Few(_))) {
            let known = self.take(cell);
            self.insert(cell, Held::Few(known));
        } else if count <= few as u64 {
            // Who they are has to be read.
            return false;
        } else {
            self.take(cell);
            self.insert(cell, Held::Crowd(count));
        }
        true
    }

    /// This cell was counted.
    pub(super) fn put_crowd(&mut self, cell: Cell, count: u64) {
        self.take(cell);
        self.insert(cell, Held::Crowd(count));
    }

    /// These are all drivers in this cell. What is known of the ages of those who have not moved is kept.
    pub(super) fn put_few(&mut self, cell: Cell, members: Vec<Scored>) {
        let mut before = self.take(cell);
        let known = |(id, score): Scored| {
            let same = |known: &Known| known.score.total_cmp(&score).is_eq() && known.sighting.id.as_bytes() == id;
            match before.iter().position(same) {
                Some(i) => before.swap_remove(i),
                None => Known {
                    score,
                    sighting: Sighting { id: DriverId::from_redis(&id), place: place(score), seen: None, stale: false },
                    asked: None,
                },
            }
        };
        let few = members.into_iter().map(known).collect();
        self.insert(cell, Held::Few(few));
    }

    fn insert(&mut self, cell: Cell, held: Held) {
        let leaf = Leaf { cell, held, changes: self.changes, read_at: Instant::now() };
        self.leaves.insert(cell.scores().0, leaf);
    }

    /// Takes all leaves away that have to do with this cell, and answers who was known in them.
    fn take(&mut self, cell: Cell) -> Vec<Known> {
        let (first, below) = cell.scores();
        let mut gone: Vec<u64> = self.leaves.range(first..below).map(|(key, _)| *key).collect();
        gone.extend(self.leaf_over(cell).map(|leaf| leaf.cell.scores().0).filter(|key| *key != first));
        let mut known = Vec::new();
        for key in gone {
            if let Some(Leaf { held: Held::Few(few), .. }) = self.leaves.remove(&key) {
                known.extend(few);
            }
        }
        known
    }

    /// Joins halves that together hold so few that they are read at once the next time.
    pub(super) fn tidy(&mut self, few: usize) {
        let mut whole: Vec<(Cell, usize)> = Vec::new();
        let mut joined = Vec::new();
        for leaf in self.leaves.values().filter(|leaf| self.is_current(leaf)) {
            let Held::Few(known) = &leaf.held else { continue };
            let mut last = (leaf.cell, known.len());
            let mut is_joined = false;
            while let Some((cell, count)) = whole.last()
                && cell.bits() > 2
                && cell.bits() == last.0.bits()
                && cell.whole() == last.0.whole()
                && *cell != last.0
                && count + last.1 <= few / 2
            {
                last = (cell.whole(), count + last.1);
                is_joined = true;
                whole.pop();
                joined.retain(|cell: &Cell| cell.whole() != last.0);
            }
            whole.push(last);
            if is_joined {
                joined.push(last.0);
            }
        }
        for cell in joined {
            self.join(cell, few);
        }
    }

    /// Forgets what is neither in sight nor known for sure, and all that is out of sight where there is too much of it.
    pub(super) fn prune(&mut self, view: View) {
        let size = |leaf: &Leaf| 1 + if let Held::Few(few) = &leaf.held { few.len() } else { 0 };
        let too_much = self.leaves.values().map(size).sum::<usize>() > MOST_KEPT;
        let changes = self.changes;
        self.leaves.retain(|_, leaf| {
            let may_stay = leaf.changes == changes || leaf.read_at.elapsed() <= KEPT_FOR;
            leaf.cell.bounds().meets(view.bounds) || may_stay && !too_much
        });
    }
}

impl Leaf {
    fn few_mut(&mut self) -> Option<&mut Vec<Known>> {
        match &mut self.held {
            Held::Few(few) => Some(few),
            Held::Crowd(_) => None,
        }
    }

    fn count(&self) -> u64 {
        match &self.held {
            Held::Few(few) => few.len() as u64,
            Held::Crowd(count) => *count,
        }
    }
}
