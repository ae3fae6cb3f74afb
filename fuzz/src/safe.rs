//! What may be shown: a second opinion on the cleaning, written by what terminals do and not by how it is done.

use unicode_width::UnicodeWidthChar;

/// More characters without a width than this, one upon the other, climb over the lines above.
const MOST_MARKS: usize = 2;

/// Whether nothing in this text moves the cursor, hides, turns the direction of what follows, or climbs over other lines.
#[must_use]
pub fn is_safe(text: &str) -> bool {
    let mut marks = 0;
    text.chars().all(|c| {
        marks = if c.width() == Some(0) { marks + 1 } else { 0 };
        marks <= MOST_MARKS && !is_harmful(c)
    })
}

fn is_harmful(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let hides = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
    let breaks = c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    turns || hides || breaks
}

/// Panics where this text may not be shown.
///
/// # Panics
/// Where the law is broken, which is what it is for.
pub fn assert_safe(text: &str) {
    assert!(is_safe(text), "this may not be shown: {text:?}");
}
