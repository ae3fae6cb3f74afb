//! The operator's actions on requests that wait, as one-shot commands: each says what became of it, a line for each id.

use std::time::Duration;

use super::Shared;
use super::actions::each;
use super::failure::Failure;
use super::listings::local_time;
use crate::domain::{DriverId, Metres, RequestId, format_distance, parse_span};

/// Options of `extend`.
#[derive(Debug, clap::Args)]
pub(super) struct Extend {
    /// Which requests
    #[arg(required = true, value_name = "ID")]
    ids: Vec<RequestId>,
    /// How much more time they get
    #[arg(long, value_name = "DURATION", value_parser = parse_span)]
    by: Duration,
}

impl Extend {
    pub(super) async fn run(self, shared: &Shared) -> Result<(), Failure> {
        let by_ms = i64::try_from(self.by.as_millis()).unwrap_or(i64::MAX);
        each(shared, &self.ids, "extended", async |store, id, actor| {
            let deadline = store.extend(id, by_ms, actor).await?;
            Ok(format!("request {id} extended to {}", local_time(deadline)))
        })
        .await
    }
}

/// Options of `widen`.
#[derive(Debug, clap::Args)]
pub(super) struct Widen {
    /// Which requests
    #[arg(required = true, value_name = "ID")]
    ids: Vec<RequestId>,
    /// How far away a driver may be from now on
    #[arg(long, value_name = "DISTANCE")]
    to: Metres,
}

impl Widen {
    pub(super) async fn run(self, shared: &Shared) -> Result<(), Failure> {
        each(shared, &self.ids, "widened", async |store, id, actor| {
            let before = store.widen(id, self.to, actor).await?;
            Ok(format!("request {id} widened from {before} to {}", self.to))
        })
        .await
    }
}

/// Options of `retry`.
#[derive(Debug, clap::Args)]
pub(super) struct Retry {
    /// Which requests
    #[arg(required = true, value_name = "ID")]
    ids: Vec<RequestId>,
}

impl Retry {
    pub(super) async fn run(self, shared: &Shared) -> Result<(), Failure> {
        each(shared, &self.ids, "retried", async |store, id, actor| {
            Ok(match store.retry(id, actor).await? {
                Some(found) => {
                    format!("request {id} found driver {} at {}", found.driver, format_distance(found.distance_m))
                }
                None => format!("request {id} retried: no driver"),
            })
        })
        .await
    }
}

/// Options of `assign`.
#[derive(Debug, clap::Args)]
pub(super) struct Assign {
    /// Which request
    #[arg(value_name = "ID")]
    id: RequestId,
    /// Which driver, however far away or silent
    #[arg(value_name = "DRIVER")]
    driver: DriverId,
}

impl Assign {
    pub(super) async fn run(self, shared: &Shared) -> Result<(), Failure> {
        each(shared, &[self.id], "assigned", async |store, id, actor| {
            let driver = store.meant(self.driver.clone()).await?;
            let metres = store.assign(id, &driver, actor).await?;
            Ok(format!("driver {driver} assigned to request {id} at {}", format_distance(metres)))
        })
        .await
    }
}
