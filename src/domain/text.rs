//! Text from outside, made safe to show. It is cleaned once, where it enters, so that no other place has to think of it.

use std::fmt::{self, Write};

/// The longest text that is kept, in characters; what is longer ends in `…`.
const LONGEST: usize = 160;

/// The text of these bytes with everything invisible or harmful written out as an escape: control characters, escape
/// sequences, bidirectional marks, zero-width characters, bytes that are not UTF-8. At most 160 characters long.
///
/// Combining marks are escaped too, beyond two in a row, so that a flood of them cannot climb over other lines.
#[must_use]
pub fn clean(bytes: &[u8]) -> String {
    let mut out = Cleaned { text: String::with_capacity(bytes.len().min(4 * LONGEST)), length: 0 };
    let mut marks_in_row = 0;
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            marks_in_row = if is_zero_width(c) { marks_in_row + 1 } else { 0 };
            // A mark with nothing to stand on would be put onto what is beside the text.
            let is_alone = marks_in_row > 0 && out.length == 0;
            let written = if is_harmful(c) || is_alone || marks_in_row > 2 {
                let escape = c.escape_unicode();
                out.write(escape.len(), escape)
            } else {
                out.write(1, c)
            };
            if !written {
                return out.cut();
            }
        }
        for byte in chunk.invalid() {
            if !out.write(4, format_args!("\\x{byte:02x}")) {
                return out.cut();
            }
        }
    }
    out.text
}

/// What has been written so far. Escapes count with all their characters, so that what is clean stays as it is when it is
/// cleaned again.
struct Cleaned {
    text: String,
    length: usize,
}

impl Cleaned {
    /// Writes so many characters; whether there was room for them.
    fn write(&mut self, length: usize, piece: impl fmt::Display) -> bool {
        self.length += length;
        self.length <= LONGEST && write!(self.text, "{piece}").is_ok()
    }

    fn cut(mut self) -> String {
        self.text.push('…');
        self.text
    }
}

fn is_zero_width(c: char) -> bool {
    unicode_width::UnicodeWidthChar::width(c) == Some(0)
}

/// The bytes of which a text was made by [`clean`]; nothing where it has no escapes. What was cut off it is not known, and whether
/// a backslash was one before, so the bytes are a guess.
#[must_use]
pub fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, from) = rest.split_at(at);
        bytes.extend(before.as_bytes());
        rest = if let Some((byte, after)) = from.strip_prefix("\\x").and_then(|from| from.split_at_checked(2)) {
            bytes.push(u8::from_str_radix(byte, 16).ok()?);
            after
        } else if let Some((code, after)) = from.strip_prefix("\\u{").and_then(|from| from.split_once('}')) {
            let letter = u32::from_str_radix(code, 16).ok().and_then(char::from_u32)?;
            bytes.extend(letter.encode_utf8(&mut [0; 4]).as_bytes());
            after
        } else {
            bytes.push(b'\\');
            &from[1..]
        };
    }
    bytes.extend(rest.as_bytes());
    (bytes != text.as_bytes()).then_some(bytes)
}

/// Control characters, line and paragraph separators, bidirectional controls, invisible joiners and fillers, tags, what is no
/// character at all, and what has no width that can be relied on.
///
/// Tells what [`clean`] never lets through. Marks are not among it, whose number is what harms.
#[must_use]
pub fn is_harmful(c: char) -> bool {
    let is_none = (u32::from(c) & 0xfffe) == 0xfffe || matches!(c, '\u{fdd0}'..='\u{fdef}');
    c.is_control()
        || is_none
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            // Flags and shades of skin: how many columns they take is reckoned by no two terminals alike, and what they leave behind
            // would stay on the screen.
            | '\u{1f1e6}'..='\u{1f1ff}' | '\u{1f3fb}'..='\u{1f3ff}'
            | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_text_stays() {
        assert_eq!(clean("Conductor Nº 7 – ñandú 出租车".as_bytes()), "Conductor Nº 7 – ñandú 出租车");
    }

    #[test]
    fn an_escape_sequence_is_written_out() {
        assert_eq!(clean(b"a\x1b[31mb\x07"), "a\\u{1b}[31mb\\u{7}");
    }

    #[test]
    fn bidi_and_zero_width_are_written_out() {
        assert_eq!(clean("a\u{202e}b\u{200b}".as_bytes()), "a\\u{202e}b\\u{200b}");
    }

    #[test]
    fn bytes_that_are_no_text_are_written_out() {
        assert_eq!(clean(b"a\xffb"), "a\\xffb");
    }

    #[test]
    fn a_flood_of_marks_is_stopped() {
        let text = format!("e{}", "\u{301}".repeat(50));
        assert_eq!(clean(text.as_bytes()).matches('\u{301}').count(), 2);
    }

    #[test]
    fn a_mark_with_nothing_to_stand_on_is_written_out() {
        assert_eq!(clean("\u{301}a\u{301}".as_bytes()), "\\u{301}a\u{301}");
        assert_eq!(clean("\u{180b}\u{34f}\u{fffe}\u{1d173}".as_bytes()), "\\u{180b}\\u{34f}\\u{fffe}\\u{1d173}");
    }

    #[test]
    fn what_has_no_certain_width_is_written_out() {
        assert_eq!(clean("🇨🇱👍🏽".as_bytes()), "\\u{1f1e8}\\u{1f1f1}👍\\u{1f3fd}");
    }

    #[test]
    fn an_escape_leads_back_to_its_bytes() {
        assert_eq!(unescaped("\\u{1b}[2J\\xff\\u{202e}"), Some(b"\x1b[2J\xff\xe2\x80\xae".to_vec()));
        for text in ["taxi 7", "a\\b", "\\xzz", "\\u{110000}", "\\u{", "\\x", "\\xñ", "\\"] {
            assert_eq!(unescaped(text), None, "{text}");
        }
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(clean("x".repeat(1000).as_bytes()).chars().count(), LONGEST + 1);
        assert_eq!(clean("x".repeat(LONGEST).as_bytes()).chars().count(), LONGEST);
        let escapes = clean(&[0xff; 1000]);
        assert_eq!(escapes, "\\xff".repeat(LONGEST / 4) + "…");
        assert_eq!(clean(("x".repeat(LONGEST - 1) + "\u{202e}").as_bytes()).chars().count(), LONGEST);
    }

    proptest! {
        #[test]
        fn nothing_harmful_comes_through(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(!clean(&bytes).chars().any(is_harmful));
        }

        #[test]
        fn what_was_escaped_is_found_again(bytes in proptest::collection::vec(any::<u8>().prop_filter("", |b| *b != b'\\'), 0..30)) {
            let cleaned = clean(&bytes);
            prop_assert_eq!(unescaped(&cleaned).unwrap_or_else(|| cleaned.into_bytes()), bytes);
        }

        #[test]
        fn what_is_clean_stays_as_it_is(text in "(\\PC|[a\u{301}\u{202e}\u{1b}]){0,200}") {
            let cleaned = clean(text.as_bytes());
            prop_assert_eq!(clean(cleaned.as_bytes()), cleaned);
        }
    }
}
