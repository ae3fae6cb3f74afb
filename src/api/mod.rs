//! The HTTP service: JSON in and out, errors as `application/problem+json` (RFC 9457).
//!
//! One file per group of endpoints. A body is read and checked as a whole before anything is written, and what is written
//! is one script: bad input leaves no trace.

mod batch;
mod body;
mod crowd;
mod document;
mod doors;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod gather;
mod health;
mod idempotency;
mod json;
mod listen;
mod measure;
mod problem;
mod requests;
mod scrape;
mod search;
mod server;
mod tcp;
mod tracking;

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{Method, header};
use axum::{Router, middleware};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::cors::{AllowOrigin, CorsLayer};
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::domain::{Actor, Metres};
use crate::rider::Hub;
use crate::store::Store;

use crowd::{Looks, Lookups, Opens, Reports};
use document::Document;
use doors::Gate;
pub use doors::{
    Doors, Hosts, InvalidOrigin, InvalidRate, InvalidRequestBound, InvalidTls, InvalidTokens, Line, Origin, REASONS,
    Rate, RequestBound, Role, Tokens, server_config,
};
use health::Checks;
use problem::Problem;

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

/// How calls are served.
#[derive(Debug, Clone)]
pub struct Serving {
    /// How long a client may keep us waiting: for a call's headers, for its body, for the next call, and until it reads on.
    pub patience: Duration,
    /// How long calls that are under way may take to end after the shutdown.
    pub grace: Duration,
    /// How many connections may be open, those that became a `WebSocket` among them; whoever comes then waits until one is closed.
    pub most_connections: usize,
    /// What is asked of those who come.
    pub doors: Doors,
    /// What `GET /metrics` shows.
    pub metrics: PrometheusHandle,
}

impl Serving {
    /// A patience of ten seconds, a grace of five, a thousand connections, and open doors.
    #[must_use]
    pub fn new(metrics: PrometheusHandle) -> Self {
        let (patience, grace) = (Duration::from_secs(10), Duration::from_secs(5));
        Self { patience, grace, most_connections: 1_000, doors: Doors::default(), metrics }
    }
}

/// What every handler has at hand. The router clones it for each call, some times over, and so it is shared.
#[derive(Clone)]
struct Service(Arc<Parts>);

impl Deref for Service {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

struct Parts {
    store: Store,
    reports: Reports,
    looks: Looks,
    lookups: Lookups,
    opens: Opens,
    hub: Hub,
    gate: Gate,
    checks: Checks,
    settings: Settings,
    /// Under this name the callers' actions are noted.
    actor: Actor,
    /// How long a body may take to arrive.
    patience: Duration,
    metrics: PrometheusHandle,
    document: OpenApi,
}

/// Serves until `shutdown`, then ends what is under way, for as long as the grace lasts.
pub async fn run(
    listener: TcpListener,
    store: Store,
    hub: Hub,
    settings: Settings,
    serving: Serving,
    shutdown: CancellationToken,
) {
    let (patience, metrics) = (serving.patience, serving.metrics.clone());
    let (routes, document) = routes().split_for_parts();
    let actor = Actor::new("http");
    let service = Service(Arc::new(Parts {
        reports: crowd::reports(store.clone(), actor.clone()),
        looks: crowd::looks(store.clone(), search::RADIUS),
        lookups: crowd::lookups(store.clone()),
        opens: crowd::opens(store.clone(), actor.clone()),
        store,
        hub,
        gate: Gate::new(serving.doors.clone(), serving.most_connections),
        checks: Checks::default(),
        settings,
        actor,
        patience,
        metrics,
        document,
    }));
    let routes = with_the_rest(routes, &service, &serving.doors.origins).with_state(service.clone());
    tokio::select! {
        () = server::serve(listener, routes, &service.gate, &serving, &shutdown) => {}
        () = scrape::sort(&serving.metrics) => {}
        () = doors::tidy(&service.gate) => {}
    }
}

/// What can be called. Each handler says with which method and at which path, and is described by that.
fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(tracking::report))
        .routes(routes!(search::nearest))
        .routes(routes!(requests::open))
        .routes(routes!(requests::cancel))
        .routes(routes!(requests::show))
        .routes(routes!(listen::events::events))
        .routes(routes!(listen::socket::socket))
        .routes(routes!(health::check))
        .routes(routes!(scrape::metrics))
        .routes(routes!(document::document))
}

/// What is answered to calls of anything else; that every call passes the doors and is measured; and what browsers are told of
/// pages that may call.
fn with_the_rest(routes: Router<Service>, service: &Service, origins: &[Origin]) -> Router<Service> {
    let routes = routes
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
        .fallback(|| async { Problem::no_such_page() })
        .layer(middleware::from_fn_with_state(service.clone(), measure::measure));
    if origins.is_empty() { routes } else { routes.layer(for_pages_of(origins)) }
}

fn for_pages_of(origins: &[Origin]) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins.iter().map(|origin| origin.as_header().clone())))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            document::LAST_EVENT_ID,
            idempotency::IDEMPOTENCY_KEY,
        ])
        .expose_headers([header::RETRY_AFTER, header::WWW_AUTHENTICATE])
}
