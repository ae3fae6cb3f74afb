//! A program on a real pseudo-terminal: keys in, screen out. It waits for what is on the screen, never for time.

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;
use vt100::{Callbacks, MouseProtocolMode, Parser};

use super::{until, until_or};

/// What a terminal does beside showing.
#[derive(Default)]
struct Heard {
    bells: usize,
    /// What was put into the clipboard, in Base64.
    copied: Vec<String>,
    /// All that came from the program.
    bytes: Vec<u8>,
}

impl Callbacks for Heard {
    fn audible_bell(&mut self, _: &mut vt100::Screen) {
        self.bells += 1;
    }

    fn copy_to_clipboard(&mut self, _: &mut vt100::Screen, clipboard: &[u8], text: &[u8]) {
        assert_eq!(clipboard, b"c", "the clipboard and not a selection");
        self.copied.push(String::from_utf8(text.to_vec()).unwrap());
    }
}

/// What the console's header shows while it hears of changes at once. The word alone may stand elsewhere: "no worker is running".
pub const LIVE: &str = "● live";

/// A running program and its terminal.
pub struct Pty {
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    screen: Arc<Mutex<Parser<Heard>>>,
    /// Whether nothing is read from the program.
    held: Arc<(Mutex<bool>, Condvar)>,
    pub child: Box<dyn Child + Send + Sync>,
    /// The program's own place for its configuration and its memory: the user's are left alone.
    pub home: Arc<TempDir>,
}

impl Pty {
    /// The console on this Redis, on a terminal of 120 by 40.
    pub fn console(redis: &str, options: &[&str]) -> Self {
        let mut arguments = vec!["console", "--redis", redis];
        arguments.extend(options);
        Self::start(env!("CARGO_BIN_EXE_cabstand"), &arguments)
    }

    /// A program in a home of its own.
    pub fn start(program: &str, arguments: &[&str]) -> Self {
        Self::start_at(Arc::new(TempDir::new().unwrap()), program, arguments)
    }

    /// A program in the home that another one has or had.
    pub fn start_at(home: Arc<TempDir>, program: &str, arguments: &[&str]) -> Self {
        Self::start_with(home, program, arguments, &[])
    }

