//! The outbox and the groups as the store has them: every step that a death or a delay could tear.

use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::Duration;

use crate::common::{Redis, actor, request, until};
use cabstand::domain::StreamId;
use cabstand::store::{Access, Batch, Fate, GivenUp, Group, Lost, Member, Outgoing, Store, StoreError, Take};

const LEASE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);
const ALL: Take = Take::Due(100);
const MAX: u64 = 100_000;

/// Opens a request and cancels it.
async fn end_one(store: &Store) {
    let id = store.open(&request(), &actor("http")).await.unwrap();
    store.cancel(id, &actor("http")).await.unwrap();
}

/// What comes next, with a body for each of its events that is an end.
async fn next(member: &mut Member) -> (Batch, Vec<(StreamId, String)>) {
    let batch = member.next().await.unwrap();
    let ends = batch.events.iter().filter(|event| event.kind.end().is_some());
    let messages = ends.map(|event| (event.id, format!("body of {}", event.id))).collect();
    (batch, messages)
}

/// Puts one message into the outbox.
async fn put_one(store: &Store) -> StreamId {
    let mut member = store.join(Group::Webhook, &actor("a")).await.unwrap();
    end_one(store).await;
    let (batch, messages) = next(&mut member).await;
    store.put_into_outbox(&batch, &messages, MAX).await.unwrap();
    messages[0].0
}

async fn take(store: &Store) -> Vec<Outgoing> {
    store.take_from_outbox(LEASE, ALL, DAY).await.unwrap().messages
}

fn pending(redis: &mut Redis) -> u64 {
    let (count, ..): (u64, Option<String>, Option<String>, redis::Value) = redis.run("XPENDING cabstand:ends webhook");
    count
}

#[tokio::test]
async fn an_end_goes_into_the_outbox_as_it_is_acknowledged() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let event = put_one(&store).await;
    assert_eq!(pending(&mut redis), 0, "what is no end is acknowledged, too");
    assert_eq!(store.outbox_counts().await.unwrap().waiting, 1);
    // The stream may be trimmed: the message does not need it.
    redis.run::<()>("XTRIM cabstand:ends MAXLEN 0");
    assert_eq!(take(&store).await, [Outgoing { event_id: event, tries: 1, body: format!("body of {event}") }]);
}

#[tokio::test]
async fn what_a_slow_member_and_the_one_that_took_over_both_have_is_put_once() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let mut slow = store.join(Group::Webhook, &actor("slow")).await.unwrap();
    let mut quick = store.join(Group::Webhook, &actor("quick")).await.unwrap();
    end_one(&store).await;
    let (late, late_messages) = next(&mut slow).await;
    for event in &late.events {
        redis.run::<redis::Value>(&format!("XCLAIM cabstand:ends webhook slow 0 {} IDLE 10001 JUSTID", event.id));
    }
    let (batch, messages) = next(&mut quick).await;
    assert_eq!(messages, late_messages);
    store.put_into_outbox(&batch, &messages, MAX).await.unwrap();
    store.delivered(&take(&store).await[0]).await.unwrap();
    store.put_into_outbox(&late, &late_messages, MAX).await.unwrap();
    assert_eq!(store.outbox_counts().await.unwrap().waiting, 0, "it was delivered, and does not come again");
}

#[tokio::test]
async fn what_was_taken_over_and_dealt_with_is_acknowledged_once() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let mut slow = store.join(Group::Riders, &actor("slow")).await.unwrap();
    let mut quick = store.join(Group::Riders, &actor("quick")).await.unwrap();
    end_one(&store).await;
    let late = slow.next().await.unwrap();
    let [first, rest @ ..] = late.events.as_slice() else { panic!("no event") };
    redis.run::<redis::Value>(&format!("XCLAIM cabstand:events riders slow 0 {} IDLE 10001 JUSTID", first.id));
    let batch = quick.next().await.unwrap();
    assert_eq!(quick.acknowledge(&batch).await.unwrap(), [first]);
    assert_eq!(slow.acknowledge(&late).await.unwrap(), rest.iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn what_was_taken_from_a_group_that_is_gone_is_put_all_the_same() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let mut member = store.join(Group::Webhook, &actor("a")).await.unwrap();
    end_one(&store).await;
    let (batch, messages) = next(&mut member).await;
    redis.run::<()>("XGROUP DESTROY cabstand:ends webhook");
    store.put_into_outbox(&batch, &messages, MAX).await.unwrap();
    store.put_into_outbox(&batch, &messages, MAX).await.unwrap();
    assert_eq!(take(&store).await.len(), 1);
}

