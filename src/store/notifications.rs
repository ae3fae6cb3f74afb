//! Redis' keyspace notifications: which keys have changed, as a set that waits to be fetched.
//!
//! They are fire-and-forget, name the key and never the member, and are silently missing where the server has them switched
//! off. So every subscription begins with "all may have changed", it is proven that they arrive (`listening.rs`), and while they
//! do not, everything is called changed once a second.

use std::collections::HashSet;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use redis::{Msg, PushInfo};
use tokio::sync::{Notify, oneshot, watch};
use tokio_util::task::AbortOnDropHandle;

use super::keys::KeyKind;
use super::listening::{Ear, Listener};
use super::{Ailment, Store};
use crate::domain::{RequestId, clean};

/// More changes than this are told as "everything".
const MOST_CHANGES: usize = 10_000;

/// Something that may have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Changed {
    /// Anything: a new subscription, or notifications that cannot be heard.
    Everything,
    /// The set of drivers.
    Drivers,
    /// The key of this request: whether it waits, or until when.
    Request(RequestId),
    /// The record of this request.
    Record(RequestId),
}

/// How well changes are heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hearing {
    /// Not connected yet.
    Connecting,
    /// Notifications arrive: that is proven.
    Live,
    /// Nothing speaks against it, but nothing has arrived yet that would prove it, for this reason: everything is read every few
    /// seconds.
    Unproven(String),
    /// Connected, but notifications do not arrive, for this reason: everything is read once a second instead.
    Deaf(String),
    /// The connection is cut, for this reason.
    Cut(String),
}

/// A subscription that keeps itself alive until it is dropped.
pub struct Watch {
    inbox: Arc<Inbox>,
    hearing: watch::Receiver<Hearing>,
    refusing: watch::Receiver<Option<Ailment>>,
    _task: AbortOnDropHandle<()>,
}

impl Store {
    /// Subscribes to the changes of all keys that matter here.
    #[must_use]
    pub fn watch(&self) -> Watch {
        self.watch_for(Ear::All)
    }

    /// The same for a worker, which writes records and the schedule itself at each attempt and need not hear of that: what
    /// others do with a request shows in its key.
    #[must_use]
    pub fn watch_for_work(&self) -> Watch {
        self.watch_for(Ear::Work)
    }

    fn watch_for(&self, ear: Ear) -> Watch {
        let inbox = Arc::new(Inbox::default());
        let (tell, hearing) = watch::channel(Hearing::Connecting);
        let (tell_refusing, refusing) = watch::channel(None);
        let listener = Listener::new(self.clone(), ear, Arc::clone(&inbox), tell, tell_refusing);
        Watch { inbox, hearing, refusing, _task: AbortOnDropHandle::new(tokio::spawn(listener.run())) }
    }
}

impl Watch {
    /// Waits until something has changed, and answers all that has since the last call.
    pub async fn changed(&self) -> HashSet<Changed> {
        loop {
            let changes = mem::take(&mut *self.inbox.changes());
            if !changes.is_empty() {
                return changes;
            }
            self.inbox.arrived.notified().await;
        }
    }

    /// How well changes are heard; the receiver tells when that changes.
    #[must_use]
    pub fn hearing(&self) -> watch::Receiver<Hearing> {
        self.hearing.clone()
    }

    /// Why Redis takes no writes, though it can be read; none where it takes them, or where that is not known. It is seen by the
    /// canaries, so it is over when they are written again. The receiver tells when that changes.
    #[must_use]
    pub fn refusing(&self) -> watch::Receiver<Option<Ailment>> {
        self.refusing.clone()
    }

    /// Has it tested at once, and not at its beat, how well changes are heard and whether Redis takes writes.
    pub fn test_now(&self) {
        self.inbox.test.notify_one();
    }
}

/// Where notifications are gathered. A set, and so bounded by what exists, however many notifications come.
#[derive(Default)]
pub(super) struct Inbox {
    changes: Mutex<HashSet<Changed>>,
    arrived: Notify,
    canary: Mutex<Option<Canary>>,
    /// Since this was asked last something has arrived, whatever it was; and a worker's sign of life.
    heard: AtomicBool,
    heard_sign: AtomicBool,
    /// A test is wanted.
    pub(super) test: Notify,
}

/// A canary that is waited for: what its keys begin with, which events are missing yet, and whom to tell that all came. Each one
/// has a teller of its own: what is left over must not stand for the next canary.
pub(super) struct Canary {
    pub(super) key: String,
    pub(super) missing: HashSet<&'static str>,
    pub(super) came: oneshot::Sender<()>,
}

impl Canary {
    /// Takes an event of its own; whether it was the last that was missing.
    fn take(&mut self, event: &str) -> bool {
        self.missing.remove(event) && self.missing.is_empty()
    }
}

impl Inbox {
    fn changes(&self) -> std::sync::MutexGuard<'_, HashSet<Changed>> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn canary(&self) -> std::sync::MutexGuard<'_, Option<Canary>> {
        self.canary.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether anything has arrived since this was asked last, and whether a worker's sign of life has.
    pub(super) fn was_heard(&self) -> (bool, bool) {
        (self.heard.swap(false, Ordering::Relaxed), self.heard_sign.swap(false, Ordering::Relaxed))
    }

    pub(super) fn everything(&self) {
        self.changes().insert(Changed::Everything);
        self.arrived.notify_one();
    }

    /// Takes what the server pushed. It is called on the connection's own task, so it is short and never waits.
    pub(super) fn push(&self, store: &Store, channel_prefix: &str, push: PushInfo) {
        let Some(message) = Msg::from_push_info(push) else { return };
        let Some(key) = message.get_channel_name().strip_prefix(channel_prefix) else { return };
        self.heard.store(true, Ordering::Relaxed);
        let changed = match store.keys.kind_of(key) {
            KeyKind::Drivers => Changed::Drivers,
            KeyKind::Request(id) => Changed::Request(id),
            KeyKind::Record(id) => Changed::Record(id),
            KeyKind::Other if key == store.keys.workers => {
                self.heard_sign.store(true, Ordering::Relaxed);
                return;
            }
            KeyKind::Other => {
                let event = clean(message.get_payload_bytes());
                let mut sent = self.canary();
                if let Some(canary) = sent.take_if(|canary| key.starts_with(&canary.key) && canary.take(&event)) {
                    let _ = canary.came.send(());
                }
                return;
            }
        };
        let mut pending = self.changes();
        pending.insert(changed);
        if pending.len() > MOST_CHANGES {
            pending.clear();
            pending.insert(Changed::Everything);
        }
        drop(pending);
        self.arrived.notify_one();
    }
}
