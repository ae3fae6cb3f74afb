//! Who waits for the end of which request.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::domain::{RequestId, StreamId, UnixMs};
use crate::rider::Told;

/// What a listener is told, once.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// The request ended.
    Ended(Told),
    /// The request is not known any more, so nobody will ever hear of its end: its record was deleted, or all of Redis was.
    Gone,
}

/// All who wait, each for one value: no queue, so none that a slow one could fill.
#[derive(Clone, Default)]
pub(super) struct Listeners {
    register: Arc<Mutex<Register>>,
    /// Those who have not yet passed on what they were told.
    busy: TaskTracker,
}

#[derive(Default)]
struct Register {
    waiting: BTreeMap<Ticket, Waiting>,
    /// The number of the newest listener.
    newest: u64,
    /// From now on nobody is told anything.
    closed: bool,
}

struct Waiting {
    tell: oneshot::Sender<News>,
    /// The event after which an end is one: those before it were taken back.
    after: Option<StreamId>,
}

impl Waiting {
    fn is_for(&self, news: &News) -> bool {
        match news {
            News::Ended(told) => self.after.is_none_or(|after| told.event_id > after),
            News::Gone => true,
        }
    }
}

/// A request, and the number of one who waits for its end.
type Ticket = (RequestId, u64);

impl Listeners {
    /// Enters one who waits for the end of this request.
    pub(super) fn add(&self, id: RequestId) -> Listener {
        let (tell, news) = oneshot::channel();
        let mut register = self.register();
        register.newest += 1;
        let ticket = (id, register.newest);
        if !register.closed {
            register.waiting.insert(ticket, Waiting { tell, after: None });
        }
        Listener { ticket, opened_at: None, news, listeners: self.clone(), _busy: self.busy.token() }
    }

    /// Tells all who wait for the end of this request.
    pub(super) fn tell(&self, id: RequestId, news: &News) {
        let mut register = self.register();
        let those = register.waiting.range((id, 0)..=(id, u64::MAX)).filter(|(_, waiting)| waiting.is_for(news));
        let tickets: Vec<Ticket> = those.map(|(ticket, _)| *ticket).collect();
        for ticket in tickets {
            if let Some(waiting) = register.waiting.remove(&ticket) {
                // One who has just left needs no news.
                drop(waiting.tell.send(news.clone()));
            }
        }
    }

    /// From now on this listener hears of ends after this event alone. Answers whether it still waits: it may have been told
    /// of one before.
    pub(super) fn hear_after(&self, listener: &Listener, event: StreamId) -> bool {
        let mut register = self.register();
        let waiting = register.waiting.get_mut(&listener.ticket);
        waiting.map(|waiting| waiting.after = Some(event)).is_some() || register.closed
    }

    /// The requests that somebody waits for, each once.
    pub(super) fn requests(&self) -> Vec<RequestId> {
        let mut ids: Vec<RequestId> = self.register().waiting.keys().map(|(id, _)| *id).collect();
        ids.dedup();
        ids
    }

    /// How many wait.
    pub(super) fn count(&self) -> usize {
        self.register().waiting.len()
    }

    /// Lets everybody know that nothing more is told, and waits until they have passed that on.
    pub(super) async fn close(&self) {
        {
            let mut register = self.register();
            register.closed = true;
            register.waiting.clear();
        }
        self.busy.close();
        self.busy.wait().await;
    }

    fn register(&self) -> MutexGuard<'_, Register> {
        self.register.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One who waits for the end of a request. Whoever drops it has left, and is forgotten at once.
pub struct Listener {
    ticket: Ticket,
    /// When the request was opened, if that is known: numbers begin anew with a Redis that was emptied.
    pub(super) opened_at: Option<UnixMs>,
    news: oneshot::Receiver<News>,
    listeners: Listeners,
    _busy: TaskTrackerToken,
}

impl Listener {
    /// Waits for the news, which comes once; none where the service ends before there is any. A wait that is broken off
    /// can be taken up again.
    pub async fn news(&mut self) -> Option<News> {
        let news = (&mut self.news).await.ok()?;
        Some(if self.is_of_another(&news) { News::Gone } else { news })
    }

    /// Whether this is the end of a later request of the same number, which concerns somebody else.
    fn is_of_another(&self, news: &News) -> bool {
        let News::Ended(told) = news else { return false };
        self.opened_at.zip(told.opened_at).is_some_and(|(ours, theirs)| ours != theirs)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.listeners.register().waiting.remove(&self.ticket);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::State;

    fn id(number: u64) -> RequestId {
        RequestId::new(number).unwrap()
    }

    #[tokio::test]
    async fn all_who_wait_for_a_request_are_told_and_nobody_else() {
        let listeners = Listeners::default();
        let (mut first, mut second, other) = (listeners.add(id(7)), listeners.add(id(7)), listeners.add(id(8)));
        assert_eq!(listeners.requests(), [id(7), id(8)]);
        listeners.tell(id(7), &News::Gone);
        assert_eq!(listeners.requests(), [id(8)]);
        assert_eq!((first.news().await, second.news().await), (Some(News::Gone), Some(News::Gone)));
        drop(other);
        assert_eq!(listeners.count(), 0);
    }

    #[tokio::test]
    async fn an_end_that_was_taken_back_is_not_told() {
        let listeners = Listeners::default();
        let mut listener = listeners.add(id(7));
        let told = |at: &str| {
            News::Ended(Told {
                event_id: at.parse().unwrap(),
                request_id: id(7),
                user_id: None,
                state: State::Cancelled,
                message: String::new(),
                driver_id: None,
                distance_m: None,
                pickup: None,
                opened_at: None,
                ended_at: UnixMs(1),
            })
        };
        assert!(listeners.hear_after(&listener, "2-0".parse().unwrap()));
        listeners.tell(id(7), &told("1-0"));
        assert_eq!(listeners.count(), 1, "it waits on");
        listeners.tell(id(7), &told("2-1"));
        assert_eq!(listener.news().await, Some(told("2-1")));
        assert!(!listeners.hear_after(&listener, "3-0".parse().unwrap()), "it was told already");
    }

    #[test]
    fn who_leaves_is_forgotten() {
        let listeners = Listeners::default();
        let (first, second) = (listeners.add(id(7)), listeners.add(id(7)));
        drop(first);
        assert_eq!(listeners.count(), 1);
        drop(second);
        assert_eq!(listeners.count(), 0);
        listeners.tell(id(7), &News::Gone);
    }

    #[tokio::test]
    async fn who_comes_after_the_end_of_the_service_does_not_wait() {
        let listeners = Listeners::default();
        let mut before = listeners.add(id(7));
        let closing = tokio::spawn({
            let listeners = listeners.clone();
            async move { listeners.close().await }
        });
        assert_eq!(before.news().await, None);
        assert_eq!(listeners.add(id(7)).news().await, None);
        assert!(!closing.is_finished(), "it waits for who has to pass on the end");
        drop(before);
        closing.await.unwrap();
    }
}
