//! The signals that ask a program to end.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::failure::Failure;

/// A token that the first SIGINT, SIGTERM or SIGHUP cancels. The second ends the process at once.
pub(super) fn shutdown() -> Result<CancellationToken, Failure> {
    let hangup = heard(SignalKind::hangup())?;
    end_at(Some(hangup))
}

/// The same without SIGHUP, which is the caller's to hear.
pub(super) fn shutdown_but_at_hangup() -> Result<(CancellationToken, Signal), Failure> {
    let hangup = heard(SignalKind::hangup())?;
    Ok((end_at(None)?, hangup))
}

fn heard(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(Failure::io("signals can't be heard"))
}

fn end_at(mut hangup: Option<Signal>) -> Result<CancellationToken, Failure> {
    let (mut interrupt, mut terminate) = (heard(SignalKind::interrupt())?, heard(SignalKind::terminate())?);
    let shutdown = CancellationToken::new();
    let cancelled = shutdown.clone();
    tokio::spawn(async move {
        let mut next = async || first_of(&mut interrupt, &mut terminate, hangup.as_mut()).await;
        let name = next().await.0;
        tracing::info!("{name}: ending what is under way; once more ends at once");
        cancelled.cancel();
        let number = next().await.1;
        std::process::exit(128 + number);
    });
    Ok(shutdown)
}

/// The name and number of the signal that comes first.
async fn first_of(interrupt: &mut Signal, terminate: &mut Signal, hangup: Option<&mut Signal>) -> (&'static str, i32) {
    let hung_up = async {
        match hangup {
            Some(hangup) => hangup.recv().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = interrupt.recv() => ("SIGINT", SignalKind::interrupt().as_raw_value()),
        _ = terminate.recv() => ("SIGTERM", SignalKind::terminate().as_raw_value()),
        _ = hung_up => ("SIGHUP", SignalKind::hangup().as_raw_value()),
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
