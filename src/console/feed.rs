//! Notifications → readings → news. All that the console reads from Redis is read here, and no more than it shows.
//!
//! Subscribe first, then take a snapshot, then follow. Readings are throttled by what they cost: after one that took a
//! millisecond the next of its kind waits for nine, so that they never take more than a tenth of Redis' time.

use std::collections::HashSet;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::events::follow_events;
use super::message::{Glance, Link, MOST_WAITING, Message, News};
use super::reading::Reading;
use crate::domain::{Metres, Point, RequestId, Search};
use crate::store::{Changed, Hearing, Store, StoreError};

/// How often the figures of the header are read, which is also how the picture's age is known.
pub(super) const BEAT: Duration = Duration::from_secs(1);
/// How often everything is read again, in case a notification was lost.
const RECONCILE_EVERY: Duration = Duration::from_secs(15);
/// How often the key space is searched for requests without a record: seldom where notifications tell of new ones, and
/// often where they do not.
const CENSUS_EVERY: (Duration, Duration) = (Duration::from_mins(1), Duration::from_secs(2));
/// The shortest pause between two readings of one kind: more pictures a second than this nobody sees.
const SHORTEST_PAUSE: Duration = Duration::from_millis(40);
/// The nearest drivers are read no oftener than this.
const NEAREST_PAUSE: Duration = Duration::from_millis(500);
/// What is shown of the selected search is read no oftener than this.
const DETAIL_PAUSE: Duration = Duration::from_millis(150);
/// So many of the drivers around the selected search are read.
const AROUND: usize = 12;
/// So many events are read to begin with.
pub(super) const FIRST_EVENTS: usize = 300;

/// Feeds the console until nobody listens any more. `since` is when the console's own clock began.
pub async fn run(store: Store, glance: watch::Receiver<Glance>, since: Instant, news: mpsc::Sender<Message>) {
    let events = follow_events(store.clone(), news.clone());
    let feed = Feed {
        watch: store.watch(),
        store,
        glance,
        since,
        news,
        fleet: Reading::new(SHORTEST_PAUSE),
        requests: Reading::new(SHORTEST_PAUSE),
        nearest: Reading::new(NEAREST_PAUSE),
        around: Reading::new(DETAIL_PAUSE),
        life: Reading::new(DETAIL_PAUSE),
        selected: None,
        census: Reading::new(Duration::ZERO),
        census_at: 0,
        next_census: Instant::now(),
        changed: HashSet::new(),
        failing: false,
    };
    tokio::join!(events, feed.run());
}

struct Feed {
    store: Store,
    watch: crate::store::Watch,
    glance: watch::Receiver<Glance>,
    since: Instant,
    news: mpsc::Sender<Message>,
    fleet: Reading,
    requests: Reading,
    nearest: Reading,
    /// Who is around the selected search, and what has happened to it.
    around: Reading,
    life: Reading,
    /// The selected search, as the screen last told.
    selected: Option<(RequestId, Option<(Point, f64)>)>,
    census: Reading,
    /// Where the search of the key space stands; 0 is its beginning.
    census_at: u64,
    next_census: Instant,
    changed: HashSet<RequestId>,
    /// The last reading found Redis away.
    failing: bool,
}

impl Feed {
    async fn run(mut self) {
        let mut hearing = self.watch.hearing();
        let (mut beat, mut reconcile) = (Instant::now(), Instant::now() + RECONCILE_EVERY);
        let first = link(&hearing.borrow_and_update());
        self.tell(News::Link(first)).await;
        while !self.news.is_closed() {
            let readings = [&self.fleet, &self.requests, &self.nearest, &self.around, &self.life, &self.census];
            let next = readings.iter().filter_map(|r| r.at()).chain([beat, reconcile]).min().unwrap_or(beat);
            tokio::select! {
                biased;
                Ok(()) = hearing.changed() => {
                    let link = link(&hearing.borrow_and_update());
                    // Keys that were made while nothing was heard are known to nobody.
                    self.census.wanted |= matches!(link, Link::Live | Link::Polling(_));
                    self.tell(News::Link(link)).await;
                    beat = Instant::now();
                }
                Ok(()) = self.glance.changed() => {
                    self.fleet.wanted = true;
                    self.nearest.wanted = true;
                    self.look_at_selected();
                }
                changes = self.watch.changed() => self.note(changes).await,
                () = sleep_until(next) => {}
            }
            if Instant::now() >= beat {
                self.read_vitals().await;
                beat = Instant::now() + BEAT;
            }
            if Instant::now() >= reconcile {
                self.note(HashSet::from([Changed::Everything])).await;
                reconcile = Instant::now() + RECONCILE_EVERY;
            }
            self.read_what_is_due().await;
        }
    }

    /// Notes what has to be read.
    async fn note(&mut self, changes: HashSet<Changed>) {
        for change in changes {
            match change {
                Changed::Everything => {
                    self.snapshot().await;
                    for reading in [&mut self.fleet, &mut self.nearest, &mut self.around, &mut self.life] {
                        reading.wanted = true;
                    }
                    if Instant::now() >= self.next_census {
                        self.census.wanted = true;
                        let deaf = matches!(*self.watch.hearing().borrow(), Hearing::Deaf(_));
                        self.next_census = Instant::now() + if deaf { CENSUS_EVERY.1 } else { CENSUS_EVERY.0 };
                    }
                }
                Changed::Drivers => {
                    for reading in [&mut self.fleet, &mut self.nearest, &mut self.around] {
                        reading.wanted = true;
                    }
                }
                Changed::Request(id) => {
                    self.changed.insert(id);
                    self.requests.wanted = true;
                }
            }
        }
    }

