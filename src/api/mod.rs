//! The HTTP service.

use std::io;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::domain::Metres;
use crate::store::Store;

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

/// Serves until `shutdown`.
///
/// # Errors
/// Where the listener fails.
pub async fn run(
    _listener: TcpListener,
    _store: Store,
    _settings: Settings,
    shutdown: CancellationToken,
) -> io::Result<()> {
    shutdown.cancelled().await;
    Ok(())
}
