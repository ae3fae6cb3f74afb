//! Notifications → readings → news. All that the console reads from Redis is read here, and no more than it shows.
//!
//! Subscribe first, then take a snapshot, then follow. What was heard of is marked, and each kind of reading waits for its
//! own mark and keeps its own pace, so that a slow one holds up no other. All end together.

mod clock;
mod detail;
mod fleet;
mod link;
mod requests;

use std::collections::HashSet;
use std::sync::{Arc, Mutex as Shared, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex, Notify, mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::events::follow_events;
use super::message::{Glance, Link, Message, News};
use crate::domain::RequestId;
use crate::store::{Changed, Hearing, Store, Watch};
use crate::uptime::Uptime;

/// How often the figures of the header are read, which is also how the picture's age is known.
pub(super) const BEAT: Duration = Duration::from_secs(1);
/// How often everything is read again, in case a notification was lost.
const RECONCILE_EVERY: Duration = Duration::from_secs(15);
/// How often the key space is searched for requests without a record: seldom where notifications tell of new ones, and
/// often where they do not.
const CENSUS_EVERY: (Duration, Duration) = (Duration::from_mins(1), Duration::from_secs(2));
/// So many events are read to begin with.
pub(super) const FIRST_EVENTS: usize = 300;

/// Feeds the console until nobody listens any more. `since` is when the console's own clock began.
/// `doubts` has it tested at once whether Redis takes writes.
pub async fn run(
    store: Store,
    glance: watch::Receiver<Glance>,
    doubts: Arc<Notify>,
    since: Uptime,
    news: mpsc::Sender<Message>,
) {
    let events = follow_events(store.clone(), news.clone());
    let watch = store.watch();
    let feed = Feed { watch, store, glance, doubts, news, told: Mutex::new(None), marks: Marks::default() };
    let readings = async {
        tokio::join!(
            events,
            feed.hear(),
            feed.hear_refusals(),
            feed.note_changes(),
            feed.look(),
            feed.beat(since),
            fleet::follow(&feed),
            requests::follow(&feed),
            detail::follow(&feed),
        )
    };
    tokio::select! {
        () = feed.news.closed() => {}
        _ = readings => {}
    }
}

/// What all readings share.
struct Feed {
    store: Store,
    watch: Watch,
    glance: watch::Receiver<Glance>,
    /// An action of the operator was refused by Redis.
    doubts: Arc<Notify>,
    news: mpsc::Sender<Message>,
    /// The link as the console was told of it last.
    told: Mutex<Option<Link>>,
    marks: Marks,
}

/// What has to be read: each mark waits for the reading of its kind, however often it is set meanwhile.
#[derive(Default)]
struct Marks {
    /// Drivers have come, gone or moved.
    drivers: Notify,
    /// Everything may have changed for the map, how old the places are as well.
    everything: Notify,
    /// Another part of the earth is in sight.
    view: Notify,
    /// Something has happened to these requests.
    requests: Notify,
    changed: Shared<HashSet<RequestId>>,
    /// To the records of these alone.
    records: Shared<HashSet<RequestId>>,
    /// All who wait have to be read anew.
    snapshot: Notify,
    /// The key space has to be searched.
    census: Notify,
    nearest: Notify,
    /// Who is around the selected search, and what has happened to it.
    around: Notify,
    life: Notify,
    /// The figures of the header, sooner than their beat.
    vitals: Notify,
}

impl Marks {
    /// The requests that something has happened to.
    fn changed(&self) -> std::sync::MutexGuard<'_, HashSet<RequestId>> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The requests to whose records something has happened.
    fn records(&self) -> std::sync::MutexGuard<'_, HashSet<RequestId>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, changes: HashSet<Changed>) {
        for change in changes {
            match change {
                Changed::Everything => {
                    for mark in [&self.snapshot, &self.everything, &self.nearest, &self.around, &self.life] {
                        mark.notify_one();
                    }
                }
                Changed::Drivers => {
                    for mark in [&self.drivers, &self.nearest, &self.around] {
                        mark.notify_one();
                    }
                }
                Changed::Request(id) => {
                    self.changed().insert(id);
                    self.requests.notify_one();
                }
                Changed::Record(id) => {
                    self.records().insert(id);
                    self.requests.notify_one();
                }
            }
        }
    }
}

impl Feed {
    /// Marks what has to be read after a change, and everything from time to time.
    async fn note_changes(&self) {
        let mut reconcile = interval_at(Instant::now() + RECONCILE_EVERY, RECONCILE_EVERY);
        reconcile.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut next_census = Instant::now();
        loop {
            let changes = tokio::select! {
                changes = self.watch.changed() => changes,
                _ = reconcile.tick() => HashSet::from([Changed::Everything]),
            };
            if changes.contains(&Changed::Everything) && Instant::now() >= next_census {
                self.marks.census.notify_one();
                let deaf = matches!(*self.watch.hearing().borrow(), Hearing::Deaf(_));
                next_census = Instant::now() + if deaf { CENSUS_EVERY.1 } else { CENSUS_EVERY.0 };
            }
            self.marks.set(changes);
        }
    }

    /// Marks what has to be read since the screen shows something else.
    async fn look(&self) {
        let mut glances = self.glance.clone();
        let mut shown = Glance::default();
        while glances.changed().await.is_ok() {
            let glance = glances.borrow_and_update().clone();
            if glance.view != shown.view {
                self.marks.view.notify_one();
            }
            if glance.rows != shown.rows {
                self.marks.nearest.notify_one();
            }
            if glance.near != shown.near || glance.whole != shown.whole {
                self.marks.requests.notify_one();
            }
            if glance.selected != shown.selected {
                self.marks.around.notify_one();
                self.marks.life.notify_one();
            }
            shown = glance;
        }
    }

    async fn tell(&self, news: News) {
        // Where nobody listens any more all readings end.
        let _ = self.news.send(Message::News(news)).await;
    }
}

/// About so long: many consoles do not come back at the same moment.
pub(super) fn jittered(span: Duration) -> Duration {
    span.mul_f64(rand::random_range(0.8..1.2))
}
