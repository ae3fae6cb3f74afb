//! Who makes a call that was let in.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tokio::sync::watch;

use super::clients::Client;
use super::tokens::Known;
use super::{Gate, Refusal, Role, Seat, Tokens};
use crate::api::Service;
use crate::api::problem::Problem;
use crate::api::server::Open;
use crate::domain::{Actor, DriverId, RequestId, UserId};
use crate::store::{KeyHash, Quota, TicketHash};

/// As what somebody was let in. Without one, nobody is asked.
#[derive(Clone)]
pub(super) enum Pass {
    /// By a token, which may be taken away.
    Token(Known, watch::Receiver<Arc<Tokens>>),
    /// By what may be the ticket of a request; none where it has not even the shape of one.
    Ticket(Option<TicketHash>),
}

/// Who calls.
pub(in crate::api) struct Caller {
    pass: Option<Pass>,
    client: Option<Client>,
}

impl FromRequestParts<Service> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(call: &mut Parts, service: &Service) -> Result<Self, Infallible> {
        let peer = call.extensions.get::<Arc<Open>>().map(|open| open.peer);
        let client = peer.map(|peer| service.gate.client(peer, &call.headers));
        Ok(Self { pass: call.extensions.remove(), client })
    }
}

impl Caller {
    /// The name under which an operator's actions are noted, where the token has one.
    pub(in crate::api) fn name(&self) -> Option<Actor> {
        match &self.pass {
            Some(Pass::Token(known, _)) if known.role == Role::Operator => {
                known.name.as_ref().map(|name| Actor::new(&format!("{name}@http")))
            }
            _ => None,
        }
    }

    /// Whether it may look at this request, and cancel it. What is shown for a request that is not known is told to be wrong in
    /// the same words as a wrong ticket, and after the same reading: which requests there are is nobody's business.
    pub(in crate::api) async fn may_see(&self, service: &Service, id: RequestId) -> Result<(), Problem> {
        let Some(Pass::Ticket(ticket)) = self.pass else { return Ok(()) };
        let ticket = ticket.ok_or(Refusal::WrongTicket)?;
        if service.store.is_ticket_of(id, ticket).await? { Ok(()) } else { Err(Refusal::WrongTicket.into()) }
    }

    /// Whether it may report for this driver: a token may be bound to another one.
    pub(in crate::api) fn may_report(&self, driver: &DriverId) -> Result<(), Refusal> {
        match &self.pass {
            Some(Pass::Token(Known { driver: Some(bound), .. }, _)) if bound != driver => Err(Refusal::OtherDriver),
            _ => Ok(()),
        }
    }

    /// The client whose rate of new drivers holds for this caller. `None` for operators, and for a token that is bound to a driver:
    /// whoever wrote the token file has named that one.
    pub(in crate::api) fn bounded_client(&self) -> Option<Client> {
        match &self.pass {
            Some(Pass::Token(known, _)) if known.role == Role::Operator || known.driver.is_some() => None,
            _ => self.client,
        }
    }

    /// The client it belongs to.
    pub(in crate::api) fn client(&self) -> Option<Client> {
        self.client
    }

    /// The hash under which an idempotency key is kept. The same key of another caller has another hash.
    pub(in crate::api) fn key_hash(&self, key: &str) -> KeyHash {
        match &self.pass {
            Some(Pass::Token(known, _)) => KeyHash::new(known.hash(), key),
            // If no token is asked for, all callers count as one.
            Some(Pass::Ticket(_)) | None => KeyHash::new(&[0; 32], key),
        }
    }

    /// How many open requests this rider and this client may have. Operators may have as many as they like.
    pub(in crate::api) fn quotas(&self, gate: &Gate, rider: Option<&UserId>) -> (Option<Quota>, Option<Quota>) {
        if matches!(&self.pass, Some(Pass::Token(known, _)) if known.role == Role::Operator) {
            return (None, None);
        }
        let of_rider = rider.zip(gate.rider_requests).map(|(rider, bound)| bound.quota(rider.as_str()));
        let of_client = self.client.zip(gate.client_requests).map(|(client, bound)| bound.quota(&client.to_string()));
        (of_rider, of_client)
    }

    /// A place among those who listen.
    pub(in crate::api) fn seat(&self, service: &Service) -> Result<Seat, Refusal> {
        service.gate.seat(self.client)
    }

    /// Waits until the caller may not be here any more: its token was taken away.
    pub(in crate::api) async fn turned_out(self) {
        let Some(Pass::Token(known, mut tokens)) = self.pass else { return pending().await };
        while tokens.borrow_and_update().still_has(&known) {
            // Nobody can take it away any more.
            if tokens.changed().await.is_err() {
                return pending().await;
            }
        }
    }
}
