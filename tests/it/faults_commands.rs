//! The operator's actions as commands, whose answers are lost: each is done once or not at all, and it is said which, or that nobody
//! knows.

use std::process::{Child, Stdio};

use crate::common::command::{cabstand, run, told};
use crate::common::wire::Wire;
use crate::common::{Redis, actor, request, until};

/// A Redis in which two searches wait and one is cancelled, so that it knows the scripts; and a wire to it.
fn city() -> (Redis, Wire) {
    let redis = Redis::start();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        for _ in 0..3 {
            redis.store().await.open(&request(), &actor("http")).await.unwrap();
        }
    });
    assert_eq!(run(&redis, "cancel 3").0, 0);
    let wire = Wire::to(&redis);
    (redis, wire)
}

/// Starts a command behind the wire, and answers once Redis holds back what it asks for.
fn held_back(redis: &mut Redis, wire: &Wire, command: &str) -> Child {
    redis.run::<()>("CLIENT PAUSE 60000 WRITE");
    let mut child = cabstand();
    child.args(["--redis", &wire.url()]).args(command.split_whitespace());
    let asking = |redis: &mut Redis| redis.run::<String>("CLIENT LIST").matches("cmd=evalsha").count();
    let before = asking(redis);
    let child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until("it to be asked for", || asking(redis) > before);
    child
}

fn ended(child: Child) -> (i32, String, String) {
    told(child.wait_with_output().unwrap())
}

#[test]
fn what_was_done_without_an_answer_is_told_as_done() {
    let (mut redis, wire) = city();
    let child = held_back(&mut redis, &wire, "cancel 1");
    wire.hold_answers();
    redis.run::<()>("CLIENT UNPAUSE");
    redis.wait_for_state(1, "cancelled");
    wire.cut();
    wire.heal();
    let (code, out, err) = ended(child);
    assert_eq!((code, out.as_str()), (0, "request 1 cancelled\n"), "{err}");
    let child = held_back(&mut redis, &wire, "search --at -33.44,-70.63");
    wire.hold_answers();
    redis.run::<()>("CLIENT UNPAUSE");
    until("the search to be opened", || redis.run::<u64>("GET request_id") == 4);
    wire.cut();
    wire.heal();
    let (code, out, err) = ended(child);
    assert_eq!((code, out.as_str()), (0, "4\n"), "{err}");
    assert_eq!(redis.run::<u64>("GET request_id"), 4, "it is opened once");
    assert_eq!(redis.run::<u64>("XLEN cabstand:events"), 6, "four opened, two cancelled: nothing was done twice");
}

#[test]
fn what_never_came_to_redis_is_told_as_not_done() {
    let (mut redis, wire) = city();
    let child = held_back(&mut redis, &wire, "cancel 1");
    wire.cut();
    until("Redis to let go of it", || !redis.run::<String>("CLIENT LIST").contains("cmd=evalsha"));
    redis.run::<()>("CLIENT UNPAUSE");
    let (code, out, err) = ended(child);
    assert_eq!((code, out.as_str()), (1, ""), "{err}");
    assert!(err.starts_with("request 1 not cancelled: ") && err.contains("nothing was changed"), "{err}");
    assert_eq!(redis.state(1).as_deref(), Some("searching"));
}

#[test]
fn where_redis_stays_away_it_is_said_that_nobody_knows() {
    let (mut redis, wire) = city();
    let first = held_back(&mut redis, &wire, "cancel 1 2");
    let second = held_back(&mut redis, &wire, "search --at -33.44,-70.63");
    wire.down();
    let (code, out, err) = ended(first);
    assert_eq!((code, out.as_str()), (3, ""), "{err}");
    assert!(err.starts_with("request 1 may or may not be cancelled: "), "{err}");
    assert!(err.contains("`cabstand events` tells"), "{err}");
    assert!(err.contains("\nrequest 2 not cancelled: "), "the second was never sent: {err}");
    let (code, out, err) = ended(second);
    assert_eq!((code, out.as_str()), (3, ""), "{err}");
    assert!(err.contains("whether it was done is not known"), "{err}");
}

#[test]
fn a_redis_that_takes_no_changes_is_told_and_nothing_is_looked_for() {
    let (mut redis, _wire) = city();
    for (breaks, mends, word) in [
        (
            "CONFIG SET maxmemory 1",
            "CONFIG SET maxmemory 0",
            "has no memory left and takes no changes: raise maxmemory",
        ),
        ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE", "is a replica and takes no changes"),
    ] {
        redis.run::<()>(breaks);
        for command in ["extend 1 --by 10s", "search --at -33.44,-70.63"] {
            let (code, out, err) = run(&redis, command);
            assert!(code == 1 && out.is_empty() && err.contains(word), "{command}: {code} {err}");
        }
        redis.run::<()>(mends);
    }
    assert_eq!(run(&redis, "extend 1 --by 10s").0, 0);
}
