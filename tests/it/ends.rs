//! Ends of requests are never lost in silence: they outlast any number of other events, and what is trimmed unread is counted.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::common::command::{cabstand, told};
use crate::common::listener::Ears;
use crate::common::receiver::{Answer, Receiver};
use crate::common::service::Service;
use crate::common::{Redis, actor, id, request, until, until_or};
use crate::webhook::{ends, posting_to};
use cabstand::domain::StreamId;
use cabstand::store::{Group, Loss, Lost, Store};
use nix::sys::signal::Signal;

type Entries = Vec<(String, BTreeMap<String, String>)>;

/// Makes the groups of the webhook and of the riders, as a service does that then goes away.
fn groups_are_there(redis: &Redis, receiver: &Receiver) {
    let mut service = posting_to(redis, &receiver.url(), &[]);
    service.signal(Signal::SIGTERM);
    assert_eq!(service.wait(), Some(0));
}

/// Opens requests with these numbers and cancels each.
async fn end(store: &Store, numbers: impl IntoIterator<Item = u64>) {
    for number in numbers {
        store.open(&request(), &actor("http")).await.unwrap();
        store.cancel(id(number), &actor("http")).await.unwrap();
    }
}

/// More events than the stream keeps, in the way in which attempts are written.
fn flood(redis: &mut Redis) {
    let add = "redis.call('XADD', KEYS[1], 'MAXLEN', '~', 100000, '*', 'type', 'attempted', 'request_id', i)";
    let script = redis::Script::new(&format!("for i = 1, 103000 do {add} end"));
    script.key("cabstand:events").invoke::<()>(&mut redis.connection).unwrap();
}

#[tokio::test]
async fn ends_outlast_a_flood_of_other_events() {
    let mut redis = Redis::start();
    let receiver = Receiver::start(|_| Answer::status(200));
    groups_are_there(&redis, &receiver);
    end(&redis.store().await, 1..=5).await;
    let all = ends(&mut redis);
    flood(&mut redis);
    assert!(ends(&mut redis).is_empty(), "the history has lost them");
    let service = posting_to(&redis, &receiver.url(), &[]);
    until_or("all five to be posted", || receiver.ids() == all, || format!("{} of 5 were", receiver.ids().len()));
    // A rider's line in the log is as sure.
    service.wait_for_log("has been canceled.", 5);
    assert!(!service.log().contains("trimmed"), "{}", service.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_hears_of_an_end_that_a_flood_follows() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &["--interval", "5m", "--ttl", "10m"]);
    let request = service.caller.search().await;
    let mut ears = Ears::open(&service.caller, request);
    ears.wait_for_searching().await;
    until("the stream to be followed", || redis.run::<String>("CLIENT LIST").contains("cmd=xread "));
    service.signal(Signal::SIGSTOP);
    // A read that waits for all events comes back with this one alone.
    redis.run::<()>("XADD cabstand:events * type opened");
    redis.store().await.cancel(id(request), &actor("ana")).await.unwrap();
    flood(&mut redis);
    service.signal(Signal::SIGCONT);
    let began = Instant::now();
    assert_eq!(ears.end().await.0, "cancelled");
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}: by the look at all requests alone", began.elapsed());
}

/// Whether this Redis counts what a group has read: since version 7.
fn counts_reads(redis: &mut Redis) -> bool {
    let counts = !redis.run::<String>("INFO server").contains("redis_version:6.");
    if !counts {
        eprintln!("this Redis does not count what a group has read");
    }
    counts
}

#[tokio::test]
async fn more_ends_than_are_kept_are_counted() {
    let mut redis = Redis::start();
    let mut member = redis.store().await.join(Group::Webhook, &actor("a")).await.unwrap();
    let add = "redis.call('XADD', KEYS[1], 'MAXLEN', '~', 100000, '*', 'type', 'expired')";
    let script = redis::Script::new(&format!("for i = 1, 103000 do {add} end"));
    script.key("cabstand:ends").invoke::<()>(&mut redis.connection).unwrap();
    let trimmed = 103_000 - redis.run::<u64>("XLEN cabstand:ends");
    let lost = if counts_reads(&mut redis) { Lost::Count(trimmed) } else { Lost::Some };
    assert_eq!(member.next_at_most(0).await.unwrap().lost, Some(lost), "of {trimmed}");
    for _ in 0..2 {
        let batch = member.next().await.unwrap();
        assert_eq!((batch.events.len(), batch.lost), (200, None), "it is said once");
    }
}

/// What `/metrics` shows of ends that were lost to this group.
async fn lost(service: &Service, group: &str) -> u64 {
    let page = service.caller.get("/metrics").await.text().await.unwrap();
    let name = format!("cabstand_ends_lost_total{{group=\"{group}\"}} ");
    page.lines().find_map(|line| line.strip_prefix(&name)).unwrap().parse().unwrap()
}

