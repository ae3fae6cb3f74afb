//! Redis' keyspace notifications: which keys have changed, as a set that waits to be fetched.
//!
//! They are fire-and-forget, name the key and never the member, and are silently missing where the server has them switched
//! off. So every subscription begins with "all may have changed", a canary write proves that they arrive, and while they
//! do not, everything is called changed once a second.

use std::collections::HashSet;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Msg, PushInfo, PushKind};
use tokio::sync::{Notify, oneshot, watch};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::keys::KeyKind;
use super::{Armed, CONNECT_TIMEOUT, RESPONSE_TIMEOUT, Store, StoreError};
use crate::domain::RequestId;

/// At this beat the connection is asked whether it lives, and a deaf one calls everything changed.
const BEAT: Duration = Duration::from_secs(1);
/// So often a canary is sent.
const CANARY_EVERY: Duration = Duration::from_secs(10);
/// A canary that has not come back after so long is dead.
const CANARY_PATIENCE: Duration = Duration::from_secs(1);
/// Pauses between tries to connect, from the first to the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
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
    /// Notifications arrive.
    Live,
    /// Connected, but notifications do not arrive, for this reason: everything is read once a second instead.
    Deaf(String),
    /// The connection is cut, for this reason.
    Cut(String),
}

/// A subscription that keeps itself alive until it is dropped.
pub struct Watch {
    inbox: Arc<Inbox>,
    hearing: watch::Receiver<Hearing>,
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
        let listener = Listener { store: self.clone(), ear, inbox: Arc::clone(&inbox), hearing: tell };
        Watch { inbox, hearing, _task: AbortOnDropHandle::new(tokio::spawn(listener.run())) }
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
}

/// Where notifications are gathered. A set, and so bounded by what exists, however many notifications come.
#[derive(Default)]
struct Inbox {
    changes: Mutex<HashSet<Changed>>,
    arrived: Notify,
    canary: Mutex<Option<Canary>>,
}

/// A canary that is waited for: its key, and whom to tell that it came. Each one has a teller of its own. A write makes
/// several notifications, and one that is left over must not stand for the next canary.
struct Canary {
    key: String,
    came: oneshot::Sender<()>,
}

