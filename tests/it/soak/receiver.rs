//! Whoever is posted to: it counts which ends it was told, and keeps nothing else.

use std::collections::HashSet;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;

pub struct Receiver {
    url: String,
    ids: Arc<Mutex<HashSet<String>>>,
}

impl Receiver {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (url, ids) = (format!("http://{}/", listener.local_addr().unwrap()), Arc::default());
        let router = Router::new().fallback(take).with_state(Arc::clone(&ids));
        thread::spawn(move || serve(listener, router));
        Self { url, ids }
    }

    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// How many ends it was told of.
    pub fn told(&self) -> usize {
        self.ids.lock().unwrap().len()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn serve(listener: TcpListener, router: Router) {
    listener.set_nonblocking(true).unwrap();
    axum::serve(tokio::net::TcpListener::from_std(listener).unwrap(), router).await.unwrap();
}

async fn take(State(ids): State<Arc<Mutex<HashSet<String>>>>, headers: HeaderMap) {
    ids.lock().unwrap().insert(headers["webhook-id"].to_str().unwrap().to_owned());
}
