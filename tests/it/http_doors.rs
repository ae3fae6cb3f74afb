//! Who is let in to the service, by the real binary: tokens and their roles, tickets, names and origins.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::common::command::{cabstand, told};
use crate::common::doors::problem;
use crate::common::listener::Socket;
use crate::common::service::{Caller, Service};
use crate::common::tokens::{self, ANA, BEN, DRIVER, RIDER, TokenFile, bearer};
use crate::common::{LAT, LNG, Redis, until};
use futures_util::StreamExt;
use nix::sys::signal::Signal;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

/// A token that is in no file, and a ticket of no request.
const NOBODY: &str = "x-00000000000000000000000000000000";
const NO_TICKET: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

async fn call(caller: &Caller, call: &str, body: Option<&Value>, token: Option<&str>) -> Response {
    let header = token.map(bearer);
    let headers: Vec<(&str, &str)> = header.iter().map(|(name, value)| (*name, value.as_str())).collect();
    caller.call(call, body, &headers).await
}

async fn status(caller: &Caller, what: &str, body: Option<&Value>, token: Option<&str>) -> u16 {
    call(caller, what, body, token).await.status().as_u16()
}

/// Opens a request by this token and answers its number and its ticket.
async fn open(caller: &Caller, token: &str) -> (u64, String) {
    let response = call(caller, "POST /v2/search", Some(&json!({"lat": LAT, "lng": LNG})), Some(token)).await;
    assert_eq!(response.status(), StatusCode::OK);
    let opened: Value = response.json().await.unwrap();
    (opened["request_id"].as_u64().unwrap(), opened["ticket"].as_str().unwrap().to_owned())
}