    /// Another search was selected: all that is shown of it has to be read.
    fn look_at_selected(&mut self) {
        let selected = self.glance.borrow_and_update().selected;
        if std::mem::replace(&mut self.selected, selected) != selected {
            self.around.wanted = true;
            self.life.wanted = true;
        }
    }

    async fn read_what_is_due(&mut self) {
        if let Some(began) = self.requests.begin() {
            let well = self.read_requests().await;
            self.requests.done(began, well);
        }
        if let Some(began) = self.fleet.begin() {
            let well = self.read_fleet().await;
            self.fleet.done(began, well);
        }
        if let Some(began) = self.nearest.begin() {
            let well = self.read_nearest().await;
            self.nearest.done(began, well);
        }
        if let Some(began) = self.around.begin() {
            let well = self.read_around().await;
            self.around.done(began, well);
        }
        if let Some(began) = self.life.begin() {
            let well = self.read_life().await;
            self.life.done(began, well);
        }
        if let Some(began) = self.census.begin() {
            let well = self.take_census().await;
            self.census.done(began, well);
        }
    }

    /// The requests that something has happened to. Whether it went well.
    async fn read_requests(&mut self) -> bool {
        let ids: Vec<RequestId> = self.changed.drain().collect();
        let read = self.store.searches(&ids).await;
        if read.is_err() {
            self.changed.extend(ids);
        }
        self.bring(read.map(News::Searches)).await
    }

    /// The drivers in sight of the map. Whether it went well.
    async fn read_fleet(&mut self) -> bool {
        let Some(view) = self.glance.borrow().view else { return true };
        let read = self.store.fleet(view).await;
        self.bring(read.map(News::Fleet)).await
    }

    /// The waiting, and what the events name as ended lately.
    async fn snapshot(&mut self) {
        let read = async {
            let mut ids = self.store.waiting(MOST_WAITING).await?.ids;
            let events = self.store.recent_events(FIRST_EVENTS).await?;
            let ended = events.iter().filter(|event| event.kind.end().is_some()).filter_map(|event| event.request_id);
            let known: HashSet<RequestId> = ids.iter().copied().collect();
            ids.extend(ended.filter(|id| !known.contains(id)).collect::<HashSet<_>>());
            self.store.searches(&ids).await
        };
        let read: Result<_, StoreError> = read.await;
        self.bring(read.map(News::Snapshot)).await;
    }

    /// Whether it went well.
    async fn read_nearest(&mut self) -> bool {
        let rows = self.glance.borrow().rows.clone();
        let Some(radius) = rows.iter().map(|(_, _, radius)| *radius).reduce(f64::max) else { return true };
        let places: Vec<_> = rows.iter().map(|(_, place, _)| *place).collect();
        // Twice the radius: whoever is just outside is worth knowing.
        let read = self.store.nearest(&places, Metres(radius * 2.0), 1).await;
        let named = read
            .map(|found| rows.iter().map(|(id, _, _)| *id).zip(found.into_iter().map(|near| near.into_iter().next())));
        self.bring(named.map(|pairs| News::Nearest(pairs.collect()))).await
    }

    /// Who is around the selected search, while it waits. Whether it went well.
    async fn read_around(&mut self) -> bool {
        let Some((id, Some((place, radius)))) = self.selected else { return true };
        let read = self.store.around(place, Metres(radius), AROUND).await;
        self.bring(read.map(|around| News::Around(id, around))).await
    }

    /// What has happened to the selected search so far; what happens from now on comes with the events. Whether it went well.
    async fn read_life(&mut self) -> bool {
        let Some((id, _)) = self.selected else { return true };
        let read = self.store.life(id).await;
        self.bring(read.map(|life| News::Life(id, life))).await
    }

    /// A step of the search for requests without a record. Whether it went well.
    async fn take_census(&mut self) -> bool {
        let read = self.census_step().await;
        // Where it failed it is begun anew, or the keys before this place would be passed over.
        self.census_at = read.as_ref().map_or(0, |(next, _)| *next);
        self.census.wanted = self.census_at != 0;
        match read {
            Ok((_, searches)) if searches.is_empty() => true,
            read => self.bring(read.map(|(_, searches)| News::Searches(searches))).await,
        }
    }

    /// Where the next step begins, and what this one found. A key that says nothing a request's key could say is somebody
    /// else's.
    async fn census_step(&self) -> Result<(u64, Vec<Search>), StoreError> {
        let (next, ids) = self.store.scan_keys(self.census_at).await?;
        let searches = if ids.is_empty() { Vec::new() } else { self.store.searches(&ids).await? };
        Ok((next, searches.into_iter().filter(Search::exists).collect()))
    }

    async fn read_vitals(&mut self) {
        let read = self.store.vitals().await;
        let at = self.since.elapsed();
        self.bring(read.map(|vitals| News::Vitals(at, vitals))).await;
    }

    /// Tells what was read, or that Redis is away; once a reading goes well again, how changes are heard. Whether it went well.
    async fn bring(&mut self, read: Result<News, StoreError>) -> bool {
        let well = read.is_ok();
        match read {
            Ok(news) => {
                self.tell(news).await;
                if std::mem::take(&mut self.failing) {
                    let link = link(&self.watch.hearing().borrow());
                    self.tell(News::Link(link)).await;
                }
            }
            Err(error) if error.is_away() => {
                self.failing = true;
                self.tell(News::Link(Link::Away(error.reason()))).await;
            }
            Err(error) => self.tell(News::Unreadable(error.to_string())).await,
        }
        well
    }

    async fn tell(&self, news: News) {
        // Nobody listening is noticed at the head of the loop.
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
