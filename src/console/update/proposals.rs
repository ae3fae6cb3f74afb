//! What the palette proposes: for the name of a command those that are like it, for an argument what it can be.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::fmt;

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::console::command::{ALIASES, Entry, Kind, commands as all_commands, last_word, spec_of, true_name, words};
use crate::console::model::{Choice, DriverColumn, Model, Palette, Pane, SearchColumn, ThemeName};
use crate::domain::Point;

/// So many choices are proposed at the most.
const MOST: usize = 100;

/// The palette with what fits its line.
pub(super) fn proposed(model: &Model, palette: Palette) -> Palette {
    let line = palette.input.value();
    let (before, word) = last_word(line);
    if before == 0 {
        let choices = commands_like(model, word.text.trim_start_matches(':'));
        let chosen = (!word.text.is_empty() && !choices.is_empty()).then_some(0);
        return Palette { choices, chosen, told: None, ..palette };
    }
    let (words, _) = words(line);
    let name = words.first().map(|first| true_name(first.text.trim_start_matches(':'))).unwrap_or_default();
    let entry = all_commands(&model.options.keymap).into_iter().find(|entry| entry.name == name);
    let told = entry.map(|entry| format!("{} {}: {}", entry.name, entry.arguments, entry.help).replace(" :", ":"));
    let kinds = spec_of(&name).map_or(&[][..], |spec| spec.kinds);
    let kind = kinds.get(before - 1).or(kinds.last());
    let choices = kind.map_or_else(Vec::new, |&kind| best(known(model, kind), &word.text));
    Palette { choices, chosen: None, told, ..palette }
}

/// The commands whose names are like this; and after them those whose help is.
fn commands_like(model: &Model, word: &str) -> Vec<Choice> {
    let exact = true_name(word);
    let mut found = Like::new(word);
    let entries = all_commands(&model.options.keymap).into_iter();
    let mut scored: Vec<_> = entries
        .filter_map(|entry| {
            // A short word is in many others: an alias counts where it is begun to be typed.
            let begun = |alias: &str| alias.starts_with(&word.to_lowercase());
            let aliases =
                ALIASES.iter().filter(|(alias, name)| *name == entry.name && begun(alias)).map(|(alias, _)| *alias);
            let by_name = aliases.chain([entry.name]).filter_map(|name| found.score(name)).max();
            // A sentence has nearly every letter somewhere; only what stands there as a word counts.
            let by_help = || word.len() > 2 && entry.help.to_lowercase().contains(&word.to_lowercase());
            let score = match by_name {
                Some(score) => (entry.name == exact, entry.name.starts_with(&exact), score),
                None if by_help() => (false, false, 0),
                None => return None,
            };
            Some((score, entry))
        })
        .collect();
    scored.sort_by_key(|(score, _)| Reverse(*score));
    let choice = |(_, entry): (_, Entry)| Choice {
        text: entry.name.to_owned(),
        arguments: entry.arguments,
        help: entry.help.to_owned(),
        key: entry.key,
    };
    scored.into_iter().map(choice).collect()
}

/// Something that an argument can be.
struct Known<'a> {
    text: Cow<'a, str>,
    what: What<'a>,
}

/// What it is. The sentence is made for those alone that are proposed: a whole fleet is looked through with every letter.
enum What<'a> {
    Itself,
    Word(&'a str),
    Driver(Point),
}

impl fmt::Display for What<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Itself => Ok(()),
            Self::Word(word) => f.write_str(word),
            Self::Driver(place) => write!(f, "driver at {place}"),
        }
    }
}

/// Those that are like the word, the best first.
fn best<'a>(known: impl Iterator<Item = Known<'a>>, word: &str) -> Vec<Choice> {
    let mut like = Like::new(word);
    let mut scored: Vec<_> =
        known.filter_map(|known| Some(((known.text == word, like.score(&known.text)?), known))).collect();
    scored.sort_by_key(|(score, _)| Reverse(*score));
    let choice = |(_, Known { text, what }): (_, Known)| Choice {
        text: text.into_owned(),
        arguments: "",
        help: what.to_string(),
        key: String::new(),
    };
    scored.into_iter().take(MOST).map(choice).collect()
}

/// What an argument of this kind can be, with what it is.
fn known<'a>(model: &'a Model, kind: Kind) -> Box<dyn Iterator<Item = Known<'a>> + 'a> {
    let requests = || {
        let waiting = model.searches.in_sight().filter(|row| row.is_waiting());
        waiting.map(|row| Known { text: row.search.id.to_string().into(), what: What::Word(row.rider()) })
    };
    // One whose name cannot be typed as it is cannot be meant by typing.
    let drivers = || {
        let typed =
            model.map.fleet.drivers.iter().filter(|driver| driver.id.as_bytes() == driver.id.as_str().as_bytes());
        typed.map(|driver| Known { text: driver.id.as_str().into(), what: What::Driver(driver.place) })
    };
    let bookmarks = || {
        let names = model.memory.bookmarks.iter().map(|bookmark| bookmark.name.as_str());
        names.map(|name| Known { text: name.into(), what: What::Word("bookmark") })
    };
    match kind {
        Kind::Request => Box::new(requests()),
        Kind::Driver => Box::new(drivers()),
        Kind::DriverOrRequest => Box::new(drivers().chain(requests())),
        Kind::Goal => Box::new(requests().chain(bookmarks()).chain(drivers())),
        Kind::Place => {
            let cursor = model.map.projection.cursor();
            let text = format!("{:.6},{:.6}", cursor.lat(), cursor.lng()).into();
            Box::new(std::iter::once(Known { text, what: What::Word("the map's cursor") }))
        }
        Kind::Theme => Box::new(ThemeName::ALL.into_iter().map(|theme| itself(theme.as_str()))),
        Kind::Bookmark => Box::new(bookmarks()),
        Kind::Column if model.table == Pane::Drivers => {
            Box::new(DriverColumn::ALL.into_iter().map(|column| itself(column.as_str())))
        }
        Kind::Column => Box::new(SearchColumn::ALL.into_iter().map(|column| itself(column.as_str()))),
        Kind::Rider | Kind::Free => Box::new(std::iter::empty()),
    }
}

fn itself(text: &'static str) -> Known<'static> {
    Known { text: text.into(), what: What::Itself }
}

/// How like a text is to what was typed.
struct Like {
    pattern: Pattern,
    matcher: Matcher,
    buffer: Vec<char>,
}

impl Like {
    fn new(typed: &str) -> Self {
        let pattern = Pattern::new(typed, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy);
        Self { pattern, matcher: Matcher::new(Config::DEFAULT), buffer: Vec::new() }
    }

    /// The more the better; none where it is not like it at all.
    fn score(&mut self, text: &str) -> Option<u32> {
        self.pattern.score(Utf32Str::new(text, &mut self.buffer), &mut self.matcher)
    }
}
