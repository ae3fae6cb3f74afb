//! The head of a call, at the doors: by which name it is made, from whose page, with which token or ticket. Who comes in is looked
//! at once more, in the plainest words.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, LazyLock};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, header};
use cabstand::api::{Doors, Hosts, Line, Origin, Role, Tokens, fuzzing};
use tokio::sync::watch;

use super::first_line;
use crate::safe::assert_safe;

const TOKENS: [(Role, &str); 3] = [
    (Role::Driver, "driver-0123456789abcdef"),
    (Role::Rider, "rider-0123456789abcdef"),
    (Role::Operator, "operator-0123456789abcdef"),
];
const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const NAME: &str = "taxi.example";
const PAGE: &str = "https://pages.example";

/// What one has to show at a path: a token of one of these roles, or the ticket of a request.
const PATHS: [(&str, &[Role], bool); 8] = [
    ("/tracking", &[Role::Driver, Role::Operator], false),
    ("/search", &[Role::Rider, Role::Operator], false),
    ("/v2/search", &[Role::Rider, Role::Operator], false),
    ("/v2/cancel", &[Role::Operator], true),
    ("/v2/requests/{id}", &[Role::Operator], true),
    ("/v2/requests/{id}/events", &[Role::Operator], true),
    ("/v2/requests/{id}/ws", &[Role::Operator], true),
    ("/metrics", &[Role::Operator], false),
];

static DOORS: LazyLock<Doors> = LazyLock::new(|| {
    let lines: Vec<String> = TOKENS.iter().map(|(role, token)| format!("{role} {token}")).collect();
    let tokens = Tokens::new(Line::read_all(&lines.join("\n")).expect("tokens"));
    Doors {
        tokens: Some(watch::channel(Arc::new(tokens)).1),
        hosts: Some(Hosts::new([NAME.to_owned()])),
        origins: vec![PAGE.parse::<Origin>().expect("an origin")],
        proxies: vec![PROXY],
        ..Doors::default()
    }
});

/// Reads `METHOD TARGET` in the first line, then headers as `name: value`. The call comes to each path in turn.
///
/// # Panics
/// Where a law is broken.
pub fn hold(bytes: &[u8]) {
    let Some(call) = read(bytes) else { return };
    let _ = fuzzing::client(DOORS.clone(), PROXY, &call);
    let stranger = IpAddr::from([203, 0, 113, 9]);
    assert_eq!(fuzzing::client(DOORS.clone(), stranger, &call), stranger.to_string(), "no proxy is believed unasked");
    for (path, roles, by_ticket) in PATHS {
        let mut call = read(bytes).expect("it was read before");
        match fuzzing::admit(DOORS.clone(), Some(path), &mut call) {
            Ok(()) => {
                hold_host(&call);
                hold_origin(&call, path);
                hold_token(&call, path, roles, by_ticket);
            }
            Err(refused) => {
                assert!([401, 403, 421].contains(&refused.status), "{refused:?}");
                assert_safe(&refused.detail);
                assert!(TOKENS.iter().all(|(_, token)| !refused.detail.contains(token)), "{refused:?}");
            }
        }
    }
}

fn read(bytes: &[u8]) -> Option<Request> {
    let (line, rest) = first_line(bytes);
    let mut words = line.split(|byte| *byte == b' ');
    let call = Request::builder().method(words.next()?).uri(words.next()?);
    let lines = rest.split(|byte| *byte == b'\n').filter_map(|line| {
        let at = line.iter().position(|byte| *byte == b':')?;
        Some((line.get(..at)?, line.get(at + 1..)?.trim_ascii()))
    });
    lines.fold(call, |call, (name, value)| call.header(name, value)).body(Body::empty()).ok()
}

fn lines<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Vec<&'a str> {
    headers.get_all(name).iter().map(|value| value.to_str().expect("what was let in is text")).collect()
}

/// Every name that it was called by is one of ours.
fn hold_host(call: &Request) {
    let mut hosts = lines(call.headers(), &header::HOST);
    hosts.extend(call.uri().authority().map(axum::http::uri::Authority::as_str));
    for host in hosts {
        let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((inside, _)) => inside.to_owned(),
            None => host.split(':').next().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase(),
        };
        let is_here = name.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback());
        let is_named = name == NAME || name == "localhost" || name.ends_with(".localhost");
        assert!(is_here || is_named, "called by the name {host}");
    }
}

/// Where it changes something, or opens a socket, no page of somebody else's made it.
fn hold_origin(call: &Request, path: &str) {
    let reads_only = [Method::GET, Method::HEAD, Method::OPTIONS].contains(call.method());
    if reads_only && !path.ends_with("/ws") {
        return;
    }
    let (origins, hosts) = (lines(call.headers(), &header::ORIGIN), lines(call.headers(), &header::HOST));
    if let Some(origin) = origins.first() {
        let page = origin.split_once("://").map(|(_, page)| page.to_ascii_lowercase());
        let is_own = page.is_some() && page == hosts.first().map(|host| host.to_ascii_lowercase());
        assert!(origins.len() == 1 && (*origin == PAGE || is_own), "a page of {origins:?}, at {hosts:?}");
    }
}

/// It showed one token that opens this path; or, where a ticket does, one thing that may be one.
fn hold_token(call: &Request, path: &str, roles: &[Role], by_ticket: bool) {
    let shown = lines(call.headers(), &header::AUTHORIZATION);
    let tokens: Vec<&str> = shown.iter().filter_map(|line| Some(line.split_once(' ')?.1.trim())).collect();
    let opens = |token: &&str| TOKENS.iter().any(|(role, known)| known == token && roles.contains(role));
    let is_stream = path.ends_with("/events") || path.ends_with("/ws");
    let in_query = call.uri().query().unwrap_or_default().split('&').filter(|pair| pair.starts_with("ticket=")).count();
    let in_query = if is_stream { in_query } else { 0 };
    assert_eq!(shown.len() + in_query, 1, "{path}: {shown:?}, and {in_query} in the query");
    let is_known = |token: &&str| TOKENS.iter().any(|(_, known)| known == token);
    match tokens.first() {
        Some(token) => assert!(opens(token) || by_ticket && !is_known(token), "{path} was opened by {token}"),
        None => assert!(by_ticket && in_query == 1, "{path} was opened by nothing"),
    }
}
