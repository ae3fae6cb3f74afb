//! The operator's webhook: the end of every request is posted to one URL, signed, at least once.
//!
//! ```text
//!   stream of ends ──► group "webhook" ──► outbox ──► receiver
//!                        (collect)           ▲  │ (send)
//!                                            └──┴──► dead letters
//! ```
//!
//! Each of these has a bound. While the outbox is full, ends wait in their stream; what a bound costs is counted and said.
//!
//! Each step is one script: whichever service dies in between, another one goes on. A sender leases a message for longer
//! than a try can take, so no two services post it at a time, and one that dies with it only delays it. The order in which
//! messages arrive is not kept; a request has one end, so there is no order among messages that would matter.

mod backoff;
mod breaker;
mod collect;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod message;
mod noise;
mod receiver;
mod retry_after;
mod room;
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
    /// A message is given up when it has been in the outbox for so long.
    pub give_up_after: Duration,
    /// The outbox holds at most this many messages.
    pub outbox_max: u64,
}

/// Posts ends until `shutdown`, as this member of the group.
pub async fn run(store: Store, consumer: Actor, settings: Settings, shutdown: CancellationToken) {
    let news = Arc::new(Notify::new());
    let collect = collect::run(store.clone(), consumer, settings.outbox_max, &news, &shutdown);
    tokio::join!(collect, send::run(store, settings, &news, &shutdown));
}
