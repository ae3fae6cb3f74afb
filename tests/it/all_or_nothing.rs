//! Every script under every right that is missing: what was refused has changed nothing, and every event has its effect.

use std::collections::BTreeMap;
use std::time::Duration;

use cabstand::domain::{Driver, Metres};
use cabstand::store::{Access, Dialect, Rights, Role, Store, StoreError};

use crate::common::{PACE, Redis, actor, driver, id, place, request};

const OPERATIONS: [Operation; 17] = [
    Operation::Cancel(1),
    Operation::Expire(1),
    Operation::Cancel(EXTERNAL),
    Operation::Expire(EXTERNAL),
    Operation::Extend(1),
    Operation::Extend(EXTERNAL),
    Operation::Widen,
    Operation::Retry,
    Operation::Assign,
    Operation::Reopen,
    Operation::Place,
    Operation::Move,
    Operation::Remove,
    Operation::Open,
    Operation::Report,
    Operation::Attempt,
    Operation::KeyIsGone,
];

/// A request of which there is nothing but a key.
const EXTERNAL: u64 = 77;

#[derive(Debug, Clone, Copy)]
enum Operation {
    Cancel(u64),
    Expire(u64),
    Extend(u64),
    /// Widens to where a driver is.
    Widen,
    /// Retries where a driver has come.
    Retry,
    Assign,
    Reopen,
    Place,
    Move,
    Remove,
    Open,
    /// Reports a driver at somebody's door.
    Report,
    /// Attempts what is due where a driver has come.
    Attempt,
    /// Looks at a request whose key an external writer has deleted.
    KeyIsGone,
}

impl Operation {
    /// Whether a refusal leaves everything as it was. The others make several changes that stand by themselves.
    fn is_one_change(self) -> bool {
        !matches!(self, Self::Open | Self::Report | Self::Attempt | Self::KeyIsGone)
    }

    async fn run(self, store: &Store, redis: &mut Redis) -> Result<(), StoreError> {
        let who = actor("ana");
        let at = |name, lat, lng| Driver { id: driver(name), place: place(lat, lng) };
        match self {
            Self::Cancel(number) => store.cancel(id(number), &who).await,
            Self::Expire(number) => store.expire(id(number), &who).await,
            Self::Extend(number) => store.extend(id(number), 60_000, &who).await.map(drop),
            Self::Widen => store.widen(id(1), Metres(9_000.0), &who).await.map(drop),
            Self::Retry => {
                redis.run::<()>("GEOADD drivers 1 1 kilo");
                store.retry(id(1), &who).await.map(drop)
            }
            Self::Assign => store.assign(id(1), &driver("lima"), &who).await.map(drop),
            Self::Reopen => store.reopen(id(3), &who).await.map(drop),
            Self::Place => store.place(&at("mike", 50.0, 50.0), &who).await,
            Self::Move => store.move_driver(&at("lima", 51.0, 51.0), None, &who).await.map(drop),
            Self::Remove => store.remove(&driver("lima"), &who).await.map(drop),
            Self::Open => store.open(&request(), &who).await.map(drop),
            Self::Report => store.report(&[at("mike", 2.0, 2.0)], &who).await,
            Self::Attempt => {
                redis.run::<()>("GEOADD drivers 2 2 kilo");
                store.attempt_due(&who, 10).await.map(drop)
            }
            Self::KeyIsGone => {
                redis.run::<()>("DEL 2");
                store.settle_by_key(&[id(2)], &who).await.map(drop)
            }
        }
    }
}

/// A Redis with a user of the service's role.
struct Site {
    redis: Redis,
    admin: Store,
    member: Store,
}

impl Site {
    async fn start() -> Self {
        let mut redis = Redis::start();
        let rights = Rights::of(Role::Service, None, 0, Dialect::Redis7);
        redis.run::<()>(&rights.line(&"member".parse().unwrap(), Dialect::Redis7, None));
        redis.run::<()>("ACL SETUSER member >secret");
        let address = format!("{}?user=member&pass=secret", redis.server.url()).parse().unwrap();
        let member = Store::connect(address, None, Access::Full).await.unwrap();
        Self { admin: redis.store().await, redis, member }
    }

