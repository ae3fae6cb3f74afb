//! The file in which the console remembers.

use cabstand::console::memory::Memory;
use cabstand::console::model::Bookmark;

use crate::safe::assert_safe;

/// Reads the file, and writes it again.
///
/// # Panics
/// Where a law is broken.
pub fn hold(bytes: &[u8]) {
    let memory = Memory::from_text(&String::from_utf8_lossy(bytes));
    assert!(memory.history.len() <= 100);
    memory.history.iter().for_each(|line| assert_safe(line));
    for bookmark in memory.bookmarks.iter() {
        assert_safe(&bookmark.name);
        assert!(Bookmark::place(bookmark).is_some() && bookmark.metres_per_column.is_finite());
    }
    let written = memory.to_text().expect("what is remembered can be written");
    assert_eq!(Memory::from_text(&written), memory, "{written}");
}