#[tokio::test]
async fn a_message_is_one_senders_until_its_lease_ends() {
    let redis = Redis::start();
    let store = redis.store().await;
    put_one(&store).await;
    let lease = Duration::from_millis(50);
    let first = store.take_from_outbox(lease, ALL, DAY).await.unwrap();
    assert!(first.next_in.is_some_and(|next| next <= lease), "{first:?}");
    let first = &first.messages[0];

    let mut second = Vec::new();
    while second.is_empty() {
        second = store.take_from_outbox(LEASE, ALL, DAY).await.unwrap().messages;
    }
    assert_eq!(second, [Outgoing { tries: 2, ..first.clone() }]);
    assert!(take(&store).await.is_empty());

    // The first one comes late: its failure is not the second one's, and its success is one all the same.
    let fate = store.not_delivered(first, None, DAY, "late").await.unwrap();
    assert_eq!(fate, Fate::Gone);
    store.delivered(first).await.unwrap();
    assert_eq!(store.not_delivered(&second[0], Some(Duration::ZERO), DAY, "500").await.unwrap(), Fate::Gone);
    let counts = store.outbox_counts().await.unwrap();
    assert_eq!((counts.waiting, counts.dead), (0, 0));
}

#[tokio::test]
async fn a_failed_message_waits_and_is_given_up_in_the_end() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let event = put_one(&store).await;
    let message = take(&store).await.remove(0);
    let minute = Duration::from_mins(1);
    assert_eq!(store.not_delivered(&message, Some(minute), DAY, "500").await.unwrap(), Fate::Waiting);
    let taken = store.take_from_outbox(LEASE, ALL, DAY).await.unwrap();
    assert!(taken.messages.is_empty());
    assert!(taken.next_in.is_some_and(|next| next > minute / 2 && next <= minute), "{taken:?}");
    assert_eq!(redis.run::<String>(&format!("HGET cabstand:outbox:{event} error")), "500");

    // A next try that would come too late is set to the time when the message is given up, and never made.
    redis.run::<()>(&format!("ZADD cabstand:outbox 0 {event}"));
    let message = take(&store).await.remove(0);
    assert_eq!(store.not_delivered(&message, Some(minute), minute / 2, "502").await.unwrap(), Fate::Waiting);
    let taken = store.take_from_outbox(LEASE, ALL, minute / 2).await.unwrap();
    assert!(taken.next_in.is_some_and(|next| next > minute / 4 && next <= minute / 2), "{taken:?}");
    redis.run::<()>(&format!("HINCRBY cabstand:outbox:{event} since -31000"));
    redis.run::<()>(&format!("ZADD cabstand:outbox 0 {event}"));
    let taken = store.take_from_outbox(LEASE, ALL, minute / 2).await.unwrap();
    assert!(taken.messages.is_empty() && taken.next_in.is_none(), "{taken:?}");
    assert_eq!(taken.given_up, [GivenUp { event_id: event, tries: 2, why: "502".to_owned() }]);
    let letters: Vec<(String, BTreeMap<String, String>)> = redis.run("XRANGE cabstand:webhook:dead - +");
    let letter = &letters[0].1;
    assert_eq!((letter["event_id"].clone(), letter["body"].clone()), (event.to_string(), format!("body of {event}")));
    assert_eq!((letter["tries"].as_str(), letter["error"].as_str()), ("2", "502"));
    let counts = store.outbox_counts().await.unwrap();
    assert_eq!((counts.waiting, counts.dead), (0, 1));
}

/// Puts this many messages there that have waited for an hour, the first of them tried twice.
fn put_old(redis: &mut Redis, count: u64) {
    let since = redis.run::<(u64, u64)>("TIME").0 * 1_000 - 3_600_000;
    for number in 1..=count {
        let mut put = redis::pipe();
        put.hset_multiple(format!("cabstand:outbox:{number}-0"), &[("body", "old"), ("since", &since.to_string())]);
        put.zadd("cabstand:outbox", format!("{number}-0"), number).exec(&mut redis.connection).unwrap();
    }
    redis.run::<()>("HSET cabstand:outbox:1-0 tries 2 error 503");
}

#[tokio::test]
async fn what_is_past_its_time_is_given_up_though_many_younger_ones_are_due_before_it() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let now = redis.run::<(u64, u64)>("TIME").0 * 1_000;
    let mut put = |number: u64, since: u64, due: u64| {
        let id = format!("{number}-0");
        let mut put = redis::pipe();
        put.hset_multiple(format!("cabstand:outbox:{id}"), &[("body", "one"), ("since", &since.to_string())]);
        put.zadd("cabstand:outbox", &id, due).zadd("cabstand:outbox:since", &id, since);
        put.exec(&mut redis.connection).unwrap();
    };
    for number in 1..=250 {
        put(number, now - 5_000, now - 5_000);
    }
    put(300, now - 7_200_000, now - 1);
    let taken = store.take_from_outbox(LEASE, Take::Due(0), Duration::from_hours(1)).await.unwrap();
    assert_eq!(taken.given_up.iter().map(|one| one.event_id.to_string()).collect::<Vec<_>>(), ["300-0"]);
    assert_eq!(redis.run::<u64>("ZCARD cabstand:outbox:since"), 250);
}

