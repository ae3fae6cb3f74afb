//! The numbers of requests: never twice in a keyspace's life, and none where the counter cannot be used.

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};

use crate::common::command::run;
use crate::common::doors::{Doors, problem};
use crate::common::pty::Pty;
use crate::common::tls::free_port;
use crate::common::{LAT, LNG, Redis, actor, request, until};
use cabstand::domain::EventKind;
use cabstand::private_redis::program;
use cabstand::store::Store;
use serde_json::json;

/// More than this is never counted to: near 2^53, programs begin to round whole numbers.
const HIGHEST: u64 = 9_000_000_000_000_000;

async fn open(store: &Store) -> u64 {
    store.open(&request(), &actor("http")).await.unwrap().number()
}

async fn open_some(store: &Store, count: usize) -> BTreeSet<u64> {
    let new = vec![request(); count];
    let opened = store.open_all(&new, &actor("http")).await.unwrap();
    opened.into_iter().map(|id| id.unwrap().number()).collect()
}

/// The reasons in the stream for which ids were skipped.
async fn skips(store: &Store) -> Vec<String> {
    let events = store.recent_events(1_000).await.unwrap();
    let skipped = events.into_iter().filter(|event| event.kind == EventKind::parse("skipped"));
    skipped.map(|event| event.reason.unwrap()).collect()
}

/// All keys that opening a request may leave.
fn keys(redis: &mut Redis) -> BTreeSet<String> {
    redis.run::<Vec<String>>("KEYS *").into_iter().collect()
}

/// How often a command was run since `CONFIG RESETSTAT`.
fn calls(redis: &mut Redis, command: &str) -> u64 {
    let stats: String = redis.run("INFO commandstats");
    let line = stats.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
    line.map_or(0, |rest| rest.split(',').next().unwrap().parse().unwrap())
}

#[tokio::test]
async fn a_counter_out_of_range_is_refused_before_anything_is_written() {
    let mut redis = Redis::start();
    let doors = Doors::open(&redis).await;
    let values = ["-5", "-1", "1.5", "007", "many", "9000000000000001", "9007199254740992", "9223372036854775807"];
    for value in values {
        redis.run::<()>(&format!("SET request_id {value}"));
        let told = problem(doors.caller.post("/v2/search", json!({"lat": LAT, "lng": LNG})).await, 503).await;
        let detail = told["detail"].as_str().unwrap();
        assert!(detail.contains(&format!("request_id should be a whole number from 0 to {HIGHEST}")), "{detail}");
        assert!(detail.contains(value) && detail.contains("SET request_id "), "{detail}");
        let (code, _, err) = run(&redis, "search --at -33.4,-70.6");
        assert!(code == 1 && err.contains("SET request_id ") && err.contains(value), "{value}: {err}");
        assert_eq!(keys(&mut redis), BTreeSet::from(["request_id".to_owned()]), "{value}: nothing was written");
        assert_eq!(redis.run::<String>("GET request_id"), value);
    }
    for kind in ["RPUSH request_id x", "HSET request_id a b"] {
        redis.run::<()>("DEL request_id");
        redis.run::<()>(kind);
        let told = problem(doors.caller.post("/v2/search", json!({"lat": LAT, "lng": LNG})).await, 503).await;
        assert!(told["detail"].as_str().unwrap().contains("SET request_id "), "{told}");
        assert_eq!(keys(&mut redis).len(), 1, "{kind}: nothing was written");
    }
    redis.run::<()>("SET request_id 41");
    assert_eq!(doors.caller.search().await, 42);
    // What is to be set is named, since it is known from then on.
    redis.run::<()>("SET request_id -5");
    let told = problem(doors.caller.post("/v2/search", json!({"lat": LAT, "lng": LNG})).await, 503).await;
    assert!(told["detail"].as_str().unwrap().contains("SET request_id 42"), "{told}");
    let (code, out, _) = run(&redis, "doctor");
    assert!(code == 1 && out.contains("request_id should be a whole number"), "{out}");
    redis.run::<()>("SET request_id 42");
    assert_eq!(doors.caller.search().await, 43);
}

