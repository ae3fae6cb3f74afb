//! The signals that ask a program to end.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::failure::Failure;

/// A token that is cancelled by SIGINT, SIGTERM and SIGHUP. From here on they end the program in no other way.
pub(super) fn shutdown() -> Result<CancellationToken, Failure> {
    let listen = |kind| signal(kind).map_err(Failure::io("signals can't be listened to"));
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let mut hangup = listen(SignalKind::hangup())?;
    let token = CancellationToken::new();
    let cancel = token.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
        cancel.cancel();
    });
    Ok(token)
}

/// Cancels the token after so long, where a time was set.
pub(super) fn end_after(token: &CancellationToken, duration: Option<Duration>) {
    let Some(duration) = duration else { return };
    let token = token.clone();
    tokio::spawn(async move {
        sleep(duration).await;
        token.cancel();
    });
}
