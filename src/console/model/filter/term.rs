//! One term of the filter: how it is written, and for what it holds.

use std::time::Duration;

use super::Moment;
use super::word::{Reader, Word};
use crate::console::model::{Contact, Row};
use crate::domain::{Metres, Sighting, Standing, State, parse_span};

/// A term, perhaps turned round.
#[derive(Debug, Clone)]
pub(super) struct Term {
    turned: bool,
    test: Test,
}

#[derive(Debug, Clone)]
enum Test {
    Word(Word),
    Id(Word),
    Rider(Word),
    Driver(Word),
    State(Vec<State>, Vec<Contact>),
    Left(Bound<Duration>),
    Tries(Bound<u64>),
    Near(Metres),
    Age(Bound<Duration>),
}

#[derive(Debug, Clone, Copy)]
enum Bound<T> {
    Below(T),
    Above(T),
    Just(T),
}

impl<T: PartialOrd> Bound<T> {
    fn holds(&self, value: &T) -> bool {
        match self {
            Self::Below(bound) => value < bound,
            Self::Above(bound) => value > bound,
            Self::Just(bound) => value == bound,
        }
    }
}

/// The words of `state:` for searches.
const STATES: [(&str, &[State]); 6] = [
    ("waiting", &[State::Searching]),
    ("searching", &[State::Searching]),
    ("found", &[State::Found]),
    ("cancelled", &[State::Cancelled]),
    ("expired", &[State::Expired]),
    ("ended", &[State::Found, State::Cancelled, State::Expired]),
];

impl Term {
    /// Reads a term; nothing where it has only begun.
    ///
    /// # Errors
    /// What is wrong with it, in words for the one who types.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, String> {
        let bare = text.trim_start_matches('!');
        let turned = (text.len() - bare.len()) % 2 == 1;
        if bare.is_empty() {
            return Ok(None);
        }
        Test::parse(bare).map(|test| Some(Self { turned, test }))
    }

    pub(super) fn depends_on_time(&self) -> bool {
        matches!(self.test, Test::Left(_) | Test::Age(_))
    }

    pub(super) fn depends_on_cursor(&self) -> bool {
        matches!(self.test, Test::Near(_))
    }

    pub(super) fn needs_records(&self) -> bool {
        matches!(self.test, Test::Word(_) | Test::Rider(_) | Test::Tries(_))
    }

    pub(super) fn holds_for_search(&self, row: &Row, moment: Moment, reader: &mut Reader) -> bool {
        self.test.search(row, moment, reader).is_none_or(|holds| holds != self.turned)
    }

    pub(super) fn holds_for_driver(&self, driver: &Sighting, moment: Moment, reader: &mut Reader) -> bool {
        self.test.driver(driver, moment, reader).is_none_or(|holds| holds != self.turned)
    }
}

impl Test {
    fn parse(text: &str) -> Result<Self, String> {
        let Some((key, value)) = text.split_once(':') else { return Ok(Self::Word(Word::new(text))) };
        let key = key.to_lowercase();
        let word = || match value {
            "" => Err(format!("{key}: needs a text, like {key}:17")),
            value => Ok(Word::new(value)),
        };
        match key.as_str() {
            "id" => word().map(Self::Id),
            "rider" => word().map(Self::Rider),
            "driver" => word().map(Self::Driver),
            "state" => states(&value.to_lowercase()),
            "left" => span_bound(value).map(Self::Left).ok_or("left: is written like left:<30s or left:>2m".to_owned()),
            "age" => span_bound(value).map(Self::Age).ok_or("age: is written like age:<30s or age:>2m".to_owned()),
            "tries" => bound(value, |figure| figure.parse().ok())
                .map(Self::Tries)
                .ok_or("tries: is written like tries:>3, tries:<3 or tries:3".to_owned()),
            "near" => {
                value.parse().map(Self::Near).map_err(|_| "near: is written like near:800m or near:2km".to_owned())
            }
            // Ids may have colons, too.
            _ => Ok(Self::Word(Word::new(text))),
        }
    }