/// The status with which a WebSocket at this path, with these headers, is refused; 101 where it is not.
async fn upgrade(caller: &Caller, path: &str, headers: &[(&'static str, &str)]) -> u16 {
    let mut request = format!("{}{path}", caller.base.replace("http:", "ws:")).into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    match connect_async(request).await {
        Ok(_) => 101,
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
    }
}

/// What `serve` says with these options, where it does not start.
fn refusal(redis: &Redis, options: &[&str]) -> String {
    let (code, _, said) =
        told(cabstand().args(["serve", "--redis", &redis.server.url()]).args(options).output().unwrap());
    assert_eq!(code, 2, "{options:?}: {said}");
    said
}

fn counted(page: &str, reason: &str) -> u64 {
    let line = format!("cabstand_http_refused_total{{reason=\"{reason}\"}} ");
    page.lines().find_map(|l| l.strip_prefix(&line)).unwrap_or_else(|| panic!("{reason}: {page}")).parse().unwrap()
}

#[tokio::test]
async fn each_role_may_do_what_is_its_own_and_nothing_else() {
    let redis = Redis::start();
    let file = TokenFile::new(&tokens::all());
    let service = Service::guarded(&redis, file.path(), &["--driver-rate", "off"]);
    let caller = &service.caller;
    let (mine, ticket) = open(caller, RIDER).await;
    let (_, foreign) = open(caller, RIDER).await;
    let report = json!({"id": "a", "lat": 1, "lng": 1});
    let place = json!({"lat": 2, "lng": 2});
    let cancel = json!({"request_id": mine});
    let path = format!("GET /v2/requests/{mine}");
    let (events, socket) = (format!("{path}/events"), format!("{path}/ws"));

    // None, nobody's, driver's, rider's, operator's with and without a name, the request's ticket, another request's.
    let shown = [None, Some(NOBODY), Some(DRIVER), Some(RIDER), Some(ANA), Some(BEN), Some(&*ticket), Some(&*foreign)];
    let table: [(&str, Option<&Value>, [u16; 8]); 10] = [
        ("GET /health", None, [200; 8]),
        ("GET /openapi.json", None, [200; 8]),
        ("GET /metrics", None, [401, 401, 403, 403, 200, 200, 401, 401]),
        ("POST /tracking", Some(&report), [401, 401, 200, 403, 200, 200, 401, 401]),
        ("POST /search", Some(&place), [401, 401, 403, 200, 200, 200, 401, 401]),
        ("POST /v2/search", Some(&place), [401, 401, 403, 200, 200, 200, 401, 401]),
        (&path, None, [401, 401, 403, 403, 200, 200, 200, 401]),
        (&events, None, [401, 401, 403, 403, 200, 200, 200, 401]),
        // A call that asks for no WebSocket is told so where it may be there.
        (&socket, None, [401, 426, 403, 403, 426, 426, 426, 426]),
        // The first of those who may ends it.
        ("POST /v2/cancel", Some(&cancel), [401, 401, 403, 403, 200, 409, 409, 401]),
    ];
    for (what, body, expected) in table {
        for (token, expected) in shown.into_iter().zip(expected) {
            let response = call(caller, what, body, token).await;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            assert_eq!(status, expected, "{what} by {token:?}");
            let challenge = headers.get("www-authenticate").map(|value| value.to_str().unwrap());
            let wanted = match (status, token) {
                (401, None) => Some("Bearer realm=\"cabstand\""),
                (401, Some(_)) => Some("Bearer realm=\"cabstand\", error=\"invalid_token\""),
                (403, _) => Some("Bearer realm=\"cabstand\", error=\"insufficient_scope\""),
                _ => None,
            };
            assert_eq!(challenge, wanted, "{what} by {token:?}");
            if let 401 | 403 | 409 = status {
                problem(response, status).await;
            }
        }
    }
}

#[tokio::test]
async fn a_wrong_ticket_and_a_request_that_there_is_not_are_told_in_the_same_words() {
    let mut redis = Redis::start();
    let file = TokenFile::new(&tokens::all());
    let service = Service::guarded(&redis, file.path(), &[]);
    let caller = &service.caller;
    let (mine, ticket) = open(caller, RIDER).await;
    let (other, _) = open(caller, RIDER).await;
    redis.run::<()>("SET 77 1 EX 60");
    redis.run::<()>("SET cabstand:request:78 nonsense");
    redis.run::<()>("SET 78 1 EX 60");
    let mut answers = BTreeSet::new();
    for (id, shown) in
        [(mine, NO_TICKET), (mine, NOBODY), (other, &*ticket), (77, &*ticket), (78, &*ticket), (9_999, &*ticket)]
    {
        for what in [format!("GET /v2/requests/{id}"), format!("GET /v2/requests/{id}/events")] {
            let response = call(caller, &what, None, Some(shown)).await;
            assert_eq!(response.status(), 401, "{what}");
            let headers: Vec<_> = response.headers().iter().filter(|(name, _)| *name != "date").collect();
            answers.insert(format!("{headers:?}"));
            answers.insert(response.text().await.unwrap());
        }
        let response = call(caller, "POST /v2/cancel", Some(&json!({"request_id": id})), Some(shown)).await;
        answers.insert(response.text().await.unwrap());
        assert_eq!(upgrade(caller, &format!("/v2/requests/{id}/ws?ticket={shown}"), &[]).await, 401);
    }
    assert_eq!(answers.len(), 2, "one body, one set of headers: {answers:#?}");
    assert_eq!(redis.run::<Vec<String>>("MGET 1 2 77 78"), ["1", "1", "1", "1"], "nothing was cancelled");
    // An operator learns what is so.
    assert_eq!(status(caller, "GET /v2/requests/9999", None, Some(ANA)).await, 404);
    assert_eq!(status(caller, "GET /v2/requests/77", None, Some(ANA)).await, 200);
}

#[tokio::test]
async fn a_token_that_is_almost_right_or_not_in_its_place_opens_nothing() {
    let redis = Redis::start();
    let file = TokenFile::new(&tokens::all());
    let service = Service::guarded(&redis, file.path(), &["--client-rate", "off"]);
    let caller = &service.caller;
    let almost = [
        ANA[..ANA.len() - 1].to_owned(),
        format!("{ANA}0"),
        ANA.to_uppercase(),
        format!("{ANA}="),
        format!("{ANA}%00"),
        format!("{ANA},{BEN}"),
        format!("\"{ANA}\""),
        format!("operator {ANA}"),
        "ana".to_owned(),
        "=".to_owned(),
        "A".repeat(20_000),
    ];
    for token in &almost {
        assert_eq!(status(caller, "GET /metrics", None, Some(token)).await, 401, "{token}");
    }
    for header in [
        ANA.to_owned(),
        format!("Basic {ANA}"),
        format!("Token {ANA}"),
        format!("Bearer\u{a0}{ANA}"),
        "Bearer".to_owned(),
    ] {
        let response = caller.call("GET /metrics", None, &[("authorization", &header)]).await;
        assert_eq!(response.status(), 401, "{header}");
    }
    let (right, wrong) = (format!("Bearer {ANA}"), format!("Bearer {NOBODY}"));
    for two in [[&right, &right], [&right, &wrong], [&wrong, &right]] {
        let headers = two.map(|value| ("authorization", value.as_str()));
        let response = caller.call("GET /metrics", None, &headers).await;
        assert_eq!(response.status(), 401, "two headers");
        assert!(response.text().await.unwrap().contains("one token is enough"));
    }
    for place in ["token", "access_token", "ticket", "authorization"] {
        assert_eq!(status(caller, &format!("GET /metrics?{place}={ANA}"), None, None).await, 401, "{place}");
        assert_eq!(
            status(caller, &format!("GET /v2/requests/1/events?{place}={ANA}"), None, None).await,
            401,
            "{place}"
        );
    }
    for header in ["x-api-key", "proxy-authorization", "cookie", "x-authorization"] {
        assert_eq!(caller.call("GET /metrics", None, &[(header, &right)]).await.status(), 401, "{header}");
    }
    for scheme in ["bearer", "BEARER"] {
        let value = format!("{scheme} {ANA}");
        assert_eq!(caller.call("GET /metrics", None, &[("authorization", &value)]).await.status(), 200, "{scheme}");
    }
    // Other paths and methods lead nowhere either.
    for what in ["HEAD /metrics", "HEAD /v2/requests/1", "OPTIONS /metrics", "DELETE /v2/cancel", "get /metrics"] {
        assert_eq!(status(caller, what, None, None).await, 401, "{what}");
    }
    for path in ["//metrics", "/metrics/", "/%6detrics", "/metrics;x", "/METRICS", "/metrics%00", "/."] {
        assert_eq!(status(caller, &format!("GET {path}"), None, None).await, 404, "{path}");
    }
}

#[tokio::test]
async fn a_ticket_opens_the_streams_of_its_request_by_header_or_by_address() {
    let redis = Redis::start();
    let file = TokenFile::new(&tokens::all());
    let service = Service::guarded(&redis, file.path(), &[]);
    let caller = &service.caller;
    let (id, ticket) = open(caller, RIDER).await;
    let path = format!("/v2/requests/{id}");

    let mut stream = call(caller, &format!("GET {path}/events?ticket={ticket}"), None, None).await;
    assert_eq!(stream.status(), 200);
    assert!(String::from_utf8_lossy(&stream.chunk().await.unwrap().unwrap()).contains("searching"));
    let mut socket = Socket::open(caller, &format!("{path}/ws?last_event_id=&ticket={ticket}")).await.unwrap();
    assert_eq!(socket.message().await["event"], "searching");
    let header = bearer(&ticket);
    assert_eq!(upgrade(caller, &format!("{path}/ws"), &[(header.0, &header.1)]).await, 101);

    for wrong in
        [format!("{path}/ws"), format!("{path}/ws?ticket="), format!("{path}/ws?ticket={ticket}&ticket={ticket}")]
    {
        assert_eq!(upgrade(caller, &wrong, &[]).await, 401, "{wrong}");
    }
    let both = upgrade(caller, &format!("{path}/ws?ticket={ticket}"), &[(header.0, &header.1)]).await;
    assert_eq!(both, 401, "in two places");
    // A page of its own has headers: there an address is no place for a ticket.
    assert_eq!(status(caller, &format!("GET {path}?ticket={ticket}"), None, None).await, 401);
    let cancel = json!({"request_id": id});
    assert_eq!(status(caller, &format!("POST /v2/cancel?ticket={ticket}"), Some(&cancel), None).await, 401);
    assert_eq!(status(caller, "POST /v2/cancel", Some(&cancel), Some(&ticket)).await, 200);
    assert_eq!(socket.message().await["event"], "cancelled");
    assert!(String::from_utf8_lossy(&stream.chunk().await.unwrap().unwrap()).contains("has been canceled"));
}

#[tokio::test]
async fn without_tokens_nobody_needs_a_ticket_and_nobody_gets_one() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &[]);
    let opened = service.caller.post("/v2/search", json!({"lat": LAT, "lng": LNG})).await;
    assert_eq!(opened.json::<Value>().await.unwrap(), json!({"request_id": 1}), "the article's own answer");
    assert_eq!(redis.field(1, "ticket_sha256"), None);
    for token in [None, Some(NOBODY), Some(NO_TICKET)] {
        assert_eq!(status(&service.caller, "GET /v2/requests/1", None, token).await, 200);
    }
    assert_eq!(status(&service.caller, "POST /v2/cancel", Some(&json!({"request_id": 1})), None).await, 200);
}

