//! The HTTP service in process, without a worker: requests stay as they were opened.

use std::time::Duration;

use cabstand::api::{self, Serving, Settings};
use cabstand::domain::Metres;
use cabstand::rider::Hub;
use metrics_exporter_prometheus::PrometheusBuilder;
use reqwest::Response;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Redis;
use super::service::Caller;

/// A running service. It ends when this is dropped.
pub struct Doors {
    pub caller: Caller,
    pub hub: Hub,
    pub address: String,
    pub shutdown: CancellationToken,
    pub serving: JoinHandle<()>,
}

impl Doors {
    pub async fn open(redis: &Redis) -> Self {
        Self::open_with(redis, serving()).await
    }

    pub async fn open_with(redis: &Redis, serving: Serving) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shutdown = CancellationToken::new();
        let settings =
            Settings { ttl: Duration::from_mins(4), interval: Duration::from_secs(30), radius: Metres(5_000.0) };
        let store = redis.store().await;
        let hub = Hub::new(store.clone());
        tokio::spawn(hub.clone().run(shutdown.clone()));
        let serving = tokio::spawn(api::run(listener, store, hub.clone(), settings, serving, shutdown.clone()));
        Self { caller: Caller::new(&address), hub, address, serving, shutdown }
    }
}

impl Drop for Doors {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// The program's own settings, with metrics that nothing is counted for.
pub fn serving() -> Serving {
    Serving::new(PrometheusBuilder::new().build_recorder().handle())
}

/// The problem document of an answer, which must have this status.
pub async fn problem(response: Response, status: u16) -> Value {
    assert_eq!(response.status().as_u16(), status, "{}", response.url());
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let retry = response.headers().get("retry-after").cloned();
    assert_eq!(retry.is_some_and(|after| after != "0"), matches!(status, 429 | 503), "Retry-After");
    let challenge =
        response.headers().get("www-authenticate").is_some_and(|value| value.as_bytes().starts_with(b"Bearer"));
    assert!(challenge || status != 401, "WWW-Authenticate");
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["status"], status);
    assert_eq!(problem["type"], "about:blank");
    for member in ["title", "detail"] {
        assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {problem}");
    }
    problem
}
