//! The operator's receiver, and one try at posting to it.

use std::error::Error;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, USER_AGENT};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP};

use super::{Secret, message, retry_after};
use crate::domain::{UnixMs, clean, format_wait};
use crate::http_client;
use crate::store::Outgoing;

/// So much of a refusing answer is read, in bytes.
const ANSWER: usize = 300;
const PROGRAM: &str = concat!("cabstand/", env!("CARGO_PKG_VERSION"));

/// Where ends are posted to, and the secret that they are signed with.
pub struct Receiver {
    client: Client,
    url: Url,
    secret: Secret,
    timeout: Duration,
}

/// Why nothing can be posted there. The URL is not told: there may be a password in it.
#[derive(Debug, thiserror::Error)]
pub enum InvalidReceiver {
    /// It is no URL, or one of something else.
    #[error("the webhook is an http:// or https:// URL, like https://example.com/hooks/cabstand")]
    Url,
    /// HTTPS cannot be spoken.
    #[error(
        "HTTPS can't be set up ({0}); install the system's root certificates, or name a file of them in SSL_CERT_FILE"
    )]
    Tls(String),
}

/// Why a try has failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    /// In words, cleaned.
    pub(super) why: String,
    /// The receiver asks us to wait for so long.
    pub(super) asked_for: Option<Duration>,
    /// It does not want to hear of it ever again.
    pub(super) for_good: bool,
}

impl Refused {
    fn new(why: &str) -> Self {
        Self { why: clean(why.as_bytes()), asked_for: None, for_good: false }
    }
}

impl Receiver {
    /// A receiver at that URL. A try may take as long as `timeout` as a whole.
    ///
    /// # Errors
    /// Where the URL is none of HTTP or HTTPS, or HTTPS cannot be set up.
    pub fn new(url: &str, secret: Secret, timeout: Duration) -> Result<Self, InvalidReceiver> {
        let url = Url::parse(url).ok().filter(Url::has_host).ok_or(InvalidReceiver::Url)?;
        let client = match url.scheme() {
            "http" => http_client::plain(),
            "https" => http_client::secure(),
            _ => return Err(InvalidReceiver::Url),
        };
        // A redirect would carry what is posted to a place that the operator did not name.
        let client = client.redirect(Policy::none()).timeout(timeout).build();
        let client = client.map_err(|error| InvalidReceiver::Tls(innermost(&error)))?;
        Ok(Self { client, url, secret, timeout })
    }

    /// How long a try may take.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The scheme and host alone: a password may stand before them, a token behind.
    #[must_use]
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Posts a message that was taken at that time. Any 2xx is its arrival.
    pub(super) async fn post(&self, outgoing: &Outgoing, now: UnixMs) -> Result<(), Refused> {
        let (id, seconds) = (message::id(outgoing.event_id), now.0 / 1_000);
        let Some(signature) = self.secret.sign(&id, seconds, &outgoing.body) else {
            return Err(Refused::new("it could not be signed"));
        };
        let request = self.client.post(self.url.clone()).body(outgoing.body.clone());
        let request = request.header(CONTENT_TYPE, "application/json").header(USER_AGENT, PROGRAM);
        let request = request.header(HEADER_WEBHOOK_ID, id).header(HEADER_WEBHOOK_TIMESTAMP, seconds);
        let answer = request.header(HEADER_WEBHOOK_SIGNATURE, signature).send().await;
        match answer {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(refused(answer).await),
            Err(error) => Err(Refused::new(&self.reason(&error))),
        }
    }

    fn reason(&self, error: &reqwest::Error) -> String {
        if error.is_timeout() {
            format!("no answer within {}", format_wait(self.timeout))
        } else if error.is_connect() {
            format!("no connection: {}", innermost(error))
        } else {
            format!("no answer: {}", innermost(error))
        }
    }
}

async fn refused(mut answer: Response) -> Refused {
    let status = answer.status();
    let asked_for = retry_after::asked_for(status, answer.headers());
    let mut why = format!("the receiver answered {status}");
    if status.is_redirection() {
        why.push_str(", and redirects are not followed");
    }
    let mut said = Vec::new();
    while said.len() < ANSWER
        && let Ok(Some(chunk)) = answer.chunk().await
    {
        said.extend_from_slice(&chunk[..chunk.len().min(ANSWER - said.len())]);
    }
    let said = String::from_utf8_lossy(&said);
    if !said.trim().is_empty() {
        why = format!("{why}: {}", said.trim());
    }
    Refused { asked_for, for_good: status == StatusCode::GONE, ..Refused::new(&why) }
}

/// What lies at the bottom of an error. The words above it name the URL.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    if cause.is::<reqwest::Error>() { "the connection failed".to_owned() } else { clean(cause.to_string().as_bytes()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receiver(url: &str) -> Result<Receiver, InvalidReceiver> {
        let secret = Secret::parse("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
        Receiver::new(url, secret, Duration::from_secs(10))
    }

    #[test]
    fn what_is_secret_in_a_url_is_not_shown() {
        let receiver = receiver("http://ana:hunter2@example.com:8080/hooks/token?key=secret").unwrap();
        assert_eq!(receiver.origin(), "http://example.com:8080");
    }

    #[test]
    fn other_urls_are_refused_without_telling_them() {
        for url in ["", "example.com", "ftp://a:hunter2@example.com", "http://", "/hooks", "unix:/socket"] {
            let error = receiver(url).err().unwrap().to_string();
            assert!(error.contains("http:// or https://") && !error.contains("hunter2"), "{url}: {error}");
        }
    }
}