#[tokio::test]
async fn what_is_past_its_time_is_dead_without_a_try_a_hundred_at_once() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    put_old(&mut redis, 150);
    let fresh = put_one(&store).await;
    let hour = Duration::from_hours(1);
    let first = store.take_from_outbox(LEASE, Take::Due(0), hour).await.unwrap();
    assert_eq!((first.given_up.len(), first.more_to_give_up, first.messages.len()), (100, true, 0));
    let untried = "its time was up before its turn came".to_owned();
    let told = [("1-0", 2, "503".to_owned()), ("2-0", 0, untried)];
    let told = told.map(|(id, tries, why)| GivenUp { event_id: id.parse().unwrap(), tries, why });
    assert_eq!(first.given_up[..2], told);
    let rest = store.take_from_outbox(LEASE, Take::Due(16), hour).await.unwrap();
    assert_eq!((rest.given_up.len(), rest.more_to_give_up), (50, false));
    assert_eq!(rest.messages.iter().map(|message| message.event_id).collect::<Vec<_>>(), [fresh]);
    let counts = store.outbox_counts().await.unwrap();
    assert_eq!((counts.waiting, counts.dead), (1, 150));

    // Where Redis refuses the letter, the message stays and is not tried.
    put_old(&mut redis, 1);
    redis.run::<()>("DEL cabstand:webhook:dead");
    redis.run::<()>("SET cabstand:webhook:dead text");
    let taken = store.take_from_outbox(LEASE, ALL, hour).await.unwrap();
    assert!(taken.given_up.is_empty() && taken.messages.is_empty() && taken.trimmed == 0, "{taken:?}");
    assert_eq!(redis.run::<u64>("ZCARD cabstand:outbox"), 2);
}

#[tokio::test]
async fn dead_letters_that_are_trimmed_are_counted() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let fill = "for i = 1, 10100 do redis.call('XADD', KEYS[1], '*', 'event_id', i) end";
    redis::Script::new(fill).key("cabstand:webhook:dead").invoke::<()>(&mut redis.connection).unwrap();
    put_one(&store).await;
    let message = take(&store).await.remove(0);
    let fate = store.not_delivered(&message, None, DAY, "410").await.unwrap();
    let Fate::Dead { trimmed } = fate else { panic!("{fate:?}") };
    assert!((1..=101).contains(&trimmed), "{trimmed}");
    let loss = store.losses().await.unwrap().dead_letters.unwrap();
    assert_eq!(loss.lost, Lost::Count(trimmed));
}

#[tokio::test]
async fn what_has_no_room_stays_in_its_group() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let mut member = store.join(Group::Webhook, &actor("a")).await.unwrap();
    for _ in 0..3 {
        end_one(&store).await;
    }
    let (batch, messages) = next(&mut member).await;
    store.put_into_outbox(&batch, &messages, 2).await.unwrap();
    let counts = store.outbox_counts().await.unwrap();
    assert_eq!((counts.waiting, counts.max, counts.is_full(), pending(&mut redis)), (2, Some(2), true, 1));
    store.put_into_outbox(&batch, &messages, 2).await.unwrap();
    assert_eq!((store.outbox_fill().await.unwrap(), pending(&mut redis)), (2, 1));
    store.put_into_outbox(&batch, &messages, 3).await.unwrap();
    assert_eq!((store.outbox_fill().await.unwrap(), pending(&mut redis)), (3, 0));
}

#[tokio::test]
async fn a_probe_takes_the_message_with_the_fewest_tries() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let tried = put_one(&store).await;
    redis.run::<()>(&format!("HSET cabstand:outbox:{tried} tries 5"));
    redis.run::<()>(&format!("ZADD cabstand:outbox 0 {tried}"));
    let fresh = put_one(&store).await;
    let probe = store.take_from_outbox(LEASE, Take::Probe, DAY).await.unwrap().messages;
    assert_eq!(probe.iter().map(|message| (message.event_id, message.tries)).collect::<Vec<_>>(), [(fresh, 1)]);
    assert_eq!(redis.run::<String>(&format!("HGET cabstand:outbox:{tried} tries")), "5", "the others keep theirs");
}

