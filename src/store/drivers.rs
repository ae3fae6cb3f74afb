//! Drivers: their reports, an operator's hand on them, and who is nearest.

use super::scripts::Call;
use super::{Refusal, Store, StoreError, millis};
use crate::domain::geohash::Cell;
use crate::domain::{Actor, Candidate, Driver, DriverId, Metres, Point, unescaped};

/// How many drivers a listing reads at once.
const PAGE: isize = 1_000;
/// How many reports are sent to one script. It takes fewer while somebody waits whom each may match.
const REPORTS_AT_ONCE: usize = 500;
/// How many silent drivers one script makes stale.
const STALE_AT_ONCE: usize = 500;
/// How many of them it tells of, where it is the time to tell.
const TOLD_AT_ONCE: usize = 100;

/// How many drivers one script looks for; a place counts for some more.
const LOOKED_FOR_AT_ONCE: usize = 200;
const A_PLACE_COUNTS_FOR: usize = 5;

/// What `nearest.lua` answers for one driver: id, metres, geohash.
type Near = (Vec<u8>, f64, f64);

impl Store {
    /// Takes position reports: each makes its driver available there, and gives it at once to the request that has waited
    /// longest of those whose radius it is in. A report that matches is noted under the name of `actor`. No driver may be among
    /// them twice.
    ///
    /// # Errors
    /// Where the handle is read-only or Redis cannot do it.
    pub async fn report(&self, reports: &[Driver], actor: &Actor) -> Result<(), StoreError> {
        self.switch.check()?;
        let (mut rest, mut most) = (reports, REPORTS_AT_ONCE);
        while !rest.is_empty() {
            let sent = rest.len().min(most);
            let mut call = self.call(&self.scripts.report);
            for driver in &rest[..sent] {
                call.arg(driver.place.lng()).arg(driver.place.lat()).arg(driver.id.as_bytes());
            }
            call.arg(actor.as_str());
            let (taken, failed): (usize, Vec<u8>) = self.run(&call).await?;
            self.not_given_away(&failed);
            most = taken.clamp(1, sent);
            rest = &rest[most..];
        }
        Ok(())
    }

    /// Makes drivers stale who have been silent for so long, and with `telling` tells of up to a hundred of them and takes up
    /// to a hundred off the map who are to be forgotten; see [`crate::domain::Freshness`]. Answers whether there are more to
    /// be made stale.
    ///
    /// # Errors
    /// Where the handle is read-only or Redis cannot do it.
    pub async fn tend_silent(&self, worker: &Actor, telling: bool) -> Result<bool, StoreError> {
        let freshness = self.freshness;
        if !freshness.is_watched() {
            return Ok(false);
        }
        self.switch.check()?;
        let mut call = self.call(&self.scripts.silent);
        call.arg(worker.as_str());
        call.arg(freshness.stale_after.map_or(0, millis)).arg(freshness.forget_after.map_or(0, millis));
        call.arg(STALE_AT_ONCE).arg(if telling { TOLD_AT_ONCE } else { 0 });
        self.run(&call).await
    }

    /// Sets a new driver on the map. It is given to who has waited longest within reach, as by a report.
    ///
    /// # Errors
    /// Where one of that name is there, the handle is read-only, or Redis cannot do it.
    pub async fn place(&self, driver: &Driver, actor: &Actor) -> Result<(), StoreError> {
        self.drive("placed", &driver.id, Some(driver.place), actor, None).await.map(|_| ())
    }

    /// Moves a driver who is on the map. Where it is `expected` to stand somewhere, it is moved from there alone. Answers where it
    /// stood.
    ///
    /// # Errors
    /// Where the driver is not there (any more), stands more than 2 m from where it is expected, the handle is read-only, or
    /// Redis cannot do it.
    pub async fn move_driver(
        &self,
        driver: &Driver,
        expected: Option<Point>,
        actor: &Actor,
    ) -> Result<Point, StoreError> {
        let from = self.drive("moved", &driver.id, Some(driver.place), actor, expected).await?;
        from.ok_or_else(odd)
    }

    /// Takes a driver off the map. Answers where it stood.
    ///
    /// # Errors
    /// Where the driver is not there (any more), the handle is read-only, or Redis cannot do it.
    pub async fn remove(&self, id: &DriverId, actor: &Actor) -> Result<Point, StoreError> {
        self.drive("removed", id, None, actor, None).await?.ok_or_else(odd)
    }

    /// Takes a driver off the map who was set at this place, where it still stands there.
    ///
    /// # Errors
    /// As [`Store::remove`], and where the driver is elsewhere by now.
    pub async fn remove_from(&self, id: &DriverId, place: Point, actor: &Actor) -> Result<Point, StoreError> {
        self.drive("removed", id, None, actor, Some(place)).await?.ok_or_else(odd)
    }

    /// Answers where the driver stood before, if it did.
    async fn drive(
        &self,
        act: &str,
        id: &DriverId,
        to: Option<Point>,
        actor: &Actor,
        expected: Option<Point>,
    ) -> Result<Option<Point>, StoreError> {
        self.switch.check()?;
        let mut call = self.call(&self.scripts.drive);
        call.arg(act).arg(id.as_bytes());
        place_arg(&mut call, to);
        call.arg(actor.as_str());
        place_arg(&mut call, expected);
        self.sign(&mut call);
        let answer: Vec<Vec<u8>> = self.run(&call).await?;
        let text = |i: usize| answer.get(i).and_then(|bytes| str::from_utf8(bytes).ok()).unwrap_or_default();
        let place = |i: usize| Some(Point::clamped(text(i + 1).parse().ok()?, text(i).parse().ok()?));
        match text(0) {
            "done" => {
                self.not_given_away(answer.get(1).map_or(b"", Vec::as_slice));
                Ok(place(2))
            }
            "unknown" => Err(self.absent(id).await),
            "exists" => Err(Refusal::DriverExists(id.clone()).into()),
            "elsewhere" => Err(self.elsewhere(id, place(1).ok_or_else(odd)?, text(3) == "reported").await),
            _ => Err(odd()),
        }
    }

