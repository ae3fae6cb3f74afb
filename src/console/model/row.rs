//! One row of the table of searches: what is known of a request.

use std::time::Duration;

use crate::domain::{Candidate, Record, Search, Standing, State, UnixMs};

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
    /// Redis is being asked what became of it, since its time is up.
    pub asked: bool,
    /// The filter lets it through.
    pub hit: bool,
}

impl Row {
    /// A row of what was read for the first time.
    #[must_use]
    pub fn of(search: Search) -> Self {
        Self::new(search, None)
    }

    /// A request as it was read, and what was known of it before.
    pub(super) fn new(mut search: Search, before: Option<&Self>) -> Self {
        // A record that is gone before its time, with all of Redis say, leaves what was known of it.
        if let (Record::Foreign, Some(before)) = (&search.record, before) {
            search.record = before.search.record.clone();
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
        let recorded_whole = search.request().and_then(|r| r.expires_at.map(|end| end.since(r.created_at)));
        let whole = recorded_whole.or(before.map(|row| row.whole)).unwrap_or(left).max(left);
        let nearest = before.and_then(|row| row.nearest.clone());
        Self { standing, ended_at, whole, nearest, asked: false, hit: before.is_some_and(|row| row.hit), search }
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
            Record::Foreign => "(foreign)",
            Record::Damaged(_) => "(damaged)",
        }
    }
}