#[tokio::test]
async fn what_foreign_hands_put_there_holds_up_nobody() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    redis.run::<()>("ZADD cabstand:outbox 0 junk 0 1-1 0 2-2 0 3-3 0 9223372036854775807-18446744073709551615");
    redis.run::<()>("HSET cabstand:outbox:9223372036854775807-18446744073709551615 body last");
    redis.run::<()>("SET cabstand:outbox:2-2 text");
    for none in ["99999999999999999999-0", "9223372036854775808-0", "4-18446744073709551616", "04-4", "4-04"] {
        redis.run::<()>(&format!("ZADD cabstand:outbox 0 {none}"));
        redis.run::<()>(&format!("HSET cabstand:outbox:{none} body mine"));
    }
    redis.run::<()>("HSET cabstand:outbox:3-3 body mine tries many since soon");
    let event = put_one(&store).await;
    let taken = take(&store).await;
    let greatest = "9223372036854775807-18446744073709551615".to_owned();
    let ids: Vec<String> = taken.iter().map(|message| message.event_id.to_string()).collect();
    assert_eq!(ids, ["3-3".to_owned(), greatest, event.to_string()]);
    assert_eq!(redis.run::<u64>("ZCARD cabstand:outbox"), 3);
    assert_eq!(store.not_delivered(&taken[0], Some(LEASE), DAY, "500").await.unwrap(), Fate::Waiting);
}

#[tokio::test]
async fn a_region_has_an_outbox_of_its_own() {
    let mut redis = Redis::start();
    let region = "stgo".parse().unwrap();
    let address = redis.server.url().parse().unwrap();
    let store = Store::connect(address, Some(&region), Access::Full).await.unwrap();
    let event = put_one(&store).await;
    assert_eq!(redis.run::<u64>(&format!("EXISTS {{stgo}}:cabstand:outbox {{stgo}}:cabstand:outbox:{event}")), 2);
}

#[tokio::test]
async fn a_read_only_handle_leaves_the_outbox_alone() {
    let redis = Redis::start();
    let event_id = put_one(&redis.store().await).await;
    let message = Outgoing { event_id, tries: 1, body: String::new() };
    let looking = redis.store_with(Access::ReadOnly).await;
    for refused in [
        looking.join(Group::Webhook, &actor("a")).await.err(),
        looking.put_into_outbox(&Batch::default(), &[], MAX).await.err(),
        looking.take_from_outbox(LEASE, Take::Due(1), DAY).await.err(),
        looking.delivered(&message).await.err(),
        looking.not_delivered(&message, None, DAY, "").await.err(),
    ] {
        assert!(matches!(refused, Some(StoreError::ReadOnly)), "{refused:?}");
    }
    assert_eq!(looking.outbox_counts().await.unwrap().waiting, 1);
}

fn members(redis: &mut Redis) -> Vec<String> {
    let members: Vec<BTreeMap<String, redis::Value>> = redis.run("XINFO CONSUMERS cabstand:ends webhook");
    members.into_iter().map(|mut member| redis::from_redis_value(member.remove("name").unwrap()).unwrap()).collect()
}

#[tokio::test]
async fn a_member_that_leaves_takes_its_name_with_it_unless_it_has_something() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let mut stays = store.join(Group::Webhook, &actor("stays")).await.unwrap();
    let leaves = store.join(Group::Webhook, &actor("leaves")).await.unwrap();
    // Redis notes a name when it is first given something, or by this.
    redis.run::<()>("XGROUP CREATECONSUMER cabstand:ends webhook leaves");
    end_one(&store).await;
    let (batch, messages) = next(&mut stays).await;
    assert_eq!(members(&mut redis), ["leaves", "stays"]);
    leaves.leave().await.unwrap();
    stays.leave().await.unwrap();
    assert_eq!(members(&mut redis), ["stays"], "what it took and did not put would be lost with its name");
    store.put_into_outbox(&batch, &messages, MAX).await.unwrap();
    assert_eq!(take(&store).await.len(), 1);
}

#[tokio::test]
async fn members_that_are_silent_are_struck_off() {
    let mut redis = Redis::start();
    redis.run::<()>("XGROUP CREATE cabstand:ends webhook $ MKSTREAM");
    redis.run::<()>("XGROUP CREATECONSUMER cabstand:ends webhook silent");
    redis.run::<()>("XADD cabstand:ends 1-1 type expired request_id 1");
    redis.run::<redis::Value>("XREADGROUP GROUP webhook busy STREAMS cabstand:ends >");
    let script = redis::Script::new(include_str!("../../assets/lua/members.lua"));
    let strike_off = |redis: &mut Redis, silence: u64| {
        let mut call = script.key("cabstand:ends");
        call.arg("webhook").arg(silence).arg("").invoke::<()>(&mut redis.connection).unwrap();
    };
    strike_off(&mut redis, 3_600_000);
    assert_eq!(members(&mut redis), ["busy", "silent"]);
    until("an hour of five milliseconds to pass", || {
        sleep(Duration::from_millis(1));
        strike_off(&mut redis, 5);
        members(&mut redis) == ["busy"]
    });
    redis.run::<()>("DEL cabstand:ends");
    strike_off(&mut redis, 5);
}
