//! A line of the palette.

use cabstand::console::command::{Command, last_word, quoted, words};
use cabstand::console::keymap::Keymap;
use cabstand::domain::clean;

use crate::safe::assert_safe;

/// Reads a line, as far as it can be typed.
///
/// # Panics
/// Where a law is broken.
pub fn hold(bytes: &[u8]) {
    let line = clean(bytes);
    let (parts, open) = words(&line);
    assert!(parts.iter().all(|word| line.get(word.start..).is_some()));
    let (before, last) = last_word(&line);
    assert!(before <= parts.len() && line.get(last.start..).is_some());
    if !open {
        let again = parts.iter().map(|word| quoted(&word.text)).collect::<Vec<_>>().join(" ");
        let texts: Vec<String> = words(&again).0.into_iter().map(|word| word.text).collect();
        assert!(parts.iter().map(|word| &word.text).eq(&texts), "{again:?}");
    }
    let keymap = Keymap::default();
    match Command::parse(&line, &keymap) {
        Ok(command) => {
            let written = command.to_string();
            assert_safe(&written);
            assert_eq!(Command::parse(&written, &keymap), Ok(command), "{written:?}");
        }
        Err(error) => assert_safe(&error.to_string()),
    }
}
