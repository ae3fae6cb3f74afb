//! Damaged, foreign and newer records, and keys of another type: shown as what they are, by the real binary. Nothing else is lost by
//! them, and no later version's work is undone.

use std::collections::HashMap;

use crate::common::command::run;
use crate::common::pty::Pty;
use crate::common::service::{Caller, Service};
use crate::common::{LAT, LNG, Redis, actor, id, request, until};
use cabstand::domain::{Record, RequestId};
use cabstand::store::Outcome;
use reqwest::StatusCode;
use serde_json::{Value, json};

/// Each field that a record needs.
const FIELDS: [&str; 8] = ["user_id", "lat", "lng", "radius_m", "created_at", "interval_ms", "attempts", "state"];

/// What stands where a number should.
fn no_numbers() -> Vec<Vec<u8>> {
    let texts = ["", "text?", "NaN", "inf", "-inf", "1e400", "-1e9", "99999999999999999999999", "0x10", " 5", "5 "];
    let mut all: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    all.extend([b"5\0".to_vec(), b"\x1b[2J5".to_vec(), b"\xff\xfe".to_vec(), vec![b'9'; 1 << 20]]);
    all
}

/// Opens requests and spoils each in another way; answers which field of which.
async fn spoil(redis: &mut Redis) -> HashMap<u64, &'static str> {
    let store = redis.store().await;
    let mut ways: Vec<(&'static str, Option<Vec<u8>>)> = FIELDS.iter().map(|field| (*field, None)).collect();
    ways.extend(FIELDS[1..7].iter().flat_map(|field| no_numbers().into_iter().map(|value| (*field, Some(value)))));
    ways.extend([("user_id", Some(Vec::new())), ("user_id", Some(vec![b'x'; 1 << 20]))]);
    ways.extend(["", "Searching", "search\x1b[2J"].map(|word| ("state", Some(word.as_bytes().to_vec()))));
    let mut spoilt = HashMap::new();
    for (field, value) in ways {
        let id = store.open(&request(), &actor("http")).await.unwrap().number();
        let key = format!("cabstand:request:{id}");
        match value {
            Some(value) => redis::cmd("HSET").arg(key).arg(field).arg(value).exec(&mut redis.connection).unwrap(),
            None => redis::cmd("HDEL").arg(key).arg(field).exec(&mut redis.connection).unwrap(),
        }
        spoilt.insert(id, field);
    }
    spoilt
}

fn objects(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"))).collect()
}

#[tokio::test]
async fn every_damage_is_shown_and_none_is_attempted() {
    let mut redis = Redis::start();
    let spoilt = spoil(&mut redis).await;
    let store = redis.store().await;
    redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} d"));
    for (&number, field) in &spoilt {
        let record = store.search(id(number)).await.unwrap().unwrap().record;
        assert!(matches!(&record, Record::Damaged(_)), "{number} {field}: {record:?}");
    }
    let sound = store.open(&request(), &actor("http")).await.unwrap();
    let (code, listed, err) = run(&redis, "requests --json");
    assert_eq!((code, err.as_str()), (0, ""));
    let rows = objects(&listed);
    assert_eq!(rows.len(), spoilt.len() + 1);
    for row in rows {
        match spoilt.get(&row["request_id"].as_u64().unwrap()) {
            // A place is told by its first field.
            Some(field) => assert!(row["damaged"] == **field || (*field == "lng" && row["damaged"] == "lat"), "{row}"),
            None => assert_eq!((&row["damaged"], &row["radius_m"]), (&Value::Null, &json!(5_000.0))),
        }
    }
    let (_, text, _) = run(&redis, "requests");
    assert_eq!(text.matches("damaged record: ").count(), spoilt.len(), "{text}");
    let (code, said, _) = run(&redis, "doctor");
    assert_eq!(code, 1);
    assert!(said.contains(&format!("{} records are damaged", spoilt.len())), "{said}");
    assert!(said.contains("1 (user_id), 2 (lat), 3 (lng)") && said.contains("HGETALL 'cabstand:request:1'"), "{said}");

    // What is shown as damaged is what is not attempted.
    let mut outcomes: HashMap<RequestId, Outcome> = HashMap::new();
    loop {
        let looks = store.attempt_due(&actor("w"), 50).await.unwrap().looks;
        if looks.is_empty() {
            break;
        }
        outcomes.extend(looks.into_iter().map(|look| (look.id, look.outcome)));
    }
    for (&number, field) in &spoilt {
        assert_eq!(outcomes[&id(number)], Outcome::Damaged, "{number} {field}");
    }
    assert!(matches!(outcomes[&sound], Outcome::Ended(_)), "{outcomes:?}");
    let longest: Vec<(String, Vec<Vec<u8>>)> = redis.run("XRANGE cabstand:events - +");
    assert!(longest.iter().flat_map(|(_, fields)| fields).all(|value| value.len() <= 1_024), "no event is made long");
}

