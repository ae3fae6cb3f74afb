//! Every right of the `service` role is taken away once while requests wait, and given back: each request ends once and as it
//! should, each driver has one rider, and `/health` says meanwhile what is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::time::{Duration, Instant};

use cabstand::store::{Dialect, Rights, Role};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::time::sleep;

use crate::common::faults::ends;
use crate::common::receiver::{Answer, Receiver};
use crate::common::roles::Member;
use crate::common::service::Service;
use crate::common::{PATIENCE, Redis, until_or};

/// How many tests share the walk, so that they can run beside one another.
const PARTS: usize = 6;

/// What no write needs, or what can't be looked at from inside a transaction.
const NOT_SHOWN: [&str; 5] = ["discard", "eval_ro", "evalsha_ro", "subscribe", "psubscribe"];

/// A right that can be taken away.
#[derive(Debug, Clone)]
enum Right {
    Command(&'static str),
    Keys(String),
}

impl Right {
    fn all() -> Vec<Self> {
        let Rights { commands, keys, .. } = Rights::of(Role::Service, None, 0, Dialect::Redis7);
        let commands = commands.into_iter().map(Self::Command);
        commands.chain(keys.into_iter().map(|right| Self::Keys(right.pattern))).collect()
    }

    fn name(&self) -> String {
        match self {
            Self::Command(command) => format!("+{command}"),
            Self::Keys(pattern) => format!("~{pattern}"),
        }
    }

