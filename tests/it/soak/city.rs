//! The city: drivers who report, riders who ask, and what becomes of these: found, expired, cancelled, and ended by foreign hands.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use cabstand::http_client;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Plan;
use crate::common::{LAT, LNG, PATIENCE};

/// So many drivers there are.
const DRIVERS: usize = 300;
/// Degrees north of the city, where no driver is near.
const FAR: f64 = 2.0;
/// Reports go out so often.
const BEAT: Duration = Duration::from_millis(100);

/// What was done, and how often it was refused or lost.
#[derive(Debug, Default)]
pub struct Tally {
    opened: AtomicU64,
    reports: AtomicU64,
    listened: AtomicU64,
    failed: AtomicU64,
}

pub struct City {
    stop: CancellationToken,
    running: JoinHandle<()>,
    tally: Arc<Tally>,
}

/// One who calls the service.
#[derive(Clone)]
struct Phone {
    client: Client,
    base: String,
    redis: String,
    tally: Arc<Tally>,
}

impl City {
    /// Lets it live, as the plan says, until it is stopped.
    pub fn start(plan: &Plan, base: &str, redis: String) -> Self {
        let (stop, tally) = (CancellationToken::new(), Arc::<Tally>::default());
        let client = http_client::plain().timeout(PATIENCE).pool_max_idle_per_host(4).build().unwrap();
        let phone = Phone { client, base: base.to_owned(), redis, tally: Arc::clone(&tally) };
        let (end, searches, reports) = (stop.clone(), plan.searches, plan.reports);
        let running = thread::spawn(move || live(&phone, searches, reports, &end));
        Self { stop, running, tally }
    }

    /// Waits until all calls are over.
    pub fn stop(self) -> Arc<Tally> {
        self.stop.cancel();
        self.running.join().unwrap();
        self.tally
    }
}

#[tokio::main(flavor = "current_thread")]
async fn live(phone: &Phone, searches: f64, reports: usize, stop: &CancellationToken) {
    let calls = TaskTracker::new();
    let (mut asking, mut reporting) = (interval(Duration::from_secs_f64(1.0 / searches)), interval(BEAT));
    for beat in [&mut asking, &mut reporting] {
        beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
    }
    let (mut random, mut asked, mut reported) = (StdRng::seed_from_u64(6), 0, 0);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = asking.tick() => {
                asked += 1;
                calls.spawn(phone.clone().ask(asked, random.random_range(-0.02..0.02)));
            }
            _ = reporting.tick() => {
                let many = reports / 10;
                let names = (reported..reported + many).map(|n| n % DRIVERS);
                let mut at = |middle: f64| middle + random.random_range(-0.02..0.02);
                let all: Vec<Value> = names.map(|n| json!({"id": n.to_string(), "lat": at(LAT), "lng": at(LNG)})).collect();
                reported += many;
                calls.spawn(phone.clone().report(json!(all), many as u64));
            }
        }
    }
    calls.close();
    calls.wait().await;
}

impl Phone {
    async fn report(self, all: Value, many: u64) {
        match self.post("/tracking", &all).await {
            Some(_) => self.tally.reports.fetch_add(many, Ordering::Relaxed),
            None => self.tally.failed.fetch_add(1, Ordering::Relaxed),
        };
    }

    /// Asks for a driver. Of ten, six can find one, two wait in vain, one is cancelled by the rider, and one ends by a foreign hand.
    async fn ask(self, n: u64, aside: f64) {
        let lat = if n % 10 < 6 { LAT + aside } else { LAT + FAR + aside };
        let opened = self.post("/v2/search", &json!({"lat": lat, "lng": LNG + aside})).await;
        let Some(id) = opened.and_then(|answer| answer["request_id"].as_u64()) else {
            self.tally.failed.fetch_add(1, Ordering::Relaxed);
            return;
        };
        self.tally.opened.fetch_add(1, Ordering::Relaxed);
        match n % 10 {
            0 | 7 => self.listen(id).await,
            8 => {
                sleep(Duration::from_millis(400)).await;
                self.post("/v2/cancel", &json!({"request_id": id})).await;
            }
            9 => {
                sleep(Duration::from_millis(400)).await;
                let _ = self.foreign_hand(id, n % 20 == 9).await;
            }
            _ => {}
        }
    }

    /// Listens for the end, as long as the service tells anything.
    async fn listen(&self, id: u64) {
        let heard = async {
            let answer = self.client.get(format!("{}/v2/requests/{id}/events", self.base)).send().await.ok()?;
            answer.text().await.ok()
        };
        let is_end = |told: &str| ["found", "expired"].iter().any(|end| told.contains(&format!("event: {end}")));
        if timeout(PATIENCE, heard).await.ok().flatten().is_some_and(|told| is_end(&told)) {
            self.tally.listened.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Does with the key what the article's own service, or somebody at `redis-cli`, might.
    async fn foreign_hand(&self, id: u64, cancels: bool) -> redis::RedisResult<()> {
        let client = redis::Client::open(self.redis.as_str())?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        let mut command = if cancels { redis::cmd("SET") } else { redis::cmd("PEXPIRE") };
        command.arg(id).arg(i32::from(!cancels));
        if cancels {
            command.arg("PX").arg(500).arg("XX");
        }
        command.exec_async(&mut connection).await
    }

    async fn post(&self, path: &str, body: &Value) -> Option<Value> {
        let answer = self.client.post(format!("{}{path}", self.base)).json(body).send().await.ok()?;
        if !answer.status().is_success() {
            return None;
        }
        let text = answer.text().await.ok()?;
        Some(serde_json::from_str(&text).unwrap_or(Value::Null))
    }
}

/// Opens one search far from all drivers, in this rider's name.
pub fn open_one(base: &str, rider: &str) -> u64 {
    let body = json!({"lat": LAT + FAR, "lng": LNG, "user_id": rider});
    let answer =
        blocking(async |client| client.post(format!("{base}/v2/search")).json(&body).send().await?.text().await);
    serde_json::from_str::<Value>(&answer.unwrap()).unwrap()["request_id"].as_u64().unwrap()
}

/// What the service tells of itself under this name.
pub fn metric(base: &str, name: &str) -> Option<u64> {
    let page = blocking(async |client| client.get(format!("{base}/metrics")).send().await?.text().await).ok()?;
    page.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

#[tokio::main(flavor = "current_thread")]
async fn blocking<T>(call: impl AsyncFnOnce(Client) -> T) -> T {
    call(http_client::plain().timeout(PATIENCE).build().unwrap()).await
}
