//! The console itself on a pseudo-terminal of 200 by 60, and when what it shows arrives there.

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;
use vt100::Parser;

use super::process::Process;
use super::screen::SIZE;
use super::{PATIENCE, until};

/// What is to be seen on the screen.
type Sight = Box<dyn Fn(&str) -> bool + Send>;

/// What has come from the program.
struct Shown {
    screen: Parser,
    bytes: u64,
    wanted: Option<Sight>,
    /// When that was there, taken before the bytes that completed it were looked at.
    seen: Option<Instant>,
}

/// A running console, which ends with this value.
pub struct Pty {
    _master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    shown: Arc<Mutex<Shown>>,
    child: Box<dyn Child + Send + Sync>,
    _home: TempDir,
}

impl Pty {
    /// The console on this Redis.
    pub fn console(url: &str) -> Self {
        Self::console_until(url, |_| true)
    }

    /// The same, waiting for this sight from its start on.
    pub fn console_until(url: &str, wanted: impl Fn(&str) -> bool + Send + 'static) -> Self {
        let home = TempDir::new().unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_cabstand"));
        command.args(["console", "--redis", url]);
        for name in ["COLORTERM", "NO_COLOR", "CABSTAND_REDIS", "CABSTAND_CONFIG", "CABSTAND_REGION"] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color");
        command.env("LC_ALL", "C.UTF-8");
        command.env("XDG_CONFIG_HOME", home.path().join("config"));
        command.env("XDG_STATE_HOME", home.path().join("state"));
        let size = PtySize { rows: SIZE.1, cols: SIZE.0, pixel_width: 0, pixel_height: 0 };
        let pty = native_pty_system().openpty(size).unwrap();
        let mut output = pty.master.try_clone_reader().unwrap();
        let cells = |count| NonZero::new(count).unwrap();
        let screen = Parser::new(cells(SIZE.1), cells(SIZE.0), 0);
        let shown = Shown { screen, bytes: 0, wanted: Some(Box::new(wanted)), seen: None };
        let shown = Arc::new(Mutex::new(shown));
        let child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let reader = Arc::clone(&shown);
        thread::spawn(move || {
            let mut bytes = vec![0; 65_536];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                reader.lock().unwrap().take(Instant::now(), &bytes[..count]);
            }
        });
        Self { keys: pty.master.take_writer().unwrap(), _master: pty.master, shown, child, _home: home }
    }

    /// Presses these keys.
    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// From now on this is looked for.
    pub fn look_for(&self, wanted: impl Fn(&str) -> bool + Send + 'static) {
        let mut shown = self.shown.lock().unwrap();
        assert!(!wanted(&shown.screen.screen().contents()), "what is to come is there already");
        shown.wanted = Some(Box::new(wanted));
        shown.seen = None;
    }

    /// Waits for it, and answers when its last bytes arrived.
    ///
    /// # Panics
    /// Where it does not come.
    pub fn seen(&self, what: &str) -> Instant {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let shown = self.shown.lock().unwrap();
            if let Some(at) = shown.seen {
                return at;
            }
            assert!(Instant::now() < deadline, "waited in vain for {what}:\n{}", shown.screen.screen().contents());
            drop(shown);
            thread::sleep(std::time::Duration::from_millis(1));
        }
    }

    /// Waits until this text is on the screen.
    pub fn wait_for(&self, text: &str) {
        until(text, || self.text().contains(text));
    }

    /// What is on the screen.
    pub fn text(&self) -> String {
        self.shown.lock().unwrap().screen.screen().contents()
    }

    /// How many bytes have come so far.
    pub fn bytes(&self) -> u64 {
        self.shown.lock().unwrap().bytes
    }

    pub fn process(&self) -> Process {
        Process(self.child.process_id().unwrap())
    }
}

impl Shown {
    fn take(&mut self, at: Instant, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.screen.process(bytes);
        if self.wanted.as_ref().is_some_and(|wanted| wanted(&self.screen.screen().contents())) {
            (self.wanted, self.seen) = (None, Some(at));
        }
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
