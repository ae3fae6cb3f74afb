//! The connection on which notifications are heard: it is made anew after a cut, asked whether it lives, and tested whether
//! anything is heard on it at all.
//!
//! Who may write sends a canary of each kind that matters (`canary.rs`). Who may not listens for others: workers tell of themselves
//! every two seconds, and where such a sign of life can be read but was not heard, nothing is.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, PushInfo, PushKind};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep};

use super::canary::Flown;
use super::notifications::{Hearing, Inbox};
use super::{Ailment, Armed, CONNECT_TIMEOUT, RESPONSE_TIMEOUT, Store, StoreError};

/// At this beat the connection is asked whether it lives, and a deaf one calls everything changed.
const BEAT: Duration = Duration::from_secs(1);
/// So often it is tested whether notifications arrive.
const TEST_EVERY: Duration = Duration::from_secs(10);
/// The same while Redis refuses writes, so that it is known soon when it takes them again.
const TEST_WHILE_REFUSED: Duration = Duration::from_secs(2);
/// So often everything is called changed where it is not proven that changes are heard.
const READ_UNPROVEN: Duration = Duration::from_secs(5);
/// Pauses between tries to connect, from the first to the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// A connection that lived for so long was a good one: after it the pauses begin anew.
const GOOD: Duration = Duration::from_secs(4);

/// What is listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ear {
    /// All keys that matter.
    All,
    /// The drivers and the requests' own keys.
    Work,
}

pub(super) struct Listener {
    pub(super) store: Store,
    ear: Ear,
    pub(super) inbox: Arc<Inbox>,
    hearing: watch::Sender<Hearing>,
    refusing: watch::Sender<Option<Ailment>>,
}

/// A connection to listen on.
pub(super) struct Line {
    pub(super) connection: MultiplexedConnection,
    /// The word that it was cut. Each has its own, so that the end of one does not cut the next.
    cut: Arc<Notify>,
    /// Whether the server has taken all subscriptions.
    subscribed: bool,
    /// Whether something has arrived on it.
    proven: bool,
    /// The newest sign of life of a worker that was read.
    sign_of_life: Option<f64>,
    /// The connection for commands that was there when this one was made.
    beside: u64,
}

impl Listener {
    pub(super) fn new(
        store: Store,
        ear: Ear,
        inbox: Arc<Inbox>,
        hearing: watch::Sender<Hearing>,
        refusing: watch::Sender<Option<Ailment>>,
    ) -> Self {
        Self { store, ear, inbox, hearing, refusing }
    }

