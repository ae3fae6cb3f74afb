//! The filter: what is typed after `/`, and which searches and drivers it lets through. There is one for both tables and the map.
//!
//! Terms stand apart by spaces and are all to hold; a `!` before one turns it round.
//!
//! | term | lets through |
//! | --- | --- |
//! | `ana` | has the word in its id, rider, state or driver; a word of letters alone may have gaps |
//! | `id:` `rider:` `driver:` | has the word there |
//! | `state:` | `waiting` or `searching`, `found`, `cancelled`, `expired`, `ended`; of drivers `fresh`, `stale`, `unknown`; the first letters do |
//! | `left:<30s` `left:>2m` | waits, and has less or more time left |
//! | `tries:>3` `tries:3` | was attempted so often |
//! | `near:2km` | has its pickup, or is, at most so far from the map's cursor |
//! | `age:>1m` | a driver who reported longer ago |
//!
//! A term that speaks of searches alone says nothing of drivers, and lets all of them through; so the other way round. A term that
//! cannot be read lets everything through until it can be.

mod term;
mod word;

use crate::console::model::Row;
use crate::domain::{Point, Sighting, UnixMs};

use term::Term;
use word::Reader;

/// What a filter looks at beside searches and drivers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// Redis' clock; none before it was heard.
    pub now: Option<UnixMs>,
    /// Where the map's cursor stands.
    pub cursor: Point,
}

/// What an operator wants to see.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    text: String,
    terms: Vec<Term>,
    trouble: Option<String>,
}

impl Filter {
    /// Reads what was typed. Whatever it is, it is some filter.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut filter = Self { text: text.trim().to_owned(), ..Self::default() };
        for word in text.split_whitespace() {
            match Term::parse(word) {
                Ok(term) => filter.terms.extend(term),
                Err(trouble) => filter.trouble = filter.trouble.or(Some(trouble)),
            }
        }
        filter
    }

    /// What was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether nothing was typed, and everything is let through.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// What is wrong with the first term that cannot be read.
    #[must_use]
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Whether it lets others through as time goes on.
    #[must_use]
    pub fn depends_on_time(&self) -> bool {
        self.terms.iter().any(Term::depends_on_time)
    }

    /// Whether it lets others through as the map's cursor moves.
    #[must_use]
    pub fn depends_on_cursor(&self) -> bool {
        self.terms.iter().any(Term::depends_on_cursor)
    }

    /// Whether it asks for what stands in the record of a search that waits, and in no list.
    #[must_use]
    pub fn needs_records(&self) -> bool {
        self.terms.iter().any(Term::needs_records)
    }

    /// The filter put to use.
    #[must_use]
    pub fn sieve(&self, moment: Moment) -> Sieve<'_> {
        Sieve { terms: &self.terms, moment, reader: Reader::default() }
    }
}

/// A filter at one moment.
pub struct Sieve<'a> {
    terms: &'a [Term],
    moment: Moment,
    reader: Reader,
}

