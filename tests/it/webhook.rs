//! `cabstand serve --webhook`: the end of every request is posted at least once, whatever fails on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use crate::common::receiver::{Answer, Delivery, Receiver};
use crate::common::service::Service;
use crate::common::tls::free_listener;
use crate::common::{LAT, LNG, Redis, Restarted, until};
use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::response::IntoResponse;
use futures_util::{StreamExt, stream};
use nix::sys::signal::Signal;
use serde_json::json;
use standardwebhooks::Webhook;
use tempfile::NamedTempFile;

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

pub fn secret_file() -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    writeln!(file, "{SECRET}").unwrap();
    file
}

/// A service that posts to this URL and tries again soon.
pub fn posting_to(redis: &Redis, url: &str, more: &[&str]) -> Service {
    let secret = secret_file();
    let mut options = vec!["--webhook", url, "--webhook-secret-file", secret.path().to_str().unwrap()];
    if !more.contains(&"--webhook-backoff") {
        options.extend(["--webhook-backoff", "20ms"]);
    }
    options.extend(more);
    Service::start(redis, &options)
}

/// Opens so many requests and cancels each.
pub async fn end_requests(service: &Service, count: usize) {
    for _ in 0..count {
        let id = service.caller.search().await;
        assert_eq!(service.caller.post("/v2/cancel", json!({"request_id": id})).await.status(), 200);
    }
}

/// The ids under which the ends in the stream have to be posted.
pub fn ends(redis: &mut Redis) -> BTreeSet<String> {
    let events: Vec<(String, BTreeMap<String, String>)> = redis.run("XRANGE cabstand:events - +");
    let is_end =
        |fields: &BTreeMap<String, String>| ["found", "expired", "cancelled"].contains(&fields["type"].as_str());
    events.into_iter().filter(|(_, fields)| is_end(fields)).map(|(id, _)| format!("msg_{id}")).collect()
}

pub fn waiting(redis: &mut Redis) -> usize {
    redis.run("ZCARD cabstand:outbox")
}

/// Waits until nothing is left to be posted.
fn wait_for_empty_outbox(redis: &mut Redis) {
    until("the outbox to be empty", || waiting(redis) == 0);
    let left: Vec<String> = redis.run("KEYS cabstand:outbox*");
    assert!(left.is_empty(), "{left:?}");
}

fn is_signed_with(secret: &str, delivery: &Delivery) -> bool {
    Webhook::new(secret).unwrap().verify(delivery.body.as_bytes(), &delivery.headers).is_ok()
}

#[tokio::test]
async fn every_kind_of_end_is_posted_and_signed() {
    let mut redis = Redis::start();
    let receiver = Receiver::start(|_| Answer::status(204));
    let service = posting_to(&redis, &receiver.url(), &[]);
    redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} d1"));
    service.caller.search().await;
    redis.wait_for_state(1, "found");
    end_requests(&service, 1).await;
    service.caller.search().await;
    redis.run::<()>("DEL 3");
    let deliveries = receiver.wait_for(3);
    wait_for_empty_outbox(&mut redis);

    let of = |request| deliveries.iter().find(|delivery| delivery.request() == request).unwrap();
    for (request, kind, message) in [
        (1, "found", "Driver d1 found"),
        (2, "cancelled", "Request 2 has been canceled."),
        (3, "expired", "Sorry, we did not find any driver."),
    ] {
        let delivery = of(request);
        let event = redis.field(request, "end_event").unwrap();
        let ended_at: i64 = event.split_once('-').unwrap().0.parse().unwrap();
        let mut data = json!({
            "event_id": event, "request_id": request, "user_id": format!("requestor_{request}"), "state": kind,
            "message": message, "lat": LAT, "lng": LNG, "ended_at": ended_at,
        });
        if kind == "found" {
            data["driver_id"] = json!("d1");
            data["distance_m"] = json!(redis.field(1, "distance_m").unwrap().parse::<f64>().unwrap());
        }
        let json = delivery.json();
        let timestamp = chrono::DateTime::parse_from_rfc3339(json["timestamp"].as_str().unwrap()).unwrap();
        assert_eq!(timestamp.timestamp_millis(), ended_at);
        assert_eq!(json, json!({"type": format!("request.{kind}"), "timestamp": json["timestamp"], "data": data}));

        assert_eq!(delivery.id(), format!("msg_{event}"));
        assert_eq!((delivery.path.as_str(), delivery.header("content-type")), ("/hook", "application/json"));
        assert!(delivery.header("user-agent").starts_with("cabstand/"));
        assert!(is_signed_with(SECRET, delivery));
        assert!(!is_signed_with("whsec_D2FVsBQIhrscChlQIMV+b5sSYspob7oD", delivery), "another secret");
        let changed = Delivery { body: delivery.body.replace("requestor", "somebody"), ..delivery.clone() };
        assert!(!is_signed_with(SECRET, &changed), "another body");
    }
    assert_eq!(receiver.deliveries().len(), 3);
}

