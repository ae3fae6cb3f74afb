//! The demo without its console: it shows what it promises, and leaves nothing behind however it ends.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::common::until;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

fn demo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cabstand"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CABSTAND_") {
            command.env_remove(name);
        }
    }
    command.env("XDG_CONFIG_HOME", "/nonexistent").arg("demo").args(arguments).stdin(Stdio::null());
    command
}

/// A demo that runs, and what it says of itself.
struct Running {
    child: Child,
    api: String,
    redis: String,
    directory: PathBuf,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut child =
            demo(&["--headless"]).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut word = |name: &str| {
            let line = lines.next().expect("the demo says where it is").unwrap();
            line.strip_prefix(name).unwrap_or_else(|| panic!("{line}")).trim().to_owned()
        };
        let (api, redis) = (word("service"), word("redis"));
        let socket = redis.strip_prefix("unix:").unwrap();
        let directory = Path::new(socket).parent().unwrap().to_owned();
        assert!(directory.is_dir());
        Self { child, api, redis, directory }
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    fn nothing_is_left(&self) {
        until("the directory to go", || !self.directory.exists());
        until("the server to go", || !a_process_names(&self.directory));
    }
}

fn a_process_names(directory: &Path) -> bool {
    let name = directory.to_str().unwrap().as_bytes();
    // Where the system has no /proc, the directory alone has to tell.
    let processes = std::fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    let mut lines = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    lines.any(|line| line.windows(name.len()).any(|part| part == name))
}

fn types(redis: &str) -> Vec<String> {
    let mut connection = redis::Client::open(redis).unwrap().get_connection().unwrap();
    let reply: redis::streams::StreamRangeReply =
        redis::cmd("XRANGE").arg("cabstand:events").arg("-").arg("+").query(&mut connection).unwrap();
    reply.ids.iter().filter_map(|entry| entry.get("type")).collect()
}

#[test]
fn searches_are_opened_found_and_expire() {
    let demo = Running::start(&["--ttl", "3s", "--interval", "1s"]);
    let seen = |kind: &str| types(&demo.redis).iter().any(|t| t == kind);
    for kind in ["opened", "attempted", "found", "expired"] {
        until(&format!("a request to be {kind}"), || seen(kind));
    }
    assert!(demo.api.starts_with("http://127.0.0.1:"));
    demo.signal(Signal::SIGINT);
    demo.nothing_is_left();
    let mut child = demo.child;
    let mut summary = String::new();
    child.stdout.take().unwrap().read_to_string(&mut summary).unwrap();
    assert!(child.wait().unwrap().success(), "{summary}");
    let count = |name: &str| -> u64 {
        let after = summary.split_once(name).unwrap_or_else(|| panic!("{name}: {summary}")).1;
        after.trim_start().split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
    };
    assert!(count("opened") >= 5 && count("found") >= 1 && count("reports") >= 150, "{summary}");
    let ended = count("found") + count("expired") + count("cancelled");
    assert_eq!(count("opened"), ended + count("still waiting"), "{summary}");
    assert_eq!(count("errors"), 0, "{summary}");
}

#[test]
fn it_ends_after_its_duration() {
    let mut demo = Running::start(&["--duration", "1s", "--drivers", "20", "--arrivals", "60"]);
    assert!(demo.child.wait().unwrap().success());
    demo.nothing_is_left();
}

#[test]
fn the_picture_is_drawn_in_the_theme() {
    let directory = tempfile::tempdir().unwrap();
    let picture = directory.path().join("picture.svg");
    let arguments = ["--headless", "--duration", "100ms", "--theme", "light", "--picture"];
    assert!(demo(&arguments).arg(&picture).output().unwrap().status.success());
    let drawn = std::fs::read_to_string(picture).unwrap();
    assert!(drawn.contains("rx=\"6\" fill=\"#fbfaf6\"/>") && drawn.contains(">cabstand</text>"), "{drawn}");
}

#[test]
fn a_signal_leaves_nothing_behind() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP] {
        let mut demo = Running::start(&[]);
        demo.signal(signal);
        assert!(demo.child.wait().unwrap().success(), "{signal}");
        demo.nothing_is_left();
    }
}

#[test]
fn not_even_a_kill_leaves_anything_behind() {
    let mut demo = Running::start(&[]);
    demo.signal(Signal::SIGKILL);
    assert!(!demo.child.wait().unwrap().success());
    demo.nothing_is_left();
}

#[test]
fn without_a_server_it_says_how_to_install_one() {
    let output = demo(&["--headless"]).env("PATH", "/nonexistent").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("neither redis-server nor valkey-server is on PATH. Install one: "), "{said}");
    assert!(output.stdout.is_empty());
}
