//! An operation that fails half way: Redis takes nothing back, so the event that says that it was done must not stand there without its
//! effect, nor the effect without its event.

use std::collections::BTreeMap;

use crate::common::{Redis, actor, id, request};
use cabstand::domain::{DeedId, Metres, RequestId, Seal, StreamId, UnixMs};
use cabstand::store::{Store, StoreError, Traced};

/// What the operators' scripts call.
const COMMANDS: [&str; 21] = [
    "del",
    "exists",
    "geoadd",
    "geopos",
    "geosearch",
    "get",
    "hdel",
    "hget",
    "hmget",
    "hset",
    "persist",
    "pexpire",
    "pttl",
    "set",
    "type",
    "xadd",
    "zadd",
    "zcard",
    "zcount",
    "zrem",
    "zscore",
];
/// And the keys that they touch.
const KEYS: [&str; 14] = [
    "~drivers",
    "~request_id",
    "~cabstand:due",
    "~cabstand:waiting",
    "~cabstand:seen",
    "~cabstand:events",
    "~cabstand:workers",
    "~cabstand:queue",
    "~cabstand:reach",
    "~cabstand:reach:*",
    "~cabstand:sweep",
    "~cabstand:fresh",
    "~cabstand:stale",
    "~cabstand:request:*",
];

#[derive(Debug, Clone, Copy, PartialEq)]
enum Act {
    Extend,
    ExtendExternal,
    Widen,
    Retry,
    Reopen,
}

async fn perform(act: Act, store: &Store, id: RequestId) -> Result<(), StoreError> {
    let ana = actor("ana@desk");
    match act {
        Act::Extend | Act::ExtendExternal => store.extend(id, 60_000, &ana).await.map(|_| ()),
        Act::Widen => store.widen(id, Metres(9_000.0), &ana).await.map(|_| ()),
        Act::Retry => store.retry(id, &ana).await.map(|_| ()),
        Act::Reopen => store.reopen(id, &ana).await.map(|_| ()),
    }
}

/// A request, its state as far as an operation can change it, without the events that are noted.
fn state(redis: &mut Redis, id: RequestId) -> (BTreeMap<String, String>, Option<String>, i64, i64) {
    let mut record: BTreeMap<String, String> = redis.run(&format!("HGETALL cabstand:request:{id}"));
    record.remove("life");
    // To ten seconds, since time goes by.
    let left = |redis: &mut Redis, key: String| (redis.run::<i64>(&format!("PTTL {key}")) + 5_000) / 10_000;
    let key = redis.run(&format!("GET {id}"));
    let (key_left, record_left) = (left(redis, id.to_string()), left(redis, format!("cabstand:request:{id}")));
    (record, key, key_left, record_left)
}

/// Performs it while the rights of the service's user are narrowed by `narrowed`, on a request of its own.
async fn try_without(redis: &mut Redis, store: &Store, act: Act, number: u64, narrowed: &str) {
    let ana = actor("ana@desk");
    let id = if act == Act::ExtendExternal {
        redis.run::<()>(&format!("SET {} 1 EX 200", 1_000_000 + number));
        id(1_000_000 + number)
    } else {
        let opened = store.open(&request(), &ana).await.unwrap();
        while !store.attempt_due(&actor("w"), 100).await.unwrap().looks.is_empty() {}
        opened
    };
    if act == Act::Reopen {
        store.cancel(id, &ana).await.unwrap();
    }
    let before = state(redis, id);
    let events: u64 = redis.run("XLEN cabstand:events");
    let seal = Seal {
        id: DeedId::from(u128::from(number)),
        until: UnixMs(9_000_000_000_000),
        after: Some(StreamId::default()),
    };
    redis.run::<()>(&format!("ACL SETUSER default {narrowed}"));
    let outcome = perform(act, &store.for_deed(seal), id).await;
    redis.run::<()>("ACL SETUSER default on nopass ~* &* +@all");
    let traced = store.trace(&[Seal { until: UnixMs(0), ..seal }]).await.unwrap().remove(0);
    let after = state(redis, id);
    let what = format!("{act:?} with {narrowed}: {outcome:?}");
    if outcome.is_ok() {
        assert!(matches!(traced, Traced::Done(_)), "{what}: {traced:?}");
        assert_ne!(after, before, "{what}");
    } else {
        assert_eq!(traced, Traced::NotDone, "{what}");
        assert_eq!(redis.run::<u64>("XLEN cabstand:events"), events, "{what}");
        assert_eq!(after, before, "{what}");
    }
}

#[tokio::test]
async fn an_operation_that_lacks_a_right_is_done_with_its_event_or_not_at_all() {
    let mut redis = Redis::start();
    redis.run::<()>("ACL SETUSER admin on nopass ~* &* +@all");
    let store = redis.store().await;
    redis.run::<()>("AUTH admin none");
    let mut number = 0;
    for act in [Act::Extend, Act::ExtendExternal, Act::Widen, Act::Retry, Act::Reopen] {
        let without_command = COMMANDS.iter().map(|command| format!("-{command}"));
        let without_key = KEYS.iter().map(|key| {
            let others: Vec<&str> = KEYS.iter().copied().filter(|other| other != key).collect();
            format!("resetkeys ~[1-9]* {}", others.join(" "))
        });
        for narrowed in without_command.chain(without_key) {
            number += 1;
            try_without(&mut redis, &store, act, number, &narrowed).await;
        }
    }
}

#[tokio::test]
async fn a_retry_whose_search_fails_was_not_done() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    store.open(&request(), &actor("ana")).await.unwrap();
    redis.run::<()>("SET drivers x");
    let events: u64 = redis.run("XLEN cabstand:events");
    let seal = Seal { id: DeedId::from(7_u128), until: UnixMs(9_000_000_000_000), after: Some(StreamId::default()) };
    store.for_deed(seal).retry(id(1), &actor("ana")).await.unwrap_err();
    let over = Seal { until: UnixMs(0), ..seal };
    assert_eq!(store.trace(&[over]).await.unwrap(), [Traced::NotDone]);
    assert_eq!(redis.run::<u64>("XLEN cabstand:events"), events, "nothing says that it was tried again");
}