impl Sieve<'_> {
    /// Whether this search is let through.
    pub fn lets_search(&mut self, row: &Row) -> bool {
        self.terms.iter().all(|term| term.holds_for_search(row, self.moment, &mut self.reader))
    }

    /// Whether this driver is let through.
    pub fn lets_driver(&mut self, driver: &Sighting) -> bool {
        self.terms.iter().all(|term| term.holds_for_driver(driver, self.moment, &mut self.reader))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::console::fixtures::{START, ended, foreign, place, sighting, waiting};
    use crate::domain::State;

    fn moment() -> Moment {
        Moment { now: Some(START), cursor: place(-33.45, -70.63) }
    }

    /// 7 waits for 30 s still, 17 for 200 s, 900 is foreign, 3 was found by driver 17, 4 was cancelled.
    fn rows() -> Vec<Row> {
        let all = [
            waiting(7, 210, 30),
            waiting(17, 10, 200),
            foreign(900, 70),
            ended(3, State::Found, 5),
            ended(4, State::Cancelled, 20),
        ];
        all.into_iter().map(|search| Row::new(search, None)).collect()
    }

    /// Drivers 17 (reported 5 s ago), `kilo` (90 s, stale) and `Ángel 8` (never).
    fn drivers() -> Vec<Sighting> {
        let ago = |seconds| Some(START - Duration::from_secs(seconds));
        vec![
            Sighting { seen: ago(5), ..sighting("17", -33.45, -70.63) },
            Sighting { seen: ago(90), stale: true, ..sighting("kilo", -33.46, -70.63) },
            Sighting { seen: None, ..sighting("Ángel 8", -33.60, -70.63) },
        ]
    }

    fn searches(text: &str) -> Vec<u64> {
        let filter = Filter::parse(text);
        let mut sieve = filter.sieve(moment());
        rows().iter().filter(|row| sieve.lets_search(row)).map(|row| row.search.id.number()).collect()
    }

    fn found_drivers(text: &str) -> Vec<String> {
        let filter = Filter::parse(text);
        let mut sieve = filter.sieve(moment());
        drivers().iter().filter(|driver| sieve.lets_driver(driver)).map(|driver| driver.id.to_string()).collect()
    }

    #[test]
    fn terms_find_searches() {
        let all = [7, 17, 900, 3, 4].as_slice();
        let cases: [(&str, &[u64]); 34] = [
            ("", all),
            ("requestor_17", &[17]),
            ("requestor_7", &[7]),
            ("REQUESTOR_7", &[7]),
            ("17", &[17, 3]),
            ("id:17", &[17]),
            ("driver:17", &[3]),
            ("rider:17", &[17]),
            ("!17", &[7, 900, 4]),
            ("!!17", &[17, 3]),
            ("found", &[3]),
            ("fnd", &[3]),
            ("rqstr", &[7, 17, 3, 4]),
            ("estor", &[7, 17, 3, 4]),
            ("etor", &[]),
            ("external", &[900]),
            ("requestor !found", &[7, 17, 4]),
            ("state:waiting", &[7, 17, 900]),
            ("state:w", &[7, 17, 900]),
            ("state:searching", &[7, 17, 900]),
            ("state:ended", &[3, 4]),
            ("state:c", &[4]),
            ("!state:found", &[7, 17, 900, 4]),
            ("STATE:Found", &[3]),
            ("left:<31s", &[7]),
            ("left:<30s", &[]),
            ("left:>1m", &[17, 900]),
            ("!left:>1m", &[7, 3, 4]),
            ("tries:>3", &[7]),
            ("tries:1", &[17, 3]),
            ("near:4km", &[3, 4]),
            ("state:stale", all),
            ("age:>1m", all),
            ("!age:>1m", all),
        ];
        for (text, expected) in cases {
            assert_eq!(searches(text), expected, "{text}");
        }
    }

    #[test]
    fn terms_find_drivers() {
        let cases: [(&str, &[&str]); 19] = [
            ("", &["17", "kilo", "Ángel 8"]),
            ("17", &["17"]),
            ("kl", &[]),
            ("klo", &["kilo"]),
            ("angel", &["Ángel 8"]),
            ("ánGEL", &["Ángel 8"]),
            ("driver:kilo", &["kilo"]),
            ("id:8", &["Ángel 8"]),
            ("state:fresh", &["17"]),
            ("state:f", &["17"]),
            ("state:stale", &["kilo"]),
            ("state:u", &["Ángel 8"]),
            ("age:>1m", &["kilo"]),
            ("age:<1m", &["17"]),
            ("!age:<1m", &["kilo", "Ángel 8"]),
            ("near:2km", &["17", "kilo"]),
            ("stale", &["kilo"]),
            ("rider:ana left:<1s tries:>9", &["17", "kilo", "Ángel 8"]),
            ("!left:<1s", &["17", "kilo", "Ángel 8"]),
        ];
        for (text, expected) in cases {
            assert_eq!(found_drivers(text), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_and_hides_nothing() {
        for text in
            ["left:<x", "left:30s", "left:", "!left:<", "tries:>", "near:2", "age:x", "state:zzz", "id:", "state:"]
        {
            let filter = Filter::parse(text);
            assert!(filter.trouble().is_some(), "{text}");
            assert_eq!(searches(text).len(), 5, "{text}");
            assert_eq!(searches(&format!("{text} found")), [3], "{text}: the others hold");
        }
        assert_eq!(Filter::parse("left:<x").trouble(), Some("left: is written like left:<30s or left:>2m"));
        assert_eq!(Filter::parse("!").trouble(), None, "a term that has only begun");
    }

    #[test]
    fn a_word_with_a_colon_is_a_word() {
        assert_eq!(Filter::parse("uber:17").trouble(), None);
        assert_eq!(searches("uber:17"), [] as [u64; 0]);
    }

    #[test]
    fn it_knows_what_it_depends_on() {
        let depends = |text| (Filter::parse(text).depends_on_time(), Filter::parse(text).depends_on_cursor());
        assert_eq!(depends("ana state:found tries:>3"), (false, false));
        assert_eq!(depends("ana !left:<3s"), (true, false));
        assert_eq!(depends("age:<3s near:2km"), (true, true));
    }

    /// A term that is read, and speaks of searches and drivers alike.
    fn term() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z0-9_áé]{1,9}".prop_filter("no key", |text| !text.contains(':')),
            "(id|driver):[a-z0-9]{1,4}",
            "state:(s|f)",
            "near:[1-9]km",
        ]
    }

    proptest! {
        #[test]
        fn anything_can_be_typed(text in any::<String>()) {
            let _ = (searches(&text), found_drivers(&text));
        }

        #[test]
        fn anything_like_a_term_can_be_typed(text in "(!{0,2}(id|rider|driver|state|left|tries|near|age)?:?[<>=]?[0-9a-z./-]{0,4} ){0,3}") {
            let _ = (searches(&text), found_drivers(&text));
        }

        #[test]
        fn an_exclamation_mark_turns_a_term_round(term in term()) {
            let (with, without) = (searches(&term), searches(&format!("!{term}")));
            let rows = rows();
            for row in &rows {
                let id = row.search.id.number();
                prop_assert!(with.contains(&id) != without.contains(&id), "{id}");
            }
            let (with, without) = (found_drivers(&term), found_drivers(&format!("!{term}")));
            for driver in drivers() {
                let id = driver.id.to_string();
                prop_assert!(with.contains(&id) != without.contains(&id), "{id}");
            }
        }

        #[test]
        fn terms_are_all_to_hold(a in term(), b in term()) {
            let (first, second) = (searches(&a), searches(&b));
            let both: Vec<u64> = first.into_iter().filter(|id| second.contains(id)).collect();
            prop_assert_eq!(searches(&format!("{a} {b}")), both);
        }
    }
}
