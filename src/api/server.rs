//! How connections are served: whether they are encrypted, how long a client may keep us waiting, how much its headers may hold, and how serving ends.

use std::net::IpAddr;
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
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use super::doors::{self, Gate, Share};
use super::{Serving, tcp};

/// The most that the headers of a call may hold, with its first line, in bytes. A call with more is answered 431.
const LONGEST_HEADERS: usize = 32 * 1024;
/// So often it is said at the most that connections are not let in.
const WARN_EVERY: Duration = Duration::from_mins(1);

/// Serves until `shutdown`. Then nobody else is let in, and what is under way is finished, for as long as the grace lasts;
/// what is left then is cut.
pub(super) async fn serve(
    mut listener: TcpListener,
    router: Router,
    gate: &Gate,
    serving: &Serving,
    shutdown: &CancellationToken,
) {
    let http = http(serving);
    let connections = TaskTracker::new();
    // Whatever ends this function ends the connections, too.
    let cut = CancellationToken::new();
    let _at_the_end = cut.clone().drop_guard();
    let (mut room, mut greedy) = (Room::new(serving.most_connections), Warning::default());
    loop {
        let accepted = async {
            let place = room.place().await?;
            Some((Listener::accept(&mut listener).await, place))
        };
        let ((stream, peer), place) = tokio::select! {
            accepted = accepted => if let Some(accepted) = accepted { accepted } else { break },
            () = shutdown.cancelled() => break,
        };
        let Some(share) = gate.connect(peer.ip()) else {
            // Cut at once: an answer would take the place of somebody else's.
            doors::count("client_connections");
            greedy.warn(|| tracing::warn!("{} has as many connections as one client may: more are cut", peer.ip()));
            continue;
        };
        let connection = Connection {
            http: http.clone(),
            tls: serving.doors.tls.as_ref().map(|tls| Arc::clone(&tls.borrow())),
            open: Arc::new(Open::new(peer.ip(), place, share)),
            patience: serving.patience,
            router: router.clone(),
            shutdown: shutdown.clone(),
        };
        connections.spawn(cut.clone().run_until_cancelled_owned(connection.converse(stream)));
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

/// A connection, and what it needs.
struct Connection {
    http: http1::Builder,
    tls: Option<Arc<ServerConfig>>,
    open: Arc<Open>,
    patience: Duration,
    router: Router,
    shutdown: CancellationToken,
}

impl Connection {
    /// Agrees on TLS, where it is asked for, and answers the calls. A client that reads nothing for as long as the patience lasts,
    /// while something is to be sent to it, is cut; one that has not agreed on TLS by then, too.
    async fn converse(self, stream: TcpStream) {
        // An answer of several pieces must not wait until the first is acknowledged.
        let _ = stream.set_nodelay(true);
        if let Err(error) = tcp::detect_vanished_client(&stream) {
            tracing::debug!("TCP options of a connection can't be set: {error}");
        }
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.patience));
        let stream = Box::pin(stream);
        let Some(tls) = self.tls.clone() else { return self.answer(stream).await };
        let agreed = timeout(self.patience, TlsAcceptor::from(tls).accept(stream));
        tokio::select! {
            agreed = agreed => match agreed {
                Ok(Ok(stream)) => self.answer(stream).await,
                Ok(Err(_)) | Err(_) => doors::count("tls"),
            },
            () = self.shutdown.cancelled() => {}
        }
    }

    /// Answers the calls, after the shutdown only the one that is under way.
    async fn answer(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        // Who makes a WebSocket of the connection keeps its place, which is free again when the last of them lets go.
        let Self { http, open, router, shutdown, .. } = self;
        let calls = router.map_request(move |mut call: Request<Incoming>| {
            call.extensions_mut().insert(Arc::clone(&open));
            call
        });
        let calls = TowerToHyperService::new(calls);
        let mut connection = pin!(http.serve_connection(TokioIo::new(stream), calls).with_upgrades());
        // A client that breaks off, or is too slow, is its own affair: how a connection ended says nothing about us.
        tokio::select! {
            _ = connection.as_mut() => {}
            () = shutdown.cancelled() => {
                connection.as_mut().graceful_shutdown();
                let _ = connection.await;
            }
        }
    }
}

/// What the log is told again and again, if it goes on, but not more often than is good.
#[derive(Default)]
struct Warning(Option<Instant>);

impl Warning {
    fn warn(&mut self, say: impl FnOnce()) {
        if self.0.is_none_or(|at| at.elapsed() > WARN_EVERY) {
            say();
            self.0 = Some(Instant::now());
        }
    }
}

/// How many may still come in.
struct Room {
    most: usize,
    places: Arc<Semaphore>,
    warning: Warning,
}

impl Room {
    fn new(most: usize) -> Self {
        Self { most, places: Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))), warning: Warning::default() }
    }

    /// Waits for a place. Where there is none the log says so, once a minute at the most.
    async fn place(&mut self) -> Option<OwnedSemaphorePermit> {
        if self.places.available_permits() == 0 {
            let most = self.most;
            let say = || {
                tracing::warn!(
                    "{most} connections are open, which is the most: who comes now waits for another to close"
                );
            };
            self.warning.warn(say);
        }
        Arc::clone(&self.places).acquire_owned().await.ok()
    }
}

/// The place of a connection among those that are open, until it is dropped: however it ends.
pub(super) struct Open {
    /// From where it comes.
    pub(super) peer: IpAddr,
    counted: Gauge,
    _place: OwnedSemaphorePermit,
    _share: Share,
}

impl Open {
    fn new(peer: IpAddr, place: OwnedSemaphorePermit, share: Share) -> Self {
        let counted = gauge!("cabstand_http_connections");
        counted.increment(1);
        Self { peer, counted, _place: place, _share: share }
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
        let gate = Gate::new(serving.doors.clone(), serving.most_connections);
        tokio::spawn(async move { serve(listener, router, &gate, &serving, &shutdown).await });
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let _ = client.read_to_end(&mut Vec::new()).await;
        let shown = recorder.handle().render();
        assert!(shown.contains("cabstand_http_connections 0\n"), "{shown}");
    }
}
