//! How connections are served: how long a client may keep us waiting, how much its headers may hold, and how serving ends.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use metrics::{Gauge, gauge};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use super::Serving;

/// The most that the headers of a call may hold, with its first line, in bytes. A call with more is answered 431.
const LONGEST_HEADERS: usize = 32 * 1024;
/// So often it is said that no more connections are let in.
const WARN_EVERY: Duration = Duration::from_mins(1);

/// Serves until `shutdown`. Then nobody else is let in, and what is under way is finished, for as long as the grace lasts;
/// what is left then is cut.
pub(super) async fn serve(mut listener: TcpListener, router: Router, serving: &Serving, shutdown: &CancellationToken) {
    let http = http(serving);
    let connections = TaskTracker::new();
    // Whatever ends this function ends the connections, too.
    let cut = CancellationToken::new();
    let _at_the_end = cut.clone().drop_guard();
    let mut room = Room::new(serving.most_connections);
    loop {
        let accepted = async {
            let place = room.place().await?;
            Some((Listener::accept(&mut listener).await.0, Arc::new(Open::new(place))))
        };
        let (stream, open) = tokio::select! {
            accepted = accepted => if let Some(accepted) = accepted { accepted } else { break },
            () = shutdown.cancelled() => break,
        };
        let connection = converse(http.clone(), stream, open, serving.patience, router.clone(), shutdown.clone());
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

/// Answers the calls on one connection, after the shutdown only the one that is under way. A client that reads nothing for as
/// long as the patience lasts, while something is to be sent to it, is cut.
async fn converse(
    http: http1::Builder,
    stream: TcpStream,
    open: Arc<Open>,
    patience: Duration,
    router: Router,
    shutdown: CancellationToken,
) {
    // An answer of several pieces must not wait until the first is acknowledged.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(patience));
    // Who makes a WebSocket of the connection keeps its place, which is free again when the last of them lets go.
    let calls = router.map_request(move |mut call: Request<Incoming>| {
        call.extensions_mut().insert(Arc::clone(&open));
        call
    });
    let calls = TowerToHyperService::new(calls);
    let mut connection = pin!(http.serve_connection(TokioIo::new(Box::pin(stream)), calls).with_upgrades());
    // A client that breaks off, or is too slow, is its own affair: how a connection ended says nothing about us.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// How many may still come in.
struct Room {
    most: usize,
    places: Arc<Semaphore>,
    warned_at: Option<Instant>,
}

impl Room {
    fn new(most: usize) -> Self {
        Self { most, places: Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))), warned_at: None }
    }

    /// Waits for a place. Where there is none the log says so, once a minute at the most.
    async fn place(&mut self) -> Option<OwnedSemaphorePermit> {
        let is_new = self.warned_at.is_none_or(|at| at.elapsed() > WARN_EVERY);
        if self.places.available_permits() == 0 && is_new {
            tracing::warn!(
                "{} connections are open, which is the most: who comes now waits for another to close",
                self.most
            );
            self.warned_at = Some(Instant::now());
        }
        Arc::clone(&self.places).acquire_owned().await.ok()
    }
}

/// The place of a connection among those that are open, until it is dropped: however it ends.
pub(super) struct Open {
    counted: Gauge,
    _place: OwnedSemaphorePermit,
}

impl Open {
    fn new(place: OwnedSemaphorePermit) -> Self {
        let counted = gauge!("cabstand_http_connections");
        counted.increment(1);
        Self { counted, _place: place }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.counted.decrement(1);
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use metrics_exporter_prometheus::PrometheusBuilder;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn a_connection_whose_handler_breaks_down_is_not_counted_for_ever() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let _counting = metrics::set_default_local_recorder(&recorder);
        let broken = async || -> &str { panic!("this handler breaks down, for a test") };
        let router = Router::new().route("/", get(broken));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (serving, shutdown) = (Serving::new(recorder.handle()), CancellationToken::new());
        let _end = shutdown.clone().drop_guard();
        tokio::spawn(async move { serve(listener, router, &serving, &shutdown).await });
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let _ = client.read_to_end(&mut Vec::new()).await;
        let shown = recorder.handle().render();
        assert!(shown.contains("cabstand_http_connections 0\n"), "{shown}");
    }
}
