//! Each role with the rights that `cabstand acl` prints for it, and with nothing else: what it is for works, and the rest does not.

use crate::common::pty::Pty;
use crate::common::receiver::{Answer, Receiver};
use crate::common::roles::{Member, refused};
use crate::common::service::Service;
use crate::common::{LAT, LNG, Redis, actor, request, until, until_or};
use redis::Value;
use serde_json::json;
use tempfile::NamedTempFile;

/// A Redis that tells of changes, as its administrator has set it up.
fn start() -> Redis {
    Redis::start_with(&["--notify-keyspace-events", "K$zhgx"])
}

fn set(redis: &mut Redis, name: &str, km: f64) {
    redis.run::<()>(&format!("GEOADD drivers {LNG} {} {name}", LAT + km * 0.008_993));
}

fn console(member: &Member, redis: &Redis, more: &[&str]) -> Pty {
    let login = member.login();
    let options: Vec<&str> = login.iter().map(String::as_str).chain(more.iter().copied()).collect();
    Pty::console(&redis.server.url(), &options)
}

/// All that is in this Redis, as it is written down.
fn all(redis: &mut Redis) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut keys: Vec<Vec<u8>> = redis.run("KEYS *");
    keys.sort();
    let mut dump = |key: Vec<u8>| {
        let bytes: Vec<u8> = redis::cmd("DUMP").arg(&key).query(&mut redis.connection).unwrap();
        (key, bytes)
    };
    keys.drain(..).map(&mut dump).collect()
}

/// Requests and drivers for somebody to look at.
async fn town(redis: &mut Redis) {
    set(redis, "kilo", 1.0);
    let store = redis.store().await;
    for _ in 0..3 {
        store.open(&request(), &actor("http")).await.unwrap();
    }
    store.cancel(crate::common::id(3), &actor("ana")).await.unwrap();
}

#[tokio::test]
async fn a_viewer_sees_everything() {
    let mut redis = start();
    town(&mut redis).await;
    // A driver whom another hand has moved since its report: who only looks passes it over, and does not try to write that down.
    redis.run::<()>(&format!("GEOADD cabstand:fresh {LNG} {LAT} kilo"));
    redis.run::<()>(&format!("GEOADD cabstand:stale {LNG} {LAT} silent"));
    let viewer = Member::of(&mut redis, "viewer");
    for (command, shown) in [("drivers", "kilo"), ("requests", "searching"), ("events", "cancelled")] {
        let (code, out, err) = viewer.run(command);
        assert_eq!((code, out.contains(shown), err.as_str()), (0, true, ""), "{command}\n{out}");
    }
    let mut pty = console(&viewer, &redis, &["--read-only"]);
    pty.wait_for("drivers 1");
    pty.wait_for("requestor_2");
    // A change is heard of, and what is around the selected search is read.
    set(&mut redis, "lima", 0.5);
    pty.wait_for("drivers 2");
    pty.press("1");
    pty.press("j");
    pty.wait_for("Search");
    pty.press("2");
    pty.wait_for("lima");
    pty.press("4");
    pty.wait_for("cancelled");
    pty.press("q");
    assert_eq!(pty.exit_code(), 0);
    assert_eq!(refused(&mut redis), Vec::<String>::new());
}

