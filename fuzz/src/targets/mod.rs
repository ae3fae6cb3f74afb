//! The targets: one file for each reader of foreign bytes, with the laws that hold for it.

pub mod address;
pub mod answer;
pub mod command;
pub mod config;
pub mod console;
pub mod event;
pub mod filter;
pub mod head;
pub mod http;
pub mod keys;
pub mod memory;
pub mod overlay;
pub mod record;
pub mod secrets;
pub mod text;
pub mod trace;
pub mod units;
pub mod webhook;

/// Takes bytes for what a reader reads. It panics where a law is broken.
pub type Hold = fn(&[u8]);

/// All targets, by the names of their files.
pub const ALL: [(&str, Hold); 18] = [
    ("address", address::hold),
    ("answer", answer::hold),
    ("command", command::hold),
    ("config", config::hold),
    ("console", console::hold),
    ("event", event::hold),
    ("filter", filter::hold),
    ("head", head::hold),
    ("http", http::hold),
    ("keys", keys::hold),
    ("memory", memory::hold),
    ("overlay", overlay::hold),
    ("record", record::hold),
    ("secrets", secrets::hold),
    ("text", text::hold),
    ("trace", trace::hold),
    ("units", units::hold),
    ("webhook", webhook::hold),
];

/// The target of this name.
#[must_use]
pub fn named(name: &str) -> Option<Hold> {
    ALL.into_iter().find(|(known, _)| *known == name).map(|(_, hold)| hold)
}

/// Lines of `name=value`, as names and values in turns: so a hash or an entry of the stream is written in a corpus.
fn fields(lines: &[u8]) -> Vec<Vec<u8>> {
    let pairs = lines.split(|byte| *byte == b'\n').filter_map(|line| {
        let at = line.iter().position(|byte| *byte == b'=')?;
        Some([line.get(..at)?.to_vec(), line.get(at + 1..)?.to_vec()])
    });
    pairs.flatten().collect()
}

/// The first line, and what comes after it.
fn first_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let at = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    (bytes.get(..at).unwrap_or_default(), bytes.get(at + 1..).unwrap_or_default())
}
