//! The requests: all who wait, those that something has happened to, and those without a record, which are only found by
//! searching the key space.
//!
//! While few wait, all are read in full. Of many it is known by the lists who waits where, since when and until when
//! ([`crate::store::Listing`]); in full are read those near sight on the screen, and those that have ended. What the filter or
//! the order asks for of the others is read one after the other, and the screen tells how far that is.

use std::collections::HashSet;
use std::time::Duration;

use tokio::sync::Notify;

use super::{FIRST_EVENTS, Feed};
use crate::console::message::News;
use crate::console::reading::{CHANGED, ONCE, Reading};
use crate::domain::{RequestId, Search, UnixMs};
use crate::store::{Place, Store, StoreError};

/// The shortest pause between two readings: more pictures a second than this nobody sees.
const SHORTEST_PAUSE: Duration = Duration::from_millis(40);
/// While no more than this wait, all are read in full.
const FEW: usize = 5_000;
/// Of many, the lists are read of no more than this at once.
const LISTED_AT_ONCE: usize = 1_000;
/// Of many, no more than this are read in full at once.
const FULL_AT_ONCE: usize = 200;

/// Reads requests whenever something has happened to them.
pub(super) async fn follow(feed: &Feed) {
    tokio::join!(Requests::new(feed).follow(), follow_census(feed));
}

/// What is known of those who wait, and what of it is under way.
struct Requests<'a> {
    feed: &'a Feed,
    /// So many wait that not all are read in full.
    many: bool,
    /// Those near sight on the screen, of many.
    near: HashSet<RequestId>,
    /// The walk through all who wait, while there is one.
    walk: Option<Walk>,
    step: Notify,
    /// Those who wait and have not been read in full, while all are to be.
    unread: Vec<RequestId>,
    fill: Notify,
    filled: HashSet<RequestId>,
}

/// A walk through all who wait.
#[derive(Default)]
struct Walk {
    /// Where its next step begins.
    at: Place,
    /// When it began, by Redis' clock.
    since: Option<UnixMs>,
    /// Whom it has met.
    told: HashSet<RequestId>,
    /// Another one is wanted after it.
    again: bool,
}

impl<'a> Requests<'a> {
    fn new(feed: &'a Feed) -> Self {
        Self {
            feed,
            many: false,
            near: HashSet::new(),
            walk: None,
            step: Notify::new(),
            unread: Vec::new(),
            fill: Notify::new(),
            filled: HashSet::new(),
        }
    }

    /// One after the other: what was read first is told first.
    async fn follow(mut self) {
        let feed = self.feed;
        let marks = &feed.marks;
        let mut snapshot = Reading::new(&feed.store, ONCE, SHORTEST_PAUSE);
        let mut changed = Reading::new(&feed.store, CHANGED, SHORTEST_PAUSE);
        let [mut step, mut fill] = [ONCE; 2].map(|share| Reading::new(&feed.store, share, Duration::ZERO));
        loop {
            tokio::select! {
                () = snapshot.turn(&marks.snapshot) => {
                    let well = self.read_all(&snapshot.store).await;
                    snapshot.done(well, &marks.snapshot);
                }
                () = changed.turn(&marks.requests) => {
                    let well = self.read_changed(&changed.store).await;
                    changed.done(well, &marks.requests);
                }
                () = step.turn(&self.step) => {
                    let well = self.walk_on(&step.store).await;
                    step.done(well, &self.step);
                }
                () = fill.turn(&self.fill) => {
                    let well = self.read_unread(&fill.store).await;
                    fill.done(well, &self.fill);
                }
            }
        }
    }

    /// Everything may have changed: reads all who wait, or of many begins to. Whether it went well.
    async fn read_all(&mut self, store: &Store) -> bool {
        // What is near sight is read anew at once.
        self.near.clear();
        self.feed.marks.requests.notify_one();
        if let Some(walk) = &mut self.walk {
            walk.again = true;
            return true;
        }
        match self.take_snapshot(store).await {
            Ok(Some(searches)) => {
                self.many = false;
                self.feed.bring(Ok(News::Snapshot(searches))).await
            }
            Ok(None) => {
                self.many = true;
                self.walk = Some(Walk::default());
                self.step.notify_one();
                true
            }
            Err(error) => self.feed.bring(Err(error)).await,
        }
    }

    /// The waiting, and what the events name as ended lately; nothing where many wait.
    async fn take_snapshot(&self, store: &Store) -> Result<Option<Vec<Search>>, StoreError> {
        // What another program has spoilt hides nothing but itself; the figures of the header tell of it.
        let page = or_nothing(store.waiting(FEW).await)?;
        let events = or_nothing(store.recent_events(FIRST_EVENTS).await)?;
        let ended = events.iter().filter(|event| event.kind.end().is_some()).filter_map(|event| event.request_id);
        let many = page.total > FEW as u64;
        let mut ids = if many { Vec::new() } else { page.ids };
        let known: HashSet<RequestId> = ids.iter().copied().collect();
        ids.extend(ended.filter(|id| !known.contains(id)).collect::<HashSet<_>>());
        if many {
            self.feed.marks.changed().extend(ids);
            return Ok(None);
        }
        store.searches(&ids).await.map(Some)
    }

