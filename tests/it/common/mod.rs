//! What the black-box tests share: a private Redis and plain commands on it.

pub mod certificates;
pub mod clock;
pub mod command;
pub mod desk;
pub mod doors;
pub mod faults;
pub mod listener;
pub mod pty;
pub mod receiver;
pub mod roles;
pub mod service;
pub mod tls;
pub mod tokens;
pub mod wire;

use std::env;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use cabstand::domain::{Actor, DriverId, Metres, Point, RequestId};
use cabstand::private_redis::{PrivateRedis, program};
use cabstand::store::{Access, NewRequest, Pace, Store, Terms};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use redis::{Connection, FromRedisValue};

/// Where the article's rider stands.
pub const LAT: f64 = -33.442_62;
pub const LNG: f64 = -70.630_54;

/// A sweep's pace at which each turn may go on to its end.
pub const PACE: Pace = Pace { every: Duration::from_secs(1), budget: Duration::from_secs(1) };

/// A Redis of one test's own, with a connection for plain commands.
pub struct Redis {
    pub server: PrivateRedis,
    pub connection: Connection,
}

impl Redis {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    pub fn start_with(options: &[&str]) -> Self {
        let server = PrivateRedis::start_with(options).expect("a redis-server");
        let connection = redis::Client::open(server.url()).unwrap().get_connection().unwrap();
        Self { server, connection }
    }

    /// Runs a command as `redis-cli` would: words with spaces between them.
    pub fn run<T: FromRedisValue>(&mut self, command: &str) -> T {
        self.try_run(command).unwrap_or_else(|e| panic!("{command}: {e}"))
    }

    pub fn try_run<T: FromRedisValue>(&mut self, command: &str) -> redis::RedisResult<T> {
        let mut words = command.split_whitespace();
        let mut cmd = redis::cmd(words.next().unwrap());
        for word in words {
            cmd.arg(word);
        }
        cmd.query(&mut self.connection)
    }

    pub fn field(&mut self, id: u64, field: &str) -> Option<String> {
        self.run(&format!("HGET cabstand:request:{id} {field}"))
    }

    pub fn state(&mut self, id: u64) -> Option<String> {
        self.field(id, "state")
    }

    /// Waits until a request is in this state.
    pub fn wait_for_state(&mut self, id: u64, state: &str) {
        until(&format!("request {id} to be {state}"), || self.state(id).as_deref() == Some(state));
    }

    /// Kills the server: nothing that is not on disk is kept.
    pub fn kill(&mut self) {
        kill(self.process(), Signal::SIGKILL).unwrap();
    }

    /// Connects anew, to one that was started in its place, say; whether that went well.
    pub fn reconnects(&mut self) -> bool {
        let connection = redis::Client::open(self.server.url()).and_then(|client| client.get_connection());
        connection.map(|connection| self.connection = connection).is_ok()
    }

    /// The server's process.
    pub fn process(&mut self) -> Pid {
        let info: String = self.run("INFO server");
        let process = info.lines().find_map(|line| line.strip_prefix("process_id:")).unwrap();
        Pid::from_raw(process.trim().parse().unwrap())
    }

    pub async fn store(&self) -> Store {
        self.store_with(Access::Full).await
    }

    pub async fn store_with(&self, access: Access) -> Store {
        Store::connect(self.server.url().parse().unwrap(), None, access).await.unwrap()
    }
}

/// A second server in the first one's place, with its data.
pub struct Restarted(Child);

impl Restarted {
    pub fn in_place_of(redis: &mut Redis) -> Self {
        let restarted = Self::begun(redis, &[]);
        until("Redis to be back", || redis.reconnects() && redis.try_run::<String>("PING").is_ok());
        restarted
    }

    /// One with further options, which may still be loading.
    pub fn begun(redis: &Redis, options: &[&str]) -> Self {
        let mut command = Command::new(program().unwrap());
        command.args(["--port", "0", "--save", "", "--appendonly", "yes", "--dir"]).arg(redis.server.directory());
        command.arg("--unixsocket").arg(redis.server.socket()).args(options).stdout(Stdio::null());
        Self(command.spawn().unwrap())
    }
}

impl Drop for Restarted {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// So long a fact is waited for at the most: on a busy machine even a quick one takes its time.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Waits for a fact, as long as there is patience.
pub fn until(what: &str, check: impl FnMut() -> bool) {
    until_or(what, check, String::new);
}

/// The same, and tells what there was instead where it waited in vain.
pub fn until_or(what: &str, mut check: impl FnMut() -> bool, instead: impl Fn() -> String) {
    let deadline = Instant::now() + PATIENCE;
    while !check() {
        assert!(Instant::now() < deadline, "waited in vain for {what}\n{}", instead());
        sleep(Duration::from_millis(10));
    }
}

/// Says that something is not tested here, and why. `scripts/test` collects these lines and prints them at its end; without
/// it they go to the terminal, past what the test runner captures.
pub fn skip(what: &str, why: &str) {
    let line = format!("skipped {what}: {why}\n");
    let written = match env::var_os("SKIPPED_TESTS") {
        Some(path) => OpenOptions::new().append(true).open(path).and_then(|mut file| file.write_all(line.as_bytes())),
        None => io::stderr().write_all(line.as_bytes()),
    };
    written.unwrap();
}

pub fn place(lat: f64, lng: f64) -> Point {
    Point::new(lat, lng).unwrap()
}

pub fn id(number: u64) -> RequestId {
    RequestId::new(number).unwrap()
}

pub fn driver(name: &str) -> DriverId {
    name.parse().unwrap()
}

pub fn actor(name: &str) -> Actor {
    Actor::new(name)
}

/// A request at the article's place with the article's settings.
pub fn request() -> NewRequest {
    NewRequest {
        user_id: None,
        pickup: place(LAT, LNG),
        radius: Metres(5_000.0),
        ttl: Duration::from_mins(4),
        interval: Duration::from_secs(30),
        terms: Terms::default(),
    }
}
