//! Gathers single reports that arrive while Redis is busy with those before them: one script takes them all, and each caller is
//! answered after that. Redis and this service would otherwise spend most of a report's time on its way through a connection.
//! A report that comes alone goes at once; nothing waits for company.

use std::collections::HashMap;

use axum::http::StatusCode;
use tokio::sync::{mpsc, oneshot};

use super::problem::Problem;
use crate::domain::{Actor, Driver, DriverId};
use crate::store::{Store, StoreError};

/// So many reports are gathered at the most; who comes then waits to be let in.
const MOST: usize = 500;

/// The one who gathers. Clones are the same one, whose task ends with the last of them.
#[derive(Clone)]
pub(super) struct Gatherer(mpsc::Sender<Arrived>);

/// A report, and where its outcome is waited for.
struct Arrived {
    driver: Driver,
    answer: oneshot::Sender<Result<(), StoreError>>,
}

impl Gatherer {
    /// One that writes under the name of this actor.
    pub(super) fn start(store: Store, actor: Actor) -> Self {
        let (gatherer, arrived) = mpsc::channel(MOST);
        tokio::spawn(gather(arrived, store, actor));
        Self(gatherer)
    }

    /// Takes a report, with others if there are any.
    pub(super) async fn report(&self, driver: Driver) -> Result<(), Problem> {
        // Only a runtime that ends takes the task away.
        let ending = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the service is ending");
        let (answer, outcome) = oneshot::channel();
        self.0.send(Arrived { driver, answer }).await.map_err(|_| ending())?;
        Ok(outcome.await.map_err(|_| ending())??)
    }
}

async fn gather(mut reports: mpsc::Receiver<Arrived>, store: Store, actor: Actor) {
    let mut arrived = Vec::new();
    while reports.recv_many(&mut arrived, MOST).await > 0 {
        let (drivers, answers): (Vec<_>, Vec<_>) = arrived.drain(..).map(|one| (one.driver, one.answer)).unzip();
        let outcome = store.report(&last_of_each(drivers), &actor).await;
        for answer in answers {
            // Who has gone meanwhile does not want to know.
            let _ = answer.send(outcome.clone());
        }
    }
}

/// Where a driver reports more than once, it is where the last report says.
pub(super) fn last_of_each(drivers: Vec<Driver>) -> Vec<Driver> {
    if drivers.len() < 2 {
        return drivers;
    }
    let last: HashMap<&DriverId, usize> = drivers.iter().enumerate().map(|(i, driver)| (&driver.id, i)).collect();
    if last.len() == drivers.len() {
        return drivers;
    }
    let mut lasts: Vec<usize> = last.into_values().collect();
    lasts.sort_unstable();
    lasts.into_iter().map(|i| drivers[i].clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Point;

    #[test]
    fn of_several_reports_of_a_driver_the_last_counts() {
        let at = |id: &str, lat: f64| Driver { id: id.parse().unwrap(), place: Point::clamped(lat, 0.0) };
        let told = last_of_each(vec![at("a", 1.0), at("b", 2.0), at("a", 3.0), at("c", 4.0), at("b", 5.0)]);
        assert_eq!(told, [at("a", 3.0), at("c", 4.0), at("b", 5.0)]);
        assert_eq!(last_of_each(vec![at("a", 1.0), at("b", 2.0)]), [at("a", 1.0), at("b", 2.0)]);
        assert_eq!(last_of_each(Vec::new()), []);
    }
}