#[tokio::test]
async fn what_is_trimmed_unread_is_counted_and_said_once() {
    let mut redis = Redis::start();
    if !counts_reads(&mut redis) {
        return;
    }
    let receiver = Receiver::start(|_| Answer::status(200));
    groups_are_there(&redis, &receiver);
    end(&redis.store().await, 1..=5).await;
    redis.run::<()>("XTRIM cabstand:ends MAXLEN = 2");
    let service = posting_to(&redis, &receiver.url(), &[]);
    receiver.wait_for(2);
    let words = "3 ends (or reopenings) of requests were not posted to the webhook: they were trimmed";
    service.wait_for_log(words, 1);
    service.wait_for_log("3 ends (or reopenings) of requests were not written to this log", 1);
    assert_eq!((lost(&service, "webhook").await, lost(&service, "riders").await), (3, 3));

    // Whoever comes next has nothing to add; what is trimmed later is counted from there.
    end(&redis.store().await, 6..=7).await;
    receiver.wait_for(4);
    drop(service);
    end(&redis.store().await, 8..=10).await;
    redis.run::<()>("XTRIM cabstand:ends MAXLEN = 0");
    let service = posting_to(&redis, &receiver.url(), &[]);
    service.wait_for_log(words, 1);
    assert_eq!(lost(&service, "webhook").await, 3);
    assert_eq!(receiver.deliveries().len(), 4);

    let (code, out, _) = told(cabstand().args(["doctor", "--redis", &redis.server.url()]).output().unwrap());
    let out = out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("! warning 6 ends were never posted to the webhook, the last 0"), "{out}");
    assert!(out.contains("Keep a service with --webhook running"), "{out}");
    assert!(out.contains("redis-cli HDEL 'cabstand:delivery' lost_webhook lost_webhook_at"), "{out}");
}

#[tokio::test]
async fn what_is_trimmed_while_a_member_has_it_is_counted() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let mut dead = store.join(Group::Webhook, &actor("dead")).await.unwrap();
    let mut other = store.join(Group::Webhook, &actor("other")).await.unwrap();
    end(&store, 1..=3).await;
    let taken = dead.next().await.unwrap();
    assert_eq!(taken.events.len(), 3);
    for event in taken.events {
        redis.run::<redis::Value>(&format!("XCLAIM cabstand:ends webhook dead 0 {} IDLE 10001 JUSTID", event.id));
    }
    redis.run::<()>("XTRIM cabstand:ends MAXLEN = 1");
    let batch = other.next().await.unwrap();
    assert_eq!((batch.events.len(), batch.lost), (1, Some(Lost::Count(2))));
    assert_eq!(other.next().await.unwrap().lost, None);
    let losses = store.losses().await.unwrap();
    assert!(matches!(losses.webhook, Some(Loss { lost: Lost::Count(2), .. })), "{losses:?}");
    assert_eq!((losses.riders, losses.dead_letters), (None, None));
}

#[tokio::test]
async fn what_was_read_before_it_was_trimmed_is_not_counted() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    // What was trimmed before the group was made is not its loss either.
    end(&store, 1..=3).await;
    redis.run::<()>("XTRIM cabstand:ends MAXLEN = 1");
    let mut member = store.join(Group::Webhook, &actor("a")).await.unwrap();
    for number in 4..=8 {
        end(&store, [number]).await;
        let batch = member.next().await.unwrap();
        assert_eq!((batch.events.len(), batch.lost), (1, None));
        member.acknowledge(&batch).await.unwrap();
        redis.run::<()>(&format!("XTRIM cabstand:ends MAXLEN = {}", number % 2));
    }
    redis.run::<()>("DEL cabstand:ends");
    end(&store, [9]).await;
    let mut batch = member.next().await.unwrap();
    while batch.events.is_empty() {
        batch = member.next().await.unwrap();
    }
    assert_eq!((batch.events.len(), batch.lost), (1, None), "with the stream the group was lost, and begins anew");
}

/// The ends and reopenings in a stream, each id with its kind.
fn kept(redis: &mut Redis, stream: &str) -> Vec<(String, String)> {
    let entries: Entries = redis.run(&format!("XRANGE {stream} - +"));
    let kinds = ["found", "expired", "cancelled", "reopened"];
    let kept = entries.into_iter().map(|(id, fields)| (id, fields["type"].clone()));
    kept.filter(|(_, kind)| kinds.contains(&kind.as_str())).collect()
}

#[tokio::test]
async fn every_end_and_reopening_stands_in_both_streams_under_one_id() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    end(&store, 1..=2).await;
    store.reopen(id(1), &actor("ana")).await.unwrap();
    store.expire(id(1), &actor("ana")).await.unwrap();
    redis.run::<()>("SET 77 1 EX 100");
    store.cancel(id(77), &actor("ana")).await.unwrap();
    let both = [kept(&mut redis, "cabstand:events"), kept(&mut redis, "cabstand:ends")];
    assert_eq!(both[0], both[1]);
    let kinds: Vec<_> = both[1].iter().map(|(_, kind)| kind.as_str()).collect();
    assert_eq!(kinds, ["cancelled", "cancelled", "reopened", "expired", "cancelled"]);
    assert_eq!(redis.run::<u64>("XLEN cabstand:ends"), 5, "and nothing else does");
}

