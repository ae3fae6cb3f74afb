//! Drivers: their reports, an operator's hand on them, and who is nearest.

use super::{Refusal, Store, StoreError, millis};
use crate::domain::geohash::Cell;
use crate::domain::{Actor, Candidate, Driver, DriverId, Metres, Point};

/// How many drivers a listing reads at once.
const PAGE: isize = 1_000;
/// How many reports one script takes: each may match somebody who waits, and Redis is not to be held for long.
const REPORTS_AT_ONCE: usize = 50;
/// How many silent drivers one script deals with.
const SILENT_AT_ONCE: usize = 100;

/// What `nearest.lua` answers for one driver: id, metres, geohash, longitude, latitude.
type Near = (Vec<u8>, f64, f64, f64, f64);

impl Store {
    /// Takes position reports: each makes its driver available there, and gives it at once to the request that has waited
    /// longest of those whose radius it is in. A report that matches is noted under the name of `actor`.
    ///
    /// # Errors
    /// Where the handle is read-only or Redis cannot do it.
    pub async fn report(&self, reports: &[Driver], actor: &Actor) -> Result<(), StoreError> {
        self.access.check()?;
        for chunk in reports.chunks(REPORTS_AT_ONCE) {
            let mut call = self.call(&self.scripts.report);
            call.arg(actor.as_str());
            for driver in chunk {
                call.arg(driver.place.lng()).arg(driver.place.lat()).arg(driver.id.as_bytes());
            }
            self.run::<()>(&call).await?;
        }
        Ok(())
    }

    /// Tells of drivers who have become stale, and takes those off the map who are to be forgotten; see [`crate::domain::Freshness`].
    /// Answers whether there may be more of them.
    ///
    /// # Errors
    /// Where the handle is read-only or Redis cannot do it.
    pub async fn tend_silent(&self, worker: &Actor) -> Result<bool, StoreError> {
        if !self.freshness.is_watched() {
            return Ok(false);
        }
        self.access.check()?;
        let mut call = self.call(&self.scripts.silent);
        call.arg(worker.as_str()).arg(self.freshness.forget_after.map_or(0, millis)).arg(SILENT_AT_ONCE);
        let count: usize = self.run(&call).await?;
        Ok(count >= SILENT_AT_ONCE)
    }

    /// Sets a new driver on the map. It is given to who has waited longest within reach, as by a report.
    ///
    /// # Errors
    /// Where one of that name is there, the handle is read-only, or Redis cannot do it.
    pub async fn place(&self, driver: &Driver, actor: &Actor) -> Result<(), StoreError> {
        self.drive("placed", &driver.id, Some(driver.place), actor).await
    }

    /// Moves a driver who is on the map.
    ///
    /// # Errors
    /// Where the driver is not there (any more), the handle is read-only, or Redis cannot do it.
    pub async fn move_driver(&self, driver: &Driver, actor: &Actor) -> Result<(), StoreError> {
        self.drive("moved", &driver.id, Some(driver.place), actor).await
    }

    /// Takes a driver off the map.
    ///
    /// # Errors
    /// As [`Store::move_driver`].
    pub async fn remove(&self, id: &DriverId, actor: &Actor) -> Result<(), StoreError> {
        self.drive("removed", id, None, actor).await
    }

    async fn drive(&self, act: &str, id: &DriverId, to: Option<Point>, actor: &Actor) -> Result<(), StoreError> {
        self.access.check()?;
        let mut call = self.call(&self.scripts.drive);
        call.arg(act).arg(id.as_bytes());
        match to {
            Some(place) => call.arg(place.lng()).arg(place.lat()),
            None => call.arg("").arg(""),
        };
        call.arg(actor.as_str());
        let answer: Vec<String> = self.run(&call).await?;
        match answer.first().map(String::as_str) {
            Some("done") => Ok(()),
            Some("unknown") => Err(Refusal::UnknownDriver(id.clone()).into()),
            Some("exists") => Err(Refusal::DriverExists(id.clone()).into()),
            _ => Err(StoreError::Answer("drive.lua".to_owned())),
        }
    }

    /// The nearest available drivers to each of these places, nearest first, at most `count` each within the radius.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn nearest(
        &self,
        places: &[Point],
        radius: Metres,
        count: usize,
    ) -> Result<Vec<Vec<Candidate>>, StoreError> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let mut call = self.call(&self.scripts.nearest);
        call.arg(radius.0).arg(count);
        for place in places {
            call.arg(place.lng()).arg(place.lat());
        }
        let answer: Vec<Vec<Near>> = self.run(&call).await?;
        Ok(answer.into_iter().map(|near| near.into_iter().map(candidate).collect()).collect())
    }

    /// A page of all drivers in the order of their geohashes: those from `start` on. An empty page is the end.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn drivers(&self, start: usize) -> Result<Vec<Driver>, StoreError> {
        let start = isize::try_from(start).unwrap_or(isize::MAX - PAGE);
        let mut range = redis::cmd("ZRANGE");
        range.arg(&self.keys.drivers).arg(start).arg(start + PAGE - 1).arg("WITHSCORES");
        Ok(scored(self.query(&range).await?))
    }
}

/// The members of the GEO set with their scores, as drivers at their places.
pub(super) fn scored(members: Vec<(Vec<u8>, f64)>) -> Vec<Driver> {
    let driver = |(id, score): (Vec<u8>, f64)| Driver {
        id: DriverId::from_redis(&id),
        place: Cell::from_score(hash(score)).centre(),
    };
    members.into_iter().map(driver).collect()
}

fn candidate((id, distance_m, score, lng, lat): Near) -> Candidate {
    let driver = Driver { id: DriverId::from_redis(&id), place: Point::clamped(lat, lng) };
    Candidate { driver, distance_m, geohash: hash(score) }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a geohash has 52 bits, a foreign score saturates"
)]
fn hash(score: f64) -> u64 {
    score as u64
}