#[tokio::test]
async fn the_highest_id_of_all_is_said_to_be_that() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    redis.run::<()>(&format!("SET request_id {HIGHEST}"));
    assert_eq!(open(&store).await, HIGHEST + 1);
    redis.run::<()>("SET request_id 5");
    let refused = store.open(&request(), &actor("http")).await.unwrap_err().to_string();
    assert!(refused.contains(&(HIGHEST + 1).to_string()) && refused.contains("DEL cabstand:ids"), "{refused}");
    redis.run::<()>("DEL cabstand:ids");
    assert_eq!(open(&store).await, 6);
}

#[tokio::test]
async fn many_records_without_a_counter_are_passed_over_in_few_steps() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let fill = "for i = 1, 20000 do redis.call('SET', 'cabstand:request:' .. i, '1') end";
    redis::cmd("EVAL").arg(fill).arg(0).exec(&mut redis.connection).unwrap();
    redis.run::<()>("CONFIG RESETSTAT");
    let id = open(&store).await;
    assert!(id > 20_000, "{id}");
    assert!(calls(&mut redis, "exists") <= 40, "{} tries", calls(&mut redis, "exists"));
    assert!(calls(&mut redis, "incr") <= 1, "{} times counted", calls(&mut redis, "incr"));
    assert_eq!(open(&store).await, id + 1);
    assert_eq!(redis.run::<u64>("GET request_id"), id + 1, "others who count go on from there");
}

#[tokio::test]
async fn where_no_id_is_free_within_the_tries_that_is_said_and_nothing_is_written() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    // Just those that are tried.
    for step in 0..40 {
        redis.run::<()>(&format!("SET {} x", 1_u64 << step));
    }
    let refused = store.open(&request(), &actor("http")).await.unwrap_err().to_string();
    assert!(refused.contains("SET request_id ") && refused.contains("40"), "{refused}");
    assert_eq!(keys(&mut redis).len(), 40, "nothing was written");
    redis.run::<()>("SET request_id 40");
    assert_eq!(open(&store).await, 41);
}

#[tokio::test]
async fn the_first_opening_goes_on_from_the_counter() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    redis.run::<()>("SET request_id 41");
    assert_eq!(open_some(&store, 3).await, [42, 43, 44].into());
    redis.run::<()>("INCR request_id");
    assert_eq!(open(&store).await, 46);
    assert_eq!(skips(&store).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_counter_that_was_deleted_or_set_back_is_raised() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let mut given = open_some(&store, 10).await;
    redis.run::<()>("INCRBY request_id 5");
    given.extend(open_some(&store, 1).await);
    assert_eq!(given.last(), Some(&16));
    // Long ended, and not known any more.
    let forgotten: Vec<String> =
        given.iter().flat_map(|id| [id.to_string(), format!("cabstand:request:{id}")]).collect();
    redis.run::<()>(&format!("DEL {}", forgotten.join(" ")));
    for (n, meddle) in ["DEL request_id", "SET request_id 5", "DECRBY request_id 3"].into_iter().enumerate() {
        redis.run::<()>(meddle);
        let id = open(&store).await;
        assert!(given.insert(id), "{meddle}: {id} was given before");
        assert_eq!(redis.run::<u64>("GET request_id"), id, "{meddle}");
        let told = skips(&store).await;
        assert!(told.len() == n + 1 && told[n].contains("was set back"), "{told:?}");
    }
    assert_eq!(given.last(), Some(&19));
}

#[tokio::test]
async fn ids_do_not_repeat_after_a_failover_to_a_replica_that_lacked_the_last() {
    let ports = [free_port(), free_port()];
    let [mut old, mut new] = ports.map(|port| Redis::start_with(&["--bind", "127.0.0.1", "--port", &port.to_string()]));
    old.run::<()>("CONFIG SET repl-diskless-sync-delay 0");
    new.run::<()>(&format!("REPLICAOF 127.0.0.1 {}", ports[0]));
    let (there, here) = (old.store().await, new.store().await);
    let mut given = open_some(&there, 3).await;
    until("the replica to follow", || new.try_run::<Option<u64>>("GET request_id").is_ok_and(|id| id == Some(3)));
    // It is cut off, and promoted later.
    new.run::<()>("REPLICAOF 127.0.0.1 1");
    given.extend(open_some(&there, 5).await);
    new.run::<()>("REPLICAOF NO ONE");
    for _ in 0..2 {
        let id = open(&here).await;
        assert!(given.insert(id), "{id} was given before");
        assert_eq!(new.run::<u64>("GET request_id"), id, "the article's service goes on from there");
    }
    let told = skips(&here).await;
    assert!(told.len() == 1 && told[0].contains("from 3 "), "it is said once: {told:?}");

    // Who was the primary once and lost what it had given since is another one, though it is the same process.
    old.run::<()>(&format!("REPLICAOF 127.0.0.1 {}", ports[1]));
    let last = given.last().unwrap().to_string();
    until("it to follow", || {
        old.try_run::<Option<String>>("GET request_id").is_ok_and(|id| id.as_ref() == Some(&last))
    });
    old.run::<()>("REPLICAOF NO ONE");
    given.extend(open_some(&here, 5).await);
    let id = open(&there).await;
    assert!(given.insert(id), "{id} was given before");
    let (code, out, _) = run(&old, "events");
    assert!(code == 0 && out.matches("skipped").count() == 2, "{out}");
    let console = Pty::console(&old.server.url(), &[]);
    console.wait_for("request ids skip");
}

