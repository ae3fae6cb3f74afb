//! `cabstand serve` as a program of its own, its log, and plain calls to it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use cabstand::http_client;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};

use super::{LAT, LNG, PATIENCE, Redis, until};

/// A running service. It is killed when this is dropped.
pub struct Service {
    child: Child,
    log: Arc<Mutex<String>>,
    pub caller: Caller,
}

impl Service {
    /// Starts one with these words in a file of tokens, and waits until it listens.
    pub fn guarded(redis: &Redis, tokens: &Path, options: &[&str]) -> Self {
        Self::start(redis, &[&["--token-file", tokens.to_str().unwrap()], options].concat())
    }

    /// Starts one on any free port, and waits until it listens.
    pub fn start(redis: &Redis, options: &[&str]) -> Self {
        Self::start_at("127.0.0.1:0", &redis.server.url(), options)
    }

    /// The same at this address, on the Redis at that one.
    pub fn start_at(listen: &str, redis: &str, options: &[&str]) -> Self {
        Self::start_with(listen, redis, options, &[])
    }

    /// The same with these variables.
    pub fn start_with(listen: &str, redis: &str, options: &[&str], variables: &[(&str, String)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cabstand"));
        command.args(["serve", "--listen", listen, "--redis", redis]).args(options).env_remove("RUST_LOG");
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        Self::run(command)
    }

    /// One that is guarded by these tokens and logs so much.
    pub fn start_logging(level: &str, redis: &Redis, tokens: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cabstand"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--redis", &redis.server.url(), "--token-file"]).arg(tokens);
        command.env("RUST_LOG", level);
        Self::run(command)
    }

    fn run(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (lines, written) = (BufReader::new(child.stderr.take().unwrap()), Arc::clone(&log));
        thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                written.lock().unwrap().extend([line.as_str(), "\n"]);
            }
        });
        let mut address = None;
        until("the service to listen", || {
            let log = log.lock().unwrap();
            // In JSON the quotation marks are escaped.
            address = log
                .split_once("Listening at ")
                .and_then(|(_, rest)| rest.trim_start_matches(['\\', '"']).split_once(['\\', '"']))
                .map(|(address, _)| address.to_owned());
            address.is_some()
        });
        // Who listens everywhere is called here.
        let caller = Caller::new(&address.unwrap().replace("0.0.0.0", "127.0.0.1"));
        Self { child, log, caller }
    }

    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until the log has this text so many times.
    pub fn wait_for_log(&self, text: &str, times: usize) {
        until(&format!("{text:?} in the log"), || self.log().matches(text).count() >= times);
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }

    /// Waits for its end and answers the exit code.
    pub fn wait(&mut self) -> Option<i32> {
        until("the service to end", || self.child.try_wait().unwrap().is_some());
        self.child.wait().unwrap().code()
    }

    /// Waits until `/health` answers so.
    pub async fn wait_for_health(&self, status: StatusCode) {
        let deadline = Instant::now() + PATIENCE;
        while self.caller.health().await != status {
            assert!(Instant::now() < deadline, "waited in vain for /health to answer {status}");
        }
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One who calls a service.
pub struct Caller {
    pub client: Client,
    pub base: String,
}

impl Caller {
    pub fn new(address: &str) -> Self {
        Self { client: http_client::plain().build().unwrap(), base: format!("http://{address}") }
    }

    pub async fn post(&self, path: &str, body: Value) -> Response {
        self.client.post(format!("{}{path}", self.base)).json(&body).send().await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.base)).send().await.unwrap()
    }

    /// A call with any method, type and body.
    pub async fn raw(
        &self,
        method: Method,
        path: &str,
        kind: Option<&str>,
        body: impl Into<reqwest::Body>,
    ) -> Response {
        let mut request = self.client.request(method, format!("{}{path}", self.base)).body(body);
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        request.send().await.unwrap()
    }

    /// A call with these headers, and with this body where there is one.
    pub async fn call(&self, call: &str, body: Option<&Value>, headers: &[(&str, &str)]) -> Response {
        let (method, path) = call.split_once(' ').unwrap();
        let request = self.client.request(method.parse().unwrap(), format!("{}{path}", self.base));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        match body {
            Some(body) => request.json(body).send().await.unwrap(),
            None => request.send().await.unwrap(),
        }
    }

    /// Opens a request at the article's place and answers its number.
    pub async fn search(&self) -> u64 {
        let response = self.post("/v2/search", json!({"lat": LAT, "lng": LNG})).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.json::<Value>().await.unwrap()["request_id"].as_u64().unwrap()
    }

    pub async fn health(&self) -> StatusCode {
        self.get("/health").await.status()
    }
}
