//! Redis' keyspace notifications: which keys have changed, as a set that waits to be fetched.
//!
//! They are fire-and-forget, name the key and never the member, and are silently missing where the server has them switched
//! off. So every subscription begins with "all may have changed", a canary write proves that they arrive, and while they
//! do not, everything is called changed once a second.

use std::collections::{HashMap, HashSet};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Msg, PushInfo, PushKind};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::keys::KeyKind;
use super::{Access, CONNECT_TIMEOUT, RESPONSE_TIMEOUT, Store, StoreError};
use crate::domain::RequestId;

/// The classes that must be set: keyspace channel, strings, sorted sets, hashes, generic commands, expiry.
const NEEDED_FLAGS: &str = "K$zhgx";
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
    /// The list of workers.
    Workers,
    /// The schedule.
    Due,
    /// This request, by key or record.
    Request(RequestId),
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
        let inbox = Arc::new(Inbox::default());
        let (tell, hearing) = watch::channel(Hearing::Connecting);
        let listener = Listener { store: self.clone(), inbox: Arc::clone(&inbox), hearing: tell };
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
    /// The canary that is waited for, and the word that it came.
    canary: Mutex<String>,
    canary_came: Notify,
    cut: Notify,
}

impl Inbox {
    fn changes(&self) -> std::sync::MutexGuard<'_, HashSet<Changed>> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn canary(&self) -> std::sync::MutexGuard<'_, String> {
        self.canary.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn everything(&self) {
        self.changes().insert(Changed::Everything);
        self.arrived.notify_one();
    }

    /// Takes what the server pushed. It is called on the connection's own task, so it is short and never waits.
    fn push(&self, store: &Store, channel_prefix: &str, push: PushInfo) {
        if push.kind == PushKind::Disconnection {
            self.cut.notify_one();
            return;
        }
        let Some(message) = Msg::from_push_info(push) else { return };
        let Some(key) = message.get_channel_name().strip_prefix(channel_prefix) else { return };
        let changed = match store.keys.kind_of(key) {
            KeyKind::Drivers => Changed::Drivers,
            KeyKind::Workers => Changed::Workers,
            KeyKind::Due => Changed::Due,
            KeyKind::Request(id) | KeyKind::Record(id) => Changed::Request(id),
            KeyKind::Other => {
                if *self.canary() == key {
                    self.canary_came.notify_one();
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

struct Listener {
    store: Store,
    inbox: Arc<Inbox>,
    hearing: watch::Sender<Hearing>,
}

impl Listener {
    async fn run(self) {
        let (first, longest) = PAUSES;
        let mut pause = first;
        loop {
            let began = Instant::now();
            let error = match self.subscribe().await {
                Ok(connection) => self.listen(connection).await,
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

    async fn subscribe(&self) -> Result<MultiplexedConnection, StoreError> {
        let away = |error| StoreError::from_redis(&self.store.address, &error);
        let channel = format!("__keyspace@{}__:", self.store.address.db());
        let (inbox, store, prefix) = (Arc::clone(&self.inbox), self.store.clone(), channel.clone());
        let push = move |info: PushInfo| -> Result<(), redis::aio::SendError> {
            inbox.push(&store, &prefix, info);
            Ok(())
        };
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(RESPONSE_TIMEOUT))
            .set_push_sender(push);
        let mut connection =
            self.store.client.get_multiplexed_async_connection_with_config(&config).await.map_err(away)?;
        let keys = &self.store.keys;
        for key in [&keys.drivers, &keys.workers, &keys.due] {
            connection.subscribe(format!("{channel}{key}")).await.map_err(away)?;
        }
        for pattern in [
            format!("{}[1-9]*", keys.prefix),
            format!("{}cabstand:request:*", keys.prefix),
            format!("{}*", keys.canary),
        ] {
            connection.psubscribe(format!("{channel}{pattern}")).await.map_err(away)?;
        }
        Ok(connection)
    }

    /// Stays with a connection until it fails, and answers why it did.
    async fn listen(&self, mut connection: MultiplexedConnection) -> StoreError {
        if let Err(error) = self.test_hearing().await {
            return error;
        }
        self.inbox.everything();
        let mut next_test = Instant::now() + CANARY_EVERY;
        loop {
            tokio::select! {
                () = sleep(BEAT) => {}
                () = self.inbox.cut.notified() => {
                    return StoreError::Away { address: self.store.address.to_string(), reason: "the connection was cut".to_owned() };
                }
            }
            if let Err(error) = redis::cmd("PING").exec_async(&mut connection).await {
                return StoreError::from_redis(&self.store.address, &error);
            }
            if Instant::now() >= next_test {
                if let Err(error) = self.test_hearing().await {
                    return error;
                }
                next_test = Instant::now() + CANARY_EVERY;
            }
            if matches!(*self.hearing.borrow(), Hearing::Deaf(_)) {
                self.inbox.everything();
            }
        }
    }

    /// Sees to it that notifications are on, and proves it.
    async fn test_hearing(&self) -> Result<(), StoreError> {
        let flags = self.store.switch_on_notifications().await;
        if let Err(error) = &flags
            && error.is_away()
        {
            return flags;
        }
        let proven = match self.store.access {
            Access::Full => self.canary_came_back().await?,
            // A handle that may not write has no canary, and must take the setting's word for it.
            Access::ReadOnly => flags.is_ok(),
        };
        self.tell(&if proven {
            Hearing::Live
        } else {
            Hearing::Deaf(flags.err().map_or_else(|| "they are on, but none arrives".to_owned(), |e| e.reason()))
        });
        Ok(())
    }

    async fn canary_came_back(&self) -> Result<bool, StoreError> {
        let key = format!("{}{:016x}", self.store.keys.canary, rand::random::<u64>());
        self.inbox.canary().clone_from(&key);
        let mut set = redis::cmd("SET");
        set.arg(key).arg(1).arg("PX").arg(5_000);
        match self.store.query::<()>(&set).await {
            Ok(()) => Ok(timeout(CANARY_PATIENCE, self.inbox.canary_came.notified()).await.is_ok()),
            Err(error) if error.is_away() => Err(error),
            Err(_) => Ok(false),
        }
    }

    fn tell(&self, hearing: &Hearing) {
        self.hearing.send_if_modified(|now| mem::replace(now, hearing.clone()) != *hearing);
    }
}

impl Store {
    /// Adds the flags that are missing in `notify-keyspace-events` to those that are set.
    async fn switch_on_notifications(&self) -> Result<(), StoreError> {
        const NAME: &str = "notify-keyspace-events";
        let answer: HashMap<String, String> = self.query(redis::cmd("CONFIG").arg("GET").arg(NAME)).await?;
        let set = answer.get(NAME).map(String::as_str).unwrap_or_default();
        let Some(wanted) = merged(set) else { return Ok(()) };
        self.access.check().map_err(|_| {
            StoreError::Setup(format!("{NAME} is \"{set}\"; let somebody who may set it to \"{wanted}\""))
        })?;
        self.query(redis::cmd("CONFIG").arg("SET").arg(NAME).arg(wanted)).await
    }
}

/// The flags that are set together with those that are needed; none where nothing is missing.
fn merged(set: &str) -> Option<String> {
    // "A" stands for all classes.
    let missing: String =
        NEEDED_FLAGS.chars().filter(|&c| !set.contains(c) && (c == 'K' || !set.contains('A'))).collect();
    (!missing.is_empty()).then(|| format!("{set}{missing}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_merged_and_never_replaced() {
        assert_eq!(merged("").as_deref(), Some("K$zhgx"));
        assert_eq!(merged("Elm").as_deref(), Some("ElmK$zhgx"));
        assert_eq!(merged("AE").as_deref(), Some("AEK"));
        assert_eq!(merged("AKE"), None);
        assert_eq!(merged("xghz$K"), None);
    }
}