    /// Two requests that wait, each at a place of its own, one that was cancelled, one that has only a key, and a driver whom
    /// nobody's radius reaches.
    async fn set_up(&mut self) {
        self.redis.run::<()>("FLUSHALL");
        for degrees in 1..=3 {
            let pickup = place(f64::from(degrees), f64::from(degrees));
            let new = cabstand::store::NewRequest { pickup, radius: Metres(1_000.0), ..request() };
            self.admin.open(&new, &actor("http")).await.unwrap();
        }
        self.admin.attempt_due(&actor("worker"), 10).await.unwrap();
        self.admin.cancel(id(3), &actor("http")).await.unwrap();
        self.redis.run::<()>(&format!("SET {EXTERNAL} 1 EX 240"));
        self.redis.run::<()>("GEOADD drivers 1.05 1 lima");
        self.redis.run::<()>("ZADD cabstand:due XX 0 1 0 2");
    }

    /// All that is there but the time to live and what each worker writes.
    fn snapshot(&mut self) -> BTreeMap<String, String> {
        let mut keys: Vec<String> = self.redis.run("KEYS *");
        keys.retain(|key| key != "cabstand:workers");
        let mut all = BTreeMap::new();
        for key in keys {
            let kind: String = self.redis.run(&format!("TYPE {key}"));
            let read = match kind.as_str() {
                "string" => format!("GET {key}"),
                "hash" => format!("HGETALL {key}"),
                "zset" => format!("ZRANGE {key} 0 -1 WITHSCORES"),
                _ => format!("XRANGE {key} - +"),
            };
            let value: redis::Value = self.redis.run(&read);
            let is_mortal = self.redis.run::<i64>(&format!("TTL {key}")) >= 0;
            let mut text = format!("mortal: {is_mortal} {value:?}");
            if kind == "hash" {
                let fields: BTreeMap<String, String> = self.redis.run(&read);
                text = format!("mortal: {is_mortal} {fields:?}");
            }
            all.insert(key, text);
        }
        all
    }

    /// What contradicts the events: each request is in the state of its last event, its key says the same, and each
    /// driver who was found is off the map.
    fn contradictions(&mut self) -> Vec<String> {
        let events: Vec<(String, BTreeMap<String, String>)> = self.redis.run("XRANGE cabstand:events - +");
        let mut wrong = Vec::new();
        let mut last: BTreeMap<u64, (&str, Option<&String>)> = BTreeMap::new();
        for (_, fields) in &events {
            let Some(number) = fields.get("request_id").map(|request| request.parse().unwrap()) else { continue };
            let was = last.get(&number).map_or("searching", |(state, _)| state);
            match fields["type"].as_str() {
                "opened" | "reopened" => drop(last.insert(number, ("searching", None))),
                kind @ ("found" | "expired" | "cancelled") => {
                    if was != "searching" {
                        wrong.push(format!("request {number} ends twice"));
                    }
                    last.insert(number, (kind, fields.get("driver_id")));
                }
                _ => {}
            }
        }
        for (number, (state, driver)) in last {
            wrong.extend(self.contradictions_of(number, state, driver));
        }
        let delivered: Vec<(String, BTreeMap<String, String>)> = self.redis.run("XRANGE cabstand:ends - +");
        let to_deliver = ["found", "expired", "cancelled", "reopened"];
        let expected = events.iter().filter(|(_, fields)| to_deliver.contains(&fields["type"].as_str()));
        if !delivered.iter().map(|(id, _)| id).eq(expected.map(|(id, _)| id)) {
            wrong.push(format!("the stream of ends differs: {delivered:?}"));
        }
        let free: Vec<String> = self.redis.run("ZRANGE drivers 0 -1");
        if free.is_empty() && events.iter().all(|(_, fields)| !["found", "removed"].contains(&fields["type"].as_str()))
        {
            wrong.push("a driver is lost".to_owned());
        }
        wrong
    }

