//! Standard output, as a listing writes it: a reader that goes away is no error.

use std::io::{self, BufWriter, Stdout, Write};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

use super::failure::Failure;
use crate::domain::is_harmful;

/// Lines to standard output, as text or as one JSON object each.
pub(super) struct Output {
    out: BufWriter<Stdout>,
}

impl Output {
    pub(super) fn new() -> Self {
        Self { out: BufWriter::new(io::stdout()) }
    }

    /// A line of text.
    pub(super) fn line(&mut self, text: &str) -> Result<(), Failure> {
        writeln!(self.out, "{text}").map_err(Failure::io("standard output"))
    }

    /// A line of JSON. It may be read on a terminal, so it does nothing to one.
    pub(super) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let written = value.serialize(&mut Serializer::with_formatter(&mut self.out, Harmless));
        written.map_err(|e| Failure::io("standard output")(e.into()))?;
        self.line("")
    }

    /// Whether nobody will read what is written: the other end of the pipe is closed. Else that is known by writing alone.
    pub(super) fn is_unread(&self) -> bool {
        let mut out = [PollFd::new(self.out.get_ref().as_fd(), PollFlags::empty())];
        let asked = poll(&mut out, PollTimeout::ZERO);
        let [out] = out;
        asked.is_ok() && out.revents().is_some_and(|found| found.intersects(PollFlags::POLLERR | PollFlags::POLLHUP))
    }

    /// Lets go of what is gathered.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(Failure::io("standard output"))
    }
}

/// Writes what would do something to a terminal as `\u` escapes, which mean the same in JSON.
struct Harmless;

impl Formatter for Harmless {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(is_harmful) {
            let (before, from) = rest.split_at(at);
            writer.write_all(before.as_bytes())?;
            let mut letters = from.chars();
            for unit in letters.next().into_iter().flat_map(|c| c.encode_utf16(&mut [0; 2]).to_vec()) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = letters.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn json(text: &str) -> String {
        let mut out = Vec::new();
        text.serialize(&mut Serializer::with_formatter(&mut out, Harmless)).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_does_something_to_a_terminal_is_escaped() {
        assert_eq!(json("a\u{9b}2J\u{202e}b\u{e0041}\"ñ"), r#""a\u009b2J\u202eb\udb40\udc41\"ñ""#);
    }

    proptest! {
        #[test]
        fn it_means_the_same(text in "(\\PC|[\u{1b}\u{9b}\u{202e}\u{200b}\u{fe0f}\u{e0041}\"])*") {
            let written = json(&text);
            prop_assert!(!written.contains(is_harmful), "{written:?}");
            prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        }
    }
}
