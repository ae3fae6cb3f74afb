//! What can be typed in the palette: a line ↔ a [`Command`]. Nothing here knows the model.

mod known;
mod words;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::action::Action;
use super::keymap::Keymap;
use crate::domain::{DriverId, InvalidId, Metres, Point, RequestId, UserId, parse_span};

pub use known::{ALIASES, Entry, Kind, Spec, commands, spec_of, true_name};
pub use words::{last_word, quoted, words};

/// Something to be done, with all that it takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// What a key does, by its name.
    Plain(&'static str, Action),
    /// Open a search there, or at the map's cursor, for this rider.
    Search(Option<Point>, Option<UserId>),
    /// Centre the map there.
    GoTo(Goal),
    /// Give the search so much more time.
    Extend(Duration),
    /// Let the driver of the search be so far away.
    Widen(Metres),
    /// Cancel these.
    Cancel(Vec<RequestId>),
    /// Expire these.
    Expire(Vec<RequestId>),
    /// Attempt these now.
    Retry(Vec<RequestId>),
    /// Give this driver to this search, or to the selected one.
    Assign(Option<RequestId>, DriverId),
    /// Move a driver there.
    Move(DriverId, Point),
    /// Set a new driver there, or at the map's cursor.
    Place(DriverId, Option<Point>),
    /// Take a driver off the map.
    Remove(DriverId),
    /// Show only what matches.
    Filter(String),
    /// Drop the filter, or the marks.
    Clear,
    /// Sort by this column.
    Sort(String),
    /// This theme.
    Theme(String),
    /// Remember the place under the cursor by this name.
    Bookmark(String),
    /// Allow changes for so long.
    Arm(Duration),
    /// Allow no changes any more.
    Disarm,
    /// Tell how the link is, and what was missed.
    Link,
}

/// Where one can go.
#[derive(Debug, Clone, PartialEq)]
pub enum Goal {
    /// A place.
    Place(Point),
    /// The name of a request, a driver or a bookmark.
    Named(String),
}

/// Why a line is no command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// Nothing has this name.
    #[error("there is no command \"{0}\"")]
    Unknown(String),
    /// It needs something else, or takes nothing.
    #[error("{0} takes {1}")]
    Arguments(String, &'static str),
    /// What it got cannot be that.
    #[error("{0}")]
    Argument(String),
}

impl Command {
    /// Reads a line. What a key does is known from the keymap.
    ///
    /// # Errors
    /// In words for the one who typed it.
    pub fn parse(line: &str, keymap: &Keymap) -> Result<Self, CommandError> {
        let line = line.trim().trim_start_matches(':').trim_start();
        let (head, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let (name, rest) = (true_name(head), rest.trim());
        let plain = keymap.bindings().find(|b| b.name == name && known::is_command(b.action) && b.name != "interrupt");
        let spec = spec_of(&name);
        match (plain, spec) {
            (None, None) => Err(CommandError::Unknown(head.to_owned())),
            (Some(binding), _) if rest.is_empty() && binding.action != Action::GoTo => {
                Ok(Self::Plain(binding.name, binding.action))
            }
            (_, Some(spec)) if !spec.arguments.is_empty() || rest.is_empty() => with_arguments(spec, rest),
            _ => Err(CommandError::Arguments(name, "nothing")),
        }
    }

    /// Whether it leads to a change in Redis.
    #[must_use]
    pub fn changes_something(&self) -> bool {
        match self {
            Self::Plain(_, action) => action.changes_something(),
            Self::Search(..)
            | Self::Extend(_)
            | Self::Widen(_)
            | Self::Cancel(_)
            | Self::Expire(_)
            | Self::Retry(_)
            | Self::Assign(..)
            | Self::Move(..)
            | Self::Place(..)
            | Self::Remove(_) => true,
            Self::GoTo(_)
            | Self::Filter(_)
            | Self::Clear
            | Self::Sort(_)
            | Self::Theme(_)
            | Self::Bookmark(_)
            | Self::Arm(_)
            | Self::Disarm
            | Self::Link => false,
        }
    }
}

fn with_arguments(spec: &Spec, rest: &str) -> Result<Command, CommandError> {
    let (words, _) = words(rest);
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let wrong = || CommandError::Arguments(spec.name.to_owned(), spec.arguments);
    let command = match (spec.name, texts.as_slice()) {
        ("search", [place]) if place.contains(',') => Command::Search(Some(read(place)?), None),
        ("search", [rider]) => Command::Search(None, Some(read(rider)?)),
        ("search", [place, rider]) => Command::Search(Some(read(place)?), Some(read(rider)?)),
        ("goto", [goal]) => Command::GoTo(goal.parse().map_or_else(|_| Goal::Named((*goal).to_owned()), Goal::Place)),
        ("extend", [span]) => Command::Extend(parse_span(span).map_err(CommandError::Argument)?),
        ("widen", [radius]) => Command::Widen(read(radius)?),
        ("cancel", ids @ [_, ..]) => Command::Cancel(requests(ids)?),
        ("expire", ids @ [_, ..]) => Command::Expire(requests(ids)?),
        ("retry", ids @ [_, ..]) => Command::Retry(requests(ids)?),
        ("assign", [driver]) => Command::Assign(None, read(driver)?),
        ("assign", [id, driver]) => Command::Assign(Some(read(id)?), read(driver)?),
        ("move", [driver, place]) => Command::Move(read(driver)?, read(place)?),
        ("place", [driver]) => Command::Place(read(driver)?, None),
        ("place", [driver, place]) => Command::Place(read(driver)?, Some(read(place)?)),
        ("remove", [driver]) => Command::Remove(read(driver)?),
        // A filter has a language of its own, and a name may have spaces: both are taken as they stand.
        ("filter", [_, ..]) => Command::Filter(rest.to_owned()),
        ("bookmark", [name]) if rest.starts_with('"') => Command::Bookmark((*name).to_owned()),
        ("bookmark", [_, ..]) => Command::Bookmark(rest.to_owned()),
        ("clear", []) => Command::Clear,
        ("sort", [column]) => Command::Sort((*column).to_owned()),
        ("theme", [name]) => Command::Theme((*name).to_owned()),
        ("arm", [span]) => Command::Arm(parse_span(span).map_err(CommandError::Argument)?),
        ("disarm", []) => Command::Disarm,
        ("link", []) => Command::Link,
        _ => return Err(wrong()),
    };
    Ok(command)
}

fn read<T>(text: &str) -> Result<T, CommandError>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    text.parse().map_err(|error: T::Err| CommandError::Argument(error.to_string()))
}