#[tokio::test]
async fn the_service_serves_the_others_and_warns_once_of_each() {
    let mut redis = Redis::start();
    let spoilt = spoil(&mut redis).await;
    let service = Service::start(&redis, &["--interval", "1s"]);
    redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} d"));
    let sound = service.caller.search().await;
    redis.wait_for_state(sound, "found");
    service.wait_for_log("has a damaged record", spoilt.len());
    // Another look at all of them.
    redis.run::<()>("GEOADD drivers 0 0 e");
    let second = service.caller.search().await;
    redis.run::<()>(&format!("DEL {second}"));
    redis.wait_for_state(second, "expired");
    for number in spoilt.keys() {
        let warned = format!("request {number} has a damaged record");
        assert_eq!(service.log().matches(&warned).count(), 1, "{number}");
    }
    let shown = service.caller.get("/v2/requests/1").await;
    assert_eq!(shown.status(), StatusCode::OK);
    let shown: Value = shown.json().await.unwrap();
    assert_eq!(shown["unreadable"], "its record is damaged: user_id", "{shown}");
    // Each ends with its key, and is told.
    for (number, key) in [(1, "expired"), (8, "cancelled")] {
        redis.run::<()>(&if key == "expired" { format!("DEL {number}") } else { format!("SET {number} 0 EX 60") });
        redis.wait_for_state(number, key);
    }
}

#[tokio::test]
async fn the_console_shows_damage_beside_the_rest() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    for _ in 0..3 {
        store.open(&request(), &actor("http")).await.unwrap();
    }
    redis.run::<()>("HSET cabstand:request:1 radius_m NaN");
    redis.run::<()>("HSET cabstand:request:2 state paused");
    let mut console = Pty::console(&redis.server.url(), &[]);
    console.wait_for("requestor_3");
    console.wait_for("(damaged)");
    console.wait_for("(newer)");
    console.press("g");
    console.wait_for("its record is damaged (radius_m)");
    console.press("j");
    console.wait_for("into the state \"paused\"");
    console.press("cy");
    console.wait_for("which a newer cabstand has written");
    assert_eq!(redis.run::<String>("GET 2"), "1");
    console.press("q");
    assert_eq!(console.exit_code(), 0);
}

#[tokio::test]
async fn a_newer_record_is_left_to_the_version_that_knows_it() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    for _ in 0..2 {
        store.open(&request(), &actor("http")).await.unwrap();
    }
    redis.run::<()>("HSET cabstand:request:1 state paused resumes_at 5 radius_m far");
    redis.run::<()>("HSET cabstand:request:2 priority 7");
    let before: HashMap<String, String> = redis.run("HGETALL cabstand:request:1");
    let service = Service::start(&redis, &[]);
    service.wait_for_log("request 1 is in the state \"paused\" of a newer cabstand", 1);
    redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} d"));
    redis.wait_for_state(2, "found");
    assert_eq!(redis.field(2, "priority").as_deref(), Some("7"), "what a later version has noted stays");
    for command in ["cancel 1", "expire 1", "extend 1 --by 5s", "retry 1", "widen 1 --to 6km", "assign 1 d"] {
        let (code, out, err) = run(&redis, command);
        assert_eq!((code, out.as_str()), (1, ""), "{command}: {err}");
        assert!(err.contains("request 1 is in the state \"paused\", which a newer cabstand has written"), "{err}");
    }
    // Whatever happens to its key is that version's to settle.
    redis.run::<()>("DEL 1");
    let third = service.caller.search().await;
    redis.run::<()>(&format!("DEL {third}"));
    redis.wait_for_state(third, "expired");
    assert_eq!(redis.run::<HashMap<String, String>>("HGETALL cabstand:request:1"), before);
    for list in ["due", "waiting", "queue", "reach"] {
        assert!(redis.run::<Option<f64>>(&format!("ZSCORE cabstand:{list} 1")).is_some(), "{list}");
    }
    assert_eq!(service.log().matches("request 1 is in the state").count(), 1, "{}", service.log());
    let rows = objects(&run(&redis, "requests --json").1);
    assert_eq!(rows[0]["newer"], "paused", "{rows:?}");
    let (_, said, _) = run(&redis, "doctor");
    assert!(said.contains("1 request is of states that this version does not know: 1 (paused)"), "{said}");
}