#[tokio::test]
async fn of_a_ticket_nothing_but_its_hash_is_kept_and_that_is_shown_nowhere() {
    let mut redis = Redis::start();
    let file = TokenFile::new(&tokens::all());
    let service = Service::guarded(&redis, file.path(), &[]);
    let (id, ticket) = open(&service.caller, RIDER).await;
    let kept = redis.field(id, "ticket_sha256").unwrap();
    assert_ne!(kept, ticket);
    let shown =
        call(&service.caller, &format!("GET /v2/requests/{id}"), None, Some(&ticket)).await.text().await.unwrap();
    assert!(shown.contains("searching") && !shown.contains(&kept) && !shown.contains(&ticket), "{shown}");
    assert_eq!(status(&service.caller, "POST /v2/cancel", Some(&json!({"request_id": id})), Some(&ticket)).await, 200);
    let events = format!("{:?}", redis.run::<redis::Value>("XRANGE cabstand:events - +"));
    assert!(events.contains("cancelled") && !events.contains(&ticket) && !events.contains(&kept), "{events}");
}

#[tokio::test]
async fn what_an_operator_does_is_noted_under_the_token_s_name() {
    let mut redis = Redis::start();
    let file = TokenFile::new(&tokens::all());
    let service = Service::guarded(&redis, file.path(), &[]);
    let caller = &service.caller;
    for (id, token, actor) in [(1, ANA, "ana@http"), (2, BEN, "http"), (3, RIDER, "http")] {
        open(caller, token).await;
        let cancel = json!({"request_id": id});
        let by = if token == RIDER { BEN } else { token };
        assert_eq!(status(caller, "POST /v2/cancel", Some(&cancel), Some(by)).await, 200);
        assert_eq!(redis.field(id, "ended_by").as_deref(), Some(actor));
    }
    let events: Vec<(String, Vec<String>)> = redis.run("XRANGE cabstand:events - +");
    let opened = events.iter().filter(|(_, fields)| fields.contains(&"opened".to_owned()));
    let actors: Vec<&str> = opened.map(|(_, f)| &*f[f.iter().position(|word| word == "actor").unwrap() + 1]).collect();
    assert_eq!(actors, ["ana@http", "http", "http"]);
    // A request is matched by the report of an operator, in the operator's name.
    let (id, _) = open(caller, RIDER).await;
    until("an attempt", || redis.field(id, "attempts").is_some_and(|attempts| attempts != "0"));
    let report = json!({"id": "a", "lat": LAT, "lng": LNG});
    assert_eq!(status(caller, "POST /tracking", Some(&report), Some(ANA)).await, 200);
    redis.wait_for_state(id, "found");
    assert_eq!(redis.field(id, "ended_by").as_deref(), Some("ana@http"));
}

