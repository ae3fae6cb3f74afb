//! The configuration file, and the console's keys in it.

use std::collections::{BTreeMap, HashSet};

use cabstand::cli::fuzzing::configured;
use cabstand::console::keymap::{Keymap, name};

use crate::safe::assert_safe;

/// Reads a file with which one of the commands is started that are set up by it.
///
/// # Panics
/// Where a law is broken.
pub fn hold(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let command = ["console", "serve", "demo", "simulate"][bytes.len() % 4];
    match configured(&text, command) {
        Ok(keymap) => hold_keymap(&keymap),
        Err(Some(told)) => told.lines().for_each(assert_safe),
        Err(None) => {}
    }
}

/// A key means one thing in one place, every question can be answered, and what is shown as a key can be written as one.
fn hold_keymap(keymap: &Keymap) {
    let mut taken = HashSet::new();
    let mut table: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for binding in keymap.bindings() {
        for key in &binding.keys {
            for context in binding.contexts {
                assert!(taken.insert((*context, *key)), "{key} means two things in {context:?}");
            }
        }
        if binding.name == "interrupt" {
            assert!(!binding.keys.is_empty(), "nobody can leave");
        } else {
            table.insert(binding.name.to_owned(), binding.keys.iter().map(|key| name(*key)).collect());
        }
    }
    let again = Keymap::rebound(&table).unwrap_or_else(|errors| panic!("{table:?}: {errors:?}"));
    for (one, other) in keymap.bindings().zip(again.bindings()) {
        assert_eq!((one.name, &one.keys), (other.name, &other.keys));
    }
}
