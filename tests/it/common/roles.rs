//! Users of Redis' ACL who have what `cabstand acl` prints, and nothing else.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::Redis;
use super::command::{cabstand, told};

pub const PASSWORD: &str = "correct horse battery";

/// A user of a role, on a Redis whose default user is off.
pub struct Member {
    pub name: String,
    home: TempDir,
    url: String,
}

impl Member {
    /// Grants the role by the very line that the binary prints.
    pub fn of(redis: &mut Redis, role: &str) -> Self {
        Self::with(redis, role, &[])
    }

    /// The same, with further options of `acl`.
    pub fn with(redis: &mut Redis, role: &str, options: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("password"), format!("{PASSWORD}\n")).unwrap();
        let mut acl = cabstand();
        acl.args(["acl", role, "--password-file"]).arg(home.path().join("password")).args(options);
        let (code, line, err) = told(acl.output().unwrap());
        assert_eq!((code, line.lines().count()), (0, 1), "{err}");
        assert_eq!(redis.run::<String>(&line), "OK");
        redis.run::<()>("ACL SETUSER default off");
        redis.run::<()>("ACL LOG RESET");
        Self { name: format!("cabstand-{role}"), home, url: redis.server.url() }
    }

    pub fn password_file(&self) -> PathBuf {
        self.home.path().join("password")
    }

    /// The options with which the binary enters as this user.
    pub fn login(&self) -> Vec<String> {
        let file = self.password_file().to_str().unwrap().to_owned();
        ["--redis-user", &self.name, "--redis-password-file", &file].map(str::to_owned).to_vec()
    }

    /// Runs the binary as this user: words with spaces between them.
    pub fn run(&self, arguments: &str) -> (i32, String, String) {
        self.run_at(&self.url, arguments)
    }

    /// The same on the Redis of this URL.
    pub fn run_at(&self, url: &str, arguments: &str) -> (i32, String, String) {
        let mut command = cabstand();
        command.args(["--redis", url]).args(self.login()).args(arguments.split_whitespace());
        told(command.output().unwrap())
    }

    /// A connection for plain commands as this user.
    pub fn connect(&self) -> redis::Connection {
        let client =
            redis::Client::open(format!("{}?user={}&pass={}", self.url, self.name, PASSWORD.replace(' ', "+")));
        client.unwrap().get_connection().unwrap()
    }
}

/// What Redis has refused to this user so far: commands, keys and channels. That settings may not be read is expected.
pub fn refused(redis: &mut Redis) -> Vec<String> {
    let entries: Vec<Vec<redis::Value>> = redis.run("ACL LOG 100");
    let object = |entry: Vec<redis::Value>| {
        let texts: Vec<String> = entry.iter().map(|v| redis::from_redis_value(v.clone()).unwrap_or_default()).collect();
        let at = texts.iter().position(|text| text == "object").unwrap();
        texts[at + 1].clone()
    };
    entries.into_iter().map(object).filter(|object| object != "config|get").collect()
}