impl Inbox {
    fn changes(&self) -> std::sync::MutexGuard<'_, HashSet<Changed>> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn canary(&self) -> std::sync::MutexGuard<'_, Option<Canary>> {
        self.canary.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn everything(&self) {
        self.changes().insert(Changed::Everything);
        self.arrived.notify_one();
    }

    /// Takes what the server pushed. It is called on the connection's own task, so it is short and never waits.
    fn push(&self, store: &Store, channel_prefix: &str, push: PushInfo) {
        let Some(message) = Msg::from_push_info(push) else { return };
        let Some(key) = message.get_channel_name().strip_prefix(channel_prefix) else { return };
        let changed = match store.keys.kind_of(key) {
            KeyKind::Drivers => Changed::Drivers,
            KeyKind::Request(id) => Changed::Request(id),
            KeyKind::Record(id) => Changed::Record(id),
            KeyKind::Other => {
                if let Some(canary) = self.canary().take_if(|canary| canary.key == key) {
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

/// What is listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ear {
    /// All keys that matter.
    All,
    /// The drivers and the requests' own keys.
    Work,
}

struct Listener {
    store: Store,
    ear: Ear,
    inbox: Arc<Inbox>,
    hearing: watch::Sender<Hearing>,
}

/// A connection to listen on.
struct Line {
    connection: MultiplexedConnection,
    /// The word that it was cut. Each has its own, so that the end of one does not cut the next.
    cut: Arc<Notify>,
    /// Whether the server has taken all subscriptions.
    subscribed: bool,
}

impl Listener {
    async fn run(self) {
        let (first, longest) = PAUSES;
        let mut pause = first;
        loop {
            let began = Instant::now();
            let error = match self.connect().await {
                Ok(line) => self.listen(line).await,
                Err(error) => error,
            };
            self.tell(&Hearing::Cut(error.reason()));
            if began.elapsed() > longest * 2 {
                pause = first;
            }
            // Jitter keeps many consoles from coming back at the same moment.
            sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
            pause = (pause * 2).min(longest);
        }
    }

    async fn connect(&self) -> Result<Line, StoreError> {
        let cut = Arc::new(Notify::new());
        let (inbox, store, prefix) = (Arc::clone(&self.inbox), self.store.clone(), self.channel());
        let is_cut = Arc::clone(&cut);
        let push = move |info: PushInfo| -> Result<(), redis::aio::SendError> {
            if info.kind == PushKind::Disconnection {
                is_cut.notify_one();
            } else {
                inbox.push(&store, &prefix, info);
            }
            Ok(())
        };
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(RESPONSE_TIMEOUT))
            .set_push_sender(push);
        let connection = self.store.client.get_multiplexed_async_connection_with_config(&config).await;
        Ok(Line { connection: connection.map_err(|e| self.error(&e))?, cut, subscribed: false })
    }

    /// What stands before the key in the name of every channel.
    fn channel(&self) -> String {
        format!("__keyspace@{}__:", self.store.address.db())
    }

    fn error(&self, error: &redis::RedisError) -> StoreError {
        StoreError::from_redis(&self.store.address, error)
    }

    async fn subscribe(&self, connection: &mut MultiplexedConnection) -> Result<(), StoreError> {
        let (channel, keys) = (self.channel(), &self.store.keys);
        let mut patterns = vec![format!("{}[1-9]*", keys.prefix), format!("{}*", keys.canary)];
        if self.ear == Ear::All {
            patterns.push(format!("{}cabstand:request:*", keys.prefix));
        }
        connection.subscribe(format!("{channel}{}", keys.drivers)).await.map_err(|e| self.error(&e))?;
        for pattern in patterns {
            connection.psubscribe(format!("{channel}{pattern}")).await.map_err(|e| self.error(&e))?;
        }
        Ok(())
    }

    /// Stays with a connection until it fails, and answers why it did.
    async fn listen(&self, mut line: Line) -> StoreError {
        if let Err(error) = self.test_hearing(&mut line).await {
            return error;
        }
        self.inbox.everything();
        let mut next_test = Instant::now() + CANARY_EVERY;
        loop {
            tokio::select! {
                () = sleep(BEAT) => {}
                () = line.cut.notified() => {
                    return StoreError::Away { address: self.store.address.to_string(), reason: "the connection was cut".to_owned(), asked: true };
                }
            }
            if let Err(error) = redis::cmd("PING").exec_async(&mut line.connection).await {
                return self.error(&error);
            }
            // Asked before the test as well: what happened until it heard again was not heard.
            let mut deaf = self.is_deaf();
            if Instant::now() >= next_test {
                if let Err(error) = self.test_hearing(&mut line).await {
                    return error;
                }
                next_test = Instant::now() + CANARY_EVERY;
                deaf |= self.is_deaf();
            }
            if deaf {
                self.inbox.everything();
            }
        }
    }

    fn is_deaf(&self) -> bool {
        matches!(*self.hearing.borrow(), Hearing::Deaf(_))
    }

    /// Sees to it that notifications are subscribed to and on, and proves it. A server that refuses leaves us deaf, and only
    /// one that is away is an error.
    async fn test_hearing(&self, line: &mut Line) -> Result<(), StoreError> {
        if !line.subscribed {
            match self.subscribe(&mut line.connection).await {
                Ok(()) => line.subscribed = true,
                Err(error) if error.is_away() => return Err(error),
                Err(error) => {
                    self.tell(&Hearing::Deaf(error.reason()));
                    return Ok(());
                }
            }
        }
        let flags = self.store.switch_on_notifications().await;
        if let Err(error) = &flags
            && error.is_away()
        {
            return flags;
        }
        // A handle that may not write has no canary, and must take the setting's word for it.
        let proven = if self.store.armed() == Armed::Never { flags.is_ok() } else { self.canary_came_back().await? };
        self.tell(&if proven {
            Hearing::Live
        } else {
            Hearing::Deaf(flags.err().map_or_else(|| "they are on, but none arrives".to_owned(), |e| e.reason()))
        });
        Ok(())
    }

    async fn canary_came_back(&self) -> Result<bool, StoreError> {
        let key = format!("{}{:016x}", self.store.keys.canary, rand::random::<u64>());
        let (tell, came) = oneshot::channel();
        *self.inbox.canary() = Some(Canary { key: key.clone(), came: tell });
        let mut set = redis::cmd("SET");
        set.arg(key).arg(1).arg("PX").arg(5_000);
        match self.store.query::<()>(&set).await {
            Ok(()) => Ok(matches!(timeout(CANARY_PATIENCE, came).await, Ok(Ok(())))),
            Err(error) if error.is_away() => Err(error),
            Err(_) => Ok(false),
        }
    }

    fn tell(&self, hearing: &Hearing) {
        self.hearing.send_if_modified(|now| mem::replace(now, hearing.clone()) != *hearing);
    }
}
