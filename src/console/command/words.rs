//! A line taken apart into words, and words put so that they can be taken apart again.
//!
//! Words stand apart by spaces. One with spaces in it stands between quotation marks, in which `\` makes the next character
//! mean itself. What is typed after a comma and a space still belongs to the word: `-33.44, -70.63` is one place.

/// A word of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Where it begins, in bytes.
    pub start: usize,
    /// What it says, without quotation marks.
    pub text: String,
}

/// The words of a line, and whether the last one still lacks its second quotation mark.
#[must_use]
pub fn words(line: &str) -> (Vec<Word>, bool) {
    let mut words = Vec::new();
    let mut characters = line.char_indices().peekable();
    while let Some((start, first)) = characters.next() {
        if first.is_whitespace() {
            continue;
        }
        let mut text = String::new();
        if first == '"' {
            loop {
                match characters.next() {
                    None => {
                        words.push(Word { start, text });
                        return (words, true);
                    }
                    Some((_, '"')) => break,
                    Some((_, '\\')) => text.extend(characters.next().map(|(_, c)| c)),
                    Some((_, c)) => text.push(c),
                }
            }
        } else {
            text.push(first);
            while let Some((_, c)) = characters.next_if(|(_, c)| !c.is_whitespace() || text.ends_with(',')) {
                if !c.is_whitespace() {
                    text.push(c);
                }
            }
        }
        words.push(Word { start, text });
    }
    (words, false)
}

/// The word that is being typed: how many stand before it, and itself, empty where it has not been begun.
#[must_use]
pub fn last_word(line: &str) -> (usize, Word) {
    let (mut words, open) = words(line);
    if (open || !line.ends_with(char::is_whitespace))
        && let Some(last) = words.pop()
    {
        return (words.len(), last);
    }
    (words.len(), Word { start: line.len(), text: String::new() })
}

/// The text so that it is read as one word.
#[must_use]
pub fn quoted(text: &str) -> String {
    let plain =
        !text.is_empty() && !text.starts_with('"') && !text.ends_with(',') && !text.contains(char::is_whitespace);
    if plain {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(line: &str) -> Vec<String> {
        words(line).0.into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn a_line_is_taken_apart() {
        assert_eq!(texts("  cancel 1   2 "), ["cancel", "1", "2"]);
        assert_eq!(texts("goto -33.44, -70.63 x"), ["goto", "-33.44,-70.63", "x"]);
        assert_eq!(texts(r#"remove "taxi \"7\" ñ" 8"#), ["remove", "taxi \"7\" ñ", "8"]);
        assert_eq!(texts(r#"a"b "" c"#), ["a\"b", "", "c"]);
        assert!(words("remove \"taxi 7").1);
    }

    #[test]
    fn the_word_that_is_being_typed_is_known() {
        let last = |line| {
            let (before, word) = last_word(line);
            (before, word.start, word.text)
        };
        assert_eq!(last(""), (0, 0, String::new()));
        assert_eq!(last("can"), (0, 0, "can".to_owned()));
        assert_eq!(last("cancel "), (1, 7, String::new()));
        assert_eq!(last("remove \"taxi "), (1, 7, "taxi ".to_owned()));
    }

    proptest! {
        #[test]
        fn what_is_quoted_is_one_word(parts in prop::collection::vec("\\PC{0,9}", 0..4)) {
            let line = parts.iter().map(|part| quoted(part)).collect::<Vec<_>>().join(" ");
            prop_assert_eq!(texts(&line), parts);
        }

        #[test]
        fn no_line_breaks_it(line in "[\\\\\", a,é]{0,16}") {
            let (words, _) = words(&line);
            prop_assert!(words.iter().all(|word| line.get(word.start..).is_some()));
        }
    }
}