#[tokio::test]
async fn tokens_are_read_anew_at_sighup_and_who_lost_its_own_is_turned_out() {
    let redis = Redis::start();
    let file = TokenFile::new(&tokens::all());
    let mut service = Service::guarded(&redis, file.path(), &[]);
    let (id, ticket) = open(&service.caller, RIDER).await;
    let path = format!("/v2/requests/{id}");
    let mut stream = call(&service.caller, &format!("GET {path}/events"), None, Some(ANA)).await;
    stream.chunk().await.unwrap();
    let mut by_ticket = call(&service.caller, &format!("GET {path}/events"), None, Some(&ticket)).await;
    by_ticket.chunk().await.unwrap();

    let mut socket = format!("{}{path}/ws", service.caller.base.replace("http:", "ws:")).into_client_request().unwrap();
    let (name, value) = bearer(BEN);
    socket.headers_mut().insert(name, value.parse().unwrap());
    let (mut socket, _) = connect_async(socket).await.unwrap();
    assert!(socket.next().await.unwrap().unwrap().is_text());

    file.write(&format!("operator {NOBODY} carla\nrider {RIDER}\n"));
    assert_eq!(status(&service.caller, "GET /metrics", None, Some(ANA)).await, 200, "not before it is told");
    service.signal(Signal::SIGHUP);
    service.wait_for_log("drivers' 0, riders' 1, operators' 1", 1);
    assert_eq!(status(&service.caller, "GET /metrics", None, Some(ANA)).await, 401);
    assert_eq!(status(&service.caller, "GET /metrics", None, Some(NOBODY)).await, 200);
    assert!(stream.chunk().await.unwrap().is_none(), "the stream of a token that is gone ends");
    match socket.next().await {
        Some(Ok(Message::Close(Some(close)))) => assert_eq!(u16::from(close.code), 4401),
        other => panic!("not closed: {other:?}"),
    }

    for broken in ["", "operator short\n", "operator a-token-of-which-nobody-is-told!\n", "admin x\n"] {
        let before = service.log().matches("were not read anew").count();
        file.write(broken);
        service.signal(Signal::SIGHUP);
        service.wait_for_log("were not read anew, those from before hold", before + 1);
        assert_eq!(status(&service.caller, "GET /metrics", None, Some(NOBODY)).await, 200);
    }
    fs::remove_file(file.path()).unwrap();
    service.signal(Signal::SIGHUP);
    service.wait_for_log("were not read anew, those from before hold", 5);
    assert!(service.is_running());
    assert!(!service.log().contains("of-which-nobody-is-told") && !service.log().contains("short\n"));

    // A ticket is no token: it stays.
    assert_eq!(status(&service.caller, "POST /v2/cancel", Some(&json!({"request_id": id})), Some(&ticket)).await, 200);
    assert!(String::from_utf8_lossy(&by_ticket.chunk().await.unwrap().unwrap()).contains("canceled"));
    service.signal(Signal::SIGTERM);
    assert_eq!(service.wait(), Some(0));

    let mut without = Service::start(&redis, &[]);
    without.signal(Signal::SIGHUP);
    assert_eq!(without.wait(), Some(0), "where there is nothing to read anew it ends the program");
}

