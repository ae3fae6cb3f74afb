//! `cabstand doctor` by the real binary: what it finds well, and what it says where something is not.

use std::process::Stdio;

use crate::common::command::{cabstand, told};
use crate::common::roles::Member;
use crate::common::service::Service;
use crate::common::tls::{Authority, TlsRedis, free_port};
use crate::common::{Redis, actor, request};
use serde_json::Value;

/// One line of the answer.
struct Line {
    check: String,
    verdict: String,
    seen: String,
    advice: String,
}

fn lines(out: &str) -> Vec<Line> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let line = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap();
        let advice: Vec<String> = row["advice"].as_array().unwrap().iter().map(text).collect();
        Line {
            check: text(&row["check"]),
            verdict: text(&row["verdict"]),
            seen: text(&row["seen"]),
            advice: advice.join("\n"),
        }
    };
    out.lines().map(line).collect()
}

/// What the doctor says of this Redis as a program reads it, and its exit code.
fn doctor(url: &str, options: &[&str]) -> (i32, Vec<Line>) {
    let (code, out, err) = told(cabstand().args(["doctor", "--json", "--redis", url]).args(options).output().unwrap());
    assert_eq!(err, "");
    (code, lines(&out))
}

/// The one line that says this.
fn line<'a>(lines: &'a [Line], seen: &str) -> &'a Line {
    let said = || lines.iter().map(|l| format!("{} {}: {}", l.verdict, l.check, l.seen)).collect::<Vec<_>>();
    lines.iter().find(|line| line.seen.contains(seen)).unwrap_or_else(|| panic!("nobody said {seen:?}: {:#?}", said()))
}

fn start() -> Redis {
    Redis::start_with(&["--notify-keyspace-events", "K$zhgx", "--appendonly", "yes"])
}

#[test]
fn all_is_well() {
    let mut redis = start();
    let _service = Service::start(&redis, &[]);
    crate::common::until("the worker's first word", || redis.run::<i64>("ZCARD cabstand:workers") == 1);
    let (code, lines) = doctor(&redis.server.url(), &[]);
    assert!(lines.iter().all(|line| ["ok", "warning"].contains(&line.verdict.as_str())));
    assert_eq!(code, 0);
    for (check, seen) in [
        ("redis", "answers within"),
        ("redis", "unix socket"),
        ("redis", "primary"),
        ("redis", "written to disk"),
        ("rights", "service, operator and viewer"),
        ("notifications", "5 of 5 canaries came back"),
        ("keys", "all keys are of their types"),
        ("workers", "was heard of 0 s ago"),
        ("workers", "no attempt is overdue"),
    ] {
        let line = line(&lines, seen);
        assert_eq!((line.check.as_str(), line.verdict.as_str(), line.advice.as_str()), (check, "ok", ""), "{seen}");
    }
    assert_eq!(redis.run::<Vec<String>>("KEYS *doctor*"), Vec::<String>::new(), "its canaries are gone");
}

#[test]
fn people_read_signs_and_words_at_eighty_columns() {
    let redis = start();
    let mut command = cabstand();
    command.args(["doctor", "--redis", &redis.server.url()]).env("LC_ALL", "C.UTF-8").env("TERM", "xterm");
    let (code, out, _) = told(command.stderr(Stdio::null()).output().unwrap());
    assert_eq!(code, 0, "{out}");
    for text in ["✓ ok", "! warning", "no worker is at work", "cabstand serve", " warning", "0 wrong"] {
        assert!(out.contains(text), "{text}\n{out}");
    }
    let mut command = cabstand();
    command.args(["doctor", "--redis", &redis.server.url()]).env("LC_ALL", "C").env("TERM", "dumb");
    let (_, out, _) = told(command.output().unwrap());
    assert!(out.is_ascii() && out.contains("+ ok") && out.contains("TERM is \"dumb\""), "{out}");
}

#[test]
fn notifications_that_are_off_and_that_nobody_may_switch_on() {
    let redis = Redis::start_with(&["--rename-command", "CONFIG", ""]);
    let (code, lines) = doctor(&redis.server.url(), &[]);
    let deaf = line(&lines, "no canary came back");
    assert_eq!((code, deaf.verdict.as_str()), (1, "wrong"));
    assert!(deaf.advice.contains("CONFIG SET notify-keyspace-events 'K$zhgx'"), "{}", deaf.advice);

    // Where they can be switched on, that is what the console and the service do.
    let mut redis = Redis::start();
    let (code, lines) = doctor(&redis.server.url(), &[]);
    assert_eq!((code, line(&lines, "notifications are off").verdict.as_str()), (0, "warning"));
    redis.run::<()>("CONFIG SET notify-keyspace-events KEl$z");
    let (_, lines) = doctor(&redis.server.url(), &["--read-only"]);
    let lacking = line(&lines, "notify-keyspace-events is");
    assert!(lacking.advice.contains("'KE$zlhgx'") || lacking.advice.contains("hgx'"), "{}", lacking.advice);
    assert_eq!(redis.run::<i64>("DBSIZE"), 0);
}

