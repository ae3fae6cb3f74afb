//! Clocks that a test sets while a program runs under them: the wall clock, and that of a machine that has slept.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::process::{Child, Command, Stdio};

use cabstand::private_redis::program;
use tempfile::TempDir;

use super::{Redis, skip, until};

/// A clock of one's own for the programs that are started under it.
pub struct Clock {
    directory: TempDir,
    offsets: File,
}

impl Clock {
    /// A clock that shows the machine's own time. `None` if this system has none to give: the tests that need one are then
    /// skipped, and the end of `make test` says so.
    pub fn start() -> Option<Self> {
        if let Err(why) = is_possible() {
            skip("the tests that set a clock (faults_clock)", &why);
            return None;
        }
        let directory = TempDir::new().unwrap();
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/common/clock.c");
        let compiled =
            Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(library(&directory)).arg(source).status();
        assert!(compiled.unwrap().success(), "{source} does not compile");
        let offsets = File::create_new(directory.path().join("offsets")).unwrap();
        let clock = Self { directory, offsets };
        clock.set_wall(0);
        clock.sleep(0);
        Some(clock)
    }

    /// Sets the wall clock to so many seconds after what it would be.
    pub fn set_wall(&self, seconds: i64) {
        self.offsets.write_all_at(&seconds.to_ne_bytes(), 0).unwrap();
    }

    /// The machine has slept for so many seconds.
    pub fn sleep(&self, seconds: i64) {
        self.offsets.write_all_at(&seconds.to_ne_bytes(), 8).unwrap();
    }

    /// The variables of a program that goes by this clock.
    pub fn variables(&self) -> [(&'static str, String); 2] {
        let text = |path: std::path::PathBuf| path.to_str().unwrap().to_owned();
        [("LD_PRELOAD", text(library(&self.directory))), ("CLOCK_OFFSETS", text(self.directory.path().join("offsets")))]
    }

    /// Puts a server that goes by this clock in the place of this one.
    pub fn take_over(&self, redis: &mut Redis) -> Timed {
        redis.kill();
        let mut command = Command::new(program().unwrap());
        command.args(["--port", "0", "--save", "", "--unixsocket"]).arg(redis.server.socket());
        command.args(["--dir"]).arg(redis.server.directory()).envs(self.variables()).stdout(Stdio::null());
        let server = Timed(command.spawn().unwrap());
        until("a server by that clock", || {
            let connection = redis::Client::open(redis.server.url()).and_then(|client| client.get_connection());
            connection.map(|connection| redis.connection = connection).is_ok()
        });
        server
    }
}

/// A server that is stopped when this is dropped.
pub struct Timed(Child);

impl Drop for Timed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Why no clock can be set here.
fn is_possible() -> Result<(), String> {
    if !cfg!(target_os = "linux") {
        return Err("a clock can be set on Linux alone".to_owned());
    }
    let version = Command::new("cc").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if version.is_ok_and(|status| status.success()) { Ok(()) } else { Err("no C compiler (cc) is on PATH".to_owned()) }
}

fn library(directory: &TempDir) -> std::path::PathBuf {
    directory.path().join("clock.so")
}