#[tokio::test]
async fn secrets_are_in_no_log_however_much_is_logged() {
    let redis = Redis::start();
    let file = TokenFile::new(&tokens::all());
    let service = Service::start_logging("trace", &redis, file.path());
    let (id, ticket) = open(&service.caller, RIDER).await;
    let path = format!("/v2/requests/{id}");
    for token in [Some(ANA), Some(DRIVER), Some(RIDER), Some(NOBODY), Some(&*ticket), None] {
        status(&service.caller, &format!("GET {path}"), None, token).await;
        status(&service.caller, &format!("GET {path}/events?ticket={ticket}"), None, None).await;
        upgrade(&service.caller, &format!("{path}/ws?ticket={ticket}"), &[]).await;
        status(&service.caller, "POST /v2/cancel", Some(&json!({"request_id": id, "x": token})), token).await;
    }
    service.signal(Signal::SIGHUP);
    service.wait_for_log("drivers' 1, riders' 1, operators' 2", 2);
    let log = service.log();
    for secret in [ANA, BEN, DRIVER, RIDER, NOBODY, &ticket] {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
        assert!(!log.contains(&secret[2..20]), "a part of {secret} is in the log:\n{log}");
    }
}

#[test]
fn another_address_than_loopback_needs_tokens_or_an_explicit_word() {
    let redis = Redis::start();
    let file = TokenFile::new(&tokens::all());
    let path = file.path().to_str().unwrap();
    for listen in ["0.0.0.0:0", "[::]:0", "[::ffff:0.0.0.0]:0"] {
        let said = refusal(&redis, &["--listen", listen]);
        assert!(
            said.contains("--token-file FILE") && said.contains("--open") && said.contains("openssl rand"),
            "{said}"
        );
    }
    let said = refusal(&redis, &["--open", "--token-file", path]);
    assert!(said.contains("say one of them"), "{said}");
    for listen in ["localhost:0", "127.0.0.1:0", "127.1.2.3:0"] {
        Service::start_at(listen, &redis.server.url(), &[]);
    }
    let open = Service::start_at("0.0.0.0:0", &redis.server.url(), &["--open"]);
    open.wait_for_log("may come in and do everything", 1);
    Service::start_at("0.0.0.0:0", &redis.server.url(), &["--token-file", path]);
}