    /// Whether it holds for a search; nothing where it does not speak of searches.
    fn search(&self, row: &Row, moment: Moment, reader: &mut Reader) -> Option<bool> {
        let request = row.search.request();
        let driver = request.and_then(|r| r.driver_id.as_ref());
        let mut id_has = |word: &Word| word.is_in(&row.search.id.to_string(), reader);
        Some(match self {
            Self::Word(word) => {
                id_has(word)
                    || word.is_in(row.rider(), reader)
                    || word.is_in(row.state().as_str(), reader)
                    || driver.is_some_and(|id| word.is_in(id.as_str(), reader))
            }
            Self::Id(word) => id_has(word),
            Self::Rider(word) => word.is_in(row.rider(), reader),
            Self::Driver(word) => driver.is_some_and(|id| word.is_in(id.as_str(), reader)),
            // A prefix of words for drivers alone says nothing of searches.
            Self::State(states, _) if states.is_empty() => return None,
            Self::State(states, _) => states.contains(&row.state()),
            Self::Left(bound) => match row.standing {
                Standing::Waiting(Some(deadline)) => {
                    bound.holds(&deadline.since(moment.now.unwrap_or(row.search.read_at)))
                }
                Standing::Waiting(None) => bound.holds(&Duration::MAX),
                Standing::Ended(_) => false,
            },
            Self::Tries(bound) => request.is_some_and(|r| bound.holds(&r.attempts)),
            Self::Near(within) => {
                row.search.pickup().is_some_and(|pickup| pickup.distance_m(moment.cursor) <= within.0)
            }
            Self::Age(_) => return None,
        })
    }

    /// Whether it holds for a driver; nothing where it does not speak of drivers.
    fn driver(&self, driver: &Sighting, moment: Moment, reader: &mut Reader) -> Option<bool> {
        let contact = Contact::of(driver);
        Some(match self {
            Self::Word(word) => word.is_in(driver.id.as_str(), reader) || word.is_in(contact.as_str(), reader),
            Self::Id(word) | Self::Driver(word) => word.is_in(driver.id.as_str(), reader),
            Self::State(_, contacts) if contacts.is_empty() => return None,
            Self::State(_, contacts) => contacts.contains(&contact),
            Self::Near(within) => driver.place.distance_m(moment.cursor) <= within.0,
            Self::Age(bound) => driver.seen.zip(moment.now).is_some_and(|(seen, now)| bound.holds(&now.since(seen))),
            Self::Rider(_) | Self::Left(_) | Self::Tries(_) => return None,
        })
    }
}

/// The states that begin with this.
fn states(prefix: &str) -> Result<Test, String> {
    let states: Vec<State> =
        STATES.iter().filter(|(word, _)| word.starts_with(prefix)).flat_map(|(_, states)| *states).copied().collect();
    let contacts: Vec<Contact> = Contact::ALL.into_iter().filter(|c| c.as_str().starts_with(prefix)).collect();
    if prefix.is_empty() || states.is_empty() && contacts.is_empty() {
        return Err(
            "state: is waiting, found, cancelled, expired or ended; of drivers fresh, stale or unknown".to_owned()
        );
    }
    Ok(Test::State(states, contacts))
}

/// `<30s` or `>2m`.
fn span_bound(text: &str) -> Option<Bound<Duration>> {
    // Nothing is left for just so many milliseconds.
    bound(text, |figure| parse_span(figure).ok()).filter(|bound| !matches!(bound, Bound::Just(_)))
}

fn bound<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<Bound<T>> {
    match text.split_at_checked(1)? {
        ("<", figure) => read(figure).map(Bound::Below),
        (">", figure) => read(figure).map(Bound::Above),
        _ => read(text).map(Bound::Just),
    }
}
