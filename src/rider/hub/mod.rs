//! The hub: gives each end of a request to those who listen for it at this service.
//!
//! However many listen, one connection follows the stream of ends; a listener who has nothing to hear costs an entry in a map. A
//! listener is entered first and its request is read then, so that an end is either in the record or still to come.
//!
//! The stream can be cut, or go with all of Redis. Whenever the hub takes up a place in the stream, it looks at all the
//! requests that are listened for, in the order in which a listener does it: first the place, then the records. And every
//! half minute it looks anyway, for what no event tells of: a record that was deleted.
//!
//! A cancel can be taken back. Whoever listened has heard of it by then and comes back, or does not; whoever comes later hears
//! of ends after that alone, by the event that the record names.

mod listeners;

use std::time::Duration;

use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::Told;
use crate::domain::{Event, Key, Record, RequestId, Search, State};
use crate::store::{EventTail, Outage, Store, StoreError};

use listeners::Listeners;
pub use listeners::{Listener, News};

/// From one look at all requests that are listened for to the next. It is one script for a hundred of them, and no more often
/// than each of them is attempted.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// How long the listeners may take to pass on that the service ends.
const GOODBYE: Duration = Duration::from_secs(2);

/// Where listeners and ends of requests meet. Clones are the same hub.
#[derive(Clone)]
pub struct Hub {
    store: Store,
    listeners: Listeners,
}

/// What there is to hear of a request.
pub enum Prospect {
    /// It goes on, as it stands here; the listener will hear of its end.
    Open(Box<Search>, Listener),
    /// It has ended.
    Ended(Told),
    /// It has a key alone: another service made it, and tells its rider itself.
    Foreign,
    /// It is not known, or ended more than an hour ago.
    Unknown,
}

impl Hub {
    /// A hub that hears nothing until it is run.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, listeners: Listeners::default() }
    }

    /// Listens for the end of this request.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn listen(&self, id: RequestId) -> Result<Prospect, StoreError> {
        loop {
            // Before the reading: an end that comes after it is heard.
            let mut listener = self.listeners.add(id);
            let Some(search) = self.store.search(id).await? else { return Ok(Prospect::Unknown) };
            listener.opened_at = search.request().map(|request| request.created_at);
            // A cancel that was taken back may be told only now, or was told since the listener was entered: then once more.
            let reopened = search.request().and_then(|request| request.reopened);
            if reopened.is_some_and(|event| !self.listeners.hear_after(&listener, event)) {
                continue;
            }
            return Ok(match news(&search) {
                None => Prospect::Open(Box::new(search), listener),
                Some(News::Ended(told)) => Prospect::Ended(told),
                Some(News::Gone) if search.record == Record::Foreign => Prospect::Foreign,
                Some(News::Gone) => Prospect::Unknown,
            });
        }
    }

    /// How many listen.
    #[must_use]
    pub fn listeners(&self) -> usize {
        self.listeners.count()
    }

    /// Follows the stream and tells listeners until `shutdown`. Then it lets them know, and waits up to two seconds until
    /// they have passed it on.
    pub async fn run(self, shutdown: CancellationToken) {
        tokio::select! {
            () = self.follow() => {}
            () = self.look_at_times() => {}
            () = shutdown.cancelled() => {}
        }
        // Who has not passed it on by now is cut off with the service.
        timeout(GOODBYE, self.listeners.close()).await.unwrap_or_default();
    }

    async fn follow(&self) {
        let mut outage = Outage::new("listeners", &self.store);
        let mut tail = None;
        loop {
            let has_place = tail.is_some();
            match self.step(&mut tail).await {
                // To take up a place shows only that Redis answers; that the stream can be followed is shown by the next read.
                Ok(()) if has_place => outage.over(),
                Ok(()) => {}
                Err(error) => {
                    // The server may have come back as another one, whose ids say nothing of the old place.
                    tail = None;
                    sleep(outage.failed(&error)).await;
                }
            }
        }
    }

    /// Takes up a place in the stream where there is none, or else tells what comes next.
    async fn step(&self, tail: &mut Option<EventTail>) -> Result<(), StoreError> {
        if let Some(place) = tail {
            let events = place.next().await?;
            if events.is_empty() && place.is_lost().await? {
                *tail = None;
            }
            self.tell(&events);
        } else {
            let mut place = self.store.follow_ends();
            place.next().await?;
            self.look().await?;
            *tail = Some(place);
        }
        Ok(())
    }

    fn tell(&self, events: &[Event]) {
        for told in events.iter().filter_map(Told::of_event) {
            self.listeners.tell(told.request_id, &News::Ended(told));
        }
    }

    async fn look_at_times(&self) {
        loop {
            sleep(LOOK_EVERY).await;
            if let Err(error) = self.look().await {
                tracing::debug!("listeners: {error}");
            }
        }
    }

    /// Reads all requests that are listened for, and tells of those that have ended or are gone.
    async fn look(&self) -> Result<(), StoreError> {
        for search in self.store.searches(&self.listeners.requests()).await? {
            if let Some(news) = news(&search) {
                self.listeners.tell(search.id, &news);
            }
        }
        Ok(())
    }
}

/// What a request's record tells of its end; none while the end is to come. A key that has ended under a record that is still
/// searching is no end yet: a worker will write it down in a moment, and then there is an event.
fn news(search: &Search) -> Option<News> {
    match &search.record {
        Record::Whole(request) if request.state == State::Searching => None,
        Record::Whole(request) => Some(Told::of_request(request).map_or(News::Gone, News::Ended)),
        // It ends with its key, and not otherwise; or a later version of this program ends it.
        Record::Damaged(_) | Record::Newer(_) if matches!(search.key, Key::Active(_)) => None,
        // Whoever is listed waits.
        Record::Listed(_) => None,
        Record::Damaged(_) | Record::Newer(_) | Record::Foreign => Some(News::Gone),
    }
}
