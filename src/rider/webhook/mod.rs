//! The operator's webhook: the end of every request is posted to one URL, signed, at least once.
//!
//! ```text
//!   stream ──► group "webhook" ──► outbox ──► receiver
//!                (collect)           ▲  │ (send)
//!                                    └──┴──► dead letters
//! ```
//!
//! Each step is one script: whichever service dies in between, another one goes on. A sender leases a message for longer
//! than a try can take, so no two services post it at a time, and one that dies with it only delays it. The order in which
//! messages arrive is not kept; a request has one end, so there is no order among messages that would matter.

mod backoff;
mod collect;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod message;
mod noise;
mod receiver;
mod retry_after;
mod secret;
mod send;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::domain::Actor;
use crate::store::Store;

pub use receiver::{InvalidReceiver, Receiver};
pub use secret::{InvalidSecret, Secret};

/// Where ends are posted, and how stubbornly.
pub struct Settings {
    /// Who is posted to.
    pub receiver: Receiver,
    /// The longest pause after a first failure; it doubles with each further one, up to 5 minutes.
    pub backoff: Duration,
    /// A message is given up when so long after its first try it has still not arrived.
    pub give_up_after: Duration,
}

/// Posts ends until `shutdown`, as this member of the group.
pub async fn run(store: Store, consumer: Actor, settings: Settings, shutdown: CancellationToken) {
    let news = Arc::new(Notify::new());
    tokio::join!(collect::run(store.clone(), consumer, &news, &shutdown), send::run(store, settings, &news, &shutdown),);
}