    /// The same with these variables.
    pub fn start_with(home: Arc<TempDir>, program: &str, arguments: &[&str], variables: &[(&str, String)]) -> Self {
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        command.env_remove("COLORTERM");
        command.env_remove("NO_COLOR");
        command.env("LC_ALL", "C.UTF-8");
        command.env("USER", "ana");
        command.env("XDG_CONFIG_HOME", home.path().join("config"));
        command.env("XDG_STATE_HOME", home.path().join("state"));
        command.cwd(env!("CARGO_MANIFEST_DIR"));
        for (name, value) in variables {
            command.env(name, value);
        }
        let pty = native_pty_system().openpty(size(120, 40)).unwrap();
        let child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let screen = Arc::new(Mutex::new(Parser::new_with_callbacks(cells(40), cells(120), 0, Heard::default())));
        let mut output = pty.master.try_clone_reader().unwrap();
        let shown = Arc::clone(&screen);
        let held = Arc::new((Mutex::new(false), Condvar::new()));
        let pause = Arc::clone(&held);
        thread::spawn(move || {
            let mut bytes = vec![0; 65_536];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                drop(pause.1.wait_while(pause.0.lock().unwrap(), |held| *held).unwrap());
                let mut parser = shown.lock().unwrap();
                parser.callbacks_mut().bytes.extend(&bytes[..count]);
                parser.process(&bytes[..count]);
            }
        });
        Self { keys: pty.master.take_writer().unwrap(), master: pty.master, screen, held, child, home }
    }

    /// Presses these keys, as the terminal sends them.
    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Presses the mouse's left button at this column and row, the first are 0, and lets it go.
    pub fn click(&mut self, at: (u16, u16)) {
        self.mouse(0, at, 'M');
        self.mouse(0, at, 'm');
    }

    /// Drags with the left button from one cell to another.
    pub fn drag(&mut self, from: (u16, u16), to: (u16, u16)) {
        self.mouse(0, from, 'M');
        self.mouse(32, to, 'M');
        self.mouse(0, to, 'm');
    }

    /// Turns the wheel by a step, away from the hand where it goes up.
    pub fn wheel(&mut self, at: (u16, u16), up: bool) {
        self.mouse(if up { 64 } else { 65 }, at, 'M');
    }

    fn mouse(&mut self, button: u8, (column, row): (u16, u16), end: char) {
        self.press(&format!("\x1b[<{button};{};{}{end}", column + 1, row + 1));
    }

    /// The column and row where this stands first, the first are 0. Every letter before it has to be one column wide.
    pub fn find(&self, text: &str) -> (u16, u16) {
        self.try_find(text).unwrap_or_else(|| panic!("no {text:?} on the screen\n{}", self.text()))
    }

    fn try_find(&self, text: &str) -> Option<(u16, u16)> {
        let parser = self.screen.lock().unwrap();
        let columns = parser.screen().size().1;
        let rows: Vec<String> = parser.screen().rows(0, columns.get()).collect();
        let place = |(y, row): (usize, &String)| {
            let x = row[..row.find(text)?].chars().count();
            Some((u16::try_from(x).unwrap(), u16::try_from(y).unwrap()))
        };
        rows.iter().enumerate().find_map(place)
    }

    /// Waits until this stands there first.
    pub fn wait_for_at(&self, text: &str, at: (u16, u16)) {
        until_or(&format!("{text:?} at {at:?}"), || self.try_find(text) == Some(at), || self.text());
    }

    /// What is on the screen.
    pub fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// The same with its colours, as escape sequences.
    pub fn coloured(&self) -> String {
        self.screen.lock().unwrap().screen().contents_formatted()
    }

    /// Waits until this is on the screen.
    pub fn wait_for(&self, text: &str) {
        self.wait_until(text, |screen| screen.contains(text));
    }

    /// Waits until the screen is as it should be.
    pub fn wait_until(&self, what: &str, check: impl Fn(&str) -> bool) {
        until_or(&format!("{what:?} on the screen"), || check(&self.text()), || self.text());
    }

    /// How often the bell has rung.
    pub fn bells(&self) -> usize {
        self.screen.lock().unwrap().callbacks().bells
    }

    /// What was put into the clipboard, in Base64, the last at the end.
    pub fn copied(&self) -> Vec<String> {
        self.screen.lock().unwrap().callbacks().copied.clone()
    }

    /// Whether the program has ever sent this, seen or not.
    pub fn was_sent(&self, bytes: &str) -> bool {
        let parser = self.screen.lock().unwrap();
        parser.callbacks().bytes.windows(bytes.len()).any(|part| part == bytes.as_bytes())
    }

    /// Whether the mouse is the program's, drags and the wheel included.
    pub fn has_mouse(&self) -> bool {
        self.screen.lock().unwrap().screen().mouse_protocol_mode() == MouseProtocolMode::ButtonMotion
    }

    pub fn resize(&self, columns: u16, rows: u16) {
        self.screen.lock().unwrap().screen_mut().set_size(cells(rows), cells(columns));
        self.master.resize(size(columns, rows)).unwrap();
    }

    /// Sends the program a signal, by its number.
    pub fn signal(&self, signal: &str) {
        let id = self.child.process_id().unwrap().to_string();
        std::process::Command::new("kill").args([signal, &id]).status().unwrap();
    }

    /// Reads nothing more from the program, as a terminal whose link is blocked, or reads again.
    pub fn hold(&self, held: bool) {
        *self.held.0.lock().unwrap() = held;
        self.held.1.notify_all();
    }

    /// Changes the size alone, whatever the program makes of it.
    pub fn claim(&self, columns: u16, rows: u16) {
        self.master.resize(size(columns, rows)).unwrap();
    }

    /// Waits until the program has ended, and answers its exit code.
    pub fn exit_code(&mut self) -> u32 {
        let mut code = None;
        until("the program to end", || {
            code = self.child.try_wait().unwrap().map(|status| status.exit_code());
            code.is_some()
        });
        code.unwrap()
    }

    /// Whether the terminal is as it was before: the ordinary screen, a cursor, a mouse of its own.
    pub fn is_given_back(&self) -> bool {
        let parser = self.screen.lock().unwrap();
        let screen = parser.screen();
        let own_mouse = screen.mouse_protocol_mode() == MouseProtocolMode::None;
        !screen.alternate_screen() && !screen.hide_cursor() && own_mouse
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).unwrap()
}
