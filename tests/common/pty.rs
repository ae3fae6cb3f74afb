//! A program on a real pseudo-terminal: keys in, screen out. It waits for what is on the screen, never for time.

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::{Arc, Mutex};
use std::thread;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use vt100::Parser;

use super::{until, until_or};

/// A running program and its terminal.
pub struct Pty {
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    screen: Arc<Mutex<Parser>>,
    pub child: Box<dyn Child + Send + Sync>,
}

impl Pty {
    /// The console on this Redis, on a terminal of 120 by 40.
    pub fn console(redis: &str, options: &[&str]) -> Self {
        let mut arguments = vec!["console", "--redis", redis];
        arguments.extend(options);
        Self::start(env!("CARGO_BIN_EXE_cabstand"), &arguments)
    }

    pub fn start(program: &str, arguments: &[&str]) -> Self {
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        command.env_remove("COLORTERM");
        command.env_remove("NO_COLOR");
        command.env("LC_ALL", "C.UTF-8");
        command.env("USER", "ana");
        command.cwd(env!("CARGO_MANIFEST_DIR"));
        let pty = native_pty_system().openpty(size(120, 40)).unwrap();
        let child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let screen = Arc::new(Mutex::new(Parser::new(cells(40), cells(120), 0)));
        let mut output = pty.master.try_clone_reader().unwrap();
        let shown = Arc::clone(&screen);
        thread::spawn(move || {
            let mut bytes = vec![0; 65_536];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                shown.lock().unwrap().process(&bytes[..count]);
            }
        });
        Self { keys: pty.master.take_writer().unwrap(), master: pty.master, screen, child }
    }

    /// Presses these keys, as the terminal sends them.
    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
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

    pub fn resize(&self, columns: u16, rows: u16) {
        self.screen.lock().unwrap().screen_mut().set_size(cells(rows), cells(columns));
        self.master.resize(size(columns, rows)).unwrap();
    }

    /// Sends the program a signal, by its number.
    pub fn signal(&self, signal: &str) {
        let id = self.child.process_id().unwrap().to_string();
        std::process::Command::new("kill").args([signal, &id]).status().unwrap();
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

    /// Whether the terminal is as it was before: the ordinary screen, a cursor.
    pub fn is_given_back(&self) -> bool {
        let parser = self.screen.lock().unwrap();
        !parser.screen().alternate_screen() && !parser.screen().hide_cursor()
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