#[tokio::test]
async fn a_receiver_that_fails_gets_the_same_message_until_it_takes_it() {
    let mut redis = Redis::start();
    let receiver = Receiver::start(|delivery| Answer::status(if delivery.nth < 5 { 500 } else { 200 }));
    let service = posting_to(&redis, &receiver.url(), &[]);
    end_requests(&service, 1).await;
    let deliveries = receiver.wait_for(5);
    wait_for_empty_outbox(&mut redis);
    assert!(deliveries.iter().all(|d| d.id() == deliveries[0].id() && d.body == deliveries[0].body), "{deliveries:?}");
    assert!(deliveries.iter().all(|delivery| is_signed_with(SECRET, delivery)));
    service.wait_for_log("webhook: deliveries arrive again", 1);
    let log = service.log();
    assert_eq!(log.matches("WARN").count(), 1, "a failure is told once: {log}");
    assert!(log.contains("was not delivered: the receiver answered 500 Internal Server Error;"), "{log}");
    assert_eq!(receiver.deliveries().len(), 5);
}

#[tokio::test]
async fn one_that_hangs_is_cut_off_and_holds_up_nobody() {
    let mut redis = Redis::start();
    let hangs = |delivery: &Delivery| delivery.request() == 1 && delivery.nth == 1;
    let receiver = Receiver::start(move |d| if hangs(d) { Answer::Never } else { Answer::status(200) });
    let service = posting_to(&redis, &receiver.url(), &["--webhook-timeout", "6s"]);
    end_requests(&service, 10).await;
    until("all to be posted", || receiver.ids().len() == 10);
    wait_for_empty_outbox(&mut redis);
    let (first, others): (Vec<_>, Vec<_>) =
        receiver.deliveries().into_iter().partition(|delivery| delivery.request() == 1);
    assert_eq!((first.len(), others.len()), (2, 9));
    assert!(
        others.iter().all(|other| other.at < first[1].at),
        "nobody waits for the one that hangs: {first:?} {others:?}"
    );
    assert!(service.log().contains("was not delivered: no answer within 6 s;"), "{}", service.log());
}

#[tokio::test]
async fn what_waits_for_a_receiver_that_is_away_arrives_when_it_comes() {
    let mut redis = Redis::start();
    let free = free_listener();
    let address = free.local_addr().unwrap();
    drop(free);
    let service = posting_to(&redis, &format!("http://{address}/hook"), &[]);
    end_requests(&service, 30).await;
    service.wait_for_log("was not delivered: no connection: ", 1);
    until("all to be in the outbox", || waiting(&mut redis) == 30);
    let all = ends(&mut redis);
    // The stream is trimmed as it grows: what waits must not need it.
    redis.run::<()>("XTRIM cabstand:ends MAXLEN 0");
    let receiver = Receiver::start_at(address, |_| Answer::status(200));
    wait_for_empty_outbox(&mut redis);
    assert_eq!(receiver.ids(), all);
    assert_eq!(receiver.deliveries().len(), 30);
    let log = service.log();
    assert_eq!(
        (log.matches("WARN").count(), log.matches("the last 16 deliveries have failed").count()),
        (2, 1),
        "{log}"
    );
}

#[tokio::test]
async fn a_service_that_is_killed_with_messages_in_its_hands_loses_none() {
    let mut redis = Redis::start();
    let receiver = Receiver::start(|_| Answer::Never);
    let options = ["--webhook-timeout", "1s"];
    let mut service = posting_to(&redis, &receiver.url(), &options);
    end_requests(&service, 40).await;
    until("all to be in the outbox", || waiting(&mut redis) == 40);
    let under_way = receiver.wait_for(16);
    service.signal(Signal::SIGKILL);
    service.wait();

    receiver.change(|_| Answer::status(200));
    let _service = posting_to(&redis, &receiver.url(), &options);
    wait_for_empty_outbox(&mut redis);
    let all = ends(&mut redis);
    assert_eq!((all.len(), receiver.ids()), (40, all));
    let again = |d: &&Delivery| d.nth > 1;
    let twice = receiver.deliveries().iter().filter(again).count();
    assert!(twice >= under_way.len(), "those that were under way come again: {twice}");
}

