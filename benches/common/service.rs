//! `cabstand serve` as a program of its own, the load that `cabstand simulate --rate` puts on it, and `redis-benchmark`.

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, mpsc};
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Deserialize;

use super::PATIENCE;
use super::process::Process;

/// The services that run.
static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// Kills the services that run.
pub fn stop_all() {
    for id in RUNNING.lock().unwrap().drain(..) {
        let _ = i32::try_from(id).map(|id| kill(Pid::from_raw(id), Signal::SIGKILL));
    }
}

/// A running service, which ends with this value.
pub struct Service {
    child: Child,
    pub address: String,
}

/// What came of a load.
#[derive(Debug, Deserialize)]
pub struct Loaded {
    pub seconds: f64,
    pub answered: u64,
    pub refused: BTreeMap<u16, u64>,
    pub errors: u64,
    pub latency_us: Option<Percentiles>,
    pub service_us: Percentiles,
}

/// A distribution, in microseconds.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Percentiles {
    pub p50: u64,
    pub p99: u64,
}

impl Loaded {
    /// Successful answers in a second.
    pub fn rate(&self) -> f64 {
        assert!(self.refused.is_empty() && self.errors == 0, "every call is answered well: {self:?}");
        self.answered as f64 / self.seconds
    }
}

impl Service {
    /// One on any free port, on the Redis at this address.
    pub fn start(redis: &str, options: &[&str]) -> Self {
        let mut command = cabstand();
        command.args(["serve", "--listen", "127.0.0.1:0", "--redis", redis]).args(options);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        RUNNING.lock().unwrap().push(child.id());
        let (tell, told) = mpsc::channel();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        // The log is read to its end: a full pipe would hold the service up.
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let address = line.split_once("Listening at ").map(|(_, rest)| rest.trim_matches('"').to_owned());
                if let Some(address) = address {
                    drop(tell.send(address));
                }
            }
        });
        let address = told.recv_timeout(PATIENCE).expect("the service listens");
        Self { child, address }
    }

    pub fn process(&self) -> Process {
        Process(self.child.id())
    }

    /// Puts it under load with these words.
    pub fn load(&self, words: &str) -> Loaded {
        let mut command = cabstand();
        command.args(["simulate", "--api", &format!("http://{}", self.address), "--json"]);
        let output = command.args(words.split_whitespace()).stderr(Stdio::piped()).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("simulate {words}: {why}: {error}"))
    }

    /// Its metrics.
    pub fn metrics(&self) -> String {
        let client = cabstand::http_client::plain().build().unwrap();
        let get = async { client.get(format!("http://{}/metrics", self.address)).send().await?.text().await };
        tokio::runtime::Runtime::new().unwrap().block_on(get).unwrap()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        RUNNING.lock().unwrap().retain(|id| *id != self.child.id());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program, with the user's own settings out of the way.
fn cabstand() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cabstand"));
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("CABSTAND_") {
            command.env_remove(name);
        }
    }
    command.env("XDG_CONFIG_HOME", "/nonexistent").env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

/// How many `GEOADD`s a second `redis-benchmark` gets on this port over so many connections, one after the other on each. None
/// where it is not installed.
pub fn redis_benchmark(port: u16, connections: u32, drivers: u32, calls: u32) -> Option<f64> {
    let mut command = Command::new("redis-benchmark");
    command.args(["-p", &port.to_string(), "-c", &connections.to_string(), "-n", &calls.to_string()]);
    command.args(["-r", &drivers.to_string(), "--csv"]);
    // A driver who moves: the same place again would change nothing.
    command.args(["GEOADD", "drivers", "-70.6__rand_int__", "-33.4__rand_int__", "__rand_int__"]);
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last()?;
    // "GEOADD …","73000.00","0.5",…
    last.split("\",\"").find_map(|field| field.trim_matches('"').parse().ok())
}