#[test]
fn a_file_that_is_no_list_of_tokens_is_refused_and_not_quoted() {
    let redis = Redis::start();
    let file = TokenFile::new("");
    let path = file.path().to_str().unwrap().to_owned();
    let secret = "correct-horse-battery-staple-of-ana!";
    for (text, why) in [
        (String::new(), "there is no token in it"),
        ("# nothing\n\n".to_owned(), "there is no token in it"),
        (format!("driver {DRIVER}\n{secret}\n"), "line 2: a role is"),
        (format!("driver {DRIVER}\n\noperator {secret}\n"), "line 3: a token has letters"),
        ("operator hunter2\n".to_owned(), "line 1: a token has 16"),
        (format!("driver {DRIVER}\nrider {DRIVER}\n"), "line 2: this token stands in line 1 already"),
    ] {
        file.write(&text);
        let said = refusal(&redis, &["--token-file", &path]);
        assert!(said.contains(why) && said.contains("openssl rand -hex 32"), "{said}");
        assert!(!said.contains(secret) && !said.contains("hunter2") && !said.contains(DRIVER), "{said}");
    }
    let said = refusal(&redis, &["--token-file", "/nonexistent/tokens"]);
    assert!(said.contains("/nonexistent/tokens can't be used: No such file"), "{said}");

    file.write("operator sixteen-letters-\n");
    fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).unwrap();
    let service = Service::guarded(&redis, file.path(), &[]);
    service.wait_for_log("anybody on this machine may open", 1);
    service.wait_for_log("line 1: this token is short", 1);
}

#[tokio::test]
async fn on_loopback_the_service_has_no_name_of_somebody_else_s() {
    let redis = Redis::start();
    let service = Service::start(&redis, &["--host", "taxi.example,cab.example"]);
    let as_host =
        async |host: &str| service.caller.call("GET /health", None, &[("host", host)]).await.status().as_u16();
    for host in ["localhost", "localhost:8000", "127.0.0.1", "[::1]:9", "taxi.example", "CAB.example:80"] {
        assert_eq!(as_host(host).await, 200, "{host}");
    }
    for host in ["evil.example", "taxi.example.evil.example", "127.0.0.1.evil.example", "192.168.1.7:8000", "0.0.0.0"] {
        assert_eq!(as_host(host).await, 421, "{host}");
    }
    let page = service.caller.get("/metrics").await.text().await.unwrap();
    assert_eq!(counted(&page, "host"), 5);
    // From elsewhere it is called by whatever name leads to it, unless names are given.
    let open = Service::start_at("0.0.0.0:0", &redis.server.url(), &["--open"]);
    assert_eq!(open.caller.call("GET /health", None, &[("host", "any.example")]).await.status(), 200);
    let named = Service::start_at("0.0.0.0:0", &redis.server.url(), &["--open", "--host", "taxi.example"]);
    assert_eq!(named.caller.call("GET /health", None, &[("host", "any.example")]).await.status(), 421);
    assert_eq!(named.caller.call("GET /health", None, &[("host", "taxi.example")]).await.status(), 200);
}