#[tokio::test]
async fn two_services_post_each_message_once() {
    let mut redis = Redis::start();
    let receiver = Receiver::start(|_| Answer::status(200));
    let services = [posting_to(&redis, &receiver.url(), &[]), posting_to(&redis, &receiver.url(), &[])];
    for _ in 0..10 {
        for service in &services {
            end_requests(service, 10).await;
        }
    }
    until("all to arrive", || receiver.ids().len() == 200);
    wait_for_empty_outbox(&mut redis);
    assert_eq!(receiver.ids(), ends(&mut redis));
    assert_eq!(receiver.deliveries().len(), 200, "none came twice");
    let members: Vec<BTreeMap<String, redis::Value>> = redis.run("XINFO CONSUMERS cabstand:ends webhook");
    assert_eq!(members.len(), 2);
}

#[tokio::test]
async fn one_that_dies_leaves_the_rest_to_the_other() {
    let mut redis = Redis::start();
    let receiver = Receiver::start(|_| Answer::Never);
    let options = ["--webhook-timeout", "1s"];
    let mut first = posting_to(&redis, &receiver.url(), &options);
    end_requests(&first, 10).await;
    receiver.wait_for(10);
    let _second = posting_to(&redis, &receiver.url(), &options);
    first.signal(Signal::SIGKILL);
    first.wait();
    receiver.change(|_| Answer::status(200));
    wait_for_empty_outbox(&mut redis);
    assert_eq!(receiver.ids(), ends(&mut redis));
}

#[tokio::test]
async fn what_the_receiver_calls_gone_is_a_dead_letter() {
    let mut redis = Redis::start();
    let is_gone = |delivery: &Delivery| delivery.request() == 1;
    let receiver = Receiver::start(move |d| if is_gone(d) { Answer::status(410) } else { Answer::status(200) });
    let service = posting_to(&redis, &receiver.url(), &[]);
    end_requests(&service, 2).await;
    wait_for_empty_outbox_after(&mut redis, &receiver, 2);
    service.wait_for_log("is given up after 1 tries", 1);

    let event = redis.field(1, "end_event").unwrap();
    let letters: Vec<(String, BTreeMap<String, String>)> = redis.run("XRANGE cabstand:webhook:dead - +");
    assert_eq!(letters.len(), 1);
    let letter = &letters[0].1;
    assert_eq!((letter["event_id"].as_str(), letter["tries"].as_str()), (event.as_str(), "1"));
    assert_eq!(letter["error"], "the receiver answered 410 Gone");
    let gone = receiver.deliveries().into_iter().filter(is_gone).collect::<Vec<_>>();
    assert_eq!(gone.iter().map(|delivery| &delivery.body).collect::<Vec<_>>(), [&letter["body"]]);
    let counts = redis.store().await.outbox_counts().await.unwrap();
    assert_eq!((counts.waiting, counts.dead), (0, 1));

    // As the README says, a dead letter is posted again by putting it back.
    receiver.change(|_| Answer::status(200));
    let mut put_back = redis::cmd("HSET");
    put_back.arg(format!("cabstand:outbox:{event}")).arg("body").arg(&letter["body"]);
    put_back.exec(&mut redis.connection).unwrap();
    redis.run::<()>(&format!("ZADD cabstand:outbox 0 {event}"));
    wait_for_empty_outbox_after(&mut redis, &receiver, 3);
    assert_eq!(receiver.deliveries()[2].nth, 2);
}

fn wait_for_empty_outbox_after(redis: &mut Redis, receiver: &Receiver, deliveries: usize) {
    receiver.wait_for(deliveries);
    wait_for_empty_outbox(redis);
    assert_eq!(receiver.deliveries().len(), deliveries);
}

#[tokio::test]
async fn what_fails_for_too_long_is_a_dead_letter() {
    let mut redis = Redis::start();
    let receiver = Receiver::start(|_| Answer::status(500));
    let service = posting_to(&redis, &receiver.url(), &["--webhook-give-up-after", "300ms"]);
    end_requests(&service, 1).await;
    until("a dead letter", || redis.run::<u64>("XLEN cabstand:webhook:dead") == 1);
    wait_for_empty_outbox(&mut redis);
    let letters: Vec<(String, BTreeMap<String, String>)> = redis.run("XRANGE cabstand:webhook:dead - +");
    let tries = receiver.deliveries().len();
    assert!(tries > 1 && letters[0].1["tries"] == tries.to_string(), "{tries} {letters:?}");
    service.wait_for_log(&format!("is given up after {tries} tries"), 1);
}