/// The numbers, each once.
fn requests(texts: &[&str]) -> Result<Vec<RequestId>, CommandError> {
    let mut ids = Vec::new();
    for text in texts {
        let id = text.parse().map_err(|error: InvalidId| CommandError::Argument(format!("{text}: {error}")))?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// A line that is read as this command.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(name, _) => f.write_str(name),
            Self::Search(place, rider) => {
                f.write_str("search")?;
                write_place(f, place.as_ref())?;
                rider.as_ref().map_or(Ok(()), |rider| write!(f, " {}", quoted(rider.as_str())))
            }
            Self::GoTo(Goal::Place(place)) => {
                f.write_str("goto")?;
                write_place(f, Some(place))
            }
            Self::GoTo(Goal::Named(name)) => write!(f, "goto {}", quoted(name)),
            Self::Extend(span) => write!(f, "extend {}", span_text(*span)),
            Self::Widen(Metres(metres)) => write!(f, "widen {metres}m"),
            Self::Cancel(ids) => write_ids(f, "cancel", ids),
            Self::Expire(ids) => write_ids(f, "expire", ids),
            Self::Retry(ids) => write_ids(f, "retry", ids),
            Self::Assign(id, driver) => {
                write_ids(f, "assign", id.as_slice())?;
                write!(f, " {}", quoted(driver.as_str()))
            }
            Self::Move(driver, place) => {
                write!(f, "move {}", quoted(driver.as_str()))?;
                write_place(f, Some(place))
            }
            Self::Place(driver, place) => {
                write!(f, "place {}", quoted(driver.as_str()))?;
                write_place(f, place.as_ref())
            }
            Self::Remove(driver) => write!(f, "remove {}", quoted(driver.as_str())),
            Self::Filter(text) => write!(f, "filter {text}"),
            Self::Clear => f.write_str("clear"),
            Self::Sort(column) => write!(f, "sort {}", quoted(column)),
            Self::Theme(name) => write!(f, "theme {}", quoted(name)),
            Self::Bookmark(name) => write!(f, "bookmark {}", quoted(name)),
            Self::Arm(span) => write!(f, "arm {}", span_text(*span)),
            Self::Disarm => f.write_str("disarm"),
            Self::Link => f.write_str("link"),
        }
    }
}

fn write_place(f: &mut fmt::Formatter<'_>, place: Option<&Point>) -> fmt::Result {
    place.map_or(Ok(()), |place| write!(f, " {},{}", place.lat(), place.lng()))
}

fn write_ids(f: &mut fmt::Formatter<'_>, name: &str, ids: &[RequestId]) -> fmt::Result {
    f.write_str(name)?;
    ids.iter().try_for_each(|id| write!(f, " {id}"))
}