    fn contradictions_of(&mut self, number: u64, state: &str, driver: Option<&String>) -> Option<String> {
        let key: Option<String> = self.redis.run(&format!("GET {number}"));
        let is_so = match state {
            "cancelled" => key.as_deref() == Some("0"),
            // An external writer may have deleted the key of one that searches.
            "searching" => key.as_deref() != Some("0"),
            _ => key.is_none(),
        };
        let (recorded, chosen) = (self.redis.state(number), self.redis.field(number, "driver_id"));
        let is_recorded = number == EXTERNAL || (recorded.as_deref() == Some(state) && chosen.as_ref() == driver);
        let is_free = driver
            .is_some_and(|driver| self.redis.run::<Option<String>>(&format!("ZSCORE drivers {driver}")).is_some());
        (!is_so || !is_recorded || is_free).then(|| {
            format!("request {number} is {state} by its events {driver:?}, but its key is {key:?}, its record {recorded:?} {chosen:?}, and the driver free: {is_free}")
        })
    }
}

#[tokio::test]
async fn what_is_refused_changes_nothing_and_every_event_has_its_effect() {
    let mut site = Site::start().await;
    let Rights { commands, keys, .. } = Rights::of(Role::Service, None, 0, Dialect::Redis7);
    let patterns: Vec<String> = keys.into_iter().map(|right| right.pattern).collect();
    let all_keys = patterns.iter().map(|pattern| format!("~{pattern}")).collect::<Vec<_>>().join(" ");
    let without_command = commands.iter().map(|command| (format!("-{command}"), format!("+{command}")));
    let without_keys = patterns.iter().map(|taken| {
        let kept: Vec<String> = patterns.iter().filter(|&kept| kept != taken).map(|kept| format!("~{kept}")).collect();
        (format!("resetkeys {}", kept.join(" ")), format!("resetkeys {all_keys}"))
    });
    let rights: Vec<(String, String)> = without_command.chain(without_keys).collect();
    let mut faults = Vec::new();
    for operation in OPERATIONS {
        for (n, (taken, given)) in rights.iter().enumerate() {
            site.set_up().await;
            site.redis.run::<()>(&format!("ACL SETUSER member {taken}"));
            let before = site.snapshot();
            let outcome = operation.run(&site.member, &mut site.redis).await;
            site.redis.run::<()>(&format!("ACL SETUSER member {given}"));
            let name = if n < commands.len() { taken.clone() } else { format!("-{}", patterns[n - commands.len()]) };
            let what = format!("{operation:?} {name}");
            faults.extend(site.contradictions().into_iter().map(|fault| format!("{what}: {fault}")));
            if let Err(error) = outcome {
                let mut after = site.snapshot();
                // The one who came was set there by the test.
                if matches!(operation, Operation::Retry) {
                    after.insert("drivers".to_owned(), before["drivers"].clone());
                }
                if operation.is_one_change() && after != before {
                    let changed: Vec<_> = after.iter().filter(|(key, value)| before.get(*key) != Some(value)).collect();
                    let keys: Vec<_> = changed.iter().map(|(key, _)| key).collect();
                    faults.push(format!("{what}: refused ({error}), but changed {keys:?}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[tokio::test]
async fn a_driver_that_can_not_be_reserved_is_given_to_nobody() {
    let mut site = Site::start().await;
    site.set_up().await;
    for _ in 0..3 {
        site.admin.open(&request(), &actor("http")).await.unwrap();
    }
    site.redis.run::<()>("ACL SETUSER member -zrem");
    let at = Driver { id: driver("kilo"), place: request().pickup };
    let _ = site.member.report(&[at], &actor("http")).await;
    for _ in 0..3 {
        site.redis.run::<()>("ZADD cabstand:due XX 0 4 0 5 0 6");
        let _ = site.member.attempt_due(&actor("worker"), 10).await;
    }
    let _ = site.member.sweep(&actor("worker"), Duration::from_micros(1), PACE, 10).await;
    let _ = site.member.assign(id(4), &driver("kilo"), &actor("ana")).await;
    let found = |redis: &mut Redis| (4..=6).filter(|id| redis.state(*id).as_deref() == Some("found")).count();
    assert_eq!(found(&mut site.redis), 0, "the driver is still there for whoever gets it");
    site.redis.run::<()>("ACL SETUSER member +zrem");
    site.redis.run::<()>("ZADD cabstand:due XX 0 4 0 5 0 6");
    site.member.attempt_due(&actor("worker"), 10).await.unwrap();
    assert_eq!(found(&mut site.redis), 1);
    assert_eq!(site.contradictions(), Vec::<String>::new());
}