/// Ends a request, and returns the event under which it is posted, with that which its record names.
async fn next_end(redis: &mut Redis, store: &Store, number: u64) -> (BTreeSet<StreamId>, StreamId) {
    let mut member = store.join(Group::Webhook, &actor("a")).await.unwrap();
    end(store, [number]).await;
    let mut batch = member.next().await.unwrap();
    while batch.events.is_empty() {
        batch = member.next().await.unwrap();
    }
    let own = batch.events.iter().filter(|event| event.request_id == Some(id(number)));
    let bodies: Vec<_> = own.map(|event| (event.id, "body".to_owned())).collect();
    store.put_into_outbox(&batch, &bodies, 100_000).await.unwrap();
    let (pending, ..): (u64, Option<String>, Option<String>, redis::Value) =
        redis.run("XPENDING cabstand:ends webhook");
    assert_eq!(pending, 0);
    let posted: Vec<String> = redis.run("ZRANGE cabstand:outbox 0 -1");
    redis.run::<()>("DEL cabstand:outbox");
    let named = redis.field(number, "end_event").unwrap();
    (posted.iter().map(|id| id.parse().unwrap()).collect(), named.parse().unwrap())
}

#[tokio::test]
async fn an_end_is_delivered_under_its_id_whatever_stands_in_the_stream_of_ends() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let greatest = "18446744073709551615-18446744073709551615";
    let spoil = [
        "DEL cabstand:ends".to_owned(),
        "DEL cabstand:events".to_owned(),
        // Ids from a time when the clock was ahead.
        "XADD cabstand:ends 99999999999999-0 type found".to_owned(),
        // No id is left after this one.
        format!("XADD cabstand:ends {greatest} type found"),
    ];
    for (number, command) in (1..).zip(spoil) {
        redis.run::<redis::Value>(&command);
        let (posted, named) = next_end(&mut redis, &store, number).await;
        assert_eq!(posted, BTreeSet::from([named]), "{command}");
    }
    redis.run::<()>("DEL cabstand:ends");
    redis.run::<()>("SET cabstand:ends text");
    end(&store, [5]).await;
    assert_eq!(redis.run::<u64>("XLEN cabstand:ends"), 1, "a key of another type is thrown away");
}

#[tokio::test]
async fn an_end_that_cannot_be_delivered_is_none() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let mut member = store.join(Group::Webhook, &actor("a")).await.unwrap();
    store.open(&request(), &actor("http")).await.unwrap();
    // All keys but the stream of ends; that one to be read alone; and no right to write a record.
    let others = "resetkeys ~drivers ~request_id ~[1-9]* ~cabstand:[^e]* ~cabstand:events";
    let mut rights = vec![others.to_owned(), "allkeys -hset".to_owned()];
    if counts_reads(&mut redis) {
        rights.push(format!("{others} %R~cabstand:ends +hset"));
    }
    for rights in rights {
        redis.run::<()>(&format!("ACL SETUSER default {rights}"));
        let refused = store.cancel(id(1), &actor("ana")).await.unwrap_err().to_string();
        // Redis 6 hands an error on without its code.
        assert!(refused.contains("cabstand acl") || !counts_reads(&mut redis), "{rights}: {refused}");
        assert_eq!(redis.state(1).as_deref(), Some("searching"), "{rights}");
        assert_eq!(redis.run::<u64>("XLEN cabstand:events"), 1, "{rights}: it is not told");
        redis.run::<()>("ACL SETUSER default allkeys");
        assert_eq!(redis.run::<u64>("XLEN cabstand:ends"), 0, "{rights}: nor delivered");
    }
    redis.run::<()>("ACL SETUSER default allkeys +hset");
    store.cancel(id(1), &actor("ana")).await.unwrap();
    for events in [1, 0] {
        let batch = member.next().await.unwrap();
        assert_eq!((batch.events.len(), batch.lost), (events, None), "what came to be none is not lost either");
    }
}

#[tokio::test]
async fn a_group_of_an_older_version_is_named() {
    let mut redis = Redis::start();
    redis.run::<()>("XGROUP CREATE cabstand:events webhook $ MKSTREAM");
    end(&redis.store().await, 1..=2).await;
    let receiver = Receiver::start(|_| Answer::status(200));
    let service = posting_to(&redis, &receiver.url(), &[]);
    let waiting = if counts_reads(&mut redis) { "4" } else { "some" };
    service.wait_for_log(&format!("a group of an older version is left at cabstand:events with {waiting} events"), 1);
    let (_, out, _) = told(cabstand().args(["doctor", "--redis", &redis.server.url()]).output().unwrap());
    assert!(out.contains("redis-cli XGROUP DESTROY cabstand:events webhook"), "{out}");
}
