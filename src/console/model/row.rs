//! One row of the table of searches: what is known of a request.

use std::time::Duration;

use super::wider;
use crate::console::action::Action;
use crate::domain::{Candidate, Record, Request, Search, Standing, State, UnixMs};

/// Deadlines that differ by no more than this are one.
const SLACK: Duration = Duration::from_millis(20);

/// One request in the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What was last read of it.
    pub search: Search,
    /// Where it stands.
    pub standing: Standing,
    /// When it ended.
    pub ended_at: Option<UnixMs>,
    /// What its whole time was when it was first seen: the length of its bar.
    pub whole: Duration,
    /// The nearest driver, as last read: not yet read, nobody near, or somebody.
    pub nearest: Option<Option<Candidate>>,
}

impl Row {
    /// A row of what was read for the first time.
    #[must_use]
    pub fn of(search: Search) -> Self {
        Self::new(search, None)
    }

    /// A request as it was read, and what was known of it before.
    pub(super) fn new(mut search: Search, before: Option<&Self>) -> Self {
        if let Some(before) = before {
            keep_record(&mut search, before);
        }
        let standing = search.standing();
        let recorded = search.request().and_then(|r| r.ended_at);
        let ended_at = match standing {
            Standing::Waiting(_) => None,
            // A foreign hand writes no time down: the moment of its discovery must do.
            Standing::Ended(_) => recorded.or(before.and_then(|row| row.ended_at)).or(Some(search.read_at)),
        };
        let left = match standing {
            Standing::Waiting(Some(deadline)) => deadline.since(search.read_at),
            _ => Duration::ZERO,
        };
        let recorded_whole = match (&search.record, standing) {
            (Record::Whole(request), _) => request.expires_at.map(|end| end.since(request.created_at)),
            (Record::Listed(listed), Standing::Waiting(Some(deadline))) => Some(deadline.since(listed.created_at)),
            _ => None,
        };
        let whole = recorded_whole.or(before.map(|row| row.whole)).unwrap_or(left).max(left);
        let nearest = before.and_then(|row| row.nearest.clone());
        Self { search, standing, ended_at, whole, nearest }
    }

    /// Whether a reading of the lists tells nothing that this row does not show. Two readings of one deadline differ by a little.
    #[must_use]
    pub(super) fn shows(&self, search: &Search) -> bool {
        let Record::Listed(listed) = search.record else { return false };
        let as_long = match (self.standing, search.standing()) {
            (Standing::Waiting(Some(was)), Standing::Waiting(Some(is))) => was.since(is).max(is.since(was)) <= SLACK,
            (was, is) => was == is && self.is_waiting(),
        };
        as_long && self.search.radius_m() == Some(listed.radius_m)
    }

    /// When it will have expired; none for what has ended or has no deadline.
    #[must_use]
    pub fn deadline(&self) -> Option<UnixMs> {
        match self.standing {
            Standing::Waiting(deadline) => deadline,
            Standing::Ended(_) => None,
        }
    }

    /// Whether it still waits.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        matches!(self.standing, Standing::Waiting(_))
    }

    /// Whether this action on a search can be done to this one, as far as is known here: Redis has the last word.
    #[must_use]
    pub fn accepts(&self, action: Action) -> bool {
        // A newer version's state is left to that version. Without a sound record there is no place to look for a driver.
        let has_place = self.search.pickup().is_some();
        self.is_waiting()
            && !matches!(self.search.record, Record::Newer(_))
            && match action {
                Action::ExtendTime => self.deadline().is_some(),
                Action::Retry | Action::Assign => has_place,
                Action::Widen => self.search.radius_m().is_some_and(|metres| wider(metres, None).0 > metres),
                _ => true,
            }
    }

    /// The word for its state.
    #[must_use]
    pub fn state(&self) -> State {
        match self.standing {
            Standing::Waiting(_) => State::Searching,
            Standing::Ended(state) => state,
        }
    }

    /// The rider's name, or what is known instead.
    #[must_use]
    pub fn rider(&self) -> &str {
        match &self.search.record {
            Record::Whole(request) => request.user_id.as_str(),
            Record::Foreign => "(external)",
            Record::Damaged(_) => "(damaged)",
            Record::Newer(_) => "(newer)",
            Record::Listed(_) => "",
        }
    }
}

/// A record that is gone before its time, with all of Redis say, leaves what was known of it. So does a reading of the lists,
/// which tell less than the record of one who waits; but what they tell is newer.
fn keep_record(search: &mut Search, before: &Row) {
    match search.record {
        Record::Foreign => search.record = before.search.record.clone(),
        Record::Listed(listed) => match &before.search.record {
            Record::Whole(request) if request.state == State::Searching => {
                let request = Request { radius_m: listed.radius_m, ..(**request).clone() };
                search.record = Record::Whole(Box::new(request));
            }
            Record::Damaged(_) | Record::Newer(_) => search.record = before.search.record.clone(),
            Record::Whole(_) | Record::Foreign | Record::Listed(_) => {}
        },
        Record::Whole(_) | Record::Damaged(_) | Record::Newer(_) => {}
    }
}
