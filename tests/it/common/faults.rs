//! A service that goes through a fault of Redis, with its worker, a rider who waits, and a receiver of its webhook: what is asked of
//! it meanwhile, and what must be so afterwards whatever the fault was.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::time::{Duration, Instant};

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::time::{sleep, timeout};

use super::command::run;
use super::doors::problem;
use super::receiver::{Answer, Receiver};
use super::service::Service;
use super::wire::Wire;
use super::{LAT, LNG, PATIENCE, Redis, until_or};

/// No call may hang for so long: a connection and an answer are waited for two seconds each.
const HANGS: Duration = Duration::from_secs(15);

/// Which calls are refused while a fault lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Nothing can be read.
    All,
    /// Reads are answered.
    Changes,
}

pub struct Town {
    pub redis: Redis,
    pub wire: Wire,
    pub service: Service,
    pub receiver: Receiver,
    /// The number of a search that waits, and goes on to wait for minutes.
    pub waiting: u64,
    /// Of one whose time is soon up.
    pub short: u64,
    drivers: usize,
    _secret: NamedTempFile,
}

impl Town {
    /// One whose service reaches Redis over a wire.
    pub async fn start(options: &[&str]) -> Self {
        Self::on(Redis::start_with(options)).await
    }

    pub async fn on(redis: Redis) -> Self {
        let wire = Wire::to(&redis);
        let url = wire.url();
        Self::at(redis, wire, &url).await
    }

    /// One whose service reaches it by its socket, so that it can be started anew in the same place.
    pub async fn without_wire(options: &[&str]) -> Self {
        let redis = Redis::start_with(options);
        let (wire, url) = (Wire::to(&redis), redis.server.url());
        Self::at(redis, wire, &url).await
    }

