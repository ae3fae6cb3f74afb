//! The HTTP service: JSON in and out, errors as `application/problem+json` (RFC 9457).
//!
//! One file per group of endpoints. A body is read and checked as a whole before anything is written, and what is written
//! is one script: bad input leaves no trace.

mod body;
mod health;
mod listen;
mod problem;
mod requests;
mod search;
mod tracking;

use std::future::IntoFuture;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::domain::{Actor, Metres};
use crate::rider::Hub;
use crate::store::Store;

use problem::Problem;

/// How long requests that are under way may take to end after the shutdown.
const GRACE: Duration = Duration::from_secs(5);

/// What a request is opened with where the caller does not say.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How long a request lives.
    pub ttl: Duration,
    /// From one attempt to the next.
    pub interval: Duration,
    /// How far away a driver may be.
    pub radius: Metres,
}

/// What every handler has at hand.
#[derive(Clone)]
struct Service {
    store: Store,
    hub: Hub,
    settings: Settings,
    /// Under this name the callers' actions are noted.
    actor: Actor,
}

/// Serves until `shutdown`, and then ends what is under way, for five seconds at the most.
///
/// # Errors
/// Where the listener fails.
pub async fn run(
    listener: TcpListener,
    store: Store,
    hub: Hub,
    settings: Settings,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let service = Service { store, hub, settings, actor: Actor::new("http") };
    // A bare router would be copied for every connection, and weigh twice as much as all the rest of it.
    let router = router(service).into_make_service();
    let serving =
        axum::serve(listener, router).with_graceful_shutdown(shutdown.clone().cancelled_owned()).into_future();
    let out_of_grace = async {
        shutdown.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = serving => served,
        () = out_of_grace => Ok(()),
    }
}

fn router(service: Service) -> Router {
    Router::new()
        .route("/tracking", post(tracking::report))
        .route("/search", post(search::nearest))
        .route("/v2/search", post(requests::open))
        .route("/v2/cancel", post(requests::cancel))
        .route("/v2/requests/{id}", get(requests::show))
        .route("/v2/requests/{id}/events", get(listen::events))
        .route("/v2/requests/{id}/ws", get(listen::socket))
        .route("/health", get(health::check))
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
        .fallback(|| async { Problem::no_such_page() })
        .with_state(service)
}
