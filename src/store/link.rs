//! The connection that all handles on a Redis share, and that is made anew whenever it is of no more use: it was cut, nothing
//! comes out of it any more, or Redis says something by which another one may be meant.
//!
//! No command is sent twice. One that finds no connection starts a try and waits for it; between two tries there is a pause that
//! grows, in which every command fails at once with what went wrong. So nobody waits in a queue that grows, and a Redis that
//! comes back is not run over.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, ready};
use redis::aio::{MultiplexedConnection, SendError};
use redis::{AsyncConnectionConfig, Client, PushInfo, PushKind, RedisError, RedisResult};
use tokio::time::timeout;

use super::condition::Condition;
use super::{Ailment, CONNECT_TIMEOUT, RESPONSE_TIMEOUT};

/// Pauses between tries to connect, from the first to the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));
/// A connection that lasted so long was a good one: the pauses begin anew.
const LASTING: Duration = Duration::from_secs(5);

/// The way to the connection; clones lead to the same one.
#[derive(Clone)]
pub(super) struct Link(Arc<Inner>);

struct Inner {
    client: Client,
    condition: Condition,
    state: Mutex<State>,
}

/// A connection that is there or will be, or why there is none.
type Coming = Shared<BoxFuture<'static, RedisResult<MultiplexedConnection>>>;

struct State {
    /// How many connections were begun; this is the name of the newest.
    number: u64,
    coming: Coming,
    /// When it was begun.
    began: Instant,
    /// Before this no other one is begun.
    not_before: Instant,
    pause: Duration,
}

/// A connection to send one command on, or several that go together.
pub(super) struct Line {
    pub(super) connection: MultiplexedConnection,
    number: u64,
    link: Link,
}

/// A command that went wrong.
pub(super) struct Failed {
    pub(super) error: RedisError,
    /// Whether it was sent.
    pub(super) asked: bool,
    /// The connection that says something of Redis as it is from now on; none where this one was given up before.
    pub(super) now: Option<u64>,
}

impl Link {
    /// Makes the first connection.
    ///
    /// # Errors
    /// Where none comes to be; then nothing is tried any more.
    pub(super) async fn open(client: Client) -> RedisResult<Self> {
        let now = Instant::now();
        let state = State { number: 0, coming: failed(&cut()), began: now, not_before: now, pause: PAUSES.0 };
        let inner = Arc::new(Inner { client, condition: Condition::default(), state: Mutex::new(state) });
        let (_, coming) = inner.coming();
        coming.await?;
        Ok(Self(inner))
    }

    /// How Redis has been, as all that was sent on this link tells.
    pub(super) fn condition(&self) -> &Condition {
        &self.0.condition
    }

    /// The name of the connection that is there: another one means that it was made anew.
    pub(super) fn number(&self) -> u64 {
        self.0.state().number
    }

    /// A connection to send something on. It is waited for no longer than for an answer.
    pub(super) async fn line(&self) -> Result<Line, Failed> {
        let (number, coming) = self.0.coming();
        if let Some(Ok(connection)) = coming.peek() {
            return Ok(Line { connection: connection.clone(), number, link: self.clone() });
        }
        let connection = match timeout(RESPONSE_TIMEOUT, coming).await {
            Ok(connection) => connection,
            Err(elapsed) => Err(std::io::Error::from(elapsed).into()),
        };
        match connection {
            Ok(connection) => Ok(Line { connection, number, link: self.clone() }),
            Err(error) => Err(Failed { error, asked: false, now: Some(number) }),
        }
    }
}

impl Line {
    /// Takes note of what came of something that was sent on this line.
    pub(super) fn heard<T>(self, answer: RedisResult<T>) -> Result<T, Failed> {
        if answer.is_ok() {
            self.link.0.condition.answered(self.number);
        }
        self.heard_of_server(answer)
    }

    /// The same of something that is answered also by a Redis that is loading, or a replica without its primary, and so shows
    /// nothing.
    pub(super) fn heard_of_server<T>(self, answer: RedisResult<T>) -> Result<T, Failed> {
        let inner = &self.link.0;
        let error = match answer {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let mut state = inner.state();
        let is_news = state.number == self.number;
        if is_news && is_dead(&error) {
            Inner::give_up(inner, &mut state, &error);
        } else if is_news && asks_for_another(&error) && Instant::now() >= state.not_before {
            // Until then the one that is there is better than none: a replica can be read.
            Inner::begin(inner, &mut state);
        }
        let now = is_news.then_some(state.number);
        Err(Failed { error, asked: true, now })
    }
}

/// Whether nothing will come out of a connection any more. A server that only takes long is asked anew, too: it can't be told
/// from one that has vanished without a word.
fn is_dead(error: &RedisError) -> bool {
    error.is_timeout() || error.is_io_error() || error.is_unrecoverable_error()
}

fn asks_for_another(error: &RedisError) -> bool {
    Ailment::of_error(error).is_some_and(Ailment::asks_for_another_connection)
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest connection, or what went wrong with it as long as there is to be a pause.
    fn coming(self: &Arc<Self>) -> (u64, Coming) {
        let mut state = self.state();
        let has_failed = matches!(state.coming.peek(), Some(Err(_)));
        if has_failed && Instant::now() >= state.not_before {
            Self::begin(self, &mut state);
        }
        (state.number, state.coming.clone())
    }

    /// The connection is gone: another one is begun, at once or after the pause.
    fn give_up(this: &Arc<Self>, state: &mut State, error: &RedisError) {
        let now = Instant::now();
        if now.duration_since(state.began) >= LASTING {
            state.pause = PAUSES.0;
        }
        if now >= state.not_before {
            Self::begin(this, state);
        } else {
            state.number += 1;
            state.coming = failed(error);
        }
    }

    /// Begins a connection. The name of the host is looked up anew.
    fn begin(this: &Arc<Self>, state: &mut State) {
        let now = Instant::now();
        if now.duration_since(state.began) >= LASTING {
            state.pause = PAUSES.0;
        }
        state.number += 1;
        state.began = now;
        // Jitter keeps many from coming back at the same moment.
        state.not_before = now + state.pause.mul_f64(rand::random_range(0.5..1.0));
        state.pause = (state.pause * 2).min(PAUSES.1);
        let (client, inner, number) = (this.client.clone(), Arc::downgrade(this), state.number);
        let config = config().set_push_sender(move |push| {
            at_the_end(&inner, number, &push);
            Ok::<(), SendError>(())
        });
        let connecting = async move { client.get_multiplexed_async_connection_with_config(&config).await };
        state.coming = connecting.boxed().shared();
        // It goes on when nobody waits for it any longer.
        tokio::spawn(state.coming.clone().map(drop));
    }
}

/// A connection whose end is heard while nothing is sent on it is replaced at once, and no command has to fail for that.
fn at_the_end(inner: &Weak<Inner>, number: u64, push: &PushInfo) {
    if push.kind != PushKind::Disconnection {
        return;
    }
    if let Some(inner) = inner.upgrade() {
        let mut state = inner.state();
        if state.number == number {
            Inner::give_up(&inner, &mut state, &cut());
        }
    }
}

/// None, for this reason.
fn failed(error: &RedisError) -> Coming {
    let failed = ready(Err(error.clone())).boxed().shared();
    // It is complete when it was looked at once.
    let _ = failed.clone().now_or_never();
    failed
}

fn cut() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::BrokenPipe).into()
}

/// How long connections and answers are waited for.
pub(super) fn config() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(RESPONSE_TIMEOUT))
}
