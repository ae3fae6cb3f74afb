//! The webhook's options.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::failure::Failure;
use crate::domain::parse_span;
use crate::rider::webhook::{Receiver, Secret, Settings};

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
    /// How long a delivery may wait in the outbox before it goes to the dead letters
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = parse_span)]
    webhook_give_up_after: Duration,
    /// How many deliveries may wait in the outbox; when it is full, ends wait in their stream
    #[arg(long, value_name = "COUNT", default_value = "100000", value_parser = clap::value_parser!(u64).range(1..))]
    webhook_outbox_max: u64,
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
        Ok(Some(Settings {
            receiver,
            backoff: self.webhook_backoff,
            give_up_after: self.webhook_give_up_after,
            outbox_max: self.webhook_outbox_max,
        }))
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