#[tokio::test]
async fn what_a_receiver_answers_is_read_no_further_than_it_has_to_be() {
    let mut redis = Redis::start();
    let endless = || {
        let chunks = stream::repeat("x").take(10_000).chain(stream::pending());
        Body::from_stream(stream::once(async { "\u{1b}[31mno" }).chain(chunks).map(Ok::<_, std::io::Error>))
    };
    let answer = move |delivery: &Delivery| {
        let status = if delivery.nth == 1 { StatusCode::BAD_GATEWAY } else { StatusCode::OK };
        Answer::With((status, endless()).into_response())
    };
    let receiver = Receiver::start(answer);
    let service = posting_to(&redis, &receiver.url(), &[]);
    end_requests(&service, 1).await;
    receiver.wait_for(2);
    wait_for_empty_outbox(&mut redis);
    let log = service.log();
    let line = log.lines().find(|line| line.contains("WARN")).unwrap();
    assert!(line.contains("502 Bad Gateway: \\u{1b}[31mnoxxx") && line.len() < 500, "{line}");
}

#[tokio::test]
async fn a_service_that_ends_does_not_wait_for_a_receiver_that_hangs() {
    let mut redis = Redis::start();
    let receiver = Receiver::start(|_| Answer::Never);
    let mut service = posting_to(&redis, &receiver.url(), &["--webhook-timeout", "1m", "--grace", "100ms"]);
    end_requests(&service, 3).await;
    receiver.wait_for(3);
    service.signal(Signal::SIGTERM);
    assert_eq!(service.wait(), Some(0));
    assert!(!service.log().contains("is left"), "a short grace leaves them their moment: {}", service.log());
    assert_eq!(waiting(&mut redis), 3, "they come back when their leases end");
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_not_followed() {
    let redis = Redis::start();
    let elsewhere = Receiver::start(|_| Answer::status(200));
    let target = elsewhere.url();
    let redirect = move |_: &Delivery| Answer::With((StatusCode::FOUND, [(LOCATION, target.clone())]).into_response());
    let receiver = Receiver::start(redirect);
    let service = posting_to(&redis, &receiver.url(), &[]);
    end_requests(&service, 1).await;
    receiver.wait_for(3);
    service.wait_for_log("the receiver answered 302 Found, and redirects are not followed", 1);
    assert!(elsewhere.deliveries().is_empty());
}

#[tokio::test]
async fn a_busy_receiver_is_left_alone_for_as_long_as_it_asks() {
    let redis = Redis::start();
    let busy = |_: &Delivery| Answer::With((StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "1")]).into_response());
    let receiver = Receiver::start(busy);
    let service = posting_to(&redis, &receiver.url(), &["--webhook-backoff", "1ms"]);
    end_requests(&service, 1).await;
    let deliveries = receiver.wait_for(2);
    assert!(deliveries[1].at - deliveries[0].at >= Duration::from_millis(950), "{deliveries:?}");
}

#[tokio::test]
async fn an_outage_of_redis_loses_no_message() {
    let mut redis = Redis::start_with(&["--appendonly", "yes", "--appendfsync", "always"]);
    let receiver = Receiver::start(|_| Answer::status(500));
    let service = posting_to(&redis, &receiver.url(), &["--webhook-timeout", "1s"]);
    end_requests(&service, 20).await;
    until("all to be in the outbox", || waiting(&mut redis) == 20);
    redis.kill();
    service.wait_for_log("can't be reached", 1);
    receiver.change(|_| Answer::status(200));
    let _restarted = Restarted::in_place_of(&mut redis);
    service.wait_for_log("is well again, after", 1);
    end_requests(&service, 5).await;
    until("all to be posted", || receiver.ids().len() == 25);
    wait_for_empty_outbox(&mut redis);
    let all = ends(&mut redis);
    until("all to arrive", || receiver.ids() == all);
    assert_eq!(all.len(), 25);
}

