//! The requests: all who wait, those that something has happened to, and those without a record, which are only found by
//! searching the key space.

use std::collections::HashSet;
use std::time::Duration;

use super::{FIRST_EVENTS, Feed};
use crate::console::message::{MOST_WAITING, News};
use crate::console::reading::{CHANGED, ONCE, Reading};
use crate::domain::{RequestId, Search};
use crate::store::{Store, StoreError};

/// The shortest pause between two readings: more pictures a second than this nobody sees.
const SHORTEST_PAUSE: Duration = Duration::from_millis(40);

/// Reads requests whenever something has happened to them.
pub(super) async fn follow(feed: &Feed) {
    tokio::join!(follow_changed(feed), follow_census(feed));
}

/// One after the other: what was read first is told first.
async fn follow_changed(feed: &Feed) {
    let mut snapshot = Reading::new(&feed.store, ONCE, SHORTEST_PAUSE);
    let mut changed = Reading::new(&feed.store, CHANGED, SHORTEST_PAUSE);
    loop {
        tokio::select! {
            () = snapshot.turn(&feed.marks.snapshot) => {
                let well = feed.bring(take_snapshot(&snapshot.store).await.map(News::Snapshot)).await;
                snapshot.done(well, &feed.marks.snapshot);
            }
            () = changed.turn(&feed.marks.requests) => {
                let well = read_changed(feed, &changed.store).await;
                changed.done(well, &feed.marks.requests);
            }
        }
    }
}

/// The waiting, and what the events name as ended lately.
async fn take_snapshot(store: &Store) -> Result<Vec<Search>, StoreError> {
    let mut ids = store.waiting(MOST_WAITING).await?.ids;
    let events = store.recent_events(FIRST_EVENTS).await?;
    let ended = events.iter().filter(|event| event.kind.end().is_some()).filter_map(|event| event.request_id);
    let known: HashSet<RequestId> = ids.iter().copied().collect();
    ids.extend(ended.filter(|id| !known.contains(id)).collect::<HashSet<_>>());
    store.searches(&ids).await
}

/// Whether it went well.
async fn read_changed(feed: &Feed, store: &Store) -> bool {
    let ids: Vec<RequestId> = feed.marks.changed().drain().collect();
    let read = store.searches(&ids).await;
    if read.is_err() {
        feed.marks.changed().extend(ids);
    }
    feed.bring(read.map(News::Searches)).await
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

/// Where the next step begins, and what this one found. A key that says nothing a request's key could say is somebody
/// else's.
async fn census_step(store: &Store, at: u64) -> Result<(u64, Vec<Search>), StoreError> {
    let (next, ids) = store.scan_keys(at).await?;
    let searches = if ids.is_empty() { Vec::new() } else { store.searches(&ids).await? };
    Ok((next, searches.into_iter().filter(Search::exists).collect()))
}
