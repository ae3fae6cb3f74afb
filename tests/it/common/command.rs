//! The real binary, run once: what it prints and how it exits.

use std::process::{Command, Output, Stdio};

use super::Redis;

/// The binary with the user's own settings out of the way.
pub fn cabstand() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cabstand"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CABSTAND_") {
            command.env_remove(name);
        }
    }
    command.env("XDG_CONFIG_HOME", "/nonexistent").env("USER", "ana").stdin(Stdio::null());
    command
}

/// Runs it on this Redis: words with spaces between them.
pub fn run(redis: &Redis, arguments: &str) -> (i32, String, String) {
    told(cabstand().args(["--redis", &redis.server.url()]).args(arguments.split_whitespace()).output().unwrap())
}

/// Its exit code, and what it said on both streams.
pub fn told(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().expect("an exit code"), text(output.stdout), text(output.stderr))
}
