//! Those who act: drivers, riders, and now and then an operator or a foreign hand in their place.

use std::sync::Arc;
use std::time::Duration;

use cabstand::domain::{Driver, Metres, RequestId, UnixMs};
use cabstand::store::{NewRequest, Store};
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::common::{LAT, LNG, actor, driver, id, place, request};
use crate::history::TTL;
use crate::history::ledger::{Between, Ledger};
use crate::history::services::Services;

/// With this begins the name of a driver who reports over HTTP and does nothing else.
pub const PHONE: &str = "phone";

pub struct World {
    pub store: Store,
    pub services: Arc<Services>,
    pub ledger: Ledger,
}

/// Within a city in which some are in reach of each other and some are not.
fn somewhere(random: &mut StdRng) -> (f64, f64) {
    (LAT + random.random_range(-0.12..0.12), LNG + random.random_range(-0.12..0.12))
}

/// So far outside that only few riders are in reach: a driver there often waits for long.
fn on_the_outskirts(random: &mut StdRng) -> (f64, f64) {
    (LAT + 0.155, LNG + random.random_range(-0.12..0.12))
}

async fn pause(random: &mut StdRng, most_ms: u64) {
    sleep(Duration::from_millis(random.random_range(0..most_ms))).await;
}

impl World {
    /// Redis' time. On a machine that is busy with other things an answer can come too late.
    async fn now(&self) -> UnixMs {
        loop {
            match self.store.now().await {
                Ok(now) => return now,
                Err(error) => assert!(error.is_away(), "{error}"),
            }
        }
    }

    /// A command as `redis-cli` would send it.
    async fn foreign(&self, connection: &mut redis::aio::MultiplexedConnection, words: &str) {
        let mut words = words.split(' ');
        let mut command = redis::cmd(words.next().unwrap());
        command.arg(words.collect::<Vec<_>>()).exec_async(connection).await.unwrap();
    }

    async fn connection(&self) -> redis::aio::MultiplexedConnection {
        let client = redis::Client::open(self.services.url()).unwrap();
        client.get_multiplexed_async_connection().await.unwrap()
    }

    async fn post(&self, path: &str, body: &Value, random: &mut StdRng) -> Option<Value> {
        let base = self.services.any(random)?;
        // A service may be killed while it answers. Then nobody knows what came of it.
        let response = self.services.client.post(format!("{base}{path}")).json(body).send().await.ok()?;
        let status = response.status();
        assert!(status != 500 && status != 422 && status != 400, "{path} {body}: {status}");
        response.json().await.ok()
    }

    pub async fn be_a_driver(self: Arc<Self>, n: u64, mut random: StdRng, stop: CancellationToken) {
        let (name, operator) = (format!("d{n}"), actor("ana@desk"));
        let mut connection = self.connection().await;
        while !stop.is_cancelled() {
            let (lat, lng) = somewhere(&mut random);
            let this = Driver { id: driver(&name), place: place(lat, lng) };
            let begun = self.now().await;
            let is_available = match random.random_range(0..100) {
                0..75 => {
                    self.post("/tracking", &json!({"id": name, "lat": lat, "lng": lng}), &mut random).await;
                    true
                }
                75..85 => {
                    self.foreign(&mut connection, &format!("GEOADD drivers {lng} {lat} {name}")).await;
                    true
                }
                85..90 => self.store.place(&this, &operator).await.map_or_else(|error| error.may_be_done(), |()| true),
                90..94 => {
                    let _ = self.store.move_driver(&this, None, &operator).await;
                    false
                }
                94..97 => {
                    let _ = self.store.remove(&this.id, &operator).await;
                    false
                }
                _ => {
                    self.foreign(&mut connection, &format!("ZREM drivers {name}")).await;
                    false
                }
            };
            if is_available {
                self.ledger.note_available(&name, Between { begun, done: self.now().await });
            }
            pause(&mut random, 700).await;
        }
    }

