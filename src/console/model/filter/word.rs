//! A word of the filter in a text: as it stands there, or of letters alone with gaps.

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// A word of so many letters may have gaps. A shorter one would be found nearly everywhere.
const LEAST_LETTERS: usize = 3;
/// What each letter must bring in the mean, by the reckoning of the matcher: a letter brings 16, one that begins a part of the
/// text more, and each gap takes some away.
const LEAST_PER_LETTER: usize = 16;

/// A word that a text is to have. Case does not count, nor, where the word has none, do accents.
#[derive(Debug, Clone)]
pub(super) struct Word {
    as_is: Atom,
    with_gaps: Option<Atom>,
    letters: usize,
}

impl Word {
    pub(super) fn new(text: &str) -> Self {
        let atom = |kind| Atom::new(text, CaseMatching::Ignore, Normalization::Smart, kind, false);
        let letters = text.chars().count();
        // Figures with gaps would make requestor_1207 of requestor_17.
        let gaps = letters >= LEAST_LETTERS && text.chars().all(char::is_alphabetic);
        Self { as_is: atom(AtomKind::Substring), with_gaps: gaps.then(|| atom(AtomKind::Fuzzy)), letters }
    }

    pub(super) fn is_in(&self, text: &str, reader: &mut Reader) -> bool {
        let Reader { matcher, characters, found } = reader;
        let matcher = matcher.get_or_insert_with(|| Matcher::new(Config::DEFAULT));
        let text = Utf32Str::new(text, characters);
        if self.as_is.score(text, matcher).is_some() {
            return true;
        }
        let Some(with_gaps) = &self.with_gaps else { return false };
        found.clear();
        let Some(score) = with_gaps.indices(text, matcher, found) else { return false };
        let begins_a_part =
            found.first().is_some_and(|&at| at.checked_sub(1).is_none_or(|before| !text.get(before).is_alphanumeric()));
        begins_a_part && usize::from(score) >= LEAST_PER_LETTER * self.letters
    }
}

/// What is needed to look for words. It takes some memory, so one does for many texts.
#[derive(Default)]
pub(super) struct Reader {
    matcher: Option<Matcher>,
    characters: Vec<char>,
    found: Vec<u32>,
}
