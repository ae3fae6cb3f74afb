//! What is gathered: reports, looks for the nearest drivers, and new requests.

use std::collections::HashMap;

use super::gather::Gatherer;
use crate::domain::{Actor, Candidate, Driver, DriverId, Metres, Point, RequestId};
use crate::store::{NewRequest, Store, StoreError};

/// Takes reports.
pub(super) type Reports = Gatherer<Driver, ()>;
/// Looks for at most so many drivers near a place.
pub(super) type Looks = Gatherer<(Point, usize), Vec<Candidate>>;
/// Looks up whether a driver is known.
pub(super) type Lookups = Gatherer<DriverId, bool>;
/// Opens requests.
pub(super) type Opens = Gatherer<NewRequest, RequestId>;

/// Gathers reports, and notes those that match under this name.
pub(super) fn reports(store: Store, actor: Actor) -> Reports {
    Gatherer::start(move |drivers: Vec<Driver>| {
        let (store, actor) = (store.clone(), actor.clone());
        async move {
            let count = drivers.len();
            vec![store.report(&last_of_each(drivers), &actor).await; count]
        }
    })
}

/// Gathers looks for the nearest drivers within this radius.
pub(super) fn looks(store: Store, radius: Metres) -> Looks {
    Gatherer::start(move |places: Vec<(Point, usize)>| {
        let store = store.clone();
        async move {
            each(store.nearest_to_each(&places, radius).await.map(|found| found.into_iter().map(Ok)), places.len())
        }
    })
}

/// Gathers lookups of drivers.
pub(super) fn lookups(store: Store) -> Lookups {
    Gatherer::start(move |drivers: Vec<DriverId>| {
        let store = store.clone();
        async move { each(store.are_known(&drivers).await.map(|known| known.into_iter().map(Ok)), drivers.len()) }
    })
}

/// Gathers new requests, which are opened under this name.
pub(super) fn opens(store: Store, actor: Actor) -> Opens {
    Gatherer::start(move |new: Vec<NewRequest>| {
        let (store, actor) = (store.clone(), actor.clone());
        async move { each(store.open_all(&new, &actor).await, new.len()) }
    })
}

/// What went wrong with all has gone wrong with each.
fn each<A>(
    answers: Result<impl IntoIterator<Item = Result<A, StoreError>>, StoreError>,
    count: usize,
) -> Vec<Result<A, StoreError>> {
    match answers {
        Ok(answers) => answers.into_iter().collect(),
        Err(error) => (0..count).map(|_| Err(error.clone())).collect(),
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

    #[test]
    fn of_several_reports_of_a_driver_the_last_counts() {
        let at = |id: &str, lat: f64| Driver { id: id.parse().unwrap(), place: Point::clamped(lat, 0.0) };
        let told = last_of_each(vec![at("a", 1.0), at("b", 2.0), at("a", 3.0), at("c", 4.0), at("b", 5.0)]);
        assert_eq!(told, [at("a", 3.0), at("c", 4.0), at("b", 5.0)]);
        assert_eq!(last_of_each(vec![at("a", 1.0), at("b", 2.0)]), [at("a", 1.0), at("b", 2.0)]);
        assert_eq!(last_of_each(Vec::new()), []);
    }
}