#[tokio::test]
async fn what_ended_while_no_service_ran_is_posted_by_the_next_one() {
    let mut redis = Redis::start();
    let receiver = Receiver::start(|_| Answer::status(200));
    let mut service = posting_to(&redis, &receiver.url(), &[]);
    end_requests(&service, 1).await;
    wait_for_empty_outbox_after(&mut redis, &receiver, 1);
    service.signal(Signal::SIGTERM);
    assert_eq!(service.wait(), Some(0));
    for group in ["webhook", "riders"] {
        let members: Vec<redis::Value> = redis.run(&format!("XINFO CONSUMERS cabstand:ends {group}"));
        assert!(members.is_empty(), "{group}: it took its name with it");
    }

    let without = Service::start(&redis, &[]);
    end_requests(&without, 3).await;
    let _service = posting_to(&redis, &receiver.url(), &[]);
    wait_for_empty_outbox_after(&mut redis, &receiver, 4);
    assert_eq!(receiver.ids(), ends(&mut redis));
}

#[tokio::test]
async fn an_https_receiver_is_spoken_to_in_tls() {
    let redis = Redis::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/hook", listener.local_addr().unwrap());
    let hello = std::thread::spawn(move || {
        let mut first = [0; 3];
        listener.accept().unwrap().0.read_exact(&mut first).unwrap();
        first
    });
    let service = posting_to(&redis, &url, &[]);
    end_requests(&service, 1).await;
    // A handshake record of TLS, and not a word of HTTP.
    assert_eq!(hello.join().unwrap()[..2], [0x16, 0x03]);
    service.wait_for_log("was not delivered: no connection", 1);
}

#[tokio::test]
async fn nothing_secret_is_in_the_log() {
    let redis = Redis::start();
    let receiver = Receiver::start(|_| Answer::status(401));
    let url = format!("http://ana:hunter2@{}/hooks/t0ken?key=t0ken", receiver.address);
    let secret = secret_file();
    let file = secret.path().to_str().unwrap();
    let service = Service::start(&redis, &["--webhook", &url, "--webhook-secret-file", file]);
    end_requests(&service, 1).await;
    service.wait_for_log("401 Unauthorized", 1);
    let log = service.log();
    assert!(log.contains(&format!("posted to http://{}\n", receiver.address)), "{log}");
    let (_, key) = SECRET.split_once('_').unwrap();
    assert!(!["hunter2", "t0ken", key].iter().any(|secret| log.contains(secret)), "{log}");
    let delivery = &receiver.deliveries()[0];
    assert_eq!(
        (delivery.path.as_str(), delivery.header("authorization")),
        ("/hooks/t0ken?key=t0ken", "Basic YW5hOmh1bnRlcjI=")
    );
}

#[test]
fn what_cannot_be_a_webhook_is_said_at_the_start() {
    let redis = Redis::start();
    let good = secret_file();
    let good = good.path().to_str().unwrap();
    let mut short = NamedTempFile::new().unwrap();
    write!(short, "whsec_aHVudGVyMg==").unwrap();
    let empty = NamedTempFile::new().unwrap();
    let (short, empty) = (short.path().to_str().unwrap(), empty.path().to_str().unwrap());
    let url = "https://ana:hunter2@example.com/hook";
    for (options, said) in [
        (vec!["--webhook", url], "--webhook needs --webhook-secret-file"),
        (vec!["--webhook-secret-file", good], "of no use without --webhook"),
        (vec!["--webhook", "ftp://ana:hunter2@example.com", "--webhook-secret-file", good], "http:// or https:// URL"),
        (vec!["--webhook", "hunter2", "--webhook-secret-file", good], "http:// or https:// URL"),
        (
            vec!["--webhook", url, "--webhook-secret-file", "/nonexistent/file"],
            "/nonexistent/file can't be used as a secret: No such file",
        ),
        (vec!["--webhook", url, "--webhook-secret-file", "/"], "Is a directory"),
        (vec!["--webhook", url, "--webhook-secret-file", empty], "it is empty"),
        (vec!["--webhook", url, "--webhook-secret-file", short], "it has 7 bytes, and a secret has 24 to 64"),
        (vec!["--webhook", url, "--webhook-secret-file", good, "--webhook-timeout", "0s"], "--webhook-timeout"),
        (vec!["--webhook", url, "--webhook-secret-file", good, "--webhook-backoff", "soon"], "--webhook-backoff"),
        (
            vec!["--webhook", url, "--webhook-secret-file", good, "--webhook-give-up-after", "never"],
            "--webhook-give-up-after",
        ),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cabstand"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--redis", &redis.server.url()]).args(&options);
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && text.contains(said), "{options:?}: {text}");
        assert!(!text.contains("hunter2") && !text.contains("aHVudGVyMg"), "{text}");
    }
}
