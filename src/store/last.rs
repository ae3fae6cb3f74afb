//! What last became of a driver, for an operator whose action on it was refused. The newest part of the stream tells, and it is
//! read on this path alone.

use std::time::Duration;

use super::{Refusal, Store, StoreError};
use crate::domain::{DriverId, Event, EventKind, Point, UnixMs, format_wait};

/// So many events are looked through.
const LOOKED_THROUGH: usize = 1_000;
/// Places that are no farther apart than this are the same: Redis keeps them to within 0.6 m.
const SAME_PLACE_M: f64 = 2.0;

impl Store {
    /// The refusal where a driver is not on the map (any more).
    pub(super) async fn absent(&self, id: &DriverId) -> StoreError {
        let last = match tokio::join!(self.newest_of(id), self.now()) {
            (Ok(told), Ok(now)) => told.last().and_then(|event| went(event, now)),
            // The refusal stands, and says less.
            _ => None,
        };
        Refusal::UnknownDriver { id: id.clone(), last }.into()
    }

    /// The refusal where a driver stands here, elsewhere than it was thought to.
    pub(super) async fn elsewhere(&self, id: &DriverId, here: Point, by_report: bool) -> StoreError {
        let by = if by_report {
            "by its own report".to_owned()
        } else {
            let told = self.newest_of(id).await.unwrap_or_default();
            let by = told.into_iter().rfind(|event| set_it(event, here)).and_then(|event| event.actor);
            by.map_or_else(|| "by a foreign hand".to_owned(), |actor| format!("by {actor}"))
        };
        Refusal::DriverElsewhere { id: id.clone(), by }.into()
    }

    /// What the newest events tell of this driver, oldest first.
    async fn newest_of(&self, id: &DriverId) -> Result<Vec<Event>, StoreError> {
        let events = self.recent_events(LOOKED_THROUGH).await?;
        Ok(events.into_iter().filter(|event| event.driver_id.as_ref() == Some(id)).collect())
    }
}

/// How a driver left the map with this event, in words; none where it did not.
fn went(event: &Event, now: UnixMs) -> Option<String> {
    let by = event.actor.as_ref().map(|actor| format!(" by {actor}")).unwrap_or_default();
    let how = match event.kind {
        EventKind::Found => {
            let request = event.request_id?;
            if event.is_assigned() {
                format!("assigned to request {request}{by}")
            } else {
                format!("found for request {request}")
            }
        }
        EventKind::Removed => format!("removed{by}"),
        EventKind::Forgotten => "forgotten".to_owned(),
        _ => return None,
    };
    let ago = now.since(event.id.at);
    let when = if ago < Duration::from_secs(1) { "just now".to_owned() } else { format!("{} ago", format_wait(ago)) };
    Some(format!("{how} {when}"))
}

/// Whether an operator has set the driver there with this event.
fn set_it(event: &Event, there: Point) -> bool {
    matches!(event.kind, EventKind::Placed | EventKind::Moved)
        && event.place.is_some_and(|place| place.distance_m(there) <= SAME_PLACE_M)
}
