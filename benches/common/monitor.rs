//! Which commands come from clients and which from scripts, by `MONITOR`: `INFO commandstats` counts both alike.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;

/// How many calls of each command came from clients, and from scripts.
#[derive(Debug, Clone, Default)]
pub struct Shares(HashMap<String, [u64; 2]>);

impl Shares {
    /// The part of a command's calls that came from clients; all of them where it was not seen.
    pub fn by_clients(&self, command: &str) -> f64 {
        let plain = command.split('|').next().unwrap_or(command);
        let [clients, scripts] = self.0.get(plain).copied().unwrap_or([1, 0]);
        clients as f64 / (clients + scripts).max(1) as f64
    }

    /// Watches the server at this socket while `act` runs. It costs the server much: nothing is to be timed meanwhile.
    pub fn watched(socket: &Path, act: impl FnOnce()) -> Self {
        let mut stream = UnixStream::connect(socket).unwrap();
        stream.write_all(b"MONITOR\r\n").unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap());
        let mut ok = String::new();
        lines.read_line(&mut ok).unwrap();
        let reader = thread::spawn(move || {
            let mut shares = Self::default();
            let mut line = Vec::new();
            // The last thing that is asked is told before the stream ends.
            while lines.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
                shares.note(&String::from_utf8_lossy(&line));
                line.clear();
            }
            shares
        });
        act();
        stream.shutdown(Shutdown::Both).unwrap();
        reader.join().unwrap()
    }

    /// `+1700000000.000001 [0 unix:/tmp/redis.sock] "ZCOUNT" "drivers" …`, or `[0 lua]`.
    fn note(&mut self, line: &str) {
        let Some((from, command)) = line.split_once("] \"") else { return };
        let name = command.split('"').next().unwrap_or_default().to_lowercase();
        self.0.entry(name).or_default()[usize::from(from.ends_with(" lua"))] += 1;
    }
}
