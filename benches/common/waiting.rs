//! Very many who wait, opened by the store itself, so that they are always what `open.lua` writes.

use std::time::Duration;

use cabstand::domain::{Actor, Metres, Point};
use cabstand::store::{NewRequest, Store, Terms};
use futures_util::{StreamExt, stream};

use super::redis::Redis;

/// So many are opened at once.
const AT_ONCE: usize = 128;
/// So many are changed in one round trip.
const CHUNK: usize = 1_000;

/// A request there, with a driver within this radius, that lives for an hour and is attempted every half minute.
pub fn request(pickup: Point, radius_m: f64) -> NewRequest {
    NewRequest {
        user_id: None,
        pickup,
        radius: Metres(radius_m),
        ttl: Duration::from_hours(1),
        interval: Duration::from_secs(30),
        terms: Terms::default(),
    }
}

/// Opens a request at each of these places.
pub async fn open(store: &Store, places: impl Iterator<Item = Point>, radius_m: f64) {
    let actor = Actor::new("bench");
    let opened = stream::iter(places).map(|place| {
        let (store, actor) = (store.clone(), actor.clone());
        async move { store.open(&request(place, radius_m), &actor).await.unwrap() }
    });
    opened.buffer_unordered(AT_ONCE).for_each(|_| async {}).await;
}

impl Redis {
    /// Lets all who wait have been attempted once already, and spreads their next attempts evenly over `span` from now on: as
    /// a city is that has been at it for a while.
    pub fn spread_attempts(&mut self, span: Duration) {
        let waiting: Vec<String> = self.run("ZRANGE cabstand:due 0 -1");
        let (seconds, micros): (f64, f64) = self.run("TIME");
        let (now, step) = ((seconds * 1e3 + micros / 1e3).floor(), span.as_secs_f64() * 1e3 / waiting.len() as f64);
        for (chunk, ids) in waiting.chunks(CHUNK).enumerate() {
            let mut pipe = redis::pipe();
            for (number, id) in ids.iter().enumerate() {
                let due = now + (step * (chunk * CHUNK + number) as f64).floor();
                pipe.cmd("HSET").arg(format!("cabstand:request:{id}")).arg("attempts").arg(1);
                pipe.cmd("ZADD").arg("cabstand:due").arg("XX").arg(due).arg(id);
            }
            pipe.exec(&mut self.connection).unwrap();
        }
    }
}
