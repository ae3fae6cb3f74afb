//! The webhook's options, and its start beside the service.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::failure::Failure;
use crate::domain::{Actor, parse_span};
use crate::rider::webhook::{self, Receiver, Secret, Settings};
use crate::store::{Group, Store};

/// Nothing longer than this, in bytes, is read as a secret.
const LONGEST_FILE: u64 = 1_024;

/// Where the ends of requests are posted. That both a URL and a secret are there is seen to here and not by clap, which
/// takes no notice of what comes from the configuration file.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Options {
    /// Post the end of every request to this URL, signed as Standard Webhooks says
    #[arg(long, value_name = "URL", hide_default_value = true)]
    webhook: Option<String>,
    /// The file with the secret that deliveries are signed with: `whsec_` and base64
    #[arg(long, value_name = "FILE")]
    webhook_secret_file: Option<PathBuf>,
    /// How long a delivery may take
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse_span)]
    webhook_timeout: Duration,
    /// The longest pause after a first failure; it doubles up to 5 minutes
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = parse_span)]
    webhook_backoff: Duration,
    /// How long a delivery is tried again before it goes to the dead letters
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = parse_span)]
    webhook_give_up_after: Duration,
}

impl Options {
    /// What was asked for, checked; none where no webhook was.
    pub(super) fn settings(&self) -> Result<Option<Settings>, Failure> {
        let (url, file) = match (&self.webhook, &self.webhook_secret_file) {
            (None, None) => return Ok(None),
            (Some(url), Some(file)) => (url, file),
            (Some(_), None) => {
                let how = "--webhook needs --webhook-secret-file FILE, since deliveries are signed";
                return Err(Failure::Usage(format!("{how}\n{WRITE_ONE}")));
            }
            (None, Some(_)) => {
                return Err(Failure::Usage("--webhook-secret-file is of no use without --webhook URL".to_owned()));
            }
        };
        let secret = secret_in(file)?;
        let receiver = Receiver::new(url, secret, self.webhook_timeout);
        let receiver = receiver.map_err(|error| Failure::Usage(format!("--webhook: {error}")))?;
        let (backoff, give_up_after) = (self.webhook_backoff, self.webhook_give_up_after);
        Ok(Some(Settings { receiver, backoff, give_up_after }))
    }
}

const WRITE_ONE: &str = "  Write one with: (umask 077; echo \"whsec_$(openssl rand -base64 32)\" > FILE)";

fn secret_in(file: &Path) -> Result<Secret, Failure> {
    let wrong = |why: String| {
        let place = file.display();
        Failure::Usage(format!("--webhook-secret-file: {place} can't be used as a secret: {why}\n{WRITE_ONE}"))
    };
    let mut text = String::new();
    let read = File::open(file).and_then(|file| file.take(LONGEST_FILE).read_to_string(&mut text));
    read.map_err(|error| wrong(error.to_string()))?;
    Secret::parse(&text).map_err(|error| wrong(error.to_string()))
}

/// Begins to post where a webhook was asked for. The service ends when the posting does.
pub(super) async fn start(
    settings: Option<Settings>,
    store: &Store,
    name: &Actor,
    shutdown: &CancellationToken,
) -> Result<Option<JoinHandle<()>>, Failure> {
    let Some(settings) = settings else { return Ok(None) };
    // The group has to be there before the first request can end, or that end would not be posted.
    store.join(Group::Webhook, name).await?;
    tracing::info!("The ends of requests are posted to {}", settings.receiver.origin());
    let (store, name, shutdown) = (store.clone(), name.clone(), shutdown.clone());
    Ok(Some(tokio::spawn(async move {
        let _ends_the_service = shutdown.clone().drop_guard();
        webhook::run(store, name, settings, shutdown).await;
    })))
}

/// Waits until the posting has ended, at or after the shutdown.
pub(super) async fn ended(posting: Option<JoinHandle<()>>) -> Result<(), Failure> {
    match posting {
        Some(posting) => posting.await.map_err(|error| Failure::io("the webhook failed")(error.into())),
        None => Ok(()),
    }
}