#[tokio::test]
async fn a_viewer_changes_nothing_whatever_it_tries() {
    let mut redis = start();
    town(&mut redis).await;
    let viewer = Member::of(&mut redis, "viewer");
    let before = all(&mut redis);
    for command in [
        "search --at -33.44,-70.63",
        "cancel 1",
        "expire 1",
        "extend 1 --by 60s",
        "retry 1",
        "widen 1 --to 8km",
        "assign 1 kilo",
        "move kilo --to -33.44,-70.63",
        "remove kilo",
    ] {
        let (code, out, err) = viewer.run(command);
        assert_eq!((code, out.as_str()), (1, ""), "{command}: {err}");
        assert!(err.to_lowercase().contains("permission"), "{command}: {err}");
    }
    let mut connection = viewer.connect();
    let mut tried = |words: &[&str]| {
        let mut cmd = redis::cmd(words[0]);
        let answer = cmd.arg(&words[1..]).query::<Value>(&mut connection);
        let error = answer.map_err(|error| error.to_string());
        assert!(error.is_err(), "{words:?}: {error:?}");
    };
    let writing = "return redis.call('SET', KEYS[1], '0')";
    let undeclared = "redis.call('ZREM', 'drivers', 'kilo') return 1";
    let guarded = "redis.pcall('DEL', KEYS[1]) return redis.error_reply('tried')";
    let secret = "return redis.call('GET', 'secret')";
    for words in [
        &["SET", "1", "0"][..],
        &["DEL", "1"],
        &["GETDEL", "1"],
        &["GETEX", "1", "PX", "1"],
        &["EXPIRE", "1", "1"],
        &["ZADD", "drivers", "1", "x"],
        &["ZREM", "drivers", "kilo"],
        &["GEORADIUS", "drivers", "0", "0", "1", "km", "STORE", "drivers"],
        &["SORT", "cabstand:due", "STORE", "1"],
        &["HSET", "cabstand:request:1", "state", "found"],
        &["XADD", "cabstand:events", "*", "type", "found"],
        &["XTRIM", "cabstand:events", "MAXLEN", "0"],
        &["XGROUP", "CREATE", "cabstand:events", "g", "0"],
        &["XREADGROUP", "GROUP", "riders", "c", "STREAMS", "cabstand:events", ">"],
        &["EVAL", writing, "1", "1"],
        &["EVAL", undeclared, "0"],
        &["EVAL_RO", writing, "1", "1"],
        &["EVAL_RO", undeclared, "0"],
        &["EVAL_RO", guarded, "1", "1"],
        &["EVAL_RO", secret, "0"],
        &["SCRIPT", "LOAD", writing],
        &["SCRIPT", "FLUSH"],
        &["FUNCTION", "LOAD", "#!lua name=x\nredis.register_function('x', function() end)"],
        &["RENAME", "drivers", "x"],
        &["COPY", "1", "9"],
        &["MOVE", "1", "1"],
        &["RESTORE", "9", "0", "x"],
        &["MIGRATE", "h", "1", "1", "0", "1"],
        &["FLUSHDB"],
        &["FLUSHALL"],
        &["PUBLISH", "__keyspace@0__:drivers", "zadd"],
        &["CONFIG", "GET", "requirepass"],
        &["CONFIG", "SET", "notify-keyspace-events", ""],
        &["ACL", "SETUSER", "default", "on"],
        &["SELECT", "1"],
        &["GET", "secret"],
        &["GET", "cabstand:outbox"],
        &["PSUBSCRIBE", "*"],
        &["EXEC"],
    ] {
        tried(words);
    }
    assert_eq!(all(&mut redis), before);
}

#[tokio::test]
async fn an_operator_does_all_that_there_is_to_do() {
    let mut redis = start();
    let operator = Member::of(&mut redis, "operator");
    let far = "move kilo --to -33.54,-70.63";
    set(&mut redis, "kilo", 10.0);
    for (command, said) in [
        (far, "driver kilo moved"),
        ("search --at -33.44262,-70.63054 --radius 800m", "1\n"),
        ("extend 1 --by 60s", "request 1"),
        ("widen 1 --to 2km", "request 1"),
        ("retry 1", "request 1"),
        ("cancel 1", "request 1 cancelled"),
        ("search --at -33.44262,-70.63054 --radius 800m", "2\n"),
        ("expire 2", "request 2 expired"),
        ("search --at -33.44262,-70.63054 --radius 800m", "3\n"),
        ("assign 3 kilo", "request 3"),
        ("requests", "expired"),
        ("events", "assigned"),
    ] {
        let (code, out, err) = operator.run(command);
        assert_eq!((code, err.as_str()), (0, ""), "{command}: {out}");
        assert!(out.contains(said) || said == "assigned", "{command}: {out}");
    }
    assert_eq!(refused(&mut redis), Vec::<String>::new());

    let mut pty = console(&operator, &redis, &["--yes"]);
    pty.wait_for("request 3");
    pty.press("s");
    pty.wait_for("done: request 4 opened");
    pty.wait_for("requestor_4");
    pty.wait_for("Searches 1 waiting");
    pty.press("1g");
    pty.wait_for("4 · requestor_4");
    // Each key shows as an event in the stream, beside the events of the commands above. No driver is near yet: `w` widens to
    // the nearest driver that the console knows, and would find it.
    for (keys, what, times) in [
        ("e", "extended", 2),
        ("w", "widened", 2),
        ("r", "retried", 2),
        ("c", "cancelled", 2),
        ("u", "reopened", 1),
        ("x", "expired", 2),
        ("]m", "", 0),
        ("\x1b[C\r", "moved", 2),
        ("D", "removed", 1),
    ] {
        if what == "cancelled" {
            set(&mut redis, "lima", 20.0);
        }
        if what.is_empty() {
            set(&mut redis, "lima", 1.0);
            // The whole is brought into sight, wherever the map stood.
            pty.press("f");
            pty.wait_until("lima on the map", |screen| screen.contains("lima") && !screen.contains("0 of 1 here"));
        }
        pty.press(keys);
        if what.is_empty() {
            pty.wait_for("drop here");
        } else {
            let count = |kinds: Vec<String>| kinds.iter().filter(|kind| *kind == what).count();
            until_or(&format!("{what} by {keys}"), || count(told(&mut redis)) == times, || pty.text());
            // The next key is about what the console knows.
            match what {
                "cancelled" | "expired" => {
                    pty.wait_for(&format!("done: request 4 {what}"));
                    pty.wait_for("Searches 0 waiting");
                }
                "reopened" => {
                    pty.wait_for("request 4 waits again");
                    pty.wait_for("Searches 1 waiting");
                }
                "moved" => pty.wait_for("done: driver lima moved"),
                _ => {}
            }
        }
    }
    pty.press("q");
    assert_eq!(pty.exit_code(), 0);
    assert_eq!(refused(&mut redis), Vec::<String>::new());
}

