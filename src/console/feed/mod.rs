//! Notifications → readings → news. All that the console reads from Redis is read here, and no more than it shows.
//!
//! Subscribe first, then take a snapshot, then follow. What was heard of is marked, and each kind of reading waits for its
//! own mark and keeps its own pace, so that a slow one holds up no other. All end together.

mod clock;
mod detail;
mod fleet;
mod requests;

use std::collections::HashSet;
use std::sync::{Mutex as Shared, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex, Notify, mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use super::events::follow_events;
use super::message::{Glance, Link, Message, News};
use crate::domain::RequestId;
use crate::store::{Changed, Hearing, Store, StoreError, Watch};
use crate::uptime::Uptime;
use clock::{Clock, LATEST};

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
pub async fn run(store: Store, glance: watch::Receiver<Glance>, since: Uptime, news: mpsc::Sender<Message>) {
    let events = follow_events(store.clone(), news.clone());
    let watch = store.watch();
    let feed = Feed { watch, store, glance, news, told: Mutex::new(None), marks: Marks::default() };
    let readings = async {
        tokio::join!(
            events,
            feed.hear(),
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
    /// Tells how changes are heard, whenever that changes.
    async fn hear(&self) {
        let mut hearing = self.watch.hearing();
        loop {
            let link = link(&hearing.borrow_and_update());
            // Keys that were made while nothing was heard are known to nobody.
            if matches!(link, Link::Live | Link::Polling(_)) {
                self.marks.census.notify_one();
            }
            self.tell_link(link).await;
            self.marks.vitals.notify_one();
            if hearing.changed().await.is_err() {
                return;
            }
        }
    }

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

    /// Reads the figures of the header at their beat, and Redis' clock with them.
    async fn beat(&self, since: Uptime) {
        let mut clock = Clock::default();
        loop {
            let asked = since.elapsed();
            let read = self.store.vitals().await;
            let at = since.elapsed();
            if read.is_ok() && at > asked + LATEST {
                continue;
            }
            let was_set = read.as_ref().is_ok_and(|vitals| clock.was_set(at, vitals.now));
            self.bring(read.map(|vitals| News::Vitals(at, vitals))).await;
            if was_set {
                self.marks.set(HashSet::from([Changed::Everything]));
            }
            let _ = timeout(BEAT, self.marks.vitals.notified()).await;
        }
    }

    /// Tells what was read, or that Redis is away; once a reading goes well again, how changes are heard. Whether it went well.
    async fn bring(&self, read: Result<News, StoreError>) -> bool {
        let well = read.is_ok();
        match read {
            Ok(news) => {
                self.tell(news).await;
                if self.is_told_away().await {
                    let link = link(&self.watch.hearing().borrow());
                    self.tell_link(link).await;
                }
            }
            // Each reading fails in its own words: the first will do.
            Err(error) if error.is_away() => {
                if !self.is_told_away().await {
                    self.tell_link(Link::Away(error.reason())).await;
                }
            }
            Err(error) => self.tell(News::Unreadable(error.to_string())).await,
        }
        well
    }

    async fn is_told_away(&self) -> bool {
        matches!(*self.told.lock().await, Some(Link::Away(_)))
    }

    /// Tells how the link is, unless that is known. One after the other, so that what was told last is what is true.
    async fn tell_link(&self, link: Link) {
        let mut told = self.told.lock().await;
        if told.as_ref() != Some(&link) {
            *told = Some(link.clone());
            self.tell(News::Link(link)).await;
        }
    }

    async fn tell(&self, news: News) {
        // Where nobody listens any more all readings end.
        let _ = self.news.send(Message::News(news)).await;
    }
}

fn link(hearing: &Hearing) -> Link {
    match hearing {
        Hearing::Connecting => Link::Connecting,
        Hearing::Live => Link::Live,
        Hearing::Deaf(reason) => Link::Polling(reason.clone()),
        Hearing::Cut(reason) => Link::Away(reason.clone()),
    }
}