    pub(super) async fn run(self) {
        let (first, longest) = PAUSES;
        let mut pause = first;
        loop {
            let error = match self.connect().await {
                Ok(line) => {
                    let began = Instant::now();
                    let error = self.listen(line).await;
                    if began.elapsed() > GOOD {
                        pause = first;
                    }
                    error
                }
                Err(error) => error,
            };
            self.tell(Hearing::Cut(error.reason()));
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
        let beside = self.store.link.number();
        let connection = self.store.client.get_multiplexed_async_connection_with_config(&config).await;
        // What was heard on the line before proves nothing for this one.
        self.inbox.was_heard();
        let connection = connection.map_err(|e| self.error(&e))?;
        Ok(Line { connection, cut, subscribed: false, proven: false, sign_of_life: None, beside })
    }

    /// What stands before the key in the name of every channel.
    fn channel(&self) -> String {
        format!("__keyspace@{}__:", self.store.address.db())
    }

    pub(super) fn error(&self, error: &redis::RedisError) -> StoreError {
        StoreError::from_redis(&self.store.address, error)
    }

    /// Subscribes to all that can be. What the server refuses is named: the rest is heard all the same.
    async fn subscribe(&self, connection: &mut MultiplexedConnection) -> Result<(), StoreError> {
        let (channel, keys) = (self.channel(), &self.store.keys);
        let channels = [&keys.drivers, &keys.workers];
        let mut patterns = vec![format!("{}[1-9]*", keys.prefix), format!("{}*", keys.canary)];
        if self.ear == Ear::All {
            patterns.push(format!("{}cabstand:request:*", keys.prefix));
        }
        let mut refused = Vec::new();
        let all = channels.into_iter().map(|key| (key, false)).chain(patterns.iter().map(|key| (key, true)));
        for (key, is_pattern) in all {
            let name = format!("{channel}{key}");
            let answer =
                if is_pattern { connection.psubscribe(&name).await } else { connection.subscribe(&name).await };
            match answer.map_err(|e| self.error(&e)) {
                Ok(()) => {}
                Err(error) if error.is_away() => return Err(error),
                Err(error) => refused.push((name, error.reason())),
            }
        }
        match refused.as_slice() {
            [] => Ok(()),
            [(name, reason), rest @ ..] => {
                let names: Vec<&str> =
                    std::iter::once(name).chain(rest.iter().map(|(name, _)| name)).map(String::as_str).collect();
                Err(StoreError::Setup(format!("may not listen to {} ({reason})", names.join(" "))))
            }
        }
    }

    /// Stays with a connection until it fails, and answers why it did.
    async fn listen(&self, mut line: Line) -> StoreError {
        if let Err(error) = self.test(&mut line).await {
            return error;
        }
        self.inbox.everything();
        let (mut tested, mut read) = (Instant::now(), Instant::now());
        loop {
            let mut wanted = false;
            tokio::select! {
                () = sleep(BEAT) => {}
                () = self.inbox.test.notified() => wanted = true,
                () = line.cut.notified() => {
                    let (address, reason) = (self.store.address.to_string(), "the connection was cut".to_owned());
                    return StoreError::Away { address, reason, asked: false };
                }
            }
            // A PING is refused, too, where Redis can't save to its disk.
            if let Err(error) = redis::cmd("TIME").exec_async(&mut line.connection).await {
                return self.error(&error);
            }
            // Asked before the test as well: what happened until it heard again was not heard.
            let mut slowest = self.reads_every();
            if wanted || tested.elapsed() >= self.tests_every() {
                if let Err(error) = self.test(&mut line).await {
                    return error;
                }
                tested = Instant::now();
                slowest = [slowest, self.reads_every()].into_iter().flatten().min();
            }
            if slowest.is_some_and(|every| read.elapsed() >= every) {
                self.inbox.everything();
                read = Instant::now();
            }
        }
    }

    fn tests_every(&self) -> Duration {
        if matches!(*self.hearing.borrow(), Hearing::Unproven(_)) {
            BEAT
        } else if self.refusing.borrow().is_some() {
            TEST_WHILE_REFUSED
        } else {
            TEST_EVERY
        }
    }

    /// How often everything has to be read because it may change unheard.
    fn reads_every(&self) -> Option<Duration> {
        match *self.hearing.borrow() {
            Hearing::Deaf(_) => Some(Duration::ZERO),
            Hearing::Unproven(_) => Some(READ_UNPROVEN),
            Hearing::Connecting | Hearing::Live | Hearing::Cut(_) => None,
        }
    }

    /// Sees to it that notifications are subscribed to and on, and proves it. A server that refuses leaves us deaf, and only
    /// one that is away is an error.
    async fn test(&self, line: &mut Line) -> Result<(), StoreError> {
        if !line.subscribed {
            match self.subscribe(&mut line.connection).await {
                Ok(()) => line.subscribed = true,
                Err(error) if error.is_away() => return Err(error),
                Err(error) => {
                    self.tell(Hearing::Deaf(error.reason()));
                    return Ok(());
                }
            }
        }
        let flags = self.store.switch_on_notifications(&mut line.connection).await;
        if let Err(error) = &flags
            && error.is_away()
        {
            return flags;
        }
        let flown = if self.store.armed() == Armed::Never { Flown::Kept } else { self.fly_canary(line).await? };
        let is_well = matches!(flown, Flown::Back | Flown::Kept);
        if !is_well && self.store.link.number() != line.beside {
            // After a failover that cut nothing, commands go to the new primary already, and this one still hears the old.
            let (address, reason) = (self.store.address.to_string(), "another Redis may be meant by now".to_owned());
            return Err(StoreError::Away { address, reason, asked: false });
        }
        let refused = if let Flown::Refused(ailment) = flown { Some(ailment) } else { None };
        self.refusing.send_if_modified(|now| mem::replace(now, refused) != refused);
        let hearing = match flown {
            Flown::Back => {
                line.proven = true;
                Hearing::Live
            }
            Flown::Missing(what) => Hearing::Deaf(match flags {
                Ok(()) => what,
                Err(StoreError::Setup(reason)) => reason,
                Err(error) => format!("{what}; the setting can't be read: {}", error.reason()),
            }),
            Flown::Kept | Flown::Refused(_) => self.overhear(line, flags).await?,
        };
        self.tell(hearing);
        Ok(())
    }

    /// How well changes are heard where nothing may be written: by what others do.
    async fn overhear(&self, line: &mut Line, flags: Result<(), StoreError>) -> Result<Hearing, StoreError> {
        let mut newest = redis::cmd("ZRANGE");
        newest.arg(&self.store.keys.workers).arg(-1).arg(-1).arg("WITHSCORES");
        let read: Result<Vec<(Vec<u8>, f64)>, _> = newest.query_async(&mut line.connection).await;
        let sign = match read.map_err(|e| self.error(&e)) {
            Ok(workers) => workers.first().map(|(_, at)| *at),
            Err(error) if error.is_away() => return Err(error),
            Err(_) => None,
        };
        let went_on = sign.zip(line.sign_of_life).is_some_and(|(now, before)| now > before);
        line.sign_of_life = sign;
        let (heard, heard_sign) = self.inbox.was_heard();
        let is_unheard = went_on && !heard_sign;
        line.proven = (line.proven || heard) && !is_unheard;
        Ok(match flags {
            // That some are off was read.
            Err(StoreError::Setup(reason)) => Hearing::Deaf(reason),
            _ if is_unheard => {
                Hearing::Deaf("a worker has given a sign of life, and nothing of it was heard".to_owned())
            }
            _ if line.proven => Hearing::Live,
            _ => Hearing::Unproven(
                "nothing has been heard yet, and no worker is there whose signs of life would be".to_owned(),
            ),
        })
    }

    fn tell(&self, hearing: Hearing) {
        self.hearing.send_if_modified(|now| {
            let is_news = *now != hearing;
            *now = hearing;
            is_news
        });
    }
}
