//! What every call passes before its handler is reached.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderMap, Method, Uri, header};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::interval;

use super::caller::Pass;
use super::clients::{self, Client, Share, Shares};
use super::new_drivers::NewDrivers;
use super::rate::Limiter;
use super::{Doors, Hosts, Origin, Refusal, RequestBound, Role, Tokens, hosts, ticket, tokens};
use crate::api::server::Open;
use crate::domain::DriverId;

/// How often those are forgotten who have rested.
const TIDY_EVERY: Duration = Duration::from_secs(5);
/// Of so many connections one is kept free of streams, so that those who listen leave room for those who call.
const KEPT_FREE: usize = 10;

const EVENTS: &str = "/v2/requests/{id}/events";
const SOCKET: &str = "/v2/requests/{id}/ws";

/// What one has to show at a path.
enum Need {
    /// Nothing.
    Nothing,
    /// The token of this role, or an operator's.
    Role(Role),
    /// The ticket of the request that the call is about, or an operator's token.
    Ticket,
}

/// Whatever is not named here is the operators' alone.
fn need(path: &str) -> Need {
    match path {
        "/health" | "/openapi.json" => Need::Nothing,
        "/tracking" => Need::Role(Role::Driver),
        "/search" | "/v2/search" => Need::Role(Role::Rider),
        "/v2/cancel" | "/v2/requests/{id}" | EVENTS | SOCKET => Need::Ticket,
        _ => Need::Role(Role::Operator),
    }
}

/// The doors at work.
pub(in crate::api) struct Gate {
    tokens: Option<watch::Receiver<Arc<Tokens>>>,
    hosts: Option<Hosts>,
    origins: Vec<Origin>,
    proxies: Vec<IpAddr>,
    clients: Option<Limiter>,
    drivers: Option<Limiter>,
    new_drivers: Option<NewDrivers>,
    connections: Shares,
    streams: Shares,
    seats: Arc<Semaphore>,
    pub(super) rider_requests: Option<RequestBound>,
    pub(super) client_requests: Option<RequestBound>,
}

/// A place among those who listen, until it is dropped.
pub(in crate::api) struct Seat {
    _seat: OwnedSemaphorePermit,
    _share: Share,
}

impl Gate {
    pub(in crate::api) fn new(doors: Doors, most_connections: usize) -> Self {
        let seats = most_connections - most_connections / KEPT_FREE;
        Self {
            tokens: doors.tokens,
            hosts: doors.hosts,
            origins: doors.origins,
            proxies: doors.proxies.iter().map(IpAddr::to_canonical).collect(),
            clients: doors.client_rate.map(Limiter::new),
            drivers: doors.driver_rate.map(Limiter::new),
            new_drivers: doors.client_new_drivers.map(NewDrivers::new),
            connections: Shares::new(doors.client_connections),
            streams: Shares::new(doors.client_streams),
            seats: Arc::new(Semaphore::new(seats.min(Semaphore::MAX_PERMITS))),
            rider_requests: doors.rider_requests,
            client_requests: doors.client_requests,
        }
    }

    /// Whether a caller has to show who it is.
    pub(in crate::api) fn asks_for_tokens(&self) -> bool {
        self.tokens.is_some()
    }

    /// One more connection of this peer, if it may have one. A proxy has as many as it needs.
    pub(in crate::api) fn connect(&self, peer: IpAddr) -> Option<Share> {
        if self.is_proxy(peer) { Some(Share::uncounted()) } else { self.connections.take(Client::at(peer)) }
    }

    /// Whether this call at this path, if it is one of ours, may go on to its handler. Who made it goes with it.
    pub(in crate::api) fn admit(&self, path: Option<&str>, call: &mut Request) -> Result<(), Refusal> {
        if self.hosts.as_ref().is_some_and(|hosts| !hosts.allow(call)) {
            return Err(Refusal::Host);
        }
        if path != Some("/health")
            && let (Some(clients), Some(client)) = (&self.clients, self.client_of(call))
        {
            clients.count(&client).map_err(|seconds| Refusal::ClientRate(clients.rate, seconds))?;
        }
        let reads_only = matches!(*call.method(), Method::GET | Method::HEAD | Method::OPTIONS);
        if (!reads_only || path == Some(SOCKET)) && !hosts::allows(&self.origins, call) {
            return Err(Refusal::Origin);
        }
        if let (Some(tokens), Some(path)) = (&self.tokens, path)
            && let Some(pass) = identify(tokens, path, call)?
        {
            call.extensions_mut().insert(pass);
        }
        Ok(())
    }

    fn client_of(&self, call: &Request) -> Option<Client> {
        let open = call.extensions().get::<Arc<Open>>()?;
        Some(self.client(open.peer, call.headers()))
    }

    /// Who calls by way of this peer.
    pub(in crate::api) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Client {
        let behind = if self.is_proxy(peer) { clients::behind_proxy(headers) } else { None };
        behind.unwrap_or_else(|| Client::at(peer))
    }

    fn is_proxy(&self, peer: IpAddr) -> bool {
        self.proxies.contains(&peer.to_canonical())
    }

    /// Counts a report of this driver.
    pub(in crate::api) fn report(&self, driver: &DriverId) -> Result<(), Refusal> {
        let Some(drivers) = &self.drivers else { return Ok(()) };
        drivers.count(&driver.as_bytes()).map_err(|seconds| Refusal::DriverRate(drivers.rate, seconds))
    }

