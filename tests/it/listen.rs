//! A rider listens: by an event stream, by a WebSocket, through cuts and outages of all kinds.

use std::time::{Duration, Instant};

use crate::common::doors::Doors;
use crate::common::listener::{Ears, Heard, Said, Socket};
use crate::common::service::{Caller, Service};
use crate::common::{LAT, LNG, Redis, Restarted, actor, id, request, until};
use cabstand::domain::State;
use cabstand::rider::{Hub, News, Prospect};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// Attempts that come so seldom that only what a test does ends a request.
const PATIENT: [&str; 4] = ["--interval", "5m", "--ttl", "10m"];

fn ws(id: u64) -> String {
    format!("/v2/requests/{id}/ws")
}

/// A request, and a listener of each kind who knows that it is searching.
async fn two_listeners(service: &Service) -> (u64, Ears, Socket) {
    let request = service.caller.search().await;
    let (mut ears, mut socket) =
        (Ears::open(&service.caller, request), Socket::open(&service.caller, &ws(request)).await.unwrap());
    ears.wait_for_searching().await;
    socket.message().await;
    (request, ears, socket)
}

/// A listener's connection as plain bytes, for what no good client does.
async fn plain(caller: &Caller, id: u64) -> TcpStream {
    let mut stream = TcpStream::connect(caller.base.strip_prefix("http://").unwrap()).await.unwrap();
    let call = format!("GET /v2/requests/{id}/events HTTP/1.1\r\nHost: cabstand\r\n\r\n");
    stream.write_all(call.as_bytes()).await.unwrap();
    stream
}

/// All that a plain listener is sent, from now until this text.
async fn read_until(stream: &mut TcpStream, text: &str) {
    let reading = async {
        let mut seen = Vec::new();
        while !String::from_utf8_lossy(&seen).contains(text) {
            assert_ne!(stream.read_buf(&mut seen).await.unwrap(), 0, "{}", String::from_utf8_lossy(&seen));
        }
    };
    tokio::time::timeout(Duration::from_secs(10), reading).await.expect(text);
}