#[test]
fn rights_are_compared_with_what_a_role_needs() {
    let mut redis = start();
    let viewer = Member::of(&mut redis, "viewer");
    let (code, out, _) = viewer.run("doctor --json");
    let told = lines(&out);
    let rights = line(&told, "rights of a viewer");
    assert_eq!((code, rights.verdict.as_str()), (0, "ok"));
    assert!(rights.advice.contains("zadd") && rights.advice.contains("cabstand acl operator"), "{}", rights.advice);
    assert_eq!(redis.run::<i64>("DBSIZE"), 0, "nothing was written, nor carried out");

    redis.run::<()>("ACL SETUSER cabstand-viewer -zcount resetkeys %R~drivers");
    let (code, out, _) = viewer.run("doctor --json");
    let told = lines(&out);
    let rights = line(&told, "not enough");
    assert_eq!((code, rights.verdict.as_str()), (1, "wrong"));
    for text in ["commands zcount", "keys request_id, cabstand:due", "cabstand acl viewer"] {
        assert!(rights.advice.contains(text), "{text}: {}", rights.advice);
    }
    assert!(!rights.advice.contains("drivers,"), "{}", rights.advice);
}

#[test]
fn a_channel_that_is_not_granted_is_named() {
    let mut redis = start();
    let operator = Member::of(&mut redis, "operator");
    redis.run::<()>(
        "ACL SETUSER cabstand-operator resetchannels &__keyspace@0__:drivers &__keyspace@0__:cabstand:canary:*",
    );
    let (code, out, _) = operator.run("doctor --json");
    let told = lines(&out);
    assert_eq!(code, 1);
    for channel in ["__keyspace@0__:[1-9]*", "__keyspace@0__:cabstand:request:*"] {
        let line = line(&told, channel);
        assert_eq!(line.verdict, "wrong");
        assert!(line.advice.contains(&format!("&{channel}")), "{}", line.advice);
    }
    assert_eq!(line(&told, "canaries came back").verdict, "ok");
}

#[tokio::test]
async fn a_replica_an_evicting_memory_and_foreign_keys() {
    let mut redis = Redis::start_with(&["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"]);
    redis.run::<()>("SET drivers oops");
    redis.run::<()>("SET request_id many");
    let (code, lines) = doctor(&redis.server.url(), &[]);
    assert_eq!(code, 1);
    assert!(line(&lines, "maxmemory-policy is allkeys-lru").advice.contains("noeviction"));
    assert!(line(&lines, "nothing is saved").advice.contains("appendonly"));
    assert_eq!(line(&lines, "drivers should be a sorted set (zset), and is a string").verdict, "wrong");
    assert_eq!(
        line(&lines, "request_id should be a whole number from 0 to 9000000000000000, and is many").verdict,
        "wrong"
    );

    let mut replica = start();
    replica.run::<()>(&format!("REPLICAOF 127.0.0.1 {}", free_port()));
    let (code, lines) = doctor(&replica.server.url(), &[]);
    assert_eq!(code, 1);
    let role = line(&lines, "it is a replica");
    assert!(role.verdict == "wrong" && role.advice.contains("primary"), "{}", role.advice);
}

#[tokio::test]
async fn searches_that_nobody_looks_for() {
    let mut redis = start();
    let store = redis.store().await;
    store.open(&request(), &actor("http")).await.unwrap();
    redis.run::<()>("ZADD cabstand:due 1000 1");
    redis.run::<()>("ZADD cabstand:workers 1000 worker-gone");
    let (code, lines) = doctor(&redis.server.url(), &[]);
    assert_eq!(code, 1);
    assert_eq!(line(&lines, "worker-gone was heard of").verdict, "warning");
    assert!(line(&lines, "no worker is at work, and 1 searches wait").advice.contains("cabstand serve"));
    assert_eq!(line(&lines, "1 attempts are overdue").verdict, "wrong");
}

#[test]
fn without_redis_it_goes_on_with_the_rest() {
    let url = format!("redis://127.0.0.1:{}", free_port());
    let (code, lines) = doctor(&url, &[]);
    assert_eq!(code, 1);
    let away = line(&lines, "connection refused");
    assert!(away.verdict == "wrong" && away.advice.contains("redis-cli -u"), "{}", away.advice);
    line(&lines, "configuration file");
    line(&lines, "the locale is");
    let (code, lines) = doctor("nonsense", &[]);
    assert_eq!((code, line(&lines, "no address").verdict.as_str()), (1, "wrong"));
}

#[test]
fn tls_is_told_and_a_variable_that_is_none() {
    let authority = Authority::new();
    let server = TlsRedis::start(&authority, &authority.certificate("127.0.0.1"), false);
    let file = authority.file();
    let (_, told) = doctor(&server.url(), &["--redis-ca", file.to_str().unwrap()]);
    assert_eq!(line(&told, "encrypted by TLS").verdict, "ok");
    let (code, told) = doctor(&server.url(), &[]);
    assert_eq!(code, 1);
    assert_eq!(line(&told, "nobody we trust").advice, "");
    let mut command = cabstand();
    command.args(["doctor", "--json", "--redis", &server.url()]).env("CABSTAND_REGOIN", "stgo");
    let (_, out, err) = crate::common::command::told(command.output().unwrap());
    assert!(err.contains("is CABSTAND_REGION meant?"), "{err}");
    assert_eq!(line(&lines(&out), "CABSTAND_REGOIN").verdict, "warning");
}