    /// A driver was set on the map, but could not be given to anybody, for this reason; nothing if it is empty. Others are
    /// affected in the same way, so it is counted and shown by `/health`, and not logged at each report.
    fn not_given_away(&self, reason: &[u8]) {
        if !reason.is_empty() {
            let error = self.turned_down("match", &String::from_utf8_lossy(reason));
            tracing::debug!("a driver could not be given away, the sweep will try: {error}");
        }
    }

    /// The driver who is meant by a name that somebody has typed: the one of this very name, or where there is none, the one whose
    /// name holds what is shown like this ([`unescaped`]).
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn meant(&self, name: DriverId) -> Result<DriverId, StoreError> {
        let Some(other) = unescaped(name.as_str()).map(|bytes| DriverId::from_redis(&bytes)) else { return Ok(name) };
        let mut scores = redis::cmd("ZMSCORE");
        scores.arg(&self.keys.drivers).arg(name.as_bytes()).arg(other.as_bytes());
        let there: Vec<Option<f64>> = self.query(&scores).await?;
        Ok(if matches!(there[..], [None, Some(_)]) { other } else { name })
    }

    /// Whether each of these drivers has reported before, or is on the map.
    ///
    /// # Errors
    /// If Redis cannot be read.
    pub async fn are_known(&self, drivers: &[DriverId]) -> Result<Vec<bool>, StoreError> {
        let mut lookups = redis::pipe();
        for key in [&self.keys.seen, &self.keys.drivers] {
            lookups.cmd("ZMSCORE").arg(key);
            for driver in drivers {
                lookups.arg(driver.as_bytes());
            }
        }
        match self.query_all::<[Vec<Option<f64>>; 2]>(&lookups).await {
            Ok([seen, on_map]) => Ok(seen.iter().zip(&on_map).map(|(seen, map)| seen.or(*map).is_some()).collect()),
            // A report repairs the key that another program has overwritten, so it must come through.
            Err(error) if error.is_wrong_type() => Ok(vec![false; drivers.len()]),
            Err(error) => Err(error),
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
        let places: Vec<(Point, usize)> = places.iter().map(|place| (*place, count)).collect();
        self.nearest_to_each(&places, radius).await
    }

    /// The same where each place has a number of its own of how many at most.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn nearest_to_each(
        &self,
        places: &[(Point, usize)],
        radius: Metres,
    ) -> Result<Vec<Vec<Candidate>>, StoreError> {
        let (mut rest, mut answers) = (places, Vec::with_capacity(places.len()));
        while !rest.is_empty() {
            let (those, others) = rest.split_at(at_once(rest));
            rest = others;
            let mut call = self.call(&self.scripts.nearest);
            call.arg(radius.0);
            for (place, count) in those {
                call.arg(place.lng()).arg(place.lat()).arg(*count);
            }
            let answer: Vec<Vec<Near>> = self.run(&call).await?;
            answers.extend(answer.into_iter().map(|near| near.into_iter().map(nearby).collect()));
        }
        Ok(answers)
    }

    /// A page of all drivers in the order of their geohashes: those from `start` on. An empty page is the end.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn drivers(&self, start: usize) -> Result<Vec<Driver>, StoreError> {
        let start = isize::try_from(start).unwrap_or(isize::MAX - PAGE);
        let mut range = redis::cmd("ZRANGE");
        range.arg(&self.keys.drivers).arg(start).arg(start + PAGE - 1).arg("WITHSCORES");
        let members: Vec<Scored> = self.query(&range).await?;
        Ok(members.iter().map(|(id, score)| Driver { id: DriverId::from_redis(id), place: place(*score) }).collect())
    }
}

/// Longitude and latitude, or nothing twice.
fn place_arg(call: &mut Call<'_>, place: Option<Point>) {
    match place {
        Some(place) => call.arg(place.lng()).arg(place.lat()),
        None => call.arg("").arg(""),
    };
}

fn odd() -> StoreError {
    StoreError::Answer("drive.lua".to_owned())
}

/// A member of the GEO set with its score.
pub(super) type Scored = (Vec<u8>, f64);

/// The place that a score stands for.
pub(super) fn place(score: f64) -> Point {
    Cell::from_score(hash(score)).centre()
}

/// How many of these places one script looks around.
fn at_once(places: &[(Point, usize)]) -> usize {
    let mut looked_for = 0;
    let those = places.iter().take_while(|(_, count)| {
        looked_for += count + A_PLACE_COUNTS_FOR;
        looked_for <= LOOKED_FOR_AT_ONCE
    });
    those.count().max(1)
}

/// A driver with its place, as `around.lua` answers.
pub(super) fn candidate((id, distance_m, score, lng, lat): (Vec<u8>, f64, f64, f64, f64)) -> Candidate {
    let driver = Driver { id: DriverId::from_redis(&id), place: Point::clamped(lat, lng) };
    Candidate { driver, distance_m, geohash: hash(score) }
}

fn nearby((id, distance_m, score): Near) -> Candidate {
    Candidate {
        driver: Driver { id: DriverId::from_redis(&id), place: place(score) },
        distance_m,
        geohash: hash(score),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a geohash has 52 bits, a foreign score saturates"
)]
fn hash(score: f64) -> u64 {
    score as u64
}