    /// Of many: the next step of the walk through all who wait. Whether it went well.
    async fn walk_on(&mut self, store: &Store) -> bool {
        let Some(walk) = &mut self.walk else { return true };
        let read = async {
            let (ids, next) = store.step_through_waiting(walk.at).await?;
            let (at, searches) = read_listed(store, &ids).await?;
            Ok((next, ids, at, searches))
        };
        match read.await {
            Ok((next, ids, at, searches)) => {
                walk.since = walk.since.or(at);
                walk.told.extend(ids);
                let is_over = next.is_none();
                walk.at = next.unwrap_or_default();
                self.feed.bring(Ok(News::Searches(searches))).await;
                if is_over {
                    self.end_walk().await;
                } else {
                    self.step.notify_one();
                }
                true
            }
            Err(error) => {
                // Whoever was told is told again: a server that comes back can be another one.
                *walk = Walk { again: walk.again, ..Walk::default() };
                self.feed.bring(Err(error)).await
            }
        }
    }

    async fn end_walk(&mut self) {
        let Some(walk) = self.walk.take() else { return };
        self.unread = walk.told.iter().filter(|id| !self.filled.contains(id)).copied().collect();
        self.fill.notify_one();
        if walk.again {
            self.feed.marks.snapshot.notify_one();
        }
        self.feed.tell(News::AllTold(walk.told, walk.since.unwrap_or_default())).await;
    }

    /// Those that something has happened to, and of many those that have come near sight. Whether it went well.
    async fn read_changed(&mut self, store: &Store) -> bool {
        let whole = self.look();
        let is_full = |id: &RequestId| !self.many || whole || self.near.contains(id);
        let (full, listed) = {
            let (mut changed, mut records) = (self.feed.marks.changed(), self.feed.marks.records());
            // A record that has changed is of no matter to whom it was not read for.
            changed.extend(records.drain().filter(is_full));
            let most = if self.many { (FULL_AT_ONCE, LISTED_AT_ONCE) } else { (usize::MAX, 0) };
            let full: Vec<RequestId> = changed.iter().filter(|id| is_full(id)).take(most.0).copied().collect();
            let listed: Vec<RequestId> = changed.iter().filter(|id| !is_full(id)).take(most.1).copied().collect();
            for id in full.iter().chain(&listed) {
                changed.remove(id);
            }
            if !changed.is_empty() {
                self.feed.marks.requests.notify_one();
            }
            (full, listed)
        };
        if full.is_empty() && listed.is_empty() {
            return true;
        }
        let read = async {
            let mut searches = store.searches(&full).await?;
            searches.extend(read_listed(store, &listed).await?.1);
            Ok(searches)
        };
        let read = read.await;
        match &read {
            Ok(_) if whole => self.filled.extend(full),
            Ok(_) => {}
            Err(_) => self.feed.marks.changed().extend(full.into_iter().chain(listed)),
        }
        self.feed.bring(read.map(News::Searches)).await
    }

    /// Looks at what the screen shows: whether all are to be read in full, and of many who has come near sight.
    fn look(&mut self) -> bool {
        let glance = self.feed.glance.borrow();
        let near: HashSet<RequestId> = glance.near.iter().copied().filter(|_| self.many).collect();
        self.feed.marks.changed().extend(near.difference(&self.near));
        self.near = near;
        if glance.whole {
            self.fill.notify_one();
        } else {
            self.filled.clear();
        }
        glance.whole
    }

    /// Of many, the next of those who have not been read in full, where all are to be. Whether it went well.
    async fn read_unread(&mut self, store: &Store) -> bool {
        if !self.feed.glance.borrow().whole || !self.many || self.unread.is_empty() {
            return true;
        }
        let next = self.unread.split_off(self.unread.len().saturating_sub(FULL_AT_ONCE));
        let read = store.searches(&next).await;
        if read.is_ok() {
            self.filled.extend(next);
            self.fill.notify_one();
        } else {
            self.unread.extend(next);
        }
        self.feed.bring(read.map(News::Searches)).await
    }
}

/// What was read; nothing where its key is of another type than it should be.
fn or_nothing<T: Default>(read: Result<T, StoreError>) -> Result<T, StoreError> {
    match read {
        Err(StoreError::Misshapen(_)) => Ok(T::default()),
        read => read,
    }
}

/// What the lists tell of these requests, and in full those of which they tell nothing; and when that was, if there is any.
async fn read_listed(store: &Store, ids: &[RequestId]) -> Result<(Option<UnixMs>, Vec<Search>), StoreError> {
    if ids.is_empty() {
        return Ok((None, Vec::new()));
    }
    let listing = store.listing(ids).await?;
    let mut searches = listing.waiting;
    searches.extend(store.searches(&listing.others).await?);
    Ok((searches.iter().map(|search| search.read_at).min(), searches))
}

/// Searches the key space for requests without a record, step by step.
async fn follow_census(feed: &Feed) {
    let mut reading = Reading::new(&feed.store, ONCE, Duration::ZERO);
    // Where the search stands; 0 is its beginning.
    let mut at = 0;
    loop {
        reading.turn(&feed.marks.census).await;
        let read = census_step(&reading.store, at).await;
        // Where it failed it is begun anew, or the keys before this place would be passed over.
        at = read.as_ref().map_or(0, |(next, _)| *next);
        let well = match read {
            Ok((_, searches)) if searches.is_empty() => true,
            read => feed.bring(read.map(|(_, searches)| News::Searches(searches))).await,
        };
        reading.done(well, &feed.marks.census);
        if at != 0 {
            feed.marks.census.notify_one();
        }
    }
}

/// Where the next step begins, and what this one found: such as no list tells of. A key that says nothing a request's key could
/// say is somebody else's.
async fn census_step(store: &Store, at: u64) -> Result<(u64, Vec<Search>), StoreError> {
    let (next, ids) = store.scan_keys(at).await?;
    let unlisted = if ids.is_empty() { Vec::new() } else { store.listing(&ids).await?.others };
    let searches = store.searches(&unlisted).await?;
    Ok((next, searches.into_iter().filter(Search::exists).collect()))
}
