//! What the console remembers from one run to the next, and how that is written down.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::model::{Bookmarks, Orders};
use crate::domain::clean;

/// So many lines of the palette are remembered.
const HISTORY: usize = 100;

/// All that outlasts a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// What was run in the palette, the latest last, each line once.
    pub history: Vec<String>,
    /// How the tables are sorted.
    pub orders: Orders,
    /// The places to come back to.
    pub bookmarks: Bookmarks,
}

impl Memory {
    /// What this text says. What is not known is ignored, and what cannot be meant counts as not there.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        let mut table = text.parse::<Table>().unwrap_or_default();
        let (orders, bookmarks) = (field(&mut table, "orders"), field(&mut table, "bookmarks"));
        let mut memory = Self { history: Vec::new(), orders, bookmarks };
        let history: Vec<Value> = field(&mut table, "history");
        for line in history.iter().filter_map(Value::as_str) {
            memory.remember(&clean(line.as_bytes()));
        }
        memory
    }

    /// The text that says it.
    ///
    /// # Errors
    /// Where it cannot be written as TOML.
    pub fn to_text(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self).map(|text| format!("# What the console remembers; it writes this file itself.\n{text}"))
    }

    /// Remembers a line of the palette as the latest.
    pub fn remember(&mut self, line: &str) {
        let line = line.trim();
        if line.is_empty() {
            return;
        }
        self.history.retain(|other| other != line);
        self.history.push(line.to_owned());
        let surplus = self.history.len().saturating_sub(HISTORY);
        self.history.drain(..surplus);
    }
}

/// A field, or its default where it is not there or damaged.
fn field<T: DeserializeOwned + Default>(table: &mut Table, name: &str) -> T {
    table.remove(name).and_then(|value| value.try_into().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::console::model::{SearchColumn, SortOrder};
    use crate::domain::Point;

    #[test]
    fn each_line_is_remembered_once_the_latest_last() {
        let mut memory = Memory::default();
        for line in ["cancel 1", " extend 60s ", "", "cancel 1"] {
            memory.remember(line);
        }
        assert_eq!(memory.history, ["extend 60s", "cancel 1"]);
        for n in 0..300 {
            memory.remember(&format!("cancel {n}"));
        }
        assert_eq!((memory.history.len(), memory.history[99].as_str()), (100, "cancel 299"));
    }

    #[test]
    fn what_is_damaged_or_unknown_does_no_harm() {
        assert_eq!(Memory::from_text("history = [\"cut off"), Memory::default());
        let read = Memory::from_text("orders = 3\nhistory = [\"quit\", 7, \"a\\u001bb\"]\n[later]\nx = 1\n");
        assert_eq!(read, Memory { history: vec!["quit".to_owned(), "a\\u{1b}b".to_owned()], ..Memory::default() });
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(lines in prop::collection::vec("[ -~é\"\\\\]{0,20}", 0..9), descending: bool) {
            let mut memory = Memory::default();
            memory.orders.searches = SortOrder { by: SearchColumn::Rider, descending };
            memory.bookmarks.set("depot", Point::clamped(-33.4, -70.6), 120.0);
            for line in lines {
                memory.remember(&line);
            }
            prop_assert_eq!(Memory::from_text(&memory.to_text().unwrap()), memory);
        }

        #[test]
        fn no_text_breaks_the_reading(text in "\\PC{0,60}") {
            let _ = Memory::from_text(&text);
        }
    }
}