#[tokio::test]
async fn pages_of_others_may_not_call_unless_they_are_named() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &[]);
    let own = service.caller.base.clone();
    let body = json!({"lat": LAT, "lng": LNG});
    let post = async |service: &Service, origin: &str| {
        service.caller.call("POST /v2/search", Some(&body), &[("origin", origin)]).await
    };
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1", "file://"] {
        assert_eq!(post(&service, origin).await.status(), 403, "{origin}");
    }
    assert_eq!(redis.run::<Vec<String>>("KEYS *request*"), Vec::<String>::new(), "nothing was written");
    let response = post(&service, &own).await;
    assert_eq!(response.status(), 200);
    assert!(!response.headers().contains_key("access-control-allow-origin"), "no CORS unless named");
    assert_eq!(upgrade(&service.caller, "/v2/requests/1/ws", &[("origin", "https://evil.example")]).await, 403);
    assert_eq!(upgrade(&service.caller, "/v2/requests/1/ws", &[("origin", &own)]).await, 101);
    let preflight = [("origin", "https://taxi.example"), ("access-control-request-method", "POST")];
    let asked = service.caller.call("OPTIONS /v2/search", None, &preflight).await;
    assert_eq!((asked.status().as_u16(), asked.headers().get("access-control-allow-origin")), (405, None));

    let file = TokenFile::new(&tokens::all());
    let named = "https://taxi.example,http://localhost:3000";
    let service = Service::guarded(&redis, file.path(), &["--cors-origin", named]);
    for origin in ["https://taxi.example", "http://localhost:3000"] {
        let preflight = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization,content-type"),
        ];
        let asked = service.caller.call("OPTIONS /v2/search", None, &preflight).await;
        assert_eq!(
            (asked.status().as_u16(), &asked.headers()["access-control-allow-origin"]),
            (200, &origin.parse().unwrap())
        );
        assert!(asked.headers()["access-control-allow-headers"].to_str().unwrap().contains("authorization"));
        assert!(!asked.headers().contains_key("access-control-allow-credentials"));
        let response = post(&service, origin).await;
        assert_eq!(response.status(), 401, "a page needs a token, too");
        assert_eq!(response.headers()["access-control-allow-origin"], origin, "and may read what it is told");
    }
    let response = post(&service, "https://evil.example").await;
    assert_eq!((response.status().as_u16(), response.headers().get("access-control-allow-origin")), (403, None));
    let said = refusal(&redis, &["--cors-origin", "*"]);
    assert!(said.contains("an origin is written https://HOST"), "{said}");
}

#[tokio::test]
async fn the_doors_can_be_set_in_the_configuration_file() {
    let redis = Redis::start();
    let file = TokenFile::new(&tokens::all());
    let config = TokenFile::new(&format!(
        "[serve]\ntoken-file = \"{}\"\nhost = \"taxi.example,cab.example\"\nclient-rate = \"off\"\nclient-streams = 7\n\
         cors-origin = \"https://a.example,https://b.example\"\n",
        file.path().display()
    ));
    let service = Service::start(&redis, &["--config", config.path().to_str().unwrap()]);
    let header = bearer(ANA);
    for host in ["taxi.example", "cab.example"] {
        for origin in ["https://a.example", "https://b.example"] {
            let headers = [("host", host), ("origin", origin), (header.0, &*header.1)];
            let response = service.caller.call("GET /metrics", None, &headers).await;
            assert_eq!(response.headers()["access-control-allow-origin"], origin);
            assert_eq!(response.status(), 200, "{host} {origin}");
        }
    }
    assert_eq!(service.caller.get("/metrics").await.status(), 401);
}