    async fn at(redis: Redis, wire: Wire, url: &str) -> Self {
        let mut secret = NamedTempFile::new().unwrap();
        writeln!(secret, "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
        let receiver = Receiver::start(|_| Answer::status(204));
        let service = Service::start_at(
            "127.0.0.1:0",
            url,
            &[
                "--webhook",
                &receiver.url(),
                "--webhook-secret-file",
                secret.path().to_str().unwrap(),
                "--webhook-timeout",
                "500ms",
            ],
        );
        let waiting = service.caller.search().await;
        let (code, out, err) = run(&redis, "search --at 10,10 --radius 1m --ttl 2s");
        assert_eq!(code, 0, "{err}");
        let short = out.trim().parse().unwrap();
        Self { redis, wire, service, receiver, waiting, short, drivers: 0, _secret: secret }
    }

    /// Waits until `/health` says what is wrong and what to do in these words, and since when.
    pub async fn is_unwell(&self, wrong: &str, to_do: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let health = call(self.service.caller.get("/health")).await;
            let status = health.status();
            let told: Value = health.json().await.unwrap();
            let detail = told["detail"].as_str().unwrap_or_default();
            // In the moment in which it begins several calls find it out, and only one of them notes since when.
            let since = told["since"].as_i64().filter(|since| *since > 1_600_000_000_000);
            let is_dated = since.is_some() && detail.contains(", for ") && detail.contains(" now: ");
            let is_told = detail.contains(wrong) && detail.contains(to_do) && is_dated;
            if status == StatusCode::SERVICE_UNAVAILABLE && is_told {
                return;
            }
            assert!(Instant::now() < deadline, "/health does not say {wrong:?}, since when and {to_do:?} but {told}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// That these calls are refused, each in bounded time, with the time after which to come again.
    pub async fn refuses(&mut self, refused: Refused) {
        let caller = &self.service.caller;
        // What is done late does no harm to what is looked at afterwards.
        let far = json!({"id": "far", "lat": 40, "lng": 40});
        problem(call(caller.post("/tracking", far)).await, 503).await;
        problem(call(caller.post("/v2/search", json!({"lat": 41, "lng": 41}))).await, 503).await;
        if refused == Refused::All {
            problem(call(caller.post("/v2/cancel", json!({"request_id": 999}))).await, 503).await;
            problem(call(caller.post("/search", json!({"lat": LAT, "lng": LNG}))).await, 503).await;
            problem(call(caller.get(&format!("/v2/requests/{}", self.waiting))).await, 503).await;
        } else {
            let shown: Value = call(caller.get(&format!("/v2/requests/{}", self.waiting))).await.json().await.unwrap();
            assert_eq!(shown["state"], "searching");
        }
        assert!(self.service.is_running());
    }

    /// That it is well again by itself: the search from before goes on and finds a driver, so does a new one, and each end is one
    /// and is told.
    pub async fn recovers(&mut self) {
        self.is_well().await;
        let (waiting, short) = (self.waiting, self.short);
        self.finds(waiting).await;
        let new = self.opens().await;
        self.finds(new).await;
        self.redis.wait_for_state(short, "expired");
        self.every_end_is_one(&BTreeSet::from([short.to_string()]));
        assert!(self.service.is_running());
    }

    /// Waits until `/health` is content.
    pub async fn is_well(&self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let health = call(self.service.caller.get("/health")).await;
            if health.status() == StatusCode::OK {
                return;
            }
            let told = health.text().await.unwrap();
            assert!(Instant::now() < deadline, "it does not get well: {told}\n{}", self.service.log());
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Opens a search where the article's rider stands; one that is refused is asked for again.
    pub async fn opens(&self) -> u64 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = call(self.service.caller.post("/v2/search", json!({"lat": LAT, "lng": LNG}))).await;
            if answer.status() == StatusCode::OK {
                return answer.json::<Value>().await.unwrap()["request_id"].as_u64().unwrap();
            }
            problem(answer, 503).await;
            assert!(Instant::now() < deadline, "no search can be opened\n{}", self.service.log());
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Lets drivers report near the article's rider until this search has found one.
    pub async fn finds(&mut self, id: u64) {
        let deadline = Instant::now() + PATIENCE;
        while self.redis.state(id).as_deref() != Some("found") {
            self.drivers += 1;
            let report = json!({"id": format!("d{}", self.drivers), "lat": LAT, "lng": LNG});
            call(self.service.caller.post("/tracking", report)).await;
            let log = || self.service.log();
            assert!(Instant::now() < deadline, "request {id} finds nobody\n{}", log());
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// That no request has two ends, that none has expired but these, and that all ends are posted.
    pub fn every_end_is_one(&mut self, expired: &BTreeSet<String>) {
        let ends = ends(&mut self.redis);
        let mut of_each: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (_, request, kind) in &ends {
            of_each.entry(request).or_default().push(kind);
        }
        for (request, ends) in of_each {
            let wanted = if expired.contains(request) { "expired" } else { "found" };
            assert_eq!(ends, [wanted], "request {request}");
        }
        let ids: BTreeSet<String> = ends.into_iter().map(|(id, ..)| format!("msg_{id}")).collect();
        let (receiver, service) = (&self.receiver, &self.service);
        let told = || receiver.ids();
        until_or("every end to be posted", || told() == ids, || format!("{ids:?} {:?}\n{}", told(), service.log()));
    }
}

/// The ends in the stream: id, request, kind.
pub fn ends(redis: &mut Redis) -> Vec<(String, String, String)> {
    let events: Vec<(String, BTreeMap<String, String>)> = redis.run("XRANGE cabstand:events - +");
    let end = |(id, mut fields): (String, BTreeMap<String, String>)| {
        let kind = fields.remove("type")?;
        let is_end = ["found", "expired", "cancelled"].contains(&kind.as_str());
        is_end.then(|| Some((id, fields.remove("request_id")?, kind)))?
    };
    events.into_iter().filter_map(end).collect()
}

/// An answer, which must come.
pub async fn call(answer: impl Future<Output = Response>) -> Response {
    timeout(HANGS, answer).await.expect("a call hangs")
}
