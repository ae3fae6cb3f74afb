//! The deed of a one-shot command under a name of its own: where its answer does not come, the stream of events tells afterwards
//! whether it was done.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::failure::Failure;
use crate::domain::{Event, Seal};
use crate::store::{Store, StoreError, Traced};

/// A deed that reaches Redis so long after it was asked for is not done any more.
const GOOD_FOR: Duration = Duration::from_secs(4);
/// Whether it was done is looked for so long: whoever waits for the command is not held up for ever.
const LOOK_FOR: Duration = Duration::from_secs(15);
/// And so often.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// How it is known that a deed was done.
pub(super) enum Done<T> {
    /// By its answer.
    Answered(T),
    /// The answer was lost, and these events tell, oldest first.
    Traced(Vec<Event>),
}

/// Why a deed has no good end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Undone {
    /// It was turned down, or never sent.
    #[error(transparent)]
    Refused(StoreError),
    /// It was sent, and can't be done any more.
    #[error("{0}; the events tell that nothing was changed, so it can be asked for again")]
    Late(StoreError),
    /// Nobody knows.
    #[error("{error}; whether it was done is not known: {why}")]
    Unknown {
        /// Why the answer did not come.
        error: StoreError,
        /// Why the events do not tell.
        why: &'static str,
    },
}

impl From<Undone> for Failure {
    fn from(undone: Undone) -> Self {
        match undone {
            Undone::Refused(error) => Self::Store(error),
            Undone::Late(_) => Self::Undone(undone.to_string()),
            Undone::Unknown { .. } => Self::Unknown(undone.to_string()),
        }
    }
}

/// Does it once. Where the answer does not come, it is found out whether it was done.
pub(super) async fn perform<T>(
    store: &Store,
    act: impl AsyncFnOnce(&Store) -> Result<T, StoreError>,
) -> Result<Done<T>, Undone> {
    let seal = store.seal(GOOD_FOR).await.map_err(Undone::Refused)?;
    match act(&store.for_deed(seal)).await {
        Ok(answer) => Ok(Done::Answered(answer)),
        Err(error) if error.may_be_done() => find_out(store, seal, error).await,
        Err(error) => Err(Undone::Refused(error)),
    }
}

async fn find_out<T>(store: &Store, seal: Seal, error: StoreError) -> Result<Done<T>, Undone> {
    let deadline = Instant::now() + LOOK_FOR;
    loop {
        match store.trace(&[seal]).await.ok().and_then(|traced| traced.into_iter().next()) {
            Some(Traced::Done(events)) => return Ok(Done::Traced(events)),
            Some(Traced::NotDone) => return Err(Undone::Late(error)),
            Some(Traced::Lost) => {
                return Err(Undone::Unknown { error, why: "the events of that time are gone" });
            }
            Some(Traced::Open) | None if Instant::now() < deadline => sleep(LOOK_AGAIN).await,
            Some(Traced::Open) | None => {
                let why = "Redis has not answered since; once it does, `cabstand events` tells";
                return Err(Undone::Unknown { error, why });
            }
        }
    }
}