#[tokio::test]
async fn a_request_whose_cancel_was_taken_back_is_listened_for_anew() {
    let redis = Redis::start();
    let doors = Doors::open(&redis).await;
    let (store, ana) = (redis.store().await, actor("ana@desk"));
    store.open(&request(), &actor("http")).await.unwrap();
    let mut early = Ears::open(&doors.caller, 1);
    early.wait_for_searching().await;
    store.cancel(id(1), &ana).await.unwrap();
    let (state, cancelled, _) = early.end().await;
    assert_eq!(state, "cancelled");

    store.reopen(id(1), &ana).await.unwrap();
    let mut late = Ears::open_after(&doors.caller, 1, &cancelled);
    late.wait_for_searching().await;
    let mut socket = Socket::open(&doors.caller, &ws(1)).await.unwrap();
    assert_eq!(socket.message().await["event"], "searching");
    store.expire(id(1), &ana).await.unwrap();
    let (state, expired, data) = late.end().await;
    assert_eq!((state.as_str(), &data["message"]), ("expired", &json!("Sorry, we did not find any driver.")));
    assert_eq!(socket.message().await["event"], "expired");
    // Who has heard the first end alone is told the last one.
    assert_eq!(Ears::open_after(&doors.caller, 1, &expired).next().await, Heard::Connected(204));
    let mut later = Ears::open_after(&doors.caller, 1, &cancelled);
    assert_eq!(later.next().await, Heard::Connected(200));
    assert_eq!(later.end().await.1, expired);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_listens_right_after_a_cancel_was_taken_back_does_not_hear_of_it() {
    let redis = Redis::start();
    let (store, ana) = (redis.store().await, actor("ana@desk"));
    let (hub, shutdown) = (Hub::new(store.clone()), CancellationToken::new());
    let running = tokio::spawn(hub.clone().run(shutdown.clone()));
    for _ in 0..100 {
        let number = store.open(&request(), &ana).await.unwrap();
        store.cancel(number, &ana).await.unwrap();
        store.reopen(number, &ana).await.unwrap();
        // The hub may read of the cancel only now.
        let Prospect::Open(_, mut listener) = hub.listen(number).await.unwrap() else { panic!("it is open") };
        store.expire(number, &ana).await.unwrap();
        let Some(News::Ended(told)) = listener.news().await else { panic!("it has ended") };
        assert_eq!(told.state, State::Expired, "request {number}");
    }
    shutdown.cancel();
    running.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_end_is_told_word_for_word_to_early_and_late() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &PATIENT);
    let caller = &service.caller;
    let mut listeners = Vec::new();
    for id in 1..=4 {
        assert_eq!(caller.search().await, id);
        let (mut ears, mut socket) = (Ears::open(caller, id), Socket::open(caller, &ws(id)).await.unwrap());
        ears.wait_for_searching().await;
        let first = socket.message().await;
        assert_eq!((&first["event"], &first["data"]["request_id"]), (&json!("searching"), &json!(id)));
        assert_eq!(first.get("id"), None);
        listeners.push((ears, socket));
    }
    caller.post("/v2/cancel", json!({"request_id": 2})).await;
    redis.run::<()>("PEXPIRE 3 1");
    redis.run::<()>("SET 4 0 EX 60");
    caller.post("/tracking", json!({"id": "taxi 7", "lat": LAT, "lng": LNG})).await;

    let words = [
        ("found", "Driver taxi 7 found"),
        ("cancelled", "Request 2 has been canceled."),
        ("expired", "Sorry, we did not find any driver."),
        ("cancelled", "Request 4 has been canceled."),
    ];
    for (id, ((mut ears, mut socket), (state, words))) in (1_u64..).zip(listeners.into_iter().zip(words)) {
        let (event, event_id, data) = ears.end().await;
        let ended_at = event_id.split_once('-').unwrap().0.parse::<u64>().unwrap();
        let mut wanted = json!({
            "event_id": event_id, "request_id": id, "user_id": format!("requestor_{id}"), "state": state, "message": words,
            "lat": LAT, "lng": LNG, "ended_at": ended_at,
        });
        if state == "found" {
            wanted["driver_id"] = json!("taxi 7");
            wanted["distance_m"] = data["distance_m"].clone();
            assert!(data["distance_m"].as_f64().unwrap() < 1.0, "{data}");
        }
        assert_eq!((event.as_str(), &data), (state, &wanted));
        let message = socket.message().await;
        assert_eq!(message, json!({"event": state, "id": event_id, "data": wanted}));
        assert_eq!(socket.next().await, Said::Closed(1000, state.to_owned()));

        assert_eq!(ears.next().await, Heard::Cut);
        // Whoever comes late is told the same, unless it has heard it.
        let mut late = Ears::open_after(caller, id, "not an id");
        assert_eq!(late.next().await, Heard::Connected(200));
        assert_eq!(late.end().await, (event, event_id.clone(), wanted));
        assert_eq!(Ears::open_after(caller, id, &event_id).next().await, Heard::Connected(204));
        for other in ["1-0", "99999999999999-0"] {
            let mut late = Socket::open(caller, &format!("{}?last_event_id={other}", ws(id))).await.unwrap();
            assert_eq!(late.message().await, message, "{other} is not the end of this request");
        }
        let mut heard = Socket::open(caller, &format!("{}?last_event_id={event_id}", ws(id))).await.unwrap();
        assert_eq!(heard.next().await, Said::Closed(1000, "the end was heard already".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_cut_off_comes_back_and_hears_the_end_once() {
    let mut redis = Redis::start();
    let first = Service::start(&redis, &PATIENT);
    let other = Service::start(&redis, &PATIENT);
    let request = first.caller.search().await;
    let mut ears = Ears::open(&first.caller, request);
    ears.wait_for_searching().await;
    let address = first.caller.base.strip_prefix("http://").unwrap().to_owned();
    first.signal(Signal::SIGKILL);
    drop(first);
    assert_eq!(ears.next().await, Heard::Cut);
    other.caller.post("/v2/cancel", json!({"request_id": request})).await;
    redis.wait_for_state(request, "cancelled");
    let _again = Service::start_at(&address, &redis.server.url(), &PATIENT);
    assert_eq!(ears.next().await, Heard::Connected(200));
    assert_eq!(ears.end().await.0, "cancelled");
    assert_eq!(ears.next().await, Heard::Cut);
    assert_eq!(ears.next().await, Heard::Connected(204));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_that_one_service_makes_is_heard_at_another() {
    let redis = Redis::start();
    let (here, there) = (Service::start(&redis, &PATIENT), Service::start(&redis, &PATIENT));
    let request = here.caller.search().await;
    let (mut ears, mut socket) =
        (Ears::open(&there.caller, request), Socket::open(&there.caller, &ws(request)).await.unwrap());
    ears.wait_for_searching().await;
    socket.message().await;
    here.caller.post("/v2/cancel", json!({"request_id": request})).await;
    assert_eq!(ears.end().await.0, "cancelled");
    assert_eq!(socket.message().await["event"], "cancelled");
}

#[tokio::test]
async fn what_cannot_be_listened_to_is_said() {
    let mut redis = Redis::start();
    let doors = Doors::open(&redis).await;
    let (caller, hub) = (&doors.caller, &doors.hub);
    redis.run::<()>("SET 9 1 EX 240");
    redis.run::<()>("SET 10 hello");
    let events = async |id: &str| -> (u16, Value) {
        let response = caller.get(&format!("/v2/requests/{id}/events")).await;
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        (response.status().as_u16(), response.json().await.unwrap())
    };
    for unknown in ["8", "10", "0", "drivers", "-1", "%ff", "99999999999999999999"] {
        let (status, problem) = events(unknown).await;
        assert_eq!(status, 404, "{unknown}");
        assert!(problem["detail"].as_str().unwrap().starts_with("this request is not known"), "{unknown} {problem}");
        assert_eq!(Socket::open(caller, &format!("/v2/requests/{unknown}/ws")).await.err(), Some(404), "{unknown}");
    }
    let (status, problem) = events("9").await;
    assert!(status == 404 && problem["detail"].as_str().unwrap().contains("another service"), "{problem}");
    assert_eq!(Socket::open(caller, &ws(9)).await.err(), Some(404));

    let no_upgrade = caller.get(&ws(1)).await;
    let header = |name: &str| no_upgrade.headers()[name].to_str().unwrap().to_owned();
    assert_eq!((no_upgrade.status().as_u16(), header("content-type").as_str()), (426, "application/problem+json"));
    assert_eq!((header("upgrade").as_str(), header("sec-websocket-version").as_str()), ("websocket", "13"));

    drop(redis);
    let away = caller.get("/v2/requests/1/events").await;
    assert_eq!((away.status().as_u16(), &away.headers()["retry-after"]), (503, &"1".parse().unwrap()));
    assert_eq!(Socket::open(caller, &ws(1)).await.err(), Some(503));
    assert_eq!(hub.listeners(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_vanishes_or_never_reads_harms_nobody() {
    let redis = Redis::start();
    let doors = Doors::open(&redis).await;
    let (caller, hub) = (&doors.caller, &doors.hub);
    let request = caller.search().await;
    let mut vanishing = plain(caller, request).await;
    read_until(&mut vanishing, "searching").await;
    let mut vanishing_socket = Socket::open(caller, &ws(request)).await.unwrap();
    vanishing_socket.message().await;
    assert_eq!(hub.listeners(), 2);
    drop((vanishing, vanishing_socket));
    until("the vanished to be forgotten", || hub.listeners() == 0);

    let _deaf = plain(caller, request).await;
    let _deaf_socket = Socket::open(caller, &ws(request)).await.unwrap();
    until("those who never read", || hub.listeners() == 2);
    let mut crowd = Vec::new();
    for _ in 0..200 {
        crowd.push(plain(caller, request).await);
    }
    until("the crowd", || hub.listeners() == 202);
    caller.post("/v2/cancel", json!({"request_id": request})).await;
    for one in &mut crowd {
        read_until(one, "event: cancelled").await;
    }
    assert_eq!(hub.listeners(), 0);
}

#[tokio::test]
async fn what_ended_while_the_stream_was_not_followed_is_told() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let hub = Hub::new(store.clone());
    let (ended, deleted) =
        (store.open(&request(), &actor("a")).await.unwrap(), store.open(&request(), &actor("a")).await.unwrap());
    let Prospect::Open(_, mut first) = hub.listen(ended).await.unwrap() else { panic!("it is searching") };
    let Prospect::Open(_, mut second) = hub.listen(deleted).await.unwrap() else { panic!("it is searching") };
    store.cancel(ended, &actor("a")).await.unwrap();
    redis.run::<()>("DEL cabstand:request:2");
    let stop = CancellationToken::new();
    tokio::spawn(hub.clone().run(stop.clone()));
    let Some(News::Ended(told)) = first.news().await else { panic!("it has ended") };
    assert_eq!(told.message, "Request 1 has been canceled.");
    assert_eq!(second.news().await, Some(News::Gone));
    let _stop = stop.drop_guard();
}

#[tokio::test]
async fn a_damaged_record_is_listened_to_until_its_key_ends() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let hub = Hub::new(store.clone());
    store.open(&request(), &actor("a")).await.unwrap();
    redis.run::<()>("HDEL cabstand:request:1 lat");
    assert!(matches!(hub.listen(id(1)).await.unwrap(), Prospect::Open(..)));
    redis.run::<()>("DEL 1");
    assert!(matches!(hub.listen(id(1)).await.unwrap(), Prospect::Unknown));
    assert_eq!(hub.listeners(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn listeners_live_through_an_outage_of_redis() {
    let mut redis = Redis::start_with(&["--appendonly", "yes", "--appendfsync", "always"]);
    let service = Service::start(&redis, &PATIENT);
    let (request, mut ears, mut socket) = two_listeners(&service).await;
    redis.kill();
    service.wait_for_log("can't be reached", 1);
    let _restarted = Restarted::in_place_of(&mut redis);
    redis.run::<()>(&format!("SET {request} 0 EX 60"));
    assert_eq!(ears.end().await.0, "cancelled");
    assert_eq!(socket.message().await["event"], "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn listeners_of_a_redis_that_came_back_empty_are_let_go() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &PATIENT);
    let (_, mut ears, mut socket) = two_listeners(&service).await;
    redis.kill();
    let _restarted = Restarted::in_place_of(&mut redis);
    // The ids go on above the lost ones: the new stream alone does not show that the old one is gone.
    redis.run::<()>("XADD cabstand:ends * type opened");
    assert_eq!(ears.next().await, Heard::Cut);
    assert_eq!(ears.next().await, Heard::Refused(404));
    assert_eq!(socket.next().await, Said::Closed(4404, "the request is not known any more".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_flush_old_listeners_are_let_go_and_new_ones_told() {
    let mut redis = Redis::start();
    let doors = Doors::open(&redis).await;
    let (caller, hub) = (&doors.caller, &doors.hub);
    let request = caller.search().await;
    let mut ears = Ears::open(caller, request);
    ears.wait_for_searching().await;
    // What was there before the stream is followed is read from the record alone, and that is still searching.
    until("the stream to be followed", || redis.run::<String>("CLIENT LIST").contains("cmd=xread "));
    // It is followed up to an id that no later one reaches.
    redis.run::<()>(&format!("XADD cabstand:ends 99999999999999-0 type cancelled request_id {request}"));
    assert_eq!(ears.end().await.0, "cancelled");
    let mut old = Socket::open(caller, &ws(request)).await.unwrap();
    old.message().await;
    redis.run::<()>("FLUSHALL");
    assert_eq!(old.next().await, Said::Closed(4404, "the request is not known any more".to_owned()));

    let request = caller.search().await;
    let mut new = Socket::open(caller, &ws(request)).await.unwrap();
    new.message().await;
    caller.post("/v2/cancel", json!({"request_id": request})).await;
    assert_eq!(new.message().await["event"], "cancelled");
    until("nobody to be left", || hub.listeners() == 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn open_streams_do_not_hold_up_the_end_of_the_service() {
    let redis = Redis::start();
    let mut service = Service::start(&redis, &PATIENT);
    let (request, mut ears, mut socket) = two_listeners(&service).await;
    // One that does not even answer the close.
    let mut deaf = Socket::open(&service.caller, &ws(request)).await.unwrap();
    deaf.message().await;
    let began = Instant::now();
    service.signal(Signal::SIGTERM);
    assert_eq!(socket.next().await, Said::Closed(1001, "the service ends: connect again".to_owned()));
    assert_eq!(ears.next().await, Heard::Cut);
    assert_eq!(service.wait(), Some(0));
    let took = began.elapsed();
    assert!(took < Duration::from_secs(4), "{took:?}: it does not wait out its grace");
    assert!(took > Duration::from_millis(1_500), "{took:?}: the deaf one has its time to close");
}

#[tokio::test]
async fn a_number_that_begins_anew_tells_nobody_of_another_riders_end() {
    let mut redis = Redis::start();
    let store = redis.store().await;
    let hub = Hub::new(store.clone());
    let stop = CancellationToken::new();
    tokio::spawn(hub.clone().run(stop.clone()));
    let _stop = stop.drop_guard();
    store.open(&request(), &actor("alice")).await.unwrap();
    let Prospect::Open(_, mut alice) = hub.listen(id(1)).await.unwrap() else { panic!("it is searching") };
    redis.run::<()>("FLUSHALL");
    store.open(&request(), &actor("bob")).await.unwrap();
    let Prospect::Open(_, mut bob) = hub.listen(id(1)).await.unwrap() else { panic!("it is searching") };
    store.cancel(id(1), &actor("bob")).await.unwrap();
    assert_eq!(alice.news().await, Some(News::Gone));
    let News::Ended(told) = bob.news().await.unwrap() else { panic!("it was cancelled") };
    assert_eq!(told.message, "Request 1 has been canceled.");
}