/// The types of all events, the newest last.
fn told(redis: &mut Redis) -> Vec<String> {
    let events: Vec<(String, Vec<String>)> = redis.run("XRANGE cabstand:events - +");
    events.into_iter().map(|(_, fields)| fields[1].clone()).collect()
}

#[tokio::test]
async fn a_service_serves_works_and_tells() {
    let mut redis = start();
    let member = Member::of(&mut redis, "service");
    let secret = NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD\n").unwrap();
    let receiver = Receiver::start(|_| Answer::status(204));
    let posts = receiver.url();
    let (login, secret) = (member.login(), secret.path().to_str().unwrap());
    let mut options = vec!["--webhook", &posts, "--webhook-secret-file", secret, "--stale-after", "1m"];
    options.extend(login.iter().map(String::as_str));
    options.extend(["--forget-after", "10m", "--interval", "200ms"]);
    let service = Service::start(&redis, &options);
    let report = json!({"id": "kilo", "lat": LAT, "lng": LNG});
    let search = service.caller.search().await;
    assert_eq!(service.caller.post("/tracking", report).await.status(), 200);
    redis.wait_for_state(search, "found");
    let search = service.caller.search().await;
    assert_eq!(service.caller.post("/v2/cancel", json!({"request_id": search})).await.status(), 200);
    let search = service.caller.search().await;
    redis.run::<()>(&format!("DEL {search}"));
    redis.wait_for_state(search, "expired");
    let search = service.caller.search().await;
    redis.wait_for_state(search, "searching");
    until("the worker to have attempted it", || redis.field(search, "attempts").is_some_and(|count| count != "0"));
    for path in ["/health", "/metrics", &format!("/v2/requests/{search}")] {
        assert_eq!(service.caller.get(path).await.status(), 200, "{path}");
    }
    receiver.wait_for(3);
    assert_eq!(refused(&mut redis), Vec::<String>::new(), "{}", service.log());

    // It is an operator, too.
    let mut pty = console(&member, &redis, &[]);
    pty.wait_for("workers 1");
    pty.press("q");
    assert_eq!(pty.exit_code(), 0);
    assert_eq!(refused(&mut redis), Vec::<String>::new());
}

#[tokio::test]
async fn rights_are_for_one_region_and_one_database() {
    let mut redis = start();
    redis.run::<()>("SELECT 2");
    let url = redis.server.url();
    let on_two = format!("{url}?db=2");
    let member = Member::with(&mut redis, "operator", &["--region", "stgo", "--redis", &on_two]);
    redis.run::<()>(&format!("GEOADD {{stgo}}:drivers {LNG} {LAT} kilo"));
    let (code, out, err) = member.run_at(&on_two, "drivers --region stgo");
    assert_eq!((code, out.contains("kilo"), err.as_str()), (0, true, ""));
    let (code, _, err) = member.run_at(&on_two, "search --at -33.44,-70.63 --region stgo");
    assert_eq!((code, err.as_str()), (0, ""));
    let (code, _, err) = member.run_at(&on_two, "drivers");
    assert_eq!(code, 1);
    assert!(err.contains("permission"), "{err}");
}