    /// Reports over HTTP alone, and falls silent now and then, for as long as makes it stale or forgotten.
    pub async fn be_a_phone(self: Arc<Self>, n: u64, mut random: StdRng, stop: CancellationToken) {
        let name = format!("{PHONE}{n}");
        while !stop.is_cancelled() {
            let (lat, lng) = on_the_outskirts(&mut random);
            let begun = self.now().await;
            self.post("/tracking", &json!({"id": name, "lat": lat, "lng": lng}), &mut random).await;
            self.ledger.note_available(&name, Between { begun, done: self.now().await });
            let most_ms = if random.random_bool(0.5) { 10_000 } else { 700 };
            tokio::select! {
                () = pause(&mut random, most_ms) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    pub async fn be_a_rider(self: Arc<Self>, n: u64, mut random: StdRng, stop: CancellationToken) {
        let mut connection = self.connection().await;
        let mut trip = 0;
        while !stop.is_cancelled() {
            trip += 1;
            if let Some(number) = self.open(&format!("r{n}-{trip}"), &mut random).await {
                self.ledger.note_opened(number);
                self.live_with(number, &mut connection, &mut random).await;
            }
            pause(&mut random, 60).await;
        }
    }

    async fn open(&self, user: &str, random: &mut StdRng) -> Option<u64> {
        let (lat, lng) = somewhere(random);
        if random.random_bool(0.9) {
            let answer = self.post("/v2/search", &json!({"lat": lat, "lng": lng, "user_id": user}), random).await?;
            return answer["request_id"].as_u64();
        }
        let interval = Duration::from_millis(150);
        let new = NewRequest { user_id: user.parse().ok(), pickup: place(lat, lng), ttl: TTL, interval, ..request() };
        // One of which nobody knows whether it was opened is left to itself.
        self.store.open(&new, &actor("ana@desk")).await.ok().map(RequestId::number)
    }

    /// What may be done to a request while it waits, and by whom.
    async fn live_with(&self, number: u64, connection: &mut redis::aio::MultiplexedConnection, random: &mut StdRng) {
        let operator = actor("ana@desk");
        pause(random, 300).await;
        match random.random_range(0..100) {
            0..20 => {
                self.post("/v2/cancel", &json!({"request_id": number}), random).await;
            }
            20..25 => {
                let _ = self.store.cancel(id(number), &operator).await;
            }
            25..30 => {
                self.ledger.note_meddled(number);
                let _ = self.store.expire(id(number), &operator).await;
            }
            // What a foreign hand writes after the end has no hold on anything any more.
            30..36 => self.foreign(connection, &format!("SET {number} 0 XX EX 60")).await,
            36..42 => {
                self.ledger.note_meddled(number);
                let late = random.random_range(1..400);
                let command = ["DEL", "PEXPIRE"][random.random_range(0..2)];
                let words = if command == "DEL" { format!("DEL {number}") } else { format!("PEXPIRE {number} {late}") };
                self.foreign(connection, &words).await;
            }
            42..46 => self.foreign(connection, &format!("PEXPIRE {number} 3000")).await,
            46..66 => self.help(number, random).await,
            _ => {}
        }
    }

    /// An operator helps a request that waits, once or several times. Whether it does any good is another question.
    async fn help(&self, number: u64, random: &mut StdRng) {
        let (store, id, operator) = (&self.store, id(number), actor("ben@desk"));
        for _ in 0..random.random_range(1..4) {
            match random.random_range(0..5) {
                0 => drop(store.extend(id, random.random_range(1..1_000), &operator).await),
                1 => {
                    self.ledger.note_meddled(number);
                    drop(store.extend(id, random.random_range(-1_000..0), &operator).await);
                }
                2 => drop(store.widen(id, Metres(random.random_range(1_000.0..12_000.0)), &operator).await),
                3 => drop(store.retry(id, &operator).await),
                _ => {
                    // Silent ones too, and such as are taken by the time that the operator has chosen.
                    let (lat, lng) = somewhere(random);
                    let Ok(around) = store.around(place(lat, lng), Metres(5_000.0), 3).await else { continue };
                    pause(random, 50).await;
                    for near in around.nearest {
                        drop(store.assign(id, &near.candidate.driver.id, &operator).await);
                    }
                }
            }
            pause(random, 150).await;
        }
    }
}