#[tokio::test]
async fn a_deadline_beyond_the_calendar_is_borne() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &[]);
    for _ in 0..2 {
        service.caller.search().await;
    }
    redis.run::<()>("PEXPIREAT 1 9467085600000000");
    redis.run::<()>("PEXPIREAT 2 9000000000000000000");
    redis.run::<()>(
        "XADD cabstand:events 9223372036854775807-1 type teleported request_id 1 waited_ms 18446744073709551615",
    );
    let mut console = Pty::console(&redis.server.url(), &[]);
    console.wait_for("requestor_1");
    for command in ["requests", "requests --json", "events", "events --json", "extend 1 --by 5s", "extend 2 --by 5s"] {
        let (code, _, err) = run(&redis, command);
        assert_eq!((code, err.as_str()), (0, ""), "{command}");
    }
    for number in 1..=2 {
        let answer = service.caller.get(&format!("/v2/requests/{number}")).await;
        assert_eq!(answer.status(), StatusCode::OK, "{number}");
    }
    console.press("gj");
    redis.run::<()>("GEOADD drivers 0 0 d");
    console.wait_for("drivers 1");
    console.press("q");
    assert_eq!(console.exit_code(), 0);
}

/// The names of all keys, each with its type.
const KEYS: [(&str, &str); 20] = [
    ("drivers", "zset"),
    ("request_id", "string"),
    ("cabstand:due", "zset"),
    ("cabstand:waiting", "zset"),
    ("cabstand:seen", "zset"),
    ("cabstand:events", "stream"),
    ("cabstand:workers", "zset"),
    ("cabstand:queue", "zset"),
    ("cabstand:reach", "zset"),
    ("cabstand:reach:8192", "zset"),
    ("cabstand:sweep", "hash"),
    ("cabstand:fresh", "zset"),
    ("cabstand:stale", "zset"),
    ("cabstand:ids", "hash"),
    ("cabstand:idempotency", "hash"),
    ("cabstand:idempotency:ends", "zset"),
    ("cabstand:ends", "stream"),
    ("cabstand:delivery", "hash"),
    ("cabstand:outbox", "zset"),
    ("cabstand:webhook:dead", "stream"),
];

/// Puts a key of this type in the place of another one, in one step: a service writes there, too.
fn make(redis: &mut Redis, key: &str, kind: &str) {
    let mut replace = redis::pipe();
    replace.atomic().del(key);
    match kind {
        "string" => replace.set(key, "x"),
        "list" => replace.rpush(key, "x"),
        _ => replace.hset(key, "a", "b"),
    };
    replace.exec(&mut redis.connection).unwrap();
}

#[test]
fn a_read_key_of_another_type_is_named_by_every_command() {
    named_by_every_command(&KEYS[..3]);
}

#[test]
fn an_index_of_another_type_is_named_by_every_command() {
    named_by_every_command(&KEYS[3..8]);
}

#[test]
fn any_other_key_of_another_type_is_named_by_every_command() {
    named_by_every_command(&KEYS[8..]);
}

fn named_by_every_command(keys: &[(&str, &str)]) {
    for &(key, right) in keys {
        // Of those that are read most, more than one.
        let kinds = if matches!(key, "drivers" | "cabstand:events") {
            &["string", "list", "hash"][..]
        } else {
            &["string", "list"]
        };
        let wrong = kinds.iter().copied().filter(|kind| *kind != right);
        for kind in wrong.take(if kinds.len() == 3 { 3 } else { 1 }) {
            let mut redis = Redis::start();
            assert_eq!(run(&redis, "search --at -33.4,-70.6 --user ana").0, 0);
            redis.run::<()>("GEOADD drivers -70.61 -33.41 d1");
            make(&mut redis, key, kind);
            let (code, listed, _) = run(&redis, "requests");
            assert!(listed.contains("ana    searching"), "{key} {kind}: {code} {listed}");
            for command in [
                "drivers",
                "events",
                "search --at -33.4,-70.6",
                "move d1 --to -33.42,-70.62",
                "remove d1",
                "retry 1",
                "extend 1 --by 5s",
                "widen 1 --to 6km",
                "assign 1 d1",
                "cancel 1",
            ] {
                let (code, out, err) = run(&redis, command);
                let said = out + &err;
                assert!(code == 0 || code == 1, "{key} {kind} {command}: {code} {said}");
                assert!(!said.contains("WRONGTYPE") && !said.contains("panicked"), "{key} {kind} {command}: {said}");
                if err.contains(" should be ") {
                    let named = format!("{key} should be ");
                    assert!(code == 1 && err.contains(&named) && err.contains("cabstand doctor"), "{command}: {err}");
                }
            }
            let kind_now: String = redis.run(&format!("TYPE {key}"));
            if kind_now == kind {
                let (code, said, _) = run(&redis, "doctor");
                assert!(code == 1 && said.contains(&format!("{key} should be a ")), "{key} {kind}: {said}");
                assert!(said.contains(&format!("redis-cli RENAME '{key}' '{key}:foreign'")), "{said}");
            }
        }
    }
}

