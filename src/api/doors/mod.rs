//! The doors of the service: who may come in, by which name, how often, and to what.
//!
//! Every call passes [`Gate::admit`] before its handler is reached: the host's name, the page's origin, the client's rate, and
//! then its token. Where a ticket will do, the handler asks [`Caller::may_see`], since it alone knows which request it is about.
//! Whatever is turned away is a [`Refusal`], which is counted by its reason.

mod caller;
mod clients;
mod gate;
mod hosts;
mod new_drivers;
mod quota;
mod rate;
mod refusal;
mod ticket;
mod tls;
mod tokens;

use std::net::IpAddr;
use std::sync::Arc;

use rustls::ServerConfig;
use tokio::sync::watch;

pub(super) use caller::Caller;
pub(super) use clients::Share;
pub(super) use gate::{Gate, Seat, tidy};
pub use hosts::{Hosts, InvalidOrigin, Origin};
pub use quota::{InvalidRequestBound, RequestBound};
pub use rate::{InvalidRate, Rate};
pub use refusal::REASONS;
pub(super) use refusal::{Refusal, count};
pub(super) use ticket::Ticket;
pub use tls::{InvalidTls, server_config};
pub use tokens::{InvalidTokens, Line, Role, Tokens};

/// What is asked of those who come. Nothing is, until something is set.
#[derive(Debug, Clone, Default)]
pub struct Doors {
    /// Who is known by which token, as it stands at any time; none where anybody may come in.
    pub tokens: Option<watch::Receiver<Arc<Tokens>>>,
    /// By which names the service may be called; none for any.
    pub hosts: Option<Hosts>,
    /// From where pages of others may call.
    pub origins: Vec<Origin>,
    /// These peers hand on calls of others, and are believed whose.
    pub proxies: Vec<IpAddr>,
    /// How often a client may call.
    pub client_rate: Option<Rate>,
    /// How often a driver may report.
    pub driver_rate: Option<Rate>,
    /// How many new drivers a client may bring in.
    pub client_new_drivers: Option<Rate>,
    /// How many connections a client may have open.
    pub client_connections: Option<usize>,
    /// How many streams a client may listen to.
    pub client_streams: Option<usize>,
    /// How many open requests a rider may have, under the name that its calls give.
    pub rider_requests: Option<RequestBound>,
    /// How many open requests a client may have.
    pub client_requests: Option<RequestBound>,
    /// With which certificate connections are encrypted, as it stands at any time; none where they are not.
    pub tls: Option<watch::Receiver<Arc<ServerConfig>>>,
}
