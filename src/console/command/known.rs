//! The commands there are: every action of the panes by the name that it has in the keymap, and those that take arguments.

use super::super::action::Action;
use super::super::keymap::Keymap;

/// What an argument is, so that it can be completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `LAT,LNG`.
    Place,
    /// A rider's name.
    Rider,
    /// The number of a request.
    Request,
    /// The name of a driver.
    Driver,
    /// A driver, or a request first.
    DriverOrRequest,
    /// Wherever one can go: a place, a request, a driver, a bookmark.
    Goal,
    /// The name of a bookmark.
    Bookmark,
    /// A column to sort by.
    Column,
    /// The name of a theme.
    Theme,
    /// A span of time, a distance, or any text: nothing that could be proposed.
    Free,
}

/// What a command takes.
#[derive(Debug)]
pub struct Spec {
    /// Its name: an action's, or one that only the palette knows.
    pub name: &'static str,
    /// What it takes, as it is told.
    pub arguments: &'static str,
    /// What its arguments are; the last holds for all that follow.
    pub kinds: &'static [Kind],
    /// What it does, where the keymap does not say it.
    pub help: &'static str,
}

const fn spec(name: &'static str, arguments: &'static str, kinds: &'static [Kind], help: &'static str) -> Spec {
    Spec { name, arguments, kinds, help }
}

/// The commands that take something.
pub const SPECS: [Spec; 19] = [
    spec("search", "[LAT,LNG] [RIDER]", &[Kind::Place, Kind::Rider], ""),
    spec("cancel", "[ID…]", &[Kind::Request], ""),
    spec("expire", "[ID…]", &[Kind::Request], ""),
    spec("extend", "[60s]", &[Kind::Free], "give the search more time: so much, or a minute"),
    spec("retry", "[ID…]", &[Kind::Request], ""),
    spec("assign", "[ID] DRIVER", &[Kind::DriverOrRequest, Kind::Driver], ""),
    spec("widen", "[8km]", &[Kind::Free], "let its driver be farther away: so far, or to the nearest"),
    spec("sort", "[COLUMN]", &[Kind::Column], "sort by this column, or by the next"),
    spec("filter", "[TEXT]", &[Kind::Free], ""),
    spec("goto", "LAT,LNG|ID|BOOKMARK", &[Kind::Goal], ""),
    spec("bookmark", "[NAME]", &[Kind::Bookmark], ""),
    spec("theme", "[NAME]", &[Kind::Theme], "this theme, or the next"),
    spec("move", "DRIVER LAT,LNG", &[Kind::Driver, Kind::Place], "move a driver there"),
    spec("place", "DRIVER [LAT,LNG]", &[Kind::Driver, Kind::Place], "set a new driver there, or at the map's cursor"),
    spec("remove", "DRIVER", &[Kind::Driver], "take this driver off the map (asks first)"),
    spec("arm", "10m", &[Kind::Free], "allow changes for so long"),
    spec("disarm", "", &[], "allow no changes any more"),
    spec("link", "", &[], "how the link to Redis is, and what was missed"),
    spec("clear", "", &[], "drop the filter, or the marks"),
];

/// Other words for some of them.
pub const ALIASES: [(&str, &str); 8] = [
    ("q", "quit"),
    ("exit", "quit"),
    ("h", "help"),
    ("go", "goto"),
    ("mv", "move"),
    ("rm", "remove"),
    ("add", "place"),
    ("stop", "pause"),
];

/// What a command takes, by its name.
#[must_use]
pub fn spec_of(name: &str) -> Option<&'static Spec> {
    SPECS.iter().find(|spec| spec.name == name)
}

/// The true name of a command, whatever its case, and whether it is an alias.
#[must_use]
pub fn true_name(word: &str) -> String {
    let word = word.to_lowercase();
    ALIASES.iter().find(|(alias, _)| *alias == word).map_or(word, |(_, name)| (*name).to_owned())
}

/// A command as the palette lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub arguments: &'static str,
    /// What it does.
    pub help: &'static str,
    /// The key that does the same; empty where there is none.
    pub key: String,
}

/// All commands, in the order of the keymap, and then those that only the palette has.
#[must_use]
pub fn commands(keymap: &Keymap) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for binding in keymap.bindings().filter(|b| is_command(b.action) && b.name != "interrupt") {
        let spec = spec_of(binding.name);
        entries.push(Entry {
            name: binding.name,
            arguments: spec.map_or("", |spec| spec.arguments),
            help: spec.map(|spec| spec.help).filter(|help| !help.is_empty()).unwrap_or(binding.help),
            key: binding.keys.first().map_or_else(String::new, |&key| super::super::keymap::name(key)),
        });
    }
    for spec in &SPECS {
        if !entries.iter().any(|entry| entry.name == spec.name) {
            entries.push(Entry { name: spec.name, arguments: spec.arguments, help: spec.help, key: String::new() });
        }
    }
    entries
}

/// Whether an action makes sense by its name: one that answers or moves something is a matter of keys.
#[must_use]
pub fn is_command(action: Action) -> bool {
    use Action::{Accept, Dismiss, Move, MoveFar, NextField, Palette};
    !matches!(action, Accept | Dismiss | Move(_) | MoveFar(_) | NextField | Palette)
}