/// A span in one word.
fn span_text(span: Duration) -> String {
    humantime::format_duration(span).to_string().replace(' ', "")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn parse(line: &str) -> Result<Command, String> {
        Command::parse(line, &Keymap::default()).map_err(|error| error.to_string())
    }

    fn place(lat: f64, lng: f64) -> Point {
        Point::new(lat, lng).unwrap()
    }

    #[test]
    fn lines_are_read() {
        let id = |n| RequestId::new(n).unwrap();
        let driver = |text: &str| text.parse::<DriverId>().unwrap();
        let here = place(-33.45, -70.66);
        for (line, command) in [
            (":q", Command::Plain("quit", Action::Quit)),
            ("HELP", Command::Plain("help", Action::Help)),
            ("cancel", Command::Plain("cancel", Action::Cancel)),
            ("search", Command::Plain("search", Action::SearchHere)),
            ("search -33.45,-70.66", Command::Search(Some(here), None)),
            ("search ana", Command::Search(None, Some("ana".parse().unwrap()))),
            ("search -33.45, -70.66 \"ana maria\"", Command::Search(Some(here), Some("ana maria".parse().unwrap()))),
            ("go airport", Command::GoTo(Goal::Named("airport".to_owned()))),
            ("goto -33.45,-70.66", Command::GoTo(Goal::Place(here))),
            ("extend 90s", Command::Extend(Duration::from_secs(90))),
            ("widen 8km", Command::Widen(Metres(8_000.0))),
            ("cancel 3 4 3", Command::Cancel(vec![id(3), id(4)])),
            ("assign 17", Command::Assign(None, driver("17"))),
            ("assign 3 17", Command::Assign(Some(id(3)), driver("17"))),
            ("move 17 -33.45,-70.66", Command::Move(driver("17"), here)),
            ("place \"taxi 7\"", Command::Place(driver("taxi 7"), None)),
            ("filter state:waiting \"a", Command::Filter("state:waiting \"a".to_owned())),
            ("bookmark the airport", Command::Bookmark("the airport".to_owned())),
            ("bookmark \"the airport\"", Command::Bookmark("the airport".to_owned())),
            ("arm 10m", Command::Arm(Duration::from_mins(10))),
            ("disarm", Command::Disarm),
            ("link", Command::Link),
        ] {
            assert_eq!(parse(line), Ok(command), "{line}");
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (line, told) in [
            ("", "there is no command \"\""),
            ("cancle 3", "there is no command \"cancle\""),
            ("interrupt", "there is no command \"interrupt\""),
            ("up", "there is no command \"up\""),
            ("goto", "goto takes LAT,LNG|ID|BOOKMARK"),
            ("quit now", "quit takes nothing"),
            ("disarm now", "disarm takes nothing"),
            ("move 17", "move takes DRIVER LAT,LNG"),
            ("search 91,0", "a latitude is a number from -85.05112878 to 85.05112878"),
            ("extend soon", "a duration is written like 500ms, 30s or 4m"),
            ("widen far", "a distance is written like 800m or 5km, above 0 and at most 20000km"),
            ("cancel 3 x", "x: a request id is a whole number above 0, written without leading zeros"),
        ] {
            assert_eq!(parse(line), Err(told.to_owned()), "{line}");
        }
    }

    #[test]
    fn every_command_has_a_name_of_its_own_and_is_told() {
        let keymap = Keymap::default();
        let entries = commands(&keymap);
        let mut names = HashSet::new();
        for entry in &entries {
            assert!(names.insert(entry.name), "{} is there twice", entry.name);
            assert!(!entry.help.is_empty(), "{} is not told", entry.name);
            let needs_nothing = !matches!(parse(entry.name), Err(told) if told.contains("no command"));
            assert!(needs_nothing, "{} is not read", entry.name);
        }
        for (alias, name) in ALIASES {
            assert!(names.contains(name), "{alias} → {name}");
            assert!(!names.contains(alias), "{alias} is a command itself");
        }
    }

    fn line() -> impl Strategy<Value = String> {
        let names = commands(&Keymap::default()).into_iter().map(|entry| entry.name).collect::<Vec<_>>();
        let argument = prop_oneof![
            "[a-z \"\\\\,é]{0,8}",
            "-?[0-9]{1,3}(\\.[0-9]{1,9})?,-?[0-9]{1,3}(\\.[0-9]{1,9})?",
            "[0-9]{1,6}",
            "[0-9]{1,5}(ms|s|m|h|km|days)",
        ];
        (prop::sample::select(names), prop::collection::vec(argument, 0..4))
            .prop_map(|(name, arguments)| format!("{name} {}", arguments.join(" ")))
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
            let _ = parse(&text);
        }

        #[test]
        fn what_is_read_is_written_so_that_it_is_read_again(line in line()) {
            if let Ok(command) = parse(&line) {
                prop_assert_eq!(parse(&command.to_string()), Ok(command));
            }
        }
    }
}
