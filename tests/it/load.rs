//! `cabstand simulate --rate` against a real service: every call is counted, and a service that stalls cannot hide it.

use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::common::command::{cabstand, told};
use crate::common::service::Service;
use crate::common::{Redis, until};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

/// A load generator that runs on this service.
fn start(service: &Service, options: &str) -> Child {
    let mut command = cabstand();
    command.args(["simulate", "--api", &service.caller.base, "--json"]).args(options.split_whitespace());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// What it says in the end.
fn report(load: Child) -> Value {
    let (code, out, err) = told(load.wait_with_output().unwrap());
    assert_eq!(code, 0, "{err}");
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{out}: {error}"))
}

fn count(report: &Value, name: &str) -> u64 {
    report[name].as_u64().unwrap_or_else(|| panic!("no {name} in {report}"))
}

#[test]
fn every_call_that_was_due_is_sent_answered_and_counted() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &[]);
    let told = report(start(&service, "--rate 400 --duration 500ms --connections 4 --drivers 50"));
    for (name, calls) in [("sent", 200), ("answered", 200), ("errors", 0), ("unanswered", 0), ("still_due", 0)] {
        assert_eq!(count(&told, name), calls, "{name} of {told}");
    }
    assert_eq!((&told["refused"], &told["wanted"]), (&json!({}), &json!(400.0)));
    assert_eq!(redis.run::<u64>("ZCARD drivers"), 50);
    for time in ["p50", "p90", "p99", "p999", "max"] {
        assert!(told["latency_us"][time].as_u64() >= told["service_us"][time].as_u64(), "{time} of {told}");
    }

    let told = report(start(&service, "--rate 100 --duration 100ms --batch 20 --drivers 300"));
    assert_eq!((count(&told, "answered"), redis.run::<u64>("ZCARD drivers")), (10, 200));
    let told = report(start(&service, "--rate 100 --duration 100ms --call search --limit 3"));
    assert_eq!(count(&told, "answered"), 10);
    let told = report(start(&service, "--rate 100 --duration 100ms --call v2-search"));
    assert_eq!((count(&told, "answered"), redis.run::<u64>("GET request_id")), (10, 10));
}

#[test]
fn a_service_that_stalls_is_charged_for_every_call_that_was_due_meanwhile() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &[]);
    let load = start(&service, "--rate 200 --duration 2s --connections 2");
    until("the first report", || redis.run::<u64>("ZCARD drivers") > 0);
    service.signal(Signal::SIGSTOP);
    sleep(Duration::from_millis(600));
    service.signal(Signal::SIGCONT);
    let told = report(load);
    // On a machine that is busy with other things not all were sent by the end of the run; they are counted, too.
    let sent = count(&told, "sent");
    assert_eq!((sent + count(&told, "still_due"), count(&told, "answered")), (400, sent), "{told}");
    let p90 = |of: &str| told[of]["p90"].as_u64().unwrap();
    // A quarter of all calls were due while it stood still, and more than a tenth of all a quarter of a second before its end;
    // but no more than two were under way.
    assert!(p90("latency_us") > 250_000, "{told}");
    assert!(p90("service_us") < p90("latency_us"), "{told}");
}

#[test]
fn what_is_refused_and_what_finds_nobody_is_counted_too() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &[]);
    let load = start(&service, "--rate 200 --duration 2s --connections 2");
    until("the first report", || redis.run::<u64>("ZCARD drivers") > 0);
    redis.kill();
    let told = report(load);
    let refused = told["refused"]["503"].as_u64().unwrap_or_default();
    assert!(refused > 0 && count(&told, "answered") > 0, "{told}");
    assert_eq!(count(&told, "answered") + refused, 400, "{told}");

    let redis = Redis::start();
    let service = Service::start(&redis, &[]);
    let load = start(&service, "--rate max --duration 1s --connections 2");
    let mut connection = redis.connection;
    until("the first report", || redis::cmd("ZCARD").arg("drivers").query::<u64>(&mut connection).unwrap() > 0);
    drop(service);
    let told = report(load);
    assert!(count(&told, "errors") > 0 && told["last_error"].as_str().is_some(), "{told}");
    assert_eq!(told["latency_us"], Value::Null, "{told}");
}

#[test]
fn it_tells_in_words_what_came_of_the_calls() {
    let redis = Redis::start();
    let service = Service::start(&redis, &[]);
    let run = |options: &str| {
        let mut command = cabstand();
        command.args(["simulate", "--api", &service.caller.base]).args(options.split_whitespace());
        told(command.output().unwrap())
    };
    let (code, out, err) = run("--rate 100 --duration 1200ms");
    assert_eq!(code, 0, "{err}");
    assert!(out.starts_with("calls    sent 120\n         answered 120\n         errors 0\n"), "{out}");
    assert!(out.contains("rate     100 a second wanted, ") && out.contains("from when a call was due\n"), "{out}");
    assert!(err.contains(" answers  p99 "), "{err}");
    let (code, out, err) = run("--rate max --duration 100ms");
    assert_eq!(code, 0, "{err}");
    assert!(!out.contains("due") && out.contains("from when it was sent, which hides"), "{out}");
}

#[test]
fn a_service_that_is_away_is_told_in_words() {
    let (code, out, err) =
        told(cabstand().args(["simulate", "--api", "http://127.0.0.1:1", "--rate", "10"]).output().unwrap());
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.starts_with("cabstand: nothing answers at http://127.0.0.1:1/: "), "{err}");
    for rate in ["0", "-3", "fast"] {
        let (code, _, err) = told(cabstand().args(["simulate", &format!("--rate={rate}")]).output().unwrap());
        assert!(code == 2 && err.contains("a rate is a number of calls a second"), "{err}");
    }
}
