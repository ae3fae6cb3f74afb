//! The signals that ask a program to end.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::failure::Failure;

/// A token that the first SIGINT, SIGTERM or SIGHUP cancels. The second ends the process at once.
pub(super) fn shutdown() -> Result<CancellationToken, Failure> {
    let on = |kind| signal(kind).map_err(Failure::io("signals can't be heard"));
    let kinds = (on(SignalKind::interrupt())?, on(SignalKind::terminate())?, on(SignalKind::hangup())?);
    let shutdown = CancellationToken::new();
    let cancelled = shutdown.clone();
    tokio::spawn(async move {
        let (mut interrupt, mut terminate, mut hangup) = kinds;
        let mut next = async || first_of(&mut interrupt, &mut terminate, &mut hangup).await;
        let name = next().await.0;
        tracing::info!("{name}: ending what is under way; once more ends at once");
        cancelled.cancel();
        let number = next().await.1;
        std::process::exit(128 + number);
    });
    Ok(shutdown)
}

/// The name and number of the signal that comes first.
async fn first_of(interrupt: &mut Signal, terminate: &mut Signal, hangup: &mut Signal) -> (&'static str, i32) {
    tokio::select! {
        _ = interrupt.recv() => ("SIGINT", SignalKind::interrupt().as_raw_value()),
        _ = terminate.recv() => ("SIGTERM", SignalKind::terminate().as_raw_value()),
        _ = hangup.recv() => ("SIGHUP", SignalKind::hangup().as_raw_value()),
    }
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
