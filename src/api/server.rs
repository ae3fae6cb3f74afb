//! How connections are served: how long a client may keep us waiting, how much its headers may hold, and how serving ends.

use std::pin::pin;

use axum::Router;
use axum::serve::Listener;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use metrics::gauge;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Serving;

/// The most that the headers of a call may hold, with its first line, in bytes. A call with more is answered 431.
const LONGEST_HEADERS: usize = 32 * 1024;

/// Serves until `shutdown`. Then nobody else is let in, and what is under way is finished, for as long as the grace lasts;
/// what is left then is cut.
pub(super) async fn serve(mut listener: TcpListener, router: Router, serving: &Serving, shutdown: &CancellationToken) {
    let http = http(serving);
    let connections = TaskTracker::new();
    // Whatever ends this function ends the connections, too.
    let cut = CancellationToken::new();
    let _at_the_end = cut.clone().drop_guard();
    loop {
        let (stream, _) = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = shutdown.cancelled() => break,
        };
        let connection = converse(http.clone(), stream, router.clone(), shutdown.clone());
        connections.spawn(cut.clone().run_until_cancelled_owned(connection));
    }
    drop(listener);
    connections.close();
    if timeout(serving.grace, connections.wait()).await.is_err() {
        tracing::warn!(
            "connections that were busy {:?} after the signal are cut: {}",
            serving.grace,
            connections.len()
        );
    }
}

/// The timer holds for a call's headers, from when the one before it was answered: it ends idle connections, too.
fn http(serving: &Serving) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(serving.patience).max_header_size(LONGEST_HEADERS);
    http
}

/// Answers the calls on one connection, after the shutdown only the one that is under way.
async fn converse(http: http1::Builder, stream: TcpStream, router: Router, shutdown: CancellationToken) {
    let open = gauge!("cabstand_http_connections");
    open.increment(1);
    // An answer of several pieces must not wait until the first is acknowledged.
    let _ = stream.set_nodelay(true);
    let calls = TowerToHyperService::new(router);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), calls).with_upgrades());
    // A client that breaks off, or is too slow, is its own affair: how a connection ended says nothing about us.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
    open.decrement(1);
}