    /// Counts an array of `reports` against the client's rate. The call itself has counted as the first one. If only some of them
    /// are allowed, returns how many, and why the others are not.
    pub(in crate::api) fn count_reports(&self, client: Option<Client>, reports: usize) -> Result<(), (usize, Refusal)> {
        let (Some(clients), Some(client)) = (&self.clients, client) else { return Ok(()) };
        let more = reports.saturating_sub(1);
        let counted = clients.count_up_to(&client, more);
        counted.map_err(|(allowed, seconds)| (allowed + 1, Refusal::ClientReports(clients.rate, seconds)))
    }

    /// What bounds new drivers; `None` if nothing does.
    pub(in crate::api) fn new_drivers(&self) -> Option<&NewDrivers> {
        self.new_drivers.as_ref()
    }

    /// A place to listen for this client.
    pub(super) fn seat(&self, client: Option<Client>) -> Result<Seat, Refusal> {
        let share = client.map_or(Some(Share::uncounted()), |client| self.streams.take(client));
        let share = share.ok_or(Refusal::ClientStreams)?;
        let seat = Arc::clone(&self.seats).try_acquire_owned().map_err(|_| Refusal::Streams)?;
        Ok(Seat { _seat: seat, _share: share })
    }
}

/// Forgets for ever those who have rested long enough.
pub(in crate::api) async fn tidy(gate: &Gate) {
    let mut beat = interval(TIDY_EVERY);
    loop {
        beat.tick().await;
        let new_drivers = gate.new_drivers.as_ref().map(|new| &new.limiter);
        for limiter in [gate.clients.as_ref(), gate.drivers.as_ref(), new_drivers].into_iter().flatten() {
            limiter.tidy();
        }
    }
}

/// As what the caller may go on; none where it need not have shown anything.
fn identify(tokens: &watch::Receiver<Arc<Tokens>>, path: &str, call: &Request) -> Result<Option<Pass>, Refusal> {
    let need = need(path);
    if let Need::Nothing = need {
        return Ok(None);
    }
    let in_query = if matches!(path, EVENTS | SOCKET) { ticket_in(call.uri()) } else { Ok(None) };
    let shown = match (bearer(call.headers())?, in_query?) {
        (Some(_), Some(_)) => return Err(Refusal::TwoTokens),
        // No token is taken from there: addresses stand in logs and histories. A ticket dies with its request.
        (None, Some(ticket)) => return Ok(Some(Pass::Ticket(ticket::shown(ticket)))),
        (Some(shown), None) => shown,
        (None, None) => return Err(Refusal::NoToken),
    };
    let known = tokens.borrow().find(shown).cloned();
    match (known, need) {
        (Some(known), Need::Role(role)) if known.role == Role::Operator || known.role == role => {
            Ok(Some(Pass::Token(known, tokens.clone())))
        }
        (Some(known), Need::Ticket) if known.role == Role::Operator => Ok(Some(Pass::Token(known, tokens.clone()))),
        (Some(_), _) => Err(Refusal::Role),
        (None, Need::Ticket) => Ok(Some(Pass::Ticket(ticket::shown(shown)))),
        (None, _) => Err(Refusal::WrongToken),
    }
}

/// The bearer token of a call, if it has one.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let Some(line) = lines.next() else { return Ok(None) };
    if lines.next().is_some() {
        return Err(Refusal::TwoTokens);
    }
    let (scheme, token) = line.to_str().ok().and_then(|line| line.split_once(' ')).ok_or(Refusal::NoToken)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::NoToken);
    }
    Some(token.trim()).filter(|token| tokens::is_bearer(token)).map(Some).ok_or(Refusal::WrongToken)
}

/// The ticket in a call's address, for browsers, whose streams can have no headers.
fn ticket_in(uri: &Uri) -> Result<Option<&str>, Refusal> {
    let mut tickets = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.strip_prefix("ticket="));
    let ticket = tickets.next();
    if tickets.next().is_some() { Err(Refusal::TwoTokens) } else { Ok(ticket) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_is_one_header_of_that_scheme() {
        let read = |lines: &[&str]| {
            let lines = lines.iter().map(|line| (header::AUTHORIZATION, line.parse().unwrap()));
            bearer(&lines.collect()).map(|token| token.map(str::to_owned))
        };
        for line in ["Bearer abc=", "bearer abc=", "BEARER  abc= "] {
            assert_eq!(read(&[line]), Ok(Some("abc=".to_owned())), "{line}");
        }
        assert_eq!(read(&[]), Ok(None));
        for line in ["", "abc", "Bearer", "Basic YWJj", "Bearerabc"] {
            assert_eq!(read(&[line]), Err(Refusal::NoToken), "{line}");
        }
        for line in ["Bearer ", "Bearer a b", "Bearer a,b", "Bearer \"a\""] {
            assert_eq!(read(&[line]), Err(Refusal::WrongToken), "{line}");
        }
        assert_eq!(read(&["Bearer abc", "Bearer abc"]), Err(Refusal::TwoTokens));
    }

    #[test]
    fn a_ticket_in_the_address_is_there_once() {
        let read = |uri: &'static str| ticket_in(&Uri::from_static(uri)).map(|ticket| ticket.map(str::to_owned));
        assert_eq!(read("/?a=b&ticket=x"), Ok(Some("x".to_owned())));
        assert_eq!(read("/?tickets=x&token=y"), Ok(None));
        assert_eq!(read("/?ticket=x&ticket=x"), Err(Refusal::TwoTokens));
    }

    #[test]
    fn a_path_that_nobody_thought_of_is_the_operators_alone() {
        assert!(matches!(need("/v2/requests/{id}/secrets"), Need::Role(Role::Operator)));
    }
}
