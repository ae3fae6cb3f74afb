//! The city's phones: HTTP clients of the service, as real ones would be.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Keys, Rider, Summary};
use crate::domain::Point;
use crate::http_client;

/// How long a phone waits for an answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How many reports are under way at once.
const LINES: usize = 16;

/// Why a text is no address of a service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the service's address is written http://HOST:PORT or https://HOST:PORT")]
pub struct InvalidApi;

/// Everybody's phone. Clones are the same phones.
#[derive(Clone)]
pub struct Phones {
    client: Client,
    api: Url,
    keys: Keys,
    lines: Arc<Semaphore>,
    /// The newest place of each driver whose phone waits for a line.
    unsent: Arc<Mutex<HashMap<u32, Point>>>,
    counts: Arc<Mutex<Summary>>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl FromStr for Phones {
    type Err = InvalidApi;

    /// Phones that call the service at this address.
    fn from_str(api: &str) -> Result<Self, InvalidApi> {
        let api: Url = api.parse().map_err(|_| InvalidApi)?;
        if !matches!(api.scheme(), "http" | "https") || api.host_str().is_none() {
            return Err(InvalidApi);
        }
        let keys = Keys::default();
        Ok(Self {
            client: client(&api, &keys).map_err(|_| InvalidApi)?,
            api,
            keys,
            lines: Arc::new(Semaphore::new(LINES)),
            unsent: Arc::default(),
            counts: Arc::default(),
            tasks: TaskTracker::new(),
            shutdown: CancellationToken::new(),
        })
    }
}

/// A client for calls of this service.
fn client(api: &Url, keys: &Keys) -> reqwest::Result<Client> {
    let client = match &keys.authority {
        _ if api.scheme() == "http" => http_client::plain(),
        Some(authority) => http_client::trusting(reqwest::Certificate::from_pem_bundle(authority)?),
        None => http_client::secure(),
    };
    // A proxy that the environment names knows nothing of this machine's own services.
    let is_here = matches!(api.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let client = if is_here { client.no_proxy() } else { client };
    client.timeout(TIMEOUT).build()
}

/// The address alone.
impl fmt::Debug for Phones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phones({})", self.api.host_str().unwrap_or_default())
    }
}

/// The service's address.
impl fmt::Display for Phones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.api.fmt(f)
    }
}

impl Phones {
    /// Asks once whether the service is there.
    ///
    /// # Errors
    /// Where nobody answers, in words.
    pub async fn reach(&self) -> Result<(), String> {
        let answer = self.get("health", None).send().await;
        answer.map(|_| ()).map_err(|_| format!("nothing answers at {}", self.api))
    }

    /// A driver's phone tells where it is, as soon as a line is free; by then it may have moved on, and tells that place.
    pub fn report(&self, driver: u32, place: Point) {
        if lock(&self.unsent).insert(driver, place).is_some() {
            return;
        }
        let phones = self.clone();
        self.go(async move {
            // The lines are never closed.
            let _line = phones.lines.acquire().await;
            let Some(place) = phones.unsent(driver) else { return };
            let body = json!({"id": driver.to_string(), "lat": place.lat(), "lng": place.lng()});
            if let Some(answer) = phones.call(phones.post("tracking", &body, phones.keys.driver.as_ref())).await {
                let taken = answer.status().is_success();
                phones.count(|counts| if taken { counts.reports += 1 } else { counts.errors += 1 });
            }
        });
    }

    /// A driver who has a rider tells nothing, not even what was still to be told.
    pub fn silence(&self, driver: u32) {
        self.unsent(driver);
    }

    /// What a driver's phone has still to tell; whoever asks takes it.
    fn unsent(&self, driver: u32) -> Option<Point> {
        lock(&self.unsent).remove(&driver)
    }

    /// A rider's phone asks for a driver and waits for the answer. Whom the rider gets is told to `taken`, with the pickup.
    pub fn ask(&self, rider: Rider, speed: f64, taken: UnboundedSender<(u32, Point)>) {
        let phones = self.clone();
        self.go(async move { phones.wait_for_driver(&rider, speed, &taken).await });
    }

    /// Ends all calls, and tells what came of them.
    pub async fn hang_up(self) -> Summary {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        lock(&self.counts).clone()
    }

    pub(super) fn at(&self, path: &str) -> Url {
        // An address that was read has a base, so that joining a plain path cannot fail.
        self.api.join(path).unwrap_or_else(|_| self.api.clone())
    }

    /// The same phones with what the service asks for.
    ///
    /// # Errors
    /// Where the authority is no certificate, or TLS can't be set up, in words.
    pub fn with_keys(self, keys: Keys) -> Result<Self, String> {
        let client = client(&self.api, &keys).map_err(|error| error.to_string())?;
        Ok(Self { client, keys, ..self })
    }

    /// Whether the service is called by TLS.
    #[must_use]
    pub fn by_tls(&self) -> bool {
        self.api.scheme() == "https"
    }

    /// What the service asks for.
    pub(super) fn keys(&self) -> &Keys {
        &self.keys
    }

    pub(super) fn post(&self, path: &str, body: &serde_json::Value, key: Option<&HeaderValue>) -> RequestBuilder {
        shown(key, self.client.post(self.at(path)).json(body))
    }

    pub(super) fn get(&self, path: &str, key: Option<&HeaderValue>) -> RequestBuilder {
        shown(key, self.client.get(self.at(path)))
    }

    /// The service's answer; none, and an error counted, where there is none or the service is in trouble itself.
    pub(super) async fn call(&self, request: RequestBuilder) -> Option<Response> {
        let answer = request.send().await.ok().filter(|answer| !answer.status().is_server_error());
        if answer.is_none() {
            self.count(|counts| counts.errors += 1);
        }
        answer
    }

    pub(super) fn count(&self, change: impl FnOnce(&mut Summary)) {
        change(&mut lock(&self.counts));
    }

    fn go(&self, call: impl Future<Output = ()> + Send + 'static) {
        let shutdown = self.shutdown.clone();
        self.tasks.spawn(async move {
            let _ = shutdown.run_until_cancelled(call).await;
        });
    }
}

fn shown(key: Option<&HeaderValue>, request: RequestBuilder) -> RequestBuilder {
    match key {
        Some(key) => request.header(AUTHORIZATION, key),
        None => request,
    }
}

/// What is behind a lock; nobody leaves it half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the service says that there is nothing more to be had from it on this matter.
pub(super) fn is_final(status: StatusCode) -> bool {
    status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_http_and_has_a_host() {
        assert!("http://127.0.0.1:8000".parse::<Phones>().is_ok());
        assert!("https://example.org".parse::<Phones>().unwrap().by_tls());
        for api in ["", "127.0.0.1:8000", "redis://localhost", "http://"] {
            assert!(api.parse::<Phones>().is_err(), "{api:?}");
        }
    }

    #[test]
    fn a_path_stands_behind_the_address() {
        let phones: Phones = "http://localhost:8000".parse().unwrap();
        assert_eq!(phones.at("v2/search").as_str(), "http://localhost:8000/v2/search");
    }

    #[tokio::test]
    async fn a_service_that_is_away_is_an_error_and_nothing_more() {
        let phones: Phones = "http://127.0.0.1:1".parse().unwrap();
        phones.report(1, Point::clamped(0.0, 0.0));
        while lock(&phones.counts).errors == 0 {
            tokio::task::yield_now().await;
        }
        let summary = phones.hang_up().await;
        assert_eq!((summary.reports, summary.errors), (0, 1));
    }
}
