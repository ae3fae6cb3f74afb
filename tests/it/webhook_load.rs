//! What waits for a webhook's receiver that fails everything: it is bounded in number and in time, and the receiver is left in peace.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::common::command::{cabstand, told};
use crate::common::receiver::{Answer, Delivery, Receiver};
use crate::common::service::Service;
use crate::common::{Redis, until};
use crate::webhook::{end_requests, ends, posting_to, waiting};

fn dead_letters(redis: &mut Redis) -> Vec<BTreeMap<String, String>> {
    let letters: Vec<(String, BTreeMap<String, String>)> = redis.run("XRANGE cabstand:webhook:dead - +");
    letters.into_iter().map(|(_, letter)| letter).collect()
}

#[tokio::test]
async fn a_receiver_that_hangs_is_probed_and_what_is_past_its_time_is_dead_without_a_try() {
    let mut redis = Redis::start();
    let receiver = Receiver::start(|_| Answer::Never);
    let options = ["--webhook-timeout", "1s", "--webhook-give-up-after", "4s"];
    let service = posting_to(&redis, &receiver.url(), &options);
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(6) {
        end_requests(&service, 10).await;
    }
    let all = ends(&mut redis).len();
    until("all to be given up", || dead_letters(&mut redis).len() == all);
    assert_eq!(waiting(&mut redis), 0);
    let untried = dead_letters(&mut redis).iter().filter(|letter| letter["tries"] == "0").count();
    let tried: Vec<_> = receiver.deliveries();
    assert!(
        untried + tried.len() >= all && tried.len() < 40,
        "{untried} of {all} were not tried, {} were",
        tried.len()
    );
    // Once as many have failed as there are slots, each try waits for the one before it; fewer than that were under way.
    let probes = &tried[31..];
    let gaps: Vec<Duration> = probes.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
    assert!(!gaps.is_empty() && gaps.iter().all(|gap| *gap >= Duration::from_millis(950)), "{gaps:?}");
}

/// What `/metrics` shows under this name.
async fn metric(service: &Service, name: &str) -> Option<u64> {
    let page = service.caller.get("/metrics").await.text().await.unwrap();
    page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

#[tokio::test]
async fn a_full_outbox_leaves_ends_in_their_stream_until_there_is_room() {
    let mut redis = Redis::start();
    let receiver = Receiver::start(|_| Answer::Never);
    let options = ["--webhook-timeout", "1s", "--webhook-outbox-max", "20"];
    let service = posting_to(&redis, &receiver.url(), &options);
    end_requests(&service, 60).await;
    service
        .wait_for_log("webhook: the outbox is full (20 messages, --webhook-outbox-max): ends wait in cabstand:ends", 1);
    assert_eq!(metric(&service, "cabstand_webhook_outbox_max").await, Some(20));
    assert_eq!(metric(&service, "cabstand_webhook_outbox_full").await, Some(1));
    let (code, out, _) = told(cabstand().args(["doctor", "--redis", &redis.server.url()]).output().unwrap());
    let out = out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(code == 1 && out.contains("the webhook's outbox is full: 20 of at most 20 messages wait"), "{out}");
    assert!(out.contains("cabstand serve --webhook-outbox-max 40"), "{out}");

    // It is left alone: one probe at a time.
    until("the circuit to open", || receiver.deliveries().len() >= 16);
    service.wait_for_log("the receiver gets one at a time", 1);
    assert_eq!(metric(&service, "cabstand_webhook_circuit_open").await, Some(1));
    assert_eq!(waiting(&mut redis), 20, "nothing grows beyond the bound");

    let all = ends(&mut redis);
    receiver.change(|_| Answer::status(200));
    until("all to arrive", || receiver.ids() == all);
    service.wait_for_log("webhook: the receiver answers again, after", 1);
    service.wait_for_log("webhook: the outbox has room again (", 1);
    until("the outbox to be empty", || waiting(&mut redis) == 0);
    assert_eq!(metric(&service, "cabstand_webhook_circuit_open").await, Some(0));
    assert_eq!(metric(&service, "cabstand_webhook_outbox_full").await, Some(0));
    assert_eq!(metric(&service, "cabstand_ends_lost_total{group=\"webhook\"}").await, Some(0));
}

#[tokio::test]
async fn messages_that_always_fail_hold_up_no_other() {
    let mut redis = Redis::start();
    let bad = |delivery: &Delivery| delivery.request() <= 20;
    let receiver = Receiver::start(move |delivery| Answer::status(if bad(delivery) { 500 } else { 200 }));
    let service = posting_to(&redis, &receiver.url(), &[]);
    end_requests(&service, 20).await;
    service.wait_for_log("the receiver gets one at a time", 1);
    end_requests(&service, 3).await;
    until("the others to arrive", || receiver.ids().len() == 23 && waiting(&mut redis) == 20);
    service.wait_for_log("webhook: the receiver answers again, after", 1);
}
