//! A private Redis, plain commands on it, and its own word on what they cost.

use std::time::Duration;

use cabstand::private_redis::PrivateRedis;
use cabstand::store::{Access, Store};
use redis::{Connection, FromRedisValue};

use super::account::Account;
use super::monitor::Shares;
use super::process::Process;

/// A server that ends with this value.
pub struct Redis {
    pub server: PrivateRedis,
    pub connection: Connection,
}

/// An entry of the slow log: its number, the time, microseconds, the command, the client's address and name.
type Slow = (i64, i64, u64, Vec<Vec<u8>>, String, String);

impl Redis {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    pub fn start_with(options: &[&str]) -> Self {
        let server = PrivateRedis::start_with(options).expect("a redis-server");
        let connection = connect(&server);
        Self { server, connection }
    }

    /// Another connection to it.
    pub fn connect(&self) -> Connection {
        connect(&self.server)
    }

    pub async fn store(&self) -> Store {
        Store::connect(self.server.url().parse().unwrap(), None, Access::Full).await.unwrap()
    }

    /// Runs a command as `redis-cli` would: words with spaces between them.
    pub fn run<T: FromRedisValue>(&mut self, command: &str) -> T {
        let mut words = command.split_whitespace();
        let mut cmd = redis::cmd(words.next().unwrap());
        for word in words {
            cmd.arg(word);
        }
        cmd.query(&mut self.connection).unwrap_or_else(|e| panic!("{command}: {e}"))
    }

    /// What its commands have cost so far.
    pub fn account(&mut self) -> Account {
        Account::parse(&self.run::<String>("INFO commandstats"))
    }

    /// Which of its commands come from scripts, while `act` runs.
    pub fn shares(&self, act: impl FnOnce()) -> Shares {
        Shares::watched(&self.server.socket(), act)
    }

    /// Notes from now on every command that takes longer than this. They must be few: the log keeps the newest.
    pub fn watch_slow(&mut self, than: Duration) {
        let micros = than.as_micros();
        self.run::<()>(&format!("CONFIG SET slowlog-log-slower-than {micros} slowlog-max-len 16384"));
        self.run::<()>("SLOWLOG RESET");
    }

    /// The longest command since then, none where none took so long.
    pub fn slowest(&mut self) -> Option<(Duration, String)> {
        self.slow().into_iter().max()
    }

    /// All of them.
    pub fn slow(&mut self) -> Vec<(Duration, String)> {
        let ours = ["info", "config", "slowlog"];
        let name = |slow: &Slow| slow.3.first().map(|word| String::from_utf8_lossy(word).to_lowercase());
        let entries: Vec<Slow> = self.run("SLOWLOG GET -1");
        let theirs = entries.iter().filter_map(|slow| Some((Duration::from_micros(slow.2), name(slow)?)));
        theirs.filter(|(_, name)| !ours.contains(&name.as_str())).collect()
    }

    /// The server's process.
    pub fn process(&mut self) -> Process {
        let info: String = self.run("INFO server");
        let id = info.lines().find_map(|line| line.strip_prefix("process_id:")).unwrap();
        Process(id.trim().parse().unwrap())
    }
}

fn connect(server: &PrivateRedis) -> Connection {
    redis::Client::open(server.url()).unwrap().get_connection().unwrap()
}
