//! What there is around a place, for an operator who asks why nobody is found there.

use redis::{FromRedisValue, Value};

use super::drivers::candidate;
use super::{Store, StoreError};
use crate::domain::{Around, Metres, Near, Point, clean};

/// At most so many drivers are told one by one.
const MOST: usize = 100;

/// What `around.lua` answers for one driver: id, metres, geohash, longitude, latitude, when seen, and 1 where it is stale.
type Answer = (Vec<u8>, f64, f64, f64, f64, String, u8);

impl Store {
    /// How many drivers within the radius could be had and how many are stale, each counted up to 100, and the nearest: at most
    /// `count`, the stale among them, also beyond the radius, up to 100 km away.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn around(&self, place: Point, radius: Metres, count: usize) -> Result<Around, StoreError> {
        let mut call = self.call(&self.scripts.around);
        call.arg(place.lng()).arg(place.lat()).arg(radius.0).arg(count.clamp(1, MOST));
        let (free, stale, nearest): (u64, u64, Vec<Value>) = self.run(&call).await?;
        let nearest = nearest.into_iter().take(count).map(near).collect::<Result<_, _>>()?;
        Ok(Around { free, stale, nearest })
    }
}

pub(super) fn near(value: Value) -> Result<Near, StoreError> {
    let odd = |error: redis::ParsingError| StoreError::Answer(clean(error.to_string().as_bytes()));
    let (id, metres, hash, lng, lat, seen, stale) = Answer::from_redis_value(value).map_err(odd)?;
    let seen = seen.parse::<f64>().ok().map(super::server::unix_ms);
    Ok(Near { candidate: candidate((id, metres, hash, lng, lat)), seen, stale: stale == 1 })
}
