//! The operator's actions as one-shot commands: each says what became of it, a line for each id.

use std::fmt::Display;
use std::time::Duration;

use super::deeds::{Done, Undone, perform};
use super::failure::{Failure, tell};
use super::output::Output;
use super::{Shared, operator};
use crate::domain::{Actor, Driver, DriverId, Metres, Point, RequestId, State, UserId, parse_span};
use crate::store::{Access, NewRequest, Store, StoreError, Terms};

/// Options of `search`.
#[derive(Debug, clap::Args)]
pub(super) struct Search {
    /// Where the rider waits, in decimal degrees
    #[arg(long, value_name = "LAT,LNG", allow_hyphen_values = true)]
    at: Point,
    /// Who waits [default: `requestor_ID`]
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    user: Option<UserId>,
    /// How far away a driver may be
    #[arg(long, value_name = "DISTANCE", default_value = "5km")]
    radius: Metres,
    /// How long the request lives
    #[arg(long, value_name = "DURATION", default_value = "4m", value_parser = parse_span)]
    ttl: Duration,
    /// From one attempt to the next
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = parse_span)]
    interval: Duration,
}

impl Search {
    /// Opens the request and prints its number, alone on its line so that a script can take it.
    pub(super) async fn run(self, shared: &Shared) -> Result<(), Failure> {
        let new = NewRequest {
            user_id: self.user,
            pickup: self.at,
            radius: self.radius,
            ttl: self.ttl,
            interval: self.interval,
            terms: Terms::default(),
        };
        let store = shared.store(Access::Full).await?;
        match perform(&store, async |store| store.open(&new, &operator()).await).await? {
            Done::Answered(id) => say(&id),
            Done::Traced(events) => events.iter().find_map(|event| event.request_id).map_or(Ok(()), |id| say(&id)),
        }
    }
}

/// Options of `cancel`.
#[derive(Debug, clap::Args)]
pub(super) struct Cancel {
    /// Which requests
    #[arg(required = true, value_name = "ID")]
    ids: Vec<RequestId>,
}

impl Cancel {
    pub(super) async fn run(self, shared: &Shared) -> Result<(), Failure> {
        end(shared, &self.ids, State::Cancelled).await
    }
}

/// Options of `expire`.
#[derive(Debug, clap::Args)]
pub(super) struct Expire {
    /// Which requests
    #[arg(required = true, value_name = "ID")]
    ids: Vec<RequestId>,
}

impl Expire {
    pub(super) async fn run(self, shared: &Shared) -> Result<(), Failure> {
        end(shared, &self.ids, State::Expired).await
    }
}

/// Options of `move`.
#[derive(Debug, clap::Args)]
pub(super) struct Move {
    /// Which driver
    #[arg(value_name = "DRIVER")]
    driver: DriverId,
    /// The new place, in decimal degrees
    #[arg(long, value_name = "LAT,LNG", allow_hyphen_values = true)]
    to: Point,
}

impl Move {
    pub(super) async fn run(self, shared: &Shared) -> Result<(), Failure> {
        let store = shared.store(Access::Full).await?;
        let driver = Driver { id: store.meant(self.driver).await?, place: self.to };
        perform(&store, async |store| store.move_driver(&driver, None, &operator()).await).await?;
        say(&format_args!("driver {} moved to {}", driver.id, driver.place))
    }
}

/// Options of `remove`.
#[derive(Debug, clap::Args)]
pub(super) struct Remove {
    /// Which driver
    #[arg(value_name = "DRIVER")]
    driver: DriverId,
}

impl Remove {
    pub(super) async fn run(self, shared: &Shared) -> Result<(), Failure> {
        let store = shared.store(Access::Full).await?;
        let driver = store.meant(self.driver).await?;
        perform(&store, async |store| store.remove(&driver, &operator()).await).await?;
        say(&format_args!("driver {driver} removed"))
    }
}

/// Ends each of these requests.
async fn end(shared: &Shared, ids: &[RequestId], state: State) -> Result<(), Failure> {
    each(shared, ids, state.as_str(), async |store, id, actor| {
        match state {
            State::Cancelled => store.cancel(id, actor).await?,
            _ => store.expire(id, actor).await?,
        }
        Ok(format!("request {id} {state}"))
    })
    .await
}

/// Acts on each of these requests by itself: one that is refused does not keep the others.
pub(super) async fn each(
    shared: &Shared,
    ids: &[RequestId],
    done: &str,
    act: impl AsyncFn(&Store, RequestId, &Actor) -> Result<String, StoreError>,
) -> Result<(), Failure> {
    let (store, actor) = (shared.store(Access::Full).await?, operator());
    let (mut all_done, mut all_known) = (true, true);
    for &id in ids {
        match perform(&store, async |store| act(store, id, &actor).await).await {
            Ok(Done::Answered(line)) => say(&line)?,
            Ok(Done::Traced(_)) => say(&format_args!("request {id} {done}"))?,
            Err(undone) => {
                all_done = false;
                all_known &= !matches!(undone, Undone::Unknown { .. });
                tell(&not_done(id, done, &undone));
            }
        }
    }
    match (all_done, all_known) {
        (true, _) => Ok(()),
        (false, true) => Err(Failure::Said),
        (false, false) => Err(Failure::Unknown(String::new())),
    }
}

/// Why something was not done to a request, which would else be `done`; where the answer never came, it says that nobody knows.
fn not_done(id: RequestId, done: &str, undone: &Undone) -> String {
    match undone {
        Undone::Refused(StoreError::Refused(refusal)) => format!("not {done}: {refusal}"),
        Undone::Unknown { .. } => format!("request {id} may or may not be {done}: {undone}"),
        other => format!("request {id} not {done}: {other}"),
    }
}

fn say(line: &impl Display) -> Result<(), Failure> {
    let mut out = Output::new();
    out.line(&line.to_string())?;
    out.flush()
}
