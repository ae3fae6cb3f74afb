//! A Redis of one's own: started on a unix socket in a temporary directory, gone with its owner. For the demo and the tests.

use std::env;
use std::fs;
use std::io;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The programs that can serve, in order of preference.
const SERVERS: [&str; 2] = ["redis-server", "valkey-server"];
/// How long a server may take to come up.
const PATIENCE: Duration = Duration::from_secs(10);
/// Runs the server until standard input closes, which it does when the owner goes, `kill -9` included. Then it stops the
/// server and takes the directory away. `$1` is the directory, the rest is the server's command.
const KEEPER: &str = r#"
directory=$1; shift
"$@" </dev/null >"$directory/log" 2>&1 &
server=$!
read -r _
kill -9 "$server" 2>/dev/null
wait "$server" 2>/dev/null
rm -rf "$directory"
"#;

/// Why no server could be started.
#[derive(Debug, thiserror::Error)]
pub enum PrivateRedisError {
    /// None is installed.
    #[error("neither redis-server nor valkey-server is on PATH. Install one: {}", install_command())]
    NotInstalled,
    /// It did not come up.
    #[error("{program} did not start: {log}")]
    NotStarted {
        /// Which program.
        program: String,
        /// The end of what it said.
        log: String,
    },
    /// The system did not let us.
    #[error("a private Redis could not be set up: {0}")]
    Io(#[from] io::Error),
}

/// A running server that stops when this is dropped.
#[derive(Debug)]
pub struct PrivateRedis {
    directory: TempDir,
    keeper: Child,
}

impl PrivateRedis {
    /// Starts a server that keeps nothing on disk.
    ///
    /// # Errors
    /// Where none is installed or it does not come up within ten seconds.
    pub fn start() -> Result<Self, PrivateRedisError> {
        Self::start_with(&[])
    }

    /// Starts a server with further options, `["--hz", "100"]` say.
    ///
    /// # Errors
    /// As [`PrivateRedis::start`].
    pub fn start_with(options: &[&str]) -> Result<Self, PrivateRedisError> {
        let program = program()?;
        let directory = tempfile::Builder::new().prefix("cabstand-").tempdir()?;
        let mut keeper = Command::new("/bin/sh");
        keeper.args(["-c", KEEPER, "keeper"]).arg(directory.path()).arg(&program);
        keeper.args(["--port", "0", "--save", "", "--appendonly", "no", "--daemonize", "no"]);
        keeper.arg("--dir").arg(directory.path()).arg("--unixsocket").arg(socket_in(directory.path())).args(options);
        // A group of its own, so that the terminal's Ctrl-C and Ctrl-Z are for the owner alone.
        let keeper =
            keeper.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let redis = Self { directory, keeper };
        redis.wait_until_up(&program)?;
        Ok(redis)
    }

    /// The URL under which it is reached.
    #[must_use]
    pub fn url(&self) -> String {
        format!("unix:{}", self.socket().display())
    }

    /// Its unix socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        socket_in(self.directory.path())
    }

    /// The directory that it lives in, which goes away with it.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    fn wait_until_up(&self, program: &Path) -> Result<(), PrivateRedisError> {
        let deadline = Instant::now() + PATIENCE;
        while UnixStream::connect(self.socket()).is_err() {
            if Instant::now() > deadline {
                let log = fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
                let log = log.lines().rev().take(3).collect::<Vec<_>>().join(" / ");
                return Err(PrivateRedisError::NotStarted { program: program.display().to_string(), log });
            }
            sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for PrivateRedis {
    fn drop(&mut self) {
        // Closing its standard input is the keeper's word to stop.
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// The server that is installed.
///
/// # Errors
/// Where none is on PATH.
pub fn program() -> Result<PathBuf, PrivateRedisError> {
    SERVERS.iter().find_map(|name| on_path(name)).ok_or(PrivateRedisError::NotInstalled)
}

fn socket_in(directory: &Path) -> PathBuf {
    directory.join("redis.sock")
}

fn on_path(program: &str) -> Option<PathBuf> {
    let paths = env::var_os("PATH")?;
    env::split_paths(&paths).map(|directory| directory.join(program)).find(|path| path.is_file())
}

/// Where package managers live, for a caller whose PATH leads nowhere.
const SYSTEM_DIRECTORIES: [&str; 5] = ["/usr/bin", "/sbin", "/usr/sbin", "/usr/local/bin", "/opt/homebrew/bin"];

/// How one installs a server on this system.
#[must_use]
pub fn install_command() -> &'static str {
    const WAYS: [(&str, &str); 7] = [
        ("apt-get", "sudo apt-get install redis-server"),
        ("dnf", "sudo dnf install valkey"),
        ("pacman", "sudo pacman -S valkey"),
        ("apk", "sudo apk add redis"),
        ("zypper", "sudo zypper install redis"),
        ("brew", "brew install redis"),
        ("pkg", "sudo pkg install redis"),
    ];
    let here = |manager: &str| {
        on_path(manager).is_some() || SYSTEM_DIRECTORIES.iter().any(|d| Path::new(d).join(manager).is_file())
    };
    let found = WAYS.into_iter().find(|(manager, _)| here(manager));
    found.map_or("see https://redis.io/docs or https://valkey.io", |(_, command)| command)
}