#[tokio::test]
async fn one_that_is_demoted_and_promoted_again_has_lost_what_it_gave() {
    let ports = [free_port(), free_port()];
    let [mut one, mut other] =
        ports.map(|port| Redis::start_with(&["--bind", "127.0.0.1", "--port", &port.to_string()]));
    for redis in [&mut one, &mut other] {
        redis.run::<()>("CONFIG SET repl-diskless-sync-delay 0");
    }
    other.run::<()>(&format!("REPLICAOF 127.0.0.1 {}", ports[0]));
    let store = one.store().await;
    let mut given = open_some(&store, 3).await;
    until("the replica to follow", || other.try_run::<Option<u64>>("GET request_id").is_ok_and(|id| id == Some(3)));
    other.run::<()>("REPLICAOF NO ONE");
    given.extend(open_some(&store, 5).await);
    // The other one is the primary for a while, in which nothing is opened.
    one.run::<()>(&format!("REPLICAOF 127.0.0.1 {}", ports[1]));
    until("it to follow", || one.try_run::<Option<u64>>("GET request_id").is_ok_and(|id| id == Some(3)));
    one.run::<()>("REPLICAOF NO ONE");
    let id = open(&store).await;
    assert!(given.insert(id), "{id} was given before");
}

/// A server in the place of one that was killed, with what that one had saved; it saves nothing itself.
struct FromDump(Child);

impl FromDump {
    fn in_place_of(redis: &mut Redis) -> Self {
        let mut command = Command::new(program().unwrap());
        command.args(["--port", "0", "--save", "", "--dir"]).arg(redis.server.directory());
        let child = command.arg("--unixsocket").arg(redis.server.socket()).stdout(Stdio::null()).spawn().unwrap();
        until("Redis to be back", || redis.reconnects() && redis.try_run::<String>("PING").is_ok());
        Self(child)
    }
}

impl Drop for FromDump {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn ids_do_not_repeat_after_restarts_that_lost_the_same_writes() {
    let mut redis = Redis::start();
    let mut given = open_some(&redis.store().await, 3).await;
    redis.run::<()>("SAVE");
    given.extend(open_some(&redis.store().await, 5).await);
    redis.kill();
    // Each of them comes back with the first three alone: no one knows what another has given.
    for round in 0..3 {
        let _server = FromDump::in_place_of(&mut redis);
        assert_eq!(redis.run::<u64>("GET request_id"), 3);
        for id in open_some(&redis.store().await, 200).await {
            assert!(given.insert(id), "{id} was given before round {round}");
        }
        redis.kill();
        until("it to be gone", || !redis.reconnects());
    }
}

#[tokio::test]
async fn what_another_program_has_put_in_the_place_of_our_note_is_thrown_away() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let mut given = open_some(&store, 3).await;
    for spoilt in ["SET cabstand:ids x", "HSET cabstand:ids highest x", "HSET cabstand:ids at x server x"] {
        if spoilt.starts_with("SET") {
            redis.run::<()>("DEL cabstand:ids");
        }
        redis.run::<()>(spoilt);
        let id = open(&store).await;
        assert!(given.insert(id) && id > 1_000_000, "{spoilt}: {id}");
        assert_eq!(open(&store).await, id + 1);
        given.insert(id + 1);
    }
}
