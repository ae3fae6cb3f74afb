//! The operators' hands: keys, the mouse, other sizes; and what they read from the screen.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::common::PATIENCE;
use crate::common::pty::Pty;

/// Twice, so that a key that comes right after it is no Alt with that key.
const ESCAPE: &str = "\x1b\x1b";

/// Keys in turns: every pane, every layer, what moves the map and what changes the table. `{n}` stands for a number that goes on.
const KEYS: [&str; 42] = [
    "\t",
    "j",
    "j",
    "k",
    "+",
    "-",
    "f",
    "/requestor\r",
    "o",
    "O",
    "\t",
    "]",
    "[",
    "h",
    "l",
    "/\r",
    ESCAPE,
    "v",
    ESCAPE,
    "?",
    ESCAPE,
    ":",
    "theme dark\r",
    ESCAPE,
    "p",
    "p",
    "A",
    "T",
    "T",
    "L",
    "L",
    "1",
    "2",
    "3",
    "G",
    "g",
    ESCAPE,
    ":theme terminal\r",
    "F",
    "F",
    "B",
    "\t",
];

/// What an operator changes: a search at the map's cursor now and then.
const DEED: &str = "s";

#[derive(Default)]
pub struct Hands {
    pressed: usize,
}

impl Hands {
    /// The next key for each of the two. The viewer's are as many, some steps behind.
    pub fn press(&mut self, desk: &mut Pty, viewer: &mut Pty) {
        let n = self.pressed;
        self.pressed += 1;
        for (console, step) in [(&mut *desk, n), (viewer, n + KEYS.len() / 2)] {
            match step % 50 {
                at if at < KEYS.len() => console.press(KEYS[at]),
                42 => console.click((100, 20)),
                43 => console.drag((90, 10), (96, 12)),
                44 => console.wheel((90, 12), step % 100 < 50),
                45 => console.resize(100, 30),
                46 => console.resize(160, 50),
                47 => console.resize(30, 8),
                48 => console.resize(120, 40),
                _ => console.press(ESCAPE),
            }
        }
        if n % 50 == 49 {
            desk.press(DEED);
        }
    }
}

/// Puts away what lies over the panes, wherever the keys have led: the picture goes on, unfiltered, with the table.
pub fn clear(console: &mut Pty) {
    console.resize(120, 40);
    let is_clear = |screen: &str| {
        ["paused", "Esc show all"].iter().all(|word| !screen.contains(word)) && screen.contains("q quit")
    };
    let deadline = Instant::now() + PATIENCE;
    while !is_clear(&console.text()) {
        assert!(Instant::now() < deadline, "waited in vain for a clear screen\n{}", console.text());
        console.press(ESCAPE);
        sleep(Duration::from_millis(100));
        if console.text().contains("paused") {
            console.press("p");
            sleep(Duration::from_millis(100));
        }
    }
    console.press("1");
}

/// The seconds that the selected search has left, as its own pane tells.
pub fn countdown(screen: &str) -> Option<u64> {
    screen.split(" left").find_map(|before| before.split(' ').next_back().and_then(seconds))
}

/// The seconds since the last quarter of an hour, by the clock in the header.
pub fn clock(screen: &str) -> Option<u64> {
    let header = screen.lines().next()?;
    header.split(' ').filter(|word| word.len() == 8).find_map(seconds).map(|seconds| seconds % 900)
}

/// Reads `1:02:03` or `2:03`.
fn seconds(word: &str) -> Option<u64> {
    let parts: Option<Vec<u64>> = word.split(':').map(|part| part.parse().ok()).collect();
    parts.filter(|parts| parts.len() > 1).map(|parts| parts.iter().fold(0, |all, part| all * 60 + part))
}