#[tokio::test]
async fn what_the_service_can_mend_it_mends() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &["--interval", "200ms"]);
    service.caller.search().await;
    let lists = ["due", "waiting", "queue", "reach", "fresh", "stale", "seen", "workers", "sweep"];
    for key in lists {
        make(&mut redis, &format!("cabstand:{key}"), "string");
    }
    // A driver who moves brings a look at all who wait.
    redis.run::<()>("GEOADD drivers 1 0 somebody");
    for key in lists {
        until(&format!("{key} to be mended"), || redis.run::<String>(&format!("TYPE cabstand:{key}")) != "string");
    }
    // The schedule alone is filled from the list by age.
    let search = service.caller.search().await;
    until("the search to be listed", || redis.run::<Option<f64>>(&format!("ZSCORE cabstand:queue {search}")).is_some());
    make(&mut redis, "cabstand:due", "string");
    let attempts = |redis: &mut Redis| redis.field(search, "attempts").unwrap().parse::<u64>().unwrap();
    let before = attempts(&mut redis);
    until("the search to be attempted again", || attempts(&mut redis) > before);
    assert!(!service.log().contains("panicked"), "{}", service.log());
}

#[tokio::test]
async fn what_the_service_can_not_mend_it_bears() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &[]);
    let console = Pty::console(&redis.server.url(), &[]);
    let first = service.caller.search().await;
    console.wait_for(&format!("requestor_{first}"));
    redis.run::<()>("GEOADD drivers 1 0 somebody");
    let (body, address) = (json!({"lat": LAT, "lng": LNG}), service.caller.base.trim_start_matches("http://"));
    for (key, needed) in [("drivers", false), ("cabstand:events", true), ("request_id", true)] {
        let kept: Vec<u8> = redis.run(&format!("DUMP {key}"));
        make(&mut redis, key, "list");
        // Of the counter the console learns when it opens a search.
        if key != "request_id" {
            console.wait_for(&format!("{key} should be a "));
        }
        assert!(console.text().contains(&format!("requestor_{first}")), "{key}: who waits is still there");
        // A connection that has lain idle for long may be closed just now.
        let answer = Caller::new(address).post("/v2/search", body.clone()).await;
        if needed {
            let (status, words) = match key {
                "request_id" => (StatusCode::SERVICE_UNAVAILABLE, "SET request_id "),
                _ => (StatusCode::INTERNAL_SERVER_ERROR, "`cabstand doctor` names it"),
            };
            assert_eq!(answer.status(), status, "{key}");
            let told: Value = answer.json().await.unwrap();
            assert!(told["detail"].as_str().unwrap().contains(words), "{told}");
        } else {
            assert_eq!(answer.status(), StatusCode::OK, "{key}");
        }
        assert_eq!(Caller::new(address).get("/metrics").await.status(), StatusCode::OK);
        let restore = redis::cmd("RESTORE").arg(key).arg(0).arg(kept).arg("REPLACE").to_owned();
        restore.exec(&mut redis.connection).unwrap();
        console.wait_until("no more of it", |screen| !screen.contains(" should be "));
        // A connection that has lain idle for long may be closed just now.
        let answer = Caller::new(address).post("/v2/search", body.clone()).await;
        assert_eq!(answer.status(), StatusCode::OK, "{key} is well again");
    }
    // Each task has told of each of the keys once, however often it has tried.
    let log = service.log();
    assert!(log.contains("cabstand:events should be a stream") && !log.contains("panicked"), "{log}");
    assert!(log.matches(" should be ").count() <= 30, "{log}");
}
