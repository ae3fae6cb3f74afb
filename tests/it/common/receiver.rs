//! An operator's receiver of webhooks, which does with each delivery what the test says.

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::until;

/// What was posted.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
    pub at: Instant,
    /// The how-manieth of its id this is, from 1.
    pub nth: usize,
}

impl Delivery {
    pub fn id(&self) -> &str {
        self.header("webhook-id")
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}: {self:?}")).to_str().unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The number of the request that it tells of.
    pub fn request(&self) -> u64 {
        self.json()["data"]["request_id"].as_u64().unwrap()
    }
}

/// How a delivery is answered.
pub enum Answer {
    With(Response),
    Never,
}

impl Answer {
    pub fn status(code: u16) -> Self {
        Self::With(StatusCode::from_u16(code).unwrap().into_response())
    }
}

type Rule = Box<dyn Fn(&Delivery) -> Answer + Send>;

struct Shared {
    deliveries: Mutex<Vec<Delivery>>,
    rule: Mutex<Rule>,
}

pub struct Receiver {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

impl Receiver {
    /// One on a free port that answers by this rule.
    pub fn start(rule: impl Fn(&Delivery) -> Answer + Send + 'static) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), rule)
    }

    pub fn start_at(address: SocketAddr, rule: impl Fn(&Delivery) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared { deliveries: Mutex::default(), rule: Mutex::new(Box::new(rule)) });
        let router = Router::new().fallback(take).with_state(Arc::clone(&shared));
        // A thread of its own: the test's own one waits, and does nothing else meanwhile.
        thread::spawn(move || serve(listener, router));
        Self { address, shared }
    }

    /// From now on deliveries are answered by this rule.
    pub fn change(&self, rule: impl Fn(&Delivery) -> Answer + Send + 'static) {
        *self.shared.rule.lock().unwrap() = Box::new(rule);
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    pub fn deliveries(&self) -> Vec<Delivery> {
        self.shared.deliveries.lock().unwrap().clone()
    }

    pub fn ids(&self) -> BTreeSet<String> {
        self.deliveries().iter().map(|delivery| delivery.id().to_owned()).collect()
    }

    /// Waits until there are so many deliveries.
    pub fn wait_for(&self, count: usize) -> Vec<Delivery> {
        until(&format!("{count} deliveries"), || self.shared.deliveries.lock().unwrap().len() >= count);
        self.deliveries()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn serve(listener: TcpListener, router: Router) {
    listener.set_nonblocking(true).unwrap();
    axum::serve(tokio::net::TcpListener::from_std(listener).unwrap(), router).await.unwrap();
}

async fn take(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let answer = {
        let mut deliveries = shared.deliveries.lock().unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        let earlier = deliveries.iter().filter(|d| d.headers.get("webhook-id") == headers.get("webhook-id")).count();
        let delivery = Delivery { path: uri.to_string(), headers, body, at: Instant::now(), nth: earlier + 1 };
        let answer = shared.rule.lock().unwrap()(&delivery);
        deliveries.push(delivery);
        answer
    };
    match answer {
        Answer::With(response) => response,
        Answer::Never => std::future::pending().await,
    }
}