    fn is_shown(&self) -> bool {
        !matches!(self, Self::Command(command) if NOT_SHOWN.contains(command))
    }
}

/// A service under the rights of its role, and what is expected of its requests.
struct Walk {
    redis: Redis,
    service: Service,
    /// To whom ends are posted.
    receiver: Receiver,
    _secret: NamedTempFile,
    /// How each request has to end, and with which driver.
    expected: BTreeMap<u64, (&'static str, Option<String>)>,
    steps: u32,
}

impl Walk {
    fn start() -> Self {
        let mut redis = Redis::start();
        let member = Member::of(&mut redis, "service");
        let login = member.login();
        let mut secret = NamedTempFile::new().unwrap();
        writeln!(secret, "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
        let receiver = Receiver::start(|_| Answer::status(204));
        let (posts, file) = (receiver.url(), secret.path().to_str().unwrap().to_owned());
        let mut options: Vec<&str> = login.iter().map(String::as_str).collect();
        options.extend([
            "--interval",
            "100ms",
            "--radius",
            "300m",
            "--webhook",
            &posts,
            "--webhook-secret-file",
            &file,
        ]);
        let service = Service::start(&redis, &options);
        Self { redis, service, receiver, _secret: secret, expected: BTreeMap::new(), steps: 0 }
    }

    async fn take_and_give_back(&mut self, right: &Right) {
        self.steps += 1;
        let name = right.name();
        let (far, near, gone, cancelled) =
            (self.search(0).await, self.search(1).await, self.search(2).await, self.search(3).await);
        self.take(right);
        // Drivers come to the doors of two, one by our own service and one by an external writer; two are ended by their keys.
        let (own, external) = (format!("own{}", self.steps), format!("external{}", self.steps));
        let (lat, lng) = self.place(0);
        self.redis.run::<()>(&format!("GEOADD drivers {lng} {lat} {external}"));
        let report = self.report(1, &own);
        let answer = self.service.caller.post("/tracking", report.clone()).await.status();
        let is_answered = answer.is_success() || answer.is_server_error();
        assert!(is_answered, "{name}: {answer}");
        self.redis.run::<()>(&format!("DEL {gone}"));
        self.redis.run::<()>(&format!("SET {cancelled} 0 EX 60"));
        self.is_shown_by_health(right).await;
        self.give_back();

        // A driver reports again and again; one that was taken already would come back by that.
        if !answer.is_success() && self.redis.state(near).as_deref() == Some("searching") {
            self.takes_report(&report).await;
        }
        for (id, state) in [(far, "found"), (near, "found"), (gone, "expired"), (cancelled, "cancelled")] {
            let Self { redis, service, .. } = &mut *self;
            let seen = || format!("{name}\n{}", service.log());
            until_or(&format!("request {id} to be {state}"), || redis.state(id).as_deref() == Some(state), seen);
        }
        self.expected.insert(far, ("found", Some(external)));
        self.expected.insert(near, ("found", Some(own)));
        self.expected.insert(gone, ("expired", None));
        self.expected.insert(cancelled, ("cancelled", None));
        self.is_well(&name).await;
    }

    /// Where the request of this number within a step stands, far from all others.
    fn place(&self, number: u32) -> (f64, f64) {
        (f64::from(number) * 10.0 - 20.0, f64::from(self.steps) - 60.0)
    }

    fn report(&self, number: u32, driver: &str) -> Value {
        let (lat, lng) = self.place(number);
        json!({"id": driver, "lat": lat, "lng": lng})
    }

    /// Opens a request that has been attempted.
    async fn search(&mut self, number: u32) -> u64 {
        let (lat, lng) = self.place(number);
        let answer = self.service.caller.post("/v2/search", json!({"lat": lat, "lng": lng})).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let id = answer.json::<Value>().await.unwrap()["request_id"].as_u64().unwrap();
        let (redis, service) = (&mut self.redis, &self.service);
        let attempted = || redis.field(id, "attempts").is_some_and(|attempts| attempts != "0");
        until_or(&format!("request {id} to be attempted"), attempted, || service.log());
        id
    }

    fn take(&mut self, right: &Right) {
        match right {
            Right::Command(command) => self.redis.run::<()>(&format!("ACL SETUSER cabstand-service -{command}")),
            Right::Keys(taken) => self.set_keys(Some(taken)),
        }
    }

    fn give_back(&mut self) {
        for command in Rights::of(Role::Service, None, 0, Dialect::Redis7).commands {
            self.redis.run::<()>(&format!("ACL SETUSER cabstand-service +{command}"));
        }
        self.set_keys(None);
    }

    fn set_keys(&mut self, without: Option<&str>) {
        let keys = Rights::of(Role::Service, None, 0, Dialect::Redis7).keys.into_iter();
        let kept = keys.filter(|right| Some(right.pattern.as_str()) != without);
        let words: Vec<String> = kept.map(|right| format!("~{}", right.pattern)).collect();
        self.redis.run::<()>(&format!("ACL SETUSER cabstand-service resetkeys {}", words.join(" ")));
    }

    async fn is_shown_by_health(&mut self, right: &Right) {
        let (name, deadline) = (right.name(), Instant::now() + PATIENCE);
        let word = name.trim_start_matches(['+', '~']).split('|').next().unwrap().to_owned();
        while right.is_shown() {
            let health = self.service.caller.get("/health").await;
            let (status, told) = (health.status(), health.text().await.unwrap());
            if status == StatusCode::SERVICE_UNAVAILABLE && told.contains(&word) {
                return;
            }
            assert!(Instant::now() < deadline, "/health does not say that {name} is missing: {status} {told}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn is_well(&mut self, name: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let health = self.service.caller.get("/health").await;
            if health.status() == StatusCode::OK {
                return;
            }
            let told = health.text().await.unwrap();
            assert!(Instant::now() < deadline, "{name} was given back: {told}\n{}", self.service.log());
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn takes_report(&mut self, report: &Value) {
        let deadline = Instant::now() + PATIENCE;
        while !self.service.caller.post("/tracking", report.clone()).await.status().is_success() {
            assert!(Instant::now() < deadline, "no report is taken\n{}", self.service.log());
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// What has to be so at the end of the walk.
    fn is_whole(&mut self) {
        let mut kinds: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        for (_, request, kind) in ends(&mut self.redis) {
            kinds.entry(request.parse().unwrap()).or_default().push(kind);
        }
        let mut drivers = BTreeSet::new();
        for (id, (state, driver)) in &self.expected {
            assert_eq!(kinds[id], [*state], "request {id} ends once");
            assert_eq!(self.redis.field(*id, "driver_id"), *driver, "request {id}");
            assert!(
                self.redis.run::<i64>(&format!("TTL cabstand:request:{id}")) > 0,
                "request {id} is forgotten some day"
            );
            let key: Option<String> = self.redis.run(&format!("GET {id}"));
            assert_eq!(key.as_deref(), (*state == "cancelled").then_some("0"), "the key of request {id}");
            assert!(driver.as_ref().is_none_or(|driver| drivers.insert(driver.clone())), "{driver:?} has one rider");
        }
        for list in ["due", "waiting", "queue", "reach"] {
            assert_eq!(self.redis.run::<u64>(&format!("EXISTS cabstand:{list}")), 0, "nobody is left on {list}");
        }
        assert_eq!(self.redis.run::<u64>("ZCARD drivers"), 0, "every driver has a rider");
        let told: BTreeSet<String> = ends(&mut self.redis).into_iter().map(|(id, ..)| format!("msg_{id}")).collect();
        let (receiver, service) = (&self.receiver, &self.service);
        let seen = || format!("{:?}\n{}", told.difference(&receiver.ids()).collect::<Vec<_>>(), service.log());
        until_or("every end to be posted", || receiver.ids() == told, seen);
        let lost: Vec<String> = self.redis.run("HKEYS cabstand:delivery");
        assert!(lost.iter().all(|name| !name.starts_with("lost_")), "{lost:?}");
    }
}

/// A part of the walk, every `PARTS`-th right.
async fn walk(part: usize) {
    let mut walk = Walk::start();
    for right in Right::all().iter().skip(part).step_by(PARTS) {
        walk.take_and_give_back(right).await;
    }
    let redis = &mut walk.redis;
    until_or("the lists to be empty", || redis.run::<u64>("ZCARD cabstand:due") == 0, String::new);
    walk.is_whole();
}

#[tokio::test(flavor = "multi_thread")]
async fn part_1_loses_nothing() {
    walk(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn part_2_loses_nothing() {
    walk(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn part_3_loses_nothing() {
    walk(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn part_4_loses_nothing() {
    walk(3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn part_5_loses_nothing() {
    walk(4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn part_6_loses_nothing() {
    walk(5).await;
}
